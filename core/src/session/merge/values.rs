//! State, instructions and tools of two sessions: what one side changed, and ours where both did.

use std::ops::Bound;

use crate::diff;
use crate::error::{ErrorKind, Result};
use crate::id::ContentId;
use crate::map::{Map, MergeOutcome, Value};
use crate::session::draft::Draft;
use crate::session::line::chain::number_after;
use crate::session::line::roots::{Root, Roots};
use crate::session::line::value::{list_len, list_of, list_value};
use crate::store::Batch as StoreBatch;

/// Merges the state maps. Returns the keys that both changed differently.
pub(super) fn join_state(
    batch: &mut StoreBatch,
    draft: &mut Draft,
    [base, ours, theirs]: [Map; 3],
) -> Result<Vec<Vec<u8>>> {
    let mut collided = Vec::new();
    let changes: Vec<_> = base.merge(&ours, &theirs, &*batch).collect::<Result<_>>()?;
    for change in changes {
        match change.outcome() {
            MergeOutcome::Clean(value) if value == change.sides[0].as_ref() => {}
            MergeOutcome::Clean(value) => {
                draft.joined.rows(Root::State).insert(change.key.clone(), value.cloned());
            }
            MergeOutcome::Collision => {
                match appended(batch, change.base.as_ref(), &change.sides)? {
                    Some(value) => {
                        draft.joined.rows(Root::State).insert(change.key, Some(value));
                    }
                    None => collided.push(change.key),
                }
            }
        }
    }
    Ok(collided)
}

/// Our list with what the other side appended to the list that both come from; none where it did
/// something else.
fn appended(
    batch: &mut StoreBatch,
    base: Option<&Value>,
    sides: &[Option<Value>; 2],
) -> Result<Option<Value>> {
    let list = |value: Option<&Value>| value.map_or(Some(Map::EMPTY), list_of);
    let [Some(ours), Some(theirs)] = sides else { return Ok(None) };
    let (Some(base), Some(ours), Some(theirs)) = (list(base), list_of(ours), list_of(theirs))
    else {
        return Ok(None);
    };
    let len = list_len(base, &*batch)?;
    for change in base.diff(&theirs, &*batch) {
        if change?.before.is_some() {
            return Ok(None);
        }
    }
    let mut index = list_len(ours, &*batch)?;
    let mut edits = Vec::new();
    let from = len.to_be_bytes();
    for row in theirs.range(&*batch, Bound::Included(&from), Bound::Unbounded) {
        edits.push((index.to_be_bytes().to_vec(), Some(row?.1)));
        index = number_after(index)?;
    }
    Ok(Some(list_value(batch.edit_map(ours, edits)?)))
}

/// Merges instructions, by their lines, and tools. Returns what both changed differently.
pub(super) fn join_texts(
    batch: &mut StoreBatch,
    draft: &mut Draft,
    [base, ours, theirs]: [Roots; 3],
) -> Result<Vec<Root>> {
    let mut collided = Vec::new();
    for root in [Root::Instructions, Root::Tools] {
        let now = draft.texts.now.get(&root).copied().unwrap_or_else(|| ours.text(root));
        let [base, theirs] = [base, theirs].map(|roots| roots.text(root));
        if theirs == base || theirs == now {
            continue;
        }
        if now == base {
            draft.texts.now.insert(root, theirs);
        } else if root == Root::Instructions
            && let Some(text) = joined_text(batch, draft, [base, now, theirs])?
        {
            let content = draft.put_content(batch, text.into(), now)?;
            draft.texts.now.insert(root, Some(content));
        } else {
            collided.push(root);
        }
    }
    Ok(collided)
}

fn joined_text(
    batch: &StoreBatch,
    draft: &Draft,
    contents: [Option<ContentId>; 3],
) -> Result<Option<Vec<u8>>> {
    let mut texts = Vec::with_capacity(3);
    for content in contents {
        let bytes = match content {
            None => crate::object::Bytes::default(),
            Some(id) => match draft.content(id) {
                Some(bytes) => bytes,
                None => match batch.read_content(id) {
                    Err(error) if error.kind() == ErrorKind::Purged => return Ok(None),
                    bytes => bytes?,
                },
            },
        };
        texts.push(bytes);
    }
    let [base, ours, theirs] = [0, 1, 2].map(|at| texts[at].clone());
    Ok(diff::merge(base, ours, theirs).and_then(|merge| merge.text()))
}
