//! The command line of upkeep.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::{Json, value};

/// Arguments of `gc`.
#[derive(Args, Debug)]
pub(crate) struct Gc {
    /// Only say what would go
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How long deleted sessions, and what checkouts put aside, stay: 0, 90m, 12h, 30d, 8w
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
    #[arg(long, value_name = "N", requires = "path", conflicts_with_all = ["memory", "matching"], value_parser = value::number::<u64>, allow_negative_numbers = true)]
    pub(crate) iteration: Option<u64>,
    /// The memory that goes: its number, or `id:PREFIX`
    #[arg(long, value_name = "ID", conflicts_with_all = ["path", "matching"], value_parser = value::memory)]
    pub(crate) memory: Option<String>,
    /// Everything goes that contains the bytes of this file, without the line feed at its end
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
#[command(group(ArgGroup::new("what stays").required(true).args(["keep", "since"])))]
#[group(skip)]
pub(crate) struct Trim {
    /// Name of the session
    pub(crate) name: String,
    /// Keep the newest N checkpoints
    #[arg(long, value_name = "N", conflicts_with = "since", value_parser = value::number::<u64>, allow_negative_numbers = true)]
    pub(crate) keep: Option<u64>,
    /// Keep the checkpoints from this time on: a date, an RFC 3339 time, or an age such as 30d
    #[arg(long, value_name = "T")]
    pub(crate) since: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Arguments of `pin` and `unpin`.
#[derive(Args, Debug)]
#[group(skip)]
pub(crate) struct Pin {
    /// Name of the session
    pub(crate) name: String,
    /// The checkpoint: N, latest, id:PREFIX or git:PREFIX; for `pin` the newest unless given
    #[arg(long, value_name = "CHECKPOINT", value_parser = value::checkpoint)]
    pub(crate) at: Option<String>,
    /// Memories in view instead: N, A..B, id:PREFIX, role:R, text:T or before:T
    #[arg(long, value_name = "SELECTOR", conflicts_with_all = ["at", "files"], value_parser = value::selector)]
    pub(crate) memory: Option<String>,
    /// Files in view instead: `*.rs` matches in every directory, `src/**` all below
    #[arg(long, value_name = "GLOB", conflicts_with = "at")]
    pub(crate) files: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}
