//! What stands in a store for a session: chains, points, roots, keys and values, and what they say.

pub(crate) mod branch;
pub(crate) mod chain;
pub(crate) mod common;
pub(crate) mod conflict;
pub(crate) mod evidence;
pub(crate) mod glob;
pub(crate) mod info;
pub(crate) mod keys;
pub(crate) mod listing;
pub(crate) mod marks;
pub(crate) mod names;
pub(crate) mod place;
pub(crate) mod point;
pub(crate) mod proposed;
pub(crate) mod roots;
pub(crate) mod run;
pub(crate) mod spilled;
pub(crate) mod steps;
pub(crate) mod timeline;
pub(crate) mod value;
