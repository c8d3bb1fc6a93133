//! Evidence and claims: what runs and reports showed, and what is claimed by it.

use std::path::PathBuf;

use pyo3::prelude::*;

use partita::Json;
use partita::evidence::EvidenceEntry;
use partita::object::{Results, Scope};
use partita::results::Format;
use partita::statistics::Options;
use serde::Serialize;

use crate::batch::Batch;
use crate::convert::{Data, Whole};
use crate::history::Iteration;
use crate::id::ObjectId;
use crate::json::Dict;
use crate::path::SessionPath;
use crate::session::Session;
use crate::shape::Shape;
use crate::snapshot::Snapshot;
use crate::spec::Spec;
use crate::value::value;

/// A piece of evidence with its results, as `to_dict` shows it.
#[derive(Serialize)]
struct WholeEvidence {
    #[serde(flatten)]
    entry: EvidenceEntry,
    results: Results,
}

value! {
    /// What a run or a report showed, and on which files.
    Evidence: shaped {
        /// Counts from 1.
        number: u64,
        /// What it is called.
        id: ObjectId,
        /// What ran, in one line; none of an imported report.
        command: Option<String>,
        /// Which lane wrote it: ``"run"``, ``"bench"`` or ``"import"``.
        observer: String,
        /// How it ended: ``"passed"``, ``"failed"``, ``"killed"``, ``"timed-out"``, ``"unknown"``,
        /// ``"not-run"`` or ``"unread"``.
        outcome: String,
        /// The reports that were read, by name.
        reports: Vec<String>,
        /// Reports that were asked for and could not be read, with the reasons.
        unread: Vec<(String, String)>,
        /// The globs that name its inputs; none for all files.
        globs: Option<Vec<String>>,
        /// The machine that it was observed on; may be empty.
        machine: String,
    }

    /// The tests, a row each: ``name``, ``outcome``, ``took_ms``. ``pandas.DataFrame(evidence.tests)``
    /// takes them.
    #[getter]
    fn tests(&self) -> PyResult<Vec<Dict>> {
        Ok(self.rows("tests")?.into_iter().map(Dict).collect())
    }

    /// The samples, a row each: ``name``, ``unit``, ``direction``, ``index``, ``value``.
    /// ``pandas.DataFrame(evidence.samples)`` takes them.
    #[getter]
    fn samples(&self) -> PyResult<Vec<Dict>> {
        let mut rows = Vec::new();
        for metric in self.rows("samples")? {
            let field = |key: &str| (key.to_owned(), metric.get(key).cloned().unwrap_or(Json::Null));
            for (at, value) in metric.get("values").and_then(Json::as_array).unwrap_or_default().iter().enumerate() {
                let index = ("index".to_owned(), Json::Number(at.to_string()));
                let value = ("value".to_owned(), value.clone());
                let [name, unit, direction] = ["name", "unit", "direction"].map(field);
                rows.push(Dict(Json::Object(vec![name, unit, direction, index, value])));
            }
        }
        Ok(rows)
    }
}

impl Evidence {
    fn of(snapshot: &partita::Snapshot, entry: EvidenceEntry) -> partita::Result<Self> {
        let results = match snapshot.results(&entry) {
            Err(error) if error.kind() == partita::ErrorKind::Purged => Results::default(),
            results => results?,
        };
        let of = &entry.evidence;
        let globs = match &of.inputs.scope {
            Scope::Globs(globs) => Some(globs.clone()),
            _ => None,
        };
        Ok(Evidence {
            number: entry.number,
            id: entry.id.into(),
            command: entry.command(),
            observer: of.observer.clone(),
            outcome: entry.result().name().to_owned(),
            reports: of.reports.iter().map(|report| report.name.clone()).collect(),
            unread: of.unread.iter().map(|of| (of.name.clone(), of.reason.clone())).collect(),
            globs,
            machine: of.environment.machine.clone(),
            shape: Shape::of(WholeEvidence { entry, results }),
        })
    }

    /// The rows of the results.
    fn rows(&self, which: &str) -> PyResult<Vec<Json>> {
        let Some(shape) = self.shape.known()? else { return Ok(Vec::new()) };
        let rows = shape.0.get("results").and_then(|results| results.get(which));
        Ok(rows.and_then(Json::as_array).unwrap_or_default().to_vec())
    }
}

value! {
    /// A claim, judged by the evidence and the files of one state.
    Claim: shaped {
        /// Counts from 1; never given twice, so an undo leaves a gap.
        number: u64,
        /// What is claimed.
        text: String,
        /// How it stands: ``"supported"``, ``"stale"``, ``"refuted"`` or ``"unsupported"``.
        status: String,
        /// Whether what the evidence kept is still there: ``"intact"`` or ``"lost"``.
        integrity: String,
        /// How the evidence ended; none without any.
        outcome: Option<String>,
        /// Whether evidence is about the current files: ``"current"`` or ``"changed"``; none without any.
        applicability: Option<String>,
        /// What the evidence says: ``"supports"``, ``"refutes"`` or ``"none"``.
        support: String,
        /// Since when it is stale: a path and its iteration, none if the session never had that file.
        stale_since: Option<(SessionPath, Option<u64>)>,
        /// The numbers of the evidence that it cites.
        evidence: Vec<u64>,
        /// The number of the evidence that decides; of a stale claim the one that supported it last.
        decided_by: Option<u64>,
        /// The number of the memory that says it to the model.
        memory: Option<u64>,
    }
}

impl From<partita::evidence::ClaimEntry> for Claim {
    fn from(claim: partita::evidence::ClaimEntry) -> Self {
        let since = claim.stale_since.as_ref();
        Claim {
            number: claim.number,
            text: claim.text.clone(),
            status: claim.status.name().to_owned(),
            integrity: claim.integrity.name().to_owned(),
            outcome: claim.outcome.map(|outcome| outcome.name().to_owned()),
            applicability: claim.applicability.map(|of| of.name().to_owned()),
            support: claim.status.support().name().to_owned(),
            stale_since: since.map(|since| ((&since.path).into(), since.iteration)),
            evidence: claim.evidence.clone(),
            decided_by: claim.decided_by,
            memory: claim.memory,
            shape: Shape::of(claim),
        }
    }
}

/// How a metric of one piece of evidence compares with that of another. Notebooks show the samples.
///
/// >>> import partita
/// >>> session = partita.Store.in_memory().session("s")
/// >>> def lines(ns): return "".join(f"BenchmarkFib-8 100 {ns + at} ns/op\n" for at in range(6))
/// >>> before = session.import_evidence("bench.txt", lines(200))
/// >>> after = session.import_evidence("bench.txt", lines(100))
/// >>> comparison = session.compare(before, after)
/// >>> comparison.verdict, round(comparison.ratio, 1)
/// ('faster', 0.5)
#[pyclass(module = "partita", frozen)]
pub(crate) struct Comparison(partita::evidence::Compared);

#[pymethods]
impl Comparison {
    /// ``"faster"``, ``"slower"``, ``"equivalent"`` or ``"undecided"``.
    #[getter]
    fn verdict(&self) -> &'static str {
        self.0.comparison.verdict.name()
    }

    /// Why it is undecided; none where it is not.
    #[getter]
    fn reason(&self) -> Option<String> {
        self.0.comparison.reason.clone()
    }

    /// The metric.
    #[getter]
    fn metric(&self) -> &str {
        &self.0.metric
    }

    /// What the metric is multiplied by: 0.9 is 10 % less.
    #[getter]
    fn ratio(&self) -> f64 {
        self.0.comparison.ratio
    }

    /// The interval that holds the true ratio in 95 of 100 cases; none where it cannot be told.
    #[getter]
    fn interval(&self) -> Option<(f64, f64)> {
        let interval = self.0.comparison.interval;
        interval.1.is_finite().then_some(interval)
    }

    /// How likely a difference as large is by chance alone.
    #[getter]
    fn p(&self) -> f64 {
        self.0.comparison.p
    }

    /// Returns it as JSON has it: what ``partita bench --json`` prints.
    fn to_dict(&self) -> PyResult<Dict> {
        crate::shape::dict_of(&self.0)
    }

    fn _repr_svg_(&self) -> String {
        partita::display::samples_svg(&self.0)
    }

    fn __repr__(&self) -> String {
        let compared = &self.0;
        let percent = compared.comparison.percent();
        format!("<Comparison of {}: {}, {percent:+.2} %>", compared.metric, self.verdict())
    }

    #[pyo3(signature = () -> "typing.Never")]
    fn __reduce__(&self) -> PyResult<()> {
        let what = "a Comparison does not pickle: compare the evidence again";
        Err(pyo3::exceptions::PyTypeError::new_err(what))
    }
}

value! {
    /// Where a line of a file came from.
    BlameLine {
        /// Counts from 1.
        number: u64,
        /// Its bytes, with the line feed, if it has one.
        text: Vec<u8>,
        /// The iteration that brought it.
        iteration: Iteration,
        /// The memory whose call made that iteration, where that was said.
        exchange: Option<u64>,
        /// What was asked before that.
        prompt: Option<String>,
        /// What the operation was about; may be empty.
        message: String,
    }
}

#[pymethods]
impl Session {
    /// Claims something by the numbers of evidence, and returns the claim's number. A memory of the kind
    /// ``"validation"`` says it to the model, and how it stands each time that the context is rendered.
    ///
    /// Raises ``NotFound`` if the session has no such evidence.
    ///
    /// >>> import partita, tempfile
    /// >>> session = partita.Store.in_memory().session("s")
    /// >>> run = session.run("exit 0", tempfile.mkdtemp(), claims=["it works"])
    /// >>> [claim.status for claim in session.claims()]
    /// ['supported']
    /// >>> _ = session.write("a", "1")
    /// >>> session.claims()[0].stale_since
    /// ('a', 1)
    #[pyo3(signature = (text, *, by: "collections.abc.Iterable[int]" = Vec::new()), text_signature = "($self, text, *, by=[])")]
    fn claim(&self, py: Python<'_>, text: &str, by: Vec<Whole>) -> PyResult<u64> {
        self.0.run(py, |session| session.claim(text, by.iter().map(|number| number.0)))
    }

    /// Returns the claims of the newest state, oldest first.
    fn claims(&self, py: Python<'_>) -> PyResult<Vec<Claim>> {
        let claims = self.0.run(py, partita::Session::claims)?;
        Ok(claims.into_iter().map(Claim::from).collect())
    }

    /// Returns a piece of evidence.
    fn evidence(&self, py: Python<'_>, number: Whole) -> PyResult<Evidence> {
        self.0.run(py, |session| {
            let now = session.latest()?;
            let entry = now.evidence_at(number.0)?;
            Evidence::of(&now, entry)
        })
    }

    /// Takes in a report that a tool wrote somewhere else, as evidence about the files as they are now,
    /// and returns its number. ``format`` is found out unless it is given.
    ///
    /// Raises ``Invalid`` if it is no report or is not whole: nothing is recorded then.
    #[pyo3(signature = (name, report, *, format = None))]
    fn import_evidence(
        &self,
        py: Python<'_>,
        name: PathBuf,
        report: Data,
        format: Option<&str>,
    ) -> PyResult<u64> {
        let format = format.map(Format::by_name).transpose().map_err(crate::error::raise)?;
        let name = name.to_string_lossy().into_owned();
        self.0.run(py, |session| session.import_evidence(&name, report.as_ref(), format))
    }

    /// Compares a metric of two pieces of evidence; without a name the only one that both have.
    /// ``margin`` is a share within which two are equivalent.
    ///
    /// Raises ``Invalid`` with what differs unless command, environment, unit and direction are the same.
    #[pyo3(signature = (before, after, metric = None, *, margin = 0.01))]
    fn compare(
        &self,
        py: Python<'_>,
        before: Whole,
        after: Whole,
        metric: Option<&str>,
        margin: f64,
    ) -> PyResult<Comparison> {
        let options = Options::new().margin(margin).map_err(crate::error::raise)?;
        let compared =
            self.0.run(py, |session| session.compare(before.0, after.0, metric, &options))?;
        Ok(Comparison(compared))
    }

    /// Tells of each line of a file where it came from.
    #[pyo3(signature = (path, *, checkpoint = None))]
    fn blame(
        &self,
        py: Python<'_>,
        path: SessionPath,
        checkpoint: Option<Spec>,
    ) -> PyResult<Vec<BlameLine>> {
        let blame = self.0.run(py, |session| match checkpoint {
            Some(spec) => session.blame_at(&path, spec.find(session)?),
            None => session.blame(&path),
        })?;
        let lines = blame.lines.into_iter().map(|line| {
            let origin = &blame.origins[line.origin];
            BlameLine {
                number: line.number,
                text: line.text,
                iteration: origin.iteration.clone().into(),
                exchange: origin.exchange,
                prompt: origin.prompt.as_ref().map(|prompt| prompt.text.clone()),
                message: origin.message.clone(),
            }
        });
        Ok(lines.collect())
    }
}

#[pymethods]
impl Batch {
    /// Claims something by the numbers of evidence of the session.
    #[pyo3(signature = (text, *, by: "collections.abc.Iterable[int]" = Vec::new()), text_signature = "($self, text, *, by=[])")]
    fn claim(&self, py: Python<'_>, text: &str, by: Vec<Whole>) -> PyResult<()> {
        self.edit(py, |batch| batch.claim(text, by.iter().map(|number| number.0)))
    }
}

#[pymethods]
impl Snapshot {
    /// The claims, oldest first, judged by the evidence and the files of this state.
    fn claims(&self, py: Python<'_>) -> PyResult<Vec<Claim>> {
        let claims = self.0.run(py, partita::Snapshot::claims)?;
        Ok(claims.into_iter().map(Claim::from).collect())
    }

    /// The evidence, newest first. An undo takes none of it away.
    #[pyo3(signature = (*, limit = None))]
    fn evidence(&self, py: Python<'_>, limit: Option<Whole>) -> PyResult<Vec<Evidence>> {
        let limit = limit.map_or(usize::MAX, Whole::size);
        self.0.run(py, |snapshot| {
            let entries = snapshot.evidence().take(limit);
            entries.map(|entry| Evidence::of(snapshot, entry?)).collect()
        })
    }
}
