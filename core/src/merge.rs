//! Merges: what several sessions know, united in one; and conflicts, which are values.
//!
//! [`Session::merge`](crate::Session::merge) unites sessions that went on side by side, with or without
//! a checkpoint that they all come from. What both sides changed differently is a *merge conflict*: the
//! state goes on with it until somebody resolves it.
//!
//! | I want to | call |
//! |---|---|
//! | merge sessions into one | [`Session::merge`](crate::Session::merge) |
//! | see what a merge would do | [`Session::plan_merge`](crate::Session::plan_merge) |
//! | begin a session that unites several | [`Store::integrate`](crate::Store::integrate) |
//! | see what is in conflict | [`Snapshot::conflicts`](crate::Snapshot::conflicts) |
//! | resolve a conflict | [`Session::resolve`](crate::Session::resolve), or write the path |
//! | know what a session has that another has not | [`Session::learned`](crate::Session::learned) |
//! | know which paths two sessions both changed | [`Session::overlap`](crate::Session::overlap) |
//! | know where a memory was said | [`Snapshot::memory_branch`](crate::Snapshot::memory_branch) |
//! | know what each branch's memories cost | [`Session::tokens_by_branch`](crate::Session::tokens_by_branch) |
//! | know what two sessions come from | [`Session::common_with`](crate::Session::common_with) |

pub use crate::object::{ConflictTerm, MergeConflict};
pub use crate::session::{
    BranchTokens, CaseClash, ConflictEntry, KeptOurs, Learned, MemoryBranch, MergeBase,
    MergeOptions, MergeReport, MergeWay, MergedDialog, MergedSession, Overlap, Resolution,
};
