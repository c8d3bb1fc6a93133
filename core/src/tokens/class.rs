//! Kinds of content that tokenizers treat differently.

/// What a text mostly is, as far as tokenizers care.
///
/// Two tokenizers agree within a few percent on English and differ by half on other scripts, so
/// estimates are calibrated by class. The class follows from the text alone: from a sample of its
/// characters, the same on every machine.
///
/// ```
/// use partita::tokens::ContentClass;
/// assert_eq!(ContentClass::of("The parser drops the last token."), ContentClass::Prose);
/// assert_eq!(ContentClass::of("fn main() { run(&args[1..]); }"), ContentClass::Code);
/// assert_eq!(ContentClass::of(r#"{"path": "a.rs", "line": 3}"#), ContentClass::Json);
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContentClass {
    /// Sentences in Latin script.
    Prose,
    /// Program text, logs, markup: many signs between the words.
    Code,
    /// A JSON object or array.
    Json,
    /// Chinese, Japanese, Korean.
    Cjk,
    /// Other scripts and pictographs.
    Other,
}

/// Bytes that are looked at from the start, and again from the middle.
const SAMPLE_BYTES: usize = 4_096;

impl ContentClass {
    /// Every class, in the order of declaration.
    pub const ALL: [ContentClass; 5] = [
        ContentClass::Prose,
        ContentClass::Code,
        ContentClass::Json,
        ContentClass::Cjk,
        ContentClass::Other,
    ];

    /// Returns the class of a text; prose if it says nothing.
    pub fn of(text: &str) -> ContentClass {
        let half = text.len() / 2;
        let (first, second) = if half > SAMPLE_BYTES {
            (sample(text, 0, SAMPLE_BYTES), sample(text, half, SAMPLE_BYTES))
        } else {
            (text, "")
        };
        let mut seen = Seen::default();
        first.chars().chain(second.chars()).for_each(|letter| seen.add(letter));

        // A character of these takes about as many tokens as a word of four Latin letters.
        if seen.cjk.max(seen.other) * 4 >= seen.visible && seen.cjk + seen.other > 0 {
            return if seen.cjk >= seen.other { ContentClass::Cjk } else { ContentClass::Other };
        }
        let ends = (text.trim_start().chars().next(), text.trim_end().chars().next_back());
        let is_json = matches!(ends, (Some('{'), Some('}')) | (Some('['), Some(']')));
        if is_json && seen.quotes * 25 >= seen.visible && seen.quotes > 0 {
            ContentClass::Json
        } else if seen.signs * 14 >= seen.visible && seen.signs > 0 {
            ContentClass::Code
        } else {
            ContentClass::Prose
        }
    }

    /// Returns the stable name.
    pub const fn code(self) -> &'static str {
        match self {
            ContentClass::Prose => "prose",
            ContentClass::Code => "code",
            ContentClass::Json => "json",
            ContentClass::Cjk => "cjk",
            ContentClass::Other => "other",
        }
    }

    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

/// So many bytes of a text, less what is no whole character.
fn sample(text: &str, from: usize, bytes: usize) -> &str {
    let boundary = |at: usize| (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
    let start = boundary(from).unwrap_or(0);
    &text[start..boundary(start + bytes).unwrap_or(start)]
}

#[derive(Default)]
struct Seen {
    visible: usize,
    signs: usize,
    quotes: usize,
    cjk: usize,
    other: usize,
}

impl Seen {
    fn add(&mut self, letter: char) {
        if letter.is_whitespace() {
            return;
        }
        self.visible += 1;
        match letter {
            '"' => self.quotes += 1,
            '{' | '}' | '(' | ')' | '[' | ']' | ';' | '=' | '<' | '>' | '_' | '#' | '$' | '&'
            | '|' | '\\' | '/' | '+' | '*' | '@' | '%' | '^' | '~' => self.signs += 1,
            '\u{1100}'..='\u{11ff}'
            | '\u{2e80}'..='\u{a4cf}'
            | '\u{ac00}'..='\u{d7ff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{ff00}'..='\u{ffef}'
            | '\u{20000}'..='\u{3ffff}' => self.cjk += 1,
            // Latin with its additions, spacing marks and general punctuation stay prose.
            '\0'..='\u{36f}' | '\u{1e00}'..='\u{1eff}' | '\u{2000}'..='\u{20cf}' => {}
            _ => self.other += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ContentClass;

    #[test]
    fn texts_are_told_apart() {
        let source = include_str!("class.rs");
        let markdown = include_str!("../../../docs/architecture.md");
        let json = format!("[{}]", r#"{"name": "x", "tags": ["a", "b"], "n": 12},"#.repeat(300));
        for (text, class) in [
            ("", ContentClass::Prose),
            (" \n", ContentClass::Prose),
            ("Yes, do that; then tell me.", ContentClass::Prose),
            ("Gr\u{fc}\u{df}e aus K\u{f6}ln \u{2013} bis bald", ContentClass::Prose),
            (&markdown[..200], ContentClass::Prose),
            (source, ContentClass::Code),
            ("ls -la | grep x > /tmp/out && cat /tmp/out", ContentClass::Code),
            (&json, ContentClass::Json),
            ("[]", ContentClass::Code),
            ("\u{4eca}\u{65e5}\u{306f} ok", ContentClass::Cjk),
            ("\u{d55c}\u{ad6d}\u{c5b4}", ContentClass::Cjk),
            ("\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}", ContentClass::Other),
            ("\u{1f600}\u{1f600}", ContentClass::Other),
        ] {
            assert_eq!(ContentClass::of(text), class, "{text:.40}");
        }
    }

    #[test]
    fn any_text_has_a_class_and_only_samples_decide() {
        for letter in ["a", "\u{e9}", "\u{4e2d}", "\u{1f600}"] {
            for bytes in [4_095, 4_096, 4_097, 8_191, 8_192, 8_193, 100_000] {
                let text = letter.repeat(bytes / letter.len());
                let expected = ContentClass::of(letter);
                assert_eq!(ContentClass::of(&text), expected, "{letter} {bytes}");
            }
        }
        let late = ["words of prose ".repeat(10_000), "fn(){};".repeat(10)].concat();
        assert_eq!(ContentClass::of(&late), ContentClass::Prose);
    }
}
