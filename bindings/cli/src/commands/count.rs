//! Tokens without a store: count.

use std::path::Path;

use partita::context::{CounterFor, Item, Piece, Prompt};
use partita::interop::{Messages, messages};
use partita::tokens::{Count, TokenCounter};
use partita::{Error, ErrorKind, Json};

use super::{counter, input};
use crate::args::CountArgs;
use crate::failure::Result;
use crate::output::table::Align;
use crate::output::{Output, counted, json, quote, said};

/// Counts the tokens of a text, or of messages one by one.
pub(super) fn count(out: &mut Output, dir: &Path, args: &CountArgs) -> Result<()> {
    let counter = &*counter(dir, None, &args.counter)?;
    let bytes = input(Some(&args.file))?;
    if let Some(body) = body(&args.file, &bytes, args.messages)? {
        return count_messages(out, counter, &body, args.json.json);
    }
    let tokens = counter.count_bytes(&bytes);
    if args.json.json {
        return out.json(&json::Counted {
            counter: counter.id(),
            count: tokens,
            bytes: Some(bytes.len()),
            overhead: None,
            items: None,
        });
    }
    let bytes = counted(bytes.len() as u64, "byte", "bytes");
    out.line(format_args!("{tokens} tokens of {}, {bytes}", counter.id()))
}

/// The messages in a file; none where it is a text, unless it has to hold some.
fn body(file: &Path, bytes: &[u8], must: bool) -> Result<Option<Body>> {
    let begins = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if !must && !matches!(begins, Some(b'[' | b'{')) {
        return Ok(None);
    }
    match Body::parse(bytes) {
        Ok(body) if must || !body.prompt.memories.is_empty() => Ok(Some(body)),
        Ok(_) => Ok(None),
        Err(error) if must => Err(error.context(file.display()).into()),
        Err(_) => Ok(None),
    }
}

/// Messages as a prompt.
pub(super) struct Body {
    pub(super) prompt: Prompt,
    /// The messages that it is of.
    read: Messages,
}

impl Body {
    /// Reads a list of messages or a request's body.
    pub(super) fn read(file: &Path) -> Result<Body> {
        let bytes = input(Some(file))?;
        Ok(Body::parse(&bytes).map_err(|error| error.context(file.display()))?)
    }

    fn parse(bytes: &[u8]) -> partita::Result<Body> {
        let messages = messages(&Json::parse(bytes)?)?;
        Ok(Body { prompt: messages.prompt()?, read: messages })
    }

    /// Of each memory, by its number less one, the messages of the file that it is made of.
    pub(super) fn messages(&self) -> &[Vec<u64>] {
        &self.read.numbers
    }

    /// The messages of the file that became no memory: its instructions.
    pub(super) fn others(&self) -> &[u64] {
        &self.read.others
    }

    /// A counter for the API whose messages they are.
    pub(super) fn counter<'c>(
        &self,
        counter: &'c dyn TokenCounter,
    ) -> CounterFor<&'c dyn TokenCounter> {
        self.read.counter(counter)
    }

    /// Which message an item of the prompt is of; none if it is no memory's.
    pub(super) fn message_of(&self, item: &Item) -> Option<u64> {
        let at = usize::try_from(item.key.memory()?.checked_sub(1)?).ok()?;
        self.read.numbers.get(at)?.first().copied()
    }
}

fn count_messages(
    out: &mut Output,
    counter: &dyn TokenCounter,
    body: &Body,
    as_json: bool,
) -> Result<()> {
    let counter = body.counter(counter);
    let mut items = body.prompt.items();
    // What other dialects send is no row here.
    items.retain(|item| item.count(&counter) != Count::ZERO);
    let counts: Vec<Count> = items.iter().map(|item| item.count(&counter)).collect();
    let total = body.prompt.count(&counter);
    let overhead = overhead(total, counts.iter().sum());
    if as_json {
        let rows = items.iter().zip(&counts).map(|(item, &count)| json::CountedItem {
            item,
            message: body.message_of(item),
            role: Some(role(item)).filter(|role| !role.is_empty()),
            count,
        });
        return out.json(&json::Counted {
            counter: counter.id(),
            count: total,
            bytes: None,
            overhead: Some(overhead.tokens()),
            items: Some(rows.collect()),
        });
    }
    let rows = items.iter().zip(&counts).map(|(item, tokens)| {
        let what = match body.message_of(item) {
            Some(message) => message.to_string(),
            None => item.source.name().to_owned(),
        };
        Ok([tokens.to_string(), what, role(item).to_owned(), line(item)])
    });
    out.table([Align::Right, Align::Right, Align::Left, Align::Left], rows)?;
    out.line(format_args!(
        "{total} tokens of {}, {overhead} of them beside the messages",
        counter.id()
    ))
}

/// What a request costs beside its items.
fn overhead(total: Count, items: Count) -> Count {
    Count::exact(total.tokens().saturating_sub(items.tokens()))
}

/// The role of an item's first message; empty for a tool.
pub(super) fn role(item: &Item) -> &'static str {
    match item.first_piece() {
        Some(Piece::Message { role, .. }) => role,
        _ => "",
    }
}

/// The beginning of an item as one line that a terminal may see.
pub(super) fn line(item: &Item) -> String {
    let text = match item.first_piece() {
        Some(Piece::Message { texts, blocks, .. }) => {
            let read = blocks.iter().flat_map(|block| &block.texts);
            texts.iter().chain(read).next().map_or("", String::as_str)
        }
        Some(Piece::Tool { name, .. }) => name,
        _ => "",
    };
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    quote::text(&said::clip(first)).into_owned()
}

/// Refuses messages of which there are none.
pub(super) fn none_in(file: &Path) -> Error {
    Error::new(ErrorKind::Invalid, format!("{} holds no message", file.display()))
}

#[cfg(test)]
mod tests {
    use partita::tokens::Encoding;

    use super::*;

    #[test]
    fn messages_are_told_by_their_place_in_the_file() {
        let text = br#"{"messages": [
            {"role": "user", "content": "Look."},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "ls", "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t", "content": "a"},
                {"type": "text", "text": "And now?"}
            ]}
        ]}"#;
        let body = Body::parse(text).unwrap();
        assert_eq!(body.messages(), [vec![1], vec![2], vec![3], vec![3]]);
    }

    #[test]
    fn the_items_and_the_rest_are_the_whole() {
        let text =
            br#"[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]"#;
        let body = Body::parse(text).unwrap();
        let counter = Encoding::O200k;
        let items = body.prompt.items();
        let sum: Count = items.iter().map(|item| item.count(&counter)).sum();
        let total = body.prompt.count(&counter);
        // 3 to begin the answer; for each message 3, the role and the content.
        assert_eq!(total, Count::exact(3 + 3 + 1 + 3 + 3 + 1 + 1));
        assert_eq!(overhead(total, sum), Count::exact(3));
    }
}
