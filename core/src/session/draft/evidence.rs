//! Evidence and claims on their way into a checkpoint.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::error::{Error, Result};
use crate::id::{CheckpointId, ObjectId};
use crate::limits::EVIDENCE_STEPS_MAX;
use crate::map::{Map, Value};
use crate::object::{
    Claim, Entry, Evidence, EvidenceRun, FilePath, LeftOut, Objects, Results, Run, RunOutcome,
    Scope, TestSums, read,
};
use crate::session::line::chain::number_after;
use crate::session::line::evidence::{
    evidence_id, lane_key, lane_of, next_evidence, read_evidence, step_of,
};
use crate::session::line::keys::{memory_key, memory_number, next_number};
use crate::session::line::listing::{self, Within};
use crate::store::Batch as StoreBatch;

/// Evidence and claims that a draft appends. They go to the end, whoever else appends.
#[derive(Debug, Default)]
pub(crate) struct EvidenceDraft {
    pub(crate) new: Vec<NewEvidence>,
    pub(crate) claims: Vec<NewClaim>,
}

/// Evidence before it is built: its maps, its nodes of results and its place are yet to be made.
#[derive(Debug)]
pub(crate) struct NewEvidence {
    pub(crate) evidence: Evidence,
    /// The number of the run that it comes of, if it comes of one.
    pub(crate) run: Option<u64>,
    /// The files that it is about.
    pub(crate) held: Held,
    /// Which of them, if a host says what was read.
    pub(crate) reads: BTreeSet<FilePath>,
    /// What was not captured.
    pub(crate) left_out: Vec<LeftOut>,
    /// What the command made.
    pub(crate) made: Vec<FilePath>,
    /// Reports that it writes, which are no inputs although they may have been there before.
    pub(crate) reports: Vec<FilePath>,
    pub(crate) results: Results,
}

/// What was held where a command ran: files of a state, but for some paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    pub(crate) state: Map,
    pub(crate) checkpoint: Option<CheckpointId>,
    /// Paths where something else was, or nothing.
    pub(crate) exceptions: BTreeMap<FilePath, Option<Entry>>,
}

/// A claim before it is built.
#[derive(Debug)]
pub(crate) struct NewClaim {
    pub(crate) text: String,
    pub(crate) actor: String,
    pub(crate) by: Vec<By>,
    /// Which of the draft's memories says it to the model.
    pub(crate) memory: Option<usize>,
}

/// Which evidence a claim cites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The one of a number.
    Number(u64),
    /// One that the same draft appends, counted from 0.
    New(usize),
}

impl EvidenceDraft {
    /// Appends to a map of evidence, which need not be the one that the draft began with.
    pub(crate) fn apply(
        &self,
        batch: &mut StoreBatch,
        evidence: Map,
        runs: Map,
    ) -> Result<(Map, Vec<ObjectId>)> {
        let (mut map, mut ids) = (evidence, Vec::new());
        for new in &self.new {
            let number = next_evidence(map, batch)?;
            let newest = match number {
                1 => None,
                number => evidence_at(batch, map, number - 1)?.map(|(_, evidence)| evidence),
            };
            let (built, lane) = new.build(batch, map, newest.as_ref(), runs)?;
            let id = batch.put(&built, None);
            let row = Value { refs: vec![id], bytes: Vec::new() };
            let mut edits = vec![(memory_key(number), Some(row))];
            if let Some(lane) = lane {
                let row = Value { refs: Vec::new(), bytes: memory_key(number) };
                edits.push((lane_key(&lane), Some(row)));
            }
            map = batch.edit_map(map, edits)?;
            ids.push(id);
        }
        Ok((map, ids))
    }

    /// Appends to a map of claims. `new` is the evidence of this draft, `memory` the number of its
    /// first memory.
    pub(crate) fn apply_claims(
        &self,
        batch: &mut StoreBatch,
        (claims, evidence): (Map, Map),
        new: &[ObjectId],
        memory: u64,
    ) -> Result<Map> {
        let mut edits = Vec::with_capacity(self.claims.len());
        let mut number = match self.claims.is_empty() {
            true => return Ok(claims),
            false => next_number(claims, &*batch)?,
        };
        if claims.ends(batch)?.is_some_and(|(first, _)| first.is_empty()) {
            edits.push((Vec::new(), None));
        }
        for claim in &self.claims {
            let mut cited = Vec::with_capacity(claim.by.len());
            for by in &claim.by {
                let id = match by {
                    By::New(at) => new.get(*at).copied(),
                    By::Number(number) => evidence_id(batch, evidence, *number)?,
                };
                let id = id.ok_or_else(|| match by {
                    By::Number(number) => Error::not_found(format!("no evidence {number}")),
                    By::New(_) => Error::invalid("a claim cites evidence that is not there"),
                })?;
                if !cited.contains(&id) {
                    cited.push(id);
                }
            }
            let node =
                Claim { text: claim.text.clone(), actor: claim.actor.clone(), evidence: cited };
            let id = batch.put(&node, None);
            let said = claim.memory.map(|at| memory_key(memory.saturating_add(at as u64)));
            let row = Value { refs: vec![id], bytes: said.unwrap_or_default() };
            edits.push((memory_key(number), Some(row)));
            number = number_after(number)?;
        }
        batch.edit_map(claims, edits)
    }
}

impl NewEvidence {
    /// Makes its maps and nodes, and returns it with what finds others of the same command.
    fn build(
        &self,
        batch: &mut StoreBatch,
        map: Map,
        newest: Option<&Evidence>,
        runs: Map,
    ) -> Result<(Evidence, Option<ObjectId>)> {
        let mut built = self.evidence.clone();
        let mut lane = None;
        if let Some(number) = self.run {
            let row = runs.get(&*batch, &memory_key(number))?;
            let refs = row.map(|row| row.refs).unwrap_or_default();
            let [run, outcome] = refs[..] else {
                return Err(Error::not_found(format!("no run {number} that has ended")));
            };
            built.run = Some(EvidenceRun { number, run, outcome });
            let run: Run = read(&*batch, run)?;
            lane = Some(lane_of(&run, &built));
            built.environment.setup = setup(batch, runs, newest, (number, &run))?;
        }
        let prior = match &lane {
            Some(lane) => newest_of(batch, map, lane)?,
            None => None,
        };
        built.previous = prior.as_ref().map_or(0, |(number, _)| *number);
        let prior = prior.map(|(_, evidence)| evidence);
        self.list(batch, &mut built, [newest, prior.as_ref()])?;
        built.sums = TestSums::of(&self.results.tests);
        for piece in self.results.pieces() {
            built.results.push(batch.put(&piece, None));
        }
        built.validate()?;
        Ok((built, lane))
    }

    /// Makes the listing of the inputs, from one before where one is near, and the other maps.
    fn list(
        &self,
        batch: &mut StoreBatch,
        built: &mut Evidence,
        before: [Option<&Evidence>; 2],
    ) -> Result<()> {
        let within = match &built.inputs.scope {
            Scope::Reads => Within::Paths(self.reads.clone()),
            scope => Within::of(scope, &*batch, Map::EMPTY)?,
        };
        let state = self.held.state;
        let mut base = None;
        for other in before.into_iter().flatten() {
            let inputs = &other.inputs;
            if base.is_none()
                && inputs.scope == built.inputs.scope
                && built.inputs.scope != Scope::Reads
                && let Some(old) = inputs.state
                && batch.get_node(&old.id())?.is_some()
            {
                base = Some((Map::new(inputs.files), Map::new(Some(old))));
            }
        }
        let (from, mut edits) = match base {
            Some((listing, old)) => match listing::edits(&*batch, (old, state), &within) {
                // A part of the state before was trimmed.
                Err(error) if error.kind().is_absence() => {
                    (Map::EMPTY, listing::rows(&*batch, state, &within)?)
                }
                edits => (listing, edits?),
            },
            None => (Map::EMPTY, listing::rows(&*batch, state, &within)?),
        };
        for (path, entry) in &self.held.exceptions {
            if within.holds(path) {
                let row = entry.as_ref().and_then(listing::listed);
                edits.push((path.as_bytes().to_vec(), row));
            }
        }
        let listing = batch.edit_map(from, edits)?;
        let listing = self.drop_missed(batch, listing)?;
        let reports = self.reports.iter();
        let reports = reports.map(|path| (path.as_bytes().to_vec(), Some(Value::default())));
        let mut made: Vec<listing::Edit> = reports.collect();
        for path in &self.made {
            if listing.get(&*batch, path.as_bytes())?.is_none() {
                made.push((path.as_bytes().to_vec(), Some(Value::default())));
            }
        }
        let outputs = Map::new(before[1].and_then(|prior| prior.inputs.outputs));
        let outputs = batch.edit_map(outputs, made)?;
        let value = |row: &LeftOut| Value { refs: Vec::new(), bytes: row.row() };
        let left_out = self.left_out.iter();
        let left_out = left_out.map(|row| (row.path.as_bytes().to_vec(), Some(value(row))));
        let left_out = batch.edit_map(Map::EMPTY, left_out.collect())?;
        let inputs = &mut built.inputs;
        inputs.files = listing.root();
        inputs.outputs = outputs.root();
        inputs.left_out = left_out.root();
        inputs.checkpoint = self.held.checkpoint;
        // With exceptions the listing is not of that state.
        inputs.state = match self.held.exceptions.is_empty() && !self.has_missed() {
            true => state.root(),
            false => None,
        };
        Ok(())
    }

    fn has_missed(&self) -> bool {
        self.left_out.iter().any(|row| row.reason.is_missed())
    }

    /// Takes out of a listing what could not be captured: what the command saw there is not known.
    fn drop_missed(&self, batch: &mut StoreBatch, listing: Map) -> Result<Map> {
        let mut edits = Vec::new();
        for row in self.left_out.iter().filter(|row| row.reason.is_missed()) {
            edits.push((row.path.as_bytes().to_vec(), None));
            for below in listing.prefix(&*batch, &[row.path.as_bytes(), b"/"].concat()) {
                edits.push((below?.0, None));
            }
        }
        batch.edit_map(listing, edits)
    }
}

/// The setup steps that were run in the sandbox of a run before it, each once.
fn setup(
    batch: &StoreBatch,
    runs: Map,
    newest: Option<&Evidence>,
    (number, run): (u64, &Run),
) -> Result<Vec<ObjectId>> {
    let (mut steps, mut from) = (Vec::new(), 0);
    if let Some(newest) = newest
        && let Some(of) = &newest.run
    {
        from = of.number;
        let before: Option<Run> = match read(batch, of.run) {
            Err(error) if error.kind().is_absence() => None,
            before => Some(before?),
        };
        if before.is_some_and(|before| before.sandbox.instance == run.sandbox.instance) {
            steps.clone_from(&newest.environment.setup);
        }
    }
    let (first, last) = (memory_key(from), memory_key(number));
    // The run of that evidence may be a step itself.
    for row in runs.range(batch, Bound::Included(&first), Bound::Excluded(&last)) {
        let [id, outcome] = row?.1.refs[..] else { continue };
        let step: Run = read(batch, id)?;
        let is_here = step.is_setup && step.sandbox.instance == run.sandbox.instance;
        let step = step_of(&step);
        if is_here
            && steps.len() < EVIDENCE_STEPS_MAX
            && !steps.contains(&step)
            && read::<RunOutcome>(batch, outcome)?.exit.is_success()
        {
            steps.push(step);
        }
    }
    Ok(steps)
}

/// The evidence of a number; none where its node is gone.
fn evidence_at(objects: &impl Objects, map: Map, number: u64) -> Result<Option<(u64, Evidence)>> {
    let Some(id) = evidence_id(objects, map, number)? else { return Ok(None) };
    match read_evidence(objects, map, number, id) {
        Err(error) if error.kind().is_absence() => Ok(None),
        evidence => Ok(Some((number, evidence?))),
    }
}

/// The newest evidence of a command and a scope.
fn newest_of(objects: &impl Objects, map: Map, lane: &ObjectId) -> Result<Option<(u64, Evidence)>> {
    match map.get(objects, &lane_key(lane))? {
        Some(row) => evidence_at(objects, map, memory_number(&row.bytes)?),
        None => Ok(None),
    }
}
