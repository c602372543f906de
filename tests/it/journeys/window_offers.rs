//! A licence of the stock comes onto the phone of somebody who is at a window and was identified.

use std::sync::Arc;

use certless::base::clock::{Clock as _, FixedClock};
use certless::base::json::{Value, json};
use certless::domain::account::StaffRole;

use crate::support::city::TestCity;
use crate::support::phone::Phone;
use crate::support::roles::{Agency, Resident, Window, now, row_of};
use crate::support::staff::{at_work, text};

/// A city whose clock is the test's, with the stock of a resident, nothing of it on a phone but what the test puts there.
struct World {
    city: TestCity,
    clock: FixedClock,
    resident: Resident,
    clerk: String,
}

fn world() -> World {
    let clock = FixedClock::new(now());
    let city = TestCity::on_clock(Arc::new(clock.clone()));
    let clerk = at_work(&city, "yb-window", StaffRole::WindowClerk, "YB");
    World { city, clock, resident: Resident::nth(0), clerk }
}

impl World {
    /// Issues a licence of the stock without a phone: its identifier.
    fn in_stock(&self, type_code: &str) -> String {
        let row = row_of(type_code, &self.resident.code);
        let mut order = certless::app::demo::order(row);
        order.row.retain(|name, _| !name.starts_with("holderKey"));
        let body = json!({"type": type_code, "row": order.row});
        let (status, answer) = Agency::new(&self.city, row.agency.as_str()).post("/api/credentials", &body);
        assert_eq!(status, 201, "{answer}");
        text(&answer, "id")
    }

    fn ask(&self, by: &str, path: &str, body: &Value) -> (u16, Value) {
        self.city.post_as(Some(by), &format!("/api/window/{path}"), body)
    }

    fn seen(&self) -> Value {
        json!({"holder": {"code": self.resident.code}, "purpose": "核对居民身份证原件，首次领取"})
    }
}

fn with(mut body: Value, credential: &str) -> Value {
    body["credential"] = credential.into();
    body
}

#[test]
fn who_was_seen_with_a_paper_card_gets_a_licence_of_another_agency_onto_the_phone() {
    let world = world();
    let (card, insured) = (world.in_stock("idCard"), world.in_stock("socialSecurityCard"));
    let (status, told) = world.ask(&world.clerk, "licences", &world.seen());
    assert_eq!(status, 200, "{told}");
    let mut found: Vec<_> = told["licences"].as_array().unwrap().iter().map(|one| text(one, "credential")).collect();
    found.sort_unstable();
    let mut expected = vec![card.clone(), insured];
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert!(told["licences"].as_array().unwrap().iter().all(|one| one["onPhone"] == false), "{told}");
    assert!(!told.to_string().contains(&world.resident.code), "no number comes back: {told}");

    let (status, offer) = world.ask(&world.clerk, "offers", &with(world.seen(), &card));
    assert_eq!(status, 201, "{offer}");
    let state = |by: &str| world.city.get(Some(by), &format!("/api/window/offers/{}", text(&offer, "id")), "*/*");
    assert_eq!(state(&world.clerk).json()["state"], "offered");
    let phone = Phone::new(&world.city, 1);
    let token = phone.token(&phone.open(&text(&offer, "offerUri")), offer["pin"].as_str());
    let (copies, _) = phone.copies(&token, "idCard.ldp");
    assert_eq!(copies[0]["credentialSubject"]["idNumber"], json!(world.resident.code));
    assert_eq!(state(&world.clerk).json()["state"], "claimed");
    assert_eq!(world.ask(&world.clerk, &format!("offers/{}/cancel", text(&offer, "id")), &json!({})).0, 409);
    let other = at_work(&world.city, "mz-window", StaffRole::WindowClerk, "MZ");
    assert_eq!(state(&other).status, 404, "another window's");

    // Both agencies' auditors see who, and nobody's number.
    let auditor = at_work(&world.city, "auditor", StaffRole::Auditor, "");
    for (agency, event) in [("YB", "lookedUp"), ("YB", "offeredAtWindow"), ("GA", "offered")] {
        let got = world.city.get(Some(&auditor), &format!("/api/audit?agency={agency}"), "*/*");
        let events = got.json()["events"].as_array().unwrap().clone();
        let one = events.iter().find(|one| one["event"] == event).unwrap_or_else(|| panic!("{event}: {events:?}"));
        assert_eq!((&one["by"], &one["window"]), (&json!({"account": "yb-window"}), &json!("YB")), "{one}");
        assert!(!got.text.contains(&world.resident.code) && !got.text.contains("原件"), "{}", got.text);
    }
    let got = world.city.get(Some(&auditor), "/api/audit?agency=YB&names=pseudonyms", "*/*");
    let events = got.json()["events"].as_array().unwrap().clone();
    let own: Vec<_> = events.iter().filter(|one| one["window"] == "YB").map(|one| text(one, "by")).collect();
    assert!(own.len() == 2 && own[0] == own[1], "always the same: {own:?}");
    assert!(own[0].starts_with("C-") && !got.text.contains("yb-window"), "{}", got.text);
    assert_eq!(world.city.get(Some(&auditor), "/api/audit?names=x", "*/*").status, 400);
}

#[test]
fn an_applicant_who_showed_a_licence_just_now_is_identified() {
    let mut world = world();
    let insured = world.in_stock("socialSecurityCard");
    let card = {
        let row = row_of("idCard", &world.resident.code);
        let answer = Agency::new(&world.city, "GA").issue(row);
        world.resident.receive(&answer)
    };
    let window = Window::new(&world.city, "YB");
    let case = window.file("异地就医备案", &world.resident);
    let asked = json!({"application": case["id"]});
    let (status, told) = world.ask(&world.clerk, "licences", &asked);
    assert_eq!((status, &told["type"]), (403, &json!("/problems/not-allowed")), "nothing shown yet: {told}");
    let at = world.clock.now();
    let code = world.resident.code_at("idCard", "basic", at);
    window.scan(&case, &code).0.accept();
    let (status, told) = world.ask(&world.clerk, "licences", &asked);
    assert_eq!((status, told["licences"].as_array().unwrap().len()), (200, 2), "{told}");
    let phones: Vec<_> = told["licences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(one, "credential"), one["onPhone"].clone()))
        .collect();
    assert!(phones.contains(&(card, json!(true))) && phones.contains(&(insured.clone(), json!(false))), "{told}");
    assert_eq!(world.ask(&world.clerk, "offers", &with(asked.clone(), &insured)).0, 201);

    let other = at_work(&world.city, "mz-window", StaffRole::WindowClerk, "MZ");
    assert_eq!(world.ask(&other, "licences", &asked).0, 403, "shown at another agency's window");
    world.clock.advance(1_801);
    assert_eq!(world.ask(&world.clerk, "licences", &asked).0, 403, "half an hour later nobody knows who is there");
}

#[test]
fn nobody_gets_what_is_somebody_elses_ended_or_not_accounted_for() {
    let world = world();
    let card = world.in_stock("idCard");
    let stranger = Resident::nth(1);
    let other = json!({"holder": {"code": stranger.code}, "purpose": "核对原件"});
    assert_eq!(world.ask(&world.clerk, "offers", &with(other, &card)).0, 404);
    for bad in [
        json!({"holder": {"code": world.resident.code}}),
        json!({"holder": {"code": world.resident.code}, "purpose": "  "}),
        json!({"holder": {"code": "430112199003074017"}, "purpose": "核对原件"}),
    ] {
        assert_eq!(world.ask(&world.clerk, "licences", &bad).0, 422, "{bad}");
    }
    assert_eq!(world.ask(&world.clerk, "licences", &json!({})).0, 400);
    assert_eq!(world.ask(&world.clerk, "offers", &world.seen()).0, 400, "which licence?");
    for role in [StaffRole::AgencyClerk, StaffRole::Supervisor] {
        let name = role.name().to_lowercase();
        let by = at_work(&world.city, &name, role, "GA");
        assert_eq!(world.ask(&by, "licences", &world.seen()).0, 403, "{role:?}");
    }
    assert_eq!(Agency::new(&world.city, "GA").change(&card, "suspend").0, 200);
    assert_eq!(world.ask(&world.clerk, "offers", &with(world.seen(), &card)).0, 409);
    assert_eq!(world.ask(&world.clerk, "licences", &world.seen()).1["licences"], json!([]));
    let (_, offer) = world.ask(&world.clerk, "offers", &with(world.seen(), &world.in_stock("socialSecurityCard")));
    let path = format!("offers/{}/cancel", text(&offer, "id"));
    assert_eq!(world.ask(&world.clerk, &path, &json!({})).1["state"], "cancelled");
}
