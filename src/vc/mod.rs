//! Credential formats, securing mechanisms, status lists and the one verification pipeline.
//!
//! Read in this order: [`finding`] (how a check comes out), [`keys`] (what verification needs to know about keys), the
//! formats, and the pipeline that makes one verdict for all of them. [`leaf`] is what a public log says of them.

pub mod cbor;
pub mod compact;
pub mod contexts;
pub mod cose;
pub mod data_integrity;
pub mod finding;
pub mod jsonld;
pub mod jws;
pub mod keys;
pub mod leaf;
pub mod model;
pub mod rdfc;
pub mod schema;
mod scoped;
pub mod sd_jwt;
pub mod status;
pub mod verify;
