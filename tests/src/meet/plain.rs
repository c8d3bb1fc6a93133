//! Four sessions as plain maps, and their past as a plain graph.

use std::collections::{BTreeMap, BTreeSet};

use partita::CheckpointId;
use partita::merge::MergeWay;

use super::op::{NAMES, is_text};

/// What may be at a path.
pub(super) type Value = Option<String>;

/// What a path comes to: how often each side is in it, less how often it is a base. The sum is 1, and
/// so a path in no conflict has one value, once.
pub(super) type Terms = BTreeMap<Value, i32>;

/// A path: what it comes to, and what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// What it comes to.
    pub terms: Terms,
    /// What stands there.
    pub stands: Value,
}

impl Cell {
    /// A path in no conflict.
    pub(super) fn of(value: Value) -> Self {
        Cell { terms: Terms::from([(value.clone(), 1)]), stands: value }
    }

    /// Tells whether the path is in conflict.
    pub(super) fn is_in_conflict(&self) -> bool {
        self.terms.len() > 1
    }
}

/// What a checkpoint holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// The paths that hold something.
    pub cells: BTreeMap<String, Cell>,
    /// What was said.
    pub memories: Vec<String>,
    /// What was merged.
    pub merged: BTreeSet<CheckpointId>,
}

impl State {
    /// What a path comes to.
    pub(super) fn cell(&self, path: &str) -> Cell {
        self.cells.get(path).cloned().unwrap_or_else(|| Cell::of(None))
    }

    /// Lets a path come to this.
    pub(super) fn set(&mut self, path: &str, cell: Cell) {
        match cell == Cell::of(None) {
            true => drop(self.cells.remove(path)),
            false => drop(self.cells.insert(path.to_owned(), cell)),
        }
    }
}

/// A checkpoint.
#[derive(Clone, Debug)]
struct Node {
    before: Option<CheckpointId>,
    state: State,
}

/// A session.
#[derive(Clone, Debug, Default)]
struct Line {
    head: Option<CheckpointId>,
    undo: Vec<State>,
    redo: Vec<State>,
}

/// Four sessions.
#[derive(Clone, Debug, Default)]
pub(super) struct Plain {
    nodes: BTreeMap<CheckpointId, Node>,
    lines: [Line; NAMES.len()],
}

impl Plain {
    /// The newest checkpoint of a session.
    pub(super) fn head(&self, session: usize) -> Option<CheckpointId> {
        self.lines[session].head
    }

    /// The newest state of a session.
    pub(super) fn state(&self, session: usize) -> State {
        self.head(session).map(|head| self.nodes[&head].state.clone()).unwrap_or_default()
    }

    /// Begins a session where the first one is.
    pub(super) fn fork(&mut self, session: usize) {
        self.lines[session] = Line { head: self.lines[0].head, ..Line::default() };
    }

    /// A session comes to another state.
    pub(super) fn commit(&mut self, session: usize, id: CheckpointId, state: State) {
        let before = self.state(session);
        let line = &mut self.lines[session];
        line.undo.push(before);
        line.redo.clear();
        self.add(session, id, state);
    }

    /// What an undo leads to.
    pub(super) fn undone(&self, session: usize) -> Option<&State> {
        self.lines[session].undo.last()
    }

    /// What a redo leads to.
    pub(super) fn redone(&self, session: usize) -> Option<&State> {
        self.lines[session].redo.last()
    }

    /// A session takes back what it did last.
    pub(super) fn undo(&mut self, session: usize, id: CheckpointId) {
        let now = self.state(session);
        let line = &mut self.lines[session];
        line.redo.push(now);
        let state = line.undo.pop().expect("asked before");
        self.add(session, id, state);
    }

    /// A session takes back an undo.
    pub(super) fn redo(&mut self, session: usize, id: CheckpointId) {
        let now = self.state(session);
        let line = &mut self.lines[session];
        line.undo.push(now);
        let state = line.redo.pop().expect("asked before");
        self.add(session, id, state);
    }

    fn add(&mut self, session: usize, id: CheckpointId, state: State) {
        let before = self.lines[session].head.replace(id);
        self.nodes.insert(id, Node { before, state });
    }

    /// A checkpoint and those before it.
    fn line(&self, id: CheckpointId) -> impl Iterator<Item = CheckpointId> {
        std::iter::successors(Some(id), |id| self.nodes[id].before)
    }

    /// All that a checkpoint contains: those before it, what was merged, and those before that.
    fn contained(&self, id: CheckpointId) -> BTreeSet<CheckpointId> {
        let merged = self.nodes[&id].state.merged.iter().flat_map(|id| self.line(*id));
        self.line(id).chain(merged).collect()
    }

    /// Checks what two sessions are said to come from.
    ///
    /// # Errors
    /// That they do not, or that there is something newer.
    pub(super) fn check_base(
        &self,
        sessions: [usize; 2],
        base: CheckpointId,
    ) -> Result<(), String> {
        let [ours, theirs] = sessions
            .map(|session| self.head(session).expect("each has some"))
            .map(|head| self.contained(head));
        let number = |id: CheckpointId| self.line(id).count();
        if !ours.contains(&base) || !theirs.contains(&base) {
            return Err(format!("the base is number {}, which not both contain", number(base)));
        }
        let common: BTreeSet<CheckpointId> = ours.intersection(&theirs).copied().collect();
        for &other in common.iter().filter(|other| **other != base) {
            // What came later on the same line may have let go of it.
            let is_last =
                !common.iter().any(|id| *id != other && self.line(*id).any(|id| id == other));
            if is_last && self.contained(other).contains(&base) {
                let (base, other) = (number(base), number(other));
                return Err(format!("the base is number {base}, which number {other} contains"));
            }
        }
        Ok(())
    }

    /// How one session is to come into another.
    pub(super) fn way(&self, [into, from]: [usize; 2], base: CheckpointId) -> MergeWay {
        match Some(base) {
            base if base == self.head(from) => MergeWay::UpToDate,
            base if base == self.head(into) => MergeWay::FastForward,
            _ => MergeWay::Merged,
        }
    }

    /// What is to become of a session that another one comes into. `seen` is what did: where several
    /// are right it says which, and what stands at paths in conflict.
    ///
    /// # Errors
    /// Why that is not right.
    pub(super) fn merged(
        &self,
        [into, from]: [usize; 2],
        base: CheckpointId,
        seen: &State,
    ) -> Result<State, String> {
        let (ours, theirs) = (self.state(into), self.state(from));
        let head = self.head(from).expect("it has some");
        if self.way([into, from], base) == MergeWay::FastForward {
            let mut state = theirs;
            state.merged.insert(head);
            return Ok(state);
        }
        let base = &self.nodes[&base].state;
        let mut state = ours.clone();
        state.merged.extend(theirs.merged.iter().copied().chain([head]));
        for said in &theirs.memories {
            if !base.memories.contains(said) && !ours.memories.contains(said) {
                state.memories.push(said.clone());
            }
        }
        let paths = [base, &ours, &theirs].into_iter().flat_map(|state| state.cells.keys());
        for path in paths.collect::<BTreeSet<_>>() {
            let cells = [base, &ours, &theirs].map(|state| state.cell(path));
            let cell = seen.cell(path);
            let right = comes_to(&cells);
            if !right.contains(&cell.terms) {
                let came = &cell.terms;
                return Err(format!("{path} comes to {came:?}, expected {right:?} of {cells:?}"));
            }
            check_standing(path, &cells, &cell)?;
            state.set(path, cell);
        }
        Ok(state)
    }
}

/// What a path may come to: what both sides are, less what they come from. Two that made the same of
/// the same made one change.
fn comes_to([base, ours, theirs]: &[Cell; 3]) -> Vec<Terms> {
    if ours.terms == theirs.terms || theirs.terms == base.terms {
        return vec![ours.terms.clone()];
    }
    if ours.terms == base.terms {
        return vec![theirs.terms.clone()];
    }
    let less = |base: &Terms| {
        let mut terms = ours.terms.clone();
        for (value, count) in &theirs.terms {
            *terms.entry(value.clone()).or_default() += count;
        }
        for (value, count) in base {
            *terms.entry(value.clone()).or_default() -= count;
        }
        terms.retain(|_, count| *count != 0);
        once(terms)
    };
    if !base.is_in_conflict() {
        return less(&base.terms);
    }
    // What two made of one conflict, each in its own way, is about what that one was about.
    let about = base.terms.iter().filter(|(_, count)| **count < 0);
    about.flat_map(|(value, _)| less(&Terms::from([(value.clone(), 1)]))).collect()
}

fn once(terms: Terms) -> Vec<Terms> {
    let (mut twice, mut from) = (Vec::new(), Vec::new());
    for (value, count) in &terms {
        match *count {
            2.. => twice.push(value.clone()),
            ..-1 => from.push(value.clone()),
            _ => {}
        }
    }
    if let (2, [value], Some(-1)) = (terms.len(), &twice[..], terms.values().min()) {
        return vec![Terms::from([(value.clone(), 1)])];
    }
    let mut all = Vec::new();
    for value in &twice {
        for base in &from {
            let mut fewer = terms.clone();
            *fewer.get_mut(value).expect("one of them") -= 1;
            *fewer.get_mut(base).expect("one of them") += 1;
            all.extend(once(fewer));
        }
    }
    if all.is_empty() { vec![terms] } else { all }
}

/// Checks what stands at a path.
fn check_standing(path: &str, cells: &[Cell; 3], now: &Cell) -> Result<(), String> {
    let fault =
        || Err(format!("{path} holds {:?} where {cells:?} come to {:?}", now.stands, now.terms));
    if !now.is_in_conflict() {
        return if now.terms.contains_key(&now.stands) { Ok(()) } else { fault() };
    }
    let [_, ours, theirs] = cells;
    let Some(stands) = &now.stands else { return fault() };
    let is_right = match (&ours.stands, &theirs.stands) {
        _ if cells.iter().any(Cell::is_in_conflict) => {
            ours.stands == now.stands
                || now.terms.get(&now.stands).is_some_and(|count| *count > 0)
                || is_text(path) && stands.contains("<<<<<<<")
        }
        (Some(ours), Some(theirs)) if is_text(path) => {
            let parts = ["<<<<<<<", ours, "|||||||", "=======", theirs, ">>>>>>>"];
            let mut rest = &stands[..];
            parts.iter().all(|part| match rest.split_once(*part) {
                Some((_, behind)) => {
                    rest = behind;
                    true
                }
                None => false,
            })
        }
        (Some(ours), _) => ours == stands,
        (None, theirs) => theirs.as_ref() == Some(stands),
    };
    if is_right { Ok(()) } else { fault() }
}
