//! Objects and refs by themselves, beneath sessions: for hosts that keep kinds of their own.
//!
//! [`Store::batch`](crate::Store::batch) collects contents, nodes and maps, and commits them as one
//! durable step. A **ref** is a name for an object: what no ref leads to, collection takes.
//! [`StoreBatch::set_ref`] moves a ref if it is as [`Expected`], else the commit is `Conflict`. Choose
//! names below `host/`: `session/`, `deleted/`, `checkout/`, `pin/`, `horizon/`, `purge`, `lost`,
//! `recovery` and `remote/` are partita's own. [`object`](crate::object) and [`map`](crate::map) have
//! what may be stored.
//!
//! ```
//! use partita::plumbing::Expected;
//! let store = partita::Store::in_memory()?;
//! let mut batch = store.batch();
//! let id = batch.put_content("a text of the host's", None)?.id();
//! batch.set_ref("host/motto", Expected::Absent, Some(id));
//! batch.commit()?;
//! assert_eq!(store.reference("host/motto")?, Some(id));
//! # Ok::<(), partita::Error>(())
//! ```

pub use crate::store::{Batch as StoreBatch, Expected, ForkGuard};
