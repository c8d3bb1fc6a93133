//! What an account knows of the dialog beside its tokens.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::context::{Beginning, Item, ItemKey, Prompt, PromptMemory, Source};
use crate::error::Result;
use crate::session::read::snapshot::Snapshot;
use crate::tokens::Count;

/// How the memories in view hang together.
#[derive(Debug, Default)]
pub(crate) struct Dialog {
    /// By the number of the first memory; none where the dialog has no segments.
    pub(crate) segments: Option<BTreeMap<u64, Stretch>>,
    /// The segment of each call.
    pub(crate) calls: HashMap<String, u64>,
    /// Tools that stand in for those that calls name, where none are given: in how many segments.
    pub(crate) stand_ins: BTreeMap<String, usize>,
    /// What stands ahead of a dialog that does not begin with the user, unless a file does: the
    /// number of the first memory that speaks, and the tokens.
    pub(crate) placeholder: Option<(u64, Count)>,
    /// The number of the last memory that decides how the dialog begins; none where it is not
    /// decided.
    pub(crate) first: Option<u64>,
}

#[derive(Debug, Default)]
pub(crate) struct Stretch {
    pub(crate) numbers: Vec<u64>,
    pub(crate) calls: Vec<String>,
    pub(crate) stand_ins: Vec<String>,
}

/// The numbers of memories that changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changed {
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl Changed {
    pub(crate) fn add(all: &mut Option<Changed>, first: u64, last: u64) {
        *all = Some(match all {
            None => Changed { first, last },
            Some(all) => Changed { first: all.first.min(first), last: all.last.max(last) },
        });
    }
}

/// The items of the dialog, and the tools that stand in for calls.
pub(crate) fn dialog_items(memories: Vec<PromptMemory>, state: &Snapshot) -> Result<Vec<Item>> {
    let tools = state.tools()?;
    let given = Prompt::default().with_tools(tools.clone()).items();
    let given: HashSet<ItemKey> = given.into_iter().map(|item| item.key).collect();
    let prompt = Prompt { memories, tools, ..Prompt::default() };
    let mut items = prompt.items();
    items.retain(|item| item.source != Source::Tools || !given.contains(&item.key));
    Ok(items)
}

/// How a dialog begins, and at how many of its memories that needed a look.
pub(crate) fn beginning(memories: &[PromptMemory]) -> (Beginning, usize) {
    let mut len = 1;
    loop {
        let looked_at = len.min(memories.len());
        let beginning = Beginning::of(memories[..looked_at].to_vec());
        if beginning.is_settled || looked_at == memories.len() {
            return (beginning, looked_at);
        }
        len *= 2;
    }
}
