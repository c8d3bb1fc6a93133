use super::*;

const FORMAT: Format = Format::SweAgent;

const CALLS: &str = r#"{"environment":"e","trajectory":[{"action":"ls","observation":"x"}],
"history":[
{"role":"system","content":"Work.","agent":"main","message_type":"system_prompt"},
{"role":"user","content":"An example.","agent":"main","is_demo":true},
{"role":"user","content":[{"type":"text","text":"Fix it."}],"agent":"main"},
{"role":"assistant","content":"I look.","thought":"I look.","action":"ls","agent":"main",
 "tool_calls":[{"id":"c","type":"function","function":{"name":"bash","arguments":"{\"command\":\"ls\"}"}}],
 "thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"s"}]},
{"role":"tool","content":"a.py","agent":"main","tool_call_ids":["c"]},
{"role":"assistant","content":"","thought":"Done.","action":"submit","agent":"main"},
{"role":"tool","content":"seen","agent":"main"}],
"info":{"exit_status":"submitted"}}"#;

#[test]
fn the_history_is_the_dialog_and_the_steps_are_a_second_copy() {
    let transcript = one(CALLS, FORMAT);
    assert_eq!(transcript.instructions.as_deref(), Some("Work."));
    assert_eq!(
        tells(&transcript),
        [
            "user: An example.",
            "user: Fix it.",
            "assistant: think(hm|s) + I look. + call(c,bash,{\"command\":\"ls\"})",
            "tool: result(c,false,1) + a.py",
            "assistant: Done.",
            "user: seen",
        ]
    );
    let actors: Vec<_> =
        transcript.entries.iter().map(|entry| entry.memory.actor.as_str()).collect();
    assert_eq!(actors, ["demonstration", "main", "main", "main", "main", "main"]);
    assert_eq!((skipped(&transcript, "step"), skipped(&transcript, "thought")), (1, 2));
    assert_eq!(skipped(&transcript, "trajectory field info"), 1);
    assert_eq!((transcript.report.mended.count, transcript.report.refused.count), (0, 0));
    assert!(transcript.entries[0].memory.origin.starts_with("swe-agent:2-"));
}

#[test]
fn a_run_of_the_small_agent_is_read_by_its_messages() {
    let text = r#"{"info":{},"messages":[{"role":"system","content":"s"},
        {"role":"user","content":"u","extra":{"x":1}}],"trajectory_format":"mini-swe-agent-1"}"#;
    let transcript = one(text, FORMAT);
    assert_eq!(tells(&transcript), ["user: u"]);
    assert_eq!(skipped(&transcript, "message field extra"), 1);
}

#[test]
fn a_file_without_a_history_is_no_trajectory() {
    for text in ["{}", "[]", "{\"history\":5}", "5"] {
        let error = fails(text, Some(FORMAT)).to_string();
        assert!(error.contains("no transcript of swe-agent"), "{error}");
    }
}
