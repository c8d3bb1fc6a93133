//! A content-addressed store for the sessions of AI agents.
//!
//! A session keeps what an agent said and what it changed. Each change is one durable checkpoint, and
//! nothing is overwritten: any state can be seen, compared, forked and brought back. Ids are BLAKE3
//! hashes, so every byte can be verified, and the same input gives the same ids on every machine.
//!
//! # Quick start
//!
//! ```
//! use partita::{Memory, Store};
//!
//! # let dir = tempfile::tempdir().unwrap();
//! # let path = dir.path().join("sessions");
//! let store = Store::open(&path)?; // or Store::in_memory()?
//! let session = store.session("fix-parser")?; // creates or resumes
//! session.write("src/lib.rs", "fn parse() {}\n")?; // iteration 1
//! session.batch(|batch| {
//!     batch.remember(Memory::user("The parser drops the last token."))?;
//!     batch.write("src/lib.rs", "fn parse() -> Tokens {}\n")
//! })?; // one checkpoint: both or none
//! print!("{}", session.diff("src/lib.rs", 1, 2)?.unified());
//! session.restore("src/lib.rs", 1)?; // iteration 3, equal to 1
//! session.undo()?; // and back again
//! assert_eq!(session.read("src/lib.rs")?, b"fn parse() -> Tokens {}\n");
//! # Ok::<(), partita::Error>(())
//! ```
//!
//! `docs/rust.md` in the repository is a guide of some pages; `core/examples` has whole programs.
//!
//! # What a session is
//!
//! * A **checkpoint** is the state of a session at one moment: its files, memories, own state, and the
//!   view. An **operation** says what made it. Both are numbered, hashed, and never change.
//! * A **file** has **iterations**, numbered from 1 at its path. A removal is one, too.
//! * A **memory** is one message of the dialog: a role, parts (texts, calls, results, media), links.
//! * The **view** says which memories and files the model is shown. Forgetting and compacting change
//!   the view alone, never what is stored.
//!
//! # I want to ...
//!
//! | I want to | type and method |
//! |---|---|
//! | open a store | [`Store::open`], [`Store::options`]; [`Store::in_memory`] for tests |
//! | begin or resume a session | [`Store::session`]; [`open_session`](Store::open_session) if it must exist |
//! | write, read, remove, rename a file | [`Session::write`], [`read`](Session::read), [`remove`](Session::remove), [`rename`](Session::rename) |
//! | get an old version back | [`Session::history`], [`read_at`](Session::read_at), [`restore`](Session::restore), [`diff`](Session::diff) |
//! | record what was said | [`Session::remember`] and [`Memory`] |
//! | record what a model's call cost | [`Session::remember_with_call`] and [`object::ModelCall`] |
//! | change several things at once | [`Session::batch`], [`Session::begin`] |
//! | refuse to overwrite what I have not seen | [`Session::write_expecting`], [`Batch::expect`] |
//! | take back, and bring back again | [`Session::undo`], [`redo`](Session::redo), [`restore_checkpoint`](Session::restore_checkpoint) |
//! | try something beside the session | [`Session::fork`] |
//! | read one fixed state | [`Session::latest`], [`Session::at`]: a [`Snapshot`] |
//! | say what the model sees | [`Session::forget`], [`compact`](Session::compact), [`hide`](Session::hide): module [`view`] |
//! | count tokens | [`Session::capacity`], module [`tokens`] |
//! | make the dialog fit | [`Session::plan`], [`apply`](Session::apply), module [`budget`] |
//! | send it to a provider | [`Snapshot::prompt`], [`context::Prompt::render`], module [`context`] |
//! | count and trim messages without a store | [`interop`], [`budget::fit`] |
//! | take in another agent's recording | [`interop`], [`Session::import_transcript`] |
//! | write a state into a directory | [`Session::checkout`], module [`workspace`] |
//! | run a command, and know what it showed | module [`host`], [`results`] |
//! | claim something that counts only as far as runs support it | [`Session::claim`], module [`evidence`] |
//! | compare two benchmarks | [`Session::compare`], module [`statistics`] |
//! | see where each line of a file came from | [`Session::blame`] |
//! | drive an agent: models, tools, proposals, gates, people | module [`host::turn`] |
//! | merge sessions that went on side by side | [`Session::merge`], module [`merge`] |
//! | keep values of my own beside the dialog | [`Session::state`], module [`state`] |
//! | check, collect, purge, recover | module [`upkeep`] |
//! | show it | module [`display`]: HTML and SVG |
//! | store objects of my own kinds | modules [`plumbing`], [`object`], [`map`] |
//!
//! The names at the root are those of every day. Each other name stands in the module of its topic.
//!
//! # Features
//!
//! | feature | on by default | what it adds |
//! |---|---|---|
//! | `store` | yes | stores, sessions, checkouts, displays; needs `tokens` |
//! | `catalogue` | yes | a cache beside a store on disk (crate `sled`): the same answers sooner |
//! | `tokens` | yes | counts, budgets, contexts, transcripts; alone it needs no store |
//! | `fast-tokens` | no | the same counts from a younger, faster tokenizer, for many megabytes at once |
//! | `serde` | no | `serde::Serialize` for what a host logs or sends, `Deserialize` for what it reads back |
//!
//! `default-features = false, features = ["tokens"]` is for programs that only budget tokens.
//!
//! # Threads, processes and async
//!
//! [`Store`] and [`Session`] are cheap to clone, and `Send` and `Sync`. Any number of threads and
//! processes may read and write one store, even one session. Two edits of the same path collide: the
//! later one gets [`ErrorKind::Conflict`], and nothing is overwritten. Memories and appended state go
//! to the end, whoever else appends.
//!
//! Calls block, for the time of one append and one sync. In async code hand them to a thread that may
//! block; clones of the session are the way in:
//!
//! ```
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let session = partita::Store::in_memory()?.session("s")?;
//! let writer = session.clone();
//! let written = tokio::task::spawn_blocking(move || writer.write("a", "1"));
//! assert_eq!(written.await.expect("it does not panic")?.number, 1);
//! # Ok::<(), partita::Error>(())
//! # }).unwrap();
//! ```
//!
//! # After a crash
//!
//! A call that returned `Ok` is durable: it survives a crash of the process, the kernel or the power.
//! Open the store again and go on. [`Store::session`] with the same name resumes; calls of tools that
//! never got their result are still in view, and rendering answers them. [`Durability`] says what may
//! be traded for speed. A handle whose write failed is poisoned: open the store anew, and read what is
//! there.
//!
//! # Errors
//!
//! One type, [`Error`], whose [`kind`](Error::kind) says what the caller can do: create, retry,
//! correct, wait, restore. Its text is one line that names the thing and the place. Reads never return
//! wrong bytes: damage is [`ErrorKind::Corrupt`].
//!
//! # Why not ...
//!
//! * **A database?** If you query across sessions, use one. It keeps the newest state of rows; here each
//!   state stays, is addressed by its hash, and unchanged parts are shared. A durable step costs about
//!   as much as one of SQLite's.
//! * **git?** It is for people's commits. A step of an agent would cost several files and processes, its
//!   dialog has no place, and what one step changed cannot be undone by itself. partita imports git
//!   histories.
//! * **Plain files and `fsync`?** If one file per session is all you need, that is the better choice.
//!   Forks, undo, two writers, and a crash in the middle of a write are what you would then build.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]
#![cfg_attr(
    not(feature = "store"),
    expect(dead_code, reason = "errors and memories have methods that only a store calls")
)]

#[cfg(feature = "store")]
pub mod attest;
#[cfg(feature = "tokens")]
pub mod budget;
#[cfg(feature = "store")]
mod codec;
#[cfg(feature = "tokens")]
pub mod context;
#[cfg(feature = "store")]
pub mod diff;
#[cfg(feature = "store")]
pub mod display;
mod error;
#[cfg(feature = "store")]
pub mod evidence;
#[cfg(feature = "store")]
pub mod history;
#[cfg(all(feature = "store", unix))]
pub mod host;
mod id;
#[cfg(feature = "store")]
pub mod import;
#[cfg(feature = "tokens")]
pub mod interop;
#[cfg(feature = "tokens")]
mod json;
pub mod limits;
#[cfg(feature = "store")]
mod log;
#[cfg(feature = "store")]
pub mod map;
#[cfg(feature = "store")]
pub mod merge;
pub mod object;
#[cfg(feature = "store")]
mod oversight;
#[cfg(feature = "store")]
pub mod plumbing;
#[cfg(feature = "store")]
pub mod results;
#[cfg(feature = "store")]
mod session;
#[cfg(feature = "serde")]
pub mod shape;
#[cfg(feature = "store")]
pub mod state;
#[cfg(feature = "store")]
pub mod statistics;
#[cfg(feature = "store")]
mod store;
#[cfg(feature = "tokens")]
pub mod tokens;
#[cfg(feature = "store")]
pub mod upkeep;
#[cfg(feature = "store")]
pub mod vfs;
#[cfg(feature = "store")]
pub mod view;
#[cfg(feature = "store")]
pub mod workspace;

pub use error::{Error, ErrorKind, Result};
pub use id::{CheckpointId, ContentId, IterationId, MemoryId, ObjectId, OperationId};
#[cfg(feature = "tokens")]
pub use json::Json;
pub use object::{Body, Memory, MemoryKind, Part, Role, Timestamp};
#[cfg(feature = "store")]
pub use object::{Entry, FilePath};
#[cfg(feature = "store")]
pub use session::{Batch, NewEntry, Selector, Session, Snapshot};
#[cfg(all(feature = "store", feature = "knockouts"))]
#[doc(hidden)]
pub use store::{CheckSite, knock_out};
#[cfg(feature = "store")]
pub use store::{Durability, Store, StoreOptions};

/// The README's Rust lines, as a test.
#[cfg(all(doctest, feature = "store"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// The lines of the guide, as tests: in the repository, whose own tests have this feature, for a package
/// has no guide.
#[cfg(all(doctest, feature = "knockouts"))]
#[doc = include_str!("../../docs/rust.md")]
struct Guide;

/// The lines of the page about turns, as tests.
#[cfg(all(doctest, feature = "knockouts"))]
#[doc = include_str!("../../docs/orchestration.md")]
struct Orchestration;
