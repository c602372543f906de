//! The log by the command line, from outside: verified, carried, watched; and servers that lie.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use certless::adapters::log_files::{LogFiles, LogFolder};
use certless::base::json::Value;
use certless::domain::log_audit::copy::copy;
use certless::domain::log_audit::replay::Replay;
use certless::domain::log_audit::walk::walk;
use certless::domain::log_audit::{Files, Findings, follow};
use certless::tlog::checkpoint::Policy;

use super::mixed::{change, issue, mix, named};
use crate::support::city::TestCity;

/// Runs the program: exit code and the JSON of its last line.
fn certless(arguments: &[&str]) -> (i32, Value, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_certless")).args(["log"]).args(arguments).output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    let notes = String::from_utf8(ran.stderr).unwrap();
    let json = text.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    (ran.status.code().unwrap(), json, text + &notes)
}

fn path(folder: &tempfile::TempDir, name: &str) -> (PathBuf, String) {
    let path = folder.path().join(name);
    let text = path.to_str().unwrap().to_owned();
    (path, text)
}

#[test]
fn a_city_is_verified_from_outside_and_a_bit_that_the_log_does_not_know_is_named() {
    let city = TestCity::start();
    let ids = mix(&city);
    let (code, found, text) = certless(&["verify", &city.base, "--json"]);
    assert_eq!((code, found["faults"].as_u64()), (0, Some(0)), "{text}");
    assert_eq!(found["checked"]["schemas"].as_u64(), Some(51), "{text}");
    assert!(found["checked"]["lists"].as_u64() >= Some(9) && found["kinds"]["revoked"].as_u64() == Some(1), "{text}");
    let (code, _, text) = certless(&["verify", &city.base, "--lang", "zh"]);
    assert!(code == 0 && text.contains("✓ 日志完整"), "{text}");
    // What is published runs ahead of a log that is not integrated: more than a moment, and it is a fault.
    change(&city, &ids[0], "suspend");
    let (code, found, text) = certless(&["verify", &city.base, "--json"]);
    assert_eq!((code, found["listed"][0]["code"].as_str()), (1, Some("status_differs")), "{text}");
    assert!(found["listed"][0]["what"].as_str().unwrap().starts_with("GA-0/"), "{text}");
    city.integrate();
    assert_eq!(certless(&["verify", &city.base, "--json"]).0, 0);
}

#[test]
fn another_key_an_absent_log_and_a_held_checkpoint() {
    let city = TestCity::start();
    mix(&city);
    let folder = tempfile::tempdir().unwrap();
    let (_, note) = path(&folder, "held");
    fs::write(&note, city.get(None, "/log/checkpoint", "*/*").text).unwrap();
    issue(&city, 9);
    city.integrate();
    let (code, _, text) = certless(&["verify", &city.base, "--checkpoint", &note]);
    assert_eq!(code, 0, "{text}");
    let stranger = "log.example/other+2c9b5b1d+AWNsfRVtRBYbbzd9VIDd9y/vIKDwBtP0yTgzIlDTm6Eq";
    let (code, _, text) = certless(&["verify", &city.base, "--key", stranger]);
    assert!(code != 0, "{text}");
    assert_eq!(certless(&["verify", folder.path().to_str().unwrap()]).0, 2, "no log there");
}

/// Copies the log of a city into a folder.
fn export(city: &TestCity, folder: &Path, fail: Option<u32>) -> bool {
    let files = LogFiles::open(&city.base, None).unwrap();
    let policy = policy(&files);
    let mut target = LogFolder::open(folder).unwrap();
    if let Some(step) = fail {
        target = target.failing_at(step);
    }
    copy(&files, &policy, &mut target, &|_| ()).is_ok_and(|copied| copied.is_ok())
}

fn policy(files: &dyn Files) -> Policy {
    Policy::of_key(follow::named_keys(files).unwrap().remove(0))
}

/// Leaves and faults of a log in a folder.
fn verified(folder: &Path) -> (u64, u64) {
    let files = LogFiles::Folder(folder.to_owned());
    let head = follow::head(&files, &policy(&files)).unwrap().unwrap();
    let mut findings = Findings::default();
    walk(&files, &head.checkpoint, &mut Replay::default(), &mut findings, &|_| ()).unwrap();
    (head.checkpoint.size, findings.faults)
}

/// Every file below a folder with its content, without what an interrupted writing left.
fn contents(folder: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut out = std::collections::BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            out.extend(contents(&entry.path()));
        } else if entry.path().extension().is_none_or(|end| end != "new") {
            out.insert(entry.path(), fs::read(entry.path()).unwrap());
        }
    }
    out
}

#[test]
fn an_export_that_is_killed_at_any_step_leaves_a_log_that_verifies_and_goes_on() {
    let city = TestCity::start();
    mix(&city);
    let before = city.service.city.store().log_head().unwrap().size;
    let folder = tempfile::tempdir().unwrap();
    let seed = folder.path().join("seed");
    assert!(export(&city, &seed, None));
    for n in 20..28 {
        change(&city, &issue(&city, n), "suspend");
    }
    city.integrate();
    let after = city.service.city.store().log_head().unwrap().size;
    let mut steps = 0;
    for step in 1.. {
        let place = folder.path().join(format!("at-{step}"));
        assert!(Command::new("cp").arg("-r").arg(&seed).arg(&place).status().unwrap().success());
        let done = export(&city, &place, Some(step));
        let (size, faults) = verified(&place);
        assert!(faults == 0 && (size == before || size == after), "step {step}: {size}, {faults} faults");
        assert!(export(&city, &place, None), "step {step}: the next export");
        assert_eq!(verified(&place), (after, 0), "step {step}");
        steps = step;
        if done {
            break;
        }
    }
    // Two of each: bundle, tile, key, checkpoint; and two settlings.
    assert_eq!(steps, 11);
    assert_eq!(contents(&folder.path().join("at-1")).len(), contents(&folder.path().join("at-5")).len());
}

#[test]
fn a_folder_whose_files_were_changed_is_found_out_and_the_leaf_is_named() {
    let city = TestCity::start();
    mix(&city);
    let folder = tempfile::tempdir().unwrap();
    let (place, text) = path(&folder, "log");
    let (code, _, said) = certless(&["export", &text, "--from", &city.base]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(certless(&["verify", &text, "--json"]).0, 0);
    assert_eq!(certless(&["export", &text, "--from", &city.base]).0, 0, "again, with nothing new");
    let bundle = fs::read_dir(place.join("tile/entries/000.p")).unwrap().next().unwrap().unwrap().path();
    let good = fs::read(&bundle).unwrap();
    let mut bad = good.clone();
    // The third entry: behind the first two and its own length.
    let mut at = 0;
    for _ in 0..2 {
        at += 2 + usize::from(u16::from_be_bytes([bad[at], bad[at + 1]]));
    }
    let end = at + 1 + usize::from(u16::from_be_bytes([bad[at], bad[at + 1]]));
    bad[end] ^= 1;
    fs::write(&bundle, &bad).unwrap();
    let (code, found, said) = certless(&["verify", &text, "--json"]);
    assert_eq!((code, found["listed"][0]["code"].as_str()), (1, Some("leaf_changed")), "{said}");
    assert_eq!(found["listed"][0]["what"], "leaf 2", "{said}");
    fs::remove_file(&bundle).unwrap();
    assert_eq!(certless(&["verify", &text]).0, 2, "a file is missing");
}

/// A web server of whatever is in a folder.
fn serve(folder: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/log", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or_default();
            let text = String::from_utf8_lossy(&request[..length]).into_owned();
            let asked = text.split(' ').nth(1).unwrap_or_default().trim_start_matches("/log/").to_owned();
            let found = fs::read(folder.join(asked));
            let status = if found.is_ok() { "200 OK" } else { "404 Not Found" };
            let body = found.unwrap_or_default();
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    base
}

fn replace(place: &Path, with: &Path) {
    fs::remove_dir_all(place).unwrap();
    assert!(Command::new("cp").arg("-r").arg(with).arg(place).status().unwrap().success());
}

#[test]
fn a_server_that_goes_back_or_tells_another_history_raises_the_alarm() {
    let folder = tempfile::tempdir().unwrap();
    let (served, _) = path(&folder, "served");
    let (_, state) = path(&folder, "state");
    // Two cities with one log's name and key: two histories that the same operator signs.
    let (city, other) = (named(), named());
    for n in 0..3 {
        issue(&city, n);
        issue(&other, n + 10);
    }
    city.integrate();
    other.integrate();
    assert!(export(&city, &served, None));
    let (young, _) = path(&folder, "young");
    assert!(export(&city, &young, None));
    let base = serve(served.clone());
    let watch = || certless(&["watch", &base, "--state", &state, "--once", "--json"]);
    let (code, said, text) = watch();
    assert_eq!((code, said["state"].as_str(), said["from"].as_u64()), (0, Some("consistent"), None), "{text}");
    for n in 3..8 {
        issue(&city, n);
        issue(&other, n + 10);
    }
    issue(&other, 30);
    city.integrate();
    other.integrate();
    assert!(export(&city, &served, None));
    let (code, said, text) = watch();
    assert!(code == 0 && said["from"].as_u64() < said["size"].as_u64(), "{text}");
    let kept = fs::read(&state).unwrap();
    replace(&served, &young);
    let (code, said, text) = watch();
    assert_eq!((code, said["fault"]["code"].as_str()), (1, Some("rollback")), "{text}");
    let (fork, _) = path(&folder, "fork");
    assert!(export(&other, &fork, None));
    replace(&served, &fork);
    let (code, said, text) = watch();
    assert_eq!((code, said["fault"]["code"].as_str()), (1, Some("fork")), "{text}");
    assert_eq!(fs::read(&state).unwrap(), kept, "what was signed before is kept as evidence");
    // A folder that already holds one history takes nothing of the other.
    assert!(!export(&other, &young, None));
}

#[test]
fn a_checkpoint_of_another_key_raises_the_alarm() {
    let folder = tempfile::tempdir().unwrap();
    let (served, _) = path(&folder, "served");
    let (_, state) = path(&folder, "state");
    let city = named();
    issue(&city, 1);
    city.integrate();
    assert!(export(&city, &served, None));
    let base = serve(served.clone());
    assert_eq!(certless(&["watch", &base, "--state", &state, "--once"]).0, 0);
    let note = fs::read_to_string(served.join("checkpoint")).unwrap();
    // The log's own line, among lines that readers do not know.
    let named = format!("— {} ", note.lines().next().unwrap());
    let signature = note.lines().find(|line| line.starts_with(&named)).unwrap();
    let (head, tail) = signature.split_at(signature.len() - 20);
    let other = if tail.starts_with('A') { "B" } else { "A" };
    let changed = note.replace(signature, &format!("{head}{other}{}", &tail[1..]));
    fs::write(served.join("checkpoint"), changed).unwrap();
    let (code, _, text) = certless(&["watch", &base, "--state", &state, "--once", "--lang", "zh"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("检查点不可信") && text.contains("警报"), "{text}");
}
