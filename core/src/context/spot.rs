//! Where in a request something stands.

/// Where in a request a block stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    User,
    Assistant,
    Result,
}
