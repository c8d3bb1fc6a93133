//! Randomness from the operating system. The only module that knows getrandom.

use crate::error::{Error, ErrorKind, Result};

/// Fills a buffer with bytes that nobody can foresee.
pub(crate) fn system(buffer: &mut [u8]) -> Result<()> {
    getrandom::fill(buffer).map_err(|error| {
        Error::new(ErrorKind::Io, "the operating system gives no random bytes")
            .with_source(error.to_string())
    })
}
