use super::*;
use crate::interop::to_openai_chat;
use crate::json::Json;
use crate::object::{Memory, Usage};
use proptest::prelude::*;

const FORMAT: Format = Format::OpenAiChat;

#[test]
fn contents_of_every_shape_are_read() {
    let transcript = one(
        r#"[{"role":"system","content":"Be brief."},
        {"role":"user","name":"ann","content":[{"type":"text","text":"see"},
          {"type":"image_url","image_url":{"url":"data:image/png;base64,Zm9v"}},
          {"type":"image_url","image_url":{"url":"https://x/y.png"}},
          {"type":"input_audio","input_audio":{"data":"Zm9v","format":"mp3"}}]},
        {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function",
          "function":{"name":"t","arguments":"{ \"a\": 1}"}}]},
        {"role":"tool","tool_call_id":"c","name":"t","content":"r"},
        {"role":"assistant","content":null,"refusal":"I cannot."},
        {"role":"assistant","content":"","reasoning_content":"hm"}]"#,
        FORMAT,
    );
    assert_eq!(transcript.instructions.as_deref(), Some("Be brief."));
    assert_eq!(
        tells(&transcript),
        [
            "user: see + media(image/png,foo) + opaque(openai-chat,{\"type\":\"image_url\",\
             \"image_url\":{\"url\":\"https://x/y.png\"}}) + media(audio/mpeg,foo)",
            "assistant: call(c,t,{ \"a\": 1})",
            "tool: result(c,false,1) + r",
            "assistant: opaque(openai-chat,{\"type\":\"refusal\",\"refusal\":\"I cannot.\"})",
            "assistant: think(hm|) + ",
        ]
    );
    assert_eq!(transcript.entries[0].memory.actor, "ann");
    assert_eq!((transcript.report.mended.count, transcript.report.refused.count), (0, 0));
}

#[test]
fn the_old_function_calls_become_pairs() {
    let transcript = one(
        r#"[{"role":"user","content":"hi"},
        {"role":"assistant","content":null,"function_call":{"name":"t","arguments":"{}"}},
        {"role":"function","name":"t","content":"r"}]"#,
        FORMAT,
    );
    assert_eq!(
        tells(&transcript)[1..],
        ["assistant: call(function-2,t,{})", "tool: result(function-2,false,1) + r"]
    );
    assert_eq!(transcript.report.mended.count, 2, "{}", mended(&transcript));
}

#[test]
fn lists_and_lines_of_conversations_are_numbered_transcripts() {
    let first = r#"[{"role":"user","content":"a"}]"#;
    let list = format!(r#"[{{"task_id":7,"traj":{first}}},{{"messages":{first}}},5]"#);
    let source = all(&list, FORMAT);
    let names: Vec<_> = source.transcripts.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(names, ["1", "2"]);
    assert_ne!(source.transcripts[0].entries[0].key, source.transcripts[1].entries[0].key);
    assert!(refused(&source.transcripts[0]).starts_with("message 3: no conversation"));
    assert_eq!(skipped(&source.transcripts[0], "conversation field task_id"), 1);
    let lines = format!("{{\"messages\":{first}}}\n{{\"messages\":{first}}}\n");
    assert_eq!(all(&lines, FORMAT).transcripts.len(), 2);
    let lines = "{\"role\":\"user\",\"content\":\"a\"}\n{\"role\":\"user\",\"content\":\"b\"}\n";
    assert_eq!(tells(&one(lines, FORMAT)), ["user: a", "user: b"]);
}

#[test]
fn a_response_is_its_first_choice_and_the_call_that_made_it() {
    let transcript = one(
        r#"{"id":"r1","model":"gpt","choices":[{"finish_reason":"stop","message":{"role":
        "assistant","content":"hi"}},{"message":{"role":"assistant","content":"ho"}}],
        "usage":{"prompt_tokens":100,"completion_tokens":9,"prompt_tokens_details":
        {"cached_tokens":60},"completion_tokens_details":{"reasoning_tokens":0}}}"#,
        FORMAT,
    );
    assert_eq!(tells(&transcript), ["assistant: hi"]);
    assert_eq!(skipped(&transcript, "choice"), 1);
    let call = transcript.entries[0].call.as_ref().unwrap();
    let usage = Usage {
        input: Some(40),
        output: Some(9),
        cache_read: Some(60),
        cache_write: None,
        reasoning: Some(0),
    };
    assert_eq!((call.usage, call.usage.prompt()), (usage, Some(100)));
}

#[test]
fn a_message_that_cannot_be_taken_is_refused_by_itself() {
    let transcript = one(
        r#"[{"role":"user","content":"a"},{"role":"critic","content":"b"},{"content":"c"},
        {"role":"tool","content":"d"},{"role":"user","content":7},9,
        {"role":"assistant","tool_calls":[{"function":{}}]},{"role":"user","content":"e"}]"#,
        FORMAT,
    );
    assert_eq!(tells(&transcript), ["user: a", "user: e"]);
    assert_eq!(transcript.report.refused.count, 6);
    assert!(refused(&transcript).contains("message 2: unknown role \"critic\""));
}

#[test]
fn broken_documents_are_errors_with_their_line() {
    for (text, why) in [
        ("[{\"role\":\"user\",\n\"content\":", "line 2"),
        ("[1,2]", "no messages"),
        ("{}", "no messages"),
        ("", "no JSON"),
    ] {
        let error = fails(text, Some(FORMAT)).to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
    assert!(fails(b"[{\"role\":\"\xff\"}]", Some(FORMAT)).to_string().contains("not UTF-8"));
}

#[test]
fn keys_stay_when_a_dialog_grows_and_differ_when_it_began_otherwise() {
    let message = |text: &str| format!(r#"{{"role":"user","content":"{text}"}}"#);
    let list = |texts: &[&str]| {
        let messages: Vec<_> = texts.iter().map(|text| message(text)).collect();
        format!("[{}]", messages.join(","))
    };
    assert_grows(FORMAT, &list(&["a", "b", "b", "c"]), &list(&["a", "b"]));
    assert_grows(FORMAT, &list(&["a", "b", "b", "c"]), &list(&["a", "b", "b"]));
    let keys = |texts: &[&str]| -> Vec<String> {
        one(&list(texts), FORMAT).entries.into_iter().map(|entry| entry.key).collect()
    };
    assert!(keys(&["a", "x"])[1] != keys(&["b", "x"])[1]);
}

/// Messages in the form that the export writes.
fn a_message() -> impl Strategy<Value = Json> {
    let word = || "[a-z\u{e9}\"\\\\{}\n ]{0,6}";
    let text =
        |text: String| Json::object([("type", Json::from("text")), ("text", Json::from(text))]);
    let image = |bytes: Vec<u8>| {
        let url = crate::context::data_url("image/png", &bytes);
        let url = Json::object([("url", Json::from(url))]);
        Json::object([("type", Json::from("image_url")), ("image_url", url)])
    };
    let item = prop_oneof![word().prop_map(text), any::<Vec<u8>>().prop_map(image)];
    let list = prop::collection::vec(item, 2..4).prop_map(Json::from);
    let content = || prop_oneof![3 => word().prop_map(Json::from), 1 => list.clone()];
    let call = (word(), "[a-z]{1,4}", word()).prop_map(|(id, name, arguments)| {
        let function = [("name", Json::from(name)), ("arguments", Json::from(arguments))];
        Json::object([
            ("id", Json::from(id)),
            ("type", Json::from("function")),
            ("function", Json::object(function)),
        ])
    });
    let calls = prop::collection::vec(call, 0..3);
    let maybe = |key: &'static str| {
        let text = prop::option::of("[a-z]{1,5}");
        text.prop_map(move |text| text.map(|text| (key, Json::from(text))))
    };
    let spoken = (prop_oneof![Just("user"), Just("system")], content(), maybe("name"));
    let spoken = spoken.prop_map(|(role, content, name)| {
        let fields = [("role", Json::from(role)), ("content", content)];
        Json::object(fields.into_iter().chain(name))
    });
    let nothing = Just(Json::Null);
    let reply = (
        prop_oneof![content(), nothing],
        maybe("name"),
        maybe("reasoning_content"),
        maybe("refusal"),
        calls,
    );
    let reply = reply.prop_map(|(content, name, thoughts, refusal, calls)| {
        let fields = [("role", Json::from("assistant")), ("content", content)];
        let calls = (!calls.is_empty()).then(|| ("tool_calls", Json::from(calls)));
        let fields = fields.into_iter().chain(name).chain(thoughts).chain(refusal).chain(calls);
        Json::object(fields)
    });
    let answer = (word(), content(), maybe("name")).prop_map(|(id, content, name)| {
        let fields =
            [("role", Json::from("tool")), ("tool_call_id", Json::from(id)), ("content", content)];
        Json::object(fields.into_iter().chain(name))
    });
    prop_oneof![spoken, reply, answer]
}

proptest! {
    #[test]
    fn messages_come_back_as_they_were(list in prop::collection::vec(a_message(), 1..6)) {
        let text = Json::from(list.clone()).to_string();
        let transcript = one(&text, FORMAT);
        prop_assert_eq!(transcript.report.refused.count, 0);
        let memories: Vec<Memory> =
            transcript.entries.iter().map(|entry| entry.memory.clone()).collect();
        let instructions = transcript.instructions.as_deref();
        let mut export = to_openai_chat(&memories, instructions, &transcript.tools).unwrap();
        // A first system message becomes the instructions, which have no name.
        let mut list = list;
        if instructions.is_some() && let Json::Object(fields) = &mut list[0] {
            fields.retain(|(key, _)| key != "name");
        }
        let messages = export.document.get_mut("messages").unwrap();
        prop_assert_eq!(&*messages, &Json::from(list));
    }
}

#[test]
fn what_a_chat_has_no_place_for_is_said() {
    let opaque = Part::Opaque { provider: "anthropic".into(), content: Body::new("{}") };
    let signed = Part::Thinking { text: Body::new("hm"), signature: Body::new("s") };
    let memory = Memory::assistant("a").with_part(opaque).with_part(signed);
    let export = to_openai_chat(&[memory], None, &[]).unwrap();
    let what: Vec<_> = export.report.skipped.iter().map(|row| row.what.as_str()).collect();
    assert_eq!(what, ["opaque block", "signature"]);
    let content = crate::id::ContentId::new(crate::id::ObjectId::of_content(b"x"));
    let stored = Memory { parts: vec![Part::Text(Body::Content(content))], ..Memory::user("") };
    let error = to_openai_chat(&[stored], None, &[]).unwrap_err();
    assert!(error.to_string().contains("message 1: a body is a content"), "{error}");
}

#[test]
fn tools_of_either_provider_are_written_in_one_way() {
    let anthropic = r#"{"name":"t","description":"d","input_schema":{"type":"object"}}"#;
    let openai = r#"{"type":"function","function":{"name":"t","description":"d","parameters":{"type":"object"}}}"#;
    let tools = [Json::parse(anthropic).unwrap(), Json::parse(openai).unwrap()];
    let export = to_openai_chat(&[], None, &tools).unwrap();
    let written = export.document.get("tools").unwrap();
    assert_eq!(written.at(0), written.at(1));
    assert_eq!(written.at(1).unwrap().to_string(), openai);
}
