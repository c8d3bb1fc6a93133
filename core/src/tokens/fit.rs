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
    /// The host that made the request: what it adds on its own is the same for all of one.
    pub(super) host: usize,
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

/// Requests of a host, newest first, that tell what it adds: a host changes its tools.
const NEWEST: usize = 8;

impl Fit {
    /// Fits observations, for requests of some of their hosts; without any, returns what is believed.
    ///
    /// Requests of one host share a constant. Where there are several hosts, the ratios come from how
    /// requests of one differ among each other. The constant is what is left of requests beside what
    /// the ratios make of them, of the newest of the host that is meant. Of a host that was never
    /// seen, or of several, it is what any of them adds.
    ///
    /// Deterministic to the last bit: it adds, multiplies, divides and compares, nothing else.
    pub(super) fn of(observations: &[Observation], is_meant: impl Fn(usize) -> bool) -> Fit {
        let mut fit = Fit { rates: PRIOR, request: PRIOR_REQUEST };
        let is_one = observations.windows(2).all(|pair| pair[0].host == pair[1].host);
        let Some(problem) = Problem::of(observations) else { return fit };
        let is_known = is_one && observations.iter().all(|one| is_meant(one.host));
        let solution = match is_known {
            true => problem.solve(),
            false => Problem::within(observations).solve(),
        };
        // What is left of the requests of each host, newest first.
        let mut hosts: Vec<(usize, Vec<f64>)> = Vec::new();
        for one in observations.iter().rev() {
            let left = one.usage as f64 - known(one, &solution);
            match hosts.iter_mut().find(|(host, _)| *host == one.host) {
                Some((_, all)) => all.push(left),
                None => hosts.push((one.host, vec![left])),
            }
        }
        let off = match is_known {
            true => problem.off(&solution),
            false => off_within(observations, &solution, &hosts),
        };
        fit.set_rates(observations, &solution, &off);
        let meant: Vec<&[f64]> =
            hosts.iter().filter(|(host, _)| is_meant(*host)).map(|(_, all)| &all[..]).collect();
        fit.request = match meant[..] {
            [one] => next_request(one),
            [] => other_host(&hosts.iter().map(|(_, all)| &all[..]).collect::<Vec<_>>()),
            _ => other_host(&meant),
        };
        fit
    }

    fn set_rates(&mut self, observations: &[Observation], solution: &[f64; VARIABLES], off: &Off) {
        for (class, rate) in self.rates.iter_mut().enumerate() {
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
    }

    /// What a request is said to cost: low, middle, high.
    pub(super) fn said(&self, parts: &[u64; CLASSES]) -> (u64, u64, u64) {
        let (mut low, mut middle, mut high) = self.request;
        for (tokens, rate) in parts.iter().zip(&self.rates) {
            let times = |rate: u64| tokens.saturating_mul(rate) / 1_000;
            low = low.saturating_add(times(rate.low));
            middle = middle.saturating_add(times(rate.middle));
            high = high.saturating_add(times(rate.high).saturating_add(1));
        }
        (low, middle, high)
    }
}

/// The constant of a host: the median of what is left of its three newest requests, so that one wrong
/// report moves nothing, within what is left of the newest eight. A host that was seen a few times
/// may add a little more the next time.
fn next_request(left: &[f64]) -> (u64, u64, u64) {
    let newest = &left[..left.len().min(NEWEST)];
    let middle = constant(left);
    let at = |share| quantile(newest, share).unwrap_or(0.0).max(0.0);
    let room =
        middle * 0.02 + PRIOR_REQUEST.2 as f64 * HALF_TRUST / (newest.len() as f64 + HALF_TRUST);
    let (low, high) = (at(0.05).min(middle) - room, at(0.95).max(middle) + room);
    (low.max(0.0) as u64, middle as u64, high as u64)
}

/// The constant of a host of which nothing is known, by those of others: of a few of them little
/// follows. It may add nothing, or twice as much as any; the more hosts were seen, the closer it lies to
/// what they add. Behind a compaction, or with other tools, a host is another.
fn other_host(hosts: &[&[f64]]) -> (u64, u64, u64) {
    let constants: Vec<f64> = hosts.iter().map(|left| constant(left)).collect();
    let trust = hosts.len() as f64 / (hosts.len() as f64 + HALF_TRUST);
    let at = |share| quantile(&constants, share).unwrap_or(0.0);
    let (low, high) = (at(0.0) * trust, at(1.0) * (2.0 - trust) + PRIOR_REQUEST.2 as f64);
    (low as u64, at(0.5) as u64, high as u64)
}

/// What a host adds, of which so much was left over, newest first.
fn constant(left: &[f64]) -> f64 {
    quantile(&left[..left.len().min(3)], 0.5).unwrap_or(0.0).max(0.0)
}

/// How far off the ratios are where each host has a constant of its own, the median of what is left.
fn off_within(
    observations: &[Observation],
    solution: &[f64; VARIABLES],
    hosts: &[(usize, Vec<f64>)],
) -> Off {
    let of =
        |(host, left): &(usize, Vec<f64>)| (*host, quantile(left, 0.5).unwrap_or(0.0).max(0.0));
    let constants: Vec<(usize, f64)> = hosts.iter().map(of).collect();
    let ratio = |one: &Observation| {
        let of = constants.iter().find(|(host, _)| *host == one.host);
        let constant = of.map_or(0.0, |(_, constant)| *constant);
        let said = known(one, solution).max(0.05 * one.usage as f64);
        ((one.usage as f64 - constant) / said).clamp(0.5, 2.0)
    };
    let ratios: Vec<f64> = observations.iter().map(ratio).collect();
    let at = |share| quantile(&ratios, share).unwrap_or(1.0);
    Off { low: at(0.1).min(1.0), middle: 1.0, high: at(0.9).max(1.0) }
}

/// What the ratios make of what is known of a request.
fn known(one: &Observation, solution: &[f64; VARIABLES]) -> f64 {
    one.parts.iter().zip(solution).map(|(&part, ratio)| part as f64 * ratio).sum()
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
    /// By observation: its variables and its usage, by its size. The unit of the constant is the
    /// median size, so that all variables are about one.
    rows: Vec<([f64; VARIABLES], f64)>,
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
        Some(Problem { rows: rows.collect() })
    }

    /// The same by how requests of one host differ from their mean: no constant is left in it.
    fn within(observations: &[Observation]) -> Problem {
        let mut rows = Vec::with_capacity(observations.len());
        let mut at = 0;
        let mut sorted: Vec<&Observation> = observations.iter().collect();
        sorted.sort_by_key(|one| one.host);
        while at < sorted.len() {
            let host = sorted[at].host;
            let of: Vec<&Observation> =
                sorted[at..].iter().take_while(|one| one.host == host).copied().collect();
            at += of.len();
            let mean = |value: &dyn Fn(&Observation) -> u64| {
                of.iter().map(|one| value(one) as f64).sum::<f64>() / of.len() as f64
            };
            let usage = mean(&|one| one.usage);
            let parts: [f64; CLASSES] = std::array::from_fn(|class| mean(&|one| one.parts[class]));
            for one in &of {
                let size = one.usage.max(1) as f64;
                let mut row = [0.0; VARIABLES];
                for (class, cell) in row.iter_mut().take(CLASSES).enumerate() {
                    *cell = (one.parts[class] as f64 - parts[class]) / size;
                }
                rows.push((row, (one.usage as f64 - usage) / size));
            }
        }
        Problem { rows }
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
mod tests;
