//! Codes as pictures: text to QR ([`Code`]) and pictures to text ([`read`]).
//!
//! ISO/IEC 18004. What a text means is not decided here: presented codes, links and offers are all text. Drawing keeps a
//! quiet zone of four modules; reading takes PNG, JPEG and SVG of bounded size and tries several views of a bad
//! photograph. A presented code (`CL1:`) is upper-case alphanumeric, so it is drawn in the dense alphanumeric mode.

mod draw;
mod photo;
mod svg;

pub use draw::{Code, Correction};
pub use photo::{MAX_BYTES, read};

#[cfg(test)]
mod tests;
