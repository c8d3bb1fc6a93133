//! See `partita_tests::fuzz::deltas`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| partita_tests::fuzz::deltas(bytes));
