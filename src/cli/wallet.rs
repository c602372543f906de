//! `certless wallet`: a holder's wallet in a file, doing what the phone does, for scripts, kiosks and tests.
//!
//! The passphrase comes from `--passphrase-file`, from the environment variable `CERTLESS_WALLET_PASSPHRASE`, or from
//! one line of the standard input. Texts that others are to read (codes, presentations, keys) go to the standard output
//! alone, everything else to the standard error output.

mod companion;
mod packages;
mod receive;
mod request;

use std::fs;
use std::io::{self, BufRead as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use super::console::{Console, file_error, stream_error};
use super::qr::{Drawing, draw};
use crate::adapters::wallet_file::{self, WalletKey};
use crate::base::bytes::base64url;
use crate::base::clock::{Clock as _, SystemClock};
use crate::base::json::{Limits, Value, json, parse};
use crate::base::random::{SystemRandom, bytes};
use crate::base::secret::Secret;
use crate::crypto::password::Cost;
use crate::crypto::{Algorithm, Signer as _};
use crate::domain::error::{Error, ErrorKind};
use crate::domain::wallet::keys::HolderKey;
use crate::domain::wallet::{Asked, Wallet};
use crate::vc::contexts::Contexts;
use crate::vc::sd_jwt::ClaimPath;

/// Options of `wallet`.
#[derive(Args, Debug)]
pub struct WalletArgs {
    /// A file whose first line is the passphrase.
    #[arg(long, global = true, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// The passphrase itself, for scripts: better in the environment than among the arguments.
    #[arg(long, global = true, env = "CERTLESS_WALLET_PASSPHRASE", hide_env_values = true, hide = true)]
    pub passphrase: Option<String>,
    /// File with the certificate authority of the servers to ask, PEM; the public ones otherwise.
    #[arg(long, global = true, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: WalletCommand,
}

/// What a wallet can do.
#[derive(Debug, Subcommand)]
pub enum WalletCommand {
    /// Make a wallet with a fresh key; prints the public key that an agency binds licences to.
    New {
        /// The wallet file.
        wallet: PathBuf,
        /// Whose it is.
        #[arg(long, default_value = "")]
        name: String,
        /// Make a P-256 key, as browsers do, instead of Ed25519.
        #[arg(long)]
        p256: bool,
    },
    /// Take in licences: by an agency's offer (OpenID4VCI), or as packages that it issued.
    Receive {
        /// The wallet file.
        wallet: PathBuf,
        /// Links of offers (openid-credential-offer://…, or the wallet page's), and files with JSON or JSON Lines of
        /// packages; `-` for the standard input.
        #[arg(required = true)]
        packages: Vec<PathBuf>,
        /// The PIN of the offer.
        #[arg(long, value_name = "DIGITS")]
        pin: Option<String>,
    },
    /// Ask for the licences that their agencies had not released when their offers were taken up.
    Collect {
        /// The wallet file.
        wallet: PathBuf,
        /// Go on asking for so long, as often as the agency allows.
        #[arg(long, value_name = "SECONDS", default_value_t = 0)]
        wait: u32,
    },
    /// Print the public key, the licences and the history as JSON.
    List {
        /// The wallet file.
        wallet: PathBuf,
    },
    /// The proof that a licence's issuing stands in the city's log: asked for once, kept beside the licence, printed.
    Proof {
        /// The wallet file.
        wallet: PathBuf,
        /// The licence: its identifier, its number, or its type.
        licence: String,
        /// Ask the log again, for a newer checkpoint.
        #[arg(long)]
        fresh: bool,
        /// The fingerprint of the city's root key as you compared it over another channel, where it changed.
        #[arg(long, value_name = "FINGERPRINT")]
        root: Option<String>,
        /// Write the licence's JSON credential into this file beside it.
        #[arg(long, value_name = "FILE")]
        credential: Option<PathBuf>,
    },
    /// Make a show code (亮证码): its text on the standard output, or drawn.
    Code {
        /// The wallet file.
        wallet: PathBuf,
        /// The licence: its identifier, its number, or its type.
        licence: String,
        /// The view to show.
        #[arg(long, default_value = "basic")]
        view: String,
        /// Without the holder's signature, for paper.
        #[arg(long)]
        printed: bool,
        /// The verifier that it is meant for.
        #[arg(long, value_name = "NAME")]
        audience: Option<String>,
        /// What the verifier asked to be signed.
        #[arg(long, value_name = "TEXT", conflicts_with = "printed")]
        nonce: Option<String>,
        /// Draw it into a file, .svg or .png.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Draw it on the terminal.
        #[arg(long, conflicts_with = "out")]
        terminal: bool,
        /// How the code is drawn.
        #[command(flatten)]
        drawing: Drawing,
    },
    /// Answer a window's request by its link, or make a presentation that answers a verifier's challenge.
    Present {
        /// The wallet file.
        wallet: PathBuf,
        /// The link of a request (`openid4vp://…`), or the licences: identifiers, numbers, or types; one for an SD-JWT.
        #[arg(required = true, value_name = "REQUEST|LICENCE")]
        licences: Vec<String>,
        /// The form.
        #[arg(long, value_enum, default_value_t = PresentationForm::SdJwt)]
        form: PresentationForm,
        /// The claims to disclose, all when none is named: names, or claim paths as JSON arrays.
        #[arg(long, value_name = "CLAIM", value_delimiter = ';')]
        claims: Vec<String>,
        /// The verifier.
        #[arg(long, value_name = "NAME", requires = "nonce")]
        audience: Option<String>,
        /// The verifier's challenge.
        #[arg(long, value_name = "TEXT", requires = "audience")]
        nonce: Option<String>,
        /// Agree to what the request asks for.
        #[arg(long, conflicts_with = "nonce")]
        yes: bool,
        /// Say no to the request.
        #[arg(long, conflicts_with_all = ["nonce", "yes"])]
        decline: bool,
        /// The trust registry that the asker must be in.
        #[arg(long, value_name = "FILE", conflicts_with = "nonce")]
        trust: Option<PathBuf>,
    },
}

/// Forms of a presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PresentationForm {
    /// SD-JWT with key binding.
    SdJwt,
    /// W3C presentation with a Data Integrity proof.
    Vp,
}

/// Does what the arguments say.
pub fn run(args: &WalletArgs, out: &mut Console<'_>) -> Result<u8, Error> {
    match &args.command {
        WalletCommand::New { wallet, name, p256 } => new(args, wallet, name, *p256, out),
        WalletCommand::Receive { wallet, packages, pin } => {
            receive::receive(args, wallet, packages, pin.as_deref(), out)
        }
        WalletCommand::Collect { wallet, wait } => receive::collect(args, wallet, *wait, out),
        WalletCommand::List { wallet } => list(args, wallet, out),
        WalletCommand::Proof { wallet, licence, fresh, root, credential } => {
            let (root, credential) = (root.as_deref(), credential.as_deref());
            let asked = companion::Asked { wallet, licence, fresh: *fresh, root, credential };
            companion::proof(args, &asked, out)
        }
        WalletCommand::Code { .. } => code(args, out),
        WalletCommand::Present { .. } => present(args, out),
    }?;
    Ok(0)
}

fn new(args: &WalletArgs, path: &Path, name: &str, p256: bool, out: &mut Console<'_>) -> Result<(), Error> {
    let algorithm = if p256 { Algorithm::Es256 } else { Algorithm::EdDsa };
    let wallet = Wallet::new(name, HolderKey::generate(algorithm, &SystemRandom));
    let passphrase = passphrase(args, out)?;
    let key = WalletKey::new(passphrase.expose(), Cost::DEFAULT, &SystemRandom)?;
    wallet_file::create(path, &wallet, &key, &SystemRandom)?;
    out.line(public_key(&wallet).to_string())?;
    Ok(())
}

fn list(args: &WalletArgs, path: &Path, out: &mut Console<'_>) -> Result<(), Error> {
    let (wallet, _) = opened(args, path, out)?;
    let licences = wallet.licences().iter().map(|licence| {
        json!({
            "id": licence.id, "type": licence.type_code, "number": licence.number, "received": licence.received,
            "views": licence.views(), "logProof": licence.log_proof.is_some(), "sdJwt": licence.copies.iter().filter(|copy| copy.sd_jwt.is_some()).count(),
        })
    });
    let mut told = public_key(&wallet);
    if let Some(members) = told.as_object_mut() {
        members.insert("licences".to_owned(), licences.collect());
        let cities = wallet.cities().iter().map(|city| json!({"base": city.base, "root": city.fingerprint()}));
        members.insert("cities".to_owned(), cities.collect());
        members.insert("waiting".to_owned(), wallet.awaited().into());
        members.insert("history".to_owned(), serde_json::to_value(wallet.history()).unwrap_or_default());
    }
    out.line(serde_json::to_string_pretty(&told).unwrap_or_default())?;
    Ok(())
}

fn code(args: &WalletArgs, out: &mut Console<'_>) -> Result<(), Error> {
    let WalletCommand::Code { wallet: path, licence, view, printed, audience, nonce, out: file, terminal, drawing } =
        &args.command
    else {
        return Ok(());
    };
    let (mut wallet, key) = opened(args, path, out)?;
    // Two codes of one second must differ, or the second would count as shown before.
    let fresh = base64url(&bytes::<4>(&SystemRandom));
    let nonce = nonce.as_deref().unwrap_or(&fresh);
    let asked = Asked { audience: audience.as_deref(), nonce: Some(nonce), now: SystemClock.now() };
    let text =
        if *printed { wallet.printed_code(licence, view, &asked)? } else { wallet.code(licence, view, &asked)? };
    wallet_file::save(path, &wallet, &key, &SystemRandom)?;
    if file.is_some() || *terminal {
        return draw(&text, file.as_deref(), *drawing, out);
    }
    out.line(text)?;
    Ok(())
}

fn present(args: &WalletArgs, out: &mut Console<'_>) -> Result<(), Error> {
    let WalletCommand::Present { wallet: path, licences, form, claims, audience, nonce, yes, decline, trust } =
        &args.command
    else {
        return Ok(());
    };
    if let [link] = licences.as_slice()
        && request::is_link(link)
    {
        let asked = request::Asked { wallet: path, link, yes: *yes, decline: *decline, trust: trust.as_ref() };
        return request::answer(args, &asked, out);
    }
    let (Some(audience), Some(nonce)) = (audience, nonce) else {
        return Err(Error::malformed("audience and nonce are missing").says(
            "请给出 --audience 和 --nonce，或给出窗口请求的链接。",
            "Give --audience and --nonce, or the link of a window's request.",
        ));
    };
    let (mut wallet, key) = opened(args, path, out)?;
    let asked = Asked { audience: Some(audience), nonce: Some(nonce), now: SystemClock.now() };
    let text = match (form, licences.as_slice()) {
        (PresentationForm::SdJwt, [licence]) => wallet.sd_jwt(licence, &claim_paths(claims)?, &asked)?,
        (PresentationForm::SdJwt, _) => {
            return Err(Error::malformed("an SD-JWT presents one licence")
                .says("SD-JWT 每次只能出示一个证照。", "An SD-JWT presents one licence at a time."));
        }
        (PresentationForm::Vp, several) => {
            let several: Vec<&str> = several.iter().map(String::as_str).collect();
            Value::Object(wallet.presentation(&several, &asked, &Contexts::bundled())?).to_string()
        }
    };
    wallet_file::save(path, &wallet, &key, &SystemRandom)?;
    out.line(text)?;
    Ok(())
}

/// `name`, or a path such as `["address","street"]`.
fn claim_paths(claims: &[String]) -> Result<Vec<ClaimPath>, Error> {
    let path = |claim: &String| {
        if claim.starts_with('[') {
            return Ok(ClaimPath::from_json(&parse(claim.as_bytes(), &Limits::DEFAULT)?)?);
        }
        Ok(ClaimPath::top(claim))
    };
    claims.iter().flat_map(|claims| split(claims)).map(|claim| path(&claim)).collect()
}

/// Names may be given in one argument, separated by commas; a JSON array is one claim.
fn split(claims: &str) -> Vec<String> {
    if claims.starts_with('[') { vec![claims.to_owned()] } else { claims.split(',').map(str::to_owned).collect() }
}

fn public_key(wallet: &Wallet) -> Value {
    json!({"name": wallet.name, "did": wallet.key().did(), "jwk": wallet.key().public_key().to_jwk()})
}

fn opened(args: &WalletArgs, path: &Path, out: &mut Console<'_>) -> Result<(Wallet, WalletKey), Error> {
    wallet_file::open(path, passphrase(args, out)?.expose())
}

fn passphrase(args: &WalletArgs, out: &mut Console<'_>) -> Result<Secret<String>, Error> {
    let text = match (&args.passphrase_file, &args.passphrase) {
        (Some(file), _) => fs::read_to_string(file).map_err(|error| file_error(file, &error))?,
        (None, Some(text)) => text.clone(),
        (None, None) => {
            out.note("请输入卡包口令：", "Wallet passphrase:")?;
            let mut line = String::new();
            io::stdin().lock().read_line(&mut line).map_err(|error| stream_error(&error))?;
            line
        }
    };
    let first = Secret::new(text.lines().next().unwrap_or_default().to_owned());
    if first.expose().is_empty() {
        return Err(Error::new(ErrorKind::Malformed, "no passphrase").says(
            "没有口令。请用 --passphrase-file 或环境变量 CERTLESS_WALLET_PASSPHRASE 给出。",
            "There is no passphrase. Give it with --passphrase-file or CERTLESS_WALLET_PASSPHRASE.",
        ));
    }
    Ok(first)
}

#[cfg(test)]
mod tests;
