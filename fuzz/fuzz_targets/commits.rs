//! See `partita_tests::fuzz::commits`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| partita_tests::fuzz::commits(bytes));
