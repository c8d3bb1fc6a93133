//! Contexts are valid by construction: whatever memories hold, an independent judge finds no rule of
//! an API broken. And the judge can find each.

use partita::context::{
    ContextDiff, Dialect, Item, Piece, Prompt, PromptMemory, RenderOptions, Tool, ViewedFile,
    exchanges,
};
use partita::{Body, Json, Memory, MemoryKind, Part};
use partita_tests::hostile::{any_id, any_prompt, any_text, call};
use partita_tests::validate::violations;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

const CASES: u32 = 4_000;

fn body(prompt: &Prompt, dialect: Dialect) -> Value {
    serde_json::from_str(&prompt.render(dialect).body.to_string()).unwrap()
}

fn assert_valid(prompt: &Prompt) {
    for dialect in Dialect::ALL {
        let body = body(prompt, dialect);
        let found = violations(dialect.name(), &body);
        assert!(found.is_empty(), "{dialect:?}: {found:#?}\n{body:#}");
    }
}

#[test]
fn whatever_memories_hold_no_rule_of_an_api_is_broken() {
    proptest!(ProptestConfig::with_cases(CASES), |(prompt in any_prompt())| {
        assert_valid(&prompt);
    });
}

#[test]
fn taking_out_any_memories_breaks_no_rule_and_exchanges_no_pair() {
    let masks = vec(any::<bool>(), 16);
    let config = ProptestConfig::with_cases(CASES);
    proptest!(config, |(prompt in any_prompt(), by_one in masks.clone(), by_exchange in masks)| {
        let mut some = prompt.clone();
        let mut keep = by_one.iter().cycle();
        some.memories.retain(|_| *keep.next().unwrap());
        assert_valid(&some);

        let ranges = exchanges(prompt.memories.iter().map(|entry| &entry.memory));
        let mut whole = prompt.clone();
        let kept = ranges.iter().zip(by_exchange.iter().cycle()).filter(|(_, keep)| **keep);
        whole.memories = kept
            .flat_map(|(range, _)| prompt.memories[range.clone()].iter().cloned())
            .collect::<Vec<PromptMemory>>();
        assert_valid(&whole);
        let torn = |prompt: &Prompt| {
            let mends = prompt.render(Dialect::OpenAiChat).mends.into_iter();
            let torn = mends.filter(|mend| {
                mend.what.contains("interrupted") || mend.what.contains("no such call")
            });
            torn.map(|mend| mend.memory).collect::<Vec<_>>()
        };
        let stays: Vec<u64> = whole.memories.iter().map(|entry| entry.number).collect();
        let mut before = torn(&prompt);
        before.retain(|number| stays.contains(number));
        prop_assert_eq!(torn(&whole), before, "an exchange that was taken out tore another");
    });
}

#[test]
fn signed_thinking_is_sent_unmodified_and_in_order() {
    proptest!(ProptestConfig::with_cases(500), |(prompt in any_prompt())| {
        let pair = |text: &str, signature: &str| format!("{text}/{signature}");
        let mut held = prompt.memories.iter().flat_map(|entry| &entry.memory.parts).filter_map(|part| {
            let text = |body: &Body| String::from_utf8(body.as_inline()?.to_vec()).ok();
            match part {
                Part::Thinking { text: thought, signature } => {
                    Some(pair(&text(thought)?, &text(signature)?))
                }
                Part::Opaque { content, .. } => {
                    let block: Value = serde_json::from_str(&text(content)?).ok()?;
                    Some(pair(block["thinking"].as_str()?, block["signature"].as_str()?))
                }
                _ => None,
            }
        });
        let sound = prompt.memories.iter().filter(|entry| {
            matches!(&entry.memory.parts[..], [Part::Thinking { text, signature }, Part::Text(said), ..]
                if text.as_inline() == Some(b"hm") && signature.as_inline() == Some(b"sig")
                    && said.as_inline() == Some(b"I look."))
        });
        let (sound, mut sent_whole) = (sound.count(), 0);
        let body = body(&prompt, Dialect::Anthropic);
        let messages = body["messages"].as_array().unwrap().iter();
        for block in messages.flat_map(|message| message["content"].as_array().unwrap()) {
            if block["type"] == "thinking" {
                let sent = pair(
                    block["thinking"].as_str().unwrap(),
                    block["signature"].as_str().unwrap(),
                );
                prop_assert!(held.any(|held| held == sent), "{sent} is not where it was");
                sent_whole += usize::from(sent == "hm/sig");
            }
        }
        prop_assert!(sent_whole >= sound, "{sent_whole} of {sound} thoughts were sent");
    });
}

/// A step of a dialog in which every call has its results.
fn whole_step() -> impl Strategy<Value = Vec<Memory>> {
    prop_oneof![
        any_text().prop_map(|text| vec![Memory::user(text)]),
        any_text().prop_map(|text| vec![Memory::assistant(text)]),
        any_text().prop_map(|text| vec![Memory::user(text).with_kind(MemoryKind::Summary)]),
        (vec(any_id(), 1..3), any_text()).prop_map(|(ids, text)| {
            let mut turn = Memory::assistant("I look.");
            turn.parts.extend(ids.iter().map(|id| call(id)));
            let results = ids.iter().map(|id| Memory::tool(id.as_str(), &text));
            std::iter::once(turn).chain(results).collect()
        }),
    ]
}

#[test]
fn what_is_appended_leaves_every_byte_before_it_as_it_was() {
    let options = RenderOptions::default().with_cache_points(false);
    let config = ProptestConfig::with_cases(1_000);
    proptest!(config, |(steps in vec(whole_step(), 1..8), files in vec(any::<bool>(), 8))| {
        let schema = Json::parse(r#"{"type":"object"}"#).unwrap();
        let mut prompt = Prompt::new("Be brief.").with_tools([Tool::new("run", "Runs.", schema)])
            .with_memory(Memory::user("Begin."));
        for (step, file) in steps.into_iter().zip(files) {
            let before = prompt.clone();
            prompt = step.into_iter().fold(prompt, Prompt::with_memory);
            if file {
                let newest = prompt.memories.last().unwrap().number;
                prompt = prompt.with_file(ViewedFile::new("a", newest, "x").with_after(newest));
            }
            for dialect in Dialect::ALL {
                let old = before.render_with(dialect, &options).body.to_string();
                let new = prompt.render_with(dialect, &options).body.to_string();
                // All but the brackets at the end.
                let stable = old.trim_end_matches([']', '}']);
                prop_assert!(new.starts_with(stable), "{dialect:?}\n{old}\n{new}");
                let shared = before.shared_bytes(&prompt, dialect);
                prop_assert!(shared >= stable.len() && new[..shared] == old[..shared]);
            }
            let diff = ContextDiff::between(&before, &prompt);
            prop_assert!(diff.removed.is_empty() && diff.changed.is_empty());
        }
    });
}

/// A toy tokenizer: enough to tell any two ways to cut texts apart.
fn toy(text: &str) -> u64 {
    1 + text.len() as u64
}

/// OpenAI's published rule for messages, over a rendered body, with calls as plain texts.
fn count_of_body(body: &Value) -> u64 {
    let mut total = 3;
    for message in body["messages"].as_array().unwrap() {
        total += 3 + toy(message["role"].as_str().unwrap());
        match &message["content"] {
            Value::String(text) => total += toy(text),
            Value::Array(parts) => {
                for part in parts {
                    total += match part["type"].as_str().unwrap() {
                        "text" => toy(part["text"].as_str().unwrap()),
                        "refusal" => toy(&part.to_string()),
                        _ => 0,
                    };
                }
            }
            _ => {}
        }
        total += message["tool_call_id"].as_str().map_or(0, toy);
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            total += toy(call["id"].as_str().unwrap());
            total += toy(call["function"]["name"].as_str().unwrap());
            total += toy(call["function"]["arguments"].as_str().unwrap());
        }
    }
    for tool in body["tools"].as_array().into_iter().flatten() {
        let function = &tool["function"];
        let description = function["description"].as_str().unwrap_or("");
        total += toy(&format!("{}:{description}", function["name"].as_str().unwrap()));
    }
    total
}

fn count_of_item(item: &Item) -> u64 {
    let pieces = item.pieces.iter().map(|piece| match piece {
        Piece::Message { role, texts, .. } => {
            3 + toy(role) + texts.iter().map(|text| toy(text)).sum::<u64>()
        }
        Piece::Tool { name, description, .. } => toy(&format!("{name}:{}", description.trim())),
        _ => 0,
    });
    pieces.sum()
}

#[test]
fn the_items_of_a_prompt_add_up_to_the_count_of_its_chat_request() {
    proptest!(ProptestConfig::with_cases(1_000), |(prompt in any_prompt())| {
        let opaque = |part: &Part| matches!(part, Part::Opaque { .. });
        prop_assume!(!prompt.memories.iter().any(|it| it.memory.parts.iter().any(opaque)));
        let items: u64 = prompt.items().iter().map(count_of_item).sum();
        prop_assert_eq!(3 + items, count_of_body(&body(&prompt, Dialect::OpenAiChat)));
    });
}

#[test]
fn a_hundred_thousand_hostile_parts_render_in_one_pass() {
    let ids = (0..50_000).map(|at| if at % 2 == 0 { "a".to_owned() } else { format!("id {at}") });
    let memories = ids.flat_map(|id| {
        let turn = Memory { parts: vec![call(&id)], ..Memory::assistant("") };
        [turn, Memory::tool(id, "x")]
    });
    let prompt = memories.fold(Prompt::default(), Prompt::with_memory);
    assert_valid(&prompt);
    let late =
        (0..1_000).map(|at| Memory { parts: vec![call(&at.to_string())], ..Memory::assistant("") });
    let results = (0..1_000).rev().map(|at| Memory::tool(at.to_string(), "x"));
    assert_valid(&late.chain(results).fold(Prompt::default(), Prompt::with_memory));
}

fn valid_body(dialect: &str) -> Value {
    let schema = json!({"type": "object", "properties": {}});
    match dialect {
        "anthropic" => json!({
            "tools": [{"name": "run", "input_schema": schema}],
            "system": [{"type": "text", "text": "Be brief."}],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Go."}]},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "sig"},
                    {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}},
                    {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []},
                    {"type": "tool_use", "id": "a", "name": "run", "input": {}},
                    {"type": "tool_use", "id": "b", "name": "run", "input": {}}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "a", "content": [
                        {"type": "text", "text": "x"}]},
                    {"type": "tool_result", "tool_use_id": "b", "content": [
                        {"type": "image", "source": {"type": "base64", "media_type": "image/png",
                            "data": "cG5n"}}]},
                    {"type": "text", "text": "And?"}]},
                {"role": "assistant", "content": [{"type": "text", "text": "Done."}]}]
        }),
        "openai-chat" => json!({
            "tools": [{"type": "function", "function": {"name": "run", "parameters": schema}}],
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "Go."},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}}]},
                {"role": "assistant", "content": null, "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "run", "arguments": "{}"}},
                    {"id": "b", "type": "function", "function": {"name": "run", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "a", "content": "x"},
                {"role": "tool", "tool_call_id": "b", "content": "y"},
                {"role": "assistant", "content": "Done."}]
        }),
        "gemini" => json!({
            "tools": [{"functionDeclarations": [{"name": "run", "parametersJsonSchema": schema}]}],
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "contents": [
                {"role": "user", "parts": [{"text": "Go."},
                    {"inlineData": {"mimeType": "image/png", "data": "cG5n"}}]},
                {"role": "model", "parts": [
                    {"text": "hm", "thought": true},
                    {"functionCall": {"id": "a", "name": "run", "args": {}}, "thoughtSignature": "c2ln"},
                    {"functionCall": {"id": "b", "name": "run", "args": {}}}]},
                {"role": "user", "parts": [
                    {"functionResponse": {"id": "a", "name": "run", "response": {"output": "x"}}},
                    {"functionResponse": {"id": "b", "name": "run", "response": {"output": "y"}}},
                    {"text": "And?"}]},
                {"role": "model", "parts": [{"text": "Done."}]}]
        }),
        _ => json!({
            "tools": [{"type": "function", "name": "run", "parameters": schema}],
            "instructions": "Be brief.",
            "input": [
                {"type": "message", "role": "user", "content": [
                    {"type": "input_text", "text": "Go."},
                    {"type": "input_image", "detail": "auto",
                        "image_url": "data:image/png;base64,cG5n"}]},
                {"type": "reasoning", "id": "r", "summary": [], "encrypted_content": "x"},
                {"type": "function_call", "call_id": "a", "name": "run", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "a", "output": "x"},
                {"type": "message", "role": "assistant", "content": "Done."}]
        }),
    }
}

/// Each rule, and what breaks it: a place in the valid body and what to put there. A null takes out
/// an item of a list; a place with `+` at its end puts an item in there.
#[test]
fn the_judge_finds_each_broken_rule() {
    let text = || json!({"type": "text", "text": "t"});
    let call = |id: &str| json!({"type": "tool_use", "id": id, "name": "run", "input": {}});
    let user = || json!({"role": "user", "content": [{"type": "text", "text": "t"}]});
    let chat = |role: &str, content: Value| json!({"role": role, "content": content});
    let marked = json!({"type": "text", "text": "t", "cache_control": {"type": "ephemeral"}});
    let broken: Vec<(&str, &str, &str, Value)> = vec![
        ("anthropic", "field", "/model", json!("m")),
        ("anthropic", "tool-name", "/tools/0/name", json!("a.b")),
        ("anthropic", "tool-name", "/tools/0/name", json!("n".repeat(129))),
        (
            "anthropic",
            "tool-unique",
            "/tools/0+",
            json!({"name": "run", "input_schema": {"type": "object"}}),
        ),
        ("anthropic", "tool-schema", "/tools/0/input_schema", json!({})),
        ("anthropic", "tool-description", "/tools/0/description", json!("")),
        ("anthropic", "tools-missing", "/tools", json!([])),
        ("anthropic", "system", "/system/0/text", json!(" ")),
        ("anthropic", "messages", "/messages", json!([])),
        ("anthropic", "role", "/messages/0/role", json!("system")),
        ("anthropic", "first-user", "/messages/0", Value::Null),
        ("anthropic", "alternation", "/messages/0+", user()),
        ("anthropic", "content", "/messages/0/content", json!([])),
        ("anthropic", "blank-text", "/messages/0/content/0/text", json!(" \n")),
        ("anthropic", "block-type", "/messages/0/content/0/type", json!("")),
        ("anthropic", "results-first", "/messages/2/content/0+", text()),
        ("anthropic", "result-twice", "/messages/2/content/1/tool_use_id", json!("a")),
        ("anthropic", "result-without-call", "/messages/2/content/1/tool_use_id", json!("z")),
        ("anthropic", "call-without-result", "/messages/2/content/1", Value::Null),
        ("anthropic", "call-without-result", "/messages/3/content/0", call("z")),
        ("anthropic", "result-role", "/messages/2/role", json!("assistant")),
        ("anthropic", "result-content", "/messages/2/content/0/content/0", call("z")),
        ("anthropic", "call-role", "/messages/1/role", json!("user")),
        ("anthropic", "call-id", "/messages/1/content/3/id", json!("a b")),
        ("anthropic", "call-id-unique", "/messages/1/content/4/id", json!("a")),
        ("anthropic", "call-name", "/messages/1/content/3/name", json!("a.b")),
        ("anthropic", "arguments", "/messages/1/content/3/input", json!("{}")),
        ("anthropic", "media", "/messages/2/content/1/content/0/source/data", json!("*")),
        ("anthropic", "media", "/messages/2/content/1/content/0/source/media_type", json!("x")),
        ("anthropic", "media-role", "/messages/3/content/0/type", json!("image")),
        ("anthropic", "thinking-signature", "/messages/1/content/0/signature", json!("")),
        ("anthropic", "thinking-signature", "/messages/1/content/0/thinking", Value::Null),
        (
            "anthropic",
            "thinking-signature",
            "/messages/1/content/0",
            json!({"type": "redacted_thinking", "data": ""}),
        ),
        ("anthropic", "thinking-role", "/messages/0/content/0/type", json!("thinking")),
        ("anthropic", "thinking-last", "/messages/3/content/0/type", json!("thinking")),
        ("anthropic", "server-tool", "/messages/1/content/2", Value::Null),
        ("anthropic", "server-tool", "/messages/1/content/1", Value::Null),
        ("anthropic", "trailing-space", "/messages/3/content/0/text", json!("Done. ")),
        (
            "anthropic",
            "cache-points",
            "/messages/0/content",
            json!([marked, marked, marked, marked, marked]),
        ),
        ("anthropic", "cache-thinking", "/messages/1/content/0/cache_control", json!({})),
        ("anthropic", "cache-kind", "/system/0/cache_control", json!({"type": "for ever"})),
        ("openai-chat", "field", "/system", json!("s")),
        ("openai-chat", "tool-type", "/tools/0/type", json!("x")),
        ("openai-chat", "tools-empty", "/tools", json!([])),
        ("openai-chat", "tools-missing", "/tools", json!([])),
        ("openai-chat", "tool-name", "/tools/0/function/name", json!("")),
        ("openai-chat", "tool-schema", "/tools/0/function/parameters", json!([])),
        ("openai-chat", "nobody-speaks", "/messages", json!([chat("system", json!("s"))])),
        ("openai-chat", "name", "/messages/1/name", json!("ann b")),
        ("openai-chat", "role", "/messages/1/role", json!("function")),
        ("openai-chat", "content", "/messages/0/content", json!("")),
        ("openai-chat", "content", "/messages/1/content/1/image_url/url", json!("data:x")),
        ("openai-chat", "content", "/messages/5/content", Value::Null),
        ("openai-chat", "content", "/messages/3/content", json!([{"type": "image_url"}])),
        ("openai-chat", "result-without-call", "/messages/3/tool_call_id", json!("z")),
        ("openai-chat", "result-without-call", "/messages/4/tool_call_id", json!("a")),
        ("openai-chat", "call-without-result", "/messages/4", Value::Null),
        ("openai-chat", "call-without-result", "/messages/3+", chat("user", json!("Wait."))),
        ("openai-chat", "call-role", "/messages/2/role", json!("user")),
        ("openai-chat", "call-type", "/messages/2/tool_calls/0/type", json!("x")),
        ("openai-chat", "call-id", "/messages/2/tool_calls/0/id", json!("i".repeat(41))),
        ("openai-chat", "call-id-unique", "/messages/2/tool_calls/1/id", json!("a")),
        ("openai-chat", "call-name", "/messages/2/tool_calls/0/function/name", json!("a b")),
        ("openai-chat", "arguments", "/messages/2/tool_calls/0/function/arguments", json!({})),
        ("openai-chat", "arguments", "/messages/2/tool_calls/0/function/arguments", json!("ls")),
        ("openai-responses", "field", "/messages", json!([])),
        ("openai-responses", "instructions", "/instructions", json!("")),
        ("openai-responses", "tool-type", "/tools/0/type", json!("x")),
        ("openai-responses", "tool-name", "/tools/0/name", json!("a.b")),
        ("openai-responses", "tool-schema", "/tools/0/parameters", json!({"type": "string"})),
        (
            "openai-responses",
            "tool-unique",
            "/tools/0+",
            json!({"type": "function", "name": "run", "parameters": {"type": "object"}}),
        ),
        ("openai-responses", "tool-description", "/tools/0/description", json!(" ")),
        ("openai-responses", "tools-missing", "/tools", json!([])),
        ("openai-responses", "input", "/input", json!([])),
        (
            "openai-responses",
            "nobody-speaks",
            "/input",
            json!([{"type": "message", "role": "developer", "content": "s"}]),
        ),
        ("openai-responses", "role", "/input/0/role", json!("tool")),
        ("openai-responses", "content", "/input/0/content/0/text", json!("")),
        ("openai-responses", "content", "/input/0/content/1/detail", json!("x")),
        ("openai-responses", "reasoning-encrypted", "/input/1/encrypted_content", json!("")),
        ("openai-responses", "reasoning-followed", "/input/2", Value::Null),
        (
            "openai-responses",
            "item-id-unique",
            "/input/1+",
            json!({"type": "reasoning", "id": "r", "summary": [], "encrypted_content": "y"}),
        ),
        ("openai-responses", "result-without-call", "/input/2", Value::Null),
        ("openai-responses", "call-without-result", "/input/3", Value::Null),
        (
            "openai-responses",
            "result-twice",
            "/input/3+",
            json!({"type": "function_call_output", "call_id": "a", "output": "x"}),
        ),
        ("openai-responses", "call-id", "/input/2/call_id", json!("i".repeat(65))),
        (
            "openai-responses",
            "call-id-unique",
            "/input/2+",
            json!({"type": "function_call", "call_id": "a", "name": "run", "arguments": "{}"}),
        ),
        ("openai-responses", "call-name", "/input/2/name", json!("a b")),
        ("openai-responses", "arguments", "/input/2/arguments", json!("[]")),
        ("openai-responses", "output", "/input/3/output", json!("")),
        ("openai-responses", "item-type", "/input/4/type", json!("")),
        ("gemini", "field", "/messages", json!([])),
        ("gemini", "tools-empty", "/tools", json!([])),
        ("gemini", "tool-name", "/tools/0/functionDeclarations/0/name", json!("9 lives")),
        ("gemini", "tool-name", "/tools/0/functionDeclarations/0/name", json!("n".repeat(64))),
        (
            "gemini",
            "tool-schema",
            "/tools/0/functionDeclarations/0/parametersJsonSchema",
            json!({}),
        ),
        ("gemini", "tool-description", "/tools/0/functionDeclarations/0/description", json!(" ")),
        (
            "gemini",
            "tool-unique",
            "/tools/0/functionDeclarations/0+",
            json!({"name": "run", "parametersJsonSchema": {"type": "object"}}),
        ),
        ("gemini", "system", "/systemInstruction/parts/0/text", json!(" ")),
        ("gemini", "contents", "/contents", json!([])),
        ("gemini", "role", "/contents/0/role", json!("assistant")),
        ("gemini", "first-user", "/contents/0", Value::Null),
        (
            "gemini",
            "alternation",
            "/contents/0+",
            json!({"role": "user", "parts": [{"text": "t"}]}),
        ),
        ("gemini", "parts", "/contents/0/parts", json!([])),
        ("gemini", "part", "/contents/0/parts/0/fileData", json!({"fileUri": "x"})),
        ("gemini", "blank-text", "/contents/0/parts/0/text", json!(" ")),
        ("gemini", "media", "/contents/0/parts/1/inlineData/data", json!("*")),
        ("gemini", "responses-first", "/contents/2/parts/0+", json!({"text": "t"})),
        ("gemini", "responses-pair", "/contents/2/parts/0", Value::Null),
        ("gemini", "responses-pair", "/contents/2/parts/1/functionResponse/id", json!("z")),
        ("gemini", "responses-pair", "/contents/1/parts/2", Value::Null),
        ("gemini", "call-role", "/contents/1/role", json!("user")),
        ("gemini", "call-name", "/contents/1/parts/1/functionCall/name", json!("a b")),
        ("gemini", "call-id-unique", "/contents/1/parts/2/functionCall/id", json!("a")),
        ("gemini", "arguments", "/contents/1/parts/1/functionCall/args", json!("{}")),
        (
            "gemini",
            "call-without-response",
            "/contents/3/parts/0",
            json!({"functionCall": {"name": "run", "args": {}}}),
        ),
        ("gemini", "response-role", "/contents/2/role", json!("model")),
        ("gemini", "response", "/contents/2/parts/0/functionResponse/response", json!("x")),
        (
            "gemini",
            "code-role",
            "/contents/0/parts/0",
            json!({"executableCode": {"language": "PYTHON", "code": "1"}}),
        ),
        ("gemini", "thought-role", "/contents/0/parts/0/thought", json!(true)),
        ("gemini", "thought-place", "/contents/2/parts/0/thoughtSignature", json!("c2ln")),
        ("gemini", "thought-signature", "/contents/1/parts/1/thoughtSignature", json!("")),
    ];
    for dialect in ["anthropic", "openai-chat", "openai-responses", "gemini"] {
        assert_eq!(violations(dialect, &valid_body(dialect)), Vec::<String>::new());
    }
    for (dialect, rule, place, value) in broken {
        let mut body = valid_body(dialect);
        put(&mut body, place, value);
        let found = violations(dialect, &body);
        let named = found.iter().any(|one| one.starts_with(&format!("{rule}: ")));
        assert!(named, "{dialect} {place}: {rule} was not found, but {found:#?}");
    }
    assert!(!violations("nobody", &json!({})).is_empty());
}

fn put(body: &mut Value, place: &str, value: Value) {
    let insert = place.ends_with('+');
    let (parent, last) = place.trim_end_matches('+').rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap() {
        Value::Array(items) => {
            let at: usize = last.parse().unwrap();
            match value {
                value if insert => items.insert(at, value),
                Value::Null => drop(items.remove(at)),
                value => items[at] = value,
            }
        }
        parent => parent[last] = value,
    }
}
