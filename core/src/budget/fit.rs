//! Budgets without a store: which messages to drop so that a request fits.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use super::search::{Ways, search};
use super::together::{Opening, of_dialog};
use super::turns::{Goes, Unit, answers, asks, turns};
use crate::budget::{
    Budget, DefaultValues, Makeup, Material, PlanAction, PlanGroup, PlanMode, Values,
};
use crate::context::{Dialect, Item, Piece, Prompt, PromptMemory, Source, exchanges, fixed_count};
use crate::error::Result;
use crate::object::{MemoryKind, Role};
use crate::tokens::{Count, TokenCounter};

/// What of a prompt goes and what stays, so that it fits a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fit {
    /// The tokens of the whole prompt.
    pub before: Count,
    /// The tokens of what stays.
    pub after: Count,
    /// All exchanges, in order.
    pub exchanges: Vec<FitExchange>,
    /// The user's message that stands for the beginning of what stays, where the dialog's own went.
    pub beginning: Option<String>,
}

/// Messages that stay or go together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FitExchange {
    /// The numbers of the messages, rising.
    pub messages: Vec<u64>,
    /// The numbers of the memories in the prompt.
    pub memories: Vec<u64>,
    /// What it costs.
    pub tokens: Count,
    /// Whether it goes.
    pub dropped: bool,
    /// Whether it stays whatever the budget: instructions, the newest question and the newest
    /// exchange.
    pub pinned: bool,
    makeup: Makeup,
    goes: Goes,
}

impl Fit {
    /// Returns the numbers of the messages that go, rising.
    pub fn dropped(&self) -> Vec<u64> {
        let gone = self.exchanges.iter().filter(|exchange| exchange.dropped);
        gone.flat_map(|exchange| exchange.messages.iter().copied()).collect()
    }
}

/// What a group of the plan is called.
#[derive(Clone, Debug)]
enum Key {
    Exchange(usize, String),
    Fixed(&'static str),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Exchange(_, messages) => f.write_str(messages),
            Key::Fixed(name) => f.write_str(name),
        }
    }
}

/// Says which messages to drop so that a prompt fits a budget: whole exchanges, the oldest first, and
/// a question with its answer. Instructions stay, and so do the newest question and the newest
/// exchange. What stays pairs every call with its result if the whole did.
///
/// `messages` has, for each memory of the prompt in order, the numbers of the messages that it is
/// made of; memories that share one stay or go together. Without it each memory is a message.
///
/// ```
/// use partita::Memory;
/// use partita::budget::{Budget, fit};
/// use partita::context::Prompt;
/// use partita::tokens::Encoding;
/// let prompt = (0..20).fold(Prompt::new("Be brief."), |prompt, number| {
///     prompt.with_memory(Memory::user(format!("Question {number}. {}", "More. ".repeat(50))))
/// });
/// let fit = fit(&prompt, &[], &Budget::new(1_000), &Encoding::O200k)?;
/// assert!(fit.before.tokens() > 1_000 && fit.after.tokens() <= 1_000);
/// assert!(!fit.dropped().is_empty() && !fit.dropped().contains(&20));
/// # Ok::<(), partita::Error>(())
/// ```
///
/// # Errors
/// `Invalid` for a budget whose numbers do not fit together. `DoesNotFit` if the prompt does not fit
/// with all gone that may go; its [`shortfall`](crate::Error::shortfall) says by how much, and what
/// holds the most. The counter's own.
pub fn fit(
    prompt: &Prompt,
    messages: &[Vec<u64>],
    budget: &Budget,
    counter: &(impl TokenCounter + ?Sized),
) -> Result<Fit> {
    fit_with(prompt, messages, budget, counter, &DefaultValues)
}

/// Says which messages to drop, by what things are worth to the host. The material of a memory is
/// [`Said`](Material::Said) of an assistant's, [`Returned`](Material::Returned) of a tool's, and
/// [`Asked`](Material::Asked) of any other.
///
/// ```
/// use partita::Memory;
/// use partita::budget::{Budget, Material, fit_with};
/// use partita::context::Prompt;
/// use partita::tokens::Encoding;
/// let prompt = (0..20).fold(Prompt::default(), |prompt, number| {
///     prompt.with_memory(Memory::user(format!("Question {number}. {}", "More. ".repeat(50))))
/// });
/// // The oldest question is worth the most.
/// let values = |_: Material, age: u64| if age == 19 { 1_000 } else { 1 };
/// let fit = fit_with(&prompt, &[], &Budget::new(1_000), &Encoding::O200k, &values)?;
/// assert!(!fit.dropped().is_empty() && !fit.dropped().contains(&1));
/// # Ok::<(), partita::Error>(())
/// ```
///
/// # Errors
/// As [`fit`].
pub fn fit_with(
    prompt: &Prompt,
    messages: &[Vec<u64>],
    budget: &Budget,
    counter: &(impl TokenCounter + ?Sized),
    values: &(impl Values + ?Sized),
) -> Result<Fit> {
    budget.check()?;
    let items = prompt.items();
    let counts: Vec<Count> = items.iter().map(|item| item.count(counter)).collect();
    let before = prompt.count(counter);
    counter.check()?;
    let mut exchanges = exchanges_of(prompt, messages, &items, &counts);
    let fixed = fixed(prompt, &items, &counts, counter);
    let groups = groups(&fixed, &exchanges, values);
    let mut group_of = HashMap::new();
    for (at, exchange) in exchanges.iter().enumerate() {
        group_of.extend(exchange.memories.iter().map(|number| (*number, fixed.len() + at)));
    }
    let mut together = of_dialog(prompt, (&items, &counts), (&group_of, groups.len()), counter);
    if prompt.files.iter().any(|file| file.after == 0) {
        together.openings[fixed.len() - 1] = Opening::User;
    }
    let ways = Ways { together, oldest_first: true, ..Ways::default() };
    let joins = !messages.is_empty() && counter.dialect() == Some(Dialect::OpenAiResponses.name());
    let left = |exchanges: &[FitExchange]| {
        let mut rest = without(prompt, exchanges);
        if joins {
            join_turns(&mut rest);
        }
        let after = rest.count(counter);
        counter.check().map(|()| (rest, after))
    };
    let plan = search(&groups, budget, &ways, &mut |steps| {
        drop_those(&mut exchanges, steps, fixed.len());
        left(&exchanges).map(|(_, after)| Some(after))
    })?;
    let dropped: BTreeSet<usize> = plan
        .steps()
        .iter()
        .flat_map(|step| &step.keys)
        .filter_map(|key| match key {
            Key::Exchange(at, _) => Some(*at),
            Key::Fixed(_) => None,
        })
        .collect();
    for (at, exchange) in exchanges.iter_mut().enumerate() {
        exchange.dropped = dropped.contains(&at);
    }
    if dropped.is_empty() {
        return Ok(Fit { before, after: before, exchanges, beginning: None });
    }
    let (rest, after) = left(&exchanges)?;
    Ok(Fit { before, after, exchanges, beginning: beginning(&rest, counter) })
}

/// Marks the exchanges that a choice of modes drops; `fixed` groups stand before them.
fn drop_those(exchanges: &mut [FitExchange], steps: &[(usize, PlanMode)], fixed: usize) {
    for exchange in exchanges.iter_mut() {
        exchange.dropped = false;
    }
    for (at, mode) in steps {
        let members = at.saturating_sub(fixed)..(at + mode.span).saturating_sub(fixed);
        for exchange in exchanges.get_mut(members).into_iter().flatten() {
            exchange.dropped = true;
        }
    }
}

/// The text of the placeholder ahead of a dialog without its beginning.
fn beginning(prompt: &Prompt, counter: &(impl TokenCounter + ?Sized)) -> Option<String> {
    let items = prompt.items();
    let first = items.iter().find(|item| item.is_placeholder())?;
    // The counter's dialect may need none.
    if first.count(counter) == Count::ZERO {
        return None;
    }
    match first.first_piece() {
        Some(Piece::Message { texts, .. }) => texts.first().cloned(),
        _ => None,
    }
}

/// What stays in any case, in the order of the request: its name, source and tokens. Tools that
/// only stand in go with their calls.
fn fixed(
    prompt: &Prompt,
    items: &[Item],
    counts: &[Count],
    counter: &(impl TokenCounter + ?Sized),
) -> Vec<PlanGroup<Key>> {
    let of = |source: Source| -> Count {
        items.iter().zip(counts).filter(|(item, _)| item.source == source).map(|at| *at.1).sum()
    };
    let tools = match prompt.tools.is_empty() {
        true => fixed_count(counter, 0),
        false => of(Source::Tools) + fixed_count(counter, prompt.tools.len()),
    };
    let group = |name, source, tokens| PlanGroup::new(Key::Fixed(name), source, tokens).stays();
    vec![
        group("the tools and the request itself", Source::Tools, tools),
        group("the instructions", Source::Instructions, of(Source::Instructions)),
        group("the sandbox state", Source::Sandbox, of(Source::Sandbox)),
        group("the files", Source::Files, of(Source::Files)),
    ]
}

fn groups(
    fixed: &[PlanGroup<Key>],
    exchanges: &[FitExchange],
    values: &(impl Values + ?Sized),
) -> Vec<PlanGroup<Key>> {
    let mut groups = fixed.to_vec();
    let loss = |at: usize| {
        let age = (exchanges.len() - at - 1) as u64;
        values.loss(&exchanges[at].makeup, age, PlanAction::Forget)
    };
    for (at, exchange) in exchanges.iter().enumerate() {
        let key = Key::Exchange(at, shown(&exchange.messages));
        let group = PlanGroup::new(key, Source::Memories, exchange.tokens);
        groups.push(match exchange.goes {
            Goes::Stays => group.stays(),
            Goes::Within => group,
            Goes::Alone => group.forget(loss(at)),
            Goes::WithTurn(len) => {
                let all = (at..at + len).map(loss).fold(0, u64::saturating_add);
                group.forget_run(len, all)
            }
        });
    }
    groups
}

/// The exchanges of a prompt, those that share a message as one.
fn exchanges_of(
    prompt: &Prompt,
    messages: &[Vec<u64>],
    items: &[Item],
    counts: &[Count],
) -> Vec<FitExchange> {
    let memories = &prompt.memories;
    let of_memory: HashMap<u64, (&Item, Count)> = items
        .iter()
        .zip(counts)
        .filter_map(|(item, count)| Some((item.key.memory()?, (item, *count))))
        .collect();
    let numbers = |at: usize| match messages.get(at) {
        Some(numbers) => numbers.clone(),
        None => vec![at as u64 + 1],
    };
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    for range in exchanges(memories.iter().map(|memory| &memory.memory)) {
        match ranges.last_mut() {
            Some(last)
                if numbers(last.end - 1).iter().any(|at| numbers(range.start).contains(at)) =>
            {
                last.end = range.end;
            }
            _ => ranges.push(range),
        }
    }
    let is_system = |memory: &PromptMemory| memory.memory.role == Role::System;
    let unit = |range: &std::ops::Range<usize>| {
        let members = &memories[range.clone()];
        Unit {
            asks: members.iter().any(|entry| asks(&entry.memory)),
            apart: members.iter().any(|entry| entry.memory.kind == MemoryKind::Summary),
            answers: members.iter().all(|entry| answers(&entry.memory)),
            held: members.iter().any(is_system),
        }
    };
    let goes = turns(&ranges.iter().map(unit).collect::<Vec<_>>());
    let group = |(range, goes): (std::ops::Range<usize>, Goes)| {
        let mut exchange = FitExchange {
            messages: range.clone().flat_map(numbers).collect(),
            memories: Vec::new(),
            tokens: Count::ZERO,
            dropped: false,
            pinned: goes == Goes::Stays,
            makeup: Makeup::new(),
            goes,
        };
        exchange.messages.dedup();
        for memory in &memories[range] {
            exchange.memories.push(memory.number);
            if let Some((item, tokens)) = of_memory.get(&memory.number) {
                exchange.tokens += *tokens;
                exchange.makeup = exchange.makeup.with(material(item), tokens.high());
            }
        }
        exchange
    };
    ranges.into_iter().zip(goes).map(group).collect()
}

/// What an item mostly is.
fn material(item: &Item) -> Material {
    match item.first_piece() {
        Some(Piece::Message { role: "assistant", .. }) => Material::Said,
        Some(Piece::Message { role: "tool", .. }) => Material::Returned,
        _ => Material::Asked,
    }
}

fn without(prompt: &Prompt, exchanges: &[FitExchange]) -> Prompt {
    let dropped: BTreeSet<u64> = exchanges
        .iter()
        .filter(|exchange| exchange.dropped)
        .flat_map(|exchange| exchange.memories.iter().copied())
        .collect();
    let mut prompt = prompt.clone();
    prompt.memories.retain(|memory| !dropped.contains(&memory.number));
    prompt
}

/// Joins the turns of the model's that stand side by side, as a list of items is read again: there
/// nothing tells where one ends.
fn join_turns(prompt: &mut Prompt) {
    prompt.memories.dedup_by(|next, last| {
        let joins = next.memory.role == Role::Assistant && last.memory.role == Role::Assistant;
        if joins {
            last.memory.parts.append(&mut next.memory.parts);
        }
        joins
    });
}

/// Messages as people write them: `message 3`, `messages 3 to 5`.
fn shown(messages: &[u64]) -> String {
    match (messages.first(), messages.last()) {
        (Some(first), Some(last)) if first != last => format!("messages {first} to {last}"),
        (Some(first), _) => format!("message {first}"),
        _ => "no message".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};
    use crate::object::{Body, Memory, Part};
    use crate::tokens::Encoding;

    fn call(id: &str) -> Memory {
        let arguments = Body::new("{}");
        Memory::assistant("I look.").with_part(Part::Call {
            id: id.to_owned(),
            name: "ls".to_owned(),
            arguments,
        })
    }

    fn long(text: &str) -> String {
        format!("{text} {}", "word ".repeat(200))
    }

    fn dialog() -> Prompt {
        Prompt::new("Be brief.")
            .with_memory(Memory::user(long("What is here?")))
            .with_memory(call("c1"))
            .with_memory(Memory::tool("c1", long("Cargo.toml")))
            .with_memory(Memory::user("And now?"))
    }

    fn dropped(fit: &Fit) -> Vec<Vec<u64>> {
        let gone = fit.exchanges.iter().filter(|exchange| exchange.dropped);
        gone.map(|exchange| exchange.messages.clone()).collect()
    }

    #[test]
    fn a_call_goes_with_its_result_and_what_fits_stays() {
        let prompt = dialog();
        let whole = prompt.count(&Encoding::O200k).tokens();
        let all = fit(&prompt, &[], &Budget::new(whole), &Encoding::O200k).unwrap();
        assert_eq!((dropped(&all).len(), all.after, all.beginning), (0, all.before, None));
        let one = fit(&prompt, &[], &Budget::new(whole - 1), &Encoding::O200k).unwrap();
        assert_eq!(dropped(&one), [[2, 3]]);
        let few = fit(&prompt, &[], &Budget::new(60), &Encoding::O200k).unwrap();
        assert_eq!(dropped(&few), [vec![1], vec![2, 3]]);
        assert!(few.after.high() <= 60);
        assert!(few.exchanges[2].pinned && few.beginning.is_none());
    }

    #[test]
    fn exchanges_that_share_a_message_go_as_one() {
        let prompt = dialog().with_memory(Memory::user("Last."));
        // The result and the question after it are one message.
        let messages = [vec![1], vec![2], vec![3], vec![3], vec![4]];
        let fit = fit(&prompt, &messages, &Budget::new(70), &Encoding::O200k).unwrap();
        assert_eq!(dropped(&fit), [vec![1], vec![2, 3]]);
        assert_eq!(fit.dropped(), [1, 2, 3]);
    }

    #[test]
    fn a_beginning_that_went_is_said_and_counted() {
        let prompt = Prompt::new("")
            .with_memory(Memory::note(long("A")))
            .with_memory(Memory::assistant("Answer."));
        let whole = prompt.count(&Encoding::O200k).tokens();
        for limit in [whole - 1, 40] {
            let fit = fit(&prompt, &[], &Budget::new(limit), &Encoding::O200k).unwrap();
            assert_eq!((fit.dropped(), fit.beginning.is_some()), (vec![1], true));
            assert!(fit.after.high() <= limit);
        }
    }

    #[test]
    fn what_cannot_fit_is_refused_with_what_holds_the_most() {
        let prompt = Prompt::new(long("Instructions.")).with_memory(Memory::user("Last."));
        let error = fit(&prompt, &[], &Budget::new(50), &Encoding::O200k).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DoesNotFit);
        assert!(error.to_string().contains("the instructions"), "{error}");
        let whole = prompt.count(&Encoding::O200k).tokens();
        for (reserve, fits) in [(0, true), (1, false)] {
            let budget = Budget::new(whole).reserve(reserve);
            assert_eq!(fit(&prompt, &[], &budget, &Encoding::O200k).is_ok(), fits);
        }
    }

    #[test]
    fn a_counter_that_fails_fails_the_fit() {
        struct Broken;
        impl TokenCounter for Broken {
            fn id(&self) -> &str {
                "broken"
            }
            fn count(&self, _: &str) -> Count {
                Count::ZERO
            }
            fn check(&self) -> Result<()> {
                Err(Error::invalid("broken"))
            }
        }
        let error = fit(&dialog(), &[], &Budget::new(10), &Broken).unwrap_err();
        assert_eq!(error.to_string(), "broken");
    }
}
