//! Merging sessions into one: which of them bring something, and all of that as one commit.

use std::collections::HashSet;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::PARENTS_MAX;
use crate::object::OperationKind;
use crate::session::batch::Batch;
use crate::session::draft::Draft;
use crate::session::handle::{NewOperation, Outcome, Session};
use crate::session::line::common::Known;
use crate::session::line::info::CheckpointInfo;
use crate::session::line::point::{Head, Point};
use crate::session::line::roots::{Root, Roots};
use crate::session::merge::base::{Base, MergeBase};
use crate::session::merge::files::{FilesMerge, Side};
use crate::session::merge::options::{
    MergeOptions, MergeReport, MergeWay, MergedDialog, MergedSession,
};

/// A session that is to be merged, as it was when the merge began.
struct Other {
    session: Session,
    point: Point,
    lines: Known,
}

/// A merge that is ready to be committed.
struct Prepared {
    batch: Batch,
    report: MergeReport,
    /// The state that becomes the session's as it is.
    forward: Option<Point>,
}

impl Session {
    /// Refuses a session of another store, and opens the other one here.
    pub(crate) fn here(&self, other: &Session) -> Result<Session> {
        other.head()?;
        match self.store.open_session(other.name()) {
            Ok(session) if session.id == other.id => Ok(session),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Err(Error::invalid(format!(
                "session {:?} is in another store than session {:?}",
                other.name(),
                self.name()
            ))),
        }
    }

    /// Unites the states of other sessions with this one's, as one durable commit.
    ///
    /// * **Files**: what one side changed since both had one state is taken as it is; what both changed
    ///   differently is joined line by line, or is a *merge conflict*: a value of the new state, which
    ///   [`conflicts`](crate::Snapshot::conflicts) lists and [`resolve`](Self::resolve) or any change of
    ///   the path takes away. Renames are followed. No file comes into view by itself.
    /// * **Memories**: those of the others come behind this session's, each session's in its order, and
    ///   know where they come from. By itself none of them is in view; see [`MergedDialog`].
    /// * **State, instructions, tools, pins, rules**: what one side changed; where both did, this
    ///   session's, and the report says so.
    /// * **Runs and evidence** come along, claims too; how claims stand is judged on the merged files.
    ///
    /// Merging again brings only what is new. Where nothing happened here since the other session was
    /// forked, its state becomes this one's. Undo takes a merge back as a whole. A merge does nothing to
    /// the other sessions.
    ///
    /// # Errors
    /// `Invalid` for no session, for more than 63, for this one, for the same one twice and for one of
    /// another store; `NotFound` for one that is gone. `Conflict` if another writer changed here what the
    /// merge changes. Nothing happened then.
    ///
    /// ```
    /// use partita::merge::MergeOptions;
    /// let store = partita::Store::in_memory()?;
    /// let session = store.session("parser")?;
    /// session.write("src/lib.rs", "mod lexer;\n")?;
    /// let lexer = session.fork("lexer")?;
    /// lexer.write("src/lexer.rs", "struct Lexer;\n")?;
    /// session.write("README.md", "A parser.\n")?;
    /// let report = session.merge(&[&lexer], MergeOptions::new())?;
    /// assert!(report.is_clean());
    /// assert_eq!(session.read("src/lexer.rs")?, b"struct Lexer;\n");
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn merge(&self, others: &[&Session], options: MergeOptions<'_>) -> Result<MergeReport> {
        loop {
            let Prepared { batch, mut report, forward } = self.prepare(others, options)?;
            if !report.changed {
                return Ok(report);
            }
            let point = match forward {
                Some(point) => {
                    let Batch { head, batch, .. } = batch;
                    let mut new = NewOperation::new(OperationKind::Merge);
                    new.message = names(others);
                    match self.commit_on(&head, batch, Some(point), new)? {
                        Outcome::Committed(head) => head.point.clone(),
                        // Something happened here, so it is to be united.
                        Outcome::Moved(_) => continue,
                    }
                }
                None => batch.finish()?.head.point.clone(),
            };
            report.checkpoint = point.as_ref().map(CheckpointInfo::of);
            return Ok(report);
        }
    }

    /// Tells what [`merge`](Self::merge) would do, and does nothing.
    ///
    /// # Errors
    /// As [`merge`](Self::merge).
    pub fn plan_merge(&self, others: &[&Session], options: MergeOptions<'_>) -> Result<MergeReport> {
        Ok(self.prepare(others, options)?.report)
    }

    fn prepare(&self, others: &[&Session], options: MergeOptions<'_>) -> Result<Prepared> {
        let mut batch = self.begin()?;
        batch.set_kind(OperationKind::Merge);
        batch.message(&names(others))?;
        let others = self.others(others)?;
        prepare(self, batch, others, options)
    }

    /// The sessions that are to be merged; refuses those that cannot be.
    fn others(&self, others: &[&Session]) -> Result<Vec<(Session, Arc<Head>)>> {
        if others.is_empty() {
            return Err(Error::invalid("no session to merge"));
        }
        if others.len() >= PARENTS_MAX {
            return Err(Error::invalid(format!(
                "{} sessions to merge, at most {} are allowed: merge some of them first",
                others.len(),
                PARENTS_MAX - 1
            )));
        }
        let mut met = HashSet::new();
        let mut heads = Vec::with_capacity(others.len());
        for other in others {
            if other.id == self.id {
                let message = format!("session {:?} cannot be merged into itself", self.name());
                return Err(Error::invalid(message));
            }
            if !met.insert(other.id) {
                let message = format!("session {:?} is to be merged twice", other.name());
                return Err(Error::invalid(message));
            }
            let other = self.here(other)?;
            let head = other.head()?;
            heads.push((other, head));
        }
        Ok(heads)
    }
}

/// Names of sessions as the line that a listing shows.
fn names(others: &[&Session]) -> String {
    let names: Vec<&str> = others.iter().map(|other| other.name()).collect();
    let names = names.join(", ");
    names.chars().take(crate::session::line::names::MESSAGE_CHARS_MAX).collect()
}

/// Unites sessions with the state that a batch began with.
fn prepare(
    session: &Session,
    mut batch: Batch,
    others: Vec<(Session, Arc<Head>)>,
    options: MergeOptions<'_>,
) -> Result<Prepared> {
    let store = session.store();
    let mut report = MergeReport {
        sessions: Vec::with_capacity(others.len()),
        checkpoint: batch.head.point().map(CheckpointInfo::of),
        changed: false,
        files: 0,
        conflicts: Vec::new(),
        kept: Vec::new(),
    };
    let mut forward = None;
    let mut known = match batch.head.point() {
        Some(point) => Known::of(store, session.id(), point)?,
        None => Known::default(),
    };
    let count = others.len();
    for (other, head) in others {
        let mut told = MergedSession {
            name: other.name().to_owned(),
            checkpoint: head.point().map(CheckpointInfo::of),
            base: MergeBase::Nothing,
            way: MergeWay::UpToDate,
            memories: 0,
            evidence: 0,
            claims: 0,
        };
        let Some(point) = head.point().cloned() else {
            report.sessions.push(told);
            continue;
        };
        let Some(ours) = batch.head.point().cloned() else {
            // A session without a state goes on from the first one that has some.
            let operation = batch.head.operation.clone();
            batch.head = Arc::new(Head { operation, point: Some(point.clone()) });
            batch.draft = Draft::new(Some(&point));
            let lines = Known::of(store, other.id(), &point)?;
            batch.draft.joined.lines.unite(&lines);
            known.unite(&lines);
            told.way = MergeWay::FastForward;
            told.base = MergeBase::Nothing;
            report.sessions.push(told);
            forward = Some(point);
            continue;
        };
        let lines = Known::of(store, other.id(), &point)?;
        let base = Base::of(store, (&ours, &known), (&point, &lines))?;
        told.base = base.told();
        if base.point().is_some_and(|base| base.id == point.id) {
            report.sessions.push(told);
            continue;
        }
        let is_behind = base.point().is_some_and(|base| base.id == ours.id);
        if is_behind && count == 1 && goes_forward(&ours, &point, options) {
            told.way = MergeWay::FastForward;
            told.memories = new_memories(&batch, &ours, &point)?;
            report.files = changed_files(session, &ours, &point)?;
            report.sessions.push(told);
            forward = Some(point);
            continue;
        }
        told.way = MergeWay::Merged;
        let other = Other { session: other, point, lines };
        unite(&mut batch, &base, &other, options, &mut told, &mut report)?;
        known.unite(&other.lines);
        report.sessions.push(told);
        if forward.is_some() {
            forward = None;
        }
    }
    report.changed = report.sessions.iter().any(|told| told.way != MergeWay::UpToDate);
    report.conflicts = batch.draft.conflicts.made.keys().cloned().collect();
    Ok(Prepared { batch, report, forward })
}

/// Tells whether a state may become another one as it is: what comes into view is what was asked for.
fn goes_forward(ours: &Point, theirs: &Point, options: MergeOptions<'_>) -> bool {
    let (ours, theirs) = (Roots::of(Some(ours)), Roots::of(Some(theirs)));
    matches!(options.dialog, None | Some(MergedDialog::Whole))
        || ours.memories() == theirs.memories() && ours.view() == theirs.view()
}

fn new_memories(batch: &Batch, ours: &Point, theirs: &Point) -> Result<u64> {
    let [ours, theirs] = [ours, theirs].map(|point| Roots::of(Some(point)).memories());
    let mut count = 0;
    for change in ours.diff(&theirs, &batch.batch) {
        count += u64::from(change?.after.is_some());
    }
    Ok(count)
}

fn changed_files(session: &Session, ours: &Point, theirs: &Point) -> Result<u64> {
    let [ours, theirs] = [ours, theirs].map(|point| Roots::of(Some(point)).files());
    let changes = crate::session::read::snapshot::changes(session.store(), ours, theirs)?;
    Ok(changes.len() as u64)
}

/// Unites one session with a draft.
fn unite(
    batch: &mut Batch,
    base: &Base,
    other: &Other,
    _options: MergeOptions<'_>,
    _told: &mut MergedSession,
    report: &mut MergeReport,
) -> Result<()> {
    let ours = Roots::of(batch.head.point());
    let ours_number = batch.head.point().map_or(0, Point::number);
    let side = |name: &str, point: Option<&Point>| Side {
        files: Roots::of(point).files(),
        conflicts: Roots::of(point).map(Root::Conflicts),
        label: match point {
            Some(point) => format!("{name}@{}", point.number()),
            None => name.to_owned(),
        },
    };
    let sides = [
        side("base", base.point()),
        Side {
            files: batch.draft.files_now(&mut batch.batch)?,
            conflicts: ours.map(Root::Conflicts),
            label: format!("{}@{ours_number}", batch.session.name()),
        },
        side(other.session.name(), Some(&other.point)),
    ];
    let merge = FilesMerge {
        draft: &mut batch.draft,
        batch: &mut batch.batch,
        base: &sides[0],
        ours: &sides[1],
        theirs: &sides[2],
        is_base_hidden: matches!(base, Base::Hidden),
    };
    let merged = merge.run()?;
    report.files = merged.changed;
    batch.draft.show_changes(&batch.batch, &merged.moved)?;
    batch.draft.joined.parents.push(other.point.checkpoint_id());
    batch.draft.joined.lines.unite(&other.lines);
    Ok(())
}
