//! Bit rot: small stores with every kind of damage, over a medium in memory, and what they may
//! answer.
//!
//! A [`Sample`](sample::Sample) is a store and what it holds; a [`Damage`](damage::Damage) is done
//! to a copy of it; [`examine`](examine::examine) opens, reads, checks and writes that, and finds
//! whether anything wrong was taken for good. A [`survey`](survey::survey) does so with all damages
//! of a kind.

pub mod damage;
pub mod examine;
pub mod sample;
pub mod survey;
