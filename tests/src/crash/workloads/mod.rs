//! The workloads. A new one is a file here, a `mod` line and a line in the list.

mod buffered;
mod collection;
mod creation;
mod groups;
mod large;
mod overlap;
mod plain;
mod recovered;
mod rotation;
mod writers;

use super::Workload;
use crate::random::Random;

/// Every workload. Those with few states come first, and leave their part to the others.
pub const ALL: [&dyn Workload; 12] = [
    &creation::Creation,
    &plain::Plain,
    &groups::Groups,
    &large::Large,
    &buffered::Buffered,
    &overlap::Overlap,
    &writers::Writers,
    &rotation::Rotation,
    &collection::Collection,
    &collection::Collected,
    &collection::Purge,
    &recovered::Recovered,
];

/// Text that resembles the one of the commit before.
fn text(number: usize) -> Vec<u8> {
    format!("{}commit {number}\n", "the same line\n".repeat(number * 9)).into_bytes()
}

/// Bytes that resemble nothing.
fn noise(number: usize, len: usize) -> Vec<u8> {
    Random::new(number as u64).bytes(len)
}
