//! `certless log verify|watch|export`: the public log from outside, with nothing believed but the keys that the trust registry
//! lists for it.

mod export;
mod records;
mod reliance;
mod verify;
mod watch;

use std::path::PathBuf;

use clap::{Args, Subcommand};

pub use reliance::Reliance;

use super::args::Place;
use super::output::Output;
use crate::domain::error::Error;
use crate::domain::log_audit::Fault;

/// Options of `log`.
#[derive(Args, Debug)]
pub struct LogCommandArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: LogCommand,
}

/// What to do with a log.
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Work everything out anew: signature, every entry and hash, and what the city publishes. Exit 0 sound, 1 a fault, 2 could not decide.
    Verify(VerifyArgs),
    /// Remember the last checkpoint and raise the alarm on a fork or a rollback. Exit 1 on an alarm.
    Watch(WatchArgs),
    /// Write the log into a folder that any web server can carry; again to bring it up to date.
    Export(ExportArgs),
}

/// Options of `log verify`.
#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// The log: its address, a city's address, or a folder.
    #[arg(value_name = "URL|DIR", required_unless_present = "store")]
    pub log: Option<String>,
    /// Whom to rely on.
    #[command(flatten)]
    pub reliance: Reliance,
    /// A checkpoint that is held already: the log must go on from it.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// The city whose published lists, registry and schemas are compared; the one at the log's address otherwise.
    #[arg(long, value_name = "URL")]
    pub city: Option<String>,
    /// Compare the log alone.
    #[arg(long, conflicts_with = "city")]
    pub log_only: bool,
    /// With the operator's keys: every record of a store, its folder or an export, beside its leaf.
    #[arg(long, value_name = "DIR|FILE", conflicts_with_all = ["log", "city", "log_only"])]
    pub store: Option<PathBuf>,
    /// Where the keys are.
    #[command(flatten)]
    pub place: Place,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of `log watch`.
#[derive(Args, Debug)]
pub struct WatchArgs {
    /// The log: its address, a city's address, or a folder.
    #[arg(value_name = "URL|DIR")]
    pub log: String,
    /// File that remembers the last checkpoint.
    #[arg(long, value_name = "FILE")]
    pub state: PathBuf,
    /// Seconds between looks.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub every: u64,
    /// Look once and end.
    #[arg(long)]
    pub once: bool,
    /// Whom to rely on.
    #[command(flatten)]
    pub reliance: Reliance,
    /// Where the registry is that is relied on.
    #[command(flatten)]
    pub place: Place,
    /// Print every look as a line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of `log export`.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// The folder.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// The log to copy: its address, a city's address, or another folder; the city on this machine otherwise.
    #[arg(long, value_name = "URL|DIR")]
    pub from: Option<String>,
    /// Whom to rely on.
    #[command(flatten)]
    pub reliance: Reliance,
    /// Where the city is.
    #[command(flatten)]
    pub place: Place,
}

/// Runs one of them.
pub fn run(args: &LogCommandArgs, out: Output) -> Result<u8, Error> {
    match &args.command {
        LogCommand::Verify(args) if args.store.is_some() => records::run(args, out),
        LogCommand::Verify(args) => verify::run(args, out),
        LogCommand::Watch(args) => watch::run(args, out),
        LogCommand::Export(args) => export::run(args, out),
    }
}

/// One fault as a line.
fn tell_fault(fault: &Fault, out: Output) {
    out.line(format!("✗ {}  [{}] {}", fault.message.get(out.lang), fault.code, fault.what));
}
