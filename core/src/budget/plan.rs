//! Plans: what to make smaller so that a prompt fits, and what that costs.

use std::fmt;

use super::shortfall::shown;
use crate::budget::{Budget, PlanAction, Prices};
use crate::tokens::Count;

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

impl<K> Plan<K> {
    /// Puts a plan together from its steps, in prompt order.
    pub(super) fn new(
        budget: &Budget,
        steps: Vec<PlanStep<K>>,
        (before, after): (Count, Count),
        target: u64,
        (cached, rewritten): (u64, u64),
        optimal: bool,
    ) -> Self {
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
    /// The same plan, its groups called otherwise.
    #[cfg(feature = "store")]
    pub(crate) fn with_keys<L>(self, keys: impl Fn(&PlanStep<K>) -> Vec<L>) -> Plan<L> {
        let Plan { before, after, target, steps, cached, rewritten, cost, optimal } = self;
        let renamed = |step: PlanStep<K>| PlanStep {
            keys: keys(&step),
            action: step.action,
            index: step.index,
            tokens: step.tokens,
            freed: step.freed,
            loss: step.loss,
        };
        let steps = steps.into_iter().map(renamed).collect();
        Plan { before, after, target, steps, cached, rewritten, cost, optimal }
    }

    /// Puts a plan together again from what it tells, as a copy in another language has it: its
    /// steps, the tokens before and after, those that were aimed at, those that a prompt cache keeps
    /// and takes anew, the cost, and whether it is proved to be the cheapest.
    ///
    /// ```
    /// use partita::budget::{Budget, Plan, PlanGroup, plan};
    /// use partita::context::Source;
    /// use partita::tokens::Count;
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
