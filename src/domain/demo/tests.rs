//! The whole city: counts, determinism, agreement between registers, and fields that the types ask for.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;

use super::*;
use crate::base::codes::CitizenId;
use crate::base::json::Value;
use crate::base::time::parse_date;
use crate::domain::agency::Agencies;
use crate::domain::catalogue::{Catalogue, Issuing};

const TODAY: Date = date(2026, 11, 22);

fn demo() -> DemoCity {
    city("demo", TODAY).unwrap()
}

fn text<'a>(row: &'a StockRow, field: &str) -> &'a str {
    row.values[field].as_str().unwrap_or_else(|| panic!("{field} of {} is no text", row.type_code))
}

fn of<'a>(city: &'a DemoCity, kind: &'a str) -> impl Iterator<Item = &'a StockRow> {
    city.stock.iter().filter(move |row| row.type_code.as_str() == kind)
}

#[test]
fn the_city_is_large_enough_and_has_all_ten_types() {
    let city = demo();
    assert!(city.residents.len() >= 500, "{} residents", city.residents.len());
    assert!(city.enterprises.len() >= 50);
    assert!(city.stock.len() >= 5000, "{} licences", city.stock.len());
    let mut counts = BTreeMap::new();
    for row in &city.stock {
        *counts.entry(row.type_code.as_str()).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 10, "{counts:?}");
    assert!(counts.values().all(|&count| count >= 50), "{counts:?}");
    assert_eq!(counts["idCard"], city.residents.len());
}

#[test]
fn the_same_seed_and_day_give_the_same_city() {
    assert_eq!(demo().stock, demo().stock);
    assert_ne!(demo().stock, city("other", TODAY).unwrap().stock);
    assert_ne!(demo().stock, city("demo", date(2026, 11, 23)).unwrap().stock);
}

#[test]
fn row_keys_are_unique_and_every_agency_may_issue_what_it_keeps() {
    let (city, agencies) = (demo(), Agencies::shipped().unwrap());
    let mut keys = BTreeSet::new();
    for row in &city.stock {
        assert!(keys.insert((&row.agency, &row.type_code, &row.row_key)), "{} twice", row.row_key);
        assert!(agencies.find(&row.agency).unwrap().may_issue(&row.type_code));
        assert!(!row.holders.is_empty());
    }
}

/// The schema's required fields are there, and no field that it does not know.
#[test]
fn every_row_has_the_fields_its_type_asks_for() {
    let city = demo();
    let mut schemas = BTreeMap::new();
    for row in &city.stock {
        let kind = row.type_code.as_str();
        let schema = schemas.entry(kind).or_insert_with(|| {
            let path = format!("{}/schemas/credentials/{kind}.1.json", env!("CARGO_MANIFEST_DIR"));
            let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            schema["$defs"]["subject"].clone()
        });
        for required in schema["required"].as_array().unwrap() {
            let required = required.as_str().unwrap();
            let numbered = format!("{required}.1");
            assert!(row.values.contains_key(required) || row.values.contains_key(&numbered), "{kind}: {required}");
        }
        for (column, value) in &row.values {
            assert!(table::columns(&row.type_code).contains(&column.as_str()), "{kind}: no column {column}");
            let field = column.trim_end_matches(|c: char| c == '.' || c.is_ascii_digit());
            if field == "certificateHolderCode" {
                continue;
            }
            let known = &schema["properties"][field];
            assert!(known.is_object(), "{kind} has no {field}");
            if let Some(choices) = known["enum"].as_array() {
                assert!(choices.contains(value), "{kind}.{field}: {value}");
            }
            if known["type"] == "integer" {
                assert!(value.is_u64(), "{kind}.{field}: {value}");
            }
        }
    }
}

#[test]
fn a_person_is_the_same_in_every_register() {
    let city = demo();
    let people: BTreeMap<_, _> = city.residents.iter().map(|one| (one.id.to_string(), one)).collect();
    let mut compared = 0;
    for row in &city.stock {
        for holder in row.holders.iter().filter(|holder| holder.code_type == "111") {
            assert_eq!(people[&holder.code].name, holder.name);
        }
        let [holder] = row.holders.as_slice() else { continue };
        let (Some(one), true) = (people.get(&holder.code), row.type_code.as_str() != "birth") else { continue };
        for field in ["address", "birthDate", "sex", "ethnicity", "idNumber", "ssn", "licenceNo"] {
            let Some(value) = row.values.get(field) else { continue };
            let expected = match field {
                "address" => one.address.clone(),
                "birthDate" => one.birth().to_string(),
                "sex" => one.id.sex().code().to_string(),
                "ethnicity" => one.ethnicity.to_owned(),
                _ => one.id.to_string(),
            };
            assert_eq!(value, &Value::String(expected), "{} of {}", field, row.type_code);
            compared += 1;
        }
    }
    assert!(compared > 10_000, "only {compared} fields were compared");
}

#[test]
fn every_licence_is_valid_on_the_day() {
    let city = demo();
    for row in &city.stock {
        for field in ["validFrom", "issueDate", "registerDate", "approvalDate", "established", "firstIssue"] {
            if let Some(from) = row.values.get(field) {
                assert!(parse_date(from.as_str().unwrap()).unwrap() <= TODAY, "{}.{field}", row.type_code);
            }
        }
        match row.values.get("validUntil").and_then(Value::as_str) {
            None | Some("长期") => {}
            Some(until) => assert!(parse_date(until).unwrap() >= TODAY, "{} until {until}", row.type_code),
        }
    }
}

#[test]
fn identity_cards_last_by_age_at_issue() {
    let city = demo();
    let mut seen = BTreeSet::new();
    for row in of(&city, "idCard") {
        let from = parse_date(text(row, "validFrom")).unwrap();
        let age = CitizenId::parse(text(row, "idNumber")).unwrap().age_on(from);
        let years = match age {
            0..16 => 5,
            16..26 => 10,
            26..46 => 20,
            _ => 0,
        };
        let until = if years == 0 { "长期".to_owned() } else { dice::years_after(from, years).to_string() };
        assert_eq!(text(row, "validUntil"), until, "issued at {age}");
        seen.insert(years);
    }
    assert_eq!(seen.len(), 4);
}

#[test]
fn joint_and_parental_licences_have_the_right_holders() {
    let city = demo();
    for row in of(&city, "marriage") {
        assert_eq!(row.holders.len(), 2);
        assert_eq!(row.holders[0].code, text(row, "partyAId"));
        assert_eq!(row.holders[1].code, text(row, "partyBId"));
        assert_eq!(row.cell("holderName.1"), row.holders[0].name);
        assert_eq!(row.cell("holderName.2"), row.holders[1].name);
    }
    let subjects: BTreeMap<_, _> = city.residents.iter().map(|one| (&one.name, one.birth())).collect();
    let mut fatherless = 0;
    for row in of(&city, "birth") {
        assert_eq!(row.holders[0].code, text(row, "motherId"));
        assert!(row.holders.iter().all(|holder| holder.name != text(row, "babyName")));
        assert!(subjects.contains_key(&text(row, "babyName").to_owned()));
        fatherless += usize::from(!row.values.contains_key("fatherId"));
        assert_eq!(row.holders.len(), 1 + usize::from(row.values.contains_key("fatherId")));
    }
    assert!(fatherless > 0);
    let owners: BTreeSet<_> =
        of(&city, "realEstate").map(|row| (row.holders.len(), text(row, "coOwnership"))).collect();
    assert_eq!(owners, BTreeSet::from([(1, "单独所有"), (2, "共同共有"), (2, "按份共有")]));
    assert!(of(&city, "realEstate").any(|row| row.holders[0].code_type == "001"));
}

#[test]
fn the_files_of_the_agencies_hold_every_row_once() {
    let city = demo();
    let mut rows = 0;
    let files = city.files();
    for (agency, type_code) in &files {
        let mut out = Vec::new();
        rows += city.write_csv(agency, type_code, &mut out).unwrap();
        let mut reader = csv::Reader::from_reader(out.as_slice());
        let heading = reader.headers().unwrap().clone();
        assert_eq!(&heading[0], "rowKey");
        for (record, row) in reader.records().zip(city.stock_of(agency, type_code)) {
            let record = record.unwrap();
            assert_eq!(record[0], row.row_key);
            for (column, cell) in heading.iter().zip(&record).skip(1) {
                assert_eq!(cell, row.cell(column));
            }
        }
    }
    assert_eq!((files.len(), rows), (10, city.stock.len()));
    let home = of(&city, "realEstate").find(|row| row.holders.len() == 2).unwrap();
    assert_eq!(home.cell("certificateHolderCode.2"), home.holders[1].code);
    assert_eq!(home.cell("rightHolder.2"), home.holders[1].name);
}

#[test]
fn everyone_and_everything_is_marked_as_demo() {
    let city = demo();
    for row in &city.stock {
        let marked = row.values.values().any(|value| value.to_string().contains("演示"));
        assert!(marked, "{} {} carries no mark", row.type_code, row.row_key);
    }
}

/// What the agencies have is what issuing takes: every row becomes a credential's content, with the same holders.
#[test]
fn every_row_can_be_issued() {
    let (city, agencies, types) = (demo(), Agencies::shipped().unwrap(), Catalogue::embedded().unwrap());
    for row in &city.stock {
        let agency = agencies.find(&row.agency).unwrap();
        let issuing = Issuing {
            agency_name: &agency.name.zh,
            agency_code: agency.uscc.as_str(),
            division: agency.division.as_str(),
            place: "望城区",
            province: "湘",
            today: TODAY,
            sequence: None,
            version: 1,
        };
        let kind = types.find(row.type_code.as_str()).unwrap();
        let filled = kind.fill(&row.values, &issuing);
        let filled = filled.unwrap_or_else(|errors| panic!("{} {}: {errors:?}", row.type_code, row.row_key));
        let holders: Vec<_> = filled.holders.iter().map(|one| (&one.name, &one.code, one.code_type.as_str())).collect();
        let expected: Vec<_> = row.holders.iter().map(|one| (&one.name, &one.code, one.code_type)).collect();
        assert_eq!(holders, expected, "{} {}", row.type_code, row.row_key);
        assert!(row.row_key.starts_with(&filled.number), "{} of {}", filled.number, row.type_code);
    }
}
