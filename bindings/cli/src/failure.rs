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
    /// The command line is wrong, as only the command itself can tell.
    Usage(String),
    /// There is no session of a name; what to do about it.
    NoSession(NoSession),
    /// The standard output cannot be written.
    Output(io::Error),
    /// A command that was run ended so; there is nothing more to say.
    Ended(u8),
    /// A run that could not be recorded.
    Unrecorded(Box<Failure>),
}

/// A session that was looked for in vain.
#[derive(Debug)]
pub(crate) struct NoSession {
    pub(crate) name: String,
    /// The sessions that there are, or some of them.
    pub(crate) others: Vec<String>,
    /// Whether the command would have made something of an empty session.
    pub(crate) may_create: bool,
    /// The words of the command line, where they are known.
    pub(crate) words: Vec<String>,
}

/// Characters of an error's own line, and of each cause: what an error quotes may be a whole file.
const LINE_CHARS_MAX: usize = 1_000;
const CAUSE_CHARS_MAX: usize = 240;

impl Failure {
    /// Tells whether nobody reads the output any more, which is no failure.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Tells whether all was said already.
    pub(crate) fn is_said(&self) -> bool {
        matches!(self, Failure::Ended(_))
    }

    /// Returns the exit code: 2 where the command line is wrong, that of a command that was run, else 1.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Failure::Usage(_) => 2,
            Failure::Ended(code) => *code,
            // As other commands that run commands have it.
            Failure::Unrecorded(_) => 125,
            _ => 1,
        }
    }

    /// Says of a session that is not there that an empty one would do.
    pub(crate) fn or_create(mut self) -> Failure {
        if let Failure::NoSession(missing) = &mut self {
            missing.may_create = true;
        }
        self
    }

    /// Tells a failure what the command line was.
    pub(crate) fn with_words(mut self, words: &[String]) -> Failure {
        match &mut self {
            Failure::NoSession(missing) => missing.words = words.to_vec(),
            Failure::Unrecorded(failure) => {
                if let Failure::NoSession(missing) = &mut **failure {
                    missing.words = words.to_vec();
                }
            }
            _ => {}
        }
        self
    }
}

impl fmt::Display for NoSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no session {:?}; ", self.name)?;
        let typed = |other: &&String| self.words.contains(other) && **other != self.name;
        if let Some(other) = self.others.iter().find(typed) {
            return write!(f, "{other:?} is one: the session comes first");
        }
        if let Some(nearest) = nearest(&self.name, &self.others) {
            return write!(f, "did you mean {nearest:?}?");
        }
        match self.may_create {
            true => f.write_str("create it with `partita new`"),
            false if self.others.is_empty() => f.write_str("there is none yet"),
            false => f.write_str("`partita sessions` lists those that there are"),
        }
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
            Failure::Usage(message) => f.write_str(&one_line(message, LINE_CHARS_MAX)),
            Failure::NoSession(missing) => {
                f.write_str(&one_line(&missing.to_string(), LINE_CHARS_MAX))
            }
            Failure::Output(error) => write!(f, "cannot write the output: {}", chain(error)),
            Failure::Ended(code) => write!(f, "the command ended with {code}"),
            Failure::Unrecorded(failure) => failure.fmt(f),
        }
    }
}

/// Joins an error and its causes by `: `, leaving out what was said before.
fn chain(error: &dyn StdError) -> String {
    let mut line = one_line(&error.to_string(), LINE_CHARS_MAX);
    let mut next = error.source();
    while let Some(cause) = next {
        let text = one_line(&cause.to_string(), CAUSE_CHARS_MAX);
        if !text.is_empty() && !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        next = cause.source();
    }
    line
}

/// Joins the lines of a message by `; `, cuts what is beyond so many characters, and makes what a
/// terminal would obey visible.
fn one_line(message: &str, chars_max: usize) -> String {
    let lines: Vec<&str> = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let line = lines.join("; ");
    match line.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}...", quote::text(&line[..end])),
        None => quote::text(&line).into_owned(),
    }
}

/// Returns the name nearest to another, if a slip of a finger or two leads from one to the other.
pub(crate) fn nearest<'a>(name: &str, names: &'a [String]) -> Option<&'a str> {
    let most = match name.chars().count() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    let near = names.iter().map(|other| (distance(name, other, most), other));
    near.filter(|(distance, _)| *distance <= most).min().map(|(_, other)| &**other)
}

/// Counts the letters to put in, leave out, replace or swap with their neighbours that make one
/// name of another; some larger number where they are more than `most`.
fn distance(one: &str, other: &str, most: usize) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (lower(one), lower(other));
    if one.len().abs_diff(other.len()) > most {
        return usize::MAX;
    }
    let mut rows = [Vec::new(), (0..=other.len()).collect::<Vec<usize>>()];
    for (at, &letter) in one.iter().enumerate() {
        let before = rows[1].clone();
        let mut row = vec![at + 1];
        for (place, &there) in other.iter().enumerate() {
            let mut least = (before[place + 1] + 1).min(row[place] + 1);
            least = least.min(before[place] + usize::from(letter != there));
            if at > 0 && place > 0 && letter == other[place - 1] && one[at - 1] == there {
                least = least.min(rows[0][place - 1] + 1);
            }
            row.push(least);
        }
        rows = [before, row];
    }
    rows[1].last().copied().unwrap_or(0)
}

fn lower(name: &str) -> Vec<char> {
    name.chars().flat_map(char::to_lowercase).collect()
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
    fn what_an_error_quotes_is_cut_to_a_line() {
        let cause = io::Error::other("SECRET=".repeat(1_000));
        let error = Error::new(ErrorKind::Io, "cannot read it").with_source(cause);
        let line = Failure::from(error).to_string();
        assert!(line.len() < 300 && line.ends_with("..."), "{line}");
        let long = Error::new(ErrorKind::Io, "x".repeat(LINE_CHARS_MAX + 1));
        assert_eq!(Failure::from(long).to_string().len(), LINE_CHARS_MAX + 3);
        let fits = Error::new(ErrorKind::Io, "x".repeat(LINE_CHARS_MAX));
        assert_eq!(Failure::from(fits).to_string().len(), LINE_CHARS_MAX);
    }

    #[test]
    fn the_nearest_name_is_one_that_a_slip_makes() {
        let names = ["parser", "printer", "a", "fix-lexer"].map(str::to_owned);
        for (name, near) in [
            ("parse", Some("parser")),
            ("prasers", Some("parser")),
            ("Parser", Some("parser")),
            ("fixlexer", Some("fix-lexer")),
            ("b", None),
            ("lexer", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, &names), near, "{name}");
        }
    }

    #[test]
    fn a_session_that_is_not_there_is_told_by_what_can_be_done() {
        let say = |name: &str, words: &[&str], may_create| {
            NoSession {
                name: name.into(),
                others: vec!["parser".into(), "s".into()],
                may_create,
                words: words.iter().map(|word| (*word).to_owned()).collect(),
            }
            .to_string()
        };
        let swapped = say("a.txt", &["cat", "a.txt", "s"], false);
        assert_eq!(swapped, "no session \"a.txt\"; \"s\" is one: the session comes first");
        assert_eq!(say("parsr", &[], true), "no session \"parsr\"; did you mean \"parser\"?");
        assert_eq!(say("zzz", &[], true), "no session \"zzz\"; create it with `partita new`");
        let listed = "no session \"zzz\"; `partita sessions` lists those that there are";
        assert_eq!(say("zzz", &[], false), listed);
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
