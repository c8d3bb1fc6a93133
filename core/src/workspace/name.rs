//! Names that a checkout refuses, on every platform alike.
//!
//! A repository's or a store's own directory must never be written from a session, whatever the
//! file system makes of case, ignorable characters or short names: who writes there decides what
//! the next command runs.

use crate::limits::COMPONENT_BYTES_MAX;
use crate::object::FilePath;

/// Names of directories that belong to git and to us, and their first short names on Windows.
const OWN: [&str; 4] = [".git", "git~1", ".partita", "partit~1"];

/// Says why a path cannot be written into any directory, or none.
pub(super) fn fault(path: &FilePath) -> Option<&'static str> {
    path.components().find_map(|component| {
        if component.len() > COMPONENT_BYTES_MAX {
            Some("has a component of more than 255 bytes")
        } else if is_own(component) {
            Some("is inside a directory that belongs to git or to partita")
        } else {
            platform_fault(component)
        }
    })
}

/// Tells whether some file system would take the component for one of [`OWN`].
fn is_own(component: &[u8]) -> bool {
    let visible: Vec<u8> = match std::str::from_utf8(component) {
        Ok(text) => text.chars().filter(|c| !is_ignorable(*c)).collect::<String>().into_bytes(),
        Err(_) => component.to_vec(),
    };
    [component, &visible].into_iter().any(|name| {
        name.split(|&byte| byte == b'\\').any(|piece| {
            // NTFS cuts at a colon, and drops dots and spaces at the end.
            let name = piece.split(|&byte| byte == b':').next().unwrap_or_default();
            let kept = name.iter().rposition(|byte| !matches!(byte, b'.' | b' '));
            let name = kept.map_or(&b""[..], |last| &name[..=last]);
            OWN.iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes()))
        })
    })
}

/// Tells whether HFS+ ignores the character in names.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

#[cfg(unix)]
fn platform_fault(_component: &[u8]) -> Option<&'static str> {
    None
}

#[cfg(not(unix))]
fn platform_fault(component: &[u8]) -> Option<&'static str> {
    const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];
    let Ok(name) = std::str::from_utf8(component) else {
        return Some("is not UTF-8, which this system needs");
    };
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let is_port = (stem.starts_with("com") || stem.starts_with("lpt")) && stem.chars().count() == 4;
    let is_odd = |c: char| c < ' ' || "<>:\"|?*\\".contains(c);
    (name.ends_with(['.', ' ']) || name.contains(is_odd) || is_port || DEVICES.contains(&&*stem))
        .then_some("has a name that this system cannot hold")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(path: impl AsRef<[u8]>) -> bool {
        fault(&FilePath::new(path).unwrap()).is_some()
    }

    #[test]
    fn every_form_of_a_repositorys_directory_is_refused() {
        for name in [
            ".git",
            ".GIT",
            "a/.Git/hooks/post-checkout",
            ".git.",
            ".git ",
            ".git. .",
            ".git::$INDEX_ALLOCATION",
            ".git:stream",
            "git~1",
            "GIT~1",
            "a\\.git\\config",
            ".g\u{200c}it",
            "\u{feff}.git",
            ".gi\u{202e}T",
            ".partita",
            ".Partita/log",
            "PARTIT~1",
        ] {
            assert!(is_refused(name), "{name:?}");
        }
    }

    #[test]
    fn names_that_only_resemble_it_are_taken() {
        for name in [".gitignore", ".github/x", "git", "git~2", "x.git", "..git", ".gi", "a~1"] {
            assert!(!is_refused(name), "{name:?}");
        }
        assert!(!is_refused(b"\xff.git"));
    }

    #[test]
    fn components_at_the_limit_are_taken_and_beyond_it_refused() {
        assert!(!is_refused("a".repeat(COMPONENT_BYTES_MAX - 1)));
        assert!(!is_refused("a".repeat(COMPONENT_BYTES_MAX)));
        assert!(is_refused("a".repeat(COMPONENT_BYTES_MAX + 1)));
    }
}
