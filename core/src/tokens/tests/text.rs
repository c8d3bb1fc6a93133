//! Texts that are hard on tokenizers, and edits of them, from a seed.

use crate::tokens::Encoding;

/// How many tokens the reference says that a text has.
pub(super) fn reference(encoding: Encoding, text: &str) -> u64 {
    let bpe = match encoding {
        Encoding::O200k => tiktoken_rs::o200k_base_singleton(),
        Encoding::Cl100k => tiktoken_rs::cl100k_base_singleton(),
    };
    bpe.encode_ordinary(text).len() as u64
}

/// Cases of the fuzzed tests, all together.
pub(super) fn cases() -> u64 {
    let set = std::env::var("PARTITA_CASES").ok().and_then(|cases| cases.parse().ok());
    set.unwrap_or(100_000)
}

/// Pseudo-random numbers: splitmix64.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// A piece of text of one of many classes.
    fn snippet(&mut self) -> Vec<u8> {
        let words =
            ["the", "Hello", "HTTP", "camelCase", "x", "naive", "\u{17f}", "Kelvin\u{212a}"];
        let contractions = ["'s", "'T", "'re", "'VE", "'m", "'ll", "'D", "'", "'\u{17f}", "''s"];
        let marks = ["\u{301}", "a\u{301}", "\u{300}\u{323}", "\u{20dd}", "\u{e01}\u{e49}"];
        let signs =
            ["/", "//", "!", "...", "</", "{\"", "();", "=>", "_", "<|endoftext|>", "\u{2014}"];
        let spaces =
            [" ", "  ", "\t", "\n", "\r\n", "\r", "\n\n", "\u{a0}", "\u{3000}", "\u{2028}"];
        let more =
            [" \n", "\n ", "    ", "\n\t\t", "\u{b}", "\u{c}", "\u{85}", "/\n", "\n/", "\r/"];
        let scripts = [
            "\u{4e2d}\u{6587}",
            "\u{3042}\u{30ab}",
            "\u{d55c}\u{ae00}",
            "\u{43f}\u{440}\u{438}",
            "\u{3b1}\u{3b2}",
            "\u{645}\u{631}",
            "\u{939}\u{93f}\u{902}",
            "\u{1c5}\u{1c8}",
            "\u{2b0}\u{2c6}",
            "\u{aa}",
            "\u{10400}\u{10428}",
            "\u{a66e}",
        ];
        let emoji =
            ["\u{1f600}", "\u{1f469}\u{200d}\u{1f4bb}", "\u{2764}\u{fe0f}", "\u{1f1e9}\u{1f1ea}"];
        let numbers = [
            "1",
            "42",
            "1234567",
            "0x1f",
            "3.14",
            "\u{661}\u{662}",
            "\u{bd}",
            "\u{2163}",
            "\u{b2}",
        ];
        match self.below(13) {
            0 | 1 => self.pick(&words).into(),
            2 => self.pick(&contractions).into(),
            3 => self.pick(&marks).into(),
            4 => self.pick(&signs).into(),
            5 | 6 => self.pick(&spaces).into(),
            7 => self.pick(&more).into(),
            8 => self.pick(&scripts).into(),
            9 => self.pick(&emoji).into(),
            10 => self.pick(&numbers).into(),
            11 => (0..self.below(4) + 1).map(|_| 32 + (self.next() % 95) as u8).collect(),
            // Mostly no UTF-8.
            _ => (0..self.below(3) + 1).map(|_| self.next() as u8).collect(),
        }
    }

    /// A text of so many snippets at most, and the bytes it was read from.
    pub(super) fn text(&mut self, snippets: usize) -> (Vec<u8>, String) {
        let bytes: Vec<u8> = (0..self.below(snippets + 1)).flat_map(|_| self.snippet()).collect();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        (bytes, text)
    }

    /// The text with up to three edits of it.
    pub(super) fn edited(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..=self.below(3) {
            let (from, to) = (self.boundary(&text), self.boundary(&text));
            let near = from.min(to)..from.max(to).min(from.min(to) + 12);
            let range = if text.is_char_boundary(near.end) { near } else { from..from };
            let new = if self.below(3) == 0 { Vec::new() } else { self.snippet() };
            text.replace_range(range, &String::from_utf8_lossy(&new));
        }
        text
    }

    pub(super) fn boundary(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}
