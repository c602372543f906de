//! Making use records: in the change that remembers the verification, or in one of their own when it was refused.
//!
//! The head of a chain is one row on whose version the change insists, so that a chain never forks whatever process
//! writes. Within a process those of one chain take turns, so that windows do not contend with themselves. A crash before
//! the commit leaves neither record nor verification; after it both are there, and the leaf is queued.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::about::About;
use super::record::{self as form, Signed, TYP, UseId, UseRecord, Verdict as Told};
use super::{Mode, Place};
use crate::base::bytes::base64url;
use crate::base::random::bytes;
use crate::base::text::Label;
use crate::base::time::Timestamp;
use crate::crypto::digest::sha256;
use crate::domain::application::record::{Application, catalogue};
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::leaf::{Kind, leaf};
use crate::domain::matter::Matter;
use crate::domain::ports::{Contested, StoreError};
use crate::domain::record;
use crate::vc::finding::{Code, State};
use crate::vc::verify::Outcome;

/// Longest purpose, characters.
const PURPOSE: usize = 200;
/// How often a chain that another process lengthened is read again.
const TRIES: usize = 32;
/// How many locks the chains share.
const STRIPES: usize = 64;

/// Whose turn it is to lengthen a chain.
pub struct Turns(Vec<Mutex<()>>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..STRIPES).map(|_| Mutex::new(())).collect())
    }
}

impl Turns {
    fn take(&self, chain: &[u8]) -> Option<MutexGuard<'_, ()>> {
        let at = sha256(chain).first().map_or(0, |byte| usize::from(*byte)) % STRIPES;
        self.0.get(at).map(|turn| turn.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One thing that was shown, and what came of it.
#[derive(Clone, Copy)]
pub(in crate::domain) struct Seen<'a> {
    /// What came of it.
    pub(in crate::domain) outcome: &'a Outcome,
    /// What was shown, as received.
    pub(in crate::domain) received: &'a [u8],
}

/// Where something was shown, how and what for.
#[derive(Clone, Copy)]
pub(in crate::domain) struct Context<'a> {
    place: &'a Place,
    mode: Mode,
    application: Option<&'a Application>,
    matter: Option<&'a Matter>,
    purpose: Option<&'a Label>,
    shown_at: Option<Timestamp>,
}

impl<'a> Context<'a> {
    /// At a window, for nothing that is known.
    pub(in crate::domain) fn new(place: &'a Place, mode: Mode) -> Self {
        Self { place, mode, application: None, matter: None, purpose: None, shown_at: None }
    }

    /// For an application.
    pub(in crate::domain) fn of(mut self, application: &'a Application) -> Self {
        self.application = Some(application);
        self.matter = catalogue().ok().and_then(|matters| matters.named(&application.head.matter));
        self
    }

    /// For a matter whose application is not filed.
    pub(in crate::domain) fn about(mut self, matter: Option<&'a Matter>) -> Self {
        self.matter = matter;
        self
    }

    /// Handed in before it was looked at.
    pub(in crate::domain) fn since(mut self, shown_at: Option<Timestamp>) -> Self {
        self.shown_at = shown_at;
        self
    }

    /// As the holder was told.
    pub(in crate::domain) fn told(mut self, purpose: Option<&'a Label>) -> Self {
        self.purpose = purpose;
        self
    }
}

/// Adds to a change what names the records that it holds.
type Naming<'a> = &'a dyn Fn(Change, &[Signed]) -> Result<Change, Error>;

/// The last record of a chain.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Last {
    seq: u64,
    digest: Option<String>,
}

impl City {
    /// Commits a change together with the records of what was seen, and what of it is kept with the case.
    ///
    /// The outer error: nothing was applied because it could not be decided; the inner one is the store's.
    pub(in crate::domain) fn commit_seen(
        &self,
        change: Change,
        context: &Context<'_>,
        seen: &[Seen<'_>],
    ) -> Result<Result<Vec<Signed>, StoreError>, Error> {
        self.commit_seen_with(change, context, seen, &|change, _| Ok(change))
    }

    /// The same, where the change also holds something that names the records.
    pub(in crate::domain) fn commit_seen_with(
        &self,
        mut change: Change,
        context: &Context<'_>,
        seen: &[Seen<'_>],
        name: Naming<'_>,
    ) -> Result<Result<Vec<Signed>, StoreError>, Error> {
        let (mut about, mut kept) = (Vec::new(), BTreeSet::new());
        for one in seen {
            for said in self.about(one, context.application.is_some())? {
                for list in said.lists.iter().filter(|list| kept.insert(list.name())) {
                    change = self.keep_list(change, list)?;
                }
                about.push((*one, said));
            }
            if let (Some(application), Some(_)) = (context.application, &one.outcome.verified) {
                change = self.keep_presentation(change, application, one.received)?;
            }
        }
        let chain = record::key(&[context.place.unit.as_str(), &self.pseudonym(&context.place.author())]);
        let _turn = self.turns.take(&chain);
        for _ in 0..TRIES {
            let (with, signed) = self.recorded(change.clone(), &chain, context, &about)?;
            match self.store().commit(name(with, &signed)?) {
                Ok(_) => return Ok(Ok(signed)),
                Err(error) if is_contested(&error) => {}
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Err(StoreError::Retry))
    }

    fn recorded(
        &self,
        mut change: Change,
        chain: &[u8],
        context: &Context<'_>,
        about: &[(Seen<'_>, About)],
    ) -> Result<(Change, Vec<Signed>), Error> {
        let row = self.store().get(Table::UseChain, chain)?;
        let mut last: Last = match &row {
            Some(row) => record::decode(Table::UseChain, &row.value)?,
            None => Last::default(),
        };
        let mut signed = Vec::new();
        for (seen, about) in about {
            let one = self.sign_use(self.said(context, seen, about, &last));
            last = Last { seq: one.record.seq, digest: Some(one.digest()) };
            change = self.put_use(change, &one, about)?;
            signed.push(one);
        }
        let value = record::encode(&last)?;
        let change = match row {
            Some(row) => change.update(Table::UseChain, chain, row.version, value),
            None => change.insert(Table::UseChain, chain, value),
        };
        Ok((change, signed))
    }

    fn said(&self, context: &Context<'_>, one: &Seen<'_>, about: &About, last: &Last) -> UseRecord {
        let place = context.place;
        let (at, registry, clerk) = (self.this_second(), self.registry(), self.pseudonym(&place.author()));
        let name = registry.agency(&place.unit).map(|agency| agency.name.clone());
        let verdict = &one.outcome.verdict;
        let bad = verdict.report.results().iter().filter(|one| matches!(one.state, State::Invalid | State::Error));
        let codes = bad.filter_map(|one| one.code).map(|code: Code| code.as_str().to_owned());
        UseRecord {
            id: UseId::new(place.unit.clone(), at, &bytes::<12>(self.random())).to_string(),
            chain: format!("{}/{clerk}", place.unit),
            seq: last.seq.saturating_add(1),
            prev: last.digest.clone(),
            at,
            shown_at: context.shown_at,
            unit: place.unit.clone(),
            unit_name: name.unwrap_or_else(|| Label::new(place.unit.as_str(), place.unit.as_str())),
            window: place.machine.then(|| place.who.clone()),
            clerk,
            application: context.application.map(|application| application.head.id.clone()),
            matter: context.matter.map(|matter| matter.code.to_string()),
            matter_name: context.matter.map(|matter| matter.name.clone()),
            purpose: purpose(context),
            basis: place.basis,
            credential: about.used.clone(),
            fields: about.fields.clone(),
            mode: context.mode,
            format: verdict.format.name().to_owned(),
            presentation: base64url(&sha256(one.received)),
            verdict: Told {
                accepted: one.outcome.verified.is_some(),
                codes: codes.collect(),
                registry: registry.version,
            },
        }
    }

    fn sign_use(&self, said: UseRecord) -> Signed {
        let jwt = self.sign_by_root(TYP, &form::claims(&said));
        Signed { record: said, jwt }
    }

    /// Adds a record, the indexes that find it, and its leaf.
    fn put_use(&self, change: Change, one: &Signed, about: &About) -> Result<Change, Error> {
        let id = UseId::parse(&one.record.id)?;
        let key = id.key();
        let mut head = form::claims(&one.record);
        // What a clerk wrote may name somebody.
        head.remove("purpose");
        let value = self.vault().encode(Table::UseRecord, &key, &head, one.jwt.as_bytes())?;
        let case = one.record.application.as_ref().map(form::of_case);
        let licence = about.used.as_ref().and_then(|used| used.id.as_ref()).map(form::of_credential);
        let whose = about.whose.iter().cloned().chain(case).chain(licence);
        let mut change = change.insert(Table::UseRecord, key.clone(), value);
        for whose in whose {
            change = change.put(Table::UseIndex, id.index_key(&whose), key.clone());
        }
        change.leaves.push(leaf(Kind::Used, one.record.at, &[("record", one.digest().into())]));
        Ok(change)
    }
}

fn is_contested(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Conflict(Contested::Row { table: Table::UseChain, .. })
            | StoreError::Duplicate { table: Table::UseChain, .. }
            | StoreError::NotFound { table: Some(Table::UseChain), .. }
    )
}

/// What people are told that it was for.
fn purpose(context: &Context<'_>) -> Label {
    let cut = |text: &str| text.chars().take(PURPOSE).collect::<String>();
    let told = context.purpose.cloned().or_else(|| {
        let name = &context.matter?.name;
        Some(Label::new(format!("办理“{}”", name.zh), format!("For the matter “{}”", name.en)))
    });
    let told = told.unwrap_or_else(|| Label::new("窗口核验证照", "Verification at the window"));
    Label::new(cut(&told.zh), cut(&told.en))
}
