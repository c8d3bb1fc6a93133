//! The shortfall: why a prompt cannot fit, as numbers.

use std::cmp::Reverse;
use std::fmt;

/// Items that a shortfall lists.
const ITEMS_MAX: usize = 32;

/// Items that its message names.
const NAMED: usize = 3;

/// Why a prompt does not fit although everything is gone that may go: the data of an error of kind
/// [`DoesNotFit`](crate::ErrorKind::DoesNotFit).
///
/// ```
/// use partita::ErrorKind;
/// use partita::budget::{Budget, PlanGroup, plan};
/// use partita::context::Source;
/// use partita::tokens::Count;
/// let rules = PlanGroup::new("rules", Source::Instructions, Count::exact(700)).pinned();
/// let question = PlanGroup::new("question", Source::Memories, Count::exact(40)).forget(9);
/// let error = plan(&[rules, question], &Budget::new(500)).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::DoesNotFit);
/// let shortfall = error.shortfall().expect("the kind has one");
/// assert_eq!((shortfall.limit, shortfall.least, shortfall.over()), (500, 700, 200));
/// assert_eq!((&*shortfall.items[0].what, shortfall.items[0].pinned), ("rules", true));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shortfall {
    /// The tokens that the prompt may have.
    pub limit: u64,
    /// The fewest tokens that it can come down to.
    pub least: u64,
    /// What these are of, largest first; the smallest of many are left out.
    pub items: Vec<ShortfallItem>,
}

/// Something that stays in a prompt, and makes it too large.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShortfallItem {
    /// What it is, in words.
    pub what: String,
    /// Its tokens, as an upper bound.
    pub tokens: u64,
    /// Whether somebody pinned it. What is not pinned stays for another reason.
    pub pinned: bool,
}

impl Shortfall {
    pub(crate) fn new(limit: u64, least: u64, mut items: Vec<ShortfallItem>) -> Self {
        items.retain(|item| item.tokens > 0);
        items.sort_by_key(|item| Reverse(item.tokens));
        items.truncate(ITEMS_MAX);
        Shortfall { limit, least, items }
    }

    /// Returns by how many tokens the prompt is too large at the least.
    pub fn over(&self) -> u64 {
        self.least.saturating_sub(self.limit)
    }
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shortfall { limit, least, items } = self;
        write!(
            f,
            "the prompt is {} tokens larger than the {limit} it may have, with everything gone \
             that may go; what is left has {least}: ",
            self.over()
        )?;
        // What can be unpinned comes first.
        let mut named: Vec<&ShortfallItem> = items.iter().collect();
        named.sort_by_key(|item| !item.pinned);
        for (at, item) in named.iter().take(NAMED).enumerate() {
            let ahead = if at > 0 { ", " } else { "" };
            let pinned = if item.pinned { ", pinned" } else { "" };
            write!(f, "{ahead}{} ({}{pinned})", item.what, item.tokens)?;
        }
        if named.len() > NAMED {
            f.write_str(" and smaller ones")?;
        }
        let advice = match named.iter().any(|item| item.pinned) {
            true => "unpin something or raise the limit",
            false => "raise the limit",
        };
        write!(f, "; {advice}")
    }
}
