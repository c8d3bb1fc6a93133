//! What the view map holds: keys of a section byte and a number, values of ids and flags.

use std::iter::Chain;
use std::ops::Bound;

use crate::codec::malformed;
use crate::error::Result;
use crate::id::{IterationId, MapId, MemoryId};
use crate::map::{Map, Range, Value};
use crate::object::Objects;
use crate::session::line::chain::number_after;
use crate::session::line::glob::{Glob, ViewRule};

// The first byte of a key. A number follows, 8 bytes big-endian.
/// Memories by number: flags.
pub(crate) const MEMORY: u8 = b'm';
/// Summaries by the first number that they cover.
pub(crate) const SUMMARY: u8 = b's';
/// Files in view, in the order in which they came.
pub(crate) const FILE: u8 = b'f';
/// Rules of hiding and showing, in the order in which they were made.
pub(crate) const RULE: u8 = b'h';

/// It is not in view.
pub(crate) const FORGOTTEN: u8 = 1;
/// Its results are shown shortened.
pub(crate) const TRIMMED: u8 = 2;
/// Nothing else may touch it.
pub(crate) const PINNED: u8 = 4;

const FLAGS: u8 = FORGOTTEN | TRIMMED | PINNED;

/// The maps of one view. What is written comes into `recent` first, which is one small node to
/// write again, and goes to the end of `all` with the others when they are many, or when the view
/// is edited: it then has the key that it had before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ViewMaps {
    pub(crate) all: Map,
    /// Files alone, without flags, behind those of `all`.
    pub(crate) recent: Map,
}

impl ViewMaps {
    /// The files in view with their keys, in their order.
    pub(crate) fn files<'a, O: Objects + ?Sized>(&self, objects: &'a O) -> FileRows<'a, O> {
        rows(self.all, objects, FILE, 0, u64::MAX).chain(rows(
            self.recent,
            objects,
            FILE,
            0,
            u64::MAX,
        ))
    }

    /// The edits of `all` that take in what is recent.
    pub(crate) fn folding(&self, objects: &(impl Objects + ?Sized)) -> Result<Vec<Edit>> {
        let rows = rows(self.recent, objects, FILE, 0, u64::MAX);
        rows.map(|row| row.map(|(key, value)| (key, Some(value)))).collect()
    }

    /// The number of the next file, and how many are recent.
    pub(crate) fn next_file(&self, objects: &(impl Objects + ?Sized)) -> Result<(u64, u64)> {
        let Some((first, (last, _))) = self.recent.ends(objects)? else {
            return Ok((next_in(self.all, objects, FILE)?, 0));
        };
        let (first, last) = (number_of(&first)?, number_of(&last)?);
        Ok((number_after(last)?, last.saturating_sub(first).saturating_add(1)))
    }
}

/// An edit of a map: a key and its new value, or none.
pub(crate) type Edit = (Vec<u8>, Option<Value>);

/// The entries of files, those of all before the recent ones.
pub(crate) type FileRows<'a, O> = Chain<Range<'a, O>, Range<'a, O>>;

pub(crate) fn key(section: u8, number: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(9);
    key.push(section);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

pub(crate) fn number_of(key: &[u8]) -> Result<u64> {
    let number = key.get(1..).and_then(|bytes| bytes.try_into().ok());
    number.map(u64::from_be_bytes).ok_or_else(|| malformed("a key of the view"))
}

/// The entries of a section between two numbers, ends included.
pub(crate) fn rows<'a, O: Objects + ?Sized>(
    view: Map,
    objects: &'a O,
    section: u8,
    first: u64,
    last: u64,
) -> Range<'a, O> {
    let (from, to) = (key(section, first), key(section, last));
    view.range(objects, Bound::Included(&from), Bound::Included(&to))
}

/// As [`rows`], descending.
pub(crate) fn rows_back<'a, O: Objects + ?Sized>(
    view: Map,
    objects: &'a O,
    section: u8,
    first: u64,
    last: u64,
) -> Range<'a, O> {
    let (from, to) = (key(section, first), key(section, last));
    view.range_back(objects, Bound::Included(&from), Bound::Included(&to))
}

/// The number after the largest of a section.
pub(crate) fn next_in(view: Map, objects: &(impl Objects + ?Sized), section: u8) -> Result<u64> {
    match rows_back(view, objects, section, 0, u64::MAX).next() {
        Some(row) => number_after(number_of(&row?.0)?),
        None => Ok(1),
    }
}

/// The value of a memory with these flags; none where it is as all are.
pub(crate) fn memory_value(flags: u8) -> Option<Value> {
    (flags != 0).then(|| Value { refs: Vec::new(), bytes: vec![flags] })
}

pub(crate) fn memory_flags(value: &Value) -> Result<u8> {
    match (&value.refs[..], &value.bytes[..]) {
        ([], &[flags @ 1..=FLAGS]) => Ok(flags),
        _ => Err(malformed("flags of a memory in the view")),
    }
}

/// A summary that stands for a range of memories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Laid {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) memory: MemoryId,
    /// The entries of the view that it covers, if there are any: what comes back with them.
    pub(crate) covered: Option<MapId>,
    pub(crate) flags: u8,
}

impl Laid {
    pub(crate) fn to_value(&self) -> Value {
        let mut refs = vec![self.memory.id()];
        refs.extend(self.covered.map(|covered| covered.id()));
        let mut bytes = self.last.to_be_bytes().to_vec();
        bytes.push(self.flags);
        Value { refs, bytes }
    }

    pub(crate) fn from_row(key: &[u8], value: &Value) -> Result<Self> {
        let fault = || malformed("a summary in the view");
        let first = number_of(key)?;
        let (last, flags) = value.bytes.split_first_chunk().ok_or_else(fault)?;
        let (last, covered) = (u64::from_be_bytes(*last), value.refs.get(1).copied());
        match (&value.refs[..], flags) {
            ([memory] | [memory, _], &[flags @ 0..=FLAGS]) if first <= last => Ok(Laid {
                first,
                last,
                memory: MemoryId::new(*memory),
                covered: covered.map(MapId::new),
                flags,
            }),
            _ => Err(fault()),
        }
    }

    /// The summaries that cover some of a range of numbers. They never overlap.
    pub(crate) fn between(
        view: Map,
        objects: &(impl Objects + ?Sized),
        first: u64,
        last: u64,
    ) -> Result<Vec<Laid>> {
        let mut found = Vec::new();
        if let Some(before) = first.checked_sub(1)
            && let Some(row) = rows_back(view, objects, SUMMARY, 0, before).next()
        {
            let (key, value) = row?;
            let laid = Laid::from_row(&key, &value)?;
            found.extend((laid.last >= first).then_some(laid));
        }
        for row in rows(view, objects, SUMMARY, first, last) {
            let (key, value) = row?;
            found.push(Laid::from_row(&key, &value)?);
        }
        Ok(found)
    }
}

/// An iteration of a file in view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) iteration: IterationId,
    /// The number of the newest memory when it came into view; 0 before the first.
    pub(crate) after: u64,
    pub(crate) flags: u8,
}

impl Pair {
    pub(crate) fn to_value(self) -> Value {
        let mut bytes = self.after.to_be_bytes().to_vec();
        bytes.push(self.flags);
        Value { refs: vec![self.iteration.id()], bytes }
    }

    pub(crate) fn from_value(value: &Value) -> Result<Self> {
        match (&value.refs[..], value.bytes.split_last_chunk()) {
            ([iteration], Some((after, [flags @ (0 | PINNED)]))) => {
                let after = after.try_into().map(u64::from_be_bytes);
                let after = after.map_err(|_| malformed("a file in the view"))?;
                Ok(Pair { iteration: IterationId::new(*iteration), after, flags: *flags })
            }
            _ => Err(malformed("a file in the view")),
        }
    }
}

/// The pairs of a view with their keys, in their order.
pub(crate) fn pairs(
    view: ViewMaps,
    objects: &(impl Objects + ?Sized),
) -> Result<Vec<(Vec<u8>, Pair)>> {
    view.files(objects)
        .map(|row| row.and_then(|(key, value)| Ok((key, Pair::from_value(&value)?))))
        .collect()
}

/// The rules of a view with their keys, in their order.
pub(crate) fn rules(
    view: Map,
    objects: &(impl Objects + ?Sized),
) -> Result<Vec<(Vec<u8>, ViewRule)>> {
    rows(view, objects, RULE, 0, u64::MAX)
        .map(|row| row.and_then(|(key, value)| Ok((key, rule_of(&value)?))))
        .collect()
}

/// The rule that a value holds.
pub(crate) fn rule_of(value: &Value) -> Result<ViewRule> {
    let glob = |text: &[u8]| Glob::new(text).map_err(|error| malformed(error.to_string()));
    match (&value.refs[..], value.bytes.split_first()) {
        ([], Some((0, text))) => Ok(ViewRule { hides: false, glob: glob(text)? }),
        ([], Some((1, text))) => Ok(ViewRule { hides: true, glob: glob(text)? }),
        _ => Err(malformed("a rule in the view")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::golden::id;

    #[test]
    fn the_encoding_of_the_view_is_frozen() {
        assert_eq!(key(MEMORY, 258), b"m\0\0\0\0\0\0\x01\x02");
        assert_eq!(key(SUMMARY, 1), b"s\0\0\0\0\0\0\0\x01");
        assert_eq!(key(FILE, 1), b"f\0\0\0\0\0\0\0\x01");
        assert_eq!(key(RULE, 1), b"h\0\0\0\0\0\0\0\x01");
        assert_eq!(memory_value(0), None);
        let flags = memory_value(FORGOTTEN | TRIMMED | PINNED).unwrap();
        assert_eq!((&flags.refs[..], &flags.bytes[..]), (&[][..], &[7][..]));
        let laid = Laid {
            first: 1,
            last: 9,
            memory: MemoryId::new(id(1)),
            covered: Some(MapId::new(id(2))),
            flags: PINNED,
        };
        let value = laid.to_value();
        assert_eq!(value.refs, [id(1), id(2)]);
        assert_eq!(value.bytes, b"\0\0\0\0\0\0\0\x09\x04");
        assert_eq!(Laid::from_row(&key(SUMMARY, 1), &value).unwrap(), laid);
        let pair = Pair { iteration: IterationId::new(id(3)), after: 258, flags: PINNED };
        assert_eq!(pair.to_value().refs, [id(3)]);
        assert_eq!(pair.to_value().bytes, b"\0\0\0\0\0\0\x01\x02\x04");
        assert_eq!(Pair::from_value(&pair.to_value()).unwrap(), pair);
    }

    #[test]
    fn values_of_no_known_form_are_refused() {
        let value = |refs: &[u8], bytes: &[u8]| Value {
            refs: refs.iter().map(|byte| id(*byte)).collect(),
            bytes: bytes.to_vec(),
        };
        for bytes in [&b""[..], b"\0", b"\x08", b"\x01\x01"] {
            assert!(memory_flags(&value(&[], bytes)).is_err());
        }
        assert!(memory_flags(&value(&[1], b"\x01")).is_err());
        let laid =
            |refs: &[u8], bytes: &[u8]| Laid::from_row(&key(SUMMARY, 2), &value(refs, bytes));
        assert!(laid(&[1], b"\0\0\0\0\0\0\0\x02\0").is_ok());
        assert!(laid(&[1], b"\0\0\0\0\0\0\0\x01\0").is_err());
        assert!(laid(&[1], b"\0\0\0\0\0\0\0\x02\x08").is_err());
        assert!(laid(&[1], b"\0\0\0\0\0\0\0\x02").is_err());
        assert!(laid(&[], b"\0\0\0\0\0\0\0\x02\0").is_err());
        assert!(laid(&[1, 2, 3], b"\0\0\0\0\0\0\0\x02\0").is_err());
        for (refs, bytes) in [
            (&[][..], &b"\0\0\0\0\0\0\0\0\0"[..]),
            (&[1], b""),
            (&[1], b"\0"),
            (&[1], b"\0\0\0\0\0\0\0\0\x01"),
            (&[1, 2], b"\0\0\0\0\0\0\0\0\0"),
            (&[1], b"\0\0\0\0\0\0\0\0\0\0"),
        ] {
            assert!(Pair::from_value(&value(refs, bytes)).is_err());
        }
        assert!(number_of(b"m1").is_err() && number_of(b"").is_err());
    }
}
