//! Options of what makes and serves a city: `demo`, `init`, `serve`, `tls`.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::place::{DEFAULT_DATA, Place};
use crate::app::config::Config;

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

impl From<&DemoArgs> for Place {
    fn from(args: &DemoArgs) -> Self {
        Self { data: args.data.clone(), keys: args.keys.clone(), config: None }
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
