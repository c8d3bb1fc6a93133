//! Where memories come from: runs of them that a merge brought.

use std::ops::Bound;

use crate::codec::malformed;
use crate::error::Result;
use crate::map::{Map, Value};
use crate::object::Objects;
use crate::session::line::keys::{memory_key, memory_number};

/// Memories in a row that come from one session, where they were in a row too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OriginRun {
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// The number of the first one where it comes from.
    pub(crate) there: u64,
    /// The nonce of that session's first operation.
    pub(crate) nonce: Vec<u8>,
}

impl OriginRun {
    pub(crate) fn value(&self) -> Value {
        let mut bytes = self.last.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.there.to_be_bytes());
        bytes.extend_from_slice(&self.nonce);
        Value { refs: Vec::new(), bytes }
    }

    pub(crate) fn of_row(key: &[u8], value: &Value) -> Result<Self> {
        let fault = || malformed("where memories come from");
        let first = memory_number(key)?;
        let (last, rest) = value.bytes.split_first_chunk().ok_or_else(fault)?;
        let (there, nonce) = rest.split_first_chunk().ok_or_else(fault)?;
        let (last, there) = (u64::from_be_bytes(*last), u64::from_be_bytes(*there));
        let is_sound = value.refs.is_empty()
            && first <= last
            && there.checked_add(last - first).is_some()
            && !nonce.is_empty();
        match is_sound {
            true => Ok(OriginRun { first, last, there, nonce: nonce.to_vec() }),
            false => Err(fault()),
        }
    }

    /// The number that a memory of the run has where it comes from.
    pub(crate) fn number_there(&self, number: u64) -> u64 {
        self.there + (number - self.first)
    }
}

/// The run that a memory belongs to; none where no merge brought it.
pub(crate) fn origin_of(
    objects: &(impl Objects + ?Sized),
    origins: Map,
    number: u64,
) -> Result<Option<OriginRun>> {
    let key = memory_key(number);
    let mut rows = origins.range_back(objects, Bound::Unbounded, Bound::Included(&key));
    let Some(row) = rows.next() else { return Ok(None) };
    let (key, value) = row?;
    Ok(Some(OriginRun::of_row(&key, &value)?).filter(|run| run.last >= number))
}

/// The runs that hold memories from a number on.
pub(crate) fn runs_from(
    objects: &(impl Objects + ?Sized),
    origins: Map,
    number: u64,
) -> Result<Vec<OriginRun>> {
    let mut runs = Vec::new();
    if let Some(before) = number.checked_sub(1)
        && let Some(run) = origin_of(objects, origins, before)?
        && run.last >= number
    {
        runs.push(run);
    }
    let key = memory_key(number);
    for row in origins.range(objects, Bound::Included(&key), Bound::Unbounded) {
        let (key, value) = row?;
        runs.push(OriginRun::of_row(&key, &value)?);
    }
    Ok(runs)
}
