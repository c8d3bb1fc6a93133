use super::*;
use crate::error::ErrorKind;
use crate::object::{MemoryKind, Usage};

const FORMAT: Format = Format::ClaudeCode;

/// A line of a type, with its uuid, its parent (`-` for none) and more fields.
fn line(kind: &str, uuid: &str, parent: &str, second: u32, more: &str) -> String {
    let parent = if parent == "-" { "null".to_owned() } else { format!("\"{parent}\"") };
    format!(
        "{{\"parentUuid\":{parent},\"isSidechain\":false,\"sessionId\":\"s\",\"type\":\"{kind}\",\
         \"uuid\":\"{uuid}\",\"timestamp\":\"2026-01-01T00:00:{second:02}.000Z\"{more}}}\n"
    )
}

fn user(uuid: &str, parent: &str, second: u32, text: &str) -> String {
    let more = format!(",\"message\":{{\"role\":\"user\",\"content\":\"{text}\"}}");
    line("user", uuid, parent, second, &more)
}

fn result(uuid: &str, parent: &str, second: u32, call: &str, text: &str) -> String {
    let more = format!(
        ",\"message\":{{\"role\":\"user\",\"content\":[{{\"type\":\"tool_result\",\
         \"tool_use_id\":\"{call}\",\"content\":\"{text}\"}}]}},\"toolUseResult\":{{\"x\":1}}"
    );
    line("user", uuid, parent, second, &more)
}

/// A line of a response: one block, the output counted so far, and the reason to stop.
fn piece(
    (uuid, parent, second): (&str, &str, u32),
    id: &str,
    block: &str,
    output: u64,
    stop: Option<&str>,
) -> String {
    let stop = stop.map_or("null".to_owned(), |stop| format!("\"{stop}\""));
    let more = format!(
        ",\"requestId\":\"req\",\"message\":{{\"model\":\"claude-x\",\"id\":\"{id}\",\"type\":\
         \"message\",\"role\":\"assistant\",\"content\":[{block}],\"stop_reason\":{stop},\
         \"usage\":{{\"input_tokens\":3,\"cache_read_input_tokens\":100,\"output_tokens\":{output}}}}}"
    );
    line("assistant", uuid, parent, second, &more)
}

fn say(text: &str) -> String {
    format!("{{\"type\":\"text\",\"text\":\"{text}\"}}")
}

fn call(id: &str) -> String {
    format!(
        "{{\"type\":\"tool_use\",\"id\":\"{id}\",\"name\":\"Bash\",\"input\":{{\"z\":1,\"a\":2.50}}}}"
    )
}

/// A dialog with what real ones have: a response over four lines with results between them.
fn split() -> String {
    [
        user("u1", "-", 1, "go"),
        piece(
            ("a1", "u1", 2),
            "m1",
            r#"{"type":"thinking","thinking":"hm","signature":"s=="}"#,
            1,
            None,
        ),
        piece(("a2", "a1", 3), "m1", &call("c1"), 1, None),
        result("r1", "a2", 4, "c1", "one"),
        piece(("a3", "r1", 5), "m1", &call("c2"), 90, Some("tool_use")),
        result("r2", "a3", 6, "c2", "two"),
        piece(("b1", "r2", 7), "m2", &say("done"), 7, Some("end_turn")),
    ]
    .concat()
}

#[test]
fn a_response_over_several_lines_is_one_memory_also_with_results_between_them() {
    let transcript = one(&split(), FORMAT);
    assert_eq!(
        tells(&transcript),
        [
            "user: go",
            "assistant: think(hm|s==) + call(c1,Bash,{\"z\":1,\"a\":2.50}) \
             + call(c2,Bash,{\"z\":1,\"a\":2.50})",
            "tool: result(c1,false,1) + one",
            "tool: result(c2,false,1) + two",
            "assistant: done",
        ]
    );
    assert!(mended(&transcript).starts_with("line 2: 1 responses on several lines"));
    assert_eq!((transcript.report.kept, transcript.report.refused.count), (5, 0));
    assert_eq!(skipped(&transcript, "toolUseResult"), 2);
    let memory = &transcript.entries[1].memory;
    assert_eq!(memory.origin, "claude-code:a3");
    assert_eq!(memory.time.unwrap().as_millis(), 1_767_225_602_000);
}

#[test]
fn usage_that_each_line_repeats_counts_once_and_by_its_last_line() {
    let transcript = one(&split(), FORMAT);
    let calls: Vec<_> = transcript.entries.iter().filter_map(|entry| entry.call.clone()).collect();
    assert_eq!(calls.len(), 2);
    let usage =
        Usage { input: Some(3), output: Some(90), cache_read: Some(100), ..Usage::default() };
    assert_eq!(calls[0].usage, usage);
    assert_eq!((calls[0].response.as_str(), calls[0].request.as_str()), ("m1", "req"));
    assert_eq!((calls[0].stop.as_str(), calls[0].model.as_str()), ("tool_use", "claude-x"));
    assert_eq!(calls[1].usage.output, Some(7));
}

#[test]
fn an_output_that_was_never_counted_to_its_end_is_absent() {
    let text = user("u", "-", 1, "go") + &piece(("a", "u", 2), "m", &say("long"), 1, None);
    let transcript = one(&text, FORMAT);
    let usage = transcript.entries[1].call.as_ref().unwrap().usage;
    assert_eq!((usage.output, usage.input), (None, Some(3)));
    assert!(mended(&transcript).contains("without a last count"), "{}", mended(&transcript));
    let rising = text + &piece(("b", "a", 3), "m", &say("er"), 40, None);
    let transcript = one(&rising, FORMAT);
    assert_eq!(transcript.entries[1].call.as_ref().unwrap().usage.output, Some(40));
}

#[test]
fn results_of_parallel_calls_are_kept_though_each_is_a_branch_of_its_own() {
    let text = [
        user("u", "-", 1, "go"),
        piece(("a1", "u", 2), "m", &call("c1"), 1, None),
        piece(("a2", "a1", 3), "m", &call("c2"), 9, Some("tool_use")),
        result("r1", "a1", 4, "c1", "one"),
        result("r2", "a2", 5, "c2", "two"),
        piece(("b", "r2", 6), "n", &say("done"), 9, Some("end_turn")),
    ];
    let transcript = one(&text.concat(), FORMAT);
    assert_eq!(transcript.entries.len(), 5);
    assert_eq!(skipped(&transcript, "line of another branch"), 0);
    // Cut off behind the first result, the second call still belongs to the response.
    let transcript = one(&text[..4].concat(), FORMAT);
    assert_eq!(transcript.entries.len(), 3);
    assert!(mended(&transcript).contains("line 2: the call c2 has no result; kept"));
}

fn boundary(logical: &str) -> String {
    let more = format!(
        ",\"subtype\":\"compact_boundary\",\"logicalParentUuid\":\"{logical}\",\
         \"compactMetadata\":{{\"preTokens\":9}}"
    );
    line("system", "x", "-", 3, &more)
}

fn summary() -> String {
    let more = ",\"isCompactSummary\":true,\"isVisibleInTranscriptOnly\":true,\
                \"message\":{\"role\":\"user\",\"content\":\"so far\"}";
    line("user", "y", "x", 4, more)
}

#[test]
fn a_dialog_goes_on_across_a_compaction_and_its_summary_is_one() {
    for (logical, mends) in [("u1", 0), ("absent", 1)] {
        let text = [
            user("u1", "-", 1, "go"),
            user("u2", "u1", 2, "more"),
            boundary(logical),
            summary(),
            user("u3", "y", 5, "on"),
        ];
        let transcript = one(&text.concat(), FORMAT);
        // Whatever the boundary hangs on, it stands for all before it.
        let expected = ["user: go", "user: more", "user: so far", "user: on"];
        assert_eq!(tells(&transcript), expected, "{logical}");
        let kinds: Vec<_> = transcript.entries.iter().map(|entry| entry.memory.kind).collect();
        assert_eq!(kinds[kinds.len() - 2], MemoryKind::Summary);
        assert_eq!(kinds.iter().filter(|kind| **kind == MemoryKind::Summary).count(), 1);
        assert_eq!(skipped(&transcript, "system/compact_boundary"), 1);
        let missing = mended(&transcript).matches("line 3: its parent absent is missing").count();
        assert_eq!(missing, mends, "{}", mended(&transcript));
    }
}

#[test]
fn sub_agents_are_transcripts_of_their_own() {
    let side = |text: String, agent: &str| {
        let agent = format!("\"isSidechain\":true{agent}");
        text.replace("\"isSidechain\":false", &agent)
    };
    let text = [
        user("u", "-", 1, "go"),
        side(user("s1", "-", 2, "look"), ""),
        side(piece(("s2", "s1", 3), "m1", &say("seen"), 9, Some("end_turn")), ""),
        side(user("t1", "-", 2, "find"), ",\"agentId\":\"scout\""),
        side(
            piece(("t2", "t1", 3), "m2", &say("found"), 9, Some("end_turn")),
            ",\"agentId\":\"scout\"",
        ),
        piece(("a", "u", 4), "m3", &say("done"), 9, Some("end_turn")),
    ]
    .concat();
    let source = all(&text, FORMAT);
    let names: Vec<_> = source.transcripts.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(names, ["", "s1", "scout"]);
    let said: Vec<_> = source.transcripts.iter().map(tells).collect();
    assert_eq!(said[0], ["user: go", "assistant: done"]);
    assert_eq!(said[1], ["user: look", "assistant: seen"]);
    assert_eq!(said[2], ["user: find", "assistant: found"]);
    assert_eq!(source.transcripts[2].entries[1].memory.actor, "scout");
    assert_eq!(source.transcripts[0].entries[1].memory.actor, "");
    // A file that a sub-agent has to itself.
    let own: String = text
        .lines()
        .filter(|line| line.contains("scout"))
        .fold(String::new(), |all, line| all + line + "\n");
    let own = one(&own, FORMAT);
    assert_eq!((own.name.as_str(), own.entries.len()), ("scout", 2));
}

#[test]
fn a_missing_parent_does_not_lose_what_was_before_it() {
    let text = [
        user("u1", "gone", 1, "a"),
        user("u2", "u1", 2, "b"),
        user("u3", "lost", 3, "c"),
        user("u4", "u3", 4, "d"),
    ];
    let transcript = one(&text.concat(), FORMAT);
    assert_eq!(tells(&transcript), ["user: a", "user: b", "user: c", "user: d"]);
    let remarks = mended(&transcript);
    assert!(remarks.contains("line 3: its parent lost is missing; put after line 2"), "{remarks}");
    assert!(remarks.contains("line 1: its parent gone is missing; begins here"), "{remarks}");
}

#[test]
fn a_parent_that_comes_later_or_never_is_the_line_before() {
    let text = [user("u1", "u2", 1, "a"), user("u2", "u1", 2, "b"), user("u3", "u3", 3, "c")];
    let transcript = one(&text.concat(), FORMAT);
    assert_eq!(tells(&transcript), ["user: a", "user: b", "user: c"]);
    assert!(mended(&transcript).contains("line 3: its parent u3 is missing; put after line 2"));
    assert!(transcript.entries.iter().all(|entry| entry.turn.is_none()));
}

#[test]
fn after_a_rewind_both_branches_are_kept_and_the_one_that_was_given_up_is_named() {
    let text = [
        user("u1", "-", 1, "a"),
        user("old", "u1", 2, "not this"),
        piece(("old2", "old", 3), "m1", &say("nor this"), 9, Some("end_turn")),
        user("u2", "u1", 4, "but this"),
    ];
    let transcript = one(&text.concat(), FORMAT);
    assert_eq!(
        tells(&transcript),
        ["user: a", "user: not this", "assistant: nor this", "user: but this"]
    );
    let remarks = mended(&transcript);
    assert!(remarks.contains("line 4: 2 memories before it were given up"), "{remarks}");
    let turn = transcript.entries[3].turn.as_ref().unwrap();
    assert_eq!(turn.out, ["claude-code:old", "claude-code:old2"]);
    // A rewind to the very start leaves two lines without a parent.
    let text = [user("u1", "-", 1, "a"), user("u2", "-", 2, "b")];
    let transcript = one(&text.concat(), FORMAT);
    assert_eq!(tells(&transcript), ["user: a", "user: b"]);
    assert!(mended(&transcript).contains("line 2: 1 memories before it were given up"));
}

#[test]
fn a_checkpoint_that_repeats_earlier_lines_adds_nothing() {
    let text = split();
    let transcript = one(&(text.clone() + &text), FORMAT);
    assert_eq!(tells(&transcript), tells(&one(&text, FORMAT)));
    assert_eq!(skipped(&transcript, "line"), 7);
}

#[test]
fn calls_and_results_that_are_no_pairs_are_kept_and_named() {
    let text = [
        user("u", "-", 1, "go"),
        piece(("a", "u", 2), "m", &(call("c1") + "," + &call("c2")), 9, Some("tool_use")),
        result("r1", "a", 3, "c1", "one"),
        result("r2", "r1", 4, "c1", "again"),
        result("r3", "r2", 5, "c9", "whose"),
    ];
    let transcript = one(&text.concat(), FORMAT);
    assert_eq!(transcript.entries.len(), 5);
    let remarks = mended(&transcript);
    for remark in [
        "line 2: the call c2 has no result; kept",
        "line 4: the result of c1 is a second result; kept",
        "line 5: the result of c9 has no call; kept",
    ] {
        assert!(remarks.contains(remark), "{remarks}");
    }
    assert_eq!(transcript.report.mended.count, 3);
}

#[test]
fn an_id_that_is_used_again_after_its_result_is_a_new_pair() {
    let text = [
        piece(("a", "-", 1), "m", &call("c"), 9, Some("tool_use")),
        result("r", "a", 2, "c", "one"),
        piece(("b", "r", 3), "n", &call("c"), 9, Some("tool_use")),
        result("s", "b", 4, "c", "two"),
    ];
    assert_eq!(one(&text.concat(), FORMAT).report.mended.count, 0);
}

#[test]
fn the_tools_own_lines_are_counted_by_type() {
    let text = [
        user("u", "-", 1, "a"),
        line("progress", "p", "u", 2, ",\"data\":{\"type\":\"hook_progress\"}"),
        line("system", "q", "p", 3, ",\"subtype\":\"turn_duration\""),
        "{\"type\":\"summary\",\"summary\":\"t\",\"leafUuid\":\"u\"}\n".to_owned(),
        "{\"type\":\"file-history-snapshot\",\"messageId\":\"u\",\"snapshot\":{}}\n".to_owned(),
        "{\"type\":\"brand-new\",\"sessionId\":\"s\"}\n".to_owned(),
        user("v", "q", 4, "b"),
    ];
    let transcript = one(&text.concat(), FORMAT);
    assert_eq!(tells(&transcript), ["user: a", "user: b"]);
    for what in [
        "progress/hook_progress",
        "system/turn_duration",
        "summary",
        "file-history-snapshot",
        "brand-new",
    ] {
        assert_eq!(skipped(&transcript, what), 1, "{what}");
    }
    assert_eq!(transcript.report.refused.count, 0);
}

#[test]
fn a_reply_that_no_model_wrote_is_a_note_without_a_call() {
    let text = user("u", "-", 1, "a")
        + &piece(("b", "u", 2), "m", &say("API Error"), 0, None).replace("claude-x", "<synthetic>");
    let transcript = one(&text, FORMAT);
    assert_eq!(transcript.entries[1].memory.kind, MemoryKind::Note);
    assert_eq!(transcript.entries[1].call, None);
    assert!(mended(&transcript).contains("line 2: no model wrote this reply"));
}

#[test]
fn a_line_cut_short_is_refused_and_comes_with_the_next_import() {
    let whole = split();
    let cut = &whole[..whole.len() - 9];
    let transcript = one(cut, FORMAT);
    assert_eq!(transcript.entries.len(), 4);
    assert_eq!(refused(&transcript), "line 7: cut short; import again when the line is whole");
    assert_grows(FORMAT, &whole, cut);
    // In the middle too a line is refused by itself.
    let broken = whole.replacen("\"type\":\"user\"", "\"type\":", 1);
    let transcript = one(&broken, FORMAT);
    assert!(refused(&transcript).starts_with("line 1: no JSON"), "{}", refused(&transcript));
}

#[test]
fn a_grown_dialog_adds_what_is_new_at_whatever_line_the_first_import_ended() {
    let whole = split();
    let ends = whole.match_indices('\n').map(|(at, _)| at + 1);
    for end in ends {
        assert_grows(FORMAT, &whole, &whole[..end]);
    }
    // The rest of a response that had begun comes with the call that made it.
    let whole = one(&whole, FORMAT);
    let new = whole.new_entries(|origin| matches!(origin, "claude-code:u1" | "claude-code:a2"));
    assert_eq!(tell(&new[0]), "assistant: call(c2,Bash,{\"z\":1,\"a\":2.50})");
    assert_eq!(new[0].call.as_ref().unwrap().response, "m1");
}

#[test]
fn another_format_in_the_file_is_an_error_with_its_line() {
    let text = split() + "{\"role\":\"user\",\"content\":\"hi\"}\n";
    let error = fails(&text, Some(FORMAT));
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().starts_with("line 8: of openai-chat"), "{error}");
    let error = fails("[{\"role\":\"user\",\"content\":\"hi\"}]", Some(FORMAT));
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let error = fails("a diary\n", Some(FORMAT));
    assert!(error.to_string().contains("no transcript of claude-code"), "{error}");
    let error = fails("", None);
    assert!(error.to_string().contains("swe-agent"), "{error}");
    let mut bytes = split().into_bytes();
    bytes.extend(b"{\"type\":\"user\",\"uuid\":\"\xff\"}\n");
    let read = read(&bytes[..], None).unwrap();
    assert_eq!(refused(&read.transcripts[0]), "line 8: not UTF-8 at byte 23");
}

#[test]
fn a_message_above_the_limits_of_a_memory_is_refused_by_itself() {
    let blocks = vec![say("x"); crate::limits::MEMORY_PARTS_MAX + 1].join(",");
    let text = user("u", "-", 1, "a") + &piece(("b", "u", 2), "m", &blocks, 1, Some("end_turn"));
    let transcript = one(&text, FORMAT);
    assert_eq!(tells(&transcript), ["user: a"]);
    assert!(refused(&transcript).contains("line 2: memory: 1025 parts"), "{transcript:?}");
}
