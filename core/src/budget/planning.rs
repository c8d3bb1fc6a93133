//! A plan of groups alone.

use std::fmt;

use super::search::{Ways, search};
use super::{Budget, Plan, PlanGroup};
use crate::error::Result;

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
/// use partita::budget::{Budget, PlanAction, PlanGroup, plan};
/// use partita::context::Source;
/// use partita::tokens::Count;
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
