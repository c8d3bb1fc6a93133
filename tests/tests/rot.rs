//! Damaged stores over a medium in memory: nothing wrong is returned, nothing panics, and the place
//! is named.

use partita::CheckSite;
use partita_tests::rot::damage::Density;
use partita_tests::rot::survey::{DOUBLED, survey, table, without};

#[test]
fn whatever_happens_to_a_file_nothing_wrong_is_returned_and_check_says_where() {
    match survey(Density::Sampled) {
        Ok(rows) => println!("{}", table(&rows)),
        Err(bad) => panic!("\n{}\n", bad.join("\n")),
    }
}

/// If no damage was taken for good without a check, the survey would prove nothing about it.
#[test]
fn without_any_one_check_some_damage_is_taken_for_good() {
    let mut unneeded = Vec::new();
    for site in CheckSite::ALL {
        match without(site, Density::Sampled) {
            Some((done, what)) => println!("without {site:?}: after {done} damages, {what}"),
            None => unneeded.push(site),
        }
    }
    assert_eq!(unneeded, DOUBLED);
}
