//! The signed request object: who asks, for what and why (OpenID4VP 1.0 section 5).
//!
//! The window's agency asks, under `decentralized_identifier:did:web:…:agencies:CODE`, and signs with the key that it
//! issues with: a wallet finds both in the trust registry. The header's `typ` keeps a request from being taken for a
//! credential. What people are told stands in the member `certless`, which other wallets ignore.

use super::wants::{self, ClaimWant, Offered};
use super::{Session, State};
use crate::base::json::{Map, Value, json};
use crate::base::text::Label;
use crate::crypto::digest::sha256;
use crate::crypto::ecdh::Encryption;
use crate::domain::application::record::catalogue;
use crate::domain::catalogue::Catalogue;
use crate::domain::change::Change;
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::ports::StoreError;
use crate::vc::data_integrity::{Cryptosuite, PROOF_TYPE};
use crate::vc::jws;
use crate::wire::format::Format;
use crate::wire::jwe;
use crate::wire::oid4vp::dcql::Query;
use crate::wire::oid4vp::request::{ANY_WALLET, DID_PREFIX, Reference, RequestObject, TYP, WalletRequest};

/// The name of a request's encryption key.
pub(super) const KEY_ID: &str = "1";
/// The algorithms of holders and issuers, fully specified and by the older name of EdDSA.
const ALGORITHMS: [&str; 3] = ["ES256", "Ed25519", "EdDSA"];

impl City {
    /// Who asks, when a window of this agency does.
    pub fn client_id(&self, window: &crate::base::id::AgencyCode) -> String {
        format!("{DID_PREFIX}:{}", self.names.agency_did(window))
    }

    /// The request by reference, for a code or a link.
    pub fn request_reference(&self, session: &Session) -> Reference {
        let client_id = self.client_id(&session.head.window);
        Reference { client_id, request_uri: self.names.request(&session.id), post: true }
    }

    /// The signed request object for a wallet, which may have said what it supports; the request counts as opened.
    ///
    /// `already-used` when it can no longer be answered, `refused` when the wallet supports nothing of what is offered.
    pub fn open_request(&self, id: &str, wallet: &WalletRequest) -> Result<String, Error> {
        for _ in 0..4 {
            if let Some(session) = self.open_session(self.request(id)?, wallet)? {
                return self.sign_request(&session, wallet);
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "the request was changed again and again"))
    }

    /// Notes that the request was opened and which formats are offered; `None` when it was changed meanwhile.
    fn open_session(&self, mut session: Session, wallet: &WalletRequest) -> Result<Option<Session>, Error> {
        require_open(&session, self.now())?;
        let formats = formats_for(&session, wallet)?;
        if session.head.state == State::Opened && session.body.formats == formats {
            return Ok(Some(session));
        }
        session.head.state = State::Opened;
        session.body.formats = formats;
        let change = Change::new(self.fresh_request("vp")?, sha256(b"open"));
        match self.store().commit(self.put_request(change, &session)?) {
            Ok(_) => Ok(Some(session)),
            Err(StoreError::Conflict(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn sign_request(&self, session: &Session, wallet: &WalletRequest) -> Result<String, Error> {
        let window = &session.head.window;
        let signer = self.keys.agency(window)?;
        let (formats, query) = self.query_for(session, wallet)?;
        let object = RequestObject {
            client_id: self.client_id(window),
            audience: wallet.issuer().unwrap_or(ANY_WALLET).to_owned(),
            mode: session.body.mode,
            response_uri: self.names.response(&session.id),
            nonce: session.body.nonce.clone(),
            state: session.body.state.clone(),
            query,
            client_metadata: client_metadata(session)?,
            wallet_nonce: wallet.nonce.clone(),
            issued_at: self.this_second(),
            expires_at: session.head.expires,
            told: Some(self.explained(session, &formats)?),
        };
        let kid = format!("{}#{}", self.names.agency_did(window), signer.key_id);
        let header = [("typ".to_owned(), TYP.into()), ("kid".to_owned(), kid.into())].into_iter().collect();
        Ok(jws::sign(&header, &object.to_claims(), signer.signer.as_ref()))
    }

    /// What is offered to this wallet: the formats that it names, or all that the request offers.
    fn query_for(&self, session: &Session, wallet: &WalletRequest) -> Result<(Vec<Format>, Query), Error> {
        let named = wallet.formats();
        let fits = |format: &Format| named.as_ref().is_none_or(|named| named.contains(&format.identifier()));
        let plain = |format: &Format| named.is_some() || *format != Format::Compact;
        let formats: Vec<_> = session.body.formats.iter().copied().filter(fits).filter(plain).collect();
        let query = wants::query(&session.body.wants, &formats, &|code| self.bases_of(code))?;
        Ok((formats, query))
    }

    /// What people are told: who asks, for which matter, what for, and which fields and why.
    fn explained(&self, session: &Session, formats: &[Format]) -> Result<Value, Error> {
        let registry = self.registry();
        let agency = registry.agency(&session.head.window).map(|agency| agency.name.clone());
        let matter = session.body.matter.as_deref().map(|code| Ok::<_, Error>(catalogue()?.named(code))).transpose()?;
        let matter = matter.flatten();
        let purpose = session.body.purpose.clone().or_else(|| {
            let name = &matter?.name;
            Some(Label::new(format!("办理“{}”", name.zh), format!("For the matter “{}”", name.en)))
        });
        let purpose = purpose.unwrap_or_else(|| Label::new("窗口核验证照", "Verification at the window"));
        let offered = wants::offered(&session.body.wants, formats);
        let fields = offered.iter().map(fields).collect::<Result<Vec<_>, _>>()?;
        let licences = session.body.wants.iter().map(|want| {
            let queries: Vec<_> = offered.iter().filter(|one| one.want.id == want.id).map(|one| one.id.as_str()).collect();
            json!({"id": want.id, "label": want.label, "required": want.required, "multiple": want.multiple, "queries": queries})
        });
        let mut told = json!({
            "agency": agency,
            "purpose": purpose,
            "licences": licences.collect::<Vec<_>>(),
            "fields": fields.concat(),
        });
        if let (Value::Object(members), Some(matter)) = (&mut told, matter) {
            let name = json!({"code": matter.code.to_string(), "zh": matter.name.zh, "en": matter.name.en});
            members.insert("matter".to_owned(), name);
        }
        Ok(told)
    }
}

/// Fails unless the request can still be answered.
pub(super) fn require_open(session: &Session, now: crate::base::time::Timestamp) -> Result<(), Error> {
    let no = |detail: &str, zh: &str, en: &str| Err(Error::new(ErrorKind::AlreadyUsed, detail).says(zh, en));
    match session.state(now) {
        State::Waiting | State::Opened => Ok(()),
        State::Expired => no(
            "the request has expired",
            "请求已过期，请窗口重新发起。",
            "The request has expired. Ask the window for a new one.",
        ),
        State::Cancelled => no(
            "the request was cancelled",
            "请求已被窗口撤回，请窗口重新发起。",
            "The window took the request back. Ask for a new one.",
        ),
        State::Answered | State::Declined => no(
            "the request was answered before",
            "该请求已被使用过一次，请窗口重新发起。",
            "The request was answered before. Ask the window for a new one.",
        ),
    }
}

/// The formats that answers may have once this wallet has asked: what a wallet names is offered to it, a format that is
/// not offered to all only when it has no other or shows statements with it.
fn formats_for(session: &Session, wallet: &WalletRequest) -> Result<Vec<Format>, Error> {
    let mut formats = session.body.formats.clone();
    let Some(named) = wallet.formats() else { return Ok(formats) };
    let names = |format: Format| named.contains(&format.identifier());
    let signed = wallet.supports("request_object_signing_alg_values_supported", &["EdDSA", "Ed25519"]);
    let identified = wallet.supports("client_id_prefixes_supported", &[DID_PREFIX]);
    let none = !formats.iter().any(|format| names(*format));
    if names(Format::Ldp) && none {
        formats.push(Format::Ldp);
    }
    if names(Format::Compact) && !formats.contains(&Format::Compact) {
        formats.push(Format::Compact);
    }
    if signed && identified && formats.iter().any(|format| names(*format)) {
        return Ok(formats);
    }
    Err(Error::new(ErrorKind::Refused, "the wallet supports nothing of what is offered").says(
        "该卡包不支持本请求的格式或签名方式，请改用其他出示方式。",
        "The wallet supports none of the formats or signatures offered. Present in another way.",
    ))
}

/// What the asker supports (section 11.1), and its key for encrypted answers (section 8.3).
fn client_metadata(session: &Session) -> Result<Map, Error> {
    let metadata = json!({
        "vp_formats_supported": {
            "dc+sd-jwt": {"sd-jwt_alg_values": ALGORITHMS, "kb-jwt_alg_values": ALGORITHMS},
            "ldp_vc": {
                "proof_type_values": [PROOF_TYPE],
                "cryptosuite_values": Cryptosuite::NAMED.map(Cryptosuite::name),
            },
            "certless_compact": {},
        },
    });
    let Value::Object(mut metadata) = metadata else { return Err(Error::corrupt("client metadata")) };
    if let Some(key) = session.agreement_key()? {
        let mut jwk = key.public_key().to_jwk();
        for (name, value) in [("kid", KEY_ID), ("use", "enc"), ("alg", jwe::ALG)] {
            jwk.insert(name.to_owned(), value.into());
        }
        metadata.insert("jwks".to_owned(), json!({"keys": [jwk]}));
        let supported = Encryption::ALL.map(Encryption::jose);
        metadata.insert("encrypted_response_enc_values_supported".to_owned(), json!(supported));
    }
    Ok(metadata)
}

/// The fields of one query with their names and reasons.
fn fields(offered: &Offered<'_>) -> Result<Vec<Value>, Error> {
    let catalogue = Catalogue::embedded()?;
    let found = catalogue.find(offered.option.type_code.as_str());
    let found = found.ok_or_else(|| Error::corrupt("a request for a type that is gone"))?;
    let view = found.view(&offered.option.view);
    let why = match view.filter(|_| offered.option.statement) {
        Some(view) => Label::new(format!("仅用于核对：{}", view.label.zh), format!("Only to check: {}", view.label.en)),
        None => Label::new(
            format!("用于材料“{}”", offered.want.label.zh),
            format!("For the material “{}”", offered.want.label.en),
        ),
    };
    if let (Format::Compact, Some(view)) = (offered.format, view) {
        let path = [offered.option.view.as_str()];
        return Ok(vec![
            json!({"credential": offered.id, "path": path, "label": view.label, "why": why, "required": true}),
        ]);
    }
    let one = |claim: &ClaimWant| {
        let label = found.field(&claim.name).map(|field| field.label.clone());
        json!({
            "credential": offered.id,
            "path": offered.option.path(&claim.name, offered.format).to_json(),
            "label": label,
            "why": why,
            "required": claim.required,
        })
    };
    Ok(offered.option.claims.iter().map(one).collect())
}
