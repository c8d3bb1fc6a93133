//! The command line of evidence, claims, benchmarks and blame.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Json, value};

/// What to do with evidence and claims.
#[derive(Debug, Subcommand)]
pub(crate) enum Proof {
    /// List what runs and reports showed, newest first, or show one in full with its output
    #[command(after_help = "Examples:\n  partita evidence project\n  \
                            partita evidence project 3")]
    Evidence {
        /// Name of the session
        name: String,
        /// Number of one piece of evidence
        #[arg(value_parser = value::number::<u64>)]
        number: Option<u64>,
        #[command(flatten)]
        json: Json,
    },

    /// Claim something by evidence; what the evidence says of it is computed each time
    #[command(after_help = "Examples:\n  partita claim project 'all tests pass' --by 3\n  \
                            partita claim project 'both suites pass' --by 3 4")]
    Claim {
        /// Name of the session
        name: String,
        /// What is claimed
        text: String,
        /// Numbers of the evidence, as `partita evidence` lists them
        #[arg(long, value_name = "NUMBER", num_args = 1.., required = true, value_parser = value::number::<u64>)]
        by: Vec<u64>,
        #[command(flatten)]
        json: Json,
    },

    /// List the claims, and how each stands: supported, stale, refuted or unsupported
    #[command(after_help = "Examples:\n  partita claims project\n  \
                            partita claims project --check")]
    Claims {
        /// Name of the session
        name: String,
        /// As of this checkpoint: a number, id:PREFIX, latest or git:PREFIX
        #[arg(long, value_name = "CHECKPOINT")]
        at: Option<String>,
        /// Fail unless all of them are supported
        #[arg(long)]
        check: bool,
        #[command(flatten)]
        json: Json,
    },

    /// Run the commands behind claims again, and show how the claims stand then
    #[command(after_help = "Examples:\n  partita rerun project\n  \
                            partita rerun project 2 --dir ~/project")]
    Rerun(Rerun),

    /// Run a command in two states in turns, and compare what it took or measured
    #[command(
        after_help = "Examples:\n  partita bench project --before 3 --after latest -- make bench\n  \
                            partita bench project --before 3 --after 7 --pairs 20 --setup 'make' -- ./parse big.txt"
    )]
    Bench(BenchArgs),

    /// Take in a report that a tool wrote somewhere else, as evidence about the files as they are
    #[command(after_help = "Examples:\n  partita evidence-import project junit.xml\n  \
                            partita evidence-import project out.txt --format libtest")]
    EvidenceImport {
        /// Name of the session
        name: String,
        /// The report; `-` means the standard input
        file: PathBuf,
        /// Its format, such as junit, tap or libtest; found out unless it is given
        #[arg(long, value_name = "F")]
        format: Option<String>,
        #[command(flatten)]
        json: Json,
    },

    /// Print evidence for other tools
    #[command(after_help = "Examples:\n  partita evidence-export project --format in-toto\n  \
                            partita evidence-export project 3 --format junit")]
    EvidenceExport {
        /// Name of the session
        name: String,
        /// Number of the evidence; the newest unless it is given
        #[arg(value_parser = value::number::<u64>)]
        number: Option<u64>,
        /// As what
        #[arg(long, value_name = "FORMAT")]
        format: ExportFormat,
    },

    /// Tell of each line of a file where it came from, and which claims rest on the file
    #[command(after_help = "Examples:\n  partita blame project src/lib.rs\n  \
                            partita blame project src/lib.rs --at 7")]
    Blame {
        /// Name of the session
        name: String,
        /// Path of the file
        path: OsString,
        /// As of this checkpoint: a number, id:PREFIX, latest or git:PREFIX
        #[arg(long, value_name = "CHECKPOINT")]
        at: Option<String>,
        #[command(flatten)]
        json: Json,
    },
}

/// As what evidence is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// An in-toto statement of the test result
    InToto,
    /// An in-toto statement of SLSA provenance
    Slsa,
    /// JUnit's XML
    Junit,
}

/// Arguments of `rerun`.
#[derive(Args, Debug)]
pub(crate) struct Rerun {
    /// Name of the session
    pub(crate) name: String,
    /// Numbers of claims; those that are not supported unless any are given
    #[arg(value_name = "CLAIM", value_parser = value::number::<u64>)]
    pub(crate) claims: Vec<u64>,
    /// The directory to run in and to capture
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Run commands too that this user never ran
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Arguments of `bench`.
#[derive(Args, Debug)]
pub(crate) struct BenchArgs {
    /// Name of the session
    pub(crate) name: String,
    /// The state before the change: a number, id:PREFIX, latest or git:PREFIX
    #[arg(long, value_name = "CHECKPOINT")]
    pub(crate) before: String,
    /// The state after it
    #[arg(long, value_name = "CHECKPOINT")]
    pub(crate) after: String,
    /// How many pairs are run, behind one that does not count
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = value::number::<usize>)]
    pub(crate) pairs: usize,
    /// What is compared: `time`, or a metric of the command's report
    #[arg(long, value_name = "NAME", default_value = "time")]
    pub(crate) metric: String,
    /// A line for the shell that is run in both checkouts first
    #[arg(long, value_name = "COMMAND")]
    pub(crate) setup: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}
