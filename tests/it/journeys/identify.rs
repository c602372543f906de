//! Opening a case by showing: whoever shows an identity card need not be typed.

use certless::base::json::{Value, json};
use certless::vc::finding::Check;

use crate::support::city::TestCity;
use crate::support::roles::{Agency, Resident, Verdict, Window};
use crate::support::vp::{ask, fetch, result};

/// Needs the applicant's identity card and social security card.
const MATTER: &str = "异地就医备案";

fn identify(city: &TestCity, window: &Window<'_>, matter: &str, text: &str) -> (u16, Verdict, Value) {
    let body = json!({"matter": matter, "presentation": text});
    let (status, answer) = city.post_as(Some(window.token()), "/api/applications/identify", &body);
    (status, Verdict(answer["verdict"].clone()), answer["application"].clone())
}

#[test]
fn the_first_scan_files_for_its_holder_and_ticks_itself_off() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let mut resident = Resident::nth(0);
    for licence in ["idCard", "socialSecurityCard"] {
        resident.obtain(&city, licence);
    }
    let code = resident.code("idCard", "basic");
    let (status, verdict, case) = identify(&city, &window, MATTER, &code);
    verdict.accept();
    assert_eq!(status, 201);
    assert_eq!(
        (&case["applicant"]["name"], &case["applicant"]["code"]),
        (&json!(resident.name), &json!(resident.code))
    );
    assert_eq!(case["missing"], json!(["socialSecurityCard"]));
    let (verdict, after) = window.scan(&case, &resident.code("socialSecurityCard", "basic"));
    verdict.accept();
    assert_eq!(after["application"]["missing"], json!([]));

    let (status, verdict, none) = identify(&city, &window, MATTER, &code);
    assert_eq!((status, none), (200, Value::Null), "a code opens one case");
    verdict.refuse(Check::Freshness, "replayed");
}

#[test]
fn what_does_not_name_its_holder_or_is_not_in_force_opens_no_case() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let mut resident = Resident::nth(1);
    let id = resident.obtain(&city, "idCard");
    let (_, verdict, case) = identify(&city, &window, MATTER, &resident.code("idCard", "age-over-18"));
    assert_eq!(case, Value::Null);
    verdict.refuse(Check::Binding, "applicant_unnamed");
    let (_, verdict, case) = identify(&city, &window, MATTER, &resident.printed("idCard", "basic"));
    assert!(!verdict.accepted() && case.is_null(), "paper does not prove its bearer");
    assert_eq!(Agency::new(&city, "GA").change(&id, "suspend").0, 200);
    let (_, verdict, case) = identify(&city, &window, MATTER, &resident.code("idCard", "basic"));
    assert_eq!(case, Value::Null);
    verdict.refuse(Check::Status, "suspended");
    let body = json!({"matter": "没有这个事项", "presentation": resident.code("idCard", "basic")});
    assert_eq!(city.post_as(Some(window.token()), "/api/applications/identify", &body).0, 422);
}

#[test]
fn an_answered_request_files_for_who_presents_with_every_material() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let mut resident = Resident::nth(2);
    for licence in ["idCard", "socialSecurityCard"] {
        resident.obtain_bound(&city, licence);
    }
    let invitation = ask(&city, &window, &json!({"matter": MATTER, "file": true}));
    let request = fetch(&city, &invitation, &[]);
    assert_eq!(resident.respond(&city, &request).status, 200);
    let told = result(&city, &window, &invitation);
    Verdict(told["verdict"].clone()).accept();
    let case = window.show(&json!({"id": told["application"]}));
    assert_eq!((&case["applicant"]["name"], &case["missing"]), (&json!(resident.name), &json!([])));
    assert!(case["receipt"]["qr"].as_str().unwrap().starts_with("<svg"), "a case that is opened again has its code");
    let asked = json!({"application": case["id"], "file": true});
    assert_eq!(city.post_as(Some(window.token()), "/api/requests", &asked).0, 400, "it is filed already");
}
