//! The sandbox: a directory, and processes in it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal as _, Read};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use partita::host::{
    Collector, Command, Description, Outcome, Sandbox, SandboxFile, SandboxStatus, Stream,
};
use partita::object::{CommandLine, Exit};
use partita::{Error, ErrorKind, FilePath, Result};

use crate::control::Control;
use crate::launch::{Limits, confinement};
use crate::machine::machine;

/// Variables that commands are given unless the host lists others.
const INHERITED: [&str; 9] =
    ["HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TZ", "USER"];
/// Bytes that are read of an output at a time.
const CHUNK: usize = 32 << 10;
/// How long the outputs are read on when all processes of the group are gone: who left the group may
/// hold them open.
const DRAIN: Duration = Duration::from_millis(500);
/// How long processes have to end by themselves when their time is up.
const GRACE: Duration = Duration::from_millis(500);

/// A directory of this machine in which commands run as processes of this user.
///
/// ```
/// use std::time::Duration;
/// use partita::host::{Command, Sandbox};
/// use partita::object::Exit;
/// use partita_sandbox::ProcessSandbox;
/// # let room = tempfile::tempdir().unwrap();
/// let mut sandbox = ProcessSandbox::new(room.path())?;
/// let sleep = Command::shell("echo begun; sleep 60").timeout(Duration::from_millis(200));
/// let outcome = sandbox.run(&sleep, &mut |_, _| {})?;
/// assert_eq!((outcome.exit, outcome.stdout.text().as_str()), (Exit::Timeout, "begun\n"));
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Debug)]
pub struct ProcessSandbox {
    directory: PathBuf,
    inherited: Option<Vec<String>>,
    variables: BTreeMap<OsString, OsString>,
    limits: Limits,
    launcher: Option<PathBuf>,
    inherits_stdin: bool,
    control: Control,
}

impl ProcessSandbox {
    /// Makes a sandbox of a directory, which is made if need be.
    ///
    /// # Errors
    /// `Io` if the system refuses.
    pub fn new(directory: impl AsRef<Path>) -> Result<Self> {
        let directory = directory.as_ref();
        let doing = |error| failed(format!("open {} as a sandbox", directory.display()), error);
        std::fs::create_dir_all(directory).map_err(doing)?;
        let directory = std::fs::canonicalize(directory).map_err(doing)?;
        Ok(ProcessSandbox {
            directory,
            inherited: Some(INHERITED.map(str::to_owned).to_vec()),
            variables: BTreeMap::new(),
            limits: Limits::default(),
            launcher: None,
            inherits_stdin: false,
            control: Control::default(),
        })
    }

    /// Gives commands these variables of this process, in place of `PATH`, `HOME`, `LANG` and the
    /// like.
    #[must_use]
    pub fn inherit<I: IntoIterator<Item: Into<String>>>(mut self, names: I) -> Self {
        self.inherited = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Gives commands all variables of this process, secrets among them.
    #[must_use]
    pub fn inherit_all(mut self) -> Self {
        self.inherited = None;
        self
    }

    /// Gives commands a variable.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Lets commands read the standard input of this process; they have none otherwise.
    #[must_use]
    pub fn inherit_stdin(mut self) -> Self {
        self.inherits_stdin = true;
        self
    }

    /// Names the program that sets limits: one that calls
    /// [`launch_if_asked`](crate::launch_if_asked) first, such as the host itself
    /// (`std::env::current_exe`).
    #[must_use]
    pub fn launcher(mut self, program: impl Into<PathBuf>) -> Self {
        self.launcher = Some(program.into());
        self
    }

    /// Limits the bytes of address space of each process.
    ///
    /// # Errors
    /// `Unsupported` without a [`launcher`](Self::launcher).
    pub fn memory(mut self, bytes: u64) -> Result<Self> {
        self.need_launcher("memory")?;
        self.limits.memory = Some(bytes);
        Ok(self)
    }

    /// Limits the bytes of each file that is written.
    ///
    /// # Errors
    /// `Unsupported` without a [`launcher`](Self::launcher).
    pub fn file_bytes(mut self, bytes: u64) -> Result<Self> {
        self.need_launcher("the bytes of a file")?;
        self.limits.file_bytes = Some(bytes);
        Ok(self)
    }

    /// Limits how many processes this user may have, these and all others.
    ///
    /// # Errors
    /// `Unsupported` without a [`launcher`](Self::launcher), and for the system's administrator, whom
    /// systems do not limit so.
    pub fn processes(mut self, count: u64) -> Result<Self> {
        self.need_launcher("processes")?;
        if nix::unistd::geteuid().is_root() {
            let what = "the system does not limit the administrator's processes";
            return Err(Error::new(ErrorKind::Unsupported, what));
        }
        self.limits.processes = Some(count);
        Ok(self)
    }

    /// Lets commands write below the directory alone, and below these others.
    ///
    /// # Errors
    /// `Unsupported` without a [`launcher`](Self::launcher), and where the system has no landlock.
    pub fn confined<I: IntoIterator<Item: Into<PathBuf>>>(mut self, others: I) -> Result<Self> {
        self.need_launcher("where it writes")?;
        confinement()?;
        let mut directories = vec![self.directory.clone()];
        directories.extend(others.into_iter().map(Into::into));
        self.limits.confined_to = Some(directories);
        Ok(self)
    }

    /// Returns a hold on the command that runs, for other threads.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    fn need_launcher(&self, what: &str) -> Result<()> {
        match self.launcher {
            Some(_) => Ok(()),
            None => Err(Error::new(
                ErrorKind::Unsupported,
                format!("without a launcher nothing limits {what}"),
            )),
        }
    }

    fn command(&self, command: &Command) -> std::process::Command {
        let (program, arguments) = match command.line() {
            CommandLine::Shell(line) => {
                (OsString::from("sh"), vec![OsString::from("-c"), line.into()])
            }
            CommandLine::Arguments(words) => {
                let mut words = words.iter().map(|word| OsString::from_vec(word.clone()));
                (words.next().unwrap_or_default(), words.collect())
            }
            _ => (OsString::new(), Vec::new()),
        };
        let mut process = match &self.launcher {
            Some(launcher) if !self.limits.is_empty() => {
                let mut process = std::process::Command::new(launcher);
                process.args(self.limits.arguments()).arg(program);
                process
            }
            _ => std::process::Command::new(program),
        };
        process.args(arguments);
        if let Some(names) = &self.inherited {
            process.env_clear();
            let inherited = names.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
            process.envs(inherited);
        }
        process.envs(&self.variables).envs(command.environment());
        process.current_dir(match command.path() {
            Some(path) => self.directory.join(OsStr::from_bytes(path.as_bytes())),
            None => self.directory.clone(),
        });
        let stdin = if self.inherits_stdin { Stdio::inherit() } else { Stdio::null() };
        process.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        process
    }

    fn at(&self, path: &FilePath) -> PathBuf {
        self.directory.join(OsStr::from_bytes(path.as_bytes()))
    }
}

fn failed(doing: impl Into<String>, error: io::Error) -> Error {
    Error::new(ErrorKind::Io, doing.into()).with_source(error)
}

/// What happens while a command runs.
enum Event {
    Wrote(Stream, Vec<u8>),
    Closed,
    /// The first process has ended, and was not waited for yet.
    Ended,
}

impl Sandbox for ProcessSandbox {
    fn describe(&mut self) -> Result<Description> {
        let doing = |error| failed("look at the sandbox's directory", error);
        let found = std::fs::metadata(&self.directory).map_err(doing)?;
        let system = nix::sys::utsname::uname().map_err(|error| doing(error.into()))?;
        let host = system.nodename().to_string_lossy().into_owned();
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let boot: String = boot.trim().chars().take(8).collect();
        let instance = format!("{host}/{boot}/{:x}.{:x}", found.dev(), found.ino());
        let mut description = Description::new("process", instance);
        description.machine = machine();
        description.system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
        Ok(description)
    }

    fn run(&mut self, command: &Command, told: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome> {
        let begun = Instant::now();
        let mut child = match self.command(command).spawn() {
            Ok(child) => child,
            Err(error) => {
                let is_there = self.at_directory(command).is_dir();
                return match error.kind() {
                    io::ErrorKind::NotFound if is_there => Ok(Outcome::new(Exit::NotFound)),
                    io::ErrorKind::PermissionDenied if is_there => {
                        Ok(Outcome::new(Exit::NotExecutable))
                    }
                    _ if error.raw_os_error() == Some(Errno::ENOEXEC as i32) => {
                        Ok(Outcome::new(Exit::NotExecutable))
                    }
                    _ => Err(failed("start the command", error)),
                };
            }
        };
        let group = child.id() as i32;
        self.control.set(Some(group));
        let terminal = Terminal::lend(self.inherits_stdin, group);
        let (sender, receiver) = channel();
        let readers = u32::from(follow(child.stdout.take(), Stream::Stdout, &sender))
            + u32::from(follow(child.stderr.take(), Stream::Stderr, &sender));
        watch(group, sender);
        let deadline = command.time_limit().and_then(|limit| begun.checked_add(limit));
        let mut following = Following {
            receiver,
            open: readers,
            outputs: [Collector::new(), Collector::new()],
            told,
        };
        let is_late = following.until_ended(deadline, &self.control);
        // All that it started goes with it, while the number of the group is still its own.
        self.control.kill();
        self.control.set(None);
        let status = child.wait();
        drop(terminal);
        following.drain();
        let [stdout, stderr] = following.outputs.map(Collector::finish);
        let exit = match (is_late, status) {
            (true, _) => Exit::Timeout,
            (false, Ok(status)) => exit_of(status),
            (false, Err(_)) => Exit::Lost,
        };
        Ok(Outcome::new(exit).with_output(stdout, stderr).with_time(begun.elapsed()))
    }

    fn read(&mut self, path: &FilePath, bytes_max: u64) -> Result<Vec<u8>> {
        let doing = |error| failed(format!("read {path} of the sandbox"), error);
        let file = std::fs::File::open(self.at(path)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::new(ErrorKind::NotFound, format!("no file {path}")),
            _ => doing(error),
        })?;
        let mut bytes = Vec::new();
        file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes).map_err(doing)?;
        match bytes.len() as u64 > bytes_max {
            true => Err(Error::new(ErrorKind::Invalid, format!("{path} has too many bytes"))),
            false => Ok(bytes),
        }
    }

    fn write(&mut self, path: &FilePath, file: &SandboxFile) -> Result<()> {
        let at = self.at(path);
        let write = || -> io::Result<()> {
            if let Some(above) = at.parent() {
                std::fs::create_dir_all(above)?;
            }
            let draft = at.with_extension("partita-tmp");
            match file {
                SandboxFile::Symlink(target) => {
                    std::os::unix::fs::symlink(OsStr::from_bytes(target), &draft)?;
                }
                SandboxFile::File { bytes, executable } => {
                    std::fs::write(&draft, bytes)?;
                    let mode = if *executable { 0o755 } else { 0o644 };
                    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(mode))?;
                }
                _ => return Err(io::ErrorKind::Unsupported.into()),
            }
            std::fs::rename(&draft, &at)
        };
        write().map_err(|error| failed(format!("write {path} in the sandbox"), error))
    }

    fn directory(&self) -> Option<&Path> {
        Some(&self.directory)
    }

    fn status(&mut self) -> Result<SandboxStatus> {
        Ok(match self.directory.is_dir() {
            true => SandboxStatus::Running,
            false => SandboxStatus::Gone,
        })
    }

    fn stop(&mut self) -> Result<()> {
        self.control.kill();
        Ok(())
    }
}

impl ProcessSandbox {
    fn at_directory(&self, command: &Command) -> PathBuf {
        command.path().map_or_else(|| self.directory.clone(), |path| self.at(path))
    }
}

/// Reads an output in a thread of its own; false where there is none.
fn follow(output: Option<impl Read + Send + 'static>, stream: Stream, to: &Sender<Event>) -> bool {
    let Some(mut output) = output else { return false };
    let to = to.clone();
    std::thread::spawn(move || {
        let mut chunk = vec![0; CHUNK];
        loop {
            match output.read(&mut chunk) {
                Ok(0) => break,
                Ok(len) => {
                    if to.send(Event::Wrote(stream, chunk[..len].to_vec())).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        let _ = to.send(Event::Closed);
    });
    true
}

/// Watches for the end of the first process, and leaves it to be waited for.
fn watch(process: i32, to: Sender<Event>) {
    std::thread::spawn(move || {
        let wait =
            || waitid(Id::Pid(Pid::from_raw(process)), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
        while wait() == Err(Errno::EINTR) {}
        let _ = to.send(Event::Ended);
    });
}

/// The outputs of a command, as they come.
struct Following<'a> {
    receiver: Receiver<Event>,
    open: u32,
    outputs: [Collector; 2],
    told: &'a mut dyn FnMut(Stream, &[u8]),
}

impl Following<'_> {
    /// Follows until the first process has ended; true where its time was up.
    fn until_ended(&mut self, deadline: Option<Instant>, control: &Control) -> bool {
        let (mut is_late, mut deadline) = (false, deadline);
        loop {
            let event = match deadline {
                None => self.receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    self.receiver.recv_timeout(left)
                }
            };
            match event {
                Ok(Event::Ended) | Err(RecvTimeoutError::Disconnected) => return is_late,
                Ok(event) => self.take(event),
                Err(RecvTimeoutError::Timeout) if is_late => {
                    control.kill();
                    deadline = None;
                }
                Err(RecvTimeoutError::Timeout) => {
                    is_late = true;
                    control.signal(Signal::SIGTERM as i32);
                    deadline = Instant::now().checked_add(GRACE);
                }
            }
        }
    }

    /// Reads what is left when all processes of the group are gone.
    fn drain(&mut self) {
        let end = Instant::now() + DRAIN;
        while self.open > 0 {
            match self.receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(event) => self.take(event),
                Err(_) => return,
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Wrote(stream, bytes) => {
                let at = usize::from(stream == Stream::Stderr);
                self.outputs[at].push(&bytes);
                (self.told)(stream, &bytes);
            }
            Event::Closed => self.open -= 1,
            Event::Ended => {}
        }
    }
}

fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Lost,
    }
}

/// The terminal of this process, lent to a command that reads it: only the group in its foreground
/// may.
struct Terminal {
    own: Option<Pid>,
}

impl Terminal {
    fn lend(is_read: bool, group: i32) -> Self {
        let stdin = io::stdin();
        let own = match is_read && stdin.is_terminal() {
            true => nix::unistd::tcgetpgrp(&stdin).ok(),
            false => None,
        };
        // One that is in the background itself has nothing to lend.
        let own = own.filter(|own| *own == nix::unistd::getpgrp());
        if own.is_some() {
            set_foreground(Pid::from_raw(group));
        }
        Terminal { own }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(own) = self.own {
            set_foreground(own);
        }
    }
}

/// Puts a group in the foreground, also from the background, for which the system would stop us.
fn set_foreground(group: Pid) {
    let mut stops = SigSet::empty();
    stops.add(Signal::SIGTTOU);
    if stops.thread_block().is_ok() {
        let _ = nix::unistd::tcsetpgrp(io::stdin(), group);
        let _ = stops.thread_unblock();
    }
}
