//! `certless account`, the administrator that `init` makes, and that the log tells no password.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::run::Place;

/// The word behind a label in what a command told.
fn word(text: &str, label: &str) -> String {
    let after = text.split(label).nth(1).unwrap_or_else(|| panic!("{label} in {text}"));
    after.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn accounts_are_kept_on_the_data_themselves() {
    let place = Place::empty();
    let made = place.certless(&["init", "--data", "city"]);
    assert!(word(&made.answers, "first password: ").len() >= 20, "{made:?}");
    let account = |more: &[&str]| place.certless(&[&["account"], more, &["--data", "city"]].concat());
    let added = account(&["add", "ga-clerk", "--name", "甲", "--role", "agency-clerk", "--agency", "GA"]);
    assert_eq!(added.code, 0, "{added:?}");
    let first = word(&added.answers, "Password: ");
    assert_eq!(account(&["add", "ga-clerk", "--name", "甲", "--role", "auditor"]).code, 2, "the name is taken");
    assert_eq!(account(&["add", "x", "--name", "甲", "--role", "agency-clerk"]).code, 2, "without its agency");
    assert!(account(&["disable", "ga-clerk"]).answers.contains("disabled"));
    let listed = account(&["list"]);
    assert_eq!(listed.answers.lines().count(), 2, "{listed:?}");
    assert!(listed.answers.contains("administrator") && !listed.answers.contains(&first), "{listed:?}");
    assert!(account(&["enable", "ga-clerk"]).answers.contains("enabled"));
    assert_ne!(word(&account(&["reset", "ga-clerk"]).answers, "Password: "), first);
    assert_eq!(account(&["end-sessions", "nobody"]).code, 2);
}

#[test]
fn neither_passwords_nor_tokens_reach_the_most_talkative_log() {
    let place = Place::empty();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let base = format!("http://127.0.0.1:{port}");
    let made = place.certless(&["init", "--data", "city", "--base-url", &base]);
    let password = word(&made.answers, "first password: ");
    let file = place.path("city/certless.json");
    let config = std::fs::read_to_string(&file).unwrap();
    let filter = config.split("\"filter\": \"").nth(1).unwrap().split('"').next().unwrap();
    std::fs::write(&file, config.replace(filter, "trace")).unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_certless"))
        .current_dir(place.path(""))
        .args(["serve", "--data", "city"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut noise = server.stderr.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut log = Vec::new();
        noise.read_to_end(&mut log).unwrap();
        String::from_utf8_lossy(&log).into_owned()
    });
    let ask = |path: &str| ureq::get(format!("{base}{path}")).call();
    for _ in 0..100 {
        if ask("/health").is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let sign_in = |password: &str| {
        let body = serde_json::json!({"account": "admin", "password": password}).to_string();
        agent.post(format!("{base}/api/session")).header("content-type", "application/json").send(body).unwrap()
    };
    assert_eq!(sign_in("a wrong password").status(), 401);
    let signed = sign_in(&password);
    assert_eq!(signed.status(), 200);
    let cookie = signed.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let shown = agent.get(format!("{base}/api/session")).header("cookie", &cookie).call().unwrap();
    assert_eq!(shown.status(), 200);
    server.kill().unwrap();
    server.wait().unwrap();
    let log = reading.join().unwrap();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "it talks: {log}");
    let token = cookie.split_once('=').unwrap().1;
    for secret in [password.as_str(), "a wrong password", token] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
