//! Matters: found while typing, and told with what they need.

use certless::base::json::Value;

use crate::support::city::TestCity;
use crate::support::roles::Stranger;

#[test]
fn a_matter_is_found_by_initials_and_told_with_its_requirements() {
    let city = TestCity::start();
    let get = |path: &str| Stranger(&city).get(path, "application/json");
    let found = get("/api/matters?q=ydjyba").json();
    assert_eq!(found["matters"][0]["name"]["zh"], "异地就医备案", "{found}");
    assert!(found["matters"][0]["agencyName"]["en"].is_string());
    let code = found["matters"][0]["code"].as_str().unwrap();
    let matter = get(&format!("/api/matters/{code}")).json();
    let requirements: Vec<_> = matter["requirements"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(requirements, ["idCard", "socialSecurityCard"]);
    for one in matter["requirements"].as_array().unwrap() {
        assert!(one["label"]["zh"].is_string() && one["typeNames"][0]["name"]["en"].is_string(), "{one}");
    }
    assert_eq!(get("/api/matters/nothing").status, 404);
    assert_eq!(get("/api/matters").json()["matters"].as_array().unwrap().len(), 50);
    assert_eq!(get("/api/matters?q=zzzz").json()["matters"], Value::Array(Vec::new()));
}
