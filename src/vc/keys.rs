//! What verification needs to know about keys: a port, implemented by the city's trust registry and by self-contained
//! DID methods.

use crate::base::time::Timestamp;
use crate::crypto::PublicKey;
use crate::did::{self, Document, Relationship};

use super::finding::{Check, Code, Finding};

/// What a key may be used for: the verification relationships of Controlled Identifiers 1.0 section 2.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// `assertionMethod`: signing credentials.
    AssertionMethod,
    /// `authentication`: signing presentations.
    Authentication,
}

impl Purpose {
    /// The name as `proofPurpose` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AssertionMethod => "assertionMethod",
            Self::Authentication => "authentication",
        }
    }
}

/// A key found for a verification method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedKey {
    /// The key.
    pub key: PublicKey,
    /// Who controls it: a DID or URL.
    pub controller: String,
}

/// Finds keys.
pub trait Keys: Send + Sync {
    /// The key of a verification method (a DID URL, or the `kid` of a JWS) that may be used for `purpose` and was
    /// valid at `at`, the time of signing.
    ///
    /// A finding of state `Error` means that the key could not be looked up, `Invalid` that it may not be used.
    fn resolve(&self, method: &str, purpose: Purpose, at: Timestamp) -> Result<ResolvedKey, Finding>;
}

/// The keys that identifiers carry themselves: `did:key` and `did:jwk`. Trusts nobody: a resolved key proves only who
/// controls the identifier.
#[derive(Clone, Copy, Debug, Default)]
pub struct SelfResolving;

impl Keys for SelfResolving {
    fn resolve(&self, method: &str, purpose: Purpose, at: Timestamp) -> Result<ResolvedKey, Finding> {
        let (id, _) = did::split_fragment(method);
        let document = did::expand(id)
            .ok_or_else(|| unknown("the verification method is neither did:key nor did:jwk"))?
            .map_err(|error| Finding::invalid(Check::Proof, Code::KeyMalformed, error.to_string()))?;
        key_of(&document, method, purpose, at)
    }
}

/// Takes a key out of a document (CID 1.0 section 3.3, steps 6 to 11): its own method, for the purpose, not revoked and
/// not expired at `at`.
pub fn key_of(document: &Document, method: &str, purpose: Purpose, at: Timestamp) -> Result<ResolvedKey, Finding> {
    let wrong = |code, detail: &str| Finding::invalid(Check::Proof, code, detail);
    let found = document.method(method).ok_or_else(|| {
        wrong(Code::KeyMalformed, "the verification method is not in its document, or has another controller")
    })?;
    let needed = match purpose {
        Purpose::AssertionMethod => Relationship::AssertionMethod,
        Purpose::Authentication => Relationship::Authentication,
    };
    if !found.relationships.has(needed) {
        return Err(wrong(Code::KeyNotAuthorized, "the verification method is not for this purpose"));
    }
    let ended = |end: Option<Timestamp>| end.is_some_and(|end| end <= at);
    if ended(found.expires) || ended(found.revoked) {
        return Err(wrong(Code::KeyNotValidThen, "the verification method had expired or was revoked"));
    }
    let key = found.key.clone().ok_or_else(|| unknown("the type of the verification method is not supported"))?;
    Ok(ResolvedKey { key, controller: found.controller.clone() })
}

fn unknown(detail: &str) -> Finding {
    Finding::error(Check::Proof, Code::KeyUnknown, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::parse_rfc3339;
    use crate::did::{Form, Method, Relationships};

    const DID: &str = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
    const METHOD: &str =
        "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2#z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";

    fn then() -> Timestamp {
        parse_rfc3339("2026-01-01T00:00:00Z").unwrap()
    }

    #[test]
    fn a_did_key_resolves_to_itself() {
        let resolved = SelfResolving.resolve(METHOD, Purpose::AssertionMethod, then()).unwrap();
        assert_eq!((did::key::did(&resolved.key).as_str(), resolved.controller.as_str()), (DID, DID));
    }

    #[test]
    fn other_methods_and_fragments_do_not_resolve() {
        for (method, code) in [
            (DID, Code::KeyMalformed),
            ("did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2#other", Code::KeyMalformed),
            ("did:key:z6Mk#z6Mk", Code::KeyMalformed),
            ("did:web:example.com#key", Code::KeyUnknown),
            ("https://vc.example/issuers/5678#key", Code::KeyUnknown),
        ] {
            let finding = SelfResolving.resolve(method, Purpose::AssertionMethod, then()).unwrap_err();
            assert_eq!(finding.code, code, "{method}");
        }
    }

    #[test]
    fn a_key_is_bound_to_purpose_and_time() {
        let key = did::key::public_key(DID).unwrap();
        let mut method = Method::new("did:a:b#1", "did:a:b", key, Form::Multikey, Relationships::ASSERTION);
        method.revoked = Some(then());
        let document = Document::new("did:a:b").with_method(method);
        let at = |text: &str| parse_rfc3339(text).unwrap();
        let before = key_of(&document, "did:a:b#1", Purpose::AssertionMethod, at("2025-12-31T23:59:59Z"));
        assert!(before.is_ok());
        let after = key_of(&document, "did:a:b#1", Purpose::AssertionMethod, then());
        assert_eq!(after.unwrap_err().code, Code::KeyNotValidThen);
        let other = key_of(&document, "did:a:b#1", Purpose::Authentication, at("2025-12-31T23:59:59Z"));
        assert_eq!(other.unwrap_err().code, Code::KeyNotAuthorized);
    }
}
