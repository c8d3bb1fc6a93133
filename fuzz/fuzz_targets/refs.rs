//! See `partita_tests::fuzz::refs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| partita_tests::fuzz::refs(bytes));
