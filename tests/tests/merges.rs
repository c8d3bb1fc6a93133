//! The share of every test run in comparing merges of texts with git's.

use partita_tests::merges::{compare, enough};

#[test]
fn texts_are_merged_as_git_merges_them_and_never_to_another_clean_text() {
    let verdicts = compare(500, 7).unwrap();
    println!("{verdicts}");
    enough(&verdicts).unwrap();
    assert!(verdicts.same > 0 && verdicts.all() == 500);
}
