//! The only layer that touches files, network and databases; each adapter fulfils a port or a plain need of `app`.
//!
//! It decides nothing about the city. Read [`fetch`] (what others publish).

pub mod fetch;
