//! The one public error type.

#[cfg(feature = "tokens")]
mod shortfall;

use std::error::Error as StdError;
use std::fmt;

#[cfg(feature = "tokens")]
pub use self::shortfall::{Shortfall, ShortfallItem};

/// The result of every fallible operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, told in one line, with a [`kind`](Error::kind) to act on and a
/// [`source`](StdError::source) to report.
///
/// The type is opaque and one word wide. Its `Display` is one line, lower case, without a full
/// stop, and never repeats its source.
///
/// ```
/// use partita::{ErrorKind, Store};
/// let store = Store::in_memory()?;
/// let error = store.open_session("absent").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert_eq!(error.kind().code(), "not-found");
/// # Ok::<(), partita::Error>(())
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    #[cfg(feature = "tokens")]
    shortfall: Option<Shortfall>,
}

/// What the caller can do about an [`Error`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// The named thing does not exist: check the name, or create it.
    NotFound,
    /// The name is taken: choose another, or open what is there.
    AlreadyExists,
    /// Somebody else changed what this call rested on: read again, decide, retry.
    Conflict,
    /// A short form matches more than one thing: use a longer one.
    Ambiguous,
    /// The argument can never be accepted: correct it.
    Invalid,
    /// A prompt is larger than its limit with everything gone that may go: shorten or unpin what
    /// `Error::shortfall` lists, or raise the limit.
    DoesNotFit,
    /// The bytes were removed on purpose, or given up for lost: do without them.
    Purged,
    /// Stored bytes are damaged or missing: run `check`, keep the directory, restore from a copy.
    Corrupt,
    /// Another process holds the writer lock: try again later.
    Busy,
    /// The operating system refused: free space, mend permissions, try again.
    Io,
    /// The store needs a newer version of this library, or uses a feature unknown to it: upgrade.
    Unsupported,
    /// The store was opened for reading only: open it for writing.
    ReadOnly,
    /// The commit may or may not survive a crash: reopen the store and look.
    Indeterminate,
    /// An earlier write failed, so this handle writes no more: reopen the store.
    Poisoned,
}

impl ErrorKind {
    /// Every kind, in the order of declaration.
    pub const ALL: [ErrorKind; 14] = [
        ErrorKind::NotFound,
        ErrorKind::AlreadyExists,
        ErrorKind::Conflict,
        ErrorKind::Ambiguous,
        ErrorKind::Invalid,
        ErrorKind::DoesNotFit,
        ErrorKind::Purged,
        ErrorKind::Corrupt,
        ErrorKind::Busy,
        ErrorKind::Io,
        ErrorKind::Unsupported,
        ErrorKind::ReadOnly,
        ErrorKind::Indeterminate,
        ErrorKind::Poisoned,
    ];

    /// Returns the stable kebab-case code, the same in every binding.
    pub fn code(self) -> &'static str {
        match self {
            ErrorKind::NotFound => "not-found",
            ErrorKind::AlreadyExists => "already-exists",
            ErrorKind::Conflict => "conflict",
            ErrorKind::Ambiguous => "ambiguous",
            ErrorKind::Invalid => "invalid",
            ErrorKind::DoesNotFit => "does-not-fit",
            ErrorKind::Purged => "purged",
            ErrorKind::Corrupt => "corrupt",
            ErrorKind::Busy => "busy",
            ErrorKind::Io => "io",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::ReadOnly => "read-only",
            ErrorKind::Indeterminate => "indeterminate",
            ErrorKind::Poisoned => "poisoned",
        }
    }

    /// Tells whether what was asked for is not there, and is not damaged either.
    pub(crate) fn is_absence(self) -> bool {
        matches!(self, ErrorKind::NotFound | ErrorKind::Purged)
    }
}

impl Error {
    /// Makes an error of a kind; the message is one line, lower case, without a full stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            source: None,
            #[cfg(feature = "tokens")]
            shortfall: None,
        }))
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Puts what was being done in front of the message, keeping kind and source.
    #[must_use]
    pub fn context(mut self, doing: impl fmt::Display) -> Self {
        self.0.message = format!("{doing}: {}", self.0.message);
        self
    }

    /// Puts what to do behind the message.
    pub(crate) fn advise(mut self, advice: impl fmt::Display) -> Self {
        self.0.message = format!("{}; {advice}", self.0.message);
        self
    }

    /// Returns what the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns what a prompt that does not fit is made of: for the kind `DoesNotFit`.
    #[cfg(feature = "tokens")]
    pub fn shortfall(&self) -> Option<&Shortfall> {
        self.0.shortfall.as_ref()
    }

    #[cfg(feature = "tokens")]
    pub(crate) fn of_shortfall(shortfall: Shortfall) -> Self {
        let error = Error::new(ErrorKind::DoesNotFit, shortfall.to_string());
        error.with_shortfall(shortfall)
    }

    #[cfg(feature = "tokens")]
    fn with_shortfall(mut self, shortfall: Shortfall) -> Self {
        self.0.shortfall = Some(shortfall);
        self
    }

    /// Returns the same error once more, for another one whom it concerns. What the system said
    /// stays what it is, for it tells what may be done; any other cause becomes its line.
    pub(crate) fn again(&self) -> Self {
        let copy = Error::new(self.kind(), self.to_string());
        #[cfg(feature = "tokens")]
        let copy = match &self.0.shortfall {
            Some(shortfall) => copy.with_shortfall(shortfall.clone()),
            None => copy,
        };
        let Some(source) = self.source() else { return copy };
        match source.downcast_ref::<std::io::Error>() {
            Some(cause) => copy.with_source(match cause.raw_os_error() {
                Some(code) => std::io::Error::from_raw_os_error(code),
                None => std::io::Error::new(cause.kind(), cause.to_string()),
            }),
            None => copy.with_source(source.to_string()),
        }
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::NotFound, message)
    }

    pub(crate) fn exists(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::AlreadyExists, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Conflict, message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Invalid, message)
    }

    pub(crate) fn corrupt(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Corrupt, message)
    }

    pub(crate) fn io(doing: impl fmt::Display, source: std::io::Error) -> Self {
        Error::new(ErrorKind::Io, doing.to_string()).with_source(source)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.0.kind).field("message", &self.0.message);
        if let Some(source) = &self.0.source {
            out.field("source", source);
        }
        out.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// Characters of a text from outside that a message shows.
const QUOTED_CHARS_MAX: usize = 80;

/// Returns the beginning of a text from outside as a message shows it: in quotes, on one line.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARS_MAX) {
        Some((end, _)) => format!("{:?}", &text[..end]),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_kebab_case() {
        let codes: std::collections::BTreeSet<_> =
            ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes.len(), ErrorKind::ALL.len());
        for code in codes {
            assert!(code.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{code}");
        }
    }

    #[test]
    fn a_long_text_from_outside_is_shown_by_its_beginning() {
        assert_eq!(quoted("a\nb"), r#""a\nb""#);
        let whole = "\u{e9}".repeat(QUOTED_CHARS_MAX);
        assert_eq!(quoted(&whole), format!("{whole:?}"));
        assert_eq!(quoted(&(whole.clone() + "z")), format!("{whole:?}"));
    }

    #[test]
    fn an_error_is_one_word_wide_and_does_not_repeat_its_source() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        let error = Error::io("write segment 3", std::io::Error::other("disk on fire"));
        assert_eq!(error.to_string(), "write segment 3");
        assert_eq!(error.source().expect("set above").to_string(), "disk on fire");
    }
}
