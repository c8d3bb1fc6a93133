//! Names that no checkout writes, on every platform alike.
//!
//! A repository's or a store's own directory must never be written from a session, whatever the
//! file system makes of case, ignorable characters or short names: who writes there decides what
//! the next command runs.

use std::fmt;

use super::FilePath;
use crate::limits::{COMPONENT_BYTES_MAX, TARGET_BYTES_MAX};

/// Names of directories that belong to git and to us, and their first short names on Windows.
const OWN: [&str; 4] = [".git", "git~1", ".partita", "partit~1"];

/// Why no checkout writes a path, on whatever system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NameFault {
    /// A component has more bytes than file systems accept.
    TooLong,
    /// It is in a directory that belongs to git or to partita, or some file system takes it for
    /// one.
    Reserved,
    /// It is a symlink in the place of git's `.gitmodules`.
    Modules,
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NameFault::TooLong => "has a component of more than 255 bytes",
            NameFault::Reserved => "is inside a directory that belongs to git or to partita",
            NameFault::Modules => "is a symlink in the place of git's .gitmodules",
        })
    }
}

impl FilePath {
    /// Returns why no checkout ever writes this path, or none where some can.
    ///
    /// Sessions refuse to write such a path; what an import brought in under one stays, and may be
    /// removed, renamed and restored.
    ///
    /// ```
    /// use partita::FilePath;
    /// use partita::object::NameFault;
    /// assert_eq!(FilePath::new("src/.git/config")?.name_fault(), Some(NameFault::Reserved));
    /// assert_eq!(FilePath::new("a".repeat(256))?.name_fault(), Some(NameFault::TooLong));
    /// assert_eq!(FilePath::new("src/.gitignore")?.name_fault(), None);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn name_fault(&self) -> Option<NameFault> {
        self.components().find_map(|component| {
            if component.len() > COMPONENT_BYTES_MAX {
                Some(NameFault::TooLong)
            } else {
                looks_like(component, &OWN).then_some(NameFault::Reserved)
            }
        })
    }

    /// Returns why no checkout ever writes a symlink at this path, or none. Git takes what
    /// `.gitmodules` says for its own configuration, and so must not be led to read it elsewhere.
    pub(crate) fn link_fault(&self) -> Option<NameFault> {
        let last = self.components().last().unwrap_or_default();
        self.name_fault().or_else(|| {
            looks_like(last, &[".gitmodules", "gitmod~1"]).then_some(NameFault::Modules)
        })
    }

    /// Says why this system cannot hold a file of this name, or none.
    pub(crate) fn platform_fault(&self) -> Option<&'static str> {
        self.components().find_map(platform_fault)
    }
}

/// Tells whether some system can hold a symlink with this target.
pub(crate) fn is_target(target: &[u8]) -> bool {
    !target.is_empty() && target.len() <= TARGET_BYTES_MAX && !target.contains(&0)
}

/// Tells whether some file system would take the component for one of these names.
fn looks_like(component: &[u8], names: &[&str]) -> bool {
    let visible = match std::str::from_utf8(component) {
        Ok(text) if text.contains(is_ignorable) => text.replace(is_ignorable, ""),
        _ => String::new(),
    };
    [component, visible.as_bytes()].into_iter().any(|name| {
        name.split(|&byte| byte == b'\\').any(|piece| {
            // NTFS cuts at a colon, and drops dots and spaces at the end.
            let name = piece.split(|&byte| byte == b':').next().unwrap_or_default();
            let kept = name.iter().rposition(|byte| !matches!(byte, b'.' | b' '));
            let name = kept.map_or(&b""[..], |last| &name[..=last]);
            names.iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes()))
        })
    })
}

/// Tells whether HFS+ ignores the character in names.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

fn platform_fault(component: &[u8]) -> Option<&'static str> {
    if cfg!(unix) { None } else { windows_fault(component) }
}

/// Says why Windows would take a name for another, for a device, a drive or a stream. Unix takes
/// these names as they are, and many a repository has an `aux.c`.
fn windows_fault(component: &[u8]) -> Option<&'static str> {
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

    fn is_refused(path: impl crate::object::AsPath) -> bool {
        FilePath::new(path).unwrap().name_fault().is_some()
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
    fn every_form_of_gits_list_of_modules_is_refused_as_a_symlink_alone() {
        for name in
            [".gitmodules", ".GITmodules", "a/.gitmodules ", "GITMOD~1", ".git\u{200d}modules"]
        {
            let path = FilePath::new(name).unwrap();
            assert_eq!((path.link_fault(), path.name_fault()), (Some(NameFault::Modules), None));
        }
        for name in [".gitmodules/x", ".gitmodule", "gitmodules", ".gitignore"] {
            assert_eq!(FilePath::new(name).unwrap().link_fault(), None, "{name:?}");
        }
    }

    #[test]
    fn names_that_windows_takes_for_something_else_are_refused_there() {
        for name in [
            "C:",
            "c:x",
            "a:$DATA",
            "a::$DATA",
            "a:b",
            "x\\y",
            "\\\\server\\share",
            "a.",
            "a ",
            "a. .",
            "con",
            "CON",
            "aux.txt",
            "NUL.tar.gz",
            "prn ",
            "com1",
            "COM9.log",
            "lpt1",
            "LPT\u{b9}.x",
            "conin$",
            "CONOUT$",
            "a<b",
            "a>b",
            "a|b",
            "a?",
            "a*",
            "a\"b",
            "a\tb",
            "con .txt",
        ] {
            assert!(windows_fault(name.as_bytes()).is_some(), "{name:?}");
            // No way out of the directory on Unix, where they are names like others.
            assert_eq!(platform_fault(name.as_bytes()).is_some(), !cfg!(unix), "{name:?}");
        }
        assert!(windows_fault(b"\xff").is_some());
        for name in
            ["console", "auxiliary.c", "com", "com10", "lpt", "nul1", "a.b", ".a", "a b", "c"]
        {
            assert_eq!(windows_fault(name.as_bytes()), None, "{name:?}");
        }
    }

    #[test]
    fn components_at_the_limit_are_taken_and_beyond_it_refused() {
        assert!(!is_refused("a".repeat(COMPONENT_BYTES_MAX - 1)));
        assert!(!is_refused("a".repeat(COMPONENT_BYTES_MAX)));
        assert!(is_refused("a".repeat(COMPONENT_BYTES_MAX + 1)));
    }

    #[test]
    fn targets_at_the_limit_are_taken_and_beyond_it_refused() {
        assert!(is_target(&vec![b'a'; TARGET_BYTES_MAX - 1]));
        assert!(is_target(&vec![b'a'; TARGET_BYTES_MAX]));
        assert!(!is_target(&vec![b'a'; TARGET_BYTES_MAX + 1]));
        assert!(!is_target(b"") && !is_target(b"a\0b"));
    }
}
