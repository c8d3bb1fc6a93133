//! A recording at many budgets: what a plan leaves is sent whole, breaks no rule, and counts what the plan
//! says.

use std::ops::ControlFlow;

use partita::budget::Budget;
use partita::context::Prompt;
use partita::interop::{Transcript, read};
use partita::tokens::Encoding;
use partita::{ErrorKind, Store};

use super::sent;

/// The counter of all budgets.
const COUNTER: Encoding = Encoding::O200k;

/// What became of a recording at so many budgets.
#[derive(Clone, Debug, Default)]
pub struct Budgets {
    /// Bodies that were judged.
    pub bodies: usize,
    /// Budgets under which a plan was made, and those that are too small for any.
    pub plans: (usize, usize),
    /// What is wrong.
    pub faults: Vec<String>,
}

/// Returns the dialogs of a file.
///
/// # Panics
/// If it cannot be read.
pub fn transcripts(file: &std::path::Path) -> Vec<Transcript> {
    let name = file.display();
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{name}: {error}"));
    let source = read(&bytes[..], None).unwrap_or_else(|error| panic!("{name}: {error}"));
    source.ended().transcripts
}

/// Imports a dialog into a session, and judges what is sent of it at so many budgets, equal steps up
/// to the whole; `each` is given what each plan leaves.
///
/// # Panics
/// If the session fails.
pub fn at_budgets(
    transcript: &Transcript,
    budgets: u64,
    each: &mut dyn FnMut(u64, &Prompt),
) -> Budgets {
    let session = Store::in_memory().and_then(|store| store.session("s")).expect("a new session");
    let go_on = &mut |_| ControlFlow::Continue(());
    session.import_transcript(transcript, "t", go_on).expect("it is imported");
    let total = |limit| session.capacity(&Budget::new(limit), &COUNTER).expect("it counts").total();
    let whole = total(1);
    let mut found = Budgets::default();
    for step in (1..=budgets).rev() {
        let limit = (whole.high() * step / budgets).max(1);
        let plan = match session.plan(&Budget::new(limit), &COUNTER) {
            Ok(plan) => plan,
            Err(error) if error.kind() == ErrorKind::DoesNotFit => {
                found.plans.1 += 1;
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        found.plans.0 += 1;
        let is_applied = !plan.is_empty();
        if is_applied {
            session.apply(&plan).expect("the plan is applied");
        }
        let after = total(limit);
        let mut add = |what: String| found.faults.push(format!("at {step} of {budgets}: {what}"));
        if after != plan.after() || after.high() > limit {
            add(format!("plan: {} by the plan, {after} counted, {limit} allowed", plan.after()));
        }
        let prompt = session.latest().and_then(|latest| latest.prompt()).expect("it is read");
        let (bodies, faults) = sent(&prompt);
        faults.into_iter().for_each(&mut add);
        found.bodies += bodies;
        each(step, &prompt);
        if is_applied {
            session.undo().expect("the plan is undone");
        }
    }
    if total(1) != whole {
        found.faults.push("undo: it is not what it was".to_owned());
    }
    found
}
