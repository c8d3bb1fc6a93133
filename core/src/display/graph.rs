//! The graph of a session's checkpoints and of the forks that began from them.

use std::collections::{HashMap, VecDeque};

use super::family::{Family, Fork};
use super::layout::Layout;
use super::number::counted;
use crate::error::Result;
use crate::id::CheckpointId;
use crate::limits::{DISPLAY_FORK_SHARE, DISPLAY_FORKS_MAX};
use crate::object::{Checkpoint, read};
use crate::session::{LogEntry, Session};

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
        let main = Line::new(entries, left, None, session.name());

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
        let mut graph = Graph { rows: merged(main, forks), layout: Layout::default(), notes };
        for pin in session.pins()? {
            for row in &mut graph.rows {
                row.pinned |= row.id() == Some(pin.id);
            }
        }
        graph.lay(session, &shown)?;
        Ok(graph)
    }

    /// Finds the edges, and where all of it stands.
    fn lay(&mut self, session: &Session, forks: &[&Fork]) -> Result<()> {
        let places: HashMap<CheckpointId, usize> =
            self.rows.iter().enumerate().filter_map(|(at, row)| Some((row.id()?, at))).collect();
        let mut below: HashMap<Option<&str>, usize> = HashMap::new();
        let mut all = vec![Vec::new(); self.rows.len()];
        // From below, so that the row beneath on the same line is known.
        for (at, row) in self.rows.iter().enumerate().rev() {
            let fork = row.fork.as_deref();
            let next = below.insert(fork, at).or_else(|| {
                let end = forks.iter().find(|known| Some(&known.name[..]) == fork)?.at.0;
                places.get(&end).copied()
            });
            all[at].extend(next);
            if let What::Checkpoint(entry) = &row.what {
                let checkpoint: Checkpoint = read(session.store(), entry.id.id())?;
                let merged = checkpoint.parents.iter().skip(1).filter_map(|id| places.get(id));
                all[at].extend(merged.copied());
            }
        }
        let first = self.rows.iter().position(|row| row.fork.is_none());
        self.layout = Layout::new(&all, first);
        Ok(())
    }
}

impl Row {
    pub(super) fn id(&self) -> Option<CheckpointId> {
        match &self.what {
            What::Checkpoint(entry) => Some(entry.id),
            What::Left(_) => None,
        }
    }
}

impl Line {
    fn new(entries: Vec<LogEntry>, left: u64, fork: Option<&Fork>, name: &str) -> Line {
        let row = |what| Row {
            what,
            fork: fork.map(|fork| fork.name.clone()),
            heads: Vec::new(),
            pinned: false,
        };
        let mut rows: VecDeque<Row> =
            entries.into_iter().map(|entry| row(What::Checkpoint(entry))).collect();
        if let Some(newest) = rows.front_mut() {
            newest.heads.push((name.to_owned(), fork.is_none()));
        }
        if left > 0 {
            rows.push_back(row(What::Left(left)));
        }
        let bare = rows.is_empty().then(|| name.to_owned());
        let mut line = Line { rows, end: fork.map(|fork| fork.at.0), bare, time: i64::MIN };
        line.look();
        line
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
        Ok(Line::new(entries, left, Some(fork), &fork.name))
    }

    fn look(&mut self) {
        if let Some(What::Checkpoint(entry)) = self.rows.front().map(|row| &row.what) {
            self.time = entry.time.as_millis();
        }
    }
}

/// One order of all rows: by time where it can be, every fork above the checkpoint it came from.
fn merged(main: Line, mut forks: Vec<Line>) -> Vec<Row> {
    let mut rows = Vec::new();
    for mut row in main.rows {
        let (id, time) = match &row.what {
            What::Checkpoint(entry) => (Some(entry.id), entry.time.as_millis()),
            What::Left(_) => (None, i64::MIN),
        };
        loop {
            let due =
                |fork: &&mut Line| !fork.rows.is_empty() && (fork.time > time || fork.end == id);
            let newest = forks.iter_mut().filter(due).max_by_key(|fork| fork.time);
            let Some(fork) = newest else { break };
            rows.extend(fork.rows.pop_front());
            fork.look();
        }
        let begun = forks.iter().filter(|fork| fork.end == id);
        row.heads.extend(begun.filter_map(|fork| Some((fork.bare.clone()?, false))));
        rows.push(row);
    }
    rows
}
