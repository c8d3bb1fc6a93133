//! Captures of what real commands did, against copies, see `partita_tests::captures`.

use partita_tests::captures::run;

/// Directories of an ordinary run; `make soak SUITE=capture` runs 2,000 rounds.
const DIRECTORIES: u64 = 8;

#[test]
fn what_commands_change_is_captured_and_comes_back_exactly() {
    for seed in 1..=DIRECTORIES {
        run(seed).unwrap_or_else(|what| panic!("{what}"));
    }
}
