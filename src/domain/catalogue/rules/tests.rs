//! Every type keeps every rule, and every rule refuses a type that breaks it.

use super::super::{Catalogue, embedded, parse};
use super::*;

fn document(code: &str) -> Value {
    parse(Catalogue::embedded().unwrap().find(code).unwrap().text()).unwrap()
}

/// The rules that a changed type breaks.
fn broken(code: &str, change: impl FnOnce(&mut Value)) -> BTreeSet<&'static str> {
    let mut document = document(code);
    change(&mut document);
    let problems = check(&document, Catalogue::embedded().unwrap().shared()).expect_err("must be refused");
    problems.into_iter().map(|problem| problem.rule).collect()
}

fn said(document: &mut Value) -> &mut Value {
    &mut document["x-certless"]
}

#[test]
fn all_42_types_keep_every_rule() {
    for text in embedded::TYPES {
        let document = parse(text).unwrap();
        assert_eq!(check(&document, Catalogue::embedded().unwrap().shared()), Ok(()), "{}", document["$id"]);
    }
}

#[test]
fn an_unknown_or_missing_member_is_refused() {
    assert_eq!(broken("idCard", |d| said(d)["colour"] = json!("red")), BTreeSet::from(["annotation"]));
    assert_eq!(broken("idCard", |d| said(d)["fields"][0]["maks"] = json!("name")), BTreeSet::from(["annotation"]));
    let unruled = |d: &mut Value| {
        said(d).as_object_mut().unwrap().remove("numbering");
    };
    assert_eq!(broken("idCard", unruled), BTreeSet::from(["annotation"]));
}

#[test]
fn names_that_disagree_are_refused() {
    assert!(broken("idCard", |d| d["$id"] = json!("/schemas/credentials/idCard/2")).contains("identity"));
    assert!(broken("idCard", |d| said(d)["type"] = json!("Idcard")).contains("identity"));
    assert!(broken("idCard", |d| said(d)["code"] = json!("IdCard")).contains("identity"));
    assert!(broken("idCard", |d| d["properties"]["type"]["contains"]["const"] = json!("Birth")).contains("identity"));
}

#[test]
fn a_wrong_certificate_type_code_is_refused() {
    let wrong = |code: &str| broken("idCard", |d| said(d)["certificateTypeCode"] = json!(code));
    for code in ["11430112MB0DEM0177001", "11430112MB0DEM0251001", "11430112MB0DEM017600A"] {
        assert!(wrong(code).contains("certificate-type-code"), "{code}");
    }
}

#[test]
fn a_document_that_is_no_strict_schema_is_refused() {
    assert!(broken("idCard", |d| d["type"] = json!("thing")).contains("schema"));
    assert!(
        broken("idCard", |d| d["$defs"]["subject"]["properties"]["name"]["format"] = json!("x")).contains("schema")
    );
    let away = json!({"$ref": "https://example.com/x"});
    assert!(broken("idCard", |d| d["$defs"]["subject"]["properties"]["name"] = away).contains("schema"));
    assert!(
        broken("idCard", |d| d["$defs"]["subject"]["additionalProperties"] = json!(true)).contains("strict-subject")
    );
}

#[test]
fn a_label_missing_in_a_language_is_refused() {
    for pointer in ["/name/en", "/issuer/label/zh", "/fields/0/label/en", "/views/0/label/zh"] {
        let empty = |d: &mut Value| *said(d).pointer_mut(pointer).unwrap() = json!(" ");
        assert_eq!(broken("idCard", empty), BTreeSet::from(["labels"]), "{pointer}");
    }
    assert_eq!(broken("idCard", |d| said(d)["name"]["en"] = json!("身份证")), BTreeSet::from(["labels"]));
}

#[test]
fn a_field_name_twice_misspelt_or_reserved_is_refused() {
    for name in ["name", "first-name", "Name", "status", "exp", "type"] {
        assert!(broken("idCard", |d| said(d)["fields"][4]["name"] = json!(name)).contains("field-names"), "{name}");
    }
}

#[test]
fn fields_and_properties_must_be_the_same() {
    let lost = |d: &mut Value| {
        d["$defs"]["subject"]["properties"].as_object_mut().unwrap().remove("address");
    };
    assert!(broken("idCard", lost).contains("field-property"));
    let extra = |d: &mut Value| d["$defs"]["subject"]["properties"]["nickname"] = json!({"type": "string"});
    assert_eq!(broken("idCard", extra), BTreeSet::from(["field-property"]));
    let required = |d: &mut Value| d["$defs"]["subject"]["required"].as_array_mut().unwrap().push(json!("nickname"));
    assert!(broken("idCard", required).contains("field-property"));
}

#[test]
fn a_format_that_the_property_does_not_keep_is_refused() {
    let property =
        |name: &'static str, value: Value| broken("idCard", move |d| d["$defs"]["subject"]["properties"][name] = value);
    assert_eq!(property("idNumber", json!({"type": "string"})), BTreeSet::from(["field-format"]));
    assert_eq!(property("birthDate", json!({"type": "string", "format": "uscc"})), BTreeSet::from(["field-format"]));
    assert_eq!(property("sex", json!({"enum": ["1"]})), BTreeSet::from(["field-format"]));
    assert_eq!(property("address", json!({"type": "string"})), BTreeSet::from(["field-format"]));
    assert!(broken("idCard", |d| said(d)["fields"][1]["list"] = json!("colour")).contains("field-format"));
    let fewer = |d: &mut Value| d["$defs"]["subject"]["properties"]["registrationStatus"]["enum"] = json!(["存续"]);
    assert_eq!(broken("businessLicense", fewer), BTreeSet::from(["field-format"]));
}

#[test]
fn a_sensitive_field_without_a_mask_is_refused() {
    let bare = |d: &mut Value| {
        said(d)["fields"][5].as_object_mut().unwrap().remove("mask");
    };
    assert_eq!(broken("idCard", bare), BTreeSet::from(["masks"]));
}

#[test]
fn a_view_of_what_is_not_there_is_refused() {
    let view = |change: fn(&mut Value)| broken("idCard", move |d| change(&mut said(d)["views"]));
    assert_eq!(view(|v| v[0]["claims"] = json!(["nickname"])), BTreeSet::from(["views"]));
    assert_eq!(view(|v| v[0]["name"] = json!("Basic")), BTreeSet::from(["views"]));
    assert_eq!(view(|v| v[1]["name"] = json!("basic")), BTreeSet::from(["views"]));
    assert_eq!(view(|v| v[1]["predicates"] = json!([])), BTreeSet::from(["views"]));
    assert_eq!(view(|v| v[1]["predicates"][0]["from"] = json!("name")), BTreeSet::from(["views"]));
    assert_eq!(view(|v| v[1]["predicates"][0]["value"] = json!("old")), BTreeSet::from(["views"]));
    assert_eq!(view(|v| v[1]["predicates"][0]["predicate"] = json!("name")), BTreeSet::from(["views"]));
    assert_eq!(view(|v| v.as_array_mut().unwrap().truncate(3)), BTreeSet::from(["views"]), "full is missing");
    let last = |d: &mut Value| said(d)["views"].as_array_mut().unwrap().last_mut().unwrap()["claims"] = json!(["name"]);
    assert_eq!(broken("idCard", last), BTreeSet::from(["views"]), "full must show what is required");
}

#[test]
fn a_basic_view_too_large_for_a_code_is_refused() {
    let all = ["name", "sex", "ethnicity", "birthDate", "address", "idNumber", "validFrom"];
    assert_eq!(broken("idCard", |d| said(d)["views"][0]["claims"] = json!(all)), BTreeSet::from(["basic-size"]));
    let long = json!(["uscc", "scope"]);
    assert_eq!(broken("businessLicense", |d| said(d)["views"][0]["claims"] = long), BTreeSet::from(["basic-size"]));
}

#[test]
fn numbering_that_makes_no_number_is_refused() {
    let rule = |change: fn(&mut Value)| broken("marriage", move |d| change(&mut said(d)["numbering"]));
    assert_eq!(rule(|n| n["template"] = json!("J{division}")), BTreeSet::from(["numbering"]));
    assert_eq!(rule(|n| n["template"] = json!("{planet}{seq:6}")), BTreeSet::from(["numbering"]));
    assert_eq!(rule(|n| n["template"] = json!("{field:x}{seq:6}")), BTreeSet::from(["numbering"]));
    assert_eq!(rule(|n| n["pattern"] = json!("^Z$")), BTreeSet::from(["numbering"]));
    assert_eq!(rule(|n| n["field"] = json!("x")), BTreeSet::from(["numbering"]));
    assert_eq!(rule(|n| n["source"] = json!("given")), BTreeSet::from(["numbering"]));
}

#[test]
fn a_validity_rule_that_is_not_whole_is_refused() {
    let rule = |code: &str, change: fn(&mut Value)| broken(code, move |d| change(&mut said(d)["validity"]));
    assert_eq!(rule("idCard", |v| v["from"] = json!("name")), BTreeSet::from(["validity"]));
    assert_eq!(rule("idCard", |v| v["bands"] = json!([{"under": 16, "years": 5}])), BTreeSet::from(["validity"]));
    assert_eq!(rule("idCard", |v| v["bands"][1]["under"] = json!(10)), BTreeSet::from(["validity"]));
    assert_eq!(rule("foodPermit", |v| v["years"] = json!(0)), BTreeSet::from(["validity"]));
    assert_eq!(rule("insuredProof", |v| *v = json!({"kind": "permanent"})), BTreeSet::from(["validity"]));
    assert_eq!(rule("delegation", |v| v["maxDays"] = json!(7)), BTreeSet::from(["validity"]));
    assert_eq!(rule("foodPermit", |v| v["singlePurpose"] = json!(true)), BTreeSet::from(["validity"]));
}

#[test]
fn holders_that_no_one_names_are_refused() {
    let rule = |code: &str, change: fn(&mut Value)| broken(code, move |d| change(&mut said(d)["holder"]));
    assert_eq!(rule("idCard", |h| h["parties"] = json!([])), BTreeSet::from(["holders"]));
    assert_eq!(rule("idCard", |h| h["parties"][0]["code"] = json!("x")), BTreeSet::from(["holders"]));
    assert_eq!(rule("idCard", |h| h["parties"][0]["codeType"] = json!("x")), BTreeSet::from(["holders"]));
    assert_eq!(rule("idCard", |h| h["guardian"] = json!(false)), BTreeSet::from(["holders"]));
    assert_eq!(rule("marriage", |h| h["joint"]["max"] = json!(3)), BTreeSet::from(["holders"]));
    assert_eq!(rule("realEstate", |h| h["joint"]["perHolder"] = json!(["location"])), BTreeSet::from(["holders"]));
    assert_eq!(rule("nurse", |h| h["mode"] = json!("joint")), BTreeSet::from(["holders"]));
}

#[test]
fn metadata_that_is_not_mapped_is_refused() {
    let map = |change: fn(&mut Value)| broken("idCard", move |d| change(&mut said(d)["metadata"]));
    let lost = |m: &mut Value| {
        m.as_object_mut().unwrap().remove("certificateSealName");
    };
    assert_eq!(map(lost), BTreeSet::from(["metadata"]));
    assert_eq!(map(|m| m["certificateNumber"] = json!("row")), BTreeSet::from(["metadata"]));
    assert_eq!(map(|m| m["certificateIssuedDate"] = json!("field:x")), BTreeSet::from(["metadata"]));
    assert_eq!(map(|m| m["certificateColour"] = json!("row")), BTreeSet::from(["metadata"]));
    assert_eq!(map(|m| m["certificateNumber"] = json!("guess")), BTreeSet::from(["annotation"]));
}

#[test]
fn a_status_age_outside_reason_is_refused() {
    for age in [0, 59, 2_678_401] {
        assert_eq!(broken("idCard", |d| said(d)["statusMaxAge"] = json!(age)), BTreeSet::from(["status-age"]));
    }
}

#[test]
fn fields_that_cannot_agree_with_a_number_are_refused() {
    for wrong in [
        json!([{"number": "name", "sex": "sex"}]),
        json!([{"number": "nothing", "sex": "sex"}]),
        json!([{"number": "idNumber", "sex": "ethnicity"}]),
        json!([{"number": "idNumber", "birth": "sex"}]),
        json!([{"number": "idNumber", "birth": "nothing"}]),
        json!([{"number": "idNumber"}]),
    ] {
        assert_eq!(broken("idCard", |d| said(d)["agree"] = wrong.clone()), BTreeSet::from(["agree"]), "{wrong}");
    }
}
