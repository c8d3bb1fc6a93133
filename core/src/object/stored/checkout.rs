//! Checkouts: what was written into a directory, so that the next one knows what it may delete.

use super::{BodyReader, BodyWriter, Canonical, Entry, Kind, RefReader};
use crate::codec::{Reader, Writer};
use crate::error::Result;
use crate::id::{CheckpointId, MapId, ObjectId, OperationId};
use crate::limits::PATH_BYTES_MAX;

const HAS_CHECKPOINT: u64 = 1;
const HAS_WRITTEN: u64 = 2;
const HAS_KEPT: u64 = 4;
const HAS_PREVIOUS: u64 = 8;
const IS_UNFINISHED: u64 = 16;

/// The tag of a directory in the `written` map, next to those of [`Entry`].
const DIRECTORY: u8 = 5;

/// What a checkout wrote into a directory, and what it found there and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The absolute path, in the bytes of the system.
    pub directory: Vec<u8>,
    /// The first operation of the session whose files they are.
    pub session: OperationId,
    /// The checkpoint whose files they are; none for a session that has none yet.
    pub checkpoint: Option<CheckpointId>,
    /// The map of what was written: path to [`Trace`]s.
    pub written: Option<MapId>,
    /// The map of what others wrote and this checkout replaced: path to the entry it was.
    pub kept: Option<MapId>,
    /// The newest record before this one that kept anything.
    pub previous: Option<ObjectId>,
    /// Random bytes that name the temporary files of a checkout that has not ended yet.
    pub unfinished: Option<[u8; 16]>,
}

/// What a checkout left at a path. After one that was cut short a path may have several: one of
/// them is what is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Trace {
    /// An entry that was written.
    Entry(Entry),
    /// A directory that was made to hold entries.
    Directory,
}

impl Trace {
    /// Returns the refs and bytes of a value in the `written` map: each trace's tag, 0 to 4 as in
    /// an iteration's entry or 5 for a directory, and what belongs to it.
    pub(crate) fn encode_all(traces: &[Trace]) -> (Vec<ObjectId>, Vec<u8>) {
        let (mut refs, mut body) = (Vec::new(), Writer::new());
        for trace in traces {
            match trace {
                Trace::Entry(entry) => entry.encode(&mut refs, &mut BodyWriter(&mut body)),
                Trace::Directory => drop(body.raw(&[DIRECTORY])),
            }
        }
        (refs, body.into_bytes())
    }

    /// Reads what [`encode_all`](Self::encode_all) wrote.
    pub(crate) fn decode_all(refs: &[ObjectId], bytes: &[u8]) -> Result<Vec<Trace>> {
        let (mut refs, mut body) = (RefReader(refs), BodyReader(Reader::new(bytes)));
        let mut traces = Vec::new();
        while !body.0.is_empty() {
            traces.push(if body.0.rest().first() == Some(&DIRECTORY) {
                body.0.byte()?;
                Trace::Directory
            } else {
                Trace::Entry(Entry::decode(&mut refs, &mut body)?)
            });
        }
        refs.finish()?;
        Ok(traces)
    }
}

impl Canonical for Checkout {
    const KIND: Kind = Kind::CHECKOUT;
    const VERSION: u16 = 1;

    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        let flag = |is: bool, flag: u64| if is { flag } else { 0 };
        let flags = flag(self.checkpoint.is_some(), HAS_CHECKPOINT)
            | flag(self.written.is_some(), HAS_WRITTEN)
            | flag(self.kept.is_some(), HAS_KEPT)
            | flag(self.previous.is_some(), HAS_PREVIOUS)
            | flag(self.unfinished.is_some(), IS_UNFINISHED);
        body.0.uint(flags).bytes(&self.directory);
        refs.push(self.session.id());
        refs.extend(self.checkpoint.map(|id| id.id()));
        refs.extend(self.written.map(|id| id.id()));
        refs.extend(self.kept.map(|id| id.id()));
        refs.extend(self.previous);
        if let Some(nonce) = &self.unfinished {
            body.0.raw(nonce);
        }
    }

    fn decode(_version: u16, refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let flags = body.0.bounded(31, "checkout flags")?;
        let directory = body.0.bytes(PATH_BYTES_MAX, "a directory")?.to_vec();
        let session = OperationId::new(refs.next()?);
        let mut next = |flag| (flags & flag != 0).then(|| refs.next()).transpose();
        Ok(Checkout {
            directory,
            session,
            checkpoint: next(HAS_CHECKPOINT)?.map(CheckpointId::new),
            written: next(HAS_WRITTEN)?.map(MapId::new),
            kept: next(HAS_KEPT)?.map(MapId::new),
            previous: next(HAS_PREVIOUS)?,
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
    use crate::id::ContentId;
    use crate::object::Node;
    use crate::object::golden::id;
    use proptest::prelude::*;

    #[test]
    fn a_checkout_comes_back_whatever_it_has() {
        for flags in 0..32_u8 {
            let has = |flag: u64| (u64::from(flags) & flag != 0).then_some(());
            let checkout = Checkout {
                directory: b"/home/\xff".to_vec(),
                session: OperationId::new(id(1)),
                checkpoint: has(HAS_CHECKPOINT).map(|()| CheckpointId::new(id(2))),
                written: has(HAS_WRITTEN).map(|()| MapId::new(id(3))),
                kept: has(HAS_KEPT).map(|()| MapId::new(id(4))),
                previous: has(HAS_PREVIOUS).map(|()| id(5)),
                unfinished: has(IS_UNFINISHED).map(|()| [6; 16]),
            };
            assert_eq!(Checkout::from_node(&checkout.to_node()).unwrap(), checkout);
        }
    }

    #[test]
    fn traces_come_back() {
        let content = ContentId::new(id(7));
        let traces = [
            Trace::Entry(Entry::File { content, executable: true }),
            Trace::Directory,
            Trace::Entry(Entry::Submodule { commit: vec![5; 20] }),
            Trace::Entry(Entry::Symlink { target: content }),
        ];
        let (refs, bytes) = Trace::encode_all(&traces);
        assert_eq!(Trace::decode_all(&refs, &bytes).unwrap(), traces);
        assert!(Trace::decode_all(&refs[1..], &bytes).is_err());
        assert!(Trace::decode_all(&refs, &bytes[..1]).is_err());
    }

    proptest! {
        #[test]
        fn any_body_decodes_or_fails_without_panic(body: Vec<u8>, refs in 0..8_u8) {
            let refs: Vec<ObjectId> = (0..refs).map(id).collect();
            let _ = Trace::decode_all(&refs, &body);
            let _ = Checkout::from_node(&Node { kind: Kind::CHECKOUT, version: 1, refs, body });
        }
    }
}
