//! Blocks: the groups that one compaction may replace, taken as one item with choices of its own.

use std::collections::BTreeMap;

use super::hull::{Trade, by_ratio, hull};
use super::ranked::Ranked;
use super::{Choice, Chosen, Problem};

/// One group, or the neighbours that a compaction spans. Blocks follow each other without a gap.
#[derive(Debug)]
pub(super) struct Block {
    /// The first of its groups.
    pub(super) first: usize,
    /// How many groups it has.
    groups: usize,
    /// What can be done to it. The place of a choice here is no place in a group's choices.
    pub(super) choices: Vec<Choice>,
    /// What each choice does to the groups; for a block of one group its own choice.
    ways: Vec<Way>,
    /// Choices of single groups, cheapest first, each in place of an earlier one of its group.
    path: Vec<(u32, u32)>,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    /// The first group's choice of this place.
    Own(u32),
    /// So many choices of the path.
    Path(usize),
}

/// Cuts the groups into blocks.
///
/// Where compactions overlap, those that lose least a token are kept, and of equal ones the
/// longest: the sweep decides between a compaction and the choices of the groups below it, not
/// between two compactions. The exact search does both.
pub(super) fn blocks(problem: &Problem) -> Vec<Block> {
    let mut taken: BTreeMap<usize, (usize, u32)> = BTreeMap::new();
    for (at, number, choice) in compactions(problem) {
        let end = at + choice.span;
        let before = taken.range(..end).next_back();
        if before.is_none_or(|(&first, &(groups, _))| first + groups <= at) {
            taken.insert(at, (choice.span, number));
        }
    }
    let mut blocks = Vec::with_capacity(problem.tokens.len());
    let mut at = 0;
    while at < problem.tokens.len() {
        let block = match taken.get(&at) {
            Some(&(groups, number)) => Block::spanned(problem, at, groups, number),
            None => Block::single(problem, at),
        };
        at += block.groups;
        blocks.push(block);
    }
    blocks
}

fn compactions(problem: &Problem) -> Vec<(usize, u32, Choice)> {
    let mut found = Vec::new();
    for (at, choices) in problem.choices.iter().enumerate() {
        for (number, &choice) in choices.iter().enumerate().filter(|(_, choice)| choice.span > 1) {
            found.push((at, number as u32, choice));
        }
    }
    found.sort_by(|(at, _, one), (place, _, two)| {
        by_ratio((one.freed, one.loss), (two.freed, two.loss))
            .then(two.span.cmp(&one.span))
            .then(place.cmp(at))
    });
    found
}

impl Block {
    fn single(problem: &Problem, at: usize) -> Self {
        let own = problem.choices[at].iter().enumerate().filter(|(_, choice)| choice.span == 1);
        let (ways, choices) =
            own.map(|(number, &choice)| (Way::Own(number as u32), choice)).unzip();
        Block { first: at, groups: 1, choices, ways, path: Vec::new() }
    }

    fn spanned(problem: &Problem, at: usize, groups: usize, number: u32) -> Self {
        let single = |choices: &Vec<Choice>| -> Vec<Choice> {
            choices.iter().filter(|choice| choice.span == 1).copied().collect()
        };
        let below: Vec<Vec<Choice>> = problem.choices[at..at + groups].iter().map(single).collect();
        let ranked = Ranked::new(below.iter().map(Vec::as_slice), problem.weights);
        let mut path = Vec::new();
        let mut points: Vec<(Trade, Way)> = Vec::new();
        let mut sum: Trade = (0, 0);
        for part in ranked.parts() {
            let group = at + part.item as usize;
            // Back from the place among the single choices to that among all of the group.
            let singles =
                problem.choices[group].iter().enumerate().filter(|(_, choice)| choice.span == 1);
            let number = singles.map(|(number, _)| number).nth(part.choice as usize);
            let number = number.expect("the part was made from this group's single choices");
            path.push((group as u32, number as u32));
            sum = (sum.0 + part.trade.0, sum.1 + part.trade.1);
            points.push((sum, Way::Path(path.len())));
        }
        let compaction = problem.choices[at][number as usize];
        points.push(((compaction.freed, compaction.loss), Way::Own(number)));
        let trades: Vec<Trade> = points.iter().map(|(trade, _)| *trade).collect();
        let (mut choices, mut ways) = (Vec::new(), Vec::new());
        for place in hull(&trades) {
            let ((freed, loss), way) = points[place];
            choices.push(Choice { freed, loss, span: 1, mode: place });
            ways.push(way);
        }
        Block { first: at, groups, choices, ways, path }
    }

    /// Writes what a choice of the block does to its groups.
    pub(super) fn apply(&self, choice: usize, chosen: &mut Chosen) {
        match self.ways[choice] {
            Way::Own(number) => chosen[self.first] = Some(number),
            Way::Path(length) => {
                for &(group, number) in &self.path[..length] {
                    chosen[group as usize] = Some(number);
                }
            }
        }
    }
}
