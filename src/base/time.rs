//! Points in time and civil dates, and the texts they have in the formats.
//!
//! A [`Timestamp`] is a point on the UTC line; a [`Date`] is a day of the calendar as licences name it. Days of the city
//! are days of China Standard Time (UTC+8, without daylight saving).

use jiff::tz::{Offset, TimeZone};

pub use jiff::civil::Date;
pub use jiff::{SignedDuration, Timestamp};

use super::error::ParseError;

/// China Standard Time, UTC+8.
const CHINA: Offset = Offset::constant(8);

/// `2026-03-01T02:03:04Z`: seconds, UTC, as XML Schema `dateTimeStamp` and RFC 3339 both read it.
pub fn rfc3339(time: Timestamp) -> String {
    jiff::fmt::temporal::DateTimePrinter::new().precision(Some(0)).timestamp_to_string(&time)
}

/// Reads an RFC 3339 time with zone (`Z` or an offset); `time_malformed` otherwise.
///
/// Stricter than the general parser: the letter `T`, seconds and the zone are required, annotations are refused.
pub fn parse_rfc3339(text: &str) -> Result<Timestamp, ParseError> {
    let wrong = || ParseError::new("time_malformed", "expected YYYY-MM-DDThh:mm:ss with Z or an offset");
    if !has_rfc3339_shape(text.as_bytes()) {
        return Err(wrong());
    }
    text.parse().map_err(|_| wrong())
}

fn has_rfc3339_shape(text: &[u8]) -> bool {
    let Some((head, tail)) = text.split_at_checked(19) else { return false };
    let shape = b"dddd-dd-ddTdd:dd:dd";
    let head_fits = head.iter().zip(shape).all(|(&c, &s)| if s == b'd' { c.is_ascii_digit() } else { c == s });
    let fraction = tail.strip_prefix(b".").map_or(0, |rest| 1 + rest.iter().take_while(|c| c.is_ascii_digit()).count());
    let zone = tail.get(fraction..).unwrap_or_default();
    let zone_fits = match zone {
        b"Z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|c| c.is_ascii_digit()),
        _ => false,
    };
    head_fits && fraction != 1 && zone_fits
}

/// The point in time that is `seconds` after 1970-01-01T00:00:00Z; `None` outside the years −9999 to 9999.
pub fn from_unix(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(seconds).ok()
}

/// `time` moved by `seconds`, kept inside the years −9999 to 9999.
pub fn plus_seconds(time: Timestamp, seconds: i64) -> Timestamp {
    let limit = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    time.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(limit)
}

/// The day of the calendar in China at that time.
pub fn china_date(time: Timestamp) -> Date {
    CHINA.to_datetime(time).date()
}

/// The time of day in China, `hh:mm`.
pub fn china_clock(time: Timestamp) -> String {
    let civil = CHINA.to_datetime(time);
    format!("{:02}:{:02}", civil.hour(), civil.minute())
}

/// The first moment of that day in China.
pub fn china_midnight(date: Date) -> Timestamp {
    TimeZone::fixed(CHINA).to_timestamp(date.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}

/// The last second of that day in China: a licence is valid through its last day.
pub fn china_end_of_day(date: Date) -> Timestamp {
    TimeZone::fixed(CHINA).to_timestamp(date.at(23, 59, 59, 0)).unwrap_or(Timestamp::MAX)
}

/// Reads `YYYY-MM-DD`; `date_malformed` for anything else or a day that the calendar does not have.
pub fn parse_date(text: &str) -> Result<Date, ParseError> {
    let wrong = || ParseError::new("date_malformed", "expected a day of the calendar as YYYY-MM-DD");
    if text.len() != 10 || !text.is_ascii() {
        return Err(wrong());
    }
    text.parse().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_prints_in_whole_seconds_of_utc() {
        let time = parse_rfc3339("2026-03-01T08:00:00.999+08:00").unwrap();
        assert_eq!(rfc3339(time), "2026-03-01T00:00:00Z");
    }

    #[test]
    fn a_time_needs_seconds_and_zone() {
        for wrong in [
            "2026-03-01",
            "2026-03-01T08:00Z",
            "2026-03-01T08:00:00",
            "2026-03-01 08:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-03-01T08:00:00.Z",
            "2026-03-01T08:00:00Z[UTC]",
        ] {
            assert!(parse_rfc3339(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_day_in_china_turns_at_sixteen_utc() {
        let before = parse_rfc3339("2026-02-28T15:59:59Z").unwrap();
        assert_eq!(china_date(before).to_string(), "2026-02-28");
        assert_eq!(china_date(plus_seconds(before, 1)).to_string(), "2026-03-01");
        assert_eq!(china_midnight(china_date(plus_seconds(before, 1))), plus_seconds(before, 1));
        assert_eq!(china_clock(before), "23:59");
    }
}
