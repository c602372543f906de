//! What a verifier without a network takes along: the registry, those of the cities that are believed, status lists, the
//! log's checkpoint, and how old each of them is. One JSON document, signed by the city's root key.
//!
//! Registries and lists stand in it as texts, as they were published, so that their own signatures and digests hold. How
//! old a status may be is said by the credential's type (`statusMaxAge` of its schema, a day where it says nothing), how
//! old a partner's registry may be by `trust.maxAgeHours`; beyond that the verdict is `error`, never `valid`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::abroad::{Known, Partner, Trouble};
use super::document::Named;
use super::roots::RootKeys;
use super::{Registry, TrustedAgency};
use crate::base::id::{AgencyCode, ListId};
use crate::base::json::{Limits, Map, Value, json, parse_object};
use crate::base::time::{Timestamp, plus_seconds, rfc3339};
use crate::crypto::PublicKey;
use crate::domain::catalogue::Catalogue;
use crate::domain::city::City;
use crate::domain::city::names::Names;
use crate::domain::error::Error;
use crate::domain::status::foreign::{KeptList, ListForm};
use crate::domain::status::publish::Form;
use crate::vc::contexts::Contexts;
use crate::vc::data_integrity::{self, Expect, ProofOptions};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::keys::Purpose;

/// The `type` of the document.
const TYPE: &str = "CertlessOfflineBundle";
/// A bundle of a large city stays far below this, bytes.
const LIMITS: Limits = Limits { bytes: 64 << 20, depth: 16 };
/// How long a made bundle is handed out again, seconds: signing all lists is not for every stranger's call.
const KEPT: i64 = 60;
/// Most lists of one agency.
const MOST_LISTS: u32 = 64;
/// The life of a list whose types say nothing, seconds.
const DAY: i64 = 86_400;

/// The bundle last made, and when.
pub type Made = std::sync::Mutex<Option<(Timestamp, Arc<Vec<u8>>)>>;

/// A bundle as it was read and verified.
#[derive(Debug)]
pub struct Bundle {
    /// The own city's registry, and the root key that signed it and the bundle.
    pub own: Named,
    /// When it was made.
    pub made: Timestamp,
    /// The signed checkpoint of the log as of then.
    pub checkpoint: String,
    /// The verifier key of the log.
    pub log_key: String,
    partners: Vec<Carried>,
    lists: Vec<KeptList>,
}

/// A believed city in a bundle.
#[derive(Debug, Serialize, Deserialize)]
struct Carried {
    partner: Partner,
    registry: String,
}

impl Carried {
    fn open(&self, contexts: &Contexts) -> Result<Registry, Error> {
        let root = PublicKey::from_multikey(&self.partner.signed_by);
        let root = root.map_err(|error| Error::malformed(error.to_string()))?;
        Ok(Registry::open(self.registry.as_bytes(), &root, contexts)?)
    }
}

impl City {
    /// The bundle of this moment, or of less than a minute ago.
    pub fn bundle(&self) -> Result<Arc<Vec<u8>>, Error> {
        let now = self.now();
        let mut made = self.made_bundle.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((at, bytes)) = made.as_ref()
            && *at <= now
            && now < plus_seconds(*at, KEPT)
        {
            return Ok(Arc::clone(bytes));
        }
        let bytes = Arc::new(self.make_bundle(now)?);
        *made = Some((now, Arc::clone(&bytes)));
        Ok(bytes)
    }

    fn make_bundle(&self, now: Timestamp) -> Result<Vec<u8>, Error> {
        let (registry, own) = (self.registry(), self.keys.own());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| Error::corrupt("a document is not text"));
        let mut lists = Vec::new();
        for agency in &registry.agencies {
            lists.extend(self.own_lists(agency, now)?);
        }
        let mut partners = Vec::new();
        for known in self.abroad.all() {
            lists.extend(self.statuses.foreign.lists(&known.partner.base));
            let registry = text(known.document.as_ref().clone())?;
            // That the other city did not answer lately is told by the age; why it did not is the operator's.
            let mut partner = known.partner.clone();
            partner.trouble.take_if(|trouble| matches!(trouble, Trouble::NotHad { .. }));
            partners.push(Carried { partner, registry });
        }
        let document = json!({
            "type": TYPE,
            "city": registry.city,
            "root": own.root.signer.public_key().to_multikey(),
            "made": rfc3339(now),
            "registry": text(self.trust_document()?)?,
            "partners": partners,
            "statusLists": lists,
            "checkpoint": self.checkpoint()?,
            "logKey": self.log_key()?.to_string(),
        });
        let Value::Object(document) = document else { return Err(Error::corrupt("the bundle is no object")) };
        let options = ProofOptions::new(Purpose::AssertionMethod, registry.root_method(), now);
        let signed = data_integrity::sign(document, &options, own.root.signer.as_ref(), &self.contexts)?;
        Ok(Value::Object(signed).to_string().into_bytes())
    }

    /// Every list of an agency in both forms, good for as long as the most patient of its types allows.
    fn own_lists(&self, agency: &TrustedAgency, now: Timestamp) -> Result<Vec<KeptList>, Error> {
        let mut lists = Vec::new();
        if self.keys.agency(&agency.code).is_err() {
            return Ok(lists);
        }
        for number in 0..self.lists_of(&agency.code)? {
            let list = ListId { agency: agency.code.clone(), number };
            for (form, told) in [(Form::Jwt, ListForm::Jwt), (Form::Credential, ListForm::Vc)] {
                let bytes = self.list_for(&list, form, patience(agency))?;
                let content = String::from_utf8(bytes).map_err(|_| Error::corrupt("a list is not text"))?;
                lists.push(KeptList { uri: self.names.status_list(&list), form: told, fetched_at: now, content });
            }
        }
        Ok(lists)
    }

    /// How many lists of an agency have slots that were handed out; one at least.
    fn lists_of(&self, agency: &AgencyCode) -> Result<u32, Error> {
        let counter = self.store().lease_status(agency, 0)?.start;
        let whole = counter / u64::from(crate::domain::change::LIST_SLOTS);
        Ok(u32::try_from(whole).unwrap_or(MOST_LISTS).saturating_add(1).min(MOST_LISTS))
    }

    /// Relies on a bundle from now on, in place of the store: for a verifier without a city of its own. Lists that do not
    /// verify are left out, and so what refers to them cannot be decided.
    pub fn rely_on(&self, bundle: Bundle) -> Result<(), Error> {
        let mut known = Vec::new();
        for carried in bundle.partners {
            let opened = carried.open(&self.contexts)?;
            let Carried { partner, registry } = carried;
            known.push(Arc::new(Known::new(partner, opened, registry.into_bytes(), 0)));
        }
        self.abroad.set(known, Some(bundle.made));
        for list in bundle.lists {
            let _ = self.take_list(list);
        }
        Ok(())
    }
}

/// The longest age that a type of an agency allows its status to have; a day at least.
fn patience(agency: &TrustedAgency) -> i64 {
    let catalogue = Catalogue::embedded().ok();
    let ages = agency.types.iter().filter_map(|code| Some(catalogue?.find(code.as_str())?.status_max_age()));
    ages.map(i64::from).max().unwrap_or(DAY).max(DAY)
}

impl Bundle {
    /// Reads a bundle and verifies it for a reader who holds a root key of the city that made it, the one that signs now or
    /// an older one.
    pub fn open(bytes: &[u8], pinned: &dyn Fn(&PublicKey) -> bool, contexts: &Contexts) -> Result<Self, Finding> {
        let wrong = |detail: String| Finding::error(Check::Trust, Code::RegistryInvalid, detail);
        let document = parse_object(bytes, &LIMITS).map_err(|error| wrong(error.to_string()))?;
        let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("type") != TYPE {
            return Err(wrong("not an offline bundle".to_owned()));
        }
        let own = Registry::open_pinned(text("registry").as_bytes(), pinned, contexts)?;
        if own.root.to_multikey() != text("root") {
            return Err(wrong("signed by another root key than its registry".to_owned()));
        }
        let made = crate::base::time::parse_rfc3339(text("made")).map_err(|error| wrong(error.to_string()))?;
        let expect = Expect::new(Purpose::AssertionMethod, made);
        let proofs = data_integrity::verify(&document, &RootKeys::of(&own.registry), &expect, contexts)
            .map_err(|findings| wrong(findings.first().map(ToString::to_string).unwrap_or_default()))?;
        if proofs.iter().all(|proof| proof.method != own.registry.root_method()) {
            return Err(wrong("not signed by the root key of its registry".to_owned()));
        }
        let (checkpoint, log_key) = (text("checkpoint").to_owned(), text("logKey").to_owned());
        let (partners, lists) = (list(&document, "partners")?, list(&document, "statusLists")?);
        Ok(Self { own, made, checkpoint, log_key, partners, lists })
    }

    /// Whether some bytes say that they are a bundle.
    pub fn is_bundle(bytes: &[u8]) -> bool {
        parse_object(bytes, &LIMITS).is_ok_and(|document| document.get("type").and_then(Value::as_str) == Some(TYPE))
    }

    /// The registries in it: the own city's and those that it believes.
    pub fn registries(&self, contexts: &Contexts) -> Result<Vec<Registry>, Error> {
        let mut registries = vec![self.own.registry.clone()];
        for carried in &self.partners {
            registries.push(carried.open(contexts)?);
        }
        Ok(registries)
    }

    /// The public origin of the city that made it.
    pub fn base(&self) -> Option<&str> {
        self.own.registry.base()
    }

    /// The names of the city that made it.
    pub fn names(&self) -> Result<Names, Error> {
        let base = self.base().ok_or_else(|| Error::corrupt("the registry names no agency"))?;
        Ok(Names::of_another(base)?)
    }

    /// The status lists in it, and the cities that it tells of besides the own.
    pub fn counts(&self) -> (usize, usize) {
        (self.lists.len(), self.partners.len())
    }
}

fn list<T: serde::de::DeserializeOwned>(document: &Map, name: &str) -> Result<Vec<T>, Finding> {
    let value = document.get(name).cloned().unwrap_or_default();
    let wrong =
        |error: serde_json::Error| Finding::error(Check::Trust, Code::RegistryInvalid, format!("{name}: {error}"));
    serde_json::from_value(value).map_err(wrong)
}
