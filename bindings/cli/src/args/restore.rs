//! The command line of `restore`.

use std::ffi::OsString;

use clap::Args;

use super::{Json, value};

/// Arguments of `restore`.
#[derive(Args, Debug)]
pub(crate) struct Restore {
    /// Name of the session
    pub(crate) name: String,
    /// Path of the file to bring back
    #[arg(requires = "iteration", conflicts_with = "at", required_unless_present = "at")]
    pub(crate) path: Option<OsString>,
    /// The iteration to bring back, as `partita history` numbers them
    #[arg(long, value_name = "N", requires = "path", conflicts_with = "at", value_parser = value::number::<u64>, allow_negative_numbers = true)]
    pub(crate) iteration: Option<u64>,
    /// The checkpoint to bring back: N, latest, id:PREFIX or git:PREFIX
    #[arg(long, value_name = "CHECKPOINT", value_parser = value::checkpoint)]
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
