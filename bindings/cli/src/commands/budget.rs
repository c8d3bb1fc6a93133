//! Budgets without a store: which messages to drop so that a request fits.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use partita::{
    Budget, Count, DefaultValues, Encoding, Item, Makeup, Material, PlanAction, PlanGroup, Prompt,
    Role, Source, Values as _, exchanges, plan,
};

use super::count::{Body, none_in, overhead, role};
use super::counter;
use crate::args::BudgetArgs;
use crate::failure::Result;
use crate::output::table::Align;
use crate::output::{Output, counted, grouped, json};

/// Plans that are tried: dropping the beginning may cost a placeholder, which a plan cannot know.
const ATTEMPTS: usize = 4;

/// What goes and what stays.
pub(crate) struct Fit {
    pub(crate) counter: &'static str,
    pub(crate) limit: u64,
    pub(crate) before: Count,
    pub(crate) after: Count,
    /// The messages that are instructions, which stay.
    pub(crate) instructions: Vec<u64>,
    pub(crate) exchanges: Vec<Exchange>,
}

/// Messages that stay or go together.
pub(crate) struct Exchange {
    /// The numbers of the messages in the file.
    pub(crate) messages: Vec<u64>,
    /// The numbers of the memories in the prompt.
    memories: BTreeSet<u64>,
    pub(crate) tokens: Count,
    pub(crate) dropped: bool,
    pub(crate) pinned: bool,
    makeup: Makeup,
}

/// What a group of the plan is called.
#[derive(Clone, Debug)]
enum Key {
    Exchange(usize, String),
    Fixed(String),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Exchange(_, messages) => f.write_str(messages),
            Key::Fixed(name) => f.write_str(name),
        }
    }
}

/// Says which messages to drop so that a request fits.
pub(super) fn budget(out: &mut Output, args: &BudgetArgs) -> Result<()> {
    let counter = counter(&args.counter)?;
    Budget::new(args.limit).check()?;
    let body = Body::read(&args.file)?;
    if body.prompt.memories.is_empty() {
        return Err(none_in(&args.file).into());
    }
    let fit = fit(&body, counter, args.limit)?;
    if args.json.json {
        return out.json(&json::Budgeted::new(&fit));
    }
    show(out, &fit)
}

fn fit(body: &Body, counter: Encoding, limit: u64) -> Result<Fit> {
    let items = body.prompt.items();
    let mut exchanges = exchanges_of(body, counter, &items);
    let before = body.prompt.count(&counter);
    let (mut after, mut room) = (before, limit);
    for attempt in 1..=ATTEMPTS {
        let groups = groups(before, counter, &items, &exchanges);
        let plan = plan(&groups, &Budget::new(room))?;
        for exchange in &mut exchanges {
            exchange.dropped = false;
        }
        for step in plan.steps().iter().filter(|step| step.action == PlanAction::Forget) {
            for key in &step.keys {
                if let Key::Exchange(at, _) = key {
                    exchanges[*at].dropped = true;
                }
            }
        }
        after = without(&body.prompt, &exchanges).count(&counter);
        let over = after.high().saturating_sub(limit);
        if over == 0 || attempt == ATTEMPTS {
            break;
        }
        room = room.saturating_sub(over);
    }
    let instructions = body.instructions.clone();
    Ok(Fit { counter: name(counter), limit, before, after, instructions, exchanges })
}

fn name(counter: Encoding) -> &'static str {
    match counter {
        Encoding::O200k => "o200k_base",
        Encoding::Cl100k => "cl100k_base",
    }
}

fn exchanges_of(body: &Body, counter: Encoding, items: &[Item]) -> Vec<Exchange> {
    let memories = &body.prompt.memories;
    let of_memory: HashMap<&str, &Item> = items
        .iter()
        .filter(|item| item.source == Source::Memories)
        .map(|item| (item.key.as_str(), item))
        .collect();
    let ranges = exchanges(memories.iter().map(|memory| &memory.memory));
    let count = ranges.len();
    let group = |(at, range): (usize, std::ops::Range<usize>)| {
        let mut exchange = Exchange {
            messages: Vec::new(),
            memories: BTreeSet::new(),
            tokens: Count::ZERO,
            dropped: false,
            // Without what was asked last there is nothing to answer.
            pinned: at + 1 == count,
            makeup: Makeup::new(),
        };
        for memory in &memories[range.clone()] {
            exchange.memories.insert(memory.number);
            exchange.pinned |= memory.memory.role == Role::System;
            if let Some(item) = of_memory.get(memory.number.to_string().as_str()) {
                let tokens = item.count(&counter);
                exchange.tokens += tokens;
                exchange.makeup = exchange.makeup.with(material(item), tokens.high());
            }
        }
        exchange.messages = body.messages[range].to_vec();
        exchange.messages.dedup();
        exchange
    };
    ranges.into_iter().enumerate().map(group).collect()
}

/// What an item mostly is.
fn material(item: &Item) -> Material {
    match role(item) {
        "assistant" => Material::Said,
        "tool" => Material::Returned,
        _ => Material::Asked,
    }
}

fn groups(
    whole: Count,
    counter: Encoding,
    items: &[Item],
    exchanges: &[Exchange],
) -> Vec<PlanGroup<Key>> {
    let fixed = |name: &str, source, tokens| {
        PlanGroup::new(Key::Fixed(name.to_owned()), source, tokens).pinned()
    };
    let sum = |source: Source| -> Count {
        items.iter().filter(|item| item.source == source).map(|item| item.count(&counter)).sum()
    };
    let rest = overhead(whole, items.iter().map(|item| item.count(&counter)).sum());
    let tools = sum(Source::Tools) + rest;
    let mut groups = vec![
        fixed("the tools and the request itself", Source::Tools, tools),
        fixed("the instructions", Source::Instructions, sum(Source::Instructions)),
    ];
    for (at, exchange) in exchanges.iter().enumerate() {
        let key = Key::Exchange(at, shown(&exchange.messages));
        let group = PlanGroup::new(key, Source::Memories, exchange.tokens);
        let age = (exchanges.len() - at - 1) as u64;
        groups.push(match exchange.pinned {
            true => group.pinned(),
            false => group.forget(DefaultValues.loss(&exchange.makeup, age, PlanAction::Forget)),
        });
    }
    groups
}

fn without(prompt: &Prompt, exchanges: &[Exchange]) -> Prompt {
    let dropped: BTreeSet<u64> = exchanges
        .iter()
        .filter(|exchange| exchange.dropped)
        .flat_map(|exchange| exchange.memories.iter().copied())
        .collect();
    let mut prompt = prompt.clone();
    prompt.memories.retain(|memory| !dropped.contains(&memory.number));
    prompt
}

/// Messages as people write them: `message 3`, `messages 3 to 5`.
fn shown(messages: &[u64]) -> String {
    match (messages.first(), messages.last()) {
        (Some(first), Some(last)) if first != last => format!("messages {first} to {last}"),
        (Some(first), _) => format!("message {first}"),
        _ => "no message".to_owned(),
    }
}

fn show(out: &mut Output, fit: &Fit) -> Result<()> {
    let dropped = fit.exchanges.iter().filter(|exchange| exchange.dropped);
    let rows = dropped.map(|exchange| {
        Ok(["drop".to_owned(), shown(&exchange.messages), exchange.tokens.to_string()])
    });
    out.table([Align::Left, Align::Left, Align::Right], rows)?;
    let count = |dropped: bool| -> u64 {
        let picked = fit.exchanges.iter().filter(|exchange| exchange.dropped == dropped);
        picked.map(|exchange| exchange.messages.len() as u64).sum()
    };
    let stays = count(false) + fit.instructions.len() as u64;
    let stays = counted(stays, "message stays", "messages stay");
    let (before, after, limit) = (fit.before, fit.after, grouped(fit.limit));
    if count(true) == 0 {
        return out.line(format_args!("{before} tokens fit into {limit}: {stays}"));
    }
    out.line(format_args!("{before} tokens become {after} of {limit}: {stays}"))
}
