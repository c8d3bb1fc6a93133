//! Imports of other tools' histories.

pub(crate) mod git;
