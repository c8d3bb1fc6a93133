//! Paths of files inside a session.

use std::borrow::Cow;
use std::fmt;

use crate::error::{Error, Result, quoted};
use crate::limits::PATH_BYTES_MAX;

/// The path of a file in a session: relative, `/` between components, any bytes but NUL.
///
/// 1 to 4,096 bytes; no component is empty, `.` or `..`. It need not be UTF-8. What a file system
/// of today would refuse or fold is the business of a checkout, not of a path.
///
/// ```
/// use partita::FilePath;
/// assert_eq!(FilePath::new("src/lib.rs")?.to_string(), "src/lib.rs");
/// for bad in ["", "/etc/passwd", "a/../b", "a//b", "./a", "a\0b"] {
///     assert!(FilePath::new(bad).is_err());
/// }
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FilePath(Box<[u8]>);

impl FilePath {
    /// Checks and takes a path.
    ///
    /// # Errors
    /// `Invalid`, saying which rule it breaks.
    pub fn new(path: impl AsRef<[u8]>) -> Result<Self> {
        let bytes = path.as_ref();
        match fault(bytes) {
            None => Ok(FilePath(bytes.into())),
            Some(why) => {
                let shown = quoted(&String::from_utf8_lossy(bytes));
                Err(Error::invalid(format!("path {shown} {why}")))
            }
        }
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the path as text, or none where it is not UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Returns the path as text, with U+FFFD for what is not UTF-8.
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// Iterates over the components.
    pub fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|&byte| byte == b'/')
    }
}

fn fault(bytes: &[u8]) -> Option<&'static str> {
    if bytes.is_empty() {
        Some("is empty")
    } else if bytes.len() > PATH_BYTES_MAX {
        Some("is longer than 4096 bytes")
    } else if bytes.contains(&0) {
        Some("has a NUL byte")
    } else if bytes[0] == b'/' {
        Some("is absolute; give it relative to the session")
    } else {
        bytes.split(|&byte| byte == b'/').find_map(|component| match component {
            b"" => Some("has an empty component"),
            b"." => Some("has a component `.`"),
            b".." => Some("has a component `..`"),
            _ => None,
        })
    }
}

impl AsRef<[u8]> for FilePath {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_string_lossy())
    }
}

impl fmt::Debug for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string_lossy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_at_the_limit_are_taken_and_beyond_it_refused() {
        assert!(FilePath::new("a".repeat(PATH_BYTES_MAX - 1)).is_ok());
        assert!(FilePath::new("a".repeat(PATH_BYTES_MAX)).is_ok());
        assert!(FilePath::new("a".repeat(PATH_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn odd_but_harmless_paths_are_taken() {
        for path in [&b"..."[..], b"a/...", b".hidden", b"\xff\xfe", b" ", b"a\nb", b"c:\\x", b"-"]
        {
            assert!(FilePath::new(path).is_ok(), "{path:?}");
        }
    }

    #[test]
    fn paths_that_leave_the_session_are_refused() {
        for path in [&b"/"[..], b"..", b"a/..", b"../a", b"a/./b", b"a/", b"/a", b"a//b", b"\0"] {
            assert!(FilePath::new(path).is_err(), "{path:?}");
        }
    }
}
