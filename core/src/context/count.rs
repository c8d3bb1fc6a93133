//! Tokens of a prompt, item by item, by the one published rule.

use super::item::{Item, Piece};
use super::prompt::Prompt;
use crate::token::{Count, Encoding, Overhead, TokenCounter};

/// Tokens of a picture: `OpenAI`'s least (low detail), that of a square of 1,024 at high detail, and
/// about the most that Anthropic scales a picture down to.
const PICTURE: (u64, u64, u64) = (765, 85, 1_600);

/// Bytes of other media that make a token, as a guess; at least one byte does.
const MEDIA_BYTES: u64 = 4;

impl Item {
    /// Counts the item: by `OpenAI`'s rule for messages and tools, its texts by the counter. Media
    /// and opaque blocks make it an estimate.
    pub fn count(&self, counter: &(impl TokenCounter + ?Sized)) -> Count {
        let overhead = overhead_of(counter);
        self.pieces.iter().map(|piece| piece.count(counter, overhead)).sum()
    }
}

impl Piece {
    fn count(&self, counter: &(impl TokenCounter + ?Sized), overhead: Overhead) -> Count {
        match self {
            Piece::Message { role, texts, media } => {
                let texts = texts.iter().map(|text| counter.count(text)).sum::<Count>();
                let media = media.iter().map(|(kind, bytes)| media_count(kind, *bytes));
                overhead.message(counter, role, None) + texts + media.sum::<Count>()
            }
            Piece::Tool { name, description, schema } => {
                overhead.tool(counter, name, description, schema)
            }
        }
    }
}

fn media_count(kind: &str, bytes: usize) -> Count {
    if kind.starts_with("image/") {
        let (tokens, low, high) = PICTURE;
        return Count::estimated(tokens, low, high);
    }
    let bytes = bytes as u64;
    Count::estimated(bytes / MEDIA_BYTES, 0, bytes)
}

/// The rule of the models that a counter is for; of the newer ones where it is for others.
fn overhead_of(counter: &(impl TokenCounter + ?Sized)) -> Overhead {
    Overhead::of(Encoding::by_name(counter.id()).unwrap_or_default())
}

/// What a request costs beside its items: the priming of the reply, and once for tools.
pub(crate) fn fixed_count(counter: &(impl TokenCounter + ?Sized), tools: usize) -> Count {
    let overhead = overhead_of(counter);
    overhead.request() + overhead.tools(tools)
}

/// What a user's message costs beside its text.
#[cfg(feature = "store")]
pub(crate) fn message_count(counter: &(impl TokenCounter + ?Sized)) -> Count {
    overhead_of(counter).message(counter, "user", None)
}

impl Prompt {
    /// Counts the prompt: the sum of its [`items`](Self::items), and what a request costs once.
    ///
    /// It is the count of the request for `OpenAI` Chat by the published rule. The rule says nothing
    /// of calls in messages: their ids, names and arguments count as texts. What that API does not
    /// take, such as signed thinking and blocks of another provider's own, is not in it.
    ///
    /// ```
    /// use partita::{Count, Encoding, Memory, Prompt};
    /// let prompt = Prompt::new("Be brief.").with_memory(Memory::user("Why?"));
    /// // 3 to prime the reply; 3 a message, 1 its role; 3 and 2 the texts.
    /// assert_eq!(prompt.count(&Encoding::O200k), Count::exact(3 + (3 + 1 + 3) + (3 + 1 + 2)));
    /// ```
    pub fn count(&self, counter: &(impl TokenCounter + ?Sized)) -> Count {
        let items = self.items();
        let tools = items.iter().flat_map(|item| &item.pieces);
        let tools = tools.filter(|piece| matches!(piece, Piece::Tool { .. })).count();
        items.iter().map(|item| item.count(counter)).sum::<Count>() + fixed_count(counter, tools)
    }
}
