//! What plans call a memory, in a few words.

use crate::object::{Body, MemoryKind, Part};
use crate::session::read::prompt::Shown;

/// What a memory is, in a few words: a summary, a result of which tool, how a message begins.
pub(crate) fn what(shown: &Shown, at: usize) -> String {
    let memory = &shown.prompt.memories[at].memory;
    if memory.kind == MemoryKind::Summary {
        return "a summary".to_owned();
    }
    let answered: Vec<&str> = memory
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::Result { call, .. } => Some(call.as_str()),
            _ => None,
        })
        .collect();
    if let Some(call) = answered.first() {
        let before = shown.prompt.memories[..at].iter().rev().take(CALLS_LOOKED_AT);
        let mut calls = before.flat_map(|entry| &entry.memory.parts);
        let of = calls.find_map(|part| match part {
            Part::Call { id, name, arguments } if id == call => Some((name, arguments)),
            _ => None,
        });
        return match of {
            Some((name, arguments)) => match about(arguments) {
                Some(about) => format!("result of {name}, {about}"),
                None => format!("result of {name}"),
            },
            None => "a result".to_owned(),
        };
    }
    let calls: Vec<&str> = memory
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::Call { name, .. } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    if !calls.is_empty() {
        return format!("calls of {}", calls.join(", "));
    }
    let text = memory.text();
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    let mut begins: String = line.chars().take(LETTERS).collect();
    if begins.len() < line.len() {
        begins.push_str("...");
    }
    format!("{begins:?}")
}

/// Letters of what is quoted.
const LETTERS: usize = 40;

/// Memories before a result among which its call is looked for.
const CALLS_LOOKED_AT: usize = 64;

/// What a call is about: the file, the command or the address among its arguments.
fn about(arguments: &Body) -> Option<String> {
    let json = crate::json::Json::parse(arguments.as_inline()?).ok()?;
    let names =
        ["file_path", "path", "file", "filename", "notebook_path", "command", "url", "pattern"];
    let (name, text) = names.iter().find_map(|name| Some((*name, json.get(name)?.as_str()?)))?;
    let line = text.lines().next().unwrap_or("");
    let more = line.chars().count().saturating_sub(LETTERS);
    Some(match name {
        _ if more == 0 => line.to_owned(),
        // Of a path the end tells more.
        "command" | "url" | "pattern" => {
            format!("{}...", line.chars().take(LETTERS).collect::<String>())
        }
        _ => format!("...{}", line.chars().skip(more).collect::<String>()),
    })
}
