//! The exact search: partial plans from the last group to the first, without those that cannot win.
//!
//! A partial plan has decided every group from some place on; it is known by what it frees and
//! costs. It is dropped if another one of the same place frees as much at no more cost
//! (Nemhauser and Ullmann, 1969), or if even the linear relaxation of the groups before it leads
//! to nothing better than the best plan known (Dantzig's bound, for multiple-choice knapsacks as
//! by Sinha and Zoltners, 1979).

use std::cmp::Reverse;

use super::ranked::Ranked;
use super::{Choice, Chosen, Weights};

/// What a search found.
#[derive(Debug)]
pub(super) struct Found {
    /// The cheapest solution, if one costs less than the one known before.
    pub(super) chosen: Option<Chosen>,
    /// Whether nothing was left out: there is no cheaper one.
    pub(super) exhaustive: bool,
}

/// No decision: the root of all plans.
const ROOT: u32 = u32::MAX;

/// A partial plan. What it frees counts up to the need: more is no use.
#[derive(Clone, Copy, Debug)]
struct State {
    freed: u64,
    cost: i128,
    node: u32,
}

/// The last decision of a partial plan, and the plan before it.
#[derive(Clone, Copy, Debug)]
struct Node {
    before: u32,
    item: u32,
    choice: u32,
}

/// A partial plan that may be kept: a state and the decision that would lead to it.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    state: State,
    choice: Option<u32>,
}

/// Looks for the cheapest choices that free `need` tokens and cost less than `known`; a plan
/// whose first change is item `i` costs `stops[i]` beside its choices, and one without any change
/// the last of `stops`. At most `states` partial plans are kept at each item.
pub(super) fn search(
    items: &[Vec<Choice>],
    stops: &[i128],
    need: u64,
    weights: Weights,
    known: i128,
    states: usize,
) -> Found {
    Search {
        items,
        stops,
        need,
        weights,
        states,
        best: known,
        end: None,
        nodes: Vec::new(),
        ranked: Ranked::new(items.iter().map(Vec::as_slice), weights),
        exhaustive: true,
    }
    .run()
}

#[derive(Debug)]
struct Search<'a> {
    items: &'a [Vec<Choice>],
    stops: &'a [i128],
    need: u64,
    weights: Weights,
    states: usize,
    best: i128,
    end: Option<u32>,
    nodes: Vec<Node>,
    ranked: Ranked,
    exhaustive: bool,
}

impl Search<'_> {
    fn run(mut self) -> Found {
        let items = self.items.len();
        for item in 0..items {
            self.ranked.add(item);
        }
        if self.need == 0 && self.stops[items] < self.best {
            self.best = self.stops[items];
            self.end = Some(ROOT);
        }
        let longest = self.items.iter().flatten().map(|choice| choice.span).max().unwrap_or(1);
        let mut layers: Vec<Vec<State>> = vec![Vec::new(); items + 1];
        layers[items] = vec![State { freed: 0, cost: 0, node: ROOT }];
        for item in (0..items).rev() {
            self.ranked.remove(item);
            let candidates = self.candidates(item, &layers);
            layers[item] = self.kept(item, candidates);
            if let Some(done) = layers.get_mut(item + longest) {
                *done = Vec::new();
            }
        }
        let chosen = self.end.map(|end| self.chosen(end));
        Found { chosen, exhaustive: self.exhaustive }
    }

    /// Every way to go on to an item; remembers those that free enough.
    fn candidates(&mut self, item: usize, layers: &[Vec<State>]) -> Vec<Candidate> {
        let mut candidates: Vec<Candidate> =
            layers[item + 1].iter().map(|&state| Candidate { state, choice: None }).collect();
        for (number, choice) in self.items[item].iter().enumerate() {
            let cost = self.weights.cost(choice.freed, choice.loss);
            for state in &layers[item + choice.span] {
                let next = State {
                    freed: (state.freed + choice.freed).min(self.need),
                    cost: state.cost + cost,
                    node: state.node,
                };
                if next.freed == self.need && self.stops[item] + next.cost < self.best {
                    self.best = self.stops[item] + next.cost;
                    self.end = Some(self.node(next.node, item, number as u32));
                }
                candidates.push(Candidate { state: next, choice: Some(number as u32) });
            }
        }
        candidates
    }

    /// Drops what cannot win, and of what is left all but the most promising.
    fn kept(&mut self, item: usize, mut candidates: Vec<Candidate>) -> Vec<State> {
        // Whoever goes on changes an earlier item, and pays at least for the one just before.
        let Some(before) = item.checked_sub(1) else { return Vec::new() };
        let order = |one: &Candidate| (Reverse(one.state.freed), one.state.cost, one.choice);
        candidates.sort_by_key(order);
        let mut least = i128::MAX;
        candidates.retain(|candidate| {
            let kept = candidate.state.cost < least;
            least = least.min(candidate.state.cost);
            kept
        });
        let mut bounded: Vec<(i128, Candidate)> = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let state = candidate.state;
            if let Some(cover) = self.ranked.cover(self.need - state.freed) {
                let bound = state.cost + cover.bound + self.stops[before];
                if bound < self.best {
                    bounded.push((bound, candidate));
                }
            }
        }
        if bounded.len() > self.states {
            self.exhaustive = false;
            bounded.sort_by_key(|(bound, candidate)| (*bound, order(candidate)));
            bounded.truncate(self.states);
        }
        let mut states = Vec::with_capacity(bounded.len());
        for (_, Candidate { mut state, choice }) in bounded {
            if let Some(choice) = choice {
                state.node = self.node(state.node, item, choice);
            }
            states.push(state);
        }
        states
    }

    fn node(&mut self, before: u32, item: usize, choice: u32) -> u32 {
        self.nodes.push(Node { before, item: item as u32, choice });
        (self.nodes.len() - 1) as u32
    }

    fn chosen(&self, end: u32) -> Chosen {
        let mut chosen = vec![None; self.items.len()];
        let mut at = end;
        while let Some(node) = self.nodes.get(at as usize) {
            chosen[node.item as usize] = Some(node.choice);
            at = node.before;
        }
        chosen
    }
}
