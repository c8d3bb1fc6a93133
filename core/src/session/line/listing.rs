//! Listings: which entries stood at which paths. Contents are named by the bytes of their ids, so a
//! listing keeps none of them, and shares its nodes with the listing before.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::codec::{Reader, Writer, malformed};
use crate::error::Result;
use crate::id::ContentId;
use crate::map::{Map, Value};
use crate::object::{Entry, FilePath, Objects, Scope};
use crate::session::line::glob::Glob;
use crate::session::line::place::Place;

const FILE: u64 = 1;
const EXECUTABLE: u64 = 2;
const SYMLINK: u64 = 3;
const SUBMODULE: u64 = 4;
/// Bytes of a submodule's commit id at the most, as of an entry.
const COMMIT_BYTES_MAX: usize = 64;

/// A row of a listing, or of the edit of one.
pub(crate) type Edit = (Vec<u8>, Option<Value>);

/// The value of an entry; none of a removal, which no listing has.
pub(crate) fn listed(entry: &Entry) -> Option<Value> {
    let mut bytes = Writer::new();
    match entry {
        Entry::Removed => return None,
        Entry::File { content, executable } => {
            bytes.uint(if *executable { EXECUTABLE } else { FILE });
            bytes.raw(content.id().as_bytes());
        }
        Entry::Symlink { target } => {
            bytes.uint(SYMLINK).raw(target.id().as_bytes());
        }
        Entry::Submodule { commit } => {
            bytes.uint(SUBMODULE).bytes(commit);
        }
    }
    Some(Value { refs: Vec::new(), bytes: bytes.into_bytes() })
}

/// The entry of a value.
pub(crate) fn entry_of(value: &Value) -> Result<Entry> {
    let mut bytes = Reader::new(&value.bytes);
    let entry = match bytes.uint()? {
        tag @ (FILE | EXECUTABLE) => {
            Entry::File { content: ContentId::new(bytes.id()?), executable: tag == EXECUTABLE }
        }
        SYMLINK => Entry::Symlink { target: ContentId::new(bytes.id()?) },
        SUBMODULE => Entry::Submodule {
            commit: bytes.bytes(COMMIT_BYTES_MAX, "a submodule's commit")?.to_vec(),
        },
        tag => return Err(malformed(format!("listed entry tag {tag}"))),
    };
    bytes.finish()?;
    Ok(entry)
}

/// What a place is in a listing; none where nothing is there.
pub(crate) fn listed_at(files: &Value) -> Result<Option<Value>> {
    Ok(listed(&Place::from_value(files)?.entry))
}

/// Which paths a listing is of.
#[derive(Clone, Debug)]
pub(crate) enum Within {
    /// All.
    All,
    /// Those that a glob matches.
    Globs(Vec<Glob>),
    /// These and no others.
    Paths(BTreeSet<FilePath>),
}

impl Within {
    /// Reads the scope of evidence whose listing has these paths.
    pub(crate) fn of(scope: &Scope, objects: &impl Objects, listing: Map) -> Result<Self> {
        Ok(match scope {
            Scope::All => Within::All,
            Scope::Globs(globs) => {
                Within::Globs(globs.iter().map(Glob::new).collect::<Result<_>>()?)
            }
            Scope::Reads => {
                let rows = listing.range(objects, Bound::Unbounded, Bound::Unbounded);
                Within::Paths(rows.map(|row| path_of(&row?.0)).collect::<Result<_>>()?)
            }
        })
    }

    pub(crate) fn holds(&self, path: &FilePath) -> bool {
        match self {
            Within::All => true,
            Within::Globs(globs) => globs.iter().any(|glob| glob.matches(path)),
            Within::Paths(paths) => paths.contains(path),
        }
    }

    fn holds_key(&self, key: &[u8]) -> Result<bool> {
        match self {
            Within::All => Ok(true),
            within => Ok(within.holds(&path_of(key)?)),
        }
    }
}

/// The rows of a listing of files, from nothing.
pub(crate) fn rows(objects: &impl Objects, files: Map, within: &Within) -> Result<Vec<Edit>> {
    let mut rows = Vec::new();
    if let Within::Paths(paths) = within {
        for path in paths {
            let value = files.get(objects, path.as_bytes())?;
            let listed = value.map(|value| listed_at(&value)).transpose()?.flatten();
            rows.extend(listed.map(|listed| (path.as_bytes().to_vec(), Some(listed))));
        }
        return Ok(rows);
    }
    for row in files.range(objects, Bound::Unbounded, Bound::Unbounded) {
        let (key, value) = row?;
        if let Some(listed) = listed_at(&value)?
            && within.holds_key(&key)?
        {
            rows.push((key, Some(listed)));
        }
    }
    Ok(rows)
}

/// What a listing of some files needs to be one of others.
pub(crate) fn edits(
    objects: &impl Objects,
    (before, after): (Map, Map),
    within: &Within,
) -> Result<Vec<Edit>> {
    let mut edits = Vec::new();
    for change in before.diff(&after, objects) {
        let change = change?;
        let now = change.after.map(|value| listed_at(&value)).transpose()?.flatten();
        if within.holds_key(&change.key)? {
            edits.push((change.key, now));
        }
    }
    Ok(edits)
}

/// The paths at which a listing is not of some files.
pub(crate) fn unlike(
    objects: &impl Objects,
    listing: Map,
    files: Map,
    within: &Within,
) -> Result<BTreeSet<Vec<u8>>> {
    let mut there: BTreeMap<Vec<u8>, Option<Value>> =
        rows(objects, files, within)?.into_iter().collect();
    let mut unlike = BTreeSet::new();
    for row in listing.range(objects, Bound::Unbounded, Bound::Unbounded) {
        let (key, value) = row?;
        if there.remove(&key).flatten().as_ref() != Some(&value) {
            unlike.insert(key);
        }
    }
    unlike.extend(there.into_keys());
    Ok(unlike)
}

/// The path of a key.
pub(crate) fn path_of(key: &[u8]) -> Result<FilePath> {
    FilePath::new(key).map_err(|error| malformed(error.to_string()))
}
