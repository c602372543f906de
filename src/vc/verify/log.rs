//! Inclusion in the public log: whether the issuing of what was shown stands in a log that the verifier relies on.
//!
//! A companion proof is a C2SP tlog-proof whose `extra` is the log's entry itself: a leaf ([`vc::leaf`](crate::vc::leaf)) of
//! kind `issued` whose `digest` is the SHA-256 of the credential in its canonical form (RFC 8785), proofs included. The
//! extra data is not authenticated by itself: the entry is believed because its hash leads to the signed root, and it
//! belongs to this credential because its digest does.

use super::sources::Content;
use super::verdict::Report;
use crate::base::error::ParseError;
use crate::base::jcs::canonicalize;
use crate::base::time::Timestamp;
use crate::crypto::digest::sha256;
use crate::tlog::checkpoint::{Accepted, Checkpoint, Policy as LogPolicy};
use crate::tlog::merkle::{leaf_hash, verify_inclusion};
use crate::tlog::note::Note;
use crate::tlog::proof::LogProof;
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::leaf::{Entry, Kind};

/// Most proofs that come with one input.
pub const MOST_PROOFS: usize = 64;

/// A log that is relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedLog {
    /// Its keys and witnesses.
    pub policy: LogPolicy,
    /// The DID of the city whose issuing it tells of; of anyone's without one, which is for who named the key himself.
    pub city: Option<String>,
}

impl From<LogPolicy> for TrustedLog {
    fn from(policy: LogPolicy) -> Self {
        Self { policy, city: None }
    }
}

impl TrustedLog {
    /// Whether the issuer of what is shown stands below the city of the log: no city vouches for another's issuing.
    fn tells_of(&self, content: &Content) -> bool {
        let Some(city) = &self.city else { return true };
        let Content::Whole(credential) = content else { return false };
        let issuer = credential.get("issuer").and_then(|issuer| issuer.get("id").unwrap_or(issuer).as_str());
        issuer.and_then(|issuer| issuer.strip_prefix(city)).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    }
}

/// Companion proofs and whom the verifier relies on about logs.
#[derive(Clone, Debug, Default)]
pub struct LogEvidence {
    /// The proofs that came with what was shown.
    pub proofs: Vec<LogProof>,
    /// The logs that are relied on, with the witnesses that must have cosigned.
    pub logs: Vec<TrustedLog>,
    /// Checkpoints that the verifier holds already.
    pub held: Vec<Checkpoint>,
}

impl LogEvidence {
    /// Reads companion files, one or several behind each other; `log_proof_malformed` when one is none.
    pub fn read(mut self, text: &str) -> Result<Self, ParseError> {
        const HEADER: &str = "c2sp.org/tlog-proof@v1\n";
        let mut starts: Vec<usize> = text.match_indices(HEADER).map(|(at, _)| at).collect();
        starts.retain(|at| *at == 0 || text.get(..*at).is_some_and(|before| before.ends_with('\n')));
        if starts.first() != Some(&0) || starts.len() > MOST_PROOFS {
            return Err(ParseError::new("log_proof_malformed", "not a tlog-proof"));
        }
        let ends = starts.iter().skip(1).copied().chain([text.len()]);
        for (from, to) in starts.iter().zip(ends) {
            self.proofs.push(LogProof::parse(text.get(*from..to).unwrap_or_default())?);
        }
        Ok(self)
    }

    /// Makes the check for everything that was shown.
    pub(super) fn check<'a>(&self, shown: impl Iterator<Item = &'a Content>, report: &mut Report) {
        let mut unused: Vec<&LogProof> = self.proofs.iter().collect();
        for content in shown {
            let digest = digest_of(content);
            let own = |proof: &&LogProof| digest.is_some() && entry_digest(proof) == digest;
            let Some(proof) = unused.iter().copied().find(own) else {
                report.skip(Check::Log, Code::LogUnproven);
                continue;
            };
            unused.retain(|other| !own(other));
            report.take(Check::Log, self.judge(proof, content));
        }
        if !unused.is_empty() {
            let detail = format!("{} proofs of nothing that was shown", unused.len());
            report.fail(Finding::invalid(Check::Log, Code::LogProofOther, detail));
        }
    }

    /// Judges one proof of something that was shown whole, by the logs that are relied on.
    pub fn judge(&self, proof: &LogProof, content: &Content) -> Result<(), Finding> {
        let wrong = |error: ParseError| finding(&error);
        let note = Note::parse(&proof.checkpoint).map_err(wrong)?;
        let named = Checkpoint::parse(note.text()).map_err(wrong)?;
        self.compare(&named)?;
        let leaf = leaf_hash(proof.extra.as_deref().unwrap_or_default());
        let known: Vec<_> =
            self.logs.iter().filter(|log| log.policy.origin == named.origin && log.tells_of(content)).collect();
        if known.is_empty() {
            return self.judge_held(proof, &named, &leaf);
        }
        let mut last = None;
        for log in known {
            match proof.verify(&leaf, &log.policy) {
                Ok(_) if self.held.contains(&named) => return Ok(()),
                Ok(accepted) => return in_its_time(&accepted, proof),
                Err(error) => last = Some(error),
            }
        }
        Err(last.map_or_else(|| unknown(&named), |error| finding(&error)))
    }

    /// Two trees of one log and one size must be one tree.
    fn compare(&self, named: &Checkpoint) -> Result<(), Finding> {
        let same = |held: &&Checkpoint| held.origin == named.origin && held.size == named.size;
        match self.held.iter().find(same) {
            Some(held) if held.root != named.root => {
                let detail = format!("two trees of {} leaves in {}", named.size, named.origin);
                Err(Finding::invalid(Check::Log, Code::LogFork, detail))
            }
            _ => Ok(()),
        }
    }

    /// Without a key of the log, the very checkpoint that the verifier holds is as good.
    fn judge_held(&self, proof: &LogProof, named: &Checkpoint, leaf: &[u8; 32]) -> Result<(), Finding> {
        if !self.held.contains(named) {
            return Err(unknown(named));
        }
        if verify_inclusion(leaf, proof.index, named.size, &proof.hashes, &named.root) {
            return Ok(());
        }
        Err(Finding::invalid(Check::Log, Code::LogProofInvalid, "the hashes do not lead to the root"))
    }
}

/// Whether a key that signed the checkpoint could have signed it: a checkpoint is no older than the entry in it. What a key
/// that others have says of the time before is told apart from their forgeries by a witness that cosigned before, or not.
fn in_its_time(accepted: &Accepted, proof: &LogProof) -> Result<(), Finding> {
    let at = Entry::parse(proof.extra.as_deref().unwrap_or_default()).map_err(|error| finding(&error))?.at;
    let before = |from: Timestamp| {
        let from = u64::try_from(from.as_second()).unwrap_or_default();
        accepted.witnessed.iter().any(|(_, time)| *time < from)
    };
    let possible: Vec<_> = accepted.signed.iter().filter(|signed| signed.counts_at(at)).collect();
    if possible.iter().any(|signed| signed.compromised_from.is_none_or(before)) {
        return Ok(());
    }
    if possible.is_empty() {
        let detail = "the entry is newer than the time of the key that signed";
        return Err(Finding::invalid(Check::Log, Code::LogProofInvalid, detail));
    }
    Err(Finding::error(Check::Log, Code::LogKeyCompromised, "no witness cosigned before the key was compromised"))
}

/// What the log says an issued credential by: the SHA-256 of its canonical form; `None` for what is shown in part.
pub fn digest_of(content: &Content) -> Option<[u8; 32]> {
    match content {
        Content::Whole(credential) => Some(sha256(&canonicalize(credential))),
        Content::Part(_) | Content::View { .. } => None,
    }
}

/// The credential that the entry of a companion proof is about; `None` when it is about none.
fn entry_digest(proof: &LogProof) -> Option<[u8; 32]> {
    let entry = Entry::parse(proof.extra.as_deref()?).ok()?;
    if entry.kind != Kind::Issued {
        return None;
    }
    entry.bytes("digest")?.try_into().ok()
}

fn unknown(named: &Checkpoint) -> Finding {
    Finding::error(Check::Log, Code::LogUnknown, format!("no key of the log {}", named.origin))
}

fn finding(error: &ParseError) -> Finding {
    if error.code == "checkpoint_quorum" {
        return Finding::error(Check::Log, Code::LogQuorum, error.detail.clone());
    }
    Finding::invalid(Check::Log, Code::LogProofInvalid, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::bytes::base64url;
    use crate::base::json::{Value, json};
    use crate::base::time::from_unix;
    use crate::crypto::{Signer as _, SigningKey};
    use crate::tlog::merkle::node_hash;
    use crate::tlog::note::{self, VerifierKey};
    use crate::vc::finding::State;

    const ORIGIN: &str = "city.example/log";

    fn credential() -> Value {
        json!({"id": "urn:x", "credentialSubject": {"name": "张三"}})
    }

    fn entry(kind: Kind, credential: &Value) -> Vec<u8> {
        let digest = json!(base64url(&sha256(&canonicalize(credential))));
        let (agency, tag) = (json!("GA"), json!(base64url(&[1; 16])));
        let issued = [("agency", agency), ("type", json!("idCard")), ("credential", tag), ("digest", digest.clone())];
        let trust = [("version", json!(1)), ("digest", digest)];
        let members = if kind == Kind::Issued { &issued[..] } else { &trust[..] };
        crate::vc::leaf::encode(kind, from_unix(0).unwrap(), members)
    }

    fn log_key() -> SigningKey {
        SigningKey::ed25519(&[1; 32])
    }

    fn witness() -> SigningKey {
        SigningKey::ed25519(&[2; 32])
    }

    /// A proof that `entry` is the second of two.
    fn proof(entry: Vec<u8>, cosigned: bool) -> LogProof {
        let first = leaf_hash(b"first");
        let root = node_hash(&first, &leaf_hash(&entry));
        let mut note = Checkpoint { origin: ORIGIN.to_owned(), size: 2, root }.note().unwrap();
        note.sign(ORIGIN, &log_key()).unwrap();
        if cosigned {
            note.add(note.cosign("w.example", &witness(), 7).unwrap());
        }
        LogProof { extra: Some(entry), index: 1, hashes: vec![first], checkpoint: note.to_string() }
    }

    fn trusted(quorum: usize) -> LogPolicy {
        LogPolicy {
            origin: ORIGIN.to_owned(),
            logs: vec![VerifierKey::new(ORIGIN, note::Kind::Ed25519, log_key().public_key()).unwrap().into()],
            witnesses: vec![VerifierKey::new("w.example", note::Kind::Cosignature, witness().public_key()).unwrap()],
            quorum,
        }
    }

    fn state(evidence: &LogEvidence, shown: &[Content]) -> (State, Option<Code>) {
        let mut report = Report::default();
        evidence.check(shown.iter(), &mut report);
        let result = report.results().iter().find(|result| result.check == Check::Log).unwrap();
        (result.state, result.code)
    }

    fn with(proofs: Vec<LogProof>, quorum: usize) -> LogEvidence {
        LogEvidence { proofs, logs: vec![trusted(quorum).into()], held: Vec::new() }
    }

    #[test]
    fn a_proof_of_this_credential_is_valid_and_of_another_is_not() {
        let whole = [Content::Whole(credential())];
        let good = proof(entry(Kind::Issued, &credential()), false);
        assert_eq!(state(&with(vec![good.clone()], 0), &whole), (State::Valid, None));
        let other = proof(entry(Kind::Issued, &json!({"id": "urn:y"})), false);
        assert_eq!(state(&with(vec![other], 0), &whole), (State::Invalid, Some(Code::LogProofOther)));
        let another_kind = proof(entry(Kind::Trust, &credential()), false);
        assert_eq!(state(&with(vec![another_kind], 0), &whole).0, State::Invalid);
        let mut moved = good;
        moved.hashes[0][3] ^= 1;
        assert_eq!(state(&with(vec![moved], 0), &whole), (State::Invalid, Some(Code::LogProofInvalid)));
        assert_eq!(state(&with(Vec::new(), 0), &whole), (State::Skipped, Some(Code::LogUnproven)));
    }

    #[test]
    fn what_is_shown_in_part_has_no_proof() {
        let part = [Content::Part(crate::base::json::Map::new())];
        let good = proof(entry(Kind::Issued, &credential()), false);
        assert_eq!(state(&with(vec![good], 0), &part), (State::Invalid, Some(Code::LogProofOther)));
    }

    #[test]
    fn a_quorum_that_is_not_met_and_a_log_that_is_not_known_leave_it_undecided() {
        let whole = [Content::Whole(credential())];
        let (plain, cosigned) =
            (proof(entry(Kind::Issued, &credential()), false), proof(entry(Kind::Issued, &credential()), true));
        assert_eq!(state(&with(vec![plain.clone()], 1), &whole), (State::Error, Some(Code::LogQuorum)));
        assert_eq!(state(&with(vec![cosigned], 1), &whole), (State::Valid, None));
        let nobody = LogEvidence { proofs: vec![plain], ..LogEvidence::default() };
        assert_eq!(state(&nobody, &whole), (State::Error, Some(Code::LogUnknown)));
    }

    #[test]
    fn a_checkpoint_that_is_held_stands_in_for_the_key_and_shows_a_fork() {
        let whole = [Content::Whole(credential())];
        let good = proof(entry(Kind::Issued, &credential()), false);
        let named = Checkpoint::parse(Note::parse(&good.checkpoint).unwrap().text()).unwrap();
        let held = LogEvidence { proofs: vec![good.clone()], logs: Vec::new(), held: vec![named.clone()] };
        assert_eq!(state(&held, &whole), (State::Valid, None));
        let fork = Checkpoint { root: [9; 32], ..named };
        let forked = LogEvidence { held: vec![fork], ..with(vec![good], 0) };
        assert_eq!(state(&forked, &whole), (State::Invalid, Some(Code::LogFork)));
    }

    #[test]
    fn an_ended_key_proves_what_is_older_and_a_stolen_one_what_a_witness_saw_before() {
        let whole = [Content::Whole(credential())];
        let at = |seconds| Some(from_unix(seconds).unwrap());
        // The entry is of the second 0, the cosignature of the second 7.
        let judged = |cosigned: bool, until: Option<Timestamp>, stolen: Option<Timestamp>| {
            let mut log = trusted(0);
            log.logs[0].until = until;
            log.logs[0].compromised_from = stolen;
            let evidence = LogEvidence {
                proofs: vec![proof(entry(Kind::Issued, &credential()), cosigned)],
                logs: vec![log.into()],
                held: Vec::new(),
            };
            state(&evidence, &whole)
        };
        assert_eq!(judged(false, at(0), None), (State::Valid, None));
        assert_eq!(judged(false, at(-1), None), (State::Invalid, Some(Code::LogProofInvalid)));
        assert_eq!(judged(false, None, at(0)), (State::Invalid, Some(Code::LogProofInvalid)));
        assert_eq!(judged(false, at(9), at(8)), (State::Error, Some(Code::LogKeyCompromised)));
        assert_eq!(judged(true, at(9), at(8)), (State::Valid, None), "cosigned before");
        assert_eq!(judged(true, at(9), at(7)), (State::Error, Some(Code::LogKeyCompromised)), "cosigned after");
    }

    #[test]
    fn a_log_tells_of_its_own_citys_issuing_only() {
        let issued = |issuer: Value| {
            let credential = json!({"issuer": issuer, "credentialSubject": {}});
            let proof = proof(entry(Kind::Issued, &credential), false);
            let log = TrustedLog { policy: trusted(0), city: Some("did:web:a.example".to_owned()) };
            let evidence = LogEvidence { proofs: vec![proof], logs: vec![log], held: Vec::new() };
            state(&evidence, &[Content::Whole(credential)])
        };
        for own in [json!("did:web:a.example"), json!({"id": "did:web:a.example:agencies:GA"})] {
            assert_eq!(issued(own), (State::Valid, None));
        }
        for other in [json!("did:web:b.example"), json!({"id": "did:web:a.example.org:agencies:GA"}), json!(7)] {
            assert_eq!(issued(other), (State::Error, Some(Code::LogUnknown)));
        }
    }

    #[test]
    fn several_companion_files_are_read_one_after_another() {
        let good = proof(entry(Kind::Issued, &credential()), true);
        let text = format!("{good}{good}");
        assert_eq!(LogEvidence::default().read(&text).unwrap().proofs, [good.clone(), good]);
        for wrong in ["", "x", "c2sp.org/tlog-proof@v2\nindex 0\n\nx"] {
            assert_eq!(LogEvidence::default().read(wrong).unwrap_err().code, "log_proof_malformed");
        }
    }
}
