//! Times as text: RFC 3339, UTC.

use jiff::fmt::temporal::DateTimePrinter;
use partita::Timestamp;

const SECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(0));

/// Returns a time to the second, or `-` where there is none or it has no such form.
pub(crate) fn human(time: Option<Timestamp>) -> String {
    time.and_then(instant).map_or_else(|| "-".to_owned(), |time| SECONDS.timestamp_to_string(&time))
}

/// Reads an RFC 3339 time, or a date, which is its first moment in UTC.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let time = text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let date = text.parse::<jiff::civil::Date>().ok()?;
        Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    })?;
    Some(Timestamp::from_millis(time.as_millisecond()))
}

fn instant(time: Timestamp) -> Option<jiff::Timestamp> {
    const YEAR_0: i64 = -62_167_219_200_000;
    let millis = time.as_millis();
    (millis >= YEAR_0).then(|| jiff::Timestamp::from_millisecond(millis).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Option<Timestamp> {
        Some(Timestamp::from_millis(millis))
    }

    #[test]
    fn times_are_rfc_3339_in_utc() {
        assert_eq!(human(at(0)), "1970-01-01T00:00:00Z");
        assert_eq!(human(at(1_500)), "1970-01-01T00:00:01Z");
        assert_eq!(human(at(-62_167_219_200_000)), "0000-01-01T00:00:00Z");
    }

    #[test]
    fn times_without_such_a_form_are_left_out() {
        for time in [None, at(i64::MIN), at(i64::MAX), at(-62_167_219_200_001)] {
            assert_eq!(human(time), "-");
        }
    }
}
