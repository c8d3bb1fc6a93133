//! Bytes and what they say: segments, frames, control blocks, records, index tables. Touches no file and
//! takes no lock; section 8 of `docs/format.md`, a file per section.

pub(crate) mod block;
pub(crate) mod check_site;
pub(crate) mod frame;
pub(crate) mod head;
pub(crate) mod pack;
pub(crate) mod parts;
pub(crate) mod payload;
pub(crate) mod row;
pub(crate) mod segment;
pub(crate) mod splice;
pub(crate) mod table;
pub(crate) mod zip;
