//! Commits, as far as a session wants to know them.

use gix::ObjectId;
use partita::{Error, ErrorKind, Result, Timestamp};

/// Bytes of a subject line that go into a checkpoint's label.
const SUBJECT_BYTES_MAX: usize = 200;

/// Bytes of an author's name and address that are kept.
const ACTOR_BYTES_MAX: usize = 1_024;

/// A commit. Only its tree must be well-formed; old tools wrote all sorts of authors and times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) id: ObjectId,
    pub(crate) tree: ObjectId,
    /// The first parent.
    pub(crate) parent: Option<ObjectId>,
    pub(crate) author: Signature,
    pub(crate) committer: Signature,
    /// The message's bytes as they are.
    pub(crate) message: Vec<u8>,
}

/// Who and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signature {
    /// `Name <address>`, with U+FFFD for what is not UTF-8.
    pub(crate) actor: String,
    /// Absent where it cannot be read.
    pub(crate) time: Option<Timestamp>,
}

impl Commit {
    /// Reads a commit object's bytes: header lines, an empty line, the message.
    pub(super) fn parse(id: ObjectId, data: &[u8]) -> Result<Commit> {
        let malformed = |what: &str| {
            Error::new(ErrorKind::Corrupt, format!("git commit {id} is malformed: {what}"))
        };
        let mut tree = None;
        let mut parent = None;
        let mut author = Signature::default();
        let mut committer = Signature::default();
        let mut rest = data;
        loop {
            let (line, after) = match rest.iter().position(|&byte| byte == b'\n') {
                Some(end) => (&rest[..end], &rest[end + 1..]),
                None => (rest, &[][..]),
            };
            rest = after;
            if line.is_empty() {
                break;
            }
            let (key, value) = match line.iter().position(|&byte| byte == b' ') {
                Some(space) => (&line[..space], &line[space + 1..]),
                None => (line, &[][..]),
            };
            let object = || ObjectId::from_hex(value).map_err(|_| malformed("not an object id"));
            match key {
                b"tree" if tree.is_none() => tree = Some(object()?),
                b"parent" if parent.is_none() => parent = Some(object()?),
                b"author" => author = Signature::parse(value),
                b"committer" => committer = Signature::parse(value),
                _ => {}
            }
        }
        let tree = tree.ok_or_else(|| malformed("it has no tree"))?;
        Ok(Commit { id, tree, parent, author, committer, message: rest.to_vec() })
    }

    /// Returns the first line of the message that is not blank, shortened.
    pub(crate) fn subject(&self) -> String {
        let line = self
            .message
            .split(|&byte| byte == b'\n')
            .map(<[u8]>::trim_ascii)
            .find(|line| !line.is_empty())
            .unwrap_or_default();
        shortened(line, SUBJECT_BYTES_MAX)
    }
}

impl Signature {
    fn parse(value: &[u8]) -> Signature {
        let (actor, after) = match value.iter().rposition(|&byte| byte == b'>') {
            Some(end) => value.split_at(end + 1),
            None => (value, &[][..]),
        };
        let seconds: Option<i64> = after
            .split(|byte| byte.is_ascii_whitespace())
            .find(|word| !word.is_empty())
            .and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
        Signature {
            actor: shortened(actor.trim_ascii(), ACTOR_BYTES_MAX),
            time: seconds.map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1_000))),
        }
    }
}

/// Takes bytes as text of at most so many bytes, cut between characters.
fn shortened(bytes: &[u8], bytes_max: usize) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    let end = (0..=bytes_max.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    text.truncate(end.unwrap_or(0));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: &str) -> ObjectId {
        ObjectId::from_hex(digit.repeat(40).as_bytes()).expect("40 digits")
    }

    fn parse(text: &[u8]) -> Result<Commit> {
        Commit::parse(id("0"), text)
    }

    #[test]
    fn a_commit_gives_its_tree_first_parent_people_and_message() {
        let text = format!(
            "tree {}\nparent {}\nparent {}\nauthor A U Thor <a@x> 12 +0100\ncommitter C <c@x> -5 \
             -0800\ngpgsig -----BEGIN\n author B <b> 9\n -----END\n\nsubject\n\nbody\n",
            id("a"),
            id("b"),
            id("c")
        );
        let commit = parse(text.as_bytes()).unwrap();
        assert_eq!((commit.tree, commit.parent), (id("a"), Some(id("b"))));
        assert_eq!(commit.author.actor, "A U Thor <a@x>");
        assert_eq!(commit.author.time, Some(Timestamp::from_millis(12_000)));
        assert_eq!(commit.committer.time, Some(Timestamp::from_millis(-5_000)));
        assert_eq!(commit.message, b"subject\n\nbody\n");
        assert_eq!(commit.subject(), "subject");
    }

    #[test]
    fn malformed_people_and_bytes_that_are_not_utf8_are_taken() {
        let mut text = format!("tree {}\nauthor nobody\ncommitter L\u{0}", id("a")).into_bytes();
        text.extend(b"\xf6we <l@x> 99999999999999999999 +0000\n\n \n\xf6\xf6 \n");
        let commit = parse(&text).unwrap();
        assert_eq!(commit.author, Signature { actor: "nobody".into(), time: None });
        assert_eq!(commit.committer.time, None);
        assert_eq!(commit.message, b" \n\xf6\xf6 \n");
        assert_eq!(commit.subject(), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_long_subject_is_cut_between_characters() {
        let text = format!("tree {}\n\nx{}", id("a"), "\u{e4}".repeat(200));
        assert_eq!(parse(text.as_bytes()).unwrap().subject().len(), 199);
    }

    #[test]
    fn what_has_no_tree_is_refused_and_nothing_panics() {
        for text in [&b""[..], b"\n", b"tree", b"tree zz\n", b"parent \n\n", b"author"] {
            assert!(parse(text).is_err());
        }
    }
}
