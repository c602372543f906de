//! Trust between cities (跨城互认): the registries of other cities, relied on for named types of named agencies.
//!
//! An operator names the other city's address, its root key, compared over a second channel, and the types. From then on
//! every newer version must follow from the one that is held: the next number, the digest of the one before, signed by the
//! root key of the one before, or by a key to which that hands over. What does not follow is not taken: an older version than the one that is held
//! (rollback) or another one under the same number (fork), signed by the right key, makes every verdict that would rely on
//! it an `error` until it is cleared up. [`accept`] decides that, [`subscribe`] keeps and asks, [`keep`] is how documents
//! are kept, and this file what verification asks.

pub mod accept;
pub mod keep;
pub mod subscribe;

use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use super::Registry;
use crate::base::id::{AgencyCode, TypeCode};
use crate::base::text::Label;
use crate::base::time::{Timestamp, rfc3339};
use crate::crypto::PublicKey;
use crate::domain::city::City;
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::verify::sources::{Issuer, Relied, Taken, TrustQuestion};

/// Another city whose agencies are believed for named types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Partner {
    /// The city's DID.
    pub city: String,
    /// Its public origin.
    pub base: String,
    /// Its name, as its registry says.
    pub name: Label,
    /// The root key that the operator compared, as a multikey.
    pub pinned: String,
    /// The root key that signed the version that is held.
    pub signed_by: String,
    /// The types that are believed.
    pub types: Vec<TypeCode>,
    /// The agencies that are believed; every agency of the registry when empty.
    pub agencies: Vec<AgencyCode>,
    /// The version that is held.
    pub version: u64,
    /// Its digest.
    pub digest: String,
    /// Until when it may be relied on.
    pub expires: Timestamp,
    /// When the operator named the city.
    pub added_at: Timestamp,
    /// When the version that is held was taken.
    pub accepted_at: Timestamp,
    /// When it was decided to believe that version for these types and agencies: the time of the log's leaf. Absent in
    /// records of earlier days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
    /// When it was last known to be the newest.
    pub checked_at: Timestamp,
    /// When it was last asked for.
    pub tried_at: Timestamp,
    /// What was wrong when it was last asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
}

/// What was wrong when another city's registry was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Trouble {
    /// It was not to be had, or what came was no registry of that city. What is held counts until it is too old.
    NotHad {
        /// Technical English.
        detail: String,
    },
    /// An older version than the one that is held.
    RolledBack {
        /// The version that was offered.
        version: u64,
    },
    /// The next version hands over from a root key that others may have: they could have written the same. Nothing
    /// counts until the operator has compared the new root key.
    RootCompromised {
        /// The version that was offered.
        version: u64,
        /// The fingerprint of its root key.
        root: String,
    },
    /// Another document under a number that is held, or one that does not follow from it.
    Forked {
        /// The version that was offered.
        version: u64,
        /// Its digest, for whoever clears it up.
        digest: String,
    },
}

impl Trouble {
    /// The frozen name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotHad { .. } => "notHad",
            Self::RolledBack { .. } => "rolledBack",
            Self::RootCompromised { .. } => "rootCompromised",
            Self::Forked { .. } => "forked",
        }
    }
}

/// A city that is believed, with its registry.
#[derive(Debug)]
pub struct Known {
    /// What was decided about it.
    pub partner: Partner,
    /// The version that is held.
    pub registry: Registry,
    /// The registry as it was published.
    pub document: Arc<Vec<u8>>,
    relied: Arc<Relied>,
    /// The version of the row; 0 for one that comes from a bundle.
    row: u64,
}

/// What another city is believed for.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The types.
    pub types: &'a [TypeCode],
    /// The agencies; every agency of the registry when empty.
    pub agencies: &'a [AgencyCode],
}

impl Terms<'_> {
    /// Fails where an issuer of the city's registry is not believed for a type.
    pub fn require(self, registry: &Registry, issuer: &str, code: Option<&TypeCode>) -> Result<(), Finding> {
        let no = |code, detail: String| Err(Finding::invalid(Check::Trust, code, detail));
        if !code.is_some_and(|code| self.types.contains(code)) {
            return no(Code::TypeNotRecognised, format!("not a type that is accepted from {}", registry.city));
        }
        let agency = registry.issuer(issuer).map(|agency| &agency.code);
        if !self.agencies.is_empty() && !agency.is_some_and(|agency| self.agencies.contains(agency)) {
            return no(Code::AgencyNotRecognised, format!("not an agency that is accepted from {}", registry.city));
        }
        Ok(())
    }
}

/// The cities that are believed.
#[derive(Debug, Default)]
pub struct Abroad(RwLock<Arc<Book>>);

#[derive(Debug, Default)]
struct Book {
    known: Vec<Arc<Known>>,
    bases: Arc<Vec<String>>,
    own_as_of: Option<Timestamp>,
}

impl Known {
    pub(super) fn new(partner: Partner, registry: Registry, document: Vec<u8>, row: u64) -> Self {
        let relied = Arc::new(Relied {
            city: partner.city.clone(),
            name: registry.name.clone(),
            version: registry.version,
            as_of: partner.checked_at,
            taken: Some(Taken {
                digest: partner.digest.clone(),
                since: partner.decided_at.unwrap_or(partner.accepted_at),
            }),
        });
        Self { partner, registry, document: Arc::new(document), relied, row }
    }

    /// Who the issuer is, if this city believes it for the type `code`; a registry that was not asked for with success for
    /// `max_age` seconds is not relied on.
    pub fn judge(
        &self,
        question: &TrustQuestion<'_>,
        code: Option<&TypeCode>,
        max_age: i64,
    ) -> Result<Issuer, Finding> {
        let Partner { types, agencies, .. } = &self.partner;
        Terms { types, agencies }.require(&self.registry, question.issuer, code)?;
        self.check(question.now, max_age)?;
        let issuer = self.registry.judge(question, code)?;
        Ok(Issuer { registry: Some(Arc::clone(&self.relied)), ..issuer })
    }

    /// Whether the registry may be relied on at a time at all.
    fn check(&self, now: Timestamp, max_age: i64) -> Result<(), Finding> {
        let (city, held) = (&self.partner.city, self.partner.version);
        let unsure = |code, detail: String| Err(Finding::error(Check::Trust, code, format!("{city}: {detail}")));
        match &self.partner.trouble {
            Some(Trouble::RolledBack { version }) => {
                return unsure(Code::RegistryRolledBack, format!("version {version} offered, {held} held"));
            }
            Some(Trouble::Forked { version, .. }) => {
                return unsure(Code::RegistryForked, format!("another version {version} offered, {held} held"));
            }
            Some(Trouble::RootCompromised { version, root }) => {
                return unsure(Code::RootCompromised, format!("version {version} begins the root key {root}"));
            }
            Some(Trouble::NotHad { .. }) | None => {}
        }
        if self.registry.expires < now {
            let expired = rfc3339(self.registry.expires);
            return unsure(Code::RegistryExpired, format!("version {held} expired {expired}"));
        }
        let age = now.as_second().saturating_sub(self.partner.checked_at.as_second());
        if age > max_age {
            return unsure(Code::RegistryStale, format!("last known {age} s ago, limit {max_age} s"));
        }
        Ok(())
    }
}

impl City {
    /// The public origins of the cities whose licences of a type are accepted, the own first.
    pub(in crate::domain) fn bases_of(&self, code: &TypeCode) -> Vec<String> {
        let abroad = self.abroad.all();
        let believed = abroad.iter().filter(|known| known.partner.types.contains(code));
        let own = std::iter::once(self.names.base().to_owned());
        own.chain(believed.map(|known| known.partner.base.clone())).collect()
    }
}

impl Abroad {
    fn book(&self) -> Arc<Book> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The cities that are believed.
    pub fn all(&self) -> Vec<Arc<Known>> {
        self.book().known.clone()
    }

    /// One of them.
    pub fn city(&self, did: &str) -> Option<Arc<Known>> {
        self.book().known.iter().find(|known| known.partner.city == did).cloned()
    }

    /// The city whose registry names an issuer.
    pub fn issuer(&self, issuer: &str) -> Option<Arc<Known>> {
        self.book().known.iter().find(|known| known.registry.issuer(issuer).is_some()).cloned()
    }

    /// The DID of an issuer that is named by DID or URL.
    pub fn did(&self, issuer: &str) -> Option<String> {
        self.book().known.iter().find_map(|known| Some(known.registry.issuer(issuer)?.did.clone()))
    }

    /// The key of a verification method.
    pub fn key(&self, method: &str) -> Option<PublicKey> {
        self.book().known.iter().find_map(|known| Some(known.registry.method(method)?.1.key.clone()))
    }

    /// The public origins of these cities.
    pub fn bases(&self) -> Arc<Vec<String>> {
        Arc::clone(&self.book().bases)
    }

    /// When the own registry was last known to be the newest, where it comes from a bundle.
    pub fn own_as_of(&self) -> Option<Timestamp> {
        self.book().own_as_of
    }

    /// Puts these cities in place of those that were known.
    pub(super) fn set(&self, known: Vec<Arc<Known>>, own_as_of: Option<Timestamp>) {
        let bases = Arc::new(known.iter().map(|one| one.partner.base.clone()).collect());
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Book { known, bases, own_as_of });
    }
}
