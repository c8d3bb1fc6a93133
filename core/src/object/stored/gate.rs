//! Gates: commands that check a session's files whenever a change was applied.

use std::time::Duration;

use super::run::CommandLine;
use super::{BodyReader, BodyWriter, Canonical, Kind, RefReader};
use crate::codec::Reader;
use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::limits::{
    EVIDENCE_GLOBS_MAX, EVIDENCE_REPORTS_MAX, GATE_CLAIMS_MAX, LABEL_BYTES_MAX, PATH_BYTES_MAX,
    RUN_ARGUMENTS_MAX, RUN_BYTES_MAX,
};

/// A command that checks a session's files whenever a change was applied. A host runs it only where
/// its user has approved these very bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// What is run.
    pub command: CommandLine,
    /// Where, relative to the root of the sandbox; empty for the root.
    pub directory: Vec<u8>,
    /// The time after which it is ended, in whole milliseconds.
    pub timeout: Option<Duration>,
    /// Globs of the files that it depends on; all files where there are none.
    pub inputs: Vec<String>,
    /// Reports that it writes, relative to the root of the sandbox.
    pub reports: Vec<String>,
    /// What is claimed by it.
    pub claims: Vec<String>,
}

impl Gate {
    /// A gate that is a line for the shell.
    pub fn shell(line: impl Into<String>) -> Self {
        Gate::of(CommandLine::Shell(line.into()))
    }

    /// A gate that is a command.
    pub fn of(command: CommandLine) -> Self {
        Gate {
            command,
            directory: Vec::new(),
            timeout: None,
            inputs: Vec::new(),
            reports: Vec::new(),
            claims: Vec::new(),
        }
    }

    /// Checks every limit.
    ///
    /// # Errors
    /// `Invalid`, naming what is beyond it.
    pub fn validate(&self) -> Result<()> {
        self.command.validate()?;
        let lists = [
            ("globs", &self.inputs, EVIDENCE_GLOBS_MAX),
            ("reports", &self.reports, EVIDENCE_REPORTS_MAX),
            ("claims", &self.claims, GATE_CLAIMS_MAX),
        ];
        for (what, list, most) in lists {
            if list.len() > most || list.iter().any(|text| text.len() > LABEL_BYTES_MAX) {
                return Err(Error::invalid(format!(
                    "a gate has at most {most} {what}, each of at most {LABEL_BYTES_MAX} bytes"
                )));
            }
        }
        match self.directory.len() > PATH_BYTES_MAX {
            true => Err(Error::invalid("a gate's directory is too long")),
            false => Ok(()),
        }
    }
}

impl CommandLine {
    /// Checks every limit.
    pub(crate) fn validate(&self) -> Result<()> {
        let (count, bytes) = match self {
            CommandLine::Shell(line) => (1, line.len()),
            CommandLine::Arguments(arguments) => {
                (arguments.len(), arguments.iter().map(Vec::len).sum())
            }
        };
        if count == 0 || bytes == 0 {
            return Err(Error::invalid("a run of no command"));
        }
        if count > RUN_ARGUMENTS_MAX || bytes > RUN_BYTES_MAX {
            return Err(Error::invalid(format!(
                "a command of {count} arguments and {bytes} bytes, at most {RUN_ARGUMENTS_MAX} and \
                 {RUN_BYTES_MAX} are recorded"
            )));
        }
        Ok(())
    }

    pub(super) fn write(&self, body: &mut BodyWriter<'_>) {
        match self {
            CommandLine::Arguments(arguments) => {
                body.0.uint(arguments.len() as u64);
                for argument in arguments {
                    body.0.bytes(argument);
                }
            }
            CommandLine::Shell(line) => drop(body.0.uint(0).bytes(line.as_bytes())),
        }
    }

    pub(super) fn read(body: &mut BodyReader<'_>) -> Result<Self> {
        Ok(match body.0.count(RUN_ARGUMENTS_MAX, "the number of arguments")? {
            0 => CommandLine::Shell(body.0.text(RUN_BYTES_MAX, "a shell's line")?.to_owned()),
            count => {
                let argument = |_| Ok(body.0.bytes(RUN_BYTES_MAX, "an argument")?.to_vec());
                CommandLine::Arguments((0..count).map(argument).collect::<Result<_>>()?)
            }
        })
    }
}

fn texts(body: &mut Reader<'_>, most: usize) -> Result<Vec<String>> {
    let count = body.count(most, "the rows of a gate")?;
    (0..count).map(|_| Ok(body.text(LABEL_BYTES_MAX, "a row of a gate")?.to_owned())).collect()
}

impl Canonical for Gate {
    const KIND: Kind = Kind::GATE;
    const VERSION: u16 = 1;

    fn encode(&self, _refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        self.command.write(body);
        let body = &mut *body.0;
        body.bytes(&self.directory).uint(u64::from(self.timeout.is_some()));
        if let Some(timeout) = self.timeout {
            body.uint(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
        }
        for list in [&self.inputs, &self.reports, &self.claims] {
            body.uint(list.len() as u64);
            for text in list {
                body.bytes(text.as_bytes());
            }
        }
    }

    fn decode(_version: u16, _refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let command = CommandLine::read(body)?;
        let body = &mut body.0;
        let directory = body.bytes(PATH_BYTES_MAX, "a gate's directory")?.to_vec();
        let timeout = match body.bounded(1, "the flag of a time")? {
            0 => None,
            _ => Some(Duration::from_millis(body.uint()?)),
        };
        let inputs = texts(body, EVIDENCE_GLOBS_MAX)?;
        let reports = texts(body, EVIDENCE_REPORTS_MAX)?;
        let claims = texts(body, GATE_CLAIMS_MAX)?;
        Ok(Gate { command, directory, timeout, inputs, reports, claims })
    }
}
