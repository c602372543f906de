//! Wrong tries: the same answer for everyone, growing locks, a rate for each address.

use std::sync::Arc;

use certless::base::clock::FixedClock;
use certless::base::json::json;
use certless::domain::account::StaffRole;
use certless::domain::change::Table;

use crate::support::city::TestCity;
use crate::support::roles::now;
use crate::support::staff::{PASSWORD, at_work, hire, sign_in};

fn city() -> (TestCity, FixedClock) {
    let clock = FixedClock::new(now());
    let city = TestCity::on_clock(Arc::new(clock.clone()));
    hire(&city, "ga-clerk", StaffRole::AgencyClerk, "GA");
    (city, clock)
}

#[test]
fn an_unknown_account_and_a_wrong_password_get_the_same_answer_for_the_same_work() {
    let (city, _) = city();
    let rows = || city.service.city.store().scan(Table::Session, b"", None, 500).unwrap().rows.len();
    let known = sign_in(&city, "ga-clerk", "wrong password");
    let counted = rows();
    let mut answers = vec![known];
    // A name of nobody, and one that cannot be a name.
    for (n, nobody) in ["nobody", "没有 此人"].into_iter().enumerate() {
        answers.push(sign_in(&city, nobody, PASSWORD));
        assert_eq!(rows(), counted + n + 1, "a try is counted for {nobody} too");
    }
    for got in &answers {
        assert_eq!((got.status, &got.text), (401, &answers[0].text));
        assert!(!got.headers.contains_key("set-cookie"));
    }
}

#[test]
fn comparing_takes_as_long_for_nobody_as_for_somebody() {
    let (city, clock) = city();
    sign_in(&city, "warm-up", "x");
    let time = |account: &str| {
        let mut times: Vec<_> = (0..4)
            .map(|_| {
                let begun = std::time::Instant::now();
                assert_eq!(sign_in(&city, account, "wrong password").status, 401);
                begun.elapsed()
            })
            .collect();
        times.sort();
        clock.advance(3_600);
        times[0]
    };
    let (known, unknown) = (time("ga-clerk"), time("nobody"));
    let ratio = known.as_secs_f64() / unknown.as_secs_f64();
    // Without the stretching for nobody, it would be a tenth.
    assert!((0.33..3.0).contains(&ratio), "{known:?} {unknown:?}");
}

#[test]
fn five_wrong_tries_lock_and_the_lock_ends_by_itself() {
    let (city, clock) = city();
    for account in ["ga-clerk", "nobody"] {
        for _ in 0..5 {
            assert_eq!(sign_in(&city, account, "wrong password").status, 401);
        }
        let got = sign_in(&city, account, PASSWORD);
        assert_eq!(
            (got.status, &got.json()["code"], &got.headers["retry-after"]),
            (429, &json!("locked"), &"30".parse().unwrap())
        );
        assert_eq!(got.json()["retryAfter"], 30);
    }
    clock.advance(29);
    assert_eq!(sign_in(&city, "ga-clerk", PASSWORD).status, 429, "the right password does not help");
    clock.advance(1);
    assert_eq!(sign_in(&city, "ga-clerk", "wrong password").status, 401, "one try");
    assert_eq!(sign_in(&city, "ga-clerk", PASSWORD).headers["retry-after"], "60", "and twice as long");
    clock.advance(60);
    assert_eq!(sign_in(&city, "ga-clerk", PASSWORD).status, 200);
    for _ in 0..4 {
        assert_eq!(sign_in(&city, "ga-clerk", "wrong password").status, 401, "being let in began anew");
    }
    assert_eq!(sign_in(&city, "ga-clerk", PASSWORD).status, 200);
}

#[test]
fn a_lock_does_not_end_the_session_of_who_is_at_work() {
    let (city, _) = city();
    let mine = at_work(&city, "ga-other", StaffRole::AgencyClerk, "GA");
    for _ in 0..6 {
        sign_in(&city, "ga-other", "wrong password");
    }
    assert_eq!(sign_in(&city, "ga-other", PASSWORD).status, 429);
    assert_eq!(city.get(Some(&mine), "/api/credentials", "*/*").status, 200);
}

#[test]
fn many_tries_at_once_count_as_many() {
    let (city, _) = city();
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let tries: Vec<_> =
            (0..12).map(|_| scope.spawn(|| sign_in(&city, "ga-clerk", "wrong password").status)).collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let compared = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!(compared, 5, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 401 | 429)), "{statuses:?}");
}

#[test]
fn an_address_that_tries_many_names_is_slowed_down() {
    let (city, clock) = city();
    let mut compared = 0;
    let refused = (0..40).find_map(|n| {
        let got = sign_in(&city, &format!("name-{n}"), "x");
        compared += usize::from(got.status == 401);
        (got.status == 429).then(|| got.json())
    });
    assert_eq!((compared, &refused.unwrap()["code"]), (30, &json!("address")));
    assert_eq!(sign_in(&city, "ga-clerk", PASSWORD).status, 429);
    clock.advance(4);
    assert_eq!(sign_in(&city, "ga-clerk", PASSWORD).status, 200);
}
