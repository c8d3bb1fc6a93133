//! Counting less: only what changed, or only as much as it takes to know.

use super::{Count, SafeCuts, TokenCounter};
use crate::limits::COUNT_BLOCK_BYTES;

/// Bytes that are compared at once: a memcmp each, and then at most so many one by one.
const COMPARED_BYTES: usize = 4_096;

/// Counts a text of which an earlier version was counted: the same as counting it anew, at the cost
/// of what changed.
///
/// The old and the new text are compared from both ends; only what lies between the nearest
/// [safe cuts](SafeCuts) around the change is counted, in both. Where the counter has none, or the
/// old count is an estimate, the new text is counted whole. `old_count` must be the same counter's.
///
/// ```
/// use partita::tokens::{Encoding, TokenCounter, recount};
/// let (old, new) = ("let x = 1;\nlet y = 2;\n", "let x = 1;\nlet y = 23;\n");
/// let count = recount(&Encoding::O200k, old, Encoding::O200k.count(old), new);
/// assert_eq!(count, Encoding::O200k.count(new));
/// ```
pub fn recount(
    counter: &(impl TokenCounter + ?Sized),
    old_text: &str,
    old_count: Count,
    new_text: &str,
) -> Count {
    let cuts = counter.safe_cuts();
    if cuts == SafeCuts::None || !old_count.is_exact() {
        return counter.count(new_text);
    }
    if old_text == new_text {
        return old_count;
    }
    let (start, tail) = changed(cuts, old_text, new_text);
    let removed = counter.count(&old_text[start..old_text.len() - tail]);
    let added = counter.count(&new_text[start..new_text.len() - tail]);
    // A count that was another's could be less than what is taken away: then nothing is known.
    match old_count.tokens().checked_sub(removed.tokens()) {
        Some(kept) if removed.is_exact() => Count::exact(kept) + added,
        _ => counter.count(new_text),
    }
}

/// Where the part that must be counted begins, and how many bytes from the end it ends.
fn changed(cuts: SafeCuts, old: &str, new: &str) -> (usize, usize) {
    let (old_bytes, new_bytes) = (old.as_bytes(), new.as_bytes());
    let shorter = old.len().min(new.len());
    let prefix = common_prefix(old_bytes, new_bytes);
    let suffix = common_suffix(old_bytes, new_bytes).min(shorter - prefix);
    // A cut is seen from the bytes on both sides of it, and both must be common: strictly inside
    // the prefix, strictly inside the suffix. Or it is the start or the end of both texts.
    let start = cuts.last(old, prefix.saturating_sub(1));
    let from = old.len() - suffix + 1;
    let tail = if suffix == 0 { 0 } else { old.len() - cuts.next(old, from.min(old.len())) };
    (start, tail)
}

fn common_prefix(one: &[u8], other: &[u8]) -> usize {
    let blocks = one.chunks(COMPARED_BYTES).zip(other.chunks(COMPARED_BYTES));
    let same = blocks.take_while(|(one, other)| one == other).count() * COMPARED_BYTES;
    let same = same.min(one.len()).min(other.len());
    same + one[same..].iter().zip(&other[same..]).take_while(|(one, other)| one == other).count()
}

fn common_suffix(one: &[u8], other: &[u8]) -> usize {
    let blocks = one.rchunks(COMPARED_BYTES).zip(other.rchunks(COMPARED_BYTES));
    let same = blocks.take_while(|(one, other)| one == other).count() * COMPARED_BYTES;
    let same = same.min(one.len()).min(other.len());
    let rest = (one[..one.len() - same].iter().rev()).zip(other[..other.len() - same].iter().rev());
    same + rest.take_while(|(one, other)| one == other).count()
}

/// Counts a text if it has at most `limit` tokens; none as soon as it is known to have more.
///
/// An estimate is within the limit if its upper bound is. A long text is counted block by block at
/// safe cuts, so that the answer costs no more than about the limit's tokens.
///
/// ```
/// use partita::tokens::{Count, Encoding, count_within};
/// assert_eq!(count_within(&Encoding::O200k, "hello world", 2), Some(Count::exact(2)));
/// assert_eq!(count_within(&Encoding::O200k, "hello world", 1), None);
/// ```
pub fn count_within(
    counter: &(impl TokenCounter + ?Sized),
    text: &str,
    limit: u64,
) -> Option<Count> {
    let cuts = counter.safe_cuts();
    let (mut count, mut at) = (Count::ZERO, 0);
    while at < text.len() {
        let end = match at.saturating_add(COUNT_BLOCK_BYTES) {
            far if cuts == SafeCuts::None || far >= text.len() => text.len(),
            far => cuts.next(text, far),
        };
        count += counter.count(&text[at..end]);
        if count.high() > limit {
            return None;
        }
        at = end;
    }
    // A counter may well find something in nothing.
    if text.is_empty() {
        count = counter.count(text);
    }
    (count.high() <= limit).then_some(count)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{COMPARED_BYTES, common_prefix, common_suffix, count_within, recount};
    use crate::tokens::{Count, Encoding, SafeCuts, TokenCounter};

    /// Counts bytes, and how many of them it was shown.
    struct Bytes(SafeCuts, AtomicUsize);

    impl TokenCounter for Bytes {
        fn id(&self) -> &str {
            "bytes"
        }

        fn count(&self, text: &str) -> Count {
            self.1.fetch_add(text.len(), Ordering::Relaxed);
            Count::exact(text.len() as u64)
        }

        fn safe_cuts(&self) -> SafeCuts {
            self.0
        }
    }

    fn shown(cuts: SafeCuts, work: impl FnOnce(&Bytes)) -> usize {
        let counter = Bytes(cuts, AtomicUsize::new(0));
        work(&counter);
        counter.1.into_inner()
    }

    #[test]
    fn ends_in_common_are_measured_to_the_byte() {
        for size in [0, 1, COMPARED_BYTES - 1, COMPARED_BYTES, 3 * COMPARED_BYTES + 7] {
            let same = vec![b'x'; size];
            let longer = [&same[..], b"y"].concat();
            let before = [b"y", &same[..]].concat();
            assert_eq!(common_prefix(&same, &same), size);
            assert_eq!(common_suffix(&same, &same), size);
            assert_eq!(common_prefix(&same, &longer), size);
            assert_eq!(common_suffix(&before, &same), size);
            assert_eq!(common_prefix(&longer, &[&same[..], b"z"].concat()), size);
        }
    }

    #[test]
    fn only_the_surroundings_of_a_change_are_counted_again() {
        let old = "some words in a row. ".repeat(1_000);
        let mut new = old.clone();
        new.replace_range(10_000..10_003, "other");
        let count = Count::exact(old.len() as u64);
        let seen = shown(SafeCuts::Words, |counter| {
            assert_eq!(recount(counter, &old, count, &new), counter.count(&new));
        });
        assert!(seen - new.len() < 40, "{}", seen - new.len());
        let seen = shown(SafeCuts::None, |counter| {
            recount(counter, &old, count, &new);
        });
        assert_eq!(seen, new.len());
        assert_eq!(
            shown(SafeCuts::Words, |counter| {
                recount(counter, &old, count, &old);
            }),
            0
        );
    }

    #[test]
    fn an_estimate_or_another_counters_count_is_never_built_upon() {
        let (old, new) = ("one two three four", "one two six four");
        let exact = Encoding::O200k.count(new);
        for kept in [Count::estimated(4, 2, 9), Count::ZERO] {
            assert_eq!(recount(&Encoding::O200k, old, kept, new), exact);
        }
    }

    #[test]
    fn a_text_within_a_limit_is_counted_and_one_beyond_is_given_up_early() {
        let text = "some words in a row. ".repeat(10_000);
        let count = Encoding::Cl100k.count(&text);
        assert_eq!(count_within(&Encoding::Cl100k, &text, count.tokens()), Some(count));
        assert_eq!(count_within(&Encoding::Cl100k, &text, count.tokens() - 1), None);
        assert_eq!(count_within(&Encoding::Cl100k, "", 0), Some(Count::ZERO));
        let seen = shown(SafeCuts::Words, |counter| {
            assert_eq!(count_within(counter, &text, 1_000), None);
        });
        assert!(seen < 10_000, "{seen}");
    }
}
