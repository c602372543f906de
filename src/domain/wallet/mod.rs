//! What a holder's wallet holds and does: keys, licences in every form, and what was shown to whom.
//!
//! Pure: it neither reads files nor the clock. It is what the phone does, for scripts, kiosks and tests; the city never
//! sees it. [`keys`] holds the secrets, [`licence`] one received licence, [`receive`] takes up an offer, [`waiting`] is
//! what an issuer still owes, [`request`] answers a presentation request, [`companion`] fetches a licence's proof from the
//! log, [`city`] is what is known of the city whose log it is; showing is here.

pub mod city;
pub mod companion;
pub mod keys;
pub mod licence;
pub mod receive;
pub mod request;
pub mod waiting;

use serde::{Deserialize, Serialize};

use self::city::KnownCity;
use self::keys::HolderKey;
use self::licence::{Copy, Licence};
use self::waiting::Waiting;
use super::error::{Error, ErrorKind};
use crate::base::bytes::from_base64url;
use crate::base::json::{Map, Value, json};
use crate::base::secret::Secret;
use crate::base::time::{Timestamp, rfc3339};
use crate::crypto::Signer;
use crate::vc::compact::{self, Showing};
use crate::vc::contexts::Contexts;
use crate::vc::data_integrity::{self, Cryptosuite, ProofOptions};
use crate::vc::keys::Purpose;
use crate::vc::sd_jwt::{ClaimPath, KeyBinding, SdJwt};

/// Most entries of the history that are kept.
const MAX_HISTORY: usize = 1_000;

/// A holder's wallet.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wallet {
    /// Version of this layout.
    version: u8,
    /// Whose wallet it is, for people.
    pub name: String,
    key: HolderKey,
    licences: Vec<Licence>,
    history: Vec<Use>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<Waiting>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cities: Vec<KnownCity>,
}

/// One time that something was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Use {
    /// When, RFC 3339.
    pub at: String,
    /// The licence.
    pub licence: String,
    /// In which form.
    pub form: Form,
    /// The view or the claims that were shown; empty for all.
    pub shown: Vec<String>,
    /// For whom it was meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
}

/// In which form something was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Form {
    /// A compact code under the holder's signature.
    Code,
    /// A compact code without it, for paper.
    Printed,
    /// An SD-JWT with key binding.
    SdJwt,
    /// A Data Integrity presentation.
    Presentation,
}

/// Whom a presentation is meant for, and what it answers.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The verifier.
    pub audience: Option<&'a str>,
    /// The verifier's challenge.
    pub nonce: Option<&'a str>,
    /// The time by the holder's clock.
    pub now: Timestamp,
}

impl Wallet {
    /// An empty wallet.
    pub fn new(name: impl Into<String>, key: HolderKey) -> Self {
        let (licences, history) = (Vec::new(), Vec::new());
        Self { version: 1, name: name.into(), key, licences, history, waiting: Vec::new(), cities: Vec::new() }
    }

    /// The holder's key.
    pub fn key(&self) -> &HolderKey {
        &self.key
    }

    /// Everything received, in the order of arrival.
    pub fn licences(&self) -> &[Licence] {
        &self.licences
    }

    /// What was shown, oldest first.
    pub fn history(&self) -> &[Use] {
        &self.history
    }

    /// Takes in a credential package; one with the same identifier takes the place of the older.
    ///
    /// Refused when nothing in it is bound to this wallet's key and something is bound to another's.
    pub fn receive(&mut self, package: &[u8], now: Timestamp) -> Result<&Licence, Error> {
        let mut licence = Licence::read(package)?;
        licence.keep_for(&self.key.did(), self.key.public_key())?;
        licence.received = rfc3339(now);
        let known = self.licences.iter_mut().find(|held| held.is_same(&licence));
        licence.log_proof = licence.log_proof.or_else(|| known?.log_proof.take());
        self.licences.retain(|held| held.id != licence.id);
        self.licences.push(licence);
        self.licences.last().ok_or_else(|| Error::not_found("the licence just received"))
    }

    /// The licence of an identifier, a number or a type; refused when several are meant.
    pub fn find(&self, which: &str) -> Result<&Licence, Error> {
        let exact = self.licences.iter().find(|licence| licence.id == which);
        let mut named = self.licences.iter().filter(|licence| licence.number == which || licence.type_code == which);
        match (exact, named.next(), named.next()) {
            (Some(licence), _, _) | (None, Some(licence), None) => Ok(licence),
            (None, None, _) => Err(Error::not_found("no such licence in the wallet")
                .says("卡包中没有这个证照。", "There is no such licence in the wallet.")),
            (None, Some(_), Some(_)) => Err(Error::new(ErrorKind::Conflict, "several licences of that name")
                .says("有多个同类证照，请用证照标识指明。", "Several licences match. Name one by its identifier.")),
        }
    }

    /// The text of a show code (亮证码): one view under the holder's signature.
    pub fn code(&mut self, which: &str, view: &str, asked: &Asked<'_>) -> Result<String, Error> {
        let licence = self.find(which)?;
        let bound = |copy: &&Copy| copy.holder.is_some();
        let credential = view_of(licence, view, bound)?;
        let showing = Showing { time: asked.now, audience: asked.audience, nonce: asked.nonce };
        let text = compact::to_text(&compact::show(&credential, &showing, &self.key)?);
        let id = licence.id.clone();
        self.note(id, Form::Code, vec![view.to_owned()], asked);
        Ok(text)
    }

    /// The text of a code for paper: one view without the holder's signature.
    pub fn printed_code(&mut self, which: &str, view: &str, asked: &Asked<'_>) -> Result<String, Error> {
        let licence = self.find(which)?;
        let text = compact::to_text(&view_of(licence, view, |_| true)?);
        let id = licence.id.clone();
        self.note(id, Form::Printed, vec![view.to_owned()], asked);
        Ok(text)
    }

    /// An SD-JWT with the named claims (all, when none are named) and the key binding that the verifier asked for.
    ///
    /// Copies are taken in turn, so that two verifiers get the same one only after all were used.
    pub fn sd_jwt(&mut self, which: &str, claims: &[ClaimPath], asked: &Asked<'_>) -> Result<String, Error> {
        let missing = |what: &str| Error::malformed(format!("an SD-JWT presentation needs {what}"));
        let nonce = asked.nonce.ok_or_else(|| missing("a nonce"))?;
        let audience = asked.audience.ok_or_else(|| missing("an audience"))?;
        let id = self.find(which)?.id.clone();
        let licence = self.licences.iter_mut().find(|licence| licence.id == id);
        let text = licence.and_then(Licence::next_sd_jwt).ok_or_else(|| no_form("SD-JWT"))?;
        let mut sd_jwt = SdJwt::parse(&text)?;
        if !claims.is_empty() {
            sd_jwt = sd_jwt.select(claims)?;
        }
        let binding = KeyBinding { nonce: nonce.to_owned(), audience: audience.to_owned(), issued_at: asked.now };
        let bound = sd_jwt.bind(&binding, &self.key)?.to_string();
        self.note(id, Form::SdJwt, claims.iter().map(ToString::to_string).collect(), asked);
        Ok(bound)
    }

    /// A presentation of whole JSON credentials, signed with the holder's key by the suite over RFC 8785 for such keys.
    pub fn presentation(&mut self, which: &[&str], asked: &Asked<'_>, contexts: &Contexts) -> Result<Map, Error> {
        let licences = which.iter().map(|which| self.find(which)).collect::<Result<Vec<_>, _>>()?;
        let credentials = licences.iter().map(|licence| licence.credential_value()).collect::<Result<Vec<_>, _>>()?;
        let ids: Vec<String> = licences.iter().map(|licence| licence.id.clone()).collect();
        let document = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiablePresentation"],
            "holder": self.key.did(),
            "verifiableCredential": credentials,
        });
        let Value::Object(document) = document else { return Err(Error::corrupt("presentation")) };
        let suite = Cryptosuite::jcs(self.key.algorithm());
        let mut options = ProofOptions::new(Purpose::Authentication, self.key.method(), asked.now).with_suite(suite);
        options.challenge = asked.nonce.map(str::to_owned);
        options.domain = asked.audience.map(str::to_owned).into_iter().collect();
        let signed = data_integrity::sign(document, &options, &self.key, contexts)?;
        for id in ids {
            self.note(id, Form::Presentation, Vec::new(), asked);
        }
        Ok(signed)
    }

    fn note(&mut self, licence: String, form: Form, shown: Vec<String>, asked: &Asked<'_>) {
        let audience = asked.audience.map(str::to_owned);
        self.history.push(Use { at: rfc3339(asked.now), licence, form, shown, audience });
        let surplus = self.history.len().saturating_sub(MAX_HISTORY);
        self.history.drain(..surplus);
    }

    /// The plain content, for sealing only.
    pub fn to_bytes(&self) -> Result<Secret<Vec<u8>>, Error> {
        serde_json::to_vec(self).map(Secret::new).map_err(|error| Error::corrupt(format!("wallet: {error}")))
    }

    /// Reads what [`Wallet::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let wallet: Self = serde_json::from_slice(bytes).map_err(|error| Error::corrupt(format!("wallet: {error}")))?;
        if wallet.version == 1 {
            Ok(wallet)
        } else {
            Err(Error::corrupt(format!("wallet of version {}", wallet.version)))
        }
    }
}

fn view_of(licence: &Licence, view: &str, fits: impl Fn(&&Copy) -> bool) -> Result<Vec<u8>, Error> {
    let text = licence.copies.iter().filter(fits).find_map(|copy| copy.compact.get(view));
    let text = text.ok_or_else(|| no_form(&format!("view {view}")))?;
    Ok(from_base64url(text)?)
}

fn no_form(what: &str) -> Error {
    Error::not_found(format!("the licence has no {what} for this holder"))
        .says("该证照没有这种可出示的形式。", "The licence cannot be shown in this form.")
}

#[cfg(test)]
mod tests;
