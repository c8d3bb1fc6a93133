//! What a fit recovers, and within which bounds it says so.

use proptest::prelude::*;

use super::{CLASSES, Fit, Observation, PRIOR, PRIOR_REQUEST, RATIO};
use crate::limits::OBSERVED_TOKENS_MAX;

/// Requests of a model with such ratios and such a constant, of many mixtures and sizes.
fn requests(ratios: [f64; CLASSES], constant: u64, count: u64) -> Vec<Observation> {
    let mixed = |seed: u64| (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    (0..count)
        .map(|at| {
            let size = 100 + mixed(at * 6) % 5_000;
            let parts = std::array::from_fn(|class| size * (mixed(at * 6 + 1 + class as u64) % 6));
            let tokens = parts.iter().zip(ratios).map(|(&part, ratio)| part as f64 * ratio);
            Observation { parts, usage: tokens.sum::<f64>() as u64 + constant, host: 0 }
        })
        .collect()
}

fn near(found: u64, expected: f64, share: f64) -> bool {
    (found as f64 - expected).abs() <= expected * share
}

#[test]
fn without_observations_what_is_believed_holds() {
    assert_eq!(Fit::of(&[], |_| true), Fit { rates: PRIOR, request: PRIOR_REQUEST });
    for rate in PRIOR {
        assert!(rate.low < rate.middle && rate.middle < rate.high);
    }
}

#[test]
fn a_band_narrows_with_observations_of_its_class_alone() {
    let prose = |count| -> Vec<Observation> {
        let one =
            |at: u64| Observation { parts: [1_000 + at, 0, 0, 0, 0], usage: 1_300 + at, host: 0 };
        (0..count).map(one).collect()
    };
    let (few, many) = (Fit::of(&prose(2), |_| true), Fit::of(&prose(100), |_| true));
    let width = |fit: &Fit, class: usize| fit.rates[class].high - fit.rates[class].low;
    assert!(width(&many, 0) < width(&few, 0) && width(&few, 0) < 750);
    assert!(width(&many, 0) < 120, "{many:?}");
    assert_eq!(many.rates[3], PRIOR[3]);
}

/// A request of prose, of which the host adds so much.
fn asked(prose: u64, constant: u64, host: usize) -> Observation {
    Observation { parts: [prose, 0, 0, 0, 0], usage: prose * 5 / 4 + constant, host }
}

#[test]
fn a_host_that_was_never_seen_may_add_less_or_more_than_those_that_were() {
    let old: Vec<Observation> = (1..12).map(|at| asked(400 * at, 150_000, 0)).collect();
    // Behind a compaction the agent adds a third of what it did.
    let next = asked(2_000, 47_000, 1);
    let (low, _, high) = Fit::of(&old, |host| host == 1).said(&next.parts);
    assert!((low..=high).contains(&next.usage), "{low} to {high}");
    // What eleven hosts add tells more of the twelfth.
    let many: Vec<Observation> =
        (0..33).map(|at| asked(400 + 90 * at, 20_000, at as usize % 11)).collect();
    let (low, _, high) = Fit::of(&many, |host| host == 11).request;
    assert!(low > 15_000 && high < 26_000, "{low} to {high}");
}

#[test]
fn a_constant_that_changed_is_within_the_bounds_of_the_next_request() {
    for jump in [6_000_i64, -6_000] {
        let mut all: Vec<Observation> = (1..30).map(|at| asked(900 * at, 40_000, 0)).collect();
        for at in 30..36 {
            let constant = 40_000_u64.saturating_add_signed(jump);
            let next = asked(900 * at, constant, 0);
            let (low, _, high) = Fit::of(&all, |_| true).said(&next.parts);
            let is_first = at == 30;
            assert!(is_first || (low..=high).contains(&next.usage), "{at}: {low} to {high}");
            all.push(next);
        }
        let (_, middle, _) = Fit::of(&all, |_| true).said(&asked(33_000, 0, 0).parts);
        let really = 33_000 * 5 / 4 + 40_000_u64.saturating_add_signed(jump);
        assert!(near(middle, really as f64, 0.03), "{middle} of {really}");
    }
}

proptest! {
    #[test]
    fn ratios_and_constant_are_recovered(
        ratios in prop::array::uniform5(0.5..2.5f64),
        constant in 0..800u64,
    ) {
        let fit = Fit::of(&requests(ratios, constant, 120), |_| true);
        for (rate, ratio) in fit.rates.iter().zip(ratios) {
            prop_assert!(near(rate.middle, ratio * 1_000.0, 0.05), "{:?} {:?}", fit, ratios);
            prop_assert!(rate.low as f64 <= ratio * 1_020.0, "{:?} {:?}", fit, ratios);
            prop_assert!(rate.high as f64 >= ratio * 980.0, "{:?} {:?}", fit, ratios);
        }
    }

    #[test]
    fn what_each_host_adds_is_recovered_and_told_apart(
        ratios in prop::array::uniform5(0.6..2.0f64),
        constants in prop::array::uniform3(1_000..200_000u64),
    ) {
        let mut all = Vec::new();
        for (host, constant) in constants.into_iter().enumerate() {
            let of = requests(ratios, constant, 60 + host as u64);
            all.extend(of.into_iter().map(|one| Observation { host, ..one }));
        }
        for (host, constant) in constants.into_iter().enumerate() {
            let fit = Fit::of(&all, |of| of == host);
            let off = constant as f64 * 0.05 + 500.0;
            prop_assert!(fit.request.1.abs_diff(constant) as f64 <= off, "{:?} {}", fit, constant);
            for one in all.iter().filter(|one| one.host == host) {
                let (low, middle, high) = fit.said(&one.parts);
                prop_assert!(near(middle, one.usage as f64, 0.08), "{} {:?}", middle, one);
                prop_assert!(low <= middle && middle <= high);
            }
        }
    }

    #[test]
    fn one_wrong_report_in_eight_changes_little(
        ratios in prop::array::uniform5(0.6..2.0f64),
        wrong in prop::collection::vec((0..120usize, 0..1_000_000u64), 15),
    ) {
        let mut requests = requests(ratios, 0, 120);
        for (at, usage) in wrong {
            requests[at].usage = usage.max(1);
        }
        for (rate, ratio) in Fit::of(&requests, |_| true).rates.iter().zip(ratios) {
            prop_assert!(near(rate.middle, ratio * 1_000.0, 0.1), "{:?} {}", rate, ratio);
        }
    }

    #[test]
    fn hostile_observations_give_rates_within_bounds(
        observations in prop::collection::vec(
            (prop::array::uniform5(prop_oneof![0..3u64, 0..=OBSERVED_TOKENS_MAX]),
                prop_oneof![0..3u64, 0..=OBSERVED_TOKENS_MAX]), 0..40),
        hosts in 1..4usize,
    ) {
        let observations: Vec<Observation> = observations
            .into_iter()
            .enumerate()
            .map(|(at, (parts, usage))| Observation { parts, usage, host: at % hosts })
            .collect();
        let fit = Fit::of(&observations, |host| host == 0);
        let most = (RATIO.1 * RATIO.1 * 1_000.0) as u64;
        for rate in fit.rates {
            prop_assert!(rate.low <= rate.middle && rate.middle <= rate.high);
            prop_assert!(rate.high <= most && rate.middle > 0, "{:?}", rate);
        }
        prop_assert!(fit.request.0 <= fit.request.1 && fit.request.1 <= fit.request.2);
    }
}
