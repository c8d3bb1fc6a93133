//! A host's own patterns, matched in one pass.

/// Bytes of a host's own pattern: so many that a state for each fits into one word of the processor.
pub(super) const PATTERN_BYTES_MAX: usize = 120;

/// A host's own pattern: which states each byte leads on from, a bit for each.
#[derive(Clone, Debug)]
pub(super) struct Own {
    takes: [u128; 256],
    stars: u128,
    end: u128,
}

impl Own {
    /// Reads the bytes of a pattern, of at most [`PATTERN_BYTES_MAX`].
    pub(super) fn new(pattern: &[u8]) -> Self {
        let mut own = Own { takes: [0; 256], stars: 0, end: 1 };
        for &sign in pattern {
            match sign {
                // Stars beside each other are one.
                b'*' if own.stars & (own.end >> 1) != 0 => continue,
                b'*' => own.stars |= own.end,
                b'?' => {
                    for byte in (0..=u8::MAX).filter(|&byte| is_word(byte)) {
                        own.takes[usize::from(byte)] |= own.end;
                    }
                }
                byte => own.takes[usize::from(byte)] |= own.end,
            }
            own.end <<= 1;
        }
        own
    }

    /// Tells whether a line has it anywhere: one pass over the line, whatever the pattern.
    pub(super) fn is_in(&self, line: &[u8]) -> bool {
        let mut states = 0;
        for &byte in line {
            // It may begin at each byte, and a star may take none.
            states |= 1;
            states |= (states & self.stars) << 1;
            let stays = if is_word(byte) { states & self.stars } else { 0 };
            states = (states & self.takes[usize::from(byte)]) << 1 | stays;
            states |= (states & self.stars) << 1;
            if states & self.end != 0 {
                return true;
            }
        }
        false
    }
}

/// Tells whether it is one of the bytes that signs of own patterns stand for.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_sign_of_an_own_pattern_means_what_it_says() {
        for (pattern, line, is_in) in [
            ("acme_????", "x = acme_ab1-;", true),
            ("acme_????", "acme_ab1", false),
            ("acme_????", "acme_ab 1c", false),
            ("acme_*!", "acme_!", true),
            ("acme_*!", "acme_a-b_1!", true),
            ("acme_*!", "acme_a b!", false),
            ("a**b", "axxb", true),
            ("a***b***c", "abc", true),
            ("*b", "b", true),
            ("b*", "b", true),
            ("?b", "b", false),
            ("?b", "ab", true),
            ("*?*b", "ab", true),
            ("*?*b", " b", false),
            ("aab", "aaab", true),
            ("a*ab", "xa-ab", true),
            ("a b.c", "a b.c", true),
            ("a b.c", "a bxc", false),
        ] {
            let own = Own::new(pattern.as_bytes());
            assert_eq!(own.is_in(line.as_bytes()), is_in, "{pattern} {line}");
        }
    }

    /// Matches by trying everything: what own patterns mean.
    fn matches(pattern: &[u8], line: &[u8]) -> bool {
        match pattern.split_first() {
            None => true,
            Some((b'*', rest)) => {
                let run = line.iter().take_while(|&&byte| is_word(byte)).count();
                (0..=run).any(|at| matches(rest, &line[at..]))
            }
            Some((sign, rest)) => line.split_first().is_some_and(|(byte, line)| {
                (sign == byte && *sign != b'?' || *sign == b'?' && is_word(*byte))
                    && matches(rest, line)
            }),
        }
    }

    proptest! {
        #[test]
        fn own_patterns_match_as_by_trying_everything(
            pattern in "[ab*? ]{1,7}", line in "[ab c]{1,9}",
        ) {
            // A pattern that may take no byte at all is refused before.
            if pattern.contains(['a', 'b', ' ']) {
                let own = Own::new(pattern.as_bytes());
                let expected = (0..line.len())
                    .any(|at| matches(pattern.as_bytes(), &line.as_bytes()[at..]));
                prop_assert_eq!(own.is_in(line.as_bytes()), expected);
            }
        }
    }
}
