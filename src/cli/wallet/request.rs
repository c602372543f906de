//! `certless wallet present WALLET REQUEST_URI`: answers a window's request, as the phone does.
//!
//! The asker is checked against the trust registry: a file that was named, or what the asker's own address publishes, which
//! only proves that the request comes from that address. Without `--yes` it tells who asks for what and gives nothing.

use std::path::{Path, PathBuf};

use super::{WalletArgs, opened};
use crate::adapters::client::Client;
use crate::adapters::wallet_file;
use crate::base::bytes::base64url;
use crate::base::clock::{Clock as _, SystemClock};
use crate::base::json::{Limits, Value, json, parse};
use crate::base::random::{SystemRandom, bytes};
use crate::base::text::Lang;
use crate::cli::console::{Console, file_error};
use crate::domain::catalogue::Catalogue;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::trust::Registry;
use crate::domain::wallet::Wallet;
use crate::domain::wallet::request::{CheckedRequest, Pick, origin};
use crate::vc::contexts::Contexts;
use crate::vc::sd_jwt::ClaimPath;
use crate::wire::form;
use crate::wire::oid4vp::dcql::Meta;
use crate::wire::oid4vp::request::{MEDIA_TYPE, Reference};
use crate::wire::oid4vp::response::Content;

/// What to do with a request.
pub(super) struct Asked<'a> {
    /// The wallet's file.
    pub(super) wallet: &'a Path,
    /// The link of the request.
    pub(super) link: &'a str,
    /// Whether its holder agrees.
    pub(super) yes: bool,
    /// Whether its holder says no.
    pub(super) decline: bool,
    /// The trust registry that the asker must be in.
    pub(super) trust: Option<&'a PathBuf>,
}

/// Whether an argument is the link of a request rather than a licence.
pub(super) fn is_link(text: &str) -> bool {
    text.contains("request_uri=")
}

pub(super) fn answer(args: &WalletArgs, asked: &Asked<'_>, out: &mut Console<'_>) -> Result<(), Error> {
    let reference = Reference::parse(asked.link)?;
    let home = origin(&reference.request_uri).ok_or_else(|| Error::malformed("request_uri is no address"))?;
    let client = Client::open(home, None, args.ca.as_deref())?;
    let registry = registry(&client, asked.trust, out)?;
    let request = fetch(&client, &reference, home, &registry)?;
    tell(&request, out)?;
    if asked.decline {
        let no = Content::Error { code: "access_denied".to_owned(), description: None };
        post(&client, &request, home, no)?;
        return out.note("已回复不同意。", "Declined.").map(drop);
    }
    let (mut wallet, key) = opened(args, asked.wallet, out)?;
    let picks = wallet.plan(&request.object)?;
    for pick in &picks {
        let told = |lang| told_pick(pick, &request, &wallet, lang);
        out.note(told(Lang::Zh), told(Lang::En))?;
    }
    if !asked.yes {
        return out
            .note("尚未出示。确认后加 --yes 再次执行。", "Nothing was presented. Run it again with --yes to agree.")
            .map(drop);
    }
    let token = wallet.answer(&request, &picks, &Contexts::bundled(), SystemClock.now())?;
    // What was shown is noted before it leaves: a crash may forget an answer, never a showing.
    wallet_file::save(asked.wallet, &wallet, &key, &SystemRandom)?;
    let answered = post(&client, &request, home, Content::Token(token))?;
    out.note("已出示，核验通过。", "Presented and accepted.")?;
    out.line(answered.to_string())?;
    Ok(())
}

/// What would be shown: the claims, the view, or the whole licence, which a JSON credential shows whatever was asked for.
fn told_pick(pick: &Pick, request: &CheckedRequest, wallet: &Wallet, lang: Lang) -> String {
    let licence = wallet.licences().iter().find(|licence| licence.id == pick.licence);
    let kind = licence.and_then(|licence| Catalogue::embedded().ok()?.find(&licence.type_code));
    let name = kind.map_or(pick.query.as_str(), |kind| kind.label().get(lang));
    let label = |claim: &ClaimPath| {
        let claim = claim.to_string();
        kind.and_then(|kind| kind.field(&claim)).map(|field| field.label.get(lang).to_owned()).unwrap_or(claim)
    };
    let claims: Vec<_> = pick.claims.iter().map(label).collect();
    let what = match request.object.query.credential(&pick.query).map(|query| &query.meta) {
        Some(Meta::Types(_)) => lang.pick("整张证照的全部内容", "everything in the licence").to_owned(),
        Some(Meta::View { view, .. }) => format!("{}{view}", lang.pick("视图 ", "view ")),
        _ if claims.is_empty() => lang.pick("全部内容", "everything").to_owned(),
        _ => claims.join(lang.pick("、", ", ")),
    };
    let (begins, colon) = (lang.pick("将出示：", "To be shown: "), lang.pick("：", ": "));
    format!("{begins}{name} {}{colon}{what}", pick.licence)
}

fn registry(client: &Client, file: Option<&PathBuf>, out: &mut Console<'_>) -> Result<Registry, Error> {
    let bytes = if let Some(file) = file {
        std::fs::read(file).map_err(|error| file_error(file, &error))?
    } else {
        out.note(
            "未指定信任名录（--trust），以请求方网址公布的名录为准：只能证明请求来自该网址。",
            "No trust registry was named (--trust); the one at the asker's own address only proves where the request is from.",
        )?;
        client.text("/.well-known/certless/trust", None, "application/json")?.1.into_bytes()
    };
    Ok(Registry::open_named(&bytes, &Contexts::bundled())?.registry)
}

fn fetch(client: &Client, reference: &Reference, home: &str, registry: &Registry) -> Result<CheckedRequest, Error> {
    let path = reference.request_uri.strip_prefix(home).unwrap_or_default();
    let nonce = base64url(&bytes::<16>(&SystemRandom));
    let posted = form::print([("wallet_nonce", nonce.as_str())]);
    let body = reference.post.then_some(posted.as_str());
    let (status, text) = client.text(path, body, MEDIA_TYPE)?;
    if status != 200 {
        return Err(refused(status, &text));
    }
    CheckedRequest::check(&text, reference, body.map(|_| nonce.as_str()), registry, SystemClock.now())
}

/// Who asks, for which matter, what for, and for which fields.
fn tell(request: &CheckedRequest, out: &mut Console<'_>) -> Result<(), Error> {
    let told = request.object.told.clone().unwrap_or_default();
    let text = |value: Option<&Value>, lang: Lang| {
        let member = value.and_then(|value| value.get(lang.pick("zh", "en")));
        member.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    // What it is for mostly names the matter already.
    let why = |lang: Lang| {
        let (matter, purpose) = (text(told.get("matter"), lang), text(told.get("purpose"), lang));
        if purpose.contains(&matter) { purpose } else { format!("{matter} {purpose}") }
    };
    let asker = |lang: Lang| request.asker.get(lang);
    out.note(
        format!("请求方：{}  用途：{}", asker(Lang::Zh), why(Lang::Zh)),
        format!("Asker: {}  Purpose: {}", asker(Lang::En), why(Lang::En)),
    )?;
    for field in told.get("fields").and_then(Value::as_array).into_iter().flatten() {
        let line = |lang| format!("  · {} — {}", text(field.get("label"), lang), text(field.get("why"), lang));
        out.note(line(Lang::Zh), line(Lang::En))?;
    }
    Ok(())
}

fn post(client: &Client, request: &CheckedRequest, home: &str, content: Content) -> Result<Value, Error> {
    let body = request.body(content, &SystemRandom)?;
    let path = request.object.response_uri.strip_prefix(home).unwrap_or_default();
    let (status, text) = client.text(path, Some(&body), "application/json")?;
    if status == 200 {
        return Ok(parse(text.as_bytes(), &Limits::DEFAULT).unwrap_or_else(|_| json!({})));
    }
    Err(refused(status, &text))
}

/// What the asker's endpoint said, in its own words.
fn refused(status: u16, text: &str) -> Error {
    let answer = parse(text.as_bytes(), &Limits::DEFAULT).unwrap_or_default();
    let part = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    let kind = match status {
        404 => ErrorKind::NotFound,
        410 => ErrorKind::AlreadyUsed,
        500.. => ErrorKind::Unavailable,
        _ => ErrorKind::NotVerified,
    };
    let error = Error::new(kind, part("error_description").unwrap_or_else(|| format!("answered {status}")));
    match (part("zh"), part("en")) {
        (Some(zh), Some(en)) => error.says(zh, en),
        _ => error,
    }
}
