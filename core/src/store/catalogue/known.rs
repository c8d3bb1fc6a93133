//! What a catalogue knows.

/// What a listing shows of a session as of one of its operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) files: u64,
    pub(crate) memories: u64,
}

/// A number of tokens as a counter gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KnownCount {
    pub(crate) tokens: u64,
    /// The lower and the upper bound of an estimate; none where the number is exact.
    pub(crate) bounds: Option<(u64, u64)>,
}
