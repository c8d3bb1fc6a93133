//! Names of sessions.

use crate::error::{Error, Result, quoted};
use crate::limits::LABEL_BYTES_MAX;
use crate::limits::NAME_BYTES_MAX;

/// Refuses a name that a listing, a shell or a ref could not carry.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let why = if name.is_empty() {
        "is empty"
    } else if name.len() > NAME_BYTES_MAX {
        "is longer than 255 bytes"
    } else if name.chars().any(char::is_control) {
        "has a control character"
    } else if name.trim() != name {
        "begins or ends with white space"
    } else if name.split('/').any(str::is_empty) {
        "has an empty component: no `/` at either end, no `//`"
    } else {
        return Ok(());
    };
    Err(Error::invalid(format!("session name {} {why}", quoted(name))))
}

/// Characters of a path or a selector that an operation's message keeps.
pub(crate) const MESSAGE_CHARS_MAX: usize = 200;

/// Refuses a text that an operation cannot hold.
pub(crate) fn check_line(what: &str, text: &str) -> Result<()> {
    if text.len() > LABEL_BYTES_MAX {
        return Err(Error::invalid(format!(
            "{what} of {} bytes, at most {LABEL_BYTES_MAX} are allowed",
            text.len()
        )));
    }
    Ok(())
}

/// The first line of a text, as a message has it.
pub(crate) fn first_line(text: &str) -> String {
    const CHARS: usize = 120;
    let line = text.lines().next().unwrap_or_default();
    let line: String = line.chars().map(|at| if at.is_control() { ' ' } else { at }).collect();
    match line.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_the_limit_are_taken_and_beyond_it_refused() {
        for (name, holds) in [
            ("a".repeat(254), true),
            ("a".repeat(255), true),
            ("a".repeat(256), false),
            ("team/fix parser".into(), true),
            ("\u{e9}".into(), true),
            ("".into(), false),
            (" a".into(), false),
            ("a\u{a0}".into(), false),
            ("/a".into(), false),
            ("a/".into(), false),
            ("a//b".into(), false),
            ("a\nb".into(), false),
            ("a\u{85}b".into(), false),
        ] {
            assert_eq!(check_name(&name).is_ok(), holds, "{name:?}");
        }
    }
}
