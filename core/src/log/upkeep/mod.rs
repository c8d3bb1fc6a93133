//! Work on the log as a whole: copies of what is kept, segments taken away, a damaged log read out.

pub(crate) mod copy;
pub(crate) mod retire;
pub(crate) mod salvage;
