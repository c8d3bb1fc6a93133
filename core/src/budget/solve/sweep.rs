//! The greedy sweep: the best places for the first change, each made better around its edge.

use std::collections::BTreeSet;

use super::block::{Block, blocks};
use super::ranked::Ranked;
use super::{Choice, Chosen, Problem, frontier, multiplier};

/// Places of a first change that are looked at closely. They differ little where it matters
/// little, so few are enough.
const PLACES: usize = 4;

/// Blocks whose decision is taken again by exact search: those nearest to the edge between what
/// the relaxation takes and leaves. Pisinger's "core"; a few dozen hold almost every difference
/// between relaxation and optimum.
const CORE_BLOCKS: usize = 32;

/// Partial plans that the search of a core keeps: it is done for several places, and what it misses
/// the search of everything may still find.
const CORE_STATES: usize = 128;

/// Choices, over all places, for which the Lagrangian relaxation is solved: with many groups there
/// are fewer places, which then differ less.
const MULTIPLIED_CHOICES: usize = 1 << 19;

/// Returns good solutions; none where blocks cannot free enough.
pub(super) fn solutions(problem: &Problem, suffixes: &[u64]) -> Vec<Chosen> {
    let blocks = blocks(problem);
    let ranked = Ranked::new(blocks.iter().map(|block| block.choices.as_slice()), problem.weights);
    let sweep = Sweep { problem, suffixes, blocks, ranked };
    sweep.run()
}

#[derive(Debug)]
struct Sweep<'a> {
    problem: &'a Problem,
    suffixes: &'a [u64],
    blocks: Vec<Block>,
    ranked: Ranked,
}

/// A place for the first change, and the greedy solution behind it.
#[derive(Clone, Copy, Debug)]
struct Place {
    block: usize,
    ranks: usize,
}

/// The cheapest places, by one measure.
#[derive(Debug, Default)]
struct Cheapest(Vec<(i128, Place)>);

impl Cheapest {
    fn offer(&mut self, cost: i128, place: Place) {
        let at = self.0.partition_point(|(other, _)| *other <= cost);
        if at < PLACES {
            self.0.insert(at, (cost, place));
            self.0.truncate(PLACES);
        }
    }
}

/// Returns the most promising places for the first change, best first, and at last the leftmost
/// one, where everything may be changed. `first` says at which group an item begins.
fn places(
    problem: &Problem,
    suffixes: &[u64],
    ranked: &mut Ranked,
    items: usize,
    first: impl Fn(usize) -> usize,
) -> Vec<Place> {
    let (mut by_cost, mut by_bound) = (Cheapest::default(), Cheapest::default());
    let mut leftmost = None;
    for block in (0..items).rev() {
        ranked.add(block);
        let Some(&cheapest) = ranked.ranks_of(block).first() else { continue };
        let Some(cover) = ranked.cover(problem.need) else { continue };
        let place = Place { block, ranks: cover.ranks };
        leftmost = Some(place);
        // A block that the greedy solution leaves alone is no first change.
        if cheapest as usize >= cover.ranks {
            continue;
        }
        let rewrite = problem.weights.rewrite * i128::from(suffixes[first(block)]);
        by_cost.offer(rewrite + cover.cost, place);
        by_bound.offer(rewrite + cover.bound, place);
    }
    let mut places: Vec<Place> =
        by_cost.0.iter().chain(&by_bound.0).map(|(_, place)| *place).chain(leftmost).collect();
    let mut seen = BTreeSet::new();
    places.retain(|place| seen.insert(place.block));
    places
}

impl Sweep<'_> {
    fn run(mut self) -> Vec<Chosen> {
        let (problem, suffixes, blocks) = (self.problem, self.suffixes, &self.blocks);
        let first = |block: usize| blocks[block].first;
        let close = places(problem, suffixes, &mut self.ranked, blocks.len(), first);
        let mut solutions: Vec<Chosen> = close.iter().map(|place| self.refined(*place)).collect();
        if problem.choices.iter().flatten().any(|choice| choice.span > 1) {
            // Once more by groups: compactions that blocks left out count here.
            let choices = problem.choices.iter().map(Vec::as_slice);
            let mut ranked = Ranked::new(choices, problem.weights);
            let groups = problem.choices.len();
            let others = places(problem, suffixes, &mut ranked, groups, |group| group);
            let mut firsts: Vec<usize> = others.iter().map(|place| place.block).collect();
            firsts.extend(close.iter().map(|place| self.blocks[place.block].first));
            let mut seen = BTreeSet::new();
            firsts.retain(|&first| seen.insert(first));
            let choices = problem.choices.iter().map(Vec::len).sum::<usize>();
            firsts.truncate(1 + MULTIPLIED_CHOICES / choices.max(1));
            let found = firsts.iter().filter_map(|&first| multiplier::solution(problem, first));
            solutions.extend(found);
        }
        solutions
    }

    /// The greedy solution of a place, with the blocks near its edge decided exactly.
    fn refined(&self, place: Place) -> Chosen {
        let parts = self.ranked.parts();
        let mut levels: Vec<Option<u32>> = vec![None; self.blocks.len()];
        for part in parts[..place.ranks].iter().filter(|part| part.item as usize >= place.block) {
            levels[part.item as usize] = Some(part.choice);
        }
        let core = self.core(place);
        let greedy =
            |block: usize| levels[block].map(|choice| self.blocks[block].choices[choice as usize]);
        let sum = |blocks: &mut dyn Iterator<Item = usize>| {
            blocks.filter_map(greedy).map(|choice| choice.freed).sum::<u64>()
        };
        let all = sum(&mut (0..self.blocks.len()));
        let inside = sum(&mut core.iter().copied());
        let need = self.problem.need.saturating_sub(all - inside);
        let weights = self.problem.weights;
        let costs = core.iter().copied().filter_map(greedy);
        let known = costs.map(|choice| weights.cost(choice.freed, choice.loss)).sum();
        let items: Vec<Vec<Choice>> =
            core.iter().map(|&block| self.blocks[block].choices.clone()).collect();
        // The first change is paid for already, wherever in the core the search changes first.
        let stops = vec![0; items.len() + 1];
        let found = frontier::search(&items, &stops, need, weights, known, CORE_STATES);
        if let Some(better) = found.chosen {
            for (&block, choice) in core.iter().zip(better) {
                levels[block] = choice;
            }
        }
        let mut chosen = vec![None; self.problem.tokens.len()];
        for (block, level) in self.blocks.iter().zip(levels) {
            if let Some(choice) = level {
                block.apply(choice as usize, &mut chosen);
            }
        }
        chosen
    }

    /// The blocks whose parts lie nearest to the edge on either side, in prompt order.
    fn core(&self, place: Place) -> Vec<usize> {
        let parts = self.ranked.parts();
        let (below, above) = parts.split_at(place.ranks);
        let behind = |part: &&super::ranked::Part| part.item as usize >= place.block;
        let mut below = below.iter().rev().filter(behind);
        let mut above = above.iter().filter(behind);
        let mut core = Vec::with_capacity(CORE_BLOCKS);
        while core.len() < CORE_BLOCKS {
            let (one, two) = (below.next(), above.next());
            if one.is_none() && two.is_none() {
                break;
            }
            for part in [one, two].into_iter().flatten() {
                let block = part.item as usize;
                if !core.contains(&block) {
                    core.push(block);
                }
            }
        }
        core.sort_unstable();
        core
    }
}
