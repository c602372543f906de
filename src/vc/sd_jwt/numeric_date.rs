//! `NumericDate` claims (RFC 7519 section 2) and the window that `nbf` and `exp` open.

use crate::base::json::{Map, Value};
use crate::base::time::{SignedDuration, Timestamp, from_unix, plus_seconds};
use crate::vc::finding::{Check, Code, Finding};

/// The time in a claim; `None` when it is absent, invalid when it is no number or outside the calendar.
pub fn numeric_date(claims: &Map, name: &str) -> Result<Option<Timestamp>, Finding> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let time = match value {
        Value::Number(number) => match number.as_i64() {
            Some(seconds) => from_unix(seconds),
            None => number.as_f64().and_then(from_fraction),
        },
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    };
    time.map(Some)
        .ok_or_else(|| Finding::invalid(Check::Parse, Code::ClaimMalformed, format!("{name} is no NumericDate")))
}

fn from_fraction(seconds: f64) -> Option<Timestamp> {
    SignedDuration::try_from_secs_f64(seconds).ok().and_then(|duration| Timestamp::from_duration(duration).ok())
}

/// Requires `nbf ≤ now < exp` where they are present, `leeway` seconds either way (RFC 7519 sections 4.1.4 and 4.1.5).
pub fn check_window(claims: &Map, now: Timestamp, leeway: i64) -> Result<(), Finding> {
    if numeric_date(claims, "nbf")?.is_some_and(|nbf| plus_seconds(now, leeway) < nbf) {
        return Err(Finding::invalid(Check::Validity, Code::NotYetValid, "nbf lies in the future"));
    }
    if numeric_date(claims, "exp")?.is_some_and(|exp| plus_seconds(now, -leeway) >= exp) {
        return Err(Finding::invalid(Check::Validity, Code::Expired, "exp has passed"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::json;
    use crate::vc::sd_jwt::testing::object;

    #[test]
    fn whole_and_broken_seconds_are_times_and_nothing_else_is() {
        let read = |value: Value| numeric_date(&object(json!({"iat": value})), "iat");
        assert_eq!(read(json!(1_683_000_000)).unwrap(), from_unix(1_683_000_000));
        assert_eq!(read(json!(1_683_000_000.5)).unwrap().unwrap().as_millisecond(), 1_683_000_000_500);
        assert_eq!(numeric_date(&Map::new(), "iat"), Ok(None));
        for wrong in [json!("1683000000"), json!(null), json!(1e300), json!(-1e300), json!(u64::MAX), json!([1])] {
            assert_eq!(read(wrong.clone()).unwrap_err().code, Code::ClaimMalformed, "{wrong}");
        }
    }

    #[test]
    fn the_window_is_closed_before_and_open_after() {
        let check = |now| {
            check_window(&object(json!({"nbf": 100, "exp": 200})), from_unix(now).unwrap(), 0)
                .map_err(|finding| finding.code)
        };
        assert_eq!(check(99), Err(Code::NotYetValid));
        assert_eq!(check(100), Ok(()));
        assert_eq!(check(199), Ok(()));
        assert_eq!(check(200), Err(Code::Expired));
    }
}
