//! The command line of imports.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Json, value};

/// Where an import comes from.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportSource {
    /// Record a git history: one checkpoint per commit, along the first parents, oldest first
    #[command(after_help = "A second run adds only what is new.\n\nExamples:\n  \
                            partita import git . --session project\n  \
                            partita import git ../project.git --session project --rev v1.0\n  \
                            partita import git . --session project --verify")]
    Git(ImportGit),

    /// Record an agent's dialog: messages, calls and results, model calls, instructions and tools
    #[command(after_help = "A second run adds only what is new.\n\nExamples:\n  \
                            partita import transcript session.jsonl --session chat\n  \
                            partita import transcript run.traj --session run --format swe-agent")]
    Transcript(ImportTranscript),
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
    /// What to do with a file above 1 GiB: `leave-out` records the rest and exits with 1
    #[arg(long, value_name = "WHAT", value_enum, default_value = "leave-out")]
    pub(crate) too_large: Large,
    /// Then compare every recorded checkpoint with its commit's tree, byte for byte
    #[arg(long)]
    pub(crate) verify: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// What to do with a file that is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Large {
    /// Record the rest
    LeaveOut,
    /// Refuse its commit
    Refuse,
}

/// Arguments of `import transcript`.
#[derive(Args, Debug)]
pub(crate) struct ImportTranscript {
    /// The transcript; `-` means the standard input
    pub(crate) file: PathBuf,
    /// Name of the session; created if need be
    #[arg(long, value_name = "NAME")]
    pub(crate) session: String,
    /// How it is written; `auto` looks at the file's first bytes
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = value::formats())]
    pub(crate) format: String,
    /// Which conversation of a file that has several, from 1
    #[arg(long, value_name = "N", value_parser = value::number::<usize>, allow_negative_numbers = true)]
    pub(crate) conversation: Option<usize>,
    /// Also record a file of which more messages are refused than can be kept
    #[arg(long)]
    pub(crate) partial: bool,
    /// Nothing more comes: also record a response whose end the file does not show
    #[arg(long = "final")]
    pub(crate) ended: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}
