//! Recordings that grow at their end: what of them is settled, and what their writer gave up.
//!
//! Memories stand in the order in which their first pieces came, and nothing that comes later
//! changes what was settled before. So an import of a part and one of the whole agree.

use std::collections::HashSet;

use super::report::{Place, Report};
use super::transcript::{Entry, Transcript, Turn};

impl Turn {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Turn::default()
    }

    /// Adds what a later memory would have brought, had it been kept.
    pub(crate) fn then(&mut self, later: Turn) {
        self.out.retain(|origin| !later.back.contains(origin));
        self.back.retain(|origin| !later.out.contains(origin));
        self.out.extend(later.out);
        self.back.extend(later.back);
        self.off = self.off.take().or(later.off);
        self.lay = later.lay.or(self.lay.take());
    }
}

/// A turn by the places of the memories among all.
#[derive(Debug, Default)]
struct Change {
    off: Option<usize>,
    out: Vec<usize>,
    back: Vec<usize>,
    lay: Option<usize>,
}

#[derive(Debug)]
struct Slot {
    entry: Entry,
    node: usize,
    /// Whether more of it may come.
    open: bool,
    change: Change,
}

/// What is given up and taken up as a whole: a message, or a response with the results of its
/// calls.
#[derive(Debug)]
struct Node {
    parent: Option<usize>,
    slots: Vec<usize>,
    /// Where in the source it begins, in the order of the source's lines.
    begins: usize,
    /// Whether it is on the path.
    in_dialog: bool,
    /// The slot of the summary that it is.
    summary: Option<usize>,
}

/// The memories of a recording.
#[derive(Debug, Default)]
pub(super) struct Recording {
    slots: Vec<Slot>,
    nodes: Vec<Node>,
    /// The dialog as its writer has it: nodes from the first to the newest.
    path: Vec<usize>,
    /// The same before the newest rewind, until a memory tells of it.
    left: Option<Vec<usize>>,
}

impl Recording {
    /// The newest node of the dialog.
    pub(super) fn tip(&self) -> Option<usize> {
        self.path.last().copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Appends a memory as a node of its own behind the newest; `begins` is its place among the
    /// source's lines. Returns the place among the memories, and the node.
    pub(super) fn add(
        &mut self,
        report: &mut Report,
        entry: Entry,
        begins: usize,
        open: bool,
    ) -> (usize, usize) {
        let change = self.change();
        if !change.out.is_empty() {
            let count = change.out.len();
            report.mend(entry.at, format!("{count} memories before it were given up: out of view"));
        }
        if !change.back.is_empty() {
            let count = change.back.len();
            report.mend(entry.at, format!("{count} memories before it were taken up again"));
        }
        let (slot, node) = (self.slots.len(), self.nodes.len());
        let parent = self.tip();
        self.nodes.push(Node { parent, slots: vec![slot], begins, in_dialog: true, summary: None });
        self.path.push(node);
        self.slots.push(Slot { entry, node, open, change });
        (slot, node)
    }

    /// Appends a memory that belongs to a node. One of a node that was given up was never in view.
    pub(super) fn attach(&mut self, node: usize, entry: Entry, open: bool) -> usize {
        let slot = self.slots.len();
        let out = if self.nodes[node].in_dialog { Vec::new() } else { vec![slot] };
        self.slots.push(Slot { entry, node, open, change: Change { out, ..Change::default() } });
        self.nodes[node].slots.push(slot);
        slot
    }

    /// Lets a memory stand for all before it.
    pub(super) fn summarize(&mut self, slot: usize, node: usize) {
        self.nodes[node].summary = Some(slot);
        self.slots[slot].change.lay = Some(slot);
    }

    /// Takes a memory out of view that nobody was shown.
    pub(super) fn hide(&mut self, slot: usize) {
        let node = self.slots[slot].node;
        self.nodes[node].in_dialog = false;
        self.path.retain(|found| *found != node);
        if !self.slots[slot].change.out.contains(&slot) {
            self.slots[slot].change.out.push(slot);
        }
    }

    /// Gives up what stands before a node of the dialog; false if it is none of it.
    pub(super) fn begin_with(&mut self, node: usize) -> bool {
        let at = self.place_in_dialog(node);
        if let Some(at) = at {
            let path = self.path[at..].to_vec();
            self.turn_to(path);
        }
        at.is_some()
    }

    /// The place of a node in the dialog.
    pub(super) fn place_in_dialog(&self, node: usize) -> Option<usize> {
        self.path.iter().rposition(|found| *found == node)
    }

    /// The node that a memory is of.
    pub(super) fn node_of(&self, slot: usize) -> usize {
        self.slots[slot].node
    }

    pub(super) fn entry(&mut self, slot: usize) -> &mut Entry {
        &mut self.slots[slot].entry
    }

    /// Settles a memory: no more of it comes.
    pub(super) fn close(&mut self, slot: usize) {
        self.slots[slot].open = false;
    }

    /// Goes on behind a node, seen from a line of the source: what began after that line is given
    /// up. Without a node everything is.
    pub(super) fn go_on_behind(&mut self, node: Option<usize>, line: usize) {
        let Some(node) = node else { return self.turn_to(Vec::new()) };
        if !self.nodes[node].in_dialog {
            let path = self.above(node);
            return self.turn_to(path);
        }
        let at = self.path.iter().rposition(|found| *found == node).map_or(0, |at| at + 1);
        let stays = |node: &&usize| self.nodes[**node].begins <= line;
        if !self.path[at..].iter().all(|node| stays(&node)) {
            let (path, behind) = self.path.split_at(at);
            let path = path.iter().chain(behind.iter().filter(stays)).copied().collect();
            self.turn_to(path);
        }
    }

    /// Goes back to the first nodes of the dialog.
    pub(super) fn go_back(&mut self, nodes: usize) {
        let path = self.path[..nodes.min(self.path.len())].to_vec();
        self.turn_to(path);
    }

    /// The entries of the dialog's nodes, each with the place of its node in the dialog.
    pub(super) fn dialog(&self) -> impl DoubleEndedIterator<Item = (usize, &Entry)> {
        let first = |node: &usize| &self.slots[self.nodes[*node].slots[0]].entry;
        self.path.iter().enumerate().map(move |(at, node)| (at, first(node)))
    }

    fn turn_to(&mut self, path: Vec<usize>) {
        if path != self.path {
            let left = std::mem::replace(&mut self.path, path);
            left.iter().for_each(|node| self.nodes[*node].in_dialog = false);
            self.path.iter().for_each(|node| self.nodes[*node].in_dialog = true);
            self.left.get_or_insert(left);
        }
    }

    /// The nodes from the first to one.
    fn above(&self, node: usize) -> Vec<usize> {
        let mut path = vec![node];
        while let Some(parent) = self.nodes[path[path.len() - 1]].parent {
            path.push(parent);
        }
        path.reverse();
        path
    }

    /// What the rewinds since the newest memory change.
    fn change(&mut self) -> Change {
        let Some(left) = self.left.take() else { return Change::default() };
        let slots_but = |path: &[usize], other: &[usize]| -> Vec<usize> {
            let other: HashSet<_> = other.iter().collect();
            let nodes = path.iter().filter(|node| !other.contains(node));
            nodes.flat_map(|node| self.nodes[*node].slots.iter().copied()).collect()
        };
        let summary = |path: &[usize]| path.iter().rev().find_map(|node| self.nodes[*node].summary);
        let (before, after) = (summary(&left), summary(&self.path));
        Change {
            out: slots_but(&left, &self.path),
            back: slots_but(&self.path, &left),
            off: before.filter(|_| before != after),
            lay: after.filter(|_| before != after),
        }
    }

    /// Puts the memories into a transcript: those up to the first that may still grow are settled,
    /// that one and all behind it wait.
    pub(super) fn finish(mut self, to: &mut Transcript) {
        let after = self.change();
        let origins: Vec<String> =
            self.slots.iter().map(|slot| slot.entry.memory.origin.clone()).collect();
        // A response that was imported before it had ended is recorded in pieces.
        let all: Vec<Vec<String>> = self.slots.iter().map(|slot| slot.entry.origins()).collect();
        let named = |change: Change| Turn {
            off: change.off.map(|slot| origins[slot].clone()),
            out: change.out.iter().flat_map(|slot| all[*slot].clone()).collect(),
            back: change.back.iter().flat_map(|slot| all[*slot].clone()).collect(),
            lay: change.lay.map(|slot| origins[slot].clone()),
        };
        // What a refused memory would have brought comes with the next.
        let mut carried = Turn::default();
        let mut waits = false;
        for mut slot in self.slots {
            carried.then(named(slot.change));
            waits |= slot.open;
            slot.entry.turn = Some(std::mem::take(&mut carried)).filter(|turn| !turn.is_empty());
            if let Some(Entry { turn: Some(turn), .. }) = to.take(slot.entry, waits) {
                carried = turn;
            }
        }
        carried.then(named(after));
        to.last_turn = Some(carried).filter(|turn| !turn.is_empty());
    }

    /// Returns the place of a memory in the source.
    pub(super) fn at(&self, slot: usize) -> Place {
        self.slots[slot].entry.at
    }
}
