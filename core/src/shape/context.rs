//! Contexts: requests, what was mended in them, and how two of them differ.

use super::fields::{Each, object};
use crate::context::{ContextDiff, Item, Mend, Request, Tool};

object!(Item, item => {
    source: item.source,
    key: item.key,
});

object!(ContextDiff, diff => {
    added: diff.added,
    removed: diff.removed,
    changed: Each(|| diff.changed.iter().map(|(_, item)| item)),
    first_changed: diff.first_changed,
});

object!(Tool, tool => {
    name: tool.name,
    description: tool.description,
    schema: tool.schema,
});

object!(Mend, mend => {
    memory: mend.memory,
    what: mend.what,
});

object!(Request, request => {
    dialect: request.dialect,
    body: request.body,
    cache_points: request.cache_points,
    mends: request.mends,
});
