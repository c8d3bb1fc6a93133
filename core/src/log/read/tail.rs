//! What is needed to go on behind the last frame.

use std::sync::Arc;

use crate::error::Result;
use crate::id::{ObjectId, Tag, Tagger};
use crate::log::format::segment::FRAMES_FROM;
use crate::log::read::segment_file::Segment;

/// What is needed to go on behind the last frame.
#[derive(Debug)]
pub(crate) struct Tail {
    pub(crate) segment: Arc<Segment>,
    pub(crate) end: u64,
    pub(crate) sequence: u32,
    pub(crate) tag: Tag,
    /// Everything before this offset is known to be synced.
    pub(crate) durable: u64,
    pub(crate) snapshot: u32,
    /// Frames with objects since the last snapshot, it included, and their ids in order.
    pub(crate) frames: Vec<(u32, u32)>,
    pub(crate) ids: Vec<ObjectId>,
    /// The tag over the segment's bytes since the last snapshot began.
    pub(crate) range: RangeTag,
    /// The bytes before the end, where a frame was taken up: they change only if it is void.
    pub(crate) seen: Option<Tag>,
    /// The end of the last commit of this handle in this segment, and its tag.
    pub(crate) own: Option<(u64, Tag)>,
    /// Behind the last frame stands what no commit can overwrite in good conscience.
    pub(crate) garbage: bool,
    /// Set by whoever writes: the file's length, whether the bytes behind the end were seen to be
    /// zeros, whether old frames were verified, whether this process wrote.
    pub(crate) zeroed: u64,
    pub(crate) ready: bool,
    pub(crate) verified: bool,
    pub(crate) wrote: bool,
    /// How often the log may still be read anew, while frames are replayed.
    pub(crate) anew: u32,
    pub(crate) poisoned: Option<String>,
}

/// A tag over a range of a segment, computed as the bytes come.
#[derive(Clone)]
pub(crate) struct RangeTag {
    pub(crate) from: u64,
    tagger: Tagger,
}

impl std::fmt::Debug for RangeTag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RangeTag").field("from", &self.from).finish_non_exhaustive()
    }
}

impl RangeTag {
    pub(crate) fn new(segment: &Segment, from: u64) -> Self {
        RangeTag { from, tagger: segment.keys.tagger() }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.tagger.update(bytes);
    }

    pub(crate) fn tag(&self) -> Tag {
        self.tagger.tag()
    }
}

impl Tail {
    /// Begins before the frame at `from`, whose number in the segment will be `sequence` + 1.
    pub(crate) fn new(segment: Arc<Segment>, from: u64, sequence: u32) -> Result<Self> {
        let tag = segment.tag_before(from)?;
        let range = RangeTag::new(&segment, from);
        Ok(Tail {
            segment,
            end: from,
            sequence,
            tag,
            durable: FRAMES_FROM,
            snapshot: 0,
            frames: Vec::new(),
            ids: Vec::new(),
            range,
            seen: None,
            own: None,
            garbage: false,
            zeroed: 0,
            ready: false,
            verified: false,
            wrote: false,
            anew: 0,
            poisoned: None,
        })
    }
}
