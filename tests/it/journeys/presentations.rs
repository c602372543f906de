//! The same licence shown in the open formats: SD-JWT with key binding, and a Data Integrity presentation.

use certless::base::json::{Value, json};
use certless::vc::finding::Check;

use crate::support::city::TestCity;
use crate::support::roles::{Resident, Stranger};

#[test]
fn an_sd_jwt_with_key_binding_is_accepted_once() {
    let city = TestCity::start();
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    let shown = resident.sd_jwt("idCard", "nonce-1");
    let verdict = Stranger(&city).verify(&shown);
    verdict.accept();
    assert_eq!(verdict.check(Check::Binding).0, "valid");
    assert_eq!(verdict.0["format"], "dc+sd-jwt");
    Stranger(&city).verify(&shown).refuse(Check::Freshness, "replayed");
}

#[test]
fn a_verifier_that_names_nonce_and_audience_gets_exactly_them() {
    let city = TestCity::start();
    let mut resident = Resident::nth(1);
    resident.obtain(&city, "idCard");
    let ask = |shown: &str, nonce: &str, aud: &str| {
        let question = json!({"presentation": shown, "nonce": nonce, "aud": aud});
        let (status, verdict) = city.post_as(None, "/sd-jwt/verify", &question);
        assert_eq!(status, 200, "{verdict}");
        crate::support::roles::Verdict(verdict)
    };
    let shown = resident.sd_jwt("idCard", "nonce-2");
    ask(&shown, "nonce-3", "https://window.example").refuse(Check::Freshness, "nonce_mismatch");
    ask(&shown, "nonce-2", "https://other.example").refuse(Check::Freshness, "audience_mismatch");
    ask(&shown, "nonce-2", "https://window.example").accept();
    ask(&shown, "nonce-2", "https://window.example").refuse(Check::Freshness, "replayed");
    let unbound = shown.rsplit_once('~').unwrap().0.to_owned() + "~";
    let verdict = ask(&unbound, "nonce-2", "https://window.example");
    assert!(!verdict.accepted());
    assert_eq!(verdict.check(Check::Binding), ("invalid", "binding_missing"));
}

#[test]
fn a_data_integrity_presentation_is_accepted_once_and_only_from_the_holder() {
    let city = TestCity::start();
    let contexts = city.service.city.contexts();
    let mut resident = Resident::nth(2);
    resident.obtain(&city, "idCard");
    resident.obtain(&city, "socialSecurityCard");
    let stranger = Stranger(&city);
    let shown = Value::Object(resident.presentation(&["idCard", "socialSecurityCard"], contexts)).to_string();
    let verdict = stranger.verify(&shown);
    verdict.accept();
    assert_eq!(verdict.check(Check::Binding).0, "valid");
    assert_eq!(verdict.0["credentials"].as_array().unwrap().len(), 2);
    stranger.verify(&shown).refuse(Check::Freshness, "replayed");

    let licence = resident.wallet.find("idCard").unwrap().credential_value().unwrap();
    let thief = Resident::nth(3);
    let stolen = present_by(&thief, &licence, contexts);
    let verdict = stranger.verify(&stolen);
    assert!(!verdict.accepted());
    assert_eq!(verdict.check(Check::Binding), ("invalid", "not_the_holder"));
}

/// A presentation of a credential signed by somebody's wallet key.
fn present_by(somebody: &Resident, credential: &Value, contexts: &certless::vc::contexts::Contexts) -> String {
    use certless::vc::data_integrity::{ProofOptions, sign};
    use certless::vc::keys::Purpose;
    let document = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "holder": somebody.wallet.key().did(),
        "verifiableCredential": [credential],
    });
    let method = somebody.wallet.key().method();
    let options = ProofOptions::new(Purpose::Authentication, method, crate::support::roles::now());
    Value::Object(sign(document.as_object().unwrap().clone(), &options, somebody.wallet.key(), contexts).unwrap())
        .to_string()
}
