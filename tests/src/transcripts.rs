//! Transcripts as prompts: those that are committed, and those of a directory on this machine.

use std::path::{Path, PathBuf};

use partita::Json;
use partita::context::{Prompt, PromptMemory, Tool, exchanges};
use partita::interop::{Transcript, read};

use crate::random::Random;

/// Names a directory whose files are judged too.
pub const DIRECTORY_VARIABLE: &str = "PARTITA_TRANSCRIPTS";

/// A dialog of a file, as a prompt of all its memories.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The file, and the dialog's name where it has one.
    pub source: String,
    /// The dialog.
    pub prompt: Prompt,
}

/// Returns the committed transcripts, one or more of each format.
pub fn committed_files() -> Vec<PathBuf> {
    files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/transcripts"))
}

/// Returns the committed transcripts, and those of the directory that the environment names.
pub fn all_files() -> Vec<PathBuf> {
    let mut files = committed_files();
    if let Some(directory) = std::env::var_os(DIRECTORY_VARIABLE).filter(|name| !name.is_empty()) {
        let found = files_below(Path::new(&directory));
        assert!(!found.is_empty(), "{DIRECTORY_VARIABLE}: no transcript in {directory:?}");
        files.extend(found);
    }
    files
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        let entries = std::fs::read_dir(&directory);
        let entries = entries.unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        for entry in entries {
            let path = entry.expect("a directory's entry is readable").path();
            let is_transcript = ["json", "jsonl", "traj"].into_iter().any(|end| {
                path.extension().and_then(|found| found.to_str()).is_some_and(|it| it == end)
            });
            if path.is_dir() {
                open.push(path);
            } else if is_transcript {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Reads a file's dialogs.
///
/// # Panics
/// If it cannot be read, or a message of it is refused: a judge of what was left out proves nothing.
pub fn samples(file: &Path) -> Vec<Sample> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{name}: {error}"));
    let source = read(&bytes[..], None).unwrap_or_else(|error| panic!("{name}: {error}"));
    source
        .ended()
        .transcripts
        .iter()
        .map(|transcript| {
            let source = format!("{name} {}", transcript.name).trim_end().to_owned();
            Sample { source, prompt: prompt(transcript) }
        })
        .collect()
}

fn prompt(transcript: &Transcript) -> Prompt {
    let instructions = transcript.instructions.clone().unwrap_or_default();
    let prompt = Prompt::new(instructions).with_tools(transcript.tools.iter().filter_map(tool));
    let memories = transcript.entries.iter().map(|entry| entry.memory.clone());
    memories.fold(prompt, Prompt::with_memory)
}

/// Returns a tool that the host runs, in whichever provider's words; none if it is the provider's.
fn tool(tool: &Json) -> Option<Tool> {
    let tool = tool.get("function").unwrap_or(tool);
    let schema = tool.get("input_schema").or_else(|| tool.get("parameters"))?;
    let text = |key| tool.get(key).and_then(Json::as_str);
    Some(Tool::new(text("name")?, text("description").unwrap_or_default(), schema.clone()))
}

/// Returns a prompt without some of its exchanges, each of which goes or stays by chance.
pub fn thinned(prompt: &Prompt, random: &mut Random) -> Prompt {
    let ranges = exchanges(prompt.memories.iter().map(|entry| &entry.memory));
    let out_of = random.between(2, 8);
    let kept = ranges.into_iter().filter(|_| !random.chance(1, out_of));
    let memories: Vec<PromptMemory> =
        kept.flat_map(|range| prompt.memories[range].to_vec()).collect();
    Prompt { memories, ..prompt.clone() }
}
