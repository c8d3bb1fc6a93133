//! What is lost when a session comes into another sandbox.

use std::fmt::Write as _;

use crate::object::{Exit, FilePath};

/// What became of a session's surroundings when it was attached to a sandbox: what came back, what
/// did not, and what nobody knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// The sandbox that it is in now.
    pub instance: String,
    /// The one that it was in last, if any is known.
    pub before: Option<String>,
    /// Files that were written into it.
    pub restored: Vec<FilePath>,
    /// How many files were there already.
    pub kept: u64,
    /// Files of the session that are not there, and why.
    pub missing: Vec<LossFile>,
    /// Steps that set the sandbox before up, and were not run in this one. Whatever else was installed
    /// or changed outside of the files is unknown.
    pub setup: Vec<SetupStep>,
    /// Runs whose outcome nobody knows.
    pub unknown_runs: Vec<u64>,
}

/// A file that could not be brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LossFile {
    /// Which.
    pub path: FilePath,
    /// Why.
    pub why: String,
}

/// A step that set a sandbox up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetupStep {
    /// The number of its run.
    pub run: u64,
    /// The command, in one line.
    pub command: String,
    /// Files that pin what is installed and were changed since: the step may install something else
    /// now.
    pub changed_locks: Vec<FilePath>,
    /// How it ended in this sandbox, if it was run again.
    pub replayed: Option<Exit>,
}

impl Loss {
    /// Tells whether it is the sandbox that the session was in: nothing was lost.
    pub fn is_same(&self) -> bool {
        self.before.as_ref() == Some(&self.instance)
    }

    /// Says it as the model is told, in a few lines.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |words: String| writeln!(text, "{words}").expect("a string takes all");
        match (&self.before, self.is_same()) {
            (_, true) => line(format!("The sandbox is the one from before: {}.", self.instance)),
            (None, _) => line(format!("The sandbox is {}.", self.instance)),
            (Some(_), _) => line(format!(
                "The sandbox is another one: {}. Processes, open ports and what was in memory are \
                 gone. What was outside of the files, installed packages above all, is unknown.",
                self.instance
            )),
        }
        line(format!("Files: {} restored, {} there already.", self.restored.len(), self.kept));
        for file in &self.missing {
            line(format!("Missing: {} ({}).", file.path, file.why));
        }
        for step in &self.setup {
            let what = match &step.replayed {
                Some(exit) => format!("run again, {exit}"),
                None => "not run again".to_owned(),
            };
            let locks: Vec<String> = step.changed_locks.iter().map(ToString::to_string).collect();
            let locks = match locks.is_empty() {
                true => String::new(),
                false => format!("; changed since: {}", locks.join(", ")),
            };
            line(format!("Setup step {}: `{}`: {what}{locks}.", step.run, step.command));
        }
        for run in &self.unknown_runs {
            line(format!("Run {run} was under way; how it ended is unknown."));
        }
        text
    }
}
