//! What a damaged log says of refs, in the order in which it was said: what is proven, what is not,
//! and where nothing can be read.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::id::{MapId, ObjectId};
use crate::log::format::head::Head;
use crate::log::format::segment::SegmentId;
use crate::log::write::handle::Log;
use crate::map::Map;

/// A value that a ref is known to have had; none where it was removed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) value: Option<ObjectId>,
    /// When, on the log's own clock.
    pub(crate) step: usize,
}

/// Where nothing can be read that may have said something of refs.
#[derive(Clone, Debug)]
pub(crate) struct Unread {
    pub(crate) segment: SegmentId,
    pub(crate) offset: u64,
    pub(crate) end: u64,
    pub(crate) what: String,
    /// Objects of the nearest commit of the same session.
    pub(crate) near: Vec<ObjectId>,
}

/// Refs, as a log tells them.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    step: usize,
    doubts: Vec<usize>,
    /// Since when all refs are known, whatever was before.
    all_known: usize,
    /// Every ref, with each value that it is known to have had, oldest first.
    pub(crate) refs: BTreeMap<String, Vec<Known>>,
    /// What frames say that are not proven, oldest first. Never a removal.
    pub(crate) hints: Vec<(String, ObjectId)>,
    pub(crate) unread: Vec<Unread>,
}

impl Timeline {
    /// Notes that refs may have changed in a way that cannot be read.
    pub(super) fn doubt(&mut self, unread: Option<Unread>) {
        self.step += 1;
        self.doubts.push(self.step);
        self.unread.extend(unread);
    }

    /// Tells whether refs may have changed unseen since the last time that all were known.
    pub(crate) fn has_doubt(&self) -> bool {
        self.doubts.last().is_some_and(|doubt| *doubt > self.all_known)
    }

    /// Tells whether a ref that was known then may have changed unseen before a later step.
    pub(crate) fn has_doubt_between(&self, from: usize, to: usize) -> bool {
        self.doubts.iter().any(|doubt| (from..to).contains(doubt))
    }

    /// Tells whether the last known value of a ref may have been followed by another one.
    pub(crate) fn is_in_doubt(&self, known: &Known) -> bool {
        let since = known.step.max(self.all_known);
        self.doubts.iter().any(|doubt| *doubt > since)
    }

    /// Takes up what a proven frame says.
    pub(super) fn take(&mut self, log: &Log, head: &Head, at: (SegmentId, u64, u64)) -> Result<()> {
        self.step += 1;
        match head {
            Head::Commit { updates, .. } => {
                for update in updates {
                    self.set(update.name.clone(), update.new);
                }
            }
            Head::Snapshot(snapshot) => {
                let map = Map::new(snapshot.refs.map(MapId::new));
                let (rows, is_all) = map.readable(log)?;
                if !is_all {
                    let (segment, offset, end) = at;
                    let what = "a map of refs that cannot be read to its end".to_owned();
                    self.doubt(Some(Unread { segment, offset, end, what, near: Vec::new() }));
                    self.step += 1;
                }
                let named = rows.into_iter().filter_map(named).collect::<BTreeMap<_, _>>();
                if is_all {
                    self.all_known = self.step;
                    let gone: Vec<String> = self
                        .refs
                        .keys()
                        .filter(|name| !named.contains_key(*name))
                        .cloned()
                        .collect();
                    for name in gone {
                        self.set(name, None);
                    }
                }
                for (name, id) in named {
                    self.set(name, Some(id));
                }
            }
            Head::Bulk => {}
        }
        Ok(())
    }

    fn set(&mut self, name: String, value: Option<ObjectId>) {
        let step = self.step;
        let values = self.refs.entry(name).or_default();
        if values.last().is_none_or(|last| last.value != value) {
            values.push(Known { value, step });
        } else if let Some(last) = values.last_mut() {
            last.step = step;
        }
    }

    /// Takes up what a frame says that is not proven.
    pub(super) fn hear(&mut self, log: &Log, head: &Head) -> Result<()> {
        match head {
            Head::Commit { updates, .. } => {
                let set =
                    updates.iter().filter_map(|update| Some((update.name.clone(), update.new?)));
                self.hints.extend(set);
            }
            Head::Snapshot(snapshot) => {
                let (rows, _) = Map::new(snapshot.refs.map(MapId::new)).readable(log)?;
                self.hints.extend(rows.into_iter().filter_map(named));
            }
            Head::Bulk => {}
        }
        Ok(())
    }
}

fn named((key, value): (Vec<u8>, crate::map::Value)) -> Option<(String, ObjectId)> {
    Some((String::from_utf8(key).ok()?, *value.refs.first()?))
}
