//! The regression behind estimates: from requests and what the API said they cost, tokens per
//! token of the base counter by class, a constant per request, and how far off that was.

use super::ContentClass;

/// Classes of content.
pub(super) const CLASSES: usize = ContentClass::ALL.len();

/// The variables of the regression: a ratio for each class, and the constant.
const VARIABLES: usize = CLASSES + 1;

/// The bounds of a ratio. By file, the public tokenizers measured against o200k lay between 0.5 and
/// 2; a report far beyond is wrong, or about something else.
const RATIO: (f64, f64) = (0.25, 4.0);

/// The weight of what is believed without observations, in observations: enough to decide where
/// nothing was observed, and no more.
const PRIOR_WEIGHT: f64 = 0.005;

/// Observations of a class at which its band is half what was seen and half what is believed.
const HALF_TRUST: f64 = 3.0;

/// Rounds of weighing down what does not fit.
const ROUNDS: usize = 30;

/// Sweeps over the variables in a round. Each is solved exactly with the others fixed.
const SWEEPS: usize = 300;

/// One request: tokens of its parts by class as the base counter has them, and the tokens that the
/// API reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Observation {
    pub(super) parts: [u64; CLASSES],
    pub(super) usage: u64,
}

impl Observation {
    pub(super) fn total(&self) -> u64 {
        self.parts.iter().fold(0, |sum, &part| sum.saturating_add(part))
    }

    fn share(&self, class: usize) -> f64 {
        self.parts[class] as f64 / self.total().max(1) as f64
    }
}

/// Tokens of the model per token of the base counter, in thousandths: integers, so that what is
/// kept, compared and hashed is the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rate {
    pub(super) low: u64,
    pub(super) middle: u64,
    pub(super) high: u64,
}

/// What is believed of a class without any observation: median and bounds. Measured with o200k
/// as base, llama 3, deepseek, mistral and qwen 2 lie between 0.7 and 1.7 by file, newer Claude
/// models between 1.0 and 1.5 on English and code. Wide on purpose.
pub(super) const PRIOR: [Rate; CLASSES] = [
    Rate { low: 850, middle: 1_150, high: 1_600 },
    Rate { low: 850, middle: 1_200, high: 1_700 },
    Rate { low: 850, middle: 1_200, high: 1_700 },
    Rate { low: 650, middle: 1_100, high: 1_800 },
    Rate { low: 600, middle: 1_250, high: 2_500 },
];

/// What a request costs beside its texts without any observation. The system prompt that comes
/// with tools has up to 530 tokens in Anthropic's documentation.
pub(super) const PRIOR_REQUEST: (u64, u64, u64) = (0, 0, 600);

/// What is known of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Fit {
    pub(super) rates: [Rate; CLASSES],
    /// Tokens of a request beside its texts: lower bound, median, upper bound.
    pub(super) request: (u64, u64, u64),
}

impl Fit {
    /// Fits observations; without any, returns what is believed.
    ///
    /// Deterministic to the last bit: it adds, multiplies, divides and compares, nothing else.
    pub(super) fn of(observations: &[Observation]) -> Fit {
        let mut fit = Fit { rates: PRIOR, request: PRIOR_REQUEST };
        let Some(problem) = Problem::of(observations) else { return fit };
        let solution = problem.solve();
        let off = problem.off(&solution);
        let constant = solution[CLASSES] * problem.unit;
        for (class, rate) in fit.rates.iter_mut().enumerate() {
            let seen: f64 = observations.iter().map(|one| one.share(class)).sum();
            let trust = seen / (seen + HALF_TRUST);
            let blend = |observed: f64, believed: u64| {
                let believed = believed as f64 / PRIOR[class].middle as f64;
                trust * observed + (1.0 - trust) * believed
            };
            let middle = solution[class] * blend(off.middle, PRIOR[class].middle);
            let low = solution[class] * blend(off.low, PRIOR[class].low);
            let high = solution[class] * blend(off.high, PRIOR[class].high);
            *rate = Rate {
                low: thousandths(low.min(middle)),
                middle: thousandths(middle),
                high: thousandths(high.max(middle)),
            };
        }
        let trust = observations.len() as f64 / (observations.len() as f64 + HALF_TRUST);
        let (low, middle) = (constant * off.low * trust, constant * off.middle);
        let high = constant * off.high + (1.0 - trust) * PRIOR_REQUEST.2 as f64;
        fit.request = (low.min(middle) as u64, middle as u64, high.max(middle) as u64);
        fit
    }
}

fn thousandths(ratio: f64) -> u64 {
    (ratio * 1_000.0 + 0.5) as u64
}

/// Quantiles of what was reported by what the fit says.
struct Off {
    low: f64,
    middle: f64,
    high: f64,
}

/// Errors count relative to the size of the request, so that a long one says no more than a short
/// one.
struct Problem {
    /// By observation: its variables and its usage, by its size.
    rows: Vec<([f64; VARIABLES], f64)>,
    /// The unit of the constant: the median size, so that all variables are about one.
    unit: f64,
}

impl Problem {
    fn of(observations: &[Observation]) -> Option<Problem> {
        let sizes: Vec<f64> =
            observations.iter().map(|one| one.total().max(one.usage).max(1) as f64).collect();
        let unit = quantile(&sizes, 0.5)?;
        let rows = observations.iter().zip(&sizes).map(|(one, size)| {
            let mut row = [unit / size; VARIABLES];
            for (variable, &part) in row.iter_mut().zip(&one.parts) {
                *variable = part as f64 / size;
            }
            (row, one.usage as f64 / size)
        });
        Some(Problem { rows: rows.collect(), unit })
    }

    /// Solves it again and again, each time with less weight on what does not fit: Huber's
    /// estimate, which is convex, so no start and no order of reports can mislead it.
    fn solve(&self) -> [f64; VARIABLES] {
        let mut weights = vec![1.0; self.rows.len()];
        let mut solution = [1.0; VARIABLES];
        for _ in 0..ROUNDS {
            self.sweep(&weights, &mut solution);
            let errors: Vec<f64> =
                self.rows.iter().map(|(row, usage)| (usage - dot(row, &solution)).abs()).collect();
            // 1.4826 median errors are a standard deviation of the normal law.
            let scale = 1.4826 * quantile(&errors, 0.5).unwrap_or(0.0).max(0.002);
            for (weight, error) in weights.iter_mut().zip(errors) {
                *weight = 1.0 / (error / scale / 1.345).max(1.0);
            }
        }
        solution
    }

    /// Least squares within bounds, held near what is believed: variable by variable.
    fn sweep(&self, weights: &[f64], solution: &mut [f64; VARIABLES]) {
        let mut believed = [0.0; VARIABLES];
        for (variable, prior) in believed.iter_mut().zip(&PRIOR) {
            *variable = prior.middle as f64 / 1_000.0;
        }
        let mut matrix = [[0.0; VARIABLES]; VARIABLES];
        let mut right = [0.0; VARIABLES];
        for (at, believed) in believed.iter().enumerate() {
            matrix[at][at] = PRIOR_WEIGHT;
            right[at] = PRIOR_WEIGHT * believed;
        }
        // The constant is believed to be small, but hardly: an offset of its own shows quickly.
        matrix[CLASSES][CLASSES] = PRIOR_WEIGHT / 10.0;
        for ((row, usage), weight) in self.rows.iter().zip(weights) {
            for at in 0..VARIABLES {
                right[at] += weight * row[at] * usage;
                for (cell, other) in matrix[at].iter_mut().zip(row) {
                    *cell += weight * row[at] * other;
                }
            }
        }
        for _ in 0..SWEEPS {
            for at in 0..VARIABLES {
                let others = dot(&matrix[at], solution) - matrix[at][at] * solution[at];
                let free = (right[at] - others) / matrix[at][at];
                let (least, most) = if at == CLASSES { (0.0, RATIO.1) } else { RATIO };
                solution[at] = free.clamp(least, most);
            }
        }
    }

    /// How far off the solution is: the 5 % quantile, the median, the 95 % quantile.
    fn off(&self, solution: &[f64; VARIABLES]) -> Off {
        let ratios: Vec<f64> = self
            .rows
            .iter()
            .map(|(row, usage)| (usage / dot(row, solution).max(1e-9)).clamp(RATIO.0, RATIO.1))
            .collect();
        let at = |share| quantile(&ratios, share).unwrap_or(1.0);
        Off { low: at(0.05), middle: at(0.5), high: at(0.95) }
    }
}

fn dot(one: &[f64; VARIABLES], other: &[f64; VARIABLES]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

/// The smallest value that a share of all do not exceed, the least and the greatest for few.
fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(at.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{CLASSES, Fit, Observation, PRIOR, PRIOR_REQUEST, RATIO};
    use crate::limits::OBSERVED_TOKENS_MAX;

    /// Requests of a model with such ratios and such a constant, of many mixtures and sizes.
    fn requests(ratios: [f64; CLASSES], constant: u64, count: u64) -> Vec<Observation> {
        let mixed = |seed: u64| (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        (0..count)
            .map(|at| {
                let size = 100 + mixed(at * 6) % 5_000;
                let parts =
                    std::array::from_fn(|class| size * (mixed(at * 6 + 1 + class as u64) % 6));
                let tokens = parts.iter().zip(ratios).map(|(&part, ratio)| part as f64 * ratio);
                Observation { parts, usage: tokens.sum::<f64>() as u64 + constant }
            })
            .collect()
    }

    fn near(found: u64, expected: f64, share: f64) -> bool {
        (found as f64 - expected).abs() <= expected * share
    }

    #[test]
    fn without_observations_what_is_believed_holds() {
        assert_eq!(Fit::of(&[]), Fit { rates: PRIOR, request: PRIOR_REQUEST });
        for rate in PRIOR {
            assert!(rate.low < rate.middle && rate.middle < rate.high);
        }
    }

    #[test]
    fn a_band_narrows_with_observations_of_its_class_alone() {
        let prose = |count| -> Vec<Observation> {
            let one = |at: u64| Observation { parts: [1_000 + at, 0, 0, 0, 0], usage: 1_300 + at };
            (0..count).map(one).collect()
        };
        let (few, many) = (Fit::of(&prose(2)), Fit::of(&prose(100)));
        let width = |fit: &Fit, class: usize| fit.rates[class].high - fit.rates[class].low;
        assert!(width(&many, 0) < width(&few, 0) && width(&few, 0) < 750);
        assert!(width(&many, 0) < 120, "{many:?}");
        assert_eq!(many.rates[3], PRIOR[3]);
    }

    proptest! {
        #[test]
        fn ratios_and_constant_are_recovered(
            ratios in prop::array::uniform5(0.5..2.5f64),
            constant in 0..800u64,
        ) {
            let fit = Fit::of(&requests(ratios, constant, 120));
            for (rate, ratio) in fit.rates.iter().zip(ratios) {
                prop_assert!(near(rate.middle, ratio * 1_000.0, 0.05), "{:?} {:?}", fit, ratios);
                prop_assert!(rate.low as f64 <= ratio * 1_020.0, "{:?} {:?}", fit, ratios);
                prop_assert!(rate.high as f64 >= ratio * 980.0, "{:?} {:?}", fit, ratios);
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
            for (rate, ratio) in Fit::of(&requests).rates.iter().zip(ratios) {
                prop_assert!(near(rate.middle, ratio * 1_000.0, 0.1), "{:?} {}", rate, ratio);
            }
        }

        #[test]
        fn hostile_observations_give_rates_within_bounds(
            observations in prop::collection::vec(
                (prop::array::uniform5(prop_oneof![0..3u64, 0..=OBSERVED_TOKENS_MAX]),
                    prop_oneof![0..3u64, 0..=OBSERVED_TOKENS_MAX]), 0..40)
        ) {
            let observations: Vec<Observation> = observations
                .into_iter()
                .map(|(parts, usage)| Observation { parts, usage })
                .collect();
            let fit = Fit::of(&observations);
            let most = (RATIO.1 * RATIO.1 * 1_000.0) as u64;
            for rate in fit.rates {
                prop_assert!(rate.low <= rate.middle && rate.middle <= rate.high);
                prop_assert!(rate.high <= most && rate.middle > 0, "{:?}", rate);
            }
            prop_assert!(fit.request.0 <= fit.request.1 && fit.request.1 <= fit.request.2);
        }
    }
}
