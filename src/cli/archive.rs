//! `certless verify` for archive packages: the root key, and the report for people.

use std::fs;
use std::path::Path;

use super::args::VerifyArgs;
use super::output::{Output, file_error};
use super::{OK, REFUSED};
use crate::base::json::{Limits, parse_object};
use crate::crypto::PublicKey;
use crate::domain::archive::Archive;
use crate::domain::archive::check::check_by;
use crate::domain::archive::report::Report;
use crate::domain::error::Error;
use crate::domain::trust::Registry;
use crate::domain::trust::roots::Anchor;
use crate::vc::contexts::Contexts;

/// Judges an archive by what is held of the city: its root key, now or of any time.
pub fn judge(input: &[u8], args: &VerifyArgs, out: Output) -> Result<u8, Error> {
    let report = check_by(&Archive::parse(input)?, &anchor(args)?);
    if args.json {
        out.line(report.to_json().to_string());
    } else {
        print(&report, out);
    }
    Ok(if report.accepted() { OK } else { REFUSED })
}

/// The root key that is held, and what the registry beside it says of older ones: an archive outlives its root.
fn anchor(args: &VerifyArgs) -> Result<Anchor, Error> {
    let anchor = Anchor::new(root(args)?);
    let registry = fs::read(super::verify::registry(args)).ok();
    let known = registry.and_then(|bytes| Registry::open(&bytes, &anchor.pinned, &Contexts::bundled()).ok());
    Ok(match known {
        Some(known) => anchor.knowing(&known),
        None => anchor,
    })
}

fn root(args: &VerifyArgs) -> Result<PublicKey, Error> {
    let own = args.city.keys_folder().join("trust").join("city.pub.jwk");
    let wrong = |detail: String| {
        Error::malformed(detail).says(
            "缺少本市根公钥或格式不对，请用 --root 指定（Multikey、JWK 文件）。",
            "The city's root key is missing or wrong. Name it with --root: a Multikey, or a file with its JWK.",
        )
    };
    let text = match &args.root {
        Some(text) if text.starts_with('z') && !Path::new(text).exists() => text.clone(),
        Some(file) => fs::read_to_string(file).map_err(|error| file_error(Path::new(file), &error))?,
        None => fs::read_to_string(&own).map_err(|error| wrong(format!("{}: {error}", own.display())))?,
    };
    let text = text.trim();
    let key = if text.starts_with('{') {
        PublicKey::from_jwk(&parse_object(text.as_bytes(), &Limits::DEFAULT)?)
    } else {
        PublicKey::from_multikey(text)
    };
    key.map_err(|error| wrong(error.to_string()))
}

fn print(report: &Report, out: Output) {
    let heading = if report.accepted() {
        out.lang.pick("✓ 归档包核验通过", "✓ The archive package is whole and true")
    } else {
        out.lang.pick("✗ 归档包核验未通过", "✗ The archive package is not accepted")
    };
    out.line(heading);
    if let Some(manifest) = &report.manifest {
        out.line(format!("  {} · {} · {}", manifest.case, manifest.iss, manifest.at));
    }
    for one in &report.findings {
        let mark = if one.wrong.is_none() { "✓" } else { "✗" };
        let wrong = one.wrong.as_ref().map(|wrong| format!(" — {}", said(wrong, out))).unwrap_or_default();
        let about = one.about.as_ref().map(|about| format!(" · {}", about.get(out.lang))).unwrap_or_default();
        let colon = out.lang.pick("：", ": ");
        out.line(format!("  {mark} {}{about}{colon}{}{wrong}", one.label.get(out.lang), one.name));
    }
}

/// What is wrong, in the reader's language where it is one of the frozen sentences.
fn said(wrong: &str, out: Output) -> &str {
    let chinese = match wrong {
        "was changed" => "被改动",
        "is missing" => "缺少",
        "is not listed" => "目录中没有",
        "of another case" => "属于另一办件",
        "no use record is of it" | "no use record names it" => "没有用证记录与之对应",
        "not what the use record names"
        | "not the list that the use record names"
        | "not the registry that the use record names" => "不是用证记录所指的内容",
        "the log's entry is of something else" => "日志条目说的是别的事",
        "the other city's registry is missing" => "缺少互认城市的信任名录",
        "another version than the use record names" => "与用证记录所指的版本不同",
        "the registry of that day is missing" => "缺少当时的信任名录",
        "the status list of that moment is missing" => "缺少当时的证照状态名单",
        "the status list of that moment is not good" => "当时的证照状态名单不可信",
        other => other,
    };
    out.lang.pick(chinese, wrong)
}
