//! The rules; what they are measured by stands in `tables.rs`.

use std::collections::BTreeSet;
use std::fmt;

use super::tables::{
    ADDRESSES, CRATES, LAYERS, LONGEST_FILE, LONGEST_HANDLER, OUTSIDE_WORLD, PRINTING, TERMINAL, UNFINISHED,
};
use super::tokens::{PathUse, Token, paths, tokens};

/// One broken rule: where, and what to do.
#[derive(Debug)]
pub(super) struct Violation {
    pub(super) place: String,
    pub(super) advice: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.advice)
    }
}

struct Checker<'a> {
    path: &'a str,
    violations: Vec<Violation>,
}

impl Checker<'_> {
    fn broken(&mut self, line: usize, advice: String) {
        self.violations.push(Violation { place: format!("src/{}:{line}", self.path), advice });
    }

    fn may(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.path.starts_with(place))
    }

    fn layer(&self) -> &str {
        self.path.split_once('/').map_or("", |(layer, _)| layer)
    }

    /// Whether the file itself is a test module (`tests.rs`, or a file below `tests/`).
    fn is_test_file(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }
}

fn height(layer: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == layer).map(|(_, height)| *height)
}

/// Checks one file; `path` is relative to `src`.
pub(super) fn check_file(path: &str, text: &str) -> Vec<Violation> {
    let mut checker = Checker { path, violations: Vec::new() };
    check_page(&mut checker, text);
    let tokens = tokens(text);
    check_words(&mut checker, &tokens);
    let paths = paths(&tokens);
    let local = local_names(&tokens, &paths);
    for used in &paths {
        check_direction(&mut checker, used);
        check_outside(&mut checker, used, &local);
    }
    checker.violations
}

fn check_page(checker: &mut Checker<'_>, text: &str) {
    if !text.starts_with("//!") {
        checker.broken(1, "open the file with `//!`: what it is, what it is not, which specification section".into());
    }
    let lines = text.lines().count();
    if lines > LONGEST_FILE {
        checker.broken(lines, format!("{lines} lines; split it by idea, the most is {LONGEST_FILE}"));
    }
    for (i, line) in text.lines().enumerate() {
        if let Some(word) = UNFINISHED.iter().find(|word| line.contains(**word)) {
            checker.broken(i + 1, format!("`{word}`: finish it, or leave it out"));
        }
    }
    let layer = checker.layer().to_owned();
    if !layer.is_empty() && height(&layer).is_none() {
        checker.broken(1, format!("`{layer}` is not a layer; see the table in tests/it/architecture/tables.rs"));
    }
}

fn check_words(checker: &mut Checker<'_>, tokens: &[Token]) {
    let below_http = height(checker.layer()).is_some_and(|h| h < 7);
    let test_file = checker.is_test_file();
    for (i, token) in tokens.iter().enumerate() {
        let after = |n: usize| tokens.get(i + n).map_or("", |token| token.text.as_str());
        let name = token.text.as_str();
        let attribute = after(1) == "(" && i > 0 && matches!(tokens[i - 1].text.as_str(), "[" | "," | "(");
        if below_http && matches!(name, "async" | "await") {
            checker.broken(token.line, format!("`{name}` below http; a use case is a plain function"));
        } else if name == "allow" && attribute && i > 1 && tokens[i - 2].is("!") {
            checker.broken(
                token.line,
                "do not switch a lint off for a whole file; `#[expect(…, reason)]` at the place".into(),
            );
        } else if PRINTING.contains(&name) && after(1) == "!" && checker.layer() != "cli" && !token.test && !test_file {
            checker.broken(token.line, format!("`{name}!` prints; only `cli` speaks to the terminal"));
        } else if name == "extern" && after(1) == "crate" {
            checker.broken(token.line, "name the crate by its path instead of `extern crate`".into());
        } else if name == "async" && after(1) == "fn" && checker.layer() == "http" && !token.test && !test_file {
            let lines = body_lines(&tokens[i..]);
            if lines > LONGEST_HANDLER {
                checker.broken(
                    token.line,
                    format!("{lines} lines of handler, at most {LONGEST_HANDLER}; decide in `domain`"),
                );
            }
        } else if name == "Verified" && !checker.may(&["vc/verify"]) && makes_verified(tokens, i) {
            checker.broken(token.line, "`Verified` is made in vc/verify*.rs only; call the pipeline there".into());
        }
    }
}

/// The lines from the opening to the closing brace of the function that begins here.
fn body_lines(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    let mut opened = 0;
    for token in tokens {
        match token.text.as_str() {
            "{" if depth == 0 => (opened, depth) = (token.line, 1),
            "{" => depth += 1,
            "}" if depth == 1 => return token.line - opened + 1,
            "}" => depth -= 1,
            ";" if depth == 0 => return 0,
            _ => {}
        }
    }
    0
}

/// The types of a file that implement `Error`.
pub(super) fn error_types(text: &str) -> Vec<String> {
    let tokens = tokens(text);
    let implemented =
        tokens.windows(3).filter(|window| window[0].is("Error") && window[1].is("for") && !window[0].test);
    implemented.map(|window| window[2].text.clone()).collect()
}

/// `Verified(…)`, `Verified {…}`, `Verified::<…>…`, `Verified::new` or a second `struct Verified`.
fn makes_verified(tokens: &[Token], i: usize) -> bool {
    let next = tokens.get(i + 1).map_or("", |token| token.text.as_str());
    let defined = i > 0 && matches!(tokens[i - 1].text.as_str(), "struct" | "enum" | "type");
    defined || matches!(next, "(" | "{" | "::")
}

/// Modules declared and names imported here, which hide outside crates of the same name.
fn local_names(tokens: &[Token], paths: &[PathUse]) -> BTreeSet<String> {
    let declared = tokens.windows(2).filter(|pair| pair[0].is("mod")).map(|pair| pair[1].text.clone());
    let imported = paths.iter().filter(|used| used.import && used.segments.len() > 1);
    let imported = imported.filter(|used| matches!(used.segments[0].as_str(), "crate" | "super" | "self"));
    let imported = imported.filter_map(|used| used.segments.last().cloned());
    declared.chain(imported).collect()
}

/// The layer a path leads to, when it leads into this crate.
fn target_layer(checker: &Checker<'_>, used: &PathUse) -> Option<String> {
    let segments = &used.segments;
    let first = segments.first()?.as_str();
    if matches!(first, "crate" | "certless") {
        return segments.get(1).cloned();
    }
    let ups = segments.iter().skip_while(|s| *s == "self").take_while(|s| *s == "super").count();
    let mut module: Vec<&str> = checker.path.trim_end_matches(".rs").split('/').collect();
    if matches!(module.last(), Some(&"mod" | &"lib" | &"main")) {
        module.pop();
    }
    module.extend(used.inside.iter().map(String::as_str));
    let rest = segments.iter().find(|s| !matches!(s.as_str(), "self" | "super"));
    (ups > 0 && ups >= module.len()).then(|| rest.cloned().unwrap_or_default())
}

fn check_direction(checker: &mut Checker<'_>, used: &PathUse) {
    let Some(own) = height(checker.layer()) else { return };
    let Some(target) = target_layer(checker, used) else { return };
    let advice = match height(&target) {
        _ if target == checker.layer() => return,
        Some(other) if other < own => return,
        Some(other) if other == own => "a sibling layer; move what both need further down",
        Some(_) => "a layer above; pass the value in, or define a trait here that the upper layer implements",
        None => "not a layer; name the layer in full",
    };
    checker.broken(used.line, format!("`{}` imports `{target}`: {advice}", checker.layer()));
}

fn check_outside(checker: &mut Checker<'_>, used: &PathUse, local: &BTreeSet<String>) {
    if used.test || checker.is_test_file() {
        return;
    }
    let segment = |i: usize| used.segments.get(i).map_or("", String::as_str);
    let (first, second, third) = (segment(0), segment(1), segment(2));
    let stream = if first == "std" && second == "io" { third } else { second };
    if matches!(first, "std" | "io") && matches!(stream, "stdin" | "stdout" | "stderr") && !checker.may(TERMINAL) {
        checker.broken(used.line, format!("`io::{stream}`: only `cli` speaks to the terminal"));
    }
    if first == "std" {
        let world = matches!(second, "fs" | "env" | "process") || (second == "net" && !ADDRESSES.contains(&third));
        if world && !OUTSIDE_WORLD.contains(&checker.layer()) && !exit_code(checker, second, third) {
            checker.broken(
                used.line,
                format!("`std::{second}` outside adapters, app and cli; let them pass the value in"),
            );
        }
        return;
    }
    if !used.import && local.contains(first) {
        return;
    }
    let Some((_, places)) = CRATES.iter().find(|(name, _)| *name == first) else { return };
    if !checker.may(places) {
        let places = places.join(" ");
        checker.broken(used.line, format!("`{first}` belongs to {places}; use what that layer offers"));
    }
}

/// `main.rs` gives the exit code back.
fn exit_code(checker: &Checker<'_>, second: &str, third: &str) -> bool {
    checker.path == "main.rs" && second == "process" && third == "ExitCode"
}

/// Every `[dependencies]` entry of the manifest must have a row in [`CRATES`].
pub(super) fn check_dependencies(manifest: &str) -> Vec<Violation> {
    let mut section = "";
    let mut violations = Vec::new();
    for (i, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            section = line;
        }
        let Some((name, _)) = line.split_once('=').filter(|_| section == "[dependencies]") else { continue };
        let name = name.trim().replace('-', "_");
        if !name.starts_with('#') && !CRATES.iter().any(|(known, _)| *known == name) {
            let advice =
                format!("give `{name}` a row in CRATES, tests/it/architecture/tables.rs: which layer may use it?");
            violations.push(Violation { place: format!("Cargo.toml:{}", i + 1), advice });
        }
    }
    violations
}
