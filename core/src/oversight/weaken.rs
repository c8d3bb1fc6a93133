//! Tests that say less after a change than before.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::language::{Counts, Language, is_test_name, is_test_path, name_of};
use super::{ChangedText, Weakened, Weakening};
use crate::diff::{self, ChangeKind};
use crate::object::FilePath;

/// Lines of one file that are reported as skipping: who has seen these looks at the file.
const SKIPS_MAX: usize = 20;

/// Characters of a line that skips which are reported: what a reader needs to find it.
const SKIP_CHARS_MAX: usize = 120;

/// Returns how a change makes tests say less, in the order of its files.
///
/// It looks at the whole change at once: tests and assertions that one file loses and another one of
/// the same language gains are moved, and a file that is gone under one path and there under another
/// is renamed.
pub(crate) fn weakened(changes: &[ChangedText<'_>]) -> Vec<Weakened> {
    let files: Vec<_> = joined(changes).into_iter().filter_map(File::new).collect();
    let mut found: Vec<Option<Weakening>> = vec![None; files.len()];
    note_lost(&files, &mut found, File::opaque, |_| Weakening::Deleted);
    note_lost(&files, &mut found, File::tests, |file| match file.sides.after {
        None => Weakening::Deleted,
        Some(_) => Weakening::TestsFewer { before: file.before.tests, after: file.after.tests },
    });
    note_lost(&files, &mut found, File::assertions, |file| match file.sides.after {
        None if file.before.tests == 0 => Weakening::Deleted,
        _ => Weakening::AssertionsFewer {
            before: file.before.assertions,
            after: file.after.assertions,
        },
    });
    let mut moved = moved_skips(&files);
    let mut all = Vec::new();
    for (file, how) in files.iter().zip(found) {
        let skips = new_skips(file, &mut moved);
        all.extend(how.into_iter().chain(skips).map(|how| Weakened { path: file.path(), how }));
    }
    all
}

/// What a file was and what it is, with the path of each.
#[derive(Clone, Copy)]
struct Sides<'a> {
    old: &'a FilePath,
    new: &'a FilePath,
    before: Option<&'a [u8]>,
    after: Option<&'a [u8]>,
}

/// Joins what is gone under one path and there under another: the same bytes, or else a file of the
/// same name.
fn joined<'a>(changes: &[ChangedText<'a>]) -> Vec<Sides<'a>> {
    let is_of_tests =
        |path: &FilePath| is_test_path(path) || Language::of(path) == Some(Language::Rust);
    let mut by_bytes: HashMap<_, Vec<usize>> = HashMap::new();
    let mut by_name: HashMap<_, Vec<usize>> = HashMap::new();
    // From the last one, for the first one is taken first from the end of each list.
    for (at, change) in changes.iter().enumerate().rev() {
        if let (None, Some(after)) = (change.before, change.after)
            && is_of_tests(change.path)
        {
            let language = Language::of(change.path);
            by_bytes.entry((language, after)).or_default().push(at);
            by_name.entry(name_of(change.path)).or_default().push(at);
        }
    }
    let mut taken = HashSet::new();
    let mut sides: Vec<_> = changes
        .iter()
        .map(|change| Sides {
            old: change.path,
            new: change.path,
            before: change.before,
            after: change.after,
        })
        .collect();
    for by_content in [true, false] {
        for (at, change) in changes.iter().enumerate() {
            let (Some(before), None) = (change.before, sides[at].after) else { continue };
            if !is_of_tests(change.path) {
                continue;
            }
            let list = match by_content {
                true if before.is_empty() => None,
                true => by_bytes.get_mut(&(Language::of(change.path), before)),
                false => by_name.get_mut(&name_of(change.path)),
            };
            let Some(list) = list else { continue };
            while let Some(to) = list.pop() {
                if taken.insert(to) {
                    (sides[at].new, sides[at].after) = (changes[to].path, changes[to].after);
                    break;
                }
            }
        }
    }
    let rest = sides.into_iter().enumerate().filter(|(at, _)| !taken.contains(at));
    rest.map(|(_, sides)| sides).collect()
}

/// A file that may hold tests, and what both versions of it hold.
struct File<'a> {
    sides: Sides<'a>,
    language: Option<Language>,
    before: Counts<'a>,
    after: Counts<'a>,
}

/// Things of one kind that a file had and has; what another file of the same group gains is moved.
struct Had<'a> {
    group: (Option<Language>, &'a [u8]),
    before: usize,
    after: usize,
}

impl<'a> File<'a> {
    /// Counts what both versions hold; none for a file that holds no tests.
    fn new(sides: Sides<'a>) -> Option<Self> {
        let language = Language::of(sides.new);
        let counts = |path: &FilePath, text: Option<&'a [u8]>| match (language, text) {
            (Some(language), Some(text)) => language.counts(text, is_test_path(path)),
            _ => Counts::default(),
        };
        let is_of_tests = is_test_path(sides.new) || language == Some(Language::Rust);
        is_of_tests.then(|| File {
            sides,
            language,
            before: counts(sides.old, sides.before),
            after: counts(sides.new, sides.after),
        })
    }

    fn path(&self) -> FilePath {
        self.sides.new.clone()
    }

    fn tests(&self) -> Had<'a> {
        let group = (self.language, &b""[..]);
        Had { group, before: self.before.tests, after: self.after.tests }
    }

    fn assertions(&self) -> Had<'a> {
        let group = (self.language, &b""[..]);
        Had { group, before: self.before.assertions, after: self.after.assertions }
    }

    /// Counts a test file in which nothing can be counted as one thing of its kind. Of a language
    /// that is known, only a name tells that it is one: a directory of tests has helpers, too.
    fn opaque(&self) -> Had<'a> {
        let nothing = |counts: &Counts<'_>| counts.tests == 0 && counts.assertions == 0;
        let is_opaque = nothing(&self.before)
            && nothing(&self.after)
            && match self.language {
                None => true,
                Some(_) => is_test_name(self.sides.new),
            };
        let is_there = |text: Option<&[u8]>| text.is_some_and(|text| !text.trim_ascii().is_empty());
        // Emptied is not deleted: what it held was nothing that can be counted.
        let one = |text| usize::from(is_opaque && is_there(text));
        let after = match self.sides.after {
            Some(_) if is_there(self.sides.before) => one(self.sides.before),
            after => one(after),
        };
        Had {
            group: (self.language, name_of(self.sides.new).1),
            before: one(self.sides.before),
            after,
        }
    }
}

/// Notes each file that has lost something, unless others of its group gain as much. What is noted
/// already stays, and takes nothing of what others gained.
fn note_lost<'a>(
    files: &[File<'a>],
    found: &mut [Option<Weakening>],
    count: impl Fn(&File<'a>) -> Had<'a>,
    how: impl Fn(&File<'a>) -> Weakening,
) {
    let mut gained: BTreeMap<_, usize> = BTreeMap::new();
    for had in files.iter().map(&count) {
        *gained.entry(had.group).or_default() += had.after.saturating_sub(had.before);
    }
    // Files that are gone come first: what they held went elsewhere sooner than what others lost.
    for is_gone in [true, false] {
        for (file, found) in files.iter().zip(found.iter_mut()) {
            if found.is_some() || file.sides.after.is_none() != is_gone {
                continue;
            }
            let had = count(file);
            let lost = had.before.saturating_sub(had.after);
            let gained = gained.entry(had.group).or_default();
            match gained.checked_sub(lost) {
                Some(left) => *gained = left,
                None => *found = Some(how(file)),
            }
        }
    }
}

/// Lines that skip, and how many of each.
type Skips<'a> = HashMap<(Option<Language>, &'a [u8]), usize>;

/// Returns the lines that skip which went away with tests of their file: they may be elsewhere.
fn moved_skips<'a>(files: &[File<'a>]) -> Skips<'a> {
    let mut moved = Skips::new();
    for file in files.iter().filter(|file| file.after.tests < file.before.tests) {
        let mut kept = Skips::new();
        for (_, text) in &file.after.skips {
            *kept.entry((file.language, text)).or_default() += 1;
        }
        for (_, text) in &file.before.skips {
            if !take(&mut kept, (file.language, text)) {
                *moved.entry((file.language, text)).or_default() += 1;
            }
        }
    }
    moved
}

fn take<'a>(skips: &mut Skips<'a>, key: (Option<Language>, &'a [u8])) -> bool {
    let left = skips.get_mut(&key).filter(|left| **left > 0);
    left.map(|left| *left -= 1).is_some()
}

/// Returns the lines of a file that skip and did not before, if it has more of them.
fn new_skips<'a>(file: &File<'a>, moved: &mut Skips<'a>) -> Vec<Weakening> {
    if file.after.skips.len() <= file.before.skips.len() {
        return Vec::new();
    }
    let mut known = Skips::new();
    for (_, text) in &file.before.skips {
        *known.entry((file.language, text)).or_default() += 1;
    }
    // Of lines that are alike, those which the change left alone are the known ones.
    let added = added_lines(file.sides);
    let (mut skips, left): (Vec<_>, Vec<_>) =
        file.after.skips.iter().partition(|(line, _)| !added.contains(line));
    skips.extend(left);
    let is_new = |(_, text): &&(usize, &'a [u8])| {
        let key = (file.language, *text);
        !take(&mut known, key) && !take(moved, key)
    };
    let mut new: Vec<_> = skips.into_iter().filter(is_new).collect();
    new.sort_unstable();
    let skipped = |(line, text): &(usize, &[u8])| {
        let text = String::from_utf8_lossy(text).chars().take(SKIP_CHARS_MAX).collect();
        Weakening::Skipped { line: *line, text }
    };
    new.into_iter().take(SKIPS_MAX).map(skipped).collect()
}

/// Returns the numbers of the lines that only the new version has; none where it is binary.
fn added_lines(sides: Sides<'_>) -> HashSet<usize> {
    let diff = diff::file(sides.before.unwrap_or_default(), sides.after.unwrap_or_default());
    let added = diff.lines().filter(|change| change.kind == ChangeKind::Insert);
    added.filter_map(|change| usize::try_from(change.new_line?).ok()).collect()
}

#[cfg(test)]
mod tests;
