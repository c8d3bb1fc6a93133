//! Sources as large as real ones get: refused by their limit, in bounded memory, with nothing kept. A
//! line above its limit costs that line.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use partita_tests::command::{Outcome, Partita};

/// The most memory that a refused import may have needed: two of the largest documents that are
/// read, and what a process needs anyway.
const RESIDENT_BYTES_MAX: u64 = 192 << 20;

/// A line of Claude Code's up to the text that its user says.
const SAID: &str = r#"{"type":"user","uuid":"1","parentUuid":null,"sessionId":"s","message":{"role":"user","content":""#;

/// Runs a process to its end and looks at the most memory that it had resident.
fn peak_of(mut child: Child) -> (Outcome, u64) {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
        peak = peak.max(kib.unwrap_or(0) << 10);
        std::thread::sleep(Duration::from_millis(2));
    }
    (Outcome::of(child.wait_with_output().unwrap()), peak)
}

/// Imports a file within bounded memory.
#[track_caller]
fn import(partita: &Partita, file: &Path, format: &str) -> Outcome {
    let name = file.to_str().unwrap();
    let line = ["import", "transcript", name, "--session", "s", "--format", format];
    let mut command = partita.command(line);
    let (outcome, peak) =
        peak_of(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    println!("{} MiB resident at the most: {}", peak >> 20, outcome.stderr);
    assert!(peak > 0 && peak <= RESIDENT_BYTES_MAX, "{peak} bytes resident: {}", outcome.stderr);
    outcome
}

/// Imports a file that must be refused, within bounded memory, and leave no store behind.
#[track_caller]
fn refused(file: &Path, format: &str) -> String {
    let partita = Partita::at(file.with_extension("store"));
    let name = file.to_str().unwrap();
    let error = import(&partita, file, format).failure();
    assert!(error.contains(name), "it names the file: {error}");
    assert!(!partita.store().exists(), "{error}");
    error
}

#[test]
fn a_line_of_a_gigabyte_is_refused_with_its_number_in_bounded_memory() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.jsonl");
    let mut file = File::create(&path).unwrap();
    writeln!(file, r#"{SAID}hi"}}}}"#).unwrap();
    write!(file, "{SAID}").unwrap();
    // The rest is a hole, which takes no room and reads as one endless line.
    file.set_len(1 << 30).unwrap();
    drop(file);
    for format in ["auto", "claude-code"] {
        let error = refused(&path, format);
        assert!(error.contains("line 2: ends beyond the 536870912 bytes"), "{error}");
        assert!(error.contains("split the file"), "it says what to do: {error}");
    }
    for format in ["openai-chat", "anthropic", "swe-agent"] {
        let error = refused(&path, format);
        assert!(error.contains("longer than 67108864 bytes") && error.contains("split"), "{error}");
    }
}

#[test]
fn a_message_of_a_hundred_megabytes_costs_its_line_or_its_document() {
    const BYTES: usize = 100 << 20;
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, before: &str, after: &str| {
        let path = dir.path().join(name);
        let mut file = BufWriter::new(File::create(&path).unwrap());
        file.write_all(before.as_bytes()).unwrap();
        let words = b"All of it in one line. ".repeat(1_000);
        for _ in 0..BYTES / words.len() + 1 {
            file.write_all(&words).unwrap();
        }
        file.write_all(after.as_bytes()).unwrap();
        file.flush().unwrap();
        path
    };
    let lines = write("run.jsonl", &format!("{SAID}hi\"}}}}\n{SAID}"), "\"}}\n");
    let partita = Partita::at(dir.path().join("kept"));
    let outcome = import(&partita, &lines, "auto");
    assert!(outcome.stderr.contains("refused line 2: longer than 33554432 bytes"), "{outcome:?}");
    outcome.success();
    assert_eq!(partita.rows(["memories", "s"]).len(), 1);
    let chat = write(
        "chat.json",
        r#"[{"role": "user", "content": "hi"}, {"role": "user", "content": ""#,
        "\"}]",
    );
    let error = refused(&chat, "auto");
    assert!(error.contains("longer than 67108864 bytes"), "{error}");
}
