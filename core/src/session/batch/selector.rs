//! Selectors: which memories are meant.

use std::fmt;

use crate::error::{Error, Result, quoted};
use crate::id::Prefix;
use crate::object::{Role, Timestamp};

/// Which memories are meant, in one of these forms:
///
/// * `N`: the memory of a number; `id:PREFIX`: that of an id, by four of its digits or more
/// * `A..B`: those of two numbers and between
/// * `role:R`: those of `system`, `user`, `assistant` or `tool`
/// * `text:T`: those that hold a text, letters large or small
/// * `before:T`: those from before a time, `2026-11-25` or `2026-11-25T20:00:00Z`
///
/// ```
/// use partita::{Role, Selector, Timestamp};
/// assert_eq!("3..7".parse::<Selector>()?, Selector::Range(3, 7));
/// assert_eq!("role:tool".parse::<Selector>()?, Selector::Role(Role::Tool));
/// let time = Timestamp::from_millis(86_400_000);
/// assert_eq!(Selector::parse("before:1970-01-02")?, Selector::Before(time));
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Selector {
    /// The memory of a number.
    Number(u64),
    /// The memory, or the summary in view, of an id.
    Id(Prefix),
    /// The memories of two numbers and between.
    Range(u64, u64),
    /// The memories of a role.
    Role(Role),
    /// The memories that hold a text, whatever the case of its letters.
    Text(String),
    /// The memories from before a time: their source's, else that of the operation.
    Before(Timestamp),
}

const ROLES: [Role; 4] = [Role::System, Role::User, Role::Assistant, Role::Tool];

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// `Invalid`, saying what the text should be.
    pub fn parse(text: &str) -> Result<Self> {
        let shown = || quoted(text);
        if let Some((name, rest)) = text.split_once(':') {
            return match name {
                "id" => {
                    Ok(Selector::Id(rest.parse().map_err(|error: Error| error.context(shown()))?))
                }
                "role" => {
                    let role = ROLES.into_iter().find(|role| role.name() == rest);
                    role.map(Selector::Role).ok_or_else(|| {
                        Error::invalid(format!(
                            "{} names no role: give system, user, assistant or tool",
                            shown()
                        ))
                    })
                }
                "text" if rest.is_empty() => Err(Error::invalid("text: needs a text to look for")),
                "text" => Ok(Selector::Text(rest.to_owned())),
                "before" => time(rest).map(Selector::Before).ok_or_else(|| {
                    Error::invalid(format!(
                        "{} names no time: give 2026-11-25 or 2026-11-25T20:00:00Z",
                        shown()
                    ))
                }),
                _ => Err(unknown(&shown())),
            };
        }
        let number = |digits: &str| digits.parse::<u64>().map_err(|_| unknown(&shown()));
        match text.split_once("..") {
            None => Ok(Selector::Number(number(text)?)),
            Some((first, last)) => {
                let (first, last) = (number(first)?, number(last)?);
                if first > last {
                    return Err(Error::invalid(format!(
                        "{} is empty: the first number comes first",
                        shown()
                    )));
                }
                Ok(Selector::Range(first, last))
            }
        }
    }
}

fn unknown(shown: &str) -> Error {
    Error::invalid(format!(
        "{shown} selects no memories: give a number, A..B, id:PREFIX, role:R, text:T or before:T"
    ))
}

impl std::str::FromStr for Selector {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Selector::parse(text)
    }
}

impl From<u64> for Selector {
    fn from(number: u64) -> Self {
        Selector::Number(number)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selector::Number(number) => write!(f, "{number}"),
            Selector::Id(prefix) => write!(f, "id:{prefix}"),
            Selector::Range(first, last) => write!(f, "{first}..{last}"),
            Selector::Role(role) => write!(f, "role:{}", role.name()),
            Selector::Text(text) => write!(f, "text:{text:.80}"),
            Selector::Before(time) => write!(f, "before:{} ms", time.as_millis()),
        }
    }
}

/// Reads a date, or a date and a time as RFC 3339 has it; without an offset it is UTC.
fn time(text: &str) -> Option<Timestamp> {
    let digits = |text: &str| -> Option<i64> {
        let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if all { text.parse().ok() } else { None }
    };
    let number = |text: Option<&str>, len: usize, low: i64, high: i64| -> Option<i64> {
        let text = text.filter(|text| text.len() == len)?;
        digits(text).filter(|number| (low..=high).contains(number))
    };
    let (date, clock) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at)?, Some(text.get(at + 1..)?)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = number(parts.next(), 4, 0, 9_999)?;
    let month = number(parts.next(), 2, 1, 12)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let day = number(parts.next(), 2, 1, length)?;
    if parts.next().is_some() {
        return None;
    }
    // Days of the years before, from March on, so that the leap day is a year's last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = year * 365 + leaps + (153 * month + 2) / 5 + day - 1 - 719_468;
    let mut millis = days * 86_400_000;
    if let Some(clock) = clock {
        let (clock, offset) = match clock.strip_suffix(['Z', 'z']) {
            Some(clock) => (clock, 0),
            None => match clock.rfind(['+', '-']) {
                Some(at) => {
                    let (hours, minutes) = clock.get(at + 1..)?.split_once(':')?;
                    let hours = number(Some(hours), 2, 0, 23)?;
                    let minutes = hours * 60 + number(Some(minutes), 2, 0, 59)?;
                    let sign = if clock.as_bytes()[at] == b'-' { -1 } else { 1 };
                    (clock.get(..at)?, sign * minutes)
                }
                None => (clock, 0),
            },
        };
        let mut parts = clock.split(':');
        let hours = number(parts.next(), 2, 0, 23)?;
        let minutes = number(parts.next(), 2, 0, 59)?;
        let (seconds, fraction) = match parts.next() {
            None => (0, 0),
            Some(seconds) => {
                let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
                let fraction = fraction.get(..3).unwrap_or(fraction);
                let value = digits(fraction)?;
                let scale = 10_i64.pow(3 - fraction.len() as u32);
                (number(Some(seconds), 2, 0, 60)?, value * scale)
            }
        };
        if parts.next().is_some() {
            return None;
        }
        millis += ((hours * 60 + minutes - offset) * 60 + seconds) * 1_000 + fraction;
    }
    Some(Timestamp::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_shown_again() {
        for text in ["7", "3..7", "id:abcd", "role:assistant", "text:a: b"] {
            assert_eq!(Selector::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_selector_is_refused_with_what_it_should_be() {
        for text in ["", "x", "-1", "7..3", "1..", "..", "role:model", "id:xyz", "id:a", "text:"] {
            assert!(Selector::parse(text).is_err(), "{text}");
        }
        let error = Selector::parse("role:model").unwrap_err().to_string();
        assert!(error.contains("give system, user, assistant or tool"), "{error}");
    }

    #[test]
    fn times_are_read_as_rfc_3339_has_them() {
        for (text, millis) in [
            ("1970-01-01", 0),
            ("1969-12-31", -86_400_000),
            ("2000-02-29", 951_782_400_000),
            ("2026-11-25T20:00:00Z", 1_795_636_800_000),
            ("2026-11-25T21:30:00.25+01:30", 1_795_636_800_250),
            ("2026-11-25 20:00", 1_795_636_800_000),
            ("1970-01-01T00:00:00.123456Z", 123),
        ] {
            assert_eq!(time(text), Some(Timestamp::from_millis(millis)), "{text}");
        }
        for text in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-29",
            "2026-1-1",
            "2026-11-25T",
            "2026-11-25T24:00",
            "2026-11-25T20:00:00+1",
            "2026-11-25T20:00:00.",
            "26-11-25",
            "\u{e9}",
            "2026-11-25T\u{e9}",
            "2026-11-25T20:00:00Zx",
            "2026-11-25T20:00:00.1x5Z",
            "2026-11-25T20:00:00.\u{e9}\u{e9}Z",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
