//! The registries of other cities in an archive: as they were taken, each with the place in this city's log that says for
//! what it was believed when the licence was shown.

use std::collections::BTreeMap;

use super::opening::Frame;
use super::report::Report;
use super::{Archive, digest};
use crate::base::bytes::{from_base64url, hex};
use crate::base::id::{AgencyCode, TypeCode};
use crate::base::text::Label;
use crate::base::time::{Timestamp, plus_seconds, rfc3339};
use crate::crypto::PublicKey;
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::leaf::{Entry, Kind};
use crate::domain::spoken;
use crate::domain::trust::Registry;
use crate::domain::trust::abroad::Terms;
use crate::domain::trust::abroad::accept::bound;
use crate::domain::usage::record::{Abroad, Signed};
use crate::vc::finding::Finding;
use crate::vc::verify::sources::{Issuer, TrustQuestion};

/// What they are called.
const LABEL: (&str, &str) = ("互认城市当时的信任名录", "The trust registry of another city, as of then");

/// Another city as it was believed when a licence was shown.
pub(super) struct Foreign {
    /// Its registry.
    pub(super) registry: Registry,
    /// Its address.
    pub(super) base: String,
    types: Vec<TypeCode>,
    agencies: Vec<AgencyCode>,
}

/// The other cities by the use record that relied on them.
pub(super) type Believed = BTreeMap<String, Foreign>;

/// The name of a registry's member.
pub(super) fn member(abroad: &Abroad) -> Option<String> {
    Some(format!("abroad/{}.json", hex(&from_base64url(&abroad.digest).ok()?)))
}

/// The name of the proof of a use record's other city.
pub(super) fn proof(use_record: &str) -> String {
    use_record.replace(".jwt", ".abroad.tlog-proof")
}

impl Foreign {
    /// Who the issuer is, if it was believed for the type.
    pub(super) fn judge(&self, question: &TrustQuestion<'_>, code: Option<&TypeCode>) -> Result<Issuer, Finding> {
        let terms = Terms { types: &self.types, agencies: &self.agencies };
        terms.require(&self.registry, question.issuer, code)?;
        self.registry.judge(question, code)
    }

    /// Whether the registry could be relied on when something was looked at; a spoken code is looked at a while after it
    /// was handed in.
    fn require_at(&self, at: Timestamp) -> Result<(), String> {
        let expires = self.registry.expires;
        if at < self.registry.issued || plus_seconds(expires, spoken::LIFE) < at {
            return Err(format!("expired {}, relied on {}", rfc3339(expires), rfc3339(at)));
        }
        Ok(())
    }
}

impl Frame<'_> {
    /// The other cities that the records name, each registry looked at once for each of them.
    pub(super) fn check_abroad(&self, uses: &[(String, Signed)], report: &mut Report) -> Believed {
        let (mut believed, mut told) = (Believed::new(), BTreeMap::<String, (Option<Label>, Option<String>)>::new());
        for (name, used) in uses {
            let Some(abroad) = used.record.credential.as_ref().and_then(|used| used.abroad.as_ref()) else { continue };
            let document = member(abroad).unwrap_or_default();
            match self.foreign(name, &document, abroad, used.record.at) {
                Ok(foreign) => {
                    let (city, version) = (&foreign.registry.name, abroad.version);
                    let zh = format!("{} 第 {version} 版", city.zh);
                    let about = Label::new(zh, format!("{}, version {version}", city.en));
                    told.entry(document).or_insert((Some(about), None));
                    believed.insert(used.record.id.clone(), foreign);
                }
                Err(wrong) => drop(told.insert(document, (None, Some(wrong)))),
            }
        }
        for name in self.archive.folder("abroad/").filter(|name| !told.contains_key(*name)).collect::<Vec<_>>() {
            told.insert(name.to_owned(), (None, Some("no use record names it".to_owned())));
        }
        for (name, (about, wrong)) in told {
            report.note_of(&name, LABEL, about, wrong.map_or(Ok(()), Err));
        }
        believed
    }

    /// The registry that a record names, by its digest, its root key and what the log's entry says that it was believed for.
    fn foreign(&self, name: &str, document: &str, abroad: &Abroad, at: Timestamp) -> Result<Foreign, String> {
        let bytes = self.archive.members.get(document).ok_or("the other city's registry is missing")?;
        if digest(bytes) != abroad.digest {
            return Err("not the registry that the use record names".to_owned());
        }
        let entry = self.entry(&proof(name))?;
        if !is_of(&entry, abroad) || entry.at > plus_seconds(at, 1) {
            return Err("the log's entry is of something else".to_owned());
        }
        let text = |name: &str| entry.text(name).unwrap_or_default();
        let root = PublicKey::from_multikey(text("root")).map_err(|error| error.to_string())?;
        let opened = Registry::open_pinned(bytes, &|key| *key == root, &self.contexts);
        let registry = opened.map_err(|finding| finding.to_string())?.registry;
        let base = registry.base().ok_or("the registry names no agency")?.to_owned();
        bound(&registry, &abroad.city, &base)?;
        if registry.version != abroad.version {
            return Err("another version than the use record names".to_owned());
        }
        let types = entry.texts("types").map(TypeCode::parse).collect::<Result<_, _>>();
        let agencies = entry.texts("agencies").map(AgencyCode::parse).collect::<Result<_, _>>();
        let wrong = |error: crate::base::error::ParseError| error.to_string();
        let foreign = Foreign { registry, base, types: types.map_err(wrong)?, agencies: agencies.map_err(wrong)? };
        foreign.require_at(at)?;
        Ok(foreign)
    }
}

/// Whether an entry of the log says that the city was believed so.
fn is_of(entry: &Entry, abroad: &Abroad) -> bool {
    let digest = from_base64url(&abroad.digest).unwrap_or_default();
    entry.kind == Kind::ForeignTrust
        && matches!(entry.text("act"), Some("believed" | "accepted"))
        && entry.text("city") == Some(&abroad.city)
        && entry.number("version") == Some(abroad.version)
        && entry.bytes("digest") == Some(&digest)
        && entry.at == abroad.since
}

impl City {
    /// Puts the registries of other cities that the records name into an archive.
    pub(super) fn put_abroad(&self, archive: &mut Archive, uses: &[Signed]) -> Result<(), Error> {
        for (n, used) in uses.iter().enumerate() {
            let Some(used) = &used.record.credential else { continue };
            let Some((abroad, name)) = used.abroad.as_ref().and_then(|abroad| Some((abroad, member(abroad)?))) else {
                continue;
            };
            // Of two decisions within a second the one that names the type is meant.
            let is = |entry: &Entry| {
                let named = |code: &TypeCode| entry.texts("types").any(|text| text == code.as_str());
                is_of(entry, abroad) && used.type_code.as_ref().is_none_or(named)
            };
            let found = self.proof_of(abroad.since, is)?;
            archive.put(&proof(&format!("uses/{n:03}.jwt")), found.to_string());
            let document = self.registry_abroad(&abroad.city, abroad.version, &abroad.digest)?;
            archive.members.insert(name, document);
        }
        Ok(())
    }
}
