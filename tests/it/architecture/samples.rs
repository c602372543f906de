//! The checker checked: small wrong samples must be told with their line, small right ones must pass.

use super::rules::{check_dependencies, check_file, error_types};

/// The places and advice for a file whose first line is a module page and whose code begins in line 2.
fn told(path: &str, code: &str) -> Vec<String> {
    check_file(path, &format!("//! Page.\n{code}")).iter().map(ToString::to_string).collect()
}

#[track_caller]
fn refused(path: &str, code: &str, expected: &str) {
    let told = told(path, code);
    assert!(told.iter().any(|line| line.contains(expected)), "{code:?} in {path} gave {told:?}");
}

#[track_caller]
fn passes(path: &str, code: &str) {
    assert_eq!(told(path, code), Vec::<String>::new(), "{code:?} in {path}");
}

#[test]
fn an_import_from_above_is_refused_with_its_line() {
    refused("crypto/jwk.rs", "\nuse crate::vc::model;", "src/crypto/jwk.rs:3: `crypto` imports `vc`: a layer above");
    refused("crypto/jwk.rs", "fn f() { crate::domain::f() }", "imports `domain`");
    refused("base/id.rs", "use crate::{base::text, crypto::{digest, Signer}};", "imports `crypto`");
    refused("vc/model.rs", "use super::super::wire::qr;", "imports `wire`");
    refused("vc/model.rs", "mod inner { use super::super::super::wire::qr; }", "imports `wire`");
    refused("vc/model.rs", "#[cfg(test)]\nmod tests { use crate::domain::trust; }", "imports `domain`");
}

#[test]
fn an_import_from_a_sibling_is_refused() {
    refused("did/key.rs", "use crate::tlog::note;", "a sibling layer");
    refused("tlog/note.rs", "use crate::did;", "a sibling layer");
}

#[test]
fn imports_from_below_and_within_pass() {
    passes("vc/model.rs", "use crate::{base::json::{self, Value}, crypto::Signer as S};\nuse super::finding::Finding;");
    passes("vc/sd_jwt/mod.rs", "use super::finding;\nmod t { use super::super::finding; }");
    passes("lib.rs", "pub mod cli;");
    passes("main.rs", "use std::process::ExitCode;\nfn main() -> ExitCode { certless::cli::run() }");
}

#[test]
fn comments_and_strings_are_not_code() {
    passes(
        "base/text.rs",
        "// crate::cli::run\n/* use crate::vc; /* nested */ async */\n/// [`crate::http`]\nfn f() {}",
    );
    passes("base/text.rs", "const A: &str = \"use crate::vc::x; \\\" async\"; const B: &str = r#\"\"crate::cli\"#;");
    passes("base/text.rs", "const A: char = '\"'; fn f<'a>(x: &'a str) -> char { '\\'' } // crate::vc");
    refused("base/text.rs", "const A: char = '\"';\nuse crate::vc::x;", "src/base/text.rs:3");
}

#[test]
fn an_outside_crate_stays_in_its_layer() {
    refused("domain/trust.rs", "use sha2::Sha256;", "`sha2` belongs to crypto/");
    refused("vc/jws.rs", "fn f() { ed25519_dalek::SigningKey::generate() }", "`ed25519_dalek` belongs");
    refused("adapters/keyring.rs", "use sled::Db;", "`sled` belongs to adapters/store");
    refused("adapters/store/mod.rs", "use ureq::Agent;", "`ureq` belongs to adapters/fetch");
    refused("domain/ports.rs", "use tokio::sync::mpsc;", "`tokio` belongs");
    refused("vc/model.rs", "use base64::Engine;", "`base64` belongs to base/");
    passes("adapters/store/sled.rs", "use sled::Db;");
    passes("base/json.rs", "use serde_json::{Map, Value};");
    passes("domain/tables.rs", "use crate::base::hex;\nfn f() { hex::encode(); self::csv::f(); }");
    passes("domain/tables.rs", "mod image;\nfn f() { image::draw() }");
    passes("vc/model.rs", "#[cfg(test)]\nmod tests { use base64::Engine; }");
}

#[test]
fn the_outside_world_is_reached_from_three_layers_only() {
    refused("vc/status.rs", "use std::fs;", "`std::fs` outside");
    refused("http/verify.rs", "fn f() { std::env::var(\"A\") }", "`std::env` outside");
    refused("wire/oauth.rs", "use std::{fmt, net::TcpStream};", "`std::net` outside");
    passes("http/limits.rs", "use std::net::{IpAddr, SocketAddr};");
    passes("adapters/keyring.rs", "use std::fs::File;");
    passes("vc/status.rs", "#[cfg(test)]\nmod tests { use std::fs; }");
    refused("vc/status.rs", "#[cfg(test)]\nmod tests { use std::fmt; }\nuse std::fs;", "src/vc/status.rs:4");
}

#[test]
fn printing_async_and_verified_have_their_places() {
    refused("app/wiring.rs", "fn f() { println!(\"x\") }", "`println!` prints");
    refused("app/wiring.rs", "fn f() { std::io::stdout() }", "only `cli` speaks");
    refused(
        "app/wiring.rs",
        "use std::io;\nfn f() { io::stderr() }",
        "src/app/wiring.rs:3: `io::stderr`: only `cli` speaks",
    );
    passes("app/telemetry.rs", "use std::io;\nfn f() { io::stderr() }");
    passes("cli/verify.rs", "fn f() { println!(\"x\") }");
    refused("domain/issuance.rs", "pub async fn f() {}", "`async` below http");
    passes("http/verify.rs", "pub async fn f() {}");
    refused("domain/matter.rs", "fn f() { Verified { value } }", "`Verified` is made in");
    refused("vc/model.rs", "pub struct Verified<T>(T);", "`Verified` is made in");
    passes("vc/verify.rs", "pub struct Verified<T>(T); fn f() { Verified(1) }");
    passes("domain/matter.rs", "fn accept(shown: &Verified<Presentation>) -> Verified<Presentation> { x }");
}

#[test]
fn pages_sizes_and_lints_are_watched() {
    let bare = check_file("base/id.rs", "use std::fmt;\n");
    assert!(bare[0].to_string().contains("src/base/id.rs:1: open the file with `//!`"));
    refused("base/id.rs", &"\n".repeat(600), "split it by idea");
    passes("base/id.rs", &"\n".repeat(599));
    refused("base/id.rs", "#![allow(dead_code)]", "do not switch a lint off");
    refused("helpers/id.rs", "", "`helpers` is not a layer");
}

#[test]
fn unfinished_work_and_long_handlers_are_told() {
    refused("vc/model.rs", "\n// TODO later", "src/vc/model.rs:3: `TODO`");
    refused("vc/model.rs", "fn f() { todo!() }", "`todo!`");
    let handler = |lines: usize| format!("pub async fn verify(a: u8) -> u8 {{\n{}}}", "    f();\n".repeat(lines));
    refused("http/verify.rs", &handler(24), "src/http/verify.rs:2: 26 lines of handler");
    passes("http/verify.rs", &handler(23));
    passes("app/wiring.rs", &handler(40));
}

#[test]
fn error_types_are_found() {
    let text = "//! Page.\nimpl std::error::Error for A {}\nimpl Error for B {}\n// impl Error for C\n#[cfg(test)]\nmod t { impl Error for D {} }";
    assert_eq!(error_types(text), ["A", "B"]);
}

#[test]
fn a_dependency_without_a_layer_is_told() {
    let manifest = "[dependencies]\nserde = \"1\"\n# wild\nleft-pad = \"1\"\n\n[dev-dependencies]\nfree = \"1\"\n";
    let told: Vec<_> = check_dependencies(manifest).iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("Cargo.toml:4: give `left_pad` a row"), "{told:?}");
}
