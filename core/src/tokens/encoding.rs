//! The public encodings of OpenAI's models. The only module that knows their tokenizers' crates.

use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

use super::merge::Ranks;
use super::piece::{Pattern, Pieces};
use super::{Count, SafeCuts, TokenCounter};
use crate::error::{Error, Result};
use crate::limits::{ENCODE_BLOCK_BYTES, ENCODE_BYTES_MAX};

/// A public byte-pair encoding, which counts exactly.
///
/// All text is ordinary text: `<|endoftext|>` in it is thirteen characters, never a special token.
/// Nothing is loaded before the first count: then 50 to 150 ms and 25 to 47 MB, once in a process.
/// Any text is counted, in time about linear and memory bounded beyond it.
///
/// ```
/// use partita::tokens::{Count, Encoding, TokenCounter};
/// let counter = Encoding::by_name("gpt-4o")?;
/// assert_eq!((counter, counter.id()), (Encoding::O200k, "o200k_base"));
/// assert_eq!(counter.count("hello world"), Count::exact(2));
/// # Ok::<(), partita::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// `o200k_base`: gpt-4o, gpt-4.1, gpt-5, o1, o3, o4-mini; as to ordinary text also gpt-oss.
    #[default]
    O200k,
    /// `cl100k_base`: gpt-4, gpt-3.5-turbo and the text-embedding-3 models.
    Cl100k,
}

/// Models by the encoding they use; a model's dated and sized variants begin with it and go on
/// with `-` or, for point releases, `.`. After tiktoken's `model.py`, longer names first.
const MODELS: [(&str, Encoding); 18] = [
    ("gpt-5", Encoding::O200k),
    ("gpt-4.5", Encoding::O200k),
    ("gpt-4.1", Encoding::O200k),
    ("gpt-4o", Encoding::O200k),
    ("chatgpt-4o", Encoding::O200k),
    ("gpt-oss", Encoding::O200k),
    ("codex-mini", Encoding::O200k),
    ("o1", Encoding::O200k),
    ("o3", Encoding::O200k),
    ("o4-mini", Encoding::O200k),
    ("gpt-4", Encoding::Cl100k),
    ("gpt-3.5-turbo", Encoding::Cl100k),
    ("gpt-3.5", Encoding::Cl100k),
    ("gpt-35-turbo", Encoding::Cl100k),
    ("text-embedding-3-small", Encoding::Cl100k),
    ("text-embedding-3-large", Encoding::Cl100k),
    ("text-embedding-ada-002", Encoding::Cl100k),
    ("davinci-002", Encoding::Cl100k),
];

impl Encoding {
    /// Every encoding.
    pub const ALL: [Encoding; 2] = [Encoding::O200k, Encoding::Cl100k];

    /// Finds an encoding by its own name, with or without `_base`, or by the name of an OpenAI
    /// model, a fine-tuned one included (`ft:gpt-4o:...`).
    ///
    /// # Errors
    /// `NotFound` for any other name; the message lists the known ones.
    pub fn by_name(name: &str) -> Result<Encoding> {
        let base = match name.strip_prefix("ft:") {
            Some(tuned) => tuned.split(':').next().unwrap_or(tuned),
            None => name,
        };
        match base {
            "o200k" | "o200k_base" | "o200k_harmony" => return Ok(Encoding::O200k),
            "cl100k" | "cl100k_base" => return Ok(Encoding::Cl100k),
            _ => {}
        }
        let is_of = |model: &str| {
            let rest = base.strip_prefix(model);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
                || model == "gpt-5" && rest.is_some_and(|rest| rest.starts_with('.'))
        };
        MODELS.iter().find(|(model, _)| is_of(model)).map(|&(_, encoding)| encoding).ok_or_else(
            || {
                let models: Vec<&str> = MODELS.iter().map(|&(model, _)| model).collect();
                Error::not_found(format!(
                    "no public tokenizer is known by the name {name:?}; known are o200k, cl100k \
                     and the models {}",
                    models.join(", ")
                ))
            },
        )
    }

    /// Counts a text that is short, or holds safe cuts enough.
    fn count_block(self, text: &str) -> Option<u64> {
        // The long s folds to s, so it ends a contraction. The fast crate does not know.
        #[cfg(feature = "fast-tokens")]
        if !text.contains('\u{17f}') {
            return Some(self.fast().count(text.as_bytes()) as u64);
        }
        self.encode(text).map(|tokens| tokens as u64)
    }

    /// Asks the reference crate, by the call that fails where the plain one panics.
    fn encode(self, text: &str) -> Option<usize> {
        self.bpe().encode(text, &HashSet::new()).ok().map(|(tokens, _)| tokens.len())
    }

    /// How it splits texts.
    pub(super) fn pattern(self) -> Pattern {
        match self {
            Encoding::O200k => Pattern::O200k,
            Encoding::Cl100k => Pattern::Cl100k,
        }
    }

    /// Counts a text without safe cuts: its pieces one by one.
    pub(super) fn count_pieces(self, text: &str) -> u64 {
        let mut count = 0;
        // Long texts of few kinds of pieces are what attackers and tables are made of.
        let mut known = ("", 0);
        for piece in Pieces::of(self.pattern(), text) {
            if known.0 != piece {
                // A piece by itself is one piece: its alternatives look at nothing beyond it.
                let short = piece.len() <= crate::limits::MERGE_BYTES;
                let tokens = short.then(|| self.count_block(piece)).flatten();
                known = (piece, tokens.unwrap_or_else(|| self.ranks().count(piece.as_bytes())));
            }
            count += known.1;
        }
        count
    }

    fn bpe(self) -> &'static tiktoken_rs::CoreBPE {
        match self {
            Encoding::O200k => tiktoken_rs::o200k_base_singleton(),
            Encoding::Cl100k => tiktoken_rs::cl100k_base_singleton(),
        }
    }

    /// The tokens by their bytes, read back from the crate; only long pieces need them.
    pub(super) fn ranks(self) -> &'static Ranks {
        static O200K: LazyLock<Ranks> = LazyLock::new(|| Encoding::O200k.read_ranks());
        static CL100K: LazyLock<Ranks> = LazyLock::new(|| Encoding::Cl100k.read_ranks());
        match self {
            Encoding::O200k => &O200K,
            Encoding::Cl100k => &CL100K,
        }
    }

    fn read_ranks(self) -> Ranks {
        // Ranks have no gaps: the first that is unknown is the end, special tokens come after it.
        let bytes_of = |rank| self.bpe().decode_bytes(&[rank]).ok().map(|bytes| (bytes, rank));
        Ranks::new((0..).map_while(bytes_of))
    }

    #[cfg(feature = "fast-tokens")]
    fn fast(self) -> &'static toktok::Tokenizer {
        fn load(encoding: Encoding) -> toktok::Tokenizer {
            toktok::Tokenizer::builtin(encoding.id()).expect("built into the crate")
        }
        static O200K: LazyLock<toktok::Tokenizer> = LazyLock::new(|| load(Encoding::O200k));
        static CL100K: LazyLock<toktok::Tokenizer> = LazyLock::new(|| load(Encoding::Cl100k));
        match self {
            Encoding::O200k => &O200K,
            Encoding::Cl100k => &CL100K,
        }
    }
}

impl TokenCounter for Encoding {
    fn id(&self) -> &str {
        match self {
            Encoding::O200k => "o200k_base",
            Encoding::Cl100k => "cl100k_base",
        }
    }

    fn count(&self, text: &str) -> Count {
        let (mut count, mut at) = (0, 0);
        while at < text.len() {
            let far = at + ENCODE_BLOCK_BYTES;
            let end = if far < text.len() { self.safe_cuts().next(text, far) } else { text.len() };
            let block = &text[at..end];
            let short = block.len() <= ENCODE_BYTES_MAX;
            let tokens = short.then(|| self.count_block(block)).flatten();
            count += tokens.unwrap_or_else(|| self.count_pieces(block));
            at = end;
        }
        Count::exact(count)
    }

    fn safe_cuts(&self) -> SafeCuts {
        SafeCuts::WordsAndLines
    }
}

/// The stable name.
impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::{Encoding, MODELS};
    use crate::error::ErrorKind;
    use crate::tokens::{Count, TokenCounter};

    #[test]
    fn names_of_encodings_and_models_are_found() {
        for (name, encoding) in [
            ("o200k", Encoding::O200k),
            ("o200k_base", Encoding::O200k),
            ("cl100k", Encoding::Cl100k),
            ("cl100k_base", Encoding::Cl100k),
            ("gpt-4o-2024-08-06", Encoding::O200k),
            ("gpt-4.1-mini", Encoding::O200k),
            ("gpt-5", Encoding::O200k),
            ("gpt-5.2-codex", Encoding::O200k),
            ("o3-mini", Encoding::O200k),
            ("gpt-4-0613", Encoding::Cl100k),
            ("gpt-3.5-turbo", Encoding::Cl100k),
            ("ft:gpt-4o-mini:acme::id", Encoding::O200k),
        ] {
            assert_eq!(Encoding::by_name(name).unwrap(), encoding, "{name}");
            assert_eq!(Encoding::by_name(encoding.id()).unwrap(), encoding);
        }
    }

    #[test]
    fn an_unknown_name_is_not_found_and_the_known_ones_are_listed() {
        for name in ["", "gpt-2", "gpt-45", "o12", "claude-sonnet-4-5", "O200K", "ft:"] {
            let error = Encoding::by_name(name).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{name}");
            let text = error.to_string();
            assert!(text.contains("o200k, cl100k") && text.contains("gpt-4.1"), "{text}");
        }
    }

    #[test]
    fn models_have_the_encodings_that_tiktoken_gives_them() {
        use tiktoken_rs::tokenizer::{Tokenizer, get_tokenizer};
        for (model, encoding) in MODELS {
            for name in [model.to_owned(), format!("{model}-x")] {
                let theirs = match get_tokenizer(&name) {
                    Some(Tokenizer::O200kBase | Tokenizer::O200kHarmony) => Encoding::O200k,
                    Some(Tokenizer::Cl100kBase) => Encoding::Cl100k,
                    other => {
                        assert!(other.is_none(), "{name}: {other:?}");
                        continue;
                    }
                };
                assert_eq!(encoding, theirs, "{name}");
            }
        }
    }

    #[test]
    fn special_tokens_in_a_text_are_ordinary_text() {
        assert!(Encoding::O200k.count("<|endoftext|>").tokens() > 1);
        assert!(Encoding::Cl100k.count("a<|fim_prefix|>b").tokens() > 3);
        assert_eq!(Encoding::O200k.count(""), Count::ZERO);
    }

    #[test]
    fn the_ranks_read_back_are_all_there() {
        for (encoding, tokens) in [(Encoding::O200k, 199_998), (Encoding::Cl100k, 100_256)] {
            assert_eq!(encoding.read_ranks().len(), tokens, "{encoding}");
        }
    }
}
