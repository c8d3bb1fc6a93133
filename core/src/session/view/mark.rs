//! Marks on memories: forgotten, trimmed, pinned; and summaries taken off again.

use super::entry::{self, FORGOTTEN, Laid, MEMORY, PINNED, SUMMARY, TRIMMED};
use super::report::ViewReport;
use super::select::{Member, Selection, Unit};
use super::selector::Selector;
use crate::error::{Error, Result};
use crate::map::{Map, Value};
use crate::object::{OperationKind, Part};
use crate::session::batch::Batch;
use crate::session::info::CheckpointInfo;
use crate::session::{MESSAGE_CHARS_MAX, Session};

/// An edit of the view map: keys, each with its new value or none.
type Edits = Vec<(Vec<u8>, Option<Value>)>;

impl Batch {
    /// Takes memories out of the view, by whole exchanges. They exist as before. Knows memories
    /// from before the batch.
    ///
    /// # Errors
    /// `NotFound` if there is no memory of the number, range or id.
    pub fn forget(&mut self, selector: &Selector) -> Result<ViewReport> {
        self.mark(selector, false, |flags, _| flags | FORGOTTEN)
    }

    /// Brings forgotten memories back into the view, and trimmed results to their full length.
    ///
    /// # Errors
    /// As [`forget`](Self::forget).
    pub fn recall(&mut self, selector: &Selector) -> Result<ViewReport> {
        self.mark(selector, false, |flags, _| flags & !(FORGOTTEN | TRIMMED))
    }

    /// Lets the results of tools be shown shortened.
    ///
    /// # Errors
    /// As [`forget`](Self::forget).
    pub fn trim_results(&mut self, selector: &Selector) -> Result<ViewReport> {
        self.mark(selector, false, trimmed_flags)
    }

    /// Shows the results of named memories shortened, and of their exchanges no others.
    pub(in crate::session) fn trim_named(&mut self, selector: &Selector) -> Result<ViewReport> {
        let mut selection = self.select(selector)?;
        let named = std::mem::take(&mut selection.named);
        for unit in &mut selection.units {
            // A pin anywhere in the exchange holds all of it.
            if let (false, Unit::Exchange(members)) = (unit.is_pinned(), unit) {
                members.retain(|member| named.contains(&member.entry.number));
            }
        }
        selection.named = named;
        let (report, edits) = marks(&selection, false, trimmed_flags);
        let store = self.session.store().clone();
        self.draft.view.edit(&store, edits)?;
        Ok(report)
    }

    /// Pins memories that are in view: nothing else may touch their exchanges until they are
    /// unpinned.
    ///
    /// # Errors
    /// As [`forget`](Self::forget).
    pub fn pin_memories(&mut self, selector: &Selector) -> Result<ViewReport> {
        self.mark(selector, true, |flags, _| match flags & FORGOTTEN {
            0 => flags | PINNED,
            _ => flags,
        })
    }

    /// Unpins memories.
    ///
    /// # Errors
    /// As [`forget`](Self::forget).
    pub fn unpin_memories(&mut self, selector: &Selector) -> Result<ViewReport> {
        self.mark(selector, true, |flags, _| flags & !PINNED)
    }

    /// Takes summaries off the memories that they cover: what was in view comes back, as it was.
    ///
    /// # Errors
    /// `NotFound` if no summary covers what the selector names.
    pub fn expand(&mut self, selector: &Selector) -> Result<ViewReport> {
        let mut selection = self.select(selector)?;
        selection.units.retain(|unit| matches!(unit, Unit::Summary(_)));
        if selection.units.is_empty() {
            return Err(Error::not_found(format!("no summary covers {selector}")));
        }
        let mut report = selection.report();
        let store = self.session.store().clone();
        let mut edits = Vec::new();
        for unit in &selection.units {
            let Unit::Summary(laid) = unit else { continue };
            if unit.is_pinned() {
                report.pinned.push(laid.first);
                continue;
            }
            report.changed.push(laid.first);
            edits.push((entry::key(SUMMARY, laid.first), None));
            let (objects, _) = self.draft.view.open(&store)?;
            for row in Map::new(laid.covered).prefix(objects, b"") {
                let (key, value) = row?;
                edits.push((key, Some(value)));
            }
        }
        self.draft.view.edit(&store, edits)?;
        Ok(report)
    }

    fn mark(
        &mut self,
        selector: &Selector,
        passes_pins: bool,
        change: impl Fn(u8, bool) -> u8,
    ) -> Result<ViewReport> {
        let selection = self.select(selector)?;
        let (report, edits) = marks(&selection, passes_pins, change);
        let store = self.session.store().clone();
        self.draft.view.edit(&store, edits)?;
        Ok(report)
    }
}

/// The edits that give each memory of a selection its new flags, pinned exchanges left out.
fn marks(
    selection: &Selection,
    passes_pins: bool,
    change: impl Fn(u8, bool) -> u8,
) -> (ViewReport, Edits) {
    let mut report = selection.report();
    let mut edits = Vec::new();
    for unit in &selection.units {
        let mut changed: Edits = Vec::new();
        let mut numbers = Vec::new();
        match unit {
            Unit::Exchange(members) => {
                for member in members {
                    let flags = change(member.flags, has_result(member));
                    if flags != member.flags {
                        let key = entry::key(MEMORY, member.entry.number);
                        changed.push((key, entry::memory_value(flags)));
                        numbers.push(member.entry.number);
                    }
                }
            }
            Unit::Summary(laid) => {
                let flags = change(laid.flags, false) & !TRIMMED;
                if flags != laid.flags {
                    let value = Laid { flags, ..laid.clone() }.to_value();
                    changed.push((entry::key(SUMMARY, laid.first), Some(value)));
                    numbers.push(laid.first);
                }
            }
        }
        if unit.is_pinned() && !passes_pins {
            report.pinned.extend(numbers);
        } else {
            report.changed.extend(numbers);
            edits.extend(changed);
        }
    }
    (report, edits)
}

fn trimmed_flags(flags: u8, has_result: bool) -> u8 {
    if has_result && flags & FORGOTTEN == 0 { flags | TRIMMED } else { flags }
}

fn has_result(member: &Member) -> bool {
    member.entry.memory.parts.iter().any(|part| matches!(part, Part::Result { .. }))
}

impl Session {
    /// Takes memories out of the view, by whole exchanges, as one durable operation. They exist
    /// as before: [`recall`](Self::recall) brings them back, and so does [`undo`](Self::undo).
    /// Where nothing changes, nothing is committed.
    ///
    /// # Errors
    /// `NotFound` if there is no memory of the number, range or id. `Conflict` if another writer
    /// changed the same memories' part in the view meanwhile.
    ///
    /// ```
    /// use partita::{Body, Memory, Part, Selector};
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// let call = Part::Call { id: "c1".into(), name: "ls".into(), arguments: Body::new("{}") };
    /// session.remember(Memory::user("What is here?"))?;
    /// session.remember(Memory::assistant("I look.").with_part(call))?;
    /// session.remember(Memory::tool("c1", "Cargo.toml"))?;
    /// let report = session.forget(&Selector::Number(3))?;
    /// assert_eq!((report.named, report.widened), (vec![3], vec![2]));
    /// assert_eq!(session.latest()?.view().memories().count(), 1);
    /// session.recall(&Selector::Number(2))?;
    /// assert_eq!(session.latest()?.view().memories().count(), 3);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn forget(&self, selector: &Selector) -> Result<ViewReport> {
        self.edit_view(OperationKind::Forget, selector, |batch| batch.forget(selector))
    }

    /// Brings forgotten memories back into the view, and trimmed results to their full length.
    ///
    /// # Errors
    /// As [`forget`](Self::forget).
    pub fn recall(&self, selector: &Selector) -> Result<ViewReport> {
        self.edit_view(OperationKind::Recall, selector, |batch| batch.recall(selector))
    }

    /// Lets the results of tools be shown shortened; [`recall`](Self::recall) takes that back.
    ///
    /// # Errors
    /// As [`forget`](Self::forget).
    pub fn trim_results(&self, selector: &Selector) -> Result<ViewReport> {
        self.edit_view(OperationKind::TrimResults, selector, |batch| batch.trim_results(selector))
    }

    /// Pins memories that are in view: nothing else may touch their exchanges.
    ///
    /// # Errors
    /// As [`forget`](Self::forget).
    pub fn pin_memories(&self, selector: &Selector) -> Result<ViewReport> {
        self.edit_view(OperationKind::Pin, selector, |batch| batch.pin_memories(selector))
    }

    /// Unpins memories.
    ///
    /// # Errors
    /// As [`forget`](Self::forget).
    pub fn unpin_memories(&self, selector: &Selector) -> Result<ViewReport> {
        self.edit_view(OperationKind::Unpin, selector, |batch| batch.unpin_memories(selector))
    }

    /// Takes summaries off the memories that they cover: what was in view before comes back as it
    /// was, earlier summaries included.
    ///
    /// # Errors
    /// `NotFound` if no summary covers what the selector names, else as [`forget`](Self::forget).
    pub fn expand(&self, selector: &Selector) -> Result<ViewReport> {
        self.edit_view(OperationKind::Expand, selector, |batch| batch.expand(selector))
    }

    pub(super) fn edit_view(
        &self,
        kind: OperationKind,
        what: impl std::fmt::Display,
        edit: impl FnOnce(&mut Batch) -> Result<ViewReport>,
    ) -> Result<ViewReport> {
        let mut batch = self.begin()?;
        batch.set_kind(kind);
        let line: String = what.to_string().chars().take(MESSAGE_CHARS_MAX).collect();
        batch.message(&line)?;
        let mut report = edit(&mut batch)?;
        if !report.is_empty() {
            report.checkpoint = batch.finish()?.head.point().map(CheckpointInfo::of);
        }
        Ok(report)
    }
}
