//! Which operations pages of other origins may call, and how often anyone may.

use certless::base::json::{Value, json};
use certless::http::route::Access;
use certless::http::routes;
use certless::wire::oid4vci::PRE_AUTHORIZED;

use crate::support::city::{Got, TestCity};
use crate::support::phone::is_error;

const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn wallets_and_verifiers_of_any_origin_may_call_what_they_need() {
    let open: Vec<_> =
        routes().iter().filter(|route| route.any_origin).map(|route| (route.method, route.path)).collect();
    for needed in [
        ("get", "/.well-known/openid-credential-issuer"),
        ("get", "/.well-known/oauth-authorization-server"),
        ("get", "/.well-known/jwt-vc-issuer/agencies/{code}"),
        ("get", "/.well-known/certless/trust"),
        ("get", "/agencies/{code}/did.json"),
        ("get", "/contexts/v1.jsonld"),
        ("get", "/oid4vci/offers/{id}"),
        ("post", "/oid4vci/token"),
        ("post", "/oid4vci/nonce"),
        ("post", "/oid4vci/credential"),
        ("post", "/oid4vci/deferred"),
        ("post", "/oid4vci/notification"),
        ("get", "/oid4vp/requests/{id}"),
        ("post", "/oid4vp/requests/{id}"),
        ("post", "/oid4vp/responses/{id}"),
    ] {
        assert!(open.contains(&needed), "{needed:?}");
    }
    for route in routes().iter().filter(|route| route.any_origin) {
        assert_eq!(route.access, Access::Open, "{}: a session could be used from elsewhere", route.path);
        assert!(!route.path.starts_with("/api/"), "{}", route.path);
    }
}

#[test]
fn a_browser_that_asks_before_it_calls_is_told_what_it_may_send() {
    let city = TestCity::start();
    for path in
        ["/oid4vci/credential", "/oid4vci/token", "/oid4vp/responses/x", "/.well-known/openid-credential-issuer"]
    {
        let got = city.ask("OPTIONS", path);
        assert_eq!((got.status, got.header("access-control-allow-origin")), (204, "*"), "{path}");
        assert!(got.header("access-control-allow-headers").contains("Authorization"), "{path}");
        assert_eq!(got.header("access-control-allow-methods"), "GET, POST", "{path}");
        assert_eq!(got.header("access-control-allow-credentials"), "", "cookies count for nothing: {path}");
    }
    for path in ["/api/credentials", "/api/session", "/api/applications"] {
        let got = city.ask("OPTIONS", path);
        assert_eq!((got.status, got.header("access-control-allow-origin")), (405, ""), "{path}");
    }
}

#[test]
fn answers_and_refusals_can_be_read_by_pages_of_any_origin() {
    let city = TestCity::start();
    let readable = |got: &Got| {
        assert_eq!(got.header("access-control-allow-origin"), "*", "{} {}", got.status, got.text);
        assert!(got.header("access-control-expose-headers").contains("WWW-Authenticate"));
    };
    let statuses = [
        city.get(None, "/.well-known/openid-credential-issuer", "*/*"),
        city.get(None, "/oid4vci/offers/x", "*/*"),
        city.send(None, "/oid4vci/nonce", "", b""),
        city.send(None, "/oid4vci/token", FORM, b""),
        city.send(None, "/oid4vci/credential", "application/json", b"{}"),
        city.send(Some("x"), "/oid4vci/credential", "application/json", b"{}"),
        city.get(None, "/oid4vp/requests/x", "*/*"),
        city.send(None, "/oid4vp/responses/x", FORM, b"state=x&error=access_denied"),
    ]
    .map(|got| {
        readable(&got);
        got.status
    });
    assert_eq!(statuses, [200, 404, 200, 400, 401, 401, 404, 404]);
    assert_eq!(city.get(Some(&city.token), "/api/offers/x", "*/*").header("access-control-allow-origin"), "");
}

/// Calls until the answer is another than the first; how many were answered.
fn until_refused(call: impl Fn() -> Got) -> (usize, Got) {
    let first = call().status;
    let mut calls = (1..2_000).map(|n| (n, call()));
    calls.find(|(_, got)| got.status != first).expect("an end")
}

#[test]
fn guessing_codes_and_taking_nonces_has_a_pace() {
    let city = TestCity::start();
    let guess = format!("grant_type={PRE_AUTHORIZED}&pre-authorized_code=x.y&tx_code=1");
    let (calls, got) = until_refused(|| city.send(None, "/oid4vci/token", FORM, guess.as_bytes()));
    assert!((100..=120).contains(&calls), "{calls}");
    is_error(&got, 429, "temporarily_unavailable");
    let seconds: u32 = got.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(got.header("access-control-allow-origin"), "*");

    let (calls, got) = until_refused(|| city.send(None, "/oid4vci/nonce", "", b""));
    assert!(calls > 120, "{calls}");
    is_error(&got, 429, "temporarily_unavailable");
    assert!(!got.header("retry-after").is_empty());

    let hand_in = json!({"presentation": "CL1:0"}).to_string();
    let (calls, got) = until_refused(|| city.send(None, "/api/spoken", "application/json", hand_in.as_bytes()));
    assert!(calls <= 20, "{calls}");
    assert_eq!((got.status, got.media.as_str()), (429, "application/problem+json"));
    let problem: Value = got.json();
    assert_eq!(problem["type"], "/problems/rate-limited");
    assert_eq!(got.header("retry-after"), problem["retryAfter"].to_string());
    assert!(problem["zh"].as_str().unwrap().ends_with('。'), "{problem}");
}
