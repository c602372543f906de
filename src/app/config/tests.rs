//! Configuration files, good and bad.

use std::path::PathBuf;

use super::{Config, LogFormat};

fn refused(text: &str) -> &'static str {
    Config::parse(text.as_bytes()).unwrap_err().code
}

#[test]
fn an_empty_file_is_the_default_city() {
    let config = Config::parse(b"{}").unwrap();
    assert_eq!(config, Config::default());
    assert_eq!(config.check(), Ok(()));
    assert_eq!(config.base_url, "http://127.0.0.1:8080");
    assert_eq!(config.keys_folder(), PathBuf::from("certless-data/keys"));
    assert!(config.fetch.hosts.is_empty() && !config.fetch.loopback && !config.conformance);
}

#[test]
fn named_fields_change_and_the_others_stay() {
    let config = Config::parse(
        br#"{"baseUrl":"https://licence.example","listen":"[::]:443","keys":"/srv/keys","log":{"format":"json"},
            "fetch":{"hosts":["*.gov.example","peer.example:8443"],"seconds":2}}"#,
    )
    .unwrap();
    assert_eq!(config.keys_folder(), PathBuf::from("/srv/keys"));
    assert_eq!(config.log.format, LogFormat::Json);
    let policy = config.fetch_policy().unwrap();
    assert!(policy.hosts.permits("a.gov.example", 443) && policy.hosts.permits("peer.example", 8443));
    assert_eq!((policy.total.as_secs(), policy.max_redirects), (2, 3));
    let again = serde_json::to_vec(&config).unwrap();
    assert_eq!(Config::parse(&again).unwrap(), config);
}

#[test]
fn a_misspelt_field_is_refused() {
    for text in [
        r#"{"baseURL":"https://a.example"}"#,
        r#"{"fetch":{"host":[]}}"#,
        r#"{"limits":{"body":1}}"#,
        r#"{"listen":"8080"}"#,
        r#"{"log":{"format":"xml"}}"#,
        r#"{"fetch":{"seconds":-1}}"#,
        r#"{"fetch":{"redirects":300}}"#,
        r#"{"conformance":"yes"}"#,
        r#"{"fetch":[["*"]]}"#,
    ] {
        assert_eq!(refused(text), "config_malformed", "{text}");
    }
    assert!(Config::parse(br#"{"data":"a","data":"b"}"#).is_err());
    assert!(Config::parse(b"").is_err() && Config::parse(b"[]").is_err());
}

#[test]
fn values_out_of_range_are_refused_with_their_name() {
    for text in [
        r#"{"baseUrl":"licence.example"}"#,
        r#"{"baseUrl":"https://licence.example/"}"#,
        r#"{"baseUrl":"https://licence.example/a"}"#,
        r#"{"baseUrl":"https://u@licence.example"}"#,
        r#"{"baseUrl":"https://licence.example:0"}"#,
        r#"{"baseUrl":"https://"}"#,
        r#"{"baseUrl":"https://[zz]"}"#,
        r#"{"fetch":{"hosts":["https://a.example"]}}"#,
        r#"{"fetch":{"seconds":0}}"#,
        r#"{"data":""}"#,
        r#"{"keys":""}"#,
        r#"{"log":{"filter":""}}"#,
        r#"{"limits":{"batchRows":0}}"#,
        r#"{"store":{"freeBytes":1}}"#,
    ] {
        assert_eq!(refused(text), "config_value", "{text}");
    }
    let error = Config::parse(br#"{"store":{"freeBytes":1}}"#).unwrap_err();
    assert!(error.detail.starts_with("store.freeBytes: 1 is not within"), "{error}");
    for url in ["https://licence.example", "http://127.0.0.1:8080", "https://[::1]:8443", "https://[2001:db8::1]"] {
        assert!(super::bounds::is_origin(url), "{url}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("city.json");
    let missing = Config::load(&path).unwrap_err();
    assert_eq!(missing.code, "config_unreadable");
    std::fs::write(&path, r#"{"wrong":1}"#).unwrap();
    let wrong = Config::load(&path).unwrap_err();
    assert_eq!(wrong.code, "config_malformed");
    assert!(wrong.detail.contains("city.json") && wrong.detail.contains("wrong"), "{wrong}");
}
