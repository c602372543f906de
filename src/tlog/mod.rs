//! The transparency log as algorithms only: RFC 6962 hashing and the C2SP formats around it.
//!
//! Read in this order: [`merkle`] hashes, appends and proves; whoever stores the leaves hands in the hashes. [`tile`] says
//! how hashes and entries are cut into static files. [`note`] is a text with signatures, [`checkpoint`] a note that names
//! a tree, with the log's own signature and cosignatures of witnesses. [`proof`] is the inclusion of one entry as a text
//! that travels with it, [`audit`] a whole log worked out anew. Nothing here reads, keeps or fetches.

pub mod audit;
pub mod checkpoint;
pub mod merkle;
pub mod note;
pub mod proof;
pub mod tile;
