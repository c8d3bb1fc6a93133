//! The way to a plan: what may be done first, what costs least, and whether it truly fits.

use std::cmp::Reverse;
use std::fmt;

use super::group::Hold;
use super::left::{Left, Modes};
use super::shortfall;
use super::solve::{Choice, Chosen, Problem, Weights};
use super::together::{Opening, Together};
use super::{Budget, Plan, PlanAction, PlanGroup, PlanMode, PlanStep};
use crate::error::{Error, Result, Shortfall};
use crate::limits::{BUDGET_TOKENS_MAX, PLAN_GROUPS_MAX};
use crate::tokens::Count;

/// The most that a number is taken for. A group of more tokens than any budget has must be made
/// smaller anyway, so it does not matter by how much; and sums cannot overflow.
const CLAMP: u64 = BUDGET_TOKENS_MAX + 1;

/// Solutions that are looked at: what stands beside the groups depends on what is chosen.
const SOLVES_MAX: usize = 6;

/// Plans that are tried where a request may cost something else than its groups tell.
const ATTEMPTS: usize = 4;

/// Steps of such a plan that are tried to be spared: each costs a count.
const SPARED_MAX: usize = 8;

/// What may go from beside the groups when a step is taken back: a placeholder, a tool's overhead.
const BESIDE_TOKENS: u64 = 64;

/// Small groups that are looked at for a beginning cheaper than the placeholder.
const BEGINNINGS_MAX: usize = 64;

/// The finest that a loss is divided into, so that of equal losses the oldest is taken.
const SCALE_MAX: usize = 1_024;

/// Groups that are looked at while steps are taken back, in all trials together.
const TRIED_GROUPS_MAX: usize = 1 << 24;

/// What a rewritten token counts where results are trimmed, in thousandths of a token that matters
/// fully: of results that are worth about the same the later one goes.
const REWRITTEN: i128 = 10;

/// How a plan is looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ways {
    pub(crate) together: Together,
    /// Whether results and outdated files go before anything that was said.
    pub(crate) mild_first: bool,
    /// Whether of equal losses the oldest is taken, not the one that rewrites the least.
    pub(crate) oldest_first: bool,
}

/// The count of what a choice of modes leaves, where it is not the sum of what groups tell.
pub(crate) type Verify<'a> = dyn FnMut(&[(usize, PlanMode)]) -> Result<Option<Count>> + 'a;

/// How much may be done: more only where less does not do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Results are trimmed, outdated files give way.
    Mild,
    /// All but what is for the last resort.
    Usual,
    LastResort,
}

struct Search<'a, K> {
    groups: &'a [PlanGroup<K>],
    budget: &'a Budget,
    ways: &'a Ways,
    /// All modes, their losses multiplied by the scale.
    problem: Problem,
    scale: u64,
}

/// Plans how a prompt is made to fit, as [`plan`](super::plan()) says; what is left is counted anew
/// where `verify` says so.
pub(crate) fn search<K: Clone + fmt::Display>(
    groups: &[PlanGroup<K>],
    budget: &Budget,
    ways: &Ways,
    verify: &mut Verify<'_>,
) -> Result<Plan<K>> {
    budget.check()?;
    if groups.len() > PLAN_GROUPS_MAX {
        let count = groups.len();
        return Err(Error::invalid(format!("{count} groups to plan, at most {PLAN_GROUPS_MAX}")));
    }
    for (at, group) in groups.iter().enumerate() {
        group.check(groups.len() - at - 1)?;
    }
    let scale = match ways.oldest_first {
        // Sums of losses stay below 2^60.
        true => ((1 << 20) / groups.len().next_power_of_two()).clamp(1, SCALE_MAX) as u64,
        false => 1,
    };
    let mut search = Search {
        groups,
        budget,
        ways,
        problem: Problem {
            tokens: groups.iter().map(|group| group.tokens().high().min(CLAMP)).collect(),
            choices: Vec::new(),
            need: 0,
            weights: weights(budget, scale),
        },
        scale,
    };
    search.problem.choices = search.choices();
    let none: Modes = vec![None; groups.len()];
    let whole = search.left(&none);
    if whole.after.high() <= budget.high_mark() {
        let after = whole.after;
        return Ok(search.plan(&none, &whole, after, whole.after.high(), true));
    }
    search.look(&none, &whole, verify)
}

fn weights(budget: &Budget, scale: u64) -> Weights {
    match budget.known_prices() {
        Some(prices) if prices.rewrite() > 0 => Weights {
            loss: i128::from(prices.input) * i128::from(budget.turns()),
            rewrite: 1_000 * i128::from(scale) * i128::from(prices.rewrite()),
        },
        // A unit of loss outweighs all tokens that there can be, which then decide between equals.
        _ => Weights { loss: 1 << 61, rewrite: 1 },
    }
}

impl<K: Clone + fmt::Display> Search<'_, K> {
    fn choices(&self) -> Vec<Vec<Choice>> {
        let groups = self.groups;
        // Sums over the groups before each place, so that a span costs no walk.
        let (mut sums, mut held) = (vec![0u64], vec![0usize]);
        for (group, tokens) in groups.iter().zip(&self.problem.tokens) {
            sums.push(sums[sums.len() - 1] + tokens);
            held.push(held[held.len() - 1] + usize::from(group.hold() != Hold::Free));
        }
        let of = |at: usize| {
            let mut choices = Vec::with_capacity(groups[at].modes().len());
            let mut least = 0;
            for (number, mode) in groups[at].modes().iter().enumerate() {
                let end = at + mode.span;
                let before = sums[end] - sums[at];
                let freed = before.saturating_sub(mode.tokens.high().min(CLAMP));
                let mut loss = mode.loss.min(CLAMP);
                if mode.action != PlanAction::Compact {
                    // A later mode includes the earlier ones, so it loses as much at the least.
                    least = loss.max(least);
                    loss = least;
                }
                let is_trimmed = mode.action == PlanAction::Trim && groups[at].may_be_trimmed();
                let may = held[end] == held[at] || groups[at].is_last_resort() || is_trimmed;
                if freed > 0 && may {
                    let loss = loss * self.scale + self.recency(at);
                    choices.push(Choice { freed, loss, span: mode.span, mode: number });
                }
            }
            choices
        };
        (0..groups.len()).map(of).collect()
    }

    /// What is added to a loss so that of equal ones the oldest is the least: less than a unit.
    fn recency(&self, at: usize) -> u64 {
        let place = self.ways.together.place(at) as u64;
        place * (self.scale - 1) / (self.groups.len() as u64).max(1)
    }

    fn look(&self, none: &Modes, whole: &Left, verify: &mut Verify<'_>) -> Result<Plan<K>> {
        let (room, total) = (self.budget.room(), whole.after.high());
        let marks = [self.budget.low_mark(), self.budget.high_mark(), room];
        let mut smallest = None;
        for stage in [Stage::Mild, Stage::Usual, Stage::LastResort] {
            let Some(problem) = self.stage(stage) else { continue };
            let least = self.least(&problem);
            let reached = self.left(&least).after;
            let target = match stage {
                Stage::Mild => marks.into_iter().take(1).find(|mark| *mark >= reached.high()),
                _ => marks.into_iter().find(|mark| *mark >= reached.high()),
            };
            if stage != Stage::Mild && target.is_some_and(|target| target >= total) {
                // Neither mark can be reached, and the prompt fits the room as it is.
                return Ok(self.plan(none, whole, whole.after, total, true));
            }
            if let Some(target) = target
                && let Some(plan) = self.fitting(&problem, &least, target, verify)?
            {
                return Ok(plan);
            }
            if stage == Stage::Mild {
                continue;
            }
            let after = verify(&self.steps(&least))?.unwrap_or(reached);
            if after.high() <= room {
                let (modes, after) = self.spare(&problem, least, (after, room), verify)?;
                return Ok(self.plan(&modes, &self.left(&modes), after, room, false));
            }
            smallest = Some((least, after));
        }
        let (least, after) = smallest.unwrap_or_else(|| (none.clone(), whole.after));
        Err(self.does_not_fit(&least, after))
    }

    /// A plan that comes down to a target, as far as counting again bears it out.
    fn fitting(
        &self,
        problem: &Problem,
        least: &Modes,
        target: u64,
        verify: &mut Verify<'_>,
    ) -> Result<Option<Plan<K>>> {
        let mut aim = target;
        for _ in 0..ATTEMPTS {
            let (modes, optimal) = self.reach(problem, least, aim);
            let counted = verify(&self.steps(&modes))?;
            let after = counted.unwrap_or_else(|| self.left(&modes).after);
            if after.high() <= target {
                let (spared, after) =
                    self.spare(problem, modes.clone(), (after, target), verify)?;
                let optimal = optimal && counted.is_none() && spared == modes;
                return Ok(Some(self.plan(&spared, &self.left(&spared), after, target, optimal)));
            }
            if counted.is_none() {
                return Ok(Some(self.plan(&modes, &self.left(&modes), after, target, optimal)));
            }
            aim = aim.saturating_sub(after.high() - target);
        }
        Ok(None)
    }

    /// Takes back the steps without which a request still fits, by its count: it may be smaller than
    /// its groups tell.
    fn spare(
        &self,
        problem: &Problem,
        mut modes: Modes,
        (mut after, target): (Count, u64),
        verify: &mut Verify<'_>,
    ) -> Result<(Modes, Count)> {
        let mut tried = 0;
        for (at, choice) in chosen_of(problem, &modes) {
            let slack = (target - after.high()).saturating_add(BESIDE_TOKENS);
            if choice.freed > slack || tried == SPARED_MAX {
                continue;
            }
            tried += 1;
            modes[at] = None;
            let count = verify(&self.steps(&modes))?.unwrap_or_else(|| self.left(&modes).after);
            match count.high() <= target {
                true => after = count,
                false => modes[at] = Some(choice.mode),
            }
        }
        Ok((modes, after))
    }

    /// What may be done at a stage; nothing if that is no more than at the one before.
    fn stage(&self, stage: Stage) -> Option<Problem> {
        let keeps: &dyn Fn(usize, PlanAction) -> bool = match stage {
            Stage::Mild if !self.ways.mild_first => return None,
            Stage::Mild => &|at, action| {
                matches!(action, PlanAction::Trim | PlanAction::Refresh)
                    && !self.groups[at].is_last_resort()
            },
            Stage::Usual => &|at, _| !self.groups[at].is_last_resort(),
            Stage::LastResort => &|_, _| true,
        };
        let is_special = self.groups.iter().any(PlanGroup::is_last_resort);
        if stage == Stage::LastResort && !is_special {
            return None;
        }
        let mut problem = self.problem.clone();
        for (at, choices) in problem.choices.iter_mut().enumerate() {
            choices.retain(|choice| keeps(at, self.groups[at].modes()[choice.mode].action));
        }
        if stage == Stage::Mild {
            if problem.choices.iter().all(Vec::is_empty) {
                return None;
            }
            if self.budget.known_prices().is_none() {
                let loss = i128::from(self.scale);
                problem.weights = Weights { loss: 1, rewrite: REWRITTEN * loss };
            }
        }
        Some(problem)
    }

    /// The modes that leave the fewest tokens.
    fn least(&self, problem: &Problem) -> Modes {
        let mut best = modes_of(problem, &problem.least().1);
        let left = self.left(&best);
        let placeholder = left.beside.placeholder.high();
        let mut fewest = left.after.high();
        if placeholder == 0 {
            return best;
        }
        // A short word of the user's may cost less than the placeholder.
        let together = &self.ways.together;
        let begins = |at: &usize| {
            together.opening(*at) == Opening::User && self.problem.tokens[*at] < placeholder
        };
        let mut small: Vec<usize> = (0..self.groups.len()).filter(begins).collect();
        small.sort_by_key(|&at| (self.problem.tokens[at], at));
        for at in small.into_iter().take(BEGINNINGS_MAX) {
            let kept = self.keeping(problem, at);
            let modes = modes_of(&kept, &kept.least().1);
            let high = self.left(&modes).after.high();
            if high < fewest {
                (fewest, best) = (high, modes);
            }
        }
        best
    }

    /// The same problem without what takes a group away.
    fn keeping(&self, problem: &Problem, kept: usize) -> Problem {
        let mut problem = problem.clone();
        for (at, choices) in problem.choices.iter_mut().enumerate().take(kept + 1) {
            choices.retain(|choice| {
                let action = self.groups[at].modes()[choice.mode].action;
                at + choice.span <= kept || action == PlanAction::Trim
            });
        }
        problem
    }

    /// The cheapest modes that come down to a target, and whether that is proved.
    fn reach(&self, problem: &Problem, least: &Modes, target: u64) -> (Modes, bool) {
        let whole = self.left(&vec![None; self.groups.len()]);
        let now = whole.beside.tokens().high();
        let mut queue = vec![self.left(least).beside.tokens().high(), now];
        let (mut tried, mut begins) = (Vec::new(), false);
        let mut best: Option<(i128, Modes, bool)> = None;
        let mut judge = |modes: Modes, optimal: bool| -> Left {
            let left = self.left(&modes);
            let cost = problem.weights.loss * i128::from(left.loss)
                + problem.weights.rewrite * i128::from(left.rewritten.min(1 << 60));
            let is_better = best.as_ref().is_none_or(|(known, ..)| cost < *known);
            if left.after.high() <= target && is_better {
                best = Some((cost, modes, optimal));
            }
            left
        };
        while let Some(reserve) = queue.pop() {
            if tried.contains(&reserve) || tried.len() == SOLVES_MAX {
                continue;
            }
            tried.push(reserve);
            let Some((modes, optimal)) = solved(problem, target, reserve) else { continue };
            let is_first = tried.len() == 1;
            let left = judge(modes, optimal && is_first);
            begins |= left.beside.placeholder.high() > whole.beside.placeholder.high();
            let beside = left.beside.tokens().high();
            let is_better_off = left.after.high() <= target && beside >= reserve;
            if !(is_first && is_better_off) {
                queue.push(beside);
            } else {
                queue.clear();
            }
        }
        // Where the beginning went for a placeholder, the plan that keeps it may lose less.
        if let (true, Some((first, _))) = (begins, self.ways.together.first(&whole.rests))
            && let Some((modes, _)) = solved(&self.keeping(problem, first), target, now)
        {
            judge(modes, false);
        }
        let (modes, optimal) = match best {
            Some((_, modes, optimal)) => (modes, optimal),
            None => (least.clone(), false),
        };
        let given_back = self.give_back(problem, modes.clone(), target);
        let optimal = optimal && given_back == modes;
        (given_back, optimal)
    }

    /// Takes steps back as far as what is left stays below a target, the greatest losses first.
    fn give_back(&self, problem: &Problem, mut modes: Modes, target: u64) -> Modes {
        let mut left = self.left(&modes);
        let steps = chosen_of(problem, &modes);
        let mut trials = (TRIED_GROUPS_MAX / self.groups.len().max(1)).max(SOLVES_MAX);
        for (at, choice) in steps {
            let milder = problem.choices[at].iter().filter(|other| {
                other.mode < choice.mode && other.span <= choice.span && other.loss < choice.loss
            });
            for other in std::iter::once(None).chain(milder.map(Some)) {
                let grows = choice.freed - other.map_or(0, |other| other.freed).min(choice.freed);
                // What comes back can at best make the placeholder needless.
                let slack =
                    (target + left.beside.placeholder.high()).saturating_sub(left.after.high());
                if grows > slack {
                    continue;
                }
                if trials == 0 {
                    return modes;
                }
                trials -= 1;
                modes[at] = other.map(|other| other.mode);
                let now = self.left(&modes);
                if now.after.high() <= target {
                    left = now;
                    break;
                }
                modes[at] = Some(choice.mode);
            }
        }
        modes
    }

    /// What a choice of modes leaves.
    fn left(&self, modes: &Modes) -> Left {
        Left::of(self.groups, &self.ways.together, &self.problem, modes)
    }

    fn steps(&self, modes: &Modes) -> Vec<(usize, PlanMode)> {
        let of =
            |(at, mode): (usize, &Option<usize>)| Some((at, self.groups[at].modes()[(*mode)?]));
        modes.iter().enumerate().filter_map(of).collect()
    }

    fn plan(
        &self,
        modes: &Modes,
        left: &Left,
        after: Count,
        target: u64,
        optimal: bool,
    ) -> Plan<K> {
        let whole = self.left(&vec![None; self.groups.len()]);
        let mut steps = Vec::new();
        for (at, mode) in self.steps(modes) {
            let members = &self.groups[at..at + mode.span];
            let had: Count = members.iter().map(PlanGroup::tokens).sum();
            let number = modes[at];
            let choice = self.problem.choices[at].iter().find(|at| Some(at.mode) == number);
            steps.push(PlanStep {
                action: mode.action,
                keys: members.iter().map(|group| group.key().clone()).collect(),
                index: self.ways.together.place(at),
                tokens: mode.tokens,
                freed: had.high().saturating_sub(mode.tokens.high()),
                loss: choice.map_or(0, |choice| choice.loss / self.scale),
            });
        }
        steps.sort_by_key(|step| step.index);
        let (cached, rewritten) = (left.cached, left.rewritten);
        Plan::new(self.budget, steps, (whole.after, after), target, (cached, rewritten), optimal)
    }

    /// What holds the tokens that are left when all that may go is gone.
    fn does_not_fit(&self, least: &Modes, after: Count) -> Error {
        let left = self.left(least);
        let mut held = Vec::new();
        let mut at = 0;
        while at < self.groups.len() {
            let group = &self.groups[at];
            let (tokens, span) = match least[at].map(|number| group.modes()[number]) {
                Some(mode) => (mode.tokens.high(), mode.span),
                None => (group.tokens().high(), 1),
            };
            held.push(shortfall::held(group.key(), tokens, group.is_pinned()));
            at += span;
        }
        held.extend(shortfall::beside(&left.beside));
        Error::of_shortfall(Shortfall::new(self.budget.room(), after.high(), held))
    }
}

/// The choices that modes are made of, the greatest losses first.
fn chosen_of(problem: &Problem, modes: &Modes) -> Vec<(usize, Choice)> {
    let mut chosen = Vec::new();
    for (at, mode) in modes.iter().enumerate() {
        let of_mode = |choice: &&Choice| Some(choice.mode) == *mode;
        chosen.extend(problem.choices[at].iter().find(of_mode).map(|choice| (at, *choice)));
    }
    chosen.sort_by_key(|(at, choice): &(usize, Choice)| (Reverse(choice.loss), Reverse(*at)));
    chosen
}

fn modes_of(problem: &Problem, chosen: &Chosen) -> Modes {
    let of = |(at, number): (usize, &Option<u32>)| {
        number.map(|number| problem.choices[at][number as usize].mode)
    };
    chosen.iter().enumerate().map(of).collect()
}

/// The cheapest modes beside which so much fits; nothing where none do.
fn solved(problem: &Problem, target: u64, reserve: u64) -> Option<(Modes, bool)> {
    let total: u64 = problem.tokens.iter().sum();
    let need = (total.saturating_add(reserve)).saturating_sub(target);
    let (least, chosen) = problem.least();
    if need == 0 || total - least < need {
        return None;
    }
    let mut problem = problem.clone();
    problem.need = need;
    let solution = problem.solve(chosen);
    Some((modes_of(&problem, &solution.chosen), solution.optimal))
}
