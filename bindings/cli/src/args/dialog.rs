//! The command line of dialogs: memories, the view, and what a model is told.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::plain::COUNTER;
use super::{Json, usage, value};

/// Commands on the dialog of a session.
#[derive(Debug, Subcommand)]
pub(crate) enum Dialog {
    /// List the memories of a session, oldest first
    #[command(after_help = "Examples:\n  partita memories chat\n  \
                            partita memories chat --limit 20 --json")]
    Memories(Memories),

    /// Append a memory, such as a user's message; creates the session if need be
    #[command(
        after_help = "Examples:\n  echo 'Mend the parser.' | partita say chat --role user\n  \
                            partita say chat --role assistant answer.txt"
    )]
    Say(Say),

    /// Take memories out of the view, by whole exchanges: no model is sent them, but they stay in the
    /// session
    #[command(after_help = "Examples:\n  partita forget chat 3..7\n  \
                            partita forget chat role:tool\n  \
                            partita forget chat before:2026-11-20")]
    Forget(Selected),

    /// Bring forgotten memories back into the view, by whole exchanges
    #[command(after_help = "Examples:\n  partita recall chat 3..7")]
    Recall(Selected),

    /// Put the newest iterations of the files in view in place of outdated ones
    #[command(after_help = "Examples:\n  partita refresh chat")]
    Refresh {
        /// Name of the session
        name: String,
        #[command(flatten)]
        json: Json,
    },

    /// Take files out of the view, also those to come
    #[command(after_help = "Examples:\n  partita hide chat 'target/**'")]
    Hide(Globbed),

    /// Put files into the view
    #[command(after_help = "Examples:\n  partita show chat 'src/**/*.rs'")]
    Show(Globbed),

    /// Let a summary stand for memories in view, by whole exchanges
    #[command(after_help = "Examples:\n  partita compact chat 1..40 --summary summary.txt")]
    Compact(Compact),

    /// Take a summary off, so that what it covers is in view again
    #[command(after_help = "Examples:\n  partita expand chat 1\n  partita expand chat id:9c41")]
    Expand {
        /// Name of the session
        name: String,
        /// A number that it covers, or `id:PREFIX` of the summary
        #[arg(value_parser = value::memory)]
        id: String,
        #[command(flatten)]
        json: Json,
    },

    /// Set what the model is told beside the dialog; an empty file takes it away
    #[command(after_help = "Examples:\n  partita set chat instructions system.md\n  \
                            partita set chat tools tools.json\n  \
                            uname -a | partita set chat sandbox -")]
    Set(Set),

    /// List the memories that hold a text, whatever the case of its letters, newest first
    #[command(after_help = "Examples:\n  partita search chat parser --role user")]
    Search(Search),

    /// Show the view: the memories and files that a model is sent, and what hides files
    #[command(after_help = "Examples:\n  partita view chat --json")]
    View {
        /// Name of the session
        name: String,
        #[command(flatten)]
        json: Json,
    },

    /// Write the whole dialog in another tool's format, forgotten memories too
    #[command(after_help = "Examples:\n  partita export chat --format openai-chat > chat.json\n  \
                            partita export chat --format atif --at 12")]
    Export(Export),

    /// Tell what the tokens of a session's context are spent on, largest first
    #[command(after_help = "Examples:\n  partita capacity chat --limit 128000\n  \
                            partita capacity chat --counter gpt-4 --json")]
    Capacity(CapacityArgs),

    /// Say what to take out of the view so that the context fits; --apply does it
    #[command(after_help = "Examples:\n  partita plan chat --limit 32000\n  \
                            partita plan chat --limit 32000 --apply")]
    Plan(PlanArgs),

    /// Show what a model is sent: the request's body with --json, else an outline
    #[command(
        override_usage = usage::CONTEXT,
        after_help = "Examples:\n  partita context chat --dialect anthropic --json\n  \
                            partita context chat --diff 12..latest"
    )]
    Context(ContextArgs),
}

/// Arguments of `memories`.
#[derive(Args, Debug)]
pub(crate) struct Memories {
    /// Name of the session
    pub(crate) name: String,
    /// Only the newest N
    #[arg(long, value_name = "N", value_parser = value::number::<usize>, allow_negative_numbers = true)]
    pub(crate) limit: Option<usize>,
    /// The checkpoint to list: N, latest, id:PREFIX or git:PREFIX
    #[arg(long, value_name = "CHECKPOINT", value_parser = value::checkpoint)]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Arguments of `say`.
#[derive(Args, Debug)]
pub(crate) struct Say {
    /// Name of the session
    pub(crate) name: String,
    /// Whose words they are
    #[arg(long, value_name = "R", value_parser = value::roles())]
    pub(crate) role: String,
    /// File to read; the standard input if it is `-` or left out
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// A session and memories of it.
#[derive(Args, Debug)]
pub(crate) struct Selected {
    /// Name of the session
    pub(crate) name: String,
    /// Which memories: N, A..B, id:PREFIX, role:R, text:T or before:T
    #[arg(value_parser = value::selector)]
    pub(crate) selector: String,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// A session and files of it.
#[derive(Args, Debug)]
pub(crate) struct Globbed {
    /// Name of the session
    pub(crate) name: String,
    /// Which files: `*.log` matches in every directory, `out/*` at the top only, `out/**` all below
    pub(crate) glob: String,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Arguments of `compact`.
#[derive(Args, Debug)]
pub(crate) struct Compact {
    #[command(flatten)]
    pub(crate) selected: Selected,
    /// File that holds the summary; `-` means the standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) summary: PathBuf,
}

/// What a model is told beside the dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Text {
    /// The system instructions
    Instructions,
    /// The tools: a JSON list of name, description and schema
    Tools,
    /// What the model is told of its sandbox
    Sandbox,
}

/// Arguments of `set`.
#[derive(Args, Debug)]
pub(crate) struct Set {
    /// Name of the session
    pub(crate) name: String,
    /// What to set
    pub(crate) what: Text,
    /// File to read; `-` means the standard input
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Arguments of `search`.
#[derive(Args, Debug)]
pub(crate) struct Search {
    /// Name of the session
    pub(crate) name: String,
    /// What to look for
    pub(crate) text: String,
    /// Only what this role said
    #[arg(long, value_name = "R", value_parser = value::roles())]
    pub(crate) role: Option<String>,
    /// List at most N
    #[arg(long, value_name = "N", value_parser = value::number::<usize>, allow_negative_numbers = true)]
    pub(crate) limit: Option<usize>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Arguments of `export`.
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// Name of the session
    pub(crate) name: String,
    /// How to write it
    #[arg(long, value_name = "F", value_parser = value::export_formats())]
    pub(crate) format: String,
    /// The checkpoint to write: N, latest, id:PREFIX or git:PREFIX
    #[arg(long, value_name = "CHECKPOINT", value_parser = value::checkpoint)]
    pub(crate) at: Option<String>,
}

/// Arguments of `capacity`.
#[derive(Args, Debug)]
pub(crate) struct CapacityArgs {
    /// Name of the session
    pub(crate) name: String,
    /// What counts: o200k, cl100k, the name of an OpenAI model, or calibrated:MODEL
    #[arg(long, value_name = "C", default_value = COUNTER, value_parser = value::counter)]
    pub(crate) counter: String,
    /// Tokens that the context may have
    #[arg(long, value_name = "N", value_parser = value::number::<u64>, allow_negative_numbers = true)]
    pub(crate) limit: Option<u64>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Arguments of `plan`.
#[derive(Args, Debug)]
pub(crate) struct PlanArgs {
    /// Name of the session
    pub(crate) name: String,
    /// Tokens that the context may have
    #[arg(long, value_name = "N", value_parser = value::number::<u64>, allow_negative_numbers = true)]
    pub(crate) limit: u64,
    /// Do it, as one operation
    #[arg(long)]
    pub(crate) apply: bool,
    /// What counts: o200k, cl100k, the name of an OpenAI model, or calibrated:MODEL
    #[arg(long, value_name = "C", default_value = COUNTER, value_parser = value::counter)]
    pub(crate) counter: String,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Arguments of `context`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("what to show").required(true).args(["dialect", "diff"])))]
#[group(skip)]
pub(crate) struct ContextArgs {
    /// Name of the session
    pub(crate) name: String,
    /// Whose API it is for
    #[arg(long, value_name = "D", value_parser = value::dialects())]
    pub(crate) dialect: Option<String>,
    /// The checkpoint to show: N, latest, id:PREFIX or git:PREFIX
    #[arg(long, value_name = "CHECKPOINT", value_parser = value::checkpoint)]
    pub(crate) at: Option<String>,
    /// Put a user's text behind a last turn of the model's, which newer models refuse
    #[arg(long, conflicts_with = "diff")]
    pub(crate) end_with_user: bool,
    /// Leave validations out whose evidence is stale
    #[arg(long, conflicts_with = "diff")]
    pub(crate) without_stale: bool,
    /// Show how it differs between two checkpoints
    #[arg(long, value_name = "A..B", conflicts_with_all = ["at", "dialect"], value_parser = value::checkpoints)]
    pub(crate) diff: Option<String>,
    /// What counts: o200k, cl100k, the name of an OpenAI model, or calibrated:MODEL
    #[arg(long, value_name = "C", default_value = COUNTER, value_parser = value::counter)]
    pub(crate) counter: String,
    #[command(flatten)]
    pub(crate) json: Json,
}
