//! The marker that closing leaves behind the last frame: whole, damaged, or half overwritten.

use crate::error::Result;
use crate::log::format::frame::{CHECK, FrameHeader, FrameKind};
use crate::log::read::reader::Reader;
use crate::log::read::state::Damage;
use crate::log::read::tail::Tail;

/// Bytes that a medium writes at once or not at all.
const SECTOR: u64 = 512;

/// Bits that may have flipped in a marker that is still one.
const FLIPPED_MAX: usize = 16;

impl Reader {
    /// Tells whether what stands at the end is the marker that closing left, with a bit or a few
    /// flipped, and notes that as damage. The marker follows from what is before it, so this can be
    /// told.
    pub(crate) fn is_close(&self, tail: &mut Tail) -> Result<bool> {
        let expected = self.close_marker(tail);
        let found = tail.segment.read_some(tail.end, expected.len())?;
        if found.len() != expected.len()
            || flipped_bits(&found, &expected) > FLIPPED_MAX
            || is_torn(tail, &expected, &found)
        {
            return Ok(false);
        }
        tail.durable = tail.durable.max(tail.end);
        let damage = Damage {
            segment: tail.segment.id,
            from: tail.end,
            to: tail.end + expected.len() as u64,
            refs: false,
            what: "the marker that closing left".into(),
        };
        let mut state = self.state_mut();
        if !state.damage.contains(&damage) {
            state.damage.push(damage);
        }
        Ok(true)
    }

    /// Returns the marker that closing leaves behind the last frame.
    pub(crate) fn close_marker(&self, tail: &Tail) -> Vec<u8> {
        let header = FrameHeader {
            kind: FrameKind::Close,
            payload: 0,
            snapshot: tail.snapshot,
            durable: tail.end as u32,
            sequence: tail.sequence.wrapping_add(1),
        };
        tail.segment.keys.frame(&header, tail.end, &tail.tag, &[])
    }
}

/// Tells whether a crash can have left this of a marker across two sectors: one of them, and in the
/// other zeros, or some of the commit that was to take its place. That commit begins as every frame
/// does, and from the check of its header on has half of the bits otherwise: so a flipped bit is
/// told from it, unless it is in the few bytes of a sector that show neither.
fn is_torn(tail: &Tail, expected: &[u8], found: &[u8]) -> bool {
    let cut = (SECTOR - tail.end % SECTOR) as usize;
    if cut >= found.len() {
        return false;
    }
    let (head, rest) = found.split_at(cut);
    let missing = |part: &[u8]| part.iter().all(|&byte| byte == 0);
    if missing(head) || missing(rest) {
        return true;
    }
    if rest == &expected[cut..] {
        return tail.segment.keys.may_begin_frame(head, tail.end);
    }
    let others = found.len() - cut.max(CHECK);
    head == &expected[..cut] && flipped_bits(rest, &expected[cut..]) > others / 2
}

fn flipped_bits(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).map(|(one, other)| (one ^ other).count_ones() as usize).sum()
}
