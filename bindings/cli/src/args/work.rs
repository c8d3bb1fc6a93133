//! The command line of directories, runs and pauses.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::{Json, seconds, value};

/// What to do with a directory, or a command in it.
#[derive(Debug, Subcommand)]
pub(crate) enum Work {
    /// Take what changed in a directory into a session; creates the session if need be
    #[command(after_help = "Examples:\n  partita capture project\n  \
                            partita capture project src --exclude '*.bin'\n  \
                            partita capture project --plan")]
    Capture(Capture),

    /// Show what a session is doing, and how a directory differs from it
    #[command(after_help = "Examples:\n  partita status project\n  \
                            partita status project --json")]
    Status(Status),

    /// Capture a directory whenever something in it has changed and is quiet again
    #[command(after_help = "Examples:\n  partita watch project")]
    Watch {
        /// Name of the session
        name: String,
        /// The directory
        #[arg(default_value = ".")]
        dir: PathBuf,
    },

    /// Run a command in a directory, and record it with what it changed
    #[command(after_help = "Examples:\n  partita run project -- cargo test\n  \
                            partita run project --claim 'all tests pass' -- cargo test\n  \
                            partita run project --setup -- pip install -r requirements.txt")]
    Run(RunArgs),

    /// Say that a session is paused; whatever is done next resumes it
    #[command(after_help = "Examples:\n  partita pause project --reason 'until Monday'")]
    Pause {
        /// Name of the session
        name: String,
        /// Why, in a line
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
        #[command(flatten)]
        json: Json,
    },

    /// Bring a session's files into a directory, and say what did not come along
    #[command(after_help = "Examples:\n  partita resume project ~/project\n  \
                            partita resume project ~/project --replay")]
    Resume {
        /// Name of the session
        name: String,
        /// The directory; made if need be
        dir: PathBuf,
        /// Run the steps that set it up once more: those that this user ran by `partita run --setup`
        #[arg(long)]
        replay: bool,
        /// Run steps of others too
        #[arg(long, requires = "replay")]
        yes: bool,
        #[command(flatten)]
        json: Json,
    },
}

/// Arguments of `capture`.
#[derive(Args, Debug)]
pub(crate) struct Capture {
    /// Name of the session
    pub(crate) name: String,
    /// The directory
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Take what matches although an ignore file names it
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<String>,
    /// Leave new files out that match
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Put files into the view that match
    #[arg(long, value_name = "GLOB")]
    pub(crate) show: Vec<String>,
    /// Leave new files out above N bytes [default: 67108864]
    #[arg(long, value_name = "N", value_parser = value::number::<u64>, allow_negative_numbers = true)]
    pub(crate) max_bytes: Option<u64>,
    /// Record what was read after so many seconds; the next capture goes on
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) within: Option<Duration>,
    /// What the checkpoint is about, in a line
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// Capture `/` or the home directory if DIR is that
    #[arg(long)]
    pub(crate) yes: bool,
    /// Only say what would be taken
    #[arg(long)]
    pub(crate) plan: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Arguments of `status`.
#[derive(Args, Debug)]
pub(crate) struct Status {
    /// Name of the session
    pub(crate) name: String,
    /// The directory
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Arguments of `run`.
#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    /// Name of the session
    pub(crate) name: String,
    /// The directory to run in and to capture
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// End it, and all that it started, after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// It sets the directory up: `partita resume --replay` runs it again
    #[arg(long)]
    pub(crate) setup: bool,
    /// It depends on files that match; on all that are captured unless any are named
    #[arg(long, value_name = "GLOB")]
    pub(crate) inputs: Vec<String>,
    /// It writes this report, relative to the directory: JUnit, TAP, JSON of benchmarks
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Vec<PathBuf>,
    /// Claim something by what it shows
    #[arg(long, value_name = "TEXT")]
    pub(crate) claim: Vec<String>,
    /// Print JSON; what the command prints goes to the standard error
    #[command(flatten)]
    pub(crate) json: Json,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}
