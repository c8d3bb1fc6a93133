//! The store against an independent model, see `partita_tests::witness`.

use partita_tests::witness::run;

/// Stores of an ordinary run; `make soak SUITE=model` runs them by the thousand.
const STORES: u64 = 60;

#[test]
fn everything_readable_is_what_plain_lists_say_whatever_is_done_in_whatever_order() {
    for seed in 1..=STORES {
        run(seed).unwrap_or_else(|what| panic!("{what}"));
    }
}
