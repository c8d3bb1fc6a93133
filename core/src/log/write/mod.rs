//! From objects to durable frames: a commit is prepared, put into a group, written and synced.

pub(crate) mod bulk;
pub(crate) mod commit;
pub(crate) mod encode;
pub(crate) mod group;
pub(crate) mod handle;
pub(crate) mod item;
pub(crate) mod lay;
pub(crate) mod lead;
pub(crate) mod prepare;
pub(crate) mod queue;
pub(crate) mod ready;
pub(crate) mod reserve;
pub(crate) mod room;
pub(crate) mod snapshot;
