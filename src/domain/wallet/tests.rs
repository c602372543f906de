//! Receiving, finding and showing, with packages made the way the city makes them.

use super::keys::HolderKey;
use super::{Asked, Form, Wallet};
use crate::base::bytes::base64url;
use crate::base::json::{Map, Value, json};
use crate::base::time::{Timestamp, from_unix};
use crate::crypto::derive::{Seed, SeededRandom};
use crate::crypto::{Algorithm, Signer, SigningKey};
use crate::domain::error::ErrorKind;
use crate::vc::compact::{Code, NewCredential};
use crate::vc::contexts::Contexts;
use crate::vc::data_integrity::{self, Cryptosuite, Expect, ProofOptions};
use crate::vc::finding::{Code as FindingCode, Finding};
use crate::vc::keys::{Keys, Purpose, ResolvedKey};
use crate::vc::sd_jwt::{ClaimPath, ExpectedBinding, SdJwt, credential};

const AGENCY: &str = "did:web:city.example:agencies:GA";

fn now() -> Timestamp {
    from_unix(1_772_100_000).unwrap()
}

fn agency() -> SigningKey {
    SigningKey::ed25519(&[1; 32])
}

fn asked() -> Asked<'static> {
    Asked { audience: Some("WIN-01"), nonce: Some("n-1"), now: now() }
}

fn wallet(n: u8) -> Wallet {
    Wallet::new("张三（演示）", HolderKey::derived(&Seed::new([n; 32]), "holder"))
}

fn object(value: Value) -> Map {
    let Value::Object(map) = value else { panic!("an object") };
    map
}

/// A package of one licence for some holders; `None` is a copy for nobody.
fn package(id: &str, holders: &[Option<&HolderKey>]) -> Vec<u8> {
    let claims = object(json!({"name": "张三", "idNumber": "430112199003074016"}));
    let document = object(json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": format!("urn:certless:{id}"), "type": ["VerifiableCredential"], "issuer": AGENCY,
        "credentialSubject": {"id": "did:example:1"},
    }));
    let options = ProofOptions::new(Purpose::AssertionMethod, format!("{AGENCY}#key-1"), now());
    let signed = data_integrity::sign(document, &options, &agency(), &Contexts::bundled()).unwrap();
    let copies = holders.iter().map(|holder| {
        let key = holder.map(Signer::public_key);
        let view = NewCredential {
            issuer: AGENCY,
            key_id: "key-1",
            id,
            type_code: "idCard",
            version: 1,
            view: "basic",
            issued_at: now(),
            valid_from: now(),
            valid_until: None,
            holder: key,
            status: None,
            claims: &claims,
            fields: &["name", "idNumber"],
        };
        let copy = json!({"compact": {"basic": base64url(&view.issue(&agency()).unwrap())}});
        let Some(holder) = holder else { return copy };
        let sd_jwt = credential::NewCredential {
            issuer: "https://city.example/agencies/GA",
            key_id: "key-1",
            vct: "https://city.example/schemas/credentials/idCard/1",
            valid_from: None,
            valid_until: None,
            issued_at: Some(now()),
            status: None,
            holder: key,
            claims: &claims,
            open: &[],
            decoys: 1,
        };
        let sd_jwt = sd_jwt.issue(&agency(), &SeededRandom::new(id)).unwrap().to_string();
        let mut copy = object(copy);
        copy.insert("holder".to_owned(), holder.did().into());
        copy.insert("sdJwt".to_owned(), sd_jwt.into());
        Value::Object(copy)
    });
    let copies: Vec<Value> = copies.collect();
    json!({"id": id, "type": "idCard", "number": format!("N-{id}"), "credential": signed, "copies": copies})
        .to_string()
        .into_bytes()
}

/// Resolves the agency's key and any `did:key`.
struct Everyone;

impl Keys for Everyone {
    fn resolve(&self, method: &str, _: Purpose, _: Timestamp) -> Result<ResolvedKey, Finding> {
        if let Some(key) =
            method.split_once('#').and_then(|(did, _)| crate::did::key::public_key(did).ok().map(|key| (did, key)))
        {
            return Ok(ResolvedKey { key: key.1, controller: key.0.to_owned() });
        }
        assert!(method.starts_with(AGENCY), "{method}");
        Ok(ResolvedKey { key: agency().public_key().clone(), controller: AGENCY.to_owned() })
    }
}

fn filled() -> Wallet {
    let mut wallet = wallet(1);
    let package = package("A", &[Some(&wallet.key)]);
    wallet.receive(&package, now()).unwrap();
    wallet
}

#[test]
fn a_show_code_verifies_and_is_noted() {
    let mut wallet = filled();
    let code = Code::from_text(&wallet.code("A", "basic", &asked()).unwrap()).unwrap();
    assert_eq!(code.credential.verify_issuer(agency().public_key()), Ok(()));
    assert_eq!(code.verify_holder(), Ok(()));
    assert_eq!(code.shown.unwrap().audience.as_deref(), Some("WIN-01"));
    let noted = &wallet.history()[0];
    assert_eq!(
        (noted.licence.as_str(), noted.form, noted.shown.as_slice()),
        ("A", Form::Code, &["basic".to_owned()][..])
    );
    assert_eq!(wallet.code("A", "no-such-view", &asked()).unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(wallet.history().len(), 1, "what failed was not shown");
}

#[test]
fn a_printed_code_has_no_holder_proof() {
    let mut wallet = filled();
    let code = Code::from_text(&wallet.printed_code("A", "basic", &asked()).unwrap()).unwrap();
    assert_eq!(code.verify_holder().unwrap_err().code, FindingCode::BindingMissing);
}

#[test]
fn an_sd_jwt_shows_the_named_claims_only() {
    let mut wallet = filled();
    let text = wallet.sd_jwt("idCard", &[ClaimPath::top("name")], &asked()).unwrap();
    let sd_jwt = SdJwt::parse(&text).unwrap();
    let claims = sd_jwt.verify(agency().public_key()).unwrap().claims;
    assert_eq!(claims["name"], "张三");
    assert!(!claims.contains_key("idNumber"));
    let expected = ExpectedBinding::new(Some("n-1"), Some("WIN-01"), now());
    sd_jwt.verify_key_binding(wallet.key().public_key(), &expected).unwrap();
    let all = SdJwt::parse(&wallet.sd_jwt("A", &[], &asked()).unwrap()).unwrap();
    assert_eq!(all.verify(agency().public_key()).unwrap().claims["idNumber"], "430112199003074016");
    let silent = Asked { nonce: None, ..asked() };
    assert_eq!(wallet.sd_jwt("A", &[], &silent).unwrap_err().kind, ErrorKind::Malformed);
    assert!(wallet.sd_jwt("A", &[ClaimPath::top("salary")], &asked()).is_err());
}

#[test]
fn a_presentation_verifies_with_the_credentials_in_it() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let mut wallet = Wallet::new("演示", HolderKey::generate(algorithm, &SeededRandom::new("wallet")));
        let package = package("A", &[Some(&wallet.key)]);
        wallet.receive(&package, now()).unwrap();
        let presentation = wallet.presentation(&["A"], &asked(), &Contexts::bundled()).unwrap();
        let mut expect = Expect::new(Purpose::Authentication, now());
        expect.challenge = Some("n-1");
        let proofs = data_integrity::verify(&presentation, &Everyone, &expect, &Contexts::bundled()).unwrap();
        assert_eq!(proofs[0].controller, wallet.key().did());
        assert_eq!(proofs[0].suite, Cryptosuite::jcs(algorithm));
        let inner = object(presentation["verifiableCredential"][0].clone());
        data_integrity::verify(&inner, &Everyone, &Expect::new(Purpose::AssertionMethod, now()), &Contexts::bundled())
            .unwrap();
    }
}

#[test]
fn copies_are_shown_in_turn() {
    let mut wallet = wallet(1);
    let package = package("A", &[Some(&wallet.key), Some(&wallet.key), None]);
    wallet.receive(&package, now()).unwrap();
    let mut shown = || {
        wallet.sd_jwt("A", &[], &asked()).unwrap();
        wallet.licences()[0].copies.iter().map(|copy| copy.shown).collect::<Vec<_>>()
    };
    assert_eq!([shown(), shown(), shown()], [[1, 0, 0], [1, 1, 0], [2, 1, 0]]);
}

#[test]
fn the_licences_of_others_are_not_taken_in() {
    let (mut mine, other) = (wallet(1), wallet(2));
    let finding = mine.receive(&package("A", &[Some(&other.key)]), now()).unwrap_err();
    assert_eq!(finding.kind, ErrorKind::NotAllowed);
    let joint = package("B", &[Some(&other.key), Some(&mine.key)]);
    assert_eq!(mine.receive(&joint, now()).unwrap().copies.len(), 1, "of a joint licence only the own copy is kept");
    mine.receive(&package("C", &[None]), now()).unwrap();
    assert_eq!(mine.code("C", "basic", &asked()).unwrap_err().kind, ErrorKind::NotFound, "nobody can show it");
    assert!(mine.printed_code("C", "basic", &asked()).is_ok());
    // A copy that claims to be mine and is not.
    let text = String::from_utf8(package("D", &[Some(&other.key)])).unwrap().replace(&other.key.did(), &mine.key.did());
    assert_eq!(mine.receive(text.as_bytes(), now()).unwrap_err().kind, ErrorKind::Refused);
}

#[test]
fn a_licence_is_found_by_identifier_number_or_type() {
    let mut wallet = filled();
    assert!(["A", "N-A", "idCard"].iter().all(|which| wallet.find(which).is_ok_and(|licence| licence.id == "A")));
    assert_eq!(wallet.find("marriage").unwrap_err().kind, ErrorKind::NotFound);
    let second = package("B", &[Some(&wallet.key)]);
    wallet.receive(&second, now()).unwrap();
    assert_eq!(wallet.find("idCard").unwrap_err().kind, ErrorKind::Conflict);
    wallet.receive(&second, now()).unwrap();
    assert_eq!(wallet.licences().len(), 2, "the same licence again takes its own place");
}

#[test]
fn a_wallet_survives_being_written_and_says_no_secret() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let key = HolderKey::generate(algorithm, &SeededRandom::new("wallet"));
        let mut wallet = Wallet::new("演示", key);
        let package = package("A", &[Some(&wallet.key)]);
        wallet.receive(&package, now()).unwrap();
        let bytes = wallet.to_bytes().unwrap();
        let mut read = Wallet::from_bytes(bytes.expose()).unwrap();
        assert_eq!(read.key().did(), wallet.key().did());
        assert_eq!(read.licences()[0].credential(), wallet.licences()[0].credential(), "exactly as signed");
        assert!(read.code("A", "basic", &asked()).is_ok());
        assert!(!format!("{wallet:?}").contains("secret"));
    }
    assert!(Wallet::from_bytes(b"{}").is_err());
}

#[test]
fn packages_that_are_none_are_refused() {
    let mut wallet = wallet(1);
    for text in
        ["", "{}", "[]", r#"{"id":"A","id":"B"}"#, r#"{"id":"A","type":"t","number":"n","credential":7,"copies":[]}"#]
    {
        assert_eq!(wallet.receive(text.as_bytes(), now()).unwrap_err().kind, ErrorKind::Malformed, "{text}");
    }
    let broken = String::from_utf8(package("A", &[None])).unwrap().replace("\"basic\":\"", "\"basic\":\"AA");
    assert!(wallet.receive(broken.as_bytes(), now()).is_err());
}
