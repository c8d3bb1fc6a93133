//! Budgets without a store: which messages to drop so that a request fits.

use std::path::Path;

use partita::budget::{Budget, Fit, fit};

use super::count::{Body, none_in};
use super::counter;
use crate::args::BudgetArgs;
use crate::failure::Result;
use crate::output::table::Align;
use crate::output::{Output, counted, grouped, json};

/// Says which messages to drop so that a request fits.
pub(super) fn budget(out: &mut Output, dir: &Path, args: &BudgetArgs) -> Result<()> {
    let counter = &*counter(dir, None, &args.counter)?;
    let budget = Budget::new(args.limit);
    budget.check()?;
    let body = Body::read(&args.file)?;
    if body.prompt.memories.is_empty() {
        return Err(none_in(&args.file).into());
    }
    let fit = fit(&body.prompt, body.messages(), &budget, &body.counter(counter))?;
    if args.json.json {
        return out.json(&json::Budgeted::new(counter.id(), args.limit, &fit, body.others()));
    }
    show(out, &fit, args.limit, body.others().len() as u64)
}

/// Messages as people write them: `message 3`, `messages 3 to 5`.
fn shown(messages: &[u64]) -> String {
    match (messages.first(), messages.last()) {
        (Some(first), Some(last)) if first != last => format!("messages {first} to {last}"),
        (Some(first), _) => format!("message {first}"),
        _ => "no message".to_owned(),
    }
}

fn show(out: &mut Output, fit: &Fit, limit: u64, others: u64) -> Result<()> {
    let dropped = fit.exchanges.iter().filter(|exchange| exchange.dropped);
    let rows = dropped.map(|exchange| {
        Ok(["drop".to_owned(), shown(&exchange.messages), exchange.tokens.to_string()])
    });
    out.table([Align::Left, Align::Left, Align::Right], rows)?;
    let all: u64 = fit.exchanges.iter().map(|exchange| exchange.messages.len() as u64).sum();
    let gone = fit.dropped().len() as u64;
    let stays = counted(all - gone + others, "message stays", "messages stay");
    let (before, after, limit) = (fit.before, fit.after, grouped(limit));
    if gone == 0 {
        return out.line(format_args!("{before} tokens fit into {limit}: {stays}"));
    }
    out.line(format_args!("{before} tokens become {after} of {limit}: {stays}"))
}
