//! Every shipped matter may be published, and each rule refuses what breaks it.

use serde_json::{Value, json};

use super::super::matter::Catalogue as Matters;
use super::*;

fn judged(matter: &Value) -> Vec<Violation> {
    let (agencies, types) = (Agencies::shipped().unwrap(), Catalogue::embedded().unwrap());
    let vocabulary = Vocabulary { agencies, types };
    publish(matter.to_string().as_bytes(), vocabulary).err().unwrap_or_default()
}

fn shipped(name: &str) -> Value {
    serde_json::to_value(Matters::shipped().unwrap().named(name).unwrap()).unwrap()
}

/// The rules broken by a shipped matter after one change.
#[track_caller]
fn broken(name: &str, change: impl FnOnce(&mut Value)) -> Vec<&'static str> {
    let mut matter = shipped(name);
    assert_eq!(judged(&matter), [], "{name} must be right before the change");
    change(&mut matter);
    judged(&matter).iter().map(|violation| violation.rule).collect()
}

const BIRTH: &str = "出生登记";
const PLANNING: &str = "建设工程规划许可证核发";

#[test]
fn every_shipped_matter_may_be_published() {
    let (agencies, types) = (Agencies::shipped().unwrap(), Catalogue::embedded().unwrap());
    let vocabulary = Vocabulary { agencies, types };
    let catalogue = Matters::shipped().unwrap();
    for matter in catalogue.iter() {
        assert_eq!(check(matter, vocabulary), [], "{}", matter.name.zh);
    }
    assert_eq!(catalogue.len(), 127);
}

#[test]
fn what_is_no_matter_is_told_as_such() {
    assert_eq!(broken(BIRTH, |m| m["code"] = json!("11430112MB0DEM01764000709901")), ["form"]);
    assert_eq!(broken(BIRTH, |m| m["colour"] = json!("red")), ["form"]);
    assert_eq!(broken(BIRTH, |m| m["visits"] = json!(-1)), ["form"]);
}

#[test]
fn names_are_needed_in_both_languages() {
    assert_eq!(broken(BIRTH, |m| m["name"]["en"] = json!(" ")), ["name"]);
    assert_eq!(broken(BIRTH, |m| m["name"]["zh"] = json!("长".repeat(201))), ["name"]);
    assert_eq!(broken(BIRTH, |m| m["resultName"]["zh"] = json!("")), ["name"]);
}

#[test]
fn codes_must_agree_with_agency_type_and_each_other() {
    assert_eq!(broken(BIRTH, |m| m["agency"] = json!("XX")), ["agency"]);
    let body = json!("11430112MB0DEM02514000709901000");
    assert_eq!(broken(BIRTH, |m| m["code"] = body), ["codeBody"]);
    assert_eq!(broken(BIRTH, |m| m["basicCode"] = json!("000709902000")), ["codeBasic"]);
    assert_eq!(broken(BIRTH, |m| m["matterType"] = json!("01")), ["codeType"]);
    let other = |m: &mut Value| {
        m["code"] = json!("11430112MB0DEM01764000711901000");
        m["basicCode"] = json!("000711901000");
    };
    assert_eq!(broken(BIRTH, other), ["codeDepartment"]);
}

#[test]
fn an_instant_case_promises_nothing_and_a_promise_is_kept_within_the_law() {
    assert_eq!(broken(BIRTH, |m| m["limits"]["promised"] = json!(5)), ["instant"]);
    assert_eq!(broken(BIRTH, |m| m["review"] = json!("standard")), ["instant"]);
    assert_eq!(broken(PLANNING, |m| m["caseType"] = json!("instant")), ["instant"]);
    assert_eq!(broken(PLANNING, |m| m["limits"]["promised"] = json!(21)), ["promisedLimit"]);
    assert_eq!(broken(PLANNING, |m| m["special"][0]["days"] = json!(0)), ["special"]);
}

#[test]
fn visits_need_a_reason_and_no_visits_a_way_to_send() {
    assert_eq!(broken(BIRTH, |m| m["visits"] = json!(1)), ["visitReason", "wholeOnline"]);
    let reason = json!({"zh": "须到场", "en": "Must come"});
    assert_eq!(broken(BIRTH, |m| m["visitReason"] = reason), ["visitReason"]);
    let offline = |m: &mut Value| {
        m["online"] = json!("none");
        m["forms"] = json!(["window"]);
    };
    assert_eq!(broken(BIRTH, offline), ["express"]);
    assert_eq!(broken(BIRTH, |m| m["forms"] = json!(["window", "express"])), ["onlineForm"]);
    assert_eq!(broken(BIRTH, |m| m["forms"] = json!([])), ["forms", "onlineForm"]);
    assert_eq!(broken(BIRTH, |m| m["applicants"] = json!(["person", "person"])), ["applicants"]);
}

#[test]
fn the_result_name_decides_how_a_matter_ends() {
    let named = |zh: &str, kind: &str| {
        broken(BIRTH, |m| {
            m["resultName"]["zh"] = json!(zh);
            m["resultKind"] = json!(kind);
        })
    };
    assert_eq!(named("出生证", "document"), ["resultKind"]);
    assert_eq!(named("资格证书", "other"), ["resultKind"]);
    assert_eq!(named("公文", "certificate"), ["resultKind"]);
    assert_eq!(named("批文", "document"), ["resultKind"]);
    assert_eq!(named("批复", "approval"), [""; 0]);
}

#[test]
fn results_are_types_the_agency_may_issue() {
    assert_eq!(broken(BIRTH, |m| m["results"] = json!([])), ["results"]);
    assert_eq!(broken(BIRTH, |m| m["results"] = json!(["idCard", "idCard"])), ["results"]);
    assert_eq!(broken(BIRTH, |m| m["results"] = json!(["passport"])), ["typeKnown"]);
    assert_eq!(broken(BIRTH, |m| m["results"] = json!(["marriage"])), ["resultIssuer"]);
}

#[test]
fn each_mode_needs_what_it_lives_from() {
    assert_eq!(broken("分户登记", |m| m["mode"] = json!("seconds")), ["mode"]);
    assert_eq!(broken("居住证申领", |m| m["mode"] = json!("tolerant")), ["mode"]);
    assert_eq!(broken("居住证申领", |m| m["mode"] = json!("commitment")), ["mode"]);
}

#[test]
fn requirements_name_known_types_and_offered_predicates() {
    let first = |member: &'static str, value: Value| broken(BIRTH, |m| m["requirements"][0][member] = value);
    assert_eq!(first("type", json!("passport")), ["typeKnown"]);
    assert_eq!(first("predicate", json!("isTall")), ["predicate"]);
    assert_eq!(first("predicate", json!("isMinor")), [""; 0]);
    assert_eq!(first("id", json!("idCard")), ["requirementId"]);
    assert_eq!(first("id", json!("出生")), ["requirementId"]);
    assert_eq!(first("label", json!({"zh": "", "en": "x"})), ["material"]);
    assert_eq!(broken(PLANNING, |m| m["requirements"][1]["types"] = json!(["realEstate"])), ["material"]);
    assert_eq!(broken(PLANNING, |m| m["requirements"][2]["predicate"] = json!("isMinor")), ["predicate"]);
}

#[test]
fn missing_materials_may_follow_only_within_the_promise_and_never_all() {
    let days = |name, at: usize, days| broken(name, |m| m["requirements"][at]["tolerableDays"] = json!(days));
    assert_eq!(days(PLANNING, 1, 5), [""; 0]);
    assert_eq!(days(PLANNING, 1, 6), ["tolerance"]);
    assert_eq!(days(BIRTH, 3, 5), [""; 0]);
    assert_eq!(days(BIRTH, 3, 6), ["tolerance"]);
    assert_eq!(days(BIRTH, 3, 0), ["tolerance"]);
    let all = |m: &mut Value| {
        for requirement in m["requirements"].as_array_mut().unwrap() {
            requirement["tolerableDays"] = json!(1);
        }
    };
    assert_eq!(broken(BIRTH, all), ["mainMaterial"]);
    assert_eq!(broken(BIRTH, |m| m["requirements"] = json!([])), ["mainMaterial"]);
}

#[test]
fn a_violation_names_rule_field_and_reason_in_both_languages() {
    let mut matter = shipped(BIRTH);
    matter["requirements"][0]["type"] = json!("passport");
    let told = judged(&matter);
    assert_eq!(told[0].field, "requirements[birth]");
    assert!(told[0].reason.zh.contains("证照类型") && told[0].reason.en.contains("credential type"));
}
