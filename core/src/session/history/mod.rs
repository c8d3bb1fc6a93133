//! What a session was: iterations, operations, and where its history ends.

pub(crate) mod blame;
pub(crate) mod end;
pub(crate) mod iterations;
pub(crate) mod log;
pub(crate) mod resolve;
