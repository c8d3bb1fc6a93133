//! Evidence: what a run showed, and on which files.

use std::collections::BTreeMap;

use super::results::TestSums;
use super::{BodyReader, BodyWriter, Canonical, Kind, RefReader};
use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::id::{CheckpointId, ContentId, MapId, ObjectId};
use crate::limits::{
    EVIDENCE_GLOBS_MAX, EVIDENCE_REPORTS_MAX, EVIDENCE_RESULTS_MAX, EVIDENCE_STEPS_MAX,
    EVIDENCE_TOOLS_MAX, GLOB_BYTES_MAX, LABEL_BYTES_MAX, SERIES_PAIRS_MAX,
};

const HAS_RUN: u64 = 1;
const HAS_FILES: u64 = 2;
const HAS_LEFT_OUT: u64 = 4;
const HAS_OUTPUTS: u64 = 8;
const HAS_STATE: u64 = 16;
const HAS_CHECKPOINT: u64 = 32;
const HAS_SERIES: u64 = 64;

/// The names of reports that are no files: what a command printed.
pub(crate) const OUTPUTS: [&str; 2] = ["standard output", "standard error"];

/// What was observed, on which files, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Which lane wrote it: `run`, `bench`, `import`, or a host's word.
    pub observer: String,
    /// The run, if a command ran.
    pub run: Option<EvidenceRun>,
    /// The number of the evidence before it of the same command and inputs' scope; 0 if there is none.
    pub previous: u64,
    /// The files that it is about.
    pub inputs: Inputs,
    /// Where it was observed.
    pub environment: Environment,
    /// How many tests ended how, over all results.
    pub sums: TestSums,
    /// What tools reported: nodes of kind [`RESULTS`](Kind::RESULTS).
    pub results: Vec<ObjectId>,
    /// The reports as the tools wrote them.
    pub reports: Vec<Report>,
    /// Reports that were asked for and could not be read.
    pub unread: Vec<UnreadReport>,
    /// Its place in a series of pairs, if it is one side of a benchmark.
    pub series: Option<Series>,
}

/// The run that evidence comes of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvidenceRun {
    /// Its number in the session that ran it.
    pub number: u64,
    /// What was to run: a node of kind [`RUN`](Kind::RUN).
    pub run: ObjectId,
    /// What came of it: a node of kind [`RUN_OUTCOME`](Kind::RUN_OUTCOME).
    pub outcome: ObjectId,
}

/// Which files evidence is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Scope {
    /// All that were captured.
    #[default]
    All,
    /// Those that a glob matches.
    Globs(Vec<String>),
    /// Those that the run was seen to read.
    Reads,
}

/// The files that evidence is about, as they were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Which files.
    pub scope: Scope,
    /// A listing of them: path to entry, contents by their ids alone.
    pub files: Option<MapId>,
    /// What was not captured then, as of the root `left-out`.
    pub left_out: Option<MapId>,
    /// Paths that the command itself made, now or when it ran before. They are no inputs.
    pub outputs: Option<MapId>,
    /// The map `files` that the listing is of; no ref, a trim may give it up.
    pub state: Option<MapId>,
    /// The checkpoint of that state; no ref either.
    pub checkpoint: Option<CheckpointId>,
}

/// Where something was observed, beside what the run says of its sandbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Which machine: processor, memory, and what tells it from others of its like; may be empty.
    pub machine: String,
    /// Tools by name, with their versions.
    pub tools: BTreeMap<String, String>,
    /// The steps that had set the sandbox up: of each an id of its command and directory.
    pub setup: Vec<ObjectId>,
}

/// A report as a tool wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The file's path, or the stream that it came from.
    pub name: String,
    /// The name of its format.
    pub format: String,
    /// Its bytes.
    pub content: ContentId,
}

/// A report that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadReport {
    /// The file's path.
    pub name: String,
    /// Why not.
    pub reason: String,
}

/// One side of a benchmark in pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// What the orders were drawn from; both sides have the same.
    pub seed: u64,
    /// Whether this is the side after the change.
    pub is_after: bool,
    /// Pairs that ran first, and do not count.
    pub warm_ups: u64,
    /// Of each pair that counts, whether the side after the change ran first.
    pub order: Vec<bool>,
}

impl Evidence {
    /// Makes evidence of nothing yet.
    pub fn new(observer: impl Into<String>) -> Self {
        Evidence {
            observer: observer.into(),
            run: None,
            previous: 0,
            inputs: Inputs::default(),
            environment: Environment::default(),
            sums: TestSums::default(),
            results: Vec::new(),
            reports: Vec::new(),
            unread: Vec::new(),
            series: None,
        }
    }

    /// Returns the names of the report files that were asked for, read or not, in their order. What a
    /// command printed is none.
    pub fn report_files(&self) -> Vec<&str> {
        let read = self.reports.iter().map(|report| &report.name[..]);
        let unread = self.unread.iter().map(|report| &report.name[..]);
        let is_file = |name: &&str| !OUTPUTS.contains(name);
        let mut names: Vec<&str> = read.filter(is_file).chain(unread).collect();
        names.sort_unstable();
        names
    }

    /// Checks every limit.
    ///
    /// # Errors
    /// `Invalid`, naming what is beyond it.
    pub fn validate(&self) -> Result<()> {
        let labels = [&self.observer, &self.environment.machine].into_iter();
        let tools = self.environment.tools.iter().flat_map(|(name, version)| [name, version]);
        let reports = self.reports.iter().flat_map(|report| [&report.name, &report.format]);
        let unread = self.unread.iter().flat_map(|unread| [&unread.name, &unread.reason]);
        let mut labels = labels.chain(tools).chain(reports).chain(unread);
        if labels.any(|label| label.len() > LABEL_BYTES_MAX) {
            return Err(Error::invalid(format!(
                "a name that evidence holds has more than {LABEL_BYTES_MAX} bytes"
            )));
        }
        if let Scope::Globs(globs) = &self.inputs.scope {
            let is_glob = |glob: &String| (1..=GLOB_BYTES_MAX).contains(&glob.len());
            if globs.is_empty() || globs.len() > EVIDENCE_GLOBS_MAX || !globs.iter().all(is_glob) {
                return Err(Error::invalid(format!(
                    "inputs are named by 1 to {EVIDENCE_GLOBS_MAX} globs of 1 to {GLOB_BYTES_MAX} \
                     bytes"
                )));
            }
        }
        let counts = [
            (self.environment.tools.len(), EVIDENCE_TOOLS_MAX, "tools"),
            (self.environment.setup.len(), EVIDENCE_STEPS_MAX, "setup steps"),
            (self.results.len(), EVIDENCE_RESULTS_MAX, "nodes of results"),
            (self.reports.len(), EVIDENCE_REPORTS_MAX, "reports"),
            (self.unread.len(), EVIDENCE_REPORTS_MAX, "reports that were not read"),
            (self.series.as_ref().map_or(0, |of| of.order.len()), SERIES_PAIRS_MAX, "pairs"),
        ];
        match counts.into_iter().find(|(count, most, _)| count > most) {
            Some((count, most, what)) => {
                Err(Error::invalid(format!("evidence with {count} {what}, at most {most}")))
            }
            None => Ok(()),
        }
    }
}

impl Canonical for Evidence {
    const KIND: Kind = Kind::EVIDENCE;
    const VERSION: u16 = 1;

    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        let flag = |is: bool, flag: u64| if is { flag } else { 0 };
        let inputs = &self.inputs;
        body.0.uint(
            flag(self.run.is_some(), HAS_RUN)
                | flag(inputs.files.is_some(), HAS_FILES)
                | flag(inputs.left_out.is_some(), HAS_LEFT_OUT)
                | flag(inputs.outputs.is_some(), HAS_OUTPUTS)
                | flag(inputs.state.is_some(), HAS_STATE)
                | flag(inputs.checkpoint.is_some(), HAS_CHECKPOINT)
                | flag(self.series.is_some(), HAS_SERIES),
        );
        body.0.bytes(self.observer.as_bytes()).uint(self.previous);
        if let Some(run) = &self.run {
            refs.extend([run.run, run.outcome]);
            body.0.uint(run.number);
        }
        let maps = [inputs.files, inputs.left_out, inputs.outputs];
        refs.extend(maps.into_iter().flatten().map(|map| map.id()));
        match &inputs.scope {
            Scope::All => drop(body.0.uint(0)),
            Scope::Globs(globs) => {
                body.0.uint(1).uint(globs.len() as u64);
                for glob in globs {
                    body.0.bytes(glob.as_bytes());
                }
            }
            Scope::Reads => drop(body.0.uint(2)),
        }
        let state = inputs.state.map(|state| state.id());
        let checkpoint = inputs.checkpoint.map(|checkpoint| checkpoint.id());
        for id in [state, checkpoint].into_iter().flatten() {
            body.0.raw(id.as_bytes());
        }
        let environment = &self.environment;
        body.0.bytes(environment.machine.as_bytes()).uint(environment.tools.len() as u64);
        for (name, version) in &environment.tools {
            body.0.bytes(name.as_bytes()).bytes(version.as_bytes());
        }
        body.0.uint(environment.setup.len() as u64);
        for step in &environment.setup {
            body.0.raw(step.as_bytes());
        }
        for sum in self.sums.row() {
            body.0.uint(sum);
        }
        body.0.uint(self.results.len() as u64);
        refs.extend(&self.results);
        body.0.uint(self.reports.len() as u64);
        for report in &self.reports {
            body.0.bytes(report.name.as_bytes()).bytes(report.format.as_bytes());
            refs.push(report.content.id());
        }
        body.0.uint(self.unread.len() as u64);
        for unread in &self.unread {
            body.0.bytes(unread.name.as_bytes()).bytes(unread.reason.as_bytes());
        }
        if let Some(series) = &self.series {
            body.0.uint(series.seed).uint(u64::from(series.is_after)).uint(series.warm_ups);
            let order: Vec<u8> = series.order.iter().map(|first| u8::from(*first)).collect();
            body.0.bytes(&order);
        }
    }

    fn decode(_version: u16, refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let flags = body.0.bounded(127, "evidence flags")?;
        let has = |flag: u64| flags & flag != 0;
        let observer = body.0.text(LABEL_BYTES_MAX, "an observer")?.to_owned();
        let previous = body.0.uint()?;
        let run = match has(HAS_RUN) {
            true => {
                let (run, outcome) = (refs.next()?, refs.next()?);
                Some(EvidenceRun { number: body.0.uint()?, run, outcome })
            }
            false => None,
        };
        let mut map = |flag| match has(flag) {
            true => Ok(Some(MapId::new(refs.next()?))),
            false => Ok::<_, Error>(None),
        };
        let (files, left_out, outputs) = (map(HAS_FILES)?, map(HAS_LEFT_OUT)?, map(HAS_OUTPUTS)?);
        let scope = match body.0.bounded(2, "which inputs")? {
            0 => Scope::All,
            1 => {
                let count = body.0.count(EVIDENCE_GLOBS_MAX, "the number of globs")?;
                let glob = |_| match body.0.text(GLOB_BYTES_MAX, "a glob")? {
                    "" => Err(malformed("an empty glob")),
                    glob => Ok(glob.to_owned()),
                };
                match count {
                    0 => return Err(malformed("inputs by no glob")),
                    count => Scope::Globs((0..count).map(glob).collect::<Result<_>>()?),
                }
            }
            _ => Scope::Reads,
        };
        let mut id = |flag| match has(flag) {
            true => body.0.id().map(Some),
            false => Ok(None),
        };
        let (state, checkpoint) = (id(HAS_STATE)?, id(HAS_CHECKPOINT)?);
        let inputs = Inputs {
            scope,
            files,
            left_out,
            outputs,
            state: state.map(MapId::new),
            checkpoint: checkpoint.map(CheckpointId::new),
        };
        let mut label = |what| Ok::<_, Error>(body.0.text(LABEL_BYTES_MAX, what)?.to_owned());
        let machine = label("a machine")?;
        let mut tools = BTreeMap::new();
        for _ in 0..body.0.count(EVIDENCE_TOOLS_MAX, "the number of tools")? {
            let name = body.0.text(LABEL_BYTES_MAX, "a tool")?.to_owned();
            let version = body.0.text(LABEL_BYTES_MAX, "a tool's version")?.to_owned();
            tools.insert(name, version);
        }
        let steps = body.0.count(EVIDENCE_STEPS_MAX, "the number of setup steps")?;
        let setup = (0..steps).map(|_| body.0.id()).collect::<Result<_>>()?;
        let mut row = [0; 7];
        for sum in &mut row {
            *sum = body.0.uint()?;
        }
        let count = body.0.count(EVIDENCE_RESULTS_MAX, "the number of nodes of results")?;
        let results = refs.take(count)?;
        let mut reports = Vec::new();
        for _ in 0..body.0.count(EVIDENCE_REPORTS_MAX, "the number of reports")? {
            let name = body.0.text(LABEL_BYTES_MAX, "a report's name")?.to_owned();
            let format = body.0.text(LABEL_BYTES_MAX, "a report's format")?.to_owned();
            reports.push(Report { name, format, content: ContentId::new(refs.next()?) });
        }
        let mut unread = Vec::new();
        for _ in 0..body.0.count(EVIDENCE_REPORTS_MAX, "the number of unread reports")? {
            let name = body.0.text(LABEL_BYTES_MAX, "a report's name")?.to_owned();
            let reason = body.0.text(LABEL_BYTES_MAX, "why a report was not read")?.to_owned();
            unread.push(UnreadReport { name, reason });
        }
        let series = match has(HAS_SERIES) {
            true => Some(Series {
                seed: body.0.uint()?,
                is_after: body.0.bounded(1, "the side of a series")? == 1,
                warm_ups: body.0.uint()?,
                order: (body.0.bytes(SERIES_PAIRS_MAX, "the order of pairs")?.iter())
                    .map(|first| match first {
                        0 => Ok(false),
                        1 => Ok(true),
                        _ => Err(malformed("the order of a pair")),
                    })
                    .collect::<Result<_>>()?,
            }),
            false => None,
        };
        let environment = Environment { machine, tools, setup };
        let sums = TestSums::from_row(row);
        Ok(Evidence {
            observer,
            run,
            previous,
            inputs,
            environment,
            sums,
            results,
            reports,
            unread,
            series,
        })
    }
}
