//! Gemini's parts: what they hold, where each may stand, and the fields that the API takes.

use super::spot::Spot;
use crate::json::Json;

/// What a part of the API's may hold, one of them each.
pub(crate) const DATA: [&str; 9] = [
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];

/// Tells whether a part may stand at a spot as it is: calls and responses may not, for they are paired.
pub(super) fn takes(part: &Json, spot: Spot) -> bool {
    let mut held = DATA.into_iter().filter(|key| part.get(key).is_some());
    let (Some(kind), None) = (held.next(), held.next()) else { return false };
    let text = |inner: &str| {
        part.get(kind)
            .and_then(|it| it.get(inner))
            .and_then(Json::as_str)
            .is_some_and(|text| !text.trim().is_empty())
    };
    match kind {
        "fileData" => text("fileUri"),
        "inlineData" => text("mimeType") && text("data"),
        _ if spot != Spot::Assistant => false,
        // A text that says nothing carries a signature.
        "text" => part.get("thoughtSignature").and_then(Json::as_str).is_some(),
        "executableCode" => text("code") && text("language"),
        "codeExecutionResult" => text("outcome"),
        "toolCall" | "toolResponse" => part.get(kind).is_some_and(|it| it.as_object().is_some()),
        _ => false,
    }
}

/// The fields of a part beside its data, and of the data.
const BESIDE: [&str; 6] = [
    "thought",
    "thoughtSignature",
    "videoMetadata",
    "mediaResolution",
    "partMetadata",
    "mediaProcessing",
];
const INNER: [(&str, &[&str]); 6] = [
    ("inlineData", &["mimeType", "data", "displayName"]),
    ("fileData", &["mimeType", "fileUri", "displayName"]),
    ("executableCode", &["id", "language", "code"]),
    ("codeExecutionResult", &["id", "outcome", "output"]),
    ("toolCall", &["id", "toolType", "args"]),
    ("toolResponse", &["id", "toolType", "response"]),
];

/// Takes out of a part what the API does not take; returns what that was.
pub(super) fn prune(part: &mut Json) -> Vec<String> {
    let mut out = Vec::new();
    let mut retain = |value: &mut Json, kind: &str, known: &dyn Fn(&str) -> bool| {
        let Json::Object(fields) = value else { return };
        fields.retain(|(key, value)| {
            let taken = known(key) && !value.is_null();
            if !taken {
                out.push(format!("{kind}.{key}"));
            }
            taken
        });
    };
    retain(part, "part", &|key| DATA.contains(&key) || BESIDE.contains(&key));
    for (kind, known) in INNER {
        if let Some(inner) = part.get_mut(kind) {
            retain(inner, kind, &|key| known.contains(&key));
        }
    }
    out
}
