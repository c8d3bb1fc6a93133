//! What two sequences of tokens share, found in bounded time.

use std::collections::HashMap;
use std::convert::Infallible;
use std::ops::Range;

use similar::algorithms::{DiffHook, myers};

use super::token::Tokens;
use crate::limits::{DIFF_GAP_TOKENS_MAX, DIFF_TOKENS_MAX};

/// A run of tokens that both sides share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Same {
    pub(super) old: usize,
    pub(super) new: usize,
    pub(super) len: usize,
}

impl Same {
    pub(super) fn old_end(&self) -> usize {
        self.old + self.len
    }

    pub(super) fn new_end(&self) -> usize {
        self.new + self.len
    }
}

/// Returns the tokens that one diff may search through in all.
pub(super) fn budget() -> usize {
    DIFF_TOKENS_MAX
}

/// Returns the runs that both texts share, ascending on both sides, maximal, none empty.
pub(super) fn compare(
    old: (&[u8], &Tokens),
    new: (&[u8], &Tokens),
    budget: &mut usize,
) -> Vec<Same> {
    let mut numbers = HashMap::new();
    let old = number(old, &mut numbers);
    let new = number(new, &mut numbers);
    drop(numbers);
    let mut search = Search { old: &old, new: &new, found: Vec::new(), budget };
    search.gap(0..old.len(), 0..new.len(), true);
    slide(&old, &new, search.found)
}

/// Gives equal tokens equal numbers, so that comparing two takes no time.
fn number<'a>(
    (text, tokens): (&'a [u8], &Tokens),
    numbers: &mut HashMap<&'a [u8], u32>,
) -> Vec<u32> {
    let number = |at| {
        let next = numbers.len() as u32;
        *numbers.entry(&text[tokens.bytes(&(at..at + 1))]).or_insert(next)
    };
    (0..tokens.len()).map(number).collect()
}

struct Search<'a> {
    old: &'a [u32],
    new: &'a [u32],
    found: Vec<Same>,
    budget: &'a mut usize,
}

impl Search<'_> {
    /// Finds what two ranges share. What is too large for the algorithm is first divided at
    /// tokens that occur once on each side; what is then still too large shares nothing.
    fn gap(&mut self, mut old: Range<usize>, mut new: Range<usize>, divide: bool) {
        let shared = self.old[old.clone()].iter().zip(&self.new[new.clone()]);
        let head = shared.take_while(|(a, b)| a == b).count();
        self.push(Same { old: old.start, new: new.start, len: head });
        old.start += head;
        new.start += head;
        let shared = self.old[old.clone()].iter().rev().zip(self.new[new.clone()].iter().rev());
        let tail = shared.take_while(|(a, b)| a == b).count();
        old.end -= tail;
        new.end -= tail;

        let tokens = old.len() + new.len();
        if old.is_empty() || new.is_empty() {
        } else if tokens <= DIFF_GAP_TOKENS_MAX && tokens <= *self.budget {
            *self.budget -= tokens;
            self.myers(&old, &new);
        } else if divide {
            let (mut old_at, mut new_at) = (old.start, new.start);
            for (old_anchor, new_anchor) in self.anchors(&old, &new) {
                self.gap(old_at..old_anchor, new_at..new_anchor, false);
                self.push(Same { old: old_anchor, new: new_anchor, len: 1 });
                (old_at, new_at) = (old_anchor + 1, new_anchor + 1);
            }
            self.gap(old_at..old.end, new_at..new.end, false);
        }
        self.push(Same { old: old.end, new: new.end, len: tail });
    }

    fn push(&mut self, same: Same) {
        match self.found.last_mut() {
            _ if same.len == 0 => {}
            Some(last) if last.old_end() == same.old && last.new_end() == same.new => {
                last.len += same.len;
            }
            _ => self.found.push(same),
        }
    }

    /// The heuristic form: its cost grows with the square root of the gap for each token of it.
    fn myers(&mut self, old: &Range<usize>, new: &Range<usize>) {
        struct Equal<'a, 'b>(&'a mut Search<'b>);
        impl DiffHook for Equal<'_, '_> {
            type Error = Infallible;
            fn equal(&mut self, old: usize, new: usize, len: usize) -> Result<(), Infallible> {
                self.0.push(Same { old, new, len });
                Ok(())
            }
        }
        let (olds, news) = (self.old, self.new);
        match myers::diff(&mut Equal(self), olds, old.clone(), news, new.clone()) {
            Ok(()) => {}
            Err(never) => match never {},
        }
    }

    /// Returns the longest ascending series of tokens that occur exactly once on each side.
    fn anchors(&self, old: &Range<usize>, new: &Range<usize>) -> Vec<(usize, usize)> {
        let mut places: HashMap<u32, [Place; 2]> = HashMap::new();
        for (side, tokens, range) in [(0, self.old, old), (1, self.new, new)] {
            for at in range.clone() {
                let place = &mut places.entry(tokens[at]).or_default()[side];
                *place = if *place == Place::Never { Place::Once(at) } else { Place::Often };
            }
        }
        let unique: Vec<(usize, usize)> = old
            .clone()
            .filter_map(|at| match places[&self.old[at]] {
                [Place::Once(old), Place::Once(new)] => Some((old, new)),
                _ => None,
            })
            .collect();
        longest_ascending(&unique)
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Never,
    Once(usize),
    Often,
}

/// Picks the longest series that also ascends in its second half, in O(n log n).
fn longest_ascending(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut lasts: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, &(_, new)) in pairs.iter().enumerate() {
        let len = lasts.partition_point(|&last| pairs[last].1 < new);
        before.push(len.checked_sub(1).map(|shorter| lasts[shorter]));
        if len == lasts.len() {
            lasts.push(at);
        } else {
            lasts[len] = at;
        }
    }
    let mut series = Vec::with_capacity(lasts.len());
    let mut next = lasts.last().copied();
    while let Some(at) = next {
        series.push(pairs[at]);
        next = before[at];
    }
    series.reverse();
    series
}

/// Moves each pure insertion or deletion as far down as it goes, where people expect it: an added
/// function then ends with its own brace, not with that of the one before.
fn slide(old: &[u32], new: &[u32], found: Vec<Same>) -> Vec<Same> {
    let mut out = vec![Same { old: 0, new: 0, len: 0 }];
    for mut same in found {
        let last = out.last_mut().expect("it began with one");
        let only_deletes = last.new_end() == same.new;
        let only_inserts = last.old_end() == same.old;
        while same.len > 0
            && (only_deletes && old[last.old_end()] == old[same.old]
                || only_inserts && new[last.new_end()] == new[same.new])
        {
            last.len += 1;
            same = Same { old: same.old + 1, new: same.new + 1, len: same.len - 1 };
        }
        if same.len > 0 {
            out.push(same);
        }
    }
    out.retain(|same| same.len > 0);
    out
}
