//! The share of every test run in comparing merges with git's: of texts, of trees, of a repository.

use partita_tests::{meet, merges, trees};

#[test]
fn texts_are_merged_as_git_merges_them_and_never_to_another_clean_text() {
    let verdicts = merges::compare(500, 7).unwrap();
    println!("{verdicts}");
    merges::enough(&verdicts).unwrap();
    assert!(verdicts.same > 0 && verdicts.all() == 500);
}

#[test]
fn trees_are_merged_as_git_merges_them_and_never_to_another_clean_tree() {
    let tally = trees::compare(60, 1).unwrap();
    println!("{tally}");
    tally.enough(98).unwrap();
    assert!(tally.clean > 20 && tally.in_conflict > 10 && tally.all() == 60, "{tally}");
}

#[test]
fn the_merges_of_a_repository_are_made_again_from_whole_trees() {
    let tally = trees::compare_made(20, 1).unwrap();
    println!("{tally}");
    tally.enough(75).unwrap();
    assert!(tally.clean > 5 && tally.in_conflict > 2 && tally.all() == 20, "{tally}");
}

#[test]
fn sessions_that_meet_again_and_again_are_what_plain_maps_say() {
    for seed in 0..300 {
        meet::run(seed).unwrap();
    }
}
