//! Captures: what changed in a directory, taken into the session.

mod ahead;
mod base;
mod compare;
mod directories;
pub(crate) mod ground;
pub(crate) mod local;
mod options;
mod recording;
mod renames;
mod report;
mod repository;
mod rules;
mod side;
mod taking;
#[cfg(test)]
mod tests;
pub(crate) mod tree;
mod walk;

pub use ground::CaptureProgress;
pub use options::CaptureOptions;
pub use report::{Capture, Renamed};
pub use taking::{Workspace, check_directory};
