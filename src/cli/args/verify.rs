//! Options of `verify`.

use std::path::PathBuf;

use clap::Args;

use super::place::Place;
use crate::cli::companion::LogArgs;

/// Options of `verify`.
#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// Where accepted codes are remembered, and the registry is looked for.
    #[command(flatten)]
    pub city: Place,
    /// Verify as of this time, 2026-03-01T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// The trust registry to rely on; trust/registry.json in the folder of the key files otherwise.
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// Verify without a network, by the bundle of certless trust bundle.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["trust", "server"])]
    pub bundle: Option<PathBuf>,
    /// The city's root key as it was compared, or a file with it: what must have signed a bundle or an archive package;
    /// trust/city.pub.jwk in the folder of the key files otherwise.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub root: Option<String>,
    /// Note what is accepted in the journal, so that it counts as used and is reconciled later.
    #[arg(long, requires_all = ["bundle", "journal", "place"], conflicts_with = "at")]
    pub accept: bool,
    /// The journal of what was accepted without a network; made when it is not there.
    #[arg(long, value_name = "FILE", requires = "accept")]
    pub journal: Option<PathBuf>,
    /// Where this is: the window or the point of control.
    #[arg(long, value_name = "TEXT", requires = "accept")]
    pub place: Option<String>,
    /// Let a server verify.
    #[arg(long, value_name = "URL", conflicts_with_all = ["at", "trust"])]
    pub server: Option<String>,
    /// File with the certificate authority of the city's server, PEM; tls/ca.crt in the folder of the key files otherwise.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Refuse what its holder did not sign.
    #[arg(long)]
    pub bound: bool,
    /// Print the verdict as JSON.
    #[arg(long)]
    pub json: bool,
    /// What is relied on about the public log.
    #[command(flatten)]
    pub log: LogArgs,
    /// Files, or - for the standard input.
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
}
