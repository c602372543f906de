//! The grammar of the command line.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::tool::Op;
use crate::app::config::Config;
use crate::base::id::AgencyCode;
use crate::domain::city::keys::OwnRole;
use crate::domain::error::Error;

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

/// Options of `tls`.
#[derive(Args, Debug)]
pub struct TlsArgs {
    /// Where the city is.
    #[command(flatten)]
    pub place: Place,
    /// What to do.
    #[command(subcommand)]
    pub command: TlsCommand,
}

/// What to do for HTTPS.
#[derive(Debug, Subcommand)]
pub enum TlsCommand {
    /// Make the authority and the server's certificate; this machine's names and addresses are in it.
    Init {
        /// A further DNS name of the server; may be given several times.
        #[arg(long, value_name = "NAME")]
        name: Vec<String>,
        /// A further address of the server; may be given several times.
        #[arg(long, value_name = "ADDR")]
        ip: Vec<IpAddr>,
        /// Make another authority in place of the one that is there; phones have to install it again.
        #[arg(long)]
        new_ca: bool,
    },
}

/// HTTPS or not.
#[derive(Args, Clone, Debug, Default)]
pub struct TlsOptions {
    /// Serve HTTPS with the certificate of `certless tls init`.
    #[arg(long)]
    pub tls: bool,
    /// Serve HTTPS with this certificate chain, PEM; taken anew when it changes.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The key of that certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

impl TlsOptions {
    /// Puts what was asked for into the configuration.
    pub fn apply(&self, config: &mut Config) {
        config.tls.enabled |= self.tls;
        if self.tls_cert.is_some() {
            config.tls.certificate.clone_from(&self.tls_cert);
            config.tls.key.clone_from(&self.tls_key);
        }
    }

    fn is_given(&self) -> bool {
        self.tls || self.tls_cert.is_some()
    }
}

/// Options of `token`.
#[derive(Args, Debug)]
pub struct TokenArgs {
    /// Where the city is.
    #[command(flatten)]
    pub place: Place,
    /// What the bearer may do.
    #[arg(long, value_enum)]
    pub role: TokenRole,
    /// The agency, for agencies and windows.
    #[arg(long, value_name = "CODE")]
    pub agency: Option<AgencyCode>,
    /// What the token is for, in your own words.
    #[arg(long, default_value = "")]
    pub label: String,
    /// A new file for the token; the standard output otherwise.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What a bearer may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TokenRole {
    /// Issue and change credentials of the agency.
    Agency,
    /// Take applications at the agency's windows.
    Window,
    /// Run the city: keys and the store.
    Operator,
}

/// Options of `bench`.
#[derive(Args, Debug)]
pub struct BenchArgs {
    /// Seconds for each measurement.
    #[arg(long, default_value_t = 3)]
    pub seconds: u64,
    /// Measure the public log alone, with so many leaves: what it costs issuing, its size, proofs, verification.
    #[arg(long, value_name = "NUMBER")]
    pub log: Option<u64>,
    /// Folder for the measured stores, on the disk that is meant; a temporary one otherwise.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

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
    pub log: super::companion::LogArgs,
    /// Files, or - for the standard input.
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
}

/// Options of `keys`.
#[derive(Args, Debug)]
pub struct KeysArgs {
    /// Where the city is.
    #[command(flatten)]
    pub place: Place,
    /// The running server that holds the store.
    #[arg(long, global = true, value_name = "URL", requires = "token")]
    pub server: Option<String>,
    /// File with the operator's token for that server.
    #[arg(long, global = true, value_name = "FILE", requires = "server")]
    pub token: Option<PathBuf>,
    /// File with the certificate authority of that server, PEM; the public ones otherwise.
    #[arg(long, global = true, value_name = "FILE", requires = "server")]
    pub ca: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: KeysCommand,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// The city's own keys and every agency's, with their validity.
    List,
    /// Make the first key of an agency.
    New {
        /// The agency.
        #[arg(long, value_name = "CODE")]
        agency: AgencyCode,
    },
    /// Make the next key of an agency, or of the city itself, and sign with it; what older keys signed stays valid.
    Rotate {
        /// The city's own key: root, log or witness.
        #[arg(value_name = "KEY", value_parser = own_role, conflicts_with = "agency", required_unless_present = "agency")]
        own: Option<OwnRole>,
        /// The agency.
        #[arg(long, value_name = "CODE")]
        agency: Option<AgencyCode>,
        /// Days for which the old key of log or witness signs beside the new one; 30 otherwise.
        #[arg(long, value_name = "DAYS", requires = "own", value_parser = clap::value_parser!(u16).range(0..=3650))]
        overlap: Option<u16>,
    },
    /// End a key that signs no more.
    Retire {
        /// The agency.
        #[arg(long, value_name = "CODE")]
        agency: AgencyCode,
        /// The key, key-1.
        key: String,
        /// From when; now otherwise.
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// Declare a key known to others: what it signed from then on is refused.
    Compromise {
        /// The agency; the key is the city's own otherwise.
        #[arg(long, value_name = "CODE")]
        agency: Option<AgencyCode>,
        /// The key: key-1 of an agency; root, log or witness of the city.
        key: String,
        /// From when.
        #[arg(long, value_name = "TIME")]
        from: String,
    },
}

/// One of the city's own keys by its name.
fn own_role(name: &str) -> Result<OwnRole, String> {
    OwnRole::from_name(name).ok_or_else(|| "a key of the city is root, log or witness".to_owned())
}

/// Options of `store`.
#[derive(Args, Debug)]
pub struct StoreArgs {
    /// Where the city is.
    #[command(flatten)]
    pub place: Place,
    /// The running server that holds the store.
    #[arg(long, global = true, value_name = "URL", requires = "token")]
    pub server: Option<String>,
    /// File with the operator's token for that server.
    #[arg(long, global = true, value_name = "FILE", requires = "server")]
    pub token: Option<PathBuf>,
    /// File with the certificate authority of that server, PEM; the public ones otherwise.
    #[arg(long, global = true, value_name = "FILE", requires = "server")]
    pub ca: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: StoreCommand,
}

/// What to do with the store.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Write every row as a line of JSON.
    Export {
        /// The file; the standard output otherwise.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Make the store of an export, where there is none.
    Import {
        /// The export.
        file: PathBuf,
    },
    /// Read every row, every index and the whole log.
    Check,
}

/// Options of the demo city.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Folder of the city's data.
    #[arg(id = "demo_data", long = "data", value_name = "DIR", default_value = "certless-data")]
    pub data: PathBuf,
    /// Folder of the key files; keys/ in the current folder when --data is not given, else DIR/keys.
    #[arg(id = "demo_keys", long = "keys", value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// Address to listen on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The public origin that stands in every identifier; this machine's name when others are to reach it.
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// Forget the demo city's data and start afresh.
    #[arg(long)]
    pub reset: bool,
    /// HTTPS or not.
    #[command(flatten)]
    pub tls: TlsOptions,
    /// Offer the issuers for other people's test suites.
    #[arg(long)]
    pub conformance: bool,
}

impl DemoArgs {
    /// Whether any option of the demo city was given.
    pub fn is_given(&self) -> bool {
        let usual = self.data == Path::new(DEFAULT_DATA) && self.listen == SocketAddr::from(([127, 0, 0, 1], 8080));
        !usual
            || self.keys.is_some()
            || self.reset
            || self.conformance
            || self.tls.is_given()
            || self.base_url.is_some()
    }
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
    /// HTTPS or not.
    #[command(flatten)]
    pub tls: TlsOptions,
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
    #[arg(long, global = true, value_name = "DIR", default_value = "certless-data")]
    pub data: PathBuf,
    /// Folder of the key files; DIR/keys unless the city was made without --data.
    #[arg(long, global = true, value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// Configuration file; certless.json in the data folder otherwise.
    #[arg(long, global = true, value_name = "FILE")]
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

    /// The same of a city that is there: a mistyped folder is told, and no empty city is made in it.
    pub fn city(&self) -> Result<Config, Error> {
        let there = |name: &str| self.data.join(name).exists();
        if self.config.is_some() || there("certless.json") || there("store") {
            return self.config();
        }
        let folder = self.data.display();
        Err(Error::not_found(format!("no city in {folder}")).says(
            format!("{folder} 中没有城市。请用 --data 指定其数据目录；新建城市用 certless init，试用直接执行 certless。"),
            format!("There is no city in {folder}. Name its folder with --data, or make one with certless init; certless alone starts the demo."),
        ))
    }

    /// The folder of the key files.
    pub fn keys_folder(&self) -> PathBuf {
        self.keys.clone().unwrap_or_else(|| keys_beside(&self.data))
    }
}

impl From<&DemoArgs> for Place {
    fn from(args: &DemoArgs) -> Self {
        Self { data: args.data.clone(), keys: args.keys.clone(), config: None }
    }
}

/// `keys` for the default data folder, `DIR/keys` for every other.
fn keys_beside(data: &Path) -> PathBuf {
    if data == Path::new(DEFAULT_DATA) { PathBuf::from("keys") } else { data.join("keys") }
}
