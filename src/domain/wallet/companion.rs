//! The companion of a licence: the proof that its issuing stands in the city's log, kept beside it.

use super::Wallet;
use super::receive::{Issuer, Request};
use crate::base::bytes::base64url;
use crate::base::jcs::canonicalize;
use crate::base::json::{Value, parse_object};
use crate::crypto::digest::sha256;
use crate::domain::companion::digest_in;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::trust::Registry;
use crate::tlog::proof::LogProof;
use crate::vc::finding::Finding;
use crate::vc::verify::LogEvidence;
use crate::vc::verify::sources::Content;

impl Wallet {
    /// Asks the city's log for the companion of a licence and keeps it. `not-found` while the log has no entry of it.
    ///
    /// It is held against the licence and the keys of the log that the city's registry names; see [`city`](super::city) for
    /// how that is learned, and what `compared` is.
    pub fn fetch_companion(&mut self, which: &str, compared: Option<&str>, net: &dyn Issuer) -> Result<&str, Error> {
        let id = self.find(which)?.id.clone();
        let credential = self.find(&id)?.credential_value()?;
        let base = home(&credential)?.to_owned();
        let digest = sha256(&canonicalize(&credential));
        let reply = net.ask(&format!("{base}/log/find/{}", base64url(&digest)), Request::Get)?;
        if reply.status != 200 {
            return Err(refused(reply.status, &reply.body));
        }
        let text = String::from_utf8(reply.body).map_err(|_| wrong("not text"))?;
        let registry = self.learn_city(&base, compared, net)?;
        check(&text, credential, &digest, &registry)?;
        let licence = self.licences.iter_mut().find(|licence| licence.id == id);
        let licence = licence.ok_or_else(|| Error::not_found("the licence of the companion"))?;
        Ok(licence.log_proof.insert(text))
    }

    /// The companion that is kept and that was held against the keys of the city's log; none of one that came before those
    /// were known.
    pub fn kept_companion(&self, which: &str) -> Result<Option<&str>, Error> {
        let licence = self.find(which)?;
        let Some(kept) = licence.log_proof.as_deref() else { return Ok(None) };
        let known = self.city(home(&licence.credential_value()?)?).is_some();
        Ok(Some(kept).filter(|_| known))
    }
}

/// The city's address, as the licence's schema has it.
fn home(credential: &Value) -> Result<&str, Error> {
    let schema = credential.pointer("/credentialSchema/id").and_then(Value::as_str);
    let home = schema.and_then(|url| Some(url.split_once("/schemas/")?.0));
    home.ok_or_else(|| Error::malformed("the licence does not name its city"))
}

fn check(text: &str, credential: Value, digest: &[u8; 32], registry: &Registry) -> Result<(), Error> {
    let proof = LogProof::parse(text)?;
    if digest_in(proof.extra.as_deref().unwrap_or_default()).as_ref() != Some(digest) {
        return Err(wrong("the entry is of another document"));
    }
    let evidence = LogEvidence { logs: registry.trusted_logs(), ..LogEvidence::default() };
    evidence.judge(&proof, &Content::Whole(credential)).map_err(|finding| not_the_logs(&finding))
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

/// A proof that the registry's keys of the log do not bear out.
fn not_the_logs(finding: &Finding) -> Error {
    let (zh, en) = (finding.code.zh(), finding.code.en());
    Error::new(ErrorKind::Refused, format!("companion: {finding}")).says(
        format!("公开日志证明与该市信任名录登记的日志公钥不符，未保存：{zh}请向发证机关反映。"),
        format!("The proof does not fit the keys of the log that the city's registry names; it was not kept. {en} Tell the agency."),
    )
}
