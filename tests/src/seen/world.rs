//! The store under test, through two handles, and what is compared with the book.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use partita::budget::{Plan, PlanAction};
use partita::context::Dialect;
use partita::history::MemoryEntry;

use partita::view::{PlanKey, ViewReport};
use partita::{Batch, ErrorKind, Memory, Part, Role, Selector, Session, Store};

use super::book::{Book, Meant, State, tools};
use super::dialog::{self, Near, fact, saying};
use super::judge;
use super::op::{Edit, Files, GLOBS, Mark, Op, PATHS, Pick};
use super::told::{said, same};
use crate::vfs::Recorder;

/// Memories of a dialog: more make each step dearer, and no step stranger.
const MEMORIES_MAX: usize = 36;

/// How many of the newest memories a result may answer.
const NEAR: usize = 6;

/// Why a step was refused.
type Done<T> = Result<T, ErrorKind>;

/// The bodies of a state, one a dialect.
pub(super) type Bodies = [String; Dialect::ALL.len()];

/// A store, two handles of it, and the model.
#[derive(Debug)]
pub struct World {
    medium: Recorder,
    handles: Vec<Session>,
    used: usize,
    book: Book,
    /// What undo brings back, and redo, newest last.
    done: Vec<(State, Rc<Bodies>)>,
    undone: Vec<(State, Rc<Bodies>)>,
    bodies: Rc<Bodies>,
}

fn open(medium: &Recorder) -> Session {
    let options = Store::options().segment_bytes(256 << 10);
    let store = options.open_vfs(Arc::new(medium.process())).expect("a store opens");
    store.session("s").expect("a session")
}

fn bodies(session: &Session) -> Result<Bodies, String> {
    let prompt = session.latest().and_then(|latest| latest.prompt()).map_err(said)?;
    Ok(Dialect::ALL.map(|dialect| prompt.render(dialect).body.to_string()))
}

/// What came of an edit: whether it changed anything, or why it was refused.
fn changed(report: partita::Result<ViewReport>) -> Result<Done<bool>, String> {
    match report {
        Ok(report) => Ok(Ok(!report.is_empty())),
        Err(error) => Ok(Err(error.kind())),
    }
}

/// An edit with all that it needs, so that the store and the book do the same.
enum Ready {
    Say(Vec<Memory>),
    Write(usize, String),
    Remove(usize),
    Rename(usize, usize),
    Texts(usize, usize),
    Mark(Mark, Selector, Meant),
    Compact(Selector, Meant),
    Expand(Selector, Meant),
    Files(Files, usize),
    Refresh,
}

/// Writes summaries, and keeps what it was given.
struct Writer {
    fact: usize,
    given: RefCell<Vec<Vec<u64>>>,
}

impl Writer {
    fn new(fact: usize) -> Self {
        Writer { fact, given: RefCell::default() }
    }

    fn text(&self, run: usize) -> String {
        format!("{} {run} in short", fact(self.fact))
    }

    fn write(&self, memories: &[MemoryEntry]) -> partita::Result<String> {
        let numbers = memories.iter().map(|entry| entry.number).collect();
        self.given.borrow_mut().push(numbers);
        Ok(self.text(self.given.borrow().len()))
    }
}

impl Default for World {
    fn default() -> Self {
        World::new()
    }
}

impl World {
    /// Starts with an empty session.
    pub fn new() -> Self {
        let medium = Recorder::new();
        let handles: Vec<Session> = (0..2).map(|_| open(&medium)).collect();
        let bodies = Rc::new(bodies(&handles[0]).expect("an empty session renders"));
        World {
            medium,
            handles,
            used: 0,
            book: Book::default(),
            done: Vec::new(),
            undone: Vec::new(),
            bodies,
        }
    }

    fn session(&self) -> Session {
        self.handles[self.used].clone()
    }

    /// Does an operation in the store and in the model, and compares them.
    ///
    /// # Errors
    /// What the two do not agree on.
    pub fn run(&mut self, op: &Op) -> Result<(), String> {
        match op {
            Op::Use(handle) => self.used = *handle,
            Op::Reopen(handle) => self.handles[*handle] = open(&self.medium),
            Op::Edit(edit) => drop(self.edit(edit)?),
            Op::Batch(edits) => self.batch(edits)?,
            Op::Race(mine, theirs) => self.race(mine, theirs)?,
            Op::Plan(share, summaries, between) => {
                self.plan(*share, *summaries, between.as_ref())?;
            }
            Op::Undo => return self.take_back(false),
            Op::Redo => return self.take_back(true),
        }
        self.compare()
    }

    /// Notes that the state changed by one operation.
    fn commit(&mut self, before: State) -> Result<(), String> {
        self.done.push((before, self.bodies.clone()));
        self.undone.clear();
        self.bodies = Rc::new(bodies(&self.session())?);
        Ok(())
    }

    fn take_back(&mut self, redo: bool) -> Result<(), String> {
        let session = self.session();
        let (report, from) = match redo {
            false => (session.undo(), &mut self.done),
            true => (session.redo(), &mut self.undone),
        };
        match (report, from.pop()) {
            (Ok(_), Some((then, due))) => {
                let back = (self.book.now.clone(), self.bodies.clone());
                if redo {
                    self.done.push(back)
                } else {
                    self.undone.push(back)
                }
                self.book.bring_back(&then);
                self.bodies = Rc::new(bodies(&session)?);
                same("the bodies that came back", &self.bodies, &due)?;
                self.compare()
            }
            (Err(error), None) if error.kind() == ErrorKind::NotFound => Ok(()),
            (report, due) => Err(format!("came {report:?}, expected {}", due.is_some())),
        }
    }

    /// Does an edit as an operation of its own; returns it where it did something.
    fn edit(&mut self, edit: &Edit) -> Result<Option<(Ready, Writer)>, String> {
        let Some(ready) = self.ready(edit)? else { return Ok(None) };
        let before = self.book.now.clone();
        let session = self.session();
        let writer = Writer::new(self.book.facts);
        let found = on_session(&session, &ready, &writer)?;
        let due = self.book.edit(&ready, &writer)?;
        same(&format!("{edit:?}"), &found, &due)?;
        if due != Ok(true) {
            return Ok(None);
        }
        self.commit(before)?;
        Ok(Some((ready, writer)))
    }

    /// Does an edit in a batch and in the model; none where there is nothing to do.
    fn in_batch(
        &mut self,
        batch: &mut Batch,
        edit: &Edit,
    ) -> Result<Option<(Ready, Writer)>, String> {
        let Some(ready) = self.ready(edit)? else { return Ok(None) };
        let writer = Writer::new(self.book.facts);
        let found = on_batch(batch, &ready, &writer);
        let due = self.book.edit(&ready, &writer)?;
        // A write in a batch does not tell whether it changes anything.
        let found = found.map(|changed| changed.unwrap_or(due == Ok(true)));
        same(&format!("{edit:?} in a batch"), &found, &due)?;
        Ok(due.is_ok().then_some((ready, writer)))
    }

    fn batch(&mut self, edits: &[Edit]) -> Result<(), String> {
        let (before, numbers) = (self.book.now.clone(), self.book.numbers.clone());
        let newest = point(&self.session())?;
        let mut batch = self.session().begin().map_err(said)?;
        for edit in edits {
            self.in_batch(&mut batch, edit)?;
        }
        let changes = batch.commit_changes().map_err(said)?.map(|info| info.number) != newest;
        let due = self.book.now != before || self.book.numbers != numbers;
        same("whether a batch changes anything", &changes, &due)?;
        if changes { self.commit(before) } else { Ok(()) }
    }

    /// Two writers: both edits are done, as if one had come after the other, or the second is told.
    fn race(&mut self, mine: &Edit, theirs: &Edit) -> Result<(), String> {
        let mut batch = self.session().begin().map_err(said)?;
        let before = self.book.clone();
        let Some(mine) = self.in_batch(&mut batch, mine)? else {
            self.book = before;
            return Ok(());
        };
        let facts = self.book.facts;
        let mut alone = std::mem::replace(&mut self.book, before);
        let is_idle = alone.now == self.book.now && alone.numbers == self.book.numbers;
        self.book.facts = facts;
        self.used = 1 - self.used;
        let theirs = self.edit(theirs)?;
        self.used = 1 - self.used;
        let newest = point(&self.session())?;
        match batch.commit_changes() {
            Err(error) if error.kind() == ErrorKind::Conflict && theirs.is_some() => Ok(()),
            Err(error) => Err(said(error)),
            Ok(_) if point(&self.session())? == newest => {
                // Somebody else may have done the same, or more.
                let mut after = self.book.clone();
                let done = after.edit(&mine.0, &mine.1).is_ok_and(|done| done.is_ok());
                let is_done = theirs.is_some() && done && after.now == self.book.now;
                same("whether nothing changes", &(is_idle || is_done), &true)
            }
            Ok(_) => {
                let session = self.session();
                let between = self.book.now.clone();
                let mut after = self.book.clone();
                let mut found = after.edit(&mine.0, &mine.1).and_then(|done| {
                    done.map_err(|kind| format!("{kind:?}"))?;
                    judge::shows(&session, &after)
                });
                if let (Err(first), Some((ready, writer))) = (&found, theirs) {
                    let first = first.clone();
                    alone.edit(&ready, &writer)?.map_err(|kind| format!("{kind:?}"))?;
                    (alone.facts, alone.referred) = (after.facts, after.referred.clone());
                    let behind = std::mem::replace(&mut after, alone);
                    found = judge::shows(&session, &after)
                        .map_err(|second| format!("{second}\nor {first}"));
                    let merges = matches!((&mine.0, &ready), (Ready::Mark(..), Ready::Mark(..)));
                    if found.is_err() && merges {
                        found = merged(&session, &behind, &mut after).ok_or(()).or(found);
                    }
                }
                found?;
                self.book = after;
                self.commit(between)
            }
        }
    }

    fn near(&self) -> Near {
        let items = &self.book.now.items;
        let newest = items[items.len().saturating_sub(NEAR)..].iter();
        let of = |part: &Part| match part {
            Part::Call { id, .. } => Some(id.clone()),
            Part::Opaque { content, .. } => {
                let block = partita::Json::parse(content.as_inline()?).ok()?;
                let is_own = block.get("type")?.as_str()? == "custom_tool_call";
                let id = block.get("call_id")?.as_str()?.to_owned();
                is_own.then_some(id)
            }
            _ => None,
        };
        let calls = newest
            .filter(|item| item.memory.role == Role::Assistant && !item.forgotten)
            .flat_map(|item| item.memory.parts.iter().filter_map(of))
            .collect();
        Near { calls, files: self.book.referred.iter().map(|(id, _)| *id).collect() }
    }

    /// Makes an edit ready; none where it would make a dialog too long, or has nothing to choose.
    fn ready(&mut self, edit: &Edit) -> Result<Option<Ready>, String> {
        let count = self.book.now.items.len();
        let pick = |pick: &Pick, book: &Book| -> (Selector, Meant) {
            let most = book.given + 2;
            match pick {
                Pick::Number(n) => {
                    let number = 1 + *n as u64 % most;
                    (Selector::Number(number), Meant::Range(number, number))
                }
                Pick::Range(n, more) => {
                    let first = 1 + *n as u64 % most;
                    let last = first + *more as u64;
                    (Selector::Range(first, last), Meant::Range(first, last))
                }
                Pick::Role(at) => {
                    let role = [Role::User, Role::Assistant, Role::Tool, Role::System][*at];
                    (Selector::Role(role), Meant::Role(role))
                }
                Pick::Fact(n) => {
                    let fact = fact(1 + n % (book.facts + 1));
                    (Selector::Text(fact.clone()), Meant::Fact(fact))
                }
            }
        };
        Ok(Some(match edit {
            Edit::Say(..) | Edit::Turn(..) if count >= MEMORIES_MAX => return Ok(None),
            Edit::Say(kind, n) => {
                self.note_files()?;
                let near = self.near();
                Ready::Say(vec![saying(*kind, *n, self.book.fact(), &near)])
            }
            Edit::Turn(calls, n, bound) => {
                let number = self.book.fact();
                let mut memories = vec![dialog::turn(number, *calls, *bound)];
                for at in 0..*calls {
                    // Now and then a call waits.
                    if (n >> at) % 5 != 0 {
                        let fact = self.book.fact();
                        memories.push(dialog::result(&format!("call_{number}_{at}"), fact, n + at));
                    }
                }
                Ready::Say(memories)
            }
            Edit::Write(path, n) => {
                let text = match n {
                    // Some texts come again.
                    0 => format!("{}\nthe same\n", fact(0)),
                    _ => format!("{}\n{}", fact(self.book.fact()), "fn line() {}\n".repeat(3 * n)),
                };
                Ready::Write(*path, text)
            }
            Edit::Remove(path) => Ready::Remove(*path),
            Edit::Rename(from, to) => Ready::Rename(*from, *to),
            Edit::Texts(which, n) => Ready::Texts(*which, *n),
            Edit::Mark(mark, which) => {
                let (selector, meant) = pick(which, &self.book);
                Ready::Mark(*mark, selector, meant)
            }
            Edit::Compact(which) => {
                // What its summaries say.
                self.book.fact();
                let (selector, meant) = pick(which, &self.book);
                Ready::Compact(selector, meant)
            }
            Edit::Expand(which) => {
                let (selector, meant) = pick(which, &self.book);
                Ready::Expand(selector, meant)
            }
            Edit::Files(what, glob) => Ready::Files(*what, *glob),
            Edit::Refresh => Ready::Refresh,
        }))
    }

    /// Notes the current iterations, for memories to refer to.
    fn note_files(&mut self) -> Result<(), String> {
        let latest = self.session().latest().map_err(said)?;
        for (path, text) in &self.book.now.files {
            let file = latest.file(PATHS[*path]).map_err(said)?.ok_or("a file is missing")?;
            let number = file.number().map_err(said)?;
            same("the number of a file", &number, &self.book.numbers[path])?;
            let shown = format!("[file {}, iteration {number}]\n{text}", PATHS[*path]);
            if !self.book.referred.iter().any(|(id, _)| *id == file.iteration) {
                self.book.referred.push((file.iteration, shown));
            }
        }
        Ok(())
    }

    fn plan(
        &mut self,
        share: usize,
        summaries: bool,
        between: Option<&Edit>,
    ) -> Result<(), String> {
        let session = self.session();
        let Some(plan) = judge::plan(&session, &self.book, share, summaries)? else {
            return Ok(());
        };
        if let Some(edit) = between {
            self.used = 1 - self.used;
            self.edit(edit)?;
            self.used = 1 - self.used;
        }
        let before = self.book.now.clone();
        let writer = Writer::new(self.book.fact());
        let report = session.apply_with(&plan, &|memories: &[MemoryEntry]| writer.write(memories));
        match self.plan_in_book(&plan, &writer)? {
            Err(due) => {
                self.book.now = before;
                let found = report.map_err(|error| error.kind());
                return same("a plan", &found.map(|report| !report.is_empty()), &Err(due));
            }
            Ok(()) => same(
                "whether a plan changes anything",
                &!report.map_err(said)?.is_empty(),
                &(self.book.now != before),
            )?,
        }
        if self.book.now != before {
            self.commit(before)?;
        }
        if between.is_none() {
            judge::applied(&session, &plan)?;
        }
        Ok(())
    }

    fn plan_in_book(&mut self, plan: &Plan<PlanKey>, writer: &Writer) -> Result<Done<()>, String> {
        let mut written = 0;
        // Each step speaks of the view that the plan was applied to, whatever the others do.
        let view = self.book.now.clone();
        for step in plan.steps() {
            let memories = step.keys.iter().filter_map(|key| match key {
                PlanKey::Memories { first, last, .. } => Some((*first, *last)),
                _ => None,
            });
            let range = memories.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
            let now = &mut self.book.now;
            let units = |now: &State, first, last| -> Vec<Vec<usize>> {
                let place = |at: &usize| {
                    let number = view.items[*at].first;
                    now.items.iter().position(|item| item.first == number)
                };
                let units = view.loose(first, last);
                units.iter().map(|unit| unit.iter().filter_map(place).collect()).collect()
            };
            match (step.action, range) {
                (PlanAction::Trim, Some((first, last))) => {
                    let units = units(now, first, last);
                    units.iter().for_each(|unit| now.trim_named(unit, first, last));
                }
                (PlanAction::Forget, Some((first, last))) => {
                    let units = units(now, first, last);
                    units.iter().for_each(|unit| now.forget(unit));
                }
                (PlanAction::Compact, Some((first, last))) => {
                    let runs = now.joined(units(now, first, last));
                    let texts: Vec<String> =
                        (0..runs.len()).map(|run| writer.text(written + run + 1)).collect();
                    written += runs.len();
                    let covered = |run: &Vec<usize>| -> usize {
                        run.iter().map(|at| bytes_of(&now.items[*at].memory)).sum()
                    };
                    if runs.iter().zip(&texts).any(|(run, text)| covered(run) < text.len()) {
                        return Ok(Err(ErrorKind::Invalid));
                    }
                    now.lay(&runs, &texts);
                }
                _ => {
                    for key in &step.keys {
                        if let PlanKey::File { path, number, .. } = key {
                            now.take_out(path, *number);
                        }
                    }
                }
            }
        }
        Ok(Ok(()))
    }

    /// Compares what both handles show with the model.
    fn compare(&self) -> Result<(), String> {
        for session in &self.handles {
            judge::shows(session, &self.book)?;
        }
        judge::facts(&self.handles[self.used], &self.book)
    }
}

impl Book {
    /// Does an edit in the model: tells whether it changes anything, or why it is refused.
    fn edit(&mut self, ready: &Ready, writer: &Writer) -> Result<Done<bool>, String> {
        let book = self;
        let (before, numbers) = (book.now.clone(), book.numbers.clone());
        let exists = |meant: &Meant, now: &State| match meant {
            Meant::Range(first, last) => has_number(now, *first, *last),
            _ => true,
        };
        match ready {
            Ready::Say(memories) => memories.iter().for_each(|at| book.remember(at.clone())),
            Ready::Write(path, text) => book.write(*path, text),
            Ready::Remove(path) => {
                if !book.remove(*path) {
                    return Ok(Err(ErrorKind::NotFound));
                }
            }
            Ready::Rename(from, to) => {
                if !book.rename(*from, *to) {
                    let kind = match from == to {
                        true => ErrorKind::Invalid,
                        false => ErrorKind::NotFound,
                    };
                    return Ok(Err(kind));
                }
            }
            Ready::Texts(0, n) => {
                book.now.instructions = if *n == 0 { String::new() } else { format!("Be {n}.") };
            }
            Ready::Texts(1, n) => book.now.tools = *n,
            Ready::Texts(_, n) => {
                book.now.sandbox = if *n == 0 { String::new() } else { format!("cwd /{n}") };
            }
            Ready::Mark(_, _, meant) | Ready::Compact(_, meant) | Ready::Expand(_, meant)
                if !exists(meant, &book.now) =>
            {
                return Ok(Err(ErrorKind::NotFound));
            }
            Ready::Mark(mark, _, meant) => book.now.mark(*mark, meant),
            Ready::Expand(_, meant) => {
                if !book.now.expand(meant) {
                    return Ok(Err(ErrorKind::NotFound));
                }
            }
            Ready::Compact(_, meant) => return book.compact(meant, writer),
            Ready::Files(what, glob) => book.change_files(*what, *glob),
            Ready::Refresh => book.refresh(),
        }
        Ok(Ok(book.now != before || book.numbers != numbers))
    }

    fn compact(&mut self, meant: &Meant, writer: &Writer) -> Result<Done<bool>, String> {
        let now = &mut self.now;
        let runs = now.runs(meant);
        let covered = |run: &Vec<usize>| -> usize {
            run.iter().map(|at| bytes_of(&now.items[*at].memory)).sum()
        };
        let texts: Vec<String> = (1..=runs.len()).map(|run| writer.text(run)).collect();
        let refused = runs.iter().zip(&texts).position(|(run, text)| covered(run) < text.len());
        let numbers: Vec<Vec<u64>> =
            runs.iter().map(|run| run.iter().map(|at| now.items[*at].first).collect()).collect();
        let asked = refused.map_or(numbers.len(), |at| at + 1);
        same("what is summarized", &*writer.given.borrow(), &numbers[..asked].to_vec())?;
        if refused.is_some() {
            return Ok(Err(ErrorKind::Invalid));
        }
        now.lay(&runs, &texts);
        Ok(Ok(!runs.is_empty()))
    }
}

fn has_number(now: &State, first: u64, last: u64) -> bool {
    fn any(items: &[super::book::Item], first: u64, last: u64) -> bool {
        items.iter().any(|item| match &item.covers {
            Some(covers) => any(covers, first, last),
            None => (first..=last).contains(&item.first),
        })
    }
    any(&now.items, first, last)
}

fn bytes_of(memory: &Memory) -> usize {
    let len = |body: &partita::Body| body.as_inline().map_or(0, <[u8]>::len);
    let of = |part: &Part| match part {
        Part::Text(body) => len(body),
        Part::Thinking { text, signature } => len(text) + len(signature),
        Part::Call { arguments, .. } => len(arguments),
        Part::Media { content, .. } | Part::Opaque { content, .. } => len(content),
        _ => 0,
    };
    memory.parts.iter().map(of).sum()
}

/// The number of the newest checkpoint.
fn point(session: &Session) -> Result<Option<u64>, String> {
    Ok(session.latest().map_err(said)?.checkpoint().map(|info| info.number))
}

fn on_session(session: &Session, ready: &Ready, writer: &Writer) -> Result<Done<bool>, String> {
    let before = point(session)?;
    let done = match ready {
        Ready::Say(memories) => match &memories[..] {
            [memory] => session.remember(memory.clone()).map(drop),
            _ => session.batch(|batch| {
                memories.iter().try_for_each(|memory| batch.remember(memory.clone()))
            }),
        },
        Ready::Write(path, text) => session.write(PATHS[*path], text).map(drop),
        Ready::Remove(path) => session.remove(PATHS[*path]).map(drop),
        Ready::Rename(from, to) => session.rename(PATHS[*from], PATHS[*to]).map(drop),
        Ready::Texts(0, n) => {
            let text = if *n == 0 { String::new() } else { format!("Be {n}.") };
            session.set_instructions(text).map(drop)
        }
        Ready::Texts(1, n) => session.set_tools(&tools(*n)).map(drop),
        Ready::Texts(_, n) => {
            let text = if *n == 0 { String::new() } else { format!("cwd /{n}") };
            session.set_sandbox_state(text).map(drop)
        }
        Ready::Mark(mark, selector, _) => {
            return changed(match mark {
                Mark::Forget => session.forget(selector),
                Mark::Recall => session.recall(selector),
                Mark::Trim => session.trim_results(selector),
                Mark::Pin => session.pin_memories(selector),
                Mark::Unpin => session.unpin_memories(selector),
            });
        }
        Ready::Compact(selector, _) => {
            let write = |memories: &[MemoryEntry]| writer.write(memories);
            return changed(session.compact(selector, &write));
        }
        Ready::Expand(selector, _) => return changed(session.expand(selector)),
        Ready::Files(what, glob) => {
            let glob = GLOBS[*glob];
            return changed(match what {
                Files::Hide => session.hide(glob),
                Files::Show => session.show(glob),
                Files::Pin => session.pin_files(glob),
                Files::Unpin => session.unpin_files(glob),
            });
        }
        Ready::Refresh => return changed(session.refresh()),
    };
    Ok(match done {
        Ok(()) => Ok(point(session)? != before),
        Err(error) => Err(error.kind()),
    })
}

fn on_batch(batch: &mut Batch, ready: &Ready, writer: &Writer) -> Done<Option<bool>> {
    let report = match ready {
        Ready::Write(path, text) => batch.write(PATHS[*path], text).map(|_| None),
        Ready::Remove(path) => batch.remove(PATHS[*path]).map(|_| None),
        Ready::Rename(from, to) => batch.rename(PATHS[*from], PATHS[*to]).map(|_| None),
        Ready::Mark(mark, selector, _) => match mark {
            Mark::Forget => batch.forget(selector),
            Mark::Recall => batch.recall(selector),
            Mark::Trim => batch.trim_results(selector),
            Mark::Pin => batch.pin_memories(selector),
            Mark::Unpin => batch.unpin_memories(selector),
        }
        .map(Some),
        Ready::Compact(selector, _) => {
            batch.compact(selector, &|memories: &[MemoryEntry]| writer.write(memories)).map(Some)
        }
        Ready::Expand(selector, _) => batch.expand(selector).map(Some),
        Ready::Files(what, glob) => match what {
            Files::Hide => batch.hide(GLOBS[*glob]),
            Files::Show => batch.show(GLOBS[*glob]),
            Files::Pin => batch.pin_files(GLOBS[*glob]),
            Files::Unpin => batch.unpin_files(GLOBS[*glob]),
        }
        .map(Some),
        Ready::Refresh => batch.refresh().map(Some),
        Ready::Say(_) | Ready::Texts(..) => unreachable!("no batch is given those"),
    };
    match report {
        Ok(report) => Ok(report.map(|report| !report.is_empty())),
        Err(error) => Err(error.kind()),
    }
}

/// Memories that two markers leave different, above which no mixture is looked for.
const MERGED_MAX: usize = 10;

/// Of two who mark memories each memory is as one order or the other says: an edit rests on the
/// memories that it changes, and on no others. Makes `other` that mixture, if there is one.
fn merged(session: &Session, one: &Book, other: &mut Book) -> Option<()> {
    let (ours, theirs) = (&one.now.items, &other.now.items);
    if ours.len() != theirs.len() {
        return None;
    }
    let differ: Vec<usize> = (0..ours.len()).filter(|&at| ours[at] != theirs[at]).collect();
    if differ.len() > MERGED_MAX {
        return None;
    }
    (1..1_u32 << differ.len()).find_map(|choice| {
        let mut mixture = other.clone();
        for (bit, &at) in differ.iter().enumerate() {
            if choice & (1 << bit) != 0 {
                mixture.now.items[at] = ours[at].clone();
            }
        }
        judge::shows(session, &mixture).ok()?;
        *other = mixture;
        Some(())
    })
}
