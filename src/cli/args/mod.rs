//! The grammar of the command line; most commands keep their options beside what they do.

mod keeping;
mod place;
mod serving;
mod tools;
mod verify;

use clap::{Parser, Subcommand};

pub use keeping::{KeysArgs, KeysCommand, StoreArgs, StoreCommand, TokenArgs, TokenRole};
pub use place::Place;
pub use serving::{DemoArgs, InitArgs, ServeArgs, TlsArgs, TlsCommand};
pub use tools::{BenchArgs, ToolArgs};
pub use verify::VerifyArgs;

/// A certificate-free city in one program. Without a command it starts the demo city.
#[derive(Debug, Parser)]
#[command(name = "certless", version)]
pub struct Cli {
    /// Language of the messages: zh or en; otherwise LANG decides.
    #[arg(long, global = true, value_name = "LANG")]
    pub lang: Option<String>,
    /// Options of the demo city.
    #[command(flatten)]
    pub demo: DemoArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the demo city: nine agencies, their stock of licences, residents with wallets.
    Demo(DemoArgs),
    /// Make the keys and the folder of a new city.
    Init(InitArgs),
    /// Serve a city.
    Serve(ServeArgs),
    /// Issue the rows of a file.
    Issue(super::issue::IssueArgs),
    /// Suspend, reinstate or revoke a credential.
    Status(super::status::StatusArgs),
    /// Draw a text as a QR code.
    Qr(super::qr::QrArgs),
    /// A holder's wallet in a file: receive licences, show codes, make presentations.
    Wallet(super::wallet::WalletArgs),
    /// Verify a credential, a presentation, a code or a picture of one. Exit 0 accepted, 1 refused, 2 could not decide.
    Verify(VerifyArgs),
    /// What is left of a case: its archive package.
    Application(super::application::ApplicationArgs),
    /// The agencies' keys and what the trust registry says of them.
    Keys(KeysArgs),
    /// The embedded store: export, import, check.
    Store(StoreArgs),
    /// Other cities whose licences are accepted, and verifying without a network.
    Trust(super::trust::TrustArgs),
    /// The public log: verify it from outside, watch it, export it.
    Log(super::log::LogCommandArgs),
    /// HTTPS: a certificate authority of the city's own.
    Tls(TlsArgs),
    /// Make a bearer token for an agency, a window or the operator.
    Token(TokenArgs),
    /// The accounts of the staff: add, list, disable, enable, reset, end-sessions.
    Account(super::account::AccountArgs),
    /// The witnesses of the city's log, and the logs that the city witnesses.
    Witness(super::witness::WitnessArgs),
    /// Measure the raw limits of this machine and the product beside them.
    Bench(BenchArgs),
    /// The building blocks by themselves: JSON lines in, JSON lines out.
    Tool(ToolArgs),
}
