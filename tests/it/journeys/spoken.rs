//! Eight digits instead of a picture: five minutes, once, and five wrong tries.

use std::sync::Arc;

use certless::base::clock::FixedClock;
use certless::base::json::{Value, json};
use certless::base::time::plus_seconds;
use certless::vc::finding::Check;

use crate::support::city::TestCity;
use crate::support::roles::{Agency, Resident, Stranger, Verdict, Window, now};

fn hand_in(city: &TestCity, text: &str) -> (u16, Value) {
    city.post_as(None, "/api/spoken", &json!({"presentation": text}))
}

fn redeem(city: &TestCity, window: &Window<'_>, code: &str) -> (u16, Value) {
    city.post_as(Some(window.token()), "/api/spoken/redeem", &json!({"code": code}))
}

fn code(city: &TestCity, text: &str) -> String {
    let (status, answer) = hand_in(city, text);
    assert_eq!(status, 201, "{answer}");
    let code = answer["code"].as_str().unwrap().to_owned();
    assert!(code.len() == 8 && code.bytes().all(|c| c.is_ascii_digit()), "{code}");
    code
}

#[test]
fn a_spoken_code_stands_for_its_show_code_once() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    let shown = resident.code("idCard", "basic");
    let spoken = code(&city, &shown);
    // The show code was used up when it was handed in.
    Stranger(&city).verify(&shown).refuse(Check::Freshness, "replayed");
    assert_eq!(hand_in(&city, &shown).0, 422);
    let (status, verdict) = redeem(&city, &window, &format!("{} {}", &spoken[..4], &spoken[4..]));
    assert_eq!(status, 200, "{verdict}");
    Verdict(verdict).accept();
    assert_eq!(redeem(&city, &window, &spoken).0, 422, "once");

    let case = window.file("异地就医备案", &resident);
    let spoken = code(&city, &resident.code("idCard", "basic"));
    let (verdict, answer) = window.scan(&case, &spoken);
    verdict.accept();
    assert_eq!(answer["met"], json!(["idCard"]));
    let path = format!("/api/applications/{}/presentations", case["id"].as_str().unwrap());
    assert_eq!(city.send(Some(window.token()), &path, "text/plain", spoken.as_bytes()).status, 422, "once");
    let spoken = code(&city, &resident.code("idCard", "basic"));
    let open = json!({"matter": "异地就医备案", "presentation": spoken});
    let opened = |body: &Value| city.post_as(Some(window.token()), "/api/applications/identify", body);
    let (status, answer) = opened(&open);
    assert_eq!((status, &answer["met"]), (201, &json!(["idCard"])), "{answer}");
    assert_eq!(opened(&open).0, 422, "once");
    let shown = json!({"matter": "异地就医备案", "presentation": resident.code("idCard", "basic")});
    assert_eq!(opened(&shown).0, 201);
    assert_eq!(opened(&shown).1["application"], Value::Null, "a show code opens one case");
    assert_eq!(city.send(None, "/verify", "text/plain", spoken.as_bytes()).status, 400, "nobody verifies digits");
}

#[test]
fn what_would_not_be_accepted_gets_no_code_and_what_was_revoked_since_is_refused() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let mut resident = Resident::nth(0);
    let id = resident.obtain(&city, "idCard");
    for text in [
        resident.printed("idCard", "basic"),
        resident.code_at("idCard", "basic", plus_seconds(now(), -91)),
        resident.sd_jwt("idCard", "n"),
        "CL1:00".to_owned(),
        "12345678".to_owned(),
    ] {
        let (status, answer) = hand_in(&city, &text);
        assert_eq!(status, 422, "{text}: {answer}");
    }
    let spoken = code(&city, &resident.code("idCard", "basic"));
    assert_eq!(Agency::new(&city, "GA").change(&id, "revoke").0, 200);
    let (status, verdict) = redeem(&city, &window, &spoken);
    assert_eq!(status, 200);
    Verdict(verdict).refuse(Check::Status, "revoked");
    assert_eq!(redeem(&city, &window, &spoken).0, 422, "used up all the same");
}

#[test]
fn five_wrong_tries_lock_this_window_and_no_other() {
    let clock = FixedClock::new(now());
    let city = TestCity::on_clock(Arc::new(clock.clone()));
    let (window, other) = (Window::new(&city, "YB"), Window::new(&city, "GA"));
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    let spoken = code(&city, &resident.code("idCard", "basic"));
    let wrong = if spoken == "00000000" { "00000001" } else { "00000000" };
    for _ in 0..5 {
        assert_eq!(redeem(&city, &window, wrong).0, 422);
    }
    let (status, answer) = redeem(&city, &window, &spoken);
    assert_eq!((status, &answer["type"]), (429, &json!("/problems/rate-limited")), "locked even for the right one");
    let (status, verdict) = redeem(&city, &other, &spoken);
    assert_eq!(status, 200, "{verdict}");
    Verdict(verdict).accept();
    clock.advance(601);
    let spoken = code(&city, &resident.code_at("idCard", "basic", plus_seconds(now(), 601)));
    assert_eq!(redeem(&city, &window, wrong).0, 422, "unlocked");
    assert_eq!(redeem(&city, &window, &spoken).0, 200);
    let late = code(&city, &resident.code_at("idCard", "basic", plus_seconds(now(), 600)));
    clock.advance(300);
    assert_eq!(redeem(&city, &window, &late).0, 422, "five minutes");
}

#[test]
fn codes_are_kept_under_a_digest_and_handed_out_at_a_pace() {
    let city = TestCity::start();
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    let spoken = code(&city, &resident.code("idCard", "basic"));
    let rows = city.service.city.store().scan(certless::domain::change::Table::Session, b"", None, 500).unwrap().rows;
    assert!(!rows.is_empty());
    for (key, row) in rows {
        let holds = |bytes: &[u8]| bytes.windows(8).any(|part| part == spoken.as_bytes());
        assert!(!holds(&key) && !holds(&row.value), "the digits are in the store");
    }
    let statuses: Vec<_> = (0..25).map(|_| hand_in(&city, "CL1:00").0).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 6, "{statuses:?}");
}

#[test]
fn a_show_code_is_good_for_ninety_seconds_and_once() {
    let clock = FixedClock::new(now());
    let city = TestCity::on_clock(Arc::new(clock.clone()));
    let start = certless::base::clock::Clock::now(&clock);
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    let mut at = |seconds| resident.code_at("idCard", "basic", plus_seconds(start, seconds));
    let (fresh, old, stale) = (at(0), at(-90), at(-91));
    let (ahead, too_far) = (at(30), at(31));
    let stranger = Stranger(&city);
    for good in [&old, &ahead, &fresh] {
        stranger.verify(good).accept();
        stranger.verify(good).refuse(Check::Freshness, "replayed");
    }
    stranger.verify(&stale).refuse(Check::Freshness, "code_expired");
    stranger.verify(&too_far).refuse(Check::Freshness, "clock_ahead");
    clock.advance(90);
    city.service.city.store().sweep(10_000).unwrap();
    stranger.verify(&fresh).refuse(Check::Freshness, "replayed");
    clock.advance(30);
    city.service.city.store().sweep(10_000).unwrap();
    assert!(!stranger.verify(&ahead).accepted(), "remembered for as long as it is fresh");
    clock.advance(1);
    stranger.verify(&fresh).refuse(Check::Freshness, "code_expired");
}
