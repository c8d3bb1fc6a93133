//! Claims that something works.

use super::phrase::{
    A_CHECK, CLAIMS, CODE, EXCEPTS, FAILS, FAILS_NOT, FAULTS, FILL, Kind, Slot, TAKES_ALL_BACK,
    TAKES_BACK, TURNS, TURNS_AWAY,
};

/// Bytes at the end of a text that are looked at: claims stand at the end.
const CLAIM_BYTES_SEEN: usize = 64 << 10;

/// Words that may fill one place of a claim.
const FILL_WORDS_MAX: usize = 4;

/// Returns the last sentence of a text that claims that something works, in English.
///
/// It is a rule of thumb: sentences that say that something does not work, should work, or works if,
/// and those that ask, are none. Blocks of code, quoted lines, and open boxes of lists are skipped,
/// and of a long text all but its last 64 KiB.
pub(crate) fn success_claim(text: &str) -> Option<&str> {
    let sentences = sentences(tail(text));
    sentences.into_iter().rev().find(|sentence| claims(sentence))
}

/// Returns the end of a text, from the beginning of a line on if there is one.
fn tail(text: &str) -> &str {
    let Some(over) = text.len().checked_sub(CLAIM_BYTES_SEEN) else { return text };
    if over == 0 {
        return text;
    }
    let start = (over..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    let end = &text[start..];
    end.find('\n').map_or(end, |feed| &end[feed + 1..])
}

/// Cuts a text into its sentences, without what is no prose.
fn sentences(text: &str) -> Vec<&str> {
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
        if matches!(byte, b'.' | b'!' | b'?') && bytes.get(at + 1).is_none_or(ends) {
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
struct Word {
    text: String,
    clause: usize,
}

impl Word {
    fn is_one_of(&self, words: &[&str]) -> bool {
        words.contains(&self.text.as_str())
    }

    fn is_number(&self) -> bool {
        self.text.bytes().all(|byte| byte.is_ascii_digit())
    }

    fn negates(&self) -> bool {
        self.is_one_of(TAKES_BACK)
            || ["n't", "'ll", "'d"].iter().any(|end| self.text.ends_with(end))
    }
}

/// Returns the words of a sentence; what stands in quotes, or is code, counts as one.
fn words(sentence: &str) -> Vec<Word> {
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

/// Tells whether a sentence claims that something works.
fn claims(sentence: &str) -> bool {
    if sentence.ends_with('?') {
        return false;
    }
    let words = words(sentence);
    let fails = (0..words.len()).any(|at| {
        // `no tests fail` says it two words before.
        let before = &words[at.saturating_sub(2)..at];
        words[at].is_one_of(FAILS) && !before.iter().any(|word| word.is_one_of(FAILS_NOT))
    });
    // What the words before say, kept along the way, so that a long sentence is read once.
    let (mut taken_back, mut all_taken_back, mut has_fault) = (false, false, false);
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &words[before]);
        if before.is_some_and(|before| before.clause != word.clause) {
            taken_back = false;
        }
        if word.is_one_of(TURNS_AWAY) {
            all_taken_back = false;
        }
        has_fault |= word.is_one_of(FAULTS);
        let holds = |kind: Kind| match kind {
            Kind::Pass => !fails && !is_a_part(&words, at),
            Kind::Mended => has_fault,
            Kind::Other => true,
        };
        let is_claim = |(kind, slots): &(Kind, &[Slot])| {
            let end = end_of(slots, &words, at);
            end.is_some_and(|end| holds(*kind) && !has_except(&words[end..], word.clause))
        };
        if !taken_back && !all_taken_back && CLAIMS.iter().any(is_claim) {
            return true;
        }
        taken_back |= word.negates();
        let is_thing = word.text == "check" && before.is_some_and(|word| word.is_one_of(A_CHECK));
        all_taken_back |= word.is_one_of(TAKES_ALL_BACK) && !is_thing;
    }
    false
}

/// Tells whether the words before say a part of a whole: `3 of 5 tests`.
fn is_a_part(words: &[Word], at: usize) -> bool {
    let start = at.saturating_sub(5);
    let near = &words[start..words.len().min(at + 1)];
    near.iter().enumerate().any(|(index, word)| {
        let few = word.is_number().then(|| &near[index + 1..]);
        let whole = few.and_then(|rest| match rest {
            [of, whole, ..] if of.text == "of" => Some(whole),
            [out, of, whole, ..] if out.text == "out" && of.text == "of" => Some(whole),
            [whole, ..] => Some(whole),
            [] => None,
        });
        whole.is_some_and(|whole| whole.is_number() && whole.text != word.text)
    })
}

fn has_except(behind: &[Word], clause: usize) -> bool {
    // The next clause counts, too: `all pass, except one`.
    let near = behind.iter().take_while(|word| word.clause <= clause + 1);
    near.take(8).any(|word| word.is_one_of(EXCEPTS))
}

/// Returns where a claim ends that begins at a word.
fn end_of(slots: &[Slot], words: &[Word], start: usize) -> Option<usize> {
    let clause = words[start].clause;
    let mut at = start;
    for slot in slots {
        let word = words.get(at).filter(|word| word.clause == clause);
        let is_one = |list: &[&str]| word.is_some_and(|word| word.is_one_of(list));
        match slot {
            Slot::One(list) if is_one(list) => at += 1,
            Slot::Number if word.is_some_and(Word::is_number) => at += 1,
            Slot::Maybe(list) => at += usize::from(is_one(list)),
            Slot::Fill => {
                let rest = words[at..].iter().take(FILL_WORDS_MAX);
                let is_fill = |word: &&Word| {
                    word.clause == clause && (word.is_one_of(FILL) || word.is_number())
                };
                at += rest.take_while(is_fill).count();
            }
            Slot::Start if start == 0 || words[start - 1].clause != clause => {}
            Slot::Start if words[start - 1].is_one_of(TURNS) => {}
            Slot::Ends(list) if word.is_none() || is_one(list) => {}
            Slot::Not(list) if !is_one(list) => {}
            _ => return None,
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sentences_that_claim_success_are_found() {
        for text in [
            "All tests pass.",
            "all tests are passing now",
            "All 12 tests passed!",
            "Tests: 12 passed, 0 failed",
            "12/12 tests pass.",
            "The test suite passes.",
            "`cargo test` passes.",
            "The build succeeds.",
            "CI is green.",
            "It passes all tests.",
            "The change passes the test suite.",
            "The code compiles without errors.",
            "It compiles cleanly.",
            "The build completed successfully.",
            "There are no failing tests.",
            "The bug is fixed.",
            "The bug in the parser has been fixed.",
            "The issue is now fully resolved.",
            "It's fixed.",
            "I fixed the bug.",
            "I\u{2019}ve fixed the crash",
            "Fixed.",
            "Fixed the failing test.",
            "This fixes the problem.",
            "The server no longer crashes.",
            "Everything works now.",
            "It works.",
            "Everything works as expected.",
            "The login is working correctly.",
            "Verified.",
            "I verified that the output is right.",
            "I can confirm that the tests pass.",
            "The fix was verified locally.",
            "I did not touch the docs, but all tests pass.",
            "I haven't changed the API and all tests pass.",
            "When I ran it, all tests passed.",
            "The failing tests now pass.",
            "- **All tests pass.**",
            "## Result\nThe parser is right and all\ntests pass.",
            "3. Everything works",
            "If you like, I can go on, but all tests pass.",
            "All tests pass. Shall I commit?",
        ] {
            assert!(success_claim(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_is_denied_asked_or_supposed_is_no_claim() {
        for text in [
            "",
            "...",
            "The tests do not pass.",
            "Tests don't pass.",
            "Tests don\u{2019}t pass.",
            "Not all tests pass.",
            "None of the tests pass.",
            "No tests pass.",
            "If all tests pass, I will commit.",
            "Once all tests pass, merge it.",
            "Unless the build succeeds, stop.",
            "All tests should pass.",
            "The tests will pass.",
            "This should make all tests pass.",
            "Make sure that all tests pass.",
            "Make sure that\nall tests pass.",
            "Please ensure everything works.",
            "Run it to verify that the build succeeds.",
            "Let me check whether all tests pass.",
            "Let me check that everything works.",
            "Do all tests pass?",
            "Is the bug fixed?",
            "The bug is not fixed yet.",
            "The bug isn't fixed.",
            "The bug needs to be fixed.",
            "I haven't fixed the bug.",
            "I'll make sure it works.",
            "It doesn't work.",
            "Nothing works.",
            "I don't know how it works.",
            "I am working on it.",
            "This is not verified.",
            "I could not verify it.",
            "2 tests failed and 3 passed.",
            "3 of 5 tests pass.",
            "3 out of 5 tests pass.",
            "3/5 tests pass.",
            "Most tests pass.",
            "All tests pass except one.",
            "All tests pass, except for the last.",
            "The tests pass a value to the parser.",
            "The width is fixed at 10.",
            "I hope the tests pass.",
            "> All tests pass.",
            "```\nAll tests pass.\n```",
            "~~~text\nAll tests pass.\n```\nAll tests pass.\n~~~\n",
            "- [ ] All tests pass",
            "1. [ ] All tests pass",
            "It prints \"all tests pass\" there.",
            "`all tests pass`",
            "I read the parser and its tests.",
            "Next, I will run the tests.",
        ] {
            assert_eq!(success_claim(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_sentence_that_claims_is_returned() {
        for (text, claim) in [
            ("Hello. All tests pass. Good bye.", "All tests pass."),
            ("It works. All tests pass!", "All tests pass!"),
            ("- **All tests pass.** See a.rs.\n", "All tests pass."),
            ("```\nx\n```\nThe bug in a.rs is fixed. Bye", "The bug in a.rs is fixed."),
            ("# Done\n\n1. Everything works\n2. Next", "Everything works"),
            ("All tests\npass, v1.5 is out. x", "All tests\npass, v1.5 is out."),
        ] {
            assert_eq!(success_claim(text), Some(claim), "{text}");
        }
    }

    #[test]
    fn only_the_end_of_a_long_text_is_looked_at() {
        let claim = "All tests pass.\n";
        for (more, is_seen) in [(0, true), (1, false)] {
            let rest = "\u{e9}\n".repeat(CLAIM_BYTES_SEEN / 3);
            let rest = &rest[rest.len() - rest.len() / 3 * 3..];
            let room = CLAIM_BYTES_SEEN - claim.len();
            let text = format!("{claim}{}", &rest[..rest.len().min(room / 3 * 3)]);
            let fill = "\n".repeat(CLAIM_BYTES_SEEN - text.len() + more);
            let text = text + &fill;
            assert_eq!(text.len(), CLAIM_BYTES_SEEN + more);
            assert_eq!(success_claim(&text).is_some(), is_seen);
        }
    }

    #[test]
    fn long_sentences_take_time_in_proportion() {
        for unit in
            ["all ", "tests ", "not ", "`", "\"", "if ", "1 of ", "- ", "a,", "tests all now "]
        {
            success_claim(&unit.repeat(CLAIM_BYTES_SEEN));
        }
    }

    proptest! {
        #[test]
        fn any_text_never_panics_and_a_claim_is_a_part_of_it(
            pieces in prop::collection::vec(prop_oneof![
                prop::sample::select(vec![
                    "all ", "tests ", "pass", ". ", "\n", "```", "> ", "- ", "[ ] ", "`", "\"", "'",
                    "\u{2019}", "\u{2014}", "3 ", "of ", "not ", "fixed", "it ", "*",
                ]).prop_map(str::to_owned),
                any::<String>(),
            ], 0..30),
        ) {
            let text = pieces.concat();
            if let Some(claim) = success_claim(&text) {
                prop_assert!(text.contains(claim));
            }
        }
    }
}
