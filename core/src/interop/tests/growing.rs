//! A recording that grows: what is read of a part of it is what is read of the whole, as far as it
//! goes.

use super::*;

/// Recordings of every format of lines, made to hold what real ones hold.
pub(crate) fn recordings() -> Vec<(&'static str, Format, String)> {
    vec![
        ("split", Format::ClaudeCode, claude_split()),
        ("progress", Format::ClaudeCode, claude_progress()),
        ("rewinds", Format::ClaudeCode, claude_rewinds()),
        ("compacted", Format::ClaudeCode, claude_compacted()),
        ("odd", Format::ClaudeCode, claude_odd()),
        ("chat", Format::OpenAiChat, chat()),
        ("codex", Format::OpenAiResponses, codex()),
        ("codex before", Format::OpenAiResponses, codex_counted_before()),
        ("codex compacted", Format::OpenAiResponses, codex_compacted()),
        ("codex rolled back", Format::OpenAiResponses, codex_rolled_back()),
        ("items", Format::OpenAiResponses, plain_items()),
        ("openhands", Format::OpenHands, openhands()),
    ]
    .into_iter()
    .chain(samples::LINES.map(|(format, name, text)| (name, format, text.to_owned())))
    .collect()
}

/// A line of Claude Code: its type, uuid and parent (`-` for none), and more fields.
fn line(kind: &str, uuid: &str, parent: &str, more: &str) -> String {
    let parent = if parent == "-" { "null".to_owned() } else { format!("\"{parent}\"") };
    format!(
        "{{\"parentUuid\":{parent},\"isSidechain\":false,\"sessionId\":\"s\",\"type\":\"{kind}\",\
         \"uuid\":\"{uuid}\",\"timestamp\":\"2026-01-01T00:00:01.000Z\"{more}}}\n"
    )
}

pub(super) fn user(uuid: &str, parent: &str, text: &str) -> String {
    let more = format!(",\"message\":{{\"role\":\"user\",\"content\":\"{text}\"}}");
    line("user", uuid, parent, &more)
}

pub(super) fn result(uuid: &str, parent: &str, call: &str) -> String {
    let more = format!(
        ",\"message\":{{\"role\":\"user\",\"content\":[{{\"type\":\"tool_result\",\
         \"tool_use_id\":\"{call}\",\"content\":\"of {call}\"}}]}}"
    );
    line("user", uuid, parent, &more)
}

pub(super) fn piece(uuid: &str, parent: &str, id: &str, block: &str, stop: &str) -> String {
    let stop = if stop.is_empty() { "null".to_owned() } else { format!("\"{stop}\"") };
    let more = format!(
        ",\"message\":{{\"model\":\"claude-x\",\"id\":\"{id}\",\"role\":\"assistant\",\"content\":\
         [{block}],\"stop_reason\":{stop},\"usage\":{{\"input_tokens\":3,\"output_tokens\":{}}}}}",
        1 + u32::from(stop != "null")
    );
    line("assistant", uuid, parent, &more)
}

pub(super) fn say(text: &str) -> String {
    format!("{{\"type\":\"text\",\"text\":\"{text}\"}}")
}

fn think() -> String {
    r#"{"type":"thinking","thinking":"hm","signature":"s=="}"#.to_owned()
}

pub(super) fn call(id: &str) -> String {
    format!("{{\"type\":\"tool_use\",\"id\":\"{id}\",\"name\":\"Bash\",\"input\":{{}}}}")
}

pub(super) fn progress(uuid: &str, parent: &str) -> String {
    line("progress", uuid, parent, ",\"data\":{\"type\":\"hook_progress\"}")
}

/// Responses over several lines, with results between their pieces, with and without a reason to
/// stop.
fn claude_split() -> String {
    [
        user("u1", "-", "go"),
        piece("a1", "u1", "m1", &think(), ""),
        piece("a2", "a1", "m1", &call("c1"), ""),
        result("r1", "a2", "c1"),
        piece("a3", "r1", "m1", &call("c2"), "tool_use"),
        result("r2", "a3", "c2"),
        piece("b1", "r2", "m2", &call("c3"), ""),
        piece("b2", "b1", "m2", &call("c4"), ""),
        piece("b3", "b2", "m2", &call("c5"), ""),
        result("r3", "b1", "c3"),
        result("r5", "b3", "c5"),
        line(
            "user",
            "k",
            "r5",
            ",\"isMeta\":true,\"sourceToolUseID\":\"c3\",\"message\":{\"role\":\"user\",\
             \"content\":\"a skill\"}",
        ),
        result("r4", "b2", "c4"),
        piece("d1", "r4", "m3", &think(), "tool_use"),
        piece("d2", "d1", "m3", &call("c6"), "tool_use"),
        result("r6", "d2", "c6"),
        piece("e1", "r6", "m4", &think(), "end_turn"),
        piece("e2", "e1", "m4", &say("done"), "end_turn"),
    ]
    .concat()
}

/// Results and messages that hang on the tool's own lines.
fn claude_progress() -> String {
    [
        user("u1", "-", "go"),
        piece("a1", "u1", "m1", &call("t1"), ""),
        progress("p1", "a1"),
        progress("p2", "p1"),
        result("r1", "p1", "t1"),
        progress("p3", "a1"),
        piece("a2", "r1", "m2", &say("mid"), ""),
        progress("p4", "p3"),
        user("u2", "p4", "next"),
        piece("a3", "u2", "m3", &say("end"), ""),
    ]
    .concat()
}

/// A writer who gives up branches, comes back to one, and begins anew.
fn claude_rewinds() -> String {
    [
        user("u1", "-", "a"),
        piece("a1", "u1", "m1", &call("c1"), ""),
        piece("a2", "a1", "m1", &call("c2"), "tool_use"),
        result("r2", "a2", "c2"),
        result("r1", "a1", "c1"),
        piece("a3", "r1", "m2", &say("done"), "end_turn"),
        user("old", "a3", "not this"),
        piece("o1", "old", "m3", &say("begun"), ""),
        user("new", "a3", "but this"),
        piece("o2", "o1", "m3", &call("c3"), ""),
        result("o3", "o2", "c3"),
        piece("n1", "new", "m4", &say("ok"), "end_turn"),
        user("again", "old", "this after all"),
        piece("g1", "again", "m5", &say("well"), "end_turn"),
        user("root", "-", "another beginning"),
        piece("h1", "root", "m6", &say("yes"), ""),
    ]
    .concat()
}

fn boundary(uuid: &str, logical: &str) -> String {
    let more = format!(
        ",\"subtype\":\"compact_boundary\",\"logicalParentUuid\":\"{logical}\",\
         \"compactMetadata\":{{\"preTokens\":9}}"
    );
    line("system", uuid, "-", &more)
}

fn summary(uuid: &str, parent: &str, text: &str) -> String {
    let more = format!(
        ",\"isCompactSummary\":true,\"isVisibleInTranscriptOnly\":true,\"message\":{{\"role\":\
         \"user\",\"content\":\"{text}\"}}"
    );
    line("user", uuid, parent, &more)
}

/// Compactions, and a rewind to before one.
fn claude_compacted() -> String {
    [
        user("u1", "-", "go"),
        piece("a1", "u1", "m1", &say("one"), "end_turn"),
        user("u2", "a1", "more"),
        piece("a2", "u2", "m2", &say("two"), ""),
        boundary("b1", "a2"),
        summary("s1", "b1", "so far"),
        user("u3", "s1", "on"),
        piece("a3", "u3", "m3", &say("three"), "end_turn"),
        boundary("b2", "gone"),
        summary("s2", "b2", "so far and on"),
        piece("a4", "s2", "m4", &say("four"), "end_turn"),
        user("u4", "a3", "another way"),
        piece("a5", "u4", "m5", &say("five"), ""),
        user("u5", "a1", "yet another"),
    ]
    .concat()
}

/// What should not be and is: pieces after the end, parents that are missing, lines twice.
fn claude_odd() -> String {
    let side = |text: String| {
        text.replace("\"isSidechain\":false", "\"isSidechain\":true,\"agentId\":\"scout\"")
    };
    let error = piece("e1", "u2", "x", &say("API Error"), "").replace("claude-x", "<synthetic>");
    [
        "{\"type\":\"summary\",\"summary\":\"t\",\"leafUuid\":\"u1\"}\n".to_owned(),
        user("u1", "-", "a"),
        piece("a1", "u1", "m1", &say("I"), "end_turn"),
        side(user("s1", "a1", "find")),
        piece("a2", "a1", "m1", &say("go on"), ""),
        piece("a3", "a2", "m1", &call("c1"), ""),
        side(piece("s2", "s1", "m9", &say("found"), "")),
        user("u2", "gone", "b"),
        piece("a4", "a3", "m1", &say("late"), ""),
        result("r1", "a3", "c1"),
        result("r1", "a3", "c1"),
        error,
        piece("b1", "-", "m2", &say("x"), ""),
        piece("f1", "b1", "m3", &say("y"), ""),
        piece("b2", "b1", "m2", &say("z"), ""),
        result("r9", "b2", "nobody"),
        user("u3", "u3", "c"),
    ]
    .concat()
}

fn chat() -> String {
    let call = r#"{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"n","arguments":"{}"}}]}"#;
    let lines = [
        r#"{"role":"user","content":"go"}"#,
        call,
        r#"{"role":"tool","tool_call_id":"c","content":"r"}"#,
        r#"{"role":"assistant","content":"done","refusal":null}"#,
    ];
    lines.map(|line| line.to_owned() + "\n").concat()
}

/// A line of Codex.
fn record(kind: &str, payload: &str) -> String {
    format!(
        "{{\"timestamp\":\"2026-01-01T00:00:01Z\",\"type\":\"{kind}\",\"payload\":{payload}}}\n"
    )
}

pub(super) fn item(payload: &str) -> String {
    record("response_item", payload)
}

pub(super) fn said(role: &str, text: &str) -> String {
    let kind = if role == "assistant" { "output_text" } else { "input_text" };
    item(&format!(
        "{{\"type\":\"message\",\"role\":\"{role}\",\"content\":[{{\"type\":\"{kind}\",\"text\":\
         \"{text}\"}}]}}"
    ))
}

fn ran(id: &str) -> String {
    let call = r#"{"type":"function_call","call_id":"ID","name":"shell","arguments":"{}"}"#;
    item(&call.replace("ID", id))
}

fn output(id: &str) -> String {
    item(&r#"{"type":"function_call_output","call_id":"ID","output":"of ID"}"#.replace("ID", id))
}

pub(super) fn counted(total: u64, input: u64, cached: u64, output: u64) -> String {
    let usage = format!(
        "{{\"input_tokens\":{input},\"cached_input_tokens\":{cached},\"output_tokens\":{output},\
         \"reasoning_output_tokens\":2}}"
    );
    record(
        "event_msg",
        &format!(
            "{{\"type\":\"token_count\",\"info\":{{\"total_token_usage\":{{\"total_tokens\":\
             {total}}},\"last_token_usage\":{usage}}}}}"
        ),
    )
}

fn begun() -> String {
    record("session_meta", r#"{"id":"s","instructions":"Be terse."}"#)
        + &said("user", "<environment_context>here</environment_context>")
        + &record("turn_context", r#"{"model":"gpt-x"}"#)
}

/// Calls of all kinds, with counts behind the responses.
fn codex() -> String {
    [
        begun(),
        said("user", "add a file"),
        item(r#"{"type":"reasoning","id":"rs","summary":[],"encrypted_content":"qq=="}"#),
        item(
            r#"{"type":"custom_tool_call","status":"completed","call_id":"c1","name":"apply_patch","input":"*** Begin \"Patch\""}"#,
        ),
        counted(10, 8, 3, 2),
        item(
            r#"{"type":"custom_tool_call_output","call_id":"c1","output":"{\"output\":\"ok\"}"}"#,
        ),
        counted(10, 8, 3, 2),
        item(
            r#"{"type":"local_shell_call","call_id":"c2","status":"completed","action":{"type":"exec","command":["ls"]}}"#,
        ),
        item(
            r#"{"type":"function_call_output","call_id":"c2","output":{"content":"gone","success":false}}"#,
        ),
        counted(20, 9, 4, 1),
        ran("c3"),
        ran("c4"),
        output("c4"),
        record("event_msg", r#"{"type":"token_count","info":null}"#),
        output("c3"),
        said("assistant", "done"),
        counted(30, 5, 0, 5),
        said("assistant", "and more"),
        record("event_msg", r#"{"type":"task_complete"}"#),
        said("user", "thanks"),
        said("assistant", "well"),
    ]
    .concat()
}

/// Counts in front of what they count.
fn codex_counted_before() -> String {
    [
        begun(),
        counted(1, 1, 0, 1),
        said("user", "go"),
        counted(10, 8, 3, 2),
        ran("c1"),
        output("c1"),
        counted(20, 9, 4, 1),
        said("assistant", "done"),
        said("user", "more"),
        counted(30, 10, 5, 3),
        said("assistant", "yes"),
    ]
    .concat()
}

fn codex_compacted() -> String {
    [
        begun(),
        said("user", "old question"),
        said("assistant", "old answer"),
        record("compacted", r#"{"message":"They asked something."}"#),
        said("user", "new question"),
        said("assistant", "new answer"),
        record(
            "compacted",
            r#"{"message":"","replacement_history":[{"type":"message","role":"user","content":[{"type":"input_text","text":"new question"}]},{"type":"compaction","encrypted_content":"qq=="}]}"#,
        ),
        record("compacted", r#"{"message":""}"#),
        said("user", "newest"),
        said("assistant", "last"),
    ]
    .concat()
}

fn codex_rolled_back() -> String {
    let back = |turns: u32| {
        let event = format!("{{\"type\":\"thread_rolled_back\",\"num_turns\":{turns}}}");
        record("event_msg", &event)
    };
    [
        begun(),
        said("user", "a"),
        said("assistant", "of a"),
        said("user", "b"),
        ran("c1"),
        output("c1"),
        said("user", "c"),
        back(2),
        output("c1"),
        said("user", "d"),
        said("assistant", "of d"),
        back(1),
        back(1),
        said("user", "e"),
        said("assistant", "of e"),
        said("user", "f"),
        back(1),
    ]
    .concat()
}

fn plain_items() -> String {
    let lines = [
        r#"{"role":"user","content":"go"}"#,
        r#"{"type":"function_call","call_id":"a","name":"ls","arguments":"{}"}"#,
        r#"{"type":"custom_tool_call","call_id":"c","name":"sh","input":"ls"}"#,
        r#"{"type":"function_call_output","call_id":"a","output":"x"}"#,
        r#"{"type":"custom_tool_call_output","call_id":"c","output":"x"}"#,
        r#"{"type":"message","role":"assistant","content":[{"type":"output_text","text":"done"}]}"#,
    ];
    lines.map(|line| line.to_owned() + "\n").concat()
}

/// An event of `OpenHands`.
fn event(kind: &str, id: u32, more: &str) -> String {
    format!("{{\"id\":\"{id}\",\"source\":\"agent\",{more},\"kind\":\"{kind}\"}}\n")
}

fn openhands() -> String {
    let action = |id: u32, response: &str, call: &str| {
        let more = format!(
            "\"thought\":[],\"tool_call\":{{\"id\":\"{call}\",\"name\":\"t\",\"arguments\":\"{{}}\"}},\
             \"llm_response_id\":\"{response}\""
        );
        event("ActionEvent", id, &more)
    };
    let seen = |id: u32, call: &str| {
        let more =
            format!("\"tool_call_id\":\"{call}\",\"observation\":{{\"content\":\"of {call}\"}}");
        event("ObservationEvent", id, &more)
    };
    let status = |id: u32, value: &str| {
        let more = format!("\"key\":\"execution_status\",\"value\":\"{value}\"");
        event("ConversationStateUpdateEvent", id, &more)
    };
    let says = "\"llm_message\":{\"role\":\"user\",\"content\":\"go\"}";
    [
        event("SystemPromptEvent", 0, "\"system_prompt\":{\"text\":\"Work.\"}"),
        event("MessageEvent", 1, says),
        status(2, "running"),
        action(3, "r1", "c1"),
        seen(4, "c1"),
        action(5, "r1", "c2"),
        status(6, "running"),
        action(7, "r2", "c3"),
        seen(8, "c2"),
        action(9, "r2", "c4"),
        seen(10, "c4"),
        seen(11, "c3"),
        action(12, "", "c5"),
        seen(13, "c5"),
        action(14, "r3", "c6"),
        seen(15, "c6"),
        status(16, "finished"),
        event("MessageEvent", 17, says),
        action(18, "r4", "c7"),
    ]
    .concat()
}

/// Where a recording may end: behind each line, and within each.
pub(crate) fn cuts(text: &str) -> Vec<usize> {
    let mut cuts = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        cuts.extend([start + line.len() / 2, start + line.len() - 1, start + line.len()]);
        start += line.len();
    }
    cuts
}

#[test]
fn what_a_part_of_a_recording_settles_the_whole_settles_too() {
    for (name, format, text) in recordings() {
        let whole = read(text.as_bytes(), Some(format)).unwrap();
        for cut in cuts(&text) {
            let Ok(part) = read(&text.as_bytes()[..cut], Some(format)) else { continue };
            for (part, whole) in part.transcripts.iter().zip(&whole.transcripts) {
                let settled = &whole.entries[..part.entries.len().min(whole.entries.len())];
                // What an earlier version recorded it with may still come.
                let strip = |entry: &Entry| {
                    let mut entry = entry.clone();
                    entry.also.clear();
                    entry
                };
                let part: Vec<_> = part.entries.iter().map(strip).collect();
                let settled: Vec<_> = settled.iter().map(strip).collect();
                assert_eq!(part, settled, "{name}, cut at {cut}");
            }
        }
    }
}

#[test]
fn a_response_waits_for_its_end_with_all_behind_it_and_is_told() {
    let text =
        [user("u1", "-", "go"), piece("a1", "u1", "m1", &call("c1"), ""), result("r1", "a1", "c1")];
    let source = read(text.concat().as_bytes(), Some(Format::ClaudeCode)).unwrap();
    let transcript = &source.transcripts[0];
    assert_eq!(tells(transcript), ["user: go"]);
    let report = &transcript.report;
    assert_eq!((report.kept, report.waiting.count), (1, 2));
    let said = report.to_string();
    assert!(said.starts_with("kept 1, mended 1, refused 0, skipped 0, waiting 2\n"), "{said}");
    assert!(said.contains("waiting line 2: a response that may still grow"), "{said}");
    // Its end is shown by a reason to stop, by what follows, or by whoever says so.
    let ends = [
        piece("a2", "a1", "m1", &say("so"), "end_turn"),
        piece("b1", "r1", "m2", &say("so"), ""),
        user("u2", "r1", "and"),
    ];
    for (end, settled) in ends.iter().zip([3, 3, 4]) {
        let source = read((text.concat() + end).as_bytes(), None).unwrap();
        assert_eq!(source.transcripts[0].entries.len(), settled, "{end}");
    }
    let ended = source.ended().transcripts.remove(0);
    assert_eq!((ended.entries.len(), ended.report.kept), (3, 3));
    assert_eq!(ended.report.waiting.count, 0);
    // The tool's own lines and results of its calls end no response.
    for more in [progress("p", "r1"), result("r1b", "a1", "c1")] {
        let source = read((text.concat() + &more).as_bytes(), None).unwrap();
        assert_eq!(source.transcripts[0].entries.len(), 1, "{more}");
    }
}

#[test]
fn a_reason_to_stop_ends_no_response_before_what_it_speaks_of() {
    let told = tells(&one(&claude_split(), Format::ClaudeCode));
    let responses: Vec<_> = told.iter().filter(|said| said.starts_with("assistant")).collect();
    assert_eq!(responses.len(), 4, "{responses:#?}");
    assert_eq!(responses[2], "assistant: think(hm|s==) + call(c6,Bash,{})");
    assert_eq!(responses[3], "assistant: think(hm|s==) + done");
}

#[test]
fn all_that_was_said_is_kept_in_the_order_of_the_file() {
    let told = |text: &str| tells(&one(text, Format::ClaudeCode));
    assert_eq!(
        told(&claude_progress()),
        [
            "user: go",
            "assistant: call(t1,Bash,{})",
            "tool: result(t1,false,1) + of t1",
            "assistant: mid",
            "user: next",
            "assistant: end",
        ]
    );
    let transcript = one(&claude_progress(), Format::ClaudeCode);
    assert!(transcript.entries.iter().all(|entry| entry.turn.is_none()));
    assert_eq!(transcript.report.mended.count, 1, "{}", transcript.report);
    assert_eq!(
        told(&claude_rewinds()),
        [
            "user: a",
            "assistant: call(c1,Bash,{}) + call(c2,Bash,{})",
            "tool: result(c2,false,1) + of c2",
            "tool: result(c1,false,1) + of c1",
            "assistant: done",
            "user: not this",
            "assistant: begun",
            "user: but this",
            "assistant: call(c3,Bash,{})",
            "tool: result(c3,false,1) + of c3",
            "assistant: ok",
            "user: this after all",
            "assistant: well",
            "user: another beginning",
            "assistant: yes",
        ]
    );
}

#[test]
fn what_was_given_up_is_named_by_the_first_memory_of_the_new_branch() {
    let transcript = one(&claude_rewinds(), Format::ClaudeCode);
    let turns: Vec<_> = transcript.entries.iter().filter_map(|entry| entry.turn.clone()).collect();
    let named = |keys: &[&str]| -> Vec<String> {
        keys.iter().map(|key| format!("claude-code:{key}")).collect()
    };
    assert_eq!((&turns[0].out, &turns[0].back), (&named(&["old", "o1"]), &named(&[])));
    // What comes late to a branch that was given up is out of view from the beginning.
    assert_eq!(turns[1].out, named(&["o2"]));
    assert_eq!(turns[2].out, named(&["o3"]));
    assert_eq!(turns[3].out, named(&["new", "n1"]));
    assert_eq!(turns[3].back, named(&["old"]));
    let root = named(&["u1", "a1", "a2", "r2", "r1", "a3", "old", "again", "g1"]);
    assert_eq!((&turns[4].out, turns.len()), (&root, 5));
    let remarks = mended(&transcript);
    assert!(remarks.contains("line 9: 2 memories before it were given up"), "{remarks}");
    assert!(remarks.contains("line 13: 1 memories before it were taken up again"), "{remarks}");
}

#[test]
fn a_summary_of_a_compaction_stands_for_what_came_before_it() {
    let transcript = one(&claude_compacted(), Format::ClaudeCode);
    let turn = |key: &str| {
        let entry = transcript.entries.iter().find(|entry| entry.key == key).unwrap();
        entry.turn.clone().unwrap_or_default()
    };
    let origin = |key: &str| Some(format!("claude-code:{key}"));
    assert_eq!((turn("s1").lay, turn("s2").lay), (origin("s1"), origin("s2")));
    // A rewind to before a compaction takes its summary off; the one before it holds again.
    assert_eq!((turn("u4").off, turn("u4").lay), (origin("s2"), origin("s1")));
    assert_eq!((turn("u5").off, turn("u5").lay), (origin("s1"), None));
}

/// What a dialog says, with the tokens of each response: all, cached, output.
fn with_usage(transcript: &Transcript) -> Vec<(String, Option<[u64; 3]>)> {
    let entries = transcript.entries.iter();
    let usage = |entry: &Entry| {
        let usage = entry.call.as_ref()?.usage;
        Some([usage.prompt()?, usage.cache_read?, usage.output?])
    };
    entries.map(|entry| (tell(entry), usage(entry))).collect()
}

#[test]
fn what_codex_calls_tools_with_is_a_call_and_its_counts_are_model_calls() {
    let transcript = one(&codex(), Format::OpenAiResponses);
    let plain = |text: &str| (text.to_owned(), None);
    let counted = |text: &str, usage| (text.to_owned(), Some(usage));
    assert_eq!(
        with_usage(&transcript),
        [
            plain("user: <environment_context>here</environment_context>"),
            plain("user: add a file"),
            counted(
                "assistant: opaque(openai-responses,{\"type\":\"reasoning\",\"id\":\"rs\",\
                 \"summary\":[],\"encrypted_content\":\"qq==\"}) + \
                 call(c1,apply_patch,{\"input\":\"*** Begin \\\"Patch\\\"\"})",
                [8, 3, 2]
            ),
            plain("tool: result(c1,false,1) + {\"output\":\"ok\"}"),
            counted(
                "assistant: call(c2,local_shell,{\"type\":\"exec\",\"command\":[\"ls\"]})",
                [9, 4, 1]
            ),
            plain("tool: result(c2,true,1) + gone"),
            plain("assistant: call(c3,shell,{}) + call(c4,shell,{})"),
            plain("tool: result(c4,false,1) + of c4"),
            plain("tool: result(c3,false,1) + of c3"),
            counted("assistant: done", [5, 0, 5]),
            plain("assistant: and more"),
            plain("user: thanks"),
            plain("assistant: well"),
        ]
    );
    let call = transcript.entries[2].call.as_ref().unwrap();
    assert_eq!((call.model.as_str(), call.provider.as_str()), ("gpt-x", "openai"));
    assert_eq!((call.usage.input, call.usage.reasoning), (Some(5), Some(2)));
    assert_eq!(transcript.report.refused.count, 0, "{}", transcript.report);
    // What an earlier version recorded as one memory is known by its last key.
    let entries = &transcript.entries;
    let key = entries[10].memory.origin.clone();
    let new = transcript.new_entries(|origin| origin == key);
    assert_eq!(new.len(), entries.len() - 2);
}

#[test]
fn a_count_in_front_of_a_response_is_of_that_response() {
    let told = with_usage(&one(&codex_counted_before(), Format::OpenAiResponses));
    let usage: Vec<_> = told.iter().filter_map(|(_, usage)| *usage).collect();
    assert_eq!(usage, [[8, 3, 2], [9, 4, 1], [10, 5, 3]]);
    assert_eq!(told.len(), 7);
}

#[test]
fn a_compaction_of_codex_is_a_summary_that_stands_for_what_came_before_it() {
    let transcript = one(&codex_compacted(), Format::OpenAiResponses);
    let laid = transcript.entries.iter().filter(|entry| entry.turn.is_some());
    let laid: Vec<_> = laid.map(tell).collect();
    assert_eq!(
        laid,
        [
            "user: They asked something.",
            "user: user: new question + opaque(openai-responses,{\"type\":\"compaction\",\
             \"encrypted_content\":\"qq==\"})",
        ]
    );
    assert_eq!(skipped(&transcript, "line compacted"), 1);
    assert_eq!(transcript.entries.len(), 9);
}
