//! Sentences of a prose with code in it, and their words.

use super::phrase::{CODE, TURNS};

/// Cuts a text into its sentences, without what is no prose.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    // Where the paragraph begins that the line belongs to.
    let mut begin: Option<usize> = None;
    let mut fence: Option<&str> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let (start, end) = (at, at + line.len());
        at = end;
        let trimmed = line.trim();
        let marker = ["```", "~~~"].into_iter().find(|marker| trimmed.starts_with(marker));
        let is_prose = match (fence, marker) {
            (None, None) => {
                !trimmed.is_empty() && !trimmed.starts_with('>') && !is_open_box(trimmed)
            }
            (None, Some(_)) => {
                fence = marker;
                false
            }
            (Some(open), marker) => {
                fence = if marker == Some(open) { None } else { fence };
                false
            }
        };
        let begins = is_prose && (is_item(trimmed) || trimmed.starts_with('#'));
        if (!is_prose || begins)
            && let Some(from) = begin.take()
        {
            cut(&text[from..start], &mut sentences);
        }
        if is_prose && trimmed.starts_with('#') {
            cut(&text[start..end], &mut sentences);
        } else if is_prose {
            begin.get_or_insert(start);
        }
    }
    if let Some(from) = begin {
        cut(&text[from..], &mut sentences);
    }
    sentences
}

/// Tells whether a line is an item of a list, or a row of a table.
fn is_item(line: &str) -> bool {
    let behind = line.trim_start_matches(|sign: char| sign.is_ascii_digit());
    let is_numbered =
        behind.len() < line.len() && (behind.starts_with(". ") || behind.starts_with(") "));
    is_numbered || ["- ", "* ", "+ ", "|"].iter().any(|marker| line.starts_with(marker))
}

/// Tells whether a line is an item that is still to do.
fn is_open_box(line: &str) -> bool {
    is_item(line)
        && line
            .trim_start_matches(|sign: char| !matches!(sign, '[' | ' '))
            .trim_start()
            .starts_with("[ ]")
}

/// Cuts a paragraph at the ends of its sentences.
fn cut<'a>(paragraph: &'a str, sentences: &mut Vec<&'a str>) {
    let bytes = paragraph.as_bytes();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        // `1.5` and `a.rs` do not end here, and what is emphasized ends before its signs.
        let ends = |next: &u8| next.is_ascii_whitespace() || b"*_\"')]".contains(next);
        // Nor does the number of an item.
        let is_number = || bytes[start..at].trim_ascii().iter().all(u8::is_ascii_digit);
        if matches!(byte, b'.' | b'!' | b'?') && bytes.get(at + 1).is_none_or(ends) && !is_number()
        {
            push(&paragraph[start..=at], sentences);
            start = at + 1;
        }
    }
    push(&paragraph[start..], sentences);
}

fn push<'a>(sentence: &'a str, sentences: &mut Vec<&'a str>) {
    let is_sign = |sign: char| sign.is_whitespace() || "*_#|".contains(sign);
    let sentence = sentence.trim_matches(is_sign);
    let sentence = match is_item(sentence) {
        true => sentence
            .trim_start_matches(|sign: char| sign.is_ascii_digit() || "-+.) ".contains(sign)),
        false => sentence,
    };
    let sentence = sentence.trim_start_matches(is_sign);
    if sentence.contains(char::is_alphanumeric) {
        sentences.push(sentence);
    }
}

/// A word in small letters, and which clause of its sentence it belongs to.
pub(super) struct Word {
    /// Its letters, `'` and `-`.
    pub(super) text: String,
    /// Clauses are numbered along the sentence.
    pub(super) clause: usize,
}

impl Word {
    /// Tells whether it is one of these.
    pub(super) fn is_one_of(&self, words: &[&str]) -> bool {
        words.contains(&self.text.as_str())
    }

    /// Tells whether it is a number, in digits.
    pub(super) fn is_number(&self) -> bool {
        self.text.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// Returns the words of a sentence; what stands in quotes, or is code, counts as one.
pub(super) fn words(sentence: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let (mut clause, mut quote, mut word) = (0, None, String::new());
    let mut end_word = |word: &mut String, clause: &mut usize| {
        if word.is_empty() {
            return;
        }
        let text = std::mem::take(word);
        *clause += usize::from(TURNS.contains(&text.as_str()));
        words.push(Word { text, clause: *clause });
    };
    let mut signs = sentence.char_indices().peekable();
    while let Some((at, sign)) = signs.next() {
        if quote.is_some() {
            if quote == Some(sign) {
                quote = None;
            }
            continue;
        }
        let next = signs.peek().map(|(_, next)| *next);
        let is_within = next.is_some_and(char::is_alphanumeric) && !word.is_empty();
        match sign {
            '\'' | '\u{2019}' if is_within => word.push('\''),
            '-' if is_within => word.push('-'),
            sign if sign.is_alphanumeric() => word.extend(sign.to_lowercase()),
            '`' | '"' if sentence[at + 1..].contains(sign) => {
                end_word(&mut word, &mut clause);
                quote = Some(sign);
                word.push_str(CODE);
                end_word(&mut word, &mut clause);
            }
            sign => {
                end_word(&mut word, &mut clause);
                let parts = matches!(sign, ',' | ';' | ':' | '\u{2013}' | '\u{2014}')
                    // A dash, but not one within a word.
                    || sign == '-' && next.is_none_or(|next| next == ' ' || next == '-');
                clause += usize::from(parts);
            }
        }
    }
    end_word(&mut word, &mut clause);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_into_its_sentences() {
        for (text, expected) in [
            ("A. B! C? D", &["A.", "B!", "C?", "D"][..]),
            ("see a.rs, v1.5. Next", &["see a.rs, v1.5.", "Next"]),
            ("a\nb. c\n\nd", &["a\nb.", "c", "d"]),
            ("# A\nb\n- c\n  d\n- e\n2. f\n3) g", &["A", "b", "c\n  d", "e", "f", "g"]),
            ("**A.** _b_", &["A.", "b"]),
            ("a\n> b\nc", &["a", "c"]),
            ("a\n```x\nb\n~~~\n```\nc\n~~~\nd", &["a", "c"]),
            ("- [ ] a\n- [x] b", &["[x] b"]),
            ("| a | b |\n|---|---|\n| c | d |", &["a | b", "c | d"]),
            ("... !!! \n \n", &[]),
        ] {
            assert_eq!(sentences(text), expected, "{text}");
        }
    }

    #[test]
    fn words_know_their_clauses() {
        for (sentence, expected) in [
            ("Don\u{2019}t, but it's OK", "don't:0 but:2 it's:2 ok:2"),
            ("a: `b c` \"d.\" e-f - g", "a:0 `:1 `:1 e-f:1 g:2"),
            ("12/12 a ` b", "12:0 12:0 a:0 b:0"),
            ("\u{c4} \u{2014} b", "\u{e4}:0 b:1"),
        ] {
            let words = words(sentence);
            let shown: Vec<_> =
                words.iter().map(|word| format!("{}:{}", word.text, word.clause)).collect();
            assert_eq!(shown.join(" "), expected, "{sentence}");
        }
    }
}
