//! Fuzzed texts, cuts and edits: not one count may differ.

use super::text::{Random, cases, reference};
use crate::tokens::piece::Pieces;
use crate::tokens::{Count, Encoding, TokenCounter, count_within, recount};

#[test]
fn counts_of_fuzzed_bytes_are_those_of_the_reference() {
    let mut random = Random(1);
    for case in 0..cases() * 3 / 10 {
        let (bytes, text) = random.text(24);
        for encoding in Encoding::ALL {
            let expected = Count::exact(reference(encoding, &text));
            assert_eq!(encoding.count(&text), expected, "{encoding} {case} {text:?}");
            assert_eq!(encoding.count_bytes(&bytes), expected, "{encoding} {case} {bytes:?}");
        }
    }
}

#[test]
fn recounts_of_fuzzed_edits_are_those_of_the_reference() {
    let mut random = Random(2);
    for case in 0..cases() * 3 / 10 {
        let (_, old) = random.text(24);
        let new = random.edited(&old);
        for encoding in Encoding::ALL {
            let count = Count::exact(reference(encoding, &old));
            assert_eq!(
                recount(&encoding, &old, count, &new),
                Count::exact(reference(encoding, &new)),
                "{encoding} {case} {old:?} {new:?}"
            );
        }
    }
}

#[test]
fn parts_at_every_safe_cut_add_up_to_the_whole() {
    let mut random = Random(3);
    let mut seen = 0;
    for case in 0..cases() / 10 {
        let (_, text) = random.text(24);
        for encoding in Encoding::ALL {
            let whole = reference(encoding, &text);
            for at in (1..text.len()).filter(|&at| encoding.safe_cuts().is_cut(&text, at)) {
                let parts = reference(encoding, &text[..at]) + reference(encoding, &text[at..]);
                assert_eq!(parts, whole, "{encoding} {case} {at} {text:?}");
                seen += 1;
            }
            assert_eq!(count_within(&encoding, &text, whole), Some(Count::exact(whole)));
            assert_eq!(count_within(&encoding, &text, whole.wrapping_sub(1)).is_some(), whole == 0);
        }
    }
    assert!(seen > cases() / 10, "only {seen} cuts");
}

#[test]
fn pieces_and_merges_of_our_own_count_as_the_reference() {
    let mut random = Random(4);
    let ranks = Encoding::ALL.map(|encoding| (encoding, encoding.ranks()));
    for case in 0..cases() * 3 / 10 {
        let (_, text) = random.text(24);
        for (encoding, ranks) in ranks {
            let whole = reference(encoding, &text);
            let pieces = || Pieces::of(encoding.pattern(), &text).map(str::as_bytes);
            let merged: u64 = pieces().map(|piece| ranks.count(piece)).sum();
            assert_eq!(merged, whole, "{encoding} {case} {text:?}");
            assert_eq!(pieces().collect::<Vec<_>>().concat(), text.as_bytes());
            assert_eq!(encoding.count_pieces(&text), whole, "{encoding} {case} {text:?}");
        }
    }
}
