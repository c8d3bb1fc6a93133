//! Points in time.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds of a day.
pub(super) const DAY: i64 = 86_400_000;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, before it negative.
///
/// Prints as RFC 3339 has it, in UTC with milliseconds. Years that RFC 3339 lacks have a sign and
/// six digits or more, as in ISO 8601.
///
/// ```
/// use partita::Timestamp;
/// use std::time::SystemTime;
/// let time: Timestamp = "2026-01-07T12:36:07.647Z".parse()?;
/// assert_eq!(time.as_millis(), 1_767_789_367_647);
/// assert_eq!(time.to_string(), "2026-01-07T12:36:07.647Z");
/// assert_eq!(Timestamp::from(SystemTime::from(time)), time);
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Takes milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Timestamp(millis)
    }

    /// Returns milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let millis = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => {
                i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |millis| -millis)
            }
        };
        Timestamp(millis)
    }
}

/// Where the system cannot hold a time, more than 29,000 years from now, it becomes the epoch.
/// Unix holds all of them.
impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        let since = Duration::from_millis(time.0.unsigned_abs());
        let moved = match time.0 < 0 {
            true => UNIX_EPOCH.checked_sub(since),
            false => UNIX_EPOCH.checked_add(since),
        };
        moved.unwrap_or(UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date_of(*self);
        match year {
            0..=9_999 => write!(f, "{year:04}")?,
            _ => write!(f, "{year:+07}")?,
        }
        let (seconds, millis) = (millis_of_day(*self) / 1_000, millis_of_day(*self) % 1_000);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(f, "-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

/// Returns year, month and day of a time in UTC, in the Gregorian calendar throughout.
pub(super) fn date_of(time: Timestamp) -> (i64, i64, i64) {
    const ERA_DAYS: i64 = 146_097;
    // Days since 0000-03-01: so a leap day is the last day of its year.
    let days = time.as_millis().div_euclid(DAY) + 719_468;
    let (era, day) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    let year = (day - day / 1_460 + day / 36_524 - day / (ERA_DAYS - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Months since March; 153 days are five of them.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, after) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (400 * era + year + after, month, day)
}

/// Returns the milliseconds of a time since its day began in UTC.
fn millis_of_day(time: Timestamp) -> i64 {
    time.as_millis().rem_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn times_print_as_rfc_3339_and_far_ones_as_iso_8601() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (253_402_300_800_000, "+010000-01-01T00:00:00.000Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
            (-62_167_219_200_001, "-000001-12-31T23:59:59.999Z"),
            (i64::MAX, "+292278994-08-17T07:12:55.807Z"),
            (i64::MIN, "-292275055-05-16T16:47:04.192Z"),
        ] {
            assert_eq!(Timestamp::from_millis(millis).to_string(), text);
        }
    }

    #[test]
    fn a_time_comes_back_from_its_text_and_from_the_system() {
        for millis in [0, -1, 1, 1_767_789_367_647, -62_135_596_800_000, 253_402_300_799_999] {
            let time = Timestamp::from_millis(millis);
            assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
        }
        for millis in [0, -1, 1, 1_767_789_367_647, i64::MAX, i64::MIN] {
            let time = Timestamp::from_millis(millis);
            assert_eq!(Timestamp::from(SystemTime::from(time)), time);
        }
        let error = "yesterday".parse::<Timestamp>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}
