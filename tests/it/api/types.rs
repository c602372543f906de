//! What an agency may issue, how much of it there is, and files of rows read for it.

use certless::base::json::json;
use certless::domain::account::StaffRole;
use rust_xlsxwriter::Workbook;

use crate::support::city::TestCity;
use crate::support::roles::{Agency, stock};
use crate::support::staff::at_work;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

#[test]
fn an_agency_sees_its_own_types_with_how_many_it_issued() {
    let city = TestCity::start();
    let agency = Agency::new(&city, "GA");
    for row in stock("idCard").take(3) {
        agency.issue(row);
    }
    let answer = city.get(Some(agency.token()), "/api/types", "*/*").json();
    assert_eq!(answer["agency"]["code"], "GA");
    let types = answer["types"].as_array().unwrap();
    let count = |code: &str| types.iter().find(|one| one["code"] == code).map(|one| one["count"].clone());
    assert_eq!(count("idCard"), Some(json!(3)));
    assert_eq!(count("householdRegister"), Some(json!(0)));
    assert_eq!(count("businessLicense"), None, "another agency's");
    let listed = city.get(Some(agency.token()), "/api/credentials?type=idCard", "*/*").json();
    assert_eq!(listed["credentials"].as_array().unwrap().len(), 3);
    let none = city.get(Some(agency.token()), "/api/credentials?type=householdRegister", "*/*").json();
    assert_eq!(none["credentials"], json!([]));
}

#[test]
fn those_who_watch_name_the_agency_and_see_the_same_counts() {
    let city = TestCity::start();
    let agency = Agency::new(&city, "GA");
    agency.issue(stock("idCard").next().unwrap());
    let supervisor = at_work(&city, "supervisor", StaffRole::Supervisor, "");
    let asked = |path: &str| city.get(Some(&supervisor), path, "*/*");
    assert_eq!(asked("/api/types").status, 400, "no agency named");
    let own = city.get(Some(agency.token()), "/api/types", "*/*").json();
    assert_eq!(asked("/api/types?agency=GA").json(), own);
    let other = asked("/api/types?agency=YB").json();
    assert_eq!(other["agency"]["code"], "YB");
    assert!(other["types"].as_array().unwrap().iter().all(|one| one["code"] != "idCard"), "{other}");
    let elsewhere = city.get(Some(agency.token()), "/api/types?agency=YB", "*/*");
    assert_eq!(elsewhere.status, 403, "an agency sees its own only");
}

#[test]
fn a_file_is_read_and_its_columns_are_told_by_name_and_by_label() {
    let city = TestCity::start();
    let path = "/api/tables?type=idCard";
    let csv = "\u{feff}姓名,idNumber,电话\n张演示,430112199003074016,1\n李演示,,\n";
    let got = city.send(Some(&city.token), path, "text/csv", csv.as_bytes());
    assert_eq!(got.status, 200, "{}", got.text);
    let table = got.json();
    let columns: Vec<_> = table["columns"].as_array().unwrap().iter().map(|one| one["column"].clone()).collect();
    assert_eq!(columns, [json!("name"), json!("idNumber"), json!(null)]);
    assert_eq!(table["rows"][0]["line"], 2);
    assert_eq!(table["rows"][0]["cells"]["姓名"], "张演示");
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (r, line) in csv.trim_start_matches('\u{feff}').lines().enumerate() {
        for (c, cell) in line.split(',').enumerate() {
            sheet.write(u32::try_from(r).unwrap(), u16::try_from(c).unwrap(), cell).unwrap();
        }
    }
    let same = city.send(Some(&city.token), path, XLSX, &book.save_to_buffer().unwrap()).json();
    assert_eq!(same["rows"], table["rows"], "the same rows under the same keys");
    assert_ne!(table["rows"][0]["key"], table["rows"][1]["key"]);
}

#[test]
fn a_file_that_is_no_table_says_what_to_do() {
    let city = TestCity::start();
    let send = |path: &str, media: &str, body: &[u8]| city.send(Some(&city.token), path, media, body);
    for (media, body) in
        [("text/csv", &b"name\n"[..]), (XLSX, b"PK no workbook"), ("application/json", b"[]"), ("text/csv", b"")]
    {
        let got = send("/api/tables?type=idCard", media, body);
        assert_eq!((got.status, got.media.as_str()), (400, "application/problem+json"), "{media}: {}", got.text);
    }
    assert_eq!(send("/api/tables?type=none", "text/csv", b"a\n1\n").status, 400);
}

#[test]
fn a_refused_row_can_be_mended_and_comes_back_under_its_own_key() {
    let city = TestCity::start();
    let first = city.send(Some(&city.token), "/api/tables?type=idCard", "text/csv", "name\n张演示\n".as_bytes());
    let report = "row,field,code,reasonZh,reasonEn,name\n2,idNumber,missing,缺,missing,张演示\n";
    let again = city.send(Some(&city.token), "/api/tables?type=idCard", "text/csv", report.as_bytes()).json();
    assert_eq!(again["columns"].as_array().unwrap().len(), 1, "the reasons are passed over: {again}");
    assert_eq!(again["rows"][0]["key"], first.json()["rows"][0]["key"]);
}

#[test]
fn the_documents_that_schemas_refer_to_are_published() {
    let city = TestCity::start();
    for name in ["code-lists", "certificate-metadata"] {
        let got = city.get(None, &format!("/schemas/{name}"), "*/*");
        assert_eq!((got.status, got.media.as_str()), (200, "application/schema+json"));
        assert_eq!(got.json()["$id"], format!("/schemas/{name}"));
    }
}
