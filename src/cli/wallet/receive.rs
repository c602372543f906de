//! `certless wallet receive` and `collect`: licences by an agency's offer, or as packages.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::{WalletArgs, companion, opened, packages};
use crate::adapters::client::issuer::IssuerClient;
use crate::adapters::wallet_file;
use crate::base::clock::{Clock as _, SystemClock};
use crate::base::random::SystemRandom;
use crate::base::text::Lang;
use crate::cli::console::Console;
use crate::domain::error::Error;
use crate::domain::wallet::waiting::{Collected, Received};

pub(super) fn receive(
    args: &WalletArgs,
    path: &Path,
    packages: &[PathBuf],
    pin: Option<&str>,
    out: &mut Console<'_>,
) -> Result<(), Error> {
    let (mut wallet, key) = opened(args, path, out)?;
    let (mut received, mut waits) = (0_usize, 0_usize);
    for file in packages {
        if let Some(link) = file.to_str().filter(|text| is_offer(text)) {
            let net = IssuerClient::new(args.ca.as_deref())?;
            let taken = wallet.receive_offer(link, pin, &net, SystemClock.now())?;
            // The offer is used up: keep what came before anything else can fail.
            wallet_file::save(path, &wallet, &key, &SystemRandom)?;
            match taken {
                Received::Licence(licence) => {
                    companion::try_once(args, &mut wallet, &licence, out)?;
                    received += 1;
                }
                Received::Waits(_) => waits += 1,
            }
            continue;
        }
        for package in packages::read(file)? {
            wallet.receive(&package, SystemClock.now())?;
            received += 1;
        }
    }
    wallet_file::save(path, &wallet, &key, &SystemRandom)?;
    out.note(format!("已收入 {received} 个证照。"), format!("Licences taken in: {received}."))?;
    if waits > 0 {
        out.note(
            format!("{waits} 个证照尚待发证机关审核，请稍后用 certless wallet collect 领取。"),
            format!("{waits} licences wait for their agency. Ask again later with certless wallet collect."),
        )?;
    }
    Ok(())
}

/// Whether an argument is an offer's link rather than a file.
fn is_offer(text: &str) -> bool {
    text.contains("://") && (text.contains("credential_offer=") || text.contains("credential_offer_uri="))
}

/// Asks for what is waited for, again and again while there is time.
pub(super) fn collect(args: &WalletArgs, path: &Path, wait: u32, out: &mut Console<'_>) -> Result<(), Error> {
    let (mut wallet, key) = opened(args, path, out)?;
    let net = IssuerClient::new(args.ca.as_deref())?;
    let mut left = wait;
    loop {
        let collected = wallet.collect(&net, SystemClock.now());
        wallet_file::save(path, &wallet, &key, &SystemRandom)?;
        for licence in &collected.received {
            companion::try_once(args, &mut wallet, licence, out)?;
        }
        wallet_file::save(path, &wallet, &key, &SystemRandom)?;
        tell(&collected, wallet.awaited(), out)?;
        let Some(seconds) = collected.next.filter(|_| left > 0) else { return Ok(()) };
        let seconds = seconds.clamp(1, left);
        thread::sleep(Duration::from_secs(seconds.into()));
        left -= seconds;
    }
}

fn tell(collected: &Collected, awaited: usize, out: &mut Console<'_>) -> Result<(), Error> {
    for error in &collected.refused {
        out.note(error.sentence(Lang::Zh), error.sentence(Lang::En))?;
    }
    let received = collected.received.len();
    out.note(
        format!("已收入 {received} 个证照，{awaited} 个尚待审核。"),
        format!("Licences taken in: {received}; {awaited} wait for their agency."),
    )
    .map(drop)
}
