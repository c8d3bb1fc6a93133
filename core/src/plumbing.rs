//! Objects and refs by themselves, beneath sessions: for hosts that keep kinds of their own.
//!
//! A ref of a host begins with `host/`. [`Store::batch`](crate::Store::batch) collects nodes and
//! contents, [`Store::set_ref`](crate::Store::set_ref) makes one of them findable, if the ref is as
//! [`Expected`]. [`object`](crate::object) has what a node is.

pub use crate::store::{Batch as StoreBatch, Expected, ForkGuard};
