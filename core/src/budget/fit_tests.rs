//! Tests of fits: against every way to drop exchanges of small dialogs.

use proptest::prelude::*;

use super::{Budget, Fit, fit};
use crate::context::Prompt;
use crate::error::ErrorKind;
use crate::json::Json;
use crate::object::{Body, Memory, Part};
use crate::tokens::Encoding;

const COUNTER: Encoding = Encoding::O200k;

fn call(id: &str, tool: &str) -> Part {
    Part::Call { id: id.to_owned(), name: tool.to_owned(), arguments: Body::new("{}") }
}

/// A turn of a random dialog: who speaks, how many words, and which call it makes or answers.
pub(crate) type Said = (u8, usize, u8);

pub(crate) fn said() -> impl Strategy<Value = Vec<Said>> {
    proptest::collection::vec((0..9u8, 0..40usize, 0..3u8), 1..8)
}

pub(crate) fn memory((who, words, call_number): Said) -> Memory {
    let text = "hello ".repeat(words);
    let id = format!("c{call_number}");
    match who {
        0..=2 => Memory::user(text),
        3..=4 => Memory::assistant(text),
        5 => Memory::assistant(text)
            .with_part(call(&id, if call_number == 2 { "ls" } else { "cat" })),
        6..=7 => Memory::tool(&id, text),
        _ => Memory::system(text),
    }
}

fn without(prompt: &Prompt, fit: &Fit, gone: impl Fn(usize) -> bool) -> u64 {
    let mut left = prompt.clone();
    left.memories.retain(|entry| {
        let of = fit.exchanges.iter().position(|at| at.memories.contains(&entry.number));
        !gone(of.expect("every memory is in an exchange"))
    });
    left.count(&COUNTER).high()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_fit_keeps_its_limit_and_is_refused_only_where_nothing_fits(
        dialog in said(), instructions in 0..2usize, offers: bool, spare in 0..40u64, cut in 0..9u64,
    ) {
        let mut prompt = Prompt::new("Be brief. ".repeat(instructions));
        for turn in dialog {
            prompt = prompt.with_memory(memory(turn));
        }
        if offers {
            let schema = Json::parse(br#"{"type":"object"}"#).unwrap();
            prompt = prompt.with_tools([crate::context::Tool::new("ls", "Lists.", schema)]);
        }
        let whole = prompt.count(&COUNTER).high();
        let all = fit(&prompt, &[], &Budget::new(whole), &COUNTER).unwrap();
        let may: Vec<usize> =
            (0..all.exchanges.len()).filter(|&at| !all.exchanges[at].pinned).collect();
        let least = (0..1u32 << may.len())
            .map(|set| {
                without(&prompt, &all, |at| {
                    may.iter().position(|&one| one == at).is_some_and(|bit| set & (1 << bit) != 0)
                })
            })
            .min()
            .unwrap();
        for limit in [least.saturating_sub(1).max(1), least, least + spare, whole.saturating_sub(cut).max(1)] {
            match fit(&prompt, &[], &Budget::new(limit), &COUNTER) {
                Ok(made) => {
                    prop_assert!(made.after.high() <= limit, "{} of {limit}", made.after);
                    let counted = without(&prompt, &made, |at| made.exchanges[at].dropped);
                    prop_assert_eq!(made.after.high(), counted);
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

#[test]
fn limits_beside_the_placeholder_are_kept_and_what_fits_is_not_refused() {
    let prompt = Prompt::new("s")
        .with_memory(Memory::user("hello ".repeat(50)))
        .with_memory(Memory::assistant("yes"))
        .with_memory(Memory::user("again ".repeat(30)));
    assert_eq!(prompt.count(&COUNTER).tokens(), 103);
    for limit in 30..=103 {
        match fit(&prompt, &[], &Budget::new(limit), &COUNTER) {
            Ok(made) => assert!(made.after.high() <= limit, "{limit}: {}", made.after),
            Err(error) => assert!(limit < 43, "{limit}: {error}"),
        }
    }
}

#[test]
fn tools_that_only_stand_in_go_with_their_calls() {
    let prompt = Prompt::default()
        .with_memory(Memory::user("What is here?"))
        .with_memory(Memory::assistant("I look.").with_part(call("c1", "a_tool_with_a_long_name")))
        .with_memory(Memory::tool("c1", "Cargo.toml"))
        .with_memory(Memory::user("And now?"));
    let last = Prompt::default().with_memory(Memory::user("And now?")).count(&COUNTER).tokens();
    let made = fit(&prompt, &[], &Budget::new(last), &COUNTER).unwrap();
    assert_eq!((made.dropped(), made.after.tokens()), (vec![1, 2, 3], last));
    assert!(fit(&prompt, &[], &Budget::new(last - 1), &COUNTER).is_err());
}

fn gone(prompt: &Prompt, budget: &Budget) -> Vec<u64> {
    fit(prompt, &[], budget, &COUNTER).unwrap().dropped()
}

#[test]
fn of_equal_exchanges_the_newest_stay_and_no_answer_without_its_question() {
    let mut prompt = Prompt::new("Be brief.");
    for _ in 0..8 {
        prompt = prompt
            .with_memory(Memory::user("why? ".repeat(20)))
            .with_memory(Memory::assistant("because. ".repeat(20)));
    }
    let whole = prompt.count(&COUNTER).tokens();
    let half = Budget::new(whole / 2 + 10);
    assert_eq!(gone(&prompt, &half), (1..=8).collect::<Vec<u64>>());
    for limit in 100..whole {
        let dropped = gone(&prompt, &Budget::new(limit));
        assert_eq!(dropped, (1..=dropped.len() as u64).collect::<Vec<_>>(), "{limit}");
        assert_eq!(dropped.len() % 2, 0, "{limit}: a question goes with its answer");
    }
    // Whatever things are worth: of what is worth the same the oldest goes.
    let flat = |_: super::Material, _: u64| 1_000;
    let made = super::fit_with(&prompt, &[], &half, &COUNTER, &flat).unwrap();
    assert_eq!(made.dropped(), (1..=8).collect::<Vec<u64>>());
}

#[test]
fn the_newest_question_stays_whatever_stands_behind_it() {
    let mut prompt = Prompt::default()
        .with_memory(Memory::user("Hello, nice weather. ".repeat(10)))
        .with_memory(Memory::assistant("It is. ".repeat(10)))
        .with_memory(Memory::user("THE TASK. ".repeat(30)));
    for number in 0..6 {
        let id = format!("c{number}");
        prompt = prompt
            .with_memory(Memory::assistant("I look.").with_part(call(&id, "cat")))
            .with_memory(Memory::tool(&id, "a line of a file\n".repeat(20)));
    }
    let whole = prompt.count(&COUNTER).tokens();
    let values = |material: super::Material, age: u64| match material {
        super::Material::Returned if age > 5 => 0,
        _ => 1_000,
    };
    for freed in [5, 50, 200, 400, 600] {
        let budget = Budget::new(whole - freed);
        for made in [
            fit(&prompt, &[], &budget, &COUNTER).unwrap(),
            super::fit_with(&prompt, &[], &budget, &COUNTER, &values).unwrap(),
        ] {
            let dropped = made.dropped();
            assert!(!dropped.contains(&3) && !dropped.contains(&15), "{freed}: {dropped:?}");
            assert_eq!(dropped.contains(&1), dropped.contains(&2), "{freed}: {dropped:?}");
        }
    }
}
