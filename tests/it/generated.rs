//! Files that code generates equal what stands in the repository.
//!
//! `CERTLESS_UPDATE=1 cargo test --test it generated` writes them anew; look at the difference before committing it.

use std::fs;
use std::path::PathBuf;

use certless::app::config::{Config, schema::schema};
use certless::domain::error::ErrorKind;
use certless::http;
use serde_json::{Value, json};

/// Compares a value with a file of `schemas/`, or writes it when asked to.
#[track_caller]
fn same(name: &str, generated: &Value) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schemas").join(name);
    let text = format!("{}\n", serde_json::to_string_pretty(generated).unwrap());
    if std::env::var_os("CERTLESS_UPDATE").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(there == text, "schemas/{name} is out of date: CERTLESS_UPDATE=1 cargo test --test it generated");
}

#[test]
fn config_schema() {
    same("config.schema.json", &schema());
}

#[test]
fn openapi() {
    same("openapi.json", &http::openapi::document(&http::routes()));
}

#[test]
fn problem_types() {
    let kinds = ErrorKind::ALL.map(http::documents::problem_type);
    same("problems.json", &json!({"problems": kinds}));
}

#[test]
fn the_config_schema_and_the_reader_agree() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let default = serde_json::to_value(Config::default()).unwrap();
    assert!(validator.is_valid(&default));
    let cases = [
        json!({}),
        json!({"keys": "/srv/keys", "listen": "[::1]:9000", "baseUrl": "https://[::1]:9000"}),
        json!({"fetch": {"hosts": ["a.example"], "bytes": 1024}}),
        json!({"limits": {"requestSeconds": 600}, "store": {"cacheBytes": 16_777_216}}),
        json!({"log": {"format": "json", "filter": "warn"}}),
        json!({"key": "/srv/keys"}),
        json!({"fetch": {"hosts": "a.example"}}),
        json!({"fetch": {"bytes": 1023}}),
        json!({"limits": {"requestSeconds": 601}}),
        json!({"store": {"cacheBytes": 16_777_215}}),
        json!({"log": {"format": "xml"}}),
        json!({"baseUrl": "https://a.example/"}),
        json!({"baseUrl": 1}),
        json!({"data": ""}),
        json!({"fetch": []}),
        json!([]),
    ];
    let mut accepted = 0;
    for case in cases {
        let read = Config::parse(case.to_string().as_bytes());
        assert_eq!(validator.is_valid(&case), read.is_ok(), "{case}: {read:?}");
        accepted += usize::from(read.is_ok());
    }
    assert_eq!(accepted, 5);
}

#[test]
fn every_field_of_the_config_is_described() {
    fn walk(path: &str, schema: &Value) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}/{name}");
            assert!(property["description"].as_str().is_some_and(|text| text.len() > 10), "{path} has no description");
            walk(&path, property);
        }
    }
    walk("", &schema());
}
