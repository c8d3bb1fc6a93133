//! Salvage: a damaged store read for whatever is whole, and a log begun anew with it.

mod begin;
mod found;
mod frames;
mod read;
mod timeline;
mod verify;

pub(crate) use begin::{Moves, lock_out};
pub(crate) use found::Salvage;
pub(crate) use timeline::{Known, Timeline};
