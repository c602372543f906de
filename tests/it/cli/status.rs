//! `certless status`: suspend, reinstate, revoke, on the city's data and through its server.

use super::run::{Place, Ran, csv_of, first_id, identity_cards};
use crate::support::city::TestCity;

/// The whole life of a credential; `act` runs one command.
fn live(act: impl Fn(&[&str]) -> Ran) {
    let done = |name: &str, said: &str| {
        let ran = act(&[name, "--reason", "test"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.answers.starts_with(said), "{ran:?}");
    };
    let refused = |name: &str, said: &str| {
        let ran = act(&[name, "--reason", "test"]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.notes.contains(said), "{ran:?}");
    };
    refused("reinstate", "there is nothing to undo");
    done("suspend", "suspended: ");
    refused("suspend", "suspended already");
    done("reinstate", "in force: ");
    let ran = act(&["suspend", "--reason", " "]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let ran = act(&["suspend", "--reason", "试验", "--lang", "zh"]);
    assert!(ran.answers.starts_with("已暂扣："), "{ran:?}");
    done("revoke", "revoked: ");
    refused("reinstate", "revoked for good");
    let ran = act(&["reinstate", "--reason", "试验", "--lang", "zh"]);
    assert!(ran.notes.contains("证照已注销，不能再更改。"), "{ran:?}");
}

#[test]
fn a_credential_lives_in_the_city_s_data() {
    let place = Place::with_city();
    place.write("cards.csv", csv_of(&identity_cards(1)));
    let id = first_id(&place.issue("cards.csv", &[]), "row 2");
    live(|arguments| place.certless(&[&["status", &id], arguments, &["--data", "city"]].concat()));
    let ran = place.certless(&["status", "nobody", "revoke", "--reason", "test", "--data", "city"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.notes.contains("Not found"), "{ran:?}");
}

#[test]
fn a_credential_lives_behind_a_server() {
    let (place, city) = (Place::empty(), TestCity::start());
    place.write("cards.csv", csv_of(&identity_cards(1)));
    place.write("token", &city.token);
    let server = ["--server", &city.base, "--token", "token"];
    let fixed = ["issue", "--agency", "GA", "--type", "idCard", "--in", "cards.csv"];
    let id = first_id(&place.certless(&[&fixed[..], &server].concat()), "row 2");
    live(|arguments| place.certless(&[&["status", &id], arguments, &server].concat()));
}
