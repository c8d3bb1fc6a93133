//! A sandbox of processes: commands run in a directory of this machine, in groups that are ended
//! whole, with an environment of what is listed and within limits.
//!
//! [`ProcessSandbox`] implements [`partita::host::Sandbox`]. [`Control`] reaches a command that runs,
//! from another thread or a signal. Limits of memory and processes, and confinement, are set by a small
//! launcher, which is the host's own program started again: see [`launch_if_asked`].
#![doc = include_str!("../README.md")]
#![cfg(unix)]

mod control;
mod launch;
mod machine;
mod sandbox;
#[cfg(test)]
mod tests;

pub use control::Control;
pub use launch::{confinement, launch_if_asked};
pub use sandbox::ProcessSandbox;
