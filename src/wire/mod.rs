//! Messages of the protocols and codes as pictures: parse and print, decide nothing.

pub mod form;
pub mod format;
pub mod jwe;
pub mod oid4vci;
pub mod oid4vp;
pub mod qr;
pub mod table;
pub mod vc_api;
