//! Signing in and out, the cookie, the CSRF token, and when a session ends.

use std::sync::Arc;

use certless::base::clock::FixedClock;
use certless::base::json::json;
use certless::base::time::parse_rfc3339;
use certless::domain::account::StaffRole;
use certless::domain::change::Table;

use crate::support::city::{Got, TestCity};
use crate::support::roles::now;
use crate::support::staff::{PASSWORD, at_work, hire, session, sign_in, text};

fn city() -> (TestCity, FixedClock) {
    let clock = FixedClock::new(now());
    (TestCity::on_clock(Arc::new(clock.clone())), clock)
}

fn show(city: &TestCity, session: &str) -> Got {
    city.get(Some(session), "/api/session", "*/*")
}

/// A call that shows that somebody is at work.
fn work(city: &TestCity, session: &str) -> u16 {
    city.get(Some(session), "/api/credentials", "*/*").status
}

#[test]
fn signing_in_gives_a_session_and_a_cookie_no_script_or_other_site_reads() {
    let (city, _) = city();
    hire(&city, "ga-clerk", StaffRole::AgencyClerk, "GA");
    let got = sign_in(&city, "ga-clerk", PASSWORD);
    let body = got.json();
    assert_eq!(
        (got.status, &body["account"], &body["role"], &body["agency"]),
        (200, &json!("ga-clerk"), &json!("agencyClerk"), &json!("GA"))
    );
    assert_eq!(
        (&body["name"], &body["window"], &body["mustChange"], &body["totp"]),
        (&json!("演示员"), &json!(null), &json!(false), &json!(false))
    );
    let cookies: Vec<_> = got.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies.len(), 1);
    let (cookie, attributes) = cookies[0].to_str().unwrap().split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Strict");
    let token = cookie.strip_prefix("__Host-certless=").unwrap();
    assert!(token.len() >= 46 && !got.text.contains(token), "the token is in the cookie alone");
    assert_eq!(got.headers["cache-control"], "no-store");
    assert_eq!(show(&city, &session(&got)).json(), body);
}

#[test]
fn names_are_typed_as_people_type() {
    let (city, _) = city();
    hire(&city, "ga-clerk", StaffRole::AgencyClerk, "GA");
    for typed in [" GA-Clerk ", "ｇａ－ｃｌｅｒｋ"] {
        assert_eq!(sign_in(&city, typed, PASSWORD).status, 200, "{typed}");
    }
    assert_eq!(sign_in(&city, "ga-clerk", "Correct horse battery").status, 401, "passwords are exact");
}

#[test]
fn a_call_that_changes_something_repeats_the_token_of_the_page() {
    let (city, _) = city();
    let mine = at_work(&city, "ga-clerk", StaffRole::AgencyClerk, "GA");
    let other = at_work(&city, "ga-other", StaffRole::AgencyClerk, "GA");
    let (token, csrf) = mine.split_once(' ').unwrap();
    let (_, foreign) = other.split_once(' ').unwrap();
    let cookie = format!("__Host-certless={token}");
    let batch = json!({"type": "idCard", "rows": []});
    let post = |headers: &[(&str, &str)]| city.post_with(headers, "/api/credentials/batch", &batch);
    for headers in [vec![], vec![("x-csrf-token", "")], vec![("x-csrf-token", foreign)], vec![("x-csrf-token", token)]]
    {
        let got = post(&[vec![("cookie", cookie.as_str())], headers].concat());
        assert_eq!((got.status, &got.json()["code"]), (403, &json!("csrf")), "{}", got.text);
    }
    let cross = post(&[("cookie", &cookie), ("x-csrf-token", csrf), ("sec-fetch-site", "cross-site")]);
    assert_eq!(cross.status, 403);
    assert_eq!(post(&[("x-csrf-token", csrf)]).status, 401, "no cookie, no session");
    assert_eq!(post(&[("cookie", &cookie), ("x-csrf-token", csrf), ("sec-fetch-site", "same-origin")]).status, 200);
    let signing = json!({"account": "ga-clerk", "password": PASSWORD});
    assert_eq!(city.post_with(&[("sec-fetch-site", "cross-site")], "/api/session", &signing).status, 403);
}

#[test]
fn a_bearer_token_needs_no_csrf_token_and_a_session_s_token_is_no_bearer() {
    let (city, _) = city();
    let mine = at_work(&city, "ga-clerk", StaffRole::AgencyClerk, "GA");
    assert_eq!(city.post("/api/credentials/batch", &json!({"type": "idCard", "rows": []})).0, 200);
    let (token, _) = mine.split_once(' ').unwrap();
    assert_eq!(city.get(Some(token), "/api/credentials", "*/*").status, 401);
    let cookie = format!("__Host-certless={}", city.token);
    assert_eq!(city.post_with(&[("cookie", &cookie)], "/api/credentials/batch", &json!({})).status, 401);
}

#[test]
fn activity_extends_a_session_and_asking_how_it_stands_does_not() {
    let (city, clock) = city();
    let mine = at_work(&city, "ga-clerk", StaffRole::AgencyClerk, "GA");
    for _ in 0..5 {
        clock.advance(7_100);
        assert_eq!(work(&city, &mine), 200, "at work");
    }
    clock.advance(7_000);
    assert_eq!(show(&city, &mine).status, 200);
    clock.advance(201);
    let got = show(&city, &mine);
    assert_eq!((got.status, &got.json()["code"]), (401, &json!("session_ended")));
    assert_eq!(work(&city, &mine), 401);
}

#[test]
fn the_idle_end_is_exact_to_a_step_and_told() {
    let (city, clock) = city();
    let mine = at_work(&city, "ga-clerk", StaffRole::AgencyClerk, "GA");
    let told = |session: &str| parse_rfc3339(&text(&show(&city, session).json(), "idleUntil")).unwrap();
    let first = told(&mine);
    clock.advance(299);
    assert_eq!((work(&city, &mine), told(&mine)), (200, first), "not written with every call");
    clock.advance(1);
    assert_eq!(work(&city, &mine), 200);
    assert_eq!(told(&mine).as_second(), first.as_second() + 300);
    clock.set(told(&mine));
    assert_eq!(work(&city, &mine), 401, "ended at the very second");
}

#[test]
fn no_activity_extends_a_session_beyond_its_absolute_end() {
    let (city, clock) = city();
    let mine = at_work(&city, "ga-clerk", StaffRole::AgencyClerk, "GA");
    let end = parse_rfc3339(&text(&show(&city, &mine).json(), "endsAt")).unwrap();
    for _ in 0..11 {
        clock.advance(3_600);
        assert_eq!(work(&city, &mine), 200);
    }
    clock.advance(3_599);
    assert_eq!(work(&city, &mine), 200, "a second before");
    clock.advance(1);
    assert!(clock_is(&city, end) && work(&city, &mine) == 401, "signed out in any case");
}

fn clock_is(city: &TestCity, end: certless::base::time::Timestamp) -> bool {
    city.service.city.this_second() == end
}

#[test]
fn signing_in_again_goes_on_under_a_new_token() {
    let (city, clock) = city();
    let mine = at_work(&city, "ga-clerk", StaffRole::AgencyClerk, "GA");
    clock.advance(7_000);
    let (token, _) = mine.split_once(' ').unwrap();
    let again = json!({"account": "ga-clerk", "password": PASSWORD});
    let got = city.post_with(&[("cookie", &format!("__Host-certless={token}"))], "/api/session", &again);
    let fresh = session(&got);
    assert_ne!(fresh, mine);
    assert_eq!((show(&city, &mine).status, show(&city, &fresh).status), (401, 200), "one replaces the other");
    clock.advance(7_000);
    assert_eq!(work(&city, &fresh), 200);
}

#[test]
fn signing_out_ends_the_session_and_takes_the_cookie_back() {
    let (city, _) = city();
    let mine = at_work(&city, "ga-clerk", StaffRole::AgencyClerk, "GA");
    let (token, _) = mine.split_once(' ').unwrap();
    assert_eq!(city.delete(Some(&format!("{token} wrong")), "/api/session").status, 403, "nobody signs another out");
    let got = city.delete(Some(&mine), "/api/session");
    assert_eq!(got.status, 204);
    assert_eq!(got.headers["set-cookie"], "__Host-certless=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
    assert_eq!((show(&city, &mine).status, city.delete(Some(&mine), "/api/session").status), (401, 401));
}

#[test]
fn the_store_keeps_neither_token_nor_password_nor_name() {
    let (city, _) = city();
    let mine = at_work(&city, "ga-clerk", StaffRole::AgencyClerk, "GA");
    let (token, _) = mine.split_once(' ').unwrap();
    let mut rows = 0;
    for table in Table::ALL {
        for (key, row) in city.service.city.store().scan(*table, b"", None, 500).unwrap().rows {
            let bytes = [key, row.value].concat();
            for secret in [token, PASSWORD, "演示员"] {
                assert!(
                    !bytes.windows(secret.len()).any(|part| part == secret.as_bytes()),
                    "{secret} in {}",
                    table.name()
                );
            }
            rows += 1;
        }
    }
    assert!(rows > 3);
}
