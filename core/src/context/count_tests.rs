//! Promises of counting: nothing that a body holds is left out.

use proptest::prelude::*;

use super::{Beginning, CounterFor, Dialect, Prompt, RenderOptions, ViewedFile};
use crate::json::Json;
use crate::object::{Body, Memory, MemoryKind, Part, Role};
use crate::tokens::{Count, TokenCounter};

/// A counter of bytes, whose sums are those of what is joined.
#[derive(Debug)]
struct Bytes;

impl TokenCounter for Bytes {
    fn id(&self) -> &str {
        "bytes"
    }

    fn count(&self, text: &str) -> Count {
        Count::exact(text.len() as u64)
    }
}

/// Blocks of every kind that three of the APIs document, with the words in them.
const BLOCKS: [(&str, &str); 24] = [
    ("anthropic", r#"{"type":"redacted_thinking","data":"d29yZHM="}"#),
    (
        "anthropic",
        r#"{"type":"text","text":"cited words","citations":[{"type":"char_location","cited_text":"the words","document_index":0}]}"#,
    ),
    (
        "anthropic",
        r#"{"type":"document","title":"A title","context":"Some context","citations":{"enabled":true},"source":{"type":"text","media_type":"text/plain","data":"the document's words"}}"#,
    ),
    (
        "anthropic",
        r#"{"type":"document","source":{"type":"url","url":"https://example.org/a.pdf"}}"#,
    ),
    (
        "anthropic",
        r#"{"type":"document","title":"T","source":{"type":"base64","media_type":"application/pdf","data":"JVBERg=="}}"#,
    ),
    (
        "anthropic",
        r#"{"type":"document","source":{"type":"content","content":[{"type":"text","text":"in a list"}]}}"#,
    ),
    (
        "anthropic",
        r#"{"type":"image","cache_control":{"type":"ephemeral"},"source":{"type":"url","url":"https://example.org/a.png"}}"#,
    ),
    (
        "anthropic",
        r#"{"type":"search_result","source":"https://example.org","title":"A title","content":[{"type":"text","text":"what was found"}]}"#,
    ),
    (
        "anthropic",
        r#"{"type":"server_tool_use","id":"s1","name":"web_search","input":{"query":"pears"}}"#,
    ),
    (
        "anthropic",
        r#"{"type":"web_search_tool_result","tool_use_id":"s1","content":[{"type":"web_search_result","url":"https://e.x","title":"Pears","encrypted_content":"YWJj","page_age":null}]}"#,
    ),
    (
        "anthropic",
        r#"{"type":"mcp_tool_use","id":"m1","name":"echo","server_name":"s","input":{"a":"b"}}"#,
    ),
    (
        "anthropic",
        r#"{"type":"mcp_tool_result","tool_use_id":"m1","is_error":false,"content":[{"type":"text","text":"echoed"}]}"#,
    ),
    ("openai-chat", r#"{"type":"refusal","refusal":"I cannot."}"#),
    (
        "openai-chat",
        r#"{"type":"image_url","image_url":{"url":"https://example.org/a.png","detail":"high"}}"#,
    ),
    ("openai-chat", r#"{"type":"file","file":{"file_id":"f1"}}"#),
    (
        "openai-responses",
        r#"{"type":"reasoning","id":"r1","summary":[{"type":"summary_text","text":"thought"}],"encrypted_content":"YWJj"}"#,
    ),
    (
        "openai-responses",
        r#"{"type":"custom_tool_call","call_id":"u1","name":"apply_patch","input":"*** Begin"}"#,
    ),
    ("openai-responses", r#"{"type":"custom_tool_call_output","call_id":"u1","output":"patched"}"#),
    (
        "openai-responses",
        r#"{"type":"web_search_call","id":"w1","status":"completed","action":{"type":"search","query":"figs"}}"#,
    ),
    (
        "openai-responses",
        r#"{"type":"local_shell_call","call_id":"l1","action":{"type":"exec","command":["ls","-l"]}}"#,
    ),
    ("openai-responses", r#"{"type":"local_shell_call_output","call_id":"l1","output":"files"}"#),
    (
        "openai-responses",
        r#"{"type":"input_image","detail":"low","image_url":"https://example.org/a.png"}"#,
    ),
    ("openai-responses", r#"{"type":"input_file","file_url":"https://example.org/a.pdf"}"#),
    ("openai-responses", r#"{"type":"compaction","id":"c1","encrypted_content":"YWJj"}"#),
];

fn opaque((provider, block): (&str, &str)) -> Part {
    Part::Opaque { provider: provider.to_owned(), content: Body::new(block) }
}

/// The bytes of all texts of a body that say something, counted without any of our code: every
/// text that is no name of a field's choice and no data of a medium.
fn by_hand(body: &Json) -> u64 {
    const STRUCTURE: [&str; 12] = [
        "type",
        "role",
        "media_type",
        "mimeType",
        "fileUri",
        "cache_control",
        "url",
        "image_url",
        "file_data",
        "status",
        "detail",
        "schema",
    ];
    let (mut sum, mut waiting) = (0, vec![("", body)]);
    while let Some((key, value)) = waiting.pop() {
        match value {
            Json::String(text) if !text.starts_with("data:") => sum += text.len() as u64,
            Json::Array(items) => waiting.extend(items.iter().map(|item| (key, item))),
            Json::Object(fields) => {
                let is_data = value.get("type").and_then(Json::as_str) == Some("base64");
                let told = fields.iter().filter(|(key, _)| {
                    let has = |key| value.get(key).is_some();
                    let is_medium = key == "data" && (is_data || has("format") || has("mimeType"));
                    !STRUCTURE.contains(&key.as_str()) && !is_medium
                });
                waiting.extend(told.map(|(key, value)| (key.as_str(), value)));
            }
            _ => {}
        }
    }
    sum
}

/// What a body has that no published rule counts.
fn is_beyond_rules(body: &Json) -> bool {
    let text = body.to_string();
    let plain = [
        "text",
        "tool_use",
        "tool_result",
        "function",
        "function_call",
        "input_text",
        "function_call_output",
        "message",
        "ephemeral",
        "object",
    ];
    let kinds = text.split("\"type\":\"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut odd = kinds.filter(|kind| !plain.contains(kind));
    odd.next().is_some() || text.contains("\"is_error\"") || text.contains("\"citations\"")
}

fn a_part() -> impl Strategy<Value = Part> {
    let id = prop_oneof![Just("c1"), Just("c2"), Just("odd id")];
    let media = prop_oneof![
        Just(("image/png", &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x40\0\0\0\x40"[..])),
        Just(("application/pdf", &b"%PDF-1.4 /Type /Page "[..])),
        Just(("text/plain", &b"plain words"[..])),
        Just(("audio/wav", &b"RIFF"[..])),
        Just(("video/mp4", &b"mp4"[..])),
    ];
    prop_oneof![
        3 => prop_oneof!["[a-z ]{0,12}", Just("two\nlines \n".to_owned())].prop_map(Part::text),
        2 => ("[a-z ]{0,9}", "[a-zA-Z]{0,6}").prop_map(|(text, signature)| Part::Thinking {
            text: Body::new(text),
            signature: Body::new(signature),
        }),
        2 => (id.clone(), "[a-z]{1,5}").prop_map(|(id, word)| Part::Call {
            id: id.to_owned(),
            name: "run".to_owned(),
            arguments: Body::new(format!("{{\"word\": \"{word}\\n\"}}")),
        }),
        2 => (id, any::<bool>(), 0..3u64)
            .prop_map(|(call, error, parts)| Part::Result { call: call.to_owned(), error, parts }),
        2 => media.prop_map(|(media_type, bytes)| Part::Media {
            media_type: media_type.to_owned(),
            content: Body::new(bytes),
        }),
        4 => (0..BLOCKS.len()).prop_map(|at| opaque(BLOCKS[at])),
    ]
}

fn a_memory() -> impl Strategy<Value = Memory> {
    let role = prop_oneof![
        Just(Role::User),
        Just(Role::User),
        Just(Role::Assistant),
        Just(Role::Assistant),
        Just(Role::Tool),
        Just(Role::System),
    ];
    let kind = prop_oneof![4 => Just(MemoryKind::Message), 1 => Just(MemoryKind::Summary),
        1 => Just(MemoryKind::Note)];
    let name = prop_oneof![Just(""), Just("ann"), Just("ann b")];
    let parts = proptest::collection::vec(a_part(), 0..4);
    (role, kind, name, parts).prop_map(|(role, kind, name, parts)| Memory {
        kind,
        parts,
        origin: "openai-chat:1".to_owned(),
        actor: name.to_owned(),
        ..Memory::message(role, "")
    })
}

proptest! {
    #[test]
    fn no_text_of_a_body_is_beyond_the_upper_bound_and_no_exact_count_leaves_any_out(
        memories in proptest::collection::vec(a_memory(), 0..7),
        file in any::<bool>(),
    ) {
        let mut prompt = memories.into_iter().fold(Prompt::new("Be brief."), Prompt::with_memory);
        if file {
            prompt = prompt.with_file(ViewedFile::new("a.rs", 1, "fn a() {}").with_after(2));
        }
        let all = prompt.count(&Bytes);
        for dialect in Dialect::ALL {
            let options = RenderOptions::default().with_cache_points(false);
            let body = prompt.render_with(dialect, &options).body;
            let own = prompt.count(&CounterFor::new(Bytes).with_dialect(dialect));
            let hand = by_hand(&body);
            prop_assert!(own.high() >= hand, "{dialect:?}: {own}, by hand {hand}: {body}");
            prop_assert!(all.high() >= own.high() && all.low() <= own.low(), "{all}, {own}");
            let is_sound = !own.is_exact() || !is_beyond_rules(&body);
            prop_assert!(is_sound, "{dialect:?}: {own}: {body}");
            if all.is_exact() {
                prop_assert_eq!(own, all);
            }
        }
    }

    #[test]
    fn the_beginning_of_a_dialog_is_that_of_its_first_memories(
        memories in proptest::collection::vec(a_memory(), 0..7),
    ) {
        let prompt = memories.into_iter().fold(Prompt::default(), Prompt::with_memory);
        let whole = Beginning::of(prompt.memories.clone());
        for len in 1..prompt.memories.len() {
            let part = Beginning::of(prompt.memories[..len].to_vec());
            if part.is_settled {
                prop_assert_eq!(&part.placeholder, &whole.placeholder);
                prop_assert_eq!(part.first, whole.first);
            }
        }
    }
}

#[test]
fn every_documented_block_is_counted_where_it_is_sent() {
    for (at, block) in BLOCKS.into_iter().enumerate() {
        let dialect = Dialect::from_name(block.0).unwrap();
        for role in [Role::User, Role::Assistant] {
            let memory =
                Memory { parts: vec![opaque(block), Part::text("t")], ..Memory::message(role, "") };
            let prompt = Prompt::default().with_memory(Memory::user("u")).with_memory(memory);
            let bare = Prompt::default().with_memory(Memory::user("u"));
            let is_sent = prompt.render(dialect).mends.is_empty();
            let count = prompt.count(&CounterFor::new(Bytes).with_dialect(dialect));
            if is_sent {
                let without = bare.count(&Bytes).tokens();
                assert!(!count.is_exact() && count.high() > without + 10, "{at} {count}");
                assert!(prompt.count(&Bytes).high() >= count.high(), "{at}");
            }
        }
    }
}

#[test]
fn a_name_is_counted_by_the_published_rule_where_the_api_has_names_and_is_said_elsewhere() {
    let ann = Memory::user("Hi").with_origin("openai-chat:1").with_actor("ann");
    let prompt = Prompt::default().with_memory(ann.clone());
    let chat = CounterFor::new(Bytes).with_dialect(Dialect::OpenAiChat);
    // 3 to prime the reply; 3 the message, its role, its text; 1 and the name.
    assert_eq!(prompt.count(&chat), Count::exact(3 + 3 + 4 + 2 + 1 + 3));
    let body = prompt.render(Dialect::OpenAiChat).body.to_string();
    assert_eq!(body, r#"{"messages":[{"role":"user","content":"Hi","name":"ann"}]}"#);
    for dialect in [Dialect::Anthropic, Dialect::OpenAiResponses, Dialect::Gemini] {
        let request = prompt.render(dialect);
        assert!(request.body.to_string().contains(r#""[from ann]\nHi""#), "{}", request.body);
        assert!(request.mends.iter().any(|mend| mend.what.contains("ann")), "{dialect:?}");
    }
    // Who spoke in a host's own words is no name of any API's.
    for other in [ann.clone().with_origin("openhands:1"), ann.with_origin("")] {
        let prompt = Prompt::default().with_memory(other);
        for dialect in Dialect::ALL {
            assert!(!prompt.render(dialect).body.to_string().contains("ann"), "{dialect:?}");
        }
    }
}

#[test]
fn a_name_that_the_api_does_not_take_is_said_in_the_text() {
    for (name, is_taken) in
        [("ann", true), ("a b", false), (&"n".repeat(64), true), (&"n".repeat(65), false)]
    {
        let memory = Memory::user("Hi").with_origin("openai-chat:1").with_actor(name);
        let body = Prompt::default().with_memory(memory).render(Dialect::OpenAiChat).body;
        let message = body.get("messages").and_then(|all| all.at(0)).unwrap();
        assert_eq!(message.get("name").is_some(), is_taken, "{body}");
        assert!(body.to_string().contains(name));
    }
}

#[test]
fn a_placeholder_stands_only_where_the_dialect_needs_one() {
    let first = |memories: &[Memory]| {
        memories.iter().cloned().fold(Prompt::new("Be brief."), Prompt::with_memory)
    };
    let model = first(&[Memory::assistant("Hello.")]);
    let blank = first(&[Memory::user("  "), Memory::assistant("Hello.")]);
    for prompt in [&model, &blank] {
        for dialect in Dialect::ALL {
            let body = prompt.render(dialect).body.to_string();
            let is_there = body.contains("not in view");
            let begins = matches!(dialect, Dialect::Anthropic | Dialect::Gemini);
            assert_eq!(is_there, begins, "{body}");
            let count = prompt.count(&CounterFor::new(Bytes).with_dialect(dialect));
            let bare = 3 + (3 + 6 + 9) + (3 + 9 + 6);
            let more =
                if is_there { 3 + 4 + "[earlier messages are not in view]".len() } else { 0 };
            assert_eq!(count, Count::exact(bare + more as u64), "{dialect:?}");
        }
    }
    let nobody = first(&[Memory::system("More.")]);
    for dialect in Dialect::ALL {
        assert!(nobody.render(dialect).body.to_string().contains("not in view"), "{dialect:?}");
    }
}
