//! Blocks whose tokens their provider alone knows: what a model may read of them, and at most.

use super::medium::Medium;
use crate::json::Json;
use crate::tokens::{Count, TokenCounter};

/// A block of a message that no published rule counts: signed thinking, a server's tool use, a
/// document with citations, an item of another kind.
///
/// Its count is an estimate. The number is that of the texts, a quarter of a cipher's: base64 of
/// encrypted prose has about four times the tokens of the prose. The lower bound is nothing, or the
/// texts where the model surely reads them; the upper one all of the block, spelt out as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ProviderBlock {
    /// The type of the block, as its provider names it.
    pub kind: String,
    /// The texts that the model reads, as far as anybody knows.
    pub texts: Vec<String>,
    /// What is encrypted, and read by the model as something else.
    pub ciphers: Vec<String>,
    /// The whole block as JSON, less the bytes of media.
    pub spelled: String,
    /// Whether the texts are surely read.
    pub is_read: bool,
}

/// A quarter of a cipher's tokens.
const CIPHER_SHARE: u64 = 4;

/// Levels of nesting below which a block is only spelt out.
const DEPTH_MAX: usize = 32;

impl ProviderBlock {
    /// Thinking with its signature. Models differ in whether they read that of earlier turns.
    pub(super) fn thinking(text: &str, signature: &str) -> Self {
        ProviderBlock {
            kind: "thinking".to_owned(),
            texts: texts_of(text),
            ciphers: vec![signature.to_owned()],
            ..ProviderBlock::default()
        }
    }

    /// A text that is sent as a document.
    pub(super) fn document(text: String) -> Self {
        let spelled =
            Json::object([("type", Json::from("document")), ("text", Json::from(&*text))]);
        ProviderBlock {
            kind: "document".to_owned(),
            texts: texts_of(&text),
            spelled: spelled.to_string(),
            is_read: true,
            ..ProviderBlock::default()
        }
    }

    /// What a dialect may send beside the texts of a message, such as a flag.
    pub(super) fn flag(spelled: &str) -> Self {
        ProviderBlock {
            kind: "flag".to_owned(),
            spelled: spelled.to_owned(),
            ..ProviderBlock::default()
        }
    }

    /// Reads a block; its media go to the others of the message.
    pub(super) fn of(block: &Json, media: &mut Vec<Medium>) -> Self {
        let kind = text(block, "type").to_owned();
        let is_read = matches!(&*kind, "text" | "refusal" | "document" | "search_result");
        let mut read = ProviderBlock { kind, is_read, ..ProviderBlock::default() };
        let mut spelled = block.clone();
        read.take(&mut spelled, "", media, 0);
        read.spelled = spelled.to_string();
        read
    }

    /// Takes the texts of a value, and the media out of it.
    fn take(&mut self, value: &mut Json, key: &str, media: &mut Vec<Medium>, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        match value {
            Json::String(text) if is_cipher(key, &self.kind) => self.ciphers.push(text.clone()),
            Json::String(_) if is_structure(key) => {}
            Json::String(text) => self.texts.extend(texts_of(text)),
            Json::Array(items) => {
                for item in items {
                    self.take(item, key, media, depth + 1);
                }
            }
            Json::Object(fields) => {
                media.extend(Medium::within(fields, key));
                let kind = fields.iter().find(|(key, _)| key == "type");
                let kind = kind.and_then(|(_, kind)| kind.as_str()).unwrap_or("").to_owned();
                for (key, value) in fields {
                    // What a source is of, the block around it tells.
                    let is_source = key == "source" && matches!(&*kind, "image" | "document");
                    let is_away =
                        !matches!(value.get("type").and_then(Json::as_str), Some("base64"));
                    let key = if is_source && is_away { &kind } else { &*key };
                    self.take(value, key, media, depth + 1);
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    /// Tells its texts, each with the number by which its tokens are divided.
    pub(super) fn parts(&self, add: &mut impl FnMut(&str, u64)) {
        let bytes = |texts: &[String]| texts.iter().map(String::len).sum::<usize>();
        // As in the count: of thinking and its signature the larger.
        let is_thought = self.kind == "thinking";
        let is_cipher = bytes(&self.ciphers) / 4 > bytes(&self.texts);
        if !is_thought || !is_cipher {
            self.texts.iter().for_each(|text| add(text, 1));
        }
        if !is_thought || is_cipher {
            self.ciphers.iter().for_each(|text| add(text, CIPHER_SHARE));
        }
    }

    /// Counts the block.
    pub(super) fn count(&self, counter: &(impl TokenCounter + ?Sized)) -> Count {
        let texts: Count = self.texts.iter().map(|text| counter.count(text)).sum();
        let ciphers: Count = self.ciphers.iter().map(|text| counter.count(text)).sum();
        let spelled = match self.spelled.is_empty() {
            true => Count::ZERO,
            false => counter.count(&self.spelled),
        };
        let low = if self.is_read { texts.low() } else { 0 };
        let high = texts.high().saturating_add(ciphers.high()).max(spelled.high());
        let middle = match self.kind.as_str() {
            // The signature holds what the text tells in short.
            "thinking" => texts.tokens().max(ciphers.tokens() / CIPHER_SHARE),
            _ => texts.tokens().saturating_add(ciphers.tokens() / CIPHER_SHARE),
        };
        Count::estimated(middle, low, high)
    }
}

fn texts_of(text: &str) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { vec![text.to_owned()] }
}

/// Tells whether a field is encrypted.
fn is_cipher(key: &str, kind: &str) -> bool {
    key.starts_with("encrypted")
        || matches!(key, "signature" | "thoughtSignature")
        || key == "data" && kind.ends_with("thinking")
}

/// Tells whether a field is of the API's own use: no model is known to read it.
fn is_structure(key: &str) -> bool {
    key == "id"
        || key.ends_with("_id")
        || matches!(
            key,
            "type" | "role" | "status" | "media_type" | "format" | "detail" | "caller" | "ttl"
        )
}

fn text<'j>(block: &'j Json, key: &str) -> &'j str {
    block.get(key).and_then(Json::as_str).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::Encoding;

    fn counted(block: &str) -> (Count, Vec<Medium>) {
        let mut media = Vec::new();
        let block = ProviderBlock::of(&Json::parse(block).unwrap(), &mut media);
        (block.count(&Encoding::O200k), media)
    }

    #[test]
    fn what_a_model_reads_of_a_block_is_counted_and_the_rest_bounds_it() {
        let words = "word ".repeat(100);
        for block in [
            format!(r#"{{"type":"custom_tool_call","call_id":"c","name":"n","input":"{words}"}}"#),
            format!(r#"{{"type":"custom_tool_call_output","call_id":"c","output":"{words}"}}"#),
            format!(r#"{{"type":"web_search_tool_result","content":[{{"title":"{words}"}}]}}"#),
            format!(r#"{{"type":"search_result","content":[{{"type":"text","text":"{words}"}}]}}"#),
            format!(r#"{{"type":"refusal","refusal":"{words}"}}"#),
            format!(r#"{{"type":"nobody_knows","deep":{{"er":["{words}"]}}}}"#),
        ] {
            let (count, media) = counted(&block);
            assert!(count.tokens() >= 100 && count.high() > count.tokens(), "{block} {count}");
            assert!(!count.is_exact() && media.is_empty(), "{block}");
        }
    }

    #[test]
    fn a_cipher_is_bounded_by_itself() {
        let data = "QUJD".repeat(500);
        for block in [
            format!(r#"{{"type":"redacted_thinking","data":"{data}"}}"#),
            format!(r#"{{"type":"reasoning","summary":[],"encrypted_content":"{data}"}}"#),
        ] {
            let (count, _) = counted(&block);
            let all = Encoding::O200k.count(&data).tokens();
            assert!(count.low() == 0 && count.high() >= all, "{count} {all}");
            assert_eq!(count.tokens(), all / CIPHER_SHARE);
        }
    }

    #[test]
    fn no_depth_of_nesting_exhausts_the_stack() {
        let deep = format!(r#"{{"type":"x","a":{}1{}}}"#, "[".repeat(100), "]".repeat(100));
        assert!(counted(&deep).0.high() > 50);
    }
}
