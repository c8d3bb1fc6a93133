//! Plans of sessions against every way to make small ones smaller.

use proptest::prelude::*;

use crate::budget::Budget;
use crate::budget::fit_tests::{Said, memory, said};
use crate::context::{Prompt, exchanges};
use crate::error::ErrorKind;
use crate::object::{MemoryKind, Part, Role};
use crate::session::{MemoryEntry, Selector, Session};
use crate::store::Store;
use crate::tokens::Encoding;

const COUNTER: Encoding = Encoding::O200k;

/// What is done to a memory after so many have come.
type Early = Option<(usize, u64, bool)>;

fn session(dialog: &[Said], file: usize, pin: Option<usize>, early: Early) -> Session {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    session.set_instructions("Be brief.").unwrap();
    for (at, turn) in dialog.iter().enumerate() {
        if at == file {
            session.write("a.txt", "line\n".repeat(at * 5 + 1)).unwrap();
        }
        session.remember(memory(*turn)).unwrap();
        let Some((_, number, compacts)) = early.filter(|early| early.0 == at) else { continue };
        let number = Selector::Number(number.min(at as u64 + 1));
        // An empty memory has no summary that is as short.
        match compacts {
            true => drop(session.compact(&number, &|_: &[MemoryEntry]| Ok("hello".to_owned()))),
            false => drop(session.forget(&number).unwrap()),
        }
    }
    if let Some(pin) = pin.filter(|pin| *pin < dialog.len()) {
        session.pin_memories(&Selector::Number(pin as u64 + 1)).unwrap();
    }
    session
}

/// The fewest tokens of a prompt of which whole exchanges and files may go, but for some, and if
/// nothing is torn.
fn least(prompt: &Prompt, stays: impl Fn(u64) -> bool, torn: impl Fn(&Prompt) -> bool) -> u64 {
    let ranges = exchanges(prompt.memories.iter().map(|entry| &entry.memory));
    let units: Vec<Vec<u64>> = ranges
        .iter()
        .map(|range| prompt.memories[range.clone()].iter().map(|entry| entry.number).collect())
        .filter(|unit: &Vec<u64>| !unit.iter().any(|number| stays(*number)))
        .collect();
    if prompt.memories.is_empty() {
        return Prompt { files: Vec::new(), ..prompt.clone() }.count(&COUNTER).high();
    }
    (0..1u32 << (units.len() + prompt.files.len()))
        .filter_map(|set| {
            let gone = |bit: usize| set & (1 << bit) != 0;
            let mut left = prompt.clone();
            left.memories.retain(|entry| {
                let unit = units.iter().position(|unit| unit.contains(&entry.number));
                unit.is_none_or(|unit| !gone(unit))
            });
            let mut file = units.len();
            left.files.retain(|_| {
                file += 1;
                !gone(file - 1)
            });
            (!torn(&left)).then(|| left.count(&COUNTER).high())
        })
        .min()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_plan_keeps_its_limit_as_applied_and_is_refused_only_where_nothing_fits(
        dialog in said(), file in 0..9usize, pin in proptest::option::of(0..8usize),
        early in proptest::option::weighted(0.6, (0..6usize, 1..6u64, any::<bool>())),
        spare in 0..40u64, cut in 0..9u64,
    ) {
        let made = session(&dialog, file, pin, early);
        let prompt = made.latest().unwrap().prompt().unwrap();
        let whole = prompt.count(&COUNTER).high();
        let ranges = exchanges(prompt.memories.iter().map(|entry| &entry.memory));
        let asks = |at: usize| {
            let alone = ranges.contains(&(at..at + 1));
            let memory = &prompt.memories[at].memory;
            alone
                && memory.kind == MemoryKind::Message
                && memory.role == Role::User
                && !memory.text().is_empty()
        };
        let newest = (0..prompt.memories.len()).rev().find(|at| asks(*at));
        let pins: Vec<u64> = made
            .latest()
            .unwrap()
            .view()
            .memories()
            .map(|memory| memory.unwrap())
            .filter(|memory| memory.pinned)
            .map(|memory| memory.number)
            .collect();
        let held = |number: u64| {
            let at = prompt.memories.iter().position(|entry| entry.number == number).unwrap();
            let range = ranges.iter().find(|range| range.contains(&at)).unwrap();
            let pinned = |at: usize| pins.contains(&prompt.memories[at].number);
            at >= ranges.last().map_or(0, |range| range.start) || Some(at) == newest || range.clone().any(pinned)
        };
        // An answer goes with its question, and that with all that answers it.
        let torn = |left: &Prompt| {
            let kept = |at: usize| left.memories.contains(&prompt.memories[at]);
            (0..prompt.memories.len()).filter(|at| asks(*at)).any(|at| {
                let end = (at + 1..prompt.memories.len()).find(|at| asks(*at));
                let turn = at..end.unwrap_or(prompt.memories.len());
                let answers = |at: &usize| {
                    let memory = &prompt.memories[*at].memory;
                    let calls = |part: &Part| matches!(part, Part::Call { .. });
                    memory.role == Role::Assistant
                        && !memory.parts.iter().any(calls)
                        && ranges.contains(&(*at..*at + 1))
                };
                let held = turn.clone().any(|at| held(prompt.memories[at].number));
                let tears = |other: usize| kept(other) != kept(at) && (answers(&other) || !kept(at));
                !held && turn.into_iter().any(tears)
            })
        };
        let least = least(&prompt, held, torn);
        for limit in [least.saturating_sub(1).max(1), least, least + spare, whole.saturating_sub(cut).max(1)] {
            match made.plan(&Budget::new(limit), &COUNTER) {
                Ok(plan) => {
                    prop_assert!(plan.after().high() <= limit, "{} of {limit}: {plan}", plan.after());
                    made.apply(&plan).unwrap();
                    let after = made.latest().unwrap().prompt().unwrap().count(&COUNTER);
                    prop_assert_eq!(after, plan.after(), "{}", plan);
                    if !plan.is_empty() {
                        made.undo().unwrap();
                    }
                }
                Err(error) => {
                    prop_assert_eq!(error.kind(), ErrorKind::DoesNotFit);
                    prop_assert!(limit < least, "{} of {}: {}", limit, least, error);
                    prop_assert_eq!(error.shortfall().unwrap().least, least);
                }
            }
        }
    }
}
