//! The Lagrangian relaxation: a price is paid for each token that is freed, and found by bisection.
//!
//! At a fixed price what is best for the groups from one place on follows from what is best from
//! later places on, overlapping compactions included, in one pass. The higher the price, the more
//! is freed (Everett, 1963); the lowest price at which enough is freed gives a solution that frees
//! little too much.

use super::{Choice, Chosen, Problem};

/// Bits of a unit of loss, for one token, that the bisection resolves.
const FRACTION_BITS: u32 = 20;

/// Returns a solution whose first change is at `first` or behind it; nothing if none frees enough.
pub(super) fn solution(problem: &Problem, first: usize) -> Option<Chosen> {
    let cost = |choice: &Choice| problem.weights.cost(choice.freed, choice.loss);
    let dearest = problem.choices[first..]
        .iter()
        .flatten()
        .map(|choice| (cost(choice) / i128::from(choice.freed)).saturating_add(1));
    // At twice the dearest choice's own price, and more, nothing better is left.
    let mut high = dearest.max()?.max(1).saturating_mul(2);
    let mut low = 0;
    let fine = (problem.weights.loss >> FRACTION_BITS).max(1);
    let mut table = Table { best: vec![0; problem.tokens.len() + 1], chosen: Vec::new() };
    let mut found = table.solve(problem, first, high).then(|| table.taken(problem, first))?;
    while high - low > fine {
        let price = low + (high - low) / 2;
        if table.solve(problem, first, price) {
            high = price;
            found = table.taken(problem, first);
        } else {
            low = price;
        }
    }
    Some(problem.relaxed(found))
}

/// What is best from each group on.
struct Table {
    best: Vec<i128>,
    chosen: Chosen,
}

impl Table {
    /// Fills the table for a price; returns whether enough is freed. Numbers so large that they
    /// saturate make the solution worse, never wrong.
    fn solve(&mut self, problem: &Problem, first: usize, price: i128) -> bool {
        let groups = problem.tokens.len();
        self.chosen.clear();
        self.chosen.resize(groups, None);
        for at in (first..groups).rev() {
            self.best[at] = self.best[at + 1];
            for (number, choice) in problem.choices[at].iter().enumerate() {
                let cost = problem.weights.cost(choice.freed, choice.loss);
                let paid = price.saturating_mul(i128::from(choice.freed));
                let behind = self.best[at + choice.span];
                let other = behind.saturating_add(cost.saturating_sub(paid));
                if other < self.best[at] {
                    self.best[at] = other;
                    self.chosen[at] = Some(number as u32);
                }
            }
        }
        let (mut at, mut freed) = (first, 0u64);
        while at < groups {
            let choice = self.chosen[at].map(|number| problem.choices[at][number as usize]);
            freed += choice.map_or(0, |choice| choice.freed);
            at += choice.map_or(1, |choice| choice.span);
        }
        freed >= problem.need
    }

    /// Returns what the table chooses, without what stands below a compaction.
    fn taken(&self, problem: &Problem, first: usize) -> Chosen {
        let mut taken = self.chosen.clone();
        let mut at = first;
        while at < taken.len() {
            let span = taken[at].map_or(1, |number| problem.choices[at][number as usize].span);
            taken[at + 1..at + span].fill(None);
            at += span;
        }
        taken
    }
}
