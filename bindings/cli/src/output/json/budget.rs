//! The JSON of tokens: a counter, and what it counts.

use partita::budget::{Capacity, Fit, FitExchange, Plan};
use partita::context::{ContextDiff, Item};
use partita::shape::Brief;
use partita::tokens::{Count, TokenCounter};
use partita::view::{ItemKey, PlanKey};
use serde::Serialize;

/// What `count` says of a text or of messages: the counter, the tokens, and what they are of.
#[derive(Debug, Serialize)]
pub(crate) struct Counted<'a> {
    pub(crate) counter: &'a str,
    #[serde(flatten)]
    pub(crate) count: Count,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) overhead: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) items: Option<Vec<CountedItem<'a>>>,
}

/// An item of a request; the role is empty for a tool.
#[derive(Debug, Serialize)]
pub(crate) struct CountedItem<'a> {
    #[serde(flatten)]
    pub(crate) item: &'a Item,
    pub(crate) message: Option<u64>,
    pub(crate) role: Option<&'static str>,
    #[serde(flatten)]
    pub(crate) count: Count,
}

/// What `budget` says.
#[derive(Debug, Serialize)]
pub(crate) struct Budgeted<'a> {
    counter: &'a str,
    limit: u64,
    fits: bool,
    before: Count,
    after: Count,
    drop: Vec<&'a FitExchange>,
    keep: Vec<u64>,
    pinned: Vec<u64>,
}

impl<'a> Budgeted<'a> {
    /// What a fit says; `others` are the messages that became no memory, and stay.
    pub(crate) fn new(counter: &'a str, limit: u64, fit: &'a Fit, others: &[u64]) -> Self {
        let numbers = |picks: &dyn Fn(&FitExchange) -> bool| {
            let picked = fit.exchanges.iter().filter(|exchange| picks(exchange));
            let picked = picked.flat_map(|exchange| exchange.messages.iter().copied());
            let mut numbers: Vec<u64> = others.iter().copied().chain(picked).collect();
            numbers.sort_unstable();
            numbers
        };
        Budgeted {
            counter,
            limit,
            fits: fit.after.high() <= limit,
            before: fit.before,
            after: fit.after,
            drop: fit.exchanges.iter().filter(|exchange| exchange.dropped).collect(),
            keep: numbers(&|exchange| !exchange.dropped),
            pinned: numbers(&|exchange| exchange.pinned),
        }
    }
}

/// What `capacity` tells.
#[derive(Debug, Serialize)]
pub(crate) struct Spent<'a> {
    pub(crate) counter: &'a str,
    #[serde(flatten)]
    pub(crate) capacity: &'a Capacity<ItemKey>,
}

/// What `plan` says.
#[derive(Debug, Serialize)]
pub(crate) struct Planned<'a> {
    pub(crate) applied: bool,
    pub(crate) counter: &'a str,
    pub(crate) limit: u64,
    #[serde(flatten)]
    pub(crate) plan: &'a Plan<PlanKey>,
    pub(crate) checkpoint: Option<Brief<'a>>,
}

/// How what a model is sent differs between two states, counted.
#[derive(Debug, Serialize)]
pub(crate) struct ContextChanged<'a> {
    added: Vec<Changed<'a>>,
    removed: Vec<Changed<'a>>,
    changed: Vec<Changed<'a>>,
    first_changed: Option<usize>,
}

#[derive(Debug, Serialize)]
struct Changed<'a> {
    #[serde(flatten)]
    item: &'a Item,
    #[serde(flatten)]
    count: Count,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Count>,
}

impl<'a> ContextChanged<'a> {
    pub(crate) fn new(diff: &'a ContextDiff, counter: &dyn TokenCounter) -> Self {
        let row = |item: &'a Item, before: Option<&Item>| Changed {
            item,
            count: item.count(counter),
            before: before.map(|item| item.count(counter)),
        };
        ContextChanged {
            added: diff.added.iter().map(|item| row(item, None)).collect(),
            removed: diff.removed.iter().map(|item| row(item, None)).collect(),
            changed: diff.changed.iter().map(|(old, new)| row(new, Some(old))).collect(),
            first_changed: diff.first_changed,
        }
    }
}
