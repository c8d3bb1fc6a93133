//! Promises of a dialect to its own: what came from an API goes back to it.

use super::{CounterFor, Dialect, Prompt, RenderOptions, Tool};
use crate::json::Json;
use crate::object::{Body, Memory, Part, Role};
use crate::tokens::Encoding;

fn opaque(provider: &str, block: &str) -> Part {
    Part::Opaque { provider: provider.into(), content: Body::new(block) }
}

fn said(role: Role, parts: Vec<Part>) -> Memory {
    Memory { parts, ..Memory::message(role, "") }
}

fn body(prompt: &Prompt, dialect: Dialect) -> String {
    let options = RenderOptions::default().with_cache_points(false);
    prompt.render_with(dialect, &options).body.to_string()
}

#[test]
fn fields_that_an_api_refuses_are_left_out_of_its_own_blocks_and_told() {
    for (dialect, block, sent) in [
        (
            Dialect::OpenAiResponses,
            r#"{"id":"rs","type":"reasoning","summary":[],"encrypted_content":"e","status":"completed","content":[{"type":"reasoning_text","text":"x"}]}"#,
            r#"{"id":"rs","type":"reasoning","summary":[],"encrypted_content":"e"}"#,
        ),
        (
            Dialect::OpenAiResponses,
            r#"{"type":"compaction","encrypted_content":"e","created_by":"x"}"#,
            r#"{"type":"compaction","encrypted_content":"e"}"#,
        ),
        (
            Dialect::Anthropic,
            r#"{"type":"redacted_thinking","data":"x","cache_control":{"type":"ephemeral"}}"#,
            r#"{"type":"redacted_thinking","data":"x"}"#,
        ),
        (
            Dialect::OpenAiChat,
            r#"{"type":"refusal","refusal":"No.","reasoning_content":"hm"}"#,
            r#"{"type":"refusal","refusal":"No."}"#,
        ),
    ] {
        let turn = said(Role::Assistant, vec![opaque(dialect.name(), block), Part::text("Well.")]);
        let prompt = Prompt::new("").with_memory(Memory::user("Go.")).with_memory(turn);
        let prompt = prompt.with_memory(Memory::user("And?"));
        let request = prompt.render(dialect);
        assert!(request.body.to_string().contains(sent), "{}", request.body);
        assert!(request.mends.iter().any(|it| it.memory == 2 && it.what.contains("takes no")));
    }
}

#[test]
fn what_models_fill_is_free_of_rules() {
    let block = r#"{"type":"server_tool_use","id":"s","name":"code_execution","input":{"type":"text","odd":1}}"#;
    let result = r#"{"type":"code_execution_tool_result","tool_use_id":"s","content":{"type":"code_execution_result","stdout":"","stderr":"","return_code":0,"content":[]}}"#;
    let parts = vec![opaque("anthropic", block), opaque("anthropic", result), Part::text("Ran.")];
    let prompt = Prompt::new("").with_memory(Memory::user("Go."));
    let prompt = prompt.with_memory(said(Role::Assistant, parts)).with_memory(Memory::user("And?"));
    let request = prompt.render(Dialect::Anthropic);
    assert!(request.body.to_string().contains(&format!("{block},{result}")), "{}", request.body);
    assert_eq!(request.mends, []);
}

#[test]
fn at_most_four_marks_go_out_whatever_blocks_came_with() {
    let marked = |ttl: &str| {
        format!(r#"{{"type":"text","text":"t","cache_control":{{"type":"ephemeral"{ttl}}}}}"#)
    };
    let parts = (0..6).map(|_| opaque("anthropic", &marked(""))).collect();
    let prompt = Prompt::new("I").with_memory(said(Role::User, parts));
    assert_eq!(body(&prompt, Dialect::Anthropic).matches("cache_control").count(), 4);
    let request = prompt.render(Dialect::Anthropic);
    let text = request.body.to_string();
    assert_eq!(text.matches("cache_control").count(), request.cache_points.len());
    assert!(request.mends.iter().any(|mend| mend.what.contains("cache_control left out")));
    let parts =
        vec![opaque("anthropic", &marked("")), opaque("anthropic", &marked(r#","ttl":"1h""#))];
    let mixed = Prompt::new("").with_memory(said(Role::User, parts));
    assert!(!body(&mixed, Dialect::Anthropic).contains("1h"));
}

#[test]
fn a_request_that_ends_with_the_model_is_told_of_or_ended_by_a_user() {
    let prompt =
        Prompt::new("").with_memory(Memory::user("Go.")).with_memory(Memory::assistant("I"));
    let request = prompt.render(Dialect::Anthropic);
    assert!(request.mends.iter().any(|it| it.memory == 2 && it.what.contains("end_with_user")));
    let options = RenderOptions::default().with_end_with_user(true);
    let request = prompt.render_with(Dialect::Anthropic, &options);
    let messages = request.body.get("messages").and_then(Json::as_array).unwrap();
    assert_eq!(messages.last().unwrap().get("role").and_then(Json::as_str), Some("user"));
    assert!(request.mends.iter().any(|it| it.what.contains("put behind the last turn")));
    for dialect in [Dialect::OpenAiChat, Dialect::OpenAiResponses] {
        assert_eq!(prompt.render_with(dialect, &options).mends, []);
    }
    let text = prompt.render_with(Dialect::Gemini, &options).body.to_string();
    assert!(text.ends_with(r#"{"role":"user","parts":[{"text":"[go on]"}]}]}"#), "{text}");
}

#[test]
fn a_tool_that_its_provider_runs_goes_to_that_provider_alone() {
    for (dialect, declared) in [
        (Dialect::Anthropic, r#"{"type":"web_search_20250305","name":"web_search","max_uses":3}"#),
        (Dialect::OpenAiResponses, r#"{"type":"web_search","search_context_size":"low"}"#),
        (Dialect::Gemini, r#"{"googleSearch":{}}"#),
        (Dialect::OpenAiResponses, r#"{"type":"mcp","server_label":"d","server_url":"https://x"}"#),
    ] {
        let list = Json::parse(format!("[{declared}]")).unwrap();
        let tools = Tool::parse_list(&list).unwrap();
        assert_eq!(tools[0].to_json().to_string(), declared);
        let prompt = Prompt::new("").with_tools(tools).with_memory(Memory::user("Go."));
        for other in Dialect::ALL {
            let request = prompt.render(other);
            let goes = body(&prompt, other).contains(declared);
            assert_eq!(goes, other == dialect, "{other:?} {}", request.body);
            let told = request.mends.iter().any(|mend| mend.what.contains("left out"));
            assert_eq!(told, other != dialect, "{:?}", request.mends);
        }
    }
}

#[test]
fn what_a_function_is_declared_with_goes_back_to_its_api_alone() {
    for (dialect, declared, fields) in [
        (
            Dialect::Anthropic,
            r#"{"name":"f","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"},"strict":true,"defer_loading":true,"input_examples":[{"a":"x"}]}"#,
            "cache_control, strict, defer_loading, input_examples",
        ),
        (
            Dialect::OpenAiChat,
            r#"{"type":"function","function":{"name":"f","parameters":{"type":"object"},"strict":true}}"#,
            "strict",
        ),
        (
            Dialect::OpenAiResponses,
            r#"{"type":"function","name":"f","parameters":{"type":"object"},"strict":true,"defer_loading":true}"#,
            "strict, defer_loading",
        ),
        (
            Dialect::Gemini,
            r#"{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object"},"behavior":"NON_BLOCKING"}]}"#,
            "behavior",
        ),
    ] {
        let tools = Tool::parse_list(&Json::parse(format!("[{declared}]")).unwrap()).unwrap();
        // As a session keeps it.
        let kept = Json::Array(tools.iter().map(Tool::to_json).collect());
        assert_eq!(Tool::parse_list(&kept).unwrap(), tools);
        let prompt = Prompt::new("").with_tools(tools).with_memory(Memory::user("Go."));
        for other in Dialect::ALL {
            assert_eq!(body(&prompt, other).contains(declared), other == dialect, "{other:?}");
            let options = RenderOptions::default().with_cache_points(false);
            let mends = prompt.render_with(other, &options).mends;
            let told = mends.iter().any(|mend| mend.what.ends_with(fields));
            assert_eq!(told, other != dialect, "{other:?} {mends:?}");
        }
    }
    let odd = r#"[{"name":"f","input_schema":{"type":"object"},"cache_control":null,"odd":1}]"#;
    let tools = Tool::parse_list(&Json::parse(odd).unwrap()).unwrap();
    let request = Prompt::new("").with_tools(tools).with_memory(Memory::user("Go."));
    let request = request.render(Dialect::Anthropic);
    assert!(!request.body.to_string().contains("odd"));
    assert!(request.mends.iter().any(|mend| mend.what.contains("takes no odd")));
}

#[test]
fn what_a_provider_runs_is_no_exact_count_and_what_it_is_told_is_counted() {
    let words = "word ".repeat(500);
    let declared = format!(
        r#"[{{"type":"custom","name":"sh","format":{{"type":"grammar","definition":"{words}"}}}}]"#
    );
    let tools = Tool::parse_list(&Json::parse(declared).unwrap()).unwrap();
    let prompt = Prompt::new("").with_tools(tools).with_memory(Memory::user("Go."));
    let of = |dialect| CounterFor::new(Encoding::O200k).with_dialect(dialect);
    let count = prompt.count(&of(Dialect::OpenAiResponses));
    assert!(!count.is_exact() && count.tokens() >= 500 && count.low() < 100, "{count}");
    assert!(prompt.count(&of(Dialect::Anthropic)).high() < 100);
    let all = prompt.count(&Encoding::O200k);
    assert!(all.high() >= count.high(), "{all}");
}

#[test]
fn fields_without_the_part_that_they_are_of_are_told() {
    let fields = |provider, block| opaque(provider, block);
    let citations = r#"{"citations":[{"type":"char_location","cited_text":"c"}]}"#;
    let thinking = Part::Thinking { text: Body::new("hm"), signature: Body::new("sig") };
    for (dialect, parts) in [
        (Dialect::Anthropic, vec![fields("anthropic", citations), thinking, Part::text("t")]),
        (Dialect::Anthropic, vec![Part::text("t"), fields("anthropic", citations)]),
        (Dialect::Anthropic, vec![fields("anthropic", citations), Part::text(" ")]),
        (Dialect::Gemini, vec![fields("gemini", r#"{"thoughtSignature":"c2ln"}"#), Part::text("")]),
    ] {
        let prompt = Prompt::new("").with_memory(Memory::user("Go."));
        let request = prompt.with_memory(said(Role::Assistant, parts)).render(dialect);
        let told = request.mends.iter().any(|mend| mend.what.contains("fields of a part left out"));
        assert!(told, "{:?}", request.mends);
    }
    let audio =
        |id: &str| opaque("openai-chat", &format!(r#"{{"type":"audio","audio":{{"id":"{id}"}}}}"#));
    let parts = vec![audio("one"), audio("two")];
    let prompt = Prompt::new("").with_memory(Memory::user("Go."));
    let request = prompt.with_memory(said(Role::Assistant, parts)).render(Dialect::OpenAiChat);
    assert!(request.body.to_string().contains("two"));
    assert!(request.mends.iter().any(|mend| mend.memory == 2 && mend.what.contains("audio")));
}

#[test]
fn media_of_a_result_keep_their_fields_where_they_move() {
    let detail = opaque("openai-chat", r#"{"detail":"high"}"#);
    let image = Part::Media { media_type: "image/png".into(), content: Body::new("png") };
    let mut result = Memory::tool("c", "See.");
    result.parts.extend([detail, image]);
    if let Some(Part::Result { parts, .. }) = result.parts.first_mut() {
        *parts = 3;
    }
    let turn = said(Role::Assistant, vec![crate::context::tests::call("c", "{}")]);
    let prompt = Prompt::new("").with_memory(Memory::user("Go.")).with_memory(turn);
    let text = body(&prompt.with_memory(result), Dialect::OpenAiChat);
    assert!(text.contains(r#""detail":"high""#), "{text}");
}

#[test]
fn a_custom_tool_is_a_function_that_takes_a_text_elsewhere() {
    let declared = r#"{"type":"custom","name":"sh","description":"Runs."}"#;
    let tools = Tool::parse_list(&Json::parse(format!("[{declared}]")).unwrap()).unwrap();
    let prompt = Prompt::new("").with_tools(tools).with_memory(Memory::user("Go."));
    assert!(body(&prompt, Dialect::OpenAiResponses).contains(declared));
    let text = body(&prompt, Dialect::Anthropic);
    assert!(text.contains(r#""name":"sh","description":"Runs.","input_schema":{"type":"object""#));
    assert!(text.contains(r#""required":["input"]"#), "{text}");
}

#[test]
fn other_dialects_get_the_text_the_address_or_a_placeholder() {
    let responses = "openai-responses";
    let image = r#"{"type":"input_image","image_url":"https://x/a.png"}"#;
    let call = r#"{"type":"custom_tool_call","call_id":"c","name":"sh","input":"ls -l"}"#;
    let output = r#"{"type":"custom_tool_call_output","call_id":"c","output":"Cargo.toml"}"#;
    let search = r#"{"type":"web_search_call","id":"w","status":"completed","action":{"type":"search","query":"q"}}"#;
    let refusal = r#"{"type":"refusal","refusal":"I will not."}"#;
    let prompt = Prompt::new("")
        .with_memory(said(Role::User, vec![Part::text("See."), opaque(responses, image)]))
        .with_memory(said(
            Role::Assistant,
            vec![opaque(responses, search), opaque(responses, call)],
        ))
        .with_memory(said(Role::Tool, vec![opaque(responses, output)]))
        .with_memory(said(Role::Assistant, vec![opaque(responses, refusal)]))
        .with_memory(Memory::user("Go."));
    for (dialect, sent) in [
        (Dialect::Anthropic, r#"{"type":"image","source":{"type":"url","url":"https://x/a.png"}}"#),
        (Dialect::OpenAiChat, r#"{"type":"image_url","image_url":{"url":"https://x/a.png"}}"#),
        (Dialect::Gemini, r#"{"fileData":{"mimeType":"image/png","fileUri":"https://x/a.png"}}"#),
    ] {
        let request = prompt.render(dialect);
        let text = request.body.to_string();
        for part in [
            sent,
            "[call of sh: ls -l]",
            "Cargo.toml",
            "[web search call: not shown]",
            "I will not.",
        ] {
            assert!(text.contains(part), "{dialect:?}: {part} in {text}");
        }
        let told = request.mends.iter().filter(|mend| mend.what.contains("another provider"));
        assert_eq!(told.count(), 5, "{:?}", request.mends);
    }
    let own = body(&prompt, Dialect::OpenAiResponses);
    for part in [call, output, search, refusal, r#""image_url":"https://x/a.png","detail":"auto""#]
    {
        assert!(own.contains(part), "{part} in {own}");
    }
}

#[test]
fn a_dialog_with_a_call_reads_as_gemini_documents_it() {
    let turn = Memory::assistant("I run it.").with_part(super::tests::call("c1", "{\"n\": 1}"));
    let schema = Json::parse(r#"{"type":"object"}"#).unwrap();
    let prompt = Prompt::new("Be brief.")
        .with_tools([Tool::new("run", "Runs.", schema)])
        .with_memory(Memory::user("Go."))
        .with_memory(turn)
        .with_memory(Memory::tool("c1", "done"));
    assert_eq!(
        body(&prompt, Dialect::Gemini),
        concat!(
            r#"{"tools":[{"functionDeclarations":[{"name":"run","description":"Runs.","#,
            r#""parametersJsonSchema":{"type":"object"}}]}],"#,
            r#""systemInstruction":{"parts":[{"text":"Be brief."}]},"#,
            r#""contents":[{"role":"user","parts":[{"text":"Go."}]},{"role":"model","parts":[{"text":"#,
            r#""I run it."},{"functionCall":{"id":"c1","name":"run","args":{"n":1}}}]},"#,
            r#"{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"run","#,
            r#""response":{"output":"done"}}}]}]}"#,
        )
    );
}

#[test]
fn a_signature_stays_with_its_call_and_goes_to_gemini_alone() {
    let call = |id: &str| crate::context::tests::call(id, "{}");
    let signature = opaque("gemini", r#"{"thoughtSignature":"c2ln"}"#);
    let turn = said(Role::Assistant, vec![signature, call("a"), call("b")]);
    let prompt = Prompt::new("")
        .with_memory(Memory::user("Go."))
        .with_memory(turn)
        .with_memory(Memory::tool("b", "two"))
        .with_memory(Memory::user("Wait."))
        .with_memory(Memory::tool("a", "one"));
    let text = body(&prompt, Dialect::Gemini);
    let signed = r#"{"functionCall":{"id":"a","name":"run","args":{}},"thoughtSignature":"c2ln"},"#;
    assert!(text.contains(signed), "{text}");
    let answers = concat!(
        r#"{"role":"user","parts":[{"functionResponse":{"id":"a","name":"run","response":{"output":"one"}}},"#,
        r#"{"functionResponse":{"id":"b","name":"run","response":{"output":"two"}}},{"text":"Wait."}]}"#,
    );
    assert!(text.contains(answers), "{text}");
    for dialect in [Dialect::Anthropic, Dialect::OpenAiChat, Dialect::OpenAiResponses] {
        assert!(!body(&prompt, dialect).contains("c2ln"));
    }
}

#[test]
fn what_gemini_alone_understands_is_text_or_address_elsewhere() {
    let user =
        opaque("gemini", r#"{"fileData":{"fileUri":"https://x/a.png","mimeType":"image/png"}}"#);
    let model = vec![
        opaque("gemini", r#"{"executableCode":{"language":"PYTHON","code":"print(1)"}}"#),
        opaque("gemini", r#"{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1"}}"#),
    ];
    let prompt = Prompt::new("")
        .with_memory(said(Role::User, vec![user]))
        .with_memory(said(Role::Assistant, model))
        .with_memory(Memory::user("Go."));
    for dialect in [Dialect::Anthropic, Dialect::OpenAiChat, Dialect::OpenAiResponses] {
        let text = body(&prompt, dialect);
        for part in ["https://x/a.png", "print(1)", "[what the code returned]"] {
            assert!(text.contains(part), "{dialect:?} {part} {text}");
        }
    }
}

#[test]
fn names_are_each_apis_own_and_calls_bear_their_tools() {
    let schema = Json::parse(r#"{"type":"object"}"#).unwrap();
    let name = |length: usize| "n".repeat(length);
    let names = ["a.b".to_owned(), "9 lives".to_owned(), name(64), name(100), name(200)];
    let tools = names.iter().map(|name| Tool::new(name, "", schema.clone()));
    let mut turn = said(Role::Assistant, Vec::new());
    for (at, name) in names.iter().enumerate() {
        let (id, name) = (format!("c{at}"), name.clone());
        turn.parts.push(Part::Call { id, name, arguments: Body::new("{}") });
    }
    let prompt =
        Prompt::new("").with_tools(tools).with_memory(Memory::user("Go.")).with_memory(turn);
    for (dialect, kept) in [
        (Dialect::Anthropic, vec![name(64), name(100)]),
        (Dialect::OpenAiChat, vec![name(64)]),
        (Dialect::OpenAiResponses, vec![name(64)]),
        (Dialect::Gemini, vec!["a.b".to_owned()]),
    ] {
        let text = body(&prompt, dialect);
        for name in &names {
            let twice = text.matches(&format!("\"name\":\"{name}\"")).count();
            // Of Gemini's the response bears it too.
            let count = if dialect == Dialect::Gemini { 3 } else { 2 };
            assert_eq!(twice, if kept.contains(name) { count } else { 0 }, "{dialect:?} {name}");
        }
    }
}
