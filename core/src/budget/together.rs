//! What groups cost together: tokens that a request gains or loses beside those of its groups.

use std::collections::HashMap;

use crate::context::{Item, ItemKey, Prompt, Source, called_tools, fixed_count, placeholder_count};
use crate::tokens::{Count, TokenCounter};

/// How a group opens the dialog, where it comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Opening {
    /// Not at all: tools and instructions are no part of the dialog.
    #[default]
    Nothing,
    /// As a user does, which every API takes.
    User,
    /// Otherwise, so that a placeholder has to go first.
    Other,
    /// Only in dialects that anybody may begin.
    Elsewhere,
}

/// A tool that the host does not offer: it stands in the request as long as a call to it does.
#[derive(Clone, Debug)]
pub(crate) struct StandIn {
    /// What it costs.
    pub(crate) tokens: Count,
    /// The groups that call it.
    pub(crate) callers: Vec<usize>,
}

/// What groups cost together. With nothing set a request costs what its groups do.
#[derive(Clone, Debug)]
pub(crate) struct Together {
    /// How each group opens the dialog; none of them where it is shorter.
    pub(crate) openings: Vec<Opening>,
    /// The place of each group in the prompt, where groups stand in another order than that.
    pub(crate) places: Vec<usize>,
    /// What a dialog gets that no user begins.
    pub(crate) placeholder: Count,
    /// What a dialog gets in which nobody speaks.
    pub(crate) nobody: Count,
    /// The tools that stand in.
    pub(crate) tools: Vec<StandIn>,
    /// What any tool costs once, where all of them stand in.
    pub(crate) tools_once: Count,
}

impl Default for Together {
    fn default() -> Self {
        Together {
            openings: Vec::new(),
            places: Vec::new(),
            placeholder: Count::ZERO,
            nobody: Count::ZERO,
            tools: Vec::new(),
            tools_once: Count::ZERO,
        }
    }
}

/// What is left of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// All of it, or a shorter form.
    Stays,
    /// Nothing.
    Gone,
    /// A summary, which is a user's turn and calls nothing.
    Summary,
}

/// What stands beside the groups that are left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside {
    pub(super) tools: Count,
    /// Whether a tool that stood there goes, or stands elsewhere: tools are the very beginning.
    pub(super) tools_change: bool,
    pub(super) placeholder: Count,
}

impl Beside {
    pub(super) fn tokens(&self) -> Count {
        self.tools + self.placeholder
    }
}

impl Together {
    /// What stands beside the groups of which so much is left.
    pub(super) fn beside(&self, rests: &[Rest]) -> Beside {
        let (mut count, mut tokens, mut last, mut moves) = (0, Count::ZERO, 0, false);
        for tool in &self.tools {
            // Tools stand in the order in which they are called first.
            let stands = |group: &&usize| rests[**group] == Rest::Stays;
            let Some(&first) = tool.callers.iter().find(stands) else { continue };
            (count, tokens) = (count + 1, tokens + tool.tokens);
            moves |= first < last;
            last = first;
        }
        let tools = if count > 0 { tokens + self.tools_once } else { Count::ZERO };
        let placeholder = match self.first(rests) {
            Some((_, Opening::User)) => Count::ZERO,
            Some(_) => self.placeholder,
            None if self.is_said_elsewhere(rests) => self.placeholder,
            None => self.nobody,
        };
        Beside { tools, tools_change: moves || count < self.tools.len(), placeholder }
    }

    /// The group that opens the dialog, and how.
    pub(super) fn first(&self, rests: &[Rest]) -> Option<(usize, Opening)> {
        let opening = |at: usize| match rests[at] {
            Rest::Stays => self.opening(at),
            Rest::Gone => Opening::Nothing,
            Rest::Summary => Opening::User,
        };
        let opens = (0..rests.len()).map(|at| (at, opening(at)));
        opens
            .filter(|(_, opening)| !matches!(opening, Opening::Nothing | Opening::Elsewhere))
            .min_by_key(|(at, _)| self.place(*at))
    }

    fn is_said_elsewhere(&self, rests: &[Rest]) -> bool {
        let stays = |at: usize| rests[at] == Rest::Stays && self.opening(at) == Opening::Elsewhere;
        (0..rests.len()).any(stays)
    }

    pub(super) fn opening(&self, at: usize) -> Opening {
        self.openings.get(at).copied().unwrap_or_default()
    }

    /// The place of a group in the prompt.
    pub(super) fn place(&self, at: usize) -> usize {
        self.places.get(at).copied().unwrap_or(at)
    }
}

/// What the groups of a prompt's dialog cost together: `group_of` has the group of each memory.
pub(crate) fn of_dialog(
    prompt: &Prompt,
    (items, counts): (&[Item], &[Count]),
    (group_of, groups): (&HashMap<u64, usize>, usize),
    counter: &(impl TokenCounter + ?Sized),
) -> Together {
    let mut together = Together {
        openings: vec![Opening::Nothing; groups],
        placeholder: placeholder_count(counter),
        nobody: Prompt::default().items().iter().map(|item| item.count(counter)).sum(),
        ..Together::default()
    };
    for item in items.iter().filter(|item| item.source == Source::Memories) {
        let group = item.key.memory().and_then(|number| group_of.get(&number));
        let (Some(&group), Some(opening)) = (group, opening(item)) else { continue };
        if matches!(together.openings[group], Opening::Nothing | Opening::Elsewhere) {
            together.openings[group] = opening;
        }
    }
    if !prompt.tools.is_empty() {
        return together;
    }
    let mut callers: HashMap<String, Vec<usize>> = HashMap::new();
    for entry in &prompt.memories {
        let Some(&group) = group_of.get(&entry.number) else { continue };
        for name in called_tools(&entry.memory) {
            let callers = callers.entry(name).or_default();
            if callers.last() != Some(&group) {
                callers.push(group);
            }
        }
    }
    for (item, tokens) in items.iter().zip(counts) {
        if let ItemKey::Tool(name) = &item.key {
            let callers = callers.remove(name).unwrap_or_default();
            together.tools.push(StandIn { tokens: *tokens, callers });
        }
    }
    if let count @ 1.. = together.tools.len() {
        let once = fixed_count(counter, count).tokens() - fixed_count(counter, 0).tokens();
        together.tools_once = Count::exact(once);
    }
    together
}

/// How an item opens a dialog; nothing where it is the system's.
fn opening(item: &Item) -> Option<Opening> {
    let opening = item.opens().map(|is_user| match is_user {
        true => Opening::User,
        false => Opening::Other,
    });
    opening.or_else(|| item.is_said().then_some(Opening::Elsewhere))
}
