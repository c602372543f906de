//! What we build on: licences, banned crates, sources, exact pins and the features of `serde_json`.
//!
//! The lists stand in `.deny.toml`, so that `cargo deny` and this check cannot disagree. Advisories are not checked
//! here: they need their own database.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

fn file(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn cargo(arguments: &[&str]) -> String {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The first quoted word of each line between `KEY = [` and `]` of `.deny.toml`.
fn list(key: &str) -> Vec<String> {
    let text = file(".deny.toml");
    let opening = format!("{key} = [");
    let lines = text.lines().skip_while(|line| *line != opening).skip(1).take_while(|line| *line != "]");
    let words: Vec<_> = lines.filter_map(|line| line.split('"').nth(1)).map(str::to_owned).collect();
    assert!(!words.is_empty(), ".deny.toml has no list `{key}`");
    words
}

/// Whether an SPDX expression can be met with the allowed licences (`/` is the old spelling of `OR`).
fn acceptable(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let result = any_of(&words, &mut at, allowed);
    assert!(at == words.len() || words.is_empty(), "not an SPDX expression: {expression:?}");
    result
}

fn any_of(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut result = all_of(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        result |= all_of(words, at, allowed);
    }
    result
}

fn all_of(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut result = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        result &= one(words, at, allowed);
    }
    result
}

fn one(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let word = words.get(*at).copied().unwrap_or_default();
    *at += 1;
    if word == "(" {
        let inner = any_of(words, at, allowed);
        *at += 1;
        return inner;
    }
    // An exception only adds permissions to the licence before it.
    if words.get(*at) == Some(&"WITH") {
        *at += 2;
    }
    allowed.iter().any(|licence| licence == word)
}

/// The values of `KEY = "…"` lines of the lock file.
fn locked(key: &str) -> Vec<String> {
    let opening = format!("{key} = \"");
    let lines = file("Cargo.lock");
    lines.lines().filter_map(|line| line.strip_prefix(&opening)?.strip_suffix('"')).map(str::to_owned).collect()
}

#[test]
fn licence_expressions_are_read_as_spdx_says() {
    let allowed = ["MIT".to_owned(), "Apache-2.0".to_owned()];
    for good in
        ["MIT", "MIT/GPL-3.0", "GPL-3.0 OR MIT", "(GPL-3.0 OR MIT) AND Apache-2.0", "Apache-2.0 WITH LLVM-exception"]
    {
        assert!(acceptable(good, &allowed), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND GPL-3.0", "MPL-2.0 WITH MIT"] {
        assert!(!acceptable(bad, &allowed), "{bad}");
    }
}

#[test]
fn every_dependency_is_under_an_allowed_licence() {
    let allowed = list("allow");
    let tree = cargo(&["tree", "--locked", "--prefix", "none", "--no-dedupe", "--format", "{p}\t{l}"]);
    let mut wrong: Vec<_> = tree
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter(|(_, licence)| !acceptable(licence, &allowed))
        .collect();
    wrong.sort_unstable();
    wrong.dedup();
    assert!(tree.lines().count() > 50, "the dependency tree is missing: {tree}");
    assert!(wrong.is_empty(), "under no licence of .deny.toml; replace them or decide there with a reason: {wrong:?}");
}

#[test]
fn no_banned_crate_is_locked_and_all_come_from_the_registry() {
    let names = locked("name");
    let found: Vec<_> = list("deny").into_iter().filter(|banned| names.contains(banned)).collect();
    assert!(found.is_empty(), "banned by .deny.toml: {found:?}; `cargo tree -i NAME` tells who brings them");
    let foreign: Vec<_> = locked("source").into_iter().filter(|from| from != CRATES_IO).collect();
    assert!(foreign.is_empty(), "not from the registry: {foreign:?}");
}

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[test]
fn serde_json_reads_numbers_exactly_and_keeps_no_order() {
    let tree = cargo(&["tree", "--locked", "-e", "features", "-i", "serde_json"]);
    let on = |feature: &str| tree.contains(&format!("serde_json feature \"{feature}\""));
    assert!(on("float_roundtrip"), "without float_roundtrip a signed number re-read from text hashes differently");
    assert!(!on("arbitrary_precision"), "arbitrary_precision changes what a number is; find it with `{HOW}`");
    assert!(!on("preserve_order"), "preserve_order changes every map; find it with `{HOW}`");
}

const HOW: &str = "cargo tree -e features -i serde_json";

#[test]
fn crates_that_break_between_releases_are_pinned_exactly() {
    let manifest = file("Cargo.toml");
    for name in ["jsonschema", "sled"] {
        let line = manifest.lines().find(|line| line.split('=').next().is_some_and(|key| key.trim() == name));
        let line = line.unwrap_or_else(|| panic!("Cargo.toml: `{name}` is gone; take it off this list"));
        assert!(line.contains("\"="), "Cargo.toml: pin `{name}` exactly: {line}");
    }
}

#[test]
fn locked_npm_packages_are_exact_and_hold_no_addresses() {
    for folder in ["src/ui/assets", "tests/interop", "tests/pages"] {
        let lock = file(&format!("{folder}/package-lock.json"));
        assert!(lock.contains("\"integrity\""), "{folder}: nothing is locked");
        assert!(
            !lock.contains("\"resolved\""),
            "{folder}/package-lock.json names where packages came from: keep .npmrc"
        );
        assert!(file(&format!("{folder}/.npmrc")).contains("omit-lockfile-registry-resolved=true"), "{folder}");
        let manifest: serde_json::Value = serde_json::from_str(&file(&format!("{folder}/package.json"))).unwrap();
        let named =
            ["dependencies", "devDependencies"].map(|kind| manifest[kind].as_object().cloned().unwrap_or_default());
        for (name, version) in named.iter().flatten() {
            let version = version.as_str().unwrap();
            assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{folder}: pin {name} exactly, not {version}");
        }
    }
}
