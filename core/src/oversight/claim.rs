//! Claims that something works.

use super::doubt::{
    A_CHECK, EXCEPTS, FAILS, FAILS_NOT, FAULTS, TAKES_ALL_BACK, TAKES_BACK, TURNS_AWAY,
};
use super::phrase::{CLAIMS, FILL, Kind, Slot, TURNS};
use super::sentence::{Word, sentences, words};

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
        // What is wanted follows `so that`, and what came of it `so`.
        let is_purpose = word.text == "that" && before.is_some_and(|before| before.text == "so");
        taken_back |= is_purpose || takes_back(word);
        let is_thing = word.text == "check" && before.is_some_and(|word| word.is_one_of(A_CHECK));
        all_taken_back |= word.is_one_of(TAKES_ALL_BACK) && !is_thing;
    }
    false
}

/// Tells whether a word takes back what comes behind it in its clause.
fn takes_back(word: &Word) -> bool {
    word.is_one_of(TAKES_BACK) || ["n't", "'ll", "'d"].iter().any(|end| word.text.ends_with(end))
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
            "I've fixed the off-by-one error in parse() and added a test; the full suite is green.",
            "All 37 tests in the suite pass.",
            "All tests are now passing, including the new ones.",
            "The tests pass with this change.",
            "I ran the test suite and everything passes.",
            "I ran the tests and they all pass.",
            "Done! The parser now handles nested quotes and all tests pass.",
            "The bug has been fixed and verified.",
            "The project builds successfully.",
            "Both builds succeeded.",
            "npm test passes",
            "pytest passes with 12 tests.",
            "The fix works.",
            "The code now works correctly.",
            "The feature works as intended.",
            "It is now working as expected.",
            "Problem solved.",
            "Issue resolved!",
            "Bug fixed.",
            "All checks have passed.",
            "All green.",
            "100% of tests pass.",
            "Verified with cargo test.",
            "Everything is working.",
            "The program runs without errors.",
            "I have successfully fixed the issue.",
            "I've verified the fix.",
            "The failing test passes now.",
            "There are 0 failures.",
            "test result: ok. 12 passed; 0 failed",
            "All unit tests and integration tests pass.",
            "The script ran successfully.",
            "\u{2705} All tests pass",
            "The tests now all pass.",
            "All of the tests pass.",
            "Every test passes.",
            "Tests pass, lint passes.",
            "The solution has been tested and works.",
            "I tested it and it works.",
            "The build is fixed.",
            "The problem was a stale cache, which is now fixed.",
            "Compilation succeeded.",
            "The error is gone.",
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
            "I will change it so that all tests pass.",
            "The tests still fail.",
            "I will fix the bug.",
            "The next step is to fix the bug.",
            "This function passes the tests vector to the runner.",
            "The config is checked in.",
            "I looked at the tests.",
            "The issue was introduced when the parser was fixed to 10 bytes.",
            "It works by reading the file.",
            "This works around the issue.",
            "Could you check that it works?",
            "Then all tests would pass.",
            "I'm not sure the bug is fixed.",
            "We need to check that all tests pass.",
            "I was unable to verify that the tests pass.",
            "To see whether it works, run `make`.",
            "Ideally, all tests pass.",
            "I cannot confirm that all tests pass.",
            "The tests have not passed.",
            "The goal is that all tests pass.",
            "Add a test that passes.",
            "All tests passed before my change but now two fail.",
            "The tests can't pass.",
            "It is not working.",
            "I'd expect that all tests pass.",
            "so that all tests pass",
            "Try again until all tests pass.",
            "The build is not green.",
            "Tests pass? No.",
            "I have not run the tests, so I can't say that it works.",
            "Assuming it works, we go on.",
            "Nothing is fixed.",
            "None of this is verified.",
            "It compiles, but the tests fail.",
            "The bug remains unfixed.",
            "The fix is incomplete.",
            "Only one test passes.",
            "The bug is only partially fixed.",
            "The bug is partly fixed.",
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
