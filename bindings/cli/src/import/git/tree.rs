//! Trees as their bytes say: entry by entry, and nothing taken on trust.

use std::cmp::Ordering;

use gix::bstr::ByteSlice as _;
use gix::{ObjectId, hash};

use super::value::ValueKind;

/// What an entry says its object is: a directory, or what a session keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    Tree,
    Value(ValueKind),
}

/// An entry of a tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct TreeEntry<'a> {
    pub(super) kind: EntryKind,
    pub(super) name: &'a [u8],
    pub(super) id: &'a hash::oid,
    /// The entry as it stands in the tree.
    pub(super) raw: &'a [u8],
}

/// What is wrong with a tree: which entry, where it has a name, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) name: Vec<u8>,
    pub(super) why: String,
}

impl Malformed {
    pub(super) fn new(name: &[u8], why: impl Into<String>) -> Malformed {
        Malformed { name: name.to_vec(), why: why.into() }
    }
}

/// Reads a tree's entries in git's order, and tells whether they stood in it.
///
/// Refused is what git's own checks call broken: a name that is empty, `.`, `..` or has a slash,
/// one that comes twice, a mode of no known kind, an entry that is cut short.
pub(super) fn parse(
    data: &[u8],
    hash: hash::Kind,
    entries_max: usize,
) -> Result<(Vec<TreeEntry<'_>>, bool), Malformed> {
    let mut entries = Vec::with_capacity(data.len() / (hash.len_in_bytes() + 16));
    let mut rest = data;
    while !rest.is_empty() {
        if entries.len() == entries_max {
            return Err(Malformed::new(b"", format!("it has more than {entries_max} entries")));
        }
        let (entry, after) = entry(rest, hash).map_err(|(name, why)| Malformed {
            name,
            why: format!("{why} (entry {})", entries.len() + 1),
        })?;
        entries.push(entry);
        rest = after;
    }
    let sorted = entries.is_sorted_by(|a, b| order(a, b) == Ordering::Less);
    if !sorted {
        entries.sort_by(order);
    }
    match doubled(&entries) {
        Some(name) => Err(Malformed::new(name, "its name comes twice")),
        None => Ok((entries, sorted)),
    }
}

type Split<'a> = (TreeEntry<'a>, &'a [u8]);

fn entry(data: &[u8], hash: hash::Kind) -> Result<Split<'_>, (Vec<u8>, &'static str)> {
    let nameless = |why| (Vec::new(), why);
    let space = data.iter().take(8).position(|&byte| byte == b' ');
    let space = space.ok_or_else(|| nameless("an entry has no mode"))?;
    let name_and_id = &data[space + 1..];
    let end = name_and_id.find_byte(0).ok_or_else(|| nameless("an entry's name has no end"))?;
    let (name, id) = (&name_and_id[..end], &name_and_id[end + 1..]);
    let wrong = |why| (name.to_vec(), why);
    let kind = kind(&data[..space]).ok_or_else(|| wrong("its mode is of no known kind"))?;
    match name {
        b"" => return Err(nameless("an entry's name is empty")),
        b"." => return Err(wrong("its name is `.`")),
        b".." => return Err(wrong("its name is `..`")),
        name if name.contains(&b'/') => return Err(wrong("its name has a slash")),
        _ => {}
    }
    let len = hash.len_in_bytes();
    let (id, rest) = id.split_at_checked(len).ok_or_else(|| wrong("its id is cut short"))?;
    let id = hash::oid::try_from_bytes(id).map_err(|_| wrong("its id has an unknown length"))?;
    let raw = &data[..data.len() - rest.len()];
    Ok((TreeEntry { kind, name, id, raw }, rest))
}

/// Reads a mode: octal digits, of which a session keeps the kind and the owner's executable bit.
fn kind(mode: &[u8]) -> Option<EntryKind> {
    if mode.is_empty() || mode.len() > 7 {
        return None;
    }
    let mode = mode.iter().try_fold(0_u32, |mode, &digit| {
        matches!(digit, b'0'..=b'7').then(|| mode * 8 + u32::from(digit - b'0'))
    })?;
    if mode > 0o177_777 {
        return None;
    }
    Some(match mode & 0o170_000 {
        0o040_000 => EntryKind::Tree,
        0o100_000 => EntryKind::Value(ValueKind::File { executable: mode & 0o100 != 0 }),
        0o120_000 => EntryKind::Value(ValueKind::Symlink),
        0o160_000 => EntryKind::Value(ValueKind::Submodule),
        _ => return None,
    })
}

/// git's order: by name, where a directory's ends in a slash.
fn order(a: &TreeEntry<'_>, b: &TreeEntry<'_>) -> Ordering {
    gix::objs::tree::name_order(a.name, is_tree(a), b.name, is_tree(b))
}

fn is_tree(entry: &TreeEntry<'_>) -> bool {
    entry.kind == EntryKind::Tree
}

/// Finds a name that comes twice among sorted entries, be it as a file and as a directory, between
/// which others may stand.
fn doubled<'a>(entries: &[TreeEntry<'a>]) -> Option<&'a [u8]> {
    entries.iter().zip(entries.iter().skip(1)).enumerate().find_map(|(at, (before, entry))| {
        if before.name == entry.name {
            return Some(entry.name);
        }
        if !is_tree(entry) || !before.name.starts_with(entry.name) {
            return None;
        }
        let as_file = |other: &TreeEntry<'_>| {
            gix::objs::tree::name_order(other.name, is_tree(other), entry.name, false)
        };
        entries[..=at].binary_search_by(as_file).is_ok().then_some(entry.name)
    })
}

/// Writes entries as a tree has them.
pub(super) fn write(entries: &[TreeEntry<'_>]) -> Vec<u8> {
    entries.iter().flat_map(|entry| entry.raw).copied().collect()
}

/// A subtree that is yet to be looked at.
#[derive(Debug)]
pub(super) struct Subtree {
    pub(super) name: Box<[u8]>,
    pub(super) id: ObjectId,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut data = Vec::new();
        for (mode, name) in entries {
            data.extend_from_slice(mode.as_bytes());
            data.push(b' ');
            data.extend_from_slice(name);
            data.push(0);
            data.extend_from_slice(&[7; 20]);
        }
        data
    }

    fn why(data: &[u8]) -> String {
        let malformed = parse(data, hash::Kind::Sha1, 10).unwrap_err();
        format!("{}: {}", String::from_utf8_lossy(&malformed.name), malformed.why)
    }

    #[test]
    fn entries_that_git_calls_broken_are_named() {
        for (mode, name, expected) in [
            ("100644", &b"a/b"[..], "a/b: its name has a slash (entry 1)"),
            ("100644", b"", ": an entry's name is empty (entry 1)"),
            ("40000", b".", ".: its name is `.` (entry 1)"),
            ("40000", b"..", "..: its name is `..` (entry 1)"),
            ("0", b"a", "a: its mode is of no known kind (entry 1)"),
            ("", b"a", "a: its mode is of no known kind (entry 1)"),
            ("644", b"a", "a: its mode is of no known kind (entry 1)"),
            ("140000", b"a", "a: its mode is of no known kind (entry 1)"),
            ("100648", b"a", "a: its mode is of no known kind (entry 1)"),
            ("7777777", b"a", "a: its mode is of no known kind (entry 1)"),
            ("123456789", b"a", ": an entry has no mode (entry 1)"),
        ] {
            assert_eq!(why(&tree(&[(mode, name)])), expected);
        }
        let whole = tree(&[("100644", b"a")]);
        assert_eq!(why(&whole[..whole.len() - 1]), "a: its id is cut short (entry 1)");
        assert_eq!(why(b"100644 a"), ": an entry's name has no end (entry 1)");
        assert!(why(b"100644").starts_with(": an entry has no mode"));
        assert_eq!(parse(b"", hash::Kind::Sha1, 0).unwrap().0.len(), 0);
    }

    #[test]
    fn a_name_that_comes_twice_is_named_whatever_stands_between() {
        for entries in [
            &[("100644", &b"a"[..]), ("100644", b"a")][..],
            &[("40000", b"a"), ("40000", b"a")],
            &[("100644", b"a"), ("40000", b"a")],
            &[("40000", b"a"), ("160000", b"a")],
            &[("100644", b"a"), ("100644", b"a-b"), ("100644", b"a.b"), ("40000", b"a")],
            &[("40000", b"a"), ("100644", b"a.b"), ("100644", b"z"), ("120000", b"a")],
        ] {
            assert_eq!(why(&tree(entries)), "a: its name comes twice", "{entries:?}");
        }
        let apart =
            [("100644", &b"a-b"[..]), ("100644", b"a.b"), ("40000", b"a"), ("100644", b"a0")];
        assert_eq!(parse(&tree(&apart), hash::Kind::Sha1, 4).unwrap().0.len(), 4);
    }

    #[test]
    fn entries_are_sorted_as_git_sorts_them_and_modes_of_old_are_read() {
        let entries =
            [("100644", &b"a.b"[..]), ("040000", b"a"), ("100755", b"a-b"), ("100664", b"0")];
        let data = tree(&entries);
        let (entries, sorted) = parse(&data, hash::Kind::Sha1, 4).unwrap();
        assert!(!sorted);
        let names: Vec<&[u8]> = entries.iter().map(|entry| entry.name).collect();
        assert_eq!(names, [&b"0"[..], b"a-b", b"a.b", b"a"]);
        assert_eq!(entries[3].kind, EntryKind::Tree);
        assert_eq!(entries[0].kind, EntryKind::Value(ValueKind::File { executable: false }));
        assert_eq!(entries[1].kind, EntryKind::Value(ValueKind::File { executable: true }));
        let written = write(&entries);
        assert!(parse(&written, hash::Kind::Sha1, 4).unwrap().1);
    }

    #[test]
    fn entries_of_a_tree_have_a_limit() {
        let data = tree(&[("100644", b"a"), ("100644", b"b")]);
        assert!(parse(&data, hash::Kind::Sha1, 3).is_ok());
        assert!(parse(&data, hash::Kind::Sha1, 2).is_ok());
        let over = parse(&data, hash::Kind::Sha1, 1).unwrap_err();
        assert_eq!(over.why, "it has more than 1 entries");
    }
}
