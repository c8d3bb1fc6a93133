//! Parts become blocks: what the dialect takes as it is, a stated placeholder for the rest.

use std::borrow::Cow;

use super::dialect::Dialect;
use super::fields::{OF_MODELS, Target, beside, is_beside, prune};
use super::foreign::{StandIn, stand_in};
use super::request::Mend;
use super::spot::Spot;
use super::tool::{Tool, fields_of_tool};
use super::turn::Block;
use crate::json::Json;
use crate::object::{Body, Part};

/// Turns parts into blocks and keeps account of what was mended.
pub(super) struct Mender {
    dialect: Dialect,
    /// The number of the memory at hand; 0 for none.
    pub(super) memory: u64,
    pub(super) mends: Vec<Mend>,
}

/// Why fields of a part are not sent.
const NO_PLACE: &str = "fields of a part left out: no part that takes them follows";

/// Returns where the parts of the result at an index end: before the end, and before the next.
pub(super) fn result_end(parts: &[Part], at: usize) -> usize {
    let Some(Part::Result { parts: count, .. }) = parts.get(at) else { return at };
    let rest = &parts[at + 1..];
    let most = usize::try_from(*count).unwrap_or(usize::MAX).min(rest.len());
    let own = rest[..most].iter().take_while(|part| !matches!(part, Part::Result { .. })).count();
    at + 1 + own
}

/// The schema of a tool that takes nothing.
pub(super) fn empty_schema() -> Json {
    Json::object([("type", Json::from("object")), ("properties", Json::Object(Vec::new()))])
}

/// The schema of a tool that takes a text.
pub(super) fn text_schema() -> Json {
    let text = Json::object([("type", Json::from("string"))]);
    Json::object([
        ("type", Json::from("object")),
        ("properties", Json::object([("input", text)])),
        ("required", Json::Array(vec![Json::from("input")])),
    ])
}

impl Mender {
    pub(super) fn new(dialect: Dialect) -> Self {
        Mender { dialect, memory: 0, mends: Vec::new() }
    }

    pub(super) fn mend(&mut self, what: impl Into<String>) {
        self.mends.push(Mend { memory: self.memory, what: what.into() });
    }

    /// Turns the parts of a result into blocks; a model's calls among them are its turn's.
    pub(super) fn blocks<'a>(
        &mut self,
        parts: &'a [Part],
        spot: Spot,
        calls_apart: bool,
    ) -> Vec<Block<'a>> {
        let mut blocks = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            if !(calls_apart && matches!(part, Part::Call { .. })) {
                self.extend(&mut blocks, parts, at, spot);
            }
        }
        blocks
    }

    /// Appends the block of the part at an index, behind the fields that stand before it.
    pub(super) fn extend<'a>(
        &mut self,
        blocks: &mut Vec<Block<'a>>,
        parts: &'a [Part],
        at: usize,
        spot: Spot,
    ) {
        let Some(part) = parts.get(at) else { return };
        if self.dialect == Dialect::Gemini
            && spot == Spot::Assistant
            && let Part::Thinking { text, signature } = part
            && let Some(fields) = self.fields(parts, at, Target::Thinking, spot)
            && let Some(text) = text.as_inline().and_then(|it| std::str::from_utf8(it).ok())
        {
            if signature.as_inline() != Some(&[]) {
                self.mend("the signature of a thought left out: it is another API's");
            }
            blocks.push(Block::Fields(fields));
            blocks.push(Block::Thinking { text, signature: "" });
            return;
        }
        if at + 1 == parts.len() && self.is_fields(part) {
            self.mend(NO_PLACE);
        }
        let block = self.block(part, spot);
        let target = match (part, &block) {
            (Part::Text(_), Some(Block::Text(_))) => Target::Text,
            (Part::Media { .. }, Some(Block::Media { .. })) => Target::Media,
            _ => {
                self.leave_fields(parts, at);
                blocks.extend(block);
                return;
            }
        };
        blocks.extend(self.fields(parts, at, target, spot).map(Block::Fields));
        blocks.extend(block);
    }

    /// Tells that the fields before the part at an index do not go out, if there are any.
    pub(super) fn leave_fields(&mut self, parts: &[Part], at: usize) {
        let before = at.checked_sub(1).and_then(|before| parts.get(before));
        if before.is_some_and(|part| self.is_fields(part)) {
            self.mend(NO_PLACE);
        }
    }

    /// Tells whether a part is fields that this dialect's API has for the part behind it.
    fn is_fields(&self, part: &Part) -> bool {
        let Part::Opaque { provider, content } = part else { return false };
        let block = content.as_inline().and_then(|bytes| Json::parse(bytes).ok());
        provider == self.dialect.name() && block.is_some_and(|block| is_beside(&block))
    }

    /// Returns the fields that this dialect's API has for the part at an index: they are the opaque
    /// block before it.
    pub(super) fn fields(
        &mut self,
        parts: &[Part],
        at: usize,
        target: Target,
        spot: Spot,
    ) -> Option<Json> {
        let Part::Opaque { provider, content } = parts.get(at.checked_sub(1)?)? else {
            return None;
        };
        if provider != self.dialect.name() {
            return None;
        }
        let block = Json::parse(content.as_inline()?).ok().filter(is_beside)?;
        let mut kept = Vec::new();
        for (key, mut value) in block.as_object()?.iter().cloned() {
            let foreign = spot != Spot::Assistant && OF_MODELS.contains(&key.as_str());
            let known = beside(self.dialect, target).contains(&key.as_str());
            if value.is_null() || foreign || !known {
                self.mend(format!("field {key:?} left out: the API takes none there"));
                continue;
            }
            if let Json::Array(items) = &mut value {
                items.iter_mut().for_each(|item| self.prune(item));
            }
            kept.push((key, value));
        }
        Some(Json::Object(kept)).filter(|fields| fields.as_object() != Some(&[]))
    }

    /// Takes out of a block what the API does not take.
    fn prune(&mut self, block: &mut Json) {
        let out = prune(self.dialect, block);
        if !out.is_empty() {
            let out = out.join(", ");
            self.mend(format!("fields left out of a block: the API takes no {out:.200}"));
        }
    }

    /// Turns a part into a block, or nothing if there is nothing to say.
    pub(super) fn block<'a>(&mut self, part: &'a Part, spot: Spot) -> Option<Block<'a>> {
        match part {
            Part::Text(body) => {
                let text = self.text(body);
                self.said(text.into_owned(), spot)
            }
            Part::Thinking { text, signature } => self.thinking(text, signature, spot),
            Part::Call { id, name, arguments } => {
                self.mend(format!("call {id:?} quoted: it stands in no turn of the model's"));
                let arguments = self.text(arguments);
                self.said(format!("[call of {name}: {arguments}]"), spot)
            }
            Part::Media { media_type, content } => self.media(media_type, content, spot),
            Part::File { iteration } => {
                let id = iteration.id().short();
                self.mend(format!("file iteration {id} not shown: it was not resolved"));
                self.said(format!("[file iteration {id}: its text is not here]"), spot)
            }
            Part::Opaque { provider, content } => self.opaque(provider, content, spot),
            Part::Result { .. } => None,
        }
    }

    /// Returns a call's arguments as an object, and as the model wrote them.
    ///
    /// What is no JSON object becomes `{"arguments": TEXT}`, nothing at all becomes `{}`.
    pub(super) fn arguments<'a>(&mut self, body: &'a Body) -> (Json, Cow<'a, str>) {
        let (object, written, changed) = arguments_of(self.text(body));
        if changed {
            self.mend("arguments of a call wrapped: they were no JSON object");
        }
        (object, written)
    }

    /// Returns a tool's schema as an object of the type `object`, which all APIs demand.
    pub(super) fn schema(&mut self, name: &str, schema: &Json) -> Json {
        if schema.as_object().is_none() {
            self.mend(format!("schema of tool {name:?} replaced: it was no JSON object"));
            return empty_schema();
        }
        let mut schema = schema.clone();
        if schema.get("type").and_then(Json::as_str) != Some("object") {
            self.mend(format!("schema of tool {name:?} made one of an object"));
            schema.set("type", Json::from("object"));
        }
        schema
    }

    /// Returns what this dialect's API has for a tool beside name, description and schema.
    pub(super) fn beside(&mut self, tool: &Tool) -> Option<Json> {
        let (api, fields) = tool.beside.as_ref()?;
        let taken = fields_of_tool(self.dialect);
        let is_taken = |key: &str| *api == self.dialect && taken.contains(&key);
        let fields = fields.as_object().unwrap_or_default().iter();
        let (kept, out): (Vec<_>, Vec<_>) = fields.cloned().partition(|(key, _)| is_taken(key));
        if !out.is_empty() {
            let out: Vec<String> = out.into_iter().map(|(key, _)| key).collect();
            let (name, out) = (&tool.name, out.join(", "));
            self.mend(format!("fields of tool {name:?} left out: the API takes no {out:.200}"));
        }
        (!kept.is_empty()).then_some(Json::Object(kept))
    }

    fn said<'a>(&mut self, mut text: String, spot: Spot) -> Option<Block<'a>> {
        if text.trim().is_empty() {
            self.mend("a blank text left out");
            return None;
        }
        // A last turn of the model's may not end in white space, and every turn was once the last.
        if self.dialect == Dialect::Anthropic && spot == Spot::Assistant {
            let kept = text.trim_end().len();
            if kept < text.len() {
                self.mend("white space cut from the end of a text of the model's");
                text.truncate(kept);
            }
        }
        Some(Block::Text(text))
    }

    pub(super) fn text<'a>(&mut self, body: &'a Body) -> Cow<'a, str> {
        match body {
            Body::Inline(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                if matches!(text, Cow::Owned(_)) {
                    self.mend("bytes that are not UTF-8 shown as U+FFFD");
                }
                text
            }
            Body::Content(content) => {
                let id = content.id().short();
                self.mend(format!("content {id} not shown: it was not resolved"));
                Cow::Owned(format!("[content {id}: its text is not here]"))
            }
        }
    }

    fn thinking<'a>(
        &mut self,
        text: &'a Body,
        signature: &'a Body,
        spot: Spot,
    ) -> Option<Block<'a>> {
        let whole = |body: &'a Body| body.as_inline().and_then(|it| std::str::from_utf8(it).ok());
        let why = match (whole(text), whole(signature)) {
            _ if self.dialect != Dialect::Anthropic => "this API takes none of that kind",
            _ if spot != Spot::Assistant => "it stands in no turn of the model's",
            (_, Some(signature)) if signature.trim().is_empty() => "it has no signature",
            (Some(text), Some(signature)) => return Some(Block::Thinking { text, signature }),
            _ => "it is not whole",
        };
        self.mend(format!("thinking left out: {why}"));
        None
    }

    fn media<'a>(
        &mut self,
        media_type: &'a str,
        content: &'a Body,
        spot: Spot,
    ) -> Option<Block<'a>> {
        let bytes = content.as_inline().unwrap_or(&[]);
        if self.dialect.form(media_type, spot).is_some() && !bytes.is_empty() {
            return Some(Block::Media { media_type, bytes });
        }
        self.mend(format!("media of type {media_type:?} not shown: empty, or not taken there"));
        self.said(format!("[media of type {media_type}: not shown]"), spot)
    }

    fn opaque<'a>(&mut self, provider: &str, content: &'a Body, spot: Spot) -> Option<Block<'a>> {
        let parsed = content.as_inline().map(Json::parse);
        let why = match parsed {
            Some(Ok(block)) if provider != self.dialect.name() => {
                return self.foreign(provider, &block, spot);
            }
            _ if provider != self.dialect.name() => "it is another provider's",
            // It goes with the part behind it.
            Some(Ok(block)) if is_beside(&block) => return None,
            Some(Ok(mut block)) if self.dialect.takes(&block, spot) => {
                self.prune(&mut block);
                return Some(Block::Opaque(block));
            }
            Some(Ok(_)) => "it is not taken there",
            Some(Err(_)) => "it is no JSON",
            None => "it was not resolved",
        };
        self.mend(format!("a block of provider {provider:?} left out: {why}"));
        None
    }

    /// What stands for a block of another provider's.
    fn foreign<'a>(&mut self, provider: &str, block: &Json, spot: Spot) -> Option<Block<'a>> {
        let known = Dialect::from_name(provider).is_some();
        let stands = if known { stand_in(self.dialect, block, spot) } else { StandIn::Nothing };
        let (how, made) = match stands {
            StandIn::Nothing => ("left out", None),
            StandIn::Text(text) => ("shown as text", Some(text)),
            StandIn::Block(own) => {
                self.mend(format!(
                    "a block of provider {provider:?} sent as this API has it: it is another \
                     provider's"
                ));
                return Some(Block::Opaque(own));
            }
        };
        self.mend(format!("a block of provider {provider:?} {how}: it is another provider's"));
        made.and_then(|text| self.said(text, spot))
    }
}

/// Returns the arguments of a call as an object, and as they are written.
fn arguments_of(text: Cow<'_, str>) -> (Json, Cow<'_, str>, bool) {
    if text.trim().is_empty() {
        return (Json::Object(Vec::new()), Cow::Borrowed("{}"), true);
    }
    match Json::parse(text.as_bytes()) {
        Ok(object @ Json::Object(_)) => (object, text, false),
        _ => {
            let object = Json::object([("arguments", Json::from(text.into_owned()))]);
            let written = object.to_string();
            (object, Cow::Owned(written), true)
        }
    }
}
