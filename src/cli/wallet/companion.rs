//! `certless wallet proof`: the companion of a licence, from the wallet or from the city's log.

use std::path::Path;
use std::time::Duration;

use super::{WalletArgs, opened};
use crate::adapters::client::issuer::IssuerClient;
use crate::adapters::wallet_file;
use crate::base::random::SystemRandom;
use crate::base::text::Lang;
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
    /// The fingerprint of the city's root key, where its holder compared it.
    pub root: Option<&'a str>,
    /// Where the credential goes.
    pub credential: Option<&'a Path>,
}

/// Prints the companion, asking the log where the wallet has none.
pub(super) fn proof(args: &WalletArgs, asked: &Asked<'_>, out: &mut Console<'_>) -> Result<(), Error> {
    let (mut wallet, key) = opened(args, asked.wallet, out)?;
    let kept = wallet.kept_companion(asked.licence)?.filter(|_| !asked.fresh && asked.root.is_none());
    let text = if let Some(kept) = kept {
        kept.to_owned()
    } else {
        let before = wallet.cities().to_vec();
        let text = fetch(args, &mut wallet, asked.licence, asked.root)?;
        wallet_file::save(asked.wallet, &wallet, &key, &SystemRandom)?;
        for city in wallet.cities().iter().filter(|city| before.iter().all(|old| old.root != city.root)) {
            let (base, print) = (&city.base, city.fingerprint());
            out.note(
                format!("已记下 {base} 的根密钥，指纹 {print}，可与该市公布的核对。"),
                format!("The root key of {base} is remembered. Its fingerprint {print} can be compared with what the city publishes."),
            )?;
        }
        text
    };
    if let Some(file) = asked.credential {
        let credential = wallet.find(asked.licence)?.credential();
        std::fs::write(file, credential).map_err(|error| file_error(file, &error))?;
    }
    out.line(text.trim_end_matches('\n'))
}

/// After receiving: the companion is kept if the log has it already; it can be asked for at any later time. What does not
/// fit is told, and the licence stays.
pub(super) fn try_once(
    args: &WalletArgs,
    wallet: &mut Wallet,
    licence: &str,
    out: &mut Console<'_>,
) -> Result<(), Error> {
    match fetch(args, wallet, licence, None) {
        Err(error) if error.kind == ErrorKind::Refused => out.note(error.sentence(Lang::Zh), error.sentence(Lang::En)),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn fetch(args: &WalletArgs, wallet: &mut Wallet, licence: &str, root: Option<&str>) -> Result<String, Error> {
    let net = IssuerClient::new(args.ca.as_deref())?;
    for _ in 1..TURNS {
        match wallet.fetch_companion(licence, root, &net) {
            Err(error) if error.kind == ErrorKind::NotFound => std::thread::sleep(TURN),
            other => return other.map(str::to_owned),
        }
    }
    wallet.fetch_companion(licence, root, &net).map(str::to_owned)
}
