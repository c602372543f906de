//! What a holder gets of a licence whose copies are in the wallet: the document that the log names, and where.

use certless::base::bytes::base64url;
use certless::base::json::{Value, json};
use certless::crypto::Signer;
use certless::crypto::digest::sha256;
use certless::domain::usage::holder::{LIST_TYP, sign};
use certless::domain::usage::licences::TYP;
use certless::tlog::checkpoint::Policy;
use certless::tlog::merkle::leaf_hash;
use certless::tlog::note::VerifierKey;
use certless::tlog::proof::LogProof;

use super::offers::World;
use crate::support::city::TestCity;
use crate::support::phone::Phone;
use crate::support::roles::{Agency, Resident, now};

fn nonce(city: &TestCity) -> String {
    city.post_as(None, "/oid4vci/nonce", &json!({})).1["c_nonce"].as_str().unwrap().to_owned()
}

fn ask(city: &TestCity, typ: &str, nonce: &str, keys: &[&dyn Signer]) -> (u16, Value) {
    let proofs: Vec<_> = keys.iter().map(|key| sign(typ, &city.base, nonce, now(), &[], *key)).collect();
    city.post_as(None, "/api/licences/mine", &json!({"proofs": proofs}))
}

fn mine(city: &TestCity, keys: &[&dyn Signer]) -> Vec<Value> {
    let (status, told) = ask(city, TYP, &nonce(city), keys);
    assert_eq!(status, 200, "{told}");
    told["licences"].as_array().unwrap().clone()
}

#[test]
fn a_holder_gets_the_licence_that_the_log_names_with_its_place_and_nobody_else_does() {
    let city = TestCity::start();
    let (mut resident, stranger) = (Resident::nth(0), Resident::nth(1));
    let id = resident.obtain(&city, "idCard");
    let told = mine(&city, &[resident.wallet.key()]);
    assert_eq!((told.len(), &told[0]["id"], &told[0]["logProof"]), (1, &json!(id), &Value::Null), "not in the log yet");
    city.integrate();
    let told = mine(&city, &[resident.wallet.key(), stranger.wallet.key()]);
    let [one] = &told[..] else { panic!("{told:?}") };
    assert_eq!((one["type"].as_str(), &one["keys"]), (Some("idCard"), &json!([resident.key().thumbprint()])));
    let (credential, text) = (one["credential"].as_str().unwrap(), one["logProof"].as_str().unwrap());
    let proof = LogProof::parse(text).unwrap();
    let key = VerifierKey::parse(city.get(None, "/log/key", "*/*").text.trim_end()).unwrap();
    let policy = Policy::of_key(key);
    proof.verify(&leaf_hash(proof.extra.as_ref().unwrap()), &policy).unwrap();
    let digest = base64url(&sha256(credential.as_bytes()));
    assert_eq!(
        city.get(None, &format!("/log/find/{digest}"), "*/*").status,
        200,
        "the digest of the bytes as handed out"
    );
    assert_eq!(mine(&city, &[stranger.wallet.key()]), Vec::<Value>::new());
    assert!(city.get(None, "/api/licences/mine", "*/*").status >= 400);
    // What was revoked is still the holder's to prove.
    assert_eq!(Agency::new(&city, "GA").change(&id, "revoke").0, 200);
    assert_eq!(mine(&city, &[resident.wallet.key()]).len(), 1);
}

#[test]
fn a_proof_of_another_kind_or_used_before_opens_nothing() {
    let city = TestCity::start();
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    let (key, fresh) = (resident.wallet.key(), nonce(&city));
    assert_eq!(ask(&city, LIST_TYP, &nonce(&city), &[key]).0, 422, "meant for the records");
    assert_eq!((ask(&city, TYP, &fresh, &[key]).0, ask(&city, TYP, &fresh, &[key]).0), (200, 422), "once");
    assert_eq!(ask(&city, TYP, "made-up", &[key]).0, 422);
    assert_eq!(ask(&city, TYP, &nonce(&city), &[]).0, 422);
}

fn keys<'a>(phone: &'a Phone<'_>) -> Vec<&'a dyn Signer> {
    phone.keys.iter().map(|key| key as &dyn Signer).collect()
}

#[test]
fn when_a_phone_was_replaced_its_keys_open_nothing_and_those_of_the_new_one_all() {
    let world = World::new();
    let (old, new) = (Phone::new(&world.city, 2), Phone::new(&world.city, 2));
    old.copies(&world.opened(&old), "idCard.sd-jwt");
    world.city.integrate();
    assert_eq!(mine(&world.city, &keys(&old)).len(), 1);
    assert_eq!(mine(&world.city, &keys(&new)), Vec::<Value>::new(), "not received yet");
    new.copies(&world.opened(&new), "idCard.sd-jwt");
    world.city.integrate();
    assert_eq!(mine(&world.city, &keys(&old)), Vec::<Value>::new());
    let told = mine(&world.city, &[keys(&old), keys(&new)].concat());
    let [one] = &told[..] else { panic!("{told:?}") };
    let mut prints: Vec<_> = new.keys.iter().map(|key| key.public_key().thumbprint()).collect();
    let mut named: Vec<_> =
        one["keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap().to_owned()).collect();
    prints.sort_unstable();
    named.sort_unstable();
    assert_eq!((named, &one["id"]), (prints, &json!(world.credential)), "those of the new phone led there");
    assert!(one["logProof"].is_string());
}

#[test]
fn a_key_that_the_row_brought_opens_nothing_when_a_phone_has_the_licence() {
    let city = TestCity::start();
    let mut resident = Resident::nth(0);
    let credential = resident.obtain(&city, "idCard");
    city.integrate();
    let before = mine(&city, &[resident.wallet.key()]);
    assert_eq!(before.len(), 1);
    let world = World { city, credential };
    let phone = Phone::new(&world.city, 1);
    phone.copies(&world.opened(&phone), "idCard.compact");
    assert_eq!(mine(&world.city, &[resident.wallet.key()]), Vec::<Value>::new());
    // What the register keeps is another document now, bound to nobody; the log names that one too.
    world.city.integrate();
    let after = mine(&world.city, &keys(&phone));
    assert_eq!((after.len(), &after[0]["id"]), (1, &before[0]["id"]));
    let credential = after[0]["credential"].as_str().unwrap();
    assert_ne!(after[0]["credential"], before[0]["credential"]);
    assert!(!credential.contains(&resident.wallet.key().did()));
    let proof = LogProof::parse(after[0]["logProof"].as_str().unwrap()).unwrap();
    let entry = certless::vc::leaf::Entry::parse(proof.extra.as_ref().unwrap()).unwrap();
    assert_eq!(entry.bytes("digest"), Some(&sha256(credential.as_bytes())[..]), "the proof is of this document");
}
