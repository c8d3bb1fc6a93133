//! A round of a turn: what the model is shown, its answer with one call, the call's result, and the
//! account of what is shown.

use std::hint::black_box;

use partita::budget::Budget;
use partita::context::Tool;
use partita::host::turn::{DriverId, Effect, ModelAnswer, Policy, Step, StepResult, Turn};
use partita::tokens::Encoding;
use partita::{Body, Durability, Json, Memory, Part, Session, Store};

use crate::measure::{Samples, Table, micros, time};
use crate::{Options, Result};

/// Tokens of a budget that the dialog keeps, although it has more bytes than that.
const BUDGET: u64 = 300_000;
/// Rounds that warm up and do not count.
const WARM: usize = 10;
/// Items that an account lists.
const LISTED: usize = 20;

/// What is timed of a round, one after the other.
const PARTS: [&str; 8] = [
    "next: asks the model",
    "supply: its answer, one call",
    "next: hands the call out",
    "supply: the call's result",
    "the request's text, for a provider",
    "account of what is shown",
    "all of it",
    "beside: one memory, committed",
];

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut columns: Vec<(String, Vec<Samples>)> = Vec::new();
    for (exchanges, durability, budget) in [
        (1_000, Durability::Buffered, 0),
        (1_000, Durability::Sync, 0),
        (1_000, Durability::Buffered, BUDGET),
        (10_000, Durability::Buffered, 0),
        (10_000, Durability::Sync, 0),
    ] {
        let dir = tempfile::tempdir_in(&options.dir)?;
        let store = Store::options().durability(durability).open(dir.path().join("store"))?;
        let session = store.session("bench")?;
        fill(&session, exchanges)?;
        let durable = if durability == Durability::Sync { "durable" } else { "buffered" };
        let budgeted = if budget > 0 { ", budget" } else { "" };
        let parts = rounds(&session, options.rounds * 5, budget)?;
        columns.push((format!("{exchanges}, {durable}{budgeted}"), parts));
    }
    println!("exchanges in the session, and how commits are made; p50\n");
    let mut head = vec!["part of a round"];
    head.extend(columns.iter().map(|(name, _)| name.as_str()));
    let table = Table::new(&head);
    for (at, part) in PARTS.iter().enumerate() {
        let cells: Vec<String> = columns.iter().map(|(_, all)| micros(all[at].p50())).collect();
        table.row(&[part, &cells[0], &cells[1], &cells[2], &cells[3], &cells[4]]);
    }
    Ok(())
}

/// A dialog: a question and an answer each, of the length that they often have.
fn fill(session: &Session, exchanges: usize) -> Result<()> {
    let schema = Json::parse(r#"{"type":"object","properties":{"path":{"type":"string"}}}"#)?;
    session.set_tools(&[Tool::new("read", "Returns a file's text.", schema)])?;
    for first in (0..exchanges).step_by(500) {
        session.batch(|batch| {
            (first..first + 500).try_for_each(|at| {
                batch.remember(Memory::user(format!(
                    "Question {at}. {}",
                    "Why is it so? ".repeat(8)
                )))?;
                let answer = format!("Answer {at}. {}", "It is so because of that. ".repeat(12));
                batch.remember(Memory::assistant(answer))
            })
        })?;
    }
    session.remember(Memory::user("Now read the files, one after the other."))?;
    Ok(())
}

/// Goes through rounds of a turn, and times each part.
fn rounds(session: &Session, count: usize, tokens: u64) -> Result<Vec<Samples>> {
    let mut policy = Policy::new();
    policy.effect("read", Effect::Read);
    policy.limits.calls = 0;
    policy.roles.entry("agent".to_owned()).or_default().budget = tokens;
    let mut turn = Turn::begin(session, &policy, DriverId::new([1; 16]))?;
    let beside = session.store().session("beside")?;
    let budget = Budget::new(1 << 30);
    session.capacity_of_largest(&budget, &Encoding::O200k, LISTED)?;
    let mut parts = vec![Samples::default(); PARTS.len()];
    for round in 0..WARM + count {
        let call = Part::Call {
            id: format!("call_{round}"),
            name: "read".into(),
            arguments: Body::new(format!(r#"{{"path":"src/f{round}.rs"}}"#)),
        };
        let answer = ModelAnswer::new(Memory::assistant("I read on.").with_part(call));
        let text = StepResult::text(format!("pub const NUMBER: usize = {round};\n"));
        let (asks, step) = time(|| only(&mut turn))?;
        let Step::CallModel(call) = &step else { return Err("no model is asked".into()) };
        let (sends, _) = time(|| Ok(black_box(call.body().len())))?;
        let (answers, _) = time(|| Ok(turn.supply(step.id(), answer)?))?;
        let (hands, step) = time(|| only(&mut turn))?;
        let (returns, _) = time(|| Ok(turn.supply(step.id(), text)?))?;
        let (counts, _) =
            time(|| Ok(session.capacity_of_largest(&budget, &Encoding::O200k, LISTED)?))?;
        let round_took = [asks, answers, hands, returns, sends, counts];
        let (commits, _) = time(|| Ok(beside.remember(Memory::user(format!("memory {round}")))?))?;
        if round >= WARM {
            let rest = [round_took.iter().sum(), commits];
            let took = round_took.into_iter().chain(rest);
            parts.iter_mut().zip(took).for_each(|(part, took)| part.push(took));
        }
    }
    Ok(parts)
}

/// The only step that can be done now.
fn only(turn: &mut Turn) -> Result<Step> {
    let steps = turn.next()?.unwrap_or_default();
    match <[Step; 1]>::try_from(steps) {
        Ok([step]) => Ok(step),
        Err(steps) => Err(format!("{} steps, not 1", steps.len()).into()),
    }
}
