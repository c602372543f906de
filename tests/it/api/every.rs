//! What holds for every operation: it is served, asks for its token, and says no to bodies that are no request.

use std::sync::Arc;

use certless::base::bytes::base64url;
use certless::base::clock::SystemClock;
use certless::base::jcs::canonicalize;
use certless::base::json::{Value, json};
use certless::crypto::digest::sha256;
use certless::domain::account::StaffRole;
use certless::domain::city::rules::{Deed, FourEyes, Rules};
use certless::domain::token::Role;
use certless::domain::usage::holder::sign;
use certless::domain::usage::objection::TYP;
use certless::http::route::{Access, Route};
use certless::http::routes;

use crate::support::city::{Got, TestCity};
use crate::support::requests::least_body;
use crate::support::roles::{Agency, Resident, Window, now, row_of};
use crate::support::staff::{PASSWORD, at_work, hire, session, sign_in};
use crate::support::vp::ask;
use crate::support::witness::furnish;

/// A city with one licence, one case and every kind of token.
struct World {
    city: TestCity,
    window: String,
    operator: String,
    approver: String,
    auditor: String,
    pending: String,
    credential: String,
    digest: String,
    witnessed: String,
    case: String,
    receipt: String,
    ended: String,
    open: String,
    offer: String,
    used: String,
    owner: String,
    window_offer: String,
    ended_case: String,
}

impl World {
    fn new() -> Self {
        // Revoking needs a second person, so that something waits for one.
        let four_eyes = FourEyes { needed: vec![(Deed::Revoke, None)], ..FourEyes::default() };
        let city = TestCity::with_rules(Arc::new(SystemClock), Rules { four_eyes, ..Rules::default() });
        let mut resident = Resident::nth(0);
        let credential = Agency::new(&city, "GA").issue(row_of("idCard", &resident.code));
        resident.receive(&credential);
        let revoke = format!("/api/credentials/{}/revoke", text(&credential, "id"));
        let pending = text(&city.post(&revoke, &json!({"reason": "x"})).1["pending"], "id");
        let window = Window::new(&city, "YB");
        let case = window.file("异地就医备案", &resident);
        let digest = base64url(&sha256(&canonicalize(&credential["package"]["credential"])));
        let (credential, number) = (text(&credential, "id"), text(&case, "id"));
        let receipt = text(&case["receipt"], "url").rsplit_once('/').unwrap().1.to_owned();
        let of = || text(&ask(&city, &window, &json!({"application": number})), "id");
        let (ended, open) = (of(), of());
        city.post_as(Some(window.token()), &format!("/api/requests/{ended}/cancel"), &json!({}));
        let (_, shown) = window.scan(&case, &resident.code("idCard", "basic"));
        let used = text(&shown["uses"][0]["use"], "id");
        let nonce = city.post_as(None, "/oid4vci/nonce", &json!({})).1;
        let more = [("use", used.as_str()), ("reason", "x")];
        let proof = sign(TYP, &city.base, &text(&nonce, "c_nonce"), now(), &more, resident.wallet.key());
        assert_eq!(city.post_as(None, "/api/objections", &json!({"proof": proof})).0, 201);
        let owner = Agency::new(&city, "YB").token().to_owned();
        let ended_case = window.file("异地就医备案", &resident);
        assert_eq!(window.step(&ended_case, "reject", &json!({"reason": "x"})).0, 200);
        let ended_case = text(&ended_case, "id");
        let window = window.token().to_owned();
        let operator = city.service.city.new_token(Role::Operator, "test operator").unwrap();
        let approver = at_work(&city, "ga-approver", StaffRole::AgencyApprover, "GA");
        let auditor = at_work(&city, "auditor", StaffRole::Auditor, "");
        hire(&city, "staff", StaffRole::Supervisor, "");
        hire(&city, "spare", StaffRole::Supervisor, "");
        city.integrate();
        let witnessed = furnish(&city);
        let offer = text(&city.post("/api/offers", &json!({"credential": credential})).1, "id");
        let there = json!({"holder": {"code": resident.code}, "purpose": "x", "credential": credential});
        let window_offer = text(&city.post_as(Some(&window), "/api/window/offers", &there).1, "id");
        Self {
            city,
            window,
            operator,
            approver,
            auditor,
            credential,
            digest,
            witnessed,
            case: number,
            receipt,
            ended,
            open,
            offer,
            window_offer,
            pending,
            used,
            owner,
            ended_case,
        }
    }

    /// The path of a route with something that is there in place of each parameter.
    fn path(&self, route: &Route) -> String {
        let id = match route.path {
            path if path.ends_with("/archive") => &self.ended_case,
            path if path.starts_with("/api/applications") => &self.case,
            // A request that has ended: the stream of its events ends too.
            path if path.starts_with("/api/requests") => &self.ended,
            path if path.starts_with("/api/pending") => &self.pending,
            path if path.starts_with("/oid4vp") => &self.open,
            path if path.starts_with("/api/window/offers") => &self.window_offer,
            path if path.contains("/offers/") => &self.offer,
            _ => &self.credential,
        };
        let path = route
            .path
            .replace("{id}", id)
            .replace("{token}", &self.receipt)
            .replace("{list}", "GA-0")
            .replace("{use}", &self.used);
        let path = path.replace("{did}", self.city.service.city.names.city_did()).replace("{version}", "1");
        let path = path.replace("/problems/{code}", "/problems/malformed").replace("/agencies/{code}", "/agencies/GA");
        let path = path
            .replace("{code}", "idCard")
            .replace("{issuer}", "jcs")
            .replace("{matter}", "11430112MB0DEM01764000709901000")
            .replace("{agency}", "GA")
            .replace("{role}", "log")
            .replace("{account}", "spare")
            .replace("/log/tile/{level}/{*index}", "/log/tile/entries/000.p/1")
            .replace("{digest}", &self.digest)
            .replace("{hash}", &self.witnessed)
            .replace("{index}", "0");
        assert!(!path.contains('{'), "{path}: what stands for the parameter?");
        path
    }

    /// What somebody calls with who may. For calls about the own session, a session of their own.
    fn token(&self, access: Access) -> Option<String> {
        Some(match access {
            Access::Open => return None,
            Access::Known | Access::Agency | Access::AgencyReading => self.city.token.clone(),
            Access::Answering => self.owner.clone(),
            Access::Window | Access::WindowReading => self.window.clone(),
            Access::Operator => self.operator.clone(),
            Access::Approver => self.approver.clone(),
            Access::Watching | Access::Auditor => self.auditor.clone(),
            Access::Staff => session(&sign_in(&self.city, "staff", PASSWORD)),
        })
    }

    fn ask(&self, route: &Route, token: Option<&str>, body: &str) -> Got {
        match route.method {
            "get" => self.city.get(token, &self.path(route), "*/*"),
            "delete" => self.city.delete(token, &self.path(route)),
            "post" => self.city.send(token, &self.path(route), "application/json", body.as_bytes()),
            other => panic!("{other} {}: how is it asked?", route.path),
        }
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

fn body(route: &Route) -> String {
    least_body(route).map(|body| body.to_string()).unwrap_or_default()
}

#[track_caller]
fn is_problem(route: &Route, got: &Got, status: u16) {
    assert_eq!(got.status, status, "{} {}: {}", route.method, route.path, got.text);
    assert_eq!(got.media, "application/problem+json", "{} {}", route.method, route.path);
    let problem = got.json();
    assert_eq!(problem["status"], status);
    assert!(problem["type"].as_str().unwrap().starts_with("/problems/"), "{problem}");
    assert!(problem["zh"].as_str().unwrap().ends_with('。') && problem["en"].as_str().unwrap().ends_with('.'));
}

#[test]
fn every_operation_is_served() {
    let world = World::new();
    let routes = routes();
    assert!(routes.len() > 30, "{} operations", routes.len());
    for route in &routes {
        let got = world.ask(route, world.token(route.access).as_deref(), &body(route));
        let told = format!("{} {}: {} {}", route.method, route.path, got.status, got.text);
        assert!(!matches!(got.status, 404 | 405 | 500..), "{told}");
        if route.method == "get" {
            assert_eq!(got.status, 200, "{told}");
        }
    }
}

#[test]
fn every_guarded_operation_asks_who_calls() {
    let world = World::new();
    for route in routes().iter().filter(|route| route.access != Access::Open) {
        let body = body(route);
        for token in [None, Some("wrong"), Some(""), Some("cl_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")] {
            is_problem(route, &world.ask(route, token, &body), 401);
        }
    }
}

#[test]
fn bodies_that_are_no_request_are_refused_with_what_is_wrong() {
    let world = World::new();
    let deep = format!("{}1{}", r#"{"a":"#.repeat(80), "}".repeat(80));
    let bodies = [
        "",
        "{",
        "null",
        "[]",
        "7",
        "\"text\"",
        r#"{"a":1,"a":2}"#,
        r#"{"surprise":true}"#,
        r#"{"a":"\ud800"}"#,
        r#"{"a":1e999}"#,
        "{} {}",
        "\u{feff}{}",
        deep.as_str(),
    ];
    let posts = routes().into_iter().filter(|route| !route.body.is_empty());
    // The protocols of others have errors of their own.
    let own = |route: &Route| !["/vc-api", "/oid4vp", "/oid4vci"].iter().any(|of| route.path.starts_with(of));
    for route in posts.filter(own) {
        let takes_anything = route.body.iter().any(|(_, schema)| *schema == "Acceptance");
        for body in bodies {
            if takes_anything && body == "{}" {
                continue;
            }
            let got = world.ask(&route, world.token(route.access).as_deref(), body);
            let scanned = route.path.ends_with("/presentations");
            let expected = if scanned && got.status == 422 { 422 } else { 400 };
            is_problem(&route, &got, expected);
        }
    }
}

#[test]
fn other_media_types_and_bodies_beyond_the_limit_are_refused() {
    let world = World::new();
    let city = &world.city;
    let got = city.send(Some(&city.token), "/api/credentials", "application/x-www-form-urlencoded", b"{}");
    assert_eq!(got.status, 400);
    let large = vec![b' '; (16 << 20) + 1];
    assert_eq!(city.send(None, "/verify", "text/plain", &large).status, 413);
    assert_eq!(city.send(None, "/verify", "text/plain", &large[..2 << 20]).status, 413, "no credential is as long");
}

#[test]
fn addresses_that_are_none_say_so() {
    let world = World::new();
    for path in ["/nothing", "/api", "/api/credentials/x/y", "/schemas/credentials/idCard/9", "/problems/none"] {
        let got = world.city.get(Some(&world.city.token), path, "*/*");
        assert_eq!((got.status, got.media.as_str()), (404, "application/problem+json"), "{path}");
    }
    for path in ["/api/credentials/%FF", "/agencies/..%2F/did.json", "/1.0/identifiers/%00", "/r/%FF", "/status/%2e%2e"]
    {
        let got = world.city.get(Some(&world.city.token), path, "*/*");
        assert!((400..500).contains(&got.status), "{path}: {} {}", got.status, got.text);
        assert!(got.media != "text/plain; charset=utf-8", "{path}: {}", got.text);
    }
    for path in ["/api/credentials/%FF", "/r/%FF", "/schemas/credentials/%FF/1"] {
        let got = world.city.get(Some(&world.city.token), path, "*/*");
        assert_eq!((got.status, got.media.as_str()), (400, "application/problem+json"), "{path}: {}", got.text);
    }
}

#[test]
fn another_method_than_an_address_has_is_told_with_those_it_has() {
    let world = World::new();
    let routes = routes();
    for route in &routes {
        let path = world.path(route);
        let own = |method: &str| routes.iter().any(|one| one.path == route.path && one.method == method);
        let got = world.city.ask("PATCH", &path);
        assert!(!own("patch"), "{path}: ask with a method that it has not");
        is_problem(route, &got, 405);
        assert_eq!(got.json()["type"], "/problems/wrong-method");
        let allow: Vec<_> = got.headers["allow"].to_str().unwrap().split(',').map(str::trim).collect();
        assert!(allow.contains(&"GET") || !own("get"), "{path}: {allow:?}");
        assert!(allow.contains(&"HEAD") || !own("get"), "{path}: {allow:?}");
        assert!(allow.contains(&"DELETE") || !own("delete"), "{path}: {allow:?}");
        assert!(allow.contains(&"POST") || !own("post"), "{path}: {allow:?}");
    }
}

#[test]
fn what_makes_asking_twice_harmless_is_described_where_it_is_honoured() {
    let with_key = |route: &&Route| route.headers.iter().any(|(name, _)| *name == "Idempotency-Key");
    let paths: Vec<_> = routes().iter().filter(with_key).map(|route| route.path).collect();
    assert_eq!(paths, ["/api/credentials", "/api/applications", "/vc-api/credentials/issue"]);
    let openapi = certless::http::openapi::document(&routes());
    assert_eq!(openapi["paths"]["/api/applications"]["post"]["parameters"][0]["in"], "header");
}
