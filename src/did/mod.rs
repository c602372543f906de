//! Decentralized identifiers: documents built and parsed, never fetched.
//!
//! What it is: Controlled Identifiers 1.0 documents ([`Document`]) and three DID methods: `did:key` ([`key`]), `did:jwk`
//! ([`jwk`]), whose documents are contained in the identifier itself, and `did:web` ([`web`]), whose document lives at
//! a URL. What it is not: a resolver; [`expand`] needs no network, fetching belongs to the adapters.
//!
//! Read [`document`] first, then [`key`], [`jwk`], [`web`].

pub mod document;
pub mod jwk;
pub mod key;
pub mod web;

use crate::base::error::ParseError;
pub use document::{Document, Form, Method, Relationship, Relationships};

/// Splits a DID URL into the identifier of the document and the fragment, when there is one.
///
/// `did:key:z6Mk…#z6Mk…` becomes (`did:key:z6Mk…`, `Some("z6Mk…")`); path and query stay with the identifier, so that a
/// URL with either never equals a document's `id`.
pub fn split_fragment(url: &str) -> (&str, Option<&str>) {
    url.split_once('#').map_or((url, None), |(id, fragment)| (id, Some(fragment)))
}

/// Expands a DID that contains its own document (`did:key`, `did:jwk`); `None` for every other method.
///
/// Fails when the method is one of these two and the identifier does not hold a key.
pub fn expand(did: &str) -> Option<Result<Document, ParseError>> {
    if did.starts_with(key::PREFIX) {
        return Some(key::expand(did));
    }
    did.starts_with(jwk::PREFIX).then(|| jwk::expand(did))
}

/// Tells whether the text has the form of a DID (DID Core §3.1: `did:` method `:` method-specific identifier).
pub fn is_did(text: &str) -> bool {
    let mut parts = text.splitn(3, ':');
    let scheme = parts.next() == Some("did");
    let method = parts.next().is_some_and(|method| {
        !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    });
    let rest = parts.next().is_some_and(|id| {
        !id.is_empty()
            && !id.ends_with(':')
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte))
    });
    scheme && method && rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_did_has_scheme_method_and_identifier() {
        for good in ["did:web:example.com%3A3000:user:alice", "did:key:z6Mk", "did:example:123"] {
            assert!(is_did(good), "{good}");
        }
        for bad in ["", "did", "did:", "did:key", "did:key:", "did:KEY:x", "urn:did:x", "did:web:a b", "did:web:a:"] {
            assert!(!is_did(bad), "{bad}");
        }
    }

    #[test]
    fn only_methods_that_carry_their_document_are_expanded() {
        assert!(expand("did:web:example.com").is_none());
        assert!(expand("did:key:zNotAKey").is_some_and(|result| result.is_err()));
    }
}
