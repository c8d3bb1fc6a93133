//! The command line: names and flags that scripts rely on.

mod dialog;
mod display;
mod evidence;
mod hint;
mod import;
mod merge;
mod pages;
mod plain;
mod restore;
#[cfg(test)]
mod tests;
mod turn;
mod upkeep;
mod usage;
mod value;
mod work;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::dialog::{
    CapacityArgs, Compact, ContextArgs, Dialog, Export, Globbed, Memories, PlanArgs, Say, Search,
    Selected, Set, Text,
};
pub(crate) use self::display::{Log, Report};
pub(crate) use self::evidence::{BenchArgs, ExportFormat, Proof, Rerun};
pub(crate) use self::hint::hint;
pub(crate) use self::import::{ImportGit, ImportSource, ImportTranscript, Large};
pub(crate) use self::merge::{MergeArgs, MergeDialog, ResolveArgs, Union};
pub(crate) use self::pages::{Man, Page, Shell, completion, pages};
pub(crate) use self::plain::{BudgetArgs, CountArgs, Plain};
pub(crate) use self::restore::{Restore, Scope};
pub(crate) use self::turn::{Answer, ApproveArgs, CallsBy, Oversee, ReviewArgs};
pub(crate) use self::upkeep::{Gc, Pin, Purge, Trim};
pub(crate) use self::value::CALIBRATED;
pub(crate) use self::work::{Capture, RunArgs, Status, Work};

/// Keeps the sessions of AI agents: every version of every file, and what was said.
#[derive(Debug, Parser)]
#[command(name = "partita", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// Directory of the store; else `.partita` here or in a directory above
    #[arg(long, global = true, value_name = "DIR", env = "PARTITA_STORE")]
    pub(crate) store: Option<PathBuf>,

    /// When to colour: `auto` does on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value = "auto")]
    pub(crate) color: Color,

    /// Wait at most this long for another process that writes or collects [default: 30]
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) wait: Option<Duration>,

    #[command(subcommand)]
    pub(crate) command: Command,

    /// The words of the command line, for hints where one stands in another's place.
    #[arg(skip)]
    pub(crate) words: Vec<String>,
}

/// Reads a number of seconds, whole or not.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|number| Duration::try_from_secs_f64(number).ok());
    seconds.ok_or_else(|| "give a number of seconds, such as 5 or 0.5".to_owned())
}

impl Cli {
    /// Reads the command line, or says what is wrong with it or what was asked of it.
    pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        let words = arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
        let words = words.collect();
        Ok(Cli { words, ..Self::try_parse_from(arguments)? })
    }
}

const EXAMPLES: &str = "\
CHECKPOINT is a number, `id:PREFIX`, `latest`, or `git:SHA-PREFIX` for an imported commit.
SELECTOR is a number, `A..B`, `id:PREFIX`, `role:R`, `text:T` or `before:T`.
`partita help COMMAND` has the options of a command, and examples.

Examples:
  partita init
  partita import git ~/src/project --session project
  partita log project --limit 10
  partita cat project src/lib.rs --at git:1a2b3c4
  partita diff project src/lib.rs --from 3 --to 5
  partita import transcript session.jsonl --session chat
  partita forget chat 3..7
  partita count README.md";

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The flag of everything that lists or reports.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Json {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a store; leaves an existing one as it is
    #[command(after_help = "Examples:\n  partita init\n  partita init --store ~/sessions")]
    Init(Json),

    /// Create an empty session
    #[command(after_help = "Examples:\n  partita new fix-parser")]
    New {
        /// Name of the session
        name: String,
        #[command(flatten)]
        json: Json,
    },

    /// Give a session another name
    #[command(after_help = "Examples:\n  partita rename fix-parser parser-fixed")]
    Rename {
        /// Name of the session
        name: String,
        /// Its new name
        new: String,
        #[command(flatten)]
        json: Json,
    },

    /// Delete a session; its bytes stay until `partita gc` frees them
    #[command(after_help = "Examples:\n  partita delete fix-parser")]
    Delete {
        /// Name of the session
        name: String,
        #[command(flatten)]
        json: Json,
    },

    /// Bring a deleted session back
    #[command(
        after_help = "Examples:\n  partita sessions --deleted\n  partita undelete 5d1f0c\n  \
                            partita undelete 5d1f0c parser-again"
    )]
    Undelete {
        /// Its id, or the first four digits of it or more: `partita sessions --deleted` has it
        id: String,
        /// Its name from now on; the one that it had unless given
        name: Option<String>,
        #[command(flatten)]
        json: Json,
    },

    /// List the sessions
    #[command(
        override_usage = usage::SESSIONS,
        after_help = "Examples:\n  partita sessions\n  partita sessions --sizes --json\n  \
                            partita sessions --deleted"
    )]
    Sessions {
        /// Count the files and memories of each
        #[arg(long)]
        sizes: bool,
        /// List the deleted ones instead, with when they go
        #[arg(long, conflicts_with = "sizes")]
        deleted: bool,
        #[command(flatten)]
        json: Json,
    },

    /// Record a git history, or the dialog of another agent
    Import {
        /// Where from
        #[command(subcommand)]
        source: ImportSource,
    },

    /// List what happened to a session, newest first
    #[command(
        override_usage = usage::LOG,
        after_help = "Examples:\n  partita log project\n  partita log project --limit 5 --json\n  \
                      partita log project --graph"
    )]
    Log(Log),

    /// Write one page that shows a whole session, for a browser
    #[command(after_help = "Examples:\n  partita report project -o project.html\n  \
                            partita report project -o - --limit 128000 > project.html")]
    Report(Report),

    /// List the files of a session
    #[command(after_help = "Examples:\n  partita files project\n  partita files project --at 12")]
    Files {
        /// Name of the session
        name: String,
        /// The checkpoint to list: N, latest, id:PREFIX or git:PREFIX
        #[arg(long, value_name = "CHECKPOINT", value_parser = value::checkpoint)]
        at: Option<String>,
        #[command(flatten)]
        json: Json,
    },

    /// List the iterations of a file, newest first
    #[command(after_help = "Examples:\n  partita history project src/lib.rs")]
    History {
        /// Name of the session
        name: String,
        /// Path of the file
        path: OsString,
        #[command(flatten)]
        json: Json,
    },

    /// Print the exact bytes of a file, or of any content by its id
    #[command(
        override_usage = usage::CAT,
        after_help = "Examples:\n  partita cat project src/lib.rs\n  \
                            partita cat project src/lib.rs --iteration 3\n  \
                            partita cat project src/lib.rs --at git:1a2b3c4\n  \
                            partita cat --content 2499d425f6"
    )]
    Cat {
        /// Name of the session
        #[arg(required_unless_present = "content")]
        name: Option<String>,
        /// Path of the file
        #[arg(required_unless_present = "content")]
        path: Option<OsString>,
        /// The content of this id, whatever session has it; at least four digits of it
        #[arg(long, value_name = "ID", conflicts_with_all = ["name", "path", "iteration", "at"])]
        content: Option<String>,
        /// Print this iteration of it, as `partita history` numbers them
        #[arg(long, value_name = "N", conflicts_with = "at", value_parser = value::number::<u64>, allow_negative_numbers = true)]
        iteration: Option<u64>,
        /// Print it as it was at this checkpoint: N, latest, id:PREFIX or git:PREFIX
        #[arg(long, value_name = "CHECKPOINT", value_parser = value::checkpoint)]
        at: Option<String>,
    },

    /// Compare two iterations of a file, or two checkpoints, as a unified patch
    #[command(
        override_usage = usage::DIFF,
        after_help = "Examples:\n  partita diff project\n  \
                            partita diff project src/lib.rs --from 3 --to 5\n  \
                            partita diff project --from 12 --to latest"
    )]
    Diff {
        /// Name of the session
        name: String,
        /// Path of a file, of which to compare two iterations
        path: Option<OsString>,
        /// The older side, a checkpoint or an iteration; else the one before the newer side
        #[arg(long, value_name = "A", value_parser = value::checkpoint)]
        from: Option<String>,
        /// The newer side, a checkpoint or an iteration; else the newest
        #[arg(long, value_name = "B", value_parser = value::checkpoint)]
        to: Option<String>,
    },

    /// Write a file as a new iteration; creates the session if need be
    #[command(after_help = "Examples:\n  partita write notes todo.md < todo.md\n  \
                            partita write notes todo.md todo.md --expect 3\n  \
                            partita write notes new.md - --expect 0")]
    Write {
        /// Name of the session
        name: String,
        /// Path inside the session
        path: OsString,
        /// File to read; the standard input if it is `-` or left out
        file: Option<PathBuf>,
        /// Fail unless N is the file's newest iteration; 0 means that there is no file
        #[arg(long, value_name = "N", value_parser = value::number::<u64>, allow_negative_numbers = true)]
        expect: Option<u64>,
        #[command(flatten)]
        json: Json,
    },

    /// Remove a file; its iterations stay
    #[command(after_help = "Examples:\n  partita remove notes todo.md")]
    Remove {
        /// Name of the session
        name: String,
        /// Path of the file
        path: OsString,
        #[command(flatten)]
        json: Json,
    },

    /// Bring back an iteration of a file, or a checkpoint, as something new
    #[command(
        override_usage = usage::RESTORE,
        after_help = "Examples:\n  partita restore project src/lib.rs --iteration 3\n  \
                            partita restore project --at 12 --plan\n  \
                            partita restore project --at git:1a2b3c4 --all"
    )]
    Restore(Restore),

    /// Write a session's files into a directory
    #[command(after_help = "Examples:\n  partita checkout project out --plan\n  \
                            partita checkout project out --at 12\n  \
                            partita checkout project out src README.md")]
    Checkout {
        /// Name of the session
        name: String,
        /// The directory; made if need be
        dir: PathBuf,
        /// Only the files at these paths of the session and below them
        #[arg(value_name = "PATH")]
        paths: Vec<OsString>,
        /// The checkpoint to write: N, latest, id:PREFIX or git:PREFIX
        #[arg(long, value_name = "CHECKPOINT", value_parser = value::checkpoint)]
        at: Option<String>,
        /// Only say what would happen
        #[arg(long)]
        plan: bool,
        #[command(flatten)]
        json: Json,
    },

    /// List what checkouts replaced and put aside
    #[command(after_help = "Examples:\n  partita kept\n  partita kept --json")]
    Kept(Json),

    /// Begin a session as a copy of another's state
    #[command(after_help = "Examples:\n  partita fork project trial\n  \
                            partita fork project trial --at 12")]
    Fork {
        /// Name of the session
        name: String,
        /// Name of the copy
        new: String,
        /// The checkpoint to copy: N, latest, id:PREFIX or git:PREFIX
        #[arg(long, value_name = "CHECKPOINT", value_parser = value::checkpoint)]
        at: Option<String>,
        #[command(flatten)]
        json: Json,
    },

    /// Take back the newest operation; run again, take back the one before
    #[command(after_help = "Examples:\n  partita undo project")]
    Undo {
        /// Name of the session
        name: String,
        #[command(flatten)]
        json: Json,
    },

    /// Bring back what the newest undo took, if nothing else was done since
    #[command(after_help = "Examples:\n  partita undo project\n  partita redo project")]
    Redo {
        /// Name of the session
        name: String,
        #[command(flatten)]
        json: Json,
    },

    /// Verify every byte of the store
    #[command(after_help = "Examples:\n  partita check\n  partita check --json")]
    Check(Json),

    /// Count what the store holds
    #[command(after_help = "Examples:\n  partita stats --json")]
    Stats(Json),

    /// Free what no session keeps, and pack what stays
    #[command(after_help = "Examples:\n  partita gc --dry-run\n  partita gc --keep 7d")]
    Gc(Gc),

    /// Remove bytes for good: of a file, of a memory, or wherever they stand
    #[command(
        override_usage = usage::PURGE,
        after_help = "Examples:\n  partita purge project .env --reason 'a key slipped in'\n  \
                            partita purge project .env --iteration 3 --reason 'a key'\n  \
                            partita purge project --memory 17 --reason 'private'\n  \
                            partita purge --matching key.txt --everywhere --reason 'a key'"
    )]
    Purge(Purge),

    /// Give up a session's older checkpoints; gc then frees their bytes
    #[command(
        override_usage = usage::TRIM,
        after_help = "Examples:\n  partita trim project --keep 100\n  \
                            partita trim project --since 2026-11-01\n  \
                            partita trim project --since 30d"
    )]
    Trim(Trim),

    /// Keep a checkpoint, whatever is trimmed or deleted; or memories and files in view
    #[command(
        override_usage = usage::PIN,
        after_help = "Examples:\n  partita pin project\n  partita pin project --at 12\n  \
                            partita pin project --memory role:system\n  \
                            partita pin project --files 'src/**'"
    )]
    Pin(Pin),

    /// Take a pin away, or all of a session's checkpoints; or those of memories and files in view
    #[command(
        override_usage = usage::UNPIN,
        after_help = "Examples:\n  partita unpin project --at 12\n  partita unpin project\n  \
                            partita unpin project --memory 3..7"
    )]
    Unpin(Pin),

    /// Repair a damaged store with what is left, and name what is lost; damaged files are put aside
    #[command(after_help = "Examples:\n  partita recover\n  partita recover --json")]
    Recover(Json),

    #[command(flatten)]
    Work(Work),

    #[command(flatten)]
    Proof(Proof),

    #[command(flatten)]
    Union(Union),

    #[command(flatten)]
    Oversee(Oversee),

    #[command(flatten)]
    Dialog(Dialog),

    #[command(flatten)]
    Plain(Plain),
}
