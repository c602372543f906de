//! Published vectors, one file per specification.

mod identifiers;
mod workdays;
