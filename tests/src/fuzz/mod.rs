//! What the fuzz targets do with their bytes. Each body returns or panics: a panic is a find.

mod explore;
mod log;
mod objects;
mod seeds;
mod text;

pub use explore::explore;
pub use log::{commits, deltas, frames, refs};
pub use objects::{map, node};
pub use seeds::{Seed, seeds};
pub use text::{path, unified};

/// A fuzz body.
pub type Body = fn(&[u8]);

/// Every target: the name of its file and of its corpus, and its body.
pub const TARGETS: &[(&str, Body)] = &[
    ("node", node),
    ("map", map),
    ("path", path),
    ("patch", unified),
    ("frames", frames),
    ("commits", commits),
    ("deltas", deltas),
    ("refs", refs),
];
