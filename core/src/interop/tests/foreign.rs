//! Formats that are nobody's API: what each sample says, and what it says beside its words.

use super::samples::{DOCUMENTS, LINES};
use super::*;
use crate::interop::{AtifAgent, detect, to_atif};
use crate::object::MemoryKind;

/// Reads the sample of a name, and all of its dialogs.
fn sample(name: &str) -> Vec<Transcript> {
    let mut all_samples = DOCUMENTS.iter().chain(&LINES);
    let (format, _, text) = all_samples.find(|(_, found, _)| *found == name).unwrap();
    let source = read(text.as_bytes(), None).unwrap().ended();
    assert_eq!(source.format, *format);
    for transcript in &source.transcripts {
        assert_eq!(transcript.report.refused.count, 0, "{name}: {}", transcript.report);
    }
    source.transcripts
}

/// The tokens of a model call: of the prompt, read from a cache, of the output.
fn counted(entry: &Entry) -> (String, Option<u64>, Option<u64>, Option<u64>) {
    let call = entry.call.as_ref().unwrap();
    (call.model.clone(), call.usage.prompt(), call.usage.cache_read, call.usage.output)
}

const ASKED: &str = "user: What is on it? + media(image/png,foo)";

#[test]
fn each_sample_is_told_as_its_own_format() {
    for (format, name, text) in DOCUMENTS.iter().chain(&LINES) {
        assert_eq!(detect(text.as_bytes()), Some(*format), "{name}");
        let first = text.lines().next().unwrap();
        assert_eq!(detect(first.as_bytes()), Some(*format), "the first line of {name}");
    }
}

#[test]
fn a_trajectory_of_atif_is_read() {
    let found = &sample("atif")[0];
    assert_eq!(found.instructions.as_deref(), Some("Be brief."));
    assert_eq!(
        tells(found),
        [
            ASKED,
            "assistant: think(First the directory.|) + I look. + call(c1,ls,{\"path\":\".\"}) + \
             call(c2,ls,{\"path\":\"/\"})",
            "tool: result(c1,false,1) + a.txt",
            "tool: result(c2,false,1) + etc",
            "assistant: One file.",
        ]
    );
    assert_eq!(counted(&found.entries[1]), ("claude-x".into(), Some(10), Some(4), Some(2)));
    assert_eq!((found.tools.len(), found.report.mended.count), (1, 0));
    assert_eq!(found.entries[0].memory.time.unwrap().as_millis(), 1_767_225_600_000);
}

#[test]
fn what_is_exported_as_atif_comes_back() {
    for (_, name, _) in DOCUMENTS.iter().chain(&LINES) {
        for found in sample(name) {
            let memories: Vec<_> = found.entries.iter().map(|entry| entry.memory.clone()).collect();
            let call = |at: usize| found.entries[at].call.as_ref();
            let agent = AtifAgent { name: "a".into(), version: "1".into(), session: String::new() };
            let instructions = found.instructions.as_deref();
            let export = to_atif(&agent, &memories, call, instructions, &found.tools).unwrap();
            let back = one(&export.document.to_string(), Format::Atif);
            assert_eq!(back.instructions, found.instructions, "{name}");
            // Arguments are an object there, whose spaces are nobody's.
            let said = |one: &Transcript| -> Vec<String> {
                tells(one).iter().map(|said| said.replace(' ', "")).collect()
            };
            let mut told = (said(&back), said(&found));
            // Results stand at the step of their call, and blocks behind the words.
            told.0.sort();
            told.1.sort();
            // A block stands behind the words that were behind it.
            if *name != "chatgpt" {
                assert_eq!(told.0, told.1, "{name}");
            }
        }
    }
}

#[test]
fn an_export_of_opencode_is_read_step_by_step() {
    let found = &sample("opencode")[0];
    assert_eq!(found.instructions.as_deref(), Some("Be brief."));
    assert_eq!(
        tells(found),
        [
            ASKED,
            "assistant: think(First the directory.|sig-oc-1) + call(c1,bash,{\"command\":\"ls\"}) + \
             call(c2,read,{\"path\":\"b\"})",
            "tool: result(c1,false,1) + a.txt",
            "tool: result(c2,true,1) + no such file",
            "assistant: One file.",
        ]
    );
    assert_eq!(counted(&found.entries[1]), ("claude-x".into(), Some(13), Some(4), Some(2)));
    assert_eq!(found.entries[2].memory.time.unwrap().as_millis(), 1_767_225_602_000);
}

#[test]
fn a_response_of_opencode_that_is_still_written_waits() {
    let text = DOCUMENTS.iter().find(|(_, name, _)| *name == "opencode").unwrap().2;
    let begun =
        text.replace(",\"completed\":1767225604000", "").replace(",\"finish\":\"stop\"", "");
    let source = read(begun.as_bytes(), None).unwrap();
    assert_eq!(source.transcripts[0].report.waiting.count, 1);
}

#[test]
fn what_a_response_of_opencode_says_after_its_call_had_ended_stands_behind_the_result() {
    let text = r#"{"info":{"id":"ses_1"},"messages":[{"info":{"id":"m","role":"assistant","sessionID":"ses_1",
        "modelID":"x","tokens":{"input":9,"output":2}},"parts":[{"type":"step-start"},
        {"type":"tool","callID":"c1","tool":"bash","state":{"status":"completed","input":{},"output":"a",
        "time":{"start":1,"end":5}}},{"type":"text","text":"meanwhile","time":{"start":3}},
        {"type":"text","text":"then","time":{"start":6}}]}]}"#;
    let found = one(text, Format::OpenCode);
    assert_eq!(
        tells(&found),
        [
            "assistant: call(c1,bash,{}) + meanwhile",
            "tool: result(c1,false,1) + a",
            "assistant: then",
        ]
    );
    let prompts = found.entries.iter().filter_map(|entry| entry.call.as_ref()?.usage.prompt());
    assert_eq!(prompts.sum::<u64>(), 9);
}

#[test]
fn what_opencode_compacted_or_took_back_is_out_of_view() {
    let message = |id: &str, info: &str, part: &str| {
        format!(r#"{{"info":{{"id":"{id}","sessionID":"ses_1",{info}}},"parts":[{part}]}}"#)
    };
    let said = |text: &str| format!(r#"{{"type":"text","text":"{text}"}}"#);
    let messages = [
        message("m1", r#""role":"user""#, &said("a")),
        message("m2", r#""role":"user""#, r#"{"type":"compaction","auto":true}"#),
        message("m3", r#""role":"assistant","summary":true"#, &said("so far")),
        message("m4", r#""role":"user""#, &said("b")),
        message("m5", r#""role":"user""#, &said("c")),
    ];
    let text = format!(
        r#"{{"info":{{"id":"ses_1","revert":{{"messageID":"m5"}}}},"messages":[{}]}}"#,
        messages.join(",")
    );
    let found = one(&text, Format::OpenCode);
    assert_eq!(tells(&found), ["user: a", "user: so far", "user: b", "user: c"]);
    assert_eq!(found.entries[1].turn.clone().unwrap().lay.unwrap(), "opencode:m3");
    assert_eq!(found.last_turn.unwrap().out, ["opencode:m5"]);
}

#[test]
fn actions_and_observations_of_openhands_v0_are_pairs() {
    let found = &sample("openhands-v0")[0];
    assert_eq!(found.instructions.as_deref(), Some("Be brief."));
    assert_eq!(
        tells(found),
        [
            ASKED,
            "assistant: think(First the directory.|) + I look. + call(c1,execute_bash,{\"command\": \
             \"ls\"}) + call(c2,execute_bash,{\"command\":\"pwd\"})",
            "tool: result(c1,false,1) + a.txt",
            "tool: result(c2,false,1) + /w",
            "assistant: call(event-8,read,{\"path\":\"b\"})",
            "tool: result(event-8,true,1) + no such file",
            "assistant: One file.",
        ]
    );
    assert_eq!(counted(&found.entries[1]), ("claude-x".into(), Some(10), Some(4), Some(2)));
    assert_eq!((found.tools.len(), skipped(found, "action of the host")), (1, 1));
    let text = DOCUMENTS.iter().find(|(_, name, _)| *name == "openhands-v0").unwrap().2;
    let wrapped = format!(r#"{{"trajectory":{text}}}"#);
    let source = read(wrapped.as_bytes(), None).unwrap();
    assert_eq!(source.format, Format::OpenHandsV0);
    assert_eq!(tells(&source.transcripts[0]), tells(found));
}

#[test]
fn entries_of_pi_are_a_tree_with_compactions() {
    let found = &sample("pi")[0];
    assert_eq!(
        tells(found),
        [
            ASKED,
            "assistant: think(First the directory.|sig-pi-1) + I look. + \
             call(c1,bash,{\"command\":\"ls\"})",
            "tool: result(c1,false,1) + a.txt",
            "assistant: One file.",
            "user: Not this.",
            "user: But this.",
            "user: There is one file.",
            "user: Go on.",
        ]
    );
    assert_eq!(counted(&found.entries[1]), ("claude-x".into(), Some(14), Some(4), Some(2)));
    let out = |at: usize| found.entries[at].turn.clone().unwrap_or_default().out;
    assert_eq!(
        (out(5), out(6)),
        (vec!["pi:e5".to_owned()], vec!["pi:e1".to_owned(), "pi:e2".into(), "pi:e3".into()])
    );
    assert_eq!(found.entries[6].memory.kind, MemoryKind::Summary);
}

#[test]
fn pi_s_own_messages_and_sealed_reasoning_are_read() {
    let entry = |id: &str, message: &str| {
        format!(
            r#"{{"type":"message","id":"{id}","parentId":null,"timestamp":"2026-01-01T00:00:00Z","message":{message}}}"#
        ) + "\n"
    };
    let text = [
        entry("a", r#"{"role":"bashExecution","command":"ls","output":"x"}"#),
        entry("b", r#"{"role":"assistant","api":"openai-responses","model":"m","content":[{"type":"thinking","thinking":"hm","thinkingSignature":"{\"type\":\"reasoning\",\"id\":\"r\"}"}]}"#),
        entry("c", r#"{"role":"branchSummary","summary":"they tried"}"#),
        entry("d", r#"{"role":"robot"}"#),
    ]
    .concat();
    let found = one(&text, Format::Pi);
    assert_eq!(
        tells(&found),
        [
            "user: Ran `ls`\nx",
            "assistant: opaque(openai-responses,{\"type\":\"reasoning\",\"id\":\"r\"})",
            "user: they tried",
        ]
    );
    assert!(refused(&found).contains("line 4: unknown role \"robot\""));
}

#[test]
fn messages_of_goose_are_read_from_lines_and_from_its_export() {
    let found = &sample("goose")[0];
    let told = [
        ASKED,
        "assistant: think(First the directory.|sig-goose-1) + I look. + \
         call(c1,developer__shell,{\"command\":\"ls\"}) + \
         call(c2,developer__shell,{\"command\":\"cat b\"})",
        "tool: result(c1,false,1) + a.txt",
        "tool: result(c2,true,1) + no such file",
        "assistant: One file.",
        "user: Shown to nobody.",
    ];
    assert_eq!(tells(found), told);
    assert_eq!(found.entries[5].turn.clone().unwrap().out, ["goose:m5"]);
    let text = LINES.iter().find(|(_, name, _)| *name == "goose").unwrap().2;
    let messages: Vec<&str> = text.lines().skip(1).collect();
    let text = format!(
        r#"{{"id":"1","working_dir":"/w","name":"n","conversation":[{}]}}"#,
        messages.join(",")
    );
    let source = read(text.as_bytes(), None).unwrap().ended();
    assert_eq!((source.format, tells(&source.transcripts[0])), (Format::Goose, tells(found)));
    // Pieces of one response may bear one id.
    let twice = text.replace("\"id\":\"m4\"", "\"id\":\"m2\"");
    assert_eq!(one(&twice, Format::Goose).entries.len(), 6);
}

#[test]
fn threads_of_amp_are_read() {
    let found = &sample("amp")[0];
    assert_eq!(
        tells(found),
        [
            ASKED,
            "assistant: think(First the directory.|sig-amp-1) + call(toolu_1,Bash,{\"cmd\":\"ls\"})",
            "tool: result(toolu_1,false,1) + a.txt",
            "assistant: One file. + call(toolu_2,Bash,{\"cmd\":\"rm a.txt\"})",
            "tool: result(toolu_2,true,1) + not that",
            "user: Leave it.",
        ]
    );
    assert_eq!(counted(&found.entries[1]), ("claude-x".into(), Some(15), Some(4), Some(2)));
    assert_eq!(found.entries[0].key, "T-1/0");
}

#[test]
fn events_of_copilot_are_read_with_sub_agents_beside_them() {
    let all = sample("copilot");
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].instructions.as_deref(), Some("Be brief."));
    assert_eq!(
        tells(&all[0]),
        [
            ASKED,
            "assistant: think(First the directory.|) + call(c1,bash,{\"command\":\"ls\"}) + \
             call(c2,task,{\"prompt\":\"find\"})",
            "tool: result(c1,false,1) + a.txt",
            "tool: result(c2,true,1) + gave up",
            "assistant: One file.",
            "user: Not this.",
            "user: But this.",
        ]
    );
    assert_eq!(counted(&all[0].entries[1]), ("gpt-x".into(), None, None, Some(7)));
    assert_eq!(all[0].entries[6].turn.clone().unwrap().out, ["copilot:e11"]);
    assert_eq!(
        tells(&all[1]),
        [
            "assistant: I search. + call(c9,grep,{\"pattern\":\"a\"})",
            "tool: result(c9,false,1) + found"
        ]
    );
    assert_eq!(all[1].name, "c2");
}

#[test]
fn what_codex_prints_is_calls_with_what_came_of_them() {
    let found = &sample("codex-exec")[0];
    assert_eq!(
        tells(found),
        [
            "assistant: think(First the directory.|)",
            "assistant: call(item_1,shell,{\"command\":\"ls\"})",
            "tool: result(item_1,false,1) + a.txt",
            "assistant: call(item_2,docs__find,{\"q\":\"a\"})",
            "tool: result(item_2,false,2) + found + media(image/png,foo)",
            "assistant: call(item_3,apply_patch,{\"changes\":[{\"path\":\"b\",\"kind\":\"add\"}]})",
            "tool: result(item_3,true,1) + failed",
            "assistant: One file.",
            "assistant: Well.",
            "user: the stream broke",
        ]
    );
    assert_eq!(counted(&found.entries[7]), (String::new(), Some(10), Some(4), Some(2)));
    assert!(found.entries[8].call.is_none());
}

#[test]
fn messages_of_the_ai_sdk_are_read_for_models_and_for_pages() {
    let found = &sample("vercel-model")[0];
    assert_eq!(found.instructions.as_deref(), Some("Be brief."));
    assert_eq!(
        tells(found),
        [
            ASKED,
            "assistant: think(First the directory.|sig-ai-1) + call(c1,ls,{\"path\":\".\"}) + \
             call(c2,cat,{\"path\":\"b\"})",
            "tool: result(c1,false,1) + a.txt",
            "tool: result(c2,true,1) + no such file",
            "assistant: One file.",
        ]
    );
    assert_eq!(
        tells(&sample("vercel-ui")[0]),
        [
            ASKED,
            "assistant: think(First the directory.|) + call(c1,ls,{\"path\":\".\"}) + \
             call(c2,cat,{\"path\":\"b\"})",
            "tool: result(c1,false,1) + [\"a.txt\"]",
            "tool: result(c2,true,1) + no such file",
            "assistant: One file.",
        ]
    );
    let fourth = r#"[{"id":"1","role":"user","content":"go","createdAt":"2026-01-01T00:00:00Z"},
        {"id":"2","role":"assistant","content":"ok","toolInvocations":[{"state":"result","toolCallId":"c","toolName":"t","args":{},"result":"r"}]}]"#;
    let source = read(fourth.as_bytes(), None).unwrap();
    assert_eq!(source.format, Format::Vercel);
    assert_eq!(
        tells(&source.transcripts[0]),
        ["user: go", "assistant: ok + call(c,t,{})", "tool: result(c,false,1) + r"]
    );
}

#[test]
fn messages_of_langchain_are_read_in_each_of_their_forms() {
    let found = &sample("langchain")[0];
    assert_eq!(found.instructions.as_deref(), Some("Be brief."));
    let response = "assistant: think(First the directory.|sig-lc-1) + I look. + \
                    call(c1,ls,{\"path\":\".\"})";
    assert_eq!(
        tells(found),
        [ASKED, response, "tool: result(c1,false,1) + a.txt", "assistant: One file."]
    );
    assert_eq!(counted(&found.entries[1]), ("claude-x".into(), Some(10), Some(4), Some(2)));
    assert_eq!(
        tells(&sample("langchain-dumpd")[0]),
        [
            "user: List.",
            "assistant: call(c1,ls,{}) + call(c2,cat,{\"path\": )",
            "tool: result(c1,true,1) + a.txt",
        ]
    );
    assert_eq!(
        tells(&sample("langchain-model-dump")[0]),
        ["user: List.", response, "tool: result(c1,false,1) + a.txt"]
    );
}

#[test]
fn messages_of_converse_are_read_from_lists_bodies_and_responses() {
    let found = &sample("bedrock")[0];
    assert_eq!(found.instructions.as_deref(), Some("Be brief."));
    assert_eq!(
        tells(found),
        [
            ASKED,
            "assistant: think(First the directory.|sig-br-1) + I look. + call(c1,ls,{\"path\":\".\"})",
            "tool: result(c1,false,1) + {\"files\":[\"a.txt\"]}",
            "user: Go on.",
            "assistant: One file.",
        ]
    );
    assert_eq!(found.tools[0].get("name").unwrap().as_str(), Some("ls"));
    let response = r#"{"output":{"message":{"role":"assistant","content":[{"text":"hi"},{"toolUse":{"toolUseId":"c","name":"t","input":{}}}]}},"stopReason":"tool_use","usage":{"inputTokens":3,"outputTokens":4}}"#;
    let source = read(response.as_bytes(), None).unwrap();
    let entry = &source.transcripts[0].entries[0];
    assert_eq!(
        (source.format, tell(entry)),
        (Format::Bedrock, "assistant: hi + call(c,t,{})".into())
    );
    assert_eq!(counted(entry), (String::new(), Some(3), None, Some(4)));
    let plain = r#"[{"role":"user","content":[{"text":"hi"}]}]"#;
    assert_eq!(detect(plain.as_bytes()), Some(Format::Bedrock));
}

#[test]
fn conversations_of_chatgpt_are_trees_in_the_order_of_time() {
    let found = &sample("chatgpt")[0];
    assert_eq!(found.instructions.as_deref(), Some("Be brief."));
    assert_eq!(
        tells(found)[1..],
        [
            "assistant: think(Look\nFirst the directory.|)",
            "assistant: call(call-n4,python,{\"input\":\"print(1)\"})",
            "tool: result(call-n4,false,1) + 1",
            "assistant: One file.",
            "user: Thanks.",
            "assistant: Another answer.",
        ]
    );
    assert!(tells(found)[0].starts_with("user: What is on it? + opaque(chatgpt,"));
    assert_eq!(found.entries[6].turn.clone().unwrap().out.len(), 5);
    let last = found.last_turn.clone().unwrap();
    assert_eq!((last.out, last.back.len()), (vec!["chatgpt:n8".to_owned()], 5));
    let text = DOCUMENTS.iter().find(|(_, name, _)| *name == "chatgpt").unwrap().2;
    let inner = &text[1..text.len() - 1];
    let several = format!("[{inner},{}]", inner.replace("Files", "More"));
    let source = read(several.as_bytes(), None).unwrap();
    let error = source.choose(None).unwrap_err().to_string();
    assert!(error.contains("1 (Files, 7 memories), 2 (More, 7 memories)"), "{error}");
}
