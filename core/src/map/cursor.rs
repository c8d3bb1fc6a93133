//! A place in a map: the way from the root down to an entry.

use std::sync::Arc;

use super::node::MapNode;
use crate::codec::malformed;
use crate::error::Result;
use crate::id::{IdMap, MapId, ObjectId};
use crate::limits::MAP_HEIGHT_MAX;
use crate::object::Objects;

/// Which entry of a node to stand at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seek<'k> {
    First,
    Last,
    /// The entry with the largest key that is not greater, or else the first.
    Key(&'k [u8]),
}

impl Seek<'_> {
    fn within(self, node: &MapNode) -> usize {
        match self {
            Seek::First => 0,
            Seek::Last => node.len() - 1,
            Seek::Key(key) => node.below(|other| other <= key).saturating_sub(1),
        }
    }
}

struct Step {
    node: Arc<MapNode>,
    at: usize,
}

/// Steps from the root down: as many as a map has levels, and so without a list of its own.
#[derive(Default)]
struct Way {
    steps: [Option<Step>; MAP_HEIGHT_MAX],
    len: usize,
}

impl Way {
    fn push(&mut self, step: Step) {
        self.steps[self.len] = Some(step);
        self.len += 1;
    }

    fn pop(&mut self) -> Option<Step> {
        self.len = self.len.checked_sub(1)?;
        self.steps[self.len].take()
    }

    fn clear(&mut self) {
        while self.pop().is_some() {}
    }

    fn last(&self) -> Option<&Step> {
        self.steps[self.len.checked_sub(1)?].as_ref()
    }

    fn last_mut(&mut self) -> Option<&mut Step> {
        self.steps[self.len.checked_sub(1)?].as_mut()
    }

    /// The steps above the last.
    fn above(&self) -> &[Option<Step>] {
        &self.steps[..self.len.saturating_sub(1)]
    }

    fn all(&self) -> &[Option<Step>] {
        &self.steps[..self.len]
    }
}

/// The way from the root to an entry of a leaf or of an inner node. Every step down checks that
/// the child is what its parent says: one level lower, with the keys of that range. As keys ascend
/// strictly, no node is met twice, so a walk is bounded by the number of nodes there are.
pub(super) struct Cursor<'a, O: ?Sized> {
    objects: &'a O,
    path: Way,
    /// The root and the inner nodes met so far, where the walk will come back to them.
    kept: Option<IdMap<ObjectId, Arc<MapNode>>>,
}

impl<'a, O: Objects + ?Sized> Cursor<'a, O> {
    pub(super) fn new(objects: &'a O) -> Self {
        Cursor { objects, path: Way::default(), kept: None }
    }

    /// Makes a cursor that keeps the root and the inner nodes which it meets.
    pub(super) fn keeping(objects: &'a O) -> Self {
        Cursor { objects, path: Way::default(), kept: Some(IdMap::default()) }
    }

    pub(super) fn load(&mut self, id: &ObjectId) -> Result<Arc<MapNode>> {
        if let Some(node) = self.kept.as_ref().and_then(|kept| kept.get(id)) {
            return Ok(node.clone());
        }
        let Some(node) = self.objects.get_node(id)? else {
            return Err(self.objects.missing_map(id)?);
        };
        let node = MapNode::decode_kept(*id, node)?;
        if let Some(kept) = &mut self.kept
            && (node.level() > 0 || kept.is_empty())
        {
            kept.insert(*id, node.clone());
        }
        Ok(node)
    }

    /// Goes to an entry of the root.
    pub(super) fn enter(&mut self, root: MapId, to: Seek<'_>) -> Result<()> {
        self.path.clear();
        let node = self.load(&root.id())?;
        if node.level() > 0 && node.len() == 1 {
            return Err(malformed(format!("map root {root:.10} has a single child")));
        }
        self.path.push(Step { at: to.within(&node), node });
        Ok(())
    }

    /// Goes from an entry of an inner node down to an entry of its child.
    pub(super) fn descend(&mut self, to: Seek<'_>) -> Result<()> {
        let step = self.path.last().expect("descended from an entry");
        let (level, id) = (step.node.level(), step.node.refs(step.at)[0]);
        let child = self.load(&id)?;
        let step = self.path.last().expect("as before");
        if child.level() + 1 != level
            || child.key(0) != step.node.key(step.at)
            || bound_after(self.path.all()).is_some_and(|bound| child.last_key() >= bound)
        {
            return Err(malformed(format!("map node {id:.10} does not fit its parent")));
        }
        self.path.push(Step { at: to.within(&child), node: child });
        Ok(())
    }

    /// Goes down to a level, from an entry at or above it.
    pub(super) fn descend_to(&mut self, level: u8, to: Seek<'_>) -> Result<()> {
        while self.level().is_some_and(|from| from > level) {
            self.descend(to)?;
        }
        Ok(())
    }

    /// Goes to an entry of a level that the map has.
    pub(super) fn seek(&mut self, root: MapId, level: u8, to: Seek<'_>) -> Result<()> {
        self.enter(root, to)?;
        self.descend_to(level, to)
    }

    /// Goes to the next entry: of this node, else of the nearest one above that has one.
    pub(super) fn advance(&mut self) {
        while let Some(step) = self.path.last_mut() {
            if step.at + 1 < step.node.len() {
                step.at += 1;
                return;
            }
            self.path.pop();
        }
    }

    /// Goes to the entry before: of this node, else of the nearest one above that has one.
    pub(super) fn retreat(&mut self) {
        while let Some(step) = self.path.last_mut() {
            if step.at > 0 {
                step.at -= 1;
                return;
            }
            self.path.pop();
        }
    }

    /// Goes to the next node of the same level; there must be one.
    pub(super) fn next_node(&mut self) -> Result<()> {
        let level = self.path.pop().expect("went on from a node").node.level();
        self.advance();
        self.descend_to(level, Seek::First)
    }

    /// Goes to the node before of the same level, or stays at the first.
    pub(super) fn previous_node(&mut self) -> Result<()> {
        if self.path.above().iter().flatten().any(|step| step.at > 0) {
            let level = self.path.pop().expect("went back from a node").node.level();
            self.retreat();
            self.descend_to(level, Seek::Last)?;
        }
        Ok(())
    }

    /// The node and the entry's place in it; none before the first or after the last entry.
    pub(super) fn entry(&self) -> Option<(&Arc<MapNode>, usize)> {
        self.path.last().map(|step| (&step.node, step.at))
    }

    pub(super) fn key(&self) -> Option<&[u8]> {
        self.entry().map(|(node, at)| node.key(at))
    }

    pub(super) fn level(&self) -> Option<u8> {
        self.entry().map(|(node, _)| node.level())
    }

    /// The first key of the next node of the same level.
    pub(super) fn next_first(&self) -> Option<&[u8]> {
        bound_after(self.path.above())
    }
}

/// The key that all keys below the entry are less than.
fn bound_after(path: &[Option<Step>]) -> Option<&[u8]> {
    let step = path.iter().flatten().rev().find(|step| step.at + 1 < step.node.len())?;
    Some(step.node.key(step.at + 1))
}
