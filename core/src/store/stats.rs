//! What a store holds, in numbers.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use super::Store;
use super::refs::SESSION;
use crate::error::Result;

/// What a store holds.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Sessions, deleted ones not counted.
    pub sessions: u64,
    /// Distinct objects: contents and nodes.
    pub objects: u64,
    /// Bytes of distinct contents as they were written.
    pub raw_bytes: u64,
    /// Bytes of the files that hold all of it.
    pub stored_bytes: u64,
    /// Those files.
    pub segments: u64,
}

impl Store {
    /// Counts what the store holds. Reads the tables of all frames: about a second for a million
    /// objects.
    ///
    /// # Errors
    /// `Corrupt` if a frame's table is damaged.
    pub fn stats(&self) -> Result<Stats> {
        let (stored_bytes, segments) = self.log().stored_bytes()?;
        let mut stats = Stats { stored_bytes, segments, ..Stats::default() };
        let mut contents = HashMap::new();
        let mut nodes = HashSet::new();
        let mut large = Vec::new();
        self.log().for_each_object(&mut |object| {
            match object.row.content_len() {
                Some(len) => {
                    if contents.insert(object.id, len).is_none() && object.row.is_chunked() {
                        large.push(object.id);
                    }
                }
                None => {
                    nodes.insert(object.id);
                }
            }
            ControlFlow::Continue(())
        })?;
        // Chunks are how large contents are placed, no contents of their own.
        for id in large {
            for chunk in self.log().chunks(&id)? {
                contents.remove(&chunk);
            }
        }
        stats.objects = (contents.len() + nodes.len()) as u64;
        stats.raw_bytes = contents.values().sum();
        let mut after: Option<String> = None;
        loop {
            let page = self.references(SESSION, after.as_deref(), 1_000)?;
            stats.sessions += page.len() as u64;
            match page.last() {
                Some((name, _)) => after = Some(name.clone()),
                None => return Ok(stats),
            }
        }
    }
}
