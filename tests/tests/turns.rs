//! Turns whose hosts die, disagree, lie and say odd things: nothing is done twice, nothing is lost.

mod inputs;
mod limits;

use partita_tests::turns::{effects, judged, model};
use partita_tests::vfs::Disk;

/// Shares of what `make soak SUITE=turns` runs.
const CRASHED: u64 = 600;
const SCRIPTS: u64 = 250;
const JUDGED: u64 = 150;
/// Seeds within which a commit that is not synced must show.
const UNSYNCED: u64 = 120;

#[test]
fn no_death_of_a_process_does_anything_twice_or_tells_what_was_not_done() {
    let mut seen = effects::Seen::default();
    for seed in 1..=CRASHED {
        let run = effects::run(seed, &effects::sound);
        seen.add(&run.unwrap_or_else(|what| panic!("seed {seed}: {what}")));
    }
    println!("{seen:?}");
    // A suite that never came to a place proves nothing of it.
    assert!(seen.killed > CRASHED / 8, "{seen:?}");
    for place in ["before next", "after next", "before an effect", "after an effect"] {
        assert!(seen.died.get(place).is_some_and(|died| *died > CRASHED / 60), "{place}: {seen:?}");
    }
    for place in ["before supply", "after supply", "at a model"] {
        assert!(seen.died.get(place).is_some_and(|died| *died > CRASHED / 60), "{place}: {seen:?}");
    }
    assert_eq!((seen.effects.len(), seen.unknown.len()), (4, 3), "{seen:?}");
}

/// If nothing went wrong without the sync, the runs above would prove nothing about it.
#[test]
fn an_intent_that_is_not_synced_is_caught() {
    let mut caught = Vec::new();
    for seed in 1..=UNSYNCED {
        let run = |disk: Disk| effects::unsynced(disk);
        caught.extend(effects::run(seed, &run).err());
    }
    println!("{} of {UNSYNCED}", caught.len());
    assert!(caught.len() as u64 > UNSYNCED / 4, "{caught:#?}");
    // Some come as far as an effect of which nobody knows that it was asked for.
    let is_of_effect = |what: &String| what.contains("done twice") || what.contains("was taken");
    assert!(caught.iter().any(is_of_effect), "{caught:#?}");
}

#[test]
fn two_drivers_people_undo_and_cancels_leave_what_a_naive_interpreter_says() {
    for seed in 1..=SCRIPTS {
        if let Err(what) = model::run(seed) {
            panic!("{what}");
        }
    }
}

#[test]
fn every_request_of_random_turns_passes_the_judges_of_all_dialects() {
    let bodies: usize = (1..=JUDGED)
        .map(|seed| judged::run(seed).unwrap_or_else(|what| panic!("seed {seed}: {what}")))
        .sum();
    println!("{bodies} bodies");
    assert!(bodies as u64 > JUDGED * 20, "{bodies}");
}
