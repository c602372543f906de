//! Issuing (RFC 9901 sections 4.1 and 4.2): every claim concealed unless it is named as open.
//!
//! Concealing is recursive: the members of a concealed object and the elements of a concealed array are concealed once
//! more, each with its own salt, so that a holder can show the city of an address without the street.

use crate::base::bytes::base64url;
use crate::base::json::{Map, Value};
use crate::base::random::{Random, below, bytes};
use crate::crypto::Signer;
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::jws::Jws;

use super::SdJwt;
use super::disclosure::{Disclosure, is_reserved};
use super::hash::HashAlgorithm;
use super::path::{ClaimPath, Step};

/// What stays readable for everybody who sees the SD-JWT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Open {
    /// The claim itself; its members and elements are concealed unless named as well.
    Claim(ClaimPath),
    /// The claim with everything in it.
    Whole(ClaimPath),
}

/// What to issue.
#[derive(Clone, Debug)]
pub struct Issuance<'a> {
    /// The header without `alg`: `typ`, `kid` and whatever a profile asks for.
    pub header: Map,
    /// All claims, `iss` and `cnf` included, as they would stand in a plain JWT.
    pub claims: &'a Map,
    /// The claims that are not concealed.
    pub open: &'a [Open],
    /// Digests without a claim are added until the digests of an object or array count a multiple of this, so that
    /// the number of claims stays hidden; 0 and 1 add none.
    pub decoys: u8,
    /// The algorithm of the digests.
    pub hash: HashAlgorithm,
}

/// Conceals the claims and signs; invalid when a claim bears a reserved name.
pub fn issue(issuance: &Issuance, signer: &dyn Signer, random: &dyn Random) -> Result<SdJwt, Finding> {
    let mut conceal = Conceal { issuance, random, disclosures: Vec::new() };
    let mut payload = conceal.object(issuance.claims, &ClaimPath::default())?;
    if !conceal.disclosures.is_empty() {
        payload.insert("_sd_alg".to_owned(), Value::from(issuance.hash.name()));
    }
    let jwt = Jws::sign(&issuance.header, &payload, signer)?;
    let hash = HashAlgorithm::of_payload(&payload)?;
    Ok(SdJwt { jwt, payload, hash, disclosures: conceal.disclosures, key_binding: None })
}

struct Conceal<'a> {
    issuance: &'a Issuance<'a>,
    random: &'a dyn Random,
    disclosures: Vec<Disclosure>,
}

impl Conceal<'_> {
    fn value(&mut self, value: &Value, path: &ClaimPath) -> Result<Value, Finding> {
        match value {
            Value::Object(map) => self.object(map, path).map(Value::Object),
            Value::Array(items) => self.array(items, path).map(Value::Array),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(value.clone()),
        }
    }

    fn object(&mut self, map: &Map, path: &ClaimPath) -> Result<Map, Finding> {
        let mut out = Map::new();
        let mut digests = Vec::new();
        for (name, value) in map {
            if is_reserved(name) {
                return Err(Finding::invalid(Check::Parse, Code::DisclosureInvalid, "a claim bears a reserved name"));
            }
            let path = path.then(Step::Name(name.clone()));
            let value = self.value(value, &path)?;
            if self.is_open(&path) {
                out.insert(name.clone(), value);
            } else {
                digests.push(self.keep(Disclosure::property(name, value, self.random)));
            }
        }
        if !digests.is_empty() {
            digests.extend((0..self.missing(digests.len())).map(|_| self.decoy()));
            // Sorting hides the order of the claims.
            digests.sort_unstable();
            out.insert("_sd".to_owned(), digests.into());
        }
        Ok(out)
    }

    fn array(&mut self, items: &[Value], path: &ClaimPath) -> Result<Vec<Value>, Finding> {
        let mut out = Vec::with_capacity(items.len());
        let mut concealed = 0;
        for (index, item) in items.iter().enumerate() {
            let path = path.then(Step::Index(index));
            let value = self.value(item, &path)?;
            if self.is_open(&path) {
                out.push(value);
            } else {
                concealed += 1;
                out.push(placeholder(self.keep(Disclosure::element(value, self.random))));
            }
        }
        if concealed > 0 {
            for _ in 0..self.missing(concealed) {
                let bound = u64::try_from(out.len()).unwrap_or(u64::MAX).saturating_add(1);
                let position = usize::try_from(below(self.random, bound)).unwrap_or_default();
                out.insert(position.min(out.len()), placeholder(self.decoy()));
            }
        }
        Ok(out)
    }

    fn keep(&mut self, disclosure: Disclosure) -> String {
        let digest = self.issuance.hash.digest(disclosure.as_text());
        self.disclosures.push(disclosure);
        digest
    }

    fn is_open(&self, path: &ClaimPath) -> bool {
        self.issuance.open.iter().any(|open| match open {
            Open::Claim(claim) => claim.matches(path),
            Open::Whole(claim) => claim.leads_to(path),
        })
    }

    /// How many decoys fill up to the multiple.
    fn missing(&self, digests: usize) -> usize {
        let multiple = usize::from(self.issuance.decoys).max(1);
        digests.next_multiple_of(multiple) - digests
    }

    /// A digest over randomness, as section 4.2.5 recommends.
    fn decoy(&self) -> String {
        self.issuance.hash.digest(&base64url(&bytes::<32>(self.random)))
    }
}

fn placeholder(digest: String) -> Value {
    Value::Object([("...".to_owned(), Value::String(digest))].into_iter().collect())
}
