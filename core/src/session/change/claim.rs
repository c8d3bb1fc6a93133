//! Claims and imported evidence, one durable step each.

use crate::error::{Error, Result};
use crate::object::{Bytes, Evidence, OperationKind, Report};
use crate::results::{self, Format, ReadReport};
use crate::session::draft::evidence::{Held, NewEvidence};
use crate::session::handle::Session;
use crate::session::line::names::first_line;
use crate::session::read::claims::ClaimEntry;
use crate::session::read::compare::Compared;
use crate::session::read::evidence::EvidenceEntry;
use crate::session::read::snapshot::Snapshot;
use crate::statistics::Options;

/// The observer of imported reports.
const IMPORT: &str = "import";

impl Session {
    /// Claims something by evidence of this session, and returns the claim's number. What the
    /// evidence says of it is never stored: [`claims`](Self::claims) computes it.
    ///
    /// # Errors
    /// `Invalid` for a claim without words or beyond a limit, `NotFound` if the session has no such
    /// evidence.
    ///
    /// ```
    /// use partita::evidence::ClaimStatus;
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.write("a", "1")?;
    /// let report = br#"<testsuite><testcase name="it works"/></testsuite>"#;
    /// let evidence = session.import_evidence("junit.xml", report, None)?;
    /// let claim = session.claim("all tests pass", [evidence])?;
    /// assert_eq!(session.claims()?[0].status, ClaimStatus::Supported);
    /// session.write("a", "2")?;
    /// let stale = session.latest()?.claim(claim)?;
    /// assert_eq!(stale.status, ClaimStatus::Stale);
    /// assert_eq!(stale.stale_since.unwrap().iteration, Some(2));
    /// session.undo()?;
    /// assert_eq!(session.claims()?[0].status, ClaimStatus::Supported);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn claim(&self, text: &str, by: impl IntoIterator<Item = u64>) -> Result<u64> {
        let mut batch = self.begin()?;
        batch.set_kind(OperationKind::Claim);
        batch.message(&first_line(text))?;
        batch.claim(text, by)?;
        let done = batch.finish()?;
        Snapshot::new(self.store(), done.head.point.clone()).newest_claim()
    }

    /// Returns the claims of the newest state, oldest first, as
    /// [`Snapshot::claims`](crate::Snapshot::claims) does.
    ///
    /// # Errors
    /// As there.
    pub fn claims(&self) -> Result<Vec<ClaimEntry>> {
        self.latest()?.claims()
    }

    /// Returns the evidence of a number.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub fn evidence(&self, number: u64) -> Result<EvidenceEntry> {
        self.latest()?.evidence_at(number)
    }

    /// Compares a metric of two pieces of evidence in the newest state, as
    /// [`Snapshot::compare`](crate::Snapshot::compare) does.
    ///
    /// # Errors
    /// As there.
    pub fn compare(
        &self,
        before: u64,
        after: u64,
        metric: Option<&str>,
        options: &Options,
    ) -> Result<Compared> {
        self.latest()?.compare(before, after, metric, options)
    }

    /// Takes in a report that a tool wrote somewhere else, as evidence about the files as they are
    /// now, and returns its number. Nobody here saw the command run: the evidence says that it was
    /// imported. `name` is what the report is called; its format is found out unless it is given.
    ///
    /// # Errors
    /// `Invalid` if it is no report, is not whole, or is beyond a limit: then nothing is recorded.
    pub fn import_evidence(
        &self,
        name: &str,
        report: &[u8],
        format: Option<Format>,
    ) -> Result<u64> {
        let read = results::read(report, format, name)
            .map_err(|error| error.context(format_args!("report {name:?}")))?;
        if read.results.is_empty() {
            return Err(Error::invalid(format!(
                "report {name:?}: it has neither tests nor samples"
            )));
        }
        self.record_import(name, Bytes::copy(report)?, read)
    }

    fn record_import(&self, name: &str, bytes: Bytes, read: ReadReport) -> Result<u64> {
        let mut batch = self.begin()?;
        batch.set_kind(OperationKind::ImportEvidence);
        batch.message(&first_line(name))?;
        let content = batch.put_content(bytes)?;
        let state = batch.before();
        let mut evidence = Evidence::new(IMPORT);
        let (name, format) = (name.to_owned(), read.format.name().to_owned());
        evidence.reports.push(Report { name, format, content });
        evidence.environment.tools = read.tools;
        evidence.validate()?;
        batch.add_evidence(NewEvidence {
            evidence,
            run: None,
            held: Held {
                state: state.roots().files(),
                checkpoint: state.checkpoint().map(|info| info.id),
                exceptions: Default::default(),
            },
            reads: Default::default(),
            left_out: state.left_out()?,
            made: Vec::new(),
            reports: Vec::new(),
            results: read.results,
        });
        let done = batch.finish()?;
        Snapshot::new(self.store(), done.head.point.clone()).newest_evidence()
    }
}
