//! The witnesses of the own log: what each is asked, what it said, and the checkpoint with their cosignatures.
//!
//! Pure but for the store: whoever reaches the network takes [`City::witness_tasks`], sends each, and hands the answer to
//! [`City::witness_told`]. A witness that is down is asked less and less often and stops nothing; the log goes on, and
//! the latest checkpoint that has its quorum is kept, so that proofs can lead to it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Witness;
use super::serve::decimal;
use crate::base::bytes::base64;
use crate::base::json::{Value, json};
use crate::base::random::{below, bytes};
use crate::base::time::{Timestamp, from_unix, plus_seconds, rfc3339};
use crate::crypto::digest::sha256;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::city::keys::OwnSigner;
use crate::domain::error::Error;
use crate::domain::ports::{LogHead, StoreError};
use crate::tlog::checkpoint::{Checkpoint, Policy};
use crate::tlog::merkle::consistency_proof;
use crate::tlog::note::{Note, Signature};

/// The media type in which a witness tells the size that it knows.
pub const SIZE_TYPE: &str = "text/x.tlog.size";
/// Longest answer of a witness, bytes.
pub const MOST_ANSWER: u64 = 16 << 10;
/// Heads whose cosignatures are kept while they come in.
const HEADS: usize = 4;
/// Longest pause before a witness that failed is asked again, seconds.
const LONGEST_PAUSE: i64 = 60;
/// How old a cosignature becomes before the witness is asked again for a log that did not grow, seconds.
const RENEWED: u64 = 3_600;
/// How often a witnessed checkpoint is written down, seconds: it is kept in memory anyway.
const WRITTEN: i64 = 300;
/// Where the latest one is written; the others stand under their sizes.
const LATEST: &[u8] = b"latest";
/// One served checkpoint in so many carries a signature line that nobody knows.
const GREASE: u64 = 8;

/// What the witnesses said.
#[derive(Default)]
pub struct WitnessBook(Mutex<Book>);

#[derive(Default)]
struct Book {
    /// Cosignatures of the newest heads, by size and witness.
    heads: BTreeMap<u64, Cosigned>,
    /// The newest checkpoint that has its quorum.
    best: Option<Best>,
    /// Whether the store was asked for it.
    loaded: bool,
    written: Option<Timestamp>,
    peers: BTreeMap<String, Peer>,
}

struct Cosigned {
    root: [u8; 32],
    signatures: BTreeMap<String, Signature>,
}

#[derive(Clone)]
struct Best {
    tree: LogHead,
    note: String,
}

/// How it stands with one witness.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Peer {
    /// The size that it knows; what the next proof begins at.
    known: u64,
    cosigned: Option<(u64, u64)>,
    failures: u32,
    detail: String,
    next: Option<Timestamp>,
    /// It knows a larger tree than there is.
    ahead: bool,
    /// It says that the log does not continue what it cosigned.
    refused: bool,
}

/// One request to a witness.
#[derive(Clone, Debug)]
pub struct Task {
    /// The witness.
    pub witness: Witness,
    /// Where the request goes.
    pub url: String,
    /// Its body.
    pub body: String,
    head: LogHead,
}

/// What a witness answered, or why nothing came.
pub type Reply = Result<(u16, String, Vec<u8>), String>;

/// What follows from an answer.
#[derive(Clone, Debug)]
pub enum Next {
    /// Nothing until the next round.
    Done,
    /// It did not cosign, and not for the reason that was told before: for the operator.
    Trouble(String),
    /// Asking again at once, from the size that the witness told.
    Again(Box<Task>),
}

impl City {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.witness_book.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be sent now: the present checkpoint, to every witness that has not cosigned it and is not paused.
    pub fn witness_tasks(&self) -> Result<Vec<Task>, Error> {
        let (witnesses, head, now) = (self.witnesses()?, self.store().log_head()?, self.now());
        let mut tasks = Vec::new();
        for witness in witnesses {
            let peer = self.book().peers.get(witness.name()).cloned().unwrap_or_default();
            let paused = peer.next.is_some_and(|next| now < next);
            if paused || self.has_cosigned(witness.name(), head) {
                continue;
            }
            tasks.extend(self.task(witness, head, peer.known)?);
        }
        Ok(tasks)
    }

    fn has_cosigned(&self, name: &str, head: LogHead) -> bool {
        let book = self.book();
        let cosigned = book.heads.get(&head.size).filter(|cosigned| cosigned.root == head.root);
        let signature = cosigned.and_then(|cosigned| cosigned.signatures.get(name));
        let now = u64::try_from(self.now().as_second()).unwrap_or_default();
        signature.is_some_and(|signature| now.saturating_sub(time_of(signature)) < RENEWED)
    }

    /// The request that leads a witness from `old` to the head; `None` when the head is older.
    fn task(&self, witness: Witness, head: LogHead, old: u64) -> Result<Option<Task>, Error> {
        let store = self.store();
        let proof = consistency_proof(old, head.size, |node| store.log_node(node.level, node.index))?;
        let Some(proof) = proof else { return Ok(None) };
        let mut lines = vec![format!("old {old}")];
        lines.extend(proof.iter().map(|hash| base64(hash)));
        let body = format!("{}\n\n{}", lines.join("\n"), self.plain_note(head)?);
        let url = format!("{}/add-checkpoint", witness.url);
        Ok(Some(Task { witness, url, body, head }))
    }

    fn plain_note(&self, head: LogHead) -> Result<Note, Error> {
        let origin = self.log_origin();
        let mut note = Checkpoint { origin: origin.clone(), size: head.size, root: head.root }.note()?;
        let (own, registry, now) = (self.keys.own(), self.registry(), self.now());
        let (newest, older) = own.logs.split_last().ok_or_else(|| Error::corrupt("no key of the log"))?;
        // While keys overlap, each signs: who knows one of them ignores the line of the other (C2SP tlog-checkpoint).
        let signs = |one: &&OwnSigner| {
            let key = one.signer.public_key();
            registry.logs.iter().any(|known| known.key.key() == key && known.signs_at(now))
        };
        for one in older.iter().filter(signs).chain([newest]) {
            note.sign(&origin, one.signer.as_ref())?;
        }
        Ok(note)
    }

    /// Takes what a witness answered to a task.
    pub fn witness_told(&self, task: &Task, reply: &Reply) -> Result<Next, Error> {
        let name = task.witness.name();
        let failed = |detail: String| Ok(self.pause(name, detail));
        match reply {
            Ok((200, _, body)) => match self.cosignature_in(task, body) {
                Ok(signature) => self.note_cosignature(task, signature).map(|()| Next::Done),
                Err(error) => failed(error.to_string()),
            },
            Ok((409, _, body)) => match std::str::from_utf8(body).ok().and_then(|text| decimal(text.trim_end())) {
                Some(size) => self.witness_knows(task, size),
                None => failed("a conflict without a size".to_owned()),
            },
            Ok((status, ..)) => {
                let next = self.pause(name, format!("answered {status}"));
                self.book().peers.entry(name.to_owned()).or_default().refused = *status == 422;
                Ok(next)
            }
            Err(detail) => failed(detail.clone()),
        }
    }

    fn witness_knows(&self, task: &Task, size: u64) -> Result<Next, Error> {
        let head = self.store().log_head()?;
        let ahead = size > head.size;
        {
            let mut book = self.book();
            let peer = book.peers.entry(task.witness.name().to_owned()).or_default();
            (peer.known, peer.ahead) = (if ahead { 0 } else { size }, ahead);
        }
        if ahead {
            let detail = format!("knows {size} entries and the log has {}: was an old backup restored?", head.size);
            return Ok(self.pause(task.witness.name(), detail));
        }
        Ok(self.task(task.witness.clone(), head, size)?.map_or(Next::Done, |task| Next::Again(Box::new(task))))
    }

    /// The witness's own signature in its answer, verified over the checkpoint that it was sent.
    fn cosignature_in(&self, task: &Task, body: &[u8]) -> Result<Signature, Error> {
        let key = task.witness.verifier()?;
        let lines = std::str::from_utf8(body).map_err(|_| Error::malformed("the answer is not text"))?;
        let own = |line: &Signature| line.name == key.name() && line.id == key.id();
        let signature = Signature::parse_lines(lines)?.into_iter().find(own);
        let signature = signature.ok_or_else(|| Error::malformed("no cosignature of the witness's key"))?;
        let mut note = self.plain_note(task.head)?;
        note.add(signature.clone());
        let time = note.verify(&key)?;
        if time.is_none_or(|time| time == 0) {
            return Err(Error::malformed("a cosignature without its time"));
        }
        Ok(signature)
    }

    fn note_cosignature(&self, task: &Task, signature: Signature) -> Result<(), Error> {
        let name = task.witness.name().to_owned();
        let time = time_of(&signature);
        {
            let mut book = self.book();
            let size = task.head.size;
            book.peers.insert(name.clone(), Peer { known: size, cosigned: Some((size, time)), ..Peer::default() });
            let fresh = || Cosigned { root: task.head.root, signatures: BTreeMap::new() };
            book.heads.entry(size).or_insert_with(fresh).signatures.insert(name, signature);
            while book.heads.len() > HEADS {
                book.heads.pop_first();
            }
        }
        self.note_quorum(task.head)
    }

    /// Keeps the checkpoint if it has its quorum now and none newer has.
    fn note_quorum(&self, head: LogHead) -> Result<(), Error> {
        let note = self.cosigned_note(head)?;
        let known: Vec<String> = self.witnesses()?.iter().map(|witness| witness.name().to_owned()).collect();
        let signed = note.signatures().iter().filter(|line| known.contains(&line.name)).count();
        if signed < self.quorum() {
            return Ok(());
        }
        let text = note.to_string();
        let write = {
            let mut book = self.book();
            if book.best.as_ref().is_some_and(|best| best.tree.size > head.size) {
                return Ok(());
            }
            book.best = Some(Best { tree: head, note: text.clone() });
            book.loaded = true;
            let now = self.now();
            let due = book.written.is_none_or(|at| now.as_second().saturating_sub(at.as_second()) >= WRITTEN);
            book.written = if due { Some(now) } else { book.written };
            due
        };
        if write { self.write_cosigned(head, &text) } else { Ok(()) }
    }

    fn write_cosigned(&self, head: LogHead, note: &str) -> Result<(), Error> {
        let change = Change::new(self.fresh_request("cosigned")?, sha256(note.as_bytes()))
            .put(Table::Cosigned, LATEST, note)
            .put(Table::Cosigned, head.size.to_be_bytes(), note);
        match self.store().commit(change) {
            // Kept in memory; written with a later one.
            Ok(_) | Err(StoreError::Retry | StoreError::Full | StoreError::Unknown | StoreError::ReadOnly) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn pause(&self, name: &str, detail: String) -> Next {
        let mut book = self.book();
        let peer = book.peers.entry(name.to_owned()).or_default();
        peer.failures = peer.failures.saturating_add(1);
        let pause = 1_i64.checked_shl(peer.failures.min(6)).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
        peer.next = Some(plus_seconds(self.now(), pause));
        let told_before = peer.detail == detail;
        peer.detail.clone_from(&detail);
        if told_before { Next::Done } else { Next::Trouble(detail) }
    }

    /// How many witnesses a checkpoint needs: what the city decided, at least one where any is asked.
    fn quorum(&self) -> usize {
        usize::try_from(self.rules.witnesses.quorum).unwrap_or(usize::MAX).max(1)
    }

    /// The checkpoint of a head, with what the witnesses have said of it so far.
    pub(in crate::domain) fn cosigned_note(&self, head: LogHead) -> Result<Note, Error> {
        let mut note = self.plain_note(head)?;
        let book = self.book();
        let cosigned = book.heads.get(&head.size).filter(|cosigned| cosigned.root == head.root);
        for signature in cosigned.into_iter().flat_map(|cosigned| cosigned.signatures.values()) {
            note.add(signature.clone());
        }
        Ok(note)
    }

    /// The newest checkpoint that has its quorum; `None` before the first.
    pub fn witnessed_checkpoint(&self) -> Result<Option<(LogHead, String)>, Error> {
        let loaded = self.book().loaded;
        if !loaded {
            let row = self.store().get(Table::Cosigned, LATEST)?;
            let found = row.and_then(|row| self.best_in(&row.value));
            let mut book = self.book();
            book.loaded = true;
            book.best = book.best.take().or(found);
        }
        Ok(self.book().best.clone().map(|best| (best.tree, best.note)))
    }

    /// A written checkpoint, if it is one of this log and fits the log as it is.
    fn best_in(&self, note: &[u8]) -> Option<Best> {
        let note = String::from_utf8(note.to_vec()).ok()?;
        let tree = self.log_policy().ok()?.open(&note).ok()?.checkpoint;
        let head = self.store().log_head().ok()?;
        (tree.size <= head.size).then_some(Best { tree: LogHead { size: tree.size, root: tree.root }, note })
    }

    /// The checkpoint as anyone gets it: signed, cosigned as far as it is, now and then with a line that nobody knows
    /// (grease), so that readers learn to ignore what they do not know.
    pub fn served_checkpoint(&self) -> Result<String, Error> {
        let mut note = self.cosigned_note(self.store().log_head()?)?;
        if self.rules.witnesses.grease && below(self.random(), GREASE) == 0 {
            let [a, b, c, d, rest @ ..] = bytes::<68>(self.random());
            note.add(Signature { name: "grease.invalid".to_owned(), id: [a, b, c, d], bytes: rest.to_vec() });
        }
        Ok(note.to_string())
    }

    /// How it stands with the witnesses, for anyone; `private` adds why one failed.
    pub fn witness_state(&self, private: bool) -> Result<Value, Error> {
        let (head, best) = (self.store().log_head()?, self.witnessed_checkpoint()?);
        let witnesses = self.witnesses()?;
        let peers = self.book().peers.clone();
        let told = witnesses.iter().map(|witness| {
            let peer = peers.get(witness.name()).cloned().unwrap_or_default();
            let mut told = json!({
                "name": witness.name(), "key": witness.key, "url": witness.url, "since": rfc3339(witness.since),
                "state": peer.state(head.size), "failures": peer.failures,
                "size": peer.cosigned.map(|(size, _)| size),
                "at": peer.cosigned.and_then(|(_, time)| from_unix(i64::try_from(time).ok()?)).map(rfc3339),
            });
            if let (true, Value::Object(told)) = (private && !peer.detail.is_empty(), &mut told) {
                told.insert("detail".to_owned(), peer.detail.into());
            }
            told
        });
        let told: Vec<Value> = told.collect();
        let logs = self.witnessed_logs()?.into_iter().map(|log| {
            let tree = self.witnessed_tree(&log.origin)?;
            let (size, at) = (tree.as_ref().map(|tree| tree.size), tree.as_ref().map(|tree| rfc3339(tree.at)));
            let since = rfc3339(log.since);
            Ok(json!({"origin": log.origin, "keys": log.keys, "since": since, "size": size, "at": at}))
        });
        Ok(json!({
            "size": head.size,
            "quorum": if witnesses.is_empty() { 0 } else { self.quorum() },
            "witnessed": best.map(|(tree, _)| tree.size),
            "witnesses": told,
            "own": {"name": self.witness_name(), "key": self.witness_key()?.to_string()},
            "logs": logs.collect::<Result<Vec<_>, Error>>()?,
        }))
    }

    /// What a reader relies on who wants the city's own quorum.
    pub fn witnessed_policy(&self) -> Result<Policy, Error> {
        let witnesses = self.witnesses()?.iter().map(Witness::verifier).collect::<Result<Vec<_>, _>>()?;
        let quorum = if witnesses.is_empty() { 0 } else { self.quorum() };
        Ok(Policy { witnesses, quorum, ..self.log_policy()? })
    }
}

/// The time in a cosignature.
fn time_of(signature: &Signature) -> u64 {
    signature.bytes.first_chunk().map_or(0, |time| u64::from_be_bytes(*time))
}

impl Peer {
    /// The frozen name of how it stands.
    fn state(&self, head: u64) -> &'static str {
        match self.cosigned {
            _ if self.ahead => "ahead",
            _ if self.refused => "refused",
            _ if self.failures > 0 => "down",
            Some((size, _)) if size == head => "current",
            Some(_) => "behind",
            None => "new",
        }
    }
}
