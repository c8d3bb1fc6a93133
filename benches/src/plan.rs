//! Plans that make room: prompts of 100 to 100,000 groups, in memory.

use partita::{Budget, Count, PlanGroup, Prices, Source, plan};

use crate::measure::{Samples, Table, micros, time};
use crate::work::Random;
use crate::{Options, Result};

const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];

/// A provider's usual ratios, in nano-dollars a token.
const PRICES: Prices = Prices { input: 3_000, cache_read: 300, cache_write: 3_750 };

/// What the groups can be: steps alone, or compactions of runs as well.
#[derive(Clone, Copy, Debug)]
struct Prompt {
    groups: usize,
    compactions: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let table = Table::new(&["groups", "modes", "prices", "p50", "p99", "steps", "optimal"]);
    for groups in SIZES {
        for compactions in [false, true] {
            for priced in [false, true] {
                measure(options, &table, Prompt { groups, compactions }, priced)?;
            }
        }
    }
    Ok(())
}

fn measure(options: &Options, table: &Table, prompt: Prompt, priced: bool) -> Result<()> {
    let mut random = Random(11);
    let groups = made(&mut random, prompt);
    let total: u64 = groups.iter().map(|group| group.tokens().high()).sum();
    let mut samples = Samples::default();
    let (mut steps, mut optimal) = (0, 0);
    for round in 0..options.rounds as u64 {
        // Each round another target, for the search is quick or slow by chance.
        let limit = total * (60 + round % 35) / 100;
        let budget = Budget::new(limit);
        let budget = if priced { budget.prices(PRICES) } else { budget };
        let (took, made) = time(|| Ok(plan(&groups, &budget)?))?;
        samples.push(took);
        steps += made.steps().len();
        optimal += usize::from(made.is_optimal());
        if made.is_empty() || made.after().high() > limit {
            return Err("a plan that does not fit".into());
        }
    }
    table.row(&[
        &prompt.groups,
        &if prompt.compactions { "trim, forget, compact" } else { "trim, forget" },
        &if priced { "yes" } else { "no" },
        &micros(samples.p50()),
        &micros(samples.p99()),
        &(steps / options.rounds),
        &format!("{optimal} of {}", options.rounds),
    ]);
    Ok(())
}

/// Exchanges as agents have them: short ones, and some with long tool results; older ones are
/// worth less.
fn made(random: &mut Random, prompt: Prompt) -> Vec<PlanGroup<usize>> {
    let mut groups = Vec::with_capacity(prompt.groups);
    for at in 0..prompt.groups {
        let said = 20 + random.below(400) as u64;
        let returned = if random.below(3) == 0 { random.below(6_000) as u64 } else { 50 };
        let age = ((prompt.groups - at) / 8).min(4);
        let (word, result) = (500u64 >> age, 300u64 >> age);
        let tokens = said + returned;
        let loss = said * word + returned * result * (1 + random.below(4) as u64) / 2;
        let mut group = PlanGroup::new(at, Source::Memories, Count::exact(tokens))
            .trim(Count::exact(said + 8), returned * result);
        let run = 8.min(prompt.groups - at);
        if prompt.compactions && run > 1 && at % 4 == 0 {
            group = group.compact(run, Count::exact(300), loss * run as u64 * 3 / 10);
        }
        group = group.forget(loss);
        groups.push(if random.below(10) == 0 { group.pinned() } else { group });
    }
    groups
}
