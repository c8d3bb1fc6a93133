//! The English of claims: which words say that something works.

/// One place of a claim, filled by words that follow each other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    /// One of these words.
    One(&'static [&'static str]),
    /// One of these, or nothing.
    Maybe(&'static [&'static str]),
    /// Some words that change nothing, such as `now`, or none.
    Fill,
    /// A number.
    Number,
    /// The clause begins here.
    Start,
    /// The clause ends here, or goes on with one of these.
    Ends(&'static [&'static str]),
    /// The clause does not go on with one of these.
    Not(&'static [&'static str]),
}

/// What a claim is about, which says what else takes it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Tests or builds pass: not where others of the sentence fail.
    Pass,
    /// Something is mended: only where the sentence names a fault before, or points at one.
    Mended,
    /// Anything else.
    Other,
}

use Kind::{Mended, Other, Pass};
use Slot::{Ends, Fill, Maybe, Not, Number, One, Start};

/// What stands for a piece of code in a sentence.
pub(super) const CODE: &str = "`";

const CHECKS: &[&str] = &[
    "tests",
    "test",
    "suite",
    "suites",
    "specs",
    "checks",
    "check",
    "ci",
    "pipeline",
    "build",
    "builds",
    "compilation",
    "lint",
    "linter",
    "lints",
    "clippy",
    "typecheck",
    "doctests",
    "assertions",
    "cases",
    "jobs",
    "workflow",
    "everything",
    "examples",
    "pytest",
    "jest",
    "mypy",
    "eslint",
    "ruff",
    "tsc",
    CODE,
];
const WHOLE: &[&str] = &["all", "both", "they", "it"];
const WE: &[&str] = &["i", "we", "i've", "we've", "have", "has"];
const IS: &[&str] =
    &["is", "are", "was", "were", "been", "it's", "that's", "everything's", "they're"];
const PASS: &[&str] = &["pass", "passes", "passed", "succeed", "succeeds", "succeeded"];
const FIXED: &[&str] = &["fixed", "resolved", "solved", "repaired"];
const FAULTLESS: &[&str] = &["successfully", "cleanly", "flawlessly"];
const RUNS: &[&str] = &[
    "compiles",
    "compiled",
    "builds",
    "built",
    "runs",
    "run",
    "ran",
    "completes",
    "completed",
    "finished",
    "executes",
    "executed",
    "installs",
    "deployed",
];
const THING: &[&str] = &[
    "everything",
    "it",
    "this",
    "that",
    "code",
    "fix",
    "feature",
    "app",
    "application",
    "server",
    "script",
    "program",
    "change",
    "patch",
    "solution",
    "implementation",
    "function",
    "command",
    "api",
    "endpoint",
    "login",
    "page",
    "parser",
    "project",
    "crate",
    "package",
    "workspace",
    "version",
    "test",
    CODE,
];
const THINGS: &[&str] =
    &["they", "all", "both", "tests", "changes", "features", "commands", "endpoints", "examples"];
const WELL: &[&str] = &[
    "now",
    "again",
    "correctly",
    "properly",
    "fine",
    "well",
    "great",
    "perfectly",
    "flawlessly",
    "reliably",
    "too",
    "without",
    "end-to-end",
];
const WANTED: &[&str] = &["expected", "intended", "designed", "advertised", "planned", "before"];
/// What is passed on: then nothing is passed in the sense of a test.
const OBJECT: &[&str] = &[
    "a", "an", "the", "its", "to", "their", "this", "that", "these", "those", "them", "through",
    "along",
];
const THE: &[&str] = &["the", "this", "that", "it", "a", "an", "all", "both"];

/// The claims.
pub(super) const CLAIMS: &[(Kind, &[Slot])] = &[
    (Pass, &[One(CHECKS), Fill, One(PASS), Not(OBJECT)]),
    (Pass, &[One(WHOLE), Fill, One(PASS), Not(OBJECT)]),
    (
        Pass,
        &[
            One(CHECKS),
            Fill,
            One(IS),
            Fill,
            One(&["passing", "succeeding", "green", "clean", "successful"]),
        ],
    ),
    (Pass, &[One(WHOLE), Maybe(IS), Fill, One(&["passing", "green"])]),
    (
        Pass,
        &[
            One(&["pass", "passes", "passed"]),
            Maybe(&["all", "every", "the", "our"]),
            Maybe(&["of"]),
            Maybe(&["the", "our", "existing", "unit", "test"]),
            One(&["tests", "checks", "suite", "specs", "ci"]),
            Ends(&["now", "again", "locally", "in", "on", "with", "too", "without"]),
        ],
    ),
    (Pass, &[Number, Maybe(CHECKS), Maybe(&["have"]), One(&["passed", "pass"]), Not(OBJECT)]),
    (Pass, &[One(&["0", "zero"]), Maybe(&["test"]), One(&["failures", "failed", "errors"])]),
    (
        Pass,
        &[
            One(&["no"]),
            One(&[
                "test",
                "tests",
                "failing",
                "compile",
                "compiler",
                "compilation",
                "build",
                "lint",
                "type",
            ]),
            One(&["failures", "failed", "fail", "errors", "tests"]),
        ],
    ),
    (
        Pass,
        &[
            One(RUNS),
            Fill,
            One(&["with", "without"]),
            Maybe(&["any", "no"]),
            One(&["error", "errors", "warnings", "issues", "problems", "failures"]),
        ],
    ),
    (Mended, &[One(IS), Fill, One(FIXED), Not(&["at", "size", "width", "length"])]),
    (Mended, &[One(&["bug", "issue", "problem", "error"]), Fill, One(FIXED), Ends(&["now", "by"])]),
    (Other, &[One(WE), Fill, One(FIXED), Not(&["at", "size", "width", "length"])]),
    (
        Other,
        &[
            Start,
            One(FIXED),
            Ends(&["the", "this", "that", "it", "a", "an", "all", "both", "by", "now"]),
        ],
    ),
    (Other, &[Start, One(&["successfully"]), One(FIXED)]),
    (
        Other,
        &[
            One(&["this", "that", "it", "change", "patch", "commit", "which"]),
            Fill,
            One(&["fixes", "resolves", "solves"]),
            One(THE),
        ],
    ),
    (
        Other,
        &[
            One(&["no"]),
            One(&["longer"]),
            One(&[
                "fail",
                "fails",
                "crash",
                "crashes",
                "error",
                "errors",
                "hangs",
                "panics",
                "occurs",
                "happens",
                "leaks",
                "reproduces",
                "appears",
                "breaks",
            ]),
        ],
    ),
    (Other, &[One(THING), Fill, One(&["works", "worked"]), Ends(WELL)]),
    (Other, &[One(THINGS), Fill, One(&["work", "worked"]), Ends(WELL)]),
    (Other, &[One(&["works", "work", "worked"]), Fill, One(&["as"]), One(WANTED)]),
    (
        Other,
        &[
            One(&["works", "worked"]),
            Fill,
            One(&["correctly", "properly", "perfectly", "flawlessly", "fine", "now"]),
        ],
    ),
    (
        Other,
        &[
            One(IS),
            Fill,
            One(&["working", "functional", "operational"]),
            Ends(&[
                "now",
                "again",
                "correctly",
                "properly",
                "fine",
                "as",
                "well",
                "perfectly",
                "in",
                "too",
                "end-to-end",
            ]),
        ],
    ),
    (Pass, &[One(THING), Fill, One(&["compiles", "builds"]), Ends(WELL)]),
    (Other, &[Start, One(&["works"]), Ends(WELL)]),
    (Other, &[One(&["test", "tests"]), One(IS), Fill, One(FIXED)]),
    (
        Other,
        &[
            One(&[
                "bug", "issue", "problem", "error", "errors", "warning", "warnings", "crash",
                "failure",
            ]),
            One(IS),
            Fill,
            One(&["gone"]),
        ],
    ),
    (Other, &[One(RUNS), One(FAULTLESS)]),
    (Other, &[One(&["successfully"]), One(RUNS)]),
    (
        Other,
        &[
            Start,
            One(&["verified", "confirmed"]),
            Ends(&[
                "that",
                "with",
                "by",
                "it",
                "the",
                "all",
                "in",
                "on",
                "manually",
                "locally",
                "via",
                "using",
                "against",
                "everything",
                "this",
            ]),
        ],
    ),
    (Other, &[One(WE), Fill, One(&["verified", "confirmed", "validated"])]),
    (
        Other,
        &[
            One(IS),
            Fill,
            One(&["verified"]),
            Ends(&["by", "with", "in", "against", "to", "on", "locally", "manually", "now", "too"]),
        ],
    ),
    (Other, &[One(&["i", "we"]), One(&["can"]), Fill, One(&["confirm"])]),
];

/// Words between others that change nothing.
pub(super) const FILL: &[&str] = &[
    "now",
    "all",
    "also",
    "still",
    "again",
    "finally",
    "both",
    "successfully",
    "fully",
    "completely",
    "currently",
    "already",
    "just",
    "manually",
    "each",
    "have",
    "has",
    "been",
    "run",
    "runs",
    "and",
    "indeed",
    "even",
];

/// Words that begin a clause.
pub(super) const TURNS: &[&str] = &["and", "but", "however", "though", "although", "so"];
