//! Merge conflicts: what several merged lines have at one path.

use super::{BodyReader, BodyWriter, Canonical, Entry, Kind, RefReader};
use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::limits::{CONFLICT_TERMS_MAX, DIFF_BYTES_MAX, LABEL_BYTES_MAX};

/// What several merged lines have at one path, where they changed it differently.
///
/// The terms are an odd list: a side, then for each further side what it and those before come from,
/// and the side. What a path becomes is the first side, with what each further one changed of its base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeConflict {
    /// How many times a marker repeats its sign in the text that was written; 0 where the path was
    /// given no text with markers.
    pub marker: u64,
    /// A side, a base, a side, and so on.
    pub terms: Vec<ConflictTerm>,
}

/// What one side, or a base, has at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictTerm {
    /// Whose it is, such as a session's name and its checkpoint's number.
    pub label: String,
    /// What is there.
    pub entry: Entry,
}

impl MergeConflict {
    /// Iterates over the sides, in their order.
    pub fn sides(&self) -> impl Iterator<Item = &ConflictTerm> {
        self.terms.iter().step_by(2)
    }

    /// Iterates over what the sides come from: one less than there are sides.
    pub fn bases(&self) -> impl Iterator<Item = &ConflictTerm> {
        self.terms.iter().skip(1).step_by(2)
    }

    /// Checks every limit.
    ///
    /// # Errors
    /// `Invalid`, naming what is beyond it.
    pub fn validate(&self) -> Result<()> {
        let terms = self.terms.len();
        if terms.is_multiple_of(2) || !(3..=CONFLICT_TERMS_MAX).contains(&terms) {
            return Err(Error::invalid(format!(
                "a merge conflict has an odd number of terms, 3 to {CONFLICT_TERMS_MAX}, got {terms}"
            )));
        }
        if self.terms.iter().any(|term| term.label.len() > LABEL_BYTES_MAX) {
            let message = format!("the label of a side has at most {LABEL_BYTES_MAX} bytes");
            return Err(Error::invalid(message));
        }
        Ok(())
    }
}

impl Canonical for MergeConflict {
    const KIND: Kind = Kind::MERGE_CONFLICT;
    const VERSION: u16 = 1;

    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        body.0.uint(self.marker).uint(self.terms.len() as u64);
        for term in &self.terms {
            body.0.bytes(term.label.as_bytes());
            term.entry.encode(refs, body);
        }
    }

    fn decode(_version: u16, refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let marker = body.0.bounded(2 * DIFF_BYTES_MAX as u64, "the bytes of a marker")?;
        let count = body.0.count(CONFLICT_TERMS_MAX, "the terms of a merge conflict")?;
        if count < 3 || count.is_multiple_of(2) {
            return Err(malformed(format!("a merge conflict of {count} terms")));
        }
        let mut terms = Vec::with_capacity(count);
        for _ in 0..count {
            let label = body.0.text(LABEL_BYTES_MAX, "the label of a side")?.to_owned();
            terms.push(ConflictTerm { label, entry: Entry::decode(refs, body)? });
        }
        Ok(MergeConflict { marker, terms })
    }
}
