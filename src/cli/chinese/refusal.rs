//! What the parser refused, in Chinese, and what to do instead.

use std::error::Error as _;
use std::fmt::Write as _;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{placeholders, texts};

/// The sentence for a refusal of the parser, with the usage line.
pub fn refusal(error: &Error) -> String {
    let mut text = format!("错误：{}\n", sentence(error));
    for (kind, what) in [
        (ContextKind::SuggestedArg, "选项"),
        (ContextKind::SuggestedSubcommand, "命令"),
        (ContextKind::SuggestedValue, "值"),
    ] {
        let near = names(error, kind);
        if !near.is_empty() {
            let _ = writeln!(text, "\n  相近的{what}：{}", near.join("、"));
        }
    }
    if let Some(usage) = error.get(ContextKind::Usage) {
        let usage = usage.to_string();
        let _ = writeln!(text, "\n用法：{}", placeholders(usage.trim_start_matches("Usage:").trim()));
    }
    text.push_str("\n详见 --help。\n");
    text
}

fn sentence(error: &Error) -> String {
    let one = |kind| names(error, kind).join("、");
    let (arg, value) = (one(ContextKind::InvalidArg), one(ContextKind::InvalidValue));
    match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => {
            format!("{arg} 后面缺少值。{}", choice(error, ContextKind::ValidValue))
        }
        ErrorKind::InvalidValue => format!("{arg} 的值“{value}”无效。{}", choice(error, ContextKind::ValidValue)),
        ErrorKind::ValueValidation => format!("{arg} 的值“{value}”无效{}。", reason(error)),
        ErrorKind::UnknownArgument => format!("没有“{arg}”这个选项或参数。"),
        ErrorKind::InvalidSubcommand => format!("没有“{}”这个命令。", one(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingRequiredArgument => format!("缺少必需的参数：{arg}。"),
        ErrorKind::MissingSubcommand => format!(
            "“{}”后面缺少命令。{}",
            one(ContextKind::InvalidSubcommand),
            choice(error, ContextKind::ValidSubcommand)
        ),
        ErrorKind::ArgumentConflict => conflict(&arg, &one(ContextKind::PriorArg)),
        ErrorKind::NoEquals => format!("{arg} 与它的值之间要写等号。"),
        ErrorKind::TooManyValues => format!("{arg} 的值太多，“{value}”是多余的。"),
        ErrorKind::TooFewValues => format!(
            "{arg} 至少要 {} 个值，只给了 {} 个。",
            one(ContextKind::MinValues),
            one(ContextKind::ActualNumValues)
        ),
        ErrorKind::WrongNumberOfValues => format!(
            "{arg} 要 {} 个值，给了 {} 个。",
            one(ContextKind::ExpectedNumValues),
            one(ContextKind::ActualNumValues)
        ),
        ErrorKind::InvalidUtf8 => "参数不是有效的 UTF-8 文字。".to_owned(),
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        | ErrorKind::DisplayVersion
        | ErrorKind::Io
        | ErrorKind::Format
        | _ => "无法理解这条命令。".to_owned(),
    }
}

fn conflict(arg: &str, prior: &str) -> String {
    if arg == prior { format!("{arg} 只能写一次。") } else { format!("{arg} 不能与 {prior} 同时使用。") }
}

/// The values that would do.
fn choice(error: &Error, kind: ContextKind) -> String {
    let valid = names(error, kind);
    if valid.is_empty() { String::new() } else { format!("可用的有：{}。", valid.join("、")) }
}

/// Why a value was refused, where the reason has Chinese words.
fn reason(error: &Error) -> String {
    let english = error.source().map(ToString::to_string).unwrap_or_default();
    let known = texts::REASONS.iter().find(|(known, _)| english.contains(known));
    known.map_or_else(String::new, |(_, chinese)| format!("：{chinese}"))
}

/// The values of a piece of context.
fn names(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::Strings(many)) => many.iter().map(|one| placeholders(one)).collect(),
        None | Some(ContextValue::None) => Vec::new(),
        Some(one) => vec![placeholders(&one.to_string())],
    }
}
