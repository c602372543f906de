//! Reconciling: what was accepted without a network is looked at again with what is known now, and double use is shown with
//! both places. Each entry is looked at once; the store remembers how far each journal is reconciled and by which line, so
//! that a journal that was rewritten or cut off since is told. [`outcome`] is what is said of an entry.

pub mod outcome;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

pub use outcome::{Found, Note, Outcome, Outcomes, Sighting};

use super::journal::{Entry, Line, Used, read};
use crate::base::bytes::{base64url, from_base64url, from_hex, hex};
use crate::base::id::{AgencyCode, CredentialId};
use crate::base::time::Timestamp;
use crate::crypto::digest::sha256;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::issuance::record::Life;
use crate::domain::record;
use crate::vc::finding::{Code, Finding, State};
use crate::vc::status::Status;
use crate::vc::verify::sources::{Statuses as _, Trust as _, TrustQuestion};

/// Entries of one change.
const BATCH: usize = 100;
/// Most entries that are remembered as not looked at.
const MOST_OPEN: usize = 1_000;
/// How far a verifier's clock may be ahead, seconds.
const AHEAD: i64 = 300;
/// Seconds from which keys count down, so that the newest come first: the year 9999.
const END_OF_TIME: i64 = 253_402_300_799;

/// How far a journal is reconciled.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Progress {
    seq: u64,
    digest: String,
    at: Timestamp,
    /// Entries that could not be looked at; the next time they are tried again.
    #[serde(default)]
    open: Vec<u64>,
}

/// What was accepted so far in a run, over what the store knows.
type Seen = HashMap<Vec<u8>, Sighting>;

impl City {
    /// Reconciles what is new in a journal, and what could not be looked at before: one outcome for each such entry.
    pub fn reconcile(&self, text: &str, agency: Option<&AgencyCode>) -> Result<Vec<Outcome>, Error> {
        let lines = read(text)?;
        let Some(first) = lines.first() else { return Ok(Vec::new()) };
        let key = first.entry.journal.clone();
        check_name(&key)?;
        let (mut outcomes, mut again) = (Vec::new(), true);
        loop {
            let row = self.store().get(Table::Journal, key.as_bytes())?;
            let done = row.as_ref().map(|row| record::decode(Table::Journal, &row.value)).transpose()?;
            let work = work(&lines, done.as_ref(), again)?;
            again = false;
            if work.is_empty() && done.is_some() {
                return Ok(outcomes);
            }
            let change = Change::new(self.fresh_request("reconcile")?, sha256(text.as_bytes()));
            let (batch, change) = self.reconcile_batch(&work, agency, change)?;
            let value = record::encode(&Progress::after(done, &work, &batch, self.this_second()))?;
            let change = match row {
                Some(row) => change.update(Table::Journal, key.as_bytes(), row.version, value),
                None => change.insert(Table::Journal, key.as_bytes(), value),
            };
            self.store().commit(change)?;
            outcomes.extend(batch);
        }
    }

    fn reconcile_batch(
        &self,
        work: &[&Line],
        agency: Option<&AgencyCode>,
        mut change: Change,
    ) -> Result<(Vec<Outcome>, Change), Error> {
        let (mut seen, mut outcomes) = (Seen::new(), Vec::new());
        for line in work {
            let (outcome, next) = self.reconcile_entry(&line.entry, agency, change, &mut seen)?;
            change = next;
            outcomes.push(outcome);
        }
        Ok((outcomes, change))
    }

    /// What became of entries, the newest first; of one agency's journals where one is named.
    pub fn reconciled(&self, agency: Option<&AgencyCode>, after: Option<&str>) -> Result<Outcomes, Error> {
        let after = after.map(from_base64url).transpose()?;
        let page = self.store().scan(Table::Reconciled, b"", after.as_deref(), 100)?;
        let read = page.rows.iter().map(|(_, row)| record::decode::<Outcome>(Table::Reconciled, &row.value));
        let mut outcomes: Vec<_> = read.collect::<Result<_, _>>()?;
        outcomes.retain(|outcome| agency.is_none() || outcome.agency.as_ref() == agency);
        Ok(Outcomes { outcomes, next: page.next.map(|key| base64url(&key)) })
    }

    fn reconcile_entry(
        &self,
        entry: &Entry,
        agency: Option<&AgencyCode>,
        change: Change,
        seen: &mut Seen,
    ) -> Result<(Outcome, Change), Error> {
        let now = self.this_second();
        let used =
            Sighting { journal: entry.journal.clone(), seq: entry.seq, place: entry.place.clone(), at: Some(entry.at) };
        let mut notes = Vec::new();
        if entry.at.as_second() > now.as_second().saturating_add(AHEAD) {
            notes.push(Note { found: Found::ClockAhead, code: None, other: None });
        }
        for credential in &entry.credentials {
            notes.extend(self.look_again(credential, entry.at)?);
        }
        let (doubles, change) = self.note_uses(entry, &used, change, seen)?;
        notes.extend(doubles);
        let outcome = Outcome {
            reconciled_at: now,
            agency: agency.cloned(),
            used,
            bundle_age: entry.at.as_second().saturating_sub(entry.bundle.as_second()),
            types: entry.credentials.iter().map(|one| self.type_code_of(one)).collect(),
            issuers: entry.credentials.iter().map(|one| one.issuer.clone()).collect(),
            notes,
        };
        let time = format!("{:012}", END_OF_TIME.saturating_sub(now.as_second()));
        let key = record::key(&[&time, &entry.journal, &format!("{:010}", entry.seq)]);
        Ok((outcome.clone(), change.put(Table::Reconciled, key, record::encode(&outcome)?)))
    }

    fn type_code_of(&self, used: &Used) -> String {
        self.type_of(&used.types).map_or_else(|| used.types.join(" "), |found| found.code().to_owned())
    }

    /// Looks at a licence with what is known now, for the time when it was accepted.
    fn look_again(&self, used: &Used, at: Timestamp) -> Result<Vec<Note>, Error> {
        let now = self.now();
        let mut notes = Vec::new();
        let question = TrustQuestion {
            issuer: &used.issuer,
            method: &used.method,
            type_names: &used.types,
            signed_at: used.signed_at,
            now,
        };
        notes.extend(self.judge(&question).err().map(|finding| note(&finding, Found::Untrusted)));
        let outside = used.valid_from.is_some_and(|from| at < from) || used.valid_until.is_some_and(|until| until < at);
        if outside {
            notes.push(Note { found: Found::OutOfTime, code: None, other: None });
        }
        for place in &used.status {
            match self.status(&place.entry(), &used.issuer, &used.types, now) {
                Ok(told) if told.status == Status::Valid => {}
                Ok(told) => {
                    let code = if told.status == Status::Revoked { Code::Revoked } else { Code::Suspended };
                    let found = self.ended(used, at)?;
                    notes.push(Note { found, code: Some(code.as_str().to_owned()), other: None });
                    break;
                }
                Err(finding) => notes.push(note(&finding, Found::Undecided)),
            }
        }
        notes.dedup();
        Ok(notes)
    }

    /// Whether a licence that is not in force now had ended before it was accepted, as far as this city knows.
    fn ended(&self, used: &Used, at: Timestamp) -> Result<Found, Error> {
        let id =
            used.id.as_deref().and_then(|id| CredentialId::parse(id.strip_prefix("urn:certless:").unwrap_or(id)).ok());
        let Some(id) = id else { return Ok(Found::Ended) };
        let life = match self.credential(&id) {
            Ok(registered) => registered.head.life,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Found::Ended),
            Err(error) => return Err(error),
        };
        Ok(match life {
            Life::Suspended { at: since } | Life::Revoked { at: since } => {
                if since <= at {
                    Found::EndedBefore
                } else {
                    Found::EndedSince
                }
            }
            Life::Valid => Found::Ended,
        })
    }

    /// Notes where the presentation and its views were accepted, and where they had been before.
    fn note_uses(
        &self,
        entry: &Entry,
        used: &Sighting,
        mut change: Change,
        seen: &mut Seen,
    ) -> Result<(Vec<Note>, Change), Error> {
        let mut notes = Vec::new();
        if let Some(once) = &entry.once {
            let key = self.use_key("once", once);
            match self.sighting(&key, seen)?.or(self.seen_online(once)?) {
                Some(other) if other.is(used) => {}
                Some(other) => notes.push(Note { found: Found::UsedTwice, code: None, other: Some(other) }),
                None => {
                    change = change.insert(Table::OfflineUse, key.clone(), record::encode(used)?);
                    seen.insert(key, used.clone());
                }
            }
        }
        for credential in &entry.credentials {
            let key = self.use_key("view", &credential.view);
            let other = self.sighting(&key, seen)?.filter(|other| other.place != used.place);
            if let Some(other) = other.filter(|_| notes.is_empty()) {
                notes.push(Note { found: Found::SeenElsewhere, code: None, other: Some(other) });
            }
            change = change.put(Table::OfflineUse, key.clone(), record::encode(used)?);
            seen.insert(key, used.clone());
        }
        Ok((notes, change))
    }

    fn sighting(&self, key: &[u8], seen: &Seen) -> Result<Option<Sighting>, Error> {
        if let Some(sighting) = seen.get(key) {
            return Ok(Some(sighting.clone()));
        }
        let row = self.store().get(Table::OfflineUse, key)?;
        row.map(|row| record::decode(Table::OfflineUse, &row.value)).transpose()
    }

    /// Whether the presentation was accepted over the network, as long as that is remembered.
    fn seen_online(&self, once: &str) -> Result<Option<Sighting>, Error> {
        let digest = from_hex(once).map(|digest| hex(&digest)).unwrap_or_default();
        let row = self.store().get(Table::Replay, digest.as_bytes())?;
        Ok(row.map(|_| Sighting { journal: String::new(), seq: 0, place: self.names.base().to_owned(), at: None }))
    }

    fn use_key(&self, kind: &str, mark: &str) -> Vec<u8> {
        record::key(&[kind, &self.commitment("offline-use", mark.as_bytes())])
    }
}

/// What to look at now: at first what could not be looked at before, then the lines that are new. Fails where the lines
/// that were looked at are others now.
fn work<'a>(lines: &'a [Line], done: Option<&Progress>, again: bool) -> Result<Vec<&'a Line>, Error> {
    let Some(done) = done else { return Ok(lines.iter().take(BATCH).collect()) };
    let at = lines.iter().position(|line| line.entry.seq == done.seq && line.digest == done.digest);
    let at = at.ok_or_else(|| {
        Error::new(ErrorKind::Conflict, "the journal is not the one that was reconciled before")
            .coded("journal_rewritten")
            .says(
                "该离线核验记录与此前核对过的不一致，可能被改写或截短。请保留原件并上报。",
                "This journal is not the one that was reconciled before: it was rewritten or cut off. Keep it and report it.",
            )
    })?;
    let open = lines.iter().filter(|line| again && done.open.contains(&line.entry.seq));
    let open: Vec<_> = open.take(BATCH).collect();
    let fresh = lines.iter().skip(at + 1).take(BATCH);
    Ok(if open.is_empty() { fresh.collect() } else { open })
}

impl Progress {
    /// How far it is after some lines more.
    fn after(done: Option<Self>, work: &[&Line], outcomes: &[Outcome], at: Timestamp) -> Self {
        let mut after = done.unwrap_or_else(|| Self { seq: 0, digest: String::new(), at, open: Vec::new() });
        after.at = at;
        if let Some(last) = work.last().filter(|last| last.entry.seq > after.seq) {
            (after.seq, after.digest) = (last.entry.seq, last.digest.clone());
        }
        after.open.retain(|seq| !work.iter().any(|line| line.entry.seq == *seq));
        let undecided = |outcome: &&Outcome| outcome.notes.iter().any(|note| note.found == Found::Undecided);
        after.open.extend(outcomes.iter().filter(undecided).map(|outcome| outcome.used.seq));
        after.open.truncate(MOST_OPEN);
        after
    }
}

fn check_name(journal: &str) -> Result<(), Error> {
    let good = from_base64url(journal).is_ok_and(|name| name.len() == 16);
    if good { Ok(()) } else { Err(Error::malformed("journal: not a name")) }
}

fn note(finding: &Finding, decided: Found) -> Note {
    let found = if finding.state == State::Error { Found::Undecided } else { decided };
    Note { found, code: Some(finding.code.as_str().to_owned()), other: None }
}
