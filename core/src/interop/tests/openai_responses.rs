use super::*;
use crate::interop::messages;
use crate::json::Json;

const FORMAT: Format = Format::OpenAiResponses;

const ITEMS: &str = r#"[{"role":"user","content":"Look."},
    {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"qq=="},
    {"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look."}]},
    {"type":"function_call","call_id":"a","name":"ls","arguments":"{ \"p\": 1}"},
    {"type":"function_call","call_id":"b","name":"ls","arguments":"{}"},
    {"type":"function_call_output","call_id":"b","output":"two"},
    {"type":"function_call_output","call_id":"a","output":[{"type":"input_text","text":"one"},
      {"type":"input_image","detail":"auto","image_url":"data:image/png;base64,Zm9v"}]},
    {"type":"web_search_call","id":"ws","status":"completed"},
    {"type":"custom_tool_call","call_id":"c","name":"sh","input":"ls"},
    {"type":"custom_tool_call_output","call_id":"c","output":"x"}]"#;

#[test]
fn what_a_model_does_in_a_row_is_one_memory_and_each_output_its_own() {
    let transcript = one(ITEMS, FORMAT);
    assert_eq!(
        tells(&transcript),
        [
            "user: Look.",
            "assistant: opaque(openai-responses,{\"type\":\"reasoning\",\"id\":\"rs_1\",\
             \"summary\":[],\"encrypted_content\":\"qq==\"}) + I look. + call(a,ls,{ \"p\": 1}) + \
             call(b,ls,{})",
            "tool: result(b,false,1) + two",
            "tool: result(a,false,2) + one + media(image/png,foo)",
            "assistant: opaque(openai-responses,{\"type\":\"web_search_call\",\"id\":\"ws\",\
             \"status\":\"completed\"}) + opaque(openai-responses,{\"type\":\"custom_tool_call\",\
             \"call_id\":\"c\",\"name\":\"sh\",\"input\":\"ls\"})",
            "tool: opaque(openai-responses,{\"type\":\"custom_tool_call_output\",\
             \"call_id\":\"c\",\"output\":\"x\"})",
        ]
    );
    let report = &transcript.report;
    assert_eq!((report.mended.count, report.refused.count, report.skipped.len()), (0, 0, 0));
}

#[test]
fn a_body_gives_instructions_tools_and_what_is_left_out() {
    let body = r#"{"model":"m","instructions":"Be brief.","tools":[{"type":"function","name":"t"}],
        "input":[{"role":"developer","content":"d"},{"type":"message","id":"msg","role":"user",
        "content":[{"type":"input_image","file_id":"f"},{"type":"input_file","filename":"a.pdf",
        "file_data":"data:application/pdf;base64,Zm9v"},{"type":"input_text","text":"hi"}]}]}"#;
    let found = messages(&Json::parse(body).unwrap()).unwrap();
    assert_eq!(found.instructions.as_deref(), Some("Be brief."));
    assert_eq!(found.tools[0].to_string(), r#"{"type":"function","name":"t"}"#);
    let transcript = one(body, FORMAT);
    assert_eq!(
        tells(&transcript),
        [
            "system: d",
            "user: opaque(openai-responses,{\"type\":\"input_image\",\"file_id\":\"f\"}) + \
             opaque(openai-responses,{\"filename\":\"a.pdf\"}) + media(application/pdf,foo) + hi",
        ]
    );
    for what in ["request field model", "message field id"] {
        assert_eq!(skipped(&transcript, what), 1, "{what}");
    }
    assert!(mended(&transcript).contains("message 1: the developer's"));
    let words = messages(&Json::parse(r#"{"model":"m","input":"hi"}"#).unwrap()).unwrap();
    assert_eq!(words.memories[0].text(), "hi");
}

#[test]
fn a_response_is_its_output_and_the_call_that_made_it() {
    let text = r#"{"id":"resp","object":"response","status":"completed","model":"m","output":[
        {"type":"reasoning","summary":[]},{"type":"message","role":"assistant","content":[
        {"type":"output_text","text":"ho","annotations":[{"type":"url_citation"}]},
        {"type":"refusal","refusal":"no"}]}],"usage":{"input_tokens":10,
        "input_tokens_details":{"cached_tokens":4},"output_tokens":3}}"#;
    let transcript = one(text, FORMAT);
    assert_eq!(transcript.entries.len(), 1);
    assert_eq!(transcript.entries[0].memory.text(), "ho");
    let call = transcript.entries[0].call.as_ref().unwrap();
    assert_eq!((call.response.as_str(), call.usage.prompt()), ("resp", Some(10)));
    assert_eq!((call.usage.cache_read, call.usage.reasoning), (Some(4), None));
    let annotations = r#"opaque(openai-responses,{"annotations":[{"type":"url_citation"}]})"#;
    assert!(tells(&transcript)[0].contains(annotations), "{:?}", tells(&transcript));
}

#[test]
fn lines_of_codex_are_read_and_a_bad_one_refused_by_itself() {
    let text = r#"{"timestamp":"2026-01-01T00:00:00Z","type":"session_meta","payload":{"id":"s","instructions":"Be brief.","cwd":"/w"}}
{"timestamp":"2026-01-01T00:00:01Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"go"}]}}
{"timestamp":"2026-01-01T00:00:02Z","type":"event_msg","payload":{"type":"user_message","message":"go"}}
{"timestamp":"2026-01-01T00:00:03Z","type":"turn_context","payload":{"cwd":"/w"}}
{"timestamp":"2026-01-01T00:00:04Z","type":"response_item","payload":{"type":"function_call","call_id":"c","name":"shell","arguments":"{}"}}
{"timestamp":"2026-01-01T00:00:05Z","type":"response_item","payload":{"type":"function_call_out"#;
    let transcript = one(text, FORMAT);
    assert_eq!(transcript.instructions.as_deref(), Some("Be brief."));
    assert_eq!(tells(&transcript), ["user: go", "assistant: call(c,shell,{})"]);
    assert_eq!(transcript.entries[0].memory.time.unwrap().as_millis() % 60_000, 1_000);
    assert!(refused(&transcript).starts_with("line 6: "), "{}", refused(&transcript));
    for what in ["session field cwd", "line event_msg", "line turn_context"] {
        assert_eq!(skipped(&transcript, what), 1, "{what}");
    }
}

#[test]
fn an_item_that_cannot_be_taken_is_refused_by_itself() {
    let transcript = one(
        r#"[{"type":"function_call","name":"t"},{"type":"function_call","call_id":"c"},5,
        {"type":"function_call_output","output":"x"},{"type":"function_call_output","call_id":"c"},
        {"role":"critic","content":"x"},{"role":"user"},{"role":"user","content":7},
        {"role":"user","content":"e"}]"#,
        FORMAT,
    );
    assert_eq!(tells(&transcript), ["user: e"]);
    assert_eq!(transcript.report.refused.count, 8, "{}", transcript.report);
    for text in ["[1,2]", "{}", "", "{\"a\":1}\n{\"b\":2}\n"] {
        fails(text, Some(FORMAT));
    }
}

#[test]
fn a_turn_that_grew_since_the_last_import_adds_its_new_parts_alone() {
    let items: Vec<Json> = Json::parse(ITEMS).unwrap().as_array().unwrap().to_vec();
    for count in 1..items.len() {
        let begun = Json::from(items[..count].to_vec()).to_string();
        assert_grows(FORMAT, ITEMS, &begun);
    }
}
