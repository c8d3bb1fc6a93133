//! Hostile prompts: every part where it does not belong, every text that an API refuses.

use partita::context::{Prompt, Tool, ViewedFile};
use partita::{Body, Json, Memory, MemoryKind, ObjectId, Part, Role};
use proptest::collection::vec;
use proptest::prelude::*;

/// Makes texts: words, nothing, white space, bytes that are no UTF-8.
pub fn any_text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-z]{1,8}".prop_map(String::into_bytes),
        1 => Just(Vec::new()),
        1 => Just(b" \n\t".to_vec()),
        1 => Just(b"ends in space \n".to_vec()),
        1 => Just(b"\xff\xfe".to_vec()),
        1 => Just("\u{2003}\u{a0}".as_bytes().to_vec()),
    ]
}

/// Makes bodies, some of them not resolved.
pub fn any_body() -> impl Strategy<Value = Body> {
    let content = Body::Content(partita::ContentId::new(ObjectId::of_content(b"elsewhere")));
    prop_oneof![9 => any_text().prop_map(Body::Inline), 1 => Just(content)]
}

/// Makes ids of calls: few, so that they meet, and some that no API takes.
pub fn any_id() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["", "x y", "\u{e9}"]).prop_map(str::to_owned),
        1 => Just("long".repeat(20)),
    ]
}

/// Makes names of tools, some of which no API takes.
pub fn any_name() -> impl Strategy<Value = String> {
    let names = vec!["run", "read", "", "a.b", "a_b", "mcp::x/y"];
    prop_oneof![
        9 => prop::sample::select(names).prop_map(str::to_owned),
        1 => prop::sample::select(vec![64, 65, 128, 129]).prop_map(|most| "n".repeat(most)),
        1 => Just("9 lives".to_owned()),
    ]
}

/// Makes arguments of calls, most of them no object.
pub fn any_arguments() -> impl Strategy<Value = Body> {
    let texts = vec![r#"{"p": 1}"#, "{}", "", "ls -l", "[1]", "null", "{\"a\":", "\"t\""];
    prop_oneof![
        8 => prop::sample::select(texts).prop_map(Body::new),
        1 => Just(Body::new("[".repeat(300))),
        1 => any_body(),
    ]
}

/// Makes blocks of every provider, most of them where they do not belong.
pub fn any_opaque() -> impl Strategy<Value = Part> {
    let blocks = vec![
        r#"{"type":"redacted_thinking","data":"x"}"#,
        r#"{"type":"thinking","thinking":"","signature":"sig"}"#,
        r#"{"type":"server_tool_use","id":"s1","name":"web_search","input":{}}"#,
        r#"{"type":"web_search_tool_result","tool_use_id":"s1","content":[]}"#,
        r#"{"type":"compaction","content":"x"}"#,
        r#"{"type":"text","text":" "}"#,
        r#"{"type":"tool_use","id":"a","name":"run","input":{}}"#,
        r#"{"type":"tool_result","tool_use_id":"a","content":"x"}"#,
        r#"{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"x"}"#,
        r#"{"type":"reasoning","id":"rs_2","summary":[]}"#,
        r#"{"type":"web_search_call","id":"ws_1","status":"completed"}"#,
        r#"{"type":"custom_tool_call","call_id":"a","name":"sh","input":"ls"}"#,
        r#"{"type":"custom_tool_call_output","call_id":"a","output":"x"}"#,
        r#"{"type":"function_call","call_id":"a","name":"run","arguments":"{}"}"#,
        r#"{"type":"function_call_output","call_id":"a","output":"x"}"#,
        r#"{"type":"refusal","refusal":"no"}"#,
        r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,cG5n"}}"#,
        r#"{"text":"","thoughtSignature":"c2ln"}"#,
        r#"{"thoughtSignature":"c2ln"}"#,
        r#"{"thoughtSignature":"c2ln","thought":true}"#,
        r#"{"executableCode":{"language":"PYTHON","code":"1"}}"#,
        r#"{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1"}}"#,
        r#"{"fileData":{"fileUri":"https://x/a.png","mimeType":"image/png"}}"#,
        r#"{"functionCall":{"name":"run","args":{}}}"#,
        r#"{"functionResponse":{"name":"run","response":{}}}"#,
        r#"{"response":"object"}"#,
        r#"{"custom":true}"#,
        r#"{"citations":[{"type":"char_location","cited_text":"c","document_index":0,"document_title":"t","start_char_index":0,"end_char_index":1,"file_id":"f"}]}"#,
        r#"{"type":"message","id":"msg_1","status":"completed","phase":"commentary"}"#,
        r#"{"type":"input_image","image_url":"https://x/a.png"}"#,
        r#"{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,cGRm"}"#,
        r#"{"type":"mcp_approval_response","approval_request_id":"m","approve":true}"#,
        r#"{"type":"text","text":"t","cache_control":{"type":"ephemeral","ttl":"1h"}}"#,
        "{}",
        "[]",
        "no json",
    ];
    let providers = vec!["anthropic", "openai-chat", "openai-responses", "gemini", "other"];
    (prop::sample::select(providers), prop::sample::select(blocks)).prop_map(|(provider, block)| {
        Part::Opaque { provider: provider.to_owned(), content: Body::new(block) }
    })
}

/// Makes parts of every kind.
pub fn any_part() -> impl Strategy<Value = Part> {
    let media = vec!["image/png", "image/bmp", "application/pdf", "text/plain", "audio/wav", "x"];
    prop_oneof![
        5 => any_body().prop_map(Part::Text),
        5 => (any_id(), any_name(), any_arguments())
            .prop_map(|(id, name, arguments)| Part::Call { id, name, arguments }),
        5 => (any_id(), any::<bool>(), prop_oneof![0..3u64, Just(u64::MAX)])
            .prop_map(|(call, error, parts)| Part::Result { call, error, parts }),
        2 => (any_body(), prop_oneof![Just(Body::new("sig")), any_body()])
            .prop_map(|(text, signature)| Part::Thinking { text, signature }),
        1 => (prop::sample::select(media), any_body()).prop_map(|(media_type, content)| {
            Part::Media { media_type: media_type.to_owned(), content }
        }),
        2 => any_opaque(),
    ]
}

/// Makes a memory of a sensible shape half of the time, of any shape the other half.
pub fn any_memory() -> impl Strategy<Value = Memory> {
    let roles = vec![Role::System, Role::User, Role::Assistant, Role::Tool];
    let kinds =
        vec![MemoryKind::Message, MemoryKind::Note, MemoryKind::Validation, MemoryKind::Summary];
    let odd = (
        prop::sample::select(roles),
        prop_oneof![5 => Just(MemoryKind::Message), 1 => prop::sample::select(kinds)],
        vec(any_part(), 0..6),
    )
        .prop_map(|(role, kind, parts)| Memory { kind, parts, ..Memory::message(role, "") });
    let turn = (any::<bool>(), vec(any_id(), 1..3)).prop_map(|(thinks, ids)| {
        let mut memory = Memory::assistant("I look.");
        if thinks {
            let (text, signature) = (Body::new("hm"), Body::new("sig"));
            memory.parts.insert(0, Part::Thinking { text, signature });
        }
        memory.parts.extend(ids.into_iter().map(|id| call(&id)));
        memory
    });
    prop_oneof![
        4 => odd,
        1 => any_text().prop_map(Memory::user),
        1 => any_text().prop_map(Memory::assistant),
        2 => turn,
        2 => (any_id(), any_text()).prop_map(|(id, text)| Memory::tool(id, text)),
    ]
}

/// Makes a call that has nothing odd but maybe its id.
pub fn call(id: &str) -> Part {
    Part::Call { id: id.to_owned(), name: "run".to_owned(), arguments: Body::new("{\"n\":1}") }
}

/// Makes prompts of hostile memories, tools and files.
pub fn any_prompt() -> impl Strategy<Value = Prompt> {
    let schemas = vec![r#"{"type":"object","properties":{}}"#, "{}", "[]", r#"{"type":"string"}"#];
    let tool =
        (any_name(), prop::sample::select(vec!["", " ", "Runs."]), prop::sample::select(schemas))
            .prop_map(|(name, what, schema)| Tool::new(name, what, Json::parse(schema).unwrap()));
    let file = ("[a-z]{0,3}", 0..4u64, any_text(), 0..24u64).prop_map(|(path, at, text, after)| {
        ViewedFile::new(path, at, String::from_utf8_lossy(&text)).with_after(after)
    });
    let line = prop::sample::select(vec!["", " ", "Be brief."]);
    (line.clone(), line, vec(tool, 0..3), vec(file, 0..3), vec(any_memory(), 0..16)).prop_map(
        |(instructions, sandbox, tools, files, memories)| {
            let mut prompt = Prompt::new(instructions).with_sandbox(sandbox).with_tools(tools);
            prompt.files = files;
            memories.into_iter().fold(prompt, Prompt::with_memory)
        },
    )
}
