//! What the tests share.

pub(crate) mod domain;
pub(crate) mod vectors;
