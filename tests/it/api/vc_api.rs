//! `/vc-api`: what the published suites rely on, and what they do not ask.

use certless::base::json::{Value, json};

use crate::support::city::TestCity;

fn credential() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": "did:example:issuer",
        "credentialSubject": { "id": "did:example:subject", "name": "Alice" }
    })
}

fn issue(city: &TestCity, kind: &str, credential: &Value) -> (u16, Value) {
    let path = format!("/vc-api/issuers/{kind}/credentials/issue");
    let (status, mut answer) = city.post(&path, &json!({ "credential": credential }));
    if status == 201 {
        answer = answer["verifiableCredential"].take();
    }
    (status, answer)
}

fn proof_only(city: &TestCity, credential: &Value) -> (u16, Value) {
    let body = json!({ "verifiableCredential": credential, "options": { "checks": ["proof"] } });
    city.post_as(None, "/vc-api/credentials/verify", &body)
}

#[test]
fn what_a_conformance_issuer_signs_verifies_by_proof_and_is_not_trusted() {
    let city = TestCity::start();
    for kind in ["jcs", "rdfc", "status"] {
        let (status, secured) = issue(&city, kind, &credential());
        assert_eq!(status, 201, "{kind}: {secured}");
        let (status, answer) = proof_only(&city, &secured);
        assert_eq!((status, &answer["verified"]), (200, &json!(true)), "{kind}: {answer}");
        let (status, answer) = city.post("/vc-api/credentials/verify", &json!({ "verifiableCredential": secured }));
        assert_eq!((status, &answer["verified"]), (400, &json!(false)), "{kind}: nobody trusts this issuer");
        assert!(!answer["problemDetails"].as_array().unwrap().is_empty());
    }
}

#[test]
fn the_status_issuer_adds_entries_of_a_list_that_is_served() {
    let city = TestCity::start();
    let (_, secured) = issue(&city, "status", &credential());
    let entry = &secured["credentialStatus"][0];
    assert_eq!(entry["type"], "BitstringStatusListEntry");
    assert!(entry["statusListCredential"].as_str().unwrap().starts_with(&city.base), "{entry}");
}

#[test]
fn a_changed_credential_is_refused_with_the_problem_type() {
    let city = TestCity::start();
    let (_, mut secured) = issue(&city, "jcs", &credential());
    secured["credentialSubject"]["name"] = json!("Mallory");
    let (status, answer) = proof_only(&city, &secured);
    assert_eq!(status, 400);
    assert_eq!(answer["problemDetails"][0]["type"], "https://w3id.org/security#PROOF_VERIFICATION_ERROR", "{answer}");
}

#[test]
fn credentials_that_break_a_rule_are_not_signed() {
    let city = TestCity::start();
    let changes: [fn(&mut Value); 6] = [
        |it| it["issuer"] = json!("no-url"),
        |it| it["credentialSubject"] = json!({}),
        |it| it["undefinedTerm"] = json!("x"),
        |it| it["type"] = json!(["VerifiableCredential", "Undefined"]),
        |it| it["@context"] = json!(["https://www.w3.org/ns/credentials/v2", "https://example.org/unknown"]),
        |it| {
            it["relatedResource"] = json!({ "id": "https://www.w3.org/ns/credentials/v2",
            "digestMultibase": "uM4RgWQc3RUDtjJCSgTJtTfvpZ7SPEg_LNO0ESlovQC0" });
        },
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut wrong = credential();
        change(&mut wrong);
        for kind in ["jcs", "rdfc", "status"] {
            let (status, answer) = issue(&city, kind, &wrong);
            assert_eq!((status, &answer["verified"]), (400, &json!(false)), "{kind}, change {at}: {answer}");
        }
    }
}

#[test]
fn issuing_needs_a_token_and_a_known_issuer() {
    let city = TestCity::start();
    let body = json!({ "credential": credential() });
    for path in ["/vc-api/issuers/jcs/credentials/issue", "/vc-api/credentials/issue"] {
        assert_eq!(city.post_as(None, path, &body).0, 401, "{path}");
        assert_eq!(city.post_as(Some("wrong"), path, &body).0, 401, "{path}");
    }
    assert_eq!(city.post("/vc-api/issuers/other/credentials/issue", &body).0, 404);
}

#[test]
fn bodies_that_are_no_request_are_refused_and_never_break_the_server() {
    let city = TestCity::start();
    for body in
        [json!([]), json!({}), json!({ "verifiableCredential": "eyJ" }), json!({ "credential": 7 }), json!(null)]
    {
        for path in
            ["/vc-api/credentials/verify", "/vc-api/presentations/verify", "/vc-api/issuers/jcs/credentials/issue"]
        {
            assert_eq!(city.post(path, &body).0, 400, "{path} {body}");
        }
    }
}

#[test]
fn challenge_and_domain_of_a_presentation_are_those_of_the_caller() {
    use certless::base::time::Timestamp;
    use certless::crypto::{Signer as _, SigningKey};
    use certless::did;
    use certless::vc::data_integrity::{ProofOptions, sign};
    use certless::vc::keys::Purpose;

    let city = TestCity::start();
    let key = SigningKey::ed25519(&[5; 32]);
    let method = did::key::method_url(key.public_key());
    let now: Timestamp = city.service.city.now();
    let mut options = ProofOptions::new(Purpose::Authentication, method, now);
    options.challenge = Some("c-1".into());
    options.domain = vec!["city.example".into()];
    let presentation = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": "VerifiablePresentation",
        "holder": did::key::did(key.public_key())
    });
    let contexts = city.service.city.contexts();
    let secured = sign(presentation.as_object().unwrap().clone(), &options, &key, contexts).unwrap();
    for (challenge, domain, expected) in [("c-1", "city.example", 200), ("c-2", "city.example", 400), ("c-1", "x", 400)]
    {
        let options = json!({ "checks": ["proof"], "challenge": challenge, "domain": domain });
        let body = json!({ "verifiablePresentation": secured, "options": options });
        let (status, answer) = city.post_as(None, "/vc-api/presentations/verify", &body);
        assert_eq!(status, expected, "{challenge} {domain}: {answer}");
    }
}
