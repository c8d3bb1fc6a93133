//! How a log is opened.

use std::time::Duration;

use crate::error::Result;
use crate::limits::{BULK_BYTES, SEGMENT_BYTES};
use crate::log::transaction::Durability;
use crate::log::vfs::wait::Patience;

/// How a log is opened.
#[derive(Clone, Debug)]
pub(crate) struct LogOptions {
    pub(crate) durability: Durability,
    pub(crate) read_only: bool,
    pub(crate) create: bool,
    pub(crate) patience: Patience,
    /// Whether room is kept for what frees room.
    pub(crate) reserve: bool,
    pub(crate) segment_bytes: u64,
    pub(crate) bulk_bytes: usize,
    /// Fills a buffer with random bytes.
    pub(crate) entropy: fn(&mut [u8]) -> Result<()>,
}

impl LogOptions {
    pub(crate) fn new(entropy: fn(&mut [u8]) -> Result<()>) -> Self {
        LogOptions {
            durability: Durability::Sync,
            read_only: false,
            create: true,
            patience: Patience::new(Duration::from_secs(30)),
            reserve: false,
            segment_bytes: SEGMENT_BYTES,
            bulk_bytes: BULK_BYTES,
            entropy,
        }
    }
}
