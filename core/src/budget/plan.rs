//! Plans: what to make smaller so that a prompt fits, and what that costs.

use std::fmt;

use super::search::{Ways, search};
use super::shortfall::shown;
use crate::budget::{Budget, PlanAction, PlanGroup, Prices};
use crate::error::Result;
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
/// many or span more than there is, or if there are more than [`PLAN_GROUPS_MAX`](crate::limits::PLAN_GROUPS_MAX)
/// groups.
/// `DoesNotFit` if the prompt is larger than the room with everything gone that may go: the error's
/// [`shortfall`](crate::Error::shortfall) says by how much and what holds the most.
pub fn plan<K: Clone + fmt::Display>(groups: &[PlanGroup<K>], budget: &Budget) -> Result<Plan<K>> {
    search(groups, budget, &Ways::default(), &mut |_| Ok(None))
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
