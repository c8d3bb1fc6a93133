//! Damaged stores of every layout, recovered: what could be read before can be read after, or is
//! named as lost.

use partita_tests::recover::survey::{survey, table};

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
