//! The wallet's commands one after another, as a script calls them.

use std::fs;
use std::path::Path;

use clap::Parser;

use super::{WalletArgs, run};
use crate::base::bytes::base64url;
use crate::base::json::{Limits, Map, Value, json, parse_object};
use crate::base::text::Lang;
use crate::base::time::from_unix;
use crate::cli::console::Console;
use crate::crypto::derive::SeededRandom;
use crate::crypto::{PublicKey, Signer, SigningKey};
use crate::did;
use crate::domain::error::{Error, ErrorKind};
use crate::vc::compact::{Code, NewCredential};
use crate::vc::finding::Code as FindingCode;
use crate::vc::sd_jwt::{SdJwt, credential};
use crate::wire::qr;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: WalletArgs,
}

/// What the command prints as its answer.
fn wallet(folder: &Path, words: &[&str]) -> Result<String, Error> {
    let secret = folder.join("passphrase");
    fs::write(&secret, "correct horse\n").unwrap();
    let holder = folder.join("holder.wallet");
    let mut line = vec!["wallet", "--passphrase-file", secret.to_str().unwrap(), words[0], holder.to_str().unwrap()];
    line.extend(&words[1..]);
    let (mut answers, mut notes) = (Vec::new(), Vec::new());
    let mut console = Console { lang: Lang::En, answers: &mut answers, notes: &mut notes };
    run(&Line::try_parse_from(line).unwrap().args, &mut console)?;
    Ok(String::from_utf8(answers).unwrap().trim_end().to_owned())
}

fn agency() -> SigningKey {
    SigningKey::ed25519(&[1; 32])
}

fn package(key: &PublicKey) -> Value {
    let claims = json!({"name": "张三", "idNumber": "430112199003074016"});
    let claims = claims.as_object().unwrap();
    let view = NewCredential {
        issuer: "did:web:city.example:agencies:GA",
        key_id: "key-1",
        id: "A",
        type_code: "idCard",
        version: 1,
        view: "basic",
        valid_from: from_unix(0).unwrap(),
        valid_until: None,
        holder: Some(key),
        status: None,
        claims,
        fields: &["name"],
    };
    let sd_jwt = credential::NewCredential {
        issuer: "https://city.example/agencies/GA",
        key_id: "key-1",
        vct: "https://city.example/schemas/credentials/idCard/1",
        valid_from: None,
        valid_until: None,
        issued_at: None,
        status: None,
        holder: Some(key),
        claims,
        open: &[],
        decoys: 0,
    };
    let sd_jwt = sd_jwt.issue(&agency(), &SeededRandom::new("A")).unwrap().to_string();
    let copy = json!({"holder": did::key::did(key), "sdJwt": sd_jwt, "compact": {"basic": base64url(&view.issue(&agency()).unwrap())}});
    json!({"id": "A", "type": "idCard", "number": "N-1", "credential": {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"]}, "copies": [copy]})
}

/// A folder with a wallet that holds one licence.
fn filled() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let told = object(&wallet(folder.path(), &["new", "--name", "张三"]).unwrap());
    let key = PublicKey::from_jwk(told["jwk"].as_object().unwrap()).unwrap();
    assert_eq!(told["did"], did::key::did(&key));
    let file = folder.path().join("package.json");
    fs::write(&file, json!({"package": package(&key)}).to_string()).unwrap();
    wallet(folder.path(), &["receive", file.to_str().unwrap()]).unwrap();
    folder
}

fn object(text: &str) -> Map {
    parse_object(text.as_bytes(), &Limits::DEFAULT).unwrap()
}

#[test]
fn a_licence_is_received_shown_and_noted() {
    let folder = filled();
    let code = wallet(folder.path(), &["code", "idCard", "--audience", "WIN-01"]).unwrap();
    let read = Code::from_text(&code).unwrap();
    assert_eq!(read.verify_holder(), Ok(()));
    let listed = object(&wallet(folder.path(), &["list"]).unwrap());
    assert_eq!(listed["licences"][0]["views"], json!(["basic"]));
    assert_eq!(listed["history"][0]["audience"], "WIN-01");
    assert!(!listed.contains_key("key") && !format!("{listed:?}").contains("secret"), "a list tells no secret");
}

#[test]
fn a_code_is_drawn_as_png_svg_and_on_the_terminal() {
    let folder = filled();
    for name in ["code.png", "code.svg"] {
        let file = folder.path().join(name);
        assert_eq!(wallet(folder.path(), &["code", "A", "--out", file.to_str().unwrap()]).unwrap(), "");
        let texts = qr::read(&fs::read(&file).unwrap()).unwrap();
        assert_eq!(Code::from_text(&texts[0]).unwrap().verify_holder(), Ok(()), "{name}");
    }
    assert!(wallet(folder.path(), &["code", "A", "--terminal"]).unwrap().contains('█'));
    let printed = wallet(folder.path(), &["code", "A", "--printed"]).unwrap();
    assert_eq!(Code::from_text(&printed).unwrap().verify_holder().unwrap_err().code, FindingCode::BindingMissing);
    let odd = folder.path().join("code.gif");
    assert_eq!(
        wallet(folder.path(), &["code", "A", "--out", odd.to_str().unwrap()]).unwrap_err().kind,
        ErrorKind::Malformed
    );
}

#[test]
fn presentations_answer_the_challenge() {
    let folder = filled();
    let asked = ["--nonce", "n-1", "--audience", "https://window.example"];
    let words = [&["present", "N-1", "--claims", "name"][..], &asked].concat();
    let sd_jwt = SdJwt::parse(&wallet(folder.path(), &words).unwrap()).unwrap();
    assert!(sd_jwt.has_key_binding());
    let claims = sd_jwt.verify(agency().public_key()).unwrap().claims;
    assert!(claims.contains_key("name") && !claims.contains_key("idNumber"));
    let words = [&["present", "A", "--form", "vp"][..], &asked].concat();
    let presentation = object(&wallet(folder.path(), &words).unwrap());
    assert_eq!(presentation["proof"]["challenge"], "n-1");
    assert_eq!(presentation["proof"]["domain"], "https://window.example");
    let words = [&["present", "A", "A"][..], &asked].concat();
    assert_eq!(wallet(folder.path(), &words).unwrap_err().kind, ErrorKind::Malformed, "one SD-JWT at a time");
}

#[test]
fn a_wallet_is_not_made_twice_nor_opened_with_another_passphrase() {
    let folder = filled();
    assert_eq!(wallet(folder.path(), &["new"]).unwrap_err().kind, ErrorKind::Conflict);
    let other = crate::adapters::wallet_file::open(&folder.path().join("holder.wallet"), "wrong").map(drop);
    assert_eq!(other.unwrap_err().kind, ErrorKind::NotAllowed);
    assert_eq!(wallet(folder.path(), &["code", "B"]).unwrap_err().kind, ErrorKind::NotFound);
}
