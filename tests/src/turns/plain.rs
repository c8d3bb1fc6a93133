//! A naive interpreter of the loop: plain vectors and maps, written from what the loop promises.

use std::collections::BTreeMap;

use partita::ErrorKind;
use partita::host::turn::{Choice, Effect, EndReason, Supplied};

/// Calls of models, failures in a row and calls of one answer that a turn may have.
pub(super) const CALLS: u64 = 9;
pub(super) const FAILURES: u64 = 2;
pub(super) const PARALLEL: usize = 3;
/// What a memory says that no model makes.
pub(super) const FOREIGN: &str = "I am no model.";
/// Late results that a step keeps.
const LATE: usize = 64;

/// A call of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) tool: &'static str,
    pub(super) is_garbage: bool,
}

/// What a host says of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Words, calls, and why the provider stopped.
    Answer {
        words: String,
        calls: Vec<Call>,
        stop: &'static str,
    },
    /// A memory that no model makes.
    Foreign,
    Tool {
        text: String,
        is_error: bool,
    },
    Failed(String),
    Chose(Choice),
}

impl Said {
    /// Whether it says that something was done, and in which words.
    fn in_words(&self) -> (bool, String) {
        match self {
            Said::Answer { words, .. } => (true, words.clone()),
            Said::Foreign => (true, FOREIGN.to_owned()),
            Said::Tool { text, is_error } => (!is_error, text.clone()),
            Said::Failed(why) => (false, why.clone()),
            Said::Chose(choice) => (true, choice.name().to_owned()),
        }
    }
}

/// Where a step stands in its round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Model,
    Call(usize),
    Approve(usize),
    Unknown(usize, usize),
}

impl Place {
    fn is_ask(self) -> bool {
        matches!(self, Place::Approve(_) | Place::Unknown(..))
    }

    /// The number that the place has.
    pub(super) fn index(self) -> u64 {
        match self {
            Place::Model => 0,
            Place::Call(at) => at as u64,
            Place::Approve(at) => at as u64 | 1 << 32,
            Place::Unknown(at, tries) => at as u64 | 1 << 33 | (tries as u64) << 40,
        }
    }
}

pub(super) type Key = (u64, Place);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Done,
    Failed,
    Refused,
    Unknown,
    Cancelled,
}

#[derive(Clone, Debug, Default)]
struct Try {
    end: Option<End>,
    said: Option<Said>,
    /// Where its memory stands, and which it is.
    memory: Option<(usize, u64)>,
}

/// What is kept of a late result: the attempt, who said it, and what was said.
type Late = (usize, u64, bool, String);

#[derive(Clone, Debug, Default)]
struct Row {
    tries: Vec<Try>,
    late: Vec<Late>,
}

impl Row {
    fn newest(&self) -> &Try {
        self.tries.last().expect("a row has a try")
    }

    fn is_open(&self) -> bool {
        self.newest().end.is_none()
    }

    fn is_unknown(&self) -> bool {
        self.newest().end == Some(End::Unknown)
    }

    fn is_settled(&self) -> bool {
        !self.is_open() && !self.is_unknown()
    }
}

/// A handle of a driver.
#[derive(Clone, Debug, Default)]
pub(super) struct Handle {
    takeovers: u64,
    handed: BTreeMap<Key, usize>,
}

/// A step as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Handed {
    pub(super) key: Key,
    /// The tool, or the role.
    pub(super) name: String,
    pub(super) attempt: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Model,
    Tools,
    Ended(EndReason),
}

/// The turn.
#[derive(Debug)]
pub(super) struct Plain {
    stages: Vec<&'static str>,
    stage: usize,
    phase: Phase,
    round: u64,
    answer: Option<(usize, u64)>,
    rows: BTreeMap<Key, Row>,
    standing: BTreeMap<&'static str, Choice>,
    /// The memories, each by a number that no other ever has.
    pub(super) dialog: Vec<u64>,
    memories: u64,
    answers: BTreeMap<u64, Vec<Call>>,
    undo: Vec<usize>,
    takeovers: u64,
    pub(super) calls: u64,
    failures: u64,
}

impl Plain {
    /// A turn of these roles on a dialog of so many memories.
    pub(super) fn new(stages: Vec<&'static str>, memories: usize) -> Self {
        Plain {
            stages,
            stage: 0,
            phase: Phase::Model,
            round: 1,
            answer: None,
            rows: BTreeMap::new(),
            standing: BTreeMap::new(),
            dialog: (0..memories as u64).collect(),
            memories: memories as u64,
            answers: BTreeMap::new(),
            undo: Vec::new(),
            takeovers: 0,
            calls: 0,
            failures: 0,
        }
    }

    pub(super) fn ended(&self) -> Option<EndReason> {
        match self.phase {
            Phase::Ended(reason) => Some(reason),
            _ => None,
        }
    }

    pub(super) fn handle(&self) -> Handle {
        Handle { takeovers: self.takeovers, ..Handle::default() }
    }

    pub(super) fn open_questions(&self) -> Vec<Key> {
        let open = self.rows.iter().filter(|((round, place), row)| {
            *round == self.round && place.is_ask() && row.is_open() && self.ended().is_none()
        });
        open.map(|(key, _)| *key).collect()
    }

    pub(super) fn late(&self) -> usize {
        self.rows.values().map(|row| row.late.len()).sum()
    }

    /// Takes the newest change of the dialog back. Tells whether there was one.
    pub(super) fn undo(&mut self) -> bool {
        let Some(len) = self.undo.pop() else { return false };
        self.dialog.truncate(len);
        true
    }

    pub(super) fn take_over(&mut self) -> Handle {
        for (key, row) in &mut self.rows {
            if key.0 == self.round && row.is_open() && !key.1.is_ask() {
                row.tries.last_mut().expect("a try").end = Some(End::Unknown);
            }
        }
        self.takeovers += 1;
        self.handle()
    }

    /// Does something that is one operation.
    fn at_once<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let len = self.dialog.len();
        let value = act(self);
        if self.dialog.len() != len {
            self.undo.push(len);
        }
        value
    }

    fn remember(&mut self) -> (usize, u64) {
        self.dialog.push(self.memories);
        self.memories += 1;
        (self.dialog.len() - 1, self.memories - 1)
    }

    fn stands(&self, memory: Option<(usize, u64)>) -> bool {
        memory.is_some_and(|(at, id)| self.dialog.get(at) == Some(&id))
    }

    fn row(&self, place: Place) -> Option<&Row> {
        self.rows.get(&(self.round, place))
    }

    fn open(&mut self, place: Place) -> usize {
        let row = self.rows.entry((self.round, place)).or_default();
        row.tries.push(Try::default());
        row.tries.len()
    }

    fn close(&mut self, place: Place, end: End, said: Option<Said>, memory: Option<(usize, u64)>) {
        let row = self.rows.get_mut(&(self.round, place)).expect("it was opened");
        *row.tries.last_mut().expect("a try") = Try { end: Some(end), said, memory };
    }

    fn enter(&mut self, phase: Phase) {
        self.round += 1;
        self.phase = phase;
        if phase != Phase::Tools {
            self.answer = None;
        }
    }

    /// What can be done, as a handle is told.
    pub(super) fn next(&mut self, handle: &mut Handle) -> Result<Option<Vec<Handed>>, ErrorKind> {
        loop {
            if handle.takeovers != self.takeovers {
                return Err(ErrorKind::Conflict);
            }
            if self.ended().is_some() {
                return Ok(None);
            }
            let mut out = Vec::new();
            let changed = self.at_once(|it| match it.phase {
                Phase::Model => it.model(&mut out),
                _ => it.tools(handle, &mut out),
            });
            if changed && out.is_empty() {
                continue;
            }
            out.retain(|step| handle.handed.insert(step.key, step.attempt) != Some(step.attempt));
            return Ok(Some(out));
        }
    }

    fn model(&mut self, out: &mut Vec<Handed>) -> bool {
        let role = self.stages[self.stage];
        let newest = match self.row(Place::Model) {
            Some(row) if row.is_open() => return false,
            Some(row) if !row.is_unknown() => row.newest().clone(),
            _ => {
                if self.calls >= CALLS {
                    self.phase = Phase::Ended(EndReason::MaxTurnRequests);
                    return true;
                }
                self.calls += 1;
                let attempt = self.open(Place::Model);
                let key = (self.round, Place::Model);
                out.push(Handed { key, name: role.to_owned(), attempt });
                return true;
            }
        };
        if newest.end != Some(End::Done) {
            self.failures += 1;
            match self.failures >= FAILURES {
                true => self.phase = Phase::Ended(EndReason::Failed),
                false => self.enter(Phase::Model),
            }
            return true;
        }
        self.failures = 0;
        let Some(Said::Answer { stop, .. }) = newest.said else { unreachable!("a model answers") };
        let calls = newest.memory.and_then(|(_, id)| self.answers.get(&id).cloned());
        if let "refusal" | "max_tokens" = stop {
            let stands = self.stands(newest.memory);
            for _ in calls.into_iter().flatten().filter(|_| stands) {
                self.remember();
            }
            let is_refusal = stop == "refusal";
            let reason = if is_refusal { EndReason::Refusal } else { EndReason::MaxTokens };
            self.phase = Phase::Ended(reason);
            return true;
        }
        if !self.stands(newest.memory) {
            self.enter(Phase::Model);
        } else if calls.is_some_and(|calls| !calls.is_empty()) {
            self.enter(Phase::Tools);
            self.answer = newest.memory;
        } else if self.stage + 1 < self.stages.len() {
            self.stage += 1;
            self.remember();
            self.enter(Phase::Model);
        } else {
            self.phase = Phase::Ended(EndReason::EndTurn);
        }
        true
    }

    fn calls_of_round(&self) -> Vec<Call> {
        let (_, id) = self.answer.expect("a round of tools has an answer");
        self.answers[&id].clone()
    }

    fn tools(&mut self, handle: &Handle, out: &mut Vec<Handed>) -> bool {
        if !self.stands(self.answer) {
            self.cancel_open();
            self.enter(Phase::Model);
            return true;
        }
        let calls = self.calls_of_round();
        let mut changed = false;
        for (at, call) in calls.iter().enumerate() {
            changed |= self.call(at, call, handle, out);
        }
        let is_settled = |at| self.row(Place::Call(at)).is_some_and(Row::is_settled);
        if (0..calls.len()).all(is_settled) {
            self.enter(Phase::Model);
            return true;
        }
        changed
    }

    fn call(&mut self, at: usize, call: &Call, handle: &Handle, out: &mut Vec<Handed>) -> bool {
        let place = Place::Call(at);
        let effect = super::TOOLS.iter().find(|(name, _)| *name == call.tool).map(|(_, it)| *it);
        if let Some(row) = self.row(place) {
            if !row.is_unknown() {
                return false;
            }
            if matches!(effect, Some(Effect::Read | Effect::Idempotent)) {
                return self.hand_out(at, call, out);
            }
            let ask = Place::Unknown(at, row.tries.len());
            return match self.asked(ask, handle, out) {
                Ok(Choice::DoAgain) => self.hand_out(at, call, out),
                Ok(Choice::WasDone) => self.settle(at, End::Done),
                Ok(_) => self.settle(at, End::Failed),
                Err(changed) => changed,
            };
        }
        let Some(effect) = effect.filter(|_| at < PARALLEL && !call.is_garbage) else {
            return self.settle(at, End::Refused);
        };
        if effect != Effect::Irreversible {
            return self.hand_out(at, call, out);
        }
        let ask = Place::Approve(at);
        // What was said of this call counts before what was said of the tool.
        if !self.row(ask).is_some_and(Row::is_settled)
            && let Some(choice) = self.standing.get(call.tool).copied()
        {
            if self.row(ask).is_some() {
                self.close(ask, End::Cancelled, None, None);
            }
            return match choice {
                Choice::AllowAlways => self.hand_out(at, call, out),
                _ => self.settle(at, End::Refused),
            };
        }
        match self.asked(ask, handle, out) {
            Ok(Choice::AllowOnce | Choice::AllowAlways) => self.hand_out(at, call, out),
            Ok(_) => self.settle(at, End::Refused),
            Err(changed) => changed,
        }
    }

    /// What a person chose; else whether asking changed anything.
    fn asked(
        &mut self,
        place: Place,
        handle: &Handle,
        out: &mut Vec<Handed>,
    ) -> Result<Choice, bool> {
        let key = (self.round, place);
        let fresh = Handed { key, name: "ask".to_owned(), attempt: 1 };
        let Some(row) = self.row(place) else {
            self.open(place);
            out.push(fresh);
            return Err(true);
        };
        if let Some(Said::Chose(choice)) = &row.newest().said {
            return Ok(*choice);
        }
        if !handle.handed.contains_key(&key) {
            out.push(fresh);
        }
        Err(false)
    }

    fn hand_out(&mut self, at: usize, call: &Call, out: &mut Vec<Handed>) -> bool {
        let attempt = self.open(Place::Call(at));
        let key = (self.round, Place::Call(at));
        out.push(Handed { key, name: call.tool.to_owned(), attempt });
        true
    }

    fn settle(&mut self, at: usize, end: End) -> bool {
        self.open(Place::Call(at));
        let memory = self.remember();
        self.close(Place::Call(at), end, None, Some(memory));
        true
    }

    fn cancel_open(&mut self) {
        for (key, row) in &mut self.rows {
            if key.0 == self.round && row.is_open() {
                row.tries.last_mut().expect("a try").end = Some(End::Cancelled);
            }
        }
    }

    /// Cancels the turn.
    pub(super) fn cancel(&mut self) {
        if self.ended().is_some() {
            return;
        }
        self.at_once(|it| {
            if it.phase == Phase::Tools && it.stands(it.answer) {
                for at in 0..it.calls_of_round().len() {
                    if !it.row(Place::Call(at)).is_some_and(Row::is_settled) {
                        it.remember();
                    }
                }
            }
            if it.phase == Phase::Model
                && let Some(newest) = it.row(Place::Model).map(|row| row.newest().clone())
                && it.stands(newest.memory)
            {
                let (_, id) = newest.memory.expect("it stands");
                for _ in 0..it.answers.get(&id).map_or(0, Vec::len) {
                    it.remember();
                }
            }
            it.cancel_open();
            it.phase = Phase::Ended(EndReason::Cancelled);
        });
    }

    /// A person answers, whoever drives.
    pub(super) fn decide(&mut self, key: Key, choice: Choice) -> Result<(), ErrorKind> {
        if !self.open_questions().contains(&key) {
            return Err(ErrorKind::NotFound);
        }
        self.choose(key, choice)
    }

    fn choose(&mut self, key: Key, choice: Choice) -> Result<(), ErrorKind> {
        use Choice::{AllowAlways, AllowOnce, DoAgain, GiveUp, RejectAlways, RejectOnce, WasDone};
        let fits = match key.1 {
            Place::Approve(_) => {
                matches!(choice, AllowOnce | AllowAlways | RejectOnce | RejectAlways)
            }
            _ => matches!(choice, WasDone | DoAgain | GiveUp),
        };
        if !fits {
            return Err(ErrorKind::Invalid);
        }
        if let (Place::Approve(at), AllowAlways | RejectAlways) = (key.1, choice) {
            // A round whose answer was taken back is left at the next step, and not before.
            let (_, id) = self.answer.expect("a question stands in a round of tools");
            let tool = self.answers[&id][at].tool;
            self.standing.insert(tool, choice);
        }
        self.close(key.1, End::Done, Some(Said::Chose(choice)), None);
        Ok(())
    }

    /// A handle says what came of a step.
    pub(super) fn supply(
        &mut self,
        handle: &Handle,
        key: Option<Key>,
        said: &Said,
    ) -> Result<Supplied, ErrorKind> {
        let found = key.and_then(|key| Some((key, self.rows.get(&key)?.clone())));
        let Some((key, row)) = found else { return Err(ErrorKind::NotFound) };
        let handed = handle.handed.get(&key).copied();
        let drives = handle.takeovers == self.takeovers;
        let is_current = drives && self.ended().is_none();
        let is_here = is_current && key.0 == self.round;
        if row.is_open() && is_here && (handed.is_some() || key.1.is_ask()) {
            return self.at_once(|it| it.take(key, said)).map(|()| Supplied::Taken);
        }
        let Some(attempt) = handed else { return Err(ErrorKind::Conflict) };
        let known = row.tries.get(attempt - 1).and_then(|it| it.said.as_ref());
        let same = match (known, said) {
            (Some(Said::Tool { text, is_error: true }), Said::Failed(why)) => text == why,
            (known, said) => known == Some(said),
        };
        if same {
            return Ok(Supplied::Known);
        }
        if !(is_current && row.is_settled()) {
            let row = self.rows.get_mut(&key).expect("it is there");
            let (is_done, text) = said.in_words();
            let late = (attempt, handle.takeovers, is_done, text);
            if row.late.len() < LATE && !row.late.contains(&late) {
                row.late.push(late);
            }
        }
        Err(ErrorKind::Conflict)
    }

    fn take(&mut self, key: Key, said: &Said) -> Result<(), ErrorKind> {
        let place = key.1;
        match (place, said) {
            (Place::Approve(_) | Place::Unknown(..), Said::Chose(choice)) => {
                self.choose(key, *choice)
            }
            (Place::Model, Said::Failed(_)) => {
                self.close(place, End::Failed, Some(said.clone()), None);
                Ok(())
            }
            (Place::Model, Said::Answer { words, calls, stop }) => {
                if words.is_empty() && calls.is_empty() {
                    let end = if stop.is_empty() { End::Failed } else { End::Done };
                    self.close(place, end, Some(said.clone()), None);
                    return Ok(());
                }
                let memory = self.remember();
                self.answers.insert(memory.1, calls.clone());
                self.close(place, End::Done, Some(said.clone()), Some(memory));
                Ok(())
            }
            (Place::Call(_), Said::Tool { .. } | Said::Failed(_)) => {
                let (text, is_error) = match said {
                    Said::Tool { text, is_error } => (text.clone(), *is_error),
                    Said::Failed(why) => (why.clone(), true),
                    _ => unreachable!("one of the two"),
                };
                let end = if is_error { End::Failed } else { End::Done };
                let memory = self.stands(self.answer).then(|| self.remember());
                self.close(place, end, Some(Said::Tool { text, is_error }), memory);
                Ok(())
            }
            _ => Err(ErrorKind::Invalid),
        }
    }
}
