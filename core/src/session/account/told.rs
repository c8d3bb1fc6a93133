//! What was said of validations when they were counted.

use std::collections::BTreeMap;

use crate::error::{ErrorKind, Result};
use crate::session::read::prompt::said_of;
use crate::session::read::snapshot::Snapshot;
use crate::session::read::truth::{Said, Truth};
use crate::session::read::view::ViewMemory;

/// By the numbers of the memories.
#[derive(Debug, Default)]
pub(crate) struct Told(BTreeMap<u64, Option<Said>>);

impl Told {
    /// Tells what is said of a memory in view, and keeps it.
    pub(crate) fn tell(
        &mut self,
        truth: Option<&mut Truth<'_>>,
        entry: &ViewMemory,
    ) -> Result<Option<Said>> {
        let Some(truth) = truth else { return Ok(None) };
        let concerns = truth.concerns(entry.number, &entry.memory);
        let said = said_of(Some(truth), entry)?;
        if concerns {
            self.0.insert(entry.number, said.clone());
        }
        Ok(said)
    }

    /// The numbers of the memories of which something else is said in another state.
    pub(crate) fn otherwise(&self, state: &Snapshot) -> Result<Vec<u64>> {
        let mut numbers = Vec::new();
        if self.0.is_empty() {
            return Ok(numbers);
        }
        let mut truth = Truth::of(state)?;
        for (number, was) in &self.0 {
            let now = match state.memory(*number) {
                Ok(entry) => match &mut truth {
                    Some(truth) => truth.said(*number, &entry.memory)?,
                    None => None,
                },
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            if now != *was {
                numbers.push(*number);
            }
        }
        Ok(numbers)
    }
}
