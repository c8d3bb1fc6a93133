//! Bytes on a medium. INTERIM: an in-memory stand-in with the final interface.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, RwLock};

use crate::error::{Error, Result};
use crate::id::{ObjectId, Prefix};
use crate::object::{Node, Objects};

/// The bytes of an object on their way into the log.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    Node(Arc<Node>),
    Content(Arc<[u8]>),
}

/// An object on its way into the log. `base` names an earlier object that it resembles: only a
/// hint for compression, which never changes the id.
#[derive(Clone, Debug)]
pub(crate) struct NewObject {
    pub(crate) id: ObjectId,
    pub(crate) payload: Payload,
    pub(crate) base: Option<ObjectId>,
}

/// What a ref must be for its update to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Anything.
    Any,
    /// There must be no such ref.
    Absent,
    /// The ref must name this id.
    Id(ObjectId),
}

#[derive(Clone, Debug)]
pub(crate) struct RefUpdate {
    pub(crate) name: String,
    pub(crate) expected: Expected,
    pub(crate) new: Option<ObjectId>,
}

/// All or nothing: objects and the refs that make them reachable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transaction {
    pub(crate) objects: Vec<NewObject>,
    pub(crate) updates: Vec<RefUpdate>,
}

#[derive(Clone, Default)]
pub(crate) struct Log {
    inner: Arc<RwLock<Inner>>,
}

#[derive(Default)]
struct Inner {
    nodes: HashMap<ObjectId, Arc<Node>>,
    contents: HashMap<ObjectId, Arc<[u8]>>,
    refs: BTreeMap<String, ObjectId>,
}

impl Log {
    pub(crate) fn contains(&self, id: &ObjectId) -> Result<bool> {
        let inner = self.inner.read().expect("no panic under this lock");
        Ok(inner.nodes.contains_key(id) || inner.contents.contains_key(id))
    }

    pub(crate) fn get_content(&self, id: &ObjectId) -> Result<Option<Arc<[u8]>>> {
        Ok(self.inner.read().expect("no panic under this lock").contents.get(id).cloned())
    }

    /// The size in bytes, without reading the content.
    pub(crate) fn content_size(&self, id: &ObjectId) -> Result<Option<u64>> {
        Ok(self.get_content(id)?.map(|content| content.len() as u64))
    }

    /// Ids of stored objects that match, at most `max`.
    pub(crate) fn candidates(&self, prefix: &Prefix, max: usize) -> Result<Vec<ObjectId>> {
        let inner = self.inner.read().expect("no panic under this lock");
        let all = inner.nodes.keys().chain(inner.contents.keys());
        Ok(all.filter(|id| prefix.matches(id)).copied().take(max).collect())
    }

    /// The ref's id. Looks first for what other processes have committed.
    pub(crate) fn reference(&self, name: &str) -> Result<Option<ObjectId>> {
        Ok(self.inner.read().expect("no panic under this lock").refs.get(name).copied())
    }

    /// Refs whose name begins with `prefix` and is greater than `after`, in order.
    pub(crate) fn references(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, ObjectId)>> {
        let inner = self.inner.read().expect("no panic under this lock");
        let rows = inner.refs.iter().filter(|(name, _)| {
            name.starts_with(prefix) && after.is_none_or(|after| name.as_str() > after)
        });
        Ok(rows.map(|(name, id)| (name.clone(), *id)).take(limit).collect())
    }

    /// Commits; `Conflict` if a ref is not what was expected, and then nothing happened.
    pub(crate) fn commit(&self, transaction: Transaction) -> Result<()> {
        let mut inner = self.inner.write().expect("no panic under this lock");
        for update in &transaction.updates {
            let current = inner.refs.get(&update.name).copied();
            let holds = match update.expected {
                Expected::Any => true,
                Expected::Absent => current.is_none(),
                Expected::Id(id) => current == Some(id),
            };
            if !holds {
                return Err(Error::conflict(format!("ref {:?} has moved", update.name)));
            }
        }
        for object in transaction.objects {
            match object.payload {
                Payload::Node(node) => drop(inner.nodes.insert(object.id, node)),
                Payload::Content(content) => drop(inner.contents.insert(object.id, content)),
            }
        }
        for update in transaction.updates {
            match update.new {
                Some(id) => drop(inner.refs.insert(update.name, id)),
                None => drop(inner.refs.remove(&update.name)),
            }
        }
        Ok(())
    }
}

impl Objects for Log {
    fn get_node(&self, id: &ObjectId) -> Result<Option<Arc<Node>>> {
        Ok(self.inner.read().expect("no panic under this lock").nodes.get(id).cloned())
    }
}
