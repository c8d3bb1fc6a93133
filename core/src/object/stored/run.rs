//! Runs of commands: what was asked, before it ran, and what came of it.

use std::time::Duration;

use super::{BodyReader, BodyWriter, Canonical, Kind, RefReader};
use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::id::{CheckpointId, ContentId, ObjectId};
use crate::limits::{LABEL_BYTES_MAX, PATH_BYTES_MAX, RUN_ARGUMENTS_MAX};
use crate::object::Timestamp;

const HAS_TIMEOUT: u64 = 1;
const IS_SETUP: u64 = 2;
const HAS_BEFORE: u64 = 4;

/// What is to be run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CommandLine {
    /// A program and its arguments, in the bytes of the system.
    Arguments(Vec<Vec<u8>>),
    /// A line for the shell of the sandbox.
    Shell(String),
}

/// A command that is to run: recorded before it does, so that one which never came to its end is
/// known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Run {
    /// What is to be run.
    pub command: CommandLine,
    /// Where, relative to the root of the sandbox; empty for the root.
    pub directory: Vec<u8>,
    /// Names of the variables that the command is given beside those of the sandbox; never their
    /// values, which may be secret.
    pub environment: Vec<String>,
    /// The time after which it is ended.
    pub timeout: Option<Duration>,
    /// Whether it is a step that sets a sandbox up, which a fresh one needs again.
    pub is_setup: bool,
    /// When it began.
    pub began: Timestamp,
    /// The checkpoint that the files were at; no ref, a trim may give it up.
    pub before: Option<CheckpointId>,
    /// Where it runs.
    pub sandbox: RunSandbox,
}

/// The sandbox of a run, as it describes itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunSandbox {
    /// What kind of sandbox, such as `process` or `docker`.
    pub provider: String,
    /// Which one: changes whenever state was lost.
    pub instance: String,
    /// What it was made from; may be empty.
    pub image: String,
    /// Operating system and processor, such as `linux x86_64`; may be empty.
    pub system: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exit {
    /// With an exit code.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// It was ended because its time was up.
    Timeout,
    /// Nobody knows: the sandbox, or whoever drove it, was gone.
    Lost,
    /// There is no such program.
    NotFound,
    /// There is one that cannot be executed.
    NotExecutable,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunOutcome {
    /// How it ended.
    pub exit: Exit,
    /// How long it took.
    pub took: Duration,
    /// When it ended.
    pub ended: Timestamp,
    /// What it wrote to its standard output.
    pub stdout: RunOutput,
    /// What it wrote to its standard error; empty where the sandbox has one stream for both.
    pub stderr: RunOutput,
    /// Which sandbox it was afterwards: another than before where it was replaced meanwhile.
    pub instance: String,
}

/// What is kept of an output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RunOutput {
    /// Its first bytes, all of them where there are not more; none where it is empty.
    pub head: Option<ContentId>,
    /// Its last bytes, where those in between were not kept.
    pub tail: Option<ContentId>,
    /// How many bytes it had.
    pub total: u64,
}

impl RunOutput {
    /// Tells whether bytes in the middle were not kept.
    pub fn is_cut(&self) -> bool {
        self.tail.is_some()
    }
}

impl CommandLine {
    /// Returns the command as a person would type it, in one line.
    pub fn line(&self) -> String {
        match self {
            CommandLine::Shell(line) => line.clone(),
            CommandLine::Arguments(arguments) => {
                let words = arguments.iter().map(|argument| {
                    let text = String::from_utf8_lossy(argument);
                    let is_plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
                    match !text.is_empty() && text.chars().all(is_plain) {
                        true => text.into_owned(),
                        false => format!("'{}'", text.replace('\'', r"'\''")),
                    }
                });
                words.collect::<Vec<_>>().join(" ")
            }
        }
    }

    /// Returns an id of what is run, so that the same command is known again.
    pub fn id(&self) -> ObjectId {
        let mut bytes = Vec::new();
        match self {
            CommandLine::Shell(line) => {
                bytes.push(1);
                bytes.extend_from_slice(line.as_bytes());
            }
            CommandLine::Arguments(arguments) => {
                bytes.push(0);
                for argument in arguments {
                    bytes.extend_from_slice(&(argument.len() as u64).to_le_bytes());
                    bytes.extend_from_slice(argument);
                }
            }
        }
        ObjectId::of_content(&bytes)
    }
}

impl Run {
    /// Makes a run of a command that begins now.
    pub fn new(command: CommandLine, began: Timestamp) -> Self {
        Run {
            command,
            directory: Vec::new(),
            environment: Vec::new(),
            timeout: None,
            is_setup: false,
            began,
            before: None,
            sandbox: RunSandbox::default(),
        }
    }

    /// Checks every limit.
    ///
    /// # Errors
    /// `Invalid`, naming what is beyond it.
    pub fn validate(&self) -> Result<()> {
        self.command.validate()?;
        if self.directory.len() > PATH_BYTES_MAX || self.environment.len() > RUN_ARGUMENTS_MAX {
            return Err(Error::invalid("a run's directory or environment is too long"));
        }
        let sandbox = &self.sandbox;
        let labels = [&sandbox.provider, &sandbox.instance, &sandbox.image, &sandbox.system];
        let names = self.environment.iter();
        if labels.into_iter().chain(names).any(|label| label.len() > LABEL_BYTES_MAX) {
            return Err(Error::invalid(format!(
                "what a run says of its sandbox has more than {LABEL_BYTES_MAX} bytes"
            )));
        }
        Ok(())
    }
}

impl Exit {
    /// Tells whether the command said that all went well.
    pub fn is_success(&self) -> bool {
        *self == Exit::Code(0)
    }

    /// Returns the exit code that a shell would give: 124 where the time was up, 128 and the number
    /// of a signal, 126 and 127 where it could not be run; none where nobody knows.
    pub fn code(&self) -> Option<i32> {
        match self {
            Exit::Code(code) => Some(*code),
            Exit::Signal(signal) => Some(128 + signal),
            Exit::Timeout => Some(124),
            Exit::NotExecutable => Some(126),
            Exit::NotFound => Some(127),
            Exit::Lost => None,
        }
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "exit {code}"),
            Exit::Signal(signal) => write!(f, "signal {signal}"),
            Exit::Timeout => f.write_str("timeout"),
            Exit::Lost => f.write_str("lost"),
            Exit::NotFound => f.write_str("not found"),
            Exit::NotExecutable => f.write_str("not executable"),
        }
    }
}

impl Canonical for Run {
    const KIND: Kind = Kind::RUN;
    const VERSION: u16 = 1;

    fn encode(&self, _refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        let flag = |is: bool, flag: u64| if is { flag } else { 0 };
        let flags = flag(self.timeout.is_some(), HAS_TIMEOUT)
            | flag(self.is_setup, IS_SETUP)
            | flag(self.before.is_some(), HAS_BEFORE);
        let sandbox = &self.sandbox;
        body.0.uint(flags);
        for text in [&sandbox.provider, &sandbox.instance, &sandbox.image, &sandbox.system] {
            body.0.bytes(text.as_bytes());
        }
        self.command.write(body);
        body.0.bytes(&self.directory).uint(self.environment.len() as u64);
        for name in &self.environment {
            body.0.bytes(name.as_bytes());
        }
        if let Some(timeout) = self.timeout {
            body.0.uint(millis(timeout));
        }
        if let Some(before) = self.before {
            body.0.raw(before.id().as_bytes());
        }
        body.0.int(self.began.as_millis());
    }

    fn decode(_version: u16, _refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let flags = body.0.bounded(7, "run flags")?;
        let mut label = |what| body.0.text(LABEL_BYTES_MAX, what).map(str::to_owned);
        let sandbox = RunSandbox {
            provider: label("a sandbox's provider")?,
            instance: label("a sandbox's instance")?,
            image: label("a sandbox's image")?,
            system: label("a sandbox's system")?,
        };
        let command = CommandLine::read(body)?;
        let directory = body.0.bytes(PATH_BYTES_MAX, "a run's directory")?.to_vec();
        let count = body.0.count(RUN_ARGUMENTS_MAX, "the number of variables")?;
        let name = |_| Ok(body.0.text(LABEL_BYTES_MAX, "a variable's name")?.to_owned());
        let environment = (0..count).map(name).collect::<Result<_>>()?;
        let timeout = match flags & HAS_TIMEOUT {
            0 => None,
            _ => Some(Duration::from_millis(body.0.uint()?)),
        };
        let before = match flags & HAS_BEFORE {
            0 => None,
            _ => Some(CheckpointId::new(body.0.id()?)),
        };
        let began = Timestamp::from_millis(body.0.int()?);
        Ok(Run {
            command,
            directory,
            environment,
            timeout,
            is_setup: flags & IS_SETUP != 0,
            began,
            before,
            sandbox,
        })
    }
}

impl Canonical for RunOutcome {
    const KIND: Kind = Kind::RUN_OUTCOME;
    const VERSION: u16 = 1;

    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        let (tag, number) = match self.exit {
            Exit::Code(code) => (0, Some(code)),
            Exit::Signal(signal) => (1, Some(signal)),
            Exit::Timeout => (2, None),
            Exit::Lost => (3, None),
            Exit::NotFound => (4, None),
            Exit::NotExecutable => (5, None),
        };
        body.0.uint(tag);
        if let Some(number) = number {
            body.0.int(number.into());
        }
        body.0.uint(millis(self.took)).int(self.ended.as_millis());
        body.0.bytes(self.instance.as_bytes());
        for output in [&self.stdout, &self.stderr] {
            let kept = match (output.head, output.tail) {
                (None, _) => 0,
                (Some(_), None) => 1,
                (Some(_), Some(_)) => 2,
            };
            body.0.uint(kept).uint(output.total);
            refs.extend(output.head.map(|id| id.id()));
            refs.extend(output.head.and(output.tail).map(|id| id.id()));
        }
    }

    fn decode(_version: u16, refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let tag = body.0.bounded(5, "how a run ended")?;
        let mut number =
            || i32::try_from(body.0.int()?).map_err(|_| malformed("an exit code beyond 32 bits"));
        let exit = match tag {
            0 => Exit::Code(number()?),
            1 => Exit::Signal(number()?),
            2 => Exit::Timeout,
            3 => Exit::Lost,
            4 => Exit::NotFound,
            _ => Exit::NotExecutable,
        };
        let took = Duration::from_millis(body.0.uint()?);
        let ended = Timestamp::from_millis(body.0.int()?);
        let instance = body.0.text(LABEL_BYTES_MAX, "a sandbox's instance")?.to_owned();
        let mut output = || -> Result<RunOutput> {
            let kept = body.0.bounded(2, "what is kept of an output")?;
            let total = body.0.uint()?;
            let head = if kept > 0 { Some(ContentId::new(refs.next()?)) } else { None };
            let tail = if kept > 1 { Some(ContentId::new(refs.next()?)) } else { None };
            Ok(RunOutput { head, tail, total })
        };
        let (stdout, stderr) = (output()?, output()?);
        Ok(RunOutcome { exit, took, ended, stdout, stderr, instance })
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::RUN_BYTES_MAX;
    use crate::object::Node;
    use crate::object::golden::id;
    use proptest::prelude::*;

    fn runs() -> Vec<Run> {
        let mut runs = Vec::new();
        for flags in 0..8_u8 {
            let has = |bit: u8| flags & bit != 0;
            let command = match has(1) {
                true => CommandLine::Shell("cargo test | tail".into()),
                false => CommandLine::Arguments(vec![b"ls".to_vec(), b"\xff".to_vec(), vec![]]),
            };
            let mut run = Run::new(command, Timestamp::from_millis(-5));
            run.timeout = has(2).then_some(Duration::from_millis(1_500));
            run.is_setup = has(4);
            run.before = has(2).then_some(CheckpointId::new(id(3)));
            run.environment = if has(4) { vec!["CI".into(), "HOME".into()] } else { vec![] };
            run.directory = b"sub".to_vec();
            run.sandbox.provider = "process".into();
            runs.push(run);
        }
        runs
    }

    #[test]
    fn a_run_comes_back_whatever_it_has() {
        for run in runs() {
            run.validate().unwrap();
            assert_eq!(Run::from_node(&run.to_node()).unwrap(), run);
        }
    }

    #[test]
    fn an_outcome_comes_back_however_it_ended() {
        let kept = |head: Option<u8>, tail: Option<u8>, total| RunOutput {
            head: head.map(|at| ContentId::new(id(at))),
            tail: tail.map(|at| ContentId::new(id(at))),
            total,
        };
        for exit in [
            Exit::Code(0),
            Exit::Code(-1),
            Exit::Code(i32::MAX),
            Exit::Signal(9),
            Exit::Timeout,
            Exit::Lost,
            Exit::NotFound,
            Exit::NotExecutable,
        ] {
            for output in
                [kept(None, None, 0), kept(Some(1), None, 5), kept(Some(1), Some(2), 1 << 40)]
            {
                let outcome = RunOutcome {
                    exit: exit.clone(),
                    took: Duration::from_millis(7),
                    ended: Timestamp::from_millis(9),
                    stdout: output.clone(),
                    stderr: kept(Some(4), None, 1),
                    instance: "i".into(),
                };
                assert_eq!(RunOutcome::from_node(&outcome.to_node()).unwrap(), outcome);
            }
        }
    }

    #[test]
    fn a_line_is_what_a_person_would_type_and_an_id_is_of_exactly_that() {
        let words = |words: &[&str]| {
            CommandLine::Arguments(words.iter().map(|word| word.as_bytes().to_vec()).collect())
        };
        assert_eq!(words(&["ls", "-l", "a b", "it's", ""]).line(), r"ls -l 'a b' 'it'\''s' ''");
        assert_ne!(words(&["a", "b"]).id(), words(&["a b"]).id());
        assert_ne!(words(&["a"]).id(), CommandLine::Shell("a".into()).id());
        assert_eq!(words(&["a"]).id(), words(&["a"]).id());
    }

    #[test]
    fn what_is_beyond_a_limit_is_refused() {
        let of = |command| Run::new(command, Timestamp::from_millis(0)).validate();
        assert!(of(CommandLine::Arguments(Vec::new())).is_err());
        assert!(of(CommandLine::Shell(String::new())).is_err());
        assert!(of(CommandLine::Shell("x".repeat(RUN_BYTES_MAX + 1))).is_err());
        assert!(of(CommandLine::Arguments(vec![b"x".to_vec(); RUN_ARGUMENTS_MAX + 1])).is_err());
        assert!(of(CommandLine::Shell("x".repeat(RUN_BYTES_MAX))).is_ok());
    }

    proptest! {
        #[test]
        fn any_body_decodes_or_fails_without_panic(body: Vec<u8>, refs in 0..6_u8) {
            let refs: Vec<ObjectId> = (0..refs).map(id).collect();
            let node = |kind| Node { kind, version: 1, refs: refs.clone(), body: body.clone() };
            let _ = Run::from_node(&node(Kind::RUN));
            let _ = RunOutcome::from_node(&node(Kind::RUN_OUTCOME));
        }
    }
}
