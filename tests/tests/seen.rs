//! The view against an independent model, see `partita_tests::seen`.

use partita_tests::seen::run;

/// Sessions of an ordinary run; `make soak SUITE=view` runs them by the thousand.
const SESSIONS: u64 = 6;

#[test]
fn views_plans_and_undo_are_what_plain_lists_say_and_each_fact_in_view_is_sent_once() {
    for seed in 1..=SESSIONS {
        run(seed).unwrap_or_else(|what| panic!("{what}"));
    }
}
