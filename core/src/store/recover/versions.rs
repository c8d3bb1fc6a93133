//! The versions of files, and the memories, that a recovery could not keep: by path and session.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Bound;

use super::super::Store;
use super::super::graph::Graph;
use super::choose::Chosen;
use super::fragments::Led;
use super::operations::Operations;
use super::report::LostVersion;
use crate::error::{ErrorKind, Result};
use crate::id::{MapId, ObjectId};
use crate::log::Listed;
use crate::map::Map;
use crate::object::{Canonical, Checkpoint, FilePath, Iteration, Kind, Objects, read};

/// Steps back from what was lost to the sessions that led there, of all of it together.
const STEPS_MAX: usize = 64 << 20;

/// Names what was lost, and what is whole and led to by nothing.
pub(super) fn name(
    store: &Store,
    listed: &[Listed],
    graph: &Graph,
    chosen: &Chosen,
    operations: &Operations<'_>,
    (lost, led): (&HashSet<ObjectId>, Option<&Led<'_>>),
) -> Result<Vec<LostVersion>> {
    let mut found: BTreeMap<ObjectId, LostVersion> = BTreeMap::new();
    for object in listed {
        let is_led = led.is_none_or(|led| led.has(&object.id));
        if !object.row.is_node() {
            if !is_led {
                found.insert(object.id, LostVersion::new(object.id, true));
            }
            continue;
        }
        let node = store.read_node(&object.id)?;
        match node.kind {
            Kind::ITERATION => {
                let Ok(iteration) = Iteration::from_node(&node) else { continue };
                let contents = iteration.entry.content().map(|id| id.id());
                for content in contents.into_iter().filter(|id| lost.contains(id) || !is_led) {
                    let is_whole = operations.whole.contains(&content);
                    if lost.contains(&content)
                        || is_whole && !led.is_none_or(|led| led.has(&content))
                    {
                        let version = LostVersion::new(content, is_whole);
                        let path = Some(iteration.path.clone());
                        let number = Some(iteration.number);
                        found.insert(content, LostVersion { path, number, ..version });
                    }
                }
                let parents = iteration.parents.iter().map(|id| id.id());
                for parent in parents.filter(|id| lost.contains(id)) {
                    let version = LostVersion::new(parent, false);
                    let path = Some(iteration.path.clone());
                    found.entry(parent).or_insert(LostVersion { path, ..version });
                }
            }
            Kind::MEMORY if !is_led => {
                found.insert(object.id, LostVersion::new(object.id, true));
            }
            _ => {}
        }
    }
    let holders = Holders::new(graph, chosen);
    let mut steps = 0;
    let mut affected: BTreeSet<&str> = BTreeSet::new();
    for id in lost {
        let names = holders.of(id, &mut steps);
        affected.extend(names.iter().copied());
        if let Some(version) = found.get_mut(id) {
            version.sessions = names.into_iter().map(str::to_owned).collect();
        }
    }
    for name in affected {
        name_in_head(store, name, chosen, operations, lost, &mut found)?;
    }
    Ok(found.into_values().collect())
}

/// Names what a session's newest state leads to and what is lost.
fn name_in_head(
    store: &Store,
    name: &str,
    chosen: &Chosen,
    operations: &Operations<'_>,
    lost: &HashSet<ObjectId>,
    found: &mut BTreeMap<ObjectId, LostVersion>,
) -> Result<()> {
    let head = chosen.refs.get(name).and_then(|id| operations.get(id));
    let Some(checkpoint) = head.and_then(|head| head.checkpoint) else { return Ok(()) };
    let checkpoint: Checkpoint = read(store, checkpoint)?;
    for root in [Checkpoint::FILES, Checkpoint::MEMORIES] {
        let map = Map::new(checkpoint.roots.get(root).map(|id| MapId::new(*id)));
        for row in map.range(store, Bound::Unbounded, Bound::Unbounded) {
            let (key, value) = match row {
                Ok(row) => row,
                Err(error) if error.kind() == ErrorKind::Io => return Err(error),
                Err(_) => break,
            };
            for id in value.refs.iter().filter(|id| lost.contains(*id)) {
                let version = found.entry(*id).or_insert_with(|| LostVersion::new(*id, false));
                if root == Checkpoint::FILES {
                    version.path = FilePath::new(key.clone()).ok().or(version.path.take());
                } else {
                    version.number = key[..].try_into().ok().map(u64::from_be_bytes);
                }
                if !version.sessions.iter().any(|held| held == name) {
                    version.sessions.push(name.to_owned());
                }
            }
        }
    }
    Ok(())
}

impl LostVersion {
    fn new(object: ObjectId, is_whole: bool) -> Self {
        LostVersion { object, path: None, number: None, sessions: Vec::new(), is_whole }
    }
}

/// Which sessions lead to an object.
struct Holders<'a> {
    graph: &'a Graph,
    /// What refers to each object: where its part of `sources` begins, and the end.
    starts: Vec<u32>,
    sources: Vec<u32>,
    roots: HashMap<u32, Vec<&'a str>>,
}

impl<'a> Holders<'a> {
    fn new(graph: &'a Graph, chosen: &'a Chosen) -> Self {
        let len = graph.len();
        let mut starts = vec![0u32; len + 1];
        for from in 0..len as u32 {
            for &to in graph.edges(from) {
                starts[to as usize + 1] += 1;
            }
        }
        for at in 0..len {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut sources = vec![0u32; starts[len] as usize];
        for from in 0..len as u32 {
            for &to in graph.edges(from) {
                sources[next[to as usize] as usize] = from;
                next[to as usize] += 1;
            }
        }
        let mut roots: HashMap<u32, Vec<&str>> = HashMap::new();
        for name in chosen.sessions.values() {
            if let Some(number) = chosen.refs.get(name).and_then(|id| graph.find(id)) {
                roots.entry(number).or_default().push(name);
            }
        }
        Holders { graph, starts, sources, roots }
    }

    fn of(&self, id: &ObjectId, steps: &mut usize) -> BTreeSet<&'a str> {
        let mut names = BTreeSet::new();
        let mut pending: Vec<u32> = self.graph.find(id).into_iter().collect();
        let mut met: HashSet<u32> = pending.iter().copied().collect();
        while let Some(number) = pending.pop() {
            names.extend(self.roots.get(&number).into_iter().flatten());
            let from =
                self.starts[number as usize] as usize..self.starts[number as usize + 1] as usize;
            for &source in &self.sources[from] {
                *steps += 1;
                if *steps < STEPS_MAX && met.insert(source) {
                    pending.push(source);
                }
            }
        }
        names
    }
}
