//! Damaged stores of every layout, recovered: what could be read before can be read after, or is
//! named as lost.

use partita_tests::crash::lanes::in_lanes;
use partita_tests::recover::cut::{Cut, cut_off};
use partita_tests::recover::layout::Layout;
use partita_tests::recover::survey::{choose, held, replay, survey, table};
use partita_tests::rot::damage::Damage;

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

/// Damages that recovery once did not mend, or did not tell.
#[test]
fn damages_that_were_not_mended_or_not_told_once_are_now() {
    let cases = [
        ("expired", flip("0000000000000002.log", 3211, 32)),
        ("trimmed", flip("0000000000000001.log", 377, 8)),
        ("trimmed, collected", flip("e12e5d006cd3d6af.data", 3757, 8)),
        ("trimmed, collected", flip("e12e5d006cd3d6af.data", 3745, 128)),
        ("purged", flip("0000000000000002.log", 1867, 2)),
        ("purged", flip("0000000000000002.log", 1871, 2)),
        ("purged by rewriting", swap("e12e5d006cd3d6af.data", 512, 8, 23)),
        ("rotated", cut("0000000000000008.log", 90)),
        ("rotated", swap("0000000000000008.log", 4096, 0, 1)),
        ("rotated", zero("0000000000000008.log", 512, 0)),
        ("rotated", swap("0000000000000008.log", 512, 0, 35)),
        ("rotated, collected", zero("0000000000000008.log", 512, 0)),
        ("rotated, collected", zero("0000000000000008.log", 4096, 0)),
        ("rotated, collected", swap("0000000000000008.log", 512, 0, 17)),
        ("rotated, collected", swap("0000000000000008.log", 512, 0, 13)),
        ("rotated, collected", swap("0000000000000008.log", 512, 0, 18)),
        ("rotated, collected", swap("0000000000000008.log", 512, 0, 28)),
        ("rotated, collected", swap("0000000000000008.log", 512, 0, 27)),
        ("rotated, collected", cut("0000000000000008.log", 40)),
        ("rotated, collected", swap("0000000000000008.log", 512, 0, 23)),
        ("rotated, collected", swap("0000000000000008.log", 512, 0, 30)),
        ("rotated, collected", swap("0000000000000008.log", 512, 0, 9)),
        ("rotated, collected", swap("0000000000000008.log", 512, 0, 21)),
        ("rotated, collected", swap("0000000000000008.log", 4096, 0, 4)),
        ("rotated, collected", swap("0000000000000008.log", 512, 0, 19)),
        ("deleted", flip("0000000000000001.log", 7449, 8)),
        ("deleted", flip("0000000000000001.log", 5599, 128)),
        ("deleted", flip("0000000000000001.log", 8740, 32)),
        ("deleted", zero("0000000000000001.log", 512, 13)),
        ("deleted", swap("0000000000000001.log", 512, 13, 35)),
        ("forked", flip("0000000000000002.log", 6011, 2)),
        ("renamed", flip("0000000000000001.log", 3233, 4)),
        ("renamed", flip("0000000000000001.log", 3263, 2)),
        ("checked out", flip("0000000000000001.log", 3015, 64)),
        ("checked out", flip("0000000000000001.log", 3104, 8)),
        ("checked out", flip("0000000000000001.log", 3509, 32)),
        ("checked out", flip("0000000000000001.log", 3624, 16)),
        ("checked out, collected", flip("51ce3318362240f6.data", 43874, 4)),
        ("checked out, collected", swap("51ce3318362240f6.data", 512, 23, 86)),
        ("two logs", zero("0000000000000005.log", 512, 0)),
        ("two logs", swap("0000000000000005.log", 512, 0, 9)),
        ("two logs", swap("0000000000000005.log", 4096, 0, 1)),
        ("two logs", swap("0000000000000005.log", 512, 0, 10)),
        ("two logs", swap("0000000000000005.log", 512, 0, 38)),
        ("two logs", swap("0000000000000005.log", 512, 0, 4)),
    ];
    let bad = replay(&cases);
    assert!(bad.is_empty(), "{} of {}:\n{}", bad.len(), cases.len(), bad.join("\n"));
}

/// A segment whose header is gone, whichever it is and whatever its file is then, is one more
/// damage.
#[test]
fn a_store_of_which_any_segment_lost_its_header_is_recovered() {
    let mut cases = Vec::new();
    for layout in Layout::all() {
        for (name, bytes) in layout.image.files().filter(|(name, _)| name.contains("/segments/")) {
            let file = name.to_owned();
            let len = |len| Damage::Cut { file: file.clone(), len };
            cases.push((layout.name, Damage::Zero { file: file.clone(), block: 256, at: 0 }));
            cases.extend([0, 127].map(|at| (layout.name, len(at))));
            if bytes.len() >= 1_024 {
                let (block, one, other) = (512, 0, 1);
                let swap = Damage::Swap { file: file.clone(), block, one, other };
                cases.push((layout.name, swap));
            }
        }
    }
    assert!(cases.len() > 100, "{}", cases.len());
    let bad = replay(&cases);
    assert!(bad.is_empty(), "{} of {}:\n{}", bad.len(), cases.len(), bad.join("\n"));
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
    for layout in Layout::all().into_iter().filter(|layout| layout.name == "two logs") {
        let damage = zero("0000000000000005.log", 256, 0);
        let damaged = damage.done_to(&layout.image).0;
        cases.push((layout.name, held(&layout), damaged, damage));
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

fn segment(name: &str) -> String {
    format!("store/segments/{name}")
}

fn flip(file: &str, at: usize, mask: u8) -> Damage {
    Damage::Flip { file: segment(file), at, mask }
}

fn cut(file: &str, len: usize) -> Damage {
    Damage::Cut { file: segment(file), len }
}

fn zero(file: &str, block: usize, at: usize) -> Damage {
    Damage::Zero { file: segment(file), block, at }
}

fn swap(file: &str, block: usize, one: usize, other: usize) -> Damage {
    Damage::Swap { file: segment(file), block, one, other }
}
