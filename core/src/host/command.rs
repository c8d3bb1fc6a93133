//! Commands for a sandbox.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::limits::{EVIDENCE_GLOBS_MAX, EVIDENCE_REPORTS_MAX};
use crate::object::{AsPath, CommandLine, FilePath};
use crate::session::Glob;

/// A command, and how it is to run.
///
/// ```
/// use std::time::Duration;
/// use partita::host::Command;
/// let command = Command::new(["cargo", "test"])
///     .variable("CI", "1")
///     .timeout(Duration::from_secs(600));
/// assert_eq!(command.line().line(), "cargo test");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    line: CommandLine,
    directory: Option<FilePath>,
    environment: BTreeMap<String, String>,
    timeout: Option<Duration>,
    is_setup: bool,
    inputs: Vec<String>,
    reports: Vec<PathBuf>,
    claims: Vec<String>,
}

impl Command {
    /// Makes a command of a program and its arguments.
    pub fn new<I: IntoIterator<Item: AsRef<OsStr>>>(arguments: I) -> Self {
        let bytes = |argument: I::Item| argument.as_ref().as_encoded_bytes().to_vec();
        Command::of(CommandLine::Arguments(arguments.into_iter().map(bytes).collect()))
    }

    /// Makes a command of a line for the sandbox's shell.
    pub fn shell(line: impl Into<String>) -> Self {
        Command::of(CommandLine::Shell(line.into()))
    }

    /// Makes a command of what was recorded.
    pub fn of(line: CommandLine) -> Self {
        Command {
            line,
            directory: None,
            environment: BTreeMap::new(),
            timeout: None,
            is_setup: false,
            inputs: Vec::new(),
            reports: Vec::new(),
            claims: Vec::new(),
        }
    }

    /// Runs it in a directory below the sandbox's root.
    ///
    /// # Errors
    /// `Invalid` for a path that cannot be.
    pub fn directory(mut self, path: impl AsPath) -> Result<Self> {
        self.directory = Some(FilePath::new(path)?);
        Ok(self)
    }

    /// Gives it a variable. Its name is recorded, its value is not.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Ends it, and all that it started, after a time.
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Some(time);
        self
    }

    /// Marks it as a step that sets the sandbox up: a fresh one needs it again.
    #[must_use]
    pub fn setup(mut self) -> Self {
        self.is_setup = true;
        self
    }

    /// Names files that it depends on, by a glob; all that are captured unless any are named. What it
    /// shows then says nothing of others.
    ///
    /// # Errors
    /// `Invalid` for a glob that cannot be.
    pub fn inputs(mut self, glob: impl Into<String>) -> Result<Self> {
        let glob = glob.into();
        Glob::new(&glob)?;
        self.inputs.push(glob);
        Ok(self)
    }

    /// Names a report that it writes, relative to the sandbox's root; of a sandbox that is a directory
    /// of this machine it may be an absolute path. One that cannot be read, or that the command did
    /// not write, makes the evidence say so: it then supports nothing.
    #[must_use]
    pub fn report(mut self, path: impl Into<PathBuf>) -> Self {
        self.reports.push(path.into());
        self
    }

    /// Claims something by what it will show, in the same commit as its outcome.
    #[must_use]
    pub fn claim(mut self, text: impl Into<String>) -> Self {
        self.claims.push(text.into());
        self
    }

    /// Returns the globs that name its inputs; none for all files.
    pub fn input_globs(&self) -> &[String] {
        &self.inputs
    }

    /// Returns the reports that it writes.
    pub fn reports(&self) -> &[PathBuf] {
        &self.reports
    }

    /// Returns what is claimed by it.
    pub fn claims(&self) -> &[String] {
        &self.claims
    }

    /// Returns what is run.
    pub fn line(&self) -> &CommandLine {
        &self.line
    }

    /// Returns where, below the root; none for the root.
    pub fn path(&self) -> Option<&FilePath> {
        self.directory.as_ref()
    }

    /// Returns the variables.
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// Returns the time after which it is ended.
    pub fn time_limit(&self) -> Option<Duration> {
        self.timeout
    }

    /// Tells whether it sets the sandbox up.
    pub fn is_setup(&self) -> bool {
        self.is_setup
    }

    /// Refuses what no system could run.
    pub(super) fn check(&self) -> Result<()> {
        let bytes: &[Vec<u8>] = match &self.line {
            CommandLine::Arguments(arguments) => arguments,
            CommandLine::Shell(line) => &[line.clone().into_bytes()],
        };
        if bytes.iter().any(|bytes| bytes.contains(&0)) {
            return Err(Error::invalid("a command with a NUL in it"));
        }
        if self.inputs.len() > EVIDENCE_GLOBS_MAX || self.reports.len() > EVIDENCE_REPORTS_MAX {
            return Err(Error::invalid(format!(
                "a command has at most {EVIDENCE_GLOBS_MAX} globs of inputs and \
                 {EVIDENCE_REPORTS_MAX} reports"
            )));
        }
        for text in &self.claims {
            let claim = crate::object::Claim {
                text: text.clone(),
                actor: String::new(),
                evidence: Vec::new(),
            };
            claim.validate()?;
        }
        Ok(())
    }
}
