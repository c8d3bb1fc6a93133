//! Plans: what to make smaller so that a prompt fits, and what that costs.

use std::fmt;

use crate::budget::solve::{Choice, Chosen, Problem, Weights};
use crate::budget::{Budget, PlanAction, PlanGroup, PlanMode, Prices};
use crate::error::{Error, Result};
use crate::limits::{BUDGET_TOKENS_MAX, PLAN_GROUPS_MAX};
use crate::token::Count;

/// Steps that make a prompt fit its budget, and what they free, lose and cost. Plain data: nothing
/// is changed until somebody applies it.
///
/// All numbers of tokens that are no [`Count`] are upper bounds; a plan decides by those alone, so
/// that what fits by an estimate fits in truth.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Plan<K> {
    before: Count,
    after: Count,
    target: u64,
    steps: Vec<PlanStep<K>>,
    cached: u64,
    rewritten: u64,
    cost: Option<PlanCost>,
    optimal: bool,
}

/// One step of a [`Plan`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlanStep<K> {
    /// What is done.
    pub action: PlanAction,
    /// To which groups, in prompt order: one, or those that a compaction spans.
    pub keys: Vec<K>,
    /// The place of the first of them in the prompt.
    pub index: usize,
    /// The tokens that are left of them.
    pub tokens: Count,
    /// The tokens that it frees.
    pub freed: u64,
    /// The value that is lost, in thousandths of a token that matters fully.
    pub loss: u64,
}

/// What a plan costs and saves at given prices, in nano-units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PlanCost {
    /// Paid once: the rewritten tokens are put into the prompt cache instead of read from it.
    pub rewriting: u128,
    /// Not paid over the budget's horizon: what is freed is not read from the cache any more.
    pub saved: u128,
}

impl PlanCost {
    /// Returns what the plan costs more than it saves; negative if it pays for itself. Saturates.
    pub fn net(&self) -> i128 {
        let signed = |sum: u128| i128::try_from(sum).unwrap_or(i128::MAX);
        signed(self.rewriting) - signed(self.saved)
    }
}

/// Plans how a prompt is made to fit: the modes to choose for its groups, in prompt order.
///
/// A prompt whose upper bound is at most the budget's high water mark is left alone. A larger one
/// is brought down to the low water mark; where that cannot be reached, to the high one, and where
/// that cannot, to the room (limit less reserve), in which it may be already. Pinned groups stay as they are. A compaction
/// that spans a pinned group is never chosen.
///
/// Of all plans that do this the cheapest is looked for. Without prices that is the one which
/// loses the least value, and of those the one that rewrites the fewest tokens. With prices it is
/// the least of
///
/// ```text
/// loss / 1000 * input * horizon  +  (cache_write - cache_read) * rewritten
/// ```
///
/// The second term is what Anthropic and OpenAI charge: a change anywhere invalidates what their
/// prompt caches hold of everything behind it, which is then written anew once. The first is a
/// judgement: who sends a token pays its input price for it at every turn, so to have a token that
/// matters fully must be worth that much a turn. What a plan saves by sending less is reported,
/// but is no reason to forget more.
///
/// Up to [`PLAN_EXACT_GROUPS_MAX`](crate::limits::PLAN_EXACT_GROUPS_MAX) groups the search is
/// exact unless it would need too much memory, which [`Plan::is_optimal`] tells; beyond, it is
/// greedy with an exact search around the edge, in O(n log n).
///
/// ```
/// use partita::{Budget, Count, PlanAction, PlanGroup, Source, plan};
/// let tokens = Count::exact;
/// let groups = [
///     PlanGroup::new("instructions", Source::Instructions, tokens(500)).pinned(),
///     PlanGroup::new("build log", Source::Memories, tokens(4_000)).trim(tokens(300), 40).forget(90),
///     PlanGroup::new("question", Source::Memories, tokens(200)).forget(800),
/// ];
/// let plan = plan(&groups, &Budget::new(2_000).reserve(500))?;
/// assert_eq!(plan.steps().len(), 1);
/// assert_eq!(plan.steps()[0].action, PlanAction::Trim);
/// assert_eq!(plan.steps()[0].keys, ["build log"]);
/// assert_eq!((plan.before(), plan.after()), (tokens(4_700), tokens(1_000)));
/// assert_eq!((plan.first_changed(), plan.cached(), plan.rewritten()), (Some(1), 500, 500));
/// # Ok::<(), partita::Error>(())
/// ```
///
/// # Errors
///
/// `Invalid` if the budget's numbers do not fit together, if a group's modes are out of order, too
/// many or span more than there is, if there are more than
/// [`PLAN_GROUPS_MAX`] groups, or if even with everything gone that
/// may go the prompt is larger than the room: the error says by how much and what holds the most.
pub fn plan<K: Clone + fmt::Display>(groups: &[PlanGroup<K>], budget: &Budget) -> Result<Plan<K>> {
    plan_beside(groups, budget, 0)
}

/// Plans with room for a placeholder of so many tokens, which may come in when something goes.
pub(crate) fn plan_beside<K: Clone + fmt::Display>(
    groups: &[PlanGroup<K>],
    budget: &Budget,
    placeholder: u64,
) -> Result<Plan<K>> {
    budget.check()?;
    let room = budget.room();
    let budget = &budget.tightened(placeholder);
    if groups.len() > PLAN_GROUPS_MAX {
        let count = groups.len();
        return Err(Error::invalid(format!("{count} groups to plan, at most {PLAN_GROUPS_MAX}")));
    }
    for (at, group) in groups.iter().enumerate() {
        group.check(groups.len() - at - 1)?;
    }
    let mut problem = problem(groups, budget);
    let total: u64 = problem.tokens.iter().sum();
    if total <= budget.high_mark() {
        return Ok(Plan::new(groups, &problem, &vec![None; groups.len()], budget, total, true));
    }
    let (least, smallest) = problem.least();
    if least > budget.room() {
        return Err(too_large(groups, &problem, &smallest, room, placeholder));
    }
    let marks = [budget.low_mark(), budget.high_mark(), budget.room()];
    let target = marks.into_iter().find(|&mark| mark >= least).unwrap_or(least);
    if target >= total {
        // Neither mark can be reached, and the prompt fits the room as it is.
        return Ok(Plan::new(groups, &problem, &vec![None; groups.len()], budget, total, true));
    }
    problem.need = total - target;
    let solution = problem.solve(smallest);
    Ok(Plan::new(groups, &problem, &solution.chosen, budget, target, solution.optimal))
}

/// The most that a number is taken for. A group of more tokens than any budget has must be made
/// smaller anyway, so it does not matter by how much; and sums cannot overflow.
const CLAMP: u64 = BUDGET_TOKENS_MAX + 1;

fn problem<K>(groups: &[PlanGroup<K>], budget: &Budget) -> Problem {
    let tokens: Vec<u64> = groups.iter().map(|group| group.tokens().high().min(CLAMP)).collect();
    // Sums over the groups before each place, so that a span costs no walk.
    let (mut sums, mut pins) = (vec![0u64], vec![0usize]);
    for (group, tokens) in groups.iter().zip(&tokens) {
        sums.push(sums[sums.len() - 1] + tokens);
        pins.push(pins[pins.len() - 1] + usize::from(group.is_pinned()));
    }
    let choices = |at: usize| {
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
            if freed > 0 && pins[end] == pins[at] {
                choices.push(Choice { freed, loss, span: mode.span, mode: number });
            }
        }
        choices
    };
    let choices = (0..groups.len()).map(choices).collect();
    Problem { tokens, choices, need: 0, weights: weights(budget) }
}

fn weights(budget: &Budget) -> Weights {
    match budget.known_prices() {
        Some(prices) if prices.rewrite() > 0 => Weights {
            loss: i128::from(prices.input) * i128::from(budget.turns()),
            rewrite: 1_000 * i128::from(prices.rewrite()),
        },
        // A unit of loss outweighs all tokens that there can be, which then decide between equals.
        _ => Weights { loss: 1 << 61, rewrite: 1 },
    }
}

/// How many of those that hold the most an error names.
const NAMED: usize = 3;

fn too_large<K: fmt::Display>(
    groups: &[PlanGroup<K>],
    problem: &Problem,
    smallest: &Chosen,
    room: u64,
    placeholder: u64,
) -> Error {
    let mut held: Vec<(u64, usize)> = Vec::new();
    let mut at = 0;
    while at < groups.len() {
        match mode(groups, problem, smallest, at) {
            Some((mode, choice)) => {
                held.push((mode.tokens.high(), at));
                at += choice.span;
            }
            None => {
                held.push((groups[at].tokens().high(), at));
                at += 1;
            }
        }
    }
    let total: u128 = held.iter().map(|(tokens, _)| u128::from(*tokens)).sum();
    let total = total + u128::from(placeholder);
    // What can be unpinned comes first.
    held.sort_by_key(|&(tokens, at)| (!groups[at].is_pinned(), std::cmp::Reverse(tokens), at));
    let names: Vec<String> = held
        .iter()
        .take(NAMED)
        .map(|&(tokens, at)| {
            let pinned = if groups[at].is_pinned() { ", pinned" } else { "" };
            format!("{} ({tokens}{pinned})", shown(groups[at].key()))
        })
        .collect();
    let placeholder = match placeholder {
        0 => String::new(),
        tokens => format!(", a placeholder for its beginning ({tokens})"),
    };
    Error::invalid(format!(
        "the prompt is {} tokens larger than the {room} it may have, with everything gone that may go; \
         what is left has {total}: {}{placeholder}{}; unpin something or raise the limit",
        total - u128::from(room),
        names.join(", "),
        if held.len() > NAMED { " and smaller ones" } else { "" },
    ))
}

/// A key on one line, and not a long one.
fn shown(key: &impl fmt::Display) -> String {
    const LETTERS: usize = 60;
    let key = key.to_string();
    let mut line: String = key.chars().flat_map(char::escape_debug).take(LETTERS).collect();
    if line.len() < key.len() && line.chars().count() == LETTERS {
        line.push_str("...");
    }
    line
}

/// The mode that is chosen for a group.
fn mode<'a, K>(
    groups: &'a [PlanGroup<K>],
    problem: &Problem,
    chosen: &Chosen,
    at: usize,
) -> Option<(&'a PlanMode, Choice)> {
    let choice = problem.choices[at][chosen[at]? as usize];
    Some((&groups[at].modes()[choice.mode], choice))
}

impl<K: Clone> Plan<K> {
    fn new(
        groups: &[PlanGroup<K>],
        problem: &Problem,
        chosen: &Chosen,
        budget: &Budget,
        target: u64,
        optimal: bool,
    ) -> Self {
        let before = groups.iter().map(PlanGroup::tokens).sum();
        let mut steps = Vec::new();
        let mut after = Count::exact(0);
        let (mut cached, mut rewritten) = (0u64, 0u64);
        let mut at = 0;
        while at < groups.len() {
            let Some((mode, choice)) = mode(groups, problem, chosen, at) else {
                let tokens = groups[at].tokens();
                after += tokens;
                let part = if steps.is_empty() { &mut cached } else { &mut rewritten };
                *part = part.saturating_add(tokens.high());
                at += 1;
                continue;
            };
            let members = &groups[at..at + choice.span];
            let had: Count = members.iter().map(PlanGroup::tokens).sum();
            steps.push(PlanStep {
                action: mode.action,
                keys: members.iter().map(|group| group.key().clone()).collect(),
                index: at,
                tokens: mode.tokens,
                freed: had.high().saturating_sub(mode.tokens.high()),
                loss: choice.loss,
            });
            after += mode.tokens;
            rewritten = rewritten.saturating_add(mode.tokens.high());
            at += choice.span;
        }
        let freed = steps.iter().fold(0u64, |sum, step| sum.saturating_add(step.freed));
        let cost = budget.known_prices().map(|prices| cost(prices, budget, rewritten, freed));
        Plan { before, after, target, steps, cached, rewritten, cost, optimal }
    }
}

/// With a cache, turns that go on as they are cost `cache_read` a token. A changed prompt costs
/// `cache_write` for each rewritten token once, and then `cache_read` for fewer.
fn cost(prices: Prices, budget: &Budget, rewritten: u64, freed: u64) -> PlanCost {
    PlanCost {
        rewriting: u128::from(prices.rewrite()) * u128::from(rewritten),
        // At most 2^64 tokens, a price of 2^32 and 2^16 turns.
        saved: u128::from(prices.cache_read) * u128::from(freed) * u128::from(budget.turns()),
    }
}

impl<K> Plan<K> {
    /// Puts a plan together again from what it tells, as a copy in another language has it: its
    /// steps, the tokens before and after, those that were aimed at, those that a prompt cache keeps
    /// and takes anew, the cost, and whether it is proved to be the cheapest.
    ///
    /// ```
    /// use partita::{Budget, Count, Plan, PlanGroup, Source, plan};
    /// let groups = [PlanGroup::new("log", Source::Memories, Count::exact(900)).forget(9)];
    /// let plan = plan(&groups, &Budget::new(500))?;
    /// let again = Plan::from_parts(
    ///     plan.steps().to_vec(),
    ///     (plan.before(), plan.after()),
    ///     plan.target(),
    ///     (plan.cached(), plan.rewritten()),
    ///     plan.cost(),
    ///     plan.is_optimal(),
    /// );
    /// assert_eq!(again, plan);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn from_parts(
        steps: Vec<PlanStep<K>>,
        (before, after): (Count, Count),
        target: u64,
        (cached, rewritten): (u64, u64),
        cost: Option<PlanCost>,
        optimal: bool,
    ) -> Self {
        Plan { before, after, target, steps, cached, rewritten, cost, optimal }
    }

    /// Returns the steps in prompt order; none if the prompt fits as it is.
    pub fn steps(&self) -> &[PlanStep<K>] {
        &self.steps
    }

    /// Returns whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Returns the tokens of the prompt as it is.
    pub fn before(&self) -> Count {
        self.before
    }

    /// Returns the tokens of the prompt once the plan is applied.
    pub fn after(&self) -> Count {
        self.after
    }

    /// Returns the tokens that were aimed at: the low water mark, or if it cannot be reached the
    /// high one, or the room; of an empty plan the prompt's own.
    pub fn target(&self) -> u64 {
        self.target
    }

    /// Returns the tokens that all steps free together. Saturates.
    pub fn freed(&self) -> u64 {
        self.steps.iter().fold(0, |sum, step| sum.saturating_add(step.freed))
    }

    /// Returns the value that all steps lose together, in thousandths of a token that matters
    /// fully. Saturates.
    pub fn loss(&self) -> u64 {
        self.steps.iter().fold(0, |sum, step| sum.saturating_add(step.loss))
    }

    /// Returns the place of the first group that changes.
    pub fn first_changed(&self) -> Option<usize> {
        self.steps.first().map(|step| step.index)
    }

    /// Returns the tokens before the first change, which a prompt cache keeps; all of them if
    /// nothing changes.
    pub fn cached(&self) -> u64 {
        self.cached
    }

    /// Returns the tokens from the first change on, which a prompt cache has to take anew.
    pub fn rewritten(&self) -> u64 {
        self.rewritten
    }

    /// Returns what the plan costs, if the budget has prices.
    pub fn cost(&self) -> Option<PlanCost> {
        self.cost
    }

    /// Returns whether the plan is proved to be the cheapest one. Another may be so unproved.
    pub fn is_optimal(&self) -> bool {
        self.optimal
    }
}

impl<K: fmt::Display> fmt::Display for Plan<K> {
    /// Writes a line a step and a line of sums.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        let about = if self.before.is_exact() && self.after.is_exact() { "" } else { "about " };
        let (before, after) = (self.before.tokens(), self.after.tokens());
        if self.is_empty() {
            return write!(f, "nothing to do: {about}{before} tokens");
        }
        write!(f, "{about}{before} to {after} tokens, {} of them cached", self.cached)
    }
}

impl<K: fmt::Display> fmt::Display for PlanStep<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.action)?;
        match self.keys.as_slice() {
            [one, .., last] => write!(f, "{} to {}", shown(one), shown(last))?,
            [one] => write!(f, "{}", shown(one))?,
            [] => {}
        }
        write!(f, ": frees {}, loses {}", self.freed, self.loss)
    }
}
