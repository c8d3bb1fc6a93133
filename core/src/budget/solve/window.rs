//! Windows: a stretch of a long prompt is decided again, exactly, with all around it as it is.

use super::{Choice, Chosen, Problem, frontier};
use crate::limits::{PLAN_EXACT_GROUPS_MAX, PLAN_STATES_MAX};

/// Windows that are looked at, from the first change on.
const WINDOWS: usize = 4;

/// Makes a solution better where its first change is and behind it; compactions and the steps of
/// the groups below them are weighed against each other here.
pub(super) fn polish(problem: &Problem, suffixes: &[u64], chosen: &mut Chosen) {
    let Some(first) = chosen.iter().position(Option::is_some) else { return };
    let mut from = first.saturating_sub(PLAN_EXACT_GROUPS_MAX / 2);
    for _ in 0..WINDOWS {
        if from >= chosen.len() {
            return;
        }
        let ends = boundary(problem, chosen, from + PLAN_EXACT_GROUPS_MAX);
        decide(problem, suffixes, chosen, from, ends);
        from = ends;
    }
}

/// The first place from `least` on that no chosen compaction spans.
fn boundary(problem: &Problem, chosen: &Chosen, least: usize) -> usize {
    let mut at = 0;
    while at < least.min(chosen.len()) {
        at += chosen[at].map_or(1, |number| problem.choices[at][number as usize].span);
    }
    at
}

fn decide(problem: &Problem, suffixes: &[u64], chosen: &mut Chosen, from: usize, to: usize) {
    let picked = |at: usize| chosen[at].map(|number| problem.choices[at][number as usize]);
    let freed = |groups: std::ops::Range<usize>| -> u64 {
        groups.filter_map(picked).map(|choice| choice.freed).sum()
    };
    let need = problem.need.saturating_sub(freed(0..from) + freed(to..chosen.len()));
    let inside = |at: usize| move |choice: &&Choice| at + choice.span <= to;
    let items: Vec<Vec<Choice>> = (from..to)
        .map(|at| problem.choices[at].iter().filter(inside(at)).copied().collect())
        .collect();
    // Behind a change before the window the cache is lost anyway.
    let paid = (0..from).any(|at| chosen[at].is_some());
    let stop = |first: Option<usize>| match first {
        Some(first) if !paid => problem.weights.rewrite * i128::from(suffixes[first]),
        _ => 0,
    };
    let behind = (to..chosen.len()).find(|&at| chosen[at].is_some());
    let mut stops: Vec<i128> = (from..to).map(|at| stop(Some(at))).collect();
    stops.push(stop(behind));
    let cost = |choice: Choice| problem.weights.cost(choice.freed, choice.loss);
    let first = (from..to).find(|&at| chosen[at].is_some()).or(behind);
    let known = stop(first) + (from..to).filter_map(picked).map(cost).sum::<i128>();
    let found = frontier::search(&items, &stops, need, problem.weights, known, PLAN_STATES_MAX);
    let Some(better) = found.chosen else { return };
    for (at, number) in (from..to).zip(better) {
        // Back from the place among those inside to that among all of the group.
        let places =
            problem.choices[at].iter().enumerate().filter(|(_, choice)| inside(at)(choice));
        let mut places = places.map(|(place, _)| place as u32);
        chosen[at] = number.and_then(|number| places.nth(number as usize));
    }
}
