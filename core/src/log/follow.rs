//! Going on in the next segment, and beginning anew where frames that a handle took up are void.
//!
//! A frame is void where the log went on without it: its writer took it back after a sync that
//! failed, or the segment's successor names an end before it. Whoever took it up reads the log
//! anew. A handle that had acknowledged one says so at every call from then on.

use std::sync::Arc;

use super::Log;
use super::check_site::{CheckSite, holds};
use super::frame::TAG;
use super::open::newest_log;
use super::replay::{ReadAhead, Tail};
use super::segment::{FRAMES_FROM, SegmentId};
use super::segment_file::Segment;
use crate::error::{Error, Result};

impl Log {
    /// Tells whether a log segment has a successor. It has one once the name is there, whatever
    /// else the process came to that made it.
    pub(super) fn has_successor(&self, id: SegmentId) -> Result<bool> {
        self.medium().has(SegmentId::log(id.number + 1))
    }

    /// Goes on in the next segment, if there is one.
    pub(super) fn succeed(&self, tail: &mut Tail) -> Result<bool> {
        let next = SegmentId::log(tail.segment.id.number + 1);
        if !self.has_successor(tail.segment.id)? {
            return Ok(false);
        }
        let segment = match Segment::open(&*self.medium().vfs, next) {
            Ok(segment) => Arc::new(segment),
            Err(error) => {
                // Retired between the two looks?
                return match self.has_successor(tail.segment.id) {
                    Ok(false) => Ok(false),
                    _ => Err(error),
                };
            }
        };
        let valid = segment.header.predecessor_len;
        if valid > tail.end {
            // What is to be damage must be so at a second look.
            if !self.stand_by(tail, &mut ReadAhead::default())? {
                return Ok(true);
            }
            match self.beyond_noise(tail)? {
                Some(next) if next < valid => self.skip_damage(tail, next)?,
                _ => self.skip_damage(tail, valid)?,
            }
            if tail.end < valid {
                return Ok(true);
            }
        }
        if valid < tail.end || !self.ends_as_known(tail, &segment) {
            // Zero is what a recovery says that began the log anew: it told what it left out.
            let lost = tail.own.filter(|(own, _)| valid > 0 && *own > valid);
            if lost.is_some() {
                return Err(lost_commits(tail, valid));
            }
            return self.start_over(tail).map(|()| true);
        }
        let (poisoned, wrote, anew) = (tail.poisoned.take(), tail.wrote, tail.anew);
        let mut state = self.state_mut();
        // Where objects of the tail are stays true until a frame of the new segment is taken up.
        state.segments.insert(next, segment.clone());
        *tail = Tail::new(segment, FRAMES_FROM, 0)?;
        (tail.poisoned, tail.wrote, tail.anew) = (poisoned, wrote, anew);
        Ok(true)
    }

    /// Tells whether the successor went on from the last frame that is known here. Of a damaged
    /// segment that cannot be told.
    fn ends_as_known(&self, tail: &Tail, successor: &Segment) -> bool {
        let fits = successor.header.predecessor_tag == tail.tag;
        let is_damaged = || {
            let state = self.state();
            state.damage.iter().any(|damage| damage.segment == tail.segment.id)
        };
        fits || is_damaged()
    }

    /// Makes sure that the last frame that was taken up still stands where it stood. Returns false
    /// where the log had to be read anew.
    pub(super) fn stand_by(&self, tail: &mut Tail, ahead: &mut ReadAhead) -> Result<bool> {
        let Some(seen) = tail.seen else { return Ok(true) };
        let found = ahead.get(&tail.segment, tail.end - TAG as u64, TAG)?;
        if holds(CheckSite::EndTag, found == seen) {
            return Ok(true);
        }
        if let Some((own, tag)) = tail.own
            && tail.segment.read_some(own - TAG as u64, TAG)? != tag
        {
            return Err(lost_commits(tail, own));
        }
        self.start_over(tail)?;
        Ok(false)
    }

    /// Goes on from the newest segment, where those in between have been retired.
    pub(super) fn leap(&self, tail: &mut Tail) -> Result<()> {
        let newest = newest_log(&*self.medium().vfs)?;
        if newest.is_none_or(|newest| newest <= tail.segment.id) {
            let next = SegmentId::log(tail.segment.id.number + 1);
            return Err(Error::corrupt(format!(
                "segment {next} is missing: segment {} names it; put it back from a copy",
                tail.segment.id
            )));
        }
        self.start_over(tail)
    }

    /// Reads the log as whoever opens it does. What was prepared against the old state is prepared
    /// again.
    fn start_over(&self, tail: &mut Tail) -> Result<()> {
        let Some(left) = tail.anew.checked_sub(1) else {
            let segment = tail.segment.id;
            let message = format!("segment {segment} changes while it is read; try again");
            return Err(Error::conflict(message));
        };
        let again = Self::load_within(&self.medium().vfs, &self.shared.options, left)?;
        let mut found = again.tail();
        let fresh = Tail::new(found.segment.clone(), FRAMES_FROM, 0)?;
        let found = std::mem::replace(&mut *found, fresh);
        let (poisoned, wrote) = (tail.poisoned.take(), tail.wrote);
        *tail = Tail { poisoned, wrote, anew: left, ..found };
        let mut state = self.state_mut();
        *state = std::mem::take(&mut *again.state_mut());
        // Other frames may stand where those stood that are void.
        self.medium().forget_frames();
        self.medium().note_retirement();
        Ok(())
    }
}

fn lost_commits(tail: &Tail, from: u64) -> Error {
    Error::corrupt(format!(
        "commits that this handle had acknowledged are lost: of segment {} nothing counts from \
         offset {from} on, by whatever else wrote to the store; run `check`, and reopen the store \
         to go on without them",
        tail.segment.id
    ))
}
