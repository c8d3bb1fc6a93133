//! Merges: several sessions' states united in one.
//!
//! `base` finds what two have in common; `entry` joins three entries, `paths` what a path comes to, and
//! `files` all that differ; `dialog`, `view`, `values` and `record` unite memories, what is in view, state and texts, and
//! what was observed; `join` puts these together.

pub(crate) mod base;
pub(crate) mod branches;
pub(crate) mod conflicts;
mod dialog;
mod entry;
mod files;
pub(crate) mod integrate;
pub(crate) mod join;
pub(crate) mod learned;
pub(crate) mod options;
mod paths;
mod record;
mod renames;
mod turns;
mod values;
mod view;
