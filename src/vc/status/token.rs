//! IETF Token Status List (draft-ietf-oauth-status-list): the list as a signed JWT or CWT, and what a token refers to.
//!
//! 1, 2, 4 and 8 bits are read; this program publishes 2. Keys come through the [`Keys`] port; whether the list's signer
//! may speak for a credential's issuer is the caller's question, so reading answers with the key's controller.

use super::Bits;
use super::inflate::{unzlib, zlib};
use crate::base::bytes::{base64url, from_base64url};
use crate::base::json::{Map, Value, json};
use crate::base::time::{Timestamp, from_unix};
use crate::crypto::Signer;
use crate::vc::cbor::Cbor;
use crate::vc::cose::{Header, Sign1};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::jws::{self, Jws};
use crate::vc::keys::{Keys, Purpose, ResolvedKey};
pub use crate::vc::sd_jwt::credential::StatusReference;

/// Media type of the JWT form; its `typ` is the part after the slash.
pub const JWT_TYPE: &str = "application/statuslist+jwt";
/// Media type and `typ` of the CWT form.
pub const CWT_TYPE: &str = "application/statuslist+cwt";
/// CWT claim of a referenced token: `status`.
pub const CLAIM_STATUS: i64 = 65_535;
/// CWT claims of a list token: `ttl`, `status_list`.
const CLAIM_TTL: i64 = 65_534;
const CLAIM_STATUS_LIST: i64 = 65_533;

/// The statuses of many tokens (section 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    /// Bits for each token: 1, 2, 4 or 8.
    bits: u8,
    /// The inflated array, lowest bits of each byte first.
    bytes: Vec<u8>,
    /// Where all lists of the issuer are named.
    pub aggregation_uri: Option<String>,
}

impl StatusList {
    /// The list of an array with `bits` bits for each token; `None` unless they are 1, 2, 4 or 8.
    pub fn new(bits: u8, bytes: Vec<u8>) -> Option<Self> {
        matches!(bits, 1 | 2 | 4 | 8).then_some(Self { bits, bytes, aggregation_uri: None })
    }

    /// Two bits for each slot.
    pub fn of(bits: &Bits) -> Self {
        Self { bits: 2, bytes: bits.token_order().to_vec(), aggregation_uri: None }
    }

    /// The status at an index; `None` outside the list.
    pub fn get(&self, index: u64) -> Option<u8> {
        let per_byte = u64::from(8 / self.bits);
        let byte = self.bytes.get(usize::try_from(index / per_byte).ok()?)?;
        let shift = u8::try_from(index % per_byte).ok()? * self.bits;
        Some((byte >> shift) & (0xFF >> (8 - self.bits)))
    }

    /// How many statuses the array holds.
    pub fn len(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX).saturating_mul(u64::from(8 / self.bits))
    }

    /// Whether the array is empty.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Section 4.2.
    pub fn to_json(&self) -> Value {
        let mut list = json!({"bits": self.bits, "lst": base64url(&zlib(&self.bytes))});
        if let (Some(uri), Some(members)) = (&self.aggregation_uri, list.as_object_mut()) {
            members.insert("aggregation_uri".to_owned(), Value::from(uri.as_str()));
        }
        list
    }

    /// Reads section 4.2, inflating at most 4 MiB.
    pub fn from_json(value: &Value) -> Result<Self, Finding> {
        let lst = value.get("lst").and_then(Value::as_str).ok_or_else(|| wrong("lst is not a string"))?;
        let compressed = from_base64url(lst).map_err(|error| wrong(format!("lst: {error}")))?;
        let aggregation =
            optional(value.get("aggregation_uri"), |uri| uri.as_str().map(str::to_owned), "aggregation_uri")?;
        Self::read(value.get("bits").and_then(Value::as_i64), &compressed, aggregation)
    }

    /// Section 4.3.
    pub fn to_cbor(&self) -> Cbor {
        let uri = self.aggregation_uri.as_deref().map(|uri| ("aggregation_uri".into(), uri.into()));
        let members = [("bits".into(), i64::from(self.bits).into()), ("lst".into(), zlib(&self.bytes)[..].into())];
        Cbor::Map(members.into_iter().chain(uri).collect())
    }

    /// Reads section 4.3, inflating at most 4 MiB.
    pub fn from_cbor(value: &Cbor) -> Result<Self, Finding> {
        let compressed =
            value.named("lst").and_then(Cbor::as_bytes).ok_or_else(|| wrong("lst is not a byte string"))?;
        let aggregation =
            optional(value.named("aggregation_uri"), |uri| uri.as_text().map(str::to_owned), "aggregation_uri")?;
        Self::read(value.named("bits").and_then(Cbor::as_int), compressed, aggregation)
    }

    fn read(bits: Option<i64>, compressed: &[u8], aggregation_uri: Option<String>) -> Result<Self, Finding> {
        let bits = bits.and_then(|bits| u8::try_from(bits).ok()).ok_or_else(|| wrong("bits is missing"))?;
        let list =
            Self::new(bits, unzlib(compressed).map_err(wrong)?).ok_or_else(|| wrong("bits is none of 1, 2, 4, 8"))?;
        Ok(Self { aggregation_uri, ..list })
    }
}

/// A status list token (section 5), signed as JWT or CWT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// `sub`: the address of the list, equal to the `uri` of every reference to it.
    pub subject: String,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `exp`: not to be relied on from then.
    pub expires: Option<Timestamp>,
    /// `ttl`: seconds it may be cached.
    pub ttl: Option<u64>,
    /// `status_list`.
    pub list: StatusList,
}

impl Token {
    /// The JWT form; `key_id` is the URL of the verification method.
    pub fn to_jwt(&self, key_id: &str, signer: &dyn Signer) -> String {
        let header = [("typ", Value::from("statuslist+jwt")), ("kid", Value::from(key_id))];
        let claims = [
            ("sub", Some(Value::from(self.subject.as_str()))),
            ("iat", Some(Value::from(self.issued_at.as_second()))),
            ("exp", self.expires.map(|time| Value::from(time.as_second()))),
            ("ttl", self.ttl.map(Value::from)),
            ("status_list", Some(self.list.to_json())),
        ];
        let header = header.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let claims = claims.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        jws::sign(&header, &claims, signer)
    }

    /// The CWT form, a tagged COSE_Sign1 without CWT tag; `key_id` is the URL of the verification method.
    pub fn to_cwt(&self, key_id: &str, signer: &dyn Signer) -> Vec<u8> {
        let ttl = self.ttl.map(|ttl| Cbor::Int(ttl.into()));
        let claims = [
            (2, Some(self.subject.as_str().into())),
            (6, Some(self.issued_at.as_second().into())),
            (4, self.expires.map(|time| time.as_second().into())),
            (CLAIM_TTL, ttl),
            (CLAIM_STATUS_LIST, Some(self.list.to_cbor())),
        ];
        let claims =
            claims.into_iter().filter_map(|(key, value): (i64, Option<Cbor>)| Some((key.into(), value?))).collect();
        let header = Header { key_id: Some(key_id.as_bytes()), typ: Some(CWT_TYPE) };
        Sign1::sign(header, &Cbor::Map(claims).encode(), b"", signer)
    }

    /// Reads and verifies the JWT form (section 5.1); answers with the key that signed.
    pub fn from_jwt(text: &str, keys: &dyn Keys) -> Result<(Self, ResolvedKey), Finding> {
        let undecided = |finding: Finding| wrong(finding.to_string());
        let jws = Jws::parse(text).map_err(undecided)?;
        jws.header().require_typ("statuslist+jwt").map_err(undecided)?;
        let claims = jws.claims().map_err(undecided)?;
        let token = Self::from_claims(&claims)?;
        let issuer = claims.get("iss").and_then(Value::as_str);
        let key = keys.resolve(&method(jws.header().kid(), issuer)?, Purpose::AssertionMethod, token.issued_at);
        let key = key.map_err(|finding| finding.under(Check::Status))?;
        jws.verify(&key.key).map_err(undecided)?;
        Ok((token, key))
    }

    /// Reads and verifies the CWT form (section 5.2); answers with the key that signed.
    pub fn from_cwt(bytes: &[u8], keys: &dyn Keys) -> Result<(Self, ResolvedKey), Finding> {
        let message = Sign1::decode(bytes).map_err(|error| wrong(error.to_string()))?;
        if message.typ() != Some(CWT_TYPE) {
            return Err(wrong("typ is not application/statuslist+cwt"));
        }
        let claims = Cbor::decode(message.payload()).map_err(|error| wrong(error.to_string()))?;
        let token = Self::from_cwt_claims(&claims)?;
        let kid = message.key_id().and_then(|id| std::str::from_utf8(id).ok());
        let issuer = claims.at(1).and_then(Cbor::as_text);
        let key = keys.resolve(&method(kid, issuer)?, Purpose::AssertionMethod, token.issued_at);
        let key = key.map_err(|finding| finding.under(Check::Status))?;
        message.verify(&key.key, b"").map_err(|_| wrong("the signature of the list does not verify"))?;
        Ok((token, key))
    }

    /// The claims of a JWT whose signature is another's business.
    pub fn from_claims(claims: &Map) -> Result<Self, Finding> {
        let seconds = |value: &Value| value.as_i64().and_then(from_unix);
        Ok(Self {
            subject: claims.get("sub").and_then(Value::as_str).ok_or_else(|| wrong("sub is missing"))?.to_owned(),
            issued_at: claims.get("iat").and_then(seconds).ok_or_else(|| wrong("iat is missing"))?,
            expires: optional(claims.get("exp"), seconds, "exp")?,
            ttl: optional(claims.get("ttl"), |ttl| ttl.as_u64().filter(|&ttl| ttl > 0), "ttl")?,
            list: StatusList::from_json(claims.get("status_list").ok_or_else(|| wrong("status_list is missing"))?)?,
        })
    }

    /// The claims of a CWT whose signature is another's business.
    pub fn from_cwt_claims(claims: &Cbor) -> Result<Self, Finding> {
        let seconds = |value: &Cbor| value.as_seconds().and_then(from_unix);
        let positive = |value: &Cbor| value.as_int().and_then(|ttl| u64::try_from(ttl).ok()).filter(|&ttl| ttl > 0);
        Ok(Self {
            subject: claims.at(2).and_then(Cbor::as_text).ok_or_else(|| wrong("subject is missing"))?.to_owned(),
            issued_at: claims.at(6).and_then(seconds).ok_or_else(|| wrong("issued at is missing"))?,
            expires: optional(claims.at(4), seconds, "expiration time")?,
            ttl: optional(claims.at(CLAIM_TTL), positive, "time to live")?,
            list: StatusList::from_cbor(claims.at(CLAIM_STATUS_LIST).ok_or_else(|| wrong("status list is missing"))?)?,
        })
    }

    /// The status of a reference (section 8.3): the list must be the one referred to and not expired at `now`.
    pub fn status(&self, reference: &StatusReference, now: Timestamp) -> Result<u8, Finding> {
        if self.subject != reference.uri {
            return Err(wrong("the list's subject is not the address that the token names"));
        }
        if self.expires.is_some_and(|expires| now >= expires) {
            return Err(Finding::error(Check::Status, Code::StatusStale, "the list has expired"));
        }
        let outside = || Finding::error(Check::Status, Code::StatusRange, "idx lies outside the list");
        self.list.get(reference.index).ok_or_else(outside)
    }
}

/// The `Status` of a CWT that refers to a list (section 6.3).
pub fn reference_to_cbor(reference: &StatusReference) -> Cbor {
    let members =
        vec![("idx".into(), Cbor::Int(reference.index.into())), ("uri".into(), reference.uri.as_str().into())];
    Cbor::Map(vec![("status_list".into(), Cbor::Map(members))])
}

/// Reads a `Status`; a mechanism other than `status_list` alone cannot be decided, a malformed one is invalid.
pub fn reference_from_cbor(status: &Cbor) -> Result<StatusReference, Finding> {
    let Some(list) = status.named("status_list") else {
        return Err(Finding::error(
            Check::Status,
            Code::FormatUnsupported,
            "a status mechanism other than status_list",
        ));
    };
    let index = list.named("idx").and_then(Cbor::as_int).and_then(|index| u64::try_from(index).ok());
    let uri = list.named("uri").and_then(Cbor::as_text).filter(|uri| !uri.is_empty());
    let malformed = || Finding::invalid(Check::Status, Code::ModelViolation, "status_list lacks idx or uri");
    index.zip(uri).map(|(index, uri)| StatusReference { uri: uri.to_owned(), index }).ok_or_else(malformed)
}

/// The verification method: `kid` when it is a URL or stands alone, else `iss#kid`.
fn method(kid: Option<&str>, issuer: Option<&str>) -> Result<String, Finding> {
    match (kid, issuer) {
        (Some(kid), _) if kid.contains(':') => Ok(kid.to_owned()),
        (Some(kid), Some(issuer)) => Ok(format!("{issuer}#{}", kid.trim_start_matches('#'))),
        (Some(kid), None) => Ok(kid.to_owned()),
        (None, _) => Err(Finding::error(Check::Status, Code::KeyUnknown, "the list does not name its key")),
    }
}

fn optional<V, T>(value: Option<&V>, read: impl Fn(&V) -> Option<T>, name: &str) -> Result<Option<T>, Finding> {
    value.map(|value| read(value).ok_or_else(|| wrong(format!("{name} is malformed")))).transpose()
}

fn wrong(detail: impl Into<String>) -> Finding {
    Finding::error(Check::Status, Code::StatusInvalid, detail)
}
