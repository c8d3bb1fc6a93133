//! JSON: one shape of every value that a host logs or sends. Needs the feature `serde`.
//!
//! Each such value implements `serde::Serialize`, and what comes out is what the command prints
//! with `--json`: `docs/cli.md` has the keys and their meaning. Keys are stable: others may join
//! them, and none is renamed or removed. Any serializer that names its fields will do; formats that
//! know a field by its place will not, because keys marked *if any* are left out.
//!
//! * Ids are hexadecimal text, times RFC 3339 in UTC or `null` for a year that it cannot write,
//!   names of kinds the words that listings show.
//! * A path is an object of `path` and, only if it is not UTF-8, `path_bytes`. An object that is of
//!   one path has these two keys itself.
//! * A value inside another leaves out what that one says: a report names a checkpoint by `number`
//!   and `id` ([`Brief`]), a plan lists its steps by action.
//! * A [`Memory`](crate::Memory) has all of its `parts`; a row of memories has what they say, as
//!   `text`, `calls`, `results` and `media`.
//! * A number of [`Json`](crate::Json) that no integer and no double has exactly is a text.
//!
//! A host reads back ids, paths, times, roles, kinds, memories with their parts and bodies, JSON,
//! budgets and calibrations: they implement `serde::Deserialize` too.
//!
//! ```
//! # #[cfg(feature = "store")] {
//! let session = partita::Store::in_memory()?.session("s")?;
//! session.write("a", "1")?;
//! let row = session.log()?.next().expect("one checkpoint")?;
//! let json = serde_json::to_string(&row).expect("a row can be written");
//! assert!(json.starts_with(r#"{"number":1,"id":""#));
//! # }
//! # Ok::<(), partita::Error>(())
//! ```

mod budget;
mod context;
#[cfg(feature = "store")]
mod entry;
#[cfg(feature = "store")]
mod evidence;
mod fields;
#[cfg(feature = "store")]
mod files;
#[cfg(feature = "store")]
mod history;
#[cfg(all(feature = "store", unix))]
mod host;
mod json;
#[cfg(feature = "store")]
mod key;
mod memory;
#[cfg(feature = "store")]
mod merge;
mod name;
mod part;
#[cfg(all(feature = "store", unix))]
mod proposal;
mod read;
#[cfg(feature = "store")]
mod recover;
#[cfg(feature = "store")]
mod row;
#[cfg(feature = "store")]
mod state;
#[cfg(all(test, feature = "store"))]
mod tests;
mod tokens;
mod transcript;
#[cfg(all(feature = "store", unix))]
mod turn;
#[cfg(feature = "store")]
mod upkeep;
mod value;
#[cfg(feature = "store")]
mod view;
#[cfg(feature = "store")]
mod workspace;

#[cfg(feature = "store")]
pub use row::{Brief, Listed, said};
