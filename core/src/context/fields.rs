//! The fields that an API takes of each kind of block, and what is taken out of a block that came with
//! others: responses and recordings hold more than a request may.
//!
//! Sources: the request types of the APIs' references and of the providers' own clients. A kind that
//! stands in no table is newer than it, and passes as it is.

use super::dialect::Dialect;
use super::gemini_part;
use crate::json::Json;

/// A kind and its fields beside `type`; `?` stands behind those that may be null.
type Table = &'static [(&'static str, &'static str)];

const ANTHROPIC: Table = &[
    ("advisor_redacted_result", "encrypted_content stop_reason?"),
    ("advisor_result", "text stop_reason?"),
    ("advisor_tool_result", "content tool_use_id cache_control?"),
    ("base64", "data media_type"),
    ("bash_code_execution_output", "file_id"),
    ("bash_code_execution_result", "content return_code stderr stdout"),
    ("bash_code_execution_tool_result", "content tool_use_id cache_control?"),
    ("browser_state", "tabs cache_control? state_changes?"),
    ("char_location", "cited_text document_index document_title? end_char_index start_char_index"),
    ("code_execution_output", "file_id"),
    ("code_execution_result", "content return_code stderr stdout"),
    ("code_execution_tool_result", "content tool_use_id cache_control?"),
    ("compaction", "cache_control? content? encrypted_content? signature? tool_changes?"),
    ("container_upload", "file_id cache_control?"),
    (
        "content_block_location",
        "cited_text document_index document_title? end_block_index start_block_index",
    ),
    ("document", "source cache_control? citations? context? title?"),
    ("encrypted_code_execution_result", "content encrypted_stdout return_code stderr"),
    ("ephemeral", "ttl"),
    ("image", "source cache_control? transformations?"),
    ("mcp_tool_result", "tool_use_id cache_control? content is_error"),
    ("mcp_tool_use", "id input name server_name cache_control?"),
    (
        "page_location",
        "cited_text document_index document_title? end_page_number start_page_number",
    ),
    ("redacted_thinking", "data"),
    ("search_result", "content source title cache_control? citations"),
    (
        "search_result_location",
        "cited_text end_block_index search_result_index source start_block_index title?",
    ),
    ("server_tool_use", "id input name cache_control? caller"),
    // A block, and the source of a document.
    ("text", "text cache_control? citations? data media_type"),
    ("text_editor_code_execution_create_result", "is_file_update"),
    (
        "text_editor_code_execution_str_replace_result",
        "lines? new_lines? new_start? old_lines? old_start?",
    ),
    ("text_editor_code_execution_tool_result", "content tool_use_id cache_control?"),
    (
        "text_editor_code_execution_view_result",
        "content file_type num_lines? start_line? total_lines?",
    ),
    ("thinking", "signature thinking"),
    ("tool_reference", "tool_name cache_control?"),
    ("tool_result", "tool_use_id cache_control? content is_error toolset_name?"),
    ("tool_search_tool_result", "content tool_use_id cache_control?"),
    ("tool_search_tool_search_result", "tool_references"),
    ("tool_use", "id input name cache_control? caller toolset_name?"),
    ("web_fetch_result", "content url retrieved_at?"),
    ("web_fetch_tool_result", "content tool_use_id cache_control? caller"),
    ("web_search_result", "encrypted_content title url page_age?"),
    ("web_search_result_location", "cited_text encrypted_index title? url"),
    ("web_search_tool_result", "content tool_use_id cache_control? caller"),
];

const CHAT: Table = &[
    ("audio", "audio"),
    ("file", "file prompt_cache_breakpoint"),
    ("image_url", "image_url prompt_cache_breakpoint"),
    ("input_audio", "input_audio prompt_cache_breakpoint"),
    ("refusal", "refusal"),
    ("text", "text prompt_cache_breakpoint"),
];

/// What the objects hold that Chat's parts have under the name of their type.
const CHAT_INNER: Table = &[
    ("audio", "id"),
    ("file", "file_data file_id filename"),
    ("image_url", "url detail"),
    ("input_audio", "data format"),
];

const RESPONSES: Table = &[
    ("apply_patch_call", "call_id operation status id? caller?"),
    ("apply_patch_call_output", "call_id status id? caller? output?"),
    ("code_interpreter_call", "id code? container_id outputs? status"),
    ("compaction", "encrypted_content id?"),
    ("computer_call", "id call_id pending_safety_checks status action actions"),
    ("computer_call_output", "call_id output id? acknowledged_safety_checks? status?"),
    ("computer_screenshot", "file_id image_url"),
    ("container_file_citation", "container_id end_index file_id filename start_index"),
    ("custom_tool_call", "async call_id input name id caller? namespace"),
    ("custom_tool_call_output", "call_id output id caller?"),
    ("file_citation", "file_id filename index"),
    ("file_path", "file_id index"),
    ("file_search_call", "id queries status results?"),
    ("find_in_page", "pattern url"),
    ("function_call", "async arguments call_id name id caller? namespace status"),
    ("function_call_output", "output id? call_id? caller? name? namespace? status?"),
    (
        "image_generation_call",
        "id result? status action? background? error output_format? quality? revised_prompt? size? \
         svg_usage",
    ),
    ("input_file", "detail file_data? file_id? file_url? filename? prompt_cache_breakpoint?"),
    ("input_image", "detail file_id? image_url? prompt_cache_breakpoint?"),
    ("input_text", "text prompt_cache_breakpoint?"),
    ("item_reference", "id"),
    ("local_shell_call", "id action call_id status"),
    ("local_shell_call_output", "id output status? call_id"),
    ("logs", "logs"),
    ("mcp_approval_request", "id arguments name server_label"),
    ("mcp_approval_response", "approval_request_id approve id? reason?"),
    ("mcp_call", "id arguments name server_label approval_request_id? error? output? status"),
    ("mcp_list_tools", "id server_label tools error?"),
    // `parts` is ours: how many of the parts behind it are the message's.
    ("message", "content role phase? status id parts"),
    ("open_page", "url?"),
    ("output_text", "annotations text logprobs"),
    // The types have `status` and `content` too; the API answers "Unknown parameter: 'input[1].status'",
    // and takes no content that holds something.
    ("reasoning", "id summary encrypted_content?"),
    ("reasoning_text", "text"),
    ("refusal", "refusal"),
    ("shell_call", "action call_id id? caller? environment? status?"),
    ("shell_call_output", "call_id output id? caller? max_output_length? status?"),
    ("summary_text", "text"),
    ("tool_search_call", "arguments id? call_id? execution status?"),
    ("tool_search_output", "tools id? call_id? execution status?"),
    ("url_citation", "end_index start_index title url"),
    ("web_search_call", "id action status"),
];

/// What models and tools fill as they like: nothing in there is a block.
const FREE: [&str; 7] = ["input", "arguments", "args", "tools", "attributes", "operation", "error"];

/// Takes out of a block what its API does not take; returns what that was, each as `KIND.FIELD`.
pub(super) fn prune(dialect: Dialect, block: &mut Json) -> Vec<String> {
    let mut out = Vec::new();
    if dialect == Dialect::Gemini {
        return gemini_part::prune(block);
    }
    let table = match dialect {
        Dialect::Anthropic => ANTHROPIC,
        Dialect::OpenAiChat => CHAT,
        Dialect::OpenAiResponses | Dialect::Gemini => RESPONSES,
    };
    prune_typed(table, block, &mut out);
    if dialect == Dialect::OpenAiChat {
        let kind = kind_of(block).to_owned();
        if let (Some(fields), Some(inner)) = (fields_of(CHAT_INNER, &kind), block.get_mut(&kind)) {
            retain(inner, &kind, fields, &mut out);
        }
    }
    out
}

/// Looks at a block, and at the blocks in it. JSON nests no deeper than its parser's limit.
fn prune_typed(table: Table, value: &mut Json, out: &mut Vec<String>) {
    match value {
        Json::Array(items) => items.iter_mut().for_each(|item| prune_typed(table, item, out)),
        Json::Object(_) => {
            let kind = kind_of(value).to_owned();
            let Some(fields) = fields_of(table, &kind) else { return };
            retain(value, &kind, fields, out);
            let Json::Object(fields) = value else { return };
            for (key, inner) in fields {
                if !FREE.contains(&key.as_str()) {
                    prune_typed(table, inner, out);
                }
            }
        }
        _ => {}
    }
}

fn retain(value: &mut Json, kind: &str, known: &str, out: &mut Vec<String>) {
    let Json::Object(fields) = value else { return };
    fields.retain(|(key, value)| {
        let mut names = known.split(' ');
        let taken = key == "type"
            || names.any(|name| match name.strip_suffix('?') {
                Some(name) => name == key,
                None => name == key && !value.is_null(),
            });
        if !taken {
            out.push(format!("{kind}.{key}"));
        }
        taken
    });
}

fn fields_of(table: Table, kind: &str) -> Option<&'static str> {
    table.iter().find(|(name, _)| *name == kind).map(|(_, fields)| *fields)
}

fn kind_of(block: &Json) -> &str {
    block.get("type").and_then(Json::as_str).unwrap_or("")
}

/// What a part is to the fields that stand before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Text,
    Call,
    Result,
    Media,
    Thinking,
}

/// Returns the fields that an API has for a part and memories have no place for; they are kept in an
/// opaque block of the API's, an object without a type, right before the part.
pub(crate) fn beside(dialect: Dialect, target: Target) -> &'static [&'static str] {
    match (dialect, target) {
        (Dialect::Anthropic, Target::Text) => &["citations"],
        (Dialect::Anthropic, Target::Call) => &["caller", "toolset_name"],
        (Dialect::Anthropic, Target::Result) => &["toolset_name"],
        (Dialect::OpenAiChat, Target::Call) => &["custom"],
        (Dialect::OpenAiResponses, Target::Text) => &["annotations", "logprobs"],
        (Dialect::OpenAiResponses, Target::Call) => &["namespace", "caller", "async"],
        (Dialect::OpenAiResponses, Target::Result) => &["name", "namespace", "caller"],
        (Dialect::OpenAiChat | Dialect::OpenAiResponses, Target::Media) => &["detail", "filename"],
        (Dialect::Gemini, Target::Result) => &["response", "parts", "willContinue", "scheduling"],
        (Dialect::Gemini, Target::Text | Target::Call) => &["thoughtSignature", "partMetadata"],
        (Dialect::Gemini, Target::Thinking) => &["thought", "thoughtSignature", "partMetadata"],
        (Dialect::Gemini, Target::Media) => &[
            "thoughtSignature",
            "thought",
            "partMetadata",
            "videoMetadata",
            "mediaResolution",
            "mediaProcessing",
        ],
        _ => &[],
    }
}

/// Those among them that stand in a model's turn alone.
pub(super) const OF_MODELS: [&str; 5] =
    ["thoughtSignature", "thought", "citations", "annotations", "logprobs"];

/// Tells whether a block is fields of the part behind it.
pub(super) fn is_beside(block: &Json) -> bool {
    block.as_object().is_some_and(|fields| !fields.is_empty())
        && block.get("type").is_none()
        && (!gemini_part::DATA.iter().any(|key| block.get(key).is_some()))
}

/// Sets the fields that stood before a block.
pub(super) fn add(block: &mut Json, fields: Option<Json>) {
    let Some(Json::Object(fields)) = fields else { return };
    for (key, value) in fields {
        block.set(&key, value);
    }
}
