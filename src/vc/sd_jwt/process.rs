//! From disclosures and digests to claims: the processing of RFC 9901 section 7.1, steps 3 to 5.
//!
//! Every rule that says "MUST be rejected" is an invalid finding; nothing is repaired. No signature is checked here.

use std::collections::{HashMap, HashSet};

use crate::base::json::{Limits, Map, Value};
use crate::vc::finding::{Check, Code, Finding};

use super::disclosure::{Content, Disclosure};
use super::hash::HashAlgorithm;
use super::path::{ClaimPath, Step};

/// The Processed SD-JWT Payload, and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Processed {
    /// The claims in the open and the disclosed ones, without digests.
    pub claims: Map,
    /// Each disclosed claim with the position of its disclosure, an enclosing claim before the claims inside it.
    pub disclosed: Vec<(ClaimPath, usize)>,
    /// Objects and arrays that carry digests, disclosed or not; the empty path is the top level.
    pub concealing: Vec<ClaimPath>,
    /// How many digests have no disclosure: withheld claims and decoys, which nobody can tell apart.
    pub withheld: usize,
}

/// Puts the disclosed claims into their places.
pub(super) fn process(
    payload: &Map,
    algorithm: HashAlgorithm,
    disclosures: &[Disclosure],
) -> Result<Processed, Finding> {
    let mut by_digest = HashMap::with_capacity(disclosures.len());
    for (position, disclosure) in disclosures.iter().enumerate() {
        if by_digest.insert(algorithm.digest(disclosure.as_text()), (position, disclosure)).is_some() {
            return Err(digests("a disclosure is given more than once"));
        }
    }
    let mut walk = Walk { by_digest, seen: HashSet::new(), disclosed: Vec::new(), concealing: Vec::new() };
    let claims = walk.object(payload, &ClaimPath::default())?;
    if walk.disclosed.len() != disclosures.len() {
        // What no digest covers is not what the issuer signed: a changed claim looks exactly so.
        return Err(Finding::invalid(
            Check::Proof,
            Code::DisclosureInvalid,
            "a disclosure is not referenced by any digest",
        ));
    }
    let withheld = walk.seen.len() - walk.disclosed.len();
    Ok(Processed { claims, disclosed: walk.disclosed, concealing: walk.concealing, withheld })
}

/// Every digest leads to at most one disclosure and is met at most once, so the walk is linear in the input.
struct Walk<'a> {
    by_digest: HashMap<String, (usize, &'a Disclosure)>,
    seen: HashSet<String>,
    disclosed: Vec<(ClaimPath, usize)>,
    concealing: Vec<ClaimPath>,
}

impl<'a> Walk<'a> {
    fn value(&mut self, value: &Value, path: impl FnOnce() -> ClaimPath) -> Result<Value, Finding> {
        match value {
            Value::Object(map) => self.object(map, &path()).map(Value::Object),
            Value::Array(items) => self.array(items, &path()).map(Value::Array),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(value.clone()),
        }
    }

    fn object(&mut self, map: &Map, path: &ClaimPath) -> Result<Map, Finding> {
        bound(path)?;
        let mut claims = Map::new();
        for (name, value) in map {
            match name.as_str() {
                "_sd" => {}
                "_sd_alg" if path.steps().is_empty() => {}
                "..." | "_sd_alg" => return Err(reserved("a reserved claim name is used as a claim")),
                _ => {
                    let value = self.value(value, || path.then(Step::Name(name.clone())))?;
                    claims.insert(name.clone(), value);
                }
            }
        }
        if let Some(digests) = map.get("_sd") {
            self.concealing.push(path.clone());
            self.members(digests, path, &mut claims)?;
        }
        Ok(claims)
    }

    fn members(&mut self, digests: &Value, path: &ClaimPath, claims: &mut Map) -> Result<(), Finding> {
        let wrong = || reserved("_sd is not an array of strings");
        for digest in digests.as_array().ok_or_else(wrong)? {
            let Some((position, disclosure)) = self.find(digest.as_str().ok_or_else(wrong)?)? else { continue };
            let Content::Property { name, value } = disclosure.content() else {
                return Err(shape("a digest of an object leads to the disclosure of an array element"));
            };
            if claims.contains_key(name) {
                return Err(Finding::invalid(
                    Check::Parse,
                    Code::DisclosureInvalid,
                    "a disclosed claim exists already",
                ));
            }
            let path = path.then(Step::Name(name.clone()));
            self.disclosed.push((path.clone(), position));
            let value = self.value(value, || path)?;
            claims.insert(name.clone(), value);
        }
        Ok(())
    }

    fn array(&mut self, items: &[Value], path: &ClaimPath) -> Result<Vec<Value>, Finding> {
        bound(path)?;
        let mut elements = Vec::with_capacity(items.len());
        for item in items {
            let inner = || path.then(Step::Index(elements.len()));
            let Some(digest) = placeholder(item)? else {
                let value = self.value(item, inner)?;
                elements.push(value);
                continue;
            };
            if self.concealing.last() != Some(path) {
                self.concealing.push(path.clone());
            }
            let Some((position, disclosure)) = self.find(digest)? else { continue };
            let Content::Element { value } = disclosure.content() else {
                return Err(shape("a digest of an array leads to the disclosure of an object's member"));
            };
            let path = inner();
            self.disclosed.push((path.clone(), position));
            let value = self.value(value, || path)?;
            elements.push(value);
        }
        Ok(elements)
    }

    fn find(&mut self, digest: &str) -> Result<Option<(usize, &'a Disclosure)>, Finding> {
        if !self.seen.insert(digest.to_owned()) {
            return Err(digests("a digest appears more than once"));
        }
        Ok(self.by_digest.get(digest).copied())
    }
}

/// The digest of `{"...": digest}`; `None` for an element in the open.
fn placeholder(item: &Value) -> Result<Option<&str>, Finding> {
    let Some(digest) = item.as_object().and_then(|map| map.get("...")) else { return Ok(None) };
    let alone = item.as_object().is_some_and(|map| map.len() == 1);
    match digest.as_str() {
        Some(digest) if alone => Ok(Some(digest)),
        _ => Err(reserved("an array element with ... is not one digest alone")),
    }
}

fn bound(path: &ClaimPath) -> Result<(), Finding> {
    if path.steps().len() > Limits::DEFAULT.depth {
        return Err(shape("claims are nested too deep"));
    }
    Ok(())
}

fn reserved(detail: &str) -> Finding {
    Finding::invalid(Check::Parse, Code::DisclosureInvalid, detail)
}

fn digests(detail: &str) -> Finding {
    Finding::invalid(Check::Parse, Code::DisclosureInvalid, detail)
}

fn shape(detail: &str) -> Finding {
    Finding::invalid(Check::Parse, Code::DisclosureInvalid, detail)
}
