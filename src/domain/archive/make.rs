//! Putting an archive together: everything is read, nothing of it is written; that it was made is an audit event.

use std::collections::BTreeSet;

use super::{Archive, Manifest, TYP, digest};
use crate::base::bytes::{base64url, from_base64url, hex};
use crate::base::id::ApplicationId;
use crate::base::json::{Value, json};
use crate::base::random::bytes;
use crate::base::time::{Timestamp, rfc3339};
use crate::crypto::digest::sha256;
use crate::domain::account::Author;
use crate::domain::application::State;
use crate::domain::application::record::Application;
use crate::domain::catalogue::{Catalogue, context, embedded};
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::leaf::{Entry, Kind};
use crate::domain::record;
use crate::domain::trust::Registry;
use crate::domain::usage::record::Signed;

/// A state that an application went through.
pub(super) struct Event {
    pub(super) state: &'static str,
    pub(super) at: Timestamp,
}

impl City {
    /// The archive of an application that is decided or was not taken up; `conflict` before that, `not-found` while the log
    /// does not have all of it.
    pub fn archive(&self, id: &ApplicationId, author: &Author) -> Result<Archive, Error> {
        let application = self.application(id)?;
        let events = events_of(&application.head.state, application.head.filed_at);
        if matches!(application.head.state, State::Filed | State::Accepted { .. }) {
            return Err(Error::new(ErrorKind::Conflict, "the application is not decided")
                .says("办件尚未办结，不能归档。", "The application is not decided yet; nothing is archived."));
        }
        let uses = self.uses_of_case(id)?;
        let mut archive = Archive::default();
        self.put_case(&mut archive, &application)?;
        self.put_events(&mut archive, &application, &events)?;
        self.put_uses(&mut archive, &application, &uses)?;
        self.put_lists(&mut archive, &uses)?;
        self.put_abroad(&mut archive, &uses)?;
        self.put_results(&mut archive, &application)?;
        self.put_trust(&mut archive, &uses)?;
        put_types(&mut archive, &application, &uses)?;
        archive.members.insert("context.jsonld".to_owned(), context::TEXT.as_bytes().to_vec());
        self.sign_manifest(&mut archive, id)?;
        self.note_archive(&application, author)?;
        Ok(archive)
    }

    fn put_case(&self, archive: &mut Archive, application: &Application) -> Result<(), Error> {
        let (head, body) = (&application.head, &application.body);
        let case = json!({
            "id": head.id,
            "matter": {"code": head.matter, "name": application.matter()?.name},
            "agency": head.agency,
            "window": head.window,
            "applicant": {"name": body.applicant.name, "code": body.applicant.code, "codeType": body.applicant.code_type},
            "state": head.state,
            "filedAt": rfc3339(head.filed_at),
            "fulfilled": head.fulfilled,
            "claims": body.claims,
            "city": self.names.city_did(),
        });
        archive.put("case.json", case.to_string());
        Ok(())
    }

    fn put_events(&self, archive: &mut Archive, application: &Application, events: &[Event]) -> Result<(), Error> {
        let tag = self.case_tag(&application.head.id);
        let tag = from_base64url(tag.as_str().unwrap_or_default())?;
        for (n, event) in events.iter().enumerate() {
            let is = |entry: &Entry| {
                entry.kind == Kind::Application
                    && entry.bytes("case") == Some(tag.as_slice())
                    && entry.text("state") == Some(event.state)
            };
            archive.put(&format!("events/{n}-{}.tlog-proof", event.state), self.proof_of(event.at, is)?.to_string());
        }
        let told: Vec<_> = events.iter().map(|event| json!({"state": event.state, "at": rfc3339(event.at)})).collect();
        archive.put("events.json", Value::from(told).to_string());
        Ok(())
    }

    fn put_uses(&self, archive: &mut Archive, application: &Application, uses: &[Signed]) -> Result<(), Error> {
        for (n, used) in uses.iter().enumerate() {
            let digest = sha256(used.jwt.as_bytes());
            let is = |entry: &Entry| entry.kind == Kind::Used && entry.bytes("record") == Some(digest.as_slice());
            archive.put(&format!("uses/{n:03}.jwt"), used.jwt.clone());
            archive.put(&format!("uses/{n:03}.tlog-proof"), self.proof_of(used.record.at, is)?.to_string());
            let shown = from_base64url(&used.record.presentation)?;
            if let Some(received) = self.presentation_of(application, &shown)? {
                archive.members.insert(format!("presentations/{}", hex(&shown)), received);
            }
        }
        Ok(())
    }

    fn put_results(&self, archive: &mut Archive, application: &Application) -> Result<(), Error> {
        let State::Granted { results, .. } = &application.head.state else { return Ok(()) };
        for (n, id) in results.iter().enumerate() {
            let credential = self.credential(id)?.package.credential;
            archive.put(&format!("results/{n}.json"), credential.get().to_owned());
            archive.put(&format!("results/{n}.tlog-proof"), self.companion(id)?.to_string());
        }
        Ok(())
    }

    /// The registries that were relied on, and the one of now, which knows the keys of the results.
    fn put_trust(&self, archive: &mut Archive, uses: &[Signed]) -> Result<(), Error> {
        let mut versions: BTreeSet<u64> = uses.iter().map(|used| used.record.verdict.registry).collect();
        versions.insert(self.registry().version);
        for version in versions {
            let row = self.store().get(Table::Trust, format!("v{version:010}").as_bytes())?;
            let row = row.ok_or_else(|| Error::corrupt(format!("version {version} of the registry is not kept")))?;
            let (digest, issued) =
                (sha256(&row.value), Registry::open_named(&row.value, &self.contexts)?.registry.issued);
            let is = |entry: &Entry| entry.kind == Kind::Trust && entry.bytes("digest") == Some(digest.as_slice());
            archive.put(&format!("trust/{version}.tlog-proof"), self.proof_of(issued, is)?.to_string());
            archive.members.insert(format!("trust/{version}.json"), row.value);
        }
        Ok(())
    }

    /// The status lists that the records name, each once.
    fn put_lists(&self, archive: &mut Archive, uses: &[Signed]) -> Result<(), Error> {
        let used = uses.iter().filter_map(|used| used.record.credential.as_ref());
        let digests: BTreeSet<_> =
            used.flat_map(|used| &used.status).filter_map(|place| place.digest.as_deref()).collect();
        for text in digests {
            let digest = from_base64url(text)?;
            let list = self.kept_list(&digest)?;
            let list = list.ok_or_else(|| Error::corrupt(format!("the status list {text} is not kept")))?;
            let form = if list.first() == Some(&b'{') { "json" } else { "jwt" };
            archive.members.insert(format!("status/{}.{form}", hex(&digest)), list);
        }
        Ok(())
    }

    fn sign_manifest(&self, archive: &mut Archive, id: &ApplicationId) -> Result<(), Error> {
        let manifest = Manifest {
            iss: self.names.city_did().to_owned(),
            base: self.names.base().to_owned(),
            case: id.to_string(),
            at: rfc3339(self.this_second()),
            log_key: self.log_key()?.to_string(),
            members: archive.members.iter().map(|(name, bytes)| (name.clone(), digest(bytes))).collect(),
        };
        let Ok(Value::Object(claims)) = serde_json::to_value(&manifest) else { return Err(Error::corrupt("manifest")) };
        archive.manifest = self.sign_by_root(TYP, &claims);
        Ok(())
    }

    fn note_archive(&self, application: &Application, author: &Author) -> Result<(), Error> {
        let (at, head) = (rfc3339(self.now()), &application.head);
        let key = record::key(&[head.agency.as_str(), &at, &base64url(&bytes::<9>(self.random()))]);
        let open = json!({"event": "archived", "application": head.id, "at": at, "by": author});
        let value = self.vault().encode(Table::Audit, &key, &open, b"{}")?;
        let change = Change::new(self.fresh_request("archive")?, sha256(head.id.as_str().as_bytes()));
        self.store().commit(change.put(Table::Audit, key, value))?;
        Ok(())
    }
}

impl Archive {
    pub(super) fn put(&mut self, name: &str, text: String) {
        self.members.insert(name.to_owned(), text.into_bytes());
    }
}

/// The schemas of what was shown and issued, with what they refer to, and the matter.
fn put_types(archive: &mut Archive, application: &Application, uses: &[Signed]) -> Result<(), Error> {
    let catalogue = Catalogue::embedded()?;
    let shown = uses.iter().filter_map(|used| used.record.credential.as_ref()?.type_code.as_ref());
    let matter = application.matter()?;
    for code in shown.chain(&matter.results) {
        if let Some(found) = catalogue.find(code.as_str()) {
            archive.put(&format!("schemas/{}.{}.json", found.code(), found.version()), found.text().to_owned());
        }
    }
    archive.put("schemas/shared/certificate-metadata.json", embedded::METADATA.to_owned());
    archive.put("schemas/shared/code-lists.json", embedded::CODE_LISTS.to_owned());
    Ok(())
}

fn events_of(state: &State, filed_at: Timestamp) -> Vec<Event> {
    let mut events = vec![Event { state: "filed", at: filed_at }];
    let name = state.name();
    match state {
        State::Filed => {}
        State::NotAccepted { at, .. } | State::Accepted { at, .. } => events.push(Event { state: name, at: *at }),
        State::Granted { accepted_at, at, .. } | State::Refused { accepted_at, at, .. } => {
            events.push(Event { state: "accepted", at: *accepted_at });
            events.push(Event { state: name, at: *at });
        }
    }
    events
}
