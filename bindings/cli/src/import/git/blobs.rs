//! Blobs: read within bounds, and ahead where that takes fewer steps.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::objs::{Find as _, Kind};
use gix::odb::pack::cache::lru::MemoryCappedHashmap;
use partita::{ErrorKind, Result};

use super::limits::Limits;
use super::repository::{failed, no_blob, open};

/// Bytes of decoded blobs that are kept for those that git keeps as changes of them.
const BASES_BYTES: usize = 8 << 20;

/// Bytes of blobs, small and large, after which a repository is opened anew: until then what was read
/// of its files stays mapped.
const MAPPED_BYTES: (usize, usize) = (32 << 20, 8 << 20);

/// Bytes of blobs that may be read before they are asked for.
const AHEAD_BYTES: usize = 8 << 20;

/// What a blob is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Blob {
    Bytes(Vec<u8>),
    /// So many bytes, more than are read.
    TooLarge(u64),
}

/// Reads blobs whole, as they are stored: without filters or conversion of line ends.
pub(super) struct Blobs {
    path: PathBuf,
    limits: Limits,
    small: RefCell<Reading>,
    large: RefCell<Reading>,
    /// What was read ahead, until somebody asks for it.
    ahead: RefCell<HashMap<ObjectId, Vec<u8>>>,
}

/// A repository that reads no object beyond a limit.
struct Reading {
    limit: u64,
    mapped_max: usize,
    repository: Option<gix::Repository>,
    /// Bytes read since it was opened.
    bytes: usize,
    /// What objects are decoded in.
    buffer: Vec<u8>,
}

impl Blobs {
    pub(super) fn new(path: &Path, limits: Limits) -> Blobs {
        let small = Reading::new(limits.small_bytes, MAPPED_BYTES.0);
        let large = Reading::new(limits.decoded_bytes, MAPPED_BYTES.1);
        let (small, large) = (RefCell::new(small), RefCell::new(large));
        Blobs { path: path.to_owned(), limits, small, large, ahead: RefCell::default() }
    }

    /// Reads a blob, none if it is missing. Its size is asked of `repository` before more than a
    /// small one's bytes are read.
    pub(super) fn read(&self, repository: &gix::Repository, id: ObjectId) -> Result<Option<Blob>> {
        if let Some(bytes) = self.ahead.borrow_mut().remove(&id) {
            return Ok(Some(Blob::Bytes(bytes)));
        }
        let broken =
            |cause| failed(ErrorKind::Corrupt, format!("git object {id} cannot be read"), cause);
        let small = self.small.borrow_mut().find(&self.path, id);
        let found = match small {
            Ok(found) => found,
            // A small blob takes more than it has where git keeps it as a change of a large one.
            Err(_) => {
                match repository.try_find_header(id).map_err(broken)? {
                    Some(header) if header.kind() != Kind::Blob => {
                        return Err(no_blob(id, header.kind()));
                    }
                    Some(header) if header.size() > self.limits.blob_bytes => {
                        return Ok(Some(Blob::TooLarge(header.size())));
                    }
                    _ => {}
                }
                self.large.borrow_mut().find(&self.path, id).map_err(broken)?
            }
        };
        match found {
            None => Ok(None),
            Some((Kind::Blob, bytes)) => Ok(Some(Blob::Bytes(bytes))),
            Some((kind, _)) => Err(no_blob(id, kind)),
        }
    }

    /// Reads small blobs ahead in this order, and forgets others that were. Returns whether there was
    /// room for all.
    pub(super) fn read_ahead(&self, ids: impl Iterator<Item = ObjectId>) -> bool {
        let (mut small, mut ahead) = (self.small.borrow_mut(), self.ahead.borrow_mut());
        ahead.clear();
        let mut bytes = 0;
        for id in ids {
            // Whoever asks for one that cannot be read is told why.
            if let Ok(Some((Kind::Blob, blob))) = small.find(&self.path, id) {
                bytes += blob.len();
                ahead.insert(id, blob);
                if bytes >= AHEAD_BYTES {
                    return false;
                }
            }
        }
        true
    }
}

impl Reading {
    fn new(limit: u64, mapped_max: usize) -> Reading {
        Reading { limit, mapped_max, repository: None, bytes: 0, buffer: Vec::new() }
    }

    fn find(&mut self, path: &Path, id: ObjectId) -> gix::Result<Option<(Kind, Vec<u8>)>> {
        let repository = match &mut self.repository {
            Some(repository) => repository,
            none => {
                let mut repository = open(path, self.limit)?;
                // One that takes no more than small objects never holds a large one either.
                if self.limit <= BASES_BYTES as u64 {
                    repository.objects.set_pack_cache(|| Box::new(bases(BASES_BYTES)));
                }
                none.insert(repository)
            }
        };
        let mut buffer = std::mem::take(&mut self.buffer);
        let Some(kind) = repository.objects.try_find(&id, &mut buffer)?.map(|found| found.kind)
        else {
            return Ok(None);
        };
        self.bytes += buffer.len();
        if self.bytes >= self.mapped_max {
            self.repository = None;
            self.bytes = 0;
        }
        if buffer.capacity() > BASES_BYTES {
            // A blob that is a change of another was decoded in several times its bytes.
            buffer.shrink_to_fit();
            return Ok(Some((kind, buffer)));
        }
        let bytes = buffer.clone();
        self.buffer = buffer;
        Ok(Some((kind, bytes)))
    }
}

/// Returns a cache of decoded objects, for those that are changes of them.
pub(super) fn bases(bytes: usize) -> MemoryCappedHashmap {
    MemoryCappedHashmap::new(bytes)
}
