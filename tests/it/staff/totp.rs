//! One-time passwords: set up, asked for, once.

use std::sync::Arc;

use certless::base::clock::FixedClock;
use certless::base::json::{Value, json};
use certless::crypto::totp::code_at;
use certless::domain::account::StaffRole;

use crate::support::city::{Got, TestCity};
use crate::support::roles::now;
use crate::support::staff::{PASSWORD, at_work, session, sign_in, text};

struct World {
    city: TestCity,
    clock: FixedClock,
    secret: [u8; 20],
    session: String,
}

/// An account that has had a one-time password for an hour.
fn world() -> World {
    let clock = FixedClock::new(now());
    let city = TestCity::on_clock(Arc::new(clock.clone()));
    let session = at_work(&city, "ga-clerk", StaffRole::AgencyClerk, "GA");
    let begun = totp(&city, &session, &json!({"password": PASSWORD})).json();
    let secret = secret_of(&text(&begun, "secret"));
    let world = World { city, clock, secret, session };
    assert_eq!(totp(&world.city, &world.session, &json!({"code": world.code(0)})).json(), json!({"totp": true}));
    world.clock.advance(3_600);
    world
}

fn totp(city: &TestCity, session: &str, body: &Value) -> Got {
    city.send(Some(session), "/api/session/totp", "application/json", body.to_string().as_bytes())
}

/// Base32 (RFC 4648) as an app reads it.
fn secret_of(text: &str) -> [u8; 20] {
    let value = |c| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == c).unwrap();
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0, 0);
    for c in text.bytes() {
        (bits, count) = (bits << 5 | value(c), count + 5);
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
            bits &= (1 << count) - 1;
        }
    }
    bytes.try_into().unwrap()
}

impl World {
    /// The code that the app showed so many seconds from now.
    fn code(&self, seconds: i64) -> String {
        code_at(&self.secret, self.city.service.city.now().as_second() + seconds).unwrap()
    }

    fn sign_in(&self, code: &str) -> Got {
        let body = json!({"account": "ga-clerk", "password": PASSWORD, "totp": code});
        self.city.send(None, "/api/session", "application/json", body.to_string().as_bytes())
    }
}

fn code(got: &Got) -> (u16, String) {
    (got.status, text(&got.json(), "code"))
}

#[test]
fn the_code_is_asked_for_after_the_password_only() {
    let world = world();
    assert_eq!(code(&sign_in(&world.city, "ga-clerk", PASSWORD)), (401, "totp_needed".to_owned()));
    assert_eq!(code(&sign_in(&world.city, "ga-clerk", "wrong password")), (401, "wrong".to_owned()));
    assert_eq!(code(&world.sign_in("000000")), (401, "totp_wrong".to_owned()));
    let got = world.sign_in(&world.code(0));
    assert_eq!((got.status, &got.json()["totp"]), (200, &json!(true)));
}

#[test]
fn a_step_early_or_late_is_accepted_and_no_more() {
    for (seconds, accepted) in [(-60, false), (-30, true), (30, true), (60, false)] {
        let world = world();
        assert_eq!(world.sign_in(&world.code(seconds)).status, if accepted { 200 } else { 401 }, "{seconds}");
    }
}

#[test]
fn a_code_is_good_once_and_so_are_those_before_it() {
    let world = world();
    let (before, shown) = (world.code(-30), world.code(0));
    assert_eq!(world.sign_in(&shown).status, 200);
    assert_eq!(code(&world.sign_in(&shown)), (401, "totp_wrong".to_owned()), "seen over the shoulder");
    assert_eq!(code(&world.sign_in(&before)), (401, "totp_wrong".to_owned()));
    world.clock.advance(30);
    assert_eq!(world.sign_in(&world.code(0)).status, 200);
}

#[test]
fn one_code_at_the_same_moment_lets_one_in() {
    let world = world();
    let shown = world.code(0);
    let mut statuses: Vec<_> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..4).map(|_| scope.spawn(|| world.sign_in(&shown).status)).collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401, 401]);
}

#[test]
fn wrong_codes_lock_as_wrong_passwords_do() {
    let world = world();
    for _ in 0..5 {
        assert_eq!(world.sign_in("000000").status, 401);
    }
    assert_eq!(code(&world.sign_in(&world.code(0))), (429, "locked".to_owned()));
}

#[test]
fn setting_up_needs_the_password_and_a_code_of_the_new_secret() {
    let city = TestCity::start();
    let mine = at_work(&city, "ga-clerk", StaffRole::AgencyClerk, "GA");
    assert_eq!(totp(&city, &mine, &json!({"code": "000000"})).status, 409, "nothing is being set up");
    assert_eq!(totp(&city, &mine, &json!({"password": "wrong password"})).status, 401);
    for wrong in [json!({}), json!({"remove": true}), json!({"password": PASSWORD, "code": "000000"})] {
        assert_eq!(totp(&city, &mine, &wrong).status, 400, "{wrong}");
    }
    let got = totp(&city, &mine, &json!({"password": PASSWORD}));
    let begun = got.json();
    assert!(text(&begun, "uri").starts_with("otpauth://totp/127.0.0.1-") && text(&begun, "qr").contains("<svg"));
    assert_eq!(got.headers["cache-control"], "no-store");
    assert_eq!(totp(&city, &mine, &json!({"code": "000000"})).status, 401);
    session(&sign_in(&city, "ga-clerk", PASSWORD));
}

#[test]
fn removing_needs_the_password() {
    let world = world();
    let (city, mine) = (&world.city, &world.session);
    assert_eq!(totp(city, mine, &json!({"password": "wrong password", "remove": true})).status, 401);
    assert_eq!(totp(city, mine, &json!({"password": PASSWORD, "remove": true})).json(), json!({"totp": false}));
    assert_eq!(sign_in(city, "ga-clerk", PASSWORD).status, 200);
}
