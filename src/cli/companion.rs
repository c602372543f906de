//! What `certless verify` relies on about the public log: companion files, keys, checkpoints, witnesses.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::output::file_error;
use crate::adapters::client::Client;
use crate::base::json::Value;
use crate::domain::error::{Error, ErrorKind};
use crate::tlog::checkpoint::{Checkpoint, Policy};
use crate::tlog::note::{Note, VerifierKey};
use crate::vc::verify::{LogEvidence, TrustedLog};

/// Options about the public log.
#[derive(Args, Clone, Debug, Default)]
pub struct LogArgs {
    /// Companion file (.tlog-proof): that the issuing stands in the city's public log; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub proof: Vec<PathBuf>,
    /// Key of a log that no trust registry lists, name+id+key or a file with it; the keys in the registry otherwise.
    #[arg(long, value_name = "KEY", requires = "proof", conflicts_with = "server")]
    pub log_key: Vec<String>,
    /// Checkpoint of the log that is held already; a proof that contradicts it is refused.
    #[arg(long, value_name = "FILE", requires = "proof", conflicts_with = "server")]
    pub checkpoint: Vec<PathBuf>,
    /// Key of a witness that must have cosigned the log, name+id+key or a file with it; may be given several times.
    #[arg(long, value_name = "KEY", requires = "proof", conflicts_with = "server")]
    pub witness: Vec<String>,
    /// How many of the witnesses must have cosigned; all of them otherwise.
    #[arg(long, value_name = "NUMBER", requires = "witness", conflicts_with = "server")]
    pub quorum: Option<usize>,
}

impl LogArgs {
    /// What is relied on; `listed` are the logs of the registries that are. `None` without a companion file.
    pub fn evidence(&self, listed: &[TrustedLog]) -> Result<Option<LogEvidence>, Error> {
        if self.proof.is_empty() {
            return Ok(None);
        }
        let witnesses = self.witness.iter().map(|text| key(text)).collect::<Result<Vec<_>, _>>()?;
        let quorum = self.quorum.unwrap_or(witnesses.len());
        if quorum > witnesses.len() {
            return Err(Error::malformed("the quorum is larger than the number of witnesses")
                .says("--quorum 大于给出的见证人数量。", "--quorum is larger than the number of witnesses named."));
        }
        let named = self.log_key.iter().map(|text| Ok(Policy::of_key(key(text)?).into()));
        let mut logs = named.collect::<Result<Vec<TrustedLog>, Error>>()?;
        if logs.is_empty() {
            logs.extend_from_slice(listed);
        }
        for log in &mut logs {
            (log.policy.witnesses, log.policy.quorum) = (witnesses.clone(), quorum);
        }
        let held = self.checkpoint.iter().map(|file| held(file, &logs)).collect::<Result<Vec<_>, _>>()?;
        let mut evidence = LogEvidence { logs, held, ..LogEvidence::default() };
        for file in &self.proof {
            evidence = evidence.read(&text(file)?)?;
        }
        Ok(Some(evidence))
    }

    /// Asks a server, with the companion files where there are any.
    pub fn ask(&self, client: &Client, input: &[u8]) -> Result<Value, Error> {
        if self.proof.is_empty() {
            return client.post_bytes("/verify", input);
        }
        let proofs = self.proof.iter().map(|file| text(file)).collect::<Result<String, _>>()?;
        client.post_form("/verify", &[("file", input), ("proof", proofs.as_bytes())])
    }
}

/// A held checkpoint; refused when a log whose key is known did not sign it.
fn held(file: &Path, logs: &[TrustedLog]) -> Result<Checkpoint, Error> {
    let text = text(file)?;
    let named = Checkpoint::parse(Note::parse(&text)?.text())?;
    if let Some(log) = logs.iter().find(|log| log.policy.origin == named.origin) {
        log.policy.unwitnessed().open(&text).map_err(|error| {
            Error::new(ErrorKind::Refused, format!("{}: {error}", file.display())).says(
                format!("检查点 {} 不是该日志签署的。", file.display()),
                format!("The checkpoint {} is not signed by that log.", file.display()),
            )
        })?;
    }
    Ok(named)
}

/// A vkey: itself, or the file that has it.
pub fn key(named: &str) -> Result<VerifierKey, Error> {
    let found = if named.contains('+') { named.to_owned() } else { text(Path::new(named))? };
    VerifierKey::parse(found.trim()).map_err(|error| {
        Error::malformed(format!("{named}: {error}")).says(
            format!("不是签注公钥（名称+编号+公钥）：{named}"),
            format!("Not a key of notes (name+id+key): {named}"),
        )
    })
}

fn text(file: &Path) -> Result<String, Error> {
    fs::read_to_string(file).map_err(|error| file_error(file, &error))
}
