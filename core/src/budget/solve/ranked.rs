//! The linear relaxation: parts of choices from cheap to dear, of which some are at hand.

use super::hull::{Trade, by_ratio, hull, step};
use super::{Choice, Weights};

/// One step along the hull of an item's choices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// The item that it belongs to.
    pub(super) item: u32,
    /// The choice of the item that is reached by it.
    pub(super) choice: u32,
    pub(super) trade: Trade,
}

/// All parts by their loss a token, and the sums of those at hand in a Fenwick tree.
#[derive(Debug)]
pub(super) struct Ranked {
    parts: Vec<Part>,
    /// The ranks of each item's parts, item by item; `starts` says where each item's begin.
    ranks: Vec<u32>,
    starts: Vec<u32>,
    /// How many parts, from the cheapest on, cost less than nothing.
    gains: usize,
    tree: Vec<(u64, i128)>,
    weights: Weights,
}

/// The cheapest parts at hand that free enough.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cover {
    /// How many ranks it takes: the parts at hand of a lower rank.
    pub(super) ranks: usize,
    /// What it costs with the last part taken whole.
    pub(super) cost: i128,
    /// What it costs at the least, were parts divisible.
    pub(super) bound: i128,
}

impl Ranked {
    /// Ranks the parts of all items; none is at hand yet.
    ///
    /// A choice that spans several items is taken for an item of its own, so that it and choices
    /// of the items it spans may be at hand together: bounds stay bounds, only less tight.
    pub(super) fn new<'a>(items: impl Iterator<Item = &'a [Choice]>, weights: Weights) -> Self {
        let mut parts = Vec::new();
        let mut count = 0;
        for (item, choices) in items.enumerate() {
            count += 1;
            let single = |choice: &Choice| choice.span == 1;
            let own: Vec<u32> =
                (0..choices.len() as u32).filter(|&at| single(&choices[at as usize])).collect();
            let trades: Vec<Trade> = own.iter().map(|&at| trade(&choices[at as usize])).collect();
            let mut before = (0, 0);
            for at in hull(&trades) {
                let trade = step(before, trades[at]);
                parts.push(Part { item: item as u32, choice: own[at], trade });
                before = trades[at];
            }
            for (at, choice) in choices.iter().enumerate().filter(|(_, choice)| !single(choice)) {
                parts.push(Part { item: item as u32, choice: at as u32, trade: trade(choice) });
            }
        }
        // Of equal parts the one furthest right: it breaks the least of a cached prompt. The sort
        // is stable, so an item's own parts keep the order of the hull.
        parts.sort_by(|one, two| by_ratio(one.trade, two.trade).then(two.item.cmp(&one.item)));
        let mut starts = vec![0u32; count + 1];
        for part in &parts {
            starts[part.item as usize + 1] += 1;
        }
        for item in 0..count {
            starts[item + 1] += starts[item];
        }
        let mut ends = starts.clone();
        let mut ranks = vec![0; parts.len()];
        for (rank, part) in parts.iter().enumerate() {
            let end = &mut ends[part.item as usize];
            ranks[*end as usize] = rank as u32;
            *end += 1;
        }
        let gains = parts.partition_point(|part| weights.cost(part.trade.0, part.trade.1) < 0);
        let tree = vec![(0, 0); parts.len() + 1];
        Ranked { parts, ranks, starts, gains, tree, weights }
    }

    /// Returns the parts by rank.
    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Returns the ranks of an item's parts, cheapest first.
    pub(super) fn ranks_of(&self, item: usize) -> &[u32] {
        &self.ranks[self.starts[item] as usize..self.starts[item + 1] as usize]
    }

    /// Puts an item's parts at hand.
    pub(super) fn add(&mut self, item: usize) {
        self.change(item, |sum, part| (sum.0 + part.0, sum.1 + part.1));
    }

    /// Takes an item's parts away again.
    pub(super) fn remove(&mut self, item: usize) {
        self.change(item, |sum, part| (sum.0 - part.0, sum.1 - part.1));
    }

    fn change(&mut self, item: usize, apply: impl Fn((u64, i128), (u64, i128)) -> (u64, i128)) {
        for at in self.starts[item]..self.starts[item + 1] {
            let rank = self.ranks[at as usize] as usize;
            let part = self.worth(rank);
            let mut node = rank + 1;
            while node < self.tree.len() {
                self.tree[node] = apply(self.tree[node], part);
                node += node & node.wrapping_neg();
            }
        }
    }

    fn worth(&self, rank: usize) -> (u64, i128) {
        let (freed, loss) = self.parts[rank].trade;
        (freed, self.weights.cost(freed, loss))
    }

    /// Returns the cheapest parts at hand that free `need` tokens, with all that cost less than
    /// nothing; nothing if all at hand do not free enough.
    pub(super) fn cover(&self, need: u64) -> Option<Cover> {
        let gained = self.below(self.gains);
        if gained.0 >= need {
            return Some(Cover { ranks: self.gains, cost: gained.1, bound: gained.1 });
        }
        // Down the tree to the last rank before which there is not yet enough.
        let (mut rank, mut sum) = (0, (0, 0));
        let mut stride = self.parts.len().checked_ilog2().map_or(0, |log| 1usize << log);
        while stride > 0 {
            if let Some(node) = self.tree.get(rank + stride)
                && sum.0 + node.0 < need
            {
                rank += stride;
                sum = (sum.0 + node.0, sum.1 + node.1);
            }
            stride /= 2;
        }
        if rank == self.parts.len() {
            return None;
        }
        let (freed, cost) = self.worth(rank);
        let share = share(cost, need - sum.0, freed);
        Some(Cover { ranks: rank + 1, cost: sum.1 + cost, bound: sum.1 + share })
    }

    /// Returns the sums of the parts at hand below a rank.
    fn below(&self, rank: usize) -> (u64, i128) {
        let (mut node, mut sum) = (rank, (0, 0));
        while node > 0 {
            sum = (sum.0 + self.tree[node].0, sum.1 + self.tree[node].1);
            node -= node & node.wrapping_neg();
        }
        sum
    }
}

fn trade(choice: &Choice) -> Trade {
    (choice.freed, choice.loss)
}

/// Returns `cost * tokens / of`, rounded down, for `tokens <= of` without a product beyond 128 bits.
fn share(cost: i128, tokens: u64, of: u64) -> i128 {
    let (tokens, of) = (i128::from(tokens), i128::from(of));
    cost / of * tokens + cost % of * tokens / of
}
