//! A look at what others have committed since.

use std::sync::TryLockError;
use std::sync::atomic::Ordering;

use crate::error::Result;
use crate::log::format::check_site::{CheckSite, holds};
use crate::log::format::frame::{FrameKind, HEADER, TAG};
use crate::log::read::reader::Reader;

impl Reader {
    /// Takes up what was committed since by whoever it was.
    pub(crate) fn refresh(&self) -> Result<()> {
        if !self.peek()? {
            return Ok(());
        }
        match self.tail.try_lock() {
            Ok(mut tail) => self.advance(&mut tail),
            // The error holds the lock: whoever panicked under it lets it go on.
            Err(TryLockError::Poisoned(tail)) => self.advance(&mut tail.into_inner()),
            // Whoever holds the tail under the writer lock has taken up what there was, and
            // nobody else can have added to it.
            Err(_) if self.writing.load(Ordering::Acquire) => Ok(()),
            Err(_) => self.advance(&mut self.tail()),
        }
    }

    /// Tells whether there is something behind the last known frame.
    fn peek(&self) -> Result<bool> {
        let (segment, end, seen) = {
            let state = self.state();
            let segment = state.current_segment();
            let end = segment.end();
            (segment, end, state.seen)
        };
        // Asked first: a successor that is gone by then was retired, and then the seal stands there.
        // The marker of closing may be torn behind its header; then the log goes on in the next
        // segment, and nothing here says so.
        if self.has_successor(segment.id)? {
            return Ok(true);
        }
        let before = if seen.is_some() { TAG } else { 0 };
        let mut bytes = [0; TAG + HEADER];
        let bytes = &mut bytes[TAG - before..];
        let read = segment.read_into(end - before as u64, bytes)?;
        let (tag, head) = bytes[..read].split_at(before.min(read));
        if seen.is_some_and(|seen| !holds(CheckSite::EndTag, seen == *tag)) {
            return Ok(true);
        }
        let found = segment.keys.decode_header(head, end).map(|header| header.kind);
        Ok(found.is_some_and(|kind| kind != FrameKind::Close))
    }
}
