//! JSON-LD contexts that are compiled in: known by URL and digest, never fetched.
//!
//! What it is: the contexts of the credential specifications, the city's own context passed in by the caller, and the
//! digests that `relatedResource` is compared with. What it is not: context processing ([`super::jsonld`]).
//!
//! Sections: VC Data Model 2.0 §B.1 (base context is already retrieved), Data Integrity 1.0 §2.4.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::bytes::from_hex;
use crate::base::error::ParseError;
use crate::base::json::{self, Limits, Value};
use crate::crypto::digest::{sha256, sha384, sha512};

/// The city's own vocabulary for terms that a document does not define: any result that names it is refused.
pub(super) const UNDEFINED_TERM: &str = "certless-undefined:term/";

/// The digests of one edition of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256, 32 bytes.
    pub sha256: Vec<u8>,
    /// SHA-384, 48 bytes.
    pub sha384: Vec<u8>,
    /// SHA-512, 64 bytes.
    pub sha512: Vec<u8>,
}

/// A set of known contexts; cheap to clone.
#[derive(Clone, Debug)]
pub struct Contexts {
    known: Arc<HashMap<String, Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    /// The context with a vocabulary for undefined terms wherever it clears the active context.
    hardened: Vec<u8>,
    parsed: Value,
    editions: Vec<Digests>,
}

const UNDEFINED_TERMS_V2: &str =
    "{\n  \"@context\": {\n    \"@vocab\": \"https://www.w3.org/ns/credentials/undefined-term#\"\n  }\n}\n";

const BUNDLED: [(&str, &str); 11] = [
    ("https://www.w3.org/2018/credentials/v1", ssi_contexts::CREDENTIALS_V1),
    ("https://www.w3.org/2018/credentials/examples/v1", ssi_contexts::CREDENTIALS_EXAMPLES_V1),
    ("https://www.w3.org/ns/credentials/v2", ssi_contexts::CREDENTIALS_V2),
    ("https://www.w3.org/ns/credentials/examples/v2", ssi_contexts::CREDENTIALS_EXAMPLES_V2),
    ("https://www.w3.org/ns/credentials/undefined-terms/v2", UNDEFINED_TERMS_V2),
    ("https://www.w3.org/ns/did/v1", ssi_contexts::DID_V1),
    ("https://w3id.org/security/data-integrity/v1", ssi_contexts::W3ID_DATA_INTEGRITY_V1),
    ("https://w3id.org/security/data-integrity/v2", ssi_contexts::W3ID_DATA_INTEGRITY_V2),
    ("https://w3id.org/security/multikey/v1", ssi_contexts::W3ID_MULTIKEY_V1),
    ("https://w3id.org/security/suites/ed25519-2020/v1", ssi_contexts::W3ID_ED2020_V1),
    ("https://w3id.org/vc/status-list/2021/v1", ssi_contexts::STATUS_LIST_2021_V1),
];

/// Digests of the files as published (white space differs from the compiled-in text): SHA-256, SHA-384, SHA-512.
///
/// The second edition of the base context is that of 2024-07-20, which published test suites still pin; it differs
/// from the Recommendation's only in the terms of status messages.
const PUBLISHED: [(&str, [&str; 3]); 3] = [
    (
        "https://www.w3.org/ns/credentials/v2",
        [
            "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
            "97f1eb8e5042356c805fdd61afa2c557663785e0794dcafa21e138fd38def18cb360133c221aa31d6896a6bf3e65b614",
            "5d55452bd2dcf8a29f5a290473eb242b1c5fb77d4e68f1a0aa87baa4dba2694852d65ec63d48ac04a99d956f9f7153b9406f84d2d04c74869b02c239a1d81305",
        ],
    ),
    (
        "https://www.w3.org/ns/credentials/v2",
        [
            "24a18c90e9856d526111f29376e302d970b2bd10182e33959995b0207d7043b9",
            "35239c36999d2155312091af194a1edb61634d6ad789a5e5b19f2aebdd762dd9d1dcaada40eda7ef921c6b8c0ae107a0",
            "cb1336dfa8670d80d03344b3b0cc25faf4d45201823c35f39bb1afe5a9f911f615ff4ec80ec5f2f89e33d14e96bec8be78e38df35b918c9cd5f3b3449bd6c88f",
        ],
    ),
    (
        "https://w3id.org/security/data-integrity/v2",
        [
            "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
            "0ee2d7626717f8b07cd449b525d5e2b71fe27209fc99e53089e0169dd2944d793feea4526fc60bb9cca1cd96512391f6",
            "39cd7a9a4047b74b8524640fe35633e81e8286d14bdbb7e77d0e08d850b00d6a35b0185d5de35c479baedb23a17989d9f628ac95531fdd79c0c5a0f632d9fa95",
        ],
    ),
];

impl Contexts {
    /// The contexts of the specifications.
    pub fn bundled() -> Self {
        let mut known: HashMap<String, Known> =
            BUNDLED.iter().filter_map(|(url, text)| Some(((*url).to_owned(), Known::new(text).ok()?))).collect();
        for (url, [sha256, sha384, sha512]) in PUBLISHED {
            let bytes = |text: &str| from_hex(text).unwrap_or_default();
            if let Some(context) = known.get_mut(url) {
                let edition = Digests { sha256: bytes(sha256), sha384: bytes(sha384), sha512: bytes(sha512) };
                context.editions.push(edition);
            }
        }
        Self { known: Arc::new(known) }
    }

    /// The set with one context more: the city's own. Fails when the text is not a JSON object within the limits.
    pub fn with(&self, url: impl Into<String>, text: &str) -> Result<Self, ParseError> {
        let mut known = HashMap::clone(&self.known);
        known.insert(url.into(), Known::new(text)?);
        Ok(Self { known: Arc::new(known) })
    }

    /// Tells whether the context of that URL is known.
    pub fn knows(&self, url: &str) -> bool {
        self.known.contains_key(url)
    }

    /// The digests of the editions of a known context; `None` for every other URL.
    pub fn digests(&self, url: &str) -> Option<&[Digests]> {
        self.known.get(url).map(|context| context.editions.as_slice())
    }

    /// The text of a known context for JSON-LD processing.
    pub(super) fn hardened(&self, url: &str) -> Option<&[u8]> {
        self.known.get(url).map(|context| context.hardened.as_slice())
    }

    /// The same, read.
    pub(super) fn parsed(&self, url: &str) -> Option<&Value> {
        self.known.get(url).map(|context| &context.parsed)
    }
}

impl Known {
    fn new(text: &str) -> Result<Self, ParseError> {
        let mut document = Value::Object(json::parse_object(text.as_bytes(), &Limits::DEFAULT)?);
        harden(&mut document);
        let bytes = text.as_bytes();
        let edition =
            Digests { sha256: sha256(bytes).to_vec(), sha384: sha384(bytes).to_vec(), sha512: sha512(bytes).to_vec() };
        Ok(Self { hardened: document.to_string().into_bytes(), parsed: document, editions: vec![edition] })
    }
}

/// Rewrites contexts so that an undefined term always gets an IRI in [`UNDEFINED_TERM`] instead of being dropped.
///
/// Wherever the active context is cleared (`"@context": null`) or the vocabulary is switched off (`"@vocab": null`), the
/// vocabulary of undefined terms is put in. A result without an IRI of that vocabulary is the result of the original.
pub(super) fn harden(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(harden),
        Value::Object(map) => {
            for (name, member) in map.iter_mut() {
                match name.as_str() {
                    "@context" => harden_context(member),
                    "@vocab" if member.is_null() => *member = UNDEFINED_TERM.into(),
                    _ => harden(member),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn harden_context(context: &mut Value) {
    let taken = std::mem::take(context);
    let items = if let Value::Array(items) = taken { items } else { vec![taken] };
    let mut hardened = Vec::with_capacity(items.len());
    for mut item in items {
        // A context that holds only another one stands for that one, as a context file does for its content.
        if let Value::Object(map) = &mut item
            && map.len() == 1
            && let Some(inner) = map.remove("@context")
        {
            item = inner;
        }
        let cleared = item.is_null();
        harden(&mut item);
        hardened.push(item);
        if cleared {
            hardened.push(json::json!({ "@vocab": UNDEFINED_TERM }));
        }
    }
    *context = match hardened.pop() {
        Some(single) if hardened.is_empty() => single,
        last => {
            hardened.extend(last);
            Value::Array(hardened)
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::json;

    #[test]
    fn every_bundled_context_is_there_with_its_digests() {
        let contexts = Contexts::bundled();
        for (url, text) in BUNDLED {
            assert!(contexts.knows(url), "{url}");
            assert_eq!(contexts.digests(url).unwrap()[0].sha256, sha256(text.as_bytes()));
        }
        let editions = contexts.digests("https://www.w3.org/ns/credentials/v2").unwrap();
        assert_eq!(editions.len(), 3);
        for edition in editions {
            assert_eq!((edition.sha256.len(), edition.sha384.len(), edition.sha512.len()), (32, 48, 64));
        }
        assert!(!contexts.knows("https://example.org/context"));
    }

    #[test]
    fn the_published_base_context_has_the_same_content_as_the_one_compiled_in() {
        // The digest in the code is that of the published file; the compiled-in text differs in white space only, so a
        // change of the dependency must show here.
        let digest = crate::base::bytes::hex(&sha256(ssi_contexts::CREDENTIALS_V2.as_bytes()));
        assert_eq!(digest, "8a9f494a89ecc51db093e90e84713e07e84d6d9204364a9b3c7868b21751236f");
    }

    #[test]
    fn a_context_of_ones_own_can_be_added() {
        let contexts = Contexts::bundled().with("https://city.example/v1", r#"{"@context":{"a":"urn:a:b"}}"#).unwrap();
        assert!(contexts.knows("https://city.example/v1"));
        assert!(Contexts::bundled().with("https://city.example/v1", "[]").is_err());
    }

    #[test]
    fn clearing_a_context_keeps_the_vocabulary_of_undefined_terms() {
        let vocabulary = json!({ "@vocab": UNDEFINED_TERM });
        for (before, after) in [
            (json!({ "@context": null }), json!({ "@context": [null, vocabulary] })),
            (json!({ "@context": ["u:a", null] }), json!({ "@context": ["u:a", null, vocabulary] })),
            (json!({ "@context": [{ "@vocab": null }] }), json!({ "@context": vocabulary })),
            (json!({ "@context": [{ "@context": { "a": "u:a" } }] }), json!({ "@context": { "a": "u:a" } })),
            (
                json!({ "@context": { "a": { "@id": "u:a", "@context": null } } }),
                json!({ "@context": { "a": { "@id": "u:a", "@context": [null, vocabulary] } } }),
            ),
        ] {
            let mut value = before;
            harden(&mut value);
            assert_eq!(value, after);
        }
    }
}
