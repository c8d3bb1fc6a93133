//! The view, and memories as rows of it.

use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};

use super::fields::{Each, Fields, object, rows, texts, write};
use super::row::{Brief, Listed, said};
use super::value::in_words;
use crate::error::Result;
use crate::history::MemoryEntry;
use crate::id::MemoryId;
use crate::object::{Body, Memory, Part};
use crate::view::{
    Glob, MemoryState, OpenCall, PairInView, View, ViewFile, ViewMemory, ViewReport, ViewRule,
};

/// What a memory says, as far as it needs no reading.
struct Row<'a, S> {
    number: u64,
    id: MemoryId,
    memory: &'a Memory,
    stands: S,
}

impl<S: Fields> Fields for Row<'_, S> {
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let (memory, parts) = (self.memory, &self.memory.parts);
        rows!(map
            number: self.number,
            id: self.id,
            role: memory.role,
            kind: memory.kind,
            ..self.stands,
            time: memory.time,
            actor: memory.actor,
            origin: memory.origin,
            text: text(memory),
            calls: Each(|| parts.iter().filter_map(Call::of)),
            results: Each(|| parts.iter().filter_map(Outcome::of)),
            media: Each(|| parts.iter().filter_map(|part| match part {
                Part::Media { media_type, .. } => Some(media_type),
                _ => None,
            })),
        );
        Ok(())
    }
}

/// All texts that need no reading, with a line break between them.
fn text(memory: &Memory) -> String {
    let mut all = String::new();
    for part in &memory.parts {
        if let Part::Text(Body::Inline(text)) = part {
            if !all.is_empty() {
                all.push('\n');
            }
            all.push_str(&String::from_utf8_lossy(text));
        }
    }
    all
}

struct Call<'a> {
    id: &'a str,
    name: &'a str,
}

impl Call<'_> {
    fn of(part: &Part) -> Option<Call<'_>> {
        let Part::Call { id, name, .. } = part else { return None };
        Some(Call { id, name })
    }
}

object!(Call<'_>, call => {
    id: call.id,
    name: call.name,
});

struct Outcome<'a> {
    call: &'a str,
    error: bool,
}

impl Outcome<'_> {
    fn of(part: &Part) -> Option<Outcome<'_>> {
        let Part::Result { call, error, .. } = part else { return None };
        Some(Outcome { call, error: *error })
    }
}

object!(Outcome<'_>, outcome => {
    call: outcome.call,
    error: outcome.error,
});

/// Nothing is said of the view.
struct Unsaid;

impl Fields for Unsaid {
    fn fields<M: SerializeMap>(&self, _: &mut M) -> Result<(), M::Error> {
        Ok(())
    }
}

struct Stands<'a> {
    state: &'a str,
    last: Option<u64>,
    pinned: bool,
}

impl Fields for Stands<'_> {
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        rows!(map state: self.state, last?: self.last, pinned: self.pinned,);
        Ok(())
    }
}

object!(MemoryEntry, entry => {
    ..Row { number: entry.number, id: entry.id, memory: &entry.memory, stands: Unsaid },
});

object!(Listed<'_>, row => {
    ..Row {
        number: row.number,
        id: row.id,
        memory: &row.memory,
        stands: Stands { state: row.state, last: row.last, pinned: row.pinned },
    },
});

object!(MemoryState, state => {
    state: state.name(),
    last?: last(*state),
});

/// The last number that a summary covers.
fn last(state: MemoryState) -> Option<u64> {
    if let MemoryState::Summary { last } = state { Some(last) } else { None }
}

object!(ViewMemory, row => {
    ..Row {
        number: row.number,
        id: row.id,
        memory: &row.memory,
        stands: Stands {
            state: row.state.name(),
            last: last(row.state),
            pinned: row.pinned,
        },
    },
});

object!(ViewFile, file => {
    ..file.path,
    iteration: file.number,
    iteration_id: file.iteration,
    pinned: file.pinned,
});

texts! {
    Glob, glob => glob;
}

object!(ViewRule, rule => {
    hides: rule.hides,
    glob: rule.glob,
});

object!(PairInView, pair => {
    ..pair.path,
    iteration: pair.number,
});

object!(ViewReport, report => {
    named: report.named,
    widened: report.widened,
    summaries: report.summaries,
    changed: report.changed,
    pinned: report.pinned,
    files_out: report.files_out,
    files_in: report.files_in,
    files_changed: report.files_changed,
    files_pinned: report.files_pinned,
    rules: report.rules,
    checkpoint: report.checkpoint.as_ref().map(Brief),
});

/// Reads the memories, their texts and the files: what fails there is the serializer's error. Texts
/// that were purged are left out.
impl Fields for View<'_> {
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let read = || -> Result<_> {
            let memories = self.memories().map(|row| {
                let row = row?;
                Ok(ViewMemory { memory: said(self.store, &row.memory)?, ..row })
            });
            let files = self.files().collect::<Result<Vec<_>>>()?;
            Ok((memories.collect::<Result<Vec<_>>>()?, files, self.rules()?))
        };
        let (memories, files, rules) =
            read().map_err(|error| M::Error::custom(in_words(&error)))?;
        rows!(map memories: memories, files: files, rules: rules,);
        Ok(())
    }
}

impl Serialize for View<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        write(self, to)
    }
}

object!(OpenCall, call => {
    memory: call.memory,
    id: call.id,
    name: call.name,
    arguments: String::from_utf8_lossy(&call.arguments),
});
