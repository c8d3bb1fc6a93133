//! Plans held against every other way to make a small prompt smaller.

use partita::budget::{Plan, PlanAction};
use partita::context::{Prompt, trimmed};
use partita::view::PlanKey;
use partita::{MemoryKind, Part, Role};

use super::book::Book;
use super::told::COUNTER;

/// Exchanges and files of a small prompt: every set of them is tried.
const SMALL: usize = 7;

/// Refuses what says that nothing fits where something does.
pub(super) fn refused(book: &Book, limit: u64, least: u64) -> Result<(), String> {
    let Some(found) = fewest(book) else { return Ok(()) };
    if found == least {
        return Ok(());
    }
    Err(format!("{limit} tokens are refused for at least {least}, and {found} would do"))
}

/// No step of a plan can be spared.
pub(super) fn spares(book: &Book, plan: &Plan<PlanKey>, limit: u64) -> Result<(), String> {
    let steps = plan.steps();
    for spared in 0..steps.len() {
        let mut prompt = book.prompt();
        for (_, step) in steps.iter().enumerate().filter(|(at, _)| *at != spared) {
            take(&mut prompt, step.action, &step.keys);
        }
        if prompt.count(&COUNTER).high() <= limit {
            return Err(format!("step {} can be spared: {plan}", spared + 1));
        }
    }
    Ok(())
}

fn take(prompt: &mut Prompt, action: PlanAction, keys: &[PlanKey]) {
    for key in keys {
        match key {
            PlanKey::Memories { first, last, .. } => match action {
                PlanAction::Trim => {
                    let of = prompt.memories.iter_mut();
                    of.filter(|entry| (*first..=*last).contains(&entry.number))
                        .for_each(|entry| entry.memory = trimmed(&entry.memory));
                }
                _ => prompt.memories.retain(|entry| !(*first..=*last).contains(&entry.number)),
            },
            PlanKey::File { path, number, .. } => {
                prompt.files.retain(|file| file.path != *path || file.iteration != *number);
            }
            _ => {}
        }
    }
}

/// The fewest tokens that a plan may leave; none where the prompt is too large to try all.
fn fewest(book: &Book) -> Option<u64> {
    let now = &book.now;
    let units = now.units(|item| !item.forgotten);
    let prompt = book.prompt();
    let place = |at: usize| now.items[..at].iter().filter(|item| !item.forgotten).count();
    let units: Vec<Vec<usize>> =
        units.iter().map(|unit| unit.iter().map(|at| place(*at)).collect()).collect();
    if units.len() + prompt.files.len() > SMALL {
        return None;
    }
    let seen: Vec<_> = now.items.iter().filter(|item| !item.forgotten).collect();
    let memory = |at: usize| &prompt.memories[at].memory;
    let says = |part: &Part| match part {
        Part::Text(body) => !body.as_inline().unwrap_or_default().trim_ascii().is_empty(),
        _ => true,
    };
    let asks = |unit: &[usize]| {
        let memory = memory(unit[0]);
        unit.len() == 1
            && memory.role == Role::User
            && memory.kind == MemoryKind::Message
            && memory.parts.iter().any(says)
    };
    let answers = |unit: &[usize]| {
        unit.iter().all(|at| {
            let calls = |part: &Part| matches!(part, Part::Call { .. } | Part::Opaque { .. });
            memory(*at).role == Role::Assistant && !memory(*at).parts.iter().any(calls)
        })
    };
    // A summary that was imported begins a turn of its own; none of these was.
    let pinned = |unit: &[usize]| unit.iter().any(|at| seen[*at].pinned);
    let newest = units.iter().rposition(|unit| asks(unit));
    let held = |at: usize| at + 1 == units.len() || Some(at) == newest || pinned(&units[at]);
    // What goes with the question before it.
    let mut bound: Vec<Option<usize>> = vec![None; units.len()];
    let mut at = 0;
    while at < units.len() {
        let end = (at + 1..units.len()).find(|at| asks(&units[*at])).unwrap_or(units.len());
        if asks(&units[at]) && !(at..end).any(held) {
            bound[at..end].fill(Some(at));
        }
        at = end;
    }
    let tears = |gone: &dyn Fn(usize) -> bool| {
        (0..units.len()).any(|at| {
            let Some(question) = bound[at] else { return false };
            let whole = at == question || answers(&units[at]);
            gone(question) && !gone(at) || whole && gone(at) != gone(question)
        })
    };
    let mut fewest = u64::MAX;
    for set in 0..1u32 << (units.len() + prompt.files.len()) {
        let gone = |bit: usize| set & (1 << bit) != 0;
        let goes_pinned =
            (0..prompt.files.len()).any(|at| gone(units.len() + at) && now.pairs[at].pinned);
        if goes_pinned || (0..units.len()).any(|at| gone(at) && held(at)) || tears(&gone) {
            continue;
        }
        let mut left = prompt.clone();
        let mut at = 0;
        left.files.retain(|_| {
            at += 1;
            !gone(units.len() + at - 1)
        });
        left.memories.clear();
        for (unit, places) in units.iter().enumerate().filter(|(unit, _)| !gone(*unit)) {
            for at in places {
                let mut entry = prompt.memories[*at].clone();
                if !pinned(&units[unit]) {
                    entry.memory = trimmed(&entry.memory);
                }
                left.memories.push(entry);
            }
        }
        fewest = fewest.min(left.count(&COUNTER).high());
    }
    Some(fewest)
}
