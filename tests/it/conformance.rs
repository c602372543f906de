//! Published vectors, one file per specification.

mod bitstring_status_list;
mod identifiers;
mod jcs;
mod sd_jwt;
mod token_status_list;
mod workdays;
mod wycheproof;
