//! A prompt's items: what its tokens are spent on, piece by piece.

use std::collections::HashMap;

use super::dialect::Dialect;
use super::prompt::Prompt;
use super::repair::{Repaired, repair};
use super::source::Source;
use super::turn::{Block, Origin, Speaker, Turn, as_text, joined_text};
use crate::json::Json;

/// One thing in a prompt that tokens are spent on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    /// What it is for.
    pub source: Source,
    /// Which one: `instructions`, `sandbox`, a tool's name as it is sent, a memory's number,
    /// `PATH@ITERATION` of a file; `0` for the placeholder ahead of a dialog without beginning.
    pub key: String,
    /// What it is sent as, in the order of the request.
    pub pieces: Vec<Piece>,
}

/// A message or a tool of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Piece {
    /// A message.
    Message {
        /// The role, as Chat Completions names it.
        role: &'static str,
        /// Every text of the message beside the role, in its order: content, for a result the id of
        /// its call, for each call id, name and arguments.
        texts: Vec<String>,
        /// Media types and sizes in bytes of what is no text; no text counter can count these.
        media: Vec<(String, usize)>,
    },
    /// A tool.
    Tool {
        /// The name as it is sent.
        name: String,
        /// What it does.
        description: String,
        /// The schema of its arguments.
        schema: Json,
    },
}

impl Prompt {
    /// Lists what the prompt's tokens are spent on, in the order of the request: tools,
    /// instructions, sandbox, dialog and files.
    ///
    /// The pieces are those of the `OpenAI` Chat request, one a message and one a tool: a count of
    /// that request by `OpenAI`'s published rule equals the sum over the pieces, and what the rule
    /// adds once a request.
    ///
    /// ```
    /// use partita::{Source, Memory, Prompt};
    /// let prompt = Prompt::new("Be brief.").with_memory(Memory::user("Why?"));
    /// let items = prompt.items();
    /// let keys: Vec<_> = items.iter().map(|item| (item.source, item.key.as_str())).collect();
    /// assert_eq!(keys, [(Source::Instructions, "instructions"), (Source::Memories, "1")]);
    /// ```
    pub fn items(&self) -> Vec<Item> {
        let Repaired { tools, turns, .. } = repair(self, Dialect::OpenAiChat);
        let mut items: Vec<Item> = tools
            .into_iter()
            .map(|tool| {
                let piece = Piece::Tool {
                    name: tool.name.clone(),
                    description: tool.description.to_owned(),
                    schema: tool.schema,
                };
                Item { source: Source::Tools, key: tool.name, pieces: vec![piece] }
            })
            .collect();
        let fixed = [(Source::Instructions, &self.instructions), (Source::Sandbox, &self.sandbox)];
        for (source, text) in fixed.into_iter().filter(|(_, text)| !text.trim().is_empty()) {
            let texts = vec![text.clone()];
            let piece = Piece::Message { role: "system", texts, media: Vec::new() };
            items.push(Item { source, key: source.name().to_owned(), pieces: vec![piece] });
        }
        let mut places: HashMap<(Source, String), usize> = HashMap::new();
        for turn in &turns {
            let (source, key) = self.key(turn.origin);
            let place = *places.entry((source, key.clone())).or_insert_with(|| {
                items.push(Item { source, key, pieces: Vec::new() });
                items.len() - 1
            });
            items[place].pieces.push(piece(turn));
        }
        items
    }

    fn key(&self, origin: Origin) -> (Source, String) {
        match origin {
            Origin::Memory(number) => (Source::Memories, number.to_string()),
            Origin::Placeholder => (Source::Memories, "0".to_owned()),
            Origin::File(at) => {
                let file = &self.files[at];
                (Source::Files, format!("{}@{}", file.path, file.iteration))
            }
        }
    }
}

fn piece(turn: &Turn<'_>) -> Piece {
    let (role, call) = match &turn.speaker {
        Speaker::System => ("system", None),
        Speaker::User => ("user", None),
        Speaker::Assistant => ("assistant", None),
        Speaker::Result { call, .. } => ("tool", Some(call)),
    };
    let (mut texts, mut media) = (Vec::new(), Vec::new());
    // Chat sends texts joined into one, unless there is something else beside them.
    let alone = turn
        .blocks
        .iter()
        .all(|block| matches!(block, Block::Text(_) | Block::Call { .. } | Block::Fields(_)));
    if alone || call.is_some() {
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
            Block::Media { media_type, bytes } => {
                media.push(((*media_type).to_owned(), bytes.len()));
            }
            // What an opaque block's model reads of it nobody else knows; its JSON bounds it.
            Block::Opaque(block) => texts.push(block.to_string()),
            Block::Text(_) | Block::Thinking { .. } | Block::Fields(_) => {}
        }
    }
    Piece::Message { role, texts, media }
}
