//! Options of what keeps a city: `keys`, `store`, `token`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::place::Place;
use crate::base::id::AgencyCode;
use crate::domain::city::keys::OwnRole;

/// The server that holds the store, and how to speak to it as its operator.
#[derive(Args, Debug)]
pub struct Holder {
    /// The running server that holds the store.
    #[arg(long, global = true, value_name = "URL", requires = "token")]
    pub server: Option<String>,
    /// File with the operator's token for that server.
    #[arg(long, global = true, value_name = "FILE", requires = "server")]
    pub token: Option<PathBuf>,
    /// File with the certificate authority of that server, PEM; the public ones otherwise.
    #[arg(long, global = true, value_name = "FILE", requires = "server")]
    pub ca: Option<PathBuf>,
}

/// Options of `keys`.
#[derive(Args, Debug)]
pub struct KeysArgs {
    /// Where the city is.
    #[command(flatten)]
    pub place: Place,
    /// The server, where one holds the store.
    #[command(flatten)]
    pub holder: Holder,
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
    /// The server, where one holds the store.
    #[command(flatten)]
    pub holder: Holder,
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
