//! What a workload commits, and what a store holds of it.
//!
//! A commit is a content, a node that refers to it, a ref to either, and a name that all commits
//! of its *line* move on from the one before. So a commit of which only a part is visible shows,
//! and so does one whose predecessor is gone. Lines are independent of each other: the commits of
//! one thread are one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use partita::object::{Kind, Node, Objects};
use partita::plumbing::Expected;
use partita::{ContentId, Error, ObjectId, Result, Store};

use super::Workload;
use crate::vfs::Action;

/// Numbers of commits. 0 is the store itself.
pub type Commits = BTreeSet<usize>;

/// More refs than any workload sets.
const REFS_MAX: usize = 100_000;

/// The mark that a commit begins.
pub fn begun(number: usize) -> usize {
    2 * number
}

/// The mark that a commit was acknowledged.
pub fn acknowledged(number: usize) -> usize {
    2 * number + 1
}

/// What a record promised: the commits that it began, and those that it acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Promised {
    /// The commits that may be there.
    pub begun: Commits,
    /// The commits that must be there.
    pub acknowledged: Commits,
}

impl Promised {
    /// Reads the marks of a record.
    pub fn by(actions: &[Action]) -> Self {
        let mut promised = Promised::default();
        for action in actions {
            if let Action::Mark(mark) = action {
                let commits =
                    if mark % 2 == 0 { &mut promised.begun } else { &mut promised.acknowledged };
                commits.insert(mark / 2);
            }
        }
        if !promised.acknowledged.is_empty() {
            promised.acknowledged.insert(0);
        }
        promised
    }

    /// Adds what a later record promised.
    #[must_use]
    pub fn and(&self, more: &Promised) -> Self {
        Promised {
            begun: self.begun.union(&more.begun).copied().collect(),
            acknowledged: self.acknowledged.union(&more.acknowledged).copied().collect(),
        }
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

/// Says what failed, with the kind of error.
pub fn say(doing: &str, error: &Error) -> String {
    format!("{doing}: {error} ({:?})", error.kind())
}
