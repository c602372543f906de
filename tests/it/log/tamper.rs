//! A store that was changed by hand: whatever was changed is found and named.

use std::sync::Arc;

use certless::adapters::store::import::into_memory;
use certless::adapters::store::memory::MemoryStore;
use certless::base::bytes::{base64url, from_base64url, hex};
use certless::base::clock::SystemClock;
use certless::base::json::{Value, json};
use certless::crypto::digest::sha256;
use certless::domain::city::City;
use certless::domain::log_audit::Findings;
use certless::domain::log_audit::store::compare;

use super::mixed::mix;
use super::{LeafPlace, first_issued};
use crate::support::city::{TestCity, city_on};
use crate::support::roles::{Resident, Window};

/// The rows of a store, to be changed as somebody with its files could.
struct Rows {
    head: Value,
    rows: Vec<Value>,
}

impl Rows {
    fn of(city: &City) -> Self {
        let mut text = Vec::new();
        city.store().snapshot().unwrap().export(&mut text).unwrap();
        let mut rows: Vec<Value> =
            String::from_utf8(text).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        rows.pop();
        Self { head: rows.remove(0), rows }
    }

    fn table(&self, name: &str) -> impl Iterator<Item = usize> {
        (0..self.rows.len()).filter(|at| self.rows[*at]["table"] == name).collect::<Vec<_>>().into_iter()
    }

    fn value(&self, at: usize) -> Vec<u8> {
        from_base64url(self.rows[at]["value"].as_str().unwrap()).unwrap()
    }

    fn set(&mut self, at: usize, value: &[u8]) {
        self.rows[at]["value"] = json!(base64url(value));
    }

    /// The first row of a table whose value holds a text.
    fn holding(&self, table: &str, text: &str) -> usize {
        let holds = |at: &usize| self.value(*at).windows(text.len()).any(|part| part == text.as_bytes());
        self.table(table).find(holds).unwrap()
    }

    /// Everything with its digests put right again, opened with the city's keys, and what is found wrong.
    fn findings(&self, base: &str) -> Findings {
        let rows = std::iter::once(&self.head).chain(&self.rows).map(row_text).collect::<Vec<_>>();
        let text = rows.join("\n") + "\n";
        let end = json!({"end": true, "rows": self.rows.len(), "sha256": hex(&sha256(text.as_bytes()))});
        let text = format!("{text}{end}\n");
        let (rows, _) = into_memory(text.as_bytes()).unwrap();
        let clock = Arc::new(SystemClock);
        let city = city_on(base, Arc::new(MemoryStore::holding(rows, clock.clone())), clock);
        city.settle_log("tamper test").unwrap();
        let mut findings = Findings::default();
        compare(&city, &mut findings, &|_| ()).unwrap();
        findings
    }
}

fn row_text(row: &Value) -> String {
    row.to_string()
}

fn codes(findings: &Findings) -> Vec<(&str, &str)> {
    findings.listed.iter().map(|fault| (fault.code, fault.what.as_str())).collect()
}

/// A city with everything in it, its rows, and its identifiers.
fn city() -> (TestCity, Vec<String>, Rows) {
    let city = TestCity::start();
    let ids = mix(&city);
    let rows = Rows::of(&city.service.city);
    (city, ids, rows)
}

#[test]
fn an_untouched_store_agrees_with_its_log() {
    let (city, ids, rows) = city();
    let findings = rows.findings(&city.base);
    assert_eq!(findings.faults, 0, "{:#?}", findings.listed);
    assert_eq!((findings.checked["credentials"], findings.checked["applications"]), (4, 1));
    assert_eq!(ids.len(), 4);
}

#[test]
fn the_bytes_of_one_licence() {
    let (city, ids, mut rows) = city();
    let at = rows.holding("credential", &ids[0]);
    let mut value = rows.value(at);
    *value.last_mut().unwrap() ^= 1;
    rows.set(at, &value);
    let findings = rows.findings(&city.base);
    assert_eq!(codes(&findings), [("credential_changed", format!("credential {}", ids[0]).as_str())]);
}

#[test]
fn the_bytes_of_one_licence_by_somebody_who_has_the_keys() {
    use certless::base::random::SystemRandom;
    use certless::crypto::seal::{Aad, Sealer};
    let (city, ids, mut rows) = city();
    let at = rows.holding("credential", &ids[0]);
    let (value, key) = (rows.value(at), from_base64url(rows.rows[at]["key"].as_str().unwrap()).unwrap());
    let storage = crate::support::city::keyring().storage();
    let sealer = Sealer::new(storage.sealing.expose());
    let place = Aad { table: "credential", row: &key, column: "body" };
    let head = 5 + usize::try_from(u32::from_be_bytes(value[1..5].try_into().unwrap())).unwrap();
    let body = String::from_utf8(sealer.open(&place, &value[head..]).unwrap()).unwrap();
    let forged = body.replacen("\"proofPurpose\":\"assertionMethod\"", "\"proofPurpose\":\"authentication\"", 1);
    assert_ne!(body, forged);
    let sealed = sealer.seal(&place, forged.as_bytes(), &SystemRandom);
    rows.set(at, &[&value[..head], &sealed].concat());
    let findings = rows.findings(&city.base);
    let [(code, what)] = codes(&findings)[..] else { panic!("{findings:#?}") };
    assert_eq!(code, "credential_changed");
    assert!(what.starts_with(&format!("credential {}, leaf ", ids[0])), "{what}");
}

#[test]
fn one_status_bit() {
    let (city, _, mut rows) = city();
    let at = rows.table("status_slot").find(|at| rows.value(*at) == [2]).unwrap();
    rows.set(at, &[1]);
    let findings = rows.findings(&city.base);
    let [(code, what)] = codes(&findings)[..] else { panic!("{findings:#?}") };
    assert_eq!(code, "status_differs");
    assert!(what.starts_with("GA-0/"), "{what}");
    // A bit that is taken away is missed as well.
    let (city, _, mut rows) = self::city();
    let at = rows.table("status_slot").find(|at| rows.value(*at) == [1]).unwrap();
    rows.rows.remove(at);
    assert_eq!(codes(&rows.findings(&city.base))[0].0, "status_differs");
}

#[test]
fn one_leaf() {
    let (city, ids, mut rows) = city();
    // The leaf of the first licence's issuing: its digest is changed.
    let LeafPlace { row, mut value, bytes, index } =
        first_issued(rows.table("log_leaf").map(|at| (at, rows.value(at))));
    value[bytes.end - 1] ^= 1;
    rows.set(row, &value);
    let findings = rows.findings(&city.base);
    let found = codes(&findings);
    assert!(found.iter().any(|(code, _)| *code == "leaf_changed"), "{found:?}");
    let named = format!("credential {}, leaf {index}", ids[0]);
    assert!(found.contains(&("credential_changed", named.as_str())), "{found:?}");
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn one_removed_event() {
    let (city, ids, mut rows) = city();
    let at = rows.holding("audit", "\"event\":\"revoked\"");
    rows.rows.remove(at);
    let findings = rows.findings(&city.base);
    let [(code, what)] = codes(&findings)[..] else { panic!("{findings:#?}") };
    assert_eq!(code, "event_differs");
    assert!(what.starts_with(&format!("credential {}: revoked, leaf ", ids[3])), "{what}");
    // And one of an application.
    let (city, _, mut rows) = self::city();
    let at = rows.holding("audit", "\"event\":\"application\"");
    rows.rows.remove(at);
    let findings = rows.findings(&city.base);
    let [(code, what)] = codes(&findings)[..] else { panic!("{findings:#?}") };
    assert!(code == "event_differs" && what.starts_with("application ") && what.contains("filed"), "{what}");
}

#[test]
fn one_removed_record_and_one_that_was_slipped_in() {
    let (city, ids, mut rows) = city();
    let at = rows.holding("credential", &ids[2]);
    let taken = rows.rows.remove(at);
    let findings = rows.findings(&city.base);
    assert!(codes(&findings).iter().any(|(code, _)| *code == "credential_missing"), "{findings:#?}");
    // The leaves of another credential with this one's record: it was never issued in this log.
    rows.rows.insert(at, taken);
    let LeafPlace { row, mut value, bytes, .. } = first_issued(rows.table("log_leaf").map(|at| (at, rows.value(at))));
    value[bytes.end - 34 - 16] ^= 1;
    rows.set(row, &value);
    let findings = rows.findings(&city.base);
    let found: Vec<_> = codes(&findings).iter().map(|(code, _)| *code).collect();
    assert!(found.contains(&"credential_unlogged") && found.contains(&"credential_missing"), "{found:?}");
}

#[test]
fn one_removed_use_record() {
    let city = TestCity::start();
    let mut resident = Resident::nth(8);
    mix(&city);
    resident.obtain(&city, "idCard");
    let window = Window::new(&city, "YB");
    let case = window.file("异地就医备案", &resident);
    window.scan(&case, &resident.code("idCard", "basic")).0.accept();
    let mut rows = Rows::of(&city.service.city);
    assert_eq!(rows.findings(&city.base).faults, 0, "{:#?}", rows.findings(&city.base).listed);
    let at = rows.table("use_record").next().unwrap();
    rows.rows.remove(at);
    let findings = rows.findings(&city.base);
    assert_eq!(codes(&findings)[0].0, "use_missing", "{findings:#?}");
}

#[test]
fn a_version_of_trust_and_a_published_type() {
    let (city, _, mut rows) = city();
    let at = rows.table("type").next().unwrap();
    rows.set(at, &[9; 32]);
    assert_eq!(codes(&rows.findings(&city.base))[0].0, "publication_differs");
}
