//! Crash states: every medium that a crash can leave of a workload, and what a store makes of it.
//!
//! A [`Workload`] runs over a [`Recorder`](crate::vfs::Recorder), which writes down every call. A
//! [`walk`](walk::walk) stops the machine after each of them, lets what was not synced be lost,
//! kept or torn, and asks a [`recovery`] for every promise; then it does the same to the record of
//! that recovery. [`knockout`] takes out one sync or lock at a time and wants the walk to fail;
//! [`sweep`] lets one call at a time go wrong. A [`checkout`] and a
//! [run with its captures](capture) have a directory [beside] their medium, so their states are looked at
//! by themselves, and so are those of a [`merge`].

pub mod address;
pub mod beside;
pub mod capture;
pub mod checkout;
pub mod entropy;
pub mod knockout;
pub mod lanes;
pub mod ledger;
pub mod merge;
pub mod recovery;
pub mod report;
pub mod sweep;
pub mod walk;
pub mod workload;
mod workloads;

pub use workload::{Stage, Workload};
pub use workloads::ALL;
