//! `certless wallet proof`: the companion of a licence, from the wallet or from the city's log.

use std::path::Path;
use std::time::Duration;

use super::{WalletArgs, opened};
use crate::adapters::client::issuer::IssuerClient;
use crate::adapters::wallet_file;
use crate::base::random::SystemRandom;
use crate::cli::console::{Console, file_error};
use crate::domain::error::{Error, ErrorKind};
use crate::domain::wallet::Wallet;

/// How long a fresh entry may take into the log, and how often is asked meanwhile.
const TURN: Duration = Duration::from_millis(300);
const TURNS: u32 = 5;

/// What is asked for.
pub(super) struct Asked<'a> {
    /// The wallet file.
    pub wallet: &'a Path,
    /// The licence.
    pub licence: &'a str,
    /// Whether the log is asked again.
    pub fresh: bool,
    /// Where the credential goes.
    pub credential: Option<&'a Path>,
}

/// Prints the companion, asking the log where the wallet has none.
pub(super) fn proof(args: &WalletArgs, asked: &Asked<'_>, out: &mut Console<'_>) -> Result<(), Error> {
    let (mut wallet, key) = opened(args, asked.wallet, out)?;
    let kept = wallet.find(asked.licence)?.log_proof.clone().filter(|_| !asked.fresh);
    let text = if let Some(kept) = kept {
        kept
    } else {
        let text = fetch(args, &mut wallet, asked.licence)?;
        wallet_file::save(asked.wallet, &wallet, &key, &SystemRandom)?;
        text
    };
    if let Some(file) = asked.credential {
        let credential = wallet.find(asked.licence)?.credential();
        std::fs::write(file, credential).map_err(|error| file_error(file, &error))?;
    }
    out.line(text.trim_end_matches('\n'))
}

/// After receiving: the companion is kept if the log has it already; it can be asked for at any later time.
pub(super) fn try_once(args: &WalletArgs, wallet: &mut Wallet, licence: &str) {
    let _later = fetch(args, wallet, licence);
}

fn fetch(args: &WalletArgs, wallet: &mut Wallet, licence: &str) -> Result<String, Error> {
    let net = IssuerClient::new(args.ca.as_deref())?;
    for _ in 1..TURNS {
        match wallet.fetch_companion(licence, &net) {
            Err(error) if error.kind == ErrorKind::NotFound => std::thread::sleep(TURN),
            other => return other.map(str::to_owned),
        }
    }
    wallet.fetch_companion(licence, &net).map(str::to_owned)
}
