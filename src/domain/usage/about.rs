//! What a use record says of a licence, and under whom it is found: of what was verified all that was shown, of what was
//! refused only what an issuer really signed.

use super::record::{Abroad, Place as Slot, Used};
use super::write::Seen;
use crate::base::id::CredentialId;
use crate::domain::change::Table;
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::holder::{shown_codes, thumbprint_of};
use crate::domain::issuance::record::CredentialHead;
use crate::domain::record;
use crate::domain::status::kept::Relied;
use crate::vc::finding::{Check, State};
use crate::vc::sd_jwt::SdJwt;
use crate::vc::sd_jwt::key_binding::holder_key;
use crate::vc::verify::sources::StatusEntry;
use crate::vc::verify::verdict::Summary;
use crate::vc::verify::{Evidence, Outcome};

/// Most fields that are named.
const FIELDS: usize = 200;

/// What a record says of one licence, and under whom it is found.
pub(super) struct About {
    pub(super) used: Option<Used>,
    pub(super) fields: Vec<String>,
    pub(super) whose: Vec<String>,
    /// The status lists by which it was found valid.
    pub(super) lists: Vec<Relied>,
}

impl City {
    /// What is said of the licences of one presentation; one entry that says nothing where none could be read.
    ///
    /// With `lists` the status lists that were relied on are named, to be kept with the case.
    pub(super) fn about(&self, seen: &Seen<'_>, lists: bool) -> Result<Vec<About>, Error> {
        let summaries = &seen.outcome.verdict.credentials;
        let mut about = match &seen.outcome.verified {
            Some(verified) => {
                let both = verified.credentials.iter().zip(summaries);
                both.map(|(evidence, summary)| self.about_verified(evidence, summary, lists))
                    .collect::<Result<Vec<_>, _>>()?
            }
            None => summaries
                .iter()
                .map(|summary| self.about_refused(summary, seen.outcome, seen.received))
                .collect::<Result<_, _>>()?,
        };
        if about.is_empty() {
            about.push(About { used: None, fields: Vec::new(), whose: Vec::new(), lists: Vec::new() });
        }
        Ok(about)
    }

    fn about_verified(&self, evidence: &Evidence, summary: &Summary, lists: bool) -> Result<About, Error> {
        let (mut status, mut relied) = (Vec::new(), Vec::new());
        for entry in &evidence.status {
            let list = if lists { self.list_relied_on(entry) } else { None };
            status.push(Slot { digest: list.as_ref().map(Relied::name), ..slot_of(entry) });
            relied.extend(list);
        }
        let mut about = self.about_summary(summary, status);
        about.lists = relied;
        let mut whose = Vec::new();
        if let Some(credential_type) = self.type_of(&evidence.type_names) {
            whose = self.holders_of(evidence, credential_type)?;
        }
        let keys: Vec<_> = evidence.holders.iter().filter_map(|holder| thumbprint_of(holder)).collect();
        self.name_licence(&mut about, &keys)?;
        self.add_holders(&mut whose, &keys, about.used.as_ref())?;
        about.whose = whose;
        Ok(about)
    }

    /// Of what was refused only what an issuer really signed is shown to its holder: nobody can fill another's list.
    fn about_refused(&self, summary: &Summary, outcome: &Outcome, received: &[u8]) -> Result<About, Error> {
        let mut about = self.about_summary(summary, Vec::new());
        let signed = outcome.verdict.report.state(Check::Proof) == State::Valid;
        if !signed {
            // The identifier is anybody's word then.
            if let Some(used) = &mut about.used {
                used.id = None;
            }
            return Ok(about);
        }
        let keys: Vec<_> = bound_key(received).into_iter().collect();
        self.name_licence(&mut about, &keys)?;
        let mut whose = self.tags_of_claims(summary);
        self.add_holders(&mut whose, &keys, about.used.as_ref())?;
        about.whose = whose;
        Ok(about)
    }

    fn about_summary(&self, summary: &Summary, status: Vec<Slot>) -> About {
        let found = self.type_of(&summary.type_names);
        let id = summary.id.as_deref().and_then(|id| id.strip_prefix("urn:certless:"));
        let used = Used {
            id: id.and_then(|id| CredentialId::parse(id).ok()),
            type_code: found.map(|found| found.annotation().code.clone()),
            type_name: summary.type_label.clone(),
            issuer: summary.issuer.chars().take(300).collect(),
            issuer_name: summary.issuer_name.clone(),
            status,
            abroad: summary.relied.as_ref().and_then(|relied| Abroad::of(relied.registry.as_ref()?)),
        };
        let subjects = summary.claims().into_iter().flat_map(|claims| claims.subjects().collect::<Vec<_>>());
        let mut fields: Vec<String> =
            subjects.flat_map(|subject| subject.keys()).filter(|name| *name != "id").cloned().collect();
        fields.sort_unstable();
        fields.dedup();
        fields.retain(|name| name.len() <= 64);
        fields.truncate(FIELDS);
        About { used: Some(used), fields, whose: Vec::new(), lists: Vec::new() }
    }

    /// The tags of the codes that claims show, whose issuer signed them.
    fn tags_of_claims(&self, summary: &Summary) -> Vec<String> {
        let Some(credential_type) = self.type_of(&summary.type_names) else { return Vec::new() };
        let subjects = summary.claims().into_iter().flat_map(|claims| claims.subjects().collect::<Vec<_>>());
        let codes = subjects.flat_map(|subject| shown_codes(credential_type, subject));
        codes.map(|(code_type, code)| self.holder_tag(&code_type, &code)).collect()
    }

    /// Finds the licence behind a copy that does not tell it: the one of the key whose type it is.
    fn name_licence(&self, about: &mut About, keys: &[String]) -> Result<(), Error> {
        let Some(used) = about.used.as_mut().filter(|used| used.id.is_none()) else { return Ok(()) };
        for key in keys {
            let heads = self.heads_of_key(key)?;
            let fits = |head: &&CredentialHead| {
                let list = |place: &Slot| self.names.own_status_list(&place.list);
                let same = |place: &Slot| {
                    list(place).is_some_and(|list| {
                        list.agency == head.agency
                            && head
                                .all_slots()
                                .any(|slot| slot.list == list.number && u64::from(slot.idx) == place.index)
                    })
                };
                Some(&head.type_code) == used.type_code.as_ref()
                    && (used.status.is_empty() || used.status.iter().any(same))
            };
            let mut fitting = heads.iter().filter(fits);
            if let (Some(head), None) = (fitting.next(), fitting.next()) {
                used.id = Some(head.id.clone());
                return Ok(());
            }
        }
        Ok(())
    }

    pub(super) fn heads_of_key(&self, thumbprint: &str) -> Result<Vec<CredentialHead>, Error> {
        let page = self.store().scan(Table::HolderIndex, &record::prefix(&[&Self::key_tag(thumbprint)]), None, 32)?;
        let mut heads = Vec::new();
        for (_, row) in page.rows {
            if let Some(row) = self.store().get(Table::Credential, &row.value)? {
                heads.push(record::decode(Table::Credential, &row.value)?);
            }
        }
        Ok(heads)
    }

    /// Adds those who hold the licence by the city's own record, and the keys themselves.
    fn add_holders(&self, whose: &mut Vec<String>, keys: &[String], used: Option<&Used>) -> Result<(), Error> {
        if let Some(id) = used.and_then(|used| used.id.as_ref())
            && let Some(key) = self.store().get(Table::CredentialById, id.as_str().as_bytes())?
            && let Some(row) = self.store().get(Table::Credential, &key.value)?
        {
            let head: CredentialHead = record::decode(Table::Credential, &row.value)?;
            whose.extend(head.holders.into_iter().map(|holder| holder.tag));
        }
        whose.extend(keys.iter().map(|key| Self::key_tag(key)));
        whose.sort_unstable();
        whose.dedup();
        whose.truncate(32);
        Ok(())
    }
}

/// The thumbprint of the key that an SD-JWT is bound to; its issuer's signature was looked at before.
fn bound_key(received: &[u8]) -> Option<String> {
    let sd_jwt = SdJwt::parse(std::str::from_utf8(received).ok()?.trim()).ok()?;
    Some(holder_key(sd_jwt.payload()).ok()??.thumbprint())
}

fn slot_of(entry: &StatusEntry) -> Slot {
    match entry {
        StatusEntry::Bitstring(entry) => Slot { list: entry.list.clone(), index: entry.index, digest: None },
        StatusEntry::Token(reference) => Slot { list: reference.uri.clone(), index: reference.index, digest: None },
    }
}
