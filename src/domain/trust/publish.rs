//! The registry's life in the store: the first version, and every change as a new signed version with its log leaf.

use super::document::digest;
use super::own::OwnPublic;
use super::{LIFETIME, Registry, TrustedAgency, TrustedKey};
use crate::base::bytes::base64url;
use crate::base::id::AgencyCode;
use crate::base::random::Random;
use crate::base::text::Label;
use crate::base::time::{Timestamp, plus_seconds};
use crate::crypto::digest::sha256;
use crate::crypto::{PublicKey, Signer};
use crate::domain::agency::Agencies;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::city::keys::{AgencySigner, OwnSigner};
use crate::domain::city::names::Names;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::leaf::{Kind, leaf};
use crate::domain::log_publish::key_leaves;
use crate::domain::ports::{KeyMakerError, Store, StoreError};
use crate::vc::contexts::Contexts;

/// The row of the version in force; older versions stand beside it under their number.
const CURRENT: &[u8] = b"current";

/// The row of a version.
fn row_of(version: u64) -> String {
    format!("v{version:010}")
}

impl Registry {
    /// The first version: the city's own keys, and every shipped agency with its first key.
    pub fn first(
        names: &Names,
        keys: &[(AgencyCode, String, PublicKey)],
        own: &OwnPublic,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let mut agencies = Vec::new();
        for agency in Agencies::shipped()? {
            let types =
                agency.issues.iter().cloned().chain(agency.imports.iter().map(|import| import.type_code.clone()));
            let own = keys.iter().filter(|(code, _, _)| *code == agency.code);
            agencies.push(TrustedAgency {
                code: agency.code.clone(),
                did: names.agency_did(&agency.code),
                url: names.agency_url(&agency.code),
                name: agency.name.clone(),
                uscc: agency.uscc.to_string(),
                types: types.collect(),
                keys: own.map(|(_, id, key)| TrustedKey::new(id.clone(), key.clone(), now)).collect(),
            });
        }
        let (roots, logs, witnesses) = own.listed(now);
        Ok(Self {
            city: names.city_did().to_owned(),
            name: Label::new("望城区（演示）", "Wangcheng District (demo)"),
            version: 1,
            issued: now,
            expires: plus_seconds(now, LIFETIME),
            previous: None,
            roots,
            logs,
            witnesses,
            agencies,
        })
    }

    /// The version in force in a store, verified; `None` for a store that has none. It must be signed by one of the roots
    /// that the city has the seeds of: a crash while the root was changed may have left one that nothing names.
    pub fn load(store: &dyn Store, roots: &[PublicKey], contexts: &Contexts) -> Result<Option<Self>, Error> {
        let Some(row) = store.get(Table::Trust, CURRENT)? else { return Ok(None) };
        let registry = Self::open_pinned(&row.value, &|key| roots.contains(key), contexts)?.registry;
        if registry.roots.last().is_some_and(|last| roots.contains(&last.key.key)) {
            return Ok(Some(registry));
        }
        let id = registry.root_id().to_owned();
        Err(Error::new(ErrorKind::Refused, format!("the seed of the root key {id} is missing")).says(
            format!("缺少现用根密钥 {id} 的密钥文件。请从备份恢复密钥目录后再启动。"),
            format!("The key file of the root key {id}, which signs now, is missing. Bring the key folder back from its backup and start again."),
        ))
    }

    /// Keeps the first version in a store; another process may do it at the same time, then its version stands.
    pub fn keep_first(
        &self,
        store: &dyn Store,
        root: &dyn Signer,
        contexts: &Contexts,
        random: &dyn Random,
    ) -> Result<(), Error> {
        let signed = self.sign(root, contexts)?;
        let request = format!("trust/{}", base64url(&crate::base::random::bytes::<16>(random)));
        let change = Change::new(crate::base::id::RequestId::parse(&request)?, sha256(&signed));
        match store.commit(self.written(change.insert(Table::Trust, CURRENT, signed.clone()), &signed, None)) {
            Ok(_) | Err(StoreError::Duplicate { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn written(&self, change: Change, signed: &[u8], before: Option<&Self>) -> Change {
        let mut change = change.put(Table::Trust, row_of(self.version), signed);
        let digest = digest(signed);
        change.leaves.push(leaf(
            Kind::Trust,
            self.issued,
            &[("version", self.version.into()), ("digest", digest.into())],
        ));
        change.leaves.extend(key_leaves(before, self));
        change
    }
}

impl TrustedKey {
    /// A key that signs from now on.
    pub fn new(id: String, key: PublicKey, valid_from: Timestamp) -> Self {
        Self { id, key: key.prepared(), valid_from, valid_until: None, compromised_from: None }
    }
}

impl City {
    /// The signed document in force, as published.
    pub fn trust_document(&self) -> Result<Vec<u8>, Error> {
        let row = self.store().get(Table::Trust, CURRENT)?;
        Ok(row.ok_or_else(|| Error::corrupt("the store holds no trust registry"))?.value)
    }

    /// The signed document of a version, as it was published.
    pub fn trust_version(&self, version: u64) -> Result<Vec<u8>, Error> {
        let row = self.store().get(Table::Trust, row_of(version).as_bytes())?;
        let missing = || Error::not_found("no such version").says("信任名录没有这一版。", "There is no such version.");
        Ok(row.ok_or_else(missing)?.value)
    }

    /// Changes the registry: signed as the next version, logged, in force when this returns.
    pub fn change_trust(&self, change: impl Fn(&mut Registry) -> Result<(), Error>) -> Result<Registry, Error> {
        self.change_trust_handing_over(change, None)
    }

    /// The same with a version that the next root signs besides, which takes over with it; the time from when the one
    /// before is compromised goes along.
    pub(super) fn change_trust_handing_over(
        &self,
        change: impl Fn(&mut Registry) -> Result<(), Error>,
        next: Option<(&OwnSigner, Option<Timestamp>)>,
    ) -> Result<Registry, Error> {
        let root = &self.keys.own().root.signer;
        let row = self.store().get(Table::Trust, CURRENT)?;
        let row = row.ok_or_else(|| Error::corrupt("the store holds no trust registry"))?;
        let mut registry = Registry::open(&row.value, root.public_key(), &self.contexts)?;
        // A change whose outcome this process was not told, or one of another process, is in force from here on.
        self.set_registry(registry.clone());
        let before = registry.clone();
        change(&mut registry)?;
        if registry.roots.last().is_some_and(|last| last.key.key != *root.public_key()) {
            return Err(Error::new(ErrorKind::Conflict, "another process has changed the root key").says(
                "根密钥已由另一进程更换，请重新启动本进程。",
                "Another process has changed the root key. Start this one again.",
            ));
        }
        let mut registry = registry.next(self.this_second(), digest(&row.value));
        let signed = if let Some((next, compromised)) = next {
            let new = next.signer.as_ref();
            registry.hand_over(root.as_ref(), (&next.key_id, new), compromised, &self.contexts)?;
            registry.sign_over(root.as_ref(), new, &self.contexts)?
        } else {
            registry.sign(root.as_ref(), &self.contexts)?
        };
        let request = Change::new(self.fresh_request("trust")?, sha256(&signed));
        let request = request.update(Table::Trust, CURRENT, row.version, signed.clone());
        let request = registry.written(request, &signed, Some(&before));
        let asked = request.request.clone();
        match self.store().commit(request) {
            // A key that is published and not put into use would leave its agency signing with one that has ended.
            Err(StoreError::Unknown) if self.store().outcome(&asked)?.is_some() => {}
            outcome => drop(outcome?),
        }
        // What is in force is what was signed, in whole seconds: a key begins no later than what it signs in its first one.
        let registry = Registry::open_named(&signed, &self.contexts)?.registry;
        self.set_registry(registry.clone());
        Ok(registry)
    }

    /// Makes the next key of an agency, publishes it and signs with it from now on; the name of the key.
    ///
    /// A crash after the key was made leaves a key that nothing names; the next rotation makes another.
    pub fn rotate_key(&self, agency: &AgencyCode) -> Result<String, Error> {
        if self.registry().agency(agency).is_none() {
            return Err(no_agency());
        }
        let maker = self.ports.key_maker.as_ref();
        let maker = maker.ok_or_else(|| Error::new(ErrorKind::Unavailable, "no key files are open for writing"))?;
        let (key_id, signer) = maker.next_key(agency).map_err(no_key_files)?;
        let (key, now) = (signer.public_key().clone(), self.now());
        self.change_trust(|registry| registry.rotate(agency, key_id.clone(), key.clone(), now))?;
        self.keys.set_agency(agency.clone(), AgencySigner { key_id: key_id.clone(), signer });
        Ok(key_id)
    }

    /// Ends a key that signs no more, and destroys its seed when its time is over: first the registry, durably, then the
    /// seed. Asking again destroys a seed that a crash left. The key that signs now is refused.
    pub fn retire_key(&self, agency: &AgencyCode, key_id: &str, at: Timestamp) -> Result<(), Error> {
        if self.keys.agency(agency)?.key_id == key_id {
            return Err(Error::new(ErrorKind::Conflict, "the key signs now").says(
                "该密钥正在使用，请先轮换（keys rotate）。",
                "This key signs now. Rotate it first (keys rotate).",
            ));
        }
        self.change_trust(|registry| registry.retire(agency, key_id, at))?;
        match &self.ports.key_maker {
            Some(maker) if at <= self.now() => maker.destroy_key(agency, key_id).map_err(no_key_files),
            _ => Ok(()),
        }
    }

    /// Marks a key as known to others from a time on; a key that signs now is rotated first.
    pub fn compromise_key(&self, agency: &AgencyCode, key_id: &str, from: Timestamp) -> Result<(), Error> {
        if self.keys.agency(agency)?.key_id == key_id {
            self.rotate_key(agency)?;
        }
        self.change_trust(|registry| registry.compromise(agency, key_id, from)).map(drop)
    }

    /// Renews the registry before it expires: a new version with the same content once half its life is over.
    pub fn renew_trust(&self) -> Result<(), Error> {
        if plus_seconds(self.registry().issued, LIFETIME / 2) < self.now() {
            self.change_trust(|_| Ok(()))?;
        }
        Ok(())
    }
}

impl Registry {
    /// Adds a key of an agency; the keys in use until now end at `now` and keep what they signed.
    pub fn rotate(&mut self, agency: &AgencyCode, id: String, key: PublicKey, now: Timestamp) -> Result<(), Error> {
        let agency = self.agency_mut(agency).ok_or_else(no_agency)?;
        if agency.keys.iter().any(|known| known.id == id) {
            return Err(Error::new(ErrorKind::Conflict, format!("key {id} is published already")));
        }
        for known in agency.keys.iter_mut().filter(|known| known.valid_until.is_none()) {
            known.valid_until = Some(now);
        }
        agency.keys.push(TrustedKey::new(id, key, now));
        Ok(())
    }

    /// Ends a key at a time; what it signed before still verifies.
    pub fn retire(&mut self, agency: &AgencyCode, id: &str, at: Timestamp) -> Result<(), Error> {
        let key = self.key_mut(agency, id)?;
        key.valid_until = Some(key.valid_until.map_or(at, |until| until.min(at)));
        Ok(())
    }

    /// Marks a key as known to others from a time on; the earliest time that was ever named stands.
    pub fn compromise(&mut self, agency: &AgencyCode, id: &str, from: Timestamp) -> Result<(), Error> {
        let key = self.key_mut(agency, id)?;
        key.compromised_from = Some(key.compromised_from.map_or(from, |known| known.min(from)));
        Ok(())
    }

    fn key_mut(&mut self, agency: &AgencyCode, id: &str) -> Result<&mut TrustedKey, Error> {
        let agency = self.agency_mut(agency).ok_or_else(no_agency)?;
        let key = agency.keys.iter_mut().find(|key| key.id == id);
        key.ok_or_else(|| Error::not_found("no such key").says("没有这个密钥。", "There is no such key."))
    }
}

pub(super) fn no_key_files(error: KeyMakerError) -> Error {
    Error::new(ErrorKind::Unavailable, error.detail).says(error.message.zh, error.message.en)
}

fn no_agency() -> Error {
    Error::not_found("no such agency").says("没有这个机关。", "There is no such agency.")
}
