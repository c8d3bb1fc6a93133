//! A signature of texts: tells of most searches that they cannot match, without the texts.

/// Bytes of the largest signature. A text with more distinct runs of three bytes than it has bits
/// fills it up, and then every search has to read the text.
pub(super) const SIGNATURE_BYTES_MAX: usize = 4 << 10;

/// Bytes of the smallest one.
const SIGNATURE_BYTES_MIN: usize = 8;

/// A Bloom filter over each three bytes in a row of the texts in lower case, two bits for each. Its
/// size is the least power of two that is at most half full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    bits: Vec<u8>,
}

impl Signature {
    /// Makes the signature of texts, each looked at by itself.
    pub(super) fn of(texts: &[&str]) -> Self {
        let mut bits = vec![0; SIGNATURE_BYTES_MAX];
        for text in texts {
            for trigram in text.to_lowercase().as_bytes().windows(3) {
                for place in places(trigram, bits.len()) {
                    bits[place / 8] |= 1 << (place % 8);
                }
            }
        }
        while bits.len() > SIGNATURE_BYTES_MIN {
            let (low, high) = bits.split_at(bits.len() / 2);
            let folded: Vec<u8> = low.iter().zip(high).map(|(low, high)| low | high).collect();
            let set: usize = folded.iter().map(|byte| byte.count_ones() as usize).sum();
            if set > folded.len() * 4 {
                break;
            }
            bits = folded;
        }
        Signature { bits }
    }

    /// Takes stored bytes; none if they are no signature.
    #[cfg(all(feature = "catalogue", panic = "unwind"))]
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let sizes = SIGNATURE_BYTES_MIN..=SIGNATURE_BYTES_MAX;
        let fits = sizes.contains(&bytes.len()) && bytes.len().is_power_of_two();
        fits.then(|| Signature { bits: bytes.to_vec() })
    }

    #[cfg(all(feature = "catalogue", panic = "unwind"))]
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bits
    }

    /// Tells whether one of the texts may hold this one, whatever the case of letters.
    pub(super) fn may_contain(&self, text: &str) -> bool {
        text.to_lowercase().as_bytes().windows(3).all(|trigram| {
            places(trigram, self.bits.len())
                .into_iter()
                .all(|place| self.bits[place / 8] & (1 << (place % 8)) != 0)
        })
    }
}

/// The bits of a trigram in a filter of so many bytes, a power of two: those of the largest filter
/// modulo the size, so that a filter can be folded.
fn places(trigram: &[u8], len: usize) -> [usize; 2] {
    let value = trigram.iter().fold(0u32, |value, &byte| value << 8 | u32::from(byte));
    // The upper halves of products with odd constants: every bit of the trigram counts.
    let place = |factor: u32| (value.wrapping_mul(factor) >> 17) as usize & (len * 8 - 1);
    [place(0x9E37_79B1), place(0x85EB_CA6B)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_that_is_not_there_is_mostly_told_so() {
        let words = ["parser", "token", "commit", "ledger", "signature", "fold", "mends", "bytes"];
        let text = |seed: usize| -> String {
            (0..200).map(|at| words[(at * 7 + seed + at / 3) % 8].to_owned() + " ").collect()
        };
        let signature = Signature::of(&[&text(1), &text(5)]);
        assert!(signature.may_contain("parser"));
        let absent = ["zebra crossing", "quicksilver", "hyphenation", "0x5f3c9b1d", "wolf"];
        for absent in absent {
            assert!(!signature.may_contain(absent), "{absent}");
        }
    }

    #[test]
    fn a_signature_is_sized_by_its_text() {
        assert_eq!(Signature::of(&[]).bits.len(), SIGNATURE_BYTES_MIN);
        assert!(!Signature::of(&[]).may_contain("abc"));
        let short = Signature::of(&["fix the parser, please"]).bits.len();
        assert!((SIGNATURE_BYTES_MIN..=16).contains(&short), "{short}");
        let mut state = 1u64;
        let noise: String = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b' ' + (state >> 33) as u8 % 95)
        })
        .take(400_000)
        .collect();
        let full = Signature::of(&[&noise]);
        assert_eq!(full.bits.len(), SIGNATURE_BYTES_MAX);
        assert!(full.may_contain("anything"));
    }

    #[test]
    fn short_texts_are_never_excluded() {
        let signature = Signature::of(&["abc"]);
        for short in ["", "x", "zz"] {
            assert!(signature.may_contain(short));
        }
        assert!(!signature.may_contain("zzz"));
    }

    #[cfg(feature = "catalogue")]
    #[test]
    fn stored_bytes_of_another_size_are_no_signature() {
        for len in [0, 4, 9, 4_095, 8_192] {
            assert_eq!(Signature::from_bytes(&vec![255; len]), None, "{len}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn what_is_there_is_never_denied(
            texts in prop::collection::vec("\\PC{0,60}|[a-zA-Z ]{0,400}", 1..4),
            pick in any::<(prop::sample::Index, prop::sample::Index, prop::sample::Index)>(),
        ) {
            let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
            let signature = Signature::of(&borrowed);
            let lower: Vec<char> = texts[pick.0.index(texts.len())].to_lowercase().chars().collect();
            let (one, two) = (pick.1.index(lower.len() + 1), pick.2.index(lower.len() + 1));
            let part: String = lower[one.min(two)..one.max(two)].iter().collect();
            prop_assert!(signature.may_contain(&part), "{:?} in {:?}", part, texts);
        }
    }
}
