//! The command line: names and flags that scripts rely on.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Keeps the sessions of AI agents: every version of every file, and what was said.
#[derive(Debug, Parser)]
#[command(name = "partita", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// Directory of the store
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "PARTITA_STORE",
        default_value = ".partita"
    )]
    pub(crate) store: PathBuf,

    /// When to colour: `auto` does on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value = "auto")]
    pub(crate) color: Color,

    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Reads the command line, or says what is wrong with it or what was asked of it.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        Self::try_parse()
    }
}

const EXAMPLES: &str = "\
CHECKPOINT is a number, `id:PREFIX`, `latest`, or `git:SHA-PREFIX` for an imported commit.

Examples:
  partita init
  partita import git ~/src/project --session project
  partita log project --limit 10
  partita cat project src/lib.rs --at git:1a2b3c4
  partita diff project src/lib.rs --from 3 --to 5";

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
    /// Create a store
    #[command(after_help = "Examples:\n  partita init\n  partita init --store ~/sessions")]
    Init,

    /// Create an empty session
    #[command(after_help = "Examples:\n  partita new fix-parser")]
    New {
        /// Name of the session
        name: String,
    },

    /// Give a session another name
    #[command(after_help = "Examples:\n  partita rename fix-parser parser-fixed")]
    Rename {
        /// Name of the session
        name: String,
        /// Its new name
        new: String,
    },

    /// Delete a session; its bytes stay until garbage is collected
    #[command(after_help = "Examples:\n  partita delete fix-parser")]
    Delete {
        /// Name of the session
        name: String,
    },

    /// List the sessions
    #[command(after_help = "Examples:\n  partita sessions\n  partita sessions --json")]
    Sessions(Json),

    /// Record another tool's history
    Import {
        /// Where from
        #[command(subcommand)]
        source: ImportSource,
    },

    /// List what happened to a session, newest first
    #[command(
        after_help = "Examples:\n  partita log project\n  partita log project --limit 5 --json"
    )]
    Log {
        /// Name of the session
        name: String,
        /// Stop after so many
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        #[command(flatten)]
        json: Json,
    },

    /// List the files of a session
    #[command(after_help = "Examples:\n  partita files project\n  partita files project --at 12")]
    Files {
        /// Name of the session
        name: String,
        /// The state to list
        #[arg(long, value_name = "CHECKPOINT")]
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

    /// Print the exact bytes of a file
    #[command(after_help = "Examples:\n  partita cat project src/lib.rs\n  \
                            partita cat project src/lib.rs --iteration 3\n  \
                            partita cat project src/lib.rs --at git:1a2b3c4")]
    Cat {
        /// Name of the session
        name: String,
        /// Path of the file
        path: OsString,
        /// Its iteration of this number
        #[arg(long, value_name = "N", conflicts_with = "at")]
        iteration: Option<u64>,
        /// Its bytes in this state
        #[arg(long, value_name = "CHECKPOINT")]
        at: Option<String>,
    },

    /// Compare two iterations of a file, or two checkpoints, as a unified patch
    #[command(after_help = "Examples:\n  partita diff project\n  \
                            partita diff project src/lib.rs --from 3 --to 5\n  \
                            partita diff project --from 12 --to latest")]
    Diff {
        /// Name of the session
        name: String,
        /// Path of a file; A and B are then its iterations, else they are checkpoints
        path: Option<OsString>,
        /// The older side; by default the one before the newer side
        #[arg(long, value_name = "A")]
        from: Option<String>,
        /// The newer side; by default the newest
        #[arg(long, value_name = "B")]
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
        /// File to read; `-` and nothing mean the standard input
        file: Option<PathBuf>,
        /// Fail unless N is the file's newest iteration; 0 means that there is no file
        #[arg(long, value_name = "N")]
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
    #[command(after_help = "Examples:\n  partita restore project src/lib.rs --iteration 3\n  \
                            partita restore project --at 12 --plan\n  \
                            partita restore project --at git:1a2b3c4 --all")]
    Restore(Restore),

    /// Write a session's files into a directory
    #[command(after_help = "Examples:\n  partita checkout project out --plan\n  \
                            partita checkout project out --at 12")]
    Checkout {
        /// Name of the session
        name: String,
        /// The directory
        dir: PathBuf,
        /// The state to write
        #[arg(long, value_name = "CHECKPOINT")]
        at: Option<String>,
        /// Only say what would happen
        #[arg(long)]
        plan: bool,
        #[command(flatten)]
        json: Json,
    },

    /// Begin a session as a copy of another's state
    #[command(after_help = "Examples:\n  partita fork project trial\n  \
                            partita fork project trial --at 12")]
    Fork {
        /// Name of the session
        name: String,
        /// Name of the copy
        new: String,
        /// The state to copy
        #[arg(long, value_name = "CHECKPOINT")]
        at: Option<String>,
    },

    /// Take back what was done last, and what was done before when repeated
    #[command(after_help = "Examples:\n  partita undo project")]
    Undo {
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

    /// Free what no session leads to, and pack what stays
    #[command(after_help = "Examples:\n  partita gc --dry-run\n  partita gc --keep 7d")]
    Gc(Gc),

    /// Remove bytes for good: of a file, of a memory, or wherever they stand
    #[command(
        after_help = "Examples:\n  partita purge project .env --reason 'a key slipped in'\n  \
                            partita purge project .env --iteration 3 --reason 'a key'\n  \
                            partita purge project --memory 17 --reason 'private'\n  \
                            partita purge --matching key.txt --everywhere --reason 'a key'"
    )]
    Purge(Purge),

    /// Give up a session's older checkpoints; gc then frees their bytes
    #[command(after_help = "Examples:\n  partita trim project --keep 100\n  \
                            partita trim project --since 2026-11-01\n  \
                            partita trim project --since 30d")]
    Trim(Trim),

    /// Keep a checkpoint, whatever is trimmed or deleted
    #[command(after_help = "Examples:\n  partita pin project\n  partita pin project --at 12")]
    Pin {
        /// Name of the session
        name: String,
        /// The checkpoint
        #[arg(long, value_name = "CHECKPOINT")]
        at: Option<String>,
    },

    /// Take a pin away, or all of a session's
    #[command(after_help = "Examples:\n  partita unpin project --at 12\n  partita unpin project")]
    Unpin {
        /// Name of the session
        name: String,
        /// The checkpoint
        #[arg(long, value_name = "CHECKPOINT")]
        at: Option<String>,
    },

    /// Make a damaged store whole again with what is left of it; deletes nothing
    #[command(after_help = "Examples:\n  partita recover\n  partita recover --json")]
    Recover(Json),
}

/// Arguments of `gc`.
#[derive(Args, Debug)]
pub(crate) struct Gc {
    /// Only say what would go
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How long deleted sessions stay: 0, 12h, 30d, 8w
    #[arg(long, value_name = "AGE", default_value = "30d")]
    pub(crate) keep: String,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Arguments of `purge`.
#[derive(Args, Debug)]
pub(crate) struct Purge {
    /// Name of the session
    #[arg(required_unless_present = "matching", conflicts_with = "matching")]
    pub(crate) name: Option<String>,
    /// Path of the file whose bytes go
    #[arg(required_unless_present_any = ["memory", "matching"])]
    pub(crate) path: Option<OsString>,
    /// Only the bytes of this iteration
    #[arg(long, value_name = "N", requires = "path")]
    pub(crate) iteration: Option<u64>,
    /// The memory that goes: its number, or `id:PREFIX`
    #[arg(long, value_name = "ID", conflicts_with_all = ["path", "matching"])]
    pub(crate) memory: Option<String>,
    /// Everything goes that contains the bytes of this file, a line feed at its end apart
    #[arg(long, value_name = "FILE", conflicts_with_all = ["path"])]
    pub(crate) matching: Option<PathBuf>,
    /// Also from other sessions that hold the same bytes
    #[arg(long)]
    pub(crate) everywhere: bool,
    /// Make history anew, so that not even the id of the bytes stays
    #[arg(long)]
    pub(crate) rewrite: bool,
    /// Why; kept for whoever asks for the bytes
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Who does it; kept too
    #[arg(long, value_name = "WHO")]
    pub(crate) actor: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Arguments of `trim`.
#[derive(Args, Debug)]
#[group(skip)]
pub(crate) struct Trim {
    /// Name of the session
    pub(crate) name: String,
    /// Keep the newest N checkpoints
    #[arg(long, value_name = "N", required_unless_present = "since", conflicts_with = "since")]
    pub(crate) keep: Option<u64>,
    /// Keep the checkpoints from this time on: a date, an RFC 3339 time, or an age such as 30d
    #[arg(long, value_name = "T")]
    pub(crate) since: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Where an import comes from.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportSource {
    /// Record a git history: one checkpoint a commit, along the first parents, oldest first
    #[command(after_help = "A second run adds only what is new.\n\nExamples:\n  \
                            partita import git . --session project\n  \
                            partita import git ../project.git --session project --rev v1.0")]
    Git(ImportGit),
}

/// Arguments of `import git`.
#[derive(Args, Debug)]
pub(crate) struct ImportGit {
    /// The repository: its work tree, its `.git`, or a bare one
    pub(crate) repo: PathBuf,
    /// Name of the session; created if need be
    #[arg(long, value_name = "NAME")]
    pub(crate) session: String,
    /// The newest commit to record
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub(crate) rev: String,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Arguments of `restore`.
#[derive(Args, Debug)]
pub(crate) struct Restore {
    /// Name of the session
    pub(crate) name: String,
    /// Path of the file to bring back
    #[arg(requires = "iteration", conflicts_with = "at", required_unless_present = "at")]
    pub(crate) path: Option<OsString>,
    /// The iteration to bring back
    #[arg(long, value_name = "N", requires = "path")]
    pub(crate) iteration: Option<u64>,
    /// The checkpoint to bring back
    #[arg(long, value_name = "CHECKPOINT")]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// Only say what would happen
    #[arg(long)]
    pub(crate) plan: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// What of a checkpoint to bring back.
#[derive(Args, Clone, Copy, Debug)]
#[group(multiple = false, requires = "at", conflicts_with = "path")]
pub(crate) struct Scope {
    /// The files (this is the default)
    #[arg(long)]
    pub(crate) files: bool,
    /// The dialog
    #[arg(long)]
    pub(crate) dialog: bool,
    /// Files, dialog and all else
    #[arg(long)]
    pub(crate) all: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parses(line: &str) -> bool {
        Cli::try_parse_from(line.split(' ')).is_ok()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_form_that_scripts_rely_on_is_taken() {
        for line in [
            "partita init",
            "partita new a",
            "partita rename a b",
            "partita delete a",
            "partita sessions --json",
            "partita import git r --session a",
            "partita import git r --session a --rev v1",
            "partita log a --json --limit 3",
            "partita files a --at 3 --json",
            "partita history a p --json",
            "partita cat a p",
            "partita cat a p --iteration 3",
            "partita cat a p --at latest",
            "partita diff a",
            "partita diff a p --from 1 --to 2",
            "partita write a p",
            "partita write a p - --expect 2",
            "partita remove a p",
            "partita restore a p --iteration 2",
            "partita restore a p --iteration 2 --plan",
            "partita restore a --at 3 --files",
            "partita restore a --at 3 --dialog --plan",
            "partita restore a --at 3 --all",
            "partita checkout a d --at 3 --plan",
            "partita fork a b --at 3",
            "partita undo a",
            "partita check --json",
            "partita stats --json --store d",
            "partita --store d --color never stats",
            "partita gc",
            "partita gc --dry-run --keep 0 --json",
            "partita purge a p --reason r",
            "partita purge a p --iteration 3 --reason r --json",
            "partita purge a --memory 7 --reason r",
            "partita purge --matching f --reason r --everywhere",
            "partita trim a --keep 3",
            "partita trim a --since 2026-01-01",
            "partita pin a",
            "partita pin a --at 3",
            "partita unpin a --at 3",
            "partita recover --json",
        ] {
            assert!(parses(line), "{line}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for line in [
            "partita",
            "partita import git r",
            "partita cat a p --iteration 3 --at 3",
            "partita restore a",
            "partita restore a p",
            "partita restore a --iteration 3",
            "partita restore a p --iteration 3 --at 3",
            "partita restore a --at 3 --files --all",
            "partita restore a p --iteration 3 --all",
            "partita write a p f --expect x",
            "partita purge a p",
            "partita purge a --reason r",
            "partita purge --reason r",
            "partita purge a p --memory 3 --reason r",
            "partita purge a --matching f --reason r",
            "partita trim a",
            "partita trim a --keep 3 --since 2026-01-01",
        ] {
            assert!(!parses(line), "{line}");
        }
    }
}
