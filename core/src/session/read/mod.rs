//! A fixed state of a session: files, memories, view, and the prompt that they make.

pub(crate) mod claims;
pub(crate) mod compare;
pub(crate) mod conflicts;
pub(crate) mod entries;
pub(crate) mod evidence;
pub(crate) mod judge;
pub(crate) mod left_out;
pub(crate) mod memories;
pub(crate) mod open_calls;
pub(crate) mod prompt;
pub(crate) mod runs;
pub(crate) mod snapshot;
pub(crate) mod state;
pub(crate) mod texts;
pub(crate) mod truth;
pub(crate) mod view;
