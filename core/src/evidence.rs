//! Evidence over assertion: a claim counts as far as recorded runs support it, on the very files that
//! it is about.
//!
//! **Evidence** is what was observed: a command that ran, what tests and benchmarks reported, on which
//! files, and where. [`host::run`](crate::host::run) writes it, and so does a report that is imported; what
//! a model says never is. A **claim** is a sentence that cites evidence. What the evidence says of it
//! is computed each time, for the files as they are then, and never stored.
//!
//! | status | says |
//! |---|---|
//! | [`Supported`](ClaimStatus::Supported) | evidence about the current files passed |
//! | [`Stale`](ClaimStatus::Stale) | evidence passed, and its files have changed since |
//! | [`Refuted`](ClaimStatus::Refuted) | evidence about the current files failed |
//! | [`Unsupported`](ClaimStatus::Unsupported) | no evidence ever passed |
//!
//! | I want to | call |
//! |---|---|
//! | run a command and have evidence of it | [`host::run`](crate::host::run), with [`Command::inputs`](crate::host::Command::inputs) and [`report`](crate::host::Command::report) |
//! | take in a report of somewhere else | [`Session::import_evidence`](crate::Session::import_evidence) |
//! | claim something | [`Session::claim`](crate::Session::claim) |
//! | see how claims stand | [`Session::claims`](crate::Session::claims), [`Snapshot::claims`](crate::Snapshot::claims) |
//! | see the evidence | [`Snapshot::evidence`](crate::Snapshot::evidence), [`Snapshot::results`](crate::Snapshot::results) |
//! | compare two benchmarks | [`Session::compare`](crate::Session::compare) |
//! | see where a line came from | [`Session::blame`](crate::Session::blame) |
//! | hand it to other tools | module [`attest`](crate::attest), [`results::to_junit`](crate::results::to_junit) |
//!
//! Files that a command makes itself are its outputs, and no inputs: caches, reports, programs. Files
//! that were there before and that it changes are inputs: evidence of such a run is stale at once.

pub use crate::session::{
    Applicability, Blame, BlameLine, BlameOrigin, BlamePrompt, ClaimEntry, ClaimStatus, Compared,
    Difference, EvidenceEntry, EvidenceOutcome, Integrity, Judgement, StaleSince, Support,
};
