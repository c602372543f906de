//! The transparency log as algorithms only (RFC 6962 hashing, C2SP tiles).
//!
//! [`merkle`] hashes, appends and proves; whoever stores the leaves hands in the hashes. Nothing here signs or reads.

pub mod merkle;
