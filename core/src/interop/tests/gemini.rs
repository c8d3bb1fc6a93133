use super::*;
use crate::interop::{detect, messages};
use crate::json::Json;

const FORMAT: Format = Format::Gemini;

const CHAT: &str = r#"{"sessionId":"s","projectHash":"h","startTime":"2026-01-01T00:00:00Z","lastUpdated":"2026-01-01T00:01:00Z","messages":[
{"id":"m1","timestamp":"2026-01-01T00:00:00Z","type":"user","content":"List files"},
{"id":"m2","timestamp":"2026-01-01T00:00:05Z","type":"gemini","content":"I list.","model":"g",
 "thoughts":[{"subject":"Look","description":"I list."}],"tokens":{"input":100,"output":10,"cached":40,"thoughts":5,"tool":0,"total":115},
 "toolCalls":[{"id":"ls-1","name":"ls","args":{"path":"."},"status":"success","result":[{"functionResponse":{"id":"ls-1","name":"ls","response":{"output":"a.txt"}}}]},
 {"id":"ls-2","name":"ls","args":{},"status":"error","result":[{"functionResponse":{"id":"ls-2","name":"ls","response":{"error":"no"}}}]}]},
{"id":"m3","timestamp":"2026-01-01T00:00:09Z","type":"info","content":"Saved."}]}"#;

const CHECKPOINT: &str = r#"[{"role":"user","parts":[{"text":"List files"}]},
{"role":"model","parts":[{"functionCall":{"name":"ls","args":{"p":"."}},"thoughtSignature":"c2ln"},{"functionCall":{"name":"ls","args":{}}}]},
{"role":"user","parts":[{"functionResponse":{"name":"ls","response":{"output":"a.txt"}}},{"functionResponse":{"name":"ls","response":{"n":1.50}}},{"text":"And?"}]},
{"role":"model","parts":[{"text":"One."}]}]"#;

#[test]
fn a_chat_of_the_command_is_read_with_its_calls_and_what_came_back() {
    let transcript = one(CHAT, FORMAT);
    assert_eq!(
        tells(&transcript),
        [
            "user: List files",
            "assistant: think(Look: I list.|) + I list. + call(ls-1,ls,{\"path\":\".\"}) + \
             call(ls-2,ls,{})",
            "tool: result(ls-1,false,1) + a.txt",
            "tool: result(ls-2,true,1) + no",
        ]
    );
    let call = transcript.entries[1].call.as_ref().unwrap();
    assert_eq!(
        (call.model.as_str(), call.usage.input, call.usage.output),
        ("g", Some(60), Some(15))
    );
    assert_eq!(skipped(&transcript, "info"), 1);
    assert_eq!(transcript.report.mended.count, 0, "{}", transcript.report);
}

#[test]
fn lines_of_a_chat_say_the_same_as_its_document() {
    let document = Json::parse(CHAT).unwrap();
    let messages = document.get("messages").and_then(Json::as_array).unwrap();
    let mut lines = vec![r#"{"sessionId":"s","projectHash":"h"}"#.to_owned()];
    lines.push(r#"{"id":"m0","type":"user","content":"Wrong"}"#.to_owned());
    lines.push(r#"{"$rewindTo":"m0"}"#.to_owned());
    // A message that is not whole yet comes again.
    lines.push(r#"{"id":"m1","type":"user","content":"List"}"#.to_owned());
    lines.extend(messages.iter().map(Json::to_string));
    lines.push(r#"{"$set":{"lastUpdated":"2026-01-01T00:02:00Z"}}"#.to_owned());
    let text = lines.join("\n");
    assert_eq!(detect(text.as_bytes()), Some(FORMAT));
    let transcript = one(&text, FORMAT);
    assert_eq!(tells(&transcript), tells(&one(CHAT, FORMAT)));
    assert_eq!(skipped(&transcript, "message"), 1);
    let whole = format!(
        "{text}\n{}",
        Json::object([("$set", Json::object([("messages", Json::from(messages.to_vec()))]))])
    );
    assert_eq!(tells(&one(&whole, FORMAT)), tells(&transcript));
}

#[test]
fn a_checkpoint_pairs_calls_without_ids_and_keeps_signatures_before_their_calls() {
    for text in [CHECKPOINT.to_owned(), format!("{{\"history\":{CHECKPOINT},\"authType\":\"x\"}}")]
    {
        assert_eq!(detect(text.as_bytes()), Some(FORMAT));
        assert_eq!(
            tells(&one(&text, FORMAT)),
            [
                "user: List files",
                "assistant: opaque(gemini,{\"thoughtSignature\":\"c2ln\"}) + \
                 call(gemini-call-1,ls,{\"p\":\".\"}) + call(gemini-call-2,ls,{})",
                "tool: result(gemini-call-1,false,1) + a.txt + \
                 opaque(gemini,{\"response\":\"object\"}) + result(gemini-call-2,false,1) + {\"n\":1.50}",
                "user: And?",
                "assistant: One.",
            ]
        );
    }
}

#[test]
fn a_response_is_its_first_candidate_and_the_call_that_made_it() {
    let text = r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi."}]},"finishReason":"STOP"}],
        "modelVersion":"g","responseId":"r","usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2,"thoughtsTokenCount":3}}"#;
    let transcript = one(text, FORMAT);
    assert_eq!(tells(&transcript), ["assistant: Hi."]);
    let call = transcript.entries[0].call.as_ref().unwrap();
    assert_eq!(
        (call.stop.as_str(), call.usage.output, call.usage.reasoning),
        ("STOP", Some(5), Some(3))
    );
}

#[test]
fn a_body_as_the_python_client_writes_it_is_read_too() {
    let body = r#"{"contents":[{"role":"user","parts":[{"inline_data":{"mime_type":"image/png","data":"Zm9v"},"text":null}]},
        {"role":"model","parts":[{"function_call":{"id":"a","name":"t","args":{}},"thought_signature":"c2ln"}]}],
        "system_instruction":"Be brief.","tools":[{"function_declarations":[{"name":"t","parameters":{"type":"OBJECT"}}]}]}"#;
    let found = messages(&Json::parse(body).unwrap()).unwrap();
    assert_eq!(found.instructions.as_deref(), Some("Be brief."));
    assert_eq!(found.memories.len(), 2);
    let prompt = found.prompt().unwrap();
    assert_eq!(prompt.tools[0].schema.to_string(), r#"{"type":"object"}"#);
}

#[test]
fn a_content_that_cannot_be_taken_is_refused_by_itself() {
    let transcript = one(
        r#"[{"role":"critic","parts":[{"text":"x"}]},{"role":"user"},{"role":"user","parts":[{"text":"e"}]}]"#,
        FORMAT,
    );
    assert_eq!(tells(&transcript), ["user: e"]);
    assert_eq!(transcript.report.refused.count, 2, "{}", transcript.report);
    for text in ["[1,2]", "{}", "", "{\"a\":1}\n{\"b\":2}\n"] {
        fails(text, Some(FORMAT));
    }
}

#[test]
fn a_chat_that_grew_adds_what_is_new_alone() {
    let document = Json::parse(CHAT).unwrap();
    let known: Vec<String> =
        one(CHAT, FORMAT).entries.iter().map(|it| it.memory.origin.clone()).collect();
    let mut grown = document.clone();
    let messages = grown.get_mut("messages").unwrap();
    let Json::Array(messages) = messages else { panic!("a list") };
    let Some(Json::Array(calls)) = messages[1].get_mut("toolCalls") else { panic!("calls") };
    let more = r#"{"id":"ls-3","name":"ls","args":{},"status":"success","result":[{"functionResponse":{"id":"ls-3","name":"ls","response":{"output":"b"}}}]}"#;
    calls.push(Json::parse(more).unwrap());
    let transcript = one(&grown.to_string(), FORMAT);
    let new = transcript.new_entries(|origin| known.iter().any(|it| it == origin));
    let new: Vec<String> = new.iter().map(tell).collect();
    assert_eq!(new, ["assistant: call(ls-3,ls,{})", "tool: result(ls-3,false,1) + b"]);
}

#[test]
fn a_message_that_is_one_part_of_any_documented_kind_is_kept() {
    for (role, part) in [
        ("user", r#"{"fileData":{"mimeType":"application/pdf","fileUri":"https://e.x/a.pdf"}}"#),
        ("user", r#"{"inlineData":{"mimeType":"audio/ogg","data":"T2dnUw=="}}"#),
        ("model", r#"{"executableCode":{"language":"PYTHON","code":"print(1)"}}"#),
        ("model", r#"{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1"}}"#),
        ("model", r#"{"toolCall":{"id":"t","toolType":"X","args":{}}}"#),
        ("model", r#"{"toolResponse":{"id":"t","toolType":"X","response":{}}}"#),
    ] {
        let text = format!(r#"{{"contents":[{{"role":"{role}","parts":[{part}]}}]}}"#);
        let found = one(&text, FORMAT);
        assert_eq!((found.entries.len(), found.report.refused.count), (1, 0), "{part}");
    }
    let unknown = r#"{"contents":[{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":[{"unheardOf":{"a":1}}]}]}"#;
    assert!(refused(&one(unknown, FORMAT)).contains("a block of unheardOf"));
}
