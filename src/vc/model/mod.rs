//! The Verifiable Credentials Data Model 2.0: what the specification says MUST, for credentials and presentations.
//!
//! What it is: the rules of §4, §5 and §11.1 on the JSON form, decided without keys, clock or network. What it is not:
//! proofs ([`super::data_integrity`]), the meaning of terms ([`super::jsonld`]), the content of a type (its JSON
//! Schema).
//!
//! Every violation is one [`Finding`] of [`Check::Parse`] with [`Code::ModelViolation`], which carries the
//! specification's problem type `MALFORMED_VALUE_ERROR`; its detail begins with the path of the property.
//!
//! Read [`credential`], [`presentation`], then [`values`] (URLs, times, texts) and [`related`] (resource digests).

pub mod credential;
pub mod presentation;
pub mod related;
pub mod values;

#[cfg(test)]
mod tests;

pub use credential::{check as check_credential, issuer_id, validity};
pub use presentation::{check as check_presentation, credentials, holder_id};

use std::fmt;

use super::finding::{Check, Code, Finding};
use crate::base::json::{Map, Value};

/// The base context, first in every credential and presentation (§4.3).
pub const BASE_CONTEXT: &str = "https://www.w3.org/ns/credentials/v2";

/// The base context of the Data Model 1.1, whose documents are read by the rules of that version; published
/// suites and older issuers still use it.
pub const LEGACY_CONTEXT: &str = "https://www.w3.org/2018/credentials/v1";

/// Tells whether a document says that it is of the Data Model 1.1: its first context is that version's.
pub fn is_legacy(map: &Map) -> bool {
    one_or_more(map.get("@context")).first().is_some_and(|context| context == LEGACY_CONTEXT)
}

/// Tells whether a `type` value (string or array) names a type.
pub fn has_type(map: &Map, name: &str) -> bool {
    match map.get("type") {
        Some(Value::String(text)) => text == name,
        Some(Value::Array(items)) => items.iter().any(|item| item == name),
        _ => false,
    }
}

/// The names in a `type` value.
pub fn types(map: &Map) -> impl Iterator<Item = &str> {
    one_or_more(map.get("type")).iter().filter_map(Value::as_str)
}

/// A value as a list: an array's items, any other value as one item, an absent one as none.
pub(crate) fn one_or_more(value: Option<&Value>) -> &[Value] {
    match value {
        None => &[],
        Some(Value::Array(items)) => items,
        Some(single) => std::slice::from_ref(single),
    }
}

/// Where in a document something stands; written out only when there is something to say about it.
#[derive(Clone, Copy)]
struct Place<'a> {
    above: Option<&'a Self>,
    name: &'a str,
}

impl<'a> Place<'a> {
    /// The document itself.
    const ROOT: Self = Self { above: None, name: "" };

    /// A member of what stands here.
    fn member(&'a self, name: &'a str) -> Self {
        Self { above: Some(self), name }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above.filter(|above| above.above.is_some()) {
            write!(f, "{above}.")?;
        }
        f.write_str(self.name)
    }
}

fn violation(place: &Place<'_>, rule: &str) -> Finding {
    Finding::invalid(Check::Parse, Code::ModelViolation, format!("{place}: {rule}"))
}
