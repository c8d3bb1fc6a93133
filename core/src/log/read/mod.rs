//! From frames to answers: what a handle knows of the log, and how it learns what others wrote. Never
//! writes.

pub(crate) mod ahead;
pub(crate) mod apply;
pub(crate) mod base;
pub(crate) mod cache;
pub(crate) mod close;
pub(crate) mod damage;
pub(crate) mod mark;
pub(crate) mod medium;
pub(crate) mod objects;
pub(crate) mod purged;
pub(crate) mod reader;
pub(crate) mod refresh;
pub(crate) mod refs;
pub(crate) mod replay;
pub(crate) mod scan;
pub(crate) mod segment_file;
pub(crate) mod state;
pub(crate) mod tail;
pub(crate) mod texts;
pub(crate) mod void;
