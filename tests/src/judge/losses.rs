//! Nothing of a prompt is missing in a body without a mend that says so.

use std::collections::{BTreeMap, HashMap, HashSet};

use partita::context::{Prompt, Request};
use partita::{Memory, Part};
use serde_json::Value;

use super::texts_of;
use crate::dialogs::{Dialog, WORD_BYTES, Word};

/// A body, and what was said of it.
#[derive(Clone, Debug)]
pub struct Bodies {
    /// The body.
    pub body: Value,
    /// The same, as it is sent.
    pub text: String,
    /// What each memory's mends say; those of 0 are of no memory.
    pub mends: BTreeMap<u64, Vec<String>>,
}

impl Bodies {
    /// Takes a request.
    pub fn of(request: Request) -> Self {
        let text = request.body.to_string();
        let body = serde_json::from_str(&text).expect("a body is JSON");
        let mut mends: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for mend in request.mends {
            mends.entry(mend.memory).or_default().push(mend.what);
        }
        Bodies { body, text, mends }
    }

    /// How many of a memory's mends say that something is not there, or there in other words.
    fn losses(&self, memory: u64) -> usize {
        let told = |what: &&String| TOLD.iter().any(|words| what.contains(words));
        self.mends.get(&memory).into_iter().flatten().filter(told).count()
    }
}

/// What a mend says of a loss.
const TOLD: [&str; 6] = [
    "left out",
    "shown as text",
    "not shown",
    "sent as this API has it",
    "sent as a function",
    "replaced",
];

/// Returns the words of a generated dialog that a body lacks though no mend says so: of a memory at
/// most as many parts may lack any as mends tell of a loss.
pub fn lost_words(dialog: &Dialog, made: &Bodies) -> Vec<String> {
    let bytes = made.text.as_bytes();
    let is_word = |at: usize| {
        let word = &bytes[at..at + WORD_BYTES];
        word[0] == b'w' && word[WORD_BYTES - 1] == b'q' && word[1..7].iter().all(u8::is_ascii_digit)
    };
    let ends = bytes.len().saturating_sub(WORD_BYTES - 1);
    let found = (0..ends).filter(|at| bytes[*at] == b'w' && is_word(*at));
    let found: HashSet<&str> = found.map(|at| &made.text[at..at + WORD_BYTES]).collect();
    let is_there = |word: &Word| {
        found.contains(word.text.as_str())
            || !word.encoded.is_empty() && made.text.contains(&word.encoded)
    };
    let mut lost: BTreeMap<u64, BTreeMap<usize, Vec<&str>>> = BTreeMap::new();
    for word in dialog.words.iter().filter(|word| !is_there(word)) {
        lost.entry(word.memory).or_default().entry(word.part).or_default().push(&word.text);
    }
    let mut silent = Vec::new();
    for (memory, parts) in lost {
        let told = made.losses(memory);
        let mends = made.mends.get(&memory);
        // One mend tells of a whole result.
        let is_result = |mend: &String| {
            mend.contains("the first counts") || mend.contains("_output item left out")
        };
        if mends.is_some_and(|mends| mends.iter().any(is_result)) {
            continue;
        }
        // Mends of tools stand under no memory, and so do those of files.
        if parts.len() > told && (memory > 0 || told == 0) {
            silent.push(format!("memory {memory}: {parts:?}, and {told} told: {mends:?}"));
        }
    }
    silent
}

/// Returns the lines of a prompt's texts that a body lacks though its memory has no mend.
pub fn lost_lines(prompt: &Prompt, made: &Bodies) -> Vec<String> {
    let mut known: HashSet<String> = HashSet::new();
    let mut all = String::new();
    for (_, text) in texts_of(&made.body) {
        put_lines(&mut known, text);
        all.push_str(text);
        all.push('\n');
    }
    let mut silent = Vec::new();
    for entry in &prompt.memories {
        if made.losses(entry.number) > 0 {
            continue;
        }
        for text in texts_in(&entry.memory) {
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                // It may stand within another, as a quoted call does.
                if !known.contains(line) && !is_inside(line, &known) && !all.contains(line) {
                    silent.push(format!("memory {}: {line:.80}", entry.number));
                }
            }
        }
    }
    for text in [&prompt.instructions, &prompt.sandbox] {
        let missing =
            text.lines().map(str::trim).find(|line| !line.is_empty() && !known.contains(*line));
        silent.extend(missing.map(|line| format!("beside the memories: {line:.80}")));
    }
    silent
}

/// Puts in the lines of a text, and those of the texts in it where it is JSON.
fn put_lines(known: &mut HashSet<String>, text: &str) {
    known.extend(text.lines().map(|line| line.trim().to_owned()));
    if text.starts_with(['{', '['])
        && let Ok(inner) = serde_json::from_str::<Value>(text)
    {
        texts_of(&inner).into_iter().for_each(|(_, text)| put_lines(known, text));
    }
}

/// Tells whether a line is JSON all of whose texts are there: arguments go out as an object or as they
/// are written.
fn is_inside(line: &str, known: &HashSet<String>) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(line) else { return false };
    let is_there = |(_, text): (&str, &str)| text.lines().all(|line| known.contains(line.trim()));
    !value.is_string() && texts_of(&value).into_iter().all(is_there)
}

/// The texts of a memory that a body has in any dialect.
fn texts_in(memory: &Memory) -> Vec<String> {
    let text =
        |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    let mut texts = Vec::new();
    for part in &memory.parts {
        match part {
            Part::Text(body) => texts.push(text(body.as_inline())),
            Part::Thinking { text: thought, .. } => texts.push(text(thought.as_inline())),
            Part::Call { arguments, .. } => {
                let written = text(arguments.as_inline());
                match serde_json::from_str::<Value>(&written) {
                    Ok(value) => {
                        let inner = texts_of(&value).into_iter();
                        texts.extend(inner.map(|(_, text)| text.to_owned()));
                    }
                    Err(_) => texts.push(written),
                }
            }
            Part::Opaque { content, .. } => {
                let block = serde_json::from_str(&text(content.as_inline())).unwrap_or(Value::Null);
                let said = HashMap::<&str, &str>::from_iter(texts_of(&block));
                let read = ["text", "output", "refusal", "data", "signature", "thoughtSignature"];
                texts
                    .extend(read.iter().filter_map(|key| said.get(key)).map(|it| (*it).to_owned()));
            }
            _ => {}
        }
    }
    texts
}
