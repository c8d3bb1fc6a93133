//! Promises of rendering, rule by rule.

use super::{ContextDiff, Dialect, Prompt, RenderOptions, Request, Tool, ViewedFile, exchanges};
use crate::id::ContentId;
use crate::json::Json;
use crate::object::{Body, Memory, MemoryKind, Part, Role};

pub(super) fn call(id: &str, arguments: &str) -> Part {
    Part::Call { id: id.into(), name: "run".into(), arguments: Body::new(arguments) }
}

pub(super) fn turn(id: &str) -> Memory {
    Memory::assistant("I run it.").with_part(call(id, "{\"n\": 1}"))
}

fn bare(role: Role, parts: Vec<Part>) -> Memory {
    Memory { parts, ..Memory::message(role, "") }
}

fn tool() -> Tool {
    Tool::new("run", "Runs.", Json::parse(r#"{"type":"object","properties":{}}"#).unwrap())
}

fn prompt(memories: impl IntoIterator<Item = Memory>) -> Prompt {
    memories.into_iter().fold(Prompt::default().with_tools([tool()]), Prompt::with_memory)
}

fn plain(prompt: &Prompt, dialect: Dialect) -> Request {
    prompt.render_with(dialect, &RenderOptions::default().with_cache_points(false))
}

/// The dialog of a request, without tools.
fn dialog(prompt: &Prompt, dialect: Dialect) -> String {
    let body = plain(prompt, dialect).body;
    body.get("messages").or(body.get("input")).or(body.get("contents")).unwrap().to_string()
}

fn mended(prompt: &Prompt, dialect: Dialect, memory: u64, word: &str) -> bool {
    let mends = prompt.render(dialect).mends;
    mends.iter().any(|mend| mend.memory == memory && mend.what.contains(word))
}

#[test]
fn a_dialog_with_a_call_reads_as_each_api_documents_it() {
    let prompt = prompt([Memory::user("Go."), turn("c1"), Memory::tool("c1", "done")]);
    assert_eq!(
        dialog(&prompt, Dialect::Anthropic),
        concat!(
            r#"[{"role":"user","content":[{"type":"text","text":"Go."}]},"#,
            r#"{"role":"assistant","content":[{"type":"text","text":"I run it."},"#,
            r#"{"type":"tool_use","id":"c1","name":"run","input":{"n":1}}]},"#,
            r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","#,
            r#""content":[{"type":"text","text":"done"}]}]}]"#,
        )
    );
    assert_eq!(
        dialog(&prompt, Dialect::OpenAiChat),
        concat!(
            r#"[{"role":"user","content":"Go."},"#,
            r#"{"role":"assistant","content":"I run it.","tool_calls":[{"id":"c1","#,
            r#""type":"function","function":{"name":"run","arguments":"{\"n\": 1}"}}]},"#,
            r#"{"role":"tool","tool_call_id":"c1","content":"done"}]"#,
        )
    );
    assert_eq!(
        dialog(&prompt, Dialect::OpenAiResponses),
        concat!(
            r#"[{"type":"message","role":"user","content":[{"type":"input_text","text":"Go."}]},"#,
            r#"{"type":"message","role":"assistant","content":"I run it."},"#,
            r#"{"type":"function_call","call_id":"c1","name":"run","arguments":"{\"n\": 1}"},"#,
            r#"{"type":"function_call_output","call_id":"c1","output":"done"}]"#,
        )
    );
    for dialect in Dialect::ALL {
        assert_eq!(prompt.render(dialect).mends, []);
    }
}

#[test]
fn a_call_without_result_is_answered_as_interrupted() {
    let prompt = prompt([Memory::user("Go."), turn("c1"), Memory::user("Again.")]);
    let text = dialog(&prompt, Dialect::Anthropic);
    let answered = r#""content":[{"type":"text","text":"[interrupted: the call returned no result]"}],"is_error":true},{"type":"text","text":"Again."}"#;
    assert!(text.contains(answered), "{text}");
    for dialect in Dialect::ALL {
        assert!(mended(&prompt, dialect, 2, "interrupted"));
        assert!(dialog(&prompt, dialect).contains("interrupted"));
    }
}

#[test]
fn a_late_result_moves_to_its_call_and_the_first_of_two_counts() {
    let prompt = prompt([
        Memory::user("Go."),
        turn("c1"),
        Memory::user("Wait."),
        Memory::tool("c1", "first"),
        Memory::tool("c1", "second"),
    ]);
    for dialect in Dialect::ALL {
        let text = dialog(&prompt, dialect);
        let (first, wait) = (text.find("first").unwrap(), text.find("Wait.").unwrap());
        assert!(first < wait && !text.contains("second"), "{text}");
        assert!(mended(&prompt, dialect, 5, "further result"));
    }
}

#[test]
fn a_result_without_call_is_quoted_as_a_text_of_the_users() {
    let prompt = prompt([Memory::user("Go."), Memory::tool("gone", "42")]);
    for dialect in Dialect::ALL {
        let text = dialog(&prompt, dialect);
        assert!(text.contains("[result of a call that is not in view: gone]"), "{text}");
        assert!(text.contains("42") && !text.contains("tool_use_id"), "{text}");
        assert!(mended(&prompt, dialect, 2, "quoted"));
    }
}

#[test]
fn a_dialog_begins_with_a_user_where_the_dialect_needs_one() {
    for memories in [vec![], vec![Memory::assistant("Hello.")]] {
        let prompt = prompt(memories);
        for dialect in Dialect::ALL {
            let needs = matches!(dialect, Dialect::Anthropic | Dialect::Gemini);
            if !prompt.memories.is_empty() && !needs {
                continue;
            }
            let text = dialog(&prompt, dialect);
            assert!(text.find("\"user\"").unwrap() < text.find("not in view").unwrap(), "{text}");
            assert!(mended(&prompt, dialect, 0, "placeholder"));
        }
    }
}

#[test]
fn signed_thinking_stays_in_place_for_anthropic_and_goes_nowhere_else() {
    let thinking =
        |signature| Part::Thinking { text: Body::new("hm "), signature: Body::new(signature) };
    let memory = bare(Role::Assistant, vec![thinking("s1"), thinking(""), call("c1", "{}")]);
    let with_thinking = prompt([Memory::user("Go."), memory]);
    let kept = r#"[{"type":"thinking","thinking":"hm ","signature":"s1"},{"type":"tool_use""#;
    assert!(dialog(&with_thinking, Dialect::Anthropic).contains(kept));
    assert!(mended(&with_thinking, Dialect::Anthropic, 2, "no signature"));
    for dialect in [Dialect::OpenAiChat, Dialect::OpenAiResponses] {
        assert!(!dialog(&with_thinking, dialect).contains("hm"));
    }
    let last = prompt([Memory::user("Go."), bare(Role::Assistant, vec![thinking("s1")])]);
    assert!(!dialog(&last, Dialect::Anthropic).contains("thinking"));
    assert!(mended(&last, Dialect::Anthropic, 2, "nothing of the model's follows"));
}

#[test]
fn opaque_blocks_go_to_their_provider_alone_and_with_their_counterpart() {
    let opaque = |provider: &str, block: &str| Part::Opaque {
        provider: provider.into(),
        content: Body::new(block),
    };
    let r#use = r#"{"type":"server_tool_use","id":"s1","name":"web_search","input":{}}"#;
    let result = r#"{"type":"web_search_tool_result","tool_use_id":"s1","content":[]}"#;
    let reasoning = r#"{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"x"}"#;
    let whole = prompt([
        Memory::user("Go."),
        bare(
            Role::Assistant,
            vec![
                opaque("anthropic", r#use),
                opaque("anthropic", result),
                opaque("openai-responses", reasoning),
                Part::text("Found."),
            ],
        ),
    ]);
    let text = dialog(&whole, Dialect::Anthropic);
    assert!(text.contains(r#use) && text.contains(result) && !text.contains("rs_1"), "{text}");
    let text = dialog(&whole, Dialect::OpenAiResponses);
    assert!(text.contains(reasoning) && !text.contains("server_tool_use"), "{text}");
    assert!(!dialog(&whole, Dialect::OpenAiChat).contains("s1"));

    let torn = prompt([
        Memory::user("Go."),
        bare(Role::Assistant, vec![opaque("anthropic", r#use), Part::text("Found.")]),
        Memory::user("More."),
        bare(Role::Assistant, vec![opaque("openai-responses", reasoning)]),
    ]);
    assert!(!dialog(&torn, Dialect::Anthropic).contains("server_tool_use"));
    assert!(mended(&torn, Dialect::Anthropic, 2, "counterpart"));
    assert!(!dialog(&torn, Dialect::OpenAiResponses).contains("reasoning"));
    assert!(mended(&torn, Dialect::OpenAiResponses, 4, "nothing of the model's follows"));
}

#[test]
fn arguments_that_are_no_object_are_wrapped() {
    for (arguments, wrapped) in [("", "{}"), ("ls", r#"{"arguments":"ls"}"#), ("[1]", "[1]")] {
        let memory = Memory::assistant("x").with_part(call("c1", arguments));
        let prompt = prompt([Memory::user("Go."), memory]);
        let text = dialog(&prompt, Dialect::Anthropic);
        assert!(text.contains(wrapped) && text.contains("\"input\":{"), "{text}");
        assert!(mended(&prompt, Dialect::Anthropic, 2, "wrapped"));
    }
}

#[test]
fn media_go_where_the_api_takes_them_and_are_named_elsewhere() {
    let png = || Part::Media { media_type: "image/png".into(), content: Body::new(b"png!") };
    let mut result = Memory::tool("c1", "see");
    result.parts[0] = Part::Result { call: "c1".into(), error: false, parts: 2 };
    let prompt =
        prompt([Memory::user("Go.").with_part(png()), turn("c1"), result.with_part(png())]);
    let text = dialog(&prompt, Dialect::Anthropic);
    assert_eq!(text.matches(r#""media_type":"image/png","data":"cG5nIQ==""#).count(), 2, "{text}");
    let text = dialog(&prompt, Dialect::OpenAiChat);
    assert_eq!(text.matches("data:image/png;base64,cG5nIQ==").count(), 2, "{text}");
    assert!(text.contains(r#""content":"see\n[media below]"},{"role":"user""#), "{text}");
    let text = dialog(&prompt, Dialect::OpenAiResponses);
    assert!(text.contains(r#""output":[{"type":"input_text","text":"see"},{"type":"input_image""#));
    let odd = Part::Media { media_type: "x/y".into(), content: Body::new("z") };
    let odd = self::prompt([Memory::user("Go.").with_part(odd)]);
    for dialect in Dialect::ALL {
        assert!(dialog(&odd, dialect).contains("[media of type x/y: not shown]"));
        assert!(mended(&odd, dialect, 1, "not shown"));
    }
}

#[test]
fn what_was_not_resolved_is_named_and_reported() {
    let content = Body::Content(ContentId::new(crate::id::ObjectId::of_content(b"long")));
    let prompt = prompt([bare(Role::User, vec![Part::Text(content)])]);
    for dialect in Dialect::ALL {
        assert!(dialog(&prompt, dialect).contains("its text is not here]"));
        assert!(mended(&prompt, dialect, 1, "not resolved"));
    }
}

#[test]
fn summaries_notes_and_validations_are_marked_texts_of_the_users() {
    for (kind, mark) in [
        (MemoryKind::Summary, "[summary of earlier messages]\\nx"),
        (MemoryKind::Note, "[note]\\nx"),
        (MemoryKind::Validation, "[validation]\\nx"),
    ] {
        let prompt = prompt([Memory::assistant("x").with_kind(kind)]);
        for dialect in Dialect::ALL {
            let text = dialog(&prompt, dialect);
            assert!(text.contains(mark) && text.contains("\"user\""), "{text}");
        }
    }
}

#[test]
fn leading_system_memories_go_to_the_system_and_later_ones_are_marked() {
    let prompt = prompt([Memory::system("A"), Memory::user("B"), Memory::system("C")])
        .with_sandbox("box")
        .with_file(ViewedFile::new("a.rs", 2, "text"));
    let body = plain(&prompt, Dialect::Anthropic).body;
    let system = r#"[{"type":"text","text":"box"},{"type":"text","text":"A"}]"#;
    assert_eq!(body.get("system").unwrap().to_string(), system);
    assert!(dialog(&prompt, Dialect::Anthropic).contains("[system message]\\nC"));
    let text = dialog(&prompt, Dialect::OpenAiChat);
    let order = [r#""system","content":"A""#, "[file a.rs, iteration 2]\\ntext", "B", "\"C\""];
    let places: Vec<_> = order.iter().map(|part| text.find(part).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn a_file_stands_behind_the_exchange_in_which_it_came_into_view() {
    let prompt = prompt([
        Memory::user("Go."),
        turn("c1"),
        Memory::tool("c1", "done"),
        Memory::assistant("Ready."),
    ])
    .with_file(ViewedFile::new("a.rs", 2, "text").with_after(2));
    for dialect in Dialect::ALL {
        let text = dialog(&prompt, dialect);
        let places = ["done", "[file a.rs", "Ready."].map(|part| text.find(part).unwrap());
        assert!(places.is_sorted(), "{text}");
    }
}

#[test]
fn tools_are_declared_if_the_dialog_calls_and_there_are_none() {
    let mut prompt = prompt([Memory::user("Go."), turn("c1")]);
    prompt.tools.clear();
    for dialect in Dialect::ALL {
        let request = prompt.render(dialect);
        let tools = request.body.get("tools").unwrap();
        assert!(tools.to_string().contains("\"run\"") && tools.as_array().unwrap().len() == 1);
    }
    prompt.tools = vec![tool(), tool(), Tool::new("x.y", "", Json::from("no schema"))];
    let request = prompt.render(Dialect::OpenAiChat);
    assert_eq!(request.body.get("tools").unwrap().as_array().unwrap().len(), 2);
    for word in ["first of a name", "x.y", "no JSON object"] {
        assert!(mended(&prompt, Dialect::OpenAiChat, 0, word), "{word}");
    }
}

#[test]
fn four_cache_points_at_most_and_none_if_turned_off() {
    let prompt = Prompt::new("I").with_tools([tool()]).with_sandbox("box");
    let prompt = [Memory::user("a"), turn("c"), Memory::tool("c", "d"), Memory::assistant("e")]
        .into_iter()
        .fold(prompt, Prompt::with_memory);
    let request = prompt.render(Dialect::Anthropic);
    assert_eq!(
        request.cache_points,
        ["tools/0", "system/1", "messages/2/content/0", "messages/3/content/0"]
    );
    assert!(request.cache_points.len() <= crate::limits::CACHE_POINTS_MAX);
    assert_eq!(request.body.to_string().matches("cache_control").count(), 4);
    let request = plain(&prompt, Dialect::Anthropic);
    assert!(request.cache_points.is_empty() && !request.body.to_string().contains("cache_control"));
}

#[test]
fn a_diff_names_what_came_went_and_changed_and_where_it_begins() {
    let old = prompt([Memory::user("a"), Memory::assistant("b"), Memory::user("c")]);
    assert!(ContextDiff::between(&old, &old).is_empty());
    let mut new = old.clone().with_file(ViewedFile::new("f", 1, "t").with_after(3));
    new.memories[1].memory = Memory::assistant("B");
    new.memories.remove(2);
    let diff = ContextDiff::between(&old, &new);
    let keys = |items: &[super::Item]| items.iter().map(|it| it.key.to_word()).collect::<Vec<_>>();
    assert_eq!(keys(&diff.added), ["f@1"]);
    assert_eq!(keys(&diff.removed), ["3"]);
    assert_eq!(diff.changed.len(), 1);
    assert_eq!((diff.changed[0].0.key.memory(), diff.first_changed), (Some(2), Some(2)));
    let shared = old.shared_bytes(&new, Dialect::OpenAiChat);
    let body = plain(&old, Dialect::OpenAiChat).body.to_string();
    assert!(body[..shared].ends_with("\"content\":\""), "{}", &body[..shared]);
}

#[test]
fn opaque_media_go_out_as_they_are_and_what_an_api_would_refuse_does_not() {
    let image = |url: &str| {
        format!(r#"{{"type":"image_url","image_url":{{"url":"{url}","detail":"low"}}}}"#)
    };
    let input =
        |url: &str| format!(r#"{{"type":"input_image","detail":"low","image_url":"{url}"}}"#);
    let source = |source: &str| format!(r#"{{"type":"image","source":{source}}}"#);
    for (dialect, block, goes) in [
        (Dialect::OpenAiChat, image("https://x/a.png"), true),
        (Dialect::OpenAiChat, image("data:image/png;base64,Zm9v"), true),
        (Dialect::OpenAiChat, image("data:image/png;base64,Zm9"), false),
        (Dialect::OpenAiChat, image("data:image/bmp;base64,Zm9v"), false),
        (Dialect::OpenAiChat, r#"{"type":"file","file":{"file_id":"f"}}"#.into(), true),
        (Dialect::OpenAiChat, r#"{"type":"file","file":{}}"#.into(), false),
        (Dialect::OpenAiResponses, input("https://x/a.png"), true),
        (Dialect::OpenAiResponses, input("ftp://x/a.png"), false),
        (
            Dialect::OpenAiResponses,
            r#"{"type":"input_file","file_url":"https://x/a"}"#.into(),
            true,
        ),
        (Dialect::Anthropic, source(r#"{"type":"url","url":"https://x/a.png"}"#), true),
        (
            Dialect::Anthropic,
            source(r#"{"type":"base64","media_type":"image/png","data":"Zm9v"}"#),
            true,
        ),
        (
            Dialect::Anthropic,
            source(r#"{"type":"base64","media_type":"image/png","data":"*"}"#),
            false,
        ),
        (
            Dialect::Anthropic,
            source(r#"{"type":"base64","media_type":"image/bmp","data":"Zm9v"}"#),
            false,
        ),
    ] {
        let part = Part::Opaque { provider: dialect.name().into(), content: Body::new(&block) };
        let request = Prompt::new("")
            .with_memory(Memory::user("See.").with_part(part))
            .render_with(dialect, &RenderOptions::default().with_cache_points(false));
        assert_eq!(request.body.to_string().contains(&block), goes, "{block}: {}", request.body);
        assert_eq!(request.mends.is_empty(), goes, "{block}");
    }
}

#[test]
fn blocks_of_another_api_or_without_what_theirs_requires_are_left_out() {
    for (dialect, block, goes) in [
        (Dialect::Anthropic, r#"{"type":"reasoning","summary":[],"encrypted_content":"x"}"#, false),
        (Dialect::Anthropic, r#"{"type":"refusal","refusal":"no"}"#, false),
        (Dialect::Anthropic, r#"{"type":"custom_tool_call","call_id":"a"}"#, false),
        (Dialect::Anthropic, r#"{"type":"compaction","content":"x"}"#, true),
        (Dialect::OpenAiResponses, r#"{"type":"thinking","thinking":"t","signature":"s"}"#, false),
        (Dialect::OpenAiResponses, r#"{"type":"server_tool_use","id":"s"}"#, false),
        (Dialect::OpenAiResponses, r#"{"type":"refusal","refusal":"no"}"#, true),
        (Dialect::OpenAiResponses, r#"{"type":"text","text":"t"}"#, false),
        (
            Dialect::OpenAiResponses,
            r#"{"type":"web_search_call","id":"w","status":"completed"}"#,
            false,
        ),
        (Dialect::OpenAiResponses, r#"{"type":"compaction","encrypted_content":"x"}"#, true),
        (
            Dialect::OpenAiResponses,
            r#"{"type":"reasoning","summary":[],"encrypted_content":"x"}"#,
            true,
        ),
        (Dialect::OpenAiResponses, r#"{"type":"reasoning","encrypted_content":"x"}"#, false),
        (Dialect::OpenAiResponses, r#"{"type":"newly_invented","id":"n"}"#, true),
    ] {
        let opaque = Part::Opaque { provider: dialect.name().into(), content: Body::new(block) };
        let mut turn = Memory::assistant("Well.");
        turn.parts.insert(0, opaque);
        let prompt = Prompt::new("").with_memory(Memory::user("Go.")).with_memory(turn);
        let sent = prompt.render(dialect).body.to_string();
        assert_eq!(sent.contains(block), goes, "{block}: {sent}");
    }
}

#[test]
fn an_item_that_comes_twice_is_sent_once_and_nothing_stands_between_an_opaque_call_and_its_output()
{
    let opaque = |block: &str| Part::Opaque {
        provider: "openai-responses".into(),
        content: Body::new(block),
    };
    let reasoning = r#"{"type":"reasoning","id":"r","summary":[],"encrypted_content":"x"}"#;
    let call = r#"{"type":"custom_tool_call","call_id":"c","name":"sh","input":"ls"}"#;
    let output = r#"{"type":"custom_tool_call_output","call_id":"c","output":"x"}"#;
    let turn = |parts: Vec<Part>, role| Memory { parts, ..Memory::message(role, "") };
    let request = Prompt::new("")
        .with_memory(Memory::user("Go."))
        .with_memory(turn(
            vec![opaque(reasoning), opaque(reasoning), opaque(call)],
            Role::Assistant,
        ))
        .with_memory(turn(vec![opaque(output)], Role::Tool))
        .render(Dialect::OpenAiResponses);
    let items = format!("{reasoning},{call},{output}]");
    assert!(request.body.to_string().contains(&items), "{}", request.body);
    assert_eq!(request.mends.len(), 1, "{:?}", request.mends);
}

#[test]
fn a_dialog_of_which_all_is_left_out_has_a_placeholder() {
    let output = r#"{"type":"custom_tool_call_output","call_id":"gone","output":"x"}"#;
    let part = Part::Opaque { provider: "openai-responses".into(), content: Body::new(output) };
    let lone = Prompt::new("").with_memory(bare(Role::Tool, vec![part]));
    let whole = lone.clone().with_memory(Memory::assistant("Done."));
    for (prompt, role) in [(lone, "user"), (whole, "assistant")] {
        let request = prompt.render(Dialect::OpenAiResponses);
        let input = request.body.get("input").and_then(Json::as_array).unwrap();
        assert_eq!(input.len(), 1);
        assert_eq!(input[0].get("role").and_then(Json::as_str), Some(role));
        let is_told = request.mends.iter().any(|mend| mend.what.contains("placeholder"));
        assert_eq!(is_told, role == "user");
    }
}

#[test]
fn an_opaque_call_and_its_output_go_to_their_api_together_and_to_no_other() {
    let opaque = |block: String, role| {
        let part = Part::Opaque { provider: "openai-responses".into(), content: Body::new(block) };
        bare(role, vec![part])
    };
    let call = |id| {
        let block =
            format!(r#"{{"type":"custom_tool_call","call_id":"{id}","name":"sh","input":"ls"}}"#);
        opaque(block, Role::Assistant)
    };
    let output = |id| {
        let block =
            format!(r#"{{"type":"custom_tool_call_output","call_id":"{id}","output":"x"}}"#);
        opaque(block, Role::Tool)
    };
    let dialog = [
        Memory::user("Go."),
        call("a"),
        Memory::user("Wait."),
        output("a"),
        call("b"),
        output("b"),
        Memory::assistant("Done."),
    ];
    let ranges = exchanges(&dialog);
    for mask in 0..1 << ranges.len() {
        let kept = ranges.iter().enumerate().filter(|(at, _)| mask & (1 << at) != 0);
        let kept: Vec<&Memory> = kept.flat_map(|(_, range)| &dialog[range.clone()]).collect();
        let prompt = kept
            .iter()
            .fold(Prompt::new(""), |prompt, memory| prompt.with_memory((*memory).clone()));
        let items = kept.iter().filter(|memory| matches!(memory.parts[..], [Part::Opaque { .. }]));
        let items = items.count();
        let request = prompt.render(Dialect::OpenAiResponses);
        assert_eq!(request.body.to_string().matches("call_id").count(), items);
        assert!(!request.mends.iter().any(|mend| mend.what.contains("counterpart")));
        for dialect in [Dialect::Anthropic, Dialect::OpenAiChat] {
            let request = prompt.render(dialect);
            let told = request.mends.iter().filter(|mend| mend.what.contains("another provider"));
            assert_eq!(told.count(), items, "{:?}", request.mends);
            assert!(!request.body.to_string().contains("call_id"), "{}", request.body);
        }
    }
}
