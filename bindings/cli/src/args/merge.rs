//! The command line of merges and their conflicts.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Json, usage, value};

/// What to do with sessions that went on side by side.
#[derive(Debug, Subcommand)]
pub(crate) enum Union {
    /// Unite other sessions with a session, or all of them in a new one; fails while conflicts are left
    #[command(
        override_usage = usage::MERGE,
        after_help = "Examples:\n  partita merge parser lexer\n  \
                            partita merge lexer printer --into both\n  \
                            partita merge parser lexer --dialog summary --summary lexer.txt\n  \
                            partita merge parser lexer printer --plan"
    )]
    Merge(MergeArgs),

    /// List the merge conflicts that nobody has resolved
    #[command(after_help = "Examples:\n  partita conflicts parser")]
    Conflicts {
        /// Name of the session
        name: String,
        #[command(flatten)]
        json: Json,
    },

    /// Resolve a merge conflict; writing or removing the path does too
    #[command(
        override_usage = usage::RESOLVE,
        after_help = "Examples:\n  partita resolve parser src/lib.rs --side 1\n  \
                            partita resolve parser src/lib.rs --file merged.rs\n  \
                            partita resolve parser old.rs --remove"
    )]
    Resolve(ResolveArgs),

    /// Tell what other sessions have that a session has not
    #[command(after_help = "Examples:\n  partita learned parser lexer printer")]
    Learned {
        /// Name of the session
        name: String,
        /// The other sessions
        #[arg(required = true, value_name = "OTHER")]
        others: Vec<String>,
        /// What counts tokens: an encoding, a model, or calibrated:MODEL
        #[arg(long, value_name = "C", default_value = "o200k", value_parser = value::counter)]
        counter: String,
        #[command(flatten)]
        json: Json,
    },

    /// List the paths that a session and others both changed since they parted
    #[command(after_help = "Examples:\n  partita overlap lexer printer")]
    Overlap {
        /// Name of the session
        name: String,
        /// The other sessions
        #[arg(required = true, value_name = "OTHER")]
        others: Vec<String>,
        #[command(flatten)]
        json: Json,
    },
}

/// Arguments of `merge`.
#[derive(Args, Debug)]
pub(crate) struct MergeArgs {
    /// Name of the session
    pub(crate) name: String,
    /// The sessions to unite with it
    #[arg(required = true, value_name = "OTHER")]
    pub(crate) others: Vec<String>,
    /// Leave all of them as they are, and begin this session as their union
    #[arg(long, value_name = "NEW")]
    pub(crate) into: Option<String>,
    /// What of the others' dialogs is in view: all are in the session
    #[arg(long, value_name = "D", value_enum)]
    pub(crate) dialog: Option<MergeDialog>,
    /// The text that stands for the other's dialog, with `--dialog summary`; `-` is the standard input
    #[arg(long, value_name = "FILE", required_if_eq("dialog", "summary"))]
    pub(crate) summary: Option<PathBuf>,
    /// Only say what would happen
    #[arg(long)]
    pub(crate) plan: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// What of merged dialogs is in view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MergeDialog {
    /// Nothing of it
    None,
    /// What is in view there
    Whole,
    /// A summary
    Summary,
}

/// Arguments of `resolve`.
#[derive(Args, Debug)]
pub(crate) struct ResolveArgs {
    /// Name of the session
    pub(crate) name: String,
    /// The path in conflict
    pub(crate) path: OsString,
    #[command(flatten)]
    pub(crate) by: ResolveBy,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// What a conflict is resolved by.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct ResolveBy {
    /// What side N has, as `partita conflicts` counts them, from 0
    #[arg(long, value_name = "N", value_parser = value::number::<usize>)]
    pub(crate) side: Option<usize>,
    /// What the sides come from
    #[arg(long)]
    pub(crate) base: bool,
    /// The bytes of this file; `-` is the standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Nothing: the path is removed
    #[arg(long)]
    pub(crate) remove: bool,
}
