//! Reading a code: what it says, and the two signatures over it.

use super::pack::unpack;
use super::{CLAIM_LICENCE, CREDENTIAL_CONTEXT, IDENTIFIER_ROOT, MAX_BYTES, PREFIX, SHOWN_CONTEXT, values};
use crate::base::bytes::from_base45;
use crate::base::json::Map;
use crate::base::time::{Timestamp, from_unix};
use crate::crypto::PublicKey;
use crate::crypto::digest::sha256;
use crate::vc::cbor::Cbor;
use crate::vc::cose::{Sign1, key_from_cose};
use crate::vc::finding::{Check, Code as FindingCode, Finding};
use crate::vc::status::token::{CLAIM_STATUS, StatusReference, reference_from_cbor};

/// Longest text of a code: what QR version 20-L holds.
const MAX_TEXT: usize = PREFIX.len() + MAX_BYTES / 2 * 3;

/// What a scanned code holds; nothing in it is verified yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    /// The agency's credential.
    pub credential: Credential,
    /// The holder's proof; `None` in a printed code.
    pub shown: Option<Shown>,
}

/// A compact credential, read but not verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Credential {
    /// The agency's DID.
    pub issuer: String,
    /// The verification method that signed: issuer, `#` and the key's fragment.
    pub method: String,
    /// The identifier of the licence (电子证照标识).
    pub id: String,
    /// The code of its type.
    pub type_code: String,
    /// The version of the type.
    pub version: u32,
    /// The name of the view.
    pub view: String,
    /// Valid from.
    pub valid_from: Timestamp,
    /// Valid until; `None` for 长期.
    pub valid_until: Option<Timestamp>,
    /// The holder's key; `None` when nobody can prove to be the holder.
    pub holder: Option<PublicKey>,
    /// Where its status is read.
    pub status: Option<StatusReference>,
    claims: Vec<(Cbor, Cbor)>,
    message: Sign1,
}

/// The holder's proof around a credential, read but not verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The time by the holder's clock.
    pub time: Timestamp,
    /// The verifier it is meant for.
    pub audience: Option<String>,
    /// What the verifier asked to be signed.
    pub nonce: Option<String>,
    message: Sign1,
}

impl Code {
    /// Whether a scanned text claims to be a code of this kind.
    pub fn is_code(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// Reads the text of a code; findings are invalid, of [`Check::Parse`].
    pub fn from_text(text: &str) -> Result<Self, Finding> {
        let encoded = text.strip_prefix(PREFIX).ok_or_else(|| malformed("the text does not begin with CL1:"))?;
        if text.len() > MAX_TEXT {
            return Err(Finding::invalid(
                Check::Parse,
                FindingCode::TooLarge,
                format!("longer than {MAX_TEXT} characters"),
            ));
        }
        Self::from_bytes(&from_base45(encoded).map_err(|error| malformed(error.to_string()))?)
    }

    /// Reads the bytes of a code; findings are invalid, of [`Check::Parse`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Finding> {
        if bytes.len() > MAX_BYTES {
            return Err(Finding::invalid(Check::Parse, FindingCode::TooLarge, format!("more than {MAX_BYTES} bytes")));
        }
        let message = Sign1::decode(bytes).map_err(|error| malformed(error.to_string()))?;
        match decode(message.payload())? {
            payload @ Cbor::Map(_) => Ok(Self { credential: Credential::read(&payload, message)?, shown: None }),
            Cbor::Array(parts) => {
                let (credential, shown) = Shown::read(&parts, message)?;
                Ok(Self { credential, shown: Some(shown) })
            }
            Cbor::Int(_)
            | Cbor::Bytes(_)
            | Cbor::Text(_)
            | Cbor::Tag(..)
            | Cbor::Bool(_)
            | Cbor::Null
            | Cbor::Float(_) => Err(malformed("neither a credential nor a shown one")),
        }
    }

    /// Verifies the holder's signature with the key in the credential, which is to be trusted only after
    /// [`Credential::verify_issuer`]; `binding_missing` for a printed code, `binding_invalid` for a wrong signature.
    pub fn verify_holder(&self) -> Result<(), Finding> {
        let invalid = |detail: &str| Finding::invalid(Check::Binding, FindingCode::BindingInvalid, detail);
        let Some(shown) = &self.shown else {
            return Err(Finding::invalid(
                Check::Binding,
                FindingCode::BindingMissing,
                "the code has no holder signature",
            ));
        };
        let key = self.credential.holder.as_ref().ok_or_else(|| invalid("the credential is bound to no key"))?;
        shown.message.verify(key, SHOWN_CONTEXT).map_err(|_| invalid("the holder's signature does not verify"))
    }
}

impl Shown {
    fn read(parts: &[Cbor], message: Sign1) -> Result<(Credential, Self), Finding> {
        let [Cbor::Bytes(credential), Cbor::Int(time), rest @ ..] = parts else {
            return Err(malformed("a shown code without credential or time"));
        };
        let (audience, nonce) = match rest {
            [] => (None, None),
            [Cbor::Text(audience)] => (Some(audience.clone()), None),
            [Cbor::Text(audience), Cbor::Text(nonce)] => (Some(audience.clone()), Some(nonce.clone())),
            [Cbor::Null, Cbor::Text(nonce)] => (None, Some(nonce.clone())),
            _ => return Err(malformed("audience and nonce of a shown code")),
        };
        let time = i64::try_from(*time).ok().and_then(from_unix).ok_or_else(|| malformed("the time of showing"))?;
        Ok((Credential::decode(credential)?, Self { time, audience, nonce, message }))
    }

    /// What makes this showing the same as another: the digest of what the holder signed, not of the signature, which
    /// for ES256 has two spellings.
    pub fn replay_digest(&self) -> [u8; 32] {
        sha256(self.message.payload())
    }
}

impl Credential {
    /// Reads the bytes of a bare credential; findings are invalid, of [`Check::Parse`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Finding> {
        let message = Sign1::decode(bytes).map_err(|error| malformed(error.to_string()))?;
        let claims = decode(message.payload())?;
        Self::read(&claims, message)
    }

    fn read(claims: &Cbor, message: Sign1) -> Result<Self, Finding> {
        let issuer = claims.at(1).and_then(Cbor::as_text).filter(|issuer| !issuer.is_empty());
        let issuer = issuer.ok_or_else(|| malformed("iss is missing"))?.to_owned();
        let fragment = message.key_id().and_then(|id| std::str::from_utf8(id).ok()).filter(|id| is_fragment(id));
        let method = format!("{issuer}#{}", fragment.ok_or_else(|| malformed("kid is not a fragment"))?);
        let licence = claims.at(CLAIM_LICENCE).and_then(Cbor::as_array);
        let Some([Cbor::Text(type_code), Cbor::Int(version), Cbor::Text(view), id, Cbor::Map(entries)]) = licence
        else {
            return Err(malformed("the licence claim is missing or has other parts"));
        };
        Ok(Self {
            issuer,
            method,
            id: identifier(id)?,
            type_code: type_code.clone(),
            version: u32::try_from(*version).map_err(|_| malformed("the version of the type"))?,
            view: view.clone(),
            valid_from: time(claims.at(5))?.ok_or_else(|| malformed("nbf is missing"))?,
            valid_until: time(claims.at(4))?,
            holder: claims.at(8).map(holder).transpose()?,
            status: claims.at(CLAIM_STATUS).map(reference_from_cbor).transpose()?,
            claims: entries.clone(),
            message,
        })
    }

    /// Verifies the agency's signature; `proof_invalid` otherwise.
    pub fn verify_issuer(&self, key: &PublicKey) -> Result<(), Finding> {
        let invalid =
            |_| Finding::invalid(Check::Proof, FindingCode::ProofInvalid, "the agency's signature does not verify");
        self.message.verify(key, CREDENTIAL_CONTEXT).map_err(invalid)
    }

    /// The claims of the view, under the names that the type's fields have in this order.
    pub fn claims(&self, fields: &[&str]) -> Result<Map, Finding> {
        values::from_cbor(&self.claims, fields)
    }

    /// Checks `nbf` and `exp`, `leeway` seconds either way: `not_yet_valid` or `expired`.
    pub fn check_validity(&self, now: Timestamp, leeway: i64) -> Result<(), Finding> {
        let now = now.as_second();
        if now.saturating_add(leeway) < self.valid_from.as_second() {
            return Err(Finding::invalid(Check::Validity, FindingCode::NotYetValid, "nbf lies in the future"));
        }
        if self.valid_until.is_some_and(|until| now.saturating_sub(leeway) >= until.as_second()) {
            return Err(Finding::invalid(Check::Validity, FindingCode::Expired, "exp has passed"));
        }
        Ok(())
    }
}

fn decode(payload: &[u8]) -> Result<Cbor, Finding> {
    Cbor::decode(payload).map_err(|error| malformed(error.to_string()))
}

/// Unreserved characters of a URI, so that issuer and fragment cannot be cut at another place.
fn is_fragment(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

fn identifier(id: &Cbor) -> Result<String, Finding> {
    let unpacked = |bytes: &[u8]| unpack(bytes).map(|text| format!("{IDENTIFIER_ROOT}{text}"));
    let id = id.as_text().map(str::to_owned).or_else(|| id.as_bytes().and_then(unpacked));
    id.ok_or_else(|| malformed("the identifier of the licence"))
}

fn time(claim: Option<&Cbor>) -> Result<Option<Timestamp>, Finding> {
    let read = |claim: &Cbor| claim.as_int().and_then(from_unix).ok_or_else(|| malformed("nbf or exp is not a time"));
    claim.map(read).transpose()
}

/// `cnf` with the one confirmation method in use, `COSE_Key` (RFC 8747 section 3.2).
fn holder(confirmation: &Cbor) -> Result<PublicKey, Finding> {
    let key = confirmation.at(1).ok_or_else(|| malformed("cnf has no COSE_Key"))?;
    key_from_cose(key)
        .map_err(|error| Finding::invalid(Check::Parse, FindingCode::KeyMalformed, format!("cnf: {error}")))
}

fn malformed(detail: impl Into<String>) -> Finding {
    Finding::invalid(Check::Parse, FindingCode::CodeMalformed, detail)
}
