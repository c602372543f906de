//! Use records: every verification at a window is told to the holder, who can object and is answered.

use std::collections::BTreeSet;
use std::sync::Arc;

use certless::base::bytes::base64url;
use certless::base::clock::FixedClock;
use certless::base::json::{Value, json};
use certless::base::time::plus_seconds;
use certless::crypto::Signer;
use certless::crypto::digest::sha256;
use certless::domain::account::StaffRole;
use certless::domain::usage::holder::{LIST_TYP, sign};
use certless::domain::usage::objection;
use certless::domain::usage::record::Signed;
use certless::vc::leaf::{Entry, Kind};

use crate::support::city::TestCity;
use crate::support::roles::{Agency, Resident, Verdict, Window, now};
use crate::support::staff::at_work;
use crate::support::vp::{ask, fetch, result};

const MATTER: &str = "异地就医备案";

fn nonce(city: &TestCity) -> String {
    city.post_as(None, "/oid4vci/nonce", &json!({})).1["c_nonce"].as_str().unwrap().to_owned()
}

/// What a holder is told who proves a key.
fn mine(city: &TestCity, key: &dyn Signer) -> Vec<Value> {
    let proof = sign(LIST_TYP, &city.base, &nonce(city), city.service.city.now(), &[], key);
    let (status, told) = city.post_as(None, "/api/uses/mine", &json!({"proofs": [proof]}));
    assert_eq!(status, 200, "{told}");
    told["uses"].as_array().unwrap().clone()
}

fn object(city: &TestCity, key: &dyn Signer, id: &Value, reason: &str) -> (u16, Value) {
    let more = [("use", id.as_str().unwrap()), ("reason", reason)];
    let proof = sign(objection::TYP, &city.base, &nonce(city), city.service.city.now(), &more, key);
    city.post_as(None, "/api/objections", &json!({"proof": proof}))
}

/// Checks a record's signature with the city's root key and that its digest is in the log.
fn verified(city: &TestCity, told: &Value) -> Signed {
    let signed = Signed::open(told["jwt"].as_str().unwrap(), &city.service.city.roots()).unwrap();
    assert_eq!(serde_json::to_value(&signed.record).unwrap(), told["use"]);
    city.integrate();
    let leaves = city.service.city.store().log_range(0, 500).unwrap();
    let digest = sha256(signed.jwt.as_bytes());
    let entries = leaves.iter().map(|leaf| Entry::parse(leaf).unwrap());
    let of = entries.filter(|entry| entry.kind == Kind::Used && entry.bytes("record") == Some(&digest)).count();
    assert_eq!(of, 1, "one leaf names the record");
    signed
}

fn scanned(city: &TestCity) -> (Resident, Value, Value) {
    let mut resident = Resident::nth(0);
    resident.obtain(city, "idCard");
    let window = Window::new(city, "YB");
    let case = window.file(MATTER, &resident);
    let (verdict, answer) = window.scan(&case, &resident.code("idCard", "basic"));
    verdict.accept();
    let told = answer["uses"][0].clone();
    (resident, case, told)
}

#[test]
fn a_scan_is_recorded_for_the_window_and_the_holder_alike() {
    let city = TestCity::start();
    let (resident, case, told) = scanned(&city);
    let signed = verified(&city, &told);
    let (said, used) = (&told["use"], &told["use"]["credential"]);
    assert_eq!((&said["unit"], &said["window"], &said["mode"]), (&json!("YB"), &json!("test window"), &json!("shown")));
    assert_eq!((&said["application"], &said["matterName"]["zh"]), (&case["id"], &json!(MATTER)));
    assert_eq!((&said["basis"], &said["fields"]), (&json!("consent"), &json!(["idNumber", "name"])));
    assert_eq!((&used["type"], &said["verdict"]["accepted"]), (&json!("idCard"), &json!(true)));
    assert_eq!((&said["seq"], said.get("prev")), (&json!(1), None), "the first of its chain");
    assert!(said["clerk"].as_str().unwrap().starts_with("M-") && !told.to_string().contains(&resident.code));
    let seen = mine(&city, resident.wallet.key());
    assert_eq!(seen.len(), 1);
    assert_eq!((&seen[0]["jwt"], &seen[0]["objection"]), (&told["jwt"], &Value::Null));
    assert!(mine(&city, Resident::nth(1).wallet.key()).is_empty(), "nobody else sees it");
    // The next one names the digest of this one.
    let window = Window::new(&city, "YB");
    let (_, again) = window.scan(&case, &resident_code(&city, 0));
    assert_eq!(again["uses"][0]["use"]["prev"], signed.digest());
    assert_eq!(again["uses"][0]["use"]["seq"], 2);
}

/// A code of somebody's own.
fn resident_code(city: &TestCity, n: usize) -> String {
    let mut resident = Resident::nth(n);
    resident.obtain(city, "socialSecurityCard");
    resident.code("socialSecurityCard", "basic")
}

#[test]
fn a_wallets_answer_brings_it_a_record_for_each_licence() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let mut resident = Resident::with_p256(0);
    resident.obtain_bound(&city, "idCard");
    resident.obtain_bound(&city, "socialSecurityCard");
    let case = window.file(MATTER, &resident);
    let asked = json!({"application": case["id"], "purpose": "核对参保信息", "basis": "duty"});
    let invitation = ask(&city, &window, &asked);
    let got = resident.respond(&city, &fetch(&city, &invitation, &[]));
    let jwts = got.json()["use_records"].as_array().unwrap().clone();
    let told = result(&city, &window, &invitation);
    let uses = told["uses"].as_array().unwrap();
    assert_eq!(jwts, uses.iter().map(|one| one["jwt"].clone()).collect::<Vec<_>>(), "both sides have the same");
    let types: BTreeSet<_> = uses.iter().map(|one| one["use"]["credential"]["type"].as_str().unwrap()).collect();
    assert_eq!(types, BTreeSet::from(["idCard", "socialSecurityCard"]));
    for one in uses {
        verified(&city, one);
        assert_eq!((&one["use"]["purpose"]["zh"], &one["use"]["basis"]), (&json!("核对参保信息"), &json!("duty")));
        assert_eq!(one["use"]["mode"], "requested");
        assert!(one["use"]["credential"]["id"].is_string(), "the city knows the licence behind the copy: {one}");
    }
    assert_eq!(uses[1]["use"]["prev"], base64url(&sha256(jwts[0].as_str().unwrap().as_bytes())));
    assert_eq!(mine(&city, resident.wallet.key()).len(), 2);
}

#[test]
fn what_was_refused_is_recorded_too_but_nobody_fills_another_ones_list() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let mut resident = Resident::nth(0);
    let id = resident.obtain(&city, "idCard");
    let case = window.file(MATTER, &resident);
    let (code, second) = (resident.code("idCard", "basic"), resident.code("idCard", "basic"));
    assert_eq!(Agency::new(&city, "GA").change(&id, "suspend").0, 200);
    let (verdict, answer) = window.scan(&case, &code);
    assert!(!verdict.accepted());
    let said = &answer["uses"][0]["use"];
    assert_eq!((&said["verdict"]["accepted"], &said["verdict"]["codes"]), (&json!(false), &json!(["suspended"])));
    assert_eq!(mine(&city, resident.wallet.key()).len(), 1);
    // A forged one names the licence; that is nobody's word, and stays with the case alone.
    let mut forged = resident.presentation(&["idCard"], city.service.city.contexts());
    forged["verifiableCredential"][0]["credentialSubject"]["name"] = json!("王演示");
    let path = format!("/api/applications/{}/presentations", case["id"].as_str().unwrap());
    let got = city.send(Some(window.token()), &path, "application/json", Value::Object(forged).to_string().as_bytes());
    assert!(!Verdict(got.json()["verdict"].clone()).accepted());
    assert_eq!(got.json()["uses"][0]["use"]["credential"].get("id"), None, "{}", got.text);
    assert_eq!(mine(&city, resident.wallet.key()).len(), 1);
    // Without a case it is recorded as well.
    let got = city.send(Some(window.token()), "/api/uses", "text/plain", second.as_bytes());
    assert_eq!((got.status, &got.json()["accepted"]), (200, &json!(false)));
    assert_eq!(mine(&city, resident.wallet.key()).len(), 2);
}

#[test]
fn a_proof_is_good_once_for_this_city_and_now() {
    let city = TestCity::start();
    let resident = Resident::nth(0);
    let key = resident.wallet.key();
    let (audience, fresh, at) = (city.base.as_str(), nonce(&city), now());
    let list = |proof: &str| city.post_as(None, "/api/uses/mine", &json!({"proofs": [proof]})).0;
    let good = sign(LIST_TYP, audience, &fresh, at, &[], key);
    assert_eq!((list(&good), list(&good)), (200, 422), "once");
    let fresh = || nonce(&city);
    for wrong in [
        sign(LIST_TYP, "https://other.example", &fresh(), at, &[], key),
        sign(LIST_TYP, audience, "made-up", at, &[], key),
        sign(LIST_TYP, audience, &fresh(), plus_seconds(at, -400), &[], key),
        sign(LIST_TYP, audience, &fresh(), plus_seconds(at, 120), &[], key),
        sign(objection::TYP, audience, &fresh(), at, &[], key),
        sign("openid4vci-proof+jwt", audience, &fresh(), at, &[], key),
        good.replace('.', ".A"),
    ] {
        assert_eq!(list(&wrong), 422, "{wrong}");
    }
    assert_eq!(city.post_as(None, "/api/uses/mine", &json!({"proofs": []})).0, 422);
}

#[test]
fn an_objection_has_an_owner_a_day_and_one_answer() {
    let clock = FixedClock::new(certless::base::time::parse_rfc3339("2026-02-13T02:00:00Z").unwrap());
    let city = TestCity::on_clock(Arc::new(clock.clone()));
    let id = city.service.city.now();
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    let window = Window::new(&city, "YB");
    let case = window.file(MATTER, &resident);
    let code = resident.code_at("idCard", "basic", id);
    let (verdict, answer) = window.scan(&case, &code);
    verdict.accept();
    let used = &answer["uses"][0]["use"]["id"];
    let key = resident.wallet.key();
    assert_eq!(object(&city, Resident::nth(1).wallet.key(), used, "不是我办的").0, 404, "a stranger");
    assert_eq!(object(&city, key, used, "").0, 422);
    assert_eq!(object(&city, key, used, &"长".repeat(501)).0, 422);
    let (status, objection) = object(&city, key, used, "本人当天没有到窗口办理。");
    assert_eq!((status, &objection["state"], &objection["unit"]), (201, &json!("open"), &json!("YB")), "{objection}");
    assert_eq!(objection["due"], "2026-03-05", "ten working days, the Spring Festival left out");
    assert_eq!(object(&city, key, used, "再次").0, 409, "one objection to a record");
    assert_eq!(mine(&city, key)[0]["objection"]["state"], "open");

    let supervisor = at_work(&city, "watch", StaffRole::Supervisor, "");
    let list = |token: &str, query: &str| {
        city.get(Some(token), &format!("/api/objections{query}"), "application/json").json()["objections"].clone()
    };
    let own = Agency::new(&city, "YB");
    assert_eq!(list(own.token(), "")[0]["reason"], "本人当天没有到窗口办理。");
    assert_eq!(list(Agency::new(&city, "GA").token(), ""), json!([]), "another agency's are not told");
    clock.set(plus_seconds(id, 24 * 86_400));
    let supervisor_again = at_work(&city, "watch2", StaffRole::Supervisor, "");
    assert_eq!(list(&supervisor_again, "")[0]["state"], "overdue");
    drop(supervisor);

    let path = format!("/api/objections/{}/answer", used.as_str().unwrap());
    let said = json!({"outcome": "upheld", "answer": "经核查属误操作，已更正并教育当事人。"});
    assert_eq!(Agency::new(&city, "GA").post(&path, &said).0, 404);
    let (status, told) = own.post(&path, &said);
    assert_eq!((status, &told["state"], &told["outcome"]), (200, &json!("answered"), &json!("upheld")), "{told}");
    assert_eq!(own.post(&path, &said).0, 409);
    assert_eq!(mine(&city, key)[0]["objection"]["answer"], said["answer"]);
    assert_eq!(list(&supervisor_again, ""), json!([]));
    assert_eq!(list(&supervisor_again, "?state=all")[0]["state"], "answered");
    // The auditor sees that it was, and not what was said.
    let auditor = at_work(&city, "auditor", StaffRole::Auditor, "");
    let told = list(&auditor, "?state=all");
    assert!(told[0]["due"].is_string() && !told.to_string().contains("误操作") && !told.to_string().contains("当天"));
    city.integrate();
    let leaves = city.service.city.store().log_range(0, 500).unwrap();
    let entries = leaves.iter().map(|leaf| Entry::parse(leaf).unwrap()).filter(|entry| entry.kind == Kind::Objection);
    let states: Vec<_> = entries.map(|entry| entry.text("state").unwrap().to_owned()).collect();
    assert_eq!(states, ["raised", "answered"]);
}

#[test]
fn an_agency_sees_who_used_its_licences_and_the_auditor_no_person() {
    let city = TestCity::start();
    let (resident, _, told) = scanned(&city);
    let id = told["use"]["credential"]["id"].as_str().unwrap();
    let get = |token: &str, query: &str| {
        let got = city.get(Some(token), &format!("/api/uses?{query}"), "application/json");
        (got.status, got.json())
    };
    let (status, page) = get(&city.token, &format!("credential={id}"));
    assert_eq!((status, &page["uses"][0]["id"]), (200, &told["use"]["id"]));
    assert!(page["uses"][0].get("purpose").is_none(), "what a clerk wrote is not for all");
    assert_eq!(get(Agency::new(&city, "MZ").token(), &format!("credential={id}")).0, 404, "another agency's licence");
    let auditor = at_work(&city, "auditor", StaffRole::Auditor, "");
    let (status, page) = get(&auditor, "agency=YB");
    assert_eq!((status, page["uses"].as_array().unwrap().len()), (200, 1));
    let text = page.to_string();
    assert!(!text.contains(id) && !text.contains(&resident.code) && !text.contains(&resident.name), "{text}");
}

#[test]
fn one_copy_is_made_of_a_use_and_taken_in_once() {
    let city = TestCity::start();
    let (resident, _, told) = scanned(&city);
    let window = Window::new(&city, "YB");
    let path = format!("/api/uses/{}/copy", told["use"]["id"].as_str().unwrap());
    let make = |window: &Window<'_>, body: Value| city.post_as(Some(window.token()), &path, &body);
    assert_eq!(make(&window, json!({"cause": ""})).0, 422);
    assert_eq!(make(&Window::new(&city, "MZ"), json!({"cause": "x"})).0, 404, "another unit's use");
    let (status, copy) = make(&window, json!({"cause": "移送社保经办机构复核", "days": 2}));
    assert_eq!(status, 201, "{copy}");
    let said = &copy["copy"];
    let names: Vec<_> = said["fields"][0].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 2, "only what was disclosed: {names:?}");
    assert!(said["watermark"]["zh"].as_str().unwrap().contains("移送社保经办机构复核"));
    assert_eq!(make(&window, json!({"cause": "再来一份"})).0, 409);
    let take = |jwt: &str| city.post_as(Some(window.token()), "/api/copies/take", &json!({"jwt": jwt}));
    let jwt = copy["jwt"].as_str().unwrap();
    assert_eq!(take(&jwt.replacen('.', ".A", 1)).0, 422);
    assert_eq!(take(told["jwt"].as_str().unwrap()).0, 422, "a use record is no copy");
    assert_eq!((take(jwt).0, take(jwt).0), (200, 410));
    let seen = mine(&city, resident.wallet.key());
    assert_eq!(seen[0]["copy"]["cause"], "移送社保经办机构复核");
    assert!(seen[0]["copy"]["takenAt"].is_string());
}

#[test]
fn a_chain_has_no_gap_and_no_fork_whoever_writes_at_once() {
    let city = TestCity::start();
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    let codes: Vec<_> = (0..12).map(|_| resident.code("idCard", "basic")).collect();
    let window = Window::new(&city, "YB");
    std::thread::scope(|scope| {
        for code in &codes {
            let (city, token) = (&city, window.token());
            scope.spawn(move || {
                assert_eq!(city.send(Some(token), "/api/uses", "text/plain", code.as_bytes()).status, 200);
            });
        }
    });
    let mut uses = mine(&city, resident.wallet.key());
    uses.sort_by_key(|one| one["use"]["seq"].as_u64());
    assert_eq!(uses.len(), codes.len());
    for (n, pair) in uses.windows(2).enumerate() {
        assert_eq!(pair[1]["use"]["seq"], json!(n + 2));
        assert_eq!(pair[1]["use"]["prev"], base64url(&sha256(pair[0]["jwt"].as_str().unwrap().as_bytes())));
    }
}
