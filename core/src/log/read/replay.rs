//! From frames to state: what a handle does with what others have written, and what recovery does
//! after a crash.
//!
//! A frame is void where the log went on without it: its writer took it back after a sync that
//! failed, or the segment's successor names an end before it. Whoever took it up reads the log
//! anew. A handle that had acknowledged one says so at every call from then on.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::log::format::check_site::{CheckSite, holds};
use crate::log::format::frame::{FrameKind, TAG};
use crate::log::format::segment::{FRAMES_FROM, SegmentId};
use crate::log::options::LogOptions;
use crate::log::read::ahead::{Next, ReadAhead};
use crate::log::read::base::{last_snapshot, newest_log};
use crate::log::read::reader::Reader;
use crate::log::read::segment_file::Segment;
use crate::log::read::state::State;
use crate::log::read::tail::Tail;
use crate::log::vfs::Vfs;

/// How often a log is read before damage is believed: a collection may take segments away under a
/// reader's eyes.
const LOOKS: u32 = 3;

impl Reader {
    /// Replays frames until there are no more.
    pub(crate) fn advance(&self, tail: &mut Tail) -> Result<()> {
        tail.anew = LOOKS;
        self.replay(tail)
    }

    /// Replays frames until there are no more, or the log has been begun anew too often.
    pub(crate) fn replay(&self, tail: &mut Tail) -> Result<()> {
        let mut ahead = ReadAhead::default();
        tail.garbage = false;
        if !self.stand_by(tail, &mut ahead)? {
            ahead = ReadAhead::default();
        }
        loop {
            match ahead.next(tail)? {
                Next::Frame(header, bytes) => {
                    let mut state = self.state_mut();
                    self.apply(tail, &mut state, header, &bytes, None)?;
                }
                Next::Marker(header) if header.kind == FrameKind::Close => {
                    let is_last = !self.has_successor(tail.segment.id)?;
                    // Bytes read before this was learned may be older than what it rests on. One that
                    // is gone again was retired meanwhile, and then there is a seal.
                    ahead = ReadAhead::default();
                    if !ahead.next(tail)?.is_close() {
                        continue;
                    }
                    if holds(CheckSite::MarkerSuccessor, is_last) {
                        tail.durable = tail.durable.max(tail.end);
                        return Ok(());
                    }
                    // Whoever named the successor need not have come to seal this one.
                    self.succeed(tail)?;
                    ahead = ReadAhead::default();
                }
                Next::Marker(_) => {
                    if !self.succeed(tail)? {
                        return self.leap(tail);
                    }
                    ahead = ReadAhead::default();
                }
                found @ (Next::Silence | Next::Noise) => {
                    let succeeded = self.has_successor(tail.segment.id)?;
                    let beyond = match matches!(found, Next::Noise) && !succeeded {
                        true => self.beyond_noise(tail)?,
                        false => None,
                    };
                    // As above.
                    ahead = ReadAhead::default();
                    let is_noise = match ahead.next(tail)? {
                        Next::Silence => false,
                        Next::Noise => true,
                        Next::Frame(..) | Next::Marker(_) => continue,
                    };
                    if succeeded {
                        self.succeed(tail)?;
                        ahead = ReadAhead::default();
                    } else if let Some(next) = beyond {
                        // Longer frames may have taken the place of one that was taken back: then the
                        // end that is known here is in the middle of one.
                        if self.stand_by(tail, &mut ReadAhead::default())? {
                            self.skip_damage(tail, next)?;
                        }
                        ahead = ReadAhead::default();
                    } else {
                        tail.garbage = is_noise && !self.is_close(tail)?;
                        self.miss_base(tail);
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Goes on in the next segment, if there is one.
    pub(crate) fn succeed(&self, tail: &mut Tail) -> Result<bool> {
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
    pub(crate) fn stand_by(&self, tail: &mut Tail, ahead: &mut ReadAhead) -> Result<bool> {
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
    pub(crate) fn leap(&self, tail: &mut Tail) -> Result<()> {
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
        let again = Self::load_within(&self.medium().vfs, &self.options, left)?;
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

    /// Reads the newest segment's state. Segments that are retired while it looks are no damage:
    /// then it looks again.
    pub(crate) fn load(vfs: &Arc<dyn Vfs>, options: &LogOptions) -> Result<Self> {
        Self::load_within(vfs, options, LOOKS)
    }

    /// As [`load`](Self::load), and begins anew so often at the most at each look.
    pub(crate) fn load_within(vfs: &Arc<dyn Vfs>, options: &LogOptions, anew: u32) -> Result<Self> {
        let mut looks = 0;
        loop {
            looks += 1;
            let newest = newest_log(&**vfs)?
                .ok_or_else(|| Error::corrupt("the store has no log segment any more"))?;
            let loaded = Self::begin(vfs.clone(), options.clone(), newest).and_then(|reader| {
                let mut tail = reader.tail();
                let mark = reader.mark(&tail);
                tail.anew = anew;
                reader.replay(&mut tail).map_err(|error| error.context("open the log"))?;
                reader.heed_mark(&tail, mark);
                drop(tail);
                Ok(reader)
            });
            let whole = loaded.as_ref().is_ok_and(|reader| reader.state().damage.is_empty());
            if whole || looks == LOOKS {
                return loaded;
            }
        }
    }

    /// Makes the state as of the newest segment's last snapshot.
    fn begin(vfs: Arc<dyn Vfs>, options: LogOptions, newest: SegmentId) -> Result<Self> {
        let segment = Arc::new(Segment::open(&*vfs, newest)?);
        let (from, before) = match last_snapshot(&segment)? {
            Some((offset, header)) => (offset, header.sequence - 1),
            None => (FRAMES_FROM, 0),
        };
        segment.set_end(from);
        let mut state = State { current: newest.number, ..State::default() };
        state.segments.insert(newest, segment.clone());
        let mut tail = Tail::new(segment, from, before)?;
        tail.durable = from;
        Ok(Reader::new(vfs, options, state, tail))
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
