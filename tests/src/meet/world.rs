//! The sessions under test, and what is compared with plain maps.

use std::collections::BTreeMap;

use partita::merge::{MergeBase, MergeOptions, MergeReport, MergeWay, Resolution};
use partita::{CheckpointId, Entry, ErrorKind, Memory, NewEntry, Session, Store};

use super::op::{How, NAMES, Op, PATHS, value};
use super::plain::{Cell, Plain, State, Terms, Value};

/// What is done, or why it cannot be.
type Done = partita::Result<()>;

/// Four sessions, and what they are to be.
pub(super) struct World {
    sessions: Vec<Session>,
    plain: Plain,
    said: usize,
}

fn told(error: partita::Error) -> String {
    error.to_string()
}

impl World {
    /// Begins with a session that has a past, and three forks.
    ///
    /// # Errors
    /// What the store says.
    pub(super) fn new() -> Result<Self, String> {
        let store = Store::in_memory().map_err(told)?;
        let session = store.session(NAMES[0]).map_err(told)?;
        let mut world = World { sessions: vec![session], plain: Plain::default(), said: 0 };
        for path in 0..PATHS.len() - 1 {
            world.run(&Op::Write(0, path, 0))?;
        }
        for op in [Op::Remember(0), Op::Remove(0, 0), Op::Undo(0), Op::Remember(0)] {
            world.run(&op)?;
        }
        for (at, name) in NAMES.iter().enumerate() {
            if at > 0 {
                world.sessions.push(world.sessions[0].fork(name).map_err(told)?);
                world.plain.fork(at);
            }
        }
        for (at, name) in NAMES.iter().enumerate() {
            // Lines that began alike would have checkpoints in common: equal ones have one id.
            world.sessions[at].state().put(name, name).map_err(told)?;
            world.committed(at, world.plain.state(at))?;
        }
        Ok(world)
    }

    /// Does an operation, and compares.
    ///
    /// # Errors
    /// What differs.
    pub(super) fn run(&mut self, op: &Op) -> Result<(), String> {
        match *op {
            Op::Write(at, path, number) => {
                let bytes = value(path, number);
                let done = self.sessions[at].write(PATHS[path], &bytes).map(drop);
                let cell = Cell::of(Some(bytes));
                self.edited(at, done, |state| {
                    state.set(PATHS[path], cell);
                    Ok(())
                })?;
            }
            Op::Remove(at, path) => {
                let done = self.sessions[at].remove(PATHS[path]).map(drop);
                self.edited(at, done, |state| match state.cell(PATHS[path]).stands {
                    Some(_) => {
                        state.set(PATHS[path], Cell::of(None));
                        Ok(())
                    }
                    None => Err(ErrorKind::NotFound),
                })?;
            }
            Op::Remember(at) => {
                self.said += 1;
                // Others may say the same: only the number behind it tells them apart, here alone.
                let text = format!("text {}", self.said % 3);
                let done = self.sessions[at].remember(Memory::user(&text)).map(drop);
                let said = format!("{text}#{}", self.said);
                self.edited(at, done, |state| {
                    state.memories.push(said);
                    Ok(())
                })?;
            }
            Op::Undo(at) => {
                let done = self.sessions[at].undo().map(|report| report.id);
                match (done, self.plain.undone(at)) {
                    (Ok(id), Some(_)) => self.plain.undo(at, id),
                    (Err(error), None) if error.kind() == ErrorKind::NotFound => {}
                    (done, due) => return Err(format!("came {done:?}, expected {due:?}")),
                }
            }
            Op::Redo(at) => {
                let done = self.sessions[at].redo().map(|report| report.id);
                match (done, self.plain.redone(at)) {
                    (Ok(id), Some(_)) => self.plain.redo(at, id),
                    (Err(error), None) if error.kind() == ErrorKind::NotFound => {}
                    (done, due) => return Err(format!("came {done:?}, expected {due:?}")),
                }
            }
            Op::Merge(into, from, back) => self.merge([into, from], back)?,
            Op::Resolve(at, nth, how) => self.resolve(at, nth, how)?,
        }
        self.compare()
    }

    /// Compares an edit with what plain maps say of it.
    fn edited(
        &mut self,
        at: usize,
        done: Done,
        edit: impl FnOnce(&mut State) -> Result<(), ErrorKind>,
    ) -> Result<(), String> {
        let mut state = self.plain.state(at);
        match (done, edit(&mut state)) {
            (Ok(()), Ok(())) if state == self.plain.state(at) => Ok(()),
            (Ok(()), Ok(())) => self.committed(at, state),
            (Err(error), Err(kind)) if error.kind() == kind => Ok(()),
            (done, due) => Err(format!("came {done:?}, expected {due:?}")),
        }
    }

    fn committed(&mut self, at: usize, state: State) -> Result<(), String> {
        let id = self.head(at)?.ok_or("a session has no checkpoint")?;
        if Some(id) == self.plain.head(at) {
            return Err(format!("{} has no new checkpoint for {state:?}", NAMES[at]));
        }
        self.plain.commit(at, id, state);
        Ok(())
    }

    fn head(&self, at: usize) -> Result<Option<CheckpointId>, String> {
        let state = self.sessions[at].latest().map_err(told)?;
        Ok(state.checkpoint().map(|checkpoint| checkpoint.id))
    }

    fn bases(&self, at: usize) -> Result<Vec<MergeBase>, String> {
        let others = (0..NAMES.len()).filter(|other| *other != at);
        others
            .map(|other| self.sessions[at].common_with(&[&self.sessions[other]]).map_err(told))
            .collect()
    }

    fn merge(&mut self, pair: [usize; 2], back: bool) -> Result<(), String> {
        let [into, from] = pair;
        let bases = self.bases(into)?;
        let (ours, theirs) = (self.sessions[into].clone(), self.sessions[from].clone());
        let common = ours.common_with(&[&theirs]).map_err(told)?;
        if common != theirs.common_with(&[&ours]).map_err(told)? {
            return Err("what two come from depends on who asks".to_owned());
        }
        let MergeBase::Checkpoint(base) = &common else { return Err(format!("base {common:?}")) };
        self.plain.check_base(pair, base.id)?;
        let merge = || ours.merge(&[&theirs], MergeOptions::new()).map_err(told);
        let plan = ours.plan_merge(&[&theirs], MergeOptions::new()).map_err(told)?;
        let report = merge()?;
        let way = self.plain.way(pair, base.id);
        let told_way = (report.sessions[0].way, &report.sessions[0].base, report.changed);
        if told_way != (way, &common, way != MergeWay::UpToDate) {
            return Err(format!("came {told_way:?}, expected {way:?}"));
        }
        let is_as_planned = |plan: &MergeReport| {
            plan.sessions == report.sessions
                && plan.conflicts == report.conflicts
                && plan.files == report.files
        };
        if !is_as_planned(&plan) {
            return Err(format!("planned {plan:?}, came {report:?}"));
        }
        if way != MergeWay::UpToDate {
            let state = self.plain.merged(pair, base.id, &seen(&ours)?)?;
            self.committed(into, state)?;
        }
        self.compare()?;
        let before = self.head(into)?;
        let again = merge()?;
        if again.changed || self.head(into)? != before {
            return Err(format!("what is merged twice changes something: {again:?}"));
        }
        if back && way != MergeWay::UpToDate {
            self.run(&Op::Undo(into))?;
            let now = self.bases(into)?;
            if now != bases {
                return Err(format!("came from {bases:?}, and after an undo from {now:?}"));
            }
            self.run(&Op::Redo(into))?;
        }
        Ok(())
    }

    fn resolve(&mut self, at: usize, nth: usize, how: How) -> Result<(), String> {
        let session = self.sessions[at].clone();
        let listed = session.latest().map_err(told)?;
        let listed = listed.conflicts().collect::<partita::Result<Vec<_>>>().map_err(told)?;
        let Some(conflict) = listed.get(nth % listed.len().max(1)) else { return Ok(()) };
        let path = conflict.path.to_string();
        let sides: Vec<_> = conflict.conflict.sides().collect();
        let bases: Vec<_> = conflict.conflict.bases().collect();
        let held = |entry: &Entry| held(&session, entry);
        let (resolution, due) = match how {
            How::First => (Resolution::Side(0), Ok(held(&sides[0].entry)?)),
            How::Last => {
                let last = sides.len() - 1;
                (Resolution::Side(last), Ok(held(&sides[last].entry)?))
            }
            How::Base => match &bases[..] {
                [base] => (Resolution::Base, Ok(held(&base.entry)?)),
                _ => (Resolution::Base, Err(ErrorKind::Invalid)),
            },
            How::Removed => (Resolution::Removed, Ok(None)),
            How::Value(number) => {
                let at = PATHS.iter().position(|known| *known == path).ok_or("no such path")?;
                let bytes = value(at, number);
                (Resolution::Entry(NewEntry::file(&bytes)), Ok(Some(bytes)))
            }
        };
        let done = session.resolve(&path, resolution).map(drop);
        self.edited(at, done, |state| {
            state.set(&path, Cell::of(due?));
            Ok(())
        })
    }

    /// Compares all that the sessions hold with what they are to hold.
    fn compare(&self) -> Result<(), String> {
        for (at, session) in self.sessions.iter().enumerate() {
            let (head, due) = (self.head(at)?, self.plain.head(at));
            if head != due {
                return Err(format!("{} is at {head:?}, expected {due:?}", NAMES[at]));
            }
            let (seen, due) = (seen(session)?, self.plain.state(at));
            let text = |said: &String| said.split('#').next().unwrap_or_default().to_owned();
            let said: Vec<String> = due.memories.iter().map(text).collect();
            if (&seen.cells, &seen.memories) != (&due.cells, &said) {
                return Err(format!("{} holds {seen:?}, expected {due:?}", NAMES[at]));
            }
        }
        Ok(())
    }
}

fn held(session: &Session, entry: &Entry) -> Result<Value, String> {
    let read = |content| {
        let bytes = session.store().read_content(content)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    entry.content().map(read).transpose().map_err(told)
}

/// What a session holds.
fn seen(session: &Session) -> Result<State, String> {
    let latest = session.latest().map_err(told)?;
    let mut files = BTreeMap::new();
    for file in latest.files() {
        let file = file.map_err(told)?;
        let bytes = file.read().map_err(told)?;
        files.insert(file.path.to_string(), String::from_utf8_lossy(&bytes).into_owned());
    }
    let mut state = State::default();
    for conflict in latest.conflicts() {
        let conflict = conflict.map_err(told)?;
        let mut terms = Terms::new();
        for (at, term) in conflict.conflict.terms.iter().enumerate() {
            *terms.entry(held(session, &term.entry)?).or_default() +=
                if at % 2 == 0 { 1 } else { -1 };
        }
        let stands = files.remove(&conflict.path.to_string());
        if terms.len() < 2 || terms.values().any(|count| *count == 0) {
            return Err(format!("{} is in conflict for {terms:?}", conflict.path));
        }
        state.cells.insert(conflict.path.to_string(), Cell { terms, stands });
    }
    for (path, bytes) in files {
        state.set(&path, Cell::of(Some(bytes)));
    }
    for memory in latest.memories() {
        state.memories.push(memory.map_err(told)?.memory.text().to_string());
    }
    Ok(state)
}
