//! `certless log verify URL|DIR`: everything worked out anew from outside.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use super::reliance::{Relied, Source};
use super::{VerifyArgs, tell_fault};
use crate::adapters::log_files::LogFiles;
use crate::base::bytes::base64;
use crate::base::clock::{Clock as _, SystemClock};
use crate::base::json::{Limits, Map, Value, json, parse_object};
use crate::cli::output::{Output, file_error};
use crate::cli::{OK, REFUSED};
use crate::domain::error::Error;
use crate::domain::leaf::Kind;
use crate::domain::log_audit::Findings;
use crate::domain::log_audit::follow::{Head, consistent, head_at};
use crate::domain::log_audit::published::{compare, follows};
use crate::domain::log_audit::replay::Replay;
use crate::domain::log_audit::walk::walk;
use crate::tlog::checkpoint::{Checkpoint, Policy};

/// How long a change may be published before its leaf is in the log, with room.
const SETTLING: Duration = Duration::from_secs(2);

/// What was seen.
struct Seen {
    head: Option<Head>,
    replay: Replay,
    findings: Findings,
}

/// Verifies, and says what was found.
pub(super) fn run(args: &VerifyArgs, out: Output) -> Result<u8, Error> {
    let place = args.log.as_deref().unwrap_or_default();
    let files = LogFiles::open(place, args.reliance.ca.as_deref())?;
    let relied = args.reliance.rely(&files, args.log.as_deref(), &args.place.keys_folder())?;
    let mut seen = look(args, &files, &relied, out)?;
    // What is published may be ahead of the log by less than a second: what was not settled is looked at once more.
    if seen.findings.faults > 0 && seen.findings.listed.iter().all(|fault| fault.code.ends_with("_differs")) {
        sleep(SETTLING);
        seen = look(args, &files, &relied, out)?;
    }
    if args.json {
        out.line(Value::Object(to_json(&seen, &relied)).to_string());
    } else {
        tell(&seen, &relied, out);
    }
    Ok(if seen.findings.faults == 0 { OK } else { REFUSED })
}

fn look(args: &VerifyArgs, files: &LogFiles, relied: &Relied, out: Output) -> Result<Seen, Error> {
    let policy = &relied.policy;
    let (mut replay, mut findings) = (Replay::default(), Findings::default());
    let head = match head_at(files, policy, SystemClock.now())? {
        Ok(head) => head,
        Err(fault) => {
            findings.fault(fault);
            return Ok(Seen { head: None, replay, findings });
        }
    };
    if let Some(file) = &args.checkpoint
        && let Err(fault) = consistent(files, &held(file, policy)?, &head.checkpoint)?
    {
        findings.fault(fault);
    }
    let bar = out.progress(usize::try_from(head.checkpoint.size).unwrap_or_default(), "正在核验", "verifying");
    walk(files, &head.checkpoint, &mut replay, &mut findings, &|leaves| bar.inc(leaves))?;
    bar.finish_and_clear();
    let published = match (&args.city, args.log.as_deref()) {
        (Some(city), _) => Some(city.as_str()),
        (None, Some(log)) if log.contains("://") && !args.log_only => Some(log),
        _ => None,
    };
    if let Some(place) = published {
        let city = LogFiles::city(place, args.reliance.ca.as_deref())?;
        if let Source::Registry(trusted) = &relied.source {
            follows(&city, trusted, &mut findings)?;
        }
        compare(&city, &replay, &mut findings)?;
    }
    Ok(Seen { head: Some(head), replay, findings })
}

/// A checkpoint from a file, signed by the log: the note itself, or what `log watch` remembers.
pub(super) fn held(file: &Path, policy: &Policy) -> Result<Checkpoint, Error> {
    let text = fs::read_to_string(file).map_err(|error| file_error(file, &error))?;
    let remembered = parse_object(text.as_bytes(), &Limits::DEFAULT).ok();
    let note = remembered.as_ref().and_then(|state| state.get("checkpoint")?.as_str()).unwrap_or(&text);
    policy.unwitnessed().open(note).map(|accepted| accepted.checkpoint).map_err(|error| {
        let (file, detail) = (file.display(), error.to_string());
        Error::malformed(detail.clone()).says(
            format!("{file} 不是此日志签署的检查点（{detail}）。请用日志的 checkpoint 文件，或 log watch 记住的文件。"),
            format!("{file} is no checkpoint that this log signed ({detail}). Take the log's file `checkpoint`, or the one that log watch keeps."),
        )
    })
}

fn to_json(seen: &Seen, relied: &Relied) -> Map {
    let mut out = seen.findings.to_json();
    let kinds: Map = seen.replay.kinds.iter().map(|(kind, count)| (kind.name().to_owned(), json!(count))).collect();
    out.insert("keys".to_owned(), json!(relied.keys()));
    out.insert("kinds".to_owned(), kinds.into());
    if let Some(head) = &seen.head {
        let tree = &head.checkpoint;
        out.insert("origin".to_owned(), tree.origin.as_str().into());
        out.insert("size".to_owned(), tree.size.into());
        out.insert("root".to_owned(), base64(&tree.root).into());
        out.insert("witnesses".to_owned(), json!(head.witnesses));
    }
    out
}

fn tell(seen: &Seen, relied: &Relied, out: Output) {
    if let Some(head) = &seen.head {
        let (origin, size, root) = (&head.checkpoint.origin, head.checkpoint.size, base64(&head.checkpoint.root));
        out.say(format!("日志 {origin}：{size} 条，根 {root}"), format!("Log {origin}: {size} leaves, root {root}"));
        if !relied.policy.witnesses.is_empty() {
            let names = head.witnesses.join(", ");
            out.say(format!("见证人：{names}"), format!("Witnesses: {names}"));
        }
    }
    for (kind, count) in &seen.replay.kinds {
        out.say(format!("  {count:>9} {}", chinese(*kind)), format!("  {count:>9} {}", kind.name()));
    }
    let number = |what: &str| seen.findings.checked.get(what).copied().unwrap_or_default();
    let (tiles, lists, trust, schemas) = (number("tiles"), number("lists"), number("trust"), number("schemas"));
    out.say(format!("已重算：{tiles} 个哈希文件"), format!("Worked out anew: {tiles} files of hashes"));
    if trust > 0 {
        out.say(
            format!("已与公布的比对：状态列表 {lists} 份，信任名录 {trust} 版，证照类型与事项 {schemas} 项"),
            format!(
                "Compared with what is published: status lists {lists}, versions of the trust registry {trust}, types and matters {schemas}"
            ),
        );
    } else {
        out.say(
            "未与城市公布的内容比对；需要时加 --city 网址。",
            "Not compared with what the city publishes; --city URL does that.",
        );
    }
    relied.tell(out);
    conclude(&seen.findings, Some(trust > 0), out);
}

/// What entries of a kind are called.
fn chinese(kind: Kind) -> &'static str {
    match kind {
        Kind::Issued => "签发",
        Kind::Claimed => "领取到卡包",
        Kind::Suspended => "暂扣",
        Kind::Reinstated => "解除暂扣",
        Kind::Revoked => "注销",
        Kind::Ended => "副本失效",
        Kind::Trust => "信任名录变更",
        Kind::Key => "密钥变更",
        Kind::Type => "证照类型发布",
        Kind::Matter => "事项发布",
        Kind::Used => "用证",
        Kind::Application => "办件决定",
        Kind::ForeignTrust => "他城信任名录",
        Kind::Copied => "加注件",
        Kind::Objection => "异议",
    }
}

/// The faults, and the conclusion: of the log alone, beside what is published, or (`None`) beside the records of a store.
pub(super) fn conclude(findings: &Findings, published: Option<bool>, out: Output) {
    findings.listed.iter().for_each(|fault| tell_fault(fault, out));
    match (findings.faults, published) {
        (0, None) => {
            out.say("✓ 库中各项与日志一一相符。", "✓ Every record agrees with the log, and the log with every record.");
        }
        (0, Some(true)) => {
            out.say("✓ 日志完整，与公布的内容一致。", "✓ The log is whole and agrees with what is published.");
        }
        (0, Some(false)) => out.say("✓ 日志完整。", "✓ The log is whole."),
        (faults, _) => out.say(
            format!("✗ 发现 {faults} 处不符。请保存检查点和本结果，并向监督机关报告。"),
            format!("✗ {faults} faults. Keep the checkpoint and this result, and report them to the supervisor."),
        ),
    }
}
