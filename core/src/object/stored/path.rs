//! Paths of files inside a session.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

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
    /// Checks and takes a path: a text, bytes, or one of the system's.
    ///
    /// # Errors
    /// `Invalid`, saying which rule it breaks.
    pub fn new(path: impl AsPath) -> Result<Self> {
        let bytes = path.path_bytes()?;
        match fault(&bytes) {
            None => Ok(FilePath(bytes.into())),
            Some(why) => {
                let shown = quoted(&String::from_utf8_lossy(&bytes));
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

/// What a path may be given as: texts, bytes, [`FilePath`]s, and the paths of the system.
///
/// A system's path is taken as it stands: on Unix its bytes, UTF-8 or not. Elsewhere it must be
/// Unicode, and the separators become `/`. A host may implement it for its own types.
///
/// ```
/// use std::path::Path;
/// let session = partita::Store::in_memory()?.session("s")?;
/// session.write(Path::new("src").join("lib.rs"), "fn main() {}")?;
/// assert_eq!(session.read("src/lib.rs")?, b"fn main() {}");
/// # Ok::<(), partita::Error>(())
/// ```
pub trait AsPath {
    /// Returns the bytes of the path, with `/` between components. No rule is checked yet.
    ///
    /// # Errors
    /// `Invalid` for a path of the system that has no such bytes.
    fn path_bytes(&self) -> Result<Cow<'_, [u8]>>;
}

impl<T: AsPath + ?Sized> AsPath for &T {
    fn path_bytes(&self) -> Result<Cow<'_, [u8]>> {
        (**self).path_bytes()
    }
}

impl<T: AsPath + ToOwned + ?Sized> AsPath for Cow<'_, T> {
    fn path_bytes(&self) -> Result<Cow<'_, [u8]>> {
        (**self).path_bytes()
    }
}

impl<const LEN: usize> AsPath for [u8; LEN] {
    fn path_bytes(&self) -> Result<Cow<'_, [u8]>> {
        Ok(Cow::Borrowed(self))
    }
}

macro_rules! as_path {
    ($($bytes:ty),*; $($system:ty),*) => {
        $(impl AsPath for $bytes {
            fn path_bytes(&self) -> Result<Cow<'_, [u8]>> {
                Ok(Cow::Borrowed(self.as_ref()))
            }
        })*
        $(impl AsPath for $system {
            fn path_bytes(&self) -> Result<Cow<'_, [u8]>> {
                system_bytes(self.as_ref())
            }
        })*
    };
}

as_path!(str, String, [u8], Vec<u8>, FilePath; OsStr, OsString, Path, PathBuf);

macro_rules! try_from_path {
    ($($path:ty),*) => {
        $(impl TryFrom<$path> for FilePath {
            type Error = Error;

            /// Checks and takes a path.
            ///
            /// # Errors
            /// As [`FilePath::new`].
            fn try_from(path: $path) -> Result<Self> {
                FilePath::new(path)
            }
        })*
    };
}

try_from_path!(&str, String, &[u8], Vec<u8>, &OsStr, OsString, &Path, PathBuf);

impl std::str::FromStr for FilePath {
    type Err = Error;

    fn from_str(path: &str) -> Result<Self> {
        FilePath::new(path)
    }
}

#[cfg(unix)]
fn system_bytes(path: &OsStr) -> Result<Cow<'_, [u8]>> {
    use std::os::unix::ffi::OsStrExt as _;
    Ok(Cow::Borrowed(path.as_bytes()))
}

#[cfg(not(unix))]
fn system_bytes(path: &OsStr) -> Result<Cow<'_, [u8]>> {
    let text = path.to_str().ok_or_else(|| {
        let shown: String = path.to_string_lossy().chars().take(80).collect();
        Error::invalid(format!("path {shown:?} is not Unicode"))
    })?;
    Ok(match std::path::MAIN_SEPARATOR {
        '/' => Cow::Borrowed(text.as_bytes()),
        separator => Cow::Owned(text.replace(separator, "/").into_bytes()),
    })
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
    fn a_path_of_the_system_is_the_text_that_it_shows() {
        let text = FilePath::new("src/lib.rs").unwrap();
        let path = Path::new("src").join("lib.rs");
        assert_eq!(FilePath::new(&path).unwrap(), text);
        assert_eq!(FilePath::try_from(path.as_path()).unwrap(), text);
        assert_eq!(FilePath::try_from(path.as_os_str()).unwrap(), text);
        assert_eq!(FilePath::try_from(path.clone()).unwrap(), text);
        assert_eq!(FilePath::new(path.into_os_string()).unwrap(), text);
        assert_eq!(FilePath::new(Cow::Borrowed(Path::new("src/lib.rs"))).unwrap(), text);
        assert_eq!("src/lib.rs".parse::<FilePath>().unwrap(), text);
        for bad in ["", "/etc/passwd", "../a", "./a"] {
            assert!(FilePath::try_from(Path::new(bad)).is_err(), "{bad:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_path_of_the_system_that_is_not_utf_8_keeps_its_bytes() {
        use std::os::unix::ffi::OsStrExt as _;
        let path = FilePath::new(Path::new(OsStr::from_bytes(b"a/\xff"))).unwrap();
        assert_eq!(path.as_bytes(), b"a/\xff");
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
