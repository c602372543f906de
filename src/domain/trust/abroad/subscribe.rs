//! Believing another city, asking it for newer versions, believing it no more. Every version that is taken is one change
//! with its log leaf; a process that dies between two of them goes on with the next when it asks again.

use std::sync::Arc;

use super::accept::{Held, Offer, bound};
use super::{Known, Partner, Trouble};
use crate::base::id::{AgencyCode, ListId, TypeCode};
use crate::base::json::{Value, json};
use crate::base::time::{plus_seconds, rfc3339};
use crate::crypto::PublicKey;
use crate::crypto::digest::sha256;
use crate::domain::catalogue::Catalogue;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::city::names::Names;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::leaf::{Kind, leaf};
use crate::domain::record;
use crate::domain::status::foreign::ListForm;
use crate::domain::trust::Registry;
use crate::domain::trust::document::{Named, digest};
use crate::vc::finding::{Check, Code};

/// Where a registry is published, below the origin; a version stands below it under its number.
pub const PATH: &str = "/.well-known/certless/trust";
/// How soon a city is asked again for a registry that lacks a key, seconds.
const AGAIN: i64 = 60;
/// Most versions that are taken in one go; the next goes on.
const MOST_STEPS: u64 = 100;

/// What an operator decides about another city.
#[derive(Clone, Debug)]
pub struct NewPartner {
    /// The city's public origin.
    pub url: String,
    /// Its root key as it was compared: a multikey, a `did:key`, or its fingerprint.
    pub root: String,
    /// The types that are believed.
    pub types: Vec<TypeCode>,
    /// The agencies that are believed; all when empty.
    pub agencies: Vec<AgencyCode>,
}

/// What a city says of itself, before anyone believes it.
#[derive(Debug)]
pub struct Glimpse {
    /// The registry that it publishes, and the key that it names.
    pub named: Named,
    document: Vec<u8>,
    base: String,
}

/// The fingerprint of a root key that two people compare: its JWK thumbprint (RFC 7638).
pub fn fingerprint(root: &PublicKey) -> String {
    root.thumbprint()
}

/// Whether a text that was compared names a key.
pub fn is_named(root: &PublicKey, text: &str) -> bool {
    let multikey = root.to_multikey();
    [multikey.as_str(), root.thumbprint().as_str()].contains(&text) || text.strip_prefix("did:key:") == Some(&multikey)
}

impl Known {
    /// Whether a compromised root key was replaced and the operator has compared the new one now, with which everything
    /// begins anew; never with an older version than the one that is held.
    fn awaits(&self, offered: &Named, compared: &str) -> bool {
        matches!(self.partner.trouble, Some(Trouble::RootCompromised { .. }))
            && is_named(&offered.root, compared)
            && offered.registry.version > self.partner.version
    }
}

impl City {
    /// What the city at an address says of itself.
    pub fn glimpse(&self, url: &str) -> Result<Glimpse, Error> {
        let base = url.trim().trim_end_matches('/').trim_end_matches(PATH);
        let names = Names::of_another(base)?;
        if names.city_did() == self.names.city_did() {
            return Err(Error::malformed("the own city").says(
                "这是本市自己的地址，请填写对方城市的网址。",
                "This is your own city. Give the other city's address.",
            ));
        }
        let document = self.fetch(&format!("{base}{PATH}"), "application/json", Check::Trust, Code::RegistryInvalid);
        let document = document.map_err(|finding| not_had(base, &finding.detail))?;
        let named = Registry::open_named(&document, &self.contexts);
        let named = named.map_err(|finding| not_had(base, &finding.detail))?;
        bound(&named.registry, names.city_did(), base).map_err(|detail| not_had(base, &detail))?;
        Ok(Glimpse { named, document, base: base.to_owned() })
    }

    /// Believes another city for named types from now on; for a city that is believed already, the types and agencies are
    /// what is asked for now.
    pub fn add_partner(&self, new: &NewPartner) -> Result<Partner, Error> {
        self.load_partners()?;
        let glimpse = self.glimpse(&new.url)?;
        let registry = &glimpse.named.registry;
        if !is_named(&glimpse.named.root, new.root.trim()) && self.abroad.city(&registry.city).is_none() {
            return Err(other_root(&glimpse.named.root));
        }
        let known = self.abroad.city(&registry.city);
        if let Some(known) = &known
            && !known.awaits(&glimpse.named, new.root.trim())
        {
            return self.change_partner(known, new);
        }
        if registry.expires < self.now() {
            return Err(not_had(&glimpse.base, &format!("expired {}", rfc3339(registry.expires))));
        }
        require_named(registry, new)?;
        let now = self.this_second();
        let root = glimpse.named.root.to_multikey();
        let partner = Partner {
            city: registry.city.clone(),
            base: glimpse.base.clone(),
            name: registry.name.clone(),
            pinned: root.clone(),
            signed_by: root,
            types: new.types.clone(),
            agencies: new.agencies.clone(),
            version: registry.version,
            digest: digest(&glimpse.document),
            expires: registry.expires,
            added_at: now,
            accepted_at: now,
            decided_at: Some(now),
            checked_at: now,
            tried_at: now,
            trouble: None,
        };
        if let Some(known) = known {
            let partner = Partner { added_at: known.partner.added_at, ..partner };
            self.write_partner(&known, &partner, Some("believed"), Some(&glimpse.document))?;
            return Ok(partner);
        }
        let value = record::encode(&partner)?;
        let change = Change::new(self.fresh_request("partner")?, sha256(&value));
        let mut change = change.insert(Table::Partner, partner.city.as_str(), value);
        change.leaves.push(leaf(Kind::ForeignTrust, now, &members("believed", &partner)));
        self.store().commit(Self::keep_version(change, &partner, &glimpse.document)?)?;
        self.load_partners()?;
        Ok(partner)
    }

    fn change_partner(&self, known: &Known, new: &NewPartner) -> Result<Partner, Error> {
        if known.partner.pinned != new.root && !is_pinned(&known.partner, &new.root) {
            return Err(Error::new(ErrorKind::Conflict, "another root key was compared before").says(
                "所给根密钥与首次核对的不同。如确需更换，请先移除该城市再重新添加。",
                "This is another root key than the one that was compared first. To change it, remove the city and add it anew.",
            ));
        }
        require_named(&known.registry, new)?;
        let partner = Partner {
            types: new.types.clone(),
            agencies: new.agencies.clone(),
            decided_at: Some(self.this_second()),
            ..known.partner.clone()
        };
        self.write_partner(known, &partner, Some("believed"), None)?;
        Ok(partner)
    }

    /// Believes a city no more; what was fetched from it stays, as what earlier decisions rest on.
    pub fn remove_partner(&self, city: &str) -> Result<(), Error> {
        self.load_partners()?;
        let known = self.partner(city)?;
        let change = Change::new(self.fresh_request("partner")?, sha256(city.as_bytes()));
        let mut change = change.delete(Table::Partner, city, known.row);
        change.leaves.push(leaf(Kind::ForeignTrust, self.this_second(), &members("ended", &known.partner)));
        self.store().commit(change)?;
        self.load_partners()
    }

    /// The cities that are believed.
    pub fn partners(&self) -> Vec<Partner> {
        self.abroad.all().iter().map(|known| known.partner.clone()).collect()
    }

    fn partner(&self, city: &str) -> Result<Arc<Known>, Error> {
        let missing = || {
            Error::new(ErrorKind::Refused, "not a city that is believed")
                .says("没有与该城市互认，请核对名称（trust list）。", "This city is not believed. See trust list.")
        };
        self.abroad.city(city).ok_or_else(missing)
    }

    /// Asks every city that was not asked for as long as the rules say; what was wrong is kept with each.
    pub fn update_partners(&self) -> Result<(), Error> {
        self.load_partners()?;
        for known in self.abroad.all().iter().filter(|known| self.is_due(known)) {
            self.update_partner(&known.partner.city)?;
        }
        Ok(())
    }

    /// Whether any city has to be asked.
    pub fn partners_due(&self) -> bool {
        self.abroad.all().iter().any(|known| self.is_due(known))
    }

    fn is_due(&self, known: &Known) -> bool {
        plus_seconds(known.partner.tried_at, i64::from(self.rules.abroad.every)) <= self.now()
    }

    /// Asks one city for newer versions of its registry and for the status lists of its agencies.
    pub fn update_partner(&self, city: &str) -> Result<Partner, Error> {
        let known = self.update_registry(city)?;
        if known.partner.checked_at == known.partner.tried_at {
            self.refresh_lists_of(&known);
            self.keep_lists(&known.partner)?;
        }
        Ok(known.partner.clone())
    }

    /// Asks the city of an issuer at once for a newer registry, as after a rotation there: where the one that is held does not
    /// name a key. Whether it was asked; it is not within a minute after the last time, nor by a gate without a network.
    pub(in crate::domain) fn ask_anew(&self, issuer: &str) -> bool {
        let Some(known) = self.abroad.issuer(issuer).filter(|_| self.abroad.own_as_of().is_none()) else {
            return false;
        };
        let due = plus_seconds(known.partner.tried_at, AGAIN) <= self.now();
        due && self.update_registry(&known.partner.city).is_ok()
    }

    fn update_registry(&self, city: &str) -> Result<Arc<Known>, Error> {
        self.load_partners()?;
        let mut known = self.partner(city)?;
        let document = match self.fetch(
            &format!("{}{PATH}", known.partner.base),
            "application/json",
            Check::Trust,
            Code::RegistryInvalid,
        ) {
            Ok(document) => document,
            Err(finding) => return self.note_trouble(&known, Trouble::NotHad { detail: finding.detail }),
        };
        for _ in 0..MOST_STEPS {
            let held = Held { partner: &known.partner, registry: &known.registry };
            let newest = match held.look(&document, &self.contexts) {
                Offer::Same => return self.note_checked(&known),
                Offer::Bad(trouble) => return self.note_trouble(&known, trouble),
                Offer::Newer(newest) => newest,
            };
            match self.next_version(held, newest, &document) {
                Ok((named, bytes)) => known = self.take_version(&known, named, &bytes)?,
                Err(trouble) => return self.note_trouble(&known, trouble),
            }
        }
        Ok(known)
    }

    /// The version after the one that is held: the newest itself, or one on the way to it.
    fn next_version(&self, held: Held<'_>, newest: u64, document: &[u8]) -> Result<(Named, Vec<u8>), Trouble> {
        let next = held.partner.version.saturating_add(1);
        let bytes = if next == newest {
            document.to_vec()
        } else {
            let url = format!("{}{PATH}/{next}", held.partner.base);
            let fetched = self.fetch(&url, "application/json", Check::Trust, Code::RegistryInvalid);
            fetched.map_err(|finding| Trouble::NotHad { detail: format!("version {next}: {}", finding.detail) })?
        };
        Ok((held.step(&bytes, &self.contexts)?, bytes))
    }

    fn take_version(&self, known: &Known, named: Named, bytes: &[u8]) -> Result<Arc<Known>, Error> {
        let now = self.this_second();
        let Named { registry, root } = named;
        let partner = Partner {
            name: registry.name,
            signed_by: root.to_multikey(),
            version: registry.version,
            digest: digest(bytes),
            expires: registry.expires,
            accepted_at: now,
            decided_at: Some(now),
            checked_at: now,
            tried_at: now,
            trouble: None,
            ..known.partner.clone()
        };
        self.write_partner(known, &partner, Some("accepted"), Some(bytes))?;
        self.partner(&partner.city)
    }

    fn note_checked(&self, known: &Known) -> Result<Arc<Known>, Error> {
        let now = self.this_second();
        let partner = Partner { checked_at: now, tried_at: now, trouble: None, ..known.partner.clone() };
        // A fork does not go away because the city shows the first document again: somebody has to look into it.
        let forked = matches!(known.partner.trouble, Some(Trouble::Forked { .. } | Trouble::RootCompromised { .. }));
        let partner = if forked { Partner { trouble: known.partner.trouble.clone(), ..partner } } else { partner };
        self.write_partner(known, &partner, None, None)?;
        self.partner(&partner.city)
    }

    fn note_trouble(&self, known: &Known, trouble: Trouble) -> Result<Arc<Known>, Error> {
        let grave = |trouble: &Trouble| !matches!(trouble, Trouble::NotHad { .. });
        // That a city does not answer now does not clear up what was wrong before.
        let trouble = match &known.partner.trouble {
            Some(before) if grave(before) && !grave(&trouble) => before.clone(),
            Some(before @ (Trouble::Forked { .. } | Trouble::RootCompromised { .. })) => before.clone(),
            _ => trouble,
        };
        let partner = Partner { tried_at: self.this_second(), trouble: Some(trouble), ..known.partner.clone() };
        self.write_partner(known, &partner, None, None)?;
        self.partner(&partner.city)
    }

    fn write_partner(
        &self,
        known: &Known,
        partner: &Partner,
        act: Option<&str>,
        document: Option<&[u8]>,
    ) -> Result<(), Error> {
        let value = record::encode(partner)?;
        let change = Change::new(self.fresh_request("partner")?, sha256(&value));
        let mut change = change.update(Table::Partner, partner.city.as_str(), known.row, value);
        if let Some(act) = act {
            let at = partner.decided_at.unwrap_or_else(|| self.this_second());
            change.leaves.push(leaf(Kind::ForeignTrust, at, &members(act, partner)));
        }
        if let Some(document) = document {
            change = Self::keep_version(change, partner, document)?;
        }
        self.store().commit(change)?;
        self.load_partners()
    }

    /// Reads the lists that are kept, and the first of every agency that is believed, anew. One that is not to be had stays
    /// as it is and grows older.
    fn refresh_lists_of(&self, known: &Known) {
        let Ok(names) = Names::of_another(&known.partner.base) else { return };
        let kept = self.statuses.foreign.lists(&known.partner.base);
        let mut wanted: Vec<_> = kept.into_iter().map(|list| (list.uri, list.form)).collect();
        for agency in &known.registry.agencies {
            let believed = known.partner.agencies.is_empty() || known.partner.agencies.contains(&agency.code);
            let issues = agency.types.iter().any(|code| known.partner.types.contains(code));
            if believed && issues && !agency.keys.is_empty() {
                let uri = names.status_list(&ListId { agency: agency.code.clone(), number: 0 });
                wanted.extend([(uri.clone(), ListForm::Jwt), (uri, ListForm::Vc)]);
            }
        }
        wanted.sort_by(|a, b| (&a.0, a.1 == ListForm::Vc).cmp(&(&b.0, b.1 == ListForm::Vc)));
        wanted.dedup();
        for (uri, form) in wanted {
            let _ = self.refresh_list(&uri, form);
        }
    }
}

fn is_pinned(partner: &Partner, text: &str) -> bool {
    PublicKey::from_multikey(&partner.pinned).is_ok_and(|pinned| is_named(&pinned, text.trim()))
}

/// Every type is known here and issued there, by an agency that is believed; every agency is one of the registry.
fn require_named(registry: &Registry, new: &NewPartner) -> Result<(), Error> {
    let catalogue = Catalogue::embedded()?;
    let believed = |code: &AgencyCode| new.agencies.is_empty() || new.agencies.contains(code);
    let issued =
        |code: &TypeCode| registry.agencies.iter().any(|agency| believed(&agency.code) && agency.types.contains(code));
    if new.types.is_empty() {
        return Err(Error::malformed("no types")
            .says("请写明承认哪些证照类型（--types）。", "Name the types to accept (--types)."));
    }
    if let Some(code) = new.types.iter().find(|code| catalogue.find(code.as_str()).is_none() || !issued(code)) {
        return Err(Error::new(ErrorKind::Refused, format!("type {code}")).says(
            format!("该城市（所列机关）不签发证照类型 {code}，或本市没有这一类型。"),
            format!("The other city's agencies issue no type {code}, or it is not known here."),
        ));
    }
    if let Some(code) = new.agencies.iter().find(|code| registry.agency(code).is_none()) {
        return Err(Error::new(ErrorKind::Refused, format!("agency {code}")).says(
            format!("该城市的信任名录中没有机关 {code}。"),
            format!("The other city's registry has no agency {code}."),
        ));
    }
    Ok(())
}

fn members(act: &str, partner: &Partner) -> [(&'static str, Value); 7] {
    [
        ("act", act.into()),
        ("city", partner.city.as_str().into()),
        ("version", partner.version.into()),
        ("digest", partner.digest.as_str().into()),
        ("root", partner.signed_by.as_str().into()),
        ("types", json!(partner.types)),
        ("agencies", json!(partner.agencies)),
    ]
}

fn not_had(base: &str, detail: &str) -> Error {
    Error::new(ErrorKind::Unavailable, format!("{base}: {detail}")).says(
        format!("取不到 {base} 的信任名录（{detail}）。请核对网址，并确认配置 fetch.hosts 允许访问该主机。"),
        format!("The trust registry of {base} is not to be had ({detail}). Check the address, and that fetch.hosts in the configuration allows it."),
    )
}

fn other_root(root: &PublicKey) -> Error {
    let print = fingerprint(root);
    Error::new(ErrorKind::Refused, "another root key").coded("root_not_compared").says(
        format!("对方名录由根密钥 {print} 签名，与所给的不同。请通过电话等其他渠道核对指纹后，用 --root 指定。"),
        format!("The registry is signed by the root key {print}, not by the one that was named. Compare the fingerprint over another channel, then name it with --root."),
    )
}
