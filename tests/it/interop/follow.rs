//! The public log, followed over HTTP by a program that is made of other people's libraries.

use std::path::Path;
use std::process::Command;

use certless::base::id::{AgencyCode, CredentialId};
use certless::domain::issuance::life::Act;
use serde_json::Value;

use crate::support::city::TestCity;
use crate::support::roles::{Agency, stock};

/// What the follower says; `None`, said aloud, where its packages are not installed.
fn follow(city: &TestCity, earlier: Option<&Value>) -> Option<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
    if !folder.join("node_modules/@transmute/rfc9162").is_dir() {
        eprintln!("SKIPPED: no packages in {} (npm ci there, or tests/run)", folder.display());
        return None;
    }
    let mut command = Command::new("node");
    command.arg("follow.mjs").arg(&city.base).current_dir(folder);
    if let Some(earlier) = earlier {
        command.args([earlier["size"].to_string().as_str(), earlier["root"].as_str().unwrap()]);
    }
    Some(serde_json::from_slice(&command.output().unwrap().stdout).unwrap())
}

/// Issues licences and changes their lives until the log has this many leaves.
fn happen(city: &TestCity, leaves: u64) {
    let agency = Agency::new(city, "GA");
    let code = AgencyCode::parse("GA").unwrap();
    let mut rows = stock("idCard");
    let size = || {
        city.integrate();
        city.service.city.store().log_head().unwrap().size
    };
    let act = |id: &CredentialId, act| city.service.city.change_life(&code, id, act, "a test").map(drop);
    while size() < leaves {
        let Some(row) = rows.next() else { break };
        let issued = agency.issue(row);
        let id = CredentialId::parse(issued["id"].as_str().unwrap()).unwrap();
        for _ in 0..25 {
            act(&id, Act::Suspend).unwrap();
            act(&id, Act::Reinstate).unwrap();
        }
        act(&id, Act::Suspend).unwrap();
        act(&id, Act::Revoke).unwrap();
    }
}

#[test]
fn ten_thousand_mixed_events_are_confirmed_by_somebody_else_s_program() {
    let city = TestCity::start();
    city.service.city.publish().unwrap();
    happen(&city, 4_000);
    let Some(first) = follow(&city, None) else { return };
    assert_eq!(first["ok"], true, "{first}");
    let rows = stock("idCard").count();
    let agency = Agency::new(&city, "MZ");
    for row in stock("marriage").take(20) {
        agency.issue(row);
    }
    let done = usize::try_from(first["kinds"]["issued"].as_u64().unwrap()).unwrap();
    let more = Agency::new(&city, "GA");
    let code = AgencyCode::parse("GA").unwrap();
    for row in stock("idCard").skip(done).take(rows) {
        let issued = more.issue(row);
        let id = CredentialId::parse(issued["id"].as_str().unwrap()).unwrap();
        for _ in 0..30 {
            for act in [Act::Suspend, Act::Reinstate] {
                city.service.city.change_life(&code, &id, act, "a test").unwrap();
            }
        }
        city.integrate();
        if city.service.city.store().log_head().unwrap().size >= 10_000 {
            break;
        }
    }
    city.integrate();
    let second = follow(&city, Some(&first)).unwrap();
    assert_eq!(second["ok"], true, "{second}");
    assert!(second["size"].as_u64().unwrap() >= 10_000, "{second}");
    for kind in ["issued", "suspended", "reinstated", "revoked", "trust", "key", "type", "matter"] {
        assert!(second["kinds"][kind].as_u64() > Some(0), "{kind}: {second}");
    }
    // It notices what it should: another history than the one it remembers.
    let mut forged = first;
    forged["root"] = "00".repeat(32).into();
    assert_eq!(follow(&city, Some(&forged)).unwrap()["error"], "the log does not go on from where it was");
}
