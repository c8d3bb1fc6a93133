//! Turns under hostile hosts: processes that die at every point, a naive interpreter beside the loop,
//! and judges of every request.

pub mod effects;
pub mod judged;
pub mod model;
mod plain;
mod world;

use partita::host::turn::{DriverId, ModelAnswer, Policy, StepResult};
use partita::{Body, Json, Memory, Part, context::Tool};

pub use partita::host::turn::Effect;

use crate::shrink;

/// A tool of each effect, by its name.
pub const TOOLS: [(&str, Effect); 4] = [
    ("look", Effect::Read),
    ("put", Effect::Idempotent),
    ("move", Effect::Reversible),
    ("send", Effect::Irreversible),
];

/// The tools as a session declares them.
///
/// # Panics
/// Never: the schema is one.
pub fn tools() -> Vec<Tool> {
    let schema = Json::parse(r#"{"type":"object"}"#).expect("a schema");
    TOOLS.iter().map(|(name, _)| Tool::new(*name, "", schema.clone())).collect()
}

/// A policy that knows what the tools mean, and looks for nothing.
pub fn policy() -> Policy {
    let mut policy = Policy::new();
    for (name, effect) in TOOLS {
        policy.effect(name, effect);
    }
    policy.rules.clear();
    policy
}

/// A driver of a number.
pub fn driver(number: u64) -> DriverId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    DriverId::new(bytes)
}

/// A call as a part of an answer.
pub fn call(id: impl Into<String>, name: &str, arguments: &str) -> Part {
    Part::Call { id: id.into(), name: name.to_owned(), arguments: Body::new(arguments) }
}

/// An answer of words and calls.
pub fn answer(words: &str, calls: impl IntoIterator<Item = Part>) -> StepResult {
    let memory = calls.into_iter().fold(Memory::assistant(words), Memory::with_part);
    ModelAnswer::new(memory).into()
}

/// Runs the three suites: so many crashed runs, scripts and judged turns, 20,000, 20,000 and 500 unless
/// told otherwise, from a seed on.
///
/// # Errors
/// What was wrong in the first run that went wrong, with its seed.
pub fn soak(arguments: &[String]) -> Result<(), String> {
    let number = |at: usize, otherwise: u64| match arguments.get(at) {
        Some(text) => text.parse().map_err(|_| format!("{text:?} is no number")),
        None => Ok(otherwise),
    };
    let (crashed, scripts, judged) = (number(0, 20_000)?, number(1, 20_000)?, number(2, 500)?);
    let first = number(3, 1)?;
    let all = |many: u64| first..first.saturating_add(many);
    std::panic::set_hook(Box::new(|_| {}));
    let told = |seed: u64, what: String| format!("seed {seed}: {what}");
    let mut seen = effects::Seen::default();
    for seed in all(crashed) {
        let run = shrink::guarded(|| effects::run(seed, &effects::sound));
        seen.add(&run.map_err(|what| told(seed, what))?);
    }
    println!("effects: {crashed} runs: {seen:?}");
    let mut steps = 0;
    for seed in all(scripts) {
        steps += model::run(seed)?;
    }
    println!("model: {scripts} scripts of {steps} acts");
    let mut bodies = 0;
    for seed in all(judged) {
        let run = shrink::guarded(|| judged::run(seed));
        bodies += run.map_err(|what| told(seed, what))?;
    }
    println!("judged: {judged} turns, {bodies} bodies");
    Ok(())
}
