//! Published vectors, one file per specification.

mod bitstring_status_list;
mod compact;
mod did;
mod identifiers;
mod jcs;
mod sd_jwt;
mod token_status_list;
mod vc_data_model;
mod vc_di_ecdsa;
mod vc_di_eddsa;
mod workdays;
mod wycheproof;
