//! `certless verify INPUT…`: a verdict for each input, from a file, a picture or the standard input.

mod offline;

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::archive;
use super::args::VerifyArgs;
use super::output::{Output, broken_pipe, file_error};
use super::{FAILED, OK, REFUSED};
use crate::adapters::client::Client;
use crate::app::verifier::Verifier;
use crate::base::clock::{Clock, FixedClock, SystemClock};
use crate::base::json::{Limits, Value, parse_object};
use crate::base::text::Lang;
use crate::base::time::{Timestamp, china_date, parse_rfc3339};
use crate::domain::archive::Archive;
use crate::domain::catalogue::Catalogue;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::issuance::record::Package;
use crate::vc::finding::{Check, State};
use crate::vc::verify::sources::Claims;
use crate::vc::verify::verdict::ReliedOn;
use crate::vc::verify::verdict::{CheckResult, Summary};
use crate::vc::verify::{Binding, LogEvidence, Outcome, Policy, Received, Verdict, receive};
use crate::wire::qr;

/// Verifies every input; refused beats undecided in the exit code.
pub fn run(args: &VerifyArgs, out: Output) -> Result<u8, Error> {
    if args.bundle.is_some() {
        return offline::run(args, out);
    }
    let mut judge = None;
    let mut code = OK;
    for input in &args.inputs {
        let input = read(input)?;
        let one = if Archive::is_archive(&input) {
            archive::judge(&input, args, out)?
        } else {
            let judge = match &judge {
                Some(judge) => judge,
                None => judge.insert(Judge::open(args)?),
            };
            tell(&judge.decide(&input, args)?, args.json, out)
        };
        code = if code == REFUSED || one == REFUSED { REFUSED } else { code.max(one) };
    }
    Ok(code)
}

/// Who decides: this program, or a server.
enum Judge {
    Here(Box<Verifier>, Option<LogEvidence>),
    Server(Client),
}

/// A verdict made here, or a server's.
enum Told {
    Verdict(Box<Verdict>),
    Json(Value),
}

impl Judge {
    fn open(args: &VerifyArgs) -> Result<Self, Error> {
        if let Some(server) = &args.server {
            return Client::open(server, None, authority(args).as_deref()).map(Self::Server);
        }
        let verifier = verifier(args)?;
        let log = args.log.evidence(verifier.logs())?;
        Ok(Self::Here(Box::new(verifier), log))
    }

    fn decide(&self, input: &[u8], args: &VerifyArgs) -> Result<Told, Error> {
        match self {
            Self::Here(verifier, log) => {
                let policy = policy(args, verifier, log.as_ref());
                local(verifier, &policy, input).map(|outcome| Told::Verdict(Box::new(outcome.verdict)))
            }
            Self::Server(client) => {
                let unpacked = unpacked(input);
                let mut verdict = args.log.ask(client, unpacked.as_deref().unwrap_or(input))?;
                if args.bound {
                    require_binding(&mut verdict);
                }
                Ok(Told::Json(verdict))
            }
        }
    }
}

/// Refuses what a server accepted without its holder's proof.
fn require_binding(verdict: &mut Value) {
    let unproven =
        |check: &&mut Value| check["check"] == Check::Binding.name() && check["state"] == State::Skipped.name();
    let Some(check) = verdict["checks"].as_array_mut().into_iter().flatten().find(unproven) else { return };
    check["state"] = State::Invalid.name().into();
    verdict["accepted"] = false.into();
}

/// The certificate authority to believe the city's server for: the one that is named, or the city's own where it has one.
fn authority(args: &VerifyArgs) -> Option<PathBuf> {
    let own = || Some(args.city.keys_folder().join("tls").join("ca.crt")).filter(|own| own.exists());
    args.ca.clone().or_else(own)
}

fn verifier(args: &VerifyArgs) -> Result<Verifier, Error> {
    Verifier::open(&registry(args), &args.city.data, authority(args).as_deref(), clock(args)?)
}

fn clock(args: &VerifyArgs) -> Result<Arc<dyn Clock>, Error> {
    Ok(match &args.at {
        Some(at) => Arc::new(FixedClock::new(moment(at)?)),
        None => Arc::new(SystemClock),
    })
}

fn moment(at: &str) -> Result<Timestamp, Error> {
    parse_rfc3339(at).map_err(|error| {
        Error::from(error).says(
            format!("--at 的时间“{at}”无效：应为 2026-03-01T09:00:00+08:00 这样的时间。"),
            format!("{at} is no time for --at: write it like 2026-03-01T09:00:00+08:00."),
        )
    })
}

/// The trust registry that is relied on.
pub fn registry(args: &VerifyArgs) -> PathBuf {
    args.trust.clone().unwrap_or_else(|| args.city.keys_folder().join("trust").join("registry.json"))
}

fn read(input: &Path) -> Result<Vec<u8>, Error> {
    if input == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map_err(|error| broken_pipe(&error))?;
        return Ok(bytes);
    }
    fs::read(input).map_err(|error| file_error(input, &error))
}

/// What is asked of every input.
fn policy<'a>(args: &VerifyArgs, verifier: &Verifier, log: Option<&'a LogEvidence>) -> Policy<'a> {
    let binding = if args.bound { Binding::Required } else { Binding::WhenShown };
    Policy { binding, log, ..Policy::full(verifier.city.now()) }
}

fn local(verifier: &Verifier, policy: &Policy<'_>, input: &[u8]) -> Result<Outcome, Error> {
    let outcome = verifier.city.verify_once(received(input)?, policy)?;
    if let Some(once) = outcome.verified.as_ref().and_then(|verified| verified.once) {
        verifier.remember(&once)?;
    }
    Ok(outcome)
}

/// The JSON credential of a package, as `issue --out` writes it, or of a server's answer that has one; none for every other input.
fn unpacked(input: &[u8]) -> Option<Vec<u8>> {
    let package = Package::from_bytes(input).or_else(|error| {
        let answer = parse_object(input, &Limits::DEFAULT).map_err(|_| error)?;
        Package::from_bytes(answer.get("package").map(Value::to_string).unwrap_or_default().as_bytes())
    });
    Some(package.ok()?.credential.get().as_bytes().to_vec())
}

/// Reads text, JSON or a picture of a code.
fn received(input: &[u8]) -> Result<Received, Error> {
    if !qr::is_picture(input) {
        return Ok(receive(&unpacked(input).unwrap_or_else(|| input.to_vec()))?);
    }
    let nothing = || {
        Error::new(ErrorKind::Malformed, "no readable code in the picture").says(
            "图片中没有可识别的二维码。请换一张更清晰的图片。",
            "No readable code in the picture. Try a sharper one.",
        )
    };
    let texts = qr::read(input).map_err(|_| nothing())?;
    let mut found = texts.iter().map(|text| receive(text.as_bytes()));
    let first = found.next().ok_or_else(nothing)?;
    Ok(found.find_map(Result::ok).map_or(first, Ok)?)
}

fn tell(told: &Told, json: bool, out: Output) -> u8 {
    let (accepted, undecided) = match told {
        Told::Verdict(verdict) => (verdict.accepted, verdict.is_undecided()),
        Told::Json(verdict) => (verdict["accepted"] == true, is_undecided(verdict)),
    };
    match told {
        Told::Verdict(verdict) if !json => print(verdict, out),
        Told::Json(verdict) if !json => print_json(verdict, out),
        Told::Verdict(verdict) => out.line(verdict.to_json().to_string()),
        Told::Json(verdict) => out.line(verdict.to_string()),
    }
    match (accepted, undecided) {
        (true, _) => OK,
        (false, true) => FAILED,
        (false, false) => REFUSED,
    }
}

fn is_undecided(verdict: &Value) -> bool {
    let states: Vec<_> = verdict["checks"].as_array().into_iter().flatten().map(|check| &check["state"]).collect();
    states.iter().any(|state| **state == "error") && !states.iter().any(|state| **state == "invalid")
}

fn print(verdict: &Verdict, out: Output) {
    out.line(heading(verdict.accepted, verdict.is_undecided(), out.lang));
    for credential in &verdict.credentials {
        print_credential(credential, out);
    }
    for result in verdict.report.results() {
        print_check(result, out);
    }
}

fn heading(accepted: bool, undecided: bool, lang: Lang) -> &'static str {
    match (accepted, undecided) {
        (true, _) => lang.pick("✓ 核验通过", "✓ Verified"),
        (false, true) => lang.pick("? 暂时无法核验", "? Cannot verify right now"),
        (false, false) => lang.pick("✗ 核验未通过", "✗ Not accepted"),
    }
}

fn print_credential(credential: &Summary, out: Output) {
    let name = credential
        .type_label
        .as_ref()
        .map_or_else(|| credential.type_names.join(" "), |label| label.get(out.lang).to_owned());
    let issuer = credential.issuer_name.as_ref().map_or(credential.issuer.as_str(), |label| label.get(out.lang));
    out.line(format!("  {name} · {issuer}"));
    print_window(credential.valid_from, credential.valid_until, out);
    if let Some(relied) = &credential.relied {
        print_relied(relied, out);
    }
    let types = credential.type_names.iter().map(String::as_str);
    print_claims(types, credential.claims().into_iter().flat_map(Claims::subjects).flatten(), out);
}

fn print_window(from: Option<Timestamp>, until: Option<Timestamp>, out: Output) {
    let until = until.map(|until| china_date(until).to_string());
    let until = until.as_deref().unwrap_or(out.lang.pick("长期", "no end"));
    if let Some(from) = from {
        out.line(format!("  {} {} – {until}", out.lang.pick("有效期", "Valid"), china_date(from)));
    }
}

/// The claims that a type of ours has, with their labels.
fn print_claims<'a>(
    mut types: impl Iterator<Item = &'a str>,
    claims: impl Iterator<Item = (&'a String, &'a Value)>,
    out: Output,
) {
    let catalogue = Catalogue::embedded().ok();
    let code = types
        .find_map(|name| catalogue?.find(name.rsplit('/').nth(1).unwrap_or(name)).or_else(|| catalogue?.find(name)));
    for (name, value) in claims {
        let field = code.and_then(|found| found.field(name));
        let label = field.map_or(name.as_str(), |field| field.label.get(out.lang));
        let shown = field.map_or_else(
            || value.as_str().map_or_else(|| value.to_string(), str::to_owned),
            |field| field.display(value, out.lang),
        );
        if field.is_some() || value.is_boolean() {
            out.line(format!("    {label}{}{shown}", colon(out.lang)));
        }
    }
}

fn colon(lang: Lang) -> &'static str {
    lang.pick("：", ": ")
}

/// Whose registry it rests on, and how old what is known is.
fn print_relied(relied: &ReliedOn, out: Output) {
    if let Some(registry) = &relied.registry {
        let (name, version) = (registry.name.get(out.lang), registry.version);
        let age = age(relied.age(registry.as_of), out.lang);
        out.say(
            format!("  依据 {name} 信任名录第 {version} 版（{age}前）"),
            format!("  By the registry of {name}, version {version}, known {age} ago"),
        );
    }
    if let Some(at) = relied.status_as_of {
        let age = age(relied.age(at), out.lang);
        out.say(format!("  证照状态为 {age}前所知"), format!("  Its status is what was known {age} ago"));
    }
}

/// Seconds in the largest unit that fits.
pub(super) fn age(seconds: i64, lang: Lang) -> String {
    let (count, zh, en) = match seconds {
        ..120 => (seconds, "秒", "s"),
        120..7_200 => (seconds / 60, "分钟", "min"),
        7_200..172_800 => (seconds / 3_600, "小时", "h"),
        _ => (seconds / 86_400, "天", "days"),
    };
    format!("{count} {}", lang.pick(zh, en))
}

fn print_check(result: &CheckResult, out: Output) {
    let mark = match result.state {
        State::Valid => "✓",
        State::Invalid => "✗",
        State::Error => "?",
        State::Skipped => "–",
    };
    let (title, colon, sentence) = (result.check.title(out.lang), colon(out.lang), result.sentence(out.lang));
    out.line(format!("  {mark} {title}{colon}{sentence}"));
}

/// A server's verdict in the caller's language.
fn print_json(verdict: &Value, out: Output) {
    out.line(heading(verdict["accepted"] == true, is_undecided(verdict), out.lang));
    // `credentials` has all of them where there are several, the one of `credential` too.
    let single = verdict.get("credential").map(std::slice::from_ref).unwrap_or_default();
    for credential in verdict["credentials"].as_array().map_or(single, Vec::as_slice) {
        let label = |name: &str| credential.get(name)?.get(out.lang.pick("zh", "en"))?.as_str();
        let issuer = label("issuerName").or_else(|| credential.get("issuer")?.as_str()).unwrap_or_default();
        if let Some(name) = label("typeName") {
            out.line(format!("  {name} · {issuer}"));
        }
        let time = |name: &str| parse_rfc3339(credential.get(name)?.as_str()?).ok();
        print_window(time("validFrom"), time("validUntil"), out);
        let types = credential["type"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let claims = credential.get("claims").map(std::slice::from_ref).unwrap_or_default();
        let subjects =
            claims.iter().flat_map(|claims| claims.as_array().map_or(std::slice::from_ref(claims), Vec::as_slice));
        print_claims(types, subjects.filter_map(Value::as_object).flatten(), out);
    }
    for check in verdict["checks"].as_array().into_iter().flatten() {
        let mark = match check["state"].as_str() {
            Some("valid") => "✓",
            Some("invalid") => "✗",
            Some("error") => "?",
            _ => "–",
        };
        let sentence = check[out.lang.pick("zh", "en")].as_str().unwrap_or_default();
        let title = title(check["check"].as_str().unwrap_or_default(), out.lang);
        out.line(format!("  {mark} {title}{}{sentence}", colon(out.lang)));
    }
}

/// The title of a check by its frozen name; the name itself for one that this version does not know.
fn title(name: &str, lang: Lang) -> &str {
    Check::ALL.into_iter().find(|check| check.name() == name).map_or(name, |check| check.title(lang))
}
