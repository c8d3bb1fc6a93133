//! Directories: a checkpoint's files written where a person or a program can work on them, and what
//! was changed there taken back into the session.
//!
//! | I want to | call |
//! |---|---|
//! | bind a session to a directory | [`Session::workspace`](crate::Session::workspace) |
//! | take in what commands changed | [`Workspace::capture`], or [`Batch::capture`](crate::Batch::capture) with what called them |
//! | see what a capture would take | [`Workspace::status`] |
//! | say what is not to be taken | `.gitignore`, `.partitaignore`, [`CaptureOptions`] |
//! | know what was not taken | [`Capture::left_out`], [`Snapshot::left_out`](crate::Snapshot::left_out) |
//! | write a state into a directory | [`Workspace::checkout`], [`Session::checkout`](crate::Session::checkout) |
//! | bring one old version back, in both | [`Workspace::restore`] |
//!
//! A capture is there where the system is a Unix. What it rests on is a record in the store, not a
//! file in the directory; a cache of what the system said of each file saves reading it again.

#[cfg(unix)]
mod capture;
mod checkout;
#[cfg(unix)]
mod clock;
mod directory;
mod entries;
mod lock;
mod record;
mod site;
#[cfg(unix)]
mod stats;

pub use crate::object::{LeftOut, LeftOutReason};
#[cfg(unix)]
pub use capture::{Capture, CaptureOptions, CaptureProgress, Renamed, Workspace, check_directory};
#[cfg(unix)]
pub(crate) use capture::{ground, local, tree};
pub use checkout::{CheckoutAction, CheckoutPlan, CheckoutReason, CheckoutStep};
