//! Three entries of one path: what two sides made of a third.

use std::collections::HashMap;

use crate::diff;
use crate::error::Result;
use crate::id::ContentId;
use crate::object::{Bytes, ConflictTerm, Entry};

/// What becomes of a path.
#[derive(Debug)]
pub(super) enum Joined {
    /// This is there, and nothing is in conflict.
    Clean(Made),
    /// Nobody knows what is to be there. What stands there meanwhile, and how often its markers
    /// repeat their sign if it has any.
    Conflict(Made, u64),
}

/// An entry, which may be a text that has to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Made {
    Entry(Entry),
    Text { text: Vec<u8>, executable: bool },
}

/// Merges the terms of a base and of two sides: labels go into markers.
pub(super) fn join(
    [base, ours, theirs]: [&ConflictTerm; 3],
    read: impl FnMut(ContentId) -> Result<Option<Bytes>>,
) -> Result<Joined> {
    let clean = |term: &ConflictTerm| Ok(Joined::Clean(Made::Entry(term.entry.clone())));
    if ours.entry == theirs.entry || theirs.entry == base.entry {
        return clean(ours);
    }
    if ours.entry == base.entry {
        return clean(theirs);
    }
    let files = (file(&base.entry), file(&ours.entry), file(&theirs.entry));
    let (of_base, Some(of_ours), Some(of_theirs)) = files else {
        // Where one of them is gone, the other is what is left.
        let left = if ours.entry.is_removed() { theirs } else { ours };
        return Ok(Joined::Conflict(Made::Entry(left.entry.clone()), 0));
    };
    let (executable, is_mode_known) = match (of_base, of_ours.1, of_theirs.1) {
        (_, ours, theirs) if ours == theirs => (ours, true),
        (Some((_, base)), ours, theirs) => (if ours == base { theirs } else { ours }, true),
        (None, ours, _) => (ours, false),
    };
    let of_base = of_base.map(|(content, _)| content);
    let labels = [&*base.label, &*ours.label, &*theirs.label];
    let (made, marker) = join_texts([of_base, Some(of_ours.0), Some(of_theirs.0)], labels, read)?;
    let made = match made {
        Some(Texted::Content(content)) => Made::Entry(Entry::File { content, executable }),
        Some(Texted::Text(text)) => Made::Text { text, executable },
        None => Made::Entry(Entry::File { content: of_ours.0, executable }),
    };
    Ok(match marker {
        None if is_mode_known => Joined::Clean(made),
        marker => Joined::Conflict(made, marker.unwrap_or(0)),
    })
}

/// The content of a file, and whether it may be executed.
fn file(entry: &Entry) -> Option<(ContentId, bool)> {
    match entry {
        Entry::File { content, executable } => Some((*content, *executable)),
        _ => None,
    }
}

enum Texted {
    Content(ContentId),
    Text(Vec<u8>),
}

/// Merges contents. With a conflict comes the number of signs of its markers: 0 where there is no text
/// with markers, because one of the contents is binary or gone.
fn join_texts(
    contents: [Option<ContentId>; 3],
    labels: [&str; 3],
    mut read: impl FnMut(ContentId) -> Result<Option<Bytes>>,
) -> Result<(Option<Texted>, Option<u64>)> {
    let [base, ours, theirs] = contents;
    if let Some(same) = ours.filter(|_| ours == theirs || theirs == base) {
        return Ok((Some(Texted::Content(same)), None));
    }
    if let Some(theirs) = theirs.filter(|_| ours == base) {
        return Ok((Some(Texted::Content(theirs)), None));
    }
    let mut texts = [Bytes::default(), Bytes::default(), Bytes::default()];
    for (text, content) in texts.iter_mut().zip(contents) {
        let Some(content) = content else { continue };
        match read(content)? {
            Some(bytes) => *text = bytes,
            None => return Ok((None, Some(0))),
        }
    }
    let [base, ours, theirs] = texts;
    let Some(merge) = diff::merge(base, ours, theirs) else { return Ok((None, Some(0))) };
    Ok(match merge.text() {
        Some(text) => (Some(Texted::Text(text)), None),
        None => (Some(Texted::Text(merge.marked(labels))), Some(merge.marker_bytes() as u64)),
    })
}

/// Terms of a path: sides, and between them what they come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) sides: Vec<ConflictTerm>,
    pub(super) bases: Vec<ConflictTerm>,
}

impl Terms {
    /// What a path holds that is in no conflict.
    pub(super) fn one(label: &str, entry: Entry) -> Self {
        let term = ConflictTerm { label: label.to_owned(), entry };
        Terms { sides: vec![term], bases: Vec::new() }
    }

    pub(super) fn of(list: Vec<ConflictTerm>) -> Self {
        let mut terms = Terms { sides: Vec::new(), bases: Vec::new() };
        for (at, term) in list.into_iter().enumerate() {
            if at % 2 == 0 { terms.sides.push(term) } else { terms.bases.push(term) }
        }
        terms
    }

    pub(super) fn into_list(self) -> Vec<ConflictTerm> {
        let mut list = Vec::with_capacity(self.sides.len() + self.bases.len());
        let mut bases = self.bases.into_iter();
        for side in self.sides {
            list.push(side);
            list.extend(bases.next());
        }
        list
    }

    /// Tells whether two come to the same, in whatever order and whatever it is called.
    pub(super) fn is_like(&self, other: &Terms) -> bool {
        let mut counts: HashMap<&Entry, i64> = HashMap::new();
        let added = self.sides.iter().chain(&other.bases);
        let taken = self.bases.iter().chain(&other.sides);
        added.for_each(|term| *counts.entry(&term.entry).or_default() += 1);
        taken.for_each(|term| *counts.entry(&term.entry).or_default() -= 1);
        counts.values().all(|count| *count == 0)
    }

    /// What two sides, each of which may be in conflict, made of a base that may be too: one list, in
    /// which a side and a base that are equal have cancelled each other, and equal changes count once.
    pub(super) fn joined(base: Terms, ours: Terms, theirs: Terms) -> Terms {
        // Who did nothing to a conflict gives way. What two made of one, each in its own way, is a conflict
        // about what that one was about: its sides are nobody's choice any more.
        let base = match base.bases.first().cloned() {
            Some(_) if theirs.is_like(&base) || ours.is_like(&theirs) => return ours,
            Some(_) if ours.is_like(&base) => return theirs,
            Some(first) => Terms { sides: vec![first], bases: Vec::new() },
            None => base,
        };
        if ours.is_as(&theirs) {
            // Both sides came to the same, whatever from.
            return ours;
        }
        let mut sides = [ours.sides, theirs.sides, base.bases].concat();
        let mut bases = [ours.bases, base.sides, theirs.bases].concat();
        let mut at = 0;
        while at < bases.len() {
            let same = sides.iter().position(|side| side.entry == bases[at].entry);
            match same.filter(|_| sides.len() > 1) {
                Some(side) => {
                    sides.remove(side);
                    bases.remove(at);
                }
                None => at += 1,
            }
        }
        // Two that made the same of the same made one change.
        let mut side = 0;
        while side < sides.len() {
            let twice = (side + 1..sides.len()).find(|&at| sides[at].entry == sides[side].entry);
            let base = (0..bases.len()).find_map(|one| {
                (one + 1..bases.len()).find(|&other| bases[one].entry == bases[other].entry)
            });
            match (twice, base) {
                (Some(twice), Some(base)) => {
                    sides.remove(twice);
                    bases.remove(base);
                }
                // Both sides made the same of one base.
                (Some(twice), None) if bases.len() == 1 && sides.len() == 2 => {
                    sides.remove(twice);
                    bases.clear();
                }
                _ => side += 1,
            }
        }
        Terms { sides, bases }
    }

    /// Tells whether both have the same entries.
    fn is_as(&self, other: &Terms) -> bool {
        let alike = |one: &[ConflictTerm], other: &[ConflictTerm]| {
            let count = |terms: &[ConflictTerm], entry: &Entry| {
                terms.iter().filter(|term| term.entry == *entry).count()
            };
            one.len() == other.len()
                && one.iter().all(|term| count(one, &term.entry) == count(other, &term.entry))
        };
        alike(&self.sides, &other.sides) && alike(&self.bases, &other.bases)
    }
}
