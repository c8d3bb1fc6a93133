use super::*;
use crate::interop::messages;
use crate::json::Json;

const FORMAT: Format = Format::Anthropic;

fn content(blocks: &str) -> Transcript {
    one(&format!("[{{\"role\":\"user\",\"content\":[{blocks}]}}]"), FORMAT)
}

#[test]
fn media_become_bytes_where_that_can_be_undone_and_stay_blocks_elsewhere() {
    let image = |data: &str, more: &str| {
        format!(
            "{{\"type\":\"image\",\"source\":{{\"type\":\"base64\",\"media_type\":\"image/png\",\
             \"data\":\"{data}\"}}{more}}}"
        )
    };
    assert_eq!(tells(&content(&image("Zm9v", ""))), ["user: media(image/png,foo)"]);
    for block in [
        image("Zm9", ""),
        image("Zm9v", ",\"title\":\"t\""),
        r#"{"type":"image","source":{"type":"url","url":"https://x/y.png"}}"#.to_owned(),
        r#"{"type":"redacted_thinking","data":"qq"}"#.to_owned(),
        r#"{"type":"server_tool_use","id":"s","name":"web_search","input":{"q":"x"}}"#.to_owned(),
        r#"{"type":"compaction","content":"c"}"#.to_owned(),
    ] {
        assert_eq!(tells(&content(&block)), [format!("user: opaque(anthropic,{block})")]);
    }
    assert!(mended(&content(&image("Zm9", ""))).contains("message 1: media"));
}

#[test]
fn results_and_words_of_one_message_are_two_memories_with_keys_of_their_own() {
    let transcript = content(
        r#"{"type":"tool_result","tool_use_id":"c1","is_error":true,"content":[
            {"type":"text","text":"no"},{"type":"image","source":{"type":"base64",
            "media_type":"image/png","data":"Zm9v"}}]},
           {"type":"tool_result","tool_use_id":"c2"},
           {"type":"text","text":"go on"}"#,
    );
    assert_eq!(
        tells(&transcript),
        ["tool: result(c1,true,2) + no + media(image/png,foo) + result(c2,false,0)", "user: go on",]
    );
    assert_ne!(transcript.entries[0].key, transcript.entries[1].key);
}

#[test]
fn a_body_gives_instructions_tools_and_what_is_left_out() {
    let body = r#"{"model":"m","max_tokens":9,"system":[{"type":"text","text":"A."},
        {"type":"text","text":"B.","cache_control":{"type":"ephemeral"}}],
        "tools":[{"name":"t","input_schema":{}}],
        "messages":[{"role":"user","content":"hi"},{"id":"msg","type":"message","model":"m",
        "role":"assistant","content":[{"type":"text","text":"ho"}],"stop_reason":"end_turn",
        "usage":{"input_tokens":5,"cache_creation_input_tokens":2}}]}"#;
    let transcript = one(body, FORMAT);
    assert_eq!(transcript.instructions.as_deref(), Some("A.\n\nB."));
    assert_eq!(transcript.tools[0].to_string(), r#"{"name":"t","input_schema":{}}"#);
    assert_eq!(skipped(&transcript, "request field max_tokens"), 1);
    assert_eq!(skipped(&transcript, "system field cache_control"), 1);
    let call = transcript.entries[1].call.as_ref().unwrap();
    assert_eq!((call.response.as_str(), call.stop.as_str()), ("msg", "end_turn"));
    assert_eq!((call.usage.prompt(), call.usage.output), (Some(7), None));
    let found = messages(&Json::parse(body).unwrap()).unwrap();
    assert_eq!((found.memories.len(), found.tools.len()), (2, 1));
}

#[test]
fn messages_are_told_apart_and_one_that_cannot_be_taken_is_an_error() {
    let of = |text: &str| messages(&Json::parse(text).unwrap());
    let anthropic = of(r#"[{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"t",
        "input":{}}]}]"#);
    let openai = of(r#"[{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":
        "function","function":{"name":"t","arguments":"{}"}}]}]"#);
    assert_eq!(anthropic.unwrap().memories[0].parts, openai.unwrap().memories[0].parts);
    assert!(of("[]").unwrap().memories.is_empty());
    for (text, why) in [
        (r#"[{"role":"critic","content":"x"}]"#, "message 1: unknown role \"critic\""),
        (r#"[{"role":"tool","content":"x"}]"#, "without `tool_call_id`"),
        (r#"[{"role":"user","content":5}]"#, "neither text nor a list"),
        (r#"{"a":1}"#, "no messages"),
        (r#""text""#, "no messages"),
        (r#"[{"messages":[{"role":"user","content":""}]},{"messages":[]}]"#, "2 conversations"),
        (r#"{"system":"x","messages":[{"role":"assistant"}]}"#, "message 1: no content"),
    ] {
        let error = of(text).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[cfg(feature = "store")]
#[test]
fn an_entry_links_its_memory_to_the_call_that_made_it() {
    let text = r#"[{"role":"assistant","model":"m","content":"x"}]"#;
    let entry = one(text, FORMAT).entries.remove(0);
    let (memory, call) = entry.into_linked();
    assert_eq!(memory.links, [crate::object::Canonical::to_node(&call.unwrap()).id()]);
}
