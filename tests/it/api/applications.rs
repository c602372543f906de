//! `/api/applications`: what a window may not do.

use certless::base::json::{Value, json};

use crate::support::city::TestCity;
use crate::support::roles::{Resident, Window};

const MATTER: &str = "异地就医备案";

#[test]
fn a_filing_with_an_unknown_matter_or_a_wrong_code_is_refused() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let resident = Resident::nth(0);
    let file = |matter: &str, applicant: Value| {
        let body = json!({"matter": matter, "applicant": applicant});
        let (status, problem) = city.post_as(Some(window.token()), "/api/applications", &body);
        (status, problem["type"].as_str().unwrap_or_default().to_owned())
    };
    let refused = (422, "/problems/refused".to_owned());
    assert_eq!(file("没有这个事项", resident.as_applicant()), refused);
    assert_eq!(file(MATTER, json!({"name": "演示某", "code": "430112199001010001"})), refused);
    assert_eq!(file(MATTER, json!({"name": " ", "code": resident.code})), refused);
    let weak = json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"});
    assert_eq!(file(MATTER, json!({"name": "演示某", "code": resident.code, "holderKey": weak})), refused);
    assert_eq!(file(MATTER, json!({"name": "演示某", "code": resident.code, "birthday": 1})).0, 400);
    assert_eq!(file(MATTER, resident.as_applicant()).0, 201);
}

#[test]
fn acceptance_takes_only_what_the_matter_allows() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let case = window.file(MATTER, &Resident::nth(0));
    for body in [json!({"forms": ["idCard"]}), json!({"commitments": ["idCard"]}), json!({"tolerated": ["nothing"]})] {
        let (status, problem) = window.step(&case, "accept", &body);
        assert_eq!(status, 422, "{body}: {problem}");
    }
    assert_eq!(window.show(&case)["state"], "filed");
}

#[test]
fn a_case_that_is_not_there_is_not_found() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let nothing = json!({"id": "43011220260101000001"});
    assert_eq!(window.step(&nothing, "accept", &json!({})).0, 404);
    assert_eq!(window.step(&nothing, "decide", &json!({"decision": "refuse", "reason": "x"})).0, 404);
    let path = "/api/applications/nothing/presentations";
    assert_eq!(city.send(Some(window.token()), path, "text/plain", b"CL1:x").status, 404);
}

#[test]
fn a_decision_is_granted_with_results_of_the_matter_or_refused_with_a_reason() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    resident.obtain(&city, "socialSecurityCard");
    let case = window.file(MATTER, &resident);
    window.scan(&case, &resident.code("idCard", "basic")).0.accept();
    window.scan(&case, &resident.code("socialSecurityCard", "basic")).0.accept();
    assert_eq!(window.step(&case, "accept", &json!({})).0, 200);
    let decide = |body: Value| window.step(&case, "decide", &body);
    assert_eq!(decide(json!({"decision": "grant", "results": {"idCard": {}}})).0, 422, "no result of the matter");
    let (status, problem) = decide(json!({"decision": "grant"}));
    assert_eq!(status, 422, "fields are missing: {problem}");
    assert!(problem["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty()), "{problem}");
    assert_eq!(decide(json!({"decision": "refuse", "reason": ""})).0, 422);
    assert_eq!(decide(json!({"decision": "perhaps"})).0, 400);
    assert_eq!(window.show(&case)["state"], "accepted");
    let (status, answer) = decide(json!({"decision": "refuse", "reason": "不符合条件"}));
    assert_eq!((status, &answer["state"]), (200, &json!("refused")));
}

#[test]
fn under_a_key_a_case_is_filed_once() {
    let city = TestCity::start();
    let (window, other) = (Window::new(&city, "YB"), Window::new(&city, "GA"));
    let filing = |n: usize| json!({"matter": MATTER, "applicant": Resident::nth(n).as_applicant()});
    let file =
        |window: &Window<'_>, key: &str, n| city.post_keyed_as(window.token(), key, "/api/applications", &filing(n));
    let (status, case) = file(&window, "k-1", 0);
    assert_eq!(status, 201, "{case}");
    assert_eq!(file(&window, "k-1", 0).1, case, "the same case");
    let (status, problem) = file(&window, "k-1", 1);
    assert_eq!((status, &problem["type"]), (409, &json!("/problems/conflict")), "{problem}");
    assert_ne!(file(&window, "k-2", 0).1["id"], case["id"]);
    assert_ne!(file(&other, "k-1", 0).1["id"], case["id"], "another window's key");
}
