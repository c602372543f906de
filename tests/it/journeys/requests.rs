//! A window asks, a wallet answers: OpenID4VP from the code on the screen to the ticked materials.

use certless::base::json::{Value, json};

use crate::support::city::TestCity;
use crate::support::roles::{Resident, Verdict, Window};
use crate::support::vp::{ask, fetch, result};

/// Needs the applicant's identity card and social security card.
const MATTER: &str = "异地就医备案";

fn both(city: &TestCity, resident: &mut Resident) {
    resident.obtain_bound(city, "idCard");
    resident.obtain_bound(city, "socialSecurityCard");
}

fn claims(told: &Value) -> Vec<(&str, Vec<&str>)> {
    let names = |one: &'static str| one;
    let _ = names;
    told["disclosed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (one["id"].as_str().unwrap(), one["claims"].as_object().unwrap().keys().map(String::as_str).collect())
        })
        .collect()
}

#[test]
fn a_request_for_a_case_ticks_off_its_materials_in_every_mode_and_with_every_key() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    for (mut resident, mode) in [
        (Resident::nth(0), "direct_post"),
        (Resident::nth(1), "direct_post.jwt"),
        (Resident::with_p256(2), "direct_post"),
        (Resident::with_p256(3), "direct_post.jwt"),
    ] {
        both(&city, &mut resident);
        let case = window.file(MATTER, &resident);
        let invitation = ask(&city, &window, &json!({"application": case["id"], "mode": mode}));
        assert!(invitation["qr"].as_str().unwrap().starts_with("<svg"));
        assert_eq!(result(&city, &window, &invitation)["state"], "waiting");

        let request = fetch(&city, &invitation, &[]);
        assert_eq!(request.object.mode.name(), mode);
        let told = request.object.told.as_ref().unwrap();
        assert_eq!(told["matter"]["zh"], MATTER);
        assert!(told["fields"].as_array().unwrap().iter().all(|field| field["why"]["zh"].is_string()), "{told}");
        assert_eq!(result(&city, &window, &invitation)["state"], "opened");

        let got = resident.respond(&city, &request);
        assert_eq!((got.status, got.json()), (200, json!({})), "{}", got.text);
        let told = result(&city, &window, &invitation);
        Verdict(told["verdict"].clone()).accept();
        assert_eq!((&told["state"], &told["met"]), (&json!("answered"), &json!(["idCard", "socialSecurityCard"])));
        let id = claims(&told).into_iter().find(|(id, _)| *id == "idCard").unwrap();
        assert_eq!(id.1, ["idNumber", "name"], "what the basic view shows and nothing else");
        let shown = window.show(&case);
        assert_eq!(shown["missing"], json!([]), "{shown}");
        assert_eq!(window.step(&case, "accept", &json!({})).0, 200);
    }
}
