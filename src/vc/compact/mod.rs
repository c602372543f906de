//! The compact credential: one named view of a licence, small enough for a QR code that is checked offline.
//!
//! A CWT (RFC 8392) in a tagged COSE_Sign1 (RFC 9052) signed by the agency, and around it a second COSE_Sign1 signed by
//! the holder's key when it is shown. The text of a code is `CL1:` and the base45 (RFC 9285) of one of the two; without
//! the holder's signature it is a printed code: the licence exists, the bearer is not proved.
//!
//! The credential. Protected header: `alg` (1), `kid` (4, the fragment of the verification method). Claims:
//!
//! | key | claim | content |
//! |---|---|---|
//! | 1 | `iss` | the agency's DID; with `#` and `kid` it names the verification method |
//! | 4 | `exp` | end of validity, absent when it has none |
//! | 5 | `nbf` | begin of validity |
//! | 8 | `cnf` | `{1: COSE_Key}` of the holder (RFC 8747), absent in a credential without holder key |
//! | 65535 | `status` | `{"status_list": {"idx", "uri"}}` (Token Status List) |
//! | −65537 | licence | `[type code, version of the type, view, 电子证照标识, claims]` (private use) |
//!
//! Members of `claims` that are fields of the type have the field's position in its list of fields (from 0) as key; all
//! others, predicates for example, their name. Values are those of JSON, and a byte string stands for a text that is
//! shorter so: behind the byte 0xFF in GB 18030 (Chinese text takes two thirds), else in the packing of `pack` (capital
//! letters, digits and `.-:`, three characters in two bytes), which also carries the identifier without its root
//! `1.2.156.3005.2.`.
//!
//! The shown code. Protected header: `alg`. Payload: `[credential, time of showing, ?audience or null, ?nonce]`. Both
//! signatures cover a context that is not carried (external data `certless/compact` and `certless/shown`), so that
//! neither can be taken for another signature of the same key.
//!
//! Sizes: the aim is 600 bytes shown. QR version 20-L holds 1,249 characters of the alphanumeric set, so 830 bytes is
//! the hard limit, refused at issuing and showing. Nothing is compressed: two keys and two signatures do not shrink,
//! and Deflate would save 12 bytes of 519 on average (measured in the tests).
//!
//! Read in this order: `issue`, `show`, `parse`; `values` and `pack` are how values become small.

mod issue;
mod pack;
mod parse;
mod show;
mod values;

pub use issue::NewCredential;
pub use parse::{Code, Credential, Shown};
pub use show::{Showing, show, to_text};

/// What the text of every code begins with.
pub const PREFIX: &str = "CL1:";
/// The size to aim at, in bytes as shown.
pub const TARGET_BYTES: usize = 600;
/// The most bytes a code may have: what QR version 20-L holds in base45 behind the prefix.
pub const MAX_BYTES: usize = 830;
/// The most that showing without audience and nonce adds to a credential, in bytes.
const SHOWING_BYTES: usize = 88;

/// External data of the agency's signature.
const CREDENTIAL_CONTEXT: &[u8] = b"certless/compact";
/// External data of the holder's signature.
const SHOWN_CONTEXT: &[u8] = b"certless/shown";
/// The private claim that holds the licence.
const CLAIM_LICENCE: i64 = -65_537;
/// The root of every 电子证照标识 (GB/T 36904), left out of the packed identifier.
const IDENTIFIER_ROOT: &str = "1.2.156.3005.2.";

#[cfg(test)]
mod tests;
