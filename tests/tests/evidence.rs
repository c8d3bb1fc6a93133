//! Claims, judged against a naive book.

#[test]
fn claims_are_judged_as_a_naive_reader_of_everything_judges_them() {
    for seed in 0..8 {
        if let Err(what) = partita_tests::evidence::run(seed) {
            panic!("seed {seed}: {what}");
        }
    }
}
