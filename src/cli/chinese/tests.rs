//! Every text of the grammar has its Chinese, and what is printed shows it.

use std::collections::BTreeSet;

use clap::{Command, CommandFactory as _};

use super::*;
use crate::cli::args::Cli;

fn grammar() -> Command {
    let mut grammar = Cli::command();
    grammar.build();
    grammar
}

/// Every command of the grammar with its whole name.
fn each(command: &Command, path: &str, visit: &mut dyn FnMut(&str, &Command)) {
    let path = format!("{path} {}", command.get_name());
    visit(path.trim(), command);
    for one in command.get_subcommands().filter(|one| one.get_name() != "help") {
        each(one, &path, visit);
    }
}

fn texts_of(command: &Command) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let about =
        [command.get_about(), command.get_long_about(), command.get_after_help(), command.get_after_long_help()];
    found.extend(about.into_iter().flatten().map(ToString::to_string));
    for arg in command.get_arguments() {
        found.insert(arg.get_help().map(ToString::to_string).unwrap_or_default());
        let values = arg.get_possible_values();
        if arg.get_action().takes_values() {
            found.extend(values.iter().map(|value| value.get_help().map(ToString::to_string).unwrap_or_default()));
        }
    }
    found
}

#[test]
fn every_text_of_the_grammar_has_its_chinese_and_no_chinese_is_left_over() {
    let mut used = BTreeSet::new();
    each(&grammar(), "", &mut |path, command| {
        let found = texts_of(command);
        assert!(!found.contains(""), "{path}: a text is missing");
        used.extend(found);
        used.extend(command.get_subcommands().map(|one| one.get_about().map(ToString::to_string).unwrap_or_default()));
    });
    let known: BTreeSet<String> = texts::TEXTS.iter().map(|(english, _)| (*english).to_owned()).collect();
    let missing: Vec<_> = used.difference(&known).collect();
    assert!(missing.is_empty(), "without Chinese: {missing:#?}");
    let left_over: Vec<_> = known.difference(&used).collect();
    assert!(left_over.is_empty(), "of no use: {left_over:#?}");
    assert_eq!(known.len(), texts::TEXTS.len(), "a text twice");
}

/// Words that are the same in both languages: names of things that people type, of formats and of standards.
const KEPT: &str = "certless- ga-clerk HTTPS CA PEM PIN OpenID4VCI openid-credential-offer openid4vp ca crt IP LANG JSON Lines JWK JWS JWT SD-JWT KB UTF-8 PNG P-256 Ed25519 ES256 RFC RDFC-1 N-Quads SEC1 \
    W3C Data Integrity VC QR DIR GA idCard rowKey http https keys key-1 zh en did:key did:jwk low medium svg png csv xlsx json jsonl";

/// What of a text is neither Chinese, nor the grammar's own names, nor kept.
fn english_words(text: &str, names: &BTreeSet<String>) -> Vec<String> {
    let mut plain = String::new();
    let mut parts = text.split("\x1b[");
    plain.push_str(parts.next().unwrap_or_default());
    parts.for_each(|part| plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest)));
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == ':';
    let words = plain.split(|c| !word(c)).map(|word| word.trim_matches(['-', ':'])).filter(|word| word.len() > 1);
    let words = words.filter(|word| word.bytes().any(|b| b.is_ascii_alphabetic()));
    let known = |word: &str| names.contains(word) || KEPT.split_whitespace().any(|kept| kept == word);
    words.filter(|word| !known(word)).map(str::to_owned).collect()
}

/// Names that people type: commands, options and values.
fn names() -> BTreeSet<String> {
    let mut names = BTreeSet::from(["help".to_owned(), "certless-data".to_owned(), "certless.json".to_owned()]);
    each(&grammar(), "", &mut |_, command| {
        names.insert(command.get_name().to_owned());
        for arg in command.get_arguments() {
            names.extend(arg.get_long().map(str::to_owned));
            names.extend(arg.get_possible_values().iter().map(|value| value.get_name().to_owned()));
        }
    });
    names
}

#[test]
fn every_help_is_chinese_throughout() {
    let names = names();
    each(&grammar(), "", &mut |path, _| {
        if path.ends_with(" tool") {
            return;
        }
        let arguments: Vec<_> = path.split(' ').chain(["--help"]).collect();
        let shown = translated(Cli::command()).try_get_matches_from(arguments).unwrap_err();
        assert_eq!(shown.kind(), clap::error::ErrorKind::DisplayHelp);
        let text = shown.to_string();
        assert!(text.contains("用法：") && text.contains("显示帮助"), "{path}: {text}");
        let kept = [
            "certless",
            "Exit",
            "trust",
            "registry",
            "json",
            "verifier",
            "basic",
            "127",
            "2026-03-01T00:00:00Z",
            "tlog-proof",
            "log",
            "pub",
            "jwk",
        ];
        let left: Vec<_> =
            english_words(&text, &names).into_iter().filter(|word| !kept.contains(&word.as_str())).collect();
        assert!(left.is_empty(), "{path}: {left:?} in\n{text}");
        for line in text.lines() {
            let columns: usize = line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
            assert!(columns <= 82 || line.contains("用法："), "{path}: {columns} columns: {line}");
        }
    });
}

#[test]
fn every_refusal_of_the_parser_is_chinese_and_names_what_is_meant() {
    let names = names();
    for (line, says) in [
        ("issue --agency GA --type idCard", "缺少必需的参数：--in <文件>"),
        ("issue --agency GA --type idCard --in", "--in <文件> 后面缺少值"),
        ("serve --nothing", "没有“--nothing”这个选项"),
        ("serve --listn 127.0.0.1:1", "相近的选项：--listen"),
        ("serv", "相近的命令：serve"),
        ("store chek", "相近的命令：check"),
        ("token --role nobody", "的值“nobody”无效。可用的有：agency、window、operator"),
        ("serve --listen here", "应为“IP:端口”"),
        ("qr x --scale 99", "数值超出范围"),
        ("bench --seconds x", "应为整数"),
        ("issue --agency ?? --type idCard --in x", "应为机关代码"),
        ("issue --agency GA --type ?? --in x", "应为证照类型代码"),
        ("serve --listen 127.0.0.1:1 --listen 127.0.0.1:2", "--listen <地址> 只能写一次"),
        ("verify --at x --server y z", "不能与"),
        ("keys --server x list", "缺少必需的参数：--token <文件>"),
        ("qr a b", "没有“b”这个选项或参数"),
        ("store check --bound=1", "没有“--bound”这个选项"),
        ("verify x --json=1", "--json 的值太多"),
    ] {
        let arguments = ["certless"].into_iter().chain(line.split(' '));
        let matches = translated(Cli::command()).try_get_matches_from(arguments);
        let refused = refusal(&matches.unwrap_err());
        assert!(refused.contains(says), "{line}: {refused}");
        let left: Vec<_> =
            english_words(&refused, &names).into_iter().filter(|word| !line.contains(word.as_str())).collect();
        assert!(left.iter().all(|word| word == "certless"), "{line}: {left:?} in\n{refused}");
    }
}

#[test]
fn lines_break_between_chinese_characters_and_never_before_a_mark() {
    let lines = help::wrap("一二三四五，六七八 certless 九十", 10);
    assert_eq!(lines, ["一二三四", "五，六七八", "certless", "九十"]);
    assert_eq!(help::wrap("短\n- 行", 10), ["短", "- 行"]);
}
