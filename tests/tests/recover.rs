//! Damaged stores of every layout, recovered: what could be read before can be read after, or is
//! named as lost.

use partita_tests::crash::lanes::in_lanes;
use partita_tests::recover::cut::{Cut, cut_off};
use partita_tests::recover::layout::Layout;
use partita_tests::recover::survey::{choose, held, survey, table};

/// Damaged stores of each layout.
const COUNT: usize = 60;

#[test]
fn whatever_could_be_read_before_can_be_read_after_a_recovery_or_is_named_as_lost() {
    let count = std::env::var("DAMAGES").ok().map_or(COUNT, |text| text.parse().unwrap());
    let seed = std::env::var("SEED").ok().map_or(1, |text| text.parse().unwrap());
    let rows = survey(count, seed);
    println!("{}", table(&rows));
    let bad: Vec<&String> = rows.iter().flat_map(|row| &row.bad).collect();
    for what in rows.iter().flat_map(|row| row.bad.iter().take(4)) {
        println!("BAD {what}");
    }
    assert!(bad.is_empty(), "{} of {}", bad.len(), rows.iter().map(|row| row.done).sum::<usize>());
    let has_all = |of: fn(&partita_tests::recover::survey::Row) -> usize| {
        rows.iter().map(of).sum::<usize>() > 0
    };
    assert!(has_all(|row| row.lost) && has_all(|row| row.set_back) && has_all(|row| row.recovered));
}

/// Whatever call was its last one, a recovery goes on when it is run again: it ends the same, and
/// tells the same.
#[test]
fn a_recovery_that_is_cut_off_at_any_call_goes_on_and_tells_the_same() {
    let mut cases = Vec::new();
    for layout in Layout::all().into_iter().skip(3).step_by(5) {
        let held = held(&layout);
        for damage in choose(&layout, 9, 5).into_iter().take(2) {
            cases.push((layout.name, held.clone(), damage.done_to(&layout.image).0, damage));
        }
    }
    let outcomes = in_lanes(&cases, |(name, held, damaged, damage)| {
        let cut = cut_off(held, damaged, 61);
        cut.map(Some).map_err(|what| format!("{name}, {damage:?}: {what}"))
    });
    let cuts: Vec<Cut> = outcomes.unwrap();
    let (runs, states) =
        cuts.iter().fold((0, 0), |sums, cut| (sums.0 + cut.runs, sums.1 + cut.states));
    println!("{} recoveries, cut off {runs} times, and {states} crash states", cuts.len());
    assert!(runs > 100, "{runs}");
}
