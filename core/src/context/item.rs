//! A prompt's items: what its tokens are spent on, piece by piece, in each dialect.

use std::collections::HashMap;

use super::dialect::Dialect;
use super::key::ItemKey;
use super::medium::Medium;
use super::prompt::{Prompt, PromptMemory};
use super::provider_block::ProviderBlock;
use super::repair::{Repaired, repair};
use super::source::Source;
use super::tool::owner;
use super::turn::{Block, Origin, Speaker, Turn, as_text, joined_text};
use crate::json::Json;

/// One thing in a prompt that tokens are spent on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    /// What it is for.
    pub source: Source,
    /// Which one.
    pub key: ItemKey,
    /// What it is sent as, in the order of the request: by `OpenAI` Chat, or by the dialect that was
    /// asked for. Empty where only the others send something of it.
    pub pieces: Vec<Piece>,
    /// What other dialects send of it, where that is something else; an empty list where they send
    /// nothing.
    pub others: Vec<(Dialect, Vec<Piece>)>,
}

/// A message or a tool of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Piece {
    /// A message.
    Message {
        /// The role, as Chat Completions names it.
        role: &'static str,
        /// The name of who speaks, where the API has names and the message has one.
        name: Option<String>,
        /// Every text of the message beside the role, in its order: content, for a result the id of
        /// its call, for each call id, name and arguments.
        texts: Vec<String>,
        /// What is no text: images, sound, documents.
        media: Vec<Medium>,
        /// Blocks whose tokens nobody but their provider knows.
        blocks: Vec<ProviderBlock>,
    },
    /// A tool.
    Tool {
        /// The name as it is sent.
        name: String,
        /// What it does.
        description: String,
        /// The schema of its arguments; or its provider's declaration, where that goes out as it is.
        schema: Json,
    },
}

impl Item {
    fn new(key: ItemKey, pieces: Vec<Piece>) -> Self {
        Item { source: key.source(), key, pieces, others: Vec::new() }
    }

    /// Returns what a dialect sends of it.
    pub fn pieces_of(&self, dialect: Dialect) -> &[Piece] {
        let other = self.others.iter().find(|(of, _)| *of == dialect);
        other.map_or(&self.pieces, |(_, pieces)| pieces)
    }

    /// Tells whether it is what goes ahead of a dialog without beginning.
    pub(crate) fn is_placeholder(&self) -> bool {
        self.key == ItemKey::Placeholder
    }

    /// Tells whether a dialog may begin with it where the dialect begins with a user; none where it
    /// says nothing there.
    pub(crate) fn opens(&self) -> Option<bool> {
        let dialects = Dialect::ALL.into_iter().filter(|dialect| dialect.begins_with_user());
        let mut roles = dialects.filter_map(|dialect| speaks(self.pieces_of(dialect)));
        let first = roles.next()?;
        Some(first == "user" && roles.all(|role| role == "user"))
    }

    /// Tells whether somebody beside the system says something of it in any dialect.
    pub(crate) fn is_said(&self) -> bool {
        Dialect::ALL.into_iter().any(|dialect| speaks(self.pieces_of(dialect)).is_some())
    }

    /// Returns the first piece, of the first dialect that sends any.
    pub fn first_piece(&self) -> Option<&Piece> {
        let others = self.others.iter().flat_map(|(_, pieces)| pieces);
        self.pieces.iter().chain(others).next()
    }
}

impl Piece {
    /// Tells whether it has something beside texts, which a dialect may send that others do not.
    pub(super) fn is_plain(&self) -> bool {
        match self {
            Piece::Message { media, blocks, .. } => media.is_empty() && blocks.is_empty(),
            Piece::Tool { schema, .. } => owner(schema).is_none(),
        }
    }
}

impl Prompt {
    /// Lists what the prompt's tokens are spent on, in the order of the request: tools,
    /// instructions, sandbox, dialog and files.
    ///
    /// The pieces are those of the `OpenAI` Chat request, one a message and one a tool: a count of
    /// that request by `OpenAI`'s published rule equals the sum over the pieces, and what the rule
    /// adds once a request. Where another dialect sends something else of an item, that stands beside
    /// it.
    ///
    /// ```
    /// use partita::Memory;
    /// use partita::context::{ItemKey, Prompt};
    /// let prompt = Prompt::new("Be brief.").with_memory(Memory::user("Why?"));
    /// let items = prompt.items();
    /// let keys: Vec<_> = items.into_iter().map(|item| item.key).collect();
    /// assert_eq!(keys, [ItemKey::Instructions, ItemKey::Memory(1)]);
    /// ```
    pub fn items(&self) -> Vec<Item> {
        let mut items = self.items_for(Dialect::OpenAiChat);
        for dialect in Dialect::ALL.into_iter().filter(|dialect| *dialect != Dialect::OpenAiChat) {
            join(&mut items, self.items_for(dialect), dialect);
        }
        items
    }

    /// Lists what the tokens of one dialect's request are spent on, as [`items`](Self::items) does.
    ///
    /// ```
    /// use partita::Memory;
    /// use partita::context::{Dialect, Prompt};
    /// let prompt = Prompt::default().with_memory(Memory::assistant("Hello."));
    /// // Anthropic takes no dialog that the model begins.
    /// assert_eq!(prompt.items_for(Dialect::Anthropic).len(), 2);
    /// assert_eq!(prompt.items_for(Dialect::OpenAiChat).len(), 1);
    /// ```
    pub fn items_for(&self, dialect: Dialect) -> Vec<Item> {
        let Repaired { tools, turns, .. } = repair(self, dialect);
        let mut items: Vec<Item> = tools
            .into_iter()
            .map(|tool| {
                let mut schema = tool.own.unwrap_or(tool.schema);
                // Examples are read as the schema is.
                for (key, value) in tool.beside.iter().filter_map(Json::as_object).flatten() {
                    if matches!(value, Json::Array(_)) {
                        schema.set(key, value.clone());
                    }
                }
                let piece = Piece::Tool {
                    name: tool.name.clone(),
                    description: tool.description.to_owned(),
                    schema,
                };
                Item::new(ItemKey::Tool(tool.name), vec![piece])
            })
            .collect();
        let fixed =
            [(ItemKey::Instructions, &self.instructions), (ItemKey::Sandbox, &self.sandbox)];
        for (key, text) in fixed.into_iter().filter(|(_, text)| !text.trim().is_empty()) {
            let piece = plain_message("system", vec![text.clone()]);
            items.push(Item::new(key, vec![piece]));
        }
        let mut places: HashMap<ItemKey, usize> = HashMap::new();
        for turn in &turns {
            let key = self.key(turn.origin);
            let place = *places.entry(key.clone()).or_insert_with(|| {
                items.push(Item::new(key, Vec::new()));
                items.len() - 1
            });
            items[place].pieces.push(piece(turn, dialect));
        }
        items
    }

    fn key(&self, origin: Origin) -> ItemKey {
        match origin {
            Origin::Memory(number) => ItemKey::Memory(number),
            Origin::Placeholder => ItemKey::Placeholder,
            Origin::File(at) => {
                let file = &self.files[at];
                ItemKey::File { path: file.path.clone(), number: file.iteration }
            }
        }
    }
}

/// How a dialog begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beginning {
    /// What goes ahead of it, in the dialects that need that.
    pub(crate) placeholder: Option<Item>,
    /// The first memory of which a dialect that begins with a user sends something that is not the
    /// system's.
    pub(crate) first: Option<u64>,
    /// Whether somebody beside the system speaks in every dialect, so that nothing behind changes
    /// the beginning.
    pub(crate) is_settled: bool,
}

impl Beginning {
    /// Looks at memories alone.
    pub(crate) fn of(memories: Vec<PromptMemory>) -> Self {
        let prompt = Prompt { memories, ..Prompt::default() };
        let mut beginning = Beginning { is_settled: true, ..Beginning::default() };
        let mut items = prompt.items();
        for dialect in Dialect::ALL {
            let speaks = |item: &&Item| speaks(item.pieces_of(dialect)).is_some();
            let first = items.iter().filter(speaks).find_map(|item| item.key.memory());
            beginning.is_settled &= first.is_some();
            if let Some(number) = first.filter(|_| dialect.begins_with_user()) {
                beginning.first = Some(beginning.first.map_or(number, |first| number.min(first)));
            }
        }
        beginning.placeholder =
            items.iter().position(Item::is_placeholder).map(|at| items.swap_remove(at));
        beginning
    }
}

/// The role of the first message that is not the system's.
fn speaks(pieces: &[Piece]) -> Option<&'static str> {
    pieces.iter().find_map(|piece| match piece {
        Piece::Message { role: "system", .. } | Piece::Tool { .. } => None,
        Piece::Message { role, .. } => Some(*role),
    })
}

/// Puts what another dialect sends beside the items, or among them at its place.
fn join(items: &mut Vec<Item>, others: Vec<Item>, dialect: Dialect) {
    let mut rest: HashMap<ItemKey, Vec<Piece>> = HashMap::new();
    let mut order = Vec::new();
    for other in others {
        order.push(other.key.clone());
        rest.insert(other.key, other.pieces);
    }
    let known: HashMap<ItemKey, usize> =
        items.iter().enumerate().map(|(at, item)| (item.key.clone(), at)).collect();
    for item in items.iter_mut() {
        let pieces = rest.remove(&item.key).unwrap_or_default();
        if pieces != item.pieces {
            item.others.push((dialect, pieces));
        }
    }
    if rest.is_empty() {
        return;
    }
    // What only this dialect sends stands behind what stands before it there.
    let mut joined: Vec<Item> = Vec::with_capacity(items.len() + rest.len());
    let mut left = std::mem::take(items).into_iter();
    let mut taken = 0;
    for key in order {
        if let Some(&at) = known.get(&key) {
            while taken <= at {
                joined.extend(left.next());
                taken += 1;
            }
        } else if let Some(pieces) = rest.remove(&key) {
            let mut item = Item::new(key, Vec::new());
            item.others = vec![(dialect, pieces)];
            joined.push(item);
        }
    }
    joined.extend(left);
    *items = joined;
}

fn plain_message(role: &'static str, texts: Vec<String>) -> Piece {
    Piece::Message { role, name: None, texts, media: Vec::new(), blocks: Vec::new() }
}

/// What a turn is sent as.
fn piece(turn: &Turn<'_>, dialect: Dialect) -> Piece {
    let (role, call) = match &turn.speaker {
        Speaker::System => ("system", None),
        Speaker::User => ("user", None),
        Speaker::Assistant => ("assistant", None),
        Speaker::Result { call, .. } => ("tool", Some(call)),
    };
    let (mut texts, mut media, mut blocks) = (Vec::new(), Vec::new(), Vec::new());
    if is_joined(turn, dialect) {
        texts.extend(Some(joined_text(&turn.blocks)).filter(|text| !text.is_empty()));
    } else {
        texts.extend(turn.blocks.iter().filter_map(as_text).map(str::to_owned));
    }
    texts.extend(call.cloned());
    for block in &turn.blocks {
        match block {
            Block::Call { id, name, written, .. } => {
                texts.extend([id.clone(), name.clone(), written.clone().into_owned()]);
            }
            Block::Media { media_type: "text/plain", bytes } => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                blocks.push(ProviderBlock::document(text));
            }
            Block::Media { media_type, bytes } => media.push(Medium::of(media_type, bytes)),
            Block::Opaque(block) => blocks.push(ProviderBlock::of(block, &mut media)),
            Block::Thinking { text, signature } => {
                blocks.push(ProviderBlock::thinking(text, signature));
            }
            // What stands beside a part, such as its signature.
            Block::Fields(fields) => blocks.push(ProviderBlock::of(fields, &mut media)),
            Block::Text(_) => {}
        }
    }
    match (&turn.speaker, dialect) {
        (Speaker::Result { error, fields, .. }, _) => {
            if *error && dialect == Dialect::Anthropic {
                blocks.push(ProviderBlock::flag("{\"is_error\":true}"));
            }
            // What else its API has for a result.
            blocks.extend(fields.iter().map(|fields| ProviderBlock::of(fields, &mut media)));
        }
        // It stands ahead of what the system says unless nobody spoke before.
        (Speaker::System, Dialect::Anthropic | Dialect::Gemini) => {
            blocks.push(ProviderBlock::flag(super::turn::SYSTEM_MARK));
        }
        _ => {}
    }
    Piece::Message { role, name: turn.name.clone(), texts, media, blocks }
}

/// Tells whether a dialect sends the texts of a turn as one.
fn is_joined(turn: &Turn<'_>, dialect: Dialect) -> bool {
    if turn.speaker == Speaker::System {
        return true;
    }
    let is_result = matches!(turn.speaker, Speaker::Result { .. });
    match dialect {
        Dialect::Anthropic => false,
        Dialect::Gemini => is_result,
        Dialect::OpenAiChat => {
            let is_text = |block: &Block<'_>| {
                matches!(block, Block::Text(_) | Block::Call { .. } | Block::Fields(_))
            };
            is_result || turn.blocks.iter().all(is_text)
        }
        Dialect::OpenAiResponses => {
            let is_media = |block: &Block<'_>| matches!(block, Block::Media { .. });
            is_result && !turn.blocks.iter().any(is_media)
        }
    }
}
