//! Byte-pair merging of pieces of any length, in bounded memory.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use crate::limits::MERGE_BYTES;

/// Places at which a window is tried to be left before all hope of windows is given up.
const EXITS: usize = 8;

/// The tokens of an encoding by their bytes: the lower the rank, the earlier a merge.
pub(super) struct Ranks(HashMap<Box<[u8]>, u32>);

impl Ranks {
    pub(super) fn new(tokens: impl IntoIterator<Item = (Vec<u8>, u32)>) -> Self {
        Ranks(tokens.into_iter().map(|(bytes, rank)| (bytes.into(), rank)).collect())
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Counts the tokens of one piece.
    ///
    /// A long piece is merged window by window. Two runs of merged tokens side by side are what
    /// merging their bytes together would give if, and only if, the two tokens at the seam stay as
    /// they are when merged by themselves: merges are decided by neighbours. So each window begins
    /// at a token's end in the one before, and the seam is checked.
    pub(super) fn count(&self, piece: &[u8]) -> u64 {
        self.count_by(piece, MERGE_BYTES)
    }

    fn count_by(&self, piece: &[u8], window_bytes: usize) -> u64 {
        let window = |start: usize| start..piece.len().min(start + window_bytes);
        let (mut count, mut start) = (0, 0);
        let mut ends = self.merge(&piece[window(start)]);
        while window(start).end < piece.len() {
            let found = exits(ends.len()).find_map(|exit| {
                let (before, at) = (ends[exit - 1], ends[exit]);
                let same = piece[window(start)] == piece[window(start + at)];
                let next = if same { ends.clone() } else { self.merge(&piece[window(start + at)]) };
                let first = *next.first()?;
                let pair = self.merge(&piece[start + before..start + at + first]);
                (pair == [at - before, at - before + first]).then_some((exit, at, next))
            });
            let Some((exit, at, next)) = found else {
                return self.merge(piece).len() as u64;
            };
            count += exit as u64 + 1;
            start += at;
            ends = next;
        }
        count + ends.len() as u64
    }

    /// Merges bytes into tokens, the lowest rank first and of equal ones the leftmost; returns
    /// where each token ends.
    fn merge(&self, bytes: &[u8]) -> Vec<usize> {
        // By the start of a part: where it ends, and where the part before it starts.
        let mut end: Vec<usize> = (1..=bytes.len()).collect();
        let mut before: Vec<usize> = (0..bytes.len()).map(|at| at.saturating_sub(1)).collect();
        let mut alive = vec![true; bytes.len()];
        let mut heap = BinaryHeap::with_capacity(bytes.len());
        let rank = |start: usize, stop: usize| {
            self.0.get(&bytes[start..stop]).map(|&rank| Reverse((rank, start, stop)))
        };
        heap.extend((1..bytes.len()).filter_map(|at| rank(at - 1, at + 1)));
        while let Some(Reverse((_, start, stop))) = heap.pop() {
            // Stale unless two whole parts still lie between start and stop.
            let middle = end[start];
            if !alive[start] || middle >= stop || end[middle] != stop {
                continue;
            }
            end[start] = stop;
            alive[middle] = false;
            if stop < bytes.len() {
                before[stop] = start;
                heap.extend(rank(start, end[stop]));
            }
            if start > 0 {
                heap.extend(rank(before[start], stop));
            }
        }
        (0..bytes.len()).filter(|&at| alive[at]).map(|at| end[at]).collect()
    }
}

/// The tokens after which a window of so many is left: not the last ones, which the window's end may
/// have spoilt, and further to the front from try to try.
fn exits(tokens: usize) -> impl Iterator<Item = usize> {
    (1..=EXITS).rev().map(move |part| tokens * part / (EXITS + 1)).filter(|&exit| exit > 0)
}

#[cfg(test)]
mod tests {
    use super::Ranks;

    fn ranks() -> Ranks {
        let letters = (0..=255u8).map(|byte| vec![byte]);
        let merged = ["ab", "ba", "aab", "abab", "aa", "bb", "aabb", "aaaa"];
        let tokens = letters.chain(merged.iter().map(|text| text.as_bytes().to_vec()));
        Ranks::new(tokens.zip(0..))
    }

    /// The definition: look for the lowest rank, merge it, begin again.
    fn slow(ranks: &Ranks, bytes: &[u8]) -> Vec<usize> {
        let mut ends: Vec<usize> = (1..=bytes.len()).collect();
        loop {
            let pairs = (0..ends.len().saturating_sub(1)).filter_map(|at| {
                let start = if at == 0 { 0 } else { ends[at - 1] };
                ranks.0.get(&bytes[start..ends[at + 1]]).map(|&rank| (rank, at))
            });
            let Some((_, at)) = pairs.min() else { return ends };
            ends.remove(at);
        }
    }

    #[test]
    fn merges_follow_rank_then_place() {
        let ranks = ranks();
        for length in 0..=10 {
            for pattern in 0..1u32 << length {
                let bytes: Vec<u8> =
                    (0..length).map(|at| b'a' + (pattern >> at & 1) as u8).collect();
                assert_eq!(ranks.merge(&bytes), slow(&ranks, &bytes), "{bytes:?}");
            }
        }
    }

    #[test]
    fn windows_of_any_size_give_the_count_of_the_whole() {
        let ranks = ranks();
        let mut state = 7u64;
        for length in 0..400 {
            let bytes: Vec<u8> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    b'a' + (state >> 60 & 1) as u8
                })
                .collect();
            for window in [1, 2, 3, 8, 33, 100] {
                let whole = ranks.merge(&bytes).len() as u64;
                assert_eq!(ranks.count_by(&bytes, window), whole, "{length} by {window}");
            }
        }
    }
}
