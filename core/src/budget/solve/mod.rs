//! Which modes to choose: a multiple-choice knapsack with a price on the first change.
//!
//! Groups stand in prompt order. A solution changes some of them and frees at least `need` tokens.
//! It costs what it loses, weighed, and what is rewritten: every token that stands at or behind
//! the first changed group afterwards, weighed. With the first change at group `f` that is
//!
//! ```text
//! loss_weight * sum(loss) + rewrite_weight * (tokens from f on - sum(freed))
//! ```
//!
//! so for a fixed `f` each choice has a cost of its own, and what is left is a covering knapsack
//! with exclusive choices. The problem is NP-hard (it contains the knapsack problem), so there are
//! two ways, both of integers alone:
//!
//! * [`sweep`]: for each first change the linear relaxation's greedy solution, from right to left
//!   over a Fenwick tree; the best few are made better by an exact search over the groups whose
//!   decision was closest. Where there are compactions, which may overlap, [`multiplier`] adds the
//!   solutions of the Lagrangian relaxation, which knows of overlaps. O(n log n).
//! * [`frontier`]: an exact search over the last groups, which are all of them in most prompts. It
//!   begins with the sweep's solution as its bound and gives up exactness, and says so, where it
//!   would have to keep too many partial plans.

mod block;
mod frontier;
mod hull;
mod multiplier;
mod ranked;
mod sweep;
#[cfg(test)]
mod tests;
mod window;

use crate::limits::{PLAN_EXACT_GROUPS_MAX, PLAN_STATES_MAX};

/// One way to change a group, or a run of groups from it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// The tokens it frees; more than none.
    pub(super) freed: u64,
    /// The value that is lost.
    pub(super) loss: u64,
    /// The groups whose place it takes, from its own on.
    pub(super) span: usize,
    /// Which of the group's modes it is.
    pub(super) mode: usize,
}

/// What a unit of loss and a rewritten token cost.
///
/// Bounds: a loss weight is at most 2^61, sums of losses and of tokens at most 2^60, a rewrite
/// weight at most 2^42; so costs stay below 2^122.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    pub(super) loss: i128,
    pub(super) rewrite: i128,
}

impl Weights {
    /// What freeing tokens at a loss costs, behind a first change that is paid for.
    pub(super) fn cost(self, freed: u64, loss: u64) -> i128 {
        self.loss * i128::from(loss) - self.rewrite * i128::from(freed)
    }
}

/// What is to be solved.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    /// The tokens of each group, in prompt order.
    pub(super) tokens: Vec<u64>,
    /// The choices of each group.
    pub(super) choices: Vec<Vec<Choice>>,
    /// The tokens that have to be freed; more than none.
    pub(super) need: u64,
    pub(super) weights: Weights,
}

/// What is chosen for each group, as the place of the choice among the group's own.
pub(super) type Chosen = Vec<Option<u32>>;

/// A solution and how sure it is.
#[derive(Clone, Debug)]
pub(super) struct Solution {
    pub(super) chosen: Chosen,
    /// Whether no other solution costs less.
    pub(super) optimal: bool,
}

impl Problem {
    /// The tokens from each group on, and a zero behind the last.
    fn suffixes(&self) -> Vec<u64> {
        let mut suffixes = vec![0; self.tokens.len() + 1];
        for at in (0..self.tokens.len()).rev() {
            suffixes[at] = suffixes[at + 1] + self.tokens[at];
        }
        suffixes
    }

    /// The fewest tokens that can be left, and how.
    pub(super) fn least(&self) -> (u64, Chosen) {
        let groups = self.tokens.len();
        let suffixes = self.suffixes();
        let mut left = vec![0; groups + 1];
        let mut best: Chosen = vec![None; groups];
        for at in (0..groups).rev() {
            left[at] = self.tokens[at] + left[at + 1];
            for (number, choice) in self.choices[at].iter().enumerate() {
                let end = at + choice.span;
                let other = suffixes[at] - suffixes[end] - choice.freed + left[end];
                if other < left[at] {
                    left[at] = other;
                    best[at] = Some(number as u32);
                }
            }
        }
        let mut at = 0;
        while at < groups {
            let span = best[at].map_or(1, |number| self.choices[at][number as usize].span);
            best[at + 1..at + span].fill(None);
            at += span;
        }
        (left[0], best)
    }

    /// What a solution frees, what it costs; nothing if it changes no group.
    fn score(&self, chosen: &Chosen, suffixes: &[u64]) -> (u64, Option<i128>) {
        let (mut freed, mut loss, mut first) = (0, 0, None);
        for (at, number) in chosen.iter().enumerate() {
            let Some(number) = number else { continue };
            let choice = self.choices[at][*number as usize];
            first = first.or(Some(at));
            freed += choice.freed;
            loss += choice.loss;
        }
        let rewrite = |first: usize| self.weights.rewrite * i128::from(suffixes[first]);
        (freed, first.map(|first| rewrite(first) + self.weights.cost(freed, loss)))
    }

    /// Finds a solution; `least` is one that frees enough, if only just any.
    pub(super) fn solve(&self, least: Chosen) -> Solution {
        let suffixes = self.suffixes();
        let (mut chosen, mut known) = self.swept(least, &suffixes);
        if self.tokens.len() > PLAN_EXACT_GROUPS_MAX {
            window::polish(self, &suffixes, &mut chosen);
            known = self.score(&chosen, &suffixes).1.unwrap_or(known);
        }
        // Of a long prompt the last part is searched: where rewriting is dear, the change is there.
        let tail = self.tokens.len().saturating_sub(PLAN_EXACT_GROUPS_MAX);
        let stops: Vec<_> = suffixes[tail..]
            .iter()
            .map(|&tokens| self.weights.rewrite * i128::from(tokens))
            .collect();
        let (choices, need) = (&self.choices[tail..], self.need);
        let found = frontier::search(choices, &stops, need, self.weights, known, PLAN_STATES_MAX);
        let better = found.chosen.map(|found| {
            let mut chosen = vec![None; tail];
            chosen.extend(found);
            chosen
        });
        Solution { chosen: better.unwrap_or(chosen), optimal: tail == 0 && found.exhaustive }
    }

    /// Finds a good solution in O(n log n), and what it costs.
    fn swept(&self, least: Chosen, suffixes: &[u64]) -> (Chosen, i128) {
        let mut chosen = self.relaxed(least);
        let (_, cost) = self.score(&chosen, suffixes);
        let mut best = cost.unwrap_or(i128::MAX);
        for other in sweep::solutions(self, suffixes) {
            if let (freed, Some(cost)) = self.score(&other, suffixes)
                && freed >= self.need
                && cost < best
            {
                (best, chosen) = (cost, other);
            }
        }
        (chosen, best)
    }

    /// Takes back the choices that lose most for what they free, as far as enough stays freed.
    fn relaxed(&self, mut chosen: Chosen) -> Chosen {
        let taken = |at: usize, number: &Option<u32>| {
            number.map(|number| (at, self.choices[at][number as usize]))
        };
        let mut changes: Vec<_> =
            chosen.iter().enumerate().filter_map(|(at, number)| taken(at, number)).collect();
        let mut spare =
            changes.iter().map(|(_, choice)| choice.freed).sum::<u64>().saturating_sub(self.need);
        changes.sort_by(|(one, a), (two, b)| {
            hull::by_ratio((b.freed, b.loss), (a.freed, a.loss)).then(one.cmp(two))
        });
        for (at, choice) in changes {
            if choice.freed <= spare {
                spare -= choice.freed;
                chosen[at] = None;
            }
        }
        chosen
    }
}
