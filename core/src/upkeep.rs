//! The care of a store: space, checks, deletion for good, and what can be had back from damage.
//!
//! | I want to | call |
//! |---|---|
//! | know that all of it is sound | [`Store::check`](crate::Store::check) |
//! | get space back | [`Store::gc`](crate::Store::gc) |
//! | delete a text for good, from history too | [`Session::purge_file`](crate::Session::purge_file), [`purge_memory`](crate::Session::purge_memory), [`Store::purge_matching`](crate::Store::purge_matching) |
//! | copy what a damaged store still has | [`StoreOptions::recover`](crate::StoreOptions::recover) |
//! | get back what a checkout put aside | [`Store::kept`](crate::Store::kept) |
//!
//! ```
//! use partita::upkeep::{GcOptions, go_on};
//! let store = partita::Store::in_memory()?;
//! store.session("s")?.write("a", "1")?;
//! assert!(store.check(&mut go_on)?.is_ok());
//! store.gc(&GcOptions::new(), &mut go_on)?;
//! # Ok::<(), partita::Error>(())
//! ```

pub use crate::store::{
    CheckProgress, CheckReport, Fault, GcOptions, GcProgress, GcReport, Kept, LockWait,
    LostVersion, Progress, PurgeOptions, PurgeReport, RecoverReport, RecoveredSession, SetBack,
    Stats, UnreadLog, go_on,
};
