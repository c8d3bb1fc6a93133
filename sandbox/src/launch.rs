//! The launcher: sets limits on itself, then becomes the command.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::resource::{Resource, setrlimit};
use partita::{Error, ErrorKind, Result};

/// The first argument that asks a program to be a launcher.
const ASKED: &str = "--partita-launch";
/// The exit code where a limit could not be set: the command did not run.
pub(crate) const REFUSED: i32 = 125;

/// What a launcher is to set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) memory: Option<u64>,
    pub(crate) processes: Option<u64>,
    pub(crate) file_bytes: Option<u64>,
    /// Directories below which alone the command may write.
    pub(crate) confined_to: Option<Vec<PathBuf>>,
}

impl Limits {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Limits::default()
    }

    /// The arguments that tell a launcher of them, ahead of the command's own.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let mut arguments = vec![OsString::from(ASKED)];
        for (name, value) in
            [("memory", self.memory), ("processes", self.processes), ("file", self.file_bytes)]
        {
            arguments.extend(value.map(|value| format!("{name}={value}").into()));
        }
        for path in self.confined_to.iter().flatten() {
            let path = path.as_os_str().as_bytes();
            arguments.push(OsString::from_vec([b"write=", path].concat()));
        }
        arguments.push("--".into());
        arguments
    }
}

/// Becomes the launcher of a command, and then that command, if the program was started as one; else
/// it returns and does nothing. A host that sets limits calls it first thing in `main`.
///
/// ```
/// partita_sandbox::launch_if_asked();
/// // ... what the host does in `main`
/// ```
pub fn launch_if_asked() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().as_deref() == Some(OsStr::new(ASKED)) {
        let (error, code) = launch(arguments);
        eprintln!("partita: {error}");
        std::process::exit(code);
    }
}

/// Sets what is asked, and becomes the command. Returns only why it could not.
fn launch(mut arguments: impl Iterator<Item = OsString>) -> (String, i32) {
    let mut confined = Vec::new();
    for argument in arguments.by_ref() {
        let bytes = argument.as_bytes();
        if bytes == b"--" {
            break;
        }
        if let Some(path) = bytes.strip_prefix(b"write=") {
            confined.push(PathBuf::from(OsStr::from_bytes(path)));
            continue;
        }
        let set = std::str::from_utf8(bytes).ok().and_then(|text| {
            let (name, value) = text.split_once('=')?;
            let value = value.parse().ok()?;
            let resource = match name {
                "memory" => Resource::RLIMIT_AS,
                #[cfg(any(target_os = "linux", target_os = "macos"))]
                "processes" => Resource::RLIMIT_NPROC,
                "file" => Resource::RLIMIT_FSIZE,
                _ => return None,
            };
            Some(setrlimit(resource, value, value))
        });
        match set {
            Some(Ok(())) => {}
            Some(Err(error)) => return (format!("set {argument:?}: {error}"), REFUSED),
            None => return (format!("an argument that is no limit: {argument:?}"), REFUSED),
        }
    }
    if !confined.is_empty()
        && let Err(error) = confine(&confined)
    {
        return (error, REFUSED);
    }
    let Some(program) = arguments.next() else { return ("no command".into(), REFUSED) };
    let error = Command::new(&program).args(arguments).exec();
    let code = match error.kind() {
        std::io::ErrorKind::NotFound => 127,
        _ => 126,
    };
    (format!("{}: {error}", program.display()), code)
}

/// Tells whether commands can be confined to directories here.
///
/// # Errors
/// `Unsupported`, with why not.
pub fn confinement() -> Result<()> {
    supported().map_err(|why| Error::new(ErrorKind::Unsupported, why))
}

#[cfg(target_os = "linux")]
fn supported() -> std::result::Result<(), String> {
    use landlock::{ABI, AccessFs, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _};
    let ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let handled = ruleset.handle_access(AccessFs::from_write(ABI::V1));
    let created = handled.and_then(landlock::Ruleset::create);
    created.map(drop).map_err(|error| format!("this kernel has no landlock: {error}"))
}

#[cfg(target_os = "linux")]
fn confine(directories: &[PathBuf]) -> std::result::Result<(), String> {
    use landlock::{
        ABI, AccessFs, CompatLevel, Compatible as _, PathBeneath, PathFd, Ruleset,
        RulesetAttr as _, RulesetCreatedAttr as _, RulesetStatus,
    };
    let failed = |error: &dyn std::fmt::Display| format!("confine the command: {error}");
    let access = AccessFs::from_write(ABI::V1);
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(access)
        .and_then(Ruleset::create)
        .map_err(|error| failed(&error))?;
    for directory in directories.iter().map(PathBuf::as_path).chain([Path::new("/dev")]) {
        let beneath = PathFd::new(directory).map_err(|error| failed(&error))?;
        ruleset =
            ruleset.add_rule(PathBeneath::new(beneath, access)).map_err(|error| failed(&error))?;
    }
    let status = ruleset.restrict_self().map_err(|error| failed(&error))?;
    match status.ruleset {
        RulesetStatus::FullyEnforced => Ok(()),
        _ => Err("confine the command: the kernel does not hold it".into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn supported() -> std::result::Result<(), String> {
    Err("this system has no landlock".into())
}

#[cfg(not(target_os = "linux"))]
fn confine(_directories: &[PathBuf]) -> std::result::Result<(), String> {
    supported()
}
