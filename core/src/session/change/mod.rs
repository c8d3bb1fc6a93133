//! Changes of a session, one durable step each.

pub(crate) mod claim;
pub(crate) mod deleted;
pub(crate) mod files;
pub(crate) mod fork;
pub(crate) mod memories;
pub(crate) mod pause;
pub(crate) mod pins;
pub(crate) mod purge;
pub(crate) mod restore;
pub(crate) mod sessions;
pub(crate) mod state;
pub(crate) mod texts;
pub(crate) mod trim;
pub(crate) mod undo;
