//! RFC 9901 and SD-JWT VC: every published example, one test each.
//!
//! For each example: the issued SD-JWT verifies and holds the published claims; the presentation verifies to
//! `verified_contents.json`; its key binding verifies; our holder selects exactly the published disclosures; and our
//! issuer, concealing the same claims, makes an SD-JWT with the same places that gives the same verified contents.

use std::collections::BTreeSet;

use certless::base::json::{Map, Value};
use certless::base::time::from_unix;
use certless::crypto::derive::SeededRandom;
use certless::crypto::{PublicKey, SigningKey};
use certless::vc::sd_jwt::{
    ClaimPath, Credential, ExpectedBinding, HashAlgorithm, Issuance, Open, Processed, SdJwt, Step, credential, issue,
    json_form,
};

use crate::support::vectors;

/// What `settings.yml` says; a reader for these few lines needs no YAML.
struct Settings {
    issuer_keys: Vec<PublicKey>,
    holder_key: PublicKey,
    verifier: String,
    nonce: String,
}

impl Settings {
    fn read(set: &str, specification: &str) -> Option<Self> {
        let settings = vectors::text(&format!("{set}/settings.yml"))?;
        let member = |name: &str| values(&settings, name).into_iter().next().unwrap();
        let overridden = specification.contains("settings_override");
        let mut keys = keys(if overridden { specification } else { &settings });
        Some(Self {
            holder_key: keys.pop().unwrap(),
            issuer_keys: keys,
            verifier: member("verifier"),
            nonce: member("key_binding_nonce"),
        })
    }
}

fn values(yaml: &str, name: &str) -> Vec<String> {
    let value = |line: &str| {
        let (key, value) = line.trim().trim_start_matches("- ").split_once(": ")?;
        (key.trim_matches('"') == name)
            .then(|| value.split(" #").next().unwrap_or_default().trim().trim_matches('"').to_owned())
    };
    yaml.lines().filter_map(value).collect()
}

fn keys(yaml: &str) -> Vec<PublicKey> {
    let key = |(x, y): (String, String)| {
        let members = [("kty", "EC".to_owned()), ("crv", "P-256".to_owned()), ("x", x), ("y", y)];
        let jwk: Map = members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        PublicKey::from_jwk(&jwk).unwrap()
    };
    values(yaml, "x").into_iter().zip(values(yaml, "y")).map(key).collect()
}

fn object(value: &Value) -> Map {
    value.as_object().cloned().unwrap_or_else(|| panic!("not an object: {value}"))
}

/// Reads both forms; in the JSON form the first signature, to which key binding refers, comes first.
fn read(folder: &str, name: &str) -> Vec<SdJwt> {
    if vectors::has(&format!("{folder}/{name}.txt")) {
        // Some are published with line breaks.
        let text: String = vectors::text(&format!("{folder}/{name}.txt")).unwrap().split_ascii_whitespace().collect();
        let sd_jwt = SdJwt::parse(&text).unwrap();
        assert_eq!(sd_jwt.to_string(), text);
        return vec![sd_jwt];
    }
    let text = vectors::json(&format!("{folder}/{name}.json")).unwrap();
    json_form::parse(&object(&serde_json::from_str(text.as_str().unwrap()).unwrap())).unwrap()
}

fn verified(read: &[SdJwt], settings: &Settings) -> Processed {
    assert_eq!(read.len(), settings.issuer_keys.len(), "one key for each signature");
    let each = read.iter().zip(&settings.issuer_keys).map(|(sd_jwt, key)| sd_jwt.verify(key).unwrap());
    each.reduce(|first, other| {
        assert_eq!(first, other);
        first
    })
    .unwrap()
}

fn example(set: &str, name: &str) {
    let folder = format!("{set}/{name}");
    let Some(specification) = vectors::text(&format!("{folder}/specification.yml")) else { return };
    let settings = Settings::read(set, &specification).unwrap();
    let json = |name: &str| vectors::json(&format!("{folder}/{name}.json")).unwrap();

    let issued = read(&folder, "sd_jwt_issuance");
    let all = verified(&issued, &settings);
    assert_eq!(Value::Object(issued[0].payload().clone()), json("sd_jwt_payload"));
    for (claim, value) in object(&json("user_claims")) {
        assert_eq!(all.claims.get(&claim), Some(&value), "{claim}");
    }

    let shown = read(&folder, "sd_jwt_presentation");
    let contents = verified(&shown, &settings);
    assert_eq!(Value::Object(contents.claims.clone()), json("verified_contents"));
    if contents.claims.get("vct").is_some() && shown[0].header().typ() == Some(credential::TYP) {
        Credential::check(&shown[0], contents).unwrap();
    }
    check_binding(&folder, &shown[0], &settings);
    let paths = check_selection(&issued[0], &all, &shown[0]);
    check_issuance(&all, &issued[0], &paths, &json("verified_contents"));
}

fn check_binding(folder: &str, shown: &SdJwt, settings: &Settings) {
    let payload = format!("{folder}/kb_jwt_payload.json");
    assert_eq!(shown.has_key_binding(), vectors::has(&payload));
    if !shown.has_key_binding() {
        return;
    }
    let payload = vectors::json(&payload).unwrap();
    let now = from_unix(payload["iat"].as_i64().unwrap()).unwrap();
    let expected = ExpectedBinding::new(Some(&settings.nonce), Some(&settings.verifier), now);
    let binding = shown.verify_key_binding(&settings.holder_key, &expected).unwrap();
    assert_eq!(binding.issued_at, now);
    let wrong = ExpectedBinding { nonce: Some("other"), ..expected };
    assert!(shown.verify_key_binding(&settings.holder_key, &wrong).is_err());
    assert!(shown.verify_key_binding(&settings.issuer_keys[0], &expected).is_err());
}

/// Our holder, asked for the claims that were shown, selects the disclosures that were shown.
fn check_selection(issued: &SdJwt, all: &Processed, shown: &SdJwt) -> Vec<ClaimPath> {
    let texts = |sd_jwt: &SdJwt| -> BTreeSet<String> {
        sd_jwt.disclosures().iter().map(|disclosure| disclosure.as_text().to_owned()).collect()
    };
    let wanted = texts(shown);
    let is_wanted = |position: usize| wanted.contains(issued.disclosures()[position].as_text());
    let paths: Vec<ClaimPath> =
        all.disclosed.iter().filter(|(_, position)| is_wanted(*position)).map(|(path, _)| path.clone()).collect();
    assert_eq!(texts(&issued.select_only(&paths).unwrap()), wanted);
    paths
}

/// Our issuer conceals the same claims in the same places.
fn check_issuance(all: &Processed, published: &SdJwt, paths: &[ClaimPath], contents: &Value) {
    let concealed: BTreeSet<String> = all.disclosed.iter().map(|(path, _)| path.to_string()).collect();
    let mut open = Vec::new();
    every_path(&Value::Object(all.claims.clone()), &ClaimPath::default(), &mut open);
    let open: Vec<Open> =
        open.into_iter().filter(|path| !concealed.contains(&path.to_string())).map(Open::Claim).collect();
    let issuance = Issuance {
        header: published.header().members().clone(),
        claims: &all.claims,
        open: &open,
        decoys: 0,
        hash: HashAlgorithm::Sha256,
    };
    let (key, random) = (SigningKey::ed25519(&[7; 32]), SeededRandom::new("issuance"));
    let ours = issue(&issuance, &key, &random).unwrap();
    let public = certless::crypto::Signer::public_key(&key);
    let processed = ours.verify(public).unwrap();
    assert_eq!(processed.claims, all.claims);
    assert_eq!(processed.disclosed.iter().map(|(path, _)| path.to_string()).collect::<BTreeSet<_>>(), concealed);
    assert_eq!(ours.disclosures().len(), published.disclosures().len());
    let shown = ours.select_only(paths).unwrap().verify(public).unwrap();
    assert_eq!(Value::Object(shown.claims), *contents);
}

fn every_path(value: &Value, path: &ClaimPath, out: &mut Vec<ClaimPath>) {
    let children: Vec<(Step, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(name, value)| (Step::Name(name.clone()), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (Step::Index(index), value)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for (step, value) in children {
        let path = path.then(step);
        every_path(value, &path, out);
        out.push(path);
    }
}

macro_rules! examples {
    ($($test:ident: $set:literal $name:literal,)+) => {
        $(#[test] fn $test() { example($set, $name); })+

        #[test]
        fn no_published_example_is_left_out() {
            let listed = BTreeSet::from([$(concat!($set, "/", $name).to_owned()),+]);
            let Some(root) = vectors::folder() else { return };
            for set in listed.iter().map(|name| name.rsplit_once('/').unwrap().0).collect::<BTreeSet<_>>() {
                for entry in std::fs::read_dir(root.join(set)).unwrap().map(Result::unwrap) {
                    let name = format!("{set}/{}", entry.file_name().to_str().unwrap());
                    assert!(!entry.path().is_dir() || listed.contains(&name), "{name} has no test");
                }
            }
        }
    };
}

examples! {
    rfc9901_address_only_flat: "sd-jwt/rfc9901-examples" "address_only_flat",
    rfc9901_address_only_recursive: "sd-jwt/rfc9901-examples" "address_only_recursive",
    rfc9901_address_only_structured: "sd-jwt/rfc9901-examples" "address_only_structured",
    rfc9901_address_only_structured_one_open: "sd-jwt/rfc9901-examples" "address_only_structured_one_open",
    rfc9901_arf_pid: "sd-jwt/rfc9901-examples" "arf-pid",
    rfc9901_complex_eidas: "sd-jwt/rfc9901-examples" "complex_eidas",
    rfc9901_complex_eidas_proposal: "sd-jwt/rfc9901-examples" "complex_eidas_proposal",
    rfc9901_complex_ekyc: "sd-jwt/rfc9901-examples" "complex_ekyc",
    rfc9901_json_serialization_flattened: "sd-jwt/rfc9901-examples" "json_serialization_flattened",
    rfc9901_json_serialization_general: "sd-jwt/rfc9901-examples" "json_serialization_general",
    rfc9901_jsonld: "sd-jwt/rfc9901-examples" "jsonld",
    rfc9901_simple: "sd-jwt/rfc9901-examples" "simple",
    rfc9901_simple_structured: "sd-jwt/rfc9901-examples" "simple_structured",
    rfc9901_w3c_vc: "sd-jwt/rfc9901-examples" "w3c-vc",
    rfc9901_w3c_vc_for_slide_deck: "sd-jwt/rfc9901-examples" "w3c-vc_for_slide_deck",
    sd_jwt_vc_01: "sd-jwt/sd-jwt-vc-examples" "01",
    sd_jwt_vc_02: "sd-jwt/sd-jwt-vc-examples" "02",
    sd_jwt_vc_03_pid: "sd-jwt/sd-jwt-vc-examples" "03-pid",
    oid4vp_sd_jwt_vcld_01: "openid/oid4vp-1.0/sd_jwt_vcld" "01",
}
