//! Second persons: what waits, who decides, and that it is done once.

use std::sync::Arc;

use certless::base::clock::FixedClock;
use certless::base::id::TypeCode;
use certless::base::json::{Value, json};
use certless::domain::account::StaffRole;
use certless::domain::change::Table;
use certless::domain::city::rules::{Deed, FourEyes, Rules};

use crate::support::city::TestCity;
use crate::support::roles::{Resident, Window, now, row_of};
use crate::support::staff::{at_work, text};

/// A city where identity cards are issued and revoked by two.
struct World {
    city: TestCity,
    clock: FixedClock,
    clerk: String,
    approver: String,
}

fn world() -> World {
    let clock = FixedClock::new(now());
    let card = Some(TypeCode::parse("idCard").unwrap());
    let four_eyes = FourEyes { needed: vec![(Deed::Issue, card.clone()), (Deed::Revoke, card)], wait: 3_600 };
    let city = TestCity::with_rules(Arc::new(clock.clone()), Rules { four_eyes, ..Rules::default() });
    let clerk = at_work(&city, "ga-clerk", StaffRole::AgencyClerk, "GA");
    let approver = at_work(&city, "ga-approver", StaffRole::AgencyApprover, "GA");
    World { city, clock, clerk, approver }
}

fn card(resident: usize) -> Value {
    let order = certless::app::demo::order(row_of("idCard", &Resident::nth(resident).code));
    json!({"type": "idCard", "row": order.row, "key": order.key})
}

impl World {
    fn issue(&self, by: &str, body: &Value) -> (u16, Value) {
        self.city.post_as(Some(by), "/api/credentials", body)
    }

    /// Begins issuing: the action's identifier.
    fn waits(&self, by: &str, body: &Value) -> String {
        let (status, answer) = self.issue(by, body);
        assert_eq!((status, &answer["pending"]["state"]), (202, &json!("open")), "{answer}");
        text(&answer["pending"], "id")
    }

    fn decide(&self, by: &str, id: &str, step: &str) -> (u16, Value) {
        self.city.post_as(Some(by), &format!("/api/pending/{id}/{step}"), &json!({"reason": "演示"}))
    }

    fn approve(&self, by: &str, id: &str) -> (u16, Value) {
        let got = self.city.send(Some(by), &format!("/api/pending/{id}/approve"), "application/json", b"");
        (got.status, got.json())
    }

    fn issued(&self) -> usize {
        self.city.service.city.store().scan(Table::Credential, b"", None, 500).unwrap().rows.len()
    }

    fn open(&self) -> Vec<String> {
        let got = self.city.get(Some(&self.approver), "/api/pending", "*/*").json();
        got["pending"].as_array().unwrap().iter().map(|one| text(one, "id")).collect()
    }
}

#[test]
fn what_a_clerk_begins_waits_and_another_person_approves() {
    let world = world();
    let id = world.waits(&world.clerk, &card(0));
    assert_eq!((world.issued(), world.open()), (0, vec![id.clone()]));
    let shown = world.city.get(Some(&world.approver), &format!("/api/pending/{id}"), "*/*").json();
    assert_eq!((&shown["pending"]["row"], &shown["pending"]["by"]), (&card(0)["row"], &json!({"account": "ga-clerk"})));
    assert_eq!(world.approve(&world.clerk, &id).0, 403, "a clerk is no approver");
    let (status, done) = world.approve(&world.approver, &id);
    assert_eq!((status, &done["pending"]["state"]), (200, &json!("approved")), "{done}");
    assert_eq!(done["pending"]["decided"]["by"], json!({"account": "ga-approver"}));
    let credential = text(&done["pending"], "credential");
    let got = world.city.get(Some(&world.clerk), &format!("/api/credentials/{credential}"), "*/*");
    assert_eq!((got.status, world.issued(), world.open().len()), (200, 1, 0));
    assert_eq!(world.approve(&world.approver, &id).0, 409, "once");
    let (status, again) = world.issue(&world.clerk, &card(0));
    assert_eq!((status, &again["id"]), (200, &json!(credential)), "the key finds what was issued");
}

#[test]
fn nobody_is_the_own_second_person() {
    let world = world();
    let id = world.waits(&world.approver, &card(0));
    let (status, refused) = world.approve(&world.approver, &id);
    assert_eq!((status, &refused["code"], world.issued()), (403, &json!("same_person"), 0));
    let other = at_work(&world.city, "ga-second", StaffRole::AgencyApprover, "GA");
    assert_eq!(world.approve(&other, &id).0, 200);
}

#[test]
fn an_approver_of_another_agency_sees_and_decides_nothing() {
    let world = world();
    let id = world.waits(&world.clerk, &card(0));
    let foreign = at_work(&world.city, "mz-approver", StaffRole::AgencyApprover, "MZ");
    assert_eq!((world.approve(&foreign, &id).0, world.decide(&foreign, &id, "refuse").0), (404, 404));
    assert_eq!(world.city.get(Some(&foreign), "/api/pending", "*/*").json()["pending"], json!([]));
    assert_eq!(world.city.get(Some(&foreign), "/api/pending?agency=GA", "*/*").status, 403);
}

#[test]
fn a_machine_waits_too_and_decides_nothing() {
    let world = world();
    let id = world.waits(&world.city.token, &card(0));
    assert_eq!(world.approve(&world.city.token, &id).0, 403);
    let rows = json!({"type": "idCard", "rows": [card(1)["row"]]});
    let (status, batch) = world.city.post("/api/credentials/batch", &rows);
    assert_eq!((status, &batch["waiting"], &batch["rows"][0]["pending"]["state"]), (200, &json!(1), &json!("open")));
    assert_eq!((world.issued(), world.open().len()), (0, 2));
    assert_eq!(world.approve(&world.approver, &id).0, 200);
}

#[test]
fn asked_twice_under_one_key_it_waits_once() {
    let world = world();
    let id = world.waits(&world.clerk, &card(0));
    assert_eq!(world.waits(&world.clerk, &card(0)), id);
    let mut other = card(1);
    other["key"] = card(0)["key"].clone();
    assert_eq!(world.issue(&world.clerk, &other).0, 409, "the key with another row");
    world.decide(&world.approver, &id, "refuse");
    assert_ne!(world.waits(&world.clerk, &card(0)), id, "begun anew after a refusal");
}

#[test]
fn a_row_that_breaks_a_rule_does_not_wait() {
    let world = world();
    let (status, refused) = world.issue(&world.clerk, &json!({"type": "idCard", "row": {}}));
    assert_eq!((status, world.open().len()), (422, 0), "{refused}");
}

#[test]
fn many_who_approve_at_once_issue_once() {
    let world = world();
    let id = world.waits(&world.clerk, &card(0));
    let approvers: Vec<_> =
        (0..4).map(|n| at_work(&world.city, &format!("approver-{n}"), StaffRole::AgencyApprover, "GA")).collect();
    let mut statuses: Vec<_> = std::thread::scope(|scope| {
        let tries: Vec<_> = approvers.iter().map(|by| scope.spawn(|| world.approve(by, &id).0)).collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!((statuses, world.issued()), (vec![200, 409, 409, 409], 1));
}

#[test]
fn an_action_that_was_refused_or_expired_is_not_done() {
    let world = world();
    let refused = world.waits(&world.clerk, &card(0));
    assert_eq!(
        world.city.post_as(Some(&world.approver), &format!("/api/pending/{refused}/refuse"), &json!({"reason": ""})).0,
        422
    );
    let (status, told) = world.decide(&world.approver, &refused, "refuse");
    assert_eq!(
        (status, &told["pending"]["state"], &told["pending"]["refusal"]),
        (200, &json!("refused"), &json!("演示"))
    );
    assert_eq!(world.approve(&world.approver, &refused).0, 409);
    let own = world.waits(&world.clerk, &card(1));
    assert_eq!(world.decide(&world.clerk, &own, "refuse").1["pending"]["state"], "withdrawn", "by who began it");
    let late = world.waits(&world.clerk, &card(2));
    let other = at_work(&world.city, "ga-other", StaffRole::AgencyClerk, "GA");
    assert_eq!(world.decide(&other, &late, "refuse").0, 403, "neither an approver nor who began it");
    world.clock.advance(3_600);
    assert_eq!(world.approve(&world.approver, &late).0, 409);
    assert_eq!((world.open().len(), world.issued()), (0, 0));
    let all = world.city.get(Some(&world.approver), "/api/pending?state=all", "*/*").json();
    let states: Vec<_> = all["pending"].as_array().unwrap().iter().map(|one| text(one, "state")).collect();
    assert_eq!(states.len(), 3);
    assert!(states.contains(&"expired".to_owned()));
}

#[test]
fn revoking_waits_where_the_type_says_so_and_suspending_does_not() {
    let world = world();
    let id = world.waits(&world.clerk, &card(0));
    let credential = text(&world.approve(&world.approver, &id).1["pending"], "credential");
    let act = |act: &str| {
        world.city.post_as(
            Some(&world.clerk),
            &format!("/api/credentials/{credential}/{act}"),
            &json!({"reason": "演示"}),
        )
    };
    assert_eq!(act("reinstate").0, 409, "what does not fit does not wait");
    assert_eq!((act("suspend").0, act("reinstate").0), (200, 200));
    let (status, waits) = act("revoke");
    assert_eq!(
        (status, &waits["pending"]["deed"], &waits["pending"]["credential"]),
        (202, &json!("revoke"), &json!(credential))
    );
    let status_of = || {
        world.city.get(Some(&world.clerk), &format!("/api/credentials/{credential}"), "*/*").json()["status"].clone()
    };
    assert_eq!(status_of(), "valid");
    assert_eq!(world.approve(&world.approver, &text(&waits["pending"], "id")).0, 200);
    assert_eq!(status_of(), "revoked");
}

/// An accepted case whose result, a filing receipt, is issued by two.
struct Case {
    city: TestCity,
    id: String,
    clerk: String,
    approver: String,
}

fn accepted_case() -> Case {
    let needed = vec![(Deed::Issue, TypeCode::parse("filingReceipt").ok())];
    let rules = Rules { four_eyes: FourEyes { needed, wait: 3_600 }, ..Rules::default() };
    let city = TestCity::with_rules(Arc::new(certless::base::clock::SystemClock), rules);
    let mut resident = Resident::nth(0);
    let window = Window::new(&city, "YB");
    let case = window.file("异地就医备案", &resident);
    for licence in ["idCard", "socialSecurityCard"] {
        resident.obtain(&city, licence);
        window.scan(&case, &resident.code(licence, "basic")).0.accept();
    }
    assert_eq!(window.step(&case, "accept", &json!({})).0, 200);
    let clerk = at_work(&city, "yb-window", StaffRole::WindowClerk, "YB");
    let approver = at_work(&city, "yb-approver", StaffRole::AgencyApprover, "YB");
    Case { id: text(&case, "id"), city, clerk, approver }
}

impl Case {
    fn decide(&self, body: &Value) -> (u16, Value) {
        self.city.post_as(Some(&self.clerk), &format!("/api/applications/{}/decide", self.id), body)
    }

    fn grant(&self) -> (u16, Value) {
        let result = json!({"content": "演示：准予备案", "legalBasis": "演示依据", "decisionDate": "2026-01-05"});
        self.decide(&json!({"decision": "grant", "results": {"filingReceipt": result}}))
    }

    fn show(&self) -> Value {
        self.city.get(Some(&self.clerk), &format!("/api/applications/{}", self.id), "*/*").json()
    }

    fn end(&self, action: &str, how: &str) -> (u16, Value) {
        self.city.post_as(Some(&self.approver), &format!("/api/pending/{action}/{how}"), &json!({"reason": "演示"}))
    }
}

#[test]
fn a_grant_whose_result_needs_two_waits_and_is_done_with_the_approval() {
    let case = accepted_case();
    let (status, told) = case.grant();
    assert_eq!((status, &told["state"]), (202, &json!("accepted")), "{told}");
    assert_eq!((&told["secondPerson"]["state"], &told["secondPerson"]["agency"]), (&json!("open"), &json!("YB")));
    let action = text(&told["secondPerson"], "action");
    assert_eq!((case.grant().0, case.decide(&json!({"decision": "refuse", "reason": "x"})).0), (409, 409), "it waits");
    let waiting = case.city.get(Some(&case.approver), "/api/pending", "*/*").json()["pending"][0].clone();
    assert_eq!((&waiting["case"], &waiting["by"]), (&json!(case.id), &json!({"account": "yb-window"})), "{waiting}");
    let got = case.city.send(Some(&case.approver), &format!("/api/pending/{action}/approve"), "application/json", b"");
    assert_eq!(got.status, 200, "{}", got.text);
    let shown = case.show();
    assert_eq!((&shown["state"], shown.get("secondPerson")), (&json!("granted"), None), "{shown}");
    assert_eq!(shown["results"][0], got.json()["pending"]["credential"]);
    let auditor = at_work(&case.city, "auditor", StaffRole::Auditor, "");
    let events = case.city.get(Some(&auditor), "/api/audit?agency=YB", "*/*").json()["events"].clone();
    let find = |name: &str| events.as_array().unwrap().iter().find(|one| one["event"] == name).cloned().unwrap();
    assert_eq!(find("decisionWaits")["by"], json!({"account": "yb-window"}));
    let granted = find("granted");
    assert_eq!((&granted["case"], &granted["by"]), (&json!(case.id), &json!({"account": "yb-window"})));
    assert_eq!(granted["approvedBy"], json!({"account": "yb-approver"}));
    assert_eq!(find("accepted")["by"], json!({"token": "test window"}), "every step says who took it");
}

#[test]
fn a_grant_that_was_refused_can_be_decided_anew() {
    let case = accepted_case();
    let action = text(&case.grant().1["secondPerson"], "action");
    assert_eq!(case.end(&action, "refuse").0, 200);
    let shown = case.show();
    assert_eq!((&shown["state"], &shown["secondPerson"]["state"]), (&json!("accepted"), &json!("refused")), "{shown}");
    assert_eq!(shown["secondPerson"]["refusal"], "演示");
    let again = text(&case.grant().1["secondPerson"], "action");
    assert_ne!(again, action);
    assert_eq!(case.end(&action, "approve").0, 409, "the old one is over");
    assert_eq!(case.end(&again, "refuse").0, 200);
    assert_eq!(case.decide(&json!({"decision": "refuse", "reason": "演示"})).1["state"], "refused");
    let wrong = accepted_case();
    let (status, told) = wrong.decide(&json!({"decision": "grant"}));
    assert_eq!((status, wrong.show().get("secondPerson")), (422, None), "what breaks a rule does not wait: {told}");
}

#[test]
fn the_auditor_sees_who_began_and_who_approved() {
    let world = world();
    let id = world.waits(&world.clerk, &card(0));
    world.approve(&world.approver, &id);
    let auditor = at_work(&world.city, "auditor", StaffRole::Auditor, "");
    let got = world.city.get(Some(&auditor), "/api/audit?agency=GA", "*/*");
    let events = got.json()["events"].as_array().unwrap().clone();
    let find =
        |name: &str| events.iter().find(|event| event["event"] == name).unwrap_or_else(|| panic!("{name}: {events:?}"));
    assert_eq!(find("waits")["by"], json!({"account": "ga-clerk"}));
    let issued = find("issued");
    assert_eq!(
        (&issued["by"], &issued["approvedBy"]),
        (&json!({"account": "ga-clerk"}), &json!({"account": "ga-approver"}))
    );
    assert!(!got.text.contains(&Resident::nth(0).code), "nothing personal");
}

#[test]
fn those_who_watch_see_how_a_credential_stands_and_not_the_licence() {
    let world = world();
    let id = world.waits(&world.clerk, &card(0));
    let credential = text(&world.approve(&world.approver, &id).1["pending"], "credential");
    let watcher = at_work(&world.city, "supervisor", StaffRole::Supervisor, "");
    let get = |path: &str| world.city.get(Some(&watcher), path, "*/*");
    let shown = get(&format!("/api/credentials/{credential}?agency=GA")).json();
    assert_eq!((&shown["status"], &shown["package"]), (&json!("valid"), &json!(null)));
    assert_eq!((get("/api/credentials").status, get("/api/credentials?agency=GA").status), (400, 200));
    assert_eq!(get(&format!("/api/credentials/{credential}?agency=MZ")).status, 404);
}
