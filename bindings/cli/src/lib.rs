//! The command `partita`: sessions of AI agents from a shell.
//!
//! A library so that the Python package can ship the same command.

mod approvals;
mod args;
mod commands;
mod failure;
mod import;
mod output;
mod progress;
mod upward;
mod wait;

use std::ffi::OsString;
use std::io::Write as _;

/// Runs the command with its arguments, the program's name first, and returns its exit code: 0, 1
/// where it failed, 2 where the arguments are wrong. Prints what it has to say.
///
/// `run` ends with the exit code of the command that it ran, as its page says.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match args::Cli::read(arguments.clone()) {
        Ok(cli) => cli,
        Err(usage) => {
            let code = u8::try_from(usage.exit_code()).unwrap_or(2);
            if code == 0 {
                // Help goes to the standard output and is no failure; a closed pipe is none either.
                drop(usage.print());
                return code;
            }
            // It quotes words of the command line, which may hold what a terminal obeys.
            for line in usage.render().to_string().lines() {
                drop(writeln!(std::io::stderr(), "{}", output::quote::text(line)));
            }
            if let Some(hint) = args::hint(&arguments) {
                drop(writeln!(std::io::stderr(), "hint: {}", output::quote::text(&hint)));
            }
            return code;
        }
    };
    match commands::run(&cli) {
        Ok(()) => 0,
        Err(failure) if failure.is_closed_pipe() => 0,
        Err(failure) if failure.is_said() => failure.exit_code(),
        Err(failure) => {
            let failure = failure.with_words(&cli.words);
            drop(writeln!(std::io::stderr(), "error: {failure}"));
            failure.exit_code()
        }
    }
}
