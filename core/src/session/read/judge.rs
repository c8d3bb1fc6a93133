//! Judging: what the evidence of a state says of its claims, on the very files of that state.
//!
//! Nothing of it is stored. Cost follows what changed: evidence of one scope is compared with the
//! current files by the difference between listings, from one piece of evidence to the next.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::error::Result;
use crate::id::ObjectId;
use crate::limits::STALE_PATHS_LOOKED_AT;
use crate::map::{Map, Value};
use crate::object::{
    Checkpoint, Evidence, FilePath, Iteration, Objects, Run, RunOutcome, RunSandbox, Scope, read,
};
use crate::session::line::chain::{Link, there};
use crate::session::line::evidence::{LAST, evidence_id, lane_key, lane_of, read_evidence};
use crate::session::line::info::brought_by;
use crate::session::line::keys::memory_number;
use crate::session::line::listing::{self, Within};
use crate::session::line::place::Place;
use crate::session::line::point::root;
use crate::session::line::roots::Root;
use crate::session::read::evidence::EvidenceOutcome;
use crate::session::read::snapshot::Snapshot;

/// Where evidence became stale: the first change since of what it is about that still holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StaleSince {
    /// Which path.
    pub path: FilePath,
    /// Which of its iterations; none where the session never had one.
    pub iteration: Option<u64>,
}

/// A piece of evidence, with what judging needs of it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) number: u64,
    pub(crate) evidence: Evidence,
    pub(crate) outcome: EvidenceOutcome,
    /// Whether bytes that it kept are gone.
    pub(crate) is_lost: bool,
    lane: Option<ObjectId>,
    sandbox: Option<RunSandbox>,
}

impl Known {
    /// Tells whether two were observed in places that are told apart by nothing.
    pub(crate) fn is_of_place(&self, other: &Known) -> bool {
        let place = |known: &Known| {
            let of = known.sandbox.as_ref();
            of.map(|of| (of.provider.clone(), of.image.clone(), of.system.clone()))
        };
        self.evidence.environment == other.evidence.environment && place(self) == place(other)
    }
}

/// Who decides, of a lane's evidence from a number on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    /// The newest that applies, and passed or failed.
    pub(crate) decided: Option<u64>,
    /// The newest that passed, whether it applies or not.
    pub(crate) passed: Option<u64>,
    /// The newest of all.
    pub(crate) newest: Option<u64>,
}

impl Decision {
    /// Takes the newer of both.
    pub(crate) fn newer_of(self, other: Decision) -> Decision {
        Decision {
            decided: self.decided.max(other.decided),
            passed: self.passed.max(other.passed),
            newest: self.newest.max(other.newest),
        }
    }
}

/// Where the comparison of a scope's evidence with the current files stands.
#[derive(Debug)]
struct Compared {
    within: Within,
    listing: Map,
    /// The paths at which that listing is not of the current files.
    unlike: BTreeSet<Vec<u8>>,
}

/// The number of the checkpoint that changed an input, and since when; none where that is not known.
type Changed = Option<(u64, StaleSince)>;

/// A path, what stood there, and whether the number of the checkpoint that changed it is asked for.
type Stood = (Vec<u8>, Option<Vec<u8>>, bool);
/// Keys of a listing.
type Keys = Rc<Vec<Vec<u8>>>;

/// Judges the evidence of one state.
pub(crate) struct Judge<'a> {
    state: &'a Snapshot,
    map: Map,
    files: Map,
    /// Whether anything was ever purged or lost here.
    has_gaps: bool,
    /// The ids of all evidence, once they were asked for.
    ids: HashMap<u64, ObjectId>,
    known: HashMap<u64, Rc<Known>>,
    scopes: HashMap<Scope, Compared>,
    /// The inputs of evidence that changed, as many as are looked at.
    changed: HashMap<u64, Keys>,
    lanes: HashMap<(ObjectId, u64), Decision>,
    since: BTreeMap<Stood, Changed>,
    /// By a listing and the paths of it that changed: since when what rests on it is stale.
    first: HashMap<(Map, Keys), Option<StaleSince>>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(state: &'a Snapshot) -> Result<Self> {
        let roots = state.roots();
        Ok(Judge {
            state,
            map: roots.map(Root::Evidence),
            files: roots.files(),
            has_gaps: state.store.erased()?.iter().any(Option::is_some),
            ids: HashMap::new(),
            known: HashMap::new(),
            scopes: HashMap::new(),
            changed: HashMap::new(),
            lanes: HashMap::new(),
            since: BTreeMap::new(),
            first: HashMap::new(),
        })
    }

    /// The numbers of all evidence, by id.
    pub(crate) fn numbers(&mut self) -> Result<HashMap<ObjectId, u64>> {
        let rows = self.map.range(
            &self.state.store,
            std::ops::Bound::Unbounded,
            std::ops::Bound::Included(&LAST),
        );
        let mut numbers = HashMap::new();
        for row in rows {
            let (key, value) = row?;
            if let [id] = value.refs[..] {
                let number = memory_number(&key)?;
                numbers.insert(id, number);
                self.ids.insert(number, id);
            }
        }
        Ok(numbers)
    }

    /// The evidence of a number; none where its node is gone.
    pub(crate) fn known(&mut self, number: u64) -> Result<Option<Rc<Known>>> {
        if let Some(known) = self.known.get(&number) {
            return Ok(Some(known.clone()));
        }
        let store = &self.state.store;
        let id = match self.ids.get(&number) {
            Some(id) => Some(*id),
            None => evidence_id(store, self.map, number)?,
        };
        let Some(id) = id else { return Ok(None) };
        let Some(evidence) = there(read_evidence(store, self.map, number, id))? else {
            return Ok(None);
        };
        let (mut lane, mut exit, mut is_lost, mut sandbox) = (None, None, false, None);
        if let Some(of) = evidence.run {
            let run = there(read::<Run>(store, of.run))?;
            lane = run.as_ref().map(|run| lane_of(run, &evidence));
            let outcome = there(read::<RunOutcome>(store, of.outcome))?;
            is_lost = run.is_none() || outcome.is_none();
            sandbox = run.map(|run| run.sandbox);
            if let Some(outcome) = &outcome
                && self.has_gaps
            {
                let kept = [&outcome.stdout, &outcome.stderr];
                for content in kept.into_iter().flat_map(|output| [output.head, output.tail]) {
                    is_lost |= content.map_or(Ok(false), |id| is_gone(self.state, &id.id()))?;
                }
            }
            exit = outcome.map(|outcome| outcome.exit);
        }
        if self.has_gaps {
            let reports = evidence.reports.iter().map(|report| report.content.id());
            for id in reports.chain(evidence.results.iter().copied()) {
                is_lost |= is_gone(self.state, &id)?;
            }
        }
        let outcome = EvidenceOutcome::of(&evidence, exit.as_ref());
        let known = Rc::new(Known { number, evidence, outcome, is_lost, lane, sandbox });
        self.known.insert(number, known.clone());
        Ok(Some(known))
    }

    /// Decides among evidence and what came later of the same lane.
    pub(crate) fn decide(&mut self, from: u64) -> Result<Decision> {
        let Some(cited) = self.known(from)? else { return Ok(Decision::default()) };
        let key = cited.lane.map(|lane| (lane, from));
        if let Some(decision) = key.and_then(|key| self.lanes.get(&key)) {
            return Ok(*decision);
        }
        let newest = match cited.lane {
            Some(lane) => self.map.get(&self.state.store, &lane_key(&lane))?,
            None => None,
        };
        let newest = newest.map_or(Ok(from), |row| memory_number(&row.bytes))?.max(from);
        let mut decision = Decision { newest: Some(newest), ..Decision::default() };
        let mut at = newest;
        while at >= from {
            let Some(known) = self.known(at)? else { break };
            let has_passed = known.outcome == EvidenceOutcome::Passed;
            if has_passed && decision.passed.is_none() {
                decision.passed = Some(at);
            }
            let decides = has_passed || known.outcome == EvidenceOutcome::Failed;
            if decides && self.changed(&known)?.is_empty() {
                decision.decided = Some(at);
                break;
            }
            // The one that is cited may stand apart from those of its lane.
            at = match known.evidence.previous {
                previous if at > from && previous < from => from,
                previous if previous < at => previous,
                _ => break,
            };
        }
        if let Some(key) = key {
            self.lanes.insert(key, decision);
        }
        Ok(decision)
    }

    /// The paths of evidence's inputs that are not what they were, as many as are looked at.
    pub(crate) fn changed(&mut self, known: &Known) -> Result<Keys> {
        if let Some(changed) = self.changed.get(&known.number) {
            return Ok(changed.clone());
        }
        let store = &self.state.store;
        let listing = Map::new(known.evidence.inputs.files);
        let outputs = Map::new(known.evidence.inputs.outputs);
        let scope = &known.evidence.inputs.scope;
        let of_reads;
        let unlike = match scope {
            Scope::Reads => {
                let within = Within::of(scope, store, listing)?;
                of_reads = listing::unlike(store, listing, self.files, &within)?;
                &of_reads
            }
            _ => self.move_to(known, listing)?,
        };
        let mut changed = Vec::new();
        for key in unlike {
            if outputs.root().is_none() || outputs.get(store, key)?.is_none() {
                changed.push(key.clone());
                if changed.len() >= STALE_PATHS_LOOKED_AT {
                    break;
                }
            }
        }
        let changed = Rc::new(changed);
        self.changed.insert(known.number, changed.clone());
        Ok(changed)
    }

    /// Moves the comparison of a scope to a listing.
    fn move_to(&mut self, known: &Known, listing: Map) -> Result<&BTreeSet<Vec<u8>>> {
        let (store, files) = (&self.state.store, self.files);
        let scope = &known.evidence.inputs.scope;
        if !self.scopes.contains_key(scope) {
            let within = Within::of(scope, store, Map::EMPTY)?;
            let unlike = begin(self.state, known, listing, files, &within)?;
            self.scopes.insert(scope.clone(), Compared { within, listing, unlike });
        }
        let compared = self.scopes.get_mut(scope).expect("it was just put there");
        if compared.listing != listing {
            let Compared { within, unlike, listing: before } = &mut *compared;
            for change in before.diff(&listing, store) {
                let change = change?;
                debug_assert!(within.holds(&listing::path_of(&change.key)?));
                let now = files.get(store, &change.key)?;
                let now = now.map(|value| listing::listed_at(&value)).transpose()?.flatten();
                match now == change.after {
                    true => drop(unlike.remove(&change.key)),
                    false => drop(unlike.insert(change.key)),
                }
            }
            *before = listing;
        }
        Ok(&compared.unlike)
    }

    /// Since when evidence does not apply: of the inputs that changed, the one whose change came
    /// first.
    pub(crate) fn since(&mut self, known: &Known) -> Result<Option<StaleSince>> {
        let changed = self.changed(known)?;
        let listing = Map::new(known.evidence.inputs.files);
        let memo = (listing, changed.clone());
        if let Some(since) = self.first.get(&memo) {
            return Ok(since.clone());
        }
        let mut first: Option<(u64, StaleSince)> = None;
        for key in changed.iter() {
            let then = listing.get(&self.state.store, key)?;
            let Some((at, since)) = self.since_at(key, then, changed.len() > 1)? else { continue };
            if first.as_ref().is_none_or(|(earliest, _)| at < *earliest) {
                first = Some((at, since));
            }
        }
        let since = first.map(|(_, since)| since);
        self.first.insert(memo, since.clone());
        Ok(since)
    }

    /// The oldest iteration of a path since which it is not what it was, with the number of the
    /// checkpoint that brought it, if that is asked for.
    fn since_at(
        &mut self,
        key: &[u8],
        then: Option<Value>,
        is_ordered: bool,
    ) -> Result<Option<(u64, StaleSince)>> {
        let stood = then.as_ref().map(|value| value.bytes.clone());
        let memo = (key.to_vec(), stood, is_ordered);
        if let Some(known) = self.since.get(&memo) {
            return Ok(known.clone());
        }
        let (store, path) = (&self.state.store, listing::path_of(key)?);
        let Some(place) = Place::find(self.files, store, &path)? else {
            return Ok(Some((0, StaleSince { path, iteration: None })));
        };
        let Some(mut at) = there(place.iteration(store))? else {
            return Ok(Some((0, StaleSince { path, iteration: None })));
        };
        while let Some(before) = before_at(self.state, &at)? {
            if listing::listed(&before.value.entry) == then {
                break;
            }
            at = before;
        }
        let made = match (is_ordered, &self.state.point) {
            (true, Some(point)) => there(brought_by(store, point.clone(), &at, 1))?,
            _ => None,
        };
        let number = made.map_or(0, |point| point.number());
        let since = (number, StaleSince { path, iteration: Some(at.number()) });
        self.since.insert(memo, Some(since.clone()));
        Ok(Some(since))
    }
}

/// The paths at which a listing is not of the current files: by what changed since its state where
/// that is still there, else by all.
fn begin(
    state: &Snapshot,
    known: &Known,
    listing: Map,
    files: Map,
    within: &Within,
) -> Result<BTreeSet<Vec<u8>>> {
    let store = &state.store;
    let then = known.evidence.inputs.state;
    if let Some(then) = then
        && store.get_node(&then.id())?.is_some()
        && let Some(edits) = there(listing::edits(store, (Map::new(Some(then)), files), within))?
    {
        let mut unlike = BTreeSet::new();
        for (key, now) in edits {
            if listing.get(store, &key)? != now {
                unlike.insert(key);
            }
        }
        return Ok(unlike);
    }
    if then.is_none() && files == root(None, Checkpoint::FILES) && listing.root().is_none() {
        return Ok(BTreeSet::new());
    }
    listing::unlike(store, listing, files, within)
}

/// The iteration before, at the same path; none where the path began, or what was before was trimmed.
fn before_at(state: &Snapshot, at: &Link<Iteration>) -> Result<Option<Link<Iteration>>> {
    for parent in &at.value.parents {
        let read = there(Link::<Iteration>::read(&state.store, parent.id()))?;
        if let Some(before) = read
            && before.value.path == at.value.path
            && before.number() < at.number()
        {
            return Ok(Some(before));
        }
    }
    Ok(None)
}

fn is_gone(state: &Snapshot, id: &ObjectId) -> Result<bool> {
    Ok(state.store.tombstone(id)?.is_some())
}
