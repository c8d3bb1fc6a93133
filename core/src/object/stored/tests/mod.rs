//! The bytes of what is stored, and what holds for every kind.

pub(crate) mod golden;
mod properties;
mod review_golden;
mod turn_golden;
mod turn_limits;
mod turn_values;
