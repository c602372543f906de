//! What a wallet does with a presentation request: who asks, what fits, the answer (OpenID4VP 1.0).
//!
//! A request is answered only for an asker whom the trust registry names, over its own address, and with no more than was
//! asked for. The city has its own side in [`request`](crate::domain::request).

use super::licence::Licence;
use super::{Asked, Form, Wallet};
use crate::base::json::{Map, Value};
use crate::base::random::Random;
use crate::base::text::Label;
use crate::base::time::{Timestamp, plus_seconds};
use crate::crypto::ecdh::Encryption;
use crate::crypto::{PublicKey, Signer as _};
use crate::domain::catalogue::context::type_iri;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::trust::Registry;
use crate::vc::contexts::Contexts;
use crate::vc::data_integrity::Cryptosuite;
use crate::vc::jws::Jws;
use crate::vc::model::one_or_more;
use crate::vc::sd_jwt::{ClaimPath, KeyBinding, SdJwt};
use crate::vc::verify::CLOCK_SKEW;
use crate::wire::jwe::{self, Recipient};
use crate::wire::oid4vp::dcql::{CredentialQuery, Meta};
use crate::wire::oid4vp::request::{ANY_WALLET, DID_PREFIX, Mode, Reference, RequestObject, TYP};
use crate::wire::oid4vp::response::{Answer, Content, VpToken};

/// A request that was checked: its asker is in the trust registry and has signed it.
#[derive(Clone, Debug)]
pub struct CheckedRequest {
    /// The request.
    pub object: RequestObject,
    /// The asker's name in the registry.
    pub asker: Label,
}

/// What would be given for one query.
#[derive(Clone, Debug, PartialEq)]
pub struct Pick {
    /// The query.
    pub query: String,
    /// The licence.
    pub licence: String,
    /// The claims; for a whole credential everything is shown.
    pub claims: Vec<ClaimPath>,
}

impl CheckedRequest {
    /// Checks a signed request object against the reference that led to it, the wallet's nonce and the trust registry
    /// (sections 5.9.3 and 5.10.1).
    pub fn check(
        signed: &str,
        reference: &Reference,
        wallet_nonce: Option<&str>,
        registry: &Registry,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let jws = Jws::parse(signed.trim())?;
        jws.header().require_typ(TYP)?;
        let kid = jws.header().kid().ok_or_else(|| untrusted("the request names no key"))?;
        let (agency, key) = registry.method(kid).ok_or_else(|| untrusted("the key is not in the trust registry"))?;
        if registry.expires < now {
            return Err(untrusted("the trust registry has expired"));
        }
        key.check(Some(now))?;
        jws.verify(&key.key)?;
        let object = RequestObject::from_claims(&jws.claims()?)?;
        if object.client_id != reference.client_id || object.client_id != format!("{DID_PREFIX}:{}", agency.did) {
            return Err(untrusted("client_id is not the one that the key belongs to"));
        }
        let home = origin(&agency.url);
        if origin(&object.response_uri) != home || origin(&reference.request_uri) != home {
            return Err(untrusted("the request leads to another address than the asker's"));
        }
        if object.audience != ANY_WALLET || object.wallet_nonce.as_deref() != wallet_nonce {
            return Err(untrusted("the request was not made for this wallet"));
        }
        if object.expires_at <= now || plus_seconds(now, CLOCK_SKEW) < object.issued_at {
            return Err(Error::new(ErrorKind::AlreadyUsed, "the request is not of now").says(
                "请求已过期，或手机时间不准。请校准时间，并请窗口重新发起。",
                "The request has expired, or this clock is wrong. Set the clock and ask for a new request.",
            ));
        }
        Ok(Self { object, asker: agency.name.clone() })
    }

    /// The body to post: the answer as it is, or encrypted to the asker's key (section 8.3).
    pub fn body(&self, content: Content, random: &dyn Random) -> Result<String, Error> {
        let answer = Answer { state: Some(self.object.state.clone()), content };
        if self.object.mode == Mode::Post {
            return Ok(answer.to_form());
        }
        let payload = Value::Object(answer.to_payload()).to_string();
        let (key, kid) = self.encryption_key()?;
        let recipient = Recipient { key: &key, kid: kid.as_deref(), enc: self.encryption()? };
        let encrypted = jwe::encrypt(payload.as_bytes(), &recipient, random)?;
        Ok(crate::wire::form::print([("response", encrypted.as_str())]))
    }

    fn encryption_key(&self) -> Result<(PublicKey, Option<String>), Error> {
        let keys = self.object.client_metadata.get("jwks").and_then(|jwks| jwks.get("keys")?.as_array());
        let text = |jwk: &Map, name: &str| jwk.get(name).and_then(Value::as_str).map(str::to_owned);
        let fits = |jwk: &&Map| {
            text(jwk, "alg").as_deref() == Some(jwe::ALG) && text(jwk, "use").is_none_or(|purpose| purpose == "enc")
        };
        let jwks = keys.into_iter().flatten().filter_map(Value::as_object).filter(fits);
        let mut usable = jwks.filter_map(|jwk| match PublicKey::from_jwk(jwk) {
            Ok(key @ PublicKey::P256(_)) => Some((key, text(jwk, "kid"))),
            _ => None,
        });
        usable.next().ok_or_else(|| Error::new(ErrorKind::Refused, "the request has no key to encrypt the answer to"))
    }

    fn encryption(&self) -> Result<Encryption, Error> {
        let offered =
            self.object.client_metadata.get("encrypted_response_enc_values_supported").and_then(Value::as_array);
        let Some(offered) = offered else { return Ok(Encryption::A128Gcm) };
        let mut known = offered.iter().filter_map(Value::as_str).filter_map(Encryption::from_jose);
        known.next().ok_or_else(|| Error::new(ErrorKind::Refused, "no content encryption that both support"))
    }
}

impl Wallet {
    /// What would be given: for each part of the request the first way to meet it with what the wallet holds (section 6.4).
    ///
    /// `not-found` when something that is required is not there; then nothing may be given.
    pub fn plan(&self, request: &RequestObject) -> Result<Vec<Pick>, Error> {
        let query = &request.query;
        let missing = || {
            Error::not_found("the wallet does not hold what is asked for")
                .says("卡包中没有所请求的证照。", "The wallet does not hold the licences that are asked for.")
        };
        if query.sets.is_empty() {
            return query.credentials.iter().map(|one| self.pick(one, request).ok_or_else(missing)).collect();
        }
        let mut picks: Vec<Pick> = Vec::new();
        for set in &query.sets {
            let mut possible = set.options.iter().filter_map(|option| {
                let pick = |id: &String| query.credential(id).and_then(|one| self.pick(one, request));
                option.iter().map(pick).collect::<Option<Vec<_>>>()
            });
            match possible.next() {
                Some(option) => picks.extend(option),
                None if set.required => return Err(missing()),
                None => {}
            }
        }
        picks.dedup_by(|a, b| a.query == b.query);
        if picks.is_empty() { Err(missing()) } else { Ok(picks) }
    }

    fn pick(&self, query: &CredentialQuery, request: &RequestObject) -> Option<Pick> {
        self.licences().iter().find_map(|licence| {
            let claims = self.fitting(licence, query, request)?;
            Some(Pick { query: query.id.clone(), licence: licence.id.clone(), claims })
        })
    }

    /// The claims that a licence would show for a query; `None` when it does not fit.
    fn fitting(&self, licence: &Licence, query: &CredentialQuery, request: &RequestObject) -> Option<Vec<ClaimPath>> {
        match &query.meta {
            Meta::Vct(values) => {
                let text = licence.copies.iter().find_map(|copy| copy.sd_jwt.as_deref())?;
                let claims = SdJwt::parse(text).ok()?.process().ok()?.claims;
                let fits =
                    claims.get("vct").and_then(Value::as_str).is_some_and(|vct| values.iter().any(|one| one == vct));
                if fits { select(query, &Value::Object(claims)) } else { None }
            }
            Meta::Types(alternatives) => {
                let credential = licence.credential_value().ok()?;
                let types = expanded_types(&credential);
                let own = Cryptosuite::jcs(self.key().algorithm()).name();
                let verified = suites(&credential).chain([own]).all(|suite| request.verifies_suite(suite));
                let fits = verified && alternatives.iter().any(|all| all.iter().all(|one| types.contains(one)));
                if fits { select(query, &credential) } else { None }
            }
            Meta::View { type_code, view } => {
                let bound = |copy: &super::licence::Copy| copy.holder.is_some() && copy.compact.contains_key(view);
                (licence.type_code == *type_code && licence.copies.iter().any(bound)).then(Vec::new)
            }
            Meta::Other(_) => None,
        }
    }

    /// Makes the presentations that were agreed to.
    pub fn answer(
        &mut self,
        request: &CheckedRequest,
        picks: &[Pick],
        contexts: &Contexts,
        now: Timestamp,
    ) -> Result<VpToken, Error> {
        let (audience, nonce) = (Some(request.object.client_id.as_str()), Some(request.object.nonce.as_str()));
        let asked = Asked { audience, nonce, now };
        let mut token = VpToken::new();
        for pick in picks {
            let query = request.object.query.credential(&pick.query);
            let query = query.ok_or_else(|| Error::malformed("a pick for no query"))?;
            let presentation = match &query.meta {
                Meta::Vct(_) => Value::from(self.disclose(pick, &asked)?),
                Meta::Types(_) => Value::Object(self.presentation(&[pick.licence.as_str()], &asked, contexts)?),
                Meta::View { view, .. } => Value::from(self.code(&pick.licence, view, &asked)?),
                Meta::Other(_) => return Err(Error::malformed("a pick in an unknown format")),
            };
            token.entry(pick.query.clone()).or_default().push(presentation);
        }
        Ok(token)
    }

    /// An SD-JWT with the claims of a pick and no other.
    fn disclose(&mut self, pick: &Pick, asked: &Asked<'_>) -> Result<String, Error> {
        let (Some(audience), Some(nonce)) = (asked.audience, asked.nonce) else {
            return Err(Error::malformed("an SD-JWT presentation needs audience and nonce"));
        };
        let licence = self.licences.iter_mut().find(|licence| licence.id == pick.licence);
        let text = licence.and_then(Licence::next_sd_jwt).ok_or_else(|| super::no_form("SD-JWT"))?;
        let binding = KeyBinding { nonce: nonce.to_owned(), audience: audience.to_owned(), issued_at: asked.now };
        let bound = SdJwt::parse(&text)?.select(&pick.claims)?.bind(&binding, &self.key)?.to_string();
        self.note(pick.licence.clone(), Form::SdJwt, pick.claims.iter().map(ToString::to_string).collect(), asked);
        Ok(bound)
    }
}

/// The claims to show by the rules of section 6.4.1: all that are asked for, or the first set that is there.
fn select(query: &CredentialQuery, document: &Value) -> Option<Vec<ClaimPath>> {
    let there = |claim: &&crate::wire::oid4vp::dcql::ClaimQuery| {
        let found = claim.path.select(document);
        !found.is_empty() && (claim.values.is_empty() || found.iter().any(|value| claim.values.contains(value)))
    };
    let all: Vec<Vec<_>> = if query.claim_sets.is_empty() {
        vec![query.claims.iter().collect()]
    } else {
        let of = |id: &String| query.claims.iter().find(|claim| claim.id.as_ref() == Some(id));
        query.claim_sets.iter().map(|set| set.iter().filter_map(of).collect()).collect()
    };
    let first = all.into_iter().find(|set| set.iter().all(there))?;
    Some(first.into_iter().map(|claim| claim.path.clone()).collect())
}

/// The cryptosuites of a credential's proofs.
fn suites(credential: &Value) -> impl Iterator<Item = &str> {
    let proofs = one_or_more(credential.get("proof")).iter();
    proofs.filter_map(|proof| proof.get("cryptosuite").and_then(Value::as_str))
}

/// The types of a credential of this city as JSON-LD expands them.
fn expanded_types(credential: &Value) -> Vec<String> {
    let types = credential.get("type").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let expand = |name: &str| match name {
        "VerifiableCredential" => "https://www.w3.org/2018/credentials#VerifiableCredential".to_owned(),
        other => type_iri(other),
    };
    types.map(expand).collect()
}

/// `https://host:port` of an address.
pub fn origin(address: &str) -> Option<&str> {
    let (scheme, rest) = address.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    (!host.is_empty() && !host.contains('@')).then(|| address.get(..scheme.len() + 3 + host.len()))?
}

fn untrusted(detail: &str) -> Error {
    Error::new(ErrorKind::NotAllowed, detail).says(
        "请求方不在信任名录中，或请求被改动。不要出示，并告知窗口。",
        "The asker is not in the trust registry, or the request was changed. Present nothing and tell the window.",
    )
}
