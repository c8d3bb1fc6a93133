//! See `partita_tests::fuzz::frames`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| partita_tests::fuzz::frames(bytes));
