//! Plans of sessions against every way to make small ones smaller.

use proptest::prelude::*;

use crate::budget::Budget;
use crate::budget::fit_tests::{Said, memory, said};
use crate::context::{Prompt, exchanges};
use crate::error::ErrorKind;
use crate::session::{Selector, Session};
use crate::store::Store;
use crate::token::Encoding;

const COUNTER: Encoding = Encoding::O200k;

fn session(dialog: &[Said], file: usize, pin: Option<usize>) -> Session {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    session.set_instructions("Be brief.").unwrap();
    for (at, turn) in dialog.iter().enumerate() {
        if at == file {
            session.write("a.txt", "line\n".repeat(at * 5 + 1)).unwrap();
        }
        session.remember(memory(*turn)).unwrap();
    }
    if let Some(pin) = pin.filter(|pin| *pin < dialog.len()) {
        session.pin_memories(&Selector::Number(pin as u64 + 1)).unwrap();
    }
    session
}

/// The fewest tokens of a prompt of which whole exchanges and files may go, but for some.
fn least(prompt: &Prompt, stays: impl Fn(u64) -> bool) -> u64 {
    let ranges = exchanges(prompt.memories.iter().map(|entry| &entry.memory));
    let units: Vec<Vec<u64>> = ranges
        .iter()
        .map(|range| prompt.memories[range.clone()].iter().map(|entry| entry.number).collect())
        .filter(|unit: &Vec<u64>| !unit.iter().any(|number| stays(*number)))
        .collect();
    (0..1u32 << (units.len() + prompt.files.len()))
        .map(|set| {
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
            left.count(&COUNTER).high()
        })
        .min()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_plan_keeps_its_limit_as_applied_and_is_refused_only_where_nothing_fits(
        dialog in said(), file in 0..9usize, pin in proptest::option::of(0..8usize),
        spare in 0..40u64, cut in 0..9u64,
    ) {
        let made = session(&dialog, file, pin);
        let prompt = made.latest().unwrap().prompt().unwrap();
        let whole = prompt.count(&COUNTER).high();
        let ranges = exchanges(prompt.memories.iter().map(|entry| &entry.memory));
        let held = |number: u64| {
            let at = prompt.memories.iter().position(|entry| entry.number == number).unwrap();
            let range = ranges.iter().find(|range| range.contains(&at)).unwrap();
            at >= ranges[ranges.len() - 1].start
                || pin.is_some_and(|pin| range.contains(&pin))
        };
        let least = least(&prompt, held);
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
