//! Published vectors, one file per specification.

mod identifiers;
mod jcs;
mod sd_jwt;
mod workdays;
mod wycheproof;
