//! What a choice of modes leaves of a prompt.

use super::solve::{Choice, Problem};
use super::together::{Beside, Rest, Together};
use super::{PlanAction, PlanGroup};
use crate::tokens::Count;

/// The number of the mode that is chosen for each group.
pub(super) type Modes = Vec<Option<usize>>;

/// What a choice of modes leaves, and what it costs.
pub(super) struct Left {
    /// The tokens of all that is left.
    pub(super) after: Count,
    pub(super) rests: Vec<Rest>,
    pub(super) beside: Beside,
    /// The tokens before the first change, which a prompt cache keeps.
    pub(super) cached: u64,
    /// The tokens from there on.
    pub(super) rewritten: u64,
    /// What is lost, in the problem's own measure.
    pub(super) loss: u64,
}

impl Left {
    pub(super) fn of<K>(
        groups: &[PlanGroup<K>],
        together: &Together,
        problem: &Problem,
        modes: &Modes,
    ) -> Left {
        let mut rests = vec![Rest::Stays; groups.len()];
        let mut tokens: Vec<Count> = groups.iter().map(PlanGroup::tokens).collect();
        let (mut loss, mut first) = (0u64, None::<usize>);
        let place = |at: usize| together.place(at);
        for (at, mode) in modes.iter().enumerate() {
            let Some(number) = *mode else { continue };
            let mode = &groups[at].modes()[number];
            let of_mode = |choice: &&Choice| choice.mode == number;
            let choice = problem.choices[at].iter().find(of_mode);
            loss = loss.saturating_add(choice.map_or(0, |choice| choice.loss));
            for member in at..at + mode.span {
                first = Some(first.map_or(place(member), |first| first.min(place(member))));
                tokens[member] = Count::ZERO;
                rests[member] = Rest::Gone;
            }
            tokens[at] = mode.tokens;
            rests[at] = match mode.action {
                PlanAction::Compact => Rest::Summary,
                PlanAction::Trim => Rest::Stays,
                PlanAction::Refresh | PlanAction::Hide | PlanAction::Forget => Rest::Gone,
            };
        }
        let beside = together.beside(&rests);
        let keeps = |at: usize| !beside.tools_change && first.is_none_or(|first| place(at) < first);
        // Tools stand ahead of all groups, the placeholder behind what is kept.
        let high = |count: Count| count.high();
        let (mut cached, mut rewritten) = match beside.tools_change {
            true => (0, high(beside.tools)),
            false => (high(beside.tools), 0),
        };
        let part = if first.is_none() { &mut cached } else { &mut rewritten };
        *part = part.saturating_add(high(beside.placeholder));
        let mut after = Count::ZERO;
        for (at, tokens) in tokens.into_iter().enumerate() {
            after += tokens;
            let part = if keeps(at) { &mut cached } else { &mut rewritten };
            *part = part.saturating_add(tokens.high());
        }
        after += beside.tokens();
        Left { after, rests, beside, cached, rewritten, loss }
    }
}
