//! What a model is told beside the dialog: set.

use std::path::Path;

use partita::Json;
use partita::context::Tool;
use partita::shape::Brief;

use super::{Access, open_session, text};
use crate::args::{Set, Text};
use crate::failure::{Failure, Result};
use crate::output::{Output, counted, json};

/// Sets instructions, tools or the sandbox's state; an empty file takes them away.
pub(super) fn set(out: &mut Output, dir: &Path, args: &Set) -> Result<()> {
    let session = open_session(dir, Access::Write, &args.name).map_err(Failure::or_create)?;
    let text = text(Some(&args.file))?;
    let before = session.latest()?.checkpoint().map(|info| info.id);
    let mut count = None;
    let (what, checkpoint) = match args.what {
        Text::Instructions => ("instructions", session.set_instructions(&text)?),
        Text::Sandbox => ("sandbox", session.set_sandbox_state(&text)?),
        Text::Tools => {
            let tools = tools(&text)?;
            count = Some(tools.len());
            ("tools", session.set_tools(&tools)?)
        }
    };
    let changed = checkpoint.as_ref().map(|info| info.id) != before;
    if args.json.json {
        let (bytes, tools) = (text.len(), count);
        let checkpoint = checkpoint.as_ref().map(Brief);
        return out.json(&json::SetText { what, bytes, tools, changed, checkpoint });
    }
    let now = match count {
        Some(0) => "none".to_owned(),
        None if text.is_empty() => "none".to_owned(),
        Some(count) => counted(count as u64, "tool", "tools"),
        None => counted(text.len() as u64, "byte", "bytes"),
    };
    match (changed, checkpoint) {
        (true, Some(info)) => out.line(format_args!("{what}: {now}, checkpoint {}", info.number)),
        _ => out.line(format_args!("{what}: {now}, as before")),
    }
}

/// Reads a list of tools; a text of nothing is none.
fn tools(text: &str) -> partita::Result<Vec<Tool>> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    Tool::parse_list(&Json::parse(text).map_err(|error| error.context("tools"))?)
}
