//! One dies, the others live on: nothing acknowledged is lost, and nobody stays behind.

use std::collections::BTreeMap;

use partita::CheckSite;
use partita_tests::survivors::{Density, End, Tally, Victim, caught, product, table};

/// Of the calls that only look, one in so many goes wrong.
const DENSITY: Density = Density::Sampled(12);

/// Runs the cells of some victims; tells how many there were, and that none was missing.
fn all_live_on(victims: &[Victim], least: usize) {
    let tallies: BTreeMap<(End, Victim), Tally> =
        product(&End::ALL, victims, DENSITY).unwrap_or_else(|what| panic!("{what}"));
    let cells: usize = tallies.values().map(|tally| tally.cells).sum();
    println!("{}{cells} cells", table(&tallies));
    assert_eq!(tallies.len(), End::ALL.len() * victims.len());
    for ((end, victim), tally) in &tallies {
        let least = if *victim == Victim::Close { 4 } else { 8 };
        assert!(tally.kills >= least, "{end:?}, {victim:?}: {tally:?}");
        // Closing is a courtesy, and tells nobody.
        assert!(*victim == Victim::Close || tally.errors >= 15, "{end:?}, {victim:?}: {tally:?}");
        let names = [Victim::Rotation, Victim::Gc, Victim::Purge, Victim::Recover];
        assert!(!names.contains(victim) || tally.rotates, "{end:?}, {victim:?}: {tally:?}");
    }
    assert!(cells >= least, "{cells} cells");
}

#[test]
fn whoever_dies_over_a_commit_or_closing_the_others_lose_nothing_and_see_all() {
    all_live_on(&[Victim::Commit, Victim::Rotation, Victim::Close], 500);
}

#[test]
fn whoever_dies_over_a_collection_the_others_lose_nothing_and_see_all() {
    all_live_on(&[Victim::Gc, Victim::Purge], 1_000);
}

#[test]
fn whoever_dies_over_a_recovery_the_others_lose_nothing_and_see_all() {
    all_live_on(&[Victim::Recover], 1_000);
}

/// If no cell went bad without a look, the product would prove nothing about it.
#[test]
fn without_the_look_for_a_successor_at_a_marker_somebody_loses_a_commit() {
    let what = caught(CheckSite::MarkerSuccessor, &[End::Close], &[Victim::Gc]);
    println!("{}", what.expect("a collector that is killed after naming a segment shows it"));
}

#[test]
fn without_the_look_at_the_last_frame_taken_up_somebody_stays_behind() {
    let what = caught(CheckSite::EndTag, &[End::Zeros], &[Victim::Commit]);
    println!("{}", what.expect("a commit that was taken back shows it"));
}
