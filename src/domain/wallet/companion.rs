//! The companion of a licence: the proof that its issuing stands in the city's log, kept beside it.

use super::Wallet;
use super::receive::{Issuer, Request};
use crate::base::bytes::base64url;
use crate::base::jcs::canonicalize;
use crate::base::json::{Value, parse_object};
use crate::crypto::digest::sha256;
use crate::domain::companion::digest_in;
use crate::domain::error::{Error, ErrorKind};
use crate::tlog::checkpoint::Checkpoint;
use crate::tlog::merkle::{leaf_hash, verify_inclusion};
use crate::tlog::note::Note;
use crate::tlog::proof::LogProof;

impl Wallet {
    /// Asks the city's log for the companion of a licence and keeps it. `not-found` while the log has no entry of it.
    ///
    /// The wallet holds no key of the log: it checks that the proof is of this licence and leads to the checkpoint in it;
    /// whoever verifies checks who signed that.
    pub fn fetch_companion(&mut self, which: &str, net: &dyn Issuer) -> Result<&str, Error> {
        let id = self.find(which)?.id.clone();
        let credential = self.find(&id)?.credential_value()?;
        let digest = sha256(&canonicalize(&credential));
        let reply = net.ask(&format!("{}/log/find/{}", home(&credential)?, base64url(&digest)), Request::Get)?;
        if reply.status != 200 {
            return Err(refused(reply.status, &reply.body));
        }
        let text = String::from_utf8(reply.body).map_err(|_| wrong("not text"))?;
        check(&text, &digest)?;
        let licence = self.licences.iter_mut().find(|licence| licence.id == id);
        let licence = licence.ok_or_else(|| Error::not_found("the licence of the companion"))?;
        Ok(licence.log_proof.insert(text))
    }
}

/// The city's address, as the licence's schema has it.
fn home(credential: &Value) -> Result<&str, Error> {
    let schema = credential.pointer("/credentialSchema/id").and_then(Value::as_str);
    let home = schema.and_then(|url| Some(url.split_once("/schemas/")?.0));
    home.ok_or_else(|| Error::malformed("the licence does not name its city"))
}

fn check(text: &str, digest: &[u8; 32]) -> Result<(), Error> {
    let proof = LogProof::parse(text)?;
    let entry = proof.extra.as_deref().unwrap_or_default();
    if digest_in(entry).as_ref() != Some(digest) {
        return Err(wrong("the entry is of another document"));
    }
    let tree = Checkpoint::parse(Note::parse(&proof.checkpoint)?.text())?;
    if !verify_inclusion(&leaf_hash(entry), proof.index, tree.size, &proof.hashes, &tree.root) {
        return Err(wrong("the hashes do not lead to the root"));
    }
    Ok(())
}

fn refused(status: u16, body: &[u8]) -> Error {
    let problem = parse_object(body, &crate::base::json::Limits::DEFAULT).unwrap_or_default();
    let said = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let kind = if status == 404 { ErrorKind::NotFound } else { ErrorKind::Unavailable };
    let error = Error::new(kind, format!("the log answered {status}"));
    if said("zh").is_empty() { error } else { error.says(said("zh"), said("en")) }
}

fn wrong(detail: &str) -> Error {
    Error::new(ErrorKind::Refused, format!("companion: {detail}")).says(
        "取得的公开日志证明与证照不符，未保存。",
        "The proof from the log does not fit the licence; it was not kept.",
    )
}
