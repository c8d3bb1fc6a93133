//! The command `partita`: sessions of AI agents from a shell.

mod args;
mod commands;
mod failure;
mod import;
mod output;
mod progress;

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match args::Cli::read() {
        Ok(cli) => cli,
        Err(usage) => {
            // Help goes to the standard output and is no failure; a closed pipe is none either.
            drop(usage.print());
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
    };
    match commands::run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_closed_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            drop(writeln!(std::io::stderr(), "error: {failure}"));
            ExitCode::FAILURE
        }
    }
}
