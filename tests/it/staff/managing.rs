//! What an administrator does with accounts, and what a person does with the own password.

use certless::base::json::{Value, json};
use certless::domain::account::StaffRole;
use certless::domain::token::Role;

use crate::support::city::TestCity;
use crate::support::staff::{PASSWORD, at_work, session, sign_in, text};

fn step(city: &TestCity, by: &str, account: &str, step: &str) -> (u16, Value) {
    city.post_as(Some(by), &format!("/api/accounts/{account}/{step}"), &json!({}))
}

fn change(city: &TestCity, session: &str, old: &str, new: &str) -> crate::support::city::Got {
    let body = json!({"password": old, "new": new}).to_string();
    city.send(Some(session), "/api/session/password", "application/json", body.as_bytes())
}

#[test]
fn an_account_is_made_with_a_password_told_once_that_must_be_changed_first() {
    let city = TestCity::start();
    let admin = at_work(&city, "admin", StaffRole::Administrator, "");
    let new = json!({"account": "ga-new", "name": "新员", "role": "agencyClerk", "agency": "GA"});
    let (status, made) = city.post_as(Some(&admin), "/api/accounts", &new);
    assert_eq!((status, &made["account"]["mustChange"]), (201, &json!(true)), "{made}");
    let password = text(&made, "password");
    assert_eq!(city.post_as(Some(&admin), "/api/accounts", &new).0, 409);

    let first = session(&sign_in(&city, "ga-new", &password));
    let got = city.get(Some(&first), "/api/credentials", "*/*");
    assert_eq!((got.status, text(&got.json(), "code")), (403, "password_change_needed".to_owned()));
    assert_eq!(city.get(Some(&first), "/api/session", "*/*").json()["mustChange"], true);
    for (old, new, expected) in [
        (PASSWORD, "another password", 401),
        (&password, "short", 422),
        (&password, "aaaaaaaaaaaaaaaa", 422),
        (&password, "ga-new", 422),
        (&password, password.as_str(), 422),
    ] {
        assert_eq!(change(&city, &first, old, new).status, expected, "{new}");
    }
    let second = session(&change(&city, &first, &password, "another password"));
    assert_eq!(city.get(Some(&second), "/api/credentials", "*/*").status, 200);
    assert_eq!(city.get(Some(&first), "/api/session", "*/*").status, 401, "a new token");
    assert_eq!(
        (sign_in(&city, "ga-new", &password).status, sign_in(&city, "ga-new", "another password").status),
        (401, 200)
    );
}

#[test]
fn changing_the_password_ends_the_other_sessions() {
    let city = TestCity::start();
    let mine = at_work(&city, "ga-clerk", StaffRole::AgencyClerk, "GA");
    let stolen = session(&sign_in(&city, "ga-clerk", PASSWORD));
    let fresh = session(&change(&city, &mine, PASSWORD, "another password"));
    let alive = |session: &str| city.get(Some(session), "/api/credentials", "*/*").status == 200;
    assert!(alive(&fresh) && !alive(&mine) && !alive(&stolen));
}

#[test]
fn disabling_resetting_and_ending_sessions_work_at_once() {
    let city = TestCity::start();
    let admin = at_work(&city, "admin", StaffRole::Administrator, "");
    let mine = at_work(&city, "ga-clerk", StaffRole::AgencyClerk, "GA");
    let alive = |session: &str| city.get(Some(session), "/api/credentials", "*/*").status == 200;
    assert_eq!(step(&city, &admin, "ga-clerk", "end-sessions").0, 200);
    assert!(!alive(&mine));
    let mine = session(&sign_in(&city, "ga-clerk", PASSWORD));
    assert_eq!(step(&city, &admin, "ga-clerk", "disable").1["account"]["disabled"], true);
    assert!(!alive(&mine));
    let got = sign_in(&city, "ga-clerk", PASSWORD);
    assert_eq!((got.status, text(&got.json(), "code")), (403, "disabled".to_owned()));
    assert_eq!(sign_in(&city, "ga-clerk", "wrong password").status, 401, "told to who knows the password only");
    assert_eq!(step(&city, &admin, "ga-clerk", "enable").0, 200);
    let mine = session(&sign_in(&city, "ga-clerk", PASSWORD));
    for _ in 0..5 {
        sign_in(&city, "ga-clerk", "wrong password");
    }
    let (status, reset) = step(&city, &admin, "ga-clerk", "reset");
    assert_eq!((status, alive(&mine)), (200, false));
    assert_eq!(sign_in(&city, "ga-clerk", PASSWORD).status, 401, "no longer locked, another password");
    assert_eq!(sign_in(&city, "ga-clerk", &text(&reset, "password")).json()["mustChange"], true);
    assert_eq!(step(&city, &admin, "admin", "disable").0, 422, "not the own account");
    assert_eq!(step(&city, &admin, "nobody", "disable").0, 404);
}

#[test]
fn the_operator_s_token_manages_accounts_too_and_the_list_holds_no_secret() {
    let city = TestCity::start();
    at_work(&city, "ga-clerk", StaffRole::AgencyClerk, "GA");
    let operator = city.service.city.new_token(Role::Operator, "test operator").unwrap();
    assert_eq!(step(&city, &operator, "ga-clerk", "end-sessions").0, 200);
    let got = city.get(Some(&operator), "/api/accounts", "*/*");
    let accounts = got.json()["accounts"].clone();
    assert_eq!(
        (got.status, &accounts[0]["account"], &accounts[0]["name"]),
        (200, &json!("ga-clerk"), &json!("演示员"))
    );
    assert!(accounts[0]["lastSignIn"].is_string() && !got.text.contains("salt") && !got.text.contains("epoch"));
}

#[test]
fn roles_and_agencies_go_together() {
    let city = TestCity::start();
    let admin = at_work(&city, "admin", StaffRole::Administrator, "");
    for (account, name, role, agency, expected) in [
        ("a", "甲", "agencyClerk", json!(null), 422),
        ("a", "甲", "agencyClerk", json!("XX"), 422),
        ("a", "甲", "auditor", json!("GA"), 422),
        ("a", " ", "auditor", json!(null), 422),
        ("A", "甲", "auditor", json!(null), 400),
        ("a b", "甲", "auditor", json!(null), 400),
        ("a", "甲", "king", json!(null), 400),
        ("a", "甲", "auditor", json!(null), 201),
    ] {
        let new = json!({"account": account, "name": name, "role": role, "agency": agency});
        assert_eq!(city.post_as(Some(&admin), "/api/accounts", &new).0, expected, "{new}");
    }
}
