//! Merges and merge conflicts.

use super::fields::{object, texts};
use super::row::Brief;
use crate::merge::{
    BranchTokens, CaseClash, ConflictEntry, ConflictTerm, KeptOurs, Learned, MemoryBranch,
    MergeBase, MergeReport, MergeWay, MergedSession, Overlap,
};

texts! {
    MergeWay, way => way.name();
}

object!(MergeBase, base => {
    is: match base {
        MergeBase::Checkpoint(_) => "checkpoint",
        MergeBase::Nothing => "nothing",
        MergeBase::Hidden => "hidden",
    },
    checkpoint: match base {
        MergeBase::Checkpoint(info) => Some(Brief(info)),
        MergeBase::Nothing | MergeBase::Hidden => None,
    },
});

object!(MergedSession, session => {
    name: session.name,
    checkpoint: session.checkpoint.as_ref().map(Brief),
    base: session.base,
    way: session.way,
    memories: session.memories,
    evidence: session.evidence,
    claims: session.claims,
});

object!(KeptOurs, kept => {
    what: kept.what,
    theirs: kept.theirs,
});

object!(CaseClash, clash => {
    ours: clash.ours,
    theirs: clash.theirs,
});

object!(MergeReport, report => {
    checkpoint: report.checkpoint.as_ref().map(Brief),
    changed: report.changed,
    sessions: report.sessions,
    files: report.files,
    conflicts: report.conflicts,
    case_clashes: report.case_clashes,
    kept: report.kept,
});

object!(ConflictTerm, term => {
    label: term.label,
    ..term.entry,
});

object!(ConflictEntry, conflict => {
    ..conflict.path,
    marked: conflict.is_marked(),
    entry: conflict.entry,
    sides: conflict.conflict.sides().collect::<Vec<_>>(),
    bases: conflict.conflict.bases().collect::<Vec<_>>(),
});

object!(Learned, learned => {
    session: learned.session,
    checkpoint: learned.checkpoint.as_ref().map(Brief),
    base: learned.base,
    files: learned.files,
    iterations: learned.iterations,
    memories: learned.memories,
    tokens: learned.tokens,
    decisions: learned.decisions,
    claims: learned.claims,
});

object!(Overlap, overlap => {
    ..overlap.path,
    session: overlap.session,
    alike: overlap.is_alike,
});

object!(BranchTokens, branch => {
    session: branch.session,
    memories: branch.memories,
    tokens: branch.tokens,
});

object!(MemoryBranch, branch => {
    session: branch.session,
    number: branch.number,
});
