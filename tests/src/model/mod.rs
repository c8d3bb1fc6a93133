//! A store against plain maps: many sessions, several handles on one medium, crashes between.

mod op;
mod plain;
mod world;

pub use op::{Edit, Op, ops};
pub use plain::{Frozen, Iteration, Line, Plain};
pub use world::World;
