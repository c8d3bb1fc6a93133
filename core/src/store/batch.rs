//! Owned batches: what will be committed at once.

use std::sync::Arc;

use super::Store;
use crate::error::{Error, Result};
use crate::id::{ContentId, IdMap, ObjectId};
use crate::limits::CONTENT_BYTES_MAX;
use crate::log::{Expected, NewObject, Payload, RefUpdate, Transaction};
use crate::map::{Edited, Map, Value};
use crate::object::{Bytes, Canonical, Node, Objects};

/// What an object takes in memory besides its bytes, here and while it is encoded.
const OBJECT_BYTES: usize = 1_024;

/// Objects and ref updates on their way into a store: all or nothing at
/// [`commit`](Self::commit), nothing at all when dropped.
///
/// It holds no lock, so it may live as long as it likes. Reads through it see its own objects.
#[derive(Debug)]
pub struct Batch {
    store: Store,
    objects: Vec<NewObject>,
    index: IdMap<ObjectId, usize>,
    updates: Vec<RefUpdate>,
    /// Bytes of the contents, and of the nodes.
    contents: usize,
    nodes: usize,
    /// How often segments had been retired when it began. What it found in the store may have been
    /// collected if there were more since.
    since: u64,
}

impl Batch {
    pub(super) fn new(store: Store) -> Self {
        let since = store.log().retirements();
        Batch {
            store,
            objects: Vec::new(),
            index: IdMap::default(),
            updates: Vec::new(),
            contents: 0,
            nodes: 0,
            since,
        }
    }

    /// Begins anew, on what another batch rests on.
    pub(crate) fn anew(&self) -> Self {
        Batch { since: self.since, ..Batch::new(self.store.clone()) }
    }

    /// Adds a content; `base` names one that it resembles, such as the iteration before.
    ///
    /// # Errors
    /// `Invalid` above [`CONTENT_BYTES_MAX`].
    pub fn put_content(
        &mut self,
        bytes: impl Into<Bytes>,
        base: Option<ContentId>,
    ) -> Result<ContentId> {
        let bytes = bytes.into();
        if bytes.len() > CONTENT_BYTES_MAX {
            return Err(Error::invalid(format!(
                "a content of {} bytes, at most {CONTENT_BYTES_MAX} are allowed",
                bytes.len()
            )));
        }
        let id = ObjectId::of_content(&bytes);
        self.add(id, Payload::Content(bytes), base.map(|base| base.id()));
        Ok(ContentId::new(id))
    }

    /// Adds a node; `base` names one that it resembles, such as its previous version.
    pub fn put_node(&mut self, node: Node, base: Option<ObjectId>) -> ObjectId {
        let id = node.id();
        self.put_encoded(id, Arc::new(node), base);
        id
    }

    /// Adds a node as [`put_node`](Self::put_node) does, whose id is known already.
    pub(crate) fn put_encoded(&mut self, id: ObjectId, node: Arc<Node>, base: Option<ObjectId>) {
        self.add(id, Payload::Node(node), base);
    }

    /// Adds the nodes that an edit of a map made, and returns the map.
    pub fn put_map(&mut self, edited: Edited) -> Map {
        for new in edited.nodes {
            self.add(new.id(), Payload::Node(new.node().clone()), new.base());
        }
        edited.map
    }

    /// Edits a map, adds the nodes that this makes, and returns it.
    ///
    /// # Errors
    /// `Corrupt` or `Io` if a node of the map cannot be read.
    pub fn edit_map(&mut self, map: Map, edits: Vec<(Vec<u8>, Option<Value>)>) -> Result<Map> {
        if edits.is_empty() {
            return Ok(map);
        }
        let edited = map.edit(&*self, edits)?;
        Ok(self.put_map(edited))
    }

    /// Adds the node of a value.
    pub fn put<T: Canonical>(&mut self, value: &T, base: Option<ObjectId>) -> ObjectId {
        self.put_node(value.to_node(), base)
    }

    /// Sets or, with `None`, removes a ref, if it then is what is expected.
    pub fn set_ref(&mut self, name: impl Into<String>, expected: Expected, new: Option<ObjectId>) {
        self.updates.push(RefUpdate { name: name.into(), expected, new });
    }

    /// Commits all of it as one durable step.
    ///
    /// # Errors
    /// `Conflict` if a ref is not what was expected, or if a collection has taken what an object
    /// refers to since the batch began: nothing happened. `Indeterminate` if the medium failed:
    /// reopen and look.
    pub fn commit(self) -> Result<()> {
        let transaction = Transaction { objects: self.objects, updates: self.updates };
        self.store.log().commit_since(transaction, self.since)
    }

    /// Commits the contents added so far by themselves, and lets go of their bytes. Nothing refers
    /// to them until the batch is committed: if a collection takes them, that is a `Conflict`.
    pub(crate) fn store_contents(&mut self) -> Result<()> {
        self.store_ahead(|object| matches!(object.payload, Payload::Content(_)))
    }

    /// The same of all objects added so far.
    pub(crate) fn store_all(&mut self) -> Result<()> {
        self.store_ahead(|_| true)
    }

    fn store_ahead(&mut self, is_stored: impl Fn(&NewObject) -> bool) -> Result<()> {
        let ahead: Vec<NewObject> =
            self.objects.iter().filter(|object| is_stored(object)).cloned().collect();
        if ahead.is_empty() {
            return Ok(());
        }
        self.store.log().commit_ahead(ahead)?;
        let left = std::mem::take(&mut self.objects);
        self.index = IdMap::default();
        (self.contents, self.nodes) = (0, 0);
        for object in left {
            if !is_stored(&object) {
                self.add(object.id, object.payload, object.base);
            }
        }
        Ok(())
    }

    /// About how many bytes of memory the objects that wait take.
    pub(crate) fn held_bytes(&self) -> usize {
        self.raw_bytes() + self.objects.len() * OBJECT_BYTES
    }

    /// Returns the sum of the sizes of the contents and nodes that wait to be committed.
    pub fn raw_bytes(&self) -> usize {
        self.contents + self.nodes
    }

    /// Returns the sum of the sizes of the contents that wait.
    pub(crate) fn content_bytes(&self) -> usize {
        self.contents
    }

    /// Refuses an object that was purged, which the store would not take back.
    pub(crate) fn refuse_purged(&self, id: &ObjectId) -> Result<()> {
        if self.store.log().is_purged(id)? {
            return Err(self.store.absence(id)?.context("it is not taken back"));
        }
        Ok(())
    }

    /// Tells whether an object is here, in the store, or known to be gone for good.
    pub(crate) fn knows(&self, id: &ObjectId) -> Result<bool> {
        Ok(self.index.contains_key(id)
            || self.store.log().contains(id)?
            || self.store.tombstone(id)?.is_some())
    }

    /// Fails if a content is neither here nor in the store, saying why.
    pub(crate) fn require(&self, id: ContentId) -> Result<()> {
        if self.own_content(id).is_some() {
            return Ok(());
        }
        self.store.require(id)?;
        self.store.content_size(id).map(drop)
    }

    /// Reads a content that is here or in the store.
    pub(crate) fn read_content(&self, id: ContentId) -> Result<Bytes> {
        match self.own_content(id) {
            Some(bytes) => Ok(bytes.clone()),
            None => self.store.read_content(id),
        }
    }

    /// The size of a content that is here or in the store.
    pub(crate) fn content_size(&self, id: ContentId) -> Result<u64> {
        match self.own_content(id) {
            Some(bytes) => Ok(bytes.len() as u64),
            None => self.store.content_size(id),
        }
    }

    fn own_content(&self, id: ContentId) -> Option<&Bytes> {
        match &self.objects.get(*self.index.get(&id.id())?)?.payload {
            Payload::Content(bytes) => Some(bytes),
            Payload::Node(_) => None,
        }
    }

    fn add(&mut self, id: ObjectId, payload: Payload, base: Option<ObjectId>) {
        if !self.index.contains_key(&id) {
            match &payload {
                Payload::Content(bytes) => self.contents += bytes.len(),
                Payload::Node(node) => self.nodes += node.size(),
            }
            self.index.insert(id, self.objects.len());
            self.objects.push(NewObject { id, payload, base });
        }
    }
}

impl Objects for Batch {
    fn get_node(&self, id: &ObjectId) -> Result<Option<Arc<Node>>> {
        if let Some(&at) = self.index.get(id)
            && let Payload::Node(node) = &self.objects[at].payload
        {
            return Ok(Some(node.clone()));
        }
        self.store.get_node(id)
    }

    fn absence(&self, id: &ObjectId) -> Result<Error> {
        self.store.absence(id)
    }

    fn missing_map(&self, id: &ObjectId) -> Result<Error> {
        self.store.missing_map(id)
    }

    fn is_trimmed(&self, id: &ObjectId) -> Result<bool> {
        self.store.is_trimmed(id)
    }
}
