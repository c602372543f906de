//! The grammar of the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::tool::Op;
use crate::app::config::Config;
use crate::domain::error::Error;

/// A certificate-free city in one program. Without a command it starts the demo city.
#[derive(Debug, Parser)]
#[command(name = "certless", version, about, args_conflicts_with_subcommands = true)]
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
    /// Draw a text as a QR code.
    Qr(super::qr::QrArgs),
    /// A holder's wallet in a file: receive licences, show codes, make presentations.
    Wallet(super::wallet::WalletArgs),
    /// The building blocks by themselves: JSON lines in, JSON lines out.
    Tool(ToolArgs),
}

/// Options of the demo city.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Folder of the city's data.
    #[arg(long, value_name = "DIR", default_value = "certless-data")]
    pub data: PathBuf,
    /// Folder of the key files; keys/ beside the program's folder when --data is not given, else DIR/keys.
    #[arg(long, value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// Address to listen on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Forget the demo city's data and start afresh.
    #[arg(long)]
    pub reset: bool,
    /// Offer the issuers for other people's test suites.
    #[arg(long)]
    pub conformance: bool,
}

/// Options of `init`.
#[derive(Args, Debug)]
pub struct InitArgs {
    /// Where the city is.
    #[command(flatten)]
    pub place: Place,
    /// The public origin that stands in every identifier.
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
}

/// Options of `serve`.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// Where the city is.
    #[command(flatten)]
    pub place: Place,
    /// Address to listen on.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Offer the issuers for other people's test suites.
    #[arg(long)]
    pub conformance: bool,
}

/// Options of `tool`.
#[derive(Args, Debug)]
#[command(after_long_help = super::tool::MEMBERS)]
pub struct ToolArgs {
    /// The operation.
    pub op: Op,
}

/// Where a city is.
#[derive(Args, Clone, Debug)]
pub struct Place {
    /// Folder of the city's data.
    #[arg(long, value_name = "DIR", default_value = "certless-data")]
    pub data: PathBuf,
    /// Folder of the key files; DIR/keys unless the city was made without --data.
    #[arg(long, value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// Configuration file; certless.json in the data folder otherwise.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The data folder that is meant when none is given.
const DEFAULT_DATA: &str = "certless-data";

impl Place {
    /// The configuration of the city: the file, with the folders given here.
    pub fn config(&self) -> Result<Config, Error> {
        let file = self.config.clone().unwrap_or_else(|| self.data.join("certless.json"));
        let mut config = if file.exists() || self.config.is_some() { Config::load(&file)? } else { Config::default() };
        config.keys = Some(self.keys.clone().or(config.keys).unwrap_or_else(|| keys_beside(&self.data)));
        config.data.clone_from(&self.data);
        Ok(config)
    }
}

impl From<&DemoArgs> for Place {
    fn from(args: &DemoArgs) -> Self {
        Self { data: args.data.clone(), keys: args.keys.clone(), config: None }
    }
}

/// `keys` for the default data folder, `DIR/keys` for every other.
fn keys_beside(data: &std::path::Path) -> PathBuf {
    if data == std::path::Path::new(DEFAULT_DATA) { PathBuf::from("keys") } else { data.join("keys") }
}
