use super::*;
use crate::object::MemoryKind;

const FORMAT: Format = Format::OpenHands;

fn event(kind: &str, id: &str, more: &str) -> String {
    format!(
        "{{\"id\":\"{id}\",\"timestamp\":\"2026-06-16T05:39:18.809928\",\"source\":\"agent\",\
         {more},\"kind\":\"{kind}\"}}\n"
    )
}

fn action(id: &str, response: &str, thought: &str, call: &str) -> String {
    let more = format!(
        "\"thought\":[{thought}],\"reasoning_content\":\"hm\",\"thinking_blocks\":[],\
         \"action\":{{\"x\":1}},\"tool_name\":\"t\",\"tool_call_id\":\"{call}\",\"tool_call\":\
         {{\"id\":\"{call}\",\"name\":\"t\",\"arguments\":\"{{}}\"}},\"llm_response_id\":\"{response}\""
    );
    event("ActionEvent", id, &more)
}

fn run() -> String {
    let text = |text: &str| format!("{{\"type\":\"text\",\"text\":\"{text}\"}}");
    let observed = |call: &str, words: &str| {
        format!(
            "\"tool_call_id\":\"{call}\",\"observation\":{{\"content\":[{}],\"is_error\":true}}",
            text(words)
        )
    };
    [
        event(
            "SystemPromptEvent",
            "0",
            &format!("\"system_prompt\":{},\"tools\":[{{}}]", text("Work.")),
        ),
        event(
            "MessageEvent",
            "1",
            &format!(
                "\"sender\":\"boss\",\"llm_message\":{{\"role\":\"user\",\"content\":[{}]}}",
                text("go")
            ),
        ),
        event(
            "ConversationStateUpdateEvent",
            "2",
            "\"value\":{\"usage_to_metrics\":{\"default\":{\"model_name\":\"m\"}}}",
        ),
        action("3", "r1", &text("look"), "c1"),
        event("ObservationEvent", "4", &observed("c1", "one")),
        action("5", "r1", "", "c2"),
        event("AgentErrorEvent", "6", "\"tool_call_id\":\"c2\",\"error\":\"broke\""),
        action("7", "r2", "", "c3"),
        event("UserRejectObservation", "8", "\"tool_call_id\":\"c3\",\"rejection_reason\":\"no\""),
        event("Condensation", "9", "\"forgotten_event_ids\":[\"1\",\"3\"],\"summary\":\"so far\""),
        event("PauseEvent", "10", "\"x\":0"),
        event("BrandNewEvent", "11", "\"x\":0"),
    ]
    .concat()
}

#[test]
fn each_kind_of_event_becomes_what_it_is() {
    let transcript = one(&run(), FORMAT);
    assert_eq!(transcript.instructions.as_deref(), Some("Work."));
    assert_eq!(transcript.tools.len(), 1);
    assert_eq!(
        tells(&transcript),
        [
            "user: go",
            "assistant: think(hm|) + look + call(c1,t,{}) + think(hm|) + call(c2,t,{})",
            "tool: result(c1,true,1) + one",
            "tool: result(c2,true,1) + broke",
            "assistant: think(hm|) + call(c3,t,{})",
            "tool: result(c3,true,1) + no",
            "user: so far",
        ]
    );
    let entries = &transcript.entries;
    assert_eq!(entries[6].memory.kind, MemoryKind::Summary);
    assert_eq!(entries[0].memory.actor, "boss");
    assert_eq!(entries[0].memory.time.unwrap().as_millis(), 1_781_588_358_809);
    let call = entries[1].call.as_ref().unwrap();
    assert_eq!((call.model.as_str(), call.response.as_str()), ("m", "r1"));
    assert_eq!(call.usage, crate::object::Usage::default());
    assert_eq!(skipped(&transcript, "forgotten event"), 2);
    assert_eq!((skipped(&transcript, "PauseEvent"), skipped(&transcript, "BrandNewEvent")), (1, 1));
    assert!(mended(&transcript).contains("line 4: 1 events, from here on, joined"));
    assert_eq!(transcript.report.refused.count, 0);
}

#[test]
fn a_grown_run_adds_what_is_new_and_a_repeated_event_nothing() {
    let whole = run();
    for (end, _) in whole.match_indices('\n') {
        assert_grows(FORMAT, &whole, &whole[..=end]);
    }
    let transcript = one(&(whole.clone() + &whole), FORMAT);
    assert_eq!(tells(&transcript), tells(&one(&whole, FORMAT)));
    assert_eq!(skipped(&transcript, "event"), 12);
}

#[test]
fn a_list_of_events_is_the_same_run_and_a_list_of_raw_messages_is_a_chat() {
    let lines = run();
    let list = format!("[\n{}]", lines.trim_end().replace('\n', ",\n"));
    assert_eq!(tells(&one(&list, FORMAT)), tells(&one(&lines, FORMAT)));
    assert_eq!(tells(&one("[{\"role\":\"user\",\"content\":\"hi\"}]", FORMAT)), ["user: hi"]);
}

#[test]
fn other_lines_and_files_are_told() {
    let text = run() + "{\"type\":\"user\",\"uuid\":\"1\",\"sessionId\":\"s\"}\n";
    let error = fails(&text, Some(FORMAT)).to_string();
    assert!(error.starts_with("line 13: of claude-code"), "{error}");
    let cut = &run()[..run().len() - 3];
    assert!(refused(&one(cut, FORMAT)).contains("line 12: cut short"));
    for text in ["{\"a\":1}\n", "[1]", "[", ""] {
        assert!(read(text.as_bytes(), Some(FORMAT)).is_err(), "{text}");
    }
}
