//! A recording is imported while it is written: whatever the cuts, the session ends as with one
//! import of the whole.

use std::ops::ControlFlow;
use std::path::Path;

use partita::interop::{Entry, Format, Transcripts, read};
use partita::object::{Canonical, Checkpoint, Objects};
use partita::{MemoryId, Session, Store};
use partita_tests::command::Partita;
use partita_tests::transcripts::all_files;

/// Cuts of a long recording that are held against the whole one by one.
const CUTS: usize = 120;

fn session() -> Session {
    Store::in_memory().unwrap().session("s").unwrap()
}

fn import(session: &Session, source: &Transcripts, dialog: usize) {
    let Some(transcript) = source.transcripts.get(dialog) else { return };
    let go_on = &mut |_| ControlFlow::Continue(());
    session.import_transcript(transcript, "t", go_on).unwrap();
}

/// Ids and numbers of all memories, and the maps of memories and view.
fn state(session: &Session) -> (Vec<(u64, MemoryId)>, Vec<String>) {
    let latest = session.latest().unwrap();
    let memories = latest.memories().map(|entry| entry.unwrap());
    let memories = memories.map(|entry| (entry.number, entry.id)).collect();
    let Some(info) = latest.checkpoint() else { return (memories, Vec::new()) };
    let node = session.store().get_node(&info.id.id()).unwrap().unwrap();
    let checkpoint = Checkpoint::from_node(&node).unwrap();
    let roots = [Checkpoint::MEMORIES, Checkpoint::VIEW];
    (memories, roots.map(|root| format!("{:?}", checkpoint.roots.get(root))).to_vec())
}

/// What names an entry and what it says, as far as it is recorded.
fn told(entry: &Entry) -> (String, Vec<u8>) {
    let (memory, _) = entry.clone().into_linked();
    (entry.key.clone(), memory.to_node().id().as_bytes().to_vec())
}

fn is_of_lines(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "jsonl")
}

#[test]
fn a_recording_that_is_imported_at_every_line_is_the_recording_imported_whole() {
    let (mut files, mut cuts) = (0, 0);
    for file in all_files().iter().filter(|path| is_of_lines(path)) {
        let name = file.file_name().unwrap().to_string_lossy();
        let bytes = std::fs::read(file).unwrap();
        let format: Option<Format> = Some(read(&bytes[..], None).unwrap().format);
        let whole = read(&bytes[..], format).unwrap();
        let ends: Vec<usize> = (1..=bytes.len()).filter(|end| bytes[end - 1] == b'\n').collect();
        let in_lines = ends.iter().map(|end| end.saturating_sub(3)).collect::<Vec<_>>();
        let step = (ends.len() / CUTS).max(1);
        files += 1;
        for dialog in 0..whole.transcripts.len() {
            let grown = session();
            for at in (0..ends.len()).step_by(step).chain([ends.len() - 1]) {
                for end in [in_lines[at], ends[at]] {
                    let Ok(part) = read(&bytes[..end], format) else { continue };
                    import(&grown, &part, dialog);
                    let Some(part) = part.transcripts.get(dialog) else { continue };
                    let entries = &whole.transcripts[dialog].entries;
                    let settled = entries.iter().take(part.entries.len()).map(told);
                    let part: Vec<_> = part.entries.iter().map(told).collect();
                    assert!(part.into_iter().eq(settled), "{name}: cut at {end}");
                    cuts += 1;
                }
            }
            let at_once = session();
            import(&at_once, &whole, dialog);
            assert_eq!(state(&grown), state(&at_once), "{name}");
            let ended = whole.clone().ended();
            for session in [&grown, &at_once] {
                import(session, &ended, dialog);
            }
            assert_eq!(state(&grown), state(&at_once), "{name}, ended");
        }
    }
    println!("{files} recordings, {cuts} cuts");
    assert!(files >= 3 && cuts > 50, "{files} recordings, {cuts} cuts");
}

#[test]
fn what_requests_tell_of_counts_is_told_each_time_that_a_recording_has_doubled() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let file = dir.path().join("session.jsonl");
    let turn = |at: usize| {
        let parent = if at == 0 { "null".to_owned() } else { format!("\"a{}\"", at - 1) };
        let (asks, answers) = (format!("u{at}"), format!("a{at}"));
        format!(
            r#"{{"type":"user","uuid":"{asks}","parentUuid":{parent},"sessionId":"s","message":{{"role":"user","content":"Why {at}?"}}}}
{{"type":"assistant","uuid":"{answers}","parentUuid":"{asks}","sessionId":"s","message":{{"id":"m{at}","role":"assistant","model":"claude-x","stop_reason":"end_turn","usage":{{"input_tokens":{}}},"content":[{{"type":"text","text":"So."}}]}}}}
"#,
            9_000 + at
        )
    };
    let mut told = Vec::new();
    for turns in 1..=20 {
        std::fs::write(&file, (0..turns).map(turn).collect::<String>()).unwrap();
        let args = ["import", "transcript", file.to_str().unwrap(), "--session", "s"];
        let outcome = partita.run(args);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        if outcome.stderr.contains("calibrated:claude-x") {
            told.push(turns);
        }
        // What is recorded already tells nothing anew.
        assert!(!partita.run(args).stderr.contains("calibrated:"));
    }
    assert_eq!(told, [1, 2], "one turn more is no reason to count all of them again");
    let more = dir.path().join("more.jsonl");
    std::fs::write(&more, (0..40).map(turn).collect::<String>()).unwrap();
    let outcome = partita.run(["import", "transcript", more.to_str().unwrap(), "--session", "s"]);
    assert!(outcome.stderr.contains("40 requests tell what claude-x counts"), "{}", outcome.stderr);
}
