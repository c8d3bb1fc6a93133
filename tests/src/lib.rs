//! What the promises of partita are tested with: generators, oracles, and the command from outside.

pub mod command;
pub mod crash;
pub mod displays;
pub mod forge;
pub mod fuzz;
pub mod git;
pub mod history;
pub mod hostile;
pub mod later;
pub mod law;
pub mod model;
pub mod patch;
pub mod random;
pub mod recover;
pub mod repository;
pub mod rot;
pub mod seen;
pub mod shrink;
pub mod source;
pub mod survivors;
pub mod told;
pub mod torture;
pub mod transcripts;
pub mod validate;
pub mod vfs;
pub mod witness;
