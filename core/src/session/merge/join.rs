//! Merging sessions into one: which of them bring something, and all of that as one commit.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::limits::PARENTS_MAX;
use crate::object::{FilePath, Memory, OperationKind, read};
use crate::session::batch::Batch;
use crate::session::batch::compact::{Summarizer, is_relied_on};
use crate::session::draft::Draft;
use crate::session::handle::Session;
use crate::session::line::common::{Known, Parted, is_on, parted, reach_of, reach_value};
use crate::session::line::info::CheckpointInfo;
use crate::session::line::keys::next_number;
use crate::session::line::marks::{self, Laid};
use crate::session::line::point::{Head, Point};
use crate::session::line::roots::{Root, Roots};
use crate::session::merge::base::{Base, MergeBase};
use crate::session::merge::dialog::{self, Ancestor, DialogJoined, Speaker, Whose};
use crate::session::merge::options::{
    CaseClash, KeptOurs, MergeOptions, MergeReport, MergeWay, MergedDialog, MergedSession,
};
use crate::session::merge::paths::{FilesMerge, Side};
use crate::session::merge::view::{self, Views};
use crate::session::merge::{record, turns, values};
use crate::session::read::memories::MemoryEntry;

/// A session that is to be merged, as it was when the merge began.
struct Other {
    session: Session,
    point: Point,
    lines: Known,
    /// What it is merged with, as conflicts name it.
    with: String,
}

/// A merge that is ready to be committed.
pub(super) struct Prepared {
    pub(super) batch: Batch,
    pub(super) report: MergeReport,
}

impl Session {
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
    /// another store; `NotFound` for one that is gone. Nothing happened then. Another writer that comes
    /// first is no error: the merge begins anew, with what is there by then.
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
            let Prepared { batch, mut report } = self.prepare(others, options)?;
            if !report.changed {
                return Ok(report);
            }
            // Where somebody else came first, all is united with what is there now.
            let Some(done) = batch.finish_in_place()? else { continue };
            let point = done.head.point.clone();
            report.checkpoint = point.as_ref().map(CheckpointInfo::of);
            return Ok(report);
        }
    }

    /// Tells what [`merge`](Self::merge) would do, and does nothing. A summarizer is asked all the same.
    ///
    /// # Errors
    /// As [`merge`](Self::merge).
    pub fn plan_merge(
        &self,
        others: &[&Session],
        options: MergeOptions<'_>,
    ) -> Result<MergeReport> {
        Ok(self.prepare(others, options)?.report)
    }

    fn prepare(&self, others: &[&Session], options: MergeOptions<'_>) -> Result<Prepared> {
        let mut batch = self.begin()?;
        batch.set_kind(OperationKind::Merge);
        batch.message(&names(others))?;
        let others = self.others(others)?;
        prepare(self, self.name(), batch, others, options)
    }

    /// The sessions that are to be merged; refuses those that cannot be.
    pub(super) fn others(&self, others: &[&Session]) -> Result<Vec<(Session, Arc<Head>)>> {
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
pub(super) fn names(others: &[&Session]) -> String {
    let names: Vec<&str> = others.iter().map(|other| other.name()).collect();
    let names = names.join(", ");
    names.chars().take(crate::session::line::names::MESSAGE_CHARS_MAX).collect()
}

/// Unites sessions with the state that a batch began with, which conflicts call by a name.
pub(super) fn prepare(
    session: &Session,
    name: &str,
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
        case_clashes: Vec::new(),
        kept: Vec::new(),
    };
    let mut known = match batch.head.point() {
        // The session may be one that the batch begins.
        Some(point) => Known::of(&batch.batch, session.id(), point)?,
        None => Known::default(),
    };
    let count = others.len();
    let mut moved = BTreeMap::new();
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
            told.way = MergeWay::FastForward;
            told.memories = take_over(
                &mut batch,
                None,
                &Other { session: other, point, lines, with: name.to_owned() },
            )?;
            report.files = batch.before().files().count() as u64;
            known.unite(&Known::of(store, session.id(), batch.head.point().expect("set above"))?);
            report.sessions.push(told);
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
            report.files = changed_files(session, &ours, &point)?;
            batch.draft.joined.parents.push(point.checkpoint_id());
            batch.draft.joined.forward = Some(point.clone());
            told.memories = take_over(
                &mut batch,
                Some(&ours),
                &Other { session: other, point, lines, with: name.to_owned() },
            )?;
            report.sessions.push(told);
            continue;
        }
        told.way = MergeWay::Merged;
        let other = Other { session: other, point, lines, with: name.to_owned() };
        moved.extend(unite(&mut batch, &base, &other, options, &mut told, &mut report)?);
        known.unite(&other.lines);
        report.sessions.push(told);
    }
    // Once for all: what stands there in between nobody wrote.
    batch.draft.show_changes(&batch.batch, &moved)?;
    report.changed = report.sessions.iter().any(|told| told.way != MergeWay::UpToDate);
    report.conflicts = batch.draft.conflicts.made.keys().cloned().collect();
    Ok(Prepared { batch, report })
}

/// Tells whether a state may become another one as it is: what comes into view is what was asked for.
fn goes_forward(ours: &Point, theirs: &Point, options: MergeOptions<'_>) -> bool {
    let (ours, theirs) = (Roots::of(Some(ours)), Roots::of(Some(theirs)));
    matches!(options.dialog, None | Some(MergedDialog::Whole))
        || ours.memories() == theirs.memories() && ours.view() == theirs.view()
}

/// Says where the memories of a state come from that becomes this session's, and what lines come with
/// it. Returns how many memories are new.
fn take_over(batch: &mut Batch, ours: Option<&Point>, other: &Other) -> Result<u64> {
    let Batch { batch: objects, draft, session, .. } = &mut *batch;
    let [ours, theirs] = [Roots::of(ours), Roots::of(Some(&other.point))];
    add_lines(objects, draft, theirs, other)?;
    let ours = Speaker::of(session, ours.memories(), ours.map(Root::Branches));
    let theirs = Speaker::of(&other.session, theirs.memories(), theirs.map(Root::Branches));
    dialog::take_over(&*objects, &mut draft.joined, &ours, &theirs)
}

/// Adds the lines that another session's state contains.
fn add_lines(
    batch: &mut crate::store::Batch,
    draft: &mut Draft,
    state: Roots,
    other: &Other,
) -> Result<()> {
    let merged = draft.joined.map(batch, state, Root::Merged)?;
    for (nonce, reach) in &other.lines.0 {
        let known = merged.get(&*batch, nonce)?.map(|row| reach_of(&row)).transpose()?;
        if known.is_none_or(|known| known.number < reach.number) {
            draft.joined.rows(Root::Merged).insert(nonce.clone(), Some(reach_value(*reach)));
        }
    }
    Ok(())
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
    options: MergeOptions<'_>,
    told: &mut MergedSession,
    report: &mut MergeReport,
) -> Result<BTreeMap<FilePath, FilePath>> {
    let moved = unite_files(batch, base, other, report)?;
    let states =
        [Roots::of(base.point()), Roots::of(batch.head.point()), Roots::of(Some(&other.point))];
    let line = whose(batch, base, other)?;
    let dialog = unite_dialogs(batch, states, line, other, options, report)?;
    let Batch { batch: objects, draft, .. } = &mut *batch;
    let maps = [
        states[0].map(Root::State),
        draft.joined.map(objects, states[1], Root::State)?,
        states[2].map(Root::State),
    ];
    let name = other.session.name();
    let mut kept = |what: String| {
        report.kept.push(KeptOurs { what, theirs: name.to_owned() });
    };
    for key in values::join_state(objects, draft, maps)? {
        kept(format!("state {}", String::from_utf8_lossy(&key)));
    }
    for root in values::join_texts(objects, draft, states)? {
        kept(root.name().to_owned());
    }
    let record = record::join(objects, &mut draft.joined, states, &dialog)?;
    for gate in turns::join(objects, &mut draft.joined, states, &dialog)? {
        kept(format!("gate {gate}"));
    }
    told.memories = dialog.came.len() as u64;
    (told.evidence, told.claims) = (record.evidence, record.claims);
    draft.joined.parents.push(other.point.checkpoint_id());
    add_lines(objects, draft, states[1], other)?;
    Ok(moved)
}

/// Returns where paths that were renamed are now: new path to old one.
fn unite_files(
    batch: &mut Batch,
    base: &Base,
    other: &Other,
    report: &mut MergeReport,
) -> Result<BTreeMap<FilePath, FilePath>> {
    let ours = batch.head.point().cloned();
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
            ..side(&other.with, ours.as_ref())
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
    let clashes = merged.case_clashes.into_iter();
    report.case_clashes.extend(clashes.map(|[ours, theirs]| CaseClash { ours, theirs }));
    Ok(merged.moved)
}

/// Finds on whose line a base is.
fn whose(batch: &Batch, base: &Base, other: &Other) -> Result<Whose> {
    let (objects, ours) = (&batch.batch, batch.head.point());
    let Some(base) = base.point() else { return Ok(Whose::Ours) };
    if ours.map(|ours| is_on(objects, ours, base)).transpose()?.unwrap_or(false) {
        return Ok(Whose::Ours);
    }
    if is_on(objects, &other.point, base)? {
        return Ok(Whose::Theirs);
    }
    for (nonce, reach) in &other.lines.0 {
        let line = match Point::read(objects, reach.id.id()) {
            Err(error) if error.kind().is_absence() => continue,
            line => line?,
        };
        if is_on(objects, &line, base)? {
            let below =
                |point: Option<&Point>| match point.map(|point| parted(objects, base, point)) {
                    Some(Ok(Parted::At(point))) => {
                        next_number(Roots::of(Some(&point)).memories(), objects)
                    }
                    Some(Err(error)) => Err(error),
                    _ => Ok(0),
                };
            let below = [below(ours)?, below(Some(&other.point))?];
            return Ok(Whose::Another { nonce: nonce.clone(), below });
        }
    }
    Ok(Whose::Ours)
}

/// Unites memories and what of them is in view.
fn unite_dialogs(
    batch: &mut Batch,
    [base, ours, theirs]: [Roots; 3],
    line: Whose,
    other: &Other,
    options: MergeOptions<'_>,
    report: &mut MergeReport,
) -> Result<DialogJoined> {
    let Batch { batch: objects, draft, session, .. } = &mut *batch;
    let speaker = Speaker::of(
        session,
        draft.joined.map(objects, ours, Root::Memories)?,
        draft.joined.map(objects, ours, Root::Branches)?,
    );
    let other_speaker = Speaker::of(&other.session, theirs.memories(), theirs.map(Root::Branches));
    let ancestor = Ancestor { memories: base.memories(), branches: base.map(Root::Branches), line };
    let dialog = dialog::join(&*objects, &mut draft.joined, &ancestor, &speaker, &other_speaker)?;
    let views = Views {
        base: base.map(Root::View),
        ours: draft.joined.map(objects, ours, Root::View)?,
        theirs: theirs.map(Root::View),
    };
    for number in view::join_shared(objects, &mut draft.joined, &views, dialog.since)? {
        let theirs = other.session.name().to_owned();
        report.kept.push(KeptOurs { what: format!("pin of memory {number}"), theirs });
    }
    view::join_rules(objects, &mut draft.joined, &views)?;
    match options.dialog {
        None | Some(MergedDialog::OutOfView) => view::put_away(&mut draft.joined, &dialog),
        Some(MergedDialog::Whole) => {
            view::stand_as_there(objects, &mut draft.joined, views.theirs, &dialog)?;
        }
        Some(MergedDialog::Summary(summarizer)) => summarize(batch, &dialog, summarizer)?,
    }
    Ok(dialog)
}

/// Lets a summary stand for the memories that came.
fn summarize(batch: &mut Batch, dialog: &DialogJoined, summarizer: &dyn Summarizer) -> Result<()> {
    let (Some((_, first, _)), Some((_, last, _))) = (dialog.came.first(), dialog.came.last())
    else {
        return Ok(());
    };
    let store = batch.session.store().clone();
    let (mut memories, mut relies_on) = (Vec::with_capacity(dialog.came.len()), Vec::new());
    for &(_, number, id) in &dialog.came {
        let memory = read::<Memory>(&store, id.id())?;
        if is_relied_on(&memory) {
            relies_on.push(id.id());
        }
        memories.push(MemoryEntry { number, id, memory }.resolve(&store)?);
    }
    let summary = batch.summary_of(&memories, relies_on, summarizer)?;
    let id = summary.id;
    batch.draft.view.put_memory(&store, summary)?;
    let laid = Laid { first: *first, last: *last, memory: id, covered: None, flags: 0 };
    let row = (marks::key(marks::SUMMARY, *first), Some(laid.to_value()));
    batch.draft.view.edit(&store, vec![row])
}
