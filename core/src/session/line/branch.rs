//! Where memories come from: runs of them that a merge brought.

use std::ops::Bound;

use crate::codec::malformed;
use crate::error::Result;
use crate::limits::NAME_BYTES_MAX;
use crate::map::{Map, Value};
use crate::object::Objects;
use crate::session::line::keys::{memory_key, memory_number};

/// Memories in a row that come from one session, where they were in a row too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BranchRun {
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// The number of the first one where it comes from.
    pub(crate) there: u64,
    /// The nonce of that session's first operation.
    pub(crate) nonce: Vec<u8>,
    /// What that session was called when they came.
    pub(crate) name: String,
}

impl BranchRun {
    pub(crate) fn value(&self) -> Value {
        let mut bytes = self.last.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.there.to_be_bytes());
        bytes.push(u8::try_from(self.nonce.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(&self.nonce);
        bytes.extend_from_slice(self.name.as_bytes());
        Value { refs: Vec::new(), bytes }
    }

    pub(crate) fn of_row(key: &[u8], value: &Value) -> Result<Self> {
        let fault = || malformed("where memories come from");
        let first = memory_number(key)?;
        let (last, rest) = value.bytes.split_first_chunk().ok_or_else(fault)?;
        let (there, rest) = rest.split_first_chunk().ok_or_else(fault)?;
        let (last, there) = (u64::from_be_bytes(*last), u64::from_be_bytes(*there));
        let (&len, rest) = rest.split_first().ok_or_else(fault)?;
        let (nonce, name) = rest.split_at_checked(usize::from(len)).ok_or_else(fault)?;
        let name = std::str::from_utf8(name).map_err(|_| fault())?;
        let is_sound = value.refs.is_empty()
            && first <= last
            && there.checked_add(last - first).is_some()
            && name.len() <= NAME_BYTES_MAX;
        match is_sound {
            true => Ok(BranchRun { first, last, there, nonce: nonce.into(), name: name.into() }),
            false => Err(fault()),
        }
    }

    /// The number that a memory of the run has where it comes from.
    pub(crate) fn number_there(&self, number: u64) -> u64 {
        self.there + (number - self.first)
    }
}

/// The run that a memory belongs to; none where no merge brought it.
pub(crate) fn branch_of(
    objects: &(impl Objects + ?Sized),
    branches: Map,
    number: u64,
) -> Result<Option<BranchRun>> {
    if branches.root().is_none() {
        return Ok(None);
    }
    let key = memory_key(number);
    let mut rows = branches.range_back(objects, Bound::Unbounded, Bound::Included(&key));
    let Some(row) = rows.next() else { return Ok(None) };
    let (key, value) = row?;
    Ok(Some(BranchRun::of_row(&key, &value)?).filter(|run| run.last >= number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_and_others_are_refused() {
        let run = BranchRun { first: 7, last: 9, there: 3, nonce: vec![1; 16], name: "t".into() };
        let value = run.value();
        let expected = b"\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0\x03\x10";
        assert_eq!(value.bytes, [&expected[..], &[1; 16], b"t"].concat());
        assert_eq!(BranchRun::of_row(&memory_key(7), &value).unwrap(), run);
        assert_eq!(run.number_there(9), 5);
        for (first, len) in [(10, 34), (7, 15), (7, 16), (7, 20)] {
            let cut = Value { refs: Vec::new(), bytes: value.bytes[..len].to_vec() };
            assert!(BranchRun::of_row(&memory_key(first), &cut).is_err(), "{first} {len}");
        }
    }
}
