//! Presentation requests: a window asks for licences, a wallet answers once, and the window sees the verdict.
//!
//! A request is one row that ends by itself: who asks, what is wanted, the nonce, the state and, for encrypted answers, a
//! key made for it alone. It can be answered for five minutes and once; what came of it is kept an hour longer, sealed,
//! for the window that asked. Read on in [`ask`] (what a window may ask for), [`wants`] (which claims, and the query),
//! [`object`] (the signed request object), [`answer`] (one change: the request consumed, materials ticked off, the use
//! remembered) and [`evaluate`] (whether the answer is what was asked for). OpenID4VP 1.0; the messages are in
//! [`wire::oid4vp`](crate::wire::oid4vp).

pub mod answer;
pub mod ask;
pub mod evaluate;
pub mod object;
pub mod wants;

use serde::{Deserialize, Serialize};

use self::wants::Want;
use super::change::{Change, Table, expiring, until};
use super::city::City;
use super::error::{Error, ErrorKind};
use super::record;
use super::usage::Place;
use crate::base::bytes::{base64url, from_base64url};
use crate::base::id::{AgencyCode, ApplicationId};
use crate::base::json::{Map, Value, json};
use crate::base::text::Label;
use crate::base::time::{Timestamp, plus_seconds, rfc3339};
use crate::crypto::digest::sha256;
use crate::crypto::ecdh::AgreementKey;
use crate::wire::format::Format;
use crate::wire::oid4vp::request::Mode;

/// How long a request can be answered, seconds (DESIGN section 4).
pub const LIFE: i64 = 300;
/// How long what came of it is kept after that, seconds.
const KEPT: i64 = 3_600;

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// Made; no wallet has asked for it.
    Waiting,
    /// A wallet has fetched it.
    Opened,
    /// Answered with presentations, accepted or not.
    Answered,
    /// The holder, or the wallet, said no.
    Declined,
    /// The window took it back.
    Cancelled,
    /// Nobody answered in time.
    Expired,
}

impl State {
    /// The frozen name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Opened => "opened",
            Self::Answered => "answered",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// Whether it stays so.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Opened)
    }

    /// What people read.
    pub fn label(self) -> Label {
        let (zh, en) = match self {
            Self::Waiting => ("等待扫码", "Waiting for a scan"),
            Self::Opened => ("对方已扫码，等待确认", "Scanned; waiting for consent"),
            Self::Answered => ("已出示", "Presented"),
            Self::Declined => ("对方未同意出示", "Declined by the holder"),
            Self::Cancelled => ("已撤回", "Taken back"),
            Self::Expired => ("已过期，请重新发起", "Expired; start a new request"),
        };
        Label::new(zh, en)
    }
}

/// What stands in the open: no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// The agency whose window asks.
    pub window: AgencyCode,
    /// Where it stands, as stored; see [`Session::state`].
    state: State,
    /// When it was made.
    pub created: Timestamp,
    /// Until when it can be answered.
    pub expires: Timestamp,
}

/// What is sealed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    /// The application that it is for.
    pub application: Option<ApplicationId>,
    /// The matter's code.
    pub matter: Option<String>,
    /// Whether the answer files an application of the matter.
    #[serde(default)]
    pub files: bool,
    /// What people are told that it is for.
    pub purpose: Option<Label>,
    /// How the wallet answers.
    pub mode: Mode,
    /// The formats that are offered.
    pub formats: Vec<Format>,
    /// What is wanted.
    pub wants: Vec<Want>,
    /// Who asks; absent in requests made before uses were recorded.
    #[serde(default)]
    pub place: Option<Place>,
    /// What the holder's proof must contain.
    nonce: String,
    /// What the answer must contain.
    state: String,
    /// The private key for encrypted answers.
    secret: Option<String>,
    /// Where the wallet leads its user afterwards, a path of this city.
    return_to: Option<String>,
    /// What the page there must know to see what came of it.
    response_code: Option<String>,
    /// What came of it.
    pub outcome: Option<Told>,
}

/// What came of a request, as the window sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// The verdict with the claims that were asked for; absent when nothing was presented.
    #[serde(default)]
    pub verdict: Option<Value>,
    /// What was disclosed, by the wants.
    #[serde(default)]
    pub disclosed: Vec<Value>,
    /// The requirements that were ticked off.
    #[serde(default)]
    pub met: Vec<String>,
    /// Why the wallet gave nothing.
    #[serde(default)]
    pub declined: Option<Value>,
    /// The records of it, by identifier.
    #[serde(default)]
    pub uses: Vec<String>,
}

/// A request as loaded.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its identifier, 128 random bits.
    pub id: String,
    /// What stands in the open.
    pub head: Head,
    /// What is sealed.
    pub body: Body,
    version: u64,
}

impl Session {
    /// Where it stands at a time.
    pub fn state(&self, now: Timestamp) -> State {
        if self.head.state.is_final() || now < self.head.expires { self.head.state } else { State::Expired }
    }

    /// The key for encrypted answers; `None` where answers are not encrypted.
    fn agreement_key(&self) -> Result<Option<AgreementKey>, Error> {
        let Some(secret) = &self.body.secret else { return Ok(None) };
        let scalar = from_base64url(secret).ok().and_then(|secret| <[u8; 32]>::try_from(secret).ok());
        let key = scalar.and_then(|scalar| AgreementKey::from_scalar(&scalar).ok());
        key.map(Some).ok_or_else(|| Error::corrupt("the key of a presentation request"))
    }

    /// What the window sees; without `entitled` only where it stands.
    pub fn to_json(&self, now: Timestamp, entitled: bool) -> Value {
        let state = self.state(now);
        let mut out = Map::new();
        let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
        put("id", self.id.as_str().into());
        put("state", state.name().into());
        put("stateName", json!(state.label()));
        put("expiresAt", rfc3339(self.head.expires).into());
        if let Some(told) = self.body.outcome.as_ref().filter(|_| entitled) {
            if let Some(verdict) = &told.verdict {
                put("verdict", verdict.clone());
                put("disclosed", told.disclosed.clone().into());
                put("met", told.met.clone().into());
            }
            if let Some(declined) = &told.declined {
                put("declined", declined.clone());
            }
        }
        if let Some(application) = &self.body.application {
            put("application", application.as_str().into());
        }
        Value::Object(out)
    }

    /// Whether whoever knows this code, or none, may see what came of it (section 14.2 of the specification).
    pub fn is_entitled(&self, response_code: Option<&str>) -> bool {
        let Some(expected) = &self.body.response_code else { return true };
        response_code.is_some_and(|given| crate::crypto::equal(given.as_bytes(), expected.as_bytes()))
    }
}

fn key(id: &str) -> Vec<u8> {
    record::key(&["vp", id])
}

fn is_id(id: &str) -> bool {
    id.len() == 22 && id.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
}

impl City {
    /// A request of any window, by its identifier; `not-found` when there is none or it has ended long ago.
    pub fn request(&self, id: &str) -> Result<Session, Error> {
        let none = || {
            Error::not_found("no such presentation request").says(
                "没有这个出示请求，或已结束。请重新发起。",
                "There is no such request, or it has ended. Start a new one.",
            )
        };
        if !is_id(id) {
            return Err(none());
        }
        let key = key(id);
        let row = self.store().get(Table::Session, &key)?.ok_or_else(none)?;
        let (ends, value) = until(&row.value).ok_or_else(|| Error::corrupt("a session without its end"))?;
        if ends <= self.now().as_second() {
            return Err(none());
        }
        let head = record::decode(Table::Session, value)?;
        let body = record::open(&self.keys.sealer, Table::Session, &key, value)?;
        let body = serde_json::from_slice(&body).map_err(|error| Error::corrupt(format!("request body: {error}")))?;
        Ok(Session { id: id.to_owned(), head, body, version: row.version })
    }

    /// A request of this window.
    pub fn request_of(&self, window: &AgencyCode, id: &str) -> Result<Session, Error> {
        let session = self.request(id)?;
        if session.head.window == *window {
            return Ok(session);
        }
        Err(Error::not_found("the request is another window's"))
    }

    /// Takes a request back; one that has ended stays as it is.
    pub fn cancel_request(&self, window: &AgencyCode, id: &str) -> Result<Session, Error> {
        let mut session = self.request_of(window, id)?;
        if !session.state(self.now()).is_final() {
            session.head.state = State::Cancelled;
            self.store()
                .commit(self.put_request(Change::new(self.fresh_request("vp")?, sha256(b"cancel")), &session)?)?;
        }
        Ok(session)
    }

    /// Adds the session's new content to a change, on the version that was read; version 0 is a new one.
    fn put_request(&self, change: Change, session: &Session) -> Result<Change, Error> {
        let key = key(&session.id);
        let body = serde_json::to_vec(&session.body).map_err(|error| Error::corrupt(error.to_string()))?;
        let value = self.vault().encode(Table::Session, &key, &session.head, &body)?;
        let value = expiring(plus_seconds(session.head.expires, KEPT).as_second(), &value);
        if value.len() > super::change::MAX_VALUE {
            return Err(Error::new(ErrorKind::TooLarge, "what came of the request is too large to keep"));
        }
        Ok(match session.version {
            0 => change.insert(Table::Session, key, value),
            version => change.update(Table::Session, key, version, value),
        })
    }

    /// 128 random bits as text.
    fn fresh_text(&self) -> String {
        base64url(&crate::base::random::bytes::<16>(self.random()))
    }
}
