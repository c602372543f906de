//! The architecture, enforced: reads `src` as text and fails with file, line and what to do.
//!
//! Rules: imports point down the layers only; every outside crate has its layers; files, environment and network
//! only in `adapters app cli`; printing only in `cli`; nothing is `async` below `http`; `Verified` is made in
//! `vc/verify*.rs` only; every file opens with a `//!` page and has at most 600 lines; lints are not switched off;
//! handlers have at most 25 lines; nothing is left unfinished; error types are few.
//! The tables are in `tables.rs`; `tokens.rs` reads Rust well enough to tell code from comments and strings.

mod rules;
mod samples;
mod tables;
mod tokens;

use std::fs;
use std::path::{Path, PathBuf};

use rules::{Violation, check_dependencies, check_file, error_types};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All `.rs` files below a folder, as paths relative to `src` with `/` between the parts.
fn sources(folder: &Path, prefix: &str, into: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "node_modules" {
            sources(&path, &format!("{prefix}{name}/"), into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push((format!("{prefix}{name}"), fs::read_to_string(&path).unwrap()));
        }
    }
}

fn report(violations: &[Violation]) -> String {
    let lines: Vec<_> = violations.iter().map(|violation| format!("\n  {violation}")).collect();
    lines.concat()
}

#[test]
fn every_source_file_keeps_the_rules() {
    let mut files = Vec::new();
    sources(&root().join("src"), "", &mut files);
    assert!(files.len() > 10, "src was not found: only {} files", files.len());
    let violations: Vec<_> = files.iter().flat_map(|(path, text)| check_file(path, text)).collect();
    assert!(violations.is_empty(), "{} rules broken:{}", violations.len(), report(&violations));
}

#[test]
fn error_types_are_few() {
    let mut files = Vec::new();
    sources(&root().join("src"), "", &mut files);
    let errors: Vec<_> = files.iter().flat_map(|(_, text)| error_types(text)).collect();
    assert!(errors.contains(&"ParseError".to_owned()), "{errors:?}");
    assert!(errors.len() <= 15, "{} error types, about ten are meant; use one of: {errors:?}", errors.len());
}

#[test]
fn every_dependency_has_its_layers() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let violations = check_dependencies(&manifest);
    assert!(violations.is_empty(), "{}", report(&violations));
}

#[test]
fn the_lints_that_the_design_asks_for_are_on() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for lint in ["missing_docs", "unsafe_code", "unwrap_used", "expect_used", "panic", "indexing_slicing"] {
        let on = manifest.lines().any(|line| {
            line.strip_prefix(lint).is_some_and(|rest| rest.contains("\"warn\"") || rest.contains("\"deny\""))
        });
        assert!(on, "Cargo.toml: lint `{lint}` must be \"warn\" or \"deny\"");
    }
}

#[test]
fn the_top_level_holds_what_the_design_names() {
    const KNOWN: &[&str] = &[
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "README.zh-CN.md",
        "build.rs",
        "certless-data",
        "keys",
        "rust-toolchain.toml",
        "schemas",
        "src",
        "target",
        "tests",
    ];
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name.starts_with('.') || KNOWN.contains(&name.as_str()),
            "{name}: not a top-level name; see `src/manual/architecture.md`"
        );
    }
}
