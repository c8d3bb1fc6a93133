//! Calibrations from what a session recorded: what its requests cost, as their providers said.

use std::collections::HashMap;

use crate::context::{Prompt, PromptMemory};
use crate::error::{Error, ErrorKind, Result, quoted};
use crate::interop::Recorded;
use crate::session::account::known::Known;
use crate::session::handle::Session;
use crate::session::read::prompt::resolved;
use crate::session::read::snapshot::Snapshot;
use crate::store::Store;
use crate::tokens::{CalibratedCounter, Calibration, TokenCounter};

/// Models that a message names.
const LISTED: usize = 8;

impl Session {
    /// Takes what this session's recorded requests cost into a calibration, and returns how many it
    /// took. They are of the host of the session's name: what its system prompt and tools cost, which
    /// no recording holds, is a constant of its own.
    ///
    /// # Errors
    /// As [`Snapshot::prompt`]; the counter's own.
    ///
    /// ```
    /// use partita::Memory;
    /// use partita::object::{ModelCall, Usage};
    /// use partita::tokens::{Calibration, Encoding};
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.remember(Memory::user("Why?"))?;
    /// let usage = Usage { input: Some(9_000), ..Usage::default() };
    /// let call = ModelCall { usage, ..ModelCall::new("claude-x") };
    /// session.remember_with_call(Memory::assistant("Because."), call)?;
    /// let mut calibration = Calibration::new(&Encoding::O200k);
    /// assert_eq!(session.observe(&mut calibration, &Encoding::O200k)?, 1);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn observe(
        &self,
        calibration: &mut Calibration,
        counter: &(impl TokenCounter + ?Sized),
    ) -> Result<u64> {
        self.latest()?.observe(calibration, self.name(), counter).map(|(taken, _)| taken)
    }

    /// Makes a counter for a model from what all sessions of the store recorded, for this session:
    /// with the constant of its own newest requests, or where it has none that of all others.
    /// `model` may be the beginning of the only observed name.
    ///
    /// # Errors
    /// `NotFound` if no request of that model is recorded with what it cost; the message names those
    /// that are. Else as [`observe`](Self::observe).
    pub fn calibrated_counter<C: TokenCounter>(
        &self,
        base: C,
        model: &str,
    ) -> Result<CalibratedCounter<C>> {
        let mut calibration = self.store().calibration_without(&base, Some(self.name()))?;
        let (_, host) = self.latest()?.observe(&mut calibration, self.name(), &base)?;
        let model = known_model(&calibration, model)?;
        CalibratedCounter::at(base, &model, &host, &calibration)
    }
}

impl Store {
    /// Makes a calibration of what the requests of all sessions cost, as their providers said: those
    /// of recordings that were imported, and those whose calls a host recorded.
    ///
    /// # Errors
    /// As [`Session::observe`].
    pub fn calibration(&self, base: &(impl TokenCounter + ?Sized)) -> Result<Calibration> {
        self.calibration_without(base, None)
    }

    /// Makes a counter for a model from what all sessions recorded, whatever the host.
    ///
    /// # Errors
    /// As [`Session::calibrated_counter`].
    pub fn calibrated_counter<C: TokenCounter>(
        &self,
        base: C,
        model: &str,
    ) -> Result<CalibratedCounter<C>> {
        let calibration = self.calibration(&base)?;
        let model = known_model(&calibration, model)?;
        CalibratedCounter::new(base, &model, &calibration)
    }

    fn calibration_without(
        &self,
        base: &(impl TokenCounter + ?Sized),
        left_out: Option<&str>,
    ) -> Result<Calibration> {
        let mut calibration = Calibration::new(base);
        for entry in self.sessions() {
            let entry = entry?;
            if Some(entry.name()) == left_out {
                continue;
            }
            match self.open_session(entry.name()) {
                Ok(session) => drop(session.observe(&mut calibration, base)?),
                // It went meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(calibration)
    }
}

impl Snapshot {
    fn observe(
        &self,
        calibration: &mut Calibration,
        host: &str,
        counter: &(impl TokenCounter + ?Sized),
    ) -> Result<(u64, String)> {
        let store = self.store();
        let known = Known::new(counter, store);
        let mut prompt = Prompt::default();
        let mut calls = HashMap::new();
        for entry in self.memories() {
            let entry = match entry {
                Err(error) if error.kind() == ErrorKind::Purged => continue,
                entry => entry?,
            };
            if let Some(call) = self.call_of(&entry.memory)? {
                calls.insert(prompt.memories.len(), call);
            }
            let memory = resolved(store, entry.memory)?;
            prompt.memories.push(PromptMemory { number: entry.number, memory });
        }
        if calls.is_empty() {
            return Ok((0, host.to_owned()));
        }
        let taken = Recorded { prompt, calls }.observe(calibration, host, &known);
        known.keep()?;
        Ok(taken)
    }
}

/// The observed model of a name, or the only one that begins with it.
fn known_model(calibration: &Calibration, name: &str) -> Result<String> {
    if calibration.models().any(|(model, _)| model == name) {
        return Ok(name.to_owned());
    }
    let mut like = calibration.models().map(|(model, _)| model).filter(|it| it.starts_with(name));
    if let (Some(only), None) = (like.next().filter(|_| !name.is_empty()), like.next()) {
        return Ok(only.to_owned());
    }
    let known: Vec<&str> = calibration.models().map(|(model, _)| model).take(LISTED).collect();
    let known = match known.is_empty() {
        true => "no request is recorded with what it cost".to_owned(),
        false => format!("there are {}", known.join(", ")),
    };
    Err(Error::not_found(format!("no requests of model {} to calibrate by: {known}", quoted(name))))
}
