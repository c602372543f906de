//! A matter that needs two licences: filed, both scanned, taken up, decided; the result is a licence like any other.

use certless::base::json::{Map, Value, json};
use certless::vc::finding::Check;

use crate::support::city::TestCity;
use crate::support::roles::{Agency, Resident, Stranger, Window, stock};

/// Needs the applicant's identity card and social security card; gives a filing receipt.
const MATTER: &str = "异地就医备案";

fn decision() -> Value {
    let result = json!({"content": "演示：准予备案", "legalBasis": "演示依据", "decisionDate": "2026-01-05"});
    json!({"decision": "grant", "results": {"filingReceipt": result}})
}

#[test]
fn two_licences_are_shown_the_matter_is_decided_and_the_result_verifies() {
    let city = TestCity::start();
    let (window, stranger) = (Window::new(&city, "YB"), Stranger(&city));
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    resident.obtain(&city, "socialSecurityCard");

    let case = window.file(MATTER, &resident);
    assert_eq!((&case["state"], case["missing"].as_array().unwrap().len()), (&json!("filed"), 2));
    let link = case["receipt"]["url"].as_str().unwrap().to_owned();
    assert_eq!(stranger.get(&link, "application/json").json()["state"], "filed");

    let (status, answer) = window.step(&case, "accept", &json!({}));
    assert_eq!(status, 422, "{answer}");
    assert_eq!(answer["zh"], "还缺：居民身份证（电子身份凭证）、社会保障卡。", "{answer}");
    assert_eq!(answer["reasons"].as_array().unwrap().len(), 2);

    for (which, left) in [("idCard", 1), ("socialSecurityCard", 0)] {
        let (verdict, answer) = window.scan(&case, &resident.code(which, "basic"));
        verdict.accept();
        assert_eq!(answer["met"], json!([which]));
        assert_eq!(answer["application"]["missing"].as_array().unwrap().len(), left, "{answer}");
    }
    let (status, accepted) = window.step(&case, "accept", &json!({}));
    assert_eq!((status, &accepted["state"]), (200, &json!("accepted")), "{accepted}");
    assert!(accepted["receipt"]["qr"].as_str().unwrap().starts_with("<svg"), "the receipt has a code");
    assert_eq!(window.step(&case, "accept", &json!({})).0, 409, "twice");
    assert_eq!(stranger.get(&link, "application/json").json()["state"], "accepted");

    let (status, decided) = window.step(&case, "decide", &decision());
    assert_eq!((status, &decided["state"]), (200, &json!("granted")), "{decided}");
    assert_eq!(window.step(&case, "decide", &decision()).0, 409, "decided once");
    let id = decided["results"][0].as_str().unwrap();
    the_result_verifies_and_is_bound(&city, &mut resident, id, &case);
    the_receipt_shows_each_step(&city, &resident, &link);
}

fn the_result_verifies_and_is_bound(city: &TestCity, resident: &mut Resident, id: &str, case: &Value) {
    let agency = Agency::new(city, "YB");
    let got = city.get(Some(agency.token()), &format!("/api/credentials/{id}"), "application/json");
    assert_eq!(got.status, 200, "{}", got.text);
    resident.receive(&got.json());
    let verdict = Stranger(city).verify(&resident.code("filingReceipt", "basic"));
    verdict.accept();
    assert_eq!(verdict.check(Check::Binding).0, "valid", "bound to the applicant's wallet");
    let claims = &verdict.0["credential"]["claims"];
    assert_eq!(claims["party"], resident.name.as_str());
    assert_eq!(claims["caseNo"], case["id"], "the result names its case");
}

fn the_receipt_shows_each_step(city: &TestCity, resident: &Resident, link: &str) {
    let json = Stranger(city).get(link, "application/json");
    let progress = json.json();
    let steps: Vec<_> = progress["steps"].as_array().unwrap().iter().map(|step| &step["step"]["zh"]).collect();
    assert_eq!(steps, ["已收件", "已受理", "已办结"]);
    let page = Stranger(city).get(link, "text/html");
    assert_eq!((page.status, page.media.as_str()), (200, "text/html; charset=utf-8"));
    for step in ["已收件", "已受理", "已办结"] {
        assert!(page.text.contains(step), "{step}: {}", page.text);
    }
    for text in [&json.text, &page.text] {
        assert!(!text.contains(&resident.name) && !text.contains(&resident.code), "personal data: {text}");
        let masked = progress["applicant"].as_str().unwrap();
        assert!(text.contains(masked) && masked.contains('*'), "{text}");
    }
    let english = Stranger(city).get(&format!("{link}?lang=en"), "text/html").text;
    assert!(english.contains("Settled") && !english.contains("已办结"), "{english}");
    assert_eq!(Stranger(city).get("/r/nothing", "application/json").status, 404);
    assert_eq!(Stranger(city).get("/r/nothing", "text/html").status, 404);
}

#[test]
fn anothers_licence_paper_and_what_is_not_asked_for_attach_nothing() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let (mut resident, mut other) = (Resident::nth(0), Resident::nth(7));
    resident.obtain(&city, "idCard");
    other.obtain(&city, "idCard");
    let case = window.file(MATTER, &resident);
    let before = window.show(&case);

    let code = other.code("idCard", "basic");
    let (verdict, answer) = window.scan(&case, &code);
    verdict.refuse(Check::Binding, "not_the_holder");
    let mut same = before.clone();
    same["receipt"].as_object_mut().unwrap().remove("qr").expect("a case that is opened again has its receipt's code");
    assert_eq!((&answer["met"], &answer["application"]), (&json!([]), &same));
    Stranger(&city).verify(&code).accept();

    // Without the number in it, the key tells whose it is.
    let (verdict, _) = window.scan(&case, &other.code("idCard", "age-over-18"));
    verdict.refuse(Check::Binding, "not_the_holder");
    let (verdict, _) = window.scan(&case, &resident.printed("idCard", "basic"));
    assert!(!verdict.accepted());
    assert_eq!(verdict.check(Check::Binding), ("invalid", "binding_missing"));
    assert_eq!(window.show(&case), before);

    resident.obtain(&city, "householdRegister");
    let (verdict, _) = window.scan(&case, &resident.code("householdRegister", "basic"));
    verdict.refuse(Check::Schema, "not_asked_for");
    let (verdict, _) = window.scan(&case, &resident.code("idCard", "age-over-18"));
    verdict.accept();
    let (verdict, _) = window.scan(&case, &resident.code("idCard", "basic"));
    verdict.refuse(Check::Schema, "already_met");
}

#[test]
fn a_code_that_was_verified_or_used_before_is_no_good_for_another_case() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    let (first, second) = (window.file(MATTER, &resident), window.file(MATTER, &resident));
    let code = resident.code("idCard", "basic");
    window.scan(&first, &code).0.accept();
    window.scan(&second, &code).0.refuse(Check::Freshness, "replayed");
    Stranger(&city).verify(&code).refuse(Check::Freshness, "replayed");
    assert_eq!(window.show(&second)["missing"].as_array().unwrap().len(), 2);
}

#[test]
fn a_case_that_is_not_taken_up_tells_why_and_takes_nothing_more() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    let case = window.file(MATTER, &resident);
    assert_eq!(window.step(&case, "decide", &decision()).0, 409, "not taken up yet");
    let (status, answer) = window.step(&case, "reject", &json!({"reason": "不属于本窗口受理范围"}));
    assert_eq!((status, &answer["state"]), (200, &json!("notAccepted")));
    let link = case["receipt"]["url"].as_str().unwrap();
    let page = Stranger(&city).get(link, "text/html").text;
    assert!(page.contains("不予受理") && page.contains("不属于本窗口受理范围"), "{page}");
    let path = format!("/api/applications/{}/presentations", case["id"].as_str().unwrap());
    let code = resident.code("idCard", "basic");
    assert_eq!(city.send(Some(window.token()), &path, "text/plain", code.as_bytes()).status, 409);
}

#[test]
fn a_result_of_the_type_that_was_shown_has_a_number_of_its_own() {
    let city = TestCity::start();
    let window = Window::new(&city, "ZR");
    let title = stock("realEstate").find(|row| row.holders.len() == 1).unwrap();
    let mut owner = Resident::of_code(&title.holders[0].code);
    owner.obtain(&city, "idCard");
    owner.obtain(&city, "realEstate");
    let case = window.file("不动产变更登记", &owner);
    for which in ["idCard", "realEstate"] {
        window.scan(&case, &owner.code(which, "basic")).0.accept();
    }
    assert_eq!(window.step(&case, "accept", &json!({})).0, 200);
    let old = title.values["certNo"].clone();
    let given = title.values.iter().filter(|(column, _)| *column != "certNo" && !column.contains('.'));
    let given =
        given.filter(|(column, _)| !["rightHolder", "certificateHolderCode", "holderKey"].contains(&column.as_str()));
    let row: Map = given.map(|(column, value)| (column.clone(), value.clone())).collect();
    let (status, decided) = window.step(&case, "decide", &json!({"decision": "grant", "results": {"realEstate": row}}));
    assert_eq!((status, &decided["state"]), (200, &json!("granted")), "{decided}");
    let id = decided["results"][0].as_str().unwrap();
    let agency = Agency::new(&city, "ZR");
    let issued = city.get(Some(agency.token()), &format!("/api/credentials/{id}"), "*/*").json();
    assert_ne!(issued["package"]["number"], old);
}
