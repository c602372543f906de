//! `/api/credentials`: one, many, found again.

use std::collections::BTreeSet;

use certless::app::demo;
use certless::base::json::{Value, json};

use crate::support::city::TestCity;
use crate::support::roles::{Agency, Resident, row_of, stock};

fn body_of(n: usize) -> Value {
    let order = demo::order(row_of("idCard", &Resident::nth(n).code));
    json!({"type": "idCard", "row": order.row})
}

#[test]
fn the_same_key_and_row_is_the_same_credential_and_another_row_a_conflict() {
    let city = TestCity::start();
    let (first, other) = (body_of(0), body_of(1));
    let (status, issued) = city.post_keyed("row-1", "/api/credentials", &first);
    assert_eq!(status, 201, "{issued}");
    let (status, again) = city.post_keyed("row-1", "/api/credentials", &first);
    assert_eq!((status, &again), (200, &issued));
    let (status, problem) = city.post_keyed("row-1", "/api/credentials", &other);
    assert_eq!((status, &problem["type"]), (409, &json!("/problems/conflict")), "{problem}");
    let (status, _) = city.post_keyed("row-2", "/api/credentials", &other);
    assert_eq!(status, 201);
    // The same licence number under another key, and under none.
    assert_eq!(city.post_keyed("row-3", "/api/credentials", &first).0, 409);
    assert_eq!(city.post("/api/credentials", &first).0, 409);
    assert_eq!(listed(&city, "").len(), 2);
}

/// The identifiers of all pages.
fn listed(city: &TestCity, query: &str) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let page = city.get(Some(&city.token), &format!("/api/credentials?{query}{after}"), "application/json");
        assert_eq!(page.status, 200, "{}", page.text);
        let page = page.json();
        ids.extend(page["credentials"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { return ids };
        after = format!("&after={next}");
    }
}

#[test]
fn a_batch_issues_what_is_right_and_names_row_field_and_reason_of_what_is_wrong() {
    let city = TestCity::start();
    let mut rows: Vec<Value> = stock("idCard").take(10).map(|row| Value::Object(demo::order(row).row)).collect();
    rows[2].as_object_mut().unwrap().remove("name");
    rows[4]["idNumber"] = json!("430112199001010001");
    rows[7]["validUntil"] = json!("1990-01-01");
    let batch = json!({"type": "idCard", "rows": rows});
    let mut dry = batch.clone();
    dry["dryRun"] = json!(true);
    for (body, issued) in [(&dry, 0), (&batch, 7), (&batch, 7)] {
        let (status, report) = city.post("/api/credentials/batch", body);
        assert_eq!(status, 200, "{report}");
        let refused: Vec<_> =
            report["rows"].as_array().unwrap().iter().filter(|row| !row["problem"].is_null()).collect();
        if report["dryRun"] == true || report["accepted"] == 7 {
            assert_eq!((&report["accepted"], &report["refused"]), (&json!(7), &json!(3)), "{report}");
            let fields: Vec<_> =
                refused.iter().map(|row| (&row["row"], &row["problem"]["reasons"][0]["field"])).collect();
            assert_eq!(fields[..2], [(&json!(3), &json!("name")), (&json!(5), &json!("idNumber"))], "{report}");
            assert_eq!(fields[2].0, &json!(8));
            assert!(refused.iter().all(|row| row["problem"]["zh"].as_str().unwrap().chars().count() > 4));
        } else {
            // The second time without row keys: every number is taken.
            assert_eq!(report["refused"], 10, "{report}");
        }
        assert_eq!(listed(&city, "").len(), issued);
    }
}

#[test]
fn a_batch_with_row_keys_can_be_sent_again() {
    let city = TestCity::start();
    let row = |row: &'static certless::domain::demo::StockRow| {
        let order = demo::order(row);
        let mut values = Value::Object(order.row);
        values["rowKey"] = json!(order.key);
        values
    };
    let batch = json!({"type": "idCard", "rows": stock("idCard").take(5).map(row).collect::<Vec<_>>()});
    let (_, first) = city.post("/api/credentials/batch", &batch);
    let (_, second) = city.post("/api/credentials/batch", &batch);
    for (before, after) in first["rows"].as_array().unwrap().iter().zip(second["rows"].as_array().unwrap()) {
        assert_eq!((&before["id"], &before["again"]), (&after["id"], &json!(false)));
        assert_eq!(after["again"], true);
    }
    assert_eq!(listed(&city, "").len(), 5);
    let many = vec![json!({}); certless::http::service::Limits::default().rows + 1];
    assert_eq!(city.post("/api/credentials/batch", &json!({"type": "idCard", "rows": many})).0, 413);
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    let city = TestCity::start();
    let rows: Vec<Value> = stock("idCard").take(205).map(|row| Value::Object(demo::order(row).row)).collect();
    let (_, report) = city.post("/api/credentials/batch", &json!({"type": "idCard", "rows": rows}));
    let issued: BTreeSet<_> =
        report["rows"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(issued.len(), 205, "{}", report["refused"]);
    let found = listed(&city, "");
    assert_eq!(found.len(), 205);
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), issued);
    let got = city.get(Some(&city.token), "/api/credentials?after=%21%21", "application/json");
    assert_eq!(got.status, 400, "{}", got.text);
}

#[test]
fn a_holder_is_found_by_code_in_the_body_and_by_key_or_tag_in_the_url() {
    let city = TestCity::start();
    let mut resident = Resident::nth(0);
    let id = resident.obtain(&city, "idCard");
    Resident::nth(1).obtain(&city, "idCard");
    let (status, found) = city.post("/api/credentials/search", &json!({"code": resident.code}));
    assert_eq!(status, 200);
    assert_eq!(found["credentials"].as_array().unwrap().len(), 1);
    assert_eq!(found["credentials"][0]["id"], id.as_str());
    let numbered = |body: Value| {
        let (status, found) = city.post("/api/credentials/search", &body);
        assert_eq!(status, 200, "{found}");
        found["credentials"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>()
    };
    let number =
        city.get(Some(&city.token), &format!("/api/credentials/{id}"), "*/*").json()["package"]["number"].clone();
    assert_eq!(numbered(json!({"number": number})), [json!(id)]);
    assert_eq!(numbered(json!({"number": format!(" {} ", number.as_str().unwrap())})), [json!(id)], "as it was typed");
    assert!(numbered(json!({"number": "X"})).is_empty());
    assert_eq!(city.post("/api/credentials/search", &json!({})).0, 400);
    let foreign = Agency::new(&city, "MZ").post("/api/credentials/search", &json!({"number": number}));
    assert_eq!(foreign.1["credentials"], json!([]), "another agency's licence");
    let tag = found["holder"].as_str().unwrap();
    let did = resident.wallet.key().did();
    for holder in [tag, &did, &resident.key().thumbprint()] {
        assert_eq!(listed(&city, &format!("holder={holder}")), [id.as_str()], "{holder}");
    }
    let got = city.get(Some(&city.token), &format!("/api/credentials?holder={}", resident.code), "application/json");
    assert_eq!(got.status, 400, "a personal number in a URL: {}", got.text);
    assert!(!got.text.contains(&resident.code), "and it is not repeated");
}

#[test]
fn an_agency_sees_and_changes_its_own_credentials_only() {
    let city = TestCity::start();
    let id = Resident::nth(0).obtain(&city, "idCard");
    let other = Agency::new(&city, "MZ");
    let path = format!("/api/credentials/{id}");
    assert_eq!(city.get(Some(&city.token), &path, "*/*").status, 200);
    assert_eq!(city.get(Some(other.token()), &path, "*/*").status, 404);
    for act in ["suspend", "reinstate", "revoke"] {
        assert_eq!(other.change(&id, act).0, 404, "{act}");
    }
    let (status, problem) = city.post(&format!("{path}/suspend"), &json!({"reason": " "}));
    assert_eq!(status, 422, "a reason must be given: {problem}");
    assert_eq!(city.post("/api/credentials/nothing/suspend", &json!({"reason": "x"})).0, 404);
    assert_eq!(city.get(Some(&city.token), &path, "*/*").json()["status"], "valid");
}
