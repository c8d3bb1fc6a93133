//! Recovery: stores in every layout that the operations leave, damaged in every way, recovered, and
//! held against what could be read before.
//!
//! A [`Layout`](layout::Layout) is a store as some operations leave it; [`Held`](held::Held) is all
//! that can be read of one; [`judge`](judge::judge) recovers a damaged copy and wants everything of
//! it back, or named as lost; a [`survey`](survey::survey) does so with many damages.

pub mod held;
pub mod judge;
pub mod layout;
pub mod survey;
