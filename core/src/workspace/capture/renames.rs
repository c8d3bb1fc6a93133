//! Renames: which new files are moved ones.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::error::Result;
use crate::id::ContentId;
use crate::limits::RENAMES_COMPARED_MAX;
use crate::object::{Bytes, Entry, FilePath};
use crate::session::NewEntry;

/// A file that is new at its path.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) path: FilePath,
    pub(super) entry: Entry,
    pub(super) new: NewEntry,
}

/// Share of their lines, in hundredths, that a moved file and what it was have in common.
const COMMON_MIN: u64 = 50;
/// Bytes above which files are not compared by their lines.
const COMPARED_BYTES_MAX: usize = 1 << 20;

/// Finds for arrivals, by their places, the places of the gone files that they were: those with equal
/// bytes first, then those with half of their lines in common, the most alike first. Of equals the
/// one of the same name comes first, then the first path.
pub(super) fn find(
    gone: &[(FilePath, Entry)],
    arrivals: &[Arrival],
    read: impl Fn(ContentId) -> Result<Bytes>,
) -> Result<HashMap<usize, usize>> {
    let mut found = HashMap::new();
    let mut taken = vec![false; gone.len()];
    let mut by_content: HashMap<ContentId, Vec<usize>> = HashMap::new();
    for (at, (_, entry)) in gone.iter().enumerate() {
        if let Some(content) = entry.content() {
            by_content.entry(content).or_default().push(at);
        }
    }
    for is_namesake in [true, false] {
        for (at, arrival) in arrivals.iter().enumerate() {
            let Some(content) = arrival.entry.content().filter(|_| !found.contains_key(&at)) else {
                continue;
            };
            let equal = by_content.get(&content).map_or(&[][..], |places| places);
            let from = equal.iter().find(|&&from| {
                let (path, entry) = &gone[from];
                !taken[from]
                    && is_alike(entry, &arrival.entry)
                    && (!is_namesake || name(path) == name(&arrival.path))
            });
            if let Some(&from) = from {
                taken[from] = true;
                found.insert(at, from);
            }
        }
    }
    let left: Vec<usize> = (0..gone.len()).filter(|&at| !taken[at]).collect();
    let new: Vec<usize> = (0..arrivals.len()).filter(|at| !found.contains_key(at)).collect();
    if left.is_empty() || left.len().saturating_mul(new.len()) > RENAMES_COMPARED_MAX {
        return Ok(found);
    }
    let mut old = Vec::with_capacity(left.len());
    for &from in &left {
        old.push(match &gone[from].1 {
            Entry::File { content, .. } => lines(&read(*content)?),
            _ => None,
        });
    }
    let mut pairs = Vec::new();
    for &at in &new {
        let NewEntry::File { bytes, .. } = &arrivals[at].new else { continue };
        let Some(lines) = lines(bytes) else { continue };
        for (&from, old) in left.iter().zip(&old) {
            let common = old.as_ref().map_or(0, |old| common(old, &lines));
            if common >= COMMON_MIN {
                let is_namesake = name(&gone[from].0) == name(&arrivals[at].path);
                pairs.push((common, is_namesake, at, from));
            }
        }
    }
    pairs.sort_by_key(|&(common, is_namesake, at, from)| {
        (std::cmp::Reverse((common, is_namesake)), from, at)
    });
    for (_, _, at, from) in pairs {
        if !taken[from] && !found.contains_key(&at) {
            taken[from] = true;
            found.insert(at, from);
        }
    }
    Ok(found)
}

fn name(path: &FilePath) -> &[u8] {
    path.components().last().unwrap_or_default()
}

fn is_alike(a: &Entry, b: &Entry) -> bool {
    matches!(
        (a, b),
        (Entry::File { .. }, Entry::File { .. }) | (Entry::Symlink { .. }, Entry::Symlink { .. })
    )
}

/// How often each line is there, by its hash, and the bytes of all; none for what is empty or too
/// large.
type Lines = (HashMap<u64, u64>, u64);

fn lines(bytes: &[u8]) -> Option<Lines> {
    if bytes.is_empty() || bytes.len() > COMPARED_BYTES_MAX {
        return None;
    }
    let mut lines = HashMap::new();
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let mut hasher = DefaultHasher::new();
        line.hash(&mut hasher);
        // A line weighs what it has of bytes; so equal braces say little.
        *lines.entry(hasher.finish()).or_insert(0) += line.len() as u64;
    }
    Some((lines, bytes.len() as u64))
}

/// The share of bytes in lines that both have, of the larger, in hundredths.
fn common((a, a_bytes): &Lines, (b, b_bytes): &Lines) -> u64 {
    let both: u64 = a.iter().map(|(line, bytes)| *bytes.min(b.get(line).unwrap_or(&0))).sum();
    both * 100 / (*a_bytes.max(b_bytes)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ObjectId;

    fn arrival(path: &str, text: &str) -> Arrival {
        let content = ContentId::new(ObjectId::of_content(text.as_bytes()));
        Arrival {
            path: FilePath::new(path).unwrap(),
            entry: Entry::File { content, executable: false },
            new: NewEntry::file(text),
        }
    }

    fn found(gone: &[(&str, &str)], arrivals: &[(&str, &str)]) -> Vec<(String, String)> {
        let texts: HashMap<ContentId, Bytes> = gone
            .iter()
            .map(|(_, text)| {
                (
                    ContentId::new(ObjectId::of_content(text.as_bytes())),
                    Bytes::from(text.as_bytes()),
                )
            })
            .collect();
        let gone: Vec<_> = gone
            .iter()
            .map(|(path, text)| (FilePath::new(path).unwrap(), arrival(path, text).entry))
            .collect();
        let arrivals: Vec<_> = arrivals.iter().map(|(path, text)| arrival(path, text)).collect();
        let moves = find(&gone, &arrivals, |id| Ok(texts[&id].clone())).unwrap();
        let mut moves: Vec<_> = moves
            .into_iter()
            .map(|(at, from)| (gone[from].0.to_string(), arrivals[at].path.to_string()))
            .collect();
        moves.sort();
        moves
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn equal_files_come_first_and_of_these_the_namesake() {
        let gone = [("a/x.rs", "same\n"), ("b/y.rs", "same\n")];
        assert_eq!(
            found(&gone, &[("c/y.rs", "same\n"), ("c/z.rs", "same\n")]),
            pairs(&[("a/x.rs", "c/z.rs"), ("b/y.rs", "c/y.rs")])
        );
        assert_eq!(found(&gone, &[("c/w.rs", "same\n")]), pairs(&[("a/x.rs", "c/w.rs")]));
    }

    #[test]
    fn what_shares_half_of_its_lines_was_moved() {
        let text: String = (0..20).map(|at| format!("line number {at:02}\n")).collect();
        let edited = text.replace("number 03", "NUMBER 03");
        let other: String = (0..20).map(|at| format!("other words {at:02}\n")).collect();
        assert_eq!(
            found(&[("a", &text), ("b", &other)], &[("new", &edited), ("d", "x\n")]),
            pairs(&[("a", "new")])
        );
        let half: String = text.lines().take(9).map(|line| format!("{line}\n")).collect();
        assert_eq!(found(&[("a", &text)], &[("new", &half)]), []);
    }

    #[test]
    fn empty_files_are_moved_only_as_equals_and_no_file_twice() {
        assert_eq!(found(&[("a", "")], &[("b", "x\n")]), []);
        assert_eq!(found(&[("a", "")], &[("b", "")]), pairs(&[("a", "b")]));
        assert_eq!(found(&[("a", "t\n")], &[("b", "t\n"), ("c", "t\n")]).len(), 1);
    }
}
