//! The repaired sequence: what every dialect renders from.

use std::borrow::Cow;

use super::prompt::Prompt;
use crate::json::Json;

/// Goes ahead of what the system says after somebody else spoke, where an API has no turn for that.
pub(super) const SYSTEM_MARK: &str = "[system message]\n";

/// Where a turn's words come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The memory of this number.
    Memory(u64),
    /// The file at this index of the prompt.
    File(usize),
    /// Nothing in the prompt.
    Placeholder,
}

impl Origin {
    /// Returns the number of the memory; 0 for what is no memory's.
    pub(super) fn memory(self) -> u64 {
        match self {
            Origin::Memory(number) => number,
            Origin::File(_) | Origin::Placeholder => 0,
        }
    }
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Speaker {
    System,
    User,
    Assistant,
    Result {
        call: String,
        error: bool,
        /// What else its API has for it.
        fields: Option<Json>,
    },
}

/// A turn. What a model called is answered by the `Result` turns right behind it, one a call.
#[derive(Clone, Debug)]
pub(super) struct Turn<'a> {
    pub(super) origin: Origin,
    pub(super) speaker: Speaker,
    /// The name of who speaks, where the API has names.
    pub(super) name: Option<String>,
    pub(super) blocks: Vec<Block<'a>>,
}

/// A piece of a turn that the dialect takes where it stands.
#[derive(Clone, Debug)]
pub(super) enum Block<'a> {
    /// Never blank.
    Text(String),
    Thinking {
        text: &'a str,
        signature: &'a str,
    },
    Call {
        id: String,
        name: String,
        /// An object.
        arguments: Json,
        /// The same, as the model wrote it.
        written: Cow<'a, str>,
    },
    Media {
        media_type: &'a str,
        bytes: &'a [u8],
    },
    /// An object with a type.
    Opaque(Json),
    /// Fields of the block that follows.
    Fields(Json),
}

/// A tool as it is sent.
#[derive(Clone, Debug)]
pub(super) struct SentTool<'a> {
    pub(super) name: String,
    pub(super) description: &'a str,
    /// An object with the type `object`.
    pub(super) schema: Json,
    /// What its own API has for it beside these.
    pub(super) beside: Option<Json>,
    /// The tool in its provider's own words, where it is none of the host's.
    pub(super) own: Option<Json>,
}

/// Takes the turns of the system that lead, and returns all that goes ahead of a dialog as its texts.
pub(super) fn take_head(prompt: &Prompt, turns: &mut Vec<Turn<'_>>) -> Vec<String> {
    let leading = turns.iter().take_while(|turn| turn.speaker == Speaker::System).count();
    let own = [&prompt.instructions, &prompt.sandbox].into_iter();
    let own = own.filter(|text| !text.trim().is_empty()).cloned();
    own.chain(turns.drain(..leading).map(|turn| into_text(turn.blocks))).collect()
}

/// Joins the texts among blocks as [`joined_text`] does, and copies none that stands alone.
pub(super) fn into_text(blocks: Vec<Block<'_>>) -> String {
    let mut texts = blocks.into_iter().filter_map(|block| match block {
        Block::Text(text) => Some(text),
        _ => None,
    });
    let first = texts.next().unwrap_or_default();
    texts.fold(first, |all, text| all + "\n" + &text)
}

/// Joins the texts among blocks, a line break between them.
pub(super) fn joined_text(blocks: &[Block<'_>]) -> String {
    let texts: Vec<&str> = blocks.iter().filter_map(as_text).collect();
    texts.join("\n")
}

pub(super) fn as_text<'b>(block: &'b Block<'_>) -> Option<&'b str> {
    match block {
        Block::Text(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_stands_alone_is_not_copied_and_several_are_joined() {
        let text = "words".to_owned();
        let at = text.as_ptr();
        let alone = into_text(vec![Block::Fields(Json::Null), Block::Text(text)]);
        assert_eq!((alone.as_ptr(), alone.as_str()), (at, "words"));
        let blocks = ["a", "b"].map(|text| Block::Text(text.to_owned())).to_vec();
        assert_eq!((joined_text(&blocks), into_text(blocks)), ("a\nb".into(), "a\nb".into()));
        assert_eq!(into_text(Vec::new()), "");
    }
}
