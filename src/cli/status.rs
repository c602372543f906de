//! `certless status ID suspend|reinstate|revoke`: the life of one credential.

use clap::{Args, ValueEnum};

use super::OK;
use super::output::Output;
use super::reach::{Reach, ReachArgs, WAITS};
use crate::base::id::CredentialId;
use crate::domain::error::Error;
use crate::domain::issuance::life::Act;

/// Options of `status`.
#[derive(Args, Debug)]
pub struct StatusArgs {
    /// The credential: its 电子证照标识.
    #[arg(value_name = "ID")]
    pub id: String,
    /// What is done to it.
    pub act: ActName,
    /// Why; kept in the audit record.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Where the city is.
    #[command(flatten)]
    pub reach: ReachArgs,
}

/// The acts by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ActName {
    /// Suspend it (暂扣); can be undone.
    Suspend,
    /// Lift its suspension.
    Reinstate,
    /// Revoke it for good (注销).
    Revoke,
}

impl From<ActName> for Act {
    fn from(name: ActName) -> Self {
        match name {
            ActName::Suspend => Self::Suspend,
            ActName::Reinstate => Self::Reinstate,
            ActName::Revoke => Self::Revoke,
        }
    }
}

/// Changes the life and says what it is now.
pub fn run(args: &StatusArgs, out: Output) -> Result<u8, Error> {
    let id = args.id.trim();
    let id = CredentialId::parse(id.strip_prefix("urn:certless:").unwrap_or(id)).map_err(|error| {
        Error::from(error).says("电子证照标识有误，请核对。", "This is no credential identifier. Check it.")
    })?;
    let status = Reach::open(&args.reach)?.change_life(&id, args.act.into(), &args.reason)?;
    let (zh, en) = match status.as_str() {
        "suspended" => ("已暂扣", "suspended"),
        WAITS => ("待双人复核", "waits for a second person"),
        "revoked" => ("已注销", "revoked"),
        _ => ("已恢复有效", "in force"),
    };
    out.say(format!("{zh}：{id}"), format!("{en}: {id}"));
    Ok(OK)
}
