//! What a model is sent, what it costs, and how to make room: context, capacity, plan.

use std::path::Path;

use partita::budget::{Budget, Capacity, Plan};
use partita::context::{ContextDiff, CounterFor, Dialect, Item, RenderOptions};
use partita::limits::BUDGET_TOKENS_MAX;
use partita::shape::Brief;
use partita::tokens::{Count, TokenCounter};
use partita::view::{ItemKey, PlanKey};
use partita::{Error, ErrorKind};

use super::count::{line, role};
use super::{Access, counter, open_session, snapshot};
use crate::args::{CapacityArgs, ContextArgs, PlanArgs};
use crate::failure::Result;
use crate::output::table::Align;
use crate::output::{AnsiColor, Output, counted, grouped, json, note, quote};

/// Items that a table of the capacity shows.
const ITEMS: usize = 20;

/// Letters of the bar that stands for all there is.
const BAR: u64 = 40;

/// Tells what tokens are spent on.
pub(super) fn capacity(out: &mut Output, dir: &Path, args: &CapacityArgs) -> Result<()> {
    let session = open_session(dir, Access::Read, &args.name)?;
    let counter = &*counter(dir, Some(&session), &args.counter)?;
    let budget = Budget::new(args.limit.unwrap_or(BUDGET_TOKENS_MAX));
    let most = if args.json.json { usize::MAX } else { ITEMS };
    let capacity = session.capacity_of_largest(&budget, counter, most)?;
    if args.json.json {
        return out.json(&json::Spent { counter: counter.id(), capacity: &capacity });
    }
    show_capacity(out, &capacity, args.limit, counter)
}

fn show_capacity(
    out: &mut Output,
    capacity: &Capacity<ItemKey>,
    limit: Option<u64>,
    counter: &dyn TokenCounter,
) -> Result<()> {
    let whole = limit.unwrap_or(0).max(capacity.total().tokens()).max(1);
    let width = capacity.sources().map(|(_, count)| count.to_string().len()).max().unwrap_or(0);
    for (source, count) in capacity.sources() {
        let tokens = count.to_string();
        out.bytes(format!("{:<12}  {tokens:>width$}", source.name()).as_bytes())?;
        if out.is_terminal() {
            out.bytes(b"  ")?;
            out.styled(AnsiColor::Cyan.on_default(), bar(count.tokens(), whole).as_bytes())?;
        }
        out.bytes(b"\n")?;
    }
    let rows = capacity
        .items()
        .iter()
        .map(|item| Ok([item.count.to_string(), quote::text(&item.key.to_string()).into_owned()]));
    out.table([Align::Right, Align::Left], rows)?;
    let more = capacity.items_total().saturating_sub(capacity.items().len()) as u64;
    if more > 0 {
        out.line(format_args!("and {}", counted(more, "smaller item", "smaller items")))?;
    }
    let (total, counter) = (capacity.total(), counter.id());
    match limit {
        None => out.line(format_args!("{total} tokens of {counter}")),
        Some(limit) => {
            let limit = grouped(limit);
            let left = capacity.headroom();
            let said = grouped(left.unsigned_abs());
            let left = if left < 0 { format!("over by {said}") } else { format!("{said} left") };
            out.line(format_args!("{total} of {limit} tokens of {counter}: {left}"))
        }
    }
}

/// A bar for so many of the whole; something is never nothing.
fn bar(tokens: u64, whole: u64) -> String {
    let letters = u128::from(tokens) * u128::from(BAR) / u128::from(whole.max(1));
    let letters = usize::try_from(letters).unwrap_or(usize::MAX).max(usize::from(tokens > 0));
    "=".repeat(letters.min(BAR as usize))
}

/// Plans how the view is made to fit, and does it where that is asked for.
pub(super) fn plan(out: &mut Output, dir: &Path, args: &PlanArgs) -> Result<()> {
    let access = if args.apply { Access::Write } else { Access::Read };
    let session = open_session(dir, access, &args.name)?;
    let counter = &*counter(dir, Some(&session), &args.counter)?;
    let plan = session.plan(&Budget::new(args.limit), counter)?;
    let report = match args.apply && !plan.is_empty() {
        true => Some(session.apply(&plan)?),
        false => None,
    };
    if args.json.json {
        let checkpoint = report.as_ref().and_then(|report| report.checkpoint.as_ref());
        return out.json(&json::Planned {
            applied: args.apply,
            counter: counter.id(),
            limit: args.limit,
            plan: &plan,
            checkpoint: checkpoint.map(Brief),
        });
    }
    show_plan(out, &plan, args.limit)?;
    match report.and_then(|report| report.checkpoint) {
        Some(info) => out.line(format_args!("done, checkpoint {}", info.number)),
        None if plan.is_empty() => Ok(()),
        None => out.line(format_args!("nothing is done: give --apply to do it")),
    }
}

fn show_plan(out: &mut Output, plan: &Plan<PlanKey>, limit: u64) -> Result<()> {
    let (before, after, limit) = (plan.before(), plan.after(), grouped(limit));
    if plan.is_empty() {
        return out.line(format_args!("{before} tokens fit into {limit}: nothing to do"));
    }
    let rows = plan.steps().iter().map(|step| {
        let keys: Vec<String> = step.keys.iter().map(PlanKey::to_string).collect();
        Ok([
            step.action.to_string(),
            grouped(step.freed),
            quote::text(&keys.join(", ")).into_owned(),
        ])
    });
    out.table([Align::Left, Align::Right, Align::Left], rows)?;
    out.line(format_args!("{}", plan.in_words()))?;
    out.line(format_args!(
        "{before} tokens become {after} of {limit}; {} before the first change stay in a cache, {} \
         are written anew",
        grouped(plan.cached()),
        grouped(plan.rewritten())
    ))
}

/// Shows what a model is sent, or how that differs between two states.
pub(super) fn context(out: &mut Output, dir: &Path, args: &ContextArgs) -> Result<()> {
    let dialect = args.dialect.as_deref().map(dialect).transpose()?;
    let session = open_session(dir, Access::Read, &args.name)?;
    let counter = &*counter(dir, Some(&session), &args.counter)?;
    if let Some(range) = &args.diff {
        let (old, new) = range.split_once("..").ok_or_else(|| {
            let shown: String = range.chars().take(80).collect();
            Error::new(ErrorKind::Invalid, format!("{shown:?} is no A..B of two checkpoints"))
        })?;
        let (old, new) = (snapshot(&session, Some(old))?, snapshot(&session, Some(new))?);
        let diff = old.context_diff(&new)?;
        if args.json.json {
            return out.json(&json::ContextChanged::new(&diff, counter));
        }
        return show_diff(out, &diff, counter);
    }
    let Some(dialect) = dialect else {
        return Err(Error::new(ErrorKind::Invalid, "say --dialect D or --diff A..B").into());
    };
    let state = snapshot(&session, args.at.as_deref())?;
    let prompt = if args.without_stale { state.prompt_without_stale()? } else { state.prompt()? };
    let options = RenderOptions::default().with_end_with_user(args.end_with_user);
    let request = prompt.render_with(dialect, &options);
    for mend in &request.mends {
        note(&quote::text(&format!("mended {mend}")));
    }
    if args.json.json {
        return out.json_text(&request.body.to_string());
    }
    let counter = CounterFor::new(counter).with_dialect(dialect);
    let items = prompt.items_for(dialect);
    let rows = items.iter().map(|item| row(item, item.count(&counter)));
    let align = [Align::Right, Align::Left, Align::Left, Align::Left, Align::Left];
    out.table(align, rows.map(Ok))?;
    let points = counted(request.cache_points.len() as u64, "cache point", "cache points");
    out.line(format_args!(
        "{} tokens of {} for {}, {points}",
        prompt.count(&counter),
        counter.id(),
        dialect.name()
    ))
}

fn row(item: &Item, tokens: Count) -> [String; 5] {
    [
        tokens.to_string(),
        item.source.name().to_owned(),
        quote::text(&item.key.to_word()).into_owned(),
        role(item).to_owned(),
        line(item),
    ]
}

fn show_diff(out: &mut Output, diff: &ContextDiff, counter: &dyn TokenCounter) -> Result<()> {
    let Some(first) = diff.first_changed else {
        return out.line(format_args!("a model is sent the same"));
    };
    let removed = diff.removed.iter().map(|item| ("-", item));
    let changed = diff.changed.iter().map(|(_, item)| ("~", item));
    let added = diff.added.iter().map(|item| ("+", item));
    let rows = removed.chain(changed).chain(added).map(|(sign, item)| {
        let [tokens, source, key, _, line] = row(item, item.count(counter));
        Ok([sign.to_owned(), tokens, source, key, line])
    });
    let align = [Align::Left, Align::Right, Align::Left, Align::Left, Align::Left];
    out.table(align, rows)?;
    match first as u64 {
        0 => out.line(format_args!("nothing of the beginning is as before")),
        first => {
            out.line(format_args!("the first {} as before", counted(first, "item is", "items are")))
        }
    }
}

/// Reads a dialect by its name.
fn dialect(name: &str) -> Result<Dialect> {
    Dialect::from_name(name).ok_or_else(|| {
        let shown: String = name.chars().take(80).collect();
        let names = Dialect::ALL.map(Dialect::name).join(", ");
        Error::new(ErrorKind::Invalid, format!("no dialect {shown:?}; there are {names}")).into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_share_and_never_longer_than_the_whole() {
        for (tokens, whole, letters) in
            [(0, 9, 0), (1, 1_000_000, 1), (50, 100, 20), (100, 100, 40), (9, 1, 40), (5, 0, 40)]
        {
            assert_eq!(bar(tokens, whole).len(), letters, "{tokens} of {whole}");
        }
        assert_eq!(bar(u64::MAX, u64::MAX).len(), 40);
    }
}
