//! The command line of what needs no store.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Json, Man, Shell, value};

/// Commands that need no store.
#[derive(Debug, Subcommand)]
pub(crate) enum Plain {
    /// Count the tokens of a text, or of messages one by one; needs no store
    #[command(after_help = "Examples:\n  partita count README.md\n  \
                            partita count request.json --counter gpt-4o --json")]
    Count(CountArgs),

    /// Say which messages to drop so that a request fits, by whole exchanges; needs no store
    #[command(after_help = "Examples:\n  partita budget request.json --limit 8000")]
    Budget(BudgetArgs),

    /// Print a script that completes command lines in a shell; needs no store
    #[command(after_help = "Examples:\n  eval \"$(partita completion bash)\"\n  \
                            partita completion zsh > ~/.zfunc/_partita\n  \
                            partita completion fish > ~/.config/fish/completions/partita.fish")]
    Completion {
        /// Which shell
        shell: Shell,
    },

    /// Write the manual's pages, one of each command; needs no store
    #[command(after_help = "Examples:\n  partita man | man -l -\n  \
                            partita man ~/.local/share/man/man1")]
    Man(Man),
}

/// What counts, unless a command says otherwise.
pub(super) const COUNTER: &str = "o200k";

/// Arguments of `count`.
#[derive(Args, Debug)]
pub(crate) struct CountArgs {
    /// The file; `-` means the standard input
    pub(crate) file: PathBuf,
    /// What counts: o200k, cl100k, the name of an OpenAI model, or calibrated:MODEL
    #[arg(long, value_name = "C", default_value = COUNTER, value_parser = value::counter)]
    pub(crate) counter: String,
    /// Take it for messages or a request's body, and fail if it is neither
    #[arg(long)]
    pub(crate) messages: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Arguments of `budget`.
#[derive(Args, Debug)]
pub(crate) struct BudgetArgs {
    /// Messages, or a request's body, as JSON; `-` means the standard input
    pub(crate) file: PathBuf,
    /// Tokens that the request may have
    #[arg(long, value_name = "N", value_parser = value::number::<u64>, allow_negative_numbers = true)]
    pub(crate) limit: u64,
    /// What counts: o200k, cl100k, the name of an OpenAI model, or calibrated:MODEL
    #[arg(long, value_name = "C", default_value = COUNTER, value_parser = value::counter)]
    pub(crate) counter: String,
    #[command(flatten)]
    pub(crate) json: Json,
}
