//! Plans that make room: prompts of 100 to 100,000 groups, in memory; sessions; and a plan of 100,000
//! steps that is applied.

use std::path::Path;

use partita::budget::{Budget, Plan, PlanAction, PlanGroup, PlanStep, Prices, plan};
use partita::context::Source;
use partita::tokens::{Count, Encoding};
use partita::view::PlanKey;
use partita::{Body, Memory, Part, Session, Store};

use crate::measure::{Samples, Table, micros, time};
use crate::work::Random;
use crate::{Options, Result, child};

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
    println!();
    let table = Table::new(&["memories of a session", "p50", "p99", "steps"]);
    for memories in [1_000, 10_000] {
        of_session(options, &table, memories)?;
    }
    println!();
    applied(options)
}

/// Plans for a session whose texts were counted before.
fn of_session(options: &Options, table: &Table, memories: usize) -> Result<()> {
    let dir = tempfile::tempdir_in(&options.dir)?;
    let session = Store::open(dir.path().join("partita"))?.session("s")?;
    worked(&session, memories / 4)?;
    let counter = Encoding::O200k;
    let total = session.capacity(&Budget::new(1), &counter)?.total().high();
    let (mut samples, mut steps) = (Samples::default(), 0);
    for round in 0..=options.rounds as u64 {
        let budget = Budget::new(total * (60 + round % 35) / 100);
        let (took, made) = time(|| Ok(session.plan(&budget, &counter)?))?;
        // The first one counts what it would trim.
        if round > 0 {
            samples.push(took);
            steps += made.steps().len();
        }
    }
    let steps = steps / options.rounds.max(1);
    table.row(&[&memories, &micros(samples.p50()), &micros(samples.p99()), &steps]);
    Ok(())
}

/// Turns of a question, a call, its output and an answer.
fn worked(session: &Session, turns: usize) -> Result<()> {
    let mut random = Random(12);
    session.batch(|batch| {
        for turn in 0..turns {
            let id = format!("call_{turn}");
            let arguments = Body::new(format!(r#"{{"path":"src/{}.rs"}}"#, turn % 50));
            let call = Part::Call { id: id.clone(), name: "read".to_owned(), arguments };
            let lines = random.below(80);
            batch.remember(Memory::user(format!("Question {turn}: what is in there?")))?;
            batch.remember(Memory::assistant("I look.").with_part(call))?;
            batch.remember(Memory::tool(&id, format!("line {turn} of a file\n").repeat(lines)))?;
            batch.remember(Memory::assistant(format!("Answer {turn}: a parser, it seems.")))?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Memories of the session to which a plan of half as many steps is applied.
const APPLIED: u64 = 200_000;

/// Applies a plan in a process of its own, which tells the most that it had resident.
fn applied(options: &Options) -> Result<()> {
    let dir = tempfile::tempdir_in(&options.dir)?;
    let path = dir.path().join("partita");
    let session = Store::open(&path)?.session("s")?;
    for from in (0..APPLIED).step_by(10_000) {
        session.batch(|batch| {
            (from..from + 10_000).try_for_each(|at| batch.remember(Memory::user(at.to_string())))
        })?;
    }
    drop(session);
    let said = child::spawn("apply", &[&path.to_string_lossy()], &[])?;
    let table = Table::new(&["steps applied", "took", "resident before", "at the most"]);
    let mut said = said.split_whitespace();
    let mut next = || said.next().ok_or("a number is missing");
    let row = [format!("{} ms", next()?), format!("{} KiB", next()?), format!("{} KiB", next()?)];
    table.row(&[&(APPLIED / 2), &row[0], &row[1], &row[2]]);
    Ok(())
}

/// Forgets every other memory by a plan of a step each, and prints milliseconds and the most resident
/// KiB before and after.
pub(crate) fn child(path: &str) -> Result<()> {
    let session = Store::open(Path::new(path))?.open_session("s")?;
    let step = |at: u64| PlanStep {
        action: PlanAction::Forget,
        keys: vec![PlanKey::Memories { first: 2 * at + 1, last: 2 * at + 1, what: String::new() }],
        index: at as usize,
        tokens: Count::ZERO,
        freed: 5,
        loss: 5,
    };
    let steps: Vec<_> = (0..APPLIED / 2).map(step).collect();
    let counts = (Count::exact(APPLIED * 5), Count::exact(APPLIED / 2 * 5));
    let plan = Plan::from_parts(steps, counts, APPLIED / 2 * 5, (0, 0), None, false);
    let before = child::most_resident()?;
    let (took, report) = time(|| Ok(session.apply(&plan)?))?;
    if report.changed.len() as u64 != APPLIED / 2 {
        return Err("a plan that was applied in part".into());
    }
    println!("{} {before} {}", took.as_millis(), child::most_resident()?);
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
