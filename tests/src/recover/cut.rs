//! Recoveries that are cut off at each of their calls, and run again.

use super::held::Held;
use super::judge::{judge_on, recover, same};
use crate::crash::entropy::Source;
use crate::crash::ledger::say;
use crate::vfs::{Call, Crash, Disk, Fate, Fault, Recorder};

/// The crashes that follow each.
const FATES: [Fate; 4] = [Fate::Dropped, Fate::Kept, Fate::Heads, Fate::Chance(3)];

/// Of so many calls one goes wrong in each way.
const OTHERS: usize = 7;

/// What was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// Calls of an uninterrupted recovery.
    pub calls: usize,
    /// Recoveries that were killed, or of which one call failed.
    pub runs: usize,
    /// Crash states after them that were recovered.
    pub states: usize,
}

/// Lets every call of a recovery that changes something, and of the others one in `stride`, be the
/// last of its process, and one in so many go wrong in each other way; runs it again on the same
/// medium, and on what a crash leaves of it. Each ends the same and tells the same.
///
/// # Errors
/// The first that did not.
pub fn cut_off(before: &Held, damaged: &Disk, stride: usize) -> Result<Cut, String> {
    let whole = Recorder::on(damaged.clone());
    let told = Source::new(3).supply(|| recover(&whole)).map_err(|error| say("recover", &error))?;
    let calls = whole.calls();
    let mut cut = Cut { calls: calls.len(), ..Cut::default() };
    for (at, call) in calls.iter().enumerate() {
        if !call.changes() && at % stride != 0 {
            continue;
        }
        for fault in faults(*call, at % OTHERS == 0) {
            let bad = |what| format!("call {at} ({call:?}), {fault:?}: {what}");
            cut.runs += 1;
            let first = Recorder::on(damaged.clone());
            first.fail(at, fault);
            // What it says is told; that it comes to its end all the same is allowed too.
            let _ = Source::new(3).supply(|| recover(&first));
            let again = |vfs: &Recorder| {
                Source::new(4).supply(|| {
                    let report = recover(vfs).map_err(|error| say("recover again", &error))?;
                    same(&told, &report)?;
                    judge_on(before, vfs, &report).map(drop)
                })
            };
            let actions = first.actions();
            again(&first.process()).map_err(bad)?;
            let crash = Crash::after(damaged, &actions);
            if fault == Fault::Killed && call.changes() {
                let fate = FATES[at % FATES.len()];
                cut.states += 1;
                let image = Recorder::on(crash.image(fate));
                again(&image).map_err(|what| bad(format!("{fate}: {what}")))?;
            }
        }
    }
    Ok(cut)
}

fn faults(call: Call, all: bool) -> Vec<Fault> {
    if all && call.changes() { Fault::of(call) } else { vec![Fault::Killed] }
}
