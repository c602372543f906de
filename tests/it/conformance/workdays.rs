//! Due dates: every vector of `workday_vectors.json` on the calendar that is shipped.

use certless::base::time::Date;
use certless::domain::calendar::Calendar;

use crate::support::domain;

#[test]
fn due_dates_by_working_days() {
    let Some(file) = domain::read("workday_vectors.json") else { return };
    let vectors = file["vectors"].as_array().unwrap();
    assert!(!vectors.is_empty());
    let calendar = Calendar::shipped().unwrap();
    for vector in vectors {
        let day = |member: &str| vector[member].as_str().unwrap().parse::<Date>().unwrap();
        let days = u16::try_from(vector["working_days"].as_u64().unwrap()).unwrap();
        assert_eq!(calendar.plus_working_days(day("start"), days), day("due"), "{vector}");
    }
}

#[test]
fn the_shipped_exceptions_are_those_of_the_source() {
    let Some(file) = domain::read("workdays_overrides_2024_2026.json") else { return };
    let calendar = Calendar::shipped().unwrap();
    for day in file["days"].as_array().unwrap() {
        let date = day["date"].as_str().unwrap().parse::<Date>().unwrap();
        assert_eq!(calendar.exception(date).unwrap().off, day["off"].as_bool().unwrap(), "{date}");
    }
}
