//! The bytes of what is stored, and what holds for every kind.

pub(crate) mod golden;
mod properties;
