//! Trees of a repository, read strictly and counted before they are opened.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::RandomState;

use gix::hash::oid;
use gix::objs::{Data, Find, FindHeader, Header, Kind};
use gix::{ObjectId, Repository};

use super::limits::Limits;
use super::sum::{Sum, Summer};
use super::tree::{self, EntryKind, Malformed, Subtree};

/// What is remembered of trees, and how they are read.
pub(super) struct Trees {
    pub(super) summer: Summer,
    limits: Limits,
    sums: RefCell<HashMap<ObjectId, Counted>>,
    /// Bytes of the trees that were opened.
    bytes: Cell<usize>,
}

/// What a tree holds, all directories below it opened.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    sum: Sum,
    /// Files and directories.
    entries: u64,
    /// Directories within directories below it.
    height: usize,
    /// Whether its own entries stand in git's order.
    sorted: bool,
}

/// What is wrong, and in which tree: the one whose entry is named, or which cannot be read itself.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) tree: ObjectId,
    /// Path of the entry from the root; empty for the tree itself, or the whole.
    pub(super) entry: Vec<u8>,
    pub(super) why: Why,
}

/// Why a tree cannot be taken.
#[derive(Debug)]
pub(super) enum Why {
    /// An object is not there.
    Missing(ObjectId),
    /// An object cannot be read.
    Unreadable(ObjectId, gix::Error),
    /// What it says is not so.
    Malformed(String),
}

/// A tree on the way from its root, whose subtrees are being counted.
struct Frame {
    id: ObjectId,
    name: Box<[u8]>,
    counted: Counted,
    subtrees: Vec<Subtree>,
}

impl Trees {
    pub(super) fn new(limits: Limits, key: RandomState) -> Trees {
        Trees { summer: Summer(key), limits, sums: RefCell::default(), bytes: Cell::new(0) }
    }

    /// Returns the bytes of all trees that were looked at so far.
    pub(super) fn bytes_read(&self) -> usize {
        self.bytes.get()
    }

    /// Returns the sum of all that is below a tree, which is looked at entry by entry unless it was
    /// before. Each tree is opened once, however often it stands in the whole.
    pub(super) fn sum(&self, repository: &Repository, root: ObjectId) -> Result<Sum, Fault> {
        if let Some(known) = self.sums.borrow().get(&root) {
            return Ok(known.sum);
        }
        let mut path = vec![self.open(repository, root, Box::default()).map_err(|why| Fault {
            tree: root,
            entry: why.name,
            why: why.why,
        })?];
        loop {
            let top = path.last_mut().expect("it returns with the root");
            let Some(Subtree { name, id }) = top.subtrees.pop() else {
                let done = path.pop().expect("it was just looked at");
                let fault = |why: String| {
                    let tree = done.id;
                    Fault { tree, entry: joined(&path, &done.name), why: Why::Malformed(why) }
                };
                let Limits { commit_entries, depth, .. } = self.limits;
                if done.counted.entries > commit_entries {
                    let why =
                        format!("it leads to more than {commit_entries} files and directories");
                    return Err(fault(why));
                }
                if done.counted.height > depth {
                    return Err(fault(format!("it is nested deeper than {depth} directories")));
                }
                self.remember(done.id, done.counted);
                match path.last_mut() {
                    Some(parent) => self.add(&mut parent.counted, &done.name, done.counted),
                    None => return Ok(done.counted.sum),
                }
                continue;
            };
            if let Some(known) = self.sums.borrow().get(&id) {
                self.add(&mut top.counted, &name, *known);
                continue;
            }
            let parent = top.id;
            let held: usize = path.iter().map(|frame| frame.subtrees.len()).sum();
            let too_much =
                path.len() > self.limits.depth || held as u64 > self.limits.commit_entries;
            let opened = if too_much {
                let why = Why::Malformed("directories are nested too deep here".into());
                Err(Wrong { own: true, name: Vec::new(), why })
            } else {
                self.open(repository, id, name.clone())
            };
            match opened {
                Ok(frame) => path.push(frame),
                Err(wrong) => {
                    let mut entry = joined(&path, &name);
                    // What is wrong with the object that an entry names is the entry's fault.
                    let tree = if wrong.own { parent } else { id };
                    if !wrong.name.is_empty() {
                        entry.push(b'/');
                        entry.extend(&wrong.name);
                    }
                    return Err(Fault { tree, entry, why: wrong.why });
                }
            }
        }
    }

    fn add(&self, to: &mut Counted, name: &[u8], below: Counted) {
        to.sum.add(self.summer.within(name, below.sum));
        to.entries = to.entries.saturating_add(below.entries);
        to.height = to.height.max(below.height + 1);
    }

    fn remember(&self, id: ObjectId, counted: Counted) {
        let mut sums = self.sums.borrow_mut();
        if sums.len() >= self.limits.sums {
            sums.clear();
        }
        sums.insert(id, counted);
    }

    /// Reads a tree and counts its own entries.
    fn open(&self, repository: &Repository, id: ObjectId, name: Box<[u8]>) -> Result<Frame, Wrong> {
        let own = |why| Wrong { own: true, name: Vec::new(), why };
        let object = match repository.try_find_object(id) {
            Ok(Some(object)) => object,
            Ok(None) => return Err(own(Why::Missing(id))),
            Err(error) => return Err(own(unreadable(repository, &self.limits, id, error))),
        };
        if object.kind != Kind::Tree {
            let why = format!("git object {id} is a {} where a tree is due", object.kind);
            return Err(own(Why::Malformed(why)));
        }
        self.bytes.set(self.bytes.get().saturating_add(object.data.len()));
        let parsed = tree::parse(&object.data, id.kind(), self.limits.tree_entries);
        let (entries, sorted) = parsed.map_err(|Malformed { name, why }| Wrong {
            own: false,
            name,
            why: Why::Malformed(why),
        })?;
        let mut counted = Counted { sorted, entries: entries.len() as u64, ..Counted::default() };
        let mut subtrees = Vec::new();
        for entry in entries {
            match entry.kind {
                EntryKind::Tree => {
                    subtrees.push(Subtree { name: entry.name.into(), id: entry.id.into() });
                }
                EntryKind::Value(kind) => {
                    counted.sum.add(self.summer.file(entry.name, kind, entry.id));
                }
            }
        }
        Ok(Frame { id, name, counted, subtrees })
    }

    /// Returns the tree that holds a path's entry, below a root whose trees are all sound.
    pub(super) fn holder(
        &self,
        repository: &Repository,
        root: ObjectId,
        path: &[u8],
    ) -> Option<ObjectId> {
        let mut at = root;
        let mut components = path.split(|&byte| byte == b'/').peekable();
        while let Some(component) = components.next() {
            if components.peek().is_none() {
                return Some(at);
            }
            let object = repository.try_find_object(at).ok()??;
            let (entries, _) =
                tree::parse(&object.data, at.kind(), self.limits.tree_entries).ok()?;
            let entry = entries
                .iter()
                .find(|entry| entry.kind == EntryKind::Tree && entry.name == component)?;
            at = entry.id.into();
        }
        None
    }

    /// Returns a reader of objects that gives trees in git's order, and bounds the bytes of blobs.
    pub(super) fn reader<'a>(&'a self, repository: &'a Repository) -> Reader<'a> {
        Reader { trees: self, repository, blob_bytes: Cell::new(0) }
    }
}

/// What is wrong with a tree: as an object, or within.
struct Wrong {
    own: bool,
    name: Vec<u8>,
    why: Why,
}

/// Tells an object that is too large for its kind from one that is damaged.
fn unreadable(repository: &Repository, limits: &Limits, id: ObjectId, error: gix::Error) -> Why {
    match repository.try_find_header(id) {
        Ok(Some(header)) if header.size() > limits.object_bytes => {
            let (kind, size, limit) = (header.kind(), header.size(), limits.object_bytes);
            let why = format!("git {kind} {id} has {size} bytes, beyond the limit of {limit}");
            Why::Malformed(why)
        }
        _ => Why::Unreadable(id, error),
    }
}

/// The path of a name below the frames that lead to it; the root's own name is none.
fn joined(path: &[Frame], name: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    for component in path.iter().skip(1).map(|frame| &*frame.name).chain([name]) {
        if !whole.is_empty() {
            whole.push(b'/');
        }
        whole.extend_from_slice(component);
    }
    whole
}

/// What a differ reads through.
pub(super) struct Reader<'a> {
    trees: &'a Trees,
    repository: &'a Repository,
    blob_bytes: Cell<u64>,
}

impl Reader<'_> {
    /// Tells whether the differ asked for more bytes of blobs than a commit may have.
    pub(super) fn is_exhausted(&self) -> bool {
        self.blob_bytes.get() > self.trees.limits.similarity_bytes
    }

    fn in_order(&self, id: &oid, data: &[u8]) -> gix::Result<Option<Vec<u8>>> {
        if self.trees.sums.borrow().get(id).is_some_and(|known| known.sorted) {
            return Ok(None);
        }
        let parsed = tree::parse(data, id.kind(), self.trees.limits.tree_entries);
        let (entries, sorted) =
            parsed.map_err(|malformed| gix::Error::from_error(Unsound(malformed)))?;
        Ok((!sorted).then(|| tree::write(&entries)))
    }
}

impl Find for Reader<'_> {
    fn try_find<'b>(&self, id: &oid, buffer: &'b mut Vec<u8>) -> gix::Result<Option<Data<'b>>> {
        if id.is_empty_tree() {
            // It need not be there: everybody knows it.
            buffer.clear();
            return Ok(Some(Data { kind: Kind::Tree, object_hash: id.kind(), data: buffer }));
        }
        let Some(found) = self.repository.objects.try_find(id, buffer)? else {
            return Ok(None);
        };
        let (kind, object_hash) = (found.kind, found.object_hash);
        match kind {
            Kind::Tree => {
                if let Some(sorted) = self.in_order(id, buffer)? {
                    *buffer = sorted;
                }
            }
            Kind::Blob => {
                self.blob_bytes.set(self.blob_bytes.get().saturating_add(buffer.len() as u64));
                if self.is_exhausted() {
                    return Err(gix::Error::from_error(Exhausted));
                }
            }
            _ => {}
        }
        Ok(Some(Data { kind, object_hash, data: buffer }))
    }
}

impl FindHeader for Reader<'_> {
    fn try_header(&self, id: &oid) -> gix::Result<Option<Header>> {
        FindHeader::try_header(&self.repository.objects, id)
    }
}

/// The search for renames takes too much.
#[derive(Debug)]
struct Exhausted;

impl std::fmt::Display for Exhausted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the search for renames takes too much memory")
    }
}

impl std::error::Error for Exhausted {}

/// A tree that was summed before is not what it was.
#[derive(Debug)]
struct Unsound(Malformed);

impl std::fmt::Display for Unsound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.why)
    }
}

impl std::error::Error for Unsound {}
