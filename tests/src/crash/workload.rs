//! What a workload is, where it runs, what it commits, and what a store holds of it.
//!
//! A commit is a content, a node that refers to it, a ref to either, and a name that all commits
//! of its *line* move on from the one before. So a commit of which only a part is visible shows,
//! and so does one whose predecessor is gone. Lines are independent of each other: the commits of
//! one thread are one.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use partita::object::{Kind, Node, Objects};
use partita::plumbing::Expected;
use partita::{ContentId, ErrorKind, ObjectId, Result, Store, StoreOptions};

use super::entropy::{self, Source};
use super::ledger::{Commits, acknowledged, begun, say};
use crate::vfs::{Action, Recorder};

/// How long one thread waits for another to get where it is wanted.
const MEET_WAIT: Duration = Duration::from_secs(10);

/// More refs than any workload sets.
const REFS_MAX: usize = 100_000;

/// Something that processes do with a store. A new one is a file in `workloads` and a line in its
/// list; it says what it commits and when, and the suite does the rest.
pub trait Workload: Sync {
    /// Its name in tables and addresses.
    fn name(&self) -> &'static str;

    /// The content of a commit.
    fn content(&self, number: usize) -> Vec<u8>;

    /// How large a part of all states is its own: less for one whose states take long.
    fn share(&self) -> usize {
        4
    }

    /// Does it all, and writes down what was begun and what was acknowledged.
    ///
    /// # Errors
    /// What the store says; on a medium that works there must be none.
    fn run(&self, stage: &Stage<'_>) -> Result<()>;

    /// The line that a commit belongs to: it needs the earlier ones of its line and no others.
    fn line(&self, _number: usize) -> usize {
        0
    }

    /// Tells whether a record is the one that every run is to leave. Where threads run, chance may
    /// have it otherwise now and then; such a run is done again.
    fn is_usual(&self, _record: &[Action]) -> bool {
        true
    }

    /// How its stores are opened: with segments that soon are full.
    fn options(&self) -> StoreOptions {
        Store::options().segment_bytes(8 << 10).bulk_bytes(16 << 10).entropy(entropy::fill)
    }

    /// Tells whether what a crash leaves of it is recovered before it is opened: where the medium
    /// had damaged a file, and not the crash.
    fn is_recovered(&self) -> bool {
        false
    }

    /// Returns the commits that a store holds, if each of them is whole.
    ///
    /// # Errors
    /// What is not as it should be, in a line.
    fn held(&self, store: &Store) -> Result<Commits, String> {
        held(self, store)
    }

    /// What the first process after a crash does: one more commit, and whatever else is of
    /// interest. Returns the commits that the store holds then.
    ///
    /// # Errors
    /// What the store says.
    fn go_on(&self, stage: &Stage<'_>, store: &Store, held: &Commits) -> Result<Commits> {
        let mut next = 1;
        while self.line(next) != 0 || held.contains(&next) {
            next += 1;
        }
        stage.commit(store, next)?;
        Ok(held.iter().copied().chain([next]).collect())
    }
}

/// A run of a workload.
#[derive(Debug)]
pub struct Stage<'a> {
    workload: &'a dyn Workload,
    /// The medium, as the first process sees it.
    pub vfs: Recorder,
    /// Where the run's random bytes come from.
    pub source: Source,
    violations: Mutex<Vec<String>>,
}

impl std::fmt::Debug for dyn Workload + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl<'a> Stage<'a> {
    /// Makes a stage on a medium.
    pub fn new(workload: &'a dyn Workload, vfs: Recorder, seed: u64) -> Self {
        Stage { workload, vfs, source: Source::new(seed), violations: Mutex::default() }
    }

    /// Runs the workload.
    ///
    /// # Errors
    /// What the store says.
    pub fn run(&self) -> Result<()> {
        self.source.supply(|| self.workload.run(self))
    }

    /// Opens the store as a process. Whoever has created it may count on its being there for good.
    ///
    /// # Errors
    /// What the store says.
    pub fn open(&self, process: &Recorder) -> Result<Store> {
        process.mark(begun(0));
        let is_new = !process.disk().files().any(|(name, _)| name.ends_with("FORMAT"));
        let store = self.workload.options().open_vfs(std::sync::Arc::new(process.clone()))?;
        if is_new {
            process.mark(acknowledged(0));
        }
        Ok(store)
    }

    /// Makes a commit that is durable once it is acknowledged. A handle of which the outcome is
    /// not known must write no more.
    ///
    /// # Errors
    /// What the store says.
    pub fn commit(&self, store: &Store, number: usize) -> Result<()> {
        self.vfs.mark(begun(number));
        let outcome = commit(self.workload, store, number);
        match &outcome {
            Ok(()) => self.vfs.mark(acknowledged(number)),
            Err(error) if error.kind() == ErrorKind::Indeterminate => {
                self.expect_poisoned(store, number);
            }
            Err(_) => {}
        }
        outcome
    }

    /// Makes a commit that is not acknowledged yet.
    ///
    /// # Errors
    /// What the store says.
    pub fn commit_buffered(&self, store: &Store, number: usize) -> Result<()> {
        self.vfs.mark(begun(number));
        commit(self.workload, store, number)
    }

    /// Acknowledges what was committed before and has been made durable.
    pub fn acknowledge(&self, numbers: impl IntoIterator<Item = usize>) {
        for number in numbers {
            self.vfs.mark(acknowledged(number));
        }
    }

    fn expect_poisoned(&self, store: &Store, number: usize) {
        let mut batch = store.batch();
        batch.set_ref("poisoned", Expected::Any, None);
        let again = batch.commit().map_err(|error| error.kind());
        if again != Err(ErrorKind::Poisoned) && !self.vfs.has_dead() {
            self.violate(format!(
                "after commit {number} was not confirmed, another gave {again:?}"
            ));
        }
    }

    /// Notes a broken promise that no error shows.
    pub fn violate(&self, what: String) {
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// Returns the promises that were broken on the way.
    pub fn violations(&self) -> Vec<String> {
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets one process come as far as its next write, then runs the other thing until it is done
    /// or waits for a lock; only then the write goes on. So the two meet at the same place on every
    /// run.
    ///
    /// # Errors
    /// What either says, the first one's before the other's.
    pub fn meet<T: Send, U: Send>(
        &self,
        (first, one): (&Recorder, impl FnOnce() -> Result<T> + Send),
        (second, other): (&Recorder, impl FnOnce() -> Result<U> + Send),
    ) -> Result<(T, U)> {
        first.close_gate();
        let (one, other) = std::thread::scope(|scope| {
            let one = scope.spawn(|| self.source.supply(one));
            wait_until(|| first.is_at_gate() || one.is_finished());
            let other = scope.spawn(|| self.source.supply(other));
            wait_until(|| second.waits_for_lock() || other.is_finished());
            // The first is done before the other writes, so that its mark is at its place. One whose
            // commit went wrong asks for the lock again.
            second.close_gate();
            wait_until(|| one.is_finished() || first.waits_for_lock());
            second.open_gate();
            (one.join(), other.join())
        });
        let one = one.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let other = other.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok((one, other))
    }
}

/// Waits for another thread, but not for ever: a fault may keep it from where it should get.
pub fn wait_until(condition: impl Fn() -> bool) {
    let end = Instant::now() + MEET_WAIT;
    while !condition() && Instant::now() < end {
        std::thread::sleep(Duration::from_micros(100));
    }
}

fn node(of: &(impl Workload + ?Sized), number: usize, content: ObjectId) -> Node {
    let body = format!("{} {number}", of.name()).into_bytes();
    Node { kind: Kind(999), version: 1, refs: vec![content], body }
}

/// Returns the id of a commit's node.
pub fn node_id(of: &(impl Workload + ?Sized), number: usize) -> ObjectId {
    node(of, number, content(of, number).1).id()
}

/// A commit's content and its id, made once.
pub fn content(of: &(impl Workload + ?Sized), number: usize) -> (Arc<[u8]>, ObjectId) {
    type Made = HashMap<(&'static str, usize), (Arc<[u8]>, ObjectId)>;
    static MADE: LazyLock<RwLock<Made>> = LazyLock::new(RwLock::default);
    let key = (of.name(), number);
    let made = MADE.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    made.unwrap_or_else(|| {
        let bytes = of.content(number);
        let id = ObjectId::of_content(&bytes);
        let mut made = MADE.write().unwrap_or_else(PoisonError::into_inner);
        made.entry(key).or_insert((bytes.into(), id)).clone()
    })
}

/// Returns the commit of the same line before this one.
fn before(of: &(impl Workload + ?Sized), number: usize) -> Option<usize> {
    (1..number).rev().find(|before| of.line(*before) == of.line(number))
}

/// Makes one commit.
///
/// # Errors
/// What the store says.
pub fn commit(of: &(impl Workload + ?Sized), store: &Store, number: usize) -> Result<()> {
    let before = before(of, number).map(|before| content(of, before).1);
    let mut batch = store.batch();
    let base = before.map(ContentId::new);
    let id = batch.put_content(content(of, number).0.to_vec(), base)?.id();
    let node = batch.put_node(node(of, number, id), None);
    batch.set_ref(format!("pin/{number}/content"), Expected::Absent, Some(id));
    batch.set_ref(format!("pin/{number}/node"), Expected::Absent, Some(node));
    let before = before.map_or(Expected::Absent, Expected::Id);
    batch.set_ref(format!("pin/line-{}", of.line(number)), before, Some(id));
    batch.commit()
}

/// Returns the commits that a store holds, if each of them is whole and none is there without
/// those before it.
///
/// # Errors
/// What is not as it should be, in a line.
pub fn held(of: &(impl Workload + ?Sized), store: &Store) -> Result<Commits, String> {
    let refs =
        store.references("pin/", None, REFS_MAX).map_err(|error| say("list refs", &error))?;
    let refs: BTreeMap<String, ObjectId> = refs.into_iter().collect();
    let numbers: Commits =
        refs.keys().filter_map(|name| name.split('/').nth(1)?.parse().ok()).collect();
    let mut newest = BTreeMap::new();
    for &number in &numbers {
        let named = |what: &str| refs.get(&format!("pin/{number}/{what}"));
        let (Some(content), Some(node)) = (named("content"), named("node")) else {
            return Err(format!("half of commit {number}"));
        };
        read_one(of, store, number, (*content, *node))?;
        let last = newest.insert(of.line(number), (number, *content)).map(|(last, _)| last);
        if last != before(of, number) {
            return Err(format!("commit {number} without the one before"));
        }
    }
    let heads = refs.iter().filter(|(name, _)| name.starts_with("pin/line-"));
    let heads: BTreeMap<&str, ObjectId> = heads.map(|(name, id)| (&name[..], *id)).collect();
    let names: Vec<String> = newest.keys().map(|line| format!("pin/line-{line}")).collect();
    let expected = names.iter().map(String::as_str).zip(newest.values().map(|(_, id)| *id));
    if heads != expected.collect() {
        return Err("a line's name is not its newest commit's".to_owned());
    }
    Ok(numbers)
}

fn read_one(
    of: &(impl Workload + ?Sized),
    store: &Store,
    number: usize,
    (id, node): (ObjectId, ObjectId),
) -> Result<(), String> {
    let bytes = store
        .read_content(ContentId::new(id))
        .map_err(|error| say(&format!("read the content of commit {number}"), &error))?;
    if bytes != content(of, number).0 {
        return Err(format!("commit {number} has other bytes"));
    }
    let stored = store
        .read_node(&node)
        .map_err(|error| say(&format!("read the node of commit {number}"), &error))?;
    if *stored != self::node(of, number, id) {
        return Err(format!("commit {number} has another node"));
    }
    Ok(())
}
