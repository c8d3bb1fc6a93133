//! The context diff: what two prompts show a model differently.

use std::collections::HashMap;

use super::dialect::Dialect;
use super::item::Item;
use super::key::ItemKey;
use super::prompt::Prompt;
use super::request::RenderOptions;

/// What was added, removed and changed from one prompt to another, with the pieces of each item so
/// that tokens can be put on them.
///
/// ```
/// use partita::Memory;
/// use partita::context::{ContextDiff, Prompt};
/// let old = Prompt::new("Be brief.").with_memory(Memory::user("Why?"));
/// let new = old.clone().with_memory(Memory::assistant("Because."));
/// let diff = ContextDiff::between(&old, &new);
/// assert_eq!((diff.added.len(), diff.removed.len(), diff.changed.len()), (1, 0, 0));
/// assert_eq!(diff.first_changed, Some(2));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContextDiff {
    /// Items of the new prompt that the old one had not, in the order of the request.
    pub added: Vec<Item>,
    /// Items of the old prompt that the new one has not.
    pub removed: Vec<Item>,
    /// Items with the same source and key but other pieces, old and new.
    pub changed: Vec<(Item, Item)>,
    /// How many items, in the order of the request, stand unchanged at the beginning of both; none
    /// if both are the same. From there on a prompt cache has nothing to offer.
    pub first_changed: Option<usize>,
}

impl ContextDiff {
    /// Compares two prompts.
    pub fn between(old: &Prompt, new: &Prompt) -> ContextDiff {
        let (old, new) = (old.items(), new.items());
        let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
        let first_changed = (same < old.len().max(new.len())).then_some(same);
        let mut diff = ContextDiff { first_changed, ..ContextDiff::default() };
        let mut rest: HashMap<ItemKey, Item> =
            old.iter().skip(same).map(|item| (item.key.clone(), item.clone())).collect();
        for item in new.into_iter().skip(same) {
            match rest.remove(&item.key) {
                None => diff.added.push(item),
                Some(before) if before != item => diff.changed.push((before, item)),
                Some(_) => {}
            }
        }
        let removed = old.into_iter().skip(same).filter(|item| rest.contains_key(&item.key));
        diff.removed = removed.collect();
        diff
    }

    /// Tells whether a model is shown the same.
    pub fn is_empty(&self) -> bool {
        self.first_changed.is_none()
    }
}

impl Prompt {
    /// Returns how many bytes at the beginning of the request's body, as compact JSON without cache
    /// points, are those of another prompt's: what a prompt cache can keep.
    pub fn shared_bytes(&self, other: &Prompt, dialect: Dialect) -> usize {
        let options = RenderOptions::default().with_cache_points(false);
        let body = |prompt: &Prompt| prompt.render_with(dialect, &options).body.to_string();
        let (one, two) = (body(self), body(other));
        one.bytes().zip(two.bytes()).take_while(|(one, two)| one == two).count()
    }
}
