//! A container as a sandbox: `cargo run --example docker STORE SESSION CONTAINER COMMAND...`
//!
//! Brings the session into a container that runs already, runs the command there, and records what it
//! changed. The container needs a shell, coreutils and GNU's `find`; `DOCKER` names another client with
//! the same words, such as `podman`. **The tests have no Docker and do not run this**: it shows what an
//! adapter has to do.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use partita::host::{
    self, Command, Description, Outcome, Sandbox, SandboxFile, SandboxStatus, Stream,
};
use partita::object::{CommandLine, Exit};
use partita::{Error, ErrorKind, FilePath, Result, Store};
use partita_sandbox::ProcessSandbox;

/// Where the session's files are in the container.
const ROOT: &str = "/work";

/// What `docker exec` ends with if it could not do its part.
const CLIENT_FAILED: i32 = 125;

struct Docker {
    client: String,
    container: String,
    /// What runs the client: it hands over what the client writes, and keeps the ends of it.
    here: ProcessSandbox,
}

impl Docker {
    fn new(container: String) -> Result<Self> {
        let client = std::env::var("DOCKER").unwrap_or_else(|_| "docker".to_owned());
        let here = ProcessSandbox::new(std::env::temp_dir())?.inherit_all();
        Ok(Docker { client, container, here })
    }

    /// Runs the client with words, gives it bytes, and returns the first bytes that it says.
    fn ask(&self, words: &[OsString], input: &[u8], bytes_max: u64) -> Result<Vec<u8>> {
        let failed =
            |error| Error::new(ErrorKind::Io, format!("run {}", self.client)).with_source(error);
        let mut child = std::process::Command::new(&self.client)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let mut stdin = child.stdin.take();
        let mut said = Vec::new();
        let stdout = child.stdout.take();
        // What it is given may be more than a pipe holds; it says little before it has read all.
        let given = stdin.as_mut().map_or(Ok(()), |stdin| stdin.write_all(input));
        drop(stdin);
        let heard =
            stdout.map_or(Ok(0), |stdout| stdout.take(bytes_max + 1).read_to_end(&mut said));
        let is_long = said.len() as u64 > bytes_max;
        if is_long {
            child.kill().map_err(failed)?;
        }
        let status = child.wait().map_err(failed)?;
        if is_long {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("it is larger than {bytes_max} bytes"),
            ));
        }
        match status.success() {
            true => given.and(heard).map(|_| said).map_err(failed),
            false => Err(Error::new(ErrorKind::NotFound, format!("{}: {status}", self.client))),
        }
    }

    /// The words that run a program in the container.
    fn words(
        &self,
        flags: &[&str],
        directory: Option<&FilePath>,
        line: &[OsString],
    ) -> Vec<OsString> {
        let mut at = OsString::from(ROOT).into_vec();
        if let Some(directory) = directory {
            at.push(b'/');
            at.extend(directory.as_bytes());
        }
        let mut words: Vec<OsString> = vec!["exec".into()];
        words.extend(flags.iter().map(OsString::from));
        words.extend(["--workdir".into(), OsString::from_vec(at), self.container.clone().into()]);
        words.extend(line.iter().cloned());
        words
    }
}

/// A path as a word that no program takes for a flag.
fn word(path: &FilePath) -> OsString {
    OsString::from_vec([b"./", path.as_bytes()].concat())
}

impl Sandbox for Docker {
    fn describe(&mut self) -> Result<Description> {
        let asked = ["inspect", "--format", "{{.Id}} {{.State.StartedAt}} {{.Config.Image}}"];
        let mut words: Vec<OsString> = asked.map(OsString::from).to_vec();
        words.push(self.container.clone().into());
        let said = String::from_utf8_lossy(&self.ask(&words, b"", 4096)?).trim().to_owned();
        // A container that was started again lost its processes: it is another one.
        let (instance, image) = said.rsplit_once(' ').unwrap_or((&said, ""));
        let mut description = Description::new("docker", instance);
        description.image = image.to_owned();
        // Its files outlive a restart.
        let id = instance.split(' ').next().unwrap_or_default();
        description.files = Some(format!("docker {id}"));
        Ok(description)
    }

    fn run(&mut self, command: &Command, told: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome> {
        let mut line: Vec<OsString> = match command.line() {
            CommandLine::Shell(line) => vec!["sh".into(), "-c".into(), line.into()],
            CommandLine::Arguments(words) => {
                words.iter().map(|word| OsString::from_vec(word.clone())).collect()
            }
            _ => return Err(Error::new(ErrorKind::Unsupported, "a command of another kind")),
        };
        // Who ends the client does not end what runs in the container: so the container keeps time.
        if let Some(limit) = command.time_limit() {
            let seconds = limit.as_secs_f64().to_string();
            let timeout = ["timeout", "--signal=KILL", &seconds];
            line.splice(0..0, timeout.map(OsString::from));
        }
        let variables = command.environment().iter();
        let variables: Vec<String> =
            variables.map(|(name, value)| format!("{name}={value}")).collect();
        let flags: Vec<&str> = variables.iter().flat_map(|variable| ["--env", variable]).collect();
        let mut words = vec![OsString::from(&self.client)];
        words.extend(self.words(&flags, command.path(), &line));
        let mut outcome = self.here.run(&Command::new(words), told)?;
        let is_over = command.time_limit().is_some_and(|limit| outcome.took >= limit);
        outcome.exit = match outcome.exit {
            Exit::Code(137) if is_over => Exit::Timeout,
            Exit::Code(126) => Exit::NotExecutable,
            Exit::Code(127) => Exit::NotFound,
            // The client, or the container under it, is gone; nobody knows what the command did.
            Exit::Code(CLIENT_FAILED) | Exit::Signal(_) => Exit::Lost,
            exit => exit,
        };
        Ok(outcome)
    }

    fn read(&mut self, path: &FilePath, bytes_max: u64) -> Result<Vec<u8>> {
        self.ask(&self.words(&[], None, &["cat".into(), word(path)]), b"", bytes_max)
    }

    fn write(&mut self, path: &FilePath, file: &SandboxFile) -> Result<()> {
        // Whole or not at all: beside it first, then in its place.
        let begun = "mkdir -p \"$(dirname \"$1\")\" && rm -rf \"$1.new\"";
        let (made, last, input) = match file {
            SandboxFile::File { bytes, executable } => {
                let mode = if *executable { "755" } else { "644" };
                ("cat >\"$1.new\" && chmod \"$2\" \"$1.new\"", mode.into(), &bytes[..])
            }
            SandboxFile::Symlink(target) => {
                ("ln -s -- \"$2\" \"$1.new\"", OsString::from_vec(target.clone()), &[][..])
            }
            _ => return Err(Error::new(ErrorKind::Unsupported, "a file of another kind")),
        };
        let script = format!("{begun} && {made} && mv -T \"$1.new\" \"$1\"");
        let line = ["sh".into(), "-c".into(), script.into(), "sh".into(), word(path), last];
        self.ask(&self.words(&["--interactive"], None, &line), input, 0).map(drop)
    }

    fn status(&mut self) -> Result<SandboxStatus> {
        let mut words: Vec<OsString> =
            ["inspect", "--format", "{{.State.Running}}"].map(OsString::from).to_vec();
        words.push(self.container.clone().into());
        Ok(match self.ask(&words, b"", 64) {
            Ok(said) if said.starts_with(b"true") => SandboxStatus::Running,
            Ok(_) => SandboxStatus::Stopped,
            Err(error) if error.kind() == ErrorKind::NotFound => SandboxStatus::Gone,
            Err(error) => return Err(error),
        })
    }

    fn stop(&mut self) -> Result<()> {
        self.ask(&["stop".into(), self.container.clone().into()], b"", 4096).map(drop)
    }
}

fn main() -> ExitCode {
    partita_sandbox::launch_if_asked();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [store, session, container, line @ ..] = &arguments[..] else {
        eprintln!("usage: docker STORE SESSION CONTAINER COMMAND...");
        return ExitCode::from(2);
    };
    match run(store, session, container, line) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(store: &str, session: &str, container: &str, line: &[String]) -> Result<ExitCode> {
    let session = Store::open(store)?.session(session)?;
    let mut docker = Docker::new(container.to_owned())?;
    docker.ask(&["exec", container, "mkdir", "-p", ROOT].map(OsString::from), b"", 0)?;
    let loss = host::attach(&session, &mut docker)?;
    println!("{} files restored, {} missing", loss.restored.len(), loss.missing.len());
    let command = Command::new(line).timeout(Duration::from_secs(600));
    let ran = host::run(&session, &mut docker, &command)?;
    print!("{}", ran.outcome.stdout.text());
    eprint!("{}", ran.outcome.stderr.text());
    let capture = ran.capture?;
    let (added, changed) = (capture.added().len(), capture.changed().len());
    println!("{}: {added} added, {changed} changed", ran.outcome.exit);
    Ok(if ran.outcome.exit.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
