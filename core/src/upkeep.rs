//! The care of a store: space, checks, deletion for good, and what can be had back from damage.
//!
//! | I want to | call |
//! |---|---|
//! | know that all of it is sound | [`Store::check`](crate::Store::check) |
//! | get space back | [`Store::gc`](crate::Store::gc) |
//! | delete a text for good, from history too | [`Store::purge_content`](crate::Store::purge_content) and its siblings |
//! | copy what a damaged store still has | [`Store::recover`](crate::Store::recover) |
//! | know what holds an object | [`Store::kept`](crate::Store::kept) |

pub use crate::store::{
    CheckProgress, CheckReport, Fault, GcOptions, GcProgress, GcReport, Kept, LockWait,
    LostVersion, Progress, PurgeOptions, PurgeReport, RecoverReport, RecoveredSession, SetBack,
    Stats, UnreadLog, go_on,
};
