//! Megabytes of one kind: counted, never a panic, and right as far as the reference can tell.

use super::text::{Random, reference};
use crate::limits::{ENCODE_BLOCK_BYTES, ENCODE_BYTES_MAX, MERGE_BYTES};
use crate::tokens::{Count, Encoding, TokenCounter, recount};

const TEN_MEGABYTES: usize = 10_000_000;

/// Characters of every class of the patterns.
const CLASSES: [&str; 20] = [
    " ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    " \n",
    "\u{3000}",
    "\u{a0}",
    "a",
    "A",
    "aB",
    "7",
    "'",
    "/",
    "=",
    "\u{4e2d}",
    "\u{301}",
    "\u{1f600}",
    "\u{2028}",
    "\u{fffd}",
];

#[test]
fn ten_megabytes_of_any_byte_are_counted() {
    for encoding in Encoding::ALL {
        let mut replaced = None;
        for byte in 0..=u8::MAX {
            let bytes = vec![byte; TEN_MEGABYTES];
            let count = match String::from_utf8(bytes) {
                Ok(text) => encoding.count(&text),
                // All of them are the same text in the end.
                Err(error) => {
                    let bytes = error.into_bytes();
                    if byte % 16 != 0 {
                        assert_eq!(String::from_utf8_lossy(&bytes[..99]), "\u{fffd}".repeat(99));
                        continue;
                    }
                    let count = encoding.count_bytes(&bytes);
                    assert_eq!(*replaced.get_or_insert(count), count);
                    count
                }
            };
            let tokens = count.tokens() as usize;
            assert!((TEN_MEGABYTES / 128..=3 * TEN_MEGABYTES).contains(&tokens), "{byte}: {count}");
        }
    }
}

#[test]
fn long_runs_of_each_class_count_as_the_reference_does() {
    for encoding in Encoding::ALL {
        for class in CLASSES {
            for bytes in [MERGE_BYTES, ENCODE_BLOCK_BYTES, ENCODE_BYTES_MAX, 300_000] {
                for around in [("", ""), ("x", "y"), ("!", "'s"), ("\n", " "), ("\u{301}", "\n")] {
                    for extra in 0..2 {
                        let run = class.repeat(bytes / class.len() + extra);
                        let text = [around.0, &run, around.1].concat();
                        let expected = Count::exact(reference(encoding, &text));
                        assert_eq!(encoding.count(&text), expected, "{encoding} {class:?} {bytes}");
                    }
                    if bytes > MERGE_BYTES && around.0 != "!" {
                        break;
                    }
                }
            }
        }
    }
}

#[test]
fn long_pieces_of_random_letters_count_as_the_reference_does() {
    let mut random = Random(5);
    let alphabets =
        ["ab", "acgt", "abcdefghijklmnopqrstuvwxyz", "+-=*", " \t", "\u{4e2d}\u{6587}\u{ac00}"];
    for encoding in Encoding::ALL {
        for alphabet in alphabets {
            let letters: Vec<char> = alphabet.chars().collect();
            let text: String = (0..200_000).map(|_| letters[random.below(letters.len())]).collect();
            let expected = reference(encoding, &text);
            assert_eq!(encoding.count(&text).tokens(), expected, "{encoding} {alphabet}");
            assert_eq!(encoding.ranks().count(text.as_bytes()), {
                // Without white space it is one piece.
                if alphabet == " \t" { encoding.ranks().count(text.as_bytes()) } else { expected }
            });
        }
    }
}

#[test]
fn an_edit_in_megabytes_of_white_space_is_counted() {
    for encoding in Encoding::ALL {
        let old = " ".repeat(2_000_000);
        let new = [&old[..1_000_000], "x", &old[1_000_000..]].concat();
        let count = recount(&encoding, &old, encoding.count(&old), &new);
        assert_eq!(count, encoding.count(&new));
    }
}
