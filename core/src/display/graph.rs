//! The graph of a session's checkpoints and of the forks that began from them.

use std::collections::{HashMap, HashSet, VecDeque};

use super::family::{Family, Fork};
use super::layout::Layout;
use super::number::counted;
use crate::error::Result;
use crate::id::CheckpointId;
use crate::limits::{DISPLAY_FORK_SHARE, DISPLAY_FORKS_MAX};
use crate::object::{Checkpoint, read};
use crate::session::{LogEntry, Session};
use crate::store::Store;

/// Checkpoints, newest first, each above those it came from.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) rows: Vec<Row>,
    pub(super) layout: Layout,
    /// What is not shown, in words.
    pub(super) notes: Vec<String>,
}

/// A row of the graph.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) what: What,
    /// What it came from: first the one before it.
    pub(super) parents: Vec<CheckpointId>,
    /// The fork whose own it is; none for the session's.
    pub(super) fork: Option<String>,
    /// The sessions whose newest checkpoint it is, with whether it is the graph's own.
    pub(super) heads: Vec<(String, bool)>,
    pub(super) pinned: bool,
}

#[derive(Debug)]
pub(super) enum What {
    Checkpoint(LogEntry),
    /// So many checkpoints stand here that are not shown.
    Left(u64),
    /// The row above merged these, which no row shows: of another session, or left out.
    Elsewhere(Vec<CheckpointId>),
}

/// Rows of one session, newest first, and the checkpoint of another that comes below them.
struct Line {
    rows: VecDeque<Row>,
    end: Option<CheckpointId>,
    /// The name of a fork that has no rows of its own yet.
    bare: Option<String>,
    /// The time of the row that is next.
    time: i64,
}

impl Graph {
    /// Reads the newest so many checkpoints of a session, and for each fork a share of as many.
    pub(super) fn new(session: &Session, family: &Family, most: usize) -> Result<Graph> {
        let oldest_kept = session.horizon()?.map_or(1, |horizon| horizon.checkpoint);
        let entries = session.log()?.take(most.max(1)).collect::<Result<Vec<_>>>()?;
        let oldest = entries.last().map_or(1, |entry| entry.number);
        let left = oldest.saturating_sub(oldest_kept);
        let main = Line::new(session.store(), entries, left, None, session.name())?;

        let mut notes = Vec::new();
        let (shown, earlier): (Vec<&Fork>, Vec<_>) =
            family.forks.iter().partition(|fork| fork.at.1 >= oldest);
        let mut forks = Vec::new();
        for fork in shown.iter().take(DISPLAY_FORKS_MAX) {
            forks.push(Line::of_fork(session, fork, most / DISPLAY_FORK_SHARE + 1)?);
        }
        let more = (shown.len() - forks.len()) as u64;
        for (number, what) in [(more, "more"), (earlier.len() as u64, "of older checkpoints")] {
            if number > 0 {
                notes.push(format!("{} {what}, not shown", counted(number, "fork", "forks")));
            }
        }
        notes.extend(family.limit());
        if oldest_kept > 1 {
            notes.push(format!(
                "history begins at checkpoint {oldest_kept}: older ones were trimmed"
            ));
        }
        let rows = with_elsewhere(in_order(main, forks));
        let mut graph = Graph { rows, layout: Layout::default(), notes };
        for pin in session.pins()? {
            for row in &mut graph.rows {
                row.pinned |= row.id() == Some(pin.id);
            }
        }
        graph.lay(&shown);
        Ok(graph)
    }

    /// Finds the edges, and where all of it stands.
    fn lay(&mut self, forks: &[&Fork]) {
        let places: HashMap<CheckpointId, usize> =
            self.rows.iter().enumerate().filter_map(|(at, row)| Some((row.id()?, at))).collect();
        let mut below: HashMap<Option<&str>, usize> = HashMap::new();
        let mut all = vec![Vec::new(); self.rows.len()];
        // From below, so that the row beneath on the same line is known.
        for (at, row) in self.rows.iter().enumerate().rev() {
            if row.is_elsewhere() {
                continue;
            }
            let fork = row.fork.as_deref();
            let next = below.insert(fork, at).or_else(|| {
                let end = forks.iter().find(|known| Some(&known.name[..]) == fork)?.at.0;
                places.get(&end).copied()
            });
            all[at].extend(next);
            all[at].extend(row.merged().iter().filter_map(|id| places.get(id)));
            all[at].extend(self.rows.get(at + 1).filter(|row| row.is_elsewhere()).map(|_| at + 1));
        }
        let first = self.rows.iter().position(|row| row.fork.is_none());
        self.layout = Layout::new(&all, first);
    }
}

impl Row {
    fn new(what: What, fork: Option<String>) -> Row {
        Row { what, parents: Vec::new(), fork, heads: Vec::new(), pinned: false }
    }

    /// What it came from beside the one before it.
    fn merged(&self) -> &[CheckpointId] {
        self.parents.get(1..).unwrap_or_default()
    }

    pub(super) fn id(&self) -> Option<CheckpointId> {
        match &self.what {
            What::Checkpoint(entry) => Some(entry.id),
            What::Left(_) | What::Elsewhere(_) => None,
        }
    }

    pub(super) fn is_elsewhere(&self) -> bool {
        matches!(self.what, What::Elsewhere(_))
    }
}

impl What {
    /// Says what stands here that is not shown.
    pub(super) fn not_shown(&self) -> Option<String> {
        match self {
            What::Checkpoint(_) => None,
            What::Left(left) => {
                Some(format!("{}, not shown", counted(*left, "checkpoint", "checkpoints")))
            }
            What::Elsewhere(ids) => {
                let first = ids.first().map_or(String::new(), |id| id.id().short());
                let more = ids.len().saturating_sub(1);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                Some(format!("merged {first}{more}, not shown"))
            }
        }
    }
}

impl Line {
    fn new(
        store: &Store,
        entries: Vec<LogEntry>,
        left: u64,
        fork: Option<&Fork>,
        name: &str,
    ) -> Result<Line> {
        let row = |what| Row::new(what, fork.map(|fork| fork.name.clone()));
        let mut rows = VecDeque::new();
        for entry in entries {
            let checkpoint: Checkpoint = read(store, entry.id.id())?;
            let parents = checkpoint.parents;
            rows.push_back(Row { parents, ..row(What::Checkpoint(entry)) });
        }
        if let Some(newest) = rows.front_mut() {
            newest.heads.push((name.to_owned(), fork.is_none()));
        }
        if left > 0 {
            rows.push_back(row(What::Left(left)));
        }
        let bare = rows.is_empty().then(|| name.to_owned());
        let mut line = Line { rows, end: fork.map(|fork| fork.at.0), bare, time: i64::MIN };
        line.look();
        Ok(line)
    }

    fn of_fork(session: &Session, fork: &Fork, most: usize) -> Result<Line> {
        let of_fork = session.store().open_session(&fork.name)?;
        let newest = of_fork.latest()?.checkpoint().map_or(0, |info| info.number);
        let mut entries = Vec::new();
        for entry in of_fork.log()?.take(most) {
            let entry = entry?;
            if entry.number <= fork.at.1 {
                break;
            }
            entries.push(entry);
        }
        let left = newest.saturating_sub(fork.at.1).saturating_sub(entries.len() as u64);
        Line::new(session.store(), entries, left, Some(fork), &fork.name)
    }

    fn look(&mut self) {
        if let Some(What::Checkpoint(entry)) = self.rows.front().map(|row| &row.what) {
            self.time = entry.time.as_millis();
        }
    }
}

/// One order of all rows: by time where it can be, every row above those it came from.
fn in_order(main: Line, mut lines: Vec<Line>) -> Vec<Row> {
    lines.push(main);
    // How many are still to come of those that stand above a checkpoint.
    let mut above: HashMap<CheckpointId, usize> = HashMap::new();
    let ends = lines.iter().filter(|line| !line.rows.is_empty()).filter_map(|line| line.end);
    let merged = lines.iter().flat_map(|line| &line.rows).flat_map(Row::merged);
    for id in ends.chain(merged.copied()) {
        *above.entry(id).or_default() += 1;
    }
    let bare: Vec<(Option<CheckpointId>, String)> =
        lines.iter().filter_map(|line| Some((line.end, line.bare.clone()?))).collect();
    let mut rows = Vec::new();
    loop {
        let is_due = |line: &&mut Line| match line.rows.front().map(Row::id) {
            Some(Some(id)) => above.get(&id).is_none_or(|left| *left == 0),
            Some(None) => true,
            None => false,
        };
        // The session's own line stands last, and goes first where times are the same.
        let Some(line) = lines.iter_mut().filter(is_due).max_by_key(|line| line.time) else {
            return rows;
        };
        let Some(mut row) = line.rows.pop_front() else { return rows };
        line.look();
        let end = line.end.filter(|_| line.rows.is_empty());
        for id in row.merged().iter().chain(&end) {
            above.entry(*id).and_modify(|left| *left -= 1);
        }
        if let Some(id) = row.id() {
            let begun = bare.iter().filter(|(end, _)| *end == Some(id));
            row.heads.extend(begun.map(|(_, name)| (name.clone(), false)));
        }
        rows.push(row);
    }
}

/// Puts a row below each merge of what no row shows.
fn with_elsewhere(rows: Vec<Row>) -> Vec<Row> {
    let shown: HashSet<CheckpointId> = rows.iter().filter_map(Row::id).collect();
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let elsewhere = row.merged().iter().filter(|id| !shown.contains(id)).copied();
        let elsewhere: Vec<CheckpointId> = elsewhere.collect();
        let fork = row.fork.clone();
        all.push(row);
        if !elsewhere.is_empty() {
            all.push(Row::new(What::Elsewhere(elsewhere), fork));
        }
    }
    all
}
