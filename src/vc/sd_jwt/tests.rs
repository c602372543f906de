//! SD-JWT as the three roles use it, and every rule of RFC 9901 section 7 that says "MUST be rejected".

#![expect(clippy::needless_pass_by_value, reason = "values are written where they are passed")]

use proptest::prelude::*;

use super::testing::{ed25519_key, es256_key, object, seeded};
use super::*;
use crate::base::bytes::base64url;
use crate::base::json::{Value, json};
use crate::base::time::{Timestamp, from_unix};
use crate::crypto::{Signer, SigningKey};
use crate::vc::finding::State;
use crate::vc::jws;

const NOW: i64 = 1_790_000_000;

fn at(seconds: i64) -> Timestamp {
    from_unix(seconds).unwrap()
}

fn path(value: Value) -> ClaimPath {
    ClaimPath::from_json(&value).unwrap()
}

fn resident() -> Map {
    object(json!({
        "name": "演示甲",
        "address": {"district": "望城区", "street": "金山路 1 号", "floors": [1, 2]},
        "nationalities": ["CN", "X"],
        "nothing": null,
    }))
}

fn new_credential<'a>(claims: &'a Map, holder: Option<&'a PublicKey>) -> credential::NewCredential<'a> {
    credential::NewCredential {
        issuer: "https://city.example/agencies/GA",
        key_id: "key-1",
        vct: "https://city.example/schemas/credentials/idCard/1",
        valid_from: Some(at(NOW - 1000)),
        valid_until: Some(at(NOW + 1000)),
        issued_at: Some(at(NOW - 1000)),
        status: Some(("https://city.example/status/GA-0", 7)),
        holder,
        claims,
        open: &[],
        decoys: 0,
    }
}

fn issued(issuer: &SigningKey, holder: &SigningKey) -> SdJwt {
    new_credential(&resident(), Some(holder.public_key())).issue(issuer, &seeded(1)).unwrap()
}

/// A payload of our making, signed, with disclosures given as JSON texts.
fn crafted(payload: &Value, disclosures: &[&String]) -> Result<Processed, Finding> {
    let key = ed25519_key(1);
    let jwt = jws::sign(&object(json!({"typ": "dc+sd-jwt"})), &object(payload.clone()), &key);
    let text = with_disclosures(&jwt, disclosures);
    SdJwt::parse(&text)?.verify(key.public_key())
}

fn with_disclosures(jwt: &str, disclosures: &[&String]) -> String {
    let parts: Vec<&str> = disclosures.iter().map(|text| text.as_str()).collect();
    [&[jwt], parts.as_slice(), &[""]].concat().join("~")
}

fn disclosure(json: Value) -> String {
    base64url(json.to_string().as_bytes())
}

fn digest(text: &str) -> String {
    HashAlgorithm::Sha256.digest(text)
}

fn refused(payload: Value, disclosures: &[&String]) -> String {
    refused_by(Check::Parse, payload, disclosures)
}

fn refused_by(check: Check, payload: Value, disclosures: &[&String]) -> String {
    let finding = crafted(&payload, disclosures).expect_err("must be refused");
    assert_eq!((finding.check, finding.state), (check, State::Invalid), "{finding}");
    finding.detail
}

#[test]
fn everything_is_concealed_and_everything_comes_back() {
    let (issuer, holder) = (ed25519_key(1), es256_key(2));
    let sd_jwt = issued(&issuer, &holder);
    let open: Vec<&str> = sd_jwt.payload().keys().map(String::as_str).collect();
    assert_eq!(open, ["_sd", "_sd_alg", "cnf", "exp", "iat", "iss", "nbf", "status", "vct"]);
    let processed = SdJwt::parse(&sd_jwt.to_string()).unwrap().verify(issuer.public_key()).unwrap();
    assert_eq!(processed.withheld, 0);
    assert_eq!(sd_jwt.disclosures().len(), 4 + 3 + 2 + 2, "claims, members and elements each have their own");
    for (name, value) in resident() {
        assert_eq!(processed.claims.get(&name), Some(&value));
    }
    let credential = Credential::check(&sd_jwt, processed).unwrap();
    assert_eq!(credential.holder_key().unwrap().as_ref(), Some(holder.public_key()));
    assert_eq!(credential.status().unwrap().unwrap().index, 7);
    assert_eq!(credential.check_validity(at(NOW), 0), Ok(()));
    assert_eq!(credential.check_validity(at(NOW + 1000), 0).unwrap_err().code, Code::Expired);
    assert_eq!(credential.check_validity(at(NOW - 1001), 0).unwrap_err().code, Code::NotYetValid);
    assert_eq!(credential::verification_method(&sd_jwt).unwrap(), "https://city.example/agencies/GA#key-1");
}

#[test]
fn a_selection_shows_the_claims_asked_for_with_what_encloses_them() {
    let (issuer, holder) = (es256_key(1), ed25519_key(2));
    let sd_jwt = issued(&issuer, &holder);
    let shown = |paths: &[Value]| {
        let paths: Vec<ClaimPath> = paths.iter().cloned().map(path).collect();
        let processed = sd_jwt.select(&paths).unwrap().verify(issuer.public_key()).unwrap();
        let mut claims = processed.claims;
        for name in ["cnf", "exp", "iat", "iss", "nbf", "status", "vct"] {
            assert!(claims.remove(name).is_some());
        }
        Value::Object(claims)
    };
    assert_eq!(shown(&[]), json!({}));
    assert_eq!(shown(&[json!(["address", "district"])]), json!({"address": {"district": "望城区"}}));
    assert_eq!(
        shown(&[json!(["address"])]),
        json!({"address": {"district": "望城区", "street": "金山路 1 号", "floors": [1, 2]}})
    );
    assert_eq!(shown(&[json!(["nationalities", 1])]), json!({"nationalities": ["X"]}));
    assert_eq!(shown(&[json!(["address", "floors", null])]), json!({"address": {"floors": [1, 2]}}));
    let only = sd_jwt.select_only(&[path(json!(["address", "floors"]))]).unwrap().process().unwrap();
    assert_eq!(only.claims["address"], json!({"floors": []}));
    assert_eq!(sd_jwt.select(&[path(json!(["salary"]))]).unwrap_err().code, Code::ClaimUnknown);
    assert_eq!(sd_jwt.select(&[path(json!(["nationalities", 2]))]).unwrap_err().code, Code::ClaimUnknown);
}

#[test]
fn decoys_round_the_number_of_digests_up() {
    let claims = resident();
    let sd_jwt = credential::NewCredential { decoys: 8, ..new_credential(&claims, None) }
        .issue(&ed25519_key(1), &seeded(1))
        .unwrap();
    assert_eq!(sd_jwt.payload()["_sd"].as_array().unwrap().len(), 8);
    let processed = sd_jwt.process().unwrap();
    assert_eq!(processed.withheld, 4 + 5 + 6 + 6, "top level, address, floors and nationalities");
    assert_eq!(processed.claims["nationalities"], claims["nationalities"]);
}

#[test]
fn two_copies_share_no_digest() {
    let claims = resident();
    let random = seeded(1);
    let digests = || new_credential(&claims, None).issue(&ed25519_key(1), &random).unwrap().payload()["_sd"].clone();
    let (one, two) = (digests(), digests());
    assert!(one.as_array().unwrap().iter().all(|digest| !two.as_array().unwrap().contains(digest)));
}

#[test]
fn a_claim_can_stay_in_the_open_with_or_without_its_members() {
    let claims = resident();
    let key = ed25519_key(1);
    let open = [Open::Claim(path(json!(["address"]))), Open::Whole(path(json!(["nationalities"])))];
    let sd_jwt =
        credential::NewCredential { open: &open, ..new_credential(&claims, None) }.issue(&key, &seeded(1)).unwrap();
    assert_eq!(sd_jwt.payload()["nationalities"], claims["nationalities"]);
    assert_eq!(sd_jwt.payload()["address"].as_object().unwrap().keys().collect::<Vec<_>>(), ["_sd"]);
    assert_eq!(sd_jwt.verify(key.public_key()).unwrap().claims["address"], claims["address"]);
}

#[test]
fn every_hash_algorithm_issues_and_verifies() {
    let key = ed25519_key(1);
    for hash in [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
        let issuance = Issuance { header: Map::new(), claims: &resident(), open: &[], decoys: 2, hash };
        let sd_jwt = issue(&issuance, &key, &seeded(1)).unwrap();
        assert_eq!(sd_jwt.payload()["_sd_alg"], hash.name());
        assert_eq!(SdJwt::parse(&sd_jwt.to_string()).unwrap().verify(key.public_key()).unwrap().claims, resident());
    }
}

#[test]
fn reserved_names_cannot_be_issued() {
    for claims in [json!({"_sd": 1}), json!({"a": [{"...": "x"}]}), json!({"a": {"_sd_alg": "sha-256"}})] {
        let issuance =
            Issuance { header: Map::new(), claims: &object(claims), open: &[], decoys: 0, hash: HashAlgorithm::Sha256 };
        assert_eq!(issue(&issuance, &ed25519_key(1), &seeded(1)).unwrap_err().code, Code::DisclosureInvalid);
    }
    let claims = object(json!({"status": "good"}));
    assert_eq!(
        new_credential(&claims, None).issue(&ed25519_key(1), &seeded(1)).unwrap_err().code,
        Code::ClaimMalformed
    );
}

#[test]
fn one_changed_character_of_the_signed_part_does_not_verify() {
    let key = ed25519_key(1);
    let text = issued(&key, &es256_key(2)).to_string();
    let forged = {
        let payload = text.split('.').nth(1).unwrap();
        let json = String::from_utf8(crate::base::bytes::from_base64url(payload).unwrap()).unwrap();
        text.replace(payload, &base64url(json.replace("idCard", "idCart").as_bytes()))
    };
    assert_eq!(SdJwt::parse(&forged).unwrap().verify(key.public_key()).unwrap_err().code, Code::ProofInvalid);
    assert_eq!(SdJwt::parse(&text).unwrap().verify(ed25519_key(9).public_key()).unwrap_err().code, Code::ProofInvalid);
}

#[test]
fn the_form_has_a_tilde_behind_every_part() {
    let text = issued(&ed25519_key(1), &es256_key(2)).to_string();
    let jwt = text.split('~').next().unwrap();
    let code = |text: &str| SdJwt::parse(text).expect_err(text).code;
    assert_eq!(code(jwt), Code::SdJwtMalformed);
    assert_eq!(code(""), Code::SdJwtMalformed);
    assert_eq!(code("~"), Code::JwtMalformed);
    assert_eq!(code(&format!("{jwt}~~")), Code::DisclosureInvalid);
    assert_eq!(code(text.trim_end_matches('~')), Code::JwtMalformed, "the last disclosure is no key-binding JWT");
    assert_eq!(code(&format!("~{text}")), Code::JwtMalformed);
    assert_eq!(code(&format!("{jwt}~{}", "WyJzIiwxXQ~".repeat(MAX_DISCLOSURES + 1))), Code::SdJwtMalformed);
    assert!(SdJwt::parse(&format!("{jwt}~")).is_ok());
}

#[test]
fn a_digest_that_appears_twice_is_refused() {
    let hidden = disclosure(json!(["s", "a", 1]));
    let decoy = digest("decoy");
    let twice = "a digest appears more than once";
    assert_eq!(refused(json!({"_sd": [digest(&hidden), digest(&hidden)]}), &[&hidden]), twice);
    assert_eq!(refused(json!({"_sd": [decoy, decoy]}), &[]), twice);
    assert_eq!(refused(json!({"_sd": [decoy], "b": {"_sd": [decoy]}}), &[]), twice);
    assert_eq!(refused(json!({"_sd": [decoy], "b": [{"...": decoy}]}), &[]), twice);
    let nested = disclosure(json!(["s", "b", {"_sd": [decoy]}]));
    assert_eq!(refused(json!({"_sd": [decoy, digest(&nested)]}), &[&nested]), twice);
    // A disclosure that holds its own digest cannot be made; one that points at its parent's neighbour can.
    let element = disclosure(json!(["s", [{"...": decoy}, {"...": decoy}]]));
    assert_eq!(refused(json!({"c": [{"...": digest(&element)}]}), &[&element]), twice);
}

#[test]
fn a_disclosure_that_nothing_refers_to_is_refused() {
    let stray = disclosure(json!(["s", "a", 1]));
    let stray_refused = |payload, disclosures: &[&String]| refused_by(Check::Proof, payload, disclosures);
    let unreferenced = "a disclosure is not referenced by any digest";
    assert_eq!(stray_refused(json!({}), &[&stray]), unreferenced);
    assert_eq!(stray_refused(json!({"a": digest(&stray)}), &[&stray]), unreferenced);
    let inner = disclosure(json!(["s", "x"]));
    let outer = disclosure(json!(["s", "list", [{"...": digest(&inner)}]]));
    assert_eq!(
        stray_refused(json!({"_sd": [digest(&outer)]}), &[&inner]),
        unreferenced,
        "the enclosing one is missing"
    );
    assert!(crafted(&json!({"_sd": [digest(&outer)]}), &[&inner, &outer]).is_ok());
}

#[test]
fn a_disclosure_given_twice_is_refused() {
    let hidden = disclosure(json!(["s", "a", 1]));
    let detail = refused(json!({"_sd": [digest(&hidden)]}), &[&hidden, &hidden]);
    assert_eq!(detail, "a disclosure is given more than once");
}

#[test]
fn members_and_elements_are_not_interchangeable() {
    let member = disclosure(json!(["s", "a", 1]));
    let element = disclosure(json!(["s", 1]));
    assert!(refused(json!({"_sd": [digest(&element)]}), &[&element]).contains("array element"));
    assert!(refused(json!({"a": [{"...": digest(&member)}]}), &[&member]).contains("object's member"));
}

#[test]
fn a_disclosed_claim_cannot_replace_another() {
    let hidden = disclosure(json!(["s", "a", 2]));
    let other = disclosure(json!(["t", "a", 3]));
    let exists = "a disclosed claim exists already";
    assert_eq!(refused(json!({"a": 1, "_sd": [digest(&hidden)]}), &[&hidden]), exists);
    assert_eq!(refused(json!({"_sd": [digest(&hidden), digest(&other)]}), &[&hidden, &other]), exists);
}

#[test]
fn digests_stand_only_where_digests_belong() {
    let decoy = digest("decoy");
    for payload in [
        json!({"_sd": decoy}),
        json!({"_sd": [1]}),
        json!({"_sd": {"a": decoy}}),
        json!({"a": {"_sd": null}}),
        json!({"...": decoy}),
        json!({"a": {"...": decoy}}),
        json!({"a": [{"...": decoy, "b": 1}]}),
        json!({"a": [{"...": 1}]}),
        json!({"a": {"_sd_alg": "sha-256"}}),
    ] {
        refused(payload, &[]);
    }
    let hidden = disclosure(json!(["s", "a", {"_sd": "no array"}]));
    refused(json!({"_sd": [digest(&hidden)]}), &[&hidden]);
    for name in ["_sd", "...", "_sd_alg"] {
        let hidden = disclosure(json!(["s", name, 1]));
        refused(json!({"_sd": [digest(&hidden)]}), &[&hidden]);
    }
}

#[test]
fn undisclosed_digests_leave_nothing_behind() {
    let processed = crafted(
        &json!({"_sd": [digest("x")], "_sd_alg": "sha-256", "a": [{"...": digest("y")}, 1], "o": {"_sd": []}}),
        &[],
    )
    .unwrap();
    assert_eq!(Value::Object(processed.claims), json!({"a": [1], "o": {}}));
    assert_eq!(processed.withheld, 2);
}

#[test]
fn disclosures_chained_deeper_than_the_limit_are_refused() {
    let mut disclosures = Vec::new();
    let mut value = json!(1);
    for level in 0..100 {
        disclosures.push(disclosure(json!([format!("s{level}"), "a", value])));
        value = json!({"_sd": [digest(disclosures.last().unwrap())]});
    }
    assert_eq!(refused(value, &disclosures.iter().collect::<Vec<_>>()), "claims are nested too deep");
}

#[test]
fn an_unknown_hash_algorithm_is_undecided() {
    let finding = crafted(&json!({"_sd_alg": "sha3-256", "_sd": []}), &[]).unwrap_err();
    assert_eq!((finding.state, finding.code), (State::Error, Code::ProofUnsupported));
}

fn bound() -> (SdJwt, SigningKey) {
    let (issuer, holder) = (ed25519_key(1), es256_key(2));
    let binding = KeyBinding { nonce: "n-1".into(), audience: "https://window.example".into(), issued_at: at(NOW) };
    let shown = issued(&issuer, &holder).select(&[path(json!(["name"]))]).unwrap().bind(&binding, &holder).unwrap();
    (SdJwt::parse(&shown.to_string()).unwrap(), holder)
}

fn expected(now: i64) -> ExpectedBinding<'static> {
    ExpectedBinding::new(Some("n-1"), Some("https://window.example"), at(now))
}

#[test]
fn a_bound_presentation_is_the_holders_for_this_verifier_and_now() {
    let (shown, holder) = bound();
    let key = holder.public_key();
    assert_eq!(shown.verify_key_binding(key, &expected(NOW)).unwrap().nonce, "n-1");
    let code = |expected: &ExpectedBinding| {
        shown.verify_key_binding(key, expected).map(|_| ()).map_err(|finding| (finding.check, finding.code))
    };
    assert_eq!(
        code(&ExpectedBinding { nonce: Some("n-2"), ..expected(NOW) }),
        Err((Check::Freshness, Code::NonceMismatch))
    );
    assert_eq!(
        code(&ExpectedBinding { audience: Some("other"), ..expected(NOW) }),
        Err((Check::Freshness, Code::AudienceMismatch))
    );
    assert_eq!(code(&expected(NOW + 300)), Ok(()));
    assert_eq!(code(&expected(NOW + 301)), Err((Check::Freshness, Code::CodeExpired)));
    assert_eq!(code(&expected(NOW - 60)), Ok(()));
    assert_eq!(code(&expected(NOW - 61)), Err((Check::Freshness, Code::ClockAhead)));
    let stranger = shown.verify_key_binding(es256_key(3).public_key(), &expected(NOW)).unwrap_err();
    assert_eq!((stranger.check, stranger.code), (Check::Binding, Code::BindingInvalid));
}

#[test]
fn a_presentation_without_key_binding_is_missing_it() {
    let (issuer, holder) = (ed25519_key(1), es256_key(2));
    let finding = issued(&issuer, &holder).verify_key_binding(holder.public_key(), &expected(NOW)).unwrap_err();
    assert_eq!((finding.state, finding.code), (State::Invalid, Code::BindingMissing));
}

#[test]
fn a_key_binding_counts_for_its_own_selection_only() {
    let (shown, holder) = bound();
    let text = shown.to_string();
    let parts: Vec<&str> = text.split('~').collect();
    let fewer = SdJwt::parse(&format!("{}~{}", parts[0], parts[parts.len() - 1])).unwrap();
    assert!(fewer.verify_key_binding(holder.public_key(), &expected(NOW)).unwrap_err().detail.contains("sd_hash"));
}

#[test]
fn a_key_binding_jwt_needs_its_type_and_every_claim() {
    let (shown, holder) = bound();
    let front = shown.without_key_binding();
    let good = json!({"nonce": "n-1", "aud": "https://window.example", "iat": NOW, "sd_hash": digest(&front)});
    let check = |header: Value, claims: &Value| {
        let jwt = jws::sign(&object(header), &object(claims.clone()), &holder);
        SdJwt::parse(&format!("{front}{jwt}"))
            .unwrap()
            .verify_key_binding(holder.public_key(), &expected(NOW))
            .map(|_| ())
            .map_err(|finding| finding.check)
    };
    let typ = || json!({"typ": "kb+jwt"});
    assert_eq!(check(typ(), &good), Ok(()));
    for header in [json!({}), json!({"typ": "JWT"}), json!({"typ": "KB+JWT"})] {
        assert_eq!(check(header, &good), Err(Check::Binding));
    }
    for (name, wrong) in
        [("nonce", json!(1)), ("aud", json!(["https://window.example"])), ("iat", json!("now")), ("sd_hash", json!(""))]
    {
        let mut claims = good.clone();
        claims[name] = wrong;
        assert_eq!(check(typ(), &claims), Err(Check::Binding), "{name} of another type");
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(check(typ(), &claims), Err(Check::Binding), "{name} missing");
    }
    let mut expired = good.clone();
    expired["exp"] = json!(NOW - 61);
    assert_eq!(check(typ(), &expired), Err(Check::Freshness));
}

#[test]
fn the_holders_key_is_read_and_foreign_kinds_are_undecided() {
    let state = |cnf: Value| key_binding::holder_key(&object(json!({"cnf": cnf}))).unwrap_err().state;
    assert_eq!(key_binding::holder_key(&Map::new()), Ok(None));
    assert_eq!(state(json!({"kid": "x"})), State::Error);
    assert_eq!(state(json!({"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}})), State::Error);
    assert_eq!(state(json!({"jwk": {"kty": "EC", "crv": "P-384", "x": "", "y": ""}})), State::Error);
    assert_eq!(state(json!({"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}})), State::Invalid);
    assert_eq!(state(json!({"jwk": "key"})), State::Invalid);
    assert_eq!(state(json!("key")), State::Invalid);
}

fn vc(payload: Value, disclosures: &[&String]) -> Result<Credential, Finding> {
    let key = ed25519_key(1);
    let jwt = jws::sign(&object(json!({"typ": "dc+sd-jwt"})), &object(payload), &key);
    let text = with_disclosures(&jwt, disclosures);
    let sd_jwt = SdJwt::parse(&text)?;
    Credential::check(&sd_jwt, sd_jwt.verify(key.public_key())?)
}

#[test]
fn claims_of_the_jwt_must_stay_in_the_open() {
    for name in credential::NEVER_CONCEALED {
        let hidden = disclosure(json!(["s", name, "x"]));
        let mut payload = json!({"vct": "urn:x", "_sd": [digest(&hidden)]});
        if name == "vct" {
            payload.as_object_mut().unwrap().remove("vct");
        }
        assert_eq!(vc(payload, &[&hidden]).unwrap_err().code, Code::ClaimConcealed, "{name}");
    }
    let inside = vc(json!({"vct": "urn:x", "status": {"_sd": [digest("x")]}}), &[]);
    assert_eq!(inside.unwrap_err().code, Code::ClaimConcealed);
    let subject = disclosure(json!(["s", "sub", "someone"]));
    assert!(vc(json!({"vct": "urn:x", "_sd": [digest(&subject)]}), &[&subject]).is_ok());
}

#[test]
fn a_credential_has_a_type_and_well_formed_claims() {
    assert!(vc(json!({"vct": "urn:x", "aka_vcts": ["urn:y"]}), &[]).unwrap().is_of_type("urn:y"));
    for payload in [
        json!({}),
        json!({"vct": ""}),
        json!({"vct": 1}),
        json!({"vct": "urn:x", "aka_vcts": []}),
        json!({"vct": "urn:x", "aka_vcts": ["urn:x"]}),
        json!({"vct": "urn:x", "iss": 1}),
        json!({"vct": "urn:x", "exp": "tomorrow"}),
        json!({"vct": "urn:x", "vct#integrity": 1}),
        json!({"vct": "urn:x", "_sd": []}),
    ] {
        assert_eq!(vc(payload.clone(), &[]).unwrap_err().code, Code::ClaimMalformed, "{payload}");
    }
    let status = |value: Value| {
        vc(json!({"vct": "urn:x", "status": value}), &[]).unwrap().status().map_err(|finding| finding.state)
    };
    assert_eq!(status(json!({"status_list": {"uri": "u", "idx": 3}})).unwrap().unwrap().uri, "u");
    assert_eq!(status(json!({"status_list": {"uri": "u", "idx": -3}})), Err(State::Invalid));
    assert_eq!(status(json!({"other": {}})), Err(State::Error));
    let key = ed25519_key(1);
    let other = jws::sign(&object(json!({"typ": "vc+sd-jwt"})), &object(json!({"vct": "urn:x"})), &key);
    let sd_jwt = SdJwt::parse(&format!("{other}~")).unwrap();
    assert_eq!(Credential::check(&sd_jwt, sd_jwt.process().unwrap()).unwrap_err().code, Code::JwtTypeWrong);
}

#[test]
fn the_signing_key_must_be_the_issuers() {
    let method = |header: Value, payload: Value| {
        let jwt = jws::sign(&object(header), &object(payload), &ed25519_key(1));
        credential::verification_method(&SdJwt::parse(&format!("{jwt}~")).unwrap()).map_err(|finding| finding.state)
    };
    let did = json!({"iss": "did:web:a"});
    assert_eq!(method(json!({"kid": "did:web:a#1"}), did.clone()).unwrap(), "did:web:a#1");
    assert_eq!(method(json!({"kid": "#1"}), did.clone()).unwrap(), "did:web:a#1");
    assert_eq!(method(json!({}), did.clone()).unwrap(), "did:web:a");
    assert_eq!(method(json!({"kid": "did:web:ab#1"}), did.clone()), Err(State::Invalid));
    assert_eq!(method(json!({"kid": "https://b/1"}), did), Err(State::Invalid));
    assert_eq!(method(json!({"x5c": ["AA"]}), json!({})), Err(State::Error));
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".*", parts in proptest::collection::vec("[A-Za-z0-9_.~-]{0,40}", 0..6)) {
        let _ = SdJwt::parse(&text);
        let _ = SdJwt::parse(&parts.join("~"));
        let _ = Disclosure::parse(&text);
    }

    #[test]
    fn arbitrary_payloads_never_panic(payload in hostile_value(), inner in hostile_value()) {
        let hidden = disclosure(json!(["s", "a", inner]));
        let _ = crafted(&json!({"_sd": [digest(&hidden)], "b": payload}), &[&hidden]);
        let _ = json_form::parse(&object(json!({"payload": payload, "signatures": inner, "header": payload})));
        let _ = key_binding::holder_key(&object(json!({"cnf": payload})));
        let _ = ClaimPath::from_json(&payload);
    }

    #[test]
    fn whatever_is_issued_comes_back(claims in plain_value(), decoys in 0_u8..5) {
        let claims = object(json!({"claim": claims}));
        let issuance = Issuance { header: Map::new(), claims: &claims, open: &[], decoys, hash: HashAlgorithm::Sha256 };
        let sd_jwt = issue(&issuance, &ed25519_key(1), &seeded(1)).unwrap();
        prop_assert_eq!(SdJwt::parse(&sd_jwt.to_string()).unwrap().process().unwrap().claims, claims);
    }
}

fn values(names: &'static str) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(names, inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn hostile_value() -> impl Strategy<Value = Value> {
    values("_sd|\\.\\.\\.|_sd_alg|jwk|kty|header|disclosures|payload|[a-c]")
}

fn plain_value() -> impl Strategy<Value = Value> {
    values("[a-z]{1,4}")
}
