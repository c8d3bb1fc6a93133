//! See `partita_tests::fuzz::path`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| partita_tests::fuzz::path(bytes));
