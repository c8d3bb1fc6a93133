//! The world outside a store: what was done in it, how often, and who allowed it.

use std::collections::{BTreeMap, BTreeSet};

use partita::ObjectId;
use partita::host::turn::{Choice, Effect, RunTool};

/// What was done, counted where no crash reaches it.
#[derive(Debug, Default)]
pub(super) struct World {
    /// How often each step was done.
    pub(super) done: BTreeMap<ObjectId, u64>,
    /// Attempts that were done.
    pub(super) attempts: BTreeSet<(ObjectId, u64)>,
    /// The key that each call of a dialog was done with.
    pub(super) keys: BTreeMap<String, ObjectId>,
    /// How often a person said that a step is to be done again.
    pub(super) again: BTreeMap<ObjectId, u64>,
    /// Steps that a person allowed, and tools.
    pub(super) allowed: BTreeSet<ObjectId>,
    pub(super) always: BTreeSet<String>,
    /// Steps that a person rejected, and was heard.
    pub(super) rejected: BTreeSet<ObjectId>,
    /// The step that each question is about.
    pub(super) asked: BTreeMap<ObjectId, ObjectId>,
    /// Whether a person is asked before what cannot be taken back.
    pub(super) asks: bool,
    /// Effects of each class.
    pub(super) effects: BTreeMap<&'static str, u64>,
}

impl World {
    pub(super) fn count(&self, step: ObjectId) -> u64 {
        self.done.get(&step).copied().unwrap_or(0)
    }

    /// The store heard what a person said of a question.
    pub(super) fn hear(&mut self, question: ObjectId, choice: Choice) {
        if choice == Choice::RejectOnce {
            self.rejected.extend(self.asked.get(&question));
        }
    }

    /// Does what a step says.
    ///
    /// # Errors
    /// What may not be: done twice, done under two keys, done without leave.
    pub(super) fn act(&mut self, step: &RunTool) -> Result<(), String> {
        let what = format!("{} {:.10} attempt {}", step.name, step.id, step.attempt);
        let key = *self.keys.entry(step.call.clone()).or_insert(step.id);
        if key != step.id {
            return Err(format!("{what}: call {} had the key {key:.10} before", step.call));
        }
        let count = self.done.entry(step.id).or_default();
        *count += 1;
        *self.effects.entry(step.effect.name()).or_default() += 1;
        let fresh = self.attempts.insert((step.id, step.attempt));
        if matches!(step.effect, Effect::Read | Effect::Idempotent) {
            return Ok(());
        }
        let again = self.again.get(&step.id).copied().unwrap_or(0);
        if *count > 1 + again {
            return Err(format!(
                "{what}: done twice: {count} times, {again} times again on demand"
            ));
        }
        if !fresh {
            return Err(format!("{what}: one attempt done twice"));
        }
        if self.rejected.contains(&step.id) {
            return Err(format!("{what}: done, and a person has rejected it"));
        }
        let is_allowed = self.allowed.contains(&step.id) || self.always.contains(&step.name);
        if step.effect == Effect::Irreversible && self.asks && !is_allowed {
            return Err(format!("{what}: done, and nobody allowed it"));
        }
        Ok(())
    }
}
