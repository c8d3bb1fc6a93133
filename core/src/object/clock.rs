//! Times as texts: RFC 3339, read also without a zone.

use std::str::FromStr;

use super::time::{DAY, Timestamp, date_of};
use crate::error::{Error, Result};

/// Reads a time such as `2026-01-07T12:36:07.647Z`; what is finer than a millisecond is cut off, and
/// a time without a zone is taken for UTC. None if it is no such time.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.as_bytes();
    let number = |from: usize, len: usize| -> Option<i64> {
        let digits = text.get(from..from + len)?;
        digits.iter().try_fold(0, |value, digit| {
            digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0'))
        })
    };
    let is = |at: usize, letters: &[u8]| text.get(at).is_some_and(|byte| letters.contains(byte));
    let signs = is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":");
    if !signs {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    let days = days_of(year, month, day)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (mut at, mut millis) = (19, 0);
    if is(at, b".,") {
        at += 1;
        let start = at;
        while text.get(at).is_some_and(u8::is_ascii_digit) {
            if at - start < 3 {
                millis += i64::from(text[at] - b'0') * [100, 10, 1][at - start];
            }
            at += 1;
        }
        if at == start {
            return None;
        }
    }
    let zone = match text.get(at) {
        None => 0,
        Some(b'Z' | b'z') if at + 1 == text.len() => 0,
        Some(sign @ (b'+' | b'-')) if is(at + 3, b":") && at + 6 == text.len() => {
            let (hours, minutes) = (number(at + 1, 2)?, number(at + 4, 2)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 60 + minutes) * if *sign == b'-' { -1 } else { 1 }
        }
        Some(_) => return None,
    };
    let minutes = hour * 60 + minute - zone;
    let millis = days * DAY + minutes * 60_000 + second * 1_000 + millis;
    Some(Timestamp::from_millis(millis))
}

/// Returns the days since 1970-01-01 of a date; none if there is no such date.
fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(usize::try_from(month - 1).ok()?)?;
    if day < 1 || day > length {
        return None;
    }
    let before: i64 = lengths[..month as usize - 1].iter().sum();
    let years = year - 1;
    let leaps = years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400);
    // Days since 0001-01-01, of which 719,162 come before the epoch.
    Some(years * 365 + leaps + before + day - 1 - 719_162)
}

/// Writes a time as RFC 3339 has it, in UTC with milliseconds; none beyond the years 1 to 9999.
pub(crate) fn format(time: Timestamp) -> Option<String> {
    (1..=9_999).contains(&date_of(time).0).then(|| time.to_string())
}

/// Writes a time as RFC 3339 has it, in UTC, with as many digits of the second as it takes; none
/// beyond the years 0 to 9999.
#[cfg(feature = "serde")]
pub(crate) fn rfc3339(time: Timestamp) -> Option<String> {
    let text = (0..=9_999).contains(&date_of(time).0).then(|| time.to_string())?;
    let fraction = text.trim_end_matches('Z');
    Some(format!("{}Z", fraction.trim_end_matches('0').trim_end_matches('.')))
}

impl FromStr for Timestamp {
    type Err = Error;

    /// Reads a time such as `2026-01-07T12:36:07.647Z`. What is finer than a millisecond is cut
    /// off, and a time without a zone is taken for UTC.
    ///
    /// # Errors
    /// `Invalid` for a text that is no such time.
    fn from_str(text: &str) -> Result<Self> {
        let none = || Error::invalid(format!("{text:.40?} is no time as RFC 3339 writes them"));
        parse(text).ok_or_else(none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_of_the_formats_are_read() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-01-07T12:36:07.647Z", 1_767_789_367_647),
            ("2026-06-16T05:39:18.809928", 1_781_588_358_809),
            ("2024-02-29T23:59:60+01:00", 1_709_247_600_000),
            ("1969-12-31T23:59:59.9-00:00", -100),
            ("0001-01-01 00:00:00Z", -62_135_596_800_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
        ] {
            assert_eq!(parse(text).map(Timestamp::as_millis), Some(millis), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "now",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00Zx",
            "2026-01-01T00:00:00+1:00",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01",
            "2O26-01-01T00:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_time_comes_back_from_its_text(millis in -62_135_596_800_000i64..253_402_300_800_000) {
            let time = Timestamp::from_millis(millis);
            prop_assert_eq!(parse(&format(time).unwrap()), Some(time));
        }

        #[test]
        fn any_text_and_any_time_do_not_panic(text in ".{0,40}", millis: i64) {
            let _ = parse(&text);
            let _ = format(Timestamp::from_millis(millis));
        }
    }
}
