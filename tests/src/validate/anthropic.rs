//! Anthropic Messages: <https://docs.anthropic.com/en/api/messages> and the guides on tool use,
//! extended thinking and prompt caching.

use std::collections::HashSet;

use serde_json::Value;

use super::{Found, IMAGES, blank, is_base64, judge_tools, list, plain, text};

/// "tools.0.custom.name: String should have at most 128 characters"
const NAME_BYTES_MAX: usize = 128;

pub(super) fn judge(body: &Value, found: &mut Found) {
    for key in body.as_object().into_iter().flat_map(|body| body.keys()) {
        let known = ["tools", "system", "messages"].contains(&key.as_str());
        found.check(known, "field", key);
    }
    // A tool that the provider runs has a dated type.
    let functions = list(body, "tools").iter().filter(|tool| tool.get("type").is_none());
    judge_tools(functions, "input_schema", NAME_BYTES_MAX, found);
    for block in list(body, "system") {
        let said = text(block, "type") == "text" && !blank(text(block, "text"));
        found.check(said, "system", block);
    }
    let messages = list(body, "messages");
    found.check(!messages.is_empty(), "messages", "at least one is required");
    let mut ids = HashSet::new();
    let mut waiting: HashSet<&str> = HashSet::new();
    let mut role = "assistant";
    for (at, message) in messages.iter().enumerate() {
        let speaks = text(message, "role");
        found.check(["user", "assistant"].contains(&speaks), "role", format!("{at} {speaks:?}"));
        if at == 0 {
            found.check(speaks == "user", "first-user", speaks);
        } else {
            found.check(speaks != role, "alternation", format!("{at} {speaks:?} again"));
        }
        role = speaks;
        let blocks = list(message, "content");
        found.check(!blocks.is_empty(), "content", format!("{at} has no blocks"));
        let results_end = blocks.iter().take_while(|b| text(b, "type") == "tool_result").count();
        let mut answered = HashSet::new();
        for (place, block) in blocks.iter().enumerate() {
            let here = format!("messages.{at}.content.{place}");
            if text(block, "type") == "tool_result" {
                let id = text(block, "tool_use_id");
                found.check(place < results_end, "results-first", &here);
                found.check(speaks == "user", "result-role", &here);
                found.check(answered.insert(id), "result-twice", format!("{here} {id}"));
                found.check(waiting.contains(id), "result-without-call", format!("{here} {id}"));
                for inner in list(block, "content") {
                    let kind = text(inner, "type");
                    let known = ["text", "image", "document", "search_result", "tool_reference"];
                    found.check(known.contains(&kind), "result-content", format!("{here} {kind}"));
                    judge_block(inner, &here, found);
                }
            } else {
                judge_block(block, &here, found);
            }
        }
        for id in waiting.difference(&answered) {
            found.add("call-without-result", format!("{id} before messages.{at}"));
        }
        waiting = calls(blocks, speaks, at, &mut ids, found);
        found.check(
            waiting.is_empty() || !list(body, "tools").is_empty(),
            "tools-missing",
            "tools are required where tools were called",
        );
        judge_model_blocks(blocks, speaks, at, found);
    }
    for id in waiting {
        found.add("call-without-result", format!("{id} at the end"));
    }
    if role == "assistant"
        && let Some(last) = messages.last().and_then(|message| list(message, "content").last())
    {
        let said = text(last, "text");
        found.check(said == said.trim_end(), "trailing-space", format!("{said:?}"));
    }
    judge_marks(body, found);
}

fn calls<'a>(
    blocks: &'a [Value],
    speaks: &str,
    at: usize,
    ids: &mut HashSet<&'a str>,
    found: &mut Found,
) -> HashSet<&'a str> {
    let mut called = HashSet::new();
    for block in blocks.iter().filter(|block| text(block, "type") == "tool_use") {
        let (id, name) = (text(block, "id"), text(block, "name"));
        found.check(speaks == "assistant", "call-role", format!("messages.{at} {id}"));
        found.check(plain(id, 64), "call-id", format!("{id:?}"));
        found.check(ids.insert(id), "call-id-unique", format!("{id:?}"));
        found.check(plain(name, NAME_BYTES_MAX), "call-name", format!("{name:?}"));
        let object = block.get("input").is_some_and(Value::is_object);
        found.check(object, "arguments", format!("of {id} are no object"));
        called.insert(id);
    }
    called
}

fn judge_block(block: &Value, here: &str, found: &mut Found) {
    match text(block, "type") {
        "text" => found.check(!blank(text(block, "text")), "blank-text", here),
        kind @ ("image" | "document") => {
            let source = &block["source"];
            let (media_type, data) = (text(source, "media_type"), text(source, "data"));
            let holds = match text(source, "type") {
                "base64" if kind == "image" => IMAGES.contains(&media_type) && is_base64(data),
                "base64" => media_type == "application/pdf" && is_base64(data),
                "text" => kind == "document" && media_type == "text/plain" && !data.is_empty(),
                "url" => !text(source, "url").is_empty(),
                "file" => !text(source, "file_id").is_empty(),
                "content" => kind == "document",
                _ => false,
            };
            found.check(holds, "media", format!("{here} {kind} {media_type}"));
        }
        "" => found.add("block-type", here),
        _ => {}
    }
}

/// What a model's own message must hold to.
fn judge_model_blocks(blocks: &[Value], speaks: &str, at: usize, found: &mut Found) {
    let mut open = HashSet::new();
    for block in blocks {
        let kind = text(block, "type");
        match kind {
            "thinking" | "redacted_thinking" => {
                let here = format!("messages.{at}");
                found.check(speaks == "assistant", "thinking-role", &here);
                let signed = match kind {
                    "thinking" => {
                        !text(block, "signature").is_empty() && block["thinking"].is_string()
                    }
                    _ => !text(block, "data").is_empty(),
                };
                found.check(signed, "thinking-signature", &here);
            }
            "server_tool_use" | "mcp_tool_use" => {
                let fresh = open.insert(text(block, "id"));
                found.check(speaks == "assistant" && fresh, "server-tool", format!("{at} use"));
            }
            kind if kind.ends_with("_tool_result") => {
                let used = open.remove(text(block, "tool_use_id"));
                found.check(used, "server-tool", format!("{at} result without use"));
            }
            "image" | "document" => {
                found.check(speaks == "user", "media-role", format!("messages.{at}"));
            }
            _ => {}
        }
    }
    found.check(open.is_empty(), "server-tool", format!("{at} use without result"));
    let last = blocks.last().map_or("", |block| text(block, "type"));
    found.check(!last.contains("thinking"), "thinking-last", format!("messages.{at}"));
}

fn judge_marks(body: &Value, found: &mut Found) {
    let tools = list(body, "tools").iter();
    let messages = list(body, "messages").iter().flat_map(|message| list(message, "content"));
    let blocks: Vec<_> = tools.chain(list(body, "system")).chain(messages).collect();
    let marked: Vec<_> =
        blocks.iter().filter(|block| block.get("cache_control").is_some()).collect();
    found.check(marked.len() <= 4, "cache-points", format!("{} are set", marked.len()));
    for block in marked {
        let thinking = text(block, "type").contains("thinking");
        found.check(!thinking, "cache-thinking", "thinking takes no cache_control");
        found.check(block["cache_control"]["type"] == "ephemeral", "cache-kind", block);
    }
}
