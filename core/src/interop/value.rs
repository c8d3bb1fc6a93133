//! What the readers of all formats ask of JSON values.

use super::report::{Place, Report};
use crate::context::{self, Dialect, Target, decode_base64};
use crate::json::Json;
use crate::object::{Body, Part, Timestamp};

/// Returns the text of a key.
pub(super) fn text<'a>(value: &'a Json, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Json::as_str)
}

/// Returns the text of a key; empty where there is none.
pub(super) fn owned(value: &Json, key: &str) -> String {
    text(value, key).unwrap_or_default().to_owned()
}

/// Returns the items of a key; none where there is no list.
pub(super) fn items<'a>(value: &'a Json, key: &str) -> &'a [Json] {
    value.get(key).and_then(Json::as_array).unwrap_or_default()
}

/// Keeps a block as it came, for its provider.
pub(super) fn opaque(provider: &str, block: &Json) -> Part {
    Part::Opaque { provider: provider.to_owned(), content: Body::new(block.to_string()) }
}

/// Tells whether a value holds something: not null, false, or an empty text, list or object.
pub(super) fn is_something(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => false,
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::Object(fields) => !fields.is_empty(),
        Json::Bool(true) | Json::Number(_) => true,
    }
}

/// Tells whether an object has no other keys than these, but for ones that hold nothing.
pub(super) fn only(value: &Json, keys: &[&str]) -> bool {
    let fields = value.as_object().unwrap_or_default();
    fields.iter().all(|(key, value)| keys.contains(&key.as_str()) || !is_something(value))
}

/// Counts the fields of an object that are not among these and hold something.
pub(super) fn leave(report: &mut Report, what: &str, value: &Json, known: &[&str]) {
    for (key, value) in value.as_object().unwrap_or_default() {
        if !known.contains(&key.as_str()) && is_something(value) {
            report.skip(&format!("{what} field {key}"), "a dialog has no place for it");
        }
    }
}

/// Keeps the fields that a provider has for a part and memories have no place for, as a block of the
/// provider's right before the part; counts those that are not among the known and hold something.
pub(super) fn beside(
    report: &mut Report,
    dialect: Dialect,
    target: Target,
    what: &str,
    value: &Json,
    known: &[&str],
) -> Option<Part> {
    let names = context::beside(dialect, target);
    let all: Vec<&str> = known.iter().chain(names).copied().collect();
    leave(report, what, value, &all);
    let fields = value.as_object().unwrap_or_default().iter();
    let fields = fields.filter(|(key, value)| {
        names.contains(&key.as_str()) && !known.contains(&key.as_str()) && is_something(value)
    });
    let fields: Vec<_> = fields.cloned().collect();
    (!fields.is_empty()).then(|| opaque(dialect.name(), &Json::Object(fields)))
}

/// Tells whether a `data:` URL holds what the API's of OpenAI take as a document from anybody.
pub(super) fn is_pdf(url: &str) -> bool {
    url.starts_with("data:application/pdf;base64,")
}

/// Decodes a `data:` URL; none unless it can be written again as it stood.
pub(super) fn data_url(url: &str) -> Option<Part> {
    let (media_type, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    if media_type.is_empty() || media_type.contains([';', ',']) {
        return None;
    }
    media(media_type, data)
}

/// Decodes a media block's base64; none unless it can be written again as it stood.
pub(super) fn media(media_type: &str, data: &str) -> Option<Part> {
    let content = Body::Inline(decode_base64(data)?);
    Some(Part::Media { media_type: media_type.to_owned(), content })
}

/// Makes the part of an image by its address, in the words of the dialect that takes most of them.
pub(super) fn image_at(url: &str) -> Part {
    data_url(url).unwrap_or_else(|| {
        let inner = Json::object([("url", Json::from(url))]);
        let kind = ("type", Json::from("image_url"));
        opaque(Dialect::OpenAiChat.name(), &Json::object([kind, ("image_url", inner)]))
    })
}

/// Makes the part of what a model thought; none where that is blank and unsigned.
pub(super) fn thinking(thoughts: &str, signature: &str) -> Option<Part> {
    let is_empty = thoughts.trim().is_empty() && signature.is_empty();
    let part = || Part::Thinking { text: Body::new(thoughts), signature: Body::new(signature) };
    (!is_empty).then(part)
}

/// Returns the time of a key that counts milliseconds, or writes it as RFC 3339 does.
pub(super) fn time(value: &Json, key: &str) -> Option<Timestamp> {
    match value.get(key)? {
        Json::String(text) => crate::object::clock::parse(text),
        number => number_of(number).and_then(millis_of),
    }
}

/// Returns the time of a key that counts seconds.
pub(super) fn seconds(value: &Json, key: &str) -> Option<Timestamp> {
    number_of(value.get(key)?).and_then(|seconds| millis_of(seconds * 1_000.0))
}

fn number_of(value: &Json) -> Option<f64> {
    matches!(value, Json::Number(_)).then(|| value.to_string().parse().ok())?
}

/// Returns a time that is within the years that a clock can say.
fn millis_of(millis: f64) -> Option<Timestamp> {
    const MOST: f64 = 253_402_300_800_000.0;
    let is_time = millis.is_finite() && millis.abs() < MOST;
    is_time.then(|| Timestamp::from_millis(millis.round() as i64))
}

/// Returns a count of tokens.
pub(super) fn count(value: &Json, key: &str) -> Option<u64> {
    value.get(key)?.as_u64()
}

/// Remarks that media could not be decoded, where their text looks as if they should have been.
pub(super) fn undecoded(report: &mut Report, at: Place, what: &str) {
    report.mend(at, format!("{what}: no base64 of the standard alphabet; kept as a block"));
}
