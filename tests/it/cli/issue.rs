//! `certless issue`: rows of a file become credentials, the others are told why not; again is harmless.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use certless::base::json::{Map, Value, json};
use rust_xlsxwriter::Workbook;

use super::run::{Place, csv_of, first_id, identity_cards};
use crate::support::city::TestCity;

/// Twenty rows; lines 4, 9 and 21 of the file are bad.
fn rows() -> Vec<Vec<String>> {
    let mut rows = identity_cards(20);
    let column = |name: &str| rows[0].iter().position(|column| column == name).unwrap();
    let (number, born, name) = (column("idNumber"), column("birthDate"), column("name"));
    let last = if rows[3][number].ends_with('1') { '2' } else { '1' };
    rows[3][number].pop();
    rows[3][number].push(last);
    rows[8][born] = "1990-02-30".to_owned();
    rows[20][name].clear();
    rows
}

fn objects(rows: &[Vec<String>]) -> Vec<Map> {
    let object = |row: &Vec<String>| {
        let cells = rows[0].iter().zip(row).map(|(name, cell)| (name.clone(), Value::from(cell.as_str())));
        cells.collect()
    };
    rows[1..].iter().map(object).collect()
}

fn workbook(rows: &[Vec<String>]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (line, row) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(row) {
            sheet.write(line, column, cell.as_str()).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

#[test]
fn good_rows_are_issued_and_bad_ones_told_in_every_kind_of_file() {
    let (place, rows) = (Place::with_city(), rows());
    place.write("cards.csv", csv_of(&rows));
    let ran = place.issue("cards.csv", &["--out", "issued"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.answers.contains("17 issued, 3 refused, 0 issued before"), "{ran:?}");
    for (line, field) in [(4, "idNumber [bad_code]"), (9, "birthDate [not_a_date]"), (21, "name [missing]")] {
        let told = ran.answers.lines().find(|told| told.starts_with(&format!("row {line}  refused"))).unwrap();
        assert!(told.contains(field), "{told}");
    }
    check_refused(&place, &rows);
    check_issued(&place);

    let again = "0 issued, 3 refused, 17 issued before";
    place.write("cards.xlsx", workbook(&rows));
    let lines: Vec<_> = objects(&rows).into_iter().map(|row| json!(row).to_string()).collect();
    place.write("cards.jsonl", lines.join("\n"));
    place.write("cards.json", json!(objects(&rows)).to_string());
    for file in ["cards.csv", "cards.xlsx", "cards.jsonl", "cards.json"] {
        let ran = place.issue(file, &[]);
        assert_eq!(ran.code, 1, "{file}: {ran:?}");
        assert!(ran.answers.contains(again), "{file}: {ran:?}");
        assert!(place.path(&format!("{file}.errors.csv")).exists(), "{file}");
    }

    let ran = place.issue("cards.csv", &["--lang", "zh"]);
    assert!(ran.answers.contains("已签发 0，未签发 3，此前已签发 17"), "{ran:?}");
    assert!(ran.answers.contains("第 4 行  未签发  idNumber [bad_code] 公民身份号码："), "{ran:?}");
}

/// The file of refused rows: place, reasons in both languages, and the rows as they were.
fn check_refused(place: &Place, rows: &[Vec<String>]) {
    let file = place.path("issued/cards.csv.errors.csv");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    let text = text.strip_prefix('\u{feff}').unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heading: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(heading[..5], ["row", "field", "code", "reasonZh", "reasonEn"]);
    assert_eq!(heading[5..], rows[0]);
    let refused: Vec<Vec<String>> =
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
    assert_eq!(refused.len(), 3);
    assert_eq!(refused[0][..3], ["4", "idNumber", "bad_code"]);
    assert!(refused[0][3].starts_with("公民身份号码：") && refused[0][4].contains("check digit"), "{refused:?}");
    for (record, row) in refused.iter().zip([&rows[3], &rows[8], &rows[20]]) {
        assert_eq!(record[5..], **row);
    }
}

/// Every credential is a file that only its owner reads, named after its identifier.
fn check_issued(place: &Place) {
    let files = fs::read_dir(place.path("issued")).unwrap().map(|entry| entry.unwrap().path());
    let packages: Vec<_> = files.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
    assert_eq!(packages.len(), 17);
    for path in packages {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let package: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(path.file_stem().unwrap().to_str(), package["id"].as_str());
        assert_eq!(package["credential"]["id"], format!("urn:certless:{}", package["id"].as_str().unwrap()));
    }
}

#[test]
fn a_dry_run_issues_nothing() {
    let (place, rows) = (Place::with_city(), rows());
    place.write("cards.csv", csv_of(&rows));
    let ran = place.issue("cards.csv", &["--dry-run"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.answers.contains("17 can be issued, 3 refused"), "{ran:?}");
    assert!(place.path("cards.csv.errors.csv").exists());
    let ran = place.issue("cards.csv", &[]);
    assert!(ran.answers.contains("17 issued, 3 refused, 0 issued before"), "{ran:?}");
}

#[test]
fn refused_rows_are_mended_in_their_own_file() {
    let (place, rows, good) = (Place::with_city(), rows(), identity_cards(20));
    place.write("cards.csv", csv_of(&rows));
    assert_eq!(place.issue("cards.csv", &[]).code, 1);
    let mended = fs::read_to_string(place.path("cards.csv.errors.csv")).unwrap();
    let mended = mended.replace(&rows[3].join(","), &good[3].join(","));
    let mended =
        mended.replace(&rows[8].join(","), &good[8].join(",")).replace(&rows[20].join(","), &good[20].join(","));
    place.write("mended.csv", mended);
    let ran = place.issue("mended.csv", &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.answers.contains("3 issued, 0 refused, 0 issued before"), "{ran:?}");
}

#[test]
fn rows_without_a_key_are_known_by_their_content_and_bound_to_the_key_that_is_given() {
    let place = Place::with_city();
    let rows: Vec<_> = identity_cards(3).into_iter().map(|row| row[1..].to_vec()).collect();
    let twice = [rows.clone(), vec![rows[1].clone()]].concat();
    place.write("cards.csv", csv_of(&twice));
    let key = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    let ran = place.issue("cards.csv", &["--holder-key", key, "--out", "."]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.answers.contains("3 issued, 0 refused, 1 issued before"), "{ran:?}");
    let package = fs::read(place.path(&format!("{}.json", first_id(&ran, "row 2")))).unwrap();
    let package: Value = serde_json::from_slice(&package).unwrap();
    assert_eq!(package["copies"][0]["holder"], key);
    let ran = place.issue("cards.csv", &["--holder-key", key]);
    assert!(ran.answers.contains("0 issued, 0 refused, 4 issued before"), "{ran:?}");
}

#[test]
fn what_cannot_be_done_names_file_line_and_next_step() {
    let place = Place::with_city();
    place.write("twice.csv", "name,name\n1,2\n");
    place.write("cards.csv", csv_of(&identity_cards(1)));
    place.write("cards.ods", "");
    let cases: [(&str, &[&str], &str); 5] = [
        ("twice.csv", &[], "twice.csv: line 1: The heading names name twice."),
        ("cards.ods", &[], "cards.ods is no table: use a .csv, .xlsx, .json or .jsonl file."),
        ("none.csv", &[], "none.csv"),
        ("cards.csv", &["--type", "idCards"], "There is no credential type idCards."),
        ("cards.csv", &["--agency", "XX"], "There is no agency XX."),
    ];
    for (file, more, said) in cases {
        let mut arguments = vec!["issue", "--in", file, "--data", "city"];
        for (option, usual) in [("--agency", "GA"), ("--type", "idCard")] {
            if more.first() != Some(&option) {
                arguments.extend([option, usual]);
            }
        }
        arguments.extend(more);
        let ran = place.certless(&arguments);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.notes.contains(said), "{said}: {ran:?}");
    }
    let ran = place.certless(&["issue", "--agency", "MZ", "--type", "idCard", "--in", "cards.csv", "--data", "city"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.notes.contains("may not issue"), "{ran:?}");
}

#[test]
fn a_held_store_says_how_to_ask_its_server() {
    let place = Place::with_city();
    place.write("cards.csv", csv_of(&identity_cards(1)));
    let mut config = certless::app::config::Config::load(&place.path("city/certless.json")).unwrap();
    config.data = place.path("city");
    config.keys = Some(place.path("city/keys"));
    let held = certless::app::open::city(&config).unwrap();
    let ran = place.issue("cards.csv", &[]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.notes.contains("Use --server URL --token FILE"), "{ran:?}");
    let ran = place.issue("cards.csv", &["--lang", "zh"]);
    assert!(ran.notes.contains("请改用 --server 网址 --token 文件"), "{ran:?}");
    drop(held);
}

#[test]
fn a_server_issues_the_same_way() {
    let (place, city, rows) = (Place::empty(), TestCity::start(), rows());
    place.write("cards.csv", csv_of(&rows));
    place.write("GA.token", format!("{}\n", city.token));
    let issue = |agency: &str, token: &str, more: &[&str]| {
        let fixed = ["issue", "--agency", agency, "--type", "idCard", "--in", "cards.csv"];
        place.certless(&[&fixed[..], &["--server", &city.base, "--token", token], more].concat())
    };
    let ran = issue("GA", "GA.token", &["--dry-run"]);
    assert!(ran.answers.contains("17 can be issued, 3 refused"), "{ran:?}");
    let ran = issue("GA", "GA.token", &["--out", "issued"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.answers.contains("17 issued, 3 refused, 0 issued before"), "{ran:?}");
    check_refused(&place, &rows);
    check_issued(&place);
    let ran = issue("GA", "GA.token", &["--lang", "zh"]);
    assert!(ran.answers.contains("已签发 0，未签发 3，此前已签发 17"), "{ran:?}");
    assert!(ran.answers.contains("第 4 行  未签发  idNumber [bad_code] 公民身份号码："), "{ran:?}");

    let ran = issue("MZ", "GA.token", &[]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.notes.contains("The token is of GA"), "{ran:?}");
    place.write("wrong.token", "wrong");
    let ran = issue("GA", "wrong.token", &[]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.notes.contains("access token"), "{ran:?}");
    let ran = place.certless(&[
        "issue",
        "--agency",
        "GA",
        "--type",
        "idCard",
        "--in",
        "cards.csv",
        "--server",
        "http://127.0.0.1:9",
        "--token",
        "GA.token",
    ]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.notes.contains("Is the server running"), "{ran:?}");
}
