//! Licences of several holders, and of a holder who is not the subject: each shows alone, with the own wallet.

use certless::base::json::Value;
use certless::domain::demo::StockRow;
use certless::vc::finding::Check;

use crate::support::city::TestCity;
use crate::support::roles::{Agency, Resident, Stranger, stock};

/// Issues a licence and lets each holder show it in every form; the verdict's claims are handed to `look`.
fn each_shows_alone(city: &TestCity, row: &StockRow, look: impl Fn(&Resident, &Value)) {
    let answer = Agency::new(city, row.agency.as_str()).issue(row);
    assert_eq!(answer["package"]["copies"].as_array().unwrap().len(), row.holders.len());
    let kind = row.type_code.as_str();
    let stranger = Stranger(city);
    for holder in &row.holders {
        let mut one = Resident::of_code(&holder.code);
        one.receive(&answer);
        let code = one.code(kind, "basic");
        let sd_jwt = one.sd_jwt(kind, "n-1");
        let presentation = Value::Object(one.presentation(&[kind], city.service.city.contexts())).to_string();
        for shown in [code, sd_jwt, presentation] {
            let verdict = stranger.verify(&shown);
            verdict.accept();
            assert_eq!(verdict.check(Check::Binding).0, "valid");
            look(&one, &verdict.0["credential"]["claims"]);
        }
    }
    let outsider = Resident::nth(0);
    assert!(row.holders.iter().all(|holder| holder.code != outsider.code), "choose another row");
    let mut wallet = outsider.wallet;
    assert!(wallet.receive(answer["package"].to_string().as_bytes(), crate::support::roles::now()).is_err());
}

/// The first licence of a type with so many holders at least, none of them the first resident.
fn licence(kind: &str, holders: usize) -> &'static StockRow {
    let first = Resident::nth(0).code;
    let fits = |row: &&StockRow| row.holders.len() >= holders && row.holders.iter().all(|holder| holder.code != first);
    stock(kind).find(fits).unwrap()
}

#[test]
fn each_spouse_shows_the_marriage_certificate_alone() {
    let city = TestCity::start();
    let row = licence("marriage", 2);
    each_shows_alone(&city, row, |_, claims| assert!(!claims.is_null()));
}

#[test]
fn each_owner_shows_the_title_of_the_home_alone() {
    let city = TestCity::start();
    let row = licence("realEstate", 2);
    each_shows_alone(&city, row, |_, claims| assert!(!claims.is_null()));
}

#[test]
fn the_mother_shows_the_birth_certificate_though_the_child_is_the_subject() {
    let city = TestCity::start();
    let row = licence("birth", 1);
    let child = row.values["babyName"].as_str().unwrap();
    each_shows_alone(&city, row, |holder, claims| {
        assert_eq!(claims["babyName"], child, "the child is the subject");
        assert_ne!(holder.name, child);
    });
}
