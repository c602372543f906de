//! Views: what of a licence a compact code carries.
//!
//! A predicate says something about a field without telling it. One whose field is missing is left out (unknown is not
//! false). What depends on age holds on the day it is computed; [`CredentialType::view_expiry`] says until when.

use crate::base::codes::CitizenId;
use crate::base::json::{Map, Value};
use crate::base::time::{Date, Timestamp, china_date, parse_date};

use super::CredentialType;
use super::annotation::{Op, Predicate, View};

impl CredentialType {
    /// The claims of a view of one subject: the fields it shows, and its predicates as true or false; `None` for a view
    /// that the type does not have.
    pub fn view_claims(&self, view: &str, subject: &Map, now: Timestamp) -> Option<Map> {
        let view = self.view(view)?;
        let shown = view.claims.iter().filter_map(|name| Some((name.clone(), subject.get(name)?.clone())));
        let today = china_date(now);
        let said = view.predicates.iter().filter_map(|predicate| {
            let holds = holds(predicate, subject.get(&predicate.from)?, today)?;
            Some((predicate.predicate.clone(), Value::Bool(holds)))
        });
        Some(shown.chain(said).collect())
    }

    /// The last day on which a view is true, when that is before the licence ends: a minor's last day as a minor.
    pub fn view_expiry(&self, view: &str, subject: &Map, now: Timestamp) -> Option<Date> {
        let turns = |predicate: &Predicate| {
            let value = subject.get(&predicate.from)?;
            let below = predicate.op == Op::AgeBelow && holds(predicate, value, china_date(now))?;
            let years = below.then(|| predicate.value.as_i64())??;
            birthday(birth_date(value)?, years)?.yesterday().ok()
        };
        self.view(view)?.predicates.iter().filter_map(turns).min()
    }

    /// The views worth making for a subject: those whose predicates are all there and true, and those without.
    pub fn views_for(&self, subject: &Map, now: Timestamp) -> Vec<&View> {
        let today = china_date(now);
        let true_of = |predicate: &Predicate| {
            subject.get(&predicate.from).and_then(|value| holds(predicate, value, today)) == Some(true)
        };
        self.views().iter().filter(|view| view.predicates.iter().all(true_of)).collect()
    }
}

/// Whether a predicate holds of a value; `None` when the value is not of the kind it compares.
fn holds(predicate: &Predicate, value: &Value, today: Date) -> Option<bool> {
    let wanted = &predicate.value;
    Some(match predicate.op {
        Op::Present => true,
        Op::Equal => value == wanted,
        Op::In => wanted.as_array()?.contains(value),
        Op::Contains => value.as_str()?.contains(wanted.as_str()?),
        Op::Class => {
            let held = value.as_str()?;
            wanted.as_array()?.iter().filter_map(Value::as_str).any(|class| held.contains(class))
        }
        Op::AtMost => number(value)? <= number(wanted)?,
        Op::AtLeast => number(value)? >= number(wanted)?,
        Op::AgeAtLeast => birthday(birth_date(value)?, wanted.as_i64()?)? <= today,
        Op::AgeBelow => birthday(birth_date(value)?, wanted.as_i64()?)? > today,
    })
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// The date of birth in a date, a time or a citizen ID.
pub(super) fn birth_date(value: &Value) -> Option<Date> {
    let text = value.as_str()?;
    let written = text.get(..10).and_then(|date| parse_date(date).ok());
    written.or_else(|| CitizenId::parse(text).ok().map(|id| id.birth_date()))
}

/// The day on which someone turns `years`; who was born on 29 February turns on 1 March in common years.
pub(super) fn birthday(born: Date, years: i64) -> Option<Date> {
    let year = i16::try_from(i64::from(born.year()).checked_add(years)?).ok()?;
    Date::new(year, born.month(), born.day()).or_else(|_| Date::new(year, 3, 1)).ok()
}

#[cfg(test)]
mod tests {
    use super::super::Catalogue;
    use super::*;
    use crate::base::json::json;
    use crate::base::time::parse_rfc3339;

    fn at(day: &str) -> Timestamp {
        parse_rfc3339(&format!("{day}T12:00:00+08:00")).unwrap()
    }

    fn claims(kind: &str, view: &str, subject: &Value, day: &str) -> Value {
        let kind = Catalogue::embedded().unwrap().find(kind).unwrap();
        Value::Object(kind.view_claims(view, subject.as_object().unwrap(), at(day)).unwrap())
    }

    #[test]
    fn a_predicate_view_tells_the_answer_and_nothing_else() {
        let subject = json!({"name": "张三", "birthDate": "1966-03-07"});
        assert_eq!(claims("idCard", "age-over-60", &subject, "2026-03-07"), json!({"ageOver60": true}));
        assert_eq!(claims("idCard", "age-over-60", &subject, "2026-03-06"), json!({"ageOver60": false}));
        assert_eq!(claims("idCard", "basic", &subject, "2026-03-06"), json!({"name": "张三"}));
        let kind = Catalogue::embedded().unwrap().find("idCard").unwrap();
        assert!(kind.view_claims("age-over-61", subject.as_object().unwrap(), at("2026-03-06")).is_none());
    }

    #[test]
    fn age_can_be_told_from_a_citizen_id_or_a_time_of_birth() {
        let senior = json!({"idNumber": "430112199003074016"});
        assert_eq!(claims("seniorCard", "age-over-60", &senior, "2050-03-07"), json!({"ageOver60": true}));
        let child = json!({"birthTime": "2020-02-29T08:00"});
        assert_eq!(claims("birth", "is-minor", &child, "2038-02-28"), json!({"isMinor": true}));
        assert_eq!(claims("birth", "is-minor", &child, "2038-03-01"), json!({"isMinor": false}));
    }

    #[test]
    fn every_comparison_answers() {
        let says =
            |kind, view, subject: Value, name: &str| claims(kind, view, &subject, "2026-01-01").get(name).cloned();
        let yes = Some(json!(true));
        let no = Some(json!(false));
        assert_eq!(
            says("householdRegister", "household-local", json!({"address": "长沙市望城区1号"}), "householdLocal"),
            yes
        );
        assert_eq!(says("householdRegister", "marital-status", json!({"marital": "30"}), "married"), no);
        assert_eq!(says("householdRegister", "marital-status", json!({}), "married"), None, "unknown is not false");
        assert_eq!(says("marriage", "married", json!({"certNo": "J"}), "married"), yes);
        assert_eq!(says("disability", "grade-2-or-above", json!({"grade": "2"}), "gradeTwoOrAbove"), yes);
        assert_eq!(says("disability", "grade-2-or-above", json!({"grade": "3"}), "gradeTwoOrAbove"), no);
        assert_eq!(says("driverLicence", "drives-c1", json!({"classes": "A2D"}), "drivesC1"), yes);
        assert_eq!(says("driverLicence", "drives-c1", json!({"classes": "C2E"}), "drivesC1"), no);
        assert_eq!(says("businessLicense", "in-business", json!({"registrationStatus": "注销"}), "inBusiness"), no);
        assert_eq!(says("insuredProof", "insured-12-months", json!({"monthsPaid": 12}), "insured12Months"), yes);
    }

    #[test]
    fn a_minors_view_ends_with_minority() {
        let kind = Catalogue::embedded().unwrap().find("idCard").unwrap();
        let subject = json!({"birthDate": "2010-05-20"});
        let subject = subject.as_object().unwrap();
        let until = kind.view_expiry("is-minor", subject, at("2026-01-01")).unwrap();
        assert_eq!(until.to_string(), "2028-05-19");
        assert_eq!(kind.view_expiry("is-minor", subject, at("2030-01-01")), None);
        assert_eq!(kind.view_expiry("age-over-18", subject, at("2030-01-01")), None);
    }

    #[test]
    fn only_true_views_are_worth_making() {
        let kind = Catalogue::embedded().unwrap().find("idCard").unwrap();
        let subject = json!({"birthDate": "1964-05-20"});
        let names: Vec<_> = kind
            .views_for(subject.as_object().unwrap(), at("2026-01-01"))
            .iter()
            .map(|view| view.name.as_str())
            .collect();
        assert_eq!(names, ["basic", "age-over-18", "age-over-60", "full"]);
    }
}
