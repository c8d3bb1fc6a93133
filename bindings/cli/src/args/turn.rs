//! The command line of a person's side of turns: what is proposed, found, asked and spent.

use clap::{Args, Subcommand, ValueEnum};

use super::{Json, usage, value};

/// What a person does beside agents that work.
#[derive(Debug, Subcommand)]
pub(crate) enum Oversee {
    /// List the proposals, or show one with its patch
    #[command(after_help = "Examples:\n  partita proposals fix-parser\n  \
                            partita proposals fix-parser 2")]
    Proposals {
        /// Name of the session
        name: String,
        /// Number of one proposal
        #[arg(value_parser = value::number::<u64>)]
        number: Option<u64>,
        /// Number of one of its revisions; the newest unless it is given
        #[arg(long, value_name = "N", requires = "number", value_parser = value::number::<u64>)]
        revision: Option<u64>,
        #[command(flatten)]
        json: Json,
    },

    /// Accept or reject a proposal; an accepted one that no turn waits for is applied
    #[command(override_usage = usage::REVIEW, after_help = "Examples:\n  partita review fix-parser 2 --accept\n  \
                            partita review fix-parser 2 --reject --reason 'it drops the last token'")]
    Review(ReviewArgs),

    /// List what oversight found and nobody has resolved, or resolve a finding
    #[command(override_usage = usage::FINDINGS, after_help = "Examples:\n  partita findings fix-parser\n  \
                            partita findings fix-parser --resolve 3 --reason 'that test was wrong'")]
    Findings {
        /// Name of the session
        name: String,
        /// List those that are resolved too
        #[arg(long, conflicts_with = "resolve")]
        all: bool,
        /// Say that a finding needs nothing more
        #[arg(long, value_name = "NUMBER", value_parser = value::number::<u64>)]
        resolve: Option<u64>,
        /// Why
        #[arg(long, value_name = "TEXT", requires = "resolve")]
        reason: Option<String>,
        #[command(flatten)]
        json: Json,
    },

    /// List the calls of models that turns made, or add them up
    #[command(after_help = "Examples:\n  partita calls fix-parser\n  \
                            partita calls fix-parser --by model")]
    Calls {
        /// Name of the session
        name: String,
        /// Add them up
        #[arg(long, value_name = "WHAT", value_enum)]
        by: Option<CallsBy>,
        #[command(flatten)]
        json: Json,
    },

    /// Answer what a turn asks about a step, or list what is asked
    #[command(override_usage = usage::APPROVE, after_help = "Examples:\n  partita approve fix-parser\n  \
                            partita approve fix-parser 4f0c1d --allow-once\n  \
                            partita approve fix-parser 4f0c1d --reject-always --reason 'never from here'")]
    Approve(ApproveArgs),
}

/// By what calls are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CallsBy {
    /// The role that the model had
    Role,
    /// The model that answered
    Model,
}

/// Arguments of `review`.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("verdict").required(true))]
pub(crate) struct ReviewArgs {
    /// Name of the session
    pub(crate) name: String,
    /// Number of the proposal, as `partita proposals` lists it
    #[arg(value_parser = value::number::<u64>)]
    pub(crate) proposal: u64,
    /// It is to be applied
    #[arg(long, group = "verdict")]
    pub(crate) accept: bool,
    /// It is not to be applied
    #[arg(long, group = "verdict")]
    pub(crate) reject: bool,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) reason: String,
    /// The revision that you have read: refused where there is a newer one
    #[arg(long, value_name = "N", value_parser = value::number::<u64>)]
    pub(crate) revision: Option<u64>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Arguments of `approve`.
#[derive(Args, Debug)]
pub(crate) struct ApproveArgs {
    /// Name of the session
    pub(crate) name: String,
    /// Id of the step that is asked about, or its beginning; all that is asked is listed without it
    #[arg(requires = "answer")]
    pub(crate) step: Option<String>,
    #[command(flatten)]
    pub(crate) answer: Answer,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// An answer to a question of a turn.
#[derive(Args, Debug)]
#[group(id = "answer", multiple = false, requires = "step")]
pub(crate) struct Answer {
    /// The call may be done, this once
    #[arg(long)]
    pub(crate) allow_once: bool,
    /// Calls of this tool may be done, in this session, as long as it is declared as it is
    #[arg(long)]
    pub(crate) allow_always: bool,
    /// The call may not be done, this once
    #[arg(long)]
    pub(crate) reject_once: bool,
    /// Calls of this tool may not be done, in this session
    #[arg(long)]
    pub(crate) reject_always: bool,
    /// A call of which nobody knew was done
    #[arg(long)]
    pub(crate) was_done: bool,
    /// A call of which nobody knew is to be done again
    #[arg(long)]
    pub(crate) do_again: bool,
    /// A call of which nobody knew is given up
    #[arg(long)]
    pub(crate) give_up: bool,
    /// The proposal is to be applied
    #[arg(long)]
    pub(crate) accept: bool,
    /// The proposal is not to be applied
    #[arg(long)]
    pub(crate) reject: bool,
}
