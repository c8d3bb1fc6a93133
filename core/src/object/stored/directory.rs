//! Directories: what of a session is in one, so that the next checkout knows what it may delete.

use super::{BodyReader, BodyWriter, Canonical, Kind, RefReader};
use crate::error::Result;
use crate::id::{CheckpointId, MapId, ObjectId, OperationId};
use crate::limits::PATH_BYTES_MAX;

const HAS_CHECKPOINT: u64 = 1;
const HAS_EXCEPTIONS: u64 = 2;
const HAS_ASIDE: u64 = 4;
const IS_UNFINISHED: u64 = 8;

/// What a directory holds of a session: the files of a checkpoint, but for exceptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// The absolute path, in the bytes of the system.
    pub directory: Vec<u8>,
    /// The first operation of the session whose files they are.
    pub session: OperationId,
    /// The checkpoint whose files the directory holds, but for the exceptions; none where all that
    /// it holds are exceptions.
    pub checkpoint: Option<CheckpointId>,
    /// The map of paths where the directory may hold something else: path to
    /// [`Trace`](super::Trace)s, which are what may be there of ours. No trace says that nothing
    /// there is.
    pub exceptions: Option<MapId>,
    /// The map of what others wrote and checkouts replaced: a number, 8 bytes big-endian, to a map
    /// from path to the entry it was, with the time, 8 bytes big-endian.
    pub aside: Option<MapId>,
    /// Random bytes that name the temporary files of a checkout that has not ended yet.
    pub unfinished: Option<[u8; 16]>,
}

impl Canonical for Directory {
    const KIND: Kind = Kind::DIRECTORY;
    const VERSION: u16 = 1;

    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        let flag = |is: bool, flag: u64| if is { flag } else { 0 };
        let flags = flag(self.checkpoint.is_some(), HAS_CHECKPOINT)
            | flag(self.exceptions.is_some(), HAS_EXCEPTIONS)
            | flag(self.aside.is_some(), HAS_ASIDE)
            | flag(self.unfinished.is_some(), IS_UNFINISHED);
        body.0.uint(flags).bytes(&self.directory);
        refs.push(self.session.id());
        refs.extend(self.checkpoint.map(|id| id.id()));
        refs.extend(self.exceptions.map(|id| id.id()));
        refs.extend(self.aside.map(|id| id.id()));
        if let Some(nonce) = &self.unfinished {
            body.0.raw(nonce);
        }
    }

    fn decode(_version: u16, refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let flags = body.0.bounded(15, "directory flags")?;
        let directory = body.0.bytes(PATH_BYTES_MAX, "a directory")?.to_vec();
        let session = OperationId::new(refs.next()?);
        let mut next = |flag| (flags & flag != 0).then(|| refs.next()).transpose();
        Ok(Directory {
            directory,
            session,
            checkpoint: next(HAS_CHECKPOINT)?.map(CheckpointId::new),
            exceptions: next(HAS_EXCEPTIONS)?.map(MapId::new),
            aside: next(HAS_ASIDE)?.map(MapId::new),
            unfinished: match flags & IS_UNFINISHED {
                0 => None,
                _ => Some(body.0.raw(16)?.try_into().expect("raw gave 16 bytes")),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Node;
    use crate::object::golden::id;
    use proptest::prelude::*;

    #[test]
    fn a_directory_comes_back_whatever_it_has() {
        for flags in 0..16_u8 {
            let has = |flag: u64| (u64::from(flags) & flag != 0).then_some(());
            let directory = Directory {
                directory: b"/home/\xff".to_vec(),
                session: OperationId::new(id(1)),
                checkpoint: has(HAS_CHECKPOINT).map(|()| CheckpointId::new(id(2))),
                exceptions: has(HAS_EXCEPTIONS).map(|()| MapId::new(id(3))),
                aside: has(HAS_ASIDE).map(|()| MapId::new(id(4))),
                unfinished: has(IS_UNFINISHED).map(|()| [6; 16]),
            };
            assert_eq!(Directory::from_node(&directory.to_node()).unwrap(), directory);
        }
    }

    proptest! {
        #[test]
        fn any_body_decodes_or_fails_without_panic(body: Vec<u8>, refs in 0..8_u8) {
            let refs: Vec<ObjectId> = (0..refs).map(id).collect();
            let _ = Directory::from_node(&Node { kind: Kind::DIRECTORY, version: 1, refs, body });
        }
    }
}
