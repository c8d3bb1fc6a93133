//! Values that are wrong by their form: seen before anything is opened, and said in our own words.

use std::fmt::Display;
use std::str::FromStr;

use clap::builder::PossibleValuesParser;
use partita::context::Dialect;
use partita::interop::{ExportFormat, Format};
use partita::tokens::Encoding;
use partita::{Role, Selector};

/// Goes ahead of a model whose counts follow recorded requests.
pub(crate) const CALIBRATED: &str = "calibrated:";

/// Characters of a value that a message shows.
const SHOWN: usize = 80;

/// Whole numbers that an option takes.
pub(super) trait Whole: FromStr + Display {
    const MAX: Self;
}

impl Whole for u64 {
    const MAX: u64 = u64::MAX;
}

impl Whole for usize {
    const MAX: usize = usize::MAX;
}

/// Reads a whole number.
pub(super) fn number<T: Whole>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| match text.strip_prefix('-').unwrap_or(text) {
        digits if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            "it is not a whole number".to_owned()
        }
        _ if text.starts_with('-') => "it is below 0".to_owned(),
        _ => format!("it is too large: {} at the most", T::MAX),
    })
}

/// Looks at the form of a checkpoint's name: whether there is such a one is for a session to say.
pub(super) fn checkpoint(text: &str) -> Result<String, String> {
    let prefix = text.strip_prefix("id:").or_else(|| text.strip_prefix("git:"));
    if text == "latest" || text.parse::<u64>().is_ok() || prefix.is_some_and(is_prefix) {
        return Ok(text.to_owned());
    }
    Err("give a number, latest, id:PREFIX or git:PREFIX with four digits at the least".to_owned())
}

fn is_prefix(digits: &str) -> bool {
    (4..=64).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Looks at two checkpoints, `A..B`.
pub(super) fn checkpoints(text: &str) -> Result<String, String> {
    let (old, new) = text.split_once("..").ok_or("give two checkpoints, A..B")?;
    checkpoint(old)?;
    checkpoint(new)?;
    Ok(text.to_owned())
}

/// Looks at the form of a selector.
pub(super) fn selector(text: &str) -> Result<String, String> {
    Selector::parse(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// Looks at the form of a memory's name.
pub(super) fn memory(text: &str) -> Result<String, String> {
    match text.strip_prefix("id:") {
        Some(digits) if is_prefix(digits) => Ok(text.to_owned()),
        None if text.parse::<u64>().is_ok() => Ok(text.to_owned()),
        _ => Err("give a number, or id:PREFIX with four digits at the least".to_owned()),
    }
}

/// The names of the roles.
pub(super) fn roles() -> PossibleValuesParser {
    let roles = [Role::System, Role::User, Role::Assistant, Role::Tool];
    PossibleValuesParser::new(roles.map(Role::name))
}

/// Looks at the name of what counts tokens.
pub(super) fn counter(text: &str) -> Result<String, String> {
    if let Some(model) = text.strip_prefix(CALIBRATED) {
        return match model.is_empty() {
            true => Err("calibrated: and the name of a model".to_owned()),
            false => Ok(text.to_owned()),
        };
    }
    let shown: String = text.chars().take(SHOWN).collect();
    let known = Encoding::by_name(&shown).map(|_| text.to_owned());
    known.map_err(|error| format!("{error}; or calibrated:MODEL, by recorded requests"))
}

/// The names of the APIs.
pub(super) fn dialects() -> PossibleValuesParser {
    PossibleValuesParser::new(Dialect::ALL.iter().map(|dialect| dialect.name()))
}

/// The names of the formats of transcripts, and `auto`.
pub(super) fn formats() -> PossibleValuesParser {
    let mut names = Format::ALL.map(Format::name);
    names.sort_unstable();
    PossibleValuesParser::new(std::iter::once("auto").chain(names))
}

/// The names of the formats of exports.
pub(super) fn export_formats() -> PossibleValuesParser {
    PossibleValuesParser::new(ExportFormat::ALL.map(ExportFormat::name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_refused_in_our_own_words() {
        for (text, why) in [
            ("", "it is not a whole number"),
            ("many", "it is not a whole number"),
            ("1.5", "it is not a whole number"),
            ("-", "it is not a whole number"),
            ("-1", "it is below 0"),
            ("18446744073709551616", "it is too large: 18446744073709551615 at the most"),
        ] {
            assert_eq!(number::<u64>(text).unwrap_err(), why, "{text:?}");
        }
        assert_eq!(number::<u64>("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(number::<usize>("0"), Ok(0));
    }

    #[test]
    fn checkpoints_are_told_by_their_form() {
        for text in ["1", "latest", "id:0123", "git:abcdef", "git:ABCDEF0123"] {
            assert!(checkpoint(text).is_ok(), "{text}");
        }
        for text in ["", "newest", "-1", "id:", "id:123", "id:xyzw", "git:", "HEAD~1", "1..2"] {
            assert!(checkpoint(text).is_err(), "{text}");
        }
        assert!(checkpoints("1..latest").is_ok());
        assert!(checkpoints("1").is_err() && checkpoints("1..x").is_err());
    }
}
