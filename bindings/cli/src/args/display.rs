//! The command line of what is drawn: the log as a graph, and the page of a session.

use std::path::PathBuf;

use clap::Args;

use super::plain::COUNTER;
use super::{Json, value};

/// Arguments of `log`.
#[derive(Args, Debug)]
pub(crate) struct Log {
    /// Name of the session
    pub(crate) name: String,
    /// List at most N, the newest
    #[arg(long, value_name = "N", value_parser = value::number::<usize>, allow_negative_numbers = true)]
    pub(crate) limit: Option<usize>,
    /// Go on with what comes, oldest first, until an interrupt; begins with the newest 10, or N
    #[arg(long, conflicts_with = "graph")]
    pub(crate) follow: bool,
    /// Draw the checkpoints and the forks that began from them as a graph
    #[arg(long)]
    pub(crate) graph: bool,
    /// Draw with ASCII alone; so does a locale that is not UTF-8
    #[arg(long, requires = "graph", conflicts_with = "json")]
    pub(crate) ascii: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Arguments of `report`.
#[derive(Args, Debug)]
pub(crate) struct Report {
    /// Name of the session
    pub(crate) name: String,
    /// File to write; `-` means the standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Replace FILE if it is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Tokens that the context may have: the page then shows how many are left
    #[arg(long, value_name = "N", value_parser = value::number::<u64>, allow_negative_numbers = true)]
    pub(crate) limit: Option<u64>,
    /// What counts: o200k, cl100k, the name of an OpenAI model, or calibrated:MODEL
    #[arg(long, value_name = "C", default_value = COUNTER, value_parser = value::counter)]
    pub(crate) counter: String,
    #[command(flatten)]
    pub(crate) json: Json,
}
