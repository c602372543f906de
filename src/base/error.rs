//! How parsing fails: one error for every value of this layer.

use std::fmt;

/// Input that is not what it claims to be.
///
/// `code` is frozen and machine-readable (`lower_snake_case`); `detail` is technical English without personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Frozen machine-readable code.
    pub code: &'static str,
    /// Technical English, without the offending value.
    pub detail: String,
}

impl ParseError {
    /// Makes an error from its frozen code and a technical detail.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for ParseError {}
