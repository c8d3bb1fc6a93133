//! Evidence for other tools: in-toto statements, with the digests that they verify.
//!
//! A statement is a function of the evidence and of the bytes that it names: the same evidence gives
//! the same statement. Signing it is the host's, with a key that no model can use.
//!
//! | statement | predicate |
//! |---|---|
//! | [`test_result`] | [test result 0.1](https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md) |
//! | [`provenance`] | [SLSA provenance 1](https://slsa.dev/spec/v1.0/provenance) |
//!
//! The subject is the tree of input files: `gitTree` is what `git write-tree` says of it, `sha256` that
//! of its listing, a line a file: mode, a blank, the file's SHA-256, two blanks, the path, a line
//! feed. JUnit is written by [`results::to_junit`](crate::results::to_junit).
//!
//! ```
//! use partita::attest;
//! let session = partita::Store::in_memory()?.session("s")?;
//! session.write("a", "1")?;
//! let number = session.import_evidence("tap", b"ok 1 - it works\n1..1\n", None)?;
//! let now = session.latest()?;
//! let statement = attest::test_result(&now, &now.evidence_at(number)?)?;
//! let predicate = statement.get("predicate").unwrap();
//! assert_eq!(predicate.get("result").unwrap().as_str(), Some("PASSED"));
//! # Ok::<(), partita::Error>(())
//! ```

mod digest;
mod statement;

pub use statement::{provenance, test_result};
