//! The pages as they are served: shells with their policy, modules, texts in both languages.

use std::collections::BTreeSet;

use certless::base::bytes::base64url;
use certless::base::json::{Value, json};
use certless::base::time::from_unix;
use certless::crypto::{Signer as _, SigningKey};
use certless::vc::compact::{NewCredential, Showing, show, to_text};
use certless::vc::status::token::StatusReference;

use crate::support::city::TestCity;

const SHELLS: &[&str] = &[
    "/",
    "/signin",
    "/agency",
    "/window",
    "/window/citizen",
    "/wallet",
    "/wallet/receive",
    "/wallet/present",
    "/supervise",
    "/audit",
    "/verify",
];

#[test]
fn each_page_is_served_with_all_that_it_names() {
    let city = TestCity::start();
    for path in SHELLS {
        let page = city.get(None, path, "text/html,*/*;q=0.8");
        assert_eq!((page.status, page.media.as_str()), (200, "text/html; charset=utf-8"), "{path}");
        let named: Vec<_> = page.text.split("\"/assets/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(named.iter().any(|name| name.ends_with("main.js")), "{path}: {named:?}");
        for name in named {
            let asset = city.get(None, &format!("/assets/{name}"), "*/*");
            assert_eq!(asset.status, 200, "{path} names {name}");
        }
    }
}

#[test]
fn a_machine_posts_to_verify_and_gets_no_page() {
    let city = TestCity::start();
    assert_eq!(city.get(None, "/verify", "application/json").status, 405);
    assert_eq!(city.send(None, "/verify", "text/plain", b"CL1:").status, 400);
}

#[test]
fn only_what_is_embedded_is_served() {
    let city = TestCity::start();
    for path in ["/assets/package.json", "/assets/../mod.rs", "/assets/%2e%2e/mod.rs", "/assets/", "/assets/wallet"] {
        assert_eq!(city.get(None, path, "*/*").status, 404, "{path}");
    }
    let worker = city.get(None, "/wallet/worker.js", "*/*");
    assert_eq!((worker.status, worker.media.as_str()), (200, "text/javascript; charset=utf-8"));
    assert!(worker.text.starts_with("const KEPT=[") && worker.text.contains("\"/assets/wallet/main.js\""));
}

#[test]
fn both_catalogues_have_the_same_keys() {
    let city = TestCity::start();
    let keys = |lang: &str| -> BTreeSet<String> {
        let Value::Object(texts) = city.get(None, &format!("/assets/text/{lang}.json"), "*/*").json() else {
            panic!("{lang}.json is no object")
        };
        assert!(texts.values().all(Value::is_string), "{lang}.json: texts only");
        texts.keys().cloned().collect()
    };
    let (zh, en) = (keys("zh"), keys("en"));
    let odd: Vec<_> = zh.symmetric_difference(&en).collect();
    assert!(odd.is_empty(), "in one language only: {odd:?}");
}

/// What the wallet's modules are held against in `tests/pages/formats.test.mjs`: a credential and its showing, as Rust
/// writes them. `CERTLESS_UPDATE=1` writes the file anew.
#[test]
fn the_wallets_vectors_are_what_rust_writes() {
    let holder = SigningKey::ed25519(&[2; 32]);
    let status = StatusReference { uri: "https://city.example/status/GA-0".to_owned(), index: 77 };
    let Value::Object(claims) = json!({"name": "张三", "idNumber": "430112199003074016", "ageOver18": true}) else {
        unreachable!()
    };
    let at = |seconds| from_unix(seconds).unwrap();
    let credential = NewCredential {
        issuer: "did:web:city.example:agencies:GA",
        key_id: "k1",
        id: "1.2.156.3005.2.11430112MB0DEM0176001.11430112MB0DEM0176.430112199003074016.001.X",
        type_code: "idCard",
        version: 1,
        view: "basic",
        issued_at: at(900),
        valid_from: at(1_000),
        valid_until: Some(at(2_000_000_000)),
        holder: Some(holder.public_key()),
        status: Some(&status),
        claims: &claims,
        fields: &["name", "idNumber", "address"],
    };
    let credential = credential.issue(&SigningKey::ed25519(&[1; 32])).unwrap();
    let code = |audience, nonce| {
        let showing = Showing { time: at(1_500), audience, nonce };
        to_text(&show(&credential, &showing, &holder).unwrap())
    };
    let vectors = json!({
        "seed": base64url(&[2; 32]),
        "x": holder.public_key().to_jwk()["x"],
        "credential": base64url(&credential),
        "time": 1_500,
        "plain": code(None, None),
        "asked": code(Some("did:web:city.example:agencies:YB"), Some("n-1")),
    });
    let text = format!("{}\n", serde_json::to_string_pretty(&vectors).unwrap());
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages/vectors.json");
    if std::env::var_os("CERTLESS_UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == text, "tests/pages/vectors.json is out of date: CERTLESS_UPDATE=1 cargo test --test it pages");
}
