//! Sandboxes, which are the host's: commands that run in one and are recorded, and a session's files
//! in a fresh one.
//!
//! A host implements [`Sandbox`], or takes the crate `partita-sandbox`, which runs processes in a
//! directory of this machine. What needs no sandbox at all is in [`workspace`](crate::workspace).
//!
//! | I want to | call |
//! |---|---|
//! | run a command, and have it and what it changed recorded | [`run`](fn@run) |
//! | have it count for a claim | [`Command::claim`], [`Command::inputs`], [`Command::report`]: module [`evidence`](crate::evidence) |
//! | measure two states beside each other | [`bench`](fn@bench) |
//! | see the runs of a session | [`Snapshot::runs`](crate::Snapshot::runs) |
//! | bring a session into a fresh sandbox, and know what is lost | [`attach`](fn@attach) |
//! | run the steps that set it up once more | [`replay`] |
//! | pause a session, with what its sandbox holds | [`pause`] |
//! | know what a session is doing | [`Session::activity`](crate::Session::activity) |
//! | take in what changed in a sandbox without a run | [`capture`] |
//! | drive an agent: models, tools, proposals, people | module [`turn`] |
//!
//! ```
//! use partita::host::{self, Command, Sandbox};
//! # use partita::host::{Description, Outcome, SandboxFile, Stream};
//! # struct Mine(tempfile::TempDir);
//! # impl Sandbox for Mine {
//! #     fn describe(&mut self) -> partita::Result<Description> { Ok(Description::new("mine", "1")) }
//! #     fn run(&mut self, _: &Command, _: &mut dyn FnMut(Stream, &[u8])) -> partita::Result<Outcome> {
//! #         std::fs::write(self.0.path().join("made"), "by it").unwrap();
//! #         Ok(Outcome::new(partita::object::Exit::Code(0)))
//! #     }
//! #     fn read(&mut self, _: &partita::FilePath, _: u64) -> partita::Result<Vec<u8>> { unreachable!() }
//! #     fn write(&mut self, _: &partita::FilePath, _: &SandboxFile) -> partita::Result<()> { unreachable!() }
//! #     fn directory(&self) -> Option<&std::path::Path> { Some(self.0.path()) }
//! # }
//! # let mut sandbox = Mine(tempfile::tempdir().unwrap());
//! let session = partita::Store::in_memory()?.session("fix-parser")?;
//! let ran = host::run(&session, &mut sandbox, &Command::shell("make"))?;
//! assert!(ran.outcome.exit.is_success());
//! assert_eq!(session.read("made")?, b"by it");
//! session.undo()?; // takes back what it changed; that it ran stays known
//! assert_eq!(session.get("made")?, None);
//! assert_eq!(session.latest()?.runs().count(), 1);
//! # Ok::<(), partita::Error>(())
//! ```

mod activity;
mod attach;
mod bench;
mod command;
mod ground;
mod loss;
mod observe;
mod output;
mod reports;
mod run;
mod sandbox;
#[cfg(test)]
mod tests;
pub mod turn;

pub use crate::session::RunEntry;
pub use activity::{Activity, pause};
pub use attach::{Replayed, attach, replay};
pub use bench::{BenchOptions, BenchProgress, Benched, TIME, bench};
pub use command::Command;
pub use ground::capture;
pub use loss::{Loss, LossFile, SetupStep};
pub use output::{Collector, Output};
pub use run::{Ran, run, run_with};
pub use sandbox::{
    Description, Listed, ListedKind, Outcome, Sandbox, SandboxFile, SandboxStatus, Stream,
};
