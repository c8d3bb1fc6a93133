//! An open segment: its file, its keys, and where its known frames end.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};
use crate::id::Tag;
use crate::log::format::check_site::{CheckSite, holds};
use crate::log::format::frame::{FrameHeader, HEADER, Keys, TAG};
use crate::log::format::segment::{FRAMES_FROM, SegmentHeader, SegmentId};
use crate::log::vfs::{Vfs, VfsFile};
use crate::object::room;

/// Bytes that are allocated for a read without asking first how long the file is. To ask has its
/// price: a file system may have to give the next write a time of its own, and sync that too.
const UNMEASURED_MAX: usize = 64 << 10;

/// An open segment.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) id: SegmentId,
    pub(crate) header: SegmentHeader,
    pub(crate) damaged_copy: Option<u64>,
    pub(crate) keys: Keys,
    reading: Box<dyn VfsFile>,
    writing: OnceLock<Box<dyn VfsFile>>,
    /// Where its known frames end.
    end: AtomicU64,
}

impl Segment {
    pub(crate) fn open(vfs: &dyn Vfs, id: SegmentId) -> Result<Self> {
        let reading = vfs.open(&id.path(), false).map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                Error::corrupt(format!("segment {id} is missing; put the file back from a copy"))
            } else {
                Error::io(format!("open segment {id}"), error)
            }
        })?;
        let found = SegmentHeader::read(&*reading, id)?;
        let keys = Keys::new(&found.header.salt);
        Ok(Segment {
            id,
            header: found.header,
            damaged_copy: found.damaged_copy,
            keys,
            reading,
            writing: OnceLock::new(),
            end: AtomicU64::new(FRAMES_FROM),
        })
    }

    pub(crate) fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    pub(crate) fn set_end(&self, end: u64) {
        self.end.store(end, Ordering::Release);
    }

    /// Returns the file for writing, opened at the first need.
    pub(crate) fn writing(&self, vfs: &dyn Vfs) -> Result<&dyn VfsFile> {
        if self.writing.get().is_none() {
            let file = vfs.open(&self.id.path(), true).map_err(|error| {
                Error::io(format!("open segment {} for writing", self.id), error)
            })?;
            let _ = self.writing.set(file);
        }
        Ok(&**self.writing.get().expect("set above"))
    }

    pub(crate) fn file_len(&self) -> Result<u64> {
        self.reading.len().map_err(|error| self.io("measure", 0, error))
    }

    /// Reads up to `len` bytes; fewer at the end of the file.
    pub(crate) fn read_some(&self, offset: u64, len: usize) -> Result<Vec<u8>> {
        let len = if len <= UNMEASURED_MAX {
            len
        } else {
            let available = self.file_len()?.saturating_sub(offset);
            len.min(usize::try_from(available).unwrap_or(usize::MAX))
        };
        let mut bytes = if len <= UNMEASURED_MAX * 16 {
            vec![0; len]
        } else {
            let mut bytes = room(len)?;
            bytes.resize(len, 0);
            bytes
        };
        let read = self
            .reading
            .read_at(&mut bytes, offset)
            .map_err(|error| self.io("read", offset, error))?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// Fills the buffer as far as the file goes; returns the bytes read.
    pub(crate) fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.reading.read_at(buffer, offset).map_err(|error| self.io("read", offset, error))
    }

    /// Reads exactly `len` bytes.
    pub(crate) fn read(&self, offset: u64, len: usize) -> Result<Vec<u8>> {
        let bytes = self.read_some(offset, len)?;
        if bytes.len() == len {
            Ok(bytes)
        } else {
            Err(self.damaged(offset, "the file ends early"))
        }
    }

    pub(crate) fn damaged(&self, offset: u64, what: impl std::fmt::Display) -> Error {
        Error::corrupt(format!("segment {} is damaged at offset {offset}: {what}", self.id))
    }

    fn io(&self, doing: &str, offset: u64, error: std::io::Error) -> Error {
        Error::io(format!("{doing} segment {} at offset {offset}", self.id), error)
    }

    /// Returns the tag that stands before a frame, or the header's check before the first.
    pub(crate) fn tag_before(&self, offset: u64) -> Result<Tag> {
        if offset == FRAMES_FROM {
            return Ok(self.header.check());
        }
        let bytes = self.read(offset - TAG as u64, TAG)?;
        Ok(bytes.try_into().expect("read gave 16 bytes"))
    }

    /// Returns the tag that a frame ought to end with, if a whole one may stand there. A frame
    /// whose stored tag is damaged is no reason to doubt the next.
    pub(crate) fn due_tag(&self, offset: u64, before: &Tag) -> Result<Option<(u64, Tag)>> {
        let head = self.read_some(offset, HEADER)?;
        let Some(header) = self.keys.decode_header(&head, offset) else { return Ok(None) };
        let len = usize::try_from(header.frame_len()).expect("a frame fits into memory");
        let bytes = self.read_some(offset, len)?;
        if bytes.len() < len {
            return Ok(None);
        }
        let tag = self.keys.frame_tag(before, &bytes[..len - TAG]);
        Ok(Some((offset + header.frame_len(), tag)))
    }

    /// Reads a whole frame and verifies its tag.
    pub(crate) fn read_verified(&self, offset: u64) -> Result<(FrameHeader, Vec<u8>)> {
        self.read_verified_after(offset, None)
    }

    /// Reads a whole frame and verifies its tag, which goes on from the one stored before it or
    /// from the one that ought to stand there.
    pub(crate) fn read_verified_after(
        &self,
        offset: u64,
        due: Option<Tag>,
    ) -> Result<(FrameHeader, Vec<u8>)> {
        let head = self.read(offset, HEADER)?;
        let header = self
            .keys
            .decode_header(&head, offset)
            .ok_or_else(|| self.damaged(offset, "no frame begins there"))?;
        let len = usize::try_from(header.frame_len()).expect("a frame fits into memory");
        let bytes = self.read(offset, len)?;
        let (body, tag) = bytes.split_at(len - TAG);
        let stored = self.tag_before(offset)?;
        let fits = |before: Tag| self.keys.frame_tag(&before, body)[..] == *tag;
        if !holds(CheckSite::FrameTag, fits(stored) || due.is_some_and(fits)) {
            return Err(self.damaged(offset, "a frame whose tag does not fit"));
        }
        Ok((header, bytes))
    }
}
