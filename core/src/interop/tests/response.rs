use crate::context::{Dialect, Prompt, Tool};
use crate::error::ErrorKind;
use crate::interop::{Response, read_response};
use crate::json::Json;
use crate::object::{Memory, Part, Role, Usage};
use crate::tokens::{Calibration, Encoding};

const ANTHROPIC: &str = r#"{"id": "msg_1", "type": "message", "role": "assistant",
    "model": "claude-x", "stop_reason": "tool_use", "stop_sequence": null,
    "content": [
        {"type": "thinking", "thinking": "hm", "signature": "s1"},
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "c1", "name": "ls", "input": {"at": "."}}],
    "usage": {"input_tokens": 10, "cache_read_input_tokens": 90,
        "cache_creation_input_tokens": 5, "output_tokens": 7}}"#;

const CHAT: &str = r#"{"id": "chatcmpl-1", "object": "chat.completion", "created": 1,
    "model": "gpt-x", "service_tier": "default",
    "choices": [{"index": 0, "finish_reason": "tool_calls", "logprobs": null, "message":
        {"role": "assistant", "content": "I look.", "refusal": null, "tool_calls": [
            {"id": "c1", "type": "function",
                "function": {"name": "ls", "arguments": "{\"at\":\".\"}"}}]}}],
    "usage": {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107,
        "prompt_tokens_details": {"cached_tokens": 90},
        "completion_tokens_details": {"reasoning_tokens": 3}}}"#;

const RESPONSES: &str = r#"{"id": "resp_1", "object": "response", "status": "completed",
    "error": null, "model": "gpt-x", "output": [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "e"},
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": "I look.", "annotations": []}]},
        {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "ls",
            "arguments": "{\"at\":\".\"}", "status": "completed"}],
    "usage": {"input_tokens": 100, "input_tokens_details": {"cached_tokens": 90},
        "output_tokens": 7, "output_tokens_details": {"reasoning_tokens": 3}}}"#;

const GEMINI: &str = r#"{"responseId": "g1", "modelVersion": "gemini-x",
    "candidates": [{"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": [
        {"text": "I look."},
        {"functionCall": {"id": "c1", "name": "ls", "args": {"at": "."}}}]}}],
    "usageMetadata": {"promptTokenCount": 100, "cachedContentTokenCount": 90,
        "candidatesTokenCount": 4, "thoughtsTokenCount": 3, "totalTokenCount": 107}}"#;

const ALL: [(Dialect, &str); 4] = [
    (Dialect::Anthropic, ANTHROPIC),
    (Dialect::OpenAiChat, CHAT),
    (Dialect::OpenAiResponses, RESPONSES),
    (Dialect::Gemini, GEMINI),
];

fn response(dialect: Dialect, body: &str) -> Response {
    read_response(dialect, &Json::parse(body).unwrap()).unwrap()
}

#[test]
fn a_response_of_each_dialect_is_one_memory_with_its_call() {
    for (dialect, body) in ALL {
        let Response { memory, call, report } = response(dialect, body);
        assert_eq!((memory.role, &*memory.text()), (Role::Assistant, "I look."), "{dialect:?}");
        assert_eq!((&*memory.origin, memory.time), ("", None));
        let calls = |part: &&Part| {
            matches!(part, Part::Call { id, name, arguments }
                if id == "c1" && name == "ls" && *arguments == crate::Body::new(r#"{"at":"."}"#))
        };
        assert_eq!(memory.parts.iter().filter(calls).count(), 1, "{dialect:?}: {memory:?}");
        assert_eq!(call.usage.cache_read, Some(90), "{dialect:?}");
        assert_eq!((call.usage.input, call.usage.output), (Some(10), Some(7)), "{dialect:?}");
        // What waits for the host's answer is nothing odd.
        assert_eq!((report.kept, report.mended.count), (1, 0), "{dialect:?}: {report}");
        // The Responses API's own ids of items are of no use in another request, and named.
        let left = if dialect == Dialect::OpenAiResponses { 4 } else { 0 };
        assert_eq!(report.skipped.len(), left, "{dialect:?}: {report}");
    }
}

#[test]
fn a_call_says_who_answered_and_why_the_model_stopped() {
    let told = ALL.map(|(dialect, body)| {
        let call = response(dialect, body).call;
        [call.provider, call.model, call.response, call.stop].join(" ")
    });
    assert_eq!(
        told,
        [
            "anthropic claude-x msg_1 tool_use",
            "openai gpt-x chatcmpl-1 tool_calls",
            "openai gpt-x resp_1 completed",
            "google gemini-x g1 STOP",
        ]
    );
    let usage = response(Dialect::Anthropic, ANTHROPIC).call.usage;
    let all = Usage { input: Some(10), output: Some(7), cache_read: Some(90), ..usage };
    assert_eq!((usage, usage.cache_write), (all, Some(5)));
    assert_eq!(response(Dialect::Gemini, GEMINI).call.usage.reasoning, Some(3));
}

#[test]
fn what_a_provider_said_goes_back_to_it_as_it_came() {
    let tools = Json::parse(r#"[{"name": "ls", "description": "", "schema": {"type": "object"}}]"#)
        .unwrap();
    let tools = Tool::parse_list(&tools).unwrap();
    for (dialect, body) in ALL {
        let prompt = Prompt::new("")
            .with_tools(tools.clone())
            .with_memory(Memory::user("What is here?"))
            .with_memory(response(dialect, body).memory)
            .with_memory(Memory::tool("c1", "Cargo.toml"));
        let request = prompt.render(dialect);
        assert_eq!(request.mends, [], "{dialect:?}");
        let text = request.body.to_string();
        for (of, held) in [
            (Dialect::Anthropic, r#""signature":"s1""#),
            (Dialect::OpenAiResponses, r#""encrypted_content":"e""#),
        ] {
            assert_eq!(text.contains(held), of == dialect, "{dialect:?}: {text}");
        }
    }
}

#[test]
fn what_a_response_holds_beside_its_message_is_named() {
    let body = CHAT.replace(
        r#""service_tier": "default","#,
        r#""citations": ["a"], "choices_kept": {"n": 1},"#,
    );
    let body = body
        .replace("}}],\n    \"usage\"", "}}, {\"message\": {\"content\": \"x\"}}],\n \"usage\"");
    let report = response(Dialect::OpenAiChat, &body).report;
    let skipped: Vec<&str> = report.skipped.iter().map(|row| &*row.what).collect();
    assert_eq!(skipped, ["choice", "response field citations", "response field choices_kept"]);
}

#[test]
fn a_model_that_was_stopped_before_it_spoke_makes_an_empty_memory_and_keeps_its_usage() {
    let gemini = r#"{"modelVersion": "gemini-x", "usageMetadata": {"promptTokenCount": 8},
        "candidates": [{"finishReason": "MAX_TOKENS", "content": {"role": "model"}}]}"#;
    let responses = r#"{"id": "r", "status": "incomplete", "model": "gpt-x", "output": [],
        "usage": {"input_tokens": 8, "output_tokens": 1}}"#;
    let anthropic = r#"{"role": "assistant", "model": "claude-x", "content": [],
        "stop_reason": "end_turn", "usage": {"input_tokens": 8}}"#;
    for (dialect, body, stop) in [
        (Dialect::Gemini, gemini, "MAX_TOKENS"),
        (Dialect::OpenAiResponses, responses, "incomplete"),
        (Dialect::Anthropic, anthropic, "end_turn"),
    ] {
        let Response { memory, call, report } = response(dialect, body);
        assert_eq!((memory.parts.len(), call.usage.prompt()), (0, Some(8)), "{dialect:?}");
        let remark = report.mended.first[0].to_string();
        assert_eq!(remark, format!("message 1: nothing is in it; stopped: {stop}"));
    }
}

#[test]
fn what_is_no_response_is_refused_with_the_providers_own_words() {
    for (dialect, body, why) in [
        (Dialect::Anthropic, r#"{"type":"error","error":{"message":"Overloaded"}}"#, "Overloaded"),
        (Dialect::OpenAiChat, r#"{"error":"no such model"}"#, "no such model"),
        (Dialect::Gemini, r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#, "blocked: SAFETY"),
        (Dialect::Anthropic, CHAT, "it has no `content`"),
        (Dialect::OpenAiChat, ANTHROPIC, "it has no `choices`"),
        (Dialect::OpenAiResponses, GEMINI, "it has no `output`"),
        (Dialect::Gemini, "[]", "it has no `candidates`"),
        (Dialect::OpenAiChat, r#"{"choices":[]}"#, "it has no `choices`"),
        (Dialect::OpenAiChat, r#"{"choices":[{}]}"#, "a choice without `message`"),
        (Dialect::Anthropic, r#"{"role":"user","content":"hi"}"#, "its role is user"),
    ] {
        let error = read_response(dialect, &Json::parse(body).unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(why), "{body}: {error}");
    }
}

#[test]
fn a_prompt_and_the_usage_of_its_response_calibrate_its_model() {
    let prompt = Prompt::new("Be brief.").with_memory(Memory::user("What is here?"));
    let mut calibration = Calibration::new(&Encoding::O200k);
    for (dialect, body) in ALL {
        let call = response(dialect, body).call;
        assert!(prompt.observe(&mut calibration, "host", dialect, &call, &Encoding::O200k));
        let silent = crate::object::ModelCall { usage: Usage::default(), ..call };
        assert!(!prompt.observe(&mut calibration, "host", dialect, &silent, &Encoding::O200k));
    }
    let models: Vec<_> = calibration.models().collect();
    assert_eq!(models, [("claude-x", 1), ("gpt-x", 2), ("gemini-x", 1)]);
}
