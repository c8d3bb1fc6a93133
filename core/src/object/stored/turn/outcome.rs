//! What came of a step.

use super::start::DriverId;
use crate::codec::Reader;
use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::limits::{CALL_ATTEMPTS_MAX, LABEL_BYTES_MAX};
use crate::object::stored::word::words;
use crate::object::stored::{BodyReader, BodyWriter, Canonical, Kind, RefReader};

words! {
    /// How a step ended.
    "end of a step" pub enum StepEnd {
        /// It was done.
        Done = "done",
        /// It was done, and failed.
        Failed = "failed",
        /// It was not done: it may not be, or cannot be.
        Refused = "refused",
        /// Nobody knows whether it was done: whoever did it is gone.
        Unknown = "unknown",
        /// It was not waited for.
        Cancelled = "cancelled",
    }
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepOutcome {
    /// The attempt that it came of.
    pub attempt: u64,
    /// Who says so.
    pub driver: DriverId,
    /// Whether it came when nobody waited for it any more: it is kept, and changed nothing.
    pub is_late: bool,
    /// How it ended.
    pub end: StepEnd,
    /// More of that, in a line; may be empty.
    pub text: String,
    /// The memory that it made. It is no ref: an undo may take the memory back.
    pub memory: Option<ObjectId>,
    /// The number of that memory.
    pub number: Option<u64>,
    /// The id of what a tool returned, so that equal results are seen to be equal. It is no ref.
    pub result: Option<ObjectId>,
    /// The [`ModelCall`](crate::object::ModelCall) of the answer.
    pub call: Option<ObjectId>,
    /// The [`Decision`](crate::object::Decision) that a person made.
    pub decision: Option<ObjectId>,
    /// What was tried to get an answer, in order; empty where the host did not say.
    pub attempts: Vec<CallAttempt>,
    /// Milliseconds, as the host said.
    pub took: Option<u64>,
    /// What it cost, as the host said: millionths of its currency.
    pub cost: Option<u64>,
    /// The number of the run of a gate.
    pub run: Option<u64>,
    /// The number of the evidence of a gate.
    pub evidence: Option<u64>,
}

/// One try to get an answer from a model.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallAttempt {
    /// Who serves the model; may be empty.
    pub provider: String,
    /// The model that was tried.
    pub model: String,
    /// What came of it, such as `ok`, `overloaded` or `timeout`.
    pub outcome: String,
    /// Milliseconds; none where the host did not say.
    pub took: Option<u64>,
}

impl StepOutcome {
    /// An outcome of which nothing else is known.
    pub fn new(attempt: u64, driver: DriverId, end: StepEnd) -> Self {
        StepOutcome {
            attempt,
            driver,
            is_late: false,
            end,
            text: String::new(),
            memory: None,
            number: None,
            result: None,
            call: None,
            decision: None,
            attempts: Vec::new(),
            took: None,
            cost: None,
            run: None,
            evidence: None,
        }
    }

    /// Checks every limit.
    ///
    /// # Errors
    /// `Invalid`, naming what is beyond it.
    pub fn validate(&self) -> Result<()> {
        if self.attempts.len() > CALL_ATTEMPTS_MAX {
            return Err(Error::invalid(format!(
                "a call of a model has at most {CALL_ATTEMPTS_MAX} attempts, got {}",
                self.attempts.len()
            )));
        }
        let attempts = self.attempts.iter();
        let labels = attempts.flat_map(|tried| [&tried.provider, &tried.model, &tried.outcome]);
        if labels.chain([&self.text]).any(|label| label.len() > LABEL_BYTES_MAX) {
            let message = format!("what is said of a step has at most {LABEL_BYTES_MAX} bytes");
            return Err(Error::invalid(message));
        }
        Ok(())
    }

    fn ids(&self) -> [Option<ObjectId>; 4] {
        [self.memory, self.result, self.call, self.decision]
    }

    fn numbers(&self) -> [Option<u64>; 5] {
        [self.number, self.took, self.cost, self.run, self.evidence]
    }
}

fn optional(body: &mut Reader<'_>, has: bool) -> Result<Option<u64>> {
    if has { body.uint().map(Some) } else { Ok(None) }
}

impl Canonical for StepOutcome {
    const KIND: Kind = Kind::STEP_OUTCOME;
    const VERSION: u16 = 1;

    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        let body = &mut *body.0;
        let has = self.ids().into_iter().map(|id| id.is_some());
        let has = has.chain(self.numbers().into_iter().map(|number| number.is_some()));
        let has = has.chain([self.is_late]).enumerate();
        let flags = has.fold(0, |flags, (at, has)| flags | u64::from(has) << at);
        body.uint(flags).uint(self.attempt).raw(self.driver.as_bytes()).uint(self.end.tag());
        body.bytes(self.text.as_bytes());
        for id in [self.memory, self.result].into_iter().flatten() {
            body.raw(id.as_bytes());
        }
        refs.extend([self.call, self.decision].into_iter().flatten());
        for number in self.numbers().into_iter().flatten() {
            body.uint(number);
        }
        body.uint(self.attempts.len() as u64);
        for tried in &self.attempts {
            for text in [&tried.provider, &tried.model, &tried.outcome] {
                body.bytes(text.as_bytes());
            }
            body.uint(u64::from(tried.took.is_some()));
            if let Some(took) = tried.took {
                body.uint(took);
            }
        }
    }

    fn decode(_version: u16, refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let flags = body.0.bounded(1023, "the flags of an outcome")?;
        let has = |at: u32| flags >> at & 1 != 0;
        let attempt = body.0.uint()?;
        let driver = DriverId::read(body)?;
        let body = &mut body.0;
        let end = StepEnd::from_tag(body)?;
        let text = body.text(LABEL_BYTES_MAX, "what is said of a step")?.to_owned();
        let memory = if has(0) { Some(body.id()?) } else { None };
        let result = if has(1) { Some(body.id()?) } else { None };
        let call = if has(2) { Some(refs.next()?) } else { None };
        let decision = if has(3) { Some(refs.next()?) } else { None };
        let number = optional(body, has(4))?;
        let (took, cost) = (optional(body, has(5))?, optional(body, has(6))?);
        let (run, evidence) = (optional(body, has(7))?, optional(body, has(8))?);
        let count = body.count(CALL_ATTEMPTS_MAX, "the attempts of a call")?;
        let mut attempts = Vec::with_capacity(count);
        for _ in 0..count {
            let mut label = || body.text(LABEL_BYTES_MAX, "an attempt").map(str::to_owned);
            let (provider, model, outcome) = (label()?, label()?, label()?);
            let is_timed = body.bounded(1, "the flag of a time")? == 1;
            let took = optional(body, is_timed)?;
            attempts.push(CallAttempt { provider, model, outcome, took });
        }
        Ok(StepOutcome {
            attempt,
            driver,
            is_late: has(9),
            end,
            text,
            memory,
            number,
            result,
            call,
            decision,
            attempts,
            took,
            cost,
            run,
            evidence,
        })
    }
}
