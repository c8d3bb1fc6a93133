//! What a host's sandbox is to do.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::command::Command;
use super::output::Output;
use crate::error::{Error, ErrorKind, Result};
use crate::object::{Exit, FilePath, RunSandbox};

/// A place where commands run: the host's, and gone at any time.
///
/// Calls block. A sandbox never runs a command again by itself: whoever asked decides.
pub trait Sandbox {
    /// Says what the sandbox is. It is asked before and after each run: another
    /// [`instance`](Description::instance) says that state was lost.
    ///
    /// # Errors
    /// What the sandbox says; it is then taken to be gone.
    fn describe(&mut self) -> Result<Description>;

    /// Runs a command to its end, and hands over what it writes as it comes. A command that is ended
    /// takes all that it started with it.
    ///
    /// # Errors
    /// `Unsupported` for a limit that the sandbox cannot hold. An error says that the command never
    /// began; where that is not known, the outcome is [`Exit::Lost`].
    fn run(&mut self, command: &Command, told: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome>;

    /// Reads a file.
    ///
    /// # Errors
    /// `NotFound` if there is none, `Invalid` above `bytes_max`.
    fn read(&mut self, path: &FilePath, bytes_max: u64) -> Result<Vec<u8>>;

    /// Writes a file or a link whole, and makes the directories above it.
    ///
    /// # Errors
    /// What the sandbox says.
    fn write(&mut self, path: &FilePath, file: &SandboxFile) -> Result<()>;

    /// Returns the directory of this machine that the sandbox's root is, if it is one. Then files are
    /// captured and restored there, and the methods for files are not called.
    fn directory(&self) -> Option<&Path> {
        None
    }

    /// Lists what is in a directory, or in the root; not what is below that.
    ///
    /// # Errors
    /// `NotFound` if there is no such directory; `Unsupported` unless the sandbox has a `find` as
    /// GNU's, or says it otherwise.
    fn list(&mut self, directory: Option<&FilePath>) -> Result<Vec<Listed>> {
        list_by_find(self, directory)
    }

    /// Removes a file or a link.
    ///
    /// # Errors
    /// What the sandbox says; nothing there is none.
    fn remove(&mut self, path: &FilePath) -> Result<()> {
        let path = [b"./", path.as_bytes()].concat();
        let words = [b"rm".to_vec(), b"-f".to_vec(), b"--".to_vec(), path];
        let command = Command::of(crate::object::CommandLine::Arguments(words.into()));
        match self.run(&command, &mut |_, _| {})?.exit {
            Exit::Code(0) => Ok(()),
            exit => Err(Error::invalid(format!("remove a file of the sandbox: {exit}"))),
        }
    }

    /// Tells whether commands can run.
    ///
    /// # Errors
    /// What the sandbox says.
    fn status(&mut self) -> Result<SandboxStatus> {
        match self.run(&Command::new(["true"]), &mut |_, _| {}) {
            Ok(outcome) if outcome.exit.is_success() => Ok(SandboxStatus::Running),
            Ok(_) | Err(_) => Ok(SandboxStatus::Unknown),
        }
    }

    /// Ends all that runs in it. What it keeps beyond that is the provider's to say.
    ///
    /// # Errors
    /// What the sandbox says.
    fn stop(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What a sandbox says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// What kind of sandbox, such as `process` or `docker`.
    pub provider: String,
    /// Which one: another whenever state was lost.
    pub instance: String,
    /// What it was made from; may be empty.
    pub image: String,
    /// Operating system and processor; may be empty.
    pub system: String,
    /// Which machine: processor, memory, and what tells it from others of its like; may be empty.
    /// Benchmarks of two machines are not compared.
    pub machine: String,
    /// Tools by name, with their versions, as far as the provider knows them.
    pub tools: BTreeMap<String, String>,
    /// The name that its files are recorded under where it is no directory of this machine; the
    /// provider and the instance unless it is set. One that outlives its instances names what outlives
    /// them: a volume, say.
    pub files: Option<String>,
}

impl Description {
    /// Describes a sandbox by its provider and its instance.
    pub fn new(provider: impl Into<String>, instance: impl Into<String>) -> Self {
        let (provider, instance) = (provider.into(), instance.into());
        Description { provider, instance, ..Description::default() }
    }

    pub(super) fn recorded(&self) -> RunSandbox {
        RunSandbox {
            provider: self.provider.clone(),
            instance: self.instance.clone(),
            image: self.image.clone(),
            system: self.system.clone(),
        }
    }
}

/// Where a command writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stream {
    /// The standard output.
    Stdout,
    /// The standard error.
    Stderr,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// How.
    pub exit: Exit,
    /// How long it took.
    pub took: Duration,
    /// What it wrote to its standard output; all of it where there is one stream for both.
    pub stdout: Output,
    /// What it wrote to its standard error.
    pub stderr: Output,
    /// The files that it was seen to read, where the sandbox has a trace: the evidence is then about
    /// these alone.
    pub reads: Option<Vec<FilePath>>,
}

impl Outcome {
    /// Makes an outcome without output that took no time.
    pub fn new(exit: Exit) -> Self {
        Outcome {
            exit,
            took: Duration::ZERO,
            stdout: Output::default(),
            stderr: Output::default(),
            reads: None,
        }
    }

    /// Adds what was written.
    #[must_use]
    pub fn with_output(mut self, stdout: Output, stderr: Output) -> Self {
        (self.stdout, self.stderr) = (stdout, stderr);
        self
    }

    /// Adds the files that it was seen to read.
    #[must_use]
    pub fn with_reads(mut self, paths: impl IntoIterator<Item = FilePath>) -> Self {
        self.reads = Some(paths.into_iter().collect());
        self
    }

    /// Adds how long it took.
    #[must_use]
    pub fn with_time(mut self, took: Duration) -> Self {
        self.took = took;
        self
    }
}

/// A file for a sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SandboxFile {
    /// A regular file.
    File {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Whether it may be executed.
        executable: bool,
    },
    /// A symbolic link to this target.
    Symlink(Vec<u8>),
}

/// A name in a directory of a sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// The last component of its path.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: ListedKind,
    /// How many bytes it has.
    pub size: u64,
}

impl Listed {
    /// Makes a row.
    pub fn new(name: impl Into<Vec<u8>>, kind: ListedKind, size: u64) -> Self {
        Listed { name: name.into(), kind, size }
    }
}

/// What a name in a sandbox is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListedKind {
    /// A regular file.
    File {
        /// Whether it may be executed.
        executable: bool,
    },
    /// A symbolic link to this target.
    Symlink(Vec<u8>),
    /// A directory.
    Directory,
    /// A device, a socket, a pipe.
    Special,
}

/// Whether commands can run in a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SandboxStatus {
    /// They can.
    Running,
    /// It is stopped, and can go on.
    Stopped,
    /// It is gone for good.
    Gone,
    /// Nobody knows.
    Unknown,
}

/// Lists a directory by a command.
fn list_by_find(
    sandbox: &mut (impl Sandbox + ?Sized),
    directory: Option<&FilePath>,
) -> Result<Vec<Listed>> {
    let place = match directory {
        Some(path) => [b"./", path.as_bytes()].concat(),
        None => b".".to_vec(),
    };
    let mut words = vec![b"find".to_vec(), place];
    let rest = ["-mindepth", "1", "-maxdepth", "1", "-printf", r"%y %m %s %f\0%l\0"];
    words.extend(rest.map(|word| word.as_bytes().to_vec()));
    let command = Command::of(crate::object::CommandLine::Arguments(words));
    let outcome = sandbox.run(&command, &mut |_, _| {})?;
    if !outcome.exit.is_success() || outcome.stdout.is_cut() {
        let message = format!("the sandbox does not list its files: find, {}", outcome.exit);
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let bytes = [outcome.stdout.head, outcome.stdout.tail].concat();
    let mut parts = bytes.split(|&byte| byte == 0);
    let mut listed = Vec::new();
    while let (Some(row), Some(target)) = (parts.next(), parts.next()) {
        let mut fields = row.splitn(4, |&byte| byte == b' ');
        let odd = || Error::new(ErrorKind::Unsupported, "the sandbox's find prints other rows");
        let mut field = || fields.next().ok_or_else(odd);
        let (sort, mode, size, name) = (field()?, field()?, field()?, field()?);
        let digits = |text: &[u8], radix| {
            let text = std::str::from_utf8(text).ok();
            text.and_then(|text| u64::from_str_radix(text, radix).ok()).ok_or_else(odd)
        };
        let kind = match sort {
            b"f" => ListedKind::File { executable: digits(mode, 8)? & 0o100 != 0 },
            b"l" => ListedKind::Symlink(target.to_vec()),
            b"d" => ListedKind::Directory,
            _ => ListedKind::Special,
        };
        listed.push(Listed::new(name, kind, digits(size, 10)?));
    }
    Ok(listed)
}
