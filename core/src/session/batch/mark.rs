//! Marks on memories: forgotten, trimmed, pinned; and summaries taken off again.

use crate::error::{Error, Result};
use crate::map::{Map, Value};
use crate::object::{Memory, OperationKind, Part};
use crate::session::batch::Batch;
use crate::session::batch::report::ViewReport;
use crate::session::batch::select::{Among, Member, Selection};
use crate::session::batch::selector::Selector;
use crate::session::handle::Session;
use crate::session::line::info::CheckpointInfo;
use crate::session::line::marks;
use crate::session::line::marks::{FORGOTTEN, Laid, MEMORY, PINNED, SUMMARY, TRIMMED};
use crate::session::line::names::MESSAGE_CHARS_MAX;

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
        let selection = self.select(selector, Among::All)?;
        self.put_marks(&selection, false, |flags, _| flags & !(FORGOTTEN | TRIMMED))
    }

    /// Lets the results of tools be shown shortened.
    ///
    /// # Errors
    /// As [`forget`](Self::forget).
    pub fn trim_results(&mut self, selector: &Selector) -> Result<ViewReport> {
        self.mark(selector, false, trimmed_flags)
    }

    /// Takes out of the view what a selector stands for in another: as a plan does, whose steps all
    /// speak of the view that it was made for.
    pub(crate) fn forget_in(&mut self, view: Map, selector: &Selector) -> Result<ViewReport> {
        let selection = self.select_in(view, selector, Among::View)?;
        self.put_marks(&selection, false, |flags, _| flags | FORGOTTEN)
    }

    /// Shows the results of named memories shortened, and of their exchanges no others.
    pub(crate) fn trim_named(&mut self, view: Map, selector: &Selector) -> Result<ViewReport> {
        let mut selection = self.select_in(view, selector, Among::View)?;
        let Selection { named, units } = &mut selection;
        // A pin anywhere in the exchange holds all of it.
        for unit in units.iter_mut().filter(|unit| !unit.is_pinned()) {
            unit.members.retain(|member| named.contains(&member.number()));
        }
        self.put_marks(&selection, false, trimmed_flags)
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
        let mut selection = self.select(selector, Among::All)?;
        // An exchange of which something is pinned keeps its summaries.
        let mut laids = Vec::new();
        for unit in &mut selection.units {
            let is_pinned = unit.is_pinned();
            unit.members.retain(|member| {
                matches!(member, Member::Summary(..)) && selection.named.contains(&member.number())
            });
            for member in &unit.members {
                if let Member::Summary(laid, _) = member {
                    laids.push((laid.clone(), is_pinned));
                }
            }
        }
        if laids.is_empty() {
            return Err(Error::not_found(format!("no summary covers {selector}")));
        }
        let mut report = selection.report();
        let store = self.session.store().clone();
        let mut edits = Vec::new();
        for (laid, is_pinned) in &laids {
            if *is_pinned {
                report.pinned.push(laid.first);
                continue;
            }
            report.changed.push(laid.first);
            edits.push((marks::key(SUMMARY, laid.first), None));
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
        let selection = self.select(selector, Among::View)?;
        self.put_marks(&selection, passes_pins, change)
    }

    /// Gives each member of a selection its new flags, pinned exchanges left out.
    fn put_marks(
        &mut self,
        selection: &Selection,
        passes_pins: bool,
        change: impl Fn(u8, bool) -> u8,
    ) -> Result<ViewReport> {
        let mut report = selection.report();
        let mut edits = Edits::new();
        for unit in &selection.units {
            let mut changed = Edits::new();
            let mut numbers = Vec::new();
            for member in &unit.members {
                let (number, had) = (member.number(), member.flags());
                let edit = match member {
                    Member::Memory(entry, _) => {
                        let flags = change(had, has_result(&entry.memory));
                        let key = marks::key(MEMORY, number);
                        (flags != had).then(|| (key, marks::memory_value(flags)))
                    }
                    Member::Summary(laid, _) => {
                        let flags = change(had, false) & !TRIMMED;
                        let value = Laid { flags, ..laid.clone() }.to_value();
                        (flags != had).then(|| (marks::key(SUMMARY, number), Some(value)))
                    }
                };
                if let Some(edit) = edit {
                    changed.push(edit);
                    numbers.push(number);
                }
            }
            if unit.is_pinned() && !passes_pins {
                report.pinned.extend(numbers);
            } else {
                report.changed.extend(numbers);
                edits.extend(changed);
            }
        }
        let store = self.session.store().clone();
        self.draft.view.edit(&store, edits)?;
        Ok(report)
    }
}

fn trimmed_flags(flags: u8, has_result: bool) -> u8 {
    if has_result && flags & FORGOTTEN == 0 { flags | TRIMMED } else { flags }
}

fn has_result(memory: &Memory) -> bool {
    memory.parts.iter().any(|part| matches!(part, Part::Result { .. }))
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

    pub(crate) fn edit_view(
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
