//! The dialog for other tools: export.

use std::path::Path;

use partita::interop::{AtifAgent, Export as Exported, to_atif, to_openai_chat};
use partita::{
    Canonical as _, Error, ErrorKind, Json, Kind, Memory, ModelCall, Objects as _, Snapshot, Store,
    Tool,
};

use super::{Access, open_session, snapshot};
use crate::args::Export;
use crate::failure::Result;
use crate::output::{Output, counted, note, quote};

/// Writes a session's dialog as another tool reads it.
pub(super) fn export(out: &mut Output, dir: &Path, args: &Export) -> Result<()> {
    // Refused before anything is read.
    let is_atif = match &args.format[..] {
        "atif" => true,
        "openai-chat" => false,
        other => {
            let shown: String = other.chars().take(80).collect();
            let message = format!("no export format {shown:?}; there are openai-chat and atif");
            return Err(Error::new(ErrorKind::Invalid, message).into());
        }
    };
    let session = open_session(dir, Access::Read, &args.name)?;
    let snapshot = snapshot(&session, args.at.as_deref())?;
    let memories = memories(&snapshot)?;
    let instructions = snapshot.instructions()?;
    let instructions = String::from_utf8_lossy(&instructions);
    let instructions = Some(&*instructions).filter(|text| !text.is_empty());
    let tools: Vec<Json> = snapshot.tools()?.iter().map(function).collect();
    let exported = if is_atif {
        let calls = memories
            .iter()
            .map(|memory| model_call(snapshot.store(), memory))
            .collect::<Result<Vec<_>>>()?;
        let call = |at: usize| calls.get(at).and_then(Option::as_ref);
        to_atif(&agent(&args.name, &memories), &memories, call, instructions, &tools)?
    } else {
        to_openai_chat(&memories, instructions, &tools)?
    };
    told(out, &exported)
}

fn told(out: &mut Output, exported: &Exported) -> Result<()> {
    out.line(&exported.document)?;
    let report = &exported.report;
    if report.mended.count > 0 || report.refused.count > 0 || !report.skipped.is_empty() {
        for line in report.to_string().lines() {
            note(&quote::text(line));
        }
    }
    Ok(())
}

/// The memories with all their bytes; what was purged is left out, with a note.
fn memories(snapshot: &Snapshot) -> Result<Vec<Memory>> {
    let (mut memories, mut purged) = (Vec::new(), 0);
    for entry in snapshot.memories() {
        match entry.and_then(|entry| snapshot.store().read_memory(&entry.memory)) {
            Ok(memory) => memories.push(memory),
            Err(error) if error.kind() == ErrorKind::Purged => purged += 1,
            Err(error) => return Err(error.into()),
        }
    }
    if purged > 0 {
        note(&format!("{} left out: purged", counted(purged, "memory is", "memories are")));
    }
    Ok(memories)
}

/// The call of a model that made a memory, where it links to one.
fn model_call(store: &Store, memory: &Memory) -> Result<Option<ModelCall>> {
    for link in &memory.links {
        match store.get_node(link) {
            Ok(Some(node)) if node.kind == Kind::MODEL_CALL => {
                return Ok(Some(ModelCall::from_node(&node)?));
            }
            Err(error) if error.kind() != ErrorKind::Purged => return Err(error.into()),
            _ => {}
        }
    }
    Ok(None)
}

/// A tool as OpenAI writes it.
fn function(tool: &Tool) -> Json {
    let function = Json::object([
        ("name", Json::from(tool.name.as_str())),
        ("description", Json::from(tool.description.as_str())),
        ("parameters", tool.schema.clone()),
    ]);
    Json::object([("type", Json::from("function")), ("function", function)])
}

/// Who wrote the dialog: the agent whose transcript it came from, else nobody known.
fn agent(session: &str, memories: &[Memory]) -> AtifAgent {
    let origins = memories.iter().filter_map(|memory| memory.origin.split_once(':'));
    let name = origins.map(|(format, _)| format).next().unwrap_or("unknown");
    AtifAgent { name: name.to_owned(), version: "unknown".to_owned(), session: session.to_owned() }
}
