//! Why a command failed, in one line.

use std::error::Error as StdError;
use std::{fmt, io};

use crate::output::quote;

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a command failed. Its `Display` is one line: what failed, then each cause that says
/// something new.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The store, a session or the source of an import said no.
    Refused(partita::Error),
    /// The standard output cannot be written.
    Output(io::Error),
}

impl Failure {
    /// Tells whether nobody reads the output any more, which is no failure.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl Failure {
    /// Tells whether the system does not let us write where that is needed.
    pub(crate) fn is_forbidden(&self) -> bool {
        let Failure::Refused(error) = self else { return false };
        let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
        cause.is_some_and(|cause| {
            matches!(
                cause.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
            )
        })
    }
}

impl From<partita::Error> for Failure {
    fn from(error: partita::Error) -> Failure {
        Failure::Refused(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused(error) => f.write_str(&chain(error)),
            Failure::Output(error) => write!(f, "cannot write the output: {}", chain(error)),
        }
    }
}

/// Joins an error and its causes by `: `, leaving out what was said before.
fn chain(error: &dyn StdError) -> String {
    let mut line = one_line(&error.to_string());
    let mut next = error.source();
    while let Some(cause) = next {
        let text = one_line(&cause.to_string());
        if !text.is_empty() && !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        next = cause.source();
    }
    line
}

/// Joins the lines of a message by `; ` and makes what a terminal would obey visible.
fn one_line(message: &str) -> String {
    let lines: Vec<&str> = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    quote::text(&lines.join("; ")).into_owned()
}

#[cfg(test)]
mod tests {
    use partita::{Error, ErrorKind};

    use super::*;

    #[test]
    fn causes_are_joined_on_one_line_and_never_repeated() {
        let cause = io::Error::other("no\nspace\u{1b}[31m");
        let inner = Error::new(ErrorKind::Io, "write segment 3").with_source(cause);
        let outer = Error::new(ErrorKind::Io, "commit: write segment 3").with_source(inner);
        assert_eq!(
            Failure::from(outer).to_string(),
            "commit: write segment 3: no; space\\u{1b}[31m"
        );
    }

    #[test]
    fn a_closed_pipe_is_told_apart() {
        assert!(Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)).is_closed_pipe());
        let json = serde_json::to_writer(Closed, &[1]).unwrap_err();
        assert!(Failure::from(json).is_closed_pipe());
        assert!(!Failure::from(io::Error::from(io::ErrorKind::StorageFull)).is_closed_pipe());
    }

    struct Closed;

    impl io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
