//! Rows of every kind of holder, and everything that can be wrong with one.

use super::super::Catalogue;
use super::*;
use crate::base::json::json;
use crate::base::text::Lang;
use crate::base::time::parse_date;

pub(in super::super) fn issuing() -> Issuing<'static> {
    Issuing {
        agency_name: "望城区公安分局（演示）",
        agency_code: "11430112MB0DEM0176",
        division: "430112",
        place: "望城区",
        province: "湘",
        today: parse_date("2026-03-01").unwrap(),
        sequence: Some(42),
        version: 1,
    }
}

fn fill(kind: &str, row: &Value) -> Result<Filled, Vec<RowError>> {
    Catalogue::embedded().unwrap().find(kind).unwrap().fill(row.as_object().unwrap(), &issuing())
}

fn errors(kind: &str, row: &Value) -> Vec<(String, &'static str)> {
    fill(kind, row).unwrap_err().into_iter().map(|error| (error.field, error.code)).collect()
}

fn card() -> Value {
    json!({"name": "张三", "sex": "男", "ethnicity": "汉族", "birthDate": "1990/3/7", "address": "湖南省长沙市望城区演示路1号",
        "idNumber": "430112199003074016", "holderKey": "did:key:z6Mk"})
}

fn with(mut row: Value, column: &str, cell: Value) -> Value {
    row[column] = cell;
    row
}

fn marriage() -> Value {
    json!({"partyAName": "张三", "partyANationality": "中国", "partyABirth": "1990-03-07", "partyAId": "430112199003074016",
        "partyBName": "李四", "partyBNationality": "中国", "partyBBirth": "1949-12-31", "partyBId": "11010519491231002X"})
}

fn house() -> Value {
    json!({"unitNo": "430112001001GB00001F00010001", "rightHolder.1": "张三", "certificateHolderCode.1": "430112199003074016",
        "rightHolder.2": "演示公司", "certificateHolderCode.2": "11430112MB0DEM0176", "coOwnership": "按份共有",
        "location": "望城区演示路1号", "rightType": "房屋所有权", "rightNature": "市场化商品房", "usage": "住宅", "area": "89.6"})
}

fn birth() -> Value {
    json!({"babyName": "张小宝", "sex": "2", "birthTime": "2026-02-20 08:30", "birthPlace": "望城区", "institution": "演示医院",
        "motherName": "李四", "motherIdType": "111", "motherId": "11010519491231002X", "fatherName": "张三",
        "fatherId": "430112199003074016", "holderKey.1": "did:key:m", "holderKey.2": "did:key:f"})
}

#[test]
fn what_a_row_does_not_say_is_filled_in() {
    let filled = fill("idCard", &card()).unwrap();
    let [subject] = filled.subjects.as_slice() else { panic!("one subject") };
    assert_eq!(subject["validFrom"], "2026-03-01");
    assert_eq!(subject["validUntil"], "2046-03-01");
    assert_eq!(subject["issuingAuthority"], "望城区公安分局（演示）");
    assert_eq!(filled.number, "430112199003074016");
    assert_eq!(filled.holders[0].key.as_deref(), Some("did:key:z6Mk"));
    assert_eq!(filled.certificate["certificateNumber"], "430112199003074016");
    assert_eq!(filled.certificate["certificateHolderTypeCode"], "111");
    assert_eq!(filled.certificate["certificateHolderTypeName"], "公民身份号码");
    assert_eq!(filled.certificate["certificateExpiringDate"], "2046-03-01");
    assert_eq!(filled.certificate["certificateVersion"], "001");
    assert!(!subject.contains_key("portraitHash"), "empty optional cells are left out");
}

#[test]
fn a_filled_row_keeps_the_schema_of_the_whole_credential() {
    for (kind, row) in [("idCard", card()), ("marriage", marriage()), ("realEstate", house()), ("birth", birth())] {
        let mut filled = fill(kind, &row).unwrap();
        filled.bind(&[Some("did:key:a".to_owned()), Some("did:key:b".to_owned())]);
        let mut certificate = filled.certificate.clone();
        let identifier = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U";
        certificate.insert("certificateIdentifier".to_owned(), json!(identifier));
        let kind = Catalogue::embedded().unwrap().find(kind).unwrap();
        let credential = json!({"type": ["VerifiableCredential", kind.vc_type()],
            "credentialSubject": filled.credential_subject(), "certificate": certificate});
        assert_eq!(kind.check_credential(&credential), Ok(()), "{}", kind.code());
    }
}

#[test]
fn chinese_headers_are_columns_too() {
    let row = json!({"姓名": "张三", "性别": "1", "民族": "01", "出生日期": "1990-03-07", "住址": "演示路", "公民身份号码": "430112199003074016"});
    assert_eq!(fill("idCard", &row).unwrap().subjects[0]["name"], "张三");
    assert_eq!(errors("idCard", &with(row, "name", json!("李四"))).len(), 1);
}

#[test]
fn everything_wrong_is_told_at_once_in_both_languages() {
    let mut row = card();
    row["idNumber"] = json!("430112199003074017");
    row["sex"] = json!("先生");
    row["birthDate"] = json!("1990-02-30");
    row["nickname"] = json!("三三");
    row.as_object_mut().unwrap().remove("name");
    let found = errors("idCard", &row);
    for expected in [
        ("idNumber", "bad_code"),
        ("sex", "not_listed"),
        ("birthDate", "not_a_date"),
        ("nickname", "unknown_column"),
        ("name", "missing"),
    ] {
        assert!(found.contains(&(expected.0.to_owned(), expected.1)), "{expected:?} in {found:?}");
    }
    assert_eq!(found.len(), 5, "{found:?}");
    let told = fill("idCard", &row).unwrap_err();
    let id = told.iter().find(|error| error.field == "idNumber").unwrap();
    assert_eq!(id.zh, "公民身份号码：号码有误（位数或校验位不正确），请核对。");
    assert_eq!(id.en, "Citizen identity number has a wrong length or check digit. Check it.");
}

#[test]
fn spouses_hold_jointly_and_each_subject_is_whole() {
    let filled = fill("marriage", &marriage()).unwrap();
    let [first, second] = filled.subjects.as_slice() else { panic!("two subjects") };
    assert_eq!((&first["holderName"], &second["holderName"]), (&json!("张三"), &json!("李四")));
    assert_eq!(first["certNo"], "J430112-2026-000042");
    assert_eq!(second["certNo"], first["certNo"]);
    assert_eq!(filled.certificate["certificateHolderName"], "张三、李四");
    assert_eq!(filled.certificate["certificateHolderTypeCode"], "111、111");
    assert_eq!(filled.validity.until(), None);
    assert_eq!(filled.certificate["certificateExpiringDate"], "长期");
}

#[test]
fn co_owners_come_in_numbered_columns() {
    let mut filled = fill("realEstate", &house()).unwrap();
    assert_eq!(filled.subjects[1]["rightHolder"], "演示公司");
    assert_eq!(filled.certificate["certificateHolderTypeCode"], "111、001");
    filled.bind(&[Some("did:key:a".to_owned()), None]);
    let subject = filled.credential_subject();
    assert_eq!(subject[0]["id"], "did:key:a");
    assert_eq!(subject[1].get("id"), None);

    let mut alone = house();
    for column in ["rightHolder.1", "rightHolder.2", "certificateHolderCode.1", "certificateHolderCode.2"] {
        alone.as_object_mut().unwrap().remove(column);
    }
    alone["rightHolder"] = json!("张三");
    alone["certificateHolderCode"] = json!("430112199003074016");
    assert!(fill("realEstate", &alone).unwrap().credential_subject().is_object());

    let mut uncoded = house();
    uncoded.as_object_mut().unwrap().remove("certificateHolderCode.2");
    assert_eq!(errors("realEstate", &uncoded), [("certificateHolderCode.2".to_owned(), "missing")]);
    assert_eq!(
        errors("realEstate", &with(house(), "rightHolder.21", json!("王五"))),
        [("rightHolder.21".to_owned(), "holder_count")]
    );
    assert_eq!(
        errors("realEstate", &with(house(), "location.2", json!("x"))),
        [("location.2".to_owned(), "unknown_column")]
    );
    assert_eq!(
        errors("realEstate", &with(house(), "rightHolder.0", json!("x"))),
        [("rightHolder.0".to_owned(), "unknown_column")]
    );
}

#[test]
fn parents_hold_a_birth_certificate_whose_subject_is_the_child() {
    let mut filled = fill("birth", &birth()).unwrap();
    assert_eq!(filled.certificate["certificateHolderName"], "李四、张三");
    assert_eq!(filled.subjects[0]["heldBy"], json!([{"relation": "mother"}, {"relation": "father"}]));
    let keys: Vec<_> = filled.holders.iter().map(|holder| holder.key.clone()).collect();
    filled.bind(&keys);
    let child = filled.credential_subject();
    assert_eq!(child.get("id"), None);
    assert_eq!(child["heldBy"][1], json!({"relation": "father", "id": "did:key:f"}));

    let mut motherless = birth();
    motherless.as_object_mut().unwrap().remove("motherId");
    assert_eq!(errors("birth", &motherless), [("motherId".to_owned(), "missing")]);
    let mut fatherless = birth();
    for column in ["fatherName", "fatherId", "holderKey.2"] {
        fatherless.as_object_mut().unwrap().remove(column);
    }
    assert_eq!(fill("birth", &fatherless).unwrap().holders.len(), 1);
}

#[test]
fn a_guardian_holds_a_minors_card() {
    let row = with(with(card(), "guardianName", json!("李四")), "guardianCode", json!("11010519491231002x"));
    let filled = fill("idCard", &row).unwrap();
    assert_eq!(filled.holders[0].relation, "guardian");
    assert_eq!(filled.certificate["certificateHolderCode"], "11010519491231002X");
    assert_eq!(filled.subjects[0]["heldBy"], json!([{"relation": "guardian"}]));
    assert_eq!(
        errors("idCard", &with(card(), "guardianName", json!("李四"))),
        [("guardianCode".to_owned(), "missing")]
    );
    assert_eq!(errors("nurse", &with(json!({}), "guardianName", json!("李四")))[0].1, "unknown_column");
}

#[test]
fn validity_that_the_rule_forbids_is_refused() {
    assert_eq!(
        errors("idCard", &with(card(), "validUntil", json!("长期"))),
        [("validUntil".to_owned(), "not_permanent")]
    );
    assert_eq!(
        errors("idCard", &with(card(), "validUntil", json!("2020-01-01"))),
        [("validUntil".to_owned(), "ends_before_begin")]
    );
    let given = fill("idCard", &with(card(), "validFrom", json!("2020-05-01"))).unwrap();
    assert_eq!(given.validity.until().unwrap().to_string(), "2040-05-01");
    assert_eq!(given.certificate["certificateIssuedDate"], "2020-05-01");
}

#[test]
fn a_number_is_given_made_or_missing() {
    let given = with(marriage(), "certNo", json!("J430112-2021-000123"));
    assert_eq!(fill("marriage", &given).unwrap().number, "J430112-2021-000123");
    assert_eq!(
        errors("marriage", &with(marriage(), "certNo", json!("J43-21"))),
        [("certNo".to_owned(), "bad_pattern")]
    );
    let kind = Catalogue::embedded().unwrap().find("marriage").unwrap();
    let needs = |row: &Value| kind.needs_sequence(row.as_object().unwrap());
    assert!(needs(&marriage()) && needs(&with(marriage(), "certNo", json!(" "))));
    assert!(!needs(&given) && !needs(&with(marriage(), "证照编号", json!("J430112-2021-000123"))));
    let none = Issuing { sequence: None, ..issuing() };
    assert_eq!(kind.fill(given.as_object().unwrap(), &none).unwrap().number, "J430112-2021-000123");
    assert_eq!(kind.fill(marriage().as_object().unwrap(), &none).unwrap_err()[0].code, "no_number");
}

#[test]
fn a_number_that_could_not_be_made_is_not_told_beside_the_field_that_it_is_made_of() {
    let row = json!({ "name": "张演示", "sex": "1", "idNumber": "430112198503140011", "category": "4", "grade": "3",
        "address": "演示路1号", "issueDate": "2026-03-02", "approvingOrg": "望城区残疾人联合会（演示）" });
    assert_eq!(fill("disability", &row).unwrap().number, "43011219850314001143");
    let told = |row: &Value| {
        let errors = fill("disability", row).unwrap_err();
        errors.into_iter().map(|error| (error.field, error.code)).collect::<Vec<_>>()
    };
    assert_eq!(told(&with(row.clone(), "grade", json!("9"))), [("grade".to_owned(), "not_listed")]);
    assert_eq!(told(&with(row, "grade", json!(""))), [("grade".to_owned(), "missing")]);
}

#[test]
fn metadata_columns_are_checked_too() {
    let row = with(card(), "certificateIssuingAuthorityLevel", json!("区县级"));
    assert_eq!(fill("idCard", &row).unwrap().certificate["certificateIssuingAuthorityLevel"], "区县级");
    let wrong = with(card(), "certificateIssuingAuthorityLevel", json!("区里"));
    assert_eq!(errors("idCard", &wrong), [("certificateIssuingAuthorityLevel".to_owned(), "not_listed")]);
    assert_eq!(errors("idCard", &with(card(), "certificateVersion", json!("002")))[0].1, "unknown_column");
}

#[test]
fn the_header_of_every_type_is_understood_by_its_own_reader() {
    for kind in Catalogue::embedded().unwrap().types() {
        for holders in [1, 3] {
            for column in kind.columns(holders) {
                let name = column.split('.').next().unwrap();
                assert_eq!(kind.column_name(name), Some(name), "{} {column}", kind.code());
                assert!(!kind.column_label(&column).get(Lang::Zh).is_empty());
            }
        }
    }
    let house = Catalogue::embedded().unwrap().find("realEstate").unwrap();
    assert!(house.columns(2).ends_with(
        &["certificateHolderCode.1", "certificateHolderCode.2", "holderKey.1", "holderKey.2"].map(str::to_owned)
    ));
}

#[test]
fn birth_and_sex_agree_with_the_number_that_says_them_too() {
    let wrong = |row: Value| errors("idCard", &row);
    let disagrees = |field: &str| (field.to_owned(), "disagrees");
    assert_eq!(wrong(with(card(), "birthDate", json!("1990-03-08"))), [disagrees("birthDate")]);
    assert_eq!(wrong(with(card(), "sex", json!("女"))), [disagrees("sex")]);
    let both = with(with(card(), "sex", json!("2")), "birthDate", json!("1991-03-07"));
    assert_eq!(wrong(both), [disagrees("birthDate"), disagrees("sex")]);
    assert!(fill("idCard", &with(card(), "sex", json!("9"))).is_ok(), "not told is no disagreement");
    assert_eq!(wrong(with(card(), "idNumber", json!("430112199003074017"))), [("idNumber".to_owned(), "bad_code")]);
    let error = fill("idCard", &with(card(), "sex", json!("女"))).unwrap_err().remove(0);
    assert_eq!(error.zh, "性别：与身份号码不一致，请核对两处。");
    let wrong = with(marriage(), "partyBBirth", json!("1950-01-01"));
    assert_eq!(errors("marriage", &wrong), [disagrees("partyBBirth")]);
}
