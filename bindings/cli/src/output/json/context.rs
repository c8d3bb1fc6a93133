//! The JSON of contexts: what tokens are spent on, plans, and how contexts differ.

use partita::budget::{Capacity, Plan};
use partita::context::{ContextDiff, Item};
use partita::tokens::TokenCounter;
use partita::view::{ItemKey, PlanKey, ViewReport};
use serde::{Serialize, Serializer};

use super::Checkpoint;
use super::tokens::Tokens;

#[derive(Debug, Serialize)]
struct SpentItem {
    source: &'static str,
    key: String,
    #[serde(flatten)]
    count: Tokens,
}

/// What `capacity` tells.
#[derive(Debug, Serialize)]
pub(crate) struct Spent {
    counter: String,
    #[serde(serialize_with = "as_map")]
    sources: Vec<(&'static str, u64)>,
    total: u64,
    exact: bool,
    low: u64,
    high: u64,
    overhead: u64,
    limit: Option<u64>,
    headroom: Option<i64>,
    items: Vec<SpentItem>,
}

impl Spent {
    pub(crate) fn new(counter: &str, limit: Option<u64>, capacity: &Capacity<ItemKey>) -> Spent {
        let total = capacity.total();
        let sources = capacity.sources();
        let items = capacity.items().iter().map(|item| SpentItem {
            source: item.source.name(),
            key: item.key.to_word(),
            count: Tokens::from(item.count),
        });
        Spent {
            counter: counter.to_owned(),
            sources: sources.map(|(source, count)| (source.name(), count.tokens())).collect(),
            total: total.tokens(),
            exact: total.is_exact(),
            low: total.low(),
            high: total.high(),
            overhead: capacity.overhead().tokens(),
            limit,
            headroom: limit.map(|_| capacity.headroom()),
            items: items.collect(),
        }
    }
}

/// Writes pairs as the fields of an object, in their order.
fn as_map<S: Serializer>(
    pairs: &[(&'static str, u64)],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().copied())
}

#[derive(Debug, Serialize)]
struct Step {
    action: &'static str,
    on: Vec<On>,
    #[serde(flatten)]
    left: Tokens,
    freed: u64,
    loss: u64,
}

/// What a step is done to.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum On {
    Memories { first: u64, last: u64, what: String },
    File { path: String, iteration: u64 },
    Other { what: String },
}

impl From<&PlanKey> for On {
    fn from(key: &PlanKey) -> On {
        match key {
            PlanKey::Memories { first, last, what } => {
                On::Memories { first: *first, last: *last, what: what.clone() }
            }
            PlanKey::File { path, number, .. } => {
                On::File { path: path.clone(), iteration: *number }
            }
            other => On::Other { what: other.to_string() },
        }
    }
}

/// What `plan` says.
#[derive(Debug, Serialize)]
pub(crate) struct Planned {
    applied: bool,
    counter: String,
    limit: u64,
    before: Tokens,
    after: Tokens,
    freed: u64,
    loss: u64,
    steps: Vec<Step>,
    cached: u64,
    rewritten: u64,
    optimal: bool,
    checkpoint: Option<Checkpoint>,
}

impl Planned {
    pub(crate) fn new(
        counter: &str,
        limit: u64,
        plan: &Plan<PlanKey>,
        applied: bool,
        report: Option<&ViewReport>,
    ) -> Planned {
        let steps = plan.steps().iter().map(|step| Step {
            action: step.action.name(),
            on: step.keys.iter().map(On::from).collect(),
            left: Tokens::from(step.tokens),
            freed: step.freed,
            loss: step.loss,
        });
        let checkpoint = report.and_then(|report| report.checkpoint.as_ref());
        Planned {
            applied,
            counter: counter.to_owned(),
            limit,
            before: Tokens::from(plan.before()),
            after: Tokens::from(plan.after()),
            freed: plan.freed(),
            loss: plan.loss(),
            steps: steps.collect(),
            cached: plan.cached(),
            rewritten: plan.rewritten(),
            optimal: plan.is_optimal(),
            checkpoint: checkpoint.map(Checkpoint::from),
        }
    }
}

#[derive(Debug, Serialize)]
struct Changed {
    source: &'static str,
    key: String,
    #[serde(flatten)]
    count: Tokens,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Tokens>,
}

/// How what a model is sent differs between two states.
#[derive(Debug, Serialize)]
pub(crate) struct ContextChanged {
    added: Vec<Changed>,
    removed: Vec<Changed>,
    changed: Vec<Changed>,
    first_changed: Option<u64>,
}

impl ContextChanged {
    pub(crate) fn new(diff: &ContextDiff, counter: &dyn TokenCounter) -> ContextChanged {
        let row = |item: &Item, before: Option<&Item>| Changed {
            source: item.source.name(),
            key: item.key.to_word(),
            count: Tokens::from(item.count(counter)),
            before: before.map(|item| Tokens::from(item.count(counter))),
        };
        ContextChanged {
            added: diff.added.iter().map(|item| row(item, None)).collect(),
            removed: diff.removed.iter().map(|item| row(item, None)).collect(),
            changed: diff.changed.iter().map(|(old, new)| row(new, Some(old))).collect(),
            first_changed: diff.first_changed.map(|first| first as u64),
        }
    }
}
