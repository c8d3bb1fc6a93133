//! Which result answers which call: the one rule that exchanges and renders share.

use std::collections::{HashMap, VecDeque};

use crate::object::{Memory, Part, Role};

/// A part: the memory's index in the sequence, the part's in the memory.
pub(super) type Place = (usize, usize);

/// What a result belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The first result of this call.
    Answers(Place),
    /// One more result of a call, in the memory at this index, that has its result.
    Duplicate(usize),
    /// No call before it has its id.
    Orphan,
}

/// The calls and results of a sequence of memories, paired.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    /// Every result in the order of the sequence.
    pub(super) results: Vec<(Place, Fate)>,
    /// The first result of each call that has one.
    pub(super) answers: HashMap<Place, Place>,
}

/// The newest memory that calls under an id, and which of its calls wait.
struct Open {
    memory: usize,
    waiting: VecDeque<usize>,
}

impl Pairing {
    /// Pairs in one pass. A result belongs to the newest memory before it that calls under its id;
    /// if that memory does so more than once, results go to the calls in their order.
    pub(super) fn of<'a>(memories: impl IntoIterator<Item = &'a Memory>) -> Self {
        let mut pairing = Pairing::default();
        let mut open: HashMap<&str, Open> = HashMap::new();
        for (at, memory) in memories.into_iter().enumerate() {
            for (part_at, part) in memory.parts.iter().enumerate() {
                match part {
                    Part::Call { id, .. } if memory.role == Role::Assistant => {
                        let entry = open.entry(id).or_insert_with(|| Open::new(at));
                        if entry.memory != at {
                            *entry = Open::new(at);
                        }
                        entry.waiting.push_back(part_at);
                    }
                    Part::Result { call, .. } => {
                        let place = (at, part_at);
                        let fate = open.get_mut(call.as_str()).map_or(Fate::Orphan, Open::take);
                        if let Fate::Answers(call) = fate {
                            pairing.answers.insert(call, place);
                        }
                        pairing.results.push((place, fate));
                    }
                    _ => {}
                }
            }
        }
        pairing
    }
}

impl Open {
    fn new(memory: usize) -> Self {
        Open { memory, waiting: VecDeque::new() }
    }

    fn take(&mut self) -> Fate {
        match self.waiting.pop_front() {
            Some(part) => Fate::Answers((self.memory, part)),
            None => Fate::Duplicate(self.memory),
        }
    }
}
