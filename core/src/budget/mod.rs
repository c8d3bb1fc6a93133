//! What the tokens are spent on, and plans that make room: pure over items with counts.
//!
//! An [`Account`] sums items by source as they change; a [`Capacity`] is a snapshot of it beside a
//! [`Budget`]. A [`Plan`] says which groups of a prompt to make smaller so that it fits, at the
//! least loss; whoever holds the groups applies it. Nothing here knows a store or a model, and
//! [`fit()`] alone looks at a prompt.
//!
//! Promises: plans and sums are the same on every machine (integers decide); no number makes them
//! panic or overflow; a plan takes time in O(n log n) and memory in O(n), for n groups.

mod account;
mod capacity;
mod fit;
#[cfg(test)]
pub(crate) mod fit_tests;
mod group;
mod left;
mod limit;
mod plan;
mod planning;
mod search;
mod shortfall;
mod solve;
#[cfg(test)]
mod tests;
mod together;
mod turns;
mod values;

pub use crate::error::{Shortfall, ShortfallItem};
pub use account::{Account, AccountItem};
pub use capacity::{Capacity, CapacityItem};
pub use fit::{Fit, FitExchange, fit, fit_with};
pub use group::{PlanAction, PlanGroup, PlanMode};
pub use limit::{Budget, Prices};
pub use plan::{Plan, PlanCost, PlanStep};
pub use planning::plan;
#[cfg(feature = "store")]
pub(crate) use search::{Ways, search};
#[cfg(feature = "store")]
pub(crate) use together::{Opening, of_dialog};
#[cfg(feature = "store")]
pub(crate) use turns::{Goes, Unit, answers, asks, turns};
pub use values::{DefaultValues, Makeup, Material, Values};
