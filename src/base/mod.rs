//! Values without input or output: bytes, JSON, time, identifiers, text and codes.
//!
//! Nothing here opens a file, a socket or the environment; what varies (time, randomness) comes through [`clock`] and
//! [`random`]. Read in this order: [`error`] (how parsing fails), [`json`] and [`jcs`] (the strict reader and the
//! canonical writer that every signature rests on), [`bytes`], [`time`] and [`clock`], [`random`] and [`secret`],
//! [`id`] and [`text`], then [`codes`] (the identifiers of Chinese administration with their check digits).

pub mod bytes;
pub mod clock;
pub mod codes;
pub mod error;
pub mod id;
pub mod jcs;
pub mod json;
pub mod random;
pub mod secret;
pub mod text;
pub mod time;
