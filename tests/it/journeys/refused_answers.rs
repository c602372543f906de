//! Answers that are none: each wrong in one thing, refused with its word, and seen so at the window.

use std::sync::Arc;

use certless::base::clock::FixedClock;
use certless::base::json::{Value, json};
use certless::base::time::{Timestamp, plus_seconds};
use certless::domain::wallet::Asked;
use certless::domain::wallet::request::CheckedRequest;
use certless::vc::contexts::Contexts;
use certless::vc::finding::Check;
use certless::vc::sd_jwt::{ClaimPath, KeyBinding, SdJwt};
use certless::wire::oid4vp::request::Reference;
use certless::wire::oid4vp::response::{Content, VpToken};

use crate::support::city::{Got, TestCity};
use crate::support::roles::{Agency, Resident, Verdict, Window, now};
use crate::support::vp::{ask, fetch, path, post, post_form, reference, registry, result};

/// A window, a resident with two licences, another with one.
struct World {
    city: TestCity,
    resident: Resident,
    other: Resident,
}

impl World {
    fn new() -> Self {
        let city = TestCity::start();
        let (mut resident, mut other) = (Resident::nth(0), Resident::nth(7));
        resident.obtain(&city, "idCard");
        resident.obtain(&city, "socialSecurityCard");
        other.obtain(&city, "idCard");
        Self { city, resident, other }
    }

    fn window(&self) -> Window<'_> {
        Window::new(&self.city, "YB")
    }

    fn asked(&self) -> (Value, CheckedRequest) {
        let invitation = ask(&self.city, &self.window(), &json!({"types": ["idCard"]}));
        let request = fetch(&self.city, &invitation, &[]);
        (invitation, request)
    }

    /// Answers a new request with what `make` makes, and sees it refused for one reason on both sides.
    #[track_caller]
    fn refuses(&mut self, check: Check, code: &str, make: impl Fn(&mut Self, &CheckedRequest) -> VpToken) {
        let (invitation, request) = self.asked();
        let token = make(self, &request);
        let got = post(&self.city, &request, Content::Token(token));
        assert_eq!(got.status, 400, "{code}: {}", got.text);
        let answer = got.json();
        assert_eq!(answer["error"], "invalid_request");
        assert!(answer["error_description"].as_str().unwrap().contains(code), "{answer}");
        let reason = answer["checks"].as_array().unwrap().iter().find(|one| one["check"] == check.name());
        assert_eq!(reason.unwrap()["code"], code, "{answer}");
        let told = result(&self.city, &self.window(), &invitation);
        assert_eq!((&told["state"], &told["disclosed"]), (&json!("answered"), &json!([])), "{told}");
        let verdict = Verdict(told["verdict"].clone());
        assert!(!verdict.accepted());
        assert_eq!(verdict.check(check), ("invalid", code));
        // Consumed: the honest answer comes too late.
        let late = self.resident.respond(&self.city, &request);
        assert_eq!((late.status, &late.json()["error"]), (410, &json!("invalid_request")));
    }

    fn sd_jwt(&mut self, claims: &[&str], audience: &str, nonce: &str, now: Timestamp) -> String {
        let asked = Asked { audience: Some(audience), nonce: Some(nonce), now };
        let claims: Vec<_> = claims.iter().map(|name| ClaimPath::top(name)).collect();
        self.resident.wallet.sd_jwt("idCard", &claims, &asked).unwrap()
    }
}

fn token(id: &str, presentations: Vec<Value>) -> VpToken {
    VpToken::from([(id.to_owned(), presentations)])
}

const BASIC: [&str; 2] = ["name", "idNumber"];

#[test]
fn audience_nonce_time_hash_and_holder_must_be_right() {
    let mut world = World::new();
    world.refuses(Check::Freshness, "audience_mismatch", |world, request| {
        let other = "decentralized_identifier:did:web:other.example";
        token("idCard", vec![world.sd_jwt(&BASIC, other, &request.object.nonce, now()).into()])
    });
    world.refuses(Check::Freshness, "audience_mismatch", |world, request| {
        let bare = request.object.client_id.split_once(':').unwrap().1.to_owned();
        token("idCard", vec![world.sd_jwt(&BASIC, &bare, &request.object.nonce, now()).into()])
    });
    world.refuses(Check::Freshness, "nonce_mismatch", |world, request| {
        token("idCard", vec![world.sd_jwt(&BASIC, &request.object.client_id, "other", now()).into()])
    });
    for (ahead, code) in [(-330, "code_expired"), (90, "clock_ahead")] {
        world.refuses(Check::Freshness, code, |world, request| {
            let at = plus_seconds(now(), ahead);
            token("idCard", vec![world.sd_jwt(&BASIC, &request.object.client_id, &request.object.nonce, at).into()])
        });
    }
    world.refuses(Check::Binding, "binding_invalid", |world, request| {
        let whole = world.sd_jwt(&["name", "sex", "idNumber"], &request.object.client_id, &request.object.nonce, now());
        let mut parts: Vec<_> = whole.split('~').collect();
        parts.remove(1);
        token("idCard", vec![parts.join("~").into()])
    });
    world.refuses(Check::Binding, "binding_invalid", |world, request| {
        let text = world.sd_jwt(&BASIC, &request.object.client_id, &request.object.nonce, now());
        let plain = SdJwt::parse(&SdJwt::parse(&text).unwrap().without_key_binding()).unwrap();
        let (nonce, audience) = (request.object.nonce.clone(), request.object.client_id.clone());
        let binding = KeyBinding { nonce, audience, issued_at: now() };
        token("idCard", vec![plain.bind(&binding, world.other.wallet.key()).unwrap().to_string().into()])
    });
    world.refuses(Check::Binding, "binding_missing", |world, request| {
        let text = world.sd_jwt(&BASIC, &request.object.client_id, &request.object.nonce, now());
        token("idCard", vec![SdJwt::parse(&text).unwrap().without_key_binding().into()])
    });
}

#[test]
fn what_is_presented_must_be_what_was_asked_for() {
    let mut world = World::new();
    let honest = |world: &mut World, request: &CheckedRequest| {
        world.sd_jwt(&BASIC, &request.object.client_id, &request.object.nonce, now())
    };
    world.refuses(Check::Schema, "claims_missing", |world, request| {
        token("idCard", vec![world.sd_jwt(&["name"], &request.object.client_id, &request.object.nonce, now()).into()])
    });
    world.refuses(Check::Schema, "not_asked_for", |world, request| {
        let (audience, nonce) = (Some(&*request.object.client_id), Some(&*request.object.nonce));
        let asked = Asked { audience, nonce, now: now() };
        token("idCard", vec![world.resident.wallet.sd_jwt("socialSecurityCard", &[], &asked).unwrap().into()])
    });
    world.refuses(Check::Parse, "not_requested", |world, request| {
        let text: Value = honest(world, request).into();
        VpToken::from([("idCard".to_owned(), vec![text.clone()]), ("other".to_owned(), vec![text])])
    });
    world.refuses(Check::Parse, "not_requested", |world, request| {
        token("idCard", vec![honest(world, request).into(), honest(world, request).into()])
    });
    world.refuses(Check::Schema, "request_unmet", |world, request| token("other", vec![honest(world, request).into()]));
    for wrong in [json!(7), json!({"a": 1}), json!("CL1:000"), json!("text")] {
        let (invitation, request) = world.asked();
        let got = post(&world.city, &request, Content::Token(token("idCard", vec![wrong.clone()])));
        assert_eq!(got.status, 400, "{wrong}: {}", got.text);
        let told = result(&world.city, &world.window(), &invitation);
        assert_eq!(Verdict(told["verdict"].clone()).check(Check::Parse).0, "invalid", "{wrong}");
    }
    world.refuses(Check::Parse, "format_unsupported", |world, request| {
        let (audience, nonce) = (Some(&*request.object.client_id), Some(&*request.object.nonce));
        let asked = Asked { audience, nonce, now: now() };
        let whole = world.resident.wallet.presentation(&["idCard"], &asked, &Contexts::bundled()).unwrap();
        token("idCard", vec![Value::Object(whole)])
    });
}

#[test]
fn a_data_integrity_presentation_answers_by_challenge_and_domain() {
    let mut world = World::new();
    let cases = [(Some("other"), None, "nonce_mismatch"), (None, Some("did:web:other.example"), "audience_mismatch")];
    for (nonce, audience, code) in cases {
        let invitation = ask(&world.city, &world.window(), &json!({"types": ["idCard"], "formats": ["ldp_vc"]}));
        let request = fetch(&world.city, &invitation, &[]);
        let audience = Some(audience.unwrap_or(&request.object.client_id));
        let asked = Asked { audience, nonce: Some(nonce.unwrap_or(&request.object.nonce)), now: now() };
        let made = world.resident.wallet.presentation(&["idCard"], &asked, &Contexts::bundled()).unwrap();
        let got = post(&world.city, &request, Content::Token(token("idCard_ldp", vec![Value::Object(made)])));
        assert_eq!((got.status, &got.json()["checks"][0]["code"]), (400, &json!(code)), "{}", got.text);
    }
    let invitation = ask(&world.city, &world.window(), &json!({"types": ["idCard"], "formats": ["ldp_vc"]}));
    let request = fetch(&world.city, &invitation, &[]);
    let bare = world.resident.wallet.find("idCard").unwrap().credential_value().unwrap();
    let got = post(&world.city, &request, Content::Token(token("idCard_ldp", vec![bare])));
    assert_eq!((got.status, &got.json()["checks"][0]["code"]), (400, &json!("binding_missing")), "{}", got.text);
}

#[test]
fn anothers_licence_and_one_suspended_meanwhile_tick_nothing() {
    let mut world = World::new();
    let id = world.resident.wallet.find("idCard").unwrap().id.clone();
    let case = world.window().file("异地就医备案", &world.resident);
    let only = json!({"application": case["id"], "requirements": ["idCard"]});
    let request = fetch(&world.city, &ask(&world.city, &world.window(), &only), &[]);
    let got = world.other.respond(&world.city, &request);
    assert_eq!((got.status, &got.json()["checks"][0]["code"]), (400, &json!("not_the_holder")), "{}", got.text);
    assert_eq!(world.window().show(&case)["missing"].as_array().unwrap().len(), 2);

    let invitation = ask(&world.city, &world.window(), &only);
    let request = fetch(&world.city, &invitation, &[]);
    assert_eq!(Agency::new(&world.city, "GA").change(&id, "suspend").0, 200);
    let got = world.resident.respond(&world.city, &request);
    assert_eq!((got.status, &got.json()["checks"][0]["code"]), (400, &json!("suspended")), "{}", got.text);
    Verdict(result(&world.city, &world.window(), &invitation)["verdict"].clone()).refuse(Check::Status, "suspended");
    assert_eq!(Agency::new(&world.city, "GA").change(&id, "reinstate").0, 200);
    let request = fetch(&world.city, &ask(&world.city, &world.window(), &only), &[]);
    assert_eq!(world.resident.respond(&world.city, &request).status, 200);
    let (status, answer) = world.city.post_as(Some(world.window().token()), "/api/requests", &only);
    assert_eq!(status, 422, "met already: {answer}");
}

#[track_caller]
fn malformed(got: &Got, about: &str) {
    let answer = got.json();
    assert_eq!((got.status, &answer["error"]), (400, &json!("invalid_request")), "{}", got.text);
    assert!(answer["error_description"].as_str().unwrap().contains(about), "{answer}");
}

#[test]
fn what_is_no_answer_leaves_the_request_open() {
    let mut world = World::new();
    let (invitation, request) = world.asked();
    let Content::Token(token) = world.resident.answer(&request) else { panic!("no token") };
    let vp = certless::wire::form::encode(&json!(token).to_string());
    for state in ["", "&state=", "&state=other"] {
        malformed(&post_form(&world.city, &request, &format!("vp_token={vp}{state}")), "state");
    }
    let state = &request.object.state;
    malformed(&post_form(&world.city, &request, &format!("vp_token={vp}&state={state}&state={state}")), "twice");
    malformed(&post_form(&world.city, &request, &format!("state={state}")), "vp_token");
    malformed(&post_form(&world.city, &request, &format!("vp_token=%5B%5D&state={state}")), "vp_token");
    malformed(&post_form(&world.city, &request, "response=a.b.c.d.e"), "");
    let got = world.city.send(None, path(&world.city, &request.object.response_uri), "application/json", b"{}");
    malformed(&got, "application/x-www-form-urlencoded");
    assert_eq!(result(&world.city, &world.window(), &invitation)["state"], "opened");
    assert_eq!(world.resident.respond(&world.city, &request).status, 200);
    let again = world.resident.respond(&world.city, &request);
    assert_eq!((again.status, &again.json()["error"]), (410, &json!("invalid_request")));
    assert!(again.json()["error_description"].as_str().unwrap().contains("answered before"));

    // The same presentation is none for the next request, nor for anyone else.
    let (_, next) = world.asked();
    let got = post(&world.city, &next, Content::Token(token));
    assert_eq!((got.status, &got.json()["checks"][0]["code"]), (400, &json!("nonce_mismatch")), "{}", got.text);
}

#[test]
fn an_encrypted_answer_is_encrypted_to_this_request() {
    let mut world = World::new();
    let wanted = json!({"types": ["idCard"], "mode": "direct_post.jwt"});
    let (one, two) = (ask(&world.city, &world.window(), &wanted), ask(&world.city, &world.window(), &wanted));
    let (one, two) = (fetch(&world.city, &one, &[]), fetch(&world.city, &two, &[]));
    let content = world.resident.answer(&one);
    let mut plain = one.clone();
    plain.object.mode = certless::wire::oid4vp::request::Mode::Post;
    malformed(&post(&world.city, &plain, content.clone()), "encrypted");
    let body = two.body(content.clone(), &certless::base::random::SystemRandom).unwrap();
    malformed(&post_form(&world.city, &one, &body), "does not open");
    assert_eq!(post(&world.city, &one, content).status, 200);
    // No may be said in the open.
    plain.object = two.object.clone();
    plain.object.mode = certless::wire::oid4vp::request::Mode::Post;
    let no = Content::Error { code: "access_denied".into(), description: None };
    assert_eq!(post(&world.city, &plain, no).status, 200);
}

#[test]
fn a_request_ends_by_no_by_time_and_by_the_window() {
    let clock = FixedClock::new(now());
    let city = TestCity::on_clock(Arc::new(clock.clone()));
    let window = Window::new(&city, "YB");
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    let new = || ask(&city, &window, &json!({"types": ["idCard"]}));
    let ended = |invitation: &Value, request: &CheckedRequest, resident: &mut Resident, state: &str| {
        assert_eq!(result(&city, &window, invitation)["state"], state);
        let late = resident.respond(&city, request);
        assert_eq!((late.status, &late.json()["error"]), (410, &json!("invalid_request")), "{state}");
        let got = city.get(None, path(&city, &reference(invitation).request_uri), "*/*");
        assert_eq!(got.status, 410, "{state}");
    };
    let invitation = new();
    let request = fetch(&city, &invitation, &[]);
    let no = Content::Error { code: "access_denied".into(), description: Some("no thanks".into()) };
    assert_eq!(post(&city, &request, no).status, 200);
    let told = result(&city, &window, &invitation);
    assert_eq!((&told["declined"]["error"], told.get("verdict")), (&json!("access_denied"), None));
    ended(&invitation, &request, &mut resident, "declined");

    let invitation = new();
    let request = fetch(&city, &invitation, &[]);
    let cancel = format!("/api/requests/{}/cancel", invitation["id"].as_str().unwrap());
    assert_eq!(city.post_as(Some(Window::new(&city, "GA").token()), &cancel, &json!({})).0, 404, "another window");
    assert_eq!(city.post_as(Some(window.token()), &cancel, &json!({})).1["state"], "cancelled");
    ended(&invitation, &request, &mut resident, "cancelled");

    let invitation = new();
    let request = fetch(&city, &invitation, &[]);
    clock.advance(299);
    assert_eq!(result(&city, &window, &invitation)["state"], "opened");
    clock.advance(1);
    ended(&invitation, &request, &mut resident, "expired");
    clock.advance(3_600);
    let gone = format!("/api/requests/{}", invitation["id"].as_str().unwrap());
    assert_eq!(city.get(Some(window.token()), &gone, "*/*").status, 404, "nothing is kept for ever");
}

#[test]
fn a_wallet_answers_nobody_whom_the_registry_does_not_name() {
    let world = World::new();
    let (invitation, _) = world.asked();
    let good = reference(&invitation);
    let signed = world.city.get(None, path(&world.city, &good.request_uri), "*/*").text;
    let check = |signed: &str, reference: &Reference, nonce: Option<&str>, at| {
        CheckedRequest::check(signed, reference, nonce, &registry(&world.city), at)
    };
    assert!(check(&signed, &good, None, now()).is_ok());
    let mut other = good.clone();
    other.client_id = other.client_id.replace(":YB", ":GA");
    assert!(check(&signed, &other, None, now()).is_err(), "another asker than the code says");
    other = good.clone();
    other.request_uri = other.request_uri.replace("127.0.0.1", "evil.example");
    assert!(check(&signed, &other, None, now()).is_err(), "another address than the asker's");
    assert!(check(&signed, &good, Some("nonce"), now()).is_err(), "no wallet_nonce");
    assert!(check(&signed, &good, None, plus_seconds(now(), 301)).is_err(), "too late");
    assert!(check(&signed, &good, None, plus_seconds(now(), -60)).is_err(), "from the future");
    let mut registry = registry(&world.city);
    registry.agencies.retain(|agency| agency.code.as_str() != "YB");
    assert!(CheckedRequest::check(&signed, &good, None, &registry, now()).is_err(), "not in the registry");
    let (header, rest) = signed.split_once('.').unwrap();
    let (payload, signature) = rest.split_once('.').unwrap();
    let claims = String::from_utf8(certless::base::bytes::from_base64url(payload).unwrap()).unwrap();
    let changed = claims.replace("\"name\"", "\"birthDate\"");
    let changed = format!("{header}.{}.{signature}", certless::base::bytes::base64url(changed.as_bytes()));
    assert!(check(&changed, &good, None, now()).is_err(), "asks for more than was signed");
}
