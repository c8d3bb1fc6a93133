//! Captures: what changed in a directory, taken into the session.

mod compare;
mod local;
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
mod tree;
mod walk;

pub use options::CaptureOptions;
pub use report::{Capture, Renamed};
pub use taking::{CaptureProgress, Workspace};
