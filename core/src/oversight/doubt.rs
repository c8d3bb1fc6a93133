//! The English of doubt: which words take a claim back.

/// Words that take back what comes behind them in the clause: what is not so, or could be.
pub(super) const TAKES_BACK: &[&str] = &[
    "not",
    "no",
    "never",
    "cannot",
    "none",
    "neither",
    "nor",
    "nothing",
    "hardly",
    "barely",
    "some",
    "most",
    "many",
    "few",
    "half",
    "only",
    "almost",
    "nearly",
    "should",
    "would",
    "could",
    "might",
    "may",
    "must",
    "will",
    "shall",
    "can",
    "when",
    "until",
    "till",
    "before",
    "hope",
    "hopefully",
    "expect",
    "expecting",
    "expected",
    "want",
    "wants",
    "need",
    "needs",
    "try",
    "trying",
    "goal",
    "probably",
    "perhaps",
    "maybe",
    "likely",
    "unlikely",
    "presumably",
    "how",
    "why",
    "what",
    "way",
    "make",
    "makes",
    "making",
    "get",
    "getting",
    "doubt",
    "todo",
    "wish",
];

/// Words that take back what comes behind them in the sentence: conditions, and what is to be done.
pub(super) const TAKES_ALL_BACK: &[&str] = &[
    "if", "whether", "unless", "once", "assuming", "suppose", "provided", "sure", "ensure",
    "ensures", "ensuring", "please", "verify", "confirm", "validate", "let", "let's", "lets",
    "check", "ideally",
];

/// Words that make `check` a thing.
pub(super) const A_CHECK: &[&str] =
    &["the", "a", "this", "that", "type", "lint", "format", "make", "cargo"];

/// Words that begin a clause in which nothing before takes anything back.
pub(super) const TURNS_AWAY: &[&str] = &["but", "however", "though", "although"];

/// Words behind a claim that take it back in part.
pub(super) const EXCEPTS: &[&str] = &["except", "besides", "apart", "excluding"];

/// Words that say that something fails.
pub(super) const FAILS: &[&str] = &["fail", "fails", "failed"];

/// Words shortly before these that say otherwise, or that it was so.
pub(super) const FAILS_NOT: &[&str] =
    &["0", "zero", "no", "none", "never", "longer", "that", "which", "previously"];

/// What can be mended, and words that may stand for it.
pub(super) const FAULTS: &[&str] = &[
    "bug",
    "bugs",
    "issue",
    "issues",
    "problem",
    "problems",
    "error",
    "errors",
    "failure",
    "failures",
    "crash",
    "crashes",
    "regression",
    "leak",
    "race",
    "deadlock",
    "panic",
    "warning",
    "warnings",
    "defect",
    "typo",
    "build",
    "this",
    "it",
    "they",
    "everything",
    "all",
    "both",
    "it's",
    "that's",
    "vulnerability",
    "conflict",
    "conflicts",
];
