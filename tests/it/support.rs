//! What the tests share.

pub(crate) mod city;
pub(crate) mod domain;
pub(crate) mod faults;
pub(crate) mod neighbour;
pub(crate) mod operator;
pub(crate) mod phone;
pub(crate) mod requests;
pub(crate) mod roles;
pub(crate) mod staff;
pub(crate) mod vectors;
pub(crate) mod vp;
pub(crate) mod witness;
