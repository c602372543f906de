//! A command's help, drawn in Chinese: as wide as terminals are, with characters that take two columns.

use std::fmt::Write as _;

use clap::{Arg, ArgAction, Command};

use super::{chinese, placeholders};

/// Columns of the text; terminals have 80 at least.
const WIDTH: usize = 80;
/// Columns before the texts of a list.
const MOST_NAME: usize = 30;

/// The help of a command whose grammar is built.
pub(super) fn of(command: &Command) -> String {
    let mut text = String::new();
    if let Some(about) = command.get_long_about().or_else(|| command.get_about()) {
        paragraph(&mut text, chinese(&about.to_string()));
    }
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    let _ = writeln!(text, "\n{} {}", heading("用法："), placeholders(usage));
    let commands = command.get_subcommands().filter(|one| !one.is_hide_set());
    section(&mut text, "命令：", commands.map(subcommand).collect());
    let arguments = || command.get_arguments().filter(|one| !one.is_hide_set());
    section(&mut text, "参数：", arguments().filter(|one| one.is_positional()).map(entry).collect());
    section(&mut text, "选项：", arguments().filter(|one| !one.is_positional()).map(entry).collect());
    if let Some(after) = command.get_after_long_help().or_else(|| command.get_after_help()) {
        let _ = write!(text, "\n{}", chinese(&after.to_string()));
    }
    text
}

/// A name and what it is.
struct Entry {
    name: String,
    about: String,
}

fn subcommand(command: &Command) -> Entry {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    Entry { name: command.get_name().to_owned(), about: chinese(&about).to_owned() }
}

fn entry(arg: &Arg) -> Entry {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    Entry { name: name(arg), about: format!("{}{}", chinese(&help), values(arg)) }
}

fn name(arg: &Arg) -> String {
    let named = placeholders(&arg.to_string());
    match arg.get_short() {
        Some(short) if !arg.is_positional() => format!("-{short}, {named}"),
        None if !arg.is_positional() => format!("    {named}"),
        _ => named,
    }
}

/// The values that an argument may have, and the one that it has when it is not given.
fn values(arg: &Arg) -> String {
    let mut text = String::new();
    let takes = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    let possible: Vec<_> =
        arg.get_possible_values().into_iter().filter(|value| takes && !value.is_hide_set()).collect();
    for value in possible {
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        let _ = write!(text, "\n- {}：{}", value.get_name(), chinese(&help));
    }
    let usual = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(" ");
    if takes && !usual.is_empty() {
        let line = if text.is_empty() { "" } else { "\n" };
        let _ = write!(text, "{line}（缺省 {usual}）");
    }
    text
}

fn section(text: &mut String, title: &str, entries: Vec<Entry>) {
    if entries.is_empty() {
        return;
    }
    let column = entries.iter().map(|entry| width(&entry.name)).filter(|width| *width <= MOST_NAME).max().unwrap_or(0);
    let _ = writeln!(text, "\n{}", heading(title));
    for entry in entries {
        let lines = wrap(&entry.about, WIDTH.saturating_sub(column + 4));
        let own = width(&entry.name);
        let _ = write!(text, "  {}", literal(&entry.name));
        let mut at = own;
        for (i, line) in lines.iter().enumerate() {
            if i > 0 || own > column {
                let _ = write!(text, "\n  ");
                at = 0;
            }
            let _ = write!(text, "{:gap$}{line}", "", gap = column.saturating_sub(at) + 2);
        }
        text.push('\n');
    }
}

fn paragraph(text: &mut String, words: &str) {
    for line in wrap(words, WIDTH) {
        let _ = writeln!(text, "{line}");
    }
}

/// Lines of at most so many columns. Between Chinese characters a line may end anywhere, but no line begins with a mark
/// that ends a clause; other words stay whole.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for given in text.lines() {
        let mut line = String::new();
        for word in words(given) {
            if width(&line) + width(word.trim_end()) > columns && !line.trim().is_empty() {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
            }
            line.push_str(word);
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// The pieces between which a line may end.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((_, now)) = characters.next() {
        let Some((next_at, next)) = characters.peek().copied() else { break };
        let wide = columns(now) == 2 || columns(next) == 2;
        let ends = (wide || now == ' ') && next != ' ' && !CLOSING.contains(next) && !OPENING.contains(now);
        if ends {
            words.extend(text.get(start..next_at));
            start = next_at;
        }
    }
    words.extend(text.get(start..));
    words
}

/// Marks that end what stands before them, and marks that belong to what follows.
const CLOSING: &str = "，。；：、！？）》”」,.;:)]";
const OPENING: &str = "（《“「([";

fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// Columns of a character on a terminal: two for what is written in a square.
fn columns(character: char) -> usize {
    match u32::from(character) {
        0x2018..=0x201D | 0x2026 | 0x2E80..=0xA4CF | 0xF900..=0xFAFF | 0xFE30..=0xFE4F | 0xFF00..=0xFF60 => 2,
        _ => 1,
    }
}

fn heading(text: &str) -> String {
    format!("\x1b[1m\x1b[4m{text}\x1b[0m")
}

fn literal(text: &str) -> String {
    format!("\x1b[1m{text}\x1b[0m")
}
