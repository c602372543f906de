//! What SD-JWT VC adds to SD-JWT (draft-ietf-oauth-sd-jwt-vc): the type, the claims of the JWT that must stay in the
//! open, and who issued.

use crate::base::json::{Map, Value, json};
use crate::base::random::Random;
use crate::base::time::Timestamp;
use crate::crypto::{PublicKey, Signer};
use crate::vc::finding::{Check, Code, Finding};

use super::hash::HashAlgorithm;
use super::issue::{Issuance, Open, issue};
use super::path::ClaimPath;
use super::{Processed, SdJwt, key_binding, numeric_date};

/// The header member `typ`, and the last part of the media type `application/dc+sd-jwt`.
pub const TYP: &str = "dc+sd-jwt";

/// Claims that must not be selectively disclosed, nor anything in them (section "Registered JWT Claims").
pub const NEVER_CONCEALED: [&str; 8] = ["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"];

/// A credential to be issued to a holder.
#[derive(Clone, Debug)]
pub struct NewCredential<'a> {
    /// The issuer's identifier, claim `iss`.
    pub issuer: &'a str,
    /// The issuer's key, header member `kid`.
    pub key_id: &'a str,
    /// The type, claim `vct`.
    pub vct: &'a str,
    /// When the credential begins to be valid, claim `nbf`.
    pub valid_from: Option<Timestamp>,
    /// When it ends, claim `exp`; `None` for a licence without end.
    pub valid_until: Option<Timestamp>,
    /// When it was issued, claim `iat`.
    pub issued_at: Option<Timestamp>,
    /// The status list's address and the index in it, claim `status` (Token Status List section 6.2).
    pub status: Option<(&'a str, u64)>,
    /// The holder's key, claim `cnf`; `None` gives a credential bound to nobody.
    pub holder: Option<&'a PublicKey>,
    /// The subject's claims, all concealed, nested ones too.
    pub claims: &'a Map,
    /// Claims of the subject that stay in the open all the same.
    pub open: &'a [Open],
    /// As [`Issuance::decoys`].
    pub decoys: u8,
}

impl NewCredential<'_> {
    /// Issues the credential; invalid when the subject's claims contain one that belongs to the JWT.
    pub fn issue(&self, signer: &dyn Signer, random: &dyn Random) -> Result<SdJwt, Finding> {
        let registered = self.registered();
        if self.claims.keys().any(|name| is_registered(name)) {
            return Err(Finding::invalid(
                Check::Parse,
                Code::ClaimMalformed,
                "a subject's claim bears the name of a registered one",
            ));
        }
        let mut open: Vec<Open> = registered.keys().map(|name| Open::Whole(ClaimPath::top(name))).collect();
        open.extend_from_slice(self.open);
        let mut claims = self.claims.clone();
        claims.extend(registered);
        let header = [("typ".to_owned(), json!(TYP)), ("kid".to_owned(), json!(self.key_id))].into_iter().collect();
        let issuance =
            Issuance { header, claims: &claims, open: &open, decoys: self.decoys, hash: HashAlgorithm::Sha256 };
        issue(&issuance, signer, random)
    }

    fn registered(&self) -> Map {
        let date = |time: Option<Timestamp>| time.map(|time| json!(time.as_second()));
        let claims = [
            ("iss", Some(json!(self.issuer))),
            ("vct", Some(json!(self.vct))),
            ("nbf", date(self.valid_from)),
            ("exp", date(self.valid_until)),
            ("iat", date(self.issued_at)),
            ("status", self.status.map(|(uri, idx)| json!({"status_list": {"uri": uri, "idx": idx}}))),
            ("cnf", self.holder.map(|key| json!({"jwk": key.to_jwk()}))),
        ];
        claims.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

/// Where a credential's status is read (Token Status List section 6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReference {
    /// Address of the status list token.
    pub uri: String,
    /// Index in the list.
    pub index: u64,
}

/// An SD-JWT VC whose form is right; nothing about trust, time or status is decided yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Credential {
    /// All claims that are in the open or disclosed.
    pub claims: Map,
    /// The type.
    pub vct: String,
    /// The issuer; absent when a certificate in the header names it.
    pub issuer: Option<String>,
}

impl Credential {
    /// Checks the rules of SD-JWT VC over a processed SD-JWT.
    pub fn check(sd_jwt: &SdJwt, processed: Processed) -> Result<Self, Finding> {
        sd_jwt.header().require_typ(TYP)?;
        check_open(sd_jwt, &processed)?;
        let claims = processed.claims;
        let vct =
            text(&claims, "vct")?.filter(|vct| !vct.is_empty()).ok_or_else(|| claim("vct is missing or empty"))?;
        check_other_types(&claims, &vct)?;
        text(&claims, "vct#integrity")?;
        text(&claims, "sub")?;
        for name in ["iat", "nbf", "exp"] {
            numeric_date::numeric_date(&claims, name)?;
        }
        Ok(Self { vct, issuer: text(&claims, "iss")?, claims })
    }

    /// Requires `nbf ≤ now < exp`, `leeway` seconds either way.
    pub fn check_validity(&self, now: Timestamp, leeway: i64) -> Result<(), Finding> {
        numeric_date::check_window(&self.claims, now, leeway)
    }

    /// The key that the credential is bound to; see [`key_binding::holder_key`].
    pub fn holder_key(&self) -> Result<Option<PublicKey>, Finding> {
        key_binding::holder_key(&self.claims)
    }

    /// Where the status is read; `None` when the credential has none.
    ///
    /// A mechanism that is not supported is an error finding, a malformed reference is invalid.
    pub fn status(&self) -> Result<Option<StatusReference>, Finding> {
        status(&self.claims)
    }

    /// Whether the credential is of the type, by `vct` or by `aka_vcts`.
    pub fn is_of_type(&self, vct: &str) -> bool {
        let others = self.claims.get("aka_vcts").and_then(Value::as_array);
        self.vct == vct || others.is_some_and(|others| others.iter().any(|other| other == vct))
    }
}

/// The verification method that signed, as a URL: `kid` when it is one of the issuer's, else `iss#kid`.
///
/// The issuer must be named by `iss`: a certificate chain (`x5c`) is not read as a source of trust, so a credential
/// that names its issuer in no other way is an error finding (could not decide).
pub fn verification_method(sd_jwt: &SdJwt) -> Result<String, Finding> {
    let Some(issuer) = text(sd_jwt.payload(), "iss")?.filter(|issuer| !issuer.is_empty()) else {
        return Err(Finding::error(
            Check::Trust,
            Code::KeyUnknown,
            "no iss: certificates in the header are not used here",
        ));
    };
    let method = match sd_jwt.header().kid() {
        None => issuer,
        Some(kid) if kid.strip_prefix(issuer.as_str()).is_some_and(|rest| rest.starts_with('#')) => kid.to_owned(),
        Some(kid) if kid.starts_with("did:") || kid.contains("://") => {
            return Err(Finding::invalid(
                Check::Trust,
                Code::KeyNotAuthorized,
                "kid names a key of somebody else than iss",
            ));
        }
        Some(kid) => format!("{issuer}#{}", kid.trim_start_matches('#')),
    };
    Ok(method)
}

fn check_open(sd_jwt: &SdJwt, processed: &Processed) -> Result<(), Finding> {
    let disclosed = processed.disclosed.iter().map(|(path, _)| path);
    let inside = |path: &ClaimPath| path.first_name().is_some_and(|name| NEVER_CONCEALED.contains(&name));
    if disclosed.chain(&processed.concealing).any(inside) {
        return Err(Finding::invalid(
            Check::Parse,
            Code::ClaimConcealed,
            "a claim that must stay in the open is concealed",
        ));
    }
    let empty = processed.withheld == 0 && processed.disclosed.is_empty();
    if empty && sd_jwt.payload().contains_key("_sd") {
        return Err(claim("_sd without selectively disclosable claims"));
    }
    Ok(())
}

fn check_other_types(claims: &Map, vct: &str) -> Result<(), Finding> {
    let Some(others) = claims.get("aka_vcts") else { return Ok(()) };
    let types =
        others.as_array().filter(|others| !others.is_empty()).ok_or_else(|| claim("aka_vcts is no array or empty"))?;
    if types.iter().any(|other| other.as_str().is_none_or(|other| other.is_empty() || other == vct)) {
        return Err(claim("aka_vcts repeats vct or holds something else than names"));
    }
    Ok(())
}

fn status(claims: &Map) -> Result<Option<StatusReference>, Finding> {
    let Some(status) = claims.get("status") else { return Ok(None) };
    let wrong = |detail| Finding::invalid(Check::Status, Code::ClaimMalformed, detail);
    let status = status.as_object().ok_or_else(|| wrong("status is not an object"))?;
    let Some(list) = status.get("status_list") else {
        return Err(Finding::error(
            Check::Status,
            Code::FormatUnsupported,
            "status names no mechanism that is supported",
        ));
    };
    let uri = list.get("uri").and_then(Value::as_str).filter(|uri| !uri.is_empty());
    match (uri, list.get("idx").and_then(Value::as_u64)) {
        (Some(uri), Some(index)) => Ok(Some(StatusReference { uri: uri.to_owned(), index })),
        _ => Err(wrong("status_list lacks uri or a non-negative integer idx")),
    }
}

fn is_registered(name: &str) -> bool {
    NEVER_CONCEALED.contains(&name) || matches!(name, "iat" | "aud" | "jti" | "sub_jwk")
}

fn text(claims: &Map, name: &str) -> Result<Option<String>, Finding> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(claim(&format!("{name} is no string"))),
    }
}

fn claim(detail: &str) -> Finding {
    Finding::invalid(Check::Parse, Code::ClaimMalformed, detail)
}
