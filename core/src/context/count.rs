//! Tokens of a prompt, item by item: by the one published rule, and by bounds where there is none.

use super::dialect::Dialect;
use super::item::{Item, Piece};
use super::prompt::Prompt;
use super::provider_block::ProviderBlock;
use super::target::{dialects_of, families_of};
use super::tool::owner;
use crate::json::Json;
use crate::object::Memory;
use crate::tokens::{ContentClass, Count, Encoding, Family, Overhead, TokenCounter};

/// What a counter's requests are: rules and dialects, looked up once.
struct Rules<'c, C: ?Sized> {
    counter: &'c C,
    overhead: Overhead,
    families: Vec<Family>,
}

impl Item {
    /// Counts the item: by `OpenAI`'s rule for messages and tools, its texts by the counter, media by
    /// the rules of the counter's model. Blocks that their provider alone understands make it an
    /// estimate that holds what they can cost.
    ///
    /// The count holds for each dialect that the counter's requests may be in. It is exact where all
    /// of them send the same and all of that has a rule; its number is that of `OpenAI` Chat, or the
    /// largest where only others send a block or a medium.
    pub fn count(&self, counter: &(impl TokenCounter + ?Sized)) -> Count {
        let dialects = dialects_of(counter);
        let families = families_of(&dialects);
        let rules = Rules { counter, overhead: overhead_of(counter), families };
        let mut counts: Vec<(Count, bool)> = Vec::new();
        let mut is_main_counted = false;
        for dialect in dialects {
            let pieces = self.pieces_of(dialect);
            let is_main = !self.others.iter().any(|(other, _)| *other == dialect);
            if is_main && is_main_counted {
                continue;
            }
            is_main_counted |= is_main;
            let count = pieces.iter().map(|piece| rules.piece(piece)).sum();
            let is_plain = pieces.iter().all(Piece::is_plain);
            // Chat's number comes first.
            let at = if dialect == Dialect::OpenAiChat || is_main { 0 } else { counts.len() };
            counts.insert(at, (count, is_plain));
        }
        joined(&counts)
    }
}

impl Item {
    /// Returns what a dialect sends of it by content, in tokens of a counter: the input of a
    /// calibration. What has no text is prose.
    pub(crate) fn parts(
        &self,
        dialect: Dialect,
        counter: &(impl TokenCounter + ?Sized),
    ) -> Vec<(ContentClass, u64)> {
        let rules =
            Rules { counter, overhead: overhead_of(counter), families: vec![dialect.family()] };
        let mut parts = Vec::new();
        let mut add = |text: &str, share: u64| {
            parts.push((ContentClass::of(text), counter.count(text).tokens() / share));
        };
        let mut rest = 0;
        for piece in self.pieces_of(dialect) {
            match piece {
                Piece::Message { role, name, texts, media, blocks } => {
                    texts.iter().for_each(|text| add(text, 1));
                    blocks.iter().for_each(|block| block.parts(&mut add));
                    let media =
                        media.iter().map(|medium| medium.count(counter, &rules.families).tokens());
                    let message = rules.overhead.message(counter, role, name.as_deref());
                    rest += message.tokens() + media.sum::<u64>();
                }
                Piece::Tool { .. } => rest += rules.piece(piece).tokens(),
            }
        }
        parts.push((ContentClass::Prose, rest));
        parts
    }
}

/// One count that holds each of several; the flag tells which are of texts alone.
fn joined(counts: &[(Count, bool)]) -> Count {
    let Some(&(first, _)) = counts.first() else { return Count::ZERO };
    if counts.iter().all(|(count, _)| *count == first) {
        return first;
    }
    let richer = counts.iter().skip(1).filter(|(_, is_plain)| !is_plain);
    let middle = richer.map(|(count, _)| count.tokens()).fold(first.tokens(), u64::max);
    let low = counts.iter().map(|(count, _)| count.low()).min().unwrap_or(0);
    let high = counts.iter().map(|(count, _)| count.high()).max().unwrap_or(middle);
    Count::estimated(middle, low, high)
}

impl<C: TokenCounter + ?Sized> Rules<'_, C> {
    fn piece(&self, piece: &Piece) -> Count {
        match piece {
            Piece::Message { role, name, texts, media, blocks } => {
                let texts = texts.iter().map(|text| self.counter.count(text)).sum::<Count>();
                let media = media.iter().map(|medium| medium.count(self.counter, &self.families));
                let blocks = blocks.iter().map(|block| block.count(self.counter));
                self.overhead.message(self.counter, role, name.as_deref())
                    + texts
                    + media.sum::<Count>()
                    + blocks.sum::<Count>()
            }
            // What a provider makes of the tools that it runs, nobody else knows.
            Piece::Tool { name, description, schema } if owner(schema).is_some() => {
                let none = Json::Object(Vec::new());
                let rule = self.overhead.tool(self.counter, name, description, &none);
                let declared = ProviderBlock::of(schema, &mut Vec::new()).count(self.counter);
                let tokens = rule.tokens().max(declared.tokens());
                Count::estimated(tokens, 0, rule.high().saturating_add(declared.high()))
            }
            Piece::Tool { name, description, schema } => {
                self.overhead.tool(self.counter, name, description, schema)
            }
        }
    }
}

/// The rule of the models that a counter is for; of the newer ones where it is for others.
fn overhead_of(counter: &(impl TokenCounter + ?Sized)) -> Overhead {
    Overhead::of(Encoding::by_name(counter.id()).unwrap_or_default())
}

/// What a request costs beside its items: the priming of the reply, once for tools, and what the
/// counter knows of such requests.
pub(crate) fn fixed_count(counter: &(impl TokenCounter + ?Sized), tools: usize) -> Count {
    let overhead = overhead_of(counter);
    overhead.request() + overhead.tools(tools) + counter.request()
}

/// What a user's message costs beside its text.
#[cfg(feature = "store")]
pub(crate) fn message_count(counter: &(impl TokenCounter + ?Sized)) -> Count {
    overhead_of(counter).message(counter, "user", None)
}

/// What a placeholder costs ahead of a dialog that the model begins.
pub(crate) fn placeholder_count(counter: &(impl TokenCounter + ?Sized)) -> Count {
    let begun = Prompt::default().with_memory(Memory::assistant("x"));
    let items = begun.items();
    items.iter().find(|item| item.is_placeholder()).map_or(Count::ZERO, |item| item.count(counter))
}

impl Prompt {
    /// Counts the prompt: the sum of its [`items`](Self::items), and what a request costs once.
    ///
    /// It is the count of the request for `OpenAI` Chat by the published rule, where every dialect
    /// sends the same. The rule says nothing of calls in messages: their ids, names and arguments
    /// count as texts. Whatever a dialect sends beside texts, or in another form, is within the
    /// bounds; a counter that knows its dialect ([`CounterFor`](crate::context::CounterFor)) counts that of one
    /// alone.
    ///
    /// ```
    /// use partita::Memory;
    /// use partita::context::Prompt;
    /// use partita::tokens::{Count, Encoding};
    /// let prompt = Prompt::new("Be brief.").with_memory(Memory::user("Why?"));
    /// // 3 to prime the reply; 3 a message, 1 its role; 3 and 2 the texts.
    /// assert_eq!(prompt.count(&Encoding::O200k), Count::exact(3 + (3 + 1 + 3) + (3 + 1 + 2)));
    /// ```
    pub fn count(&self, counter: &(impl TokenCounter + ?Sized)) -> Count {
        let items = self.items();
        let tools = items.iter().filter_map(Item::first_piece);
        let tools = tools.filter(|piece| matches!(piece, Piece::Tool { .. })).count();
        items.iter().map(|item| item.count(counter)).sum::<Count>() + fixed_count(counter, tools)
    }
}
