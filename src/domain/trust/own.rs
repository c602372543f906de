//! The city's own keys, changed: the root that signs the registry, the log's and the witness's.
//!
//! The order is that of an agency's key: the seed, durably; then the version of the registry that names the new key, with its
//! leaves, in one change; then the key is put into use. A crash leaves a seed that nothing names, or the new key in
//! force: whoever opens the city signs with what the registry names.

use std::sync::Arc;

use super::Registry;
use super::notes::{self, NoteKey};
use super::roots::RootKey;
use crate::base::time::{Timestamp, from_unix};
use crate::crypto::Signer;
use crate::domain::city::City;
use crate::domain::city::keys::{OwnRole, OwnSigner};
use crate::domain::error::{Error, ErrorKind};
use crate::tlog::note::{Kind, VerifierKey};

/// How long the old key of the log or the witness signs beside the new one, where nothing else is asked for, days.
pub const OVERLAP_DAYS: u16 = 30;

impl City {
    /// Lists the log's and the witness's keys in a registry that does not name them as they are: one that was made before
    /// registries did, or for a log of another origin.
    pub fn list_own_keys(&self) -> Result<(), Error> {
        let registry = self.registry();
        let (log, witness) = (self.own_note_key(OwnRole::Log)?, self.own_note_key(OwnRole::Witness)?);
        let lists = |keys: &[NoteKey], own: &VerifierKey| keys.iter().any(|known| known.key == *own);
        if !registry.roots.is_empty() && lists(&registry.logs, &log.1) && lists(&registry.witnesses, &witness.1) {
            return Ok(());
        }
        let since = self.first_issued(&registry);
        let root = self.keys.own().root.signer.public_key().clone();
        let listed = |keys: &mut Vec<NoteKey>, (id, key): &(String, VerifierKey), now: Timestamp| {
            if keys.iter().any(|known| known.key == *key) {
                return;
            }
            let from = if keys.is_empty() { since } else { now };
            for known in keys.iter_mut().filter(|known| known.valid_until.is_none()) {
                known.valid_until = Some(now);
            }
            keys.push(NoteKey::new(id.clone(), key.clone(), from));
        };
        let now = self.now();
        self.change_trust(|registry| {
            if registry.roots.is_empty() {
                registry.roots.push(RootKey::first(root.clone(), since));
            }
            for first in registry.roots.iter_mut().filter(|first| first.key.valid_from.as_second() == 0) {
                first.key.valid_from = since;
            }
            listed(&mut registry.logs, &log, now);
            listed(&mut registry.witnesses, &witness, now);
            Ok(())
        })
        .map(drop)
    }

    /// When the first version of the registry was signed.
    fn first_issued(&self, registry: &Registry) -> Timestamp {
        let first = self.trust_version(1).ok().and_then(|first| Registry::open_named(&first, &self.contexts).ok());
        first.map_or_else(|| from_unix(0).unwrap_or(registry.issued), |first| first.registry.issued)
    }

    fn own_note_key(&self, role: OwnRole) -> Result<(String, VerifierKey), Error> {
        let own = self.keys.own();
        let newest = match role {
            OwnRole::Log => own.logs.last(),
            OwnRole::Witness => own.witnesses.last(),
            OwnRole::Root => Some(&own.root),
        };
        let newest = newest.ok_or_else(|| Error::corrupt("no key of this kind"))?;
        Ok((newest.key_id.clone(), self.note_key(role, newest.signer.as_ref())?))
    }

    fn note_key(&self, role: OwnRole, signer: &dyn Signer) -> Result<VerifierKey, Error> {
        Ok(match role {
            OwnRole::Witness => VerifierKey::new(&self.witness_name(), Kind::Cosignature, signer.public_key())?,
            OwnRole::Log | OwnRole::Root => VerifierKey::new(&self.log_origin(), Kind::Ed25519, signer.public_key())?,
        })
    }

    /// Makes the city's next key of a kind and signs with it from now on; its name. The key before goes on beside it for
    /// `overlap` seconds where two can sign, and what it signed stays valid.
    pub fn rotate_own(&self, role: OwnRole, overlap: i64) -> Result<String, Error> {
        self.rotate_marking(role, overlap, None)
    }

    fn rotate_marking(&self, role: OwnRole, overlap: i64, compromised: Option<Timestamp>) -> Result<String, Error> {
        let maker = self.ports.key_maker.as_ref();
        let maker = maker.ok_or_else(|| Error::new(ErrorKind::Unavailable, "no key files are open for writing"))?;
        let (key_id, signer) = maker.next_own_key(role).map_err(super::publish::no_key_files)?;
        let made = OwnSigner { key_id, signer };
        let changed = if role == OwnRole::Root {
            self.change_trust_handing_over(|_| Ok(()), Some((&made, compromised))).map(drop)
        } else {
            let (key, now) = (self.note_key(role, made.signer.as_ref())?, self.now());
            self.change_trust(|registry| {
                let keys = registry.notes_mut(role);
                let last = keys.last().map(|known| known.id.clone());
                notes::rotate(keys, (&made.key_id, key.clone()), now, overlap)?;
                if let (Some(from), Some(last)) = (compromised, last) {
                    mark(registry.marks(role), &last, from)?;
                }
                Ok(())
            })
            .map(drop)
        };
        if let Err(error) = changed {
            // What became of the change could not be told then; it may have become of it all the same.
            self.is_published(role, &made).then_some(()).ok_or(error)?;
        }
        let key_id = made.key_id.clone();
        self.keys.take_own(role, made);
        Ok(key_id)
    }

    /// Whether the registry in the store names a key as the newest of its kind; it is in force then.
    fn is_published(&self, role: OwnRole, made: &OwnSigner) -> bool {
        let opened = self.trust_document().map(|document| Registry::open_named(&document, &self.contexts));
        let Ok(Ok(named)) = opened else { return false };
        let published = named.registry.newest_own(role) == Some(&made.key_id);
        if published {
            self.set_registry(named.registry);
        }
        published
    }

    /// Marks one of the city's own keys as known to others from a time on; one that signs now is rotated in the same change.
    pub fn compromise_own(&self, role: OwnRole, key_id: &str, from: Timestamp) -> Result<(), Error> {
        let registry = self.registry();
        if registry.newest_own(role) == Some(key_id) {
            return self.rotate_marking(role, 0, Some(from)).map(drop);
        }
        self.change_trust(|registry| mark(registry.marks(role), key_id, from)).map(drop)
    }
}

/// When one of the city's own keys became known to others.
type Mark<'a> = (&'a str, &'a mut Option<Timestamp>);

/// Marks a key; the earliest time that was ever named stands.
fn mark(keys: Vec<Mark<'_>>, id: &str, from: Timestamp) -> Result<(), Error> {
    let key = keys.into_iter().find(|(known, _)| *known == id);
    let (_, compromised) =
        key.ok_or_else(|| Error::not_found("no such key").says("没有这个密钥。", "There is no such key."))?;
    *compromised = Some(compromised.map_or(from, |known| known.min(from)));
    Ok(())
}

impl Registry {
    /// The name of the newest key of a kind.
    pub fn newest_own(&self, role: OwnRole) -> Option<&str> {
        match role {
            OwnRole::Root => Some(self.root_id()),
            OwnRole::Log => self.logs.last().map(|known| known.id.as_str()),
            OwnRole::Witness => self.witnesses.last().map(|known| known.id.as_str()),
        }
    }

    fn notes_mut(&mut self, role: OwnRole) -> &mut Vec<NoteKey> {
        if role == OwnRole::Witness { &mut self.witnesses } else { &mut self.logs }
    }

    fn marks(&mut self, role: OwnRole) -> Vec<Mark<'_>> {
        if role == OwnRole::Root {
            let keys = self.roots.iter_mut().map(|root| &mut root.key);
            return keys.map(|key| (key.id.as_str(), &mut key.compromised_from)).collect();
        }
        self.notes_mut(role).iter_mut().map(|key| (key.id.as_str(), &mut key.compromised_from)).collect()
    }
}

/// What the city's own keys are in a registry's first version.
pub struct OwnPublic {
    /// The root.
    pub root: crate::crypto::PublicKey,
    /// The log's.
    pub log: VerifierKey,
    /// The witness's.
    pub witness: VerifierKey,
}

impl OwnPublic {
    /// As the first version lists them.
    pub(super) fn listed(&self, now: Timestamp) -> (Vec<RootKey>, Vec<NoteKey>, Vec<NoteKey>) {
        (
            vec![RootKey::first(self.root.clone(), now)],
            vec![NoteKey::new(OwnRole::Log.key_id(1), self.log.clone(), now)],
            vec![NoteKey::new(OwnRole::Witness.key_id(1), self.witness.clone(), now)],
        )
    }
}

/// The signers of a kind that a registry names, oldest first; all that there are where it names none.
pub fn named_signers<'a>(
    made: impl Iterator<Item = (String, Arc<dyn Signer>)> + 'a,
    named: &'a [NoteKey],
) -> Vec<OwnSigner> {
    let known: Vec<_> = made.map(|(key_id, signer)| OwnSigner { key_id, signer }).collect();
    let listed = |one: &OwnSigner| named.iter().any(|key| *key.key.key() == *one.signer.public_key());
    let found: Vec<_> = known.iter().filter(|one| listed(one)).cloned().collect();
    if found.is_empty() { known.into_iter().take(1).collect() } else { found }
}
