//! What the statistics promise.

use super::*;
use crate::object::Direction;

fn paired(before: &[f64], after: &[f64]) -> Comparison {
    compare_pairs(before, after, Direction::Lower, &Options::new()).unwrap()
}

/// A normal value by twelve uniform ones, which is near enough and has no other library.
fn noise(draw: &mut Draw) -> f64 {
    let uniform = |draw: &mut Draw| (draw.number() >> 11) as f64 / (1_u64 << 53) as f64;
    (0..12).map(|_| uniform(draw)).sum::<f64>() - 6.0
}

fn series(draw: &mut Draw, pairs: usize, noise_share: f64, effect: f64) -> (Vec<f64>, Vec<f64>) {
    let mut side = |factor: f64| -> Vec<f64> {
        (0..pairs).map(|_| 10.0 * factor * (1.0 + noise_share * noise(draw))).collect()
    };
    (side(1.0), side(effect))
}

#[test]
fn of_10_000_comparisons_of_the_same_no_more_than_55_in_1_000_find_a_difference() {
    let (mut found, mut covered) = (0, 0);
    let mut draw = Draw::new(18);
    for _ in 0..10_000 {
        let (before, after) = series(&mut draw, 20, 0.03, 1.0);
        let compared = paired(&before, &after);
        found += u32::from(matches!(compared.verdict, Verdict::Faster | Verdict::Slower));
        covered += u32::from(compared.interval.0 <= 1.0 && 1.0 <= compared.interval.1);
    }
    assert!(found <= 550, "{found} of 10,000");
    assert!((9_400..=9_600).contains(&covered), "{covered} of 10,000");
}

#[test]
fn five_percent_are_found_with_three_percent_of_noise_and_twenty_pairs() {
    let (mut found, mut wrong) = (0, 0);
    let mut draw = Draw::new(19);
    for _ in 0..2_000 {
        let (before, after) = series(&mut draw, 20, 0.03, 0.95);
        match paired(&before, &after).verdict {
            Verdict::Faster => found += 1,
            Verdict::Slower => wrong += 1,
            _ => {}
        }
    }
    assert!(found >= 1_800 && wrong == 0, "{found} found, {wrong} wrong, of 2,000");
}

#[test]
fn unpaired_samples_of_the_same_seldom_differ_and_intervals_hold_the_truth() {
    let (mut found, mut covered) = (0, 0);
    let mut draw = Draw::new(20);
    for _ in 0..4_000 {
        let (before, after) = series(&mut draw, 15, 0.03, 1.0);
        let compared =
            compare_unpaired(&before, &after, Direction::Lower, &Options::new()).unwrap();
        found += u32::from(matches!(compared.verdict, Verdict::Faster | Verdict::Slower));
        covered += u32::from(compared.interval.0 <= 1.0 && 1.0 <= compared.interval.1);
    }
    assert!(found <= 230, "{found} of 4,000");
    assert!((3_740..=3_880).contains(&covered), "{covered} of 4,000");
}

/// By `scipy.stats.wilcoxon(after - before, method="exact")` of SciPy 1.16, and
/// `mannwhitneyu(before, after, method="exact")`; `tests/test_statistics.py` of the Python package
/// computes them anew.
#[test]
fn exact_values_are_those_of_the_reference() {
    let differences = [1.5, -0.5, 2.5, 3.5, -1.0, 4.5, 5.5, 6.5];
    assert!((signed_rank::p_value(&differences) - 0.0390625).abs() < 1e-12);
    let (before, after) = ([1.1, 2.2, 3.3, 4.4], [2.5, 3.5, 4.5, 5.5, 6.5]);
    assert!((rank_sum::p_value(&before, &after) - 14.0 / 126.0).abs() < 1e-12);
}

#[test]
fn with_six_pairs_there_is_an_interval_and_with_five_there_is_none() {
    let before = [10.0, 10.1, 10.2, 10.3, 10.4, 10.5];
    let after = [9.0, 9.2, 9.1, 9.4, 9.3, 9.5];
    let six = paired(&before, &after);
    assert_eq!(six.verdict, Verdict::Faster);
    // 2 in 64 orders of signs are as extreme.
    assert!((six.p - 2.0 / 64.0).abs() < 1e-12);
    let five = paired(&before[..5], &after[..5]);
    assert_eq!((five.verdict, five.interval), (Verdict::Undecided, (0.0, f64::INFINITY)));
    assert!(five.reason.unwrap().contains("fewer than 6"));
}

#[test]
fn what_cannot_be_compared_is_undecided_with_its_reason_or_refused() {
    let ten = [1.0; 10];
    for (before, after, reason) in [
        (&ten[..1], &ten[..1], "all pairs are equal"),
        (&ten[..0], &ten[..0], "no samples"),
        (&ten[..], &ten[..], "all pairs are equal"),
        (&[1.0, -1.0, 1.0][..], &ten[..3], "a sample is -1"),
        (&[1.0, 0.0][..], &ten[..2], "a sample is 0"),
        (&[1.0, f64::NAN][..], &ten[..2], "a sample is NaN"),
        (&[1.0, f64::INFINITY][..], &ten[..2], "a sample is inf"),
    ] {
        let compared = paired(before, after);
        assert_eq!(compared.verdict, Verdict::Undecided);
        assert!(compared.reason.as_ref().unwrap().contains(reason), "{compared:?}");
    }
    assert!(compare_pairs(&ten, &ten[..9], Direction::Lower, &Options::new()).is_err());
    assert!(compare_pairs(&ten, &ten, Direction::Unknown, &Options::new()).is_err());
    let many = vec![1.0; 2_001];
    assert!(compare_pairs(&many, &many, Direction::Lower, &Options::new()).is_err());
    let many = vec![1.0; 4_096];
    assert!(compare_unpaired(&many, &many[..1_025], Direction::Lower, &Options::new()).is_err());
    assert!(Options::new().margin(0.0).is_err() && Options::new().margin(1.0).is_err());
}

#[test]
fn a_direction_turns_the_verdict_and_a_margin_makes_small_things_equivalent() {
    let mut draw = Draw::new(3);
    let (before, after) = series(&mut draw, 30, 0.001, 0.99);
    let compared = |direction, options: &Options| {
        compare_pairs(&before, &after, direction, options).unwrap().verdict
    };
    assert_eq!(compared(Direction::Lower, &Options::new().margin(0.005).unwrap()), Verdict::Faster);
    assert_eq!(
        compared(Direction::Higher, &Options::new().margin(0.005).unwrap()),
        Verdict::Slower
    );
    let wide = Options::new().margin(0.05).unwrap();
    assert_eq!(compared(Direction::Lower, &wide), Verdict::Equivalent);
}

#[test]
fn the_exact_and_the_approximate_intervals_meet() {
    let mut draw = Draw::new(4);
    let (before, after) = series(&mut draw, 201, 0.03, 0.97);
    let long = paired(&before, &after);
    let short = paired(&before[..200], &after[..200]);
    let near = |a: f64, b: f64| (a / b - 1.0).abs() < 0.002;
    assert!(near(long.interval.0, short.interval.0) && near(long.interval.1, short.interval.1));
    assert!(near(long.ratio, short.ratio));
}
