//! The memories of a session: who said what, and how it stands in the view.

use super::super::number::{counted, size, time, whole_time};
use super::super::page::Page;
use super::{chip, note};
use crate::error::{ErrorKind, Result};
use crate::limits::{
    DISPLAY_LABEL_CHARS_MAX, DISPLAY_MEMORIES_MAX, DISPLAY_PAGE_BYTES_MAX, DISPLAY_TEXT_CHARS_MAX,
};
use crate::object::{Body, Memory, MemoryKind, Part, Role};
use crate::session::{MemoryEntry, MemoryState, Snapshot};
use crate::store::Store;

/// Draws the newest memories, oldest first.
pub(super) fn memories(page: &mut Page, snapshot: &Snapshot, total: u64) -> Result<()> {
    let mut newest = Vec::new();
    for entry in snapshot.memories_back().take(DISPLAY_MEMORIES_MAX) {
        match entry {
            Ok(entry) => newest.push(entry),
            Err(error) if error.kind() == ErrorKind::Purged => {}
            Err(error) => return Err(error),
        }
    }
    newest.reverse();
    let left = total.saturating_sub(newest.len() as u64);
    if left > 0 {
        let left = counted(left, "memory that is", "memories that are");
        note(page, format!("{left} older, or purged, not shown"));
    }
    let view = snapshot.view();
    // The last number that the summary told of last covers.
    let mut covered = 0;
    for (at, entry) in newest.iter().enumerate() {
        if page.len() > DISPLAY_PAGE_BYTES_MAX {
            let left = counted((newest.len() - at) as u64, "memory", "memories");
            note(page, format!("{left} more not shown: the page is full"));
            break;
        }
        let (state, pinned) = view.state(entry.number)?;
        if let MemoryState::Summary { last } = state
            && entry.number > covered
        {
            covered = last;
            if let Some(summary) = view.summary_of(entry.number)? {
                let number = summary.number;
                let summary = summary.to_entry();
                let what = format!("summary of {number} to {last}");
                card(page, snapshot.store(), &summary, &what, State::Shown, pinned)?;
            }
        }
        let state = match state {
            MemoryState::Summary { .. } => State::Compacted,
            MemoryState::Forgotten => State::Forgotten,
            MemoryState::Trimmed => State::Trimmed,
            MemoryState::Full => State::Shown,
        };
        let what = entry.number.to_string();
        card(page, snapshot.store(), entry, &what, state, pinned)?;
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Shown,
    Trimmed,
    Forgotten,
    Compacted,
}

fn card(
    page: &mut Page,
    store: &Store,
    entry: &MemoryEntry,
    what: &str,
    state: State,
    pinned: bool,
) -> Result<()> {
    let memory = &entry.memory;
    let gone = matches!(state, State::Forgotten | State::Compacted);
    page.markup(if gone { "<div class=\"p-card p-gone\">" } else { "<div class=\"p-card\">" });
    page.markup("<div class=\"p-cardhead\"><span class=\"p-m\"");
    page.attribute("title", entry.id.to_string()).markup(">").text(what).markup("</span>");
    chip(page, if memory.role == Role::Tool { "" } else { " p-role" }, memory.role.name());
    if memory.kind != MemoryKind::Message {
        chip(page, "", memory.kind.name());
    }
    page.markup("<span class=\"p-grow\">").short(&memory.actor, DISPLAY_LABEL_CHARS_MAX);
    page.markup("</span>");
    match state {
        State::Shown => chip(page, " p-on", "in view"),
        State::Trimmed => chip(page, " p-on", "in view, trimmed"),
        State::Forgotten => chip(page, " p-off", "forgotten"),
        State::Compacted => chip(page, " p-off", "compacted"),
    }
    if pinned {
        chip(page, " p-on", "pinned");
    }
    if let Some(at) = memory.time {
        page.markup("<span class=\"p-t\"").attribute("title", whole_time(at)).markup(">");
        page.text(time(at)).markup("</span>");
    }
    page.markup("</div><div class=\"p-cardbody\">");
    said(page, store, memory)?;
    page.markup("</div></div>");
    Ok(())
}

fn said(page: &mut Page, store: &Store, memory: &Memory) -> Result<()> {
    let is_result = memory.parts.iter().any(|part| matches!(part, Part::Result { .. }));
    for (at, part) in memory.parts.iter().enumerate() {
        if at > 0 && page.len() > DISPLAY_PAGE_BYTES_MAX {
            let left = counted((memory.parts.len() - at) as u64, "part", "parts");
            note(page, format!("{left} more not shown: the page is full"));
            break;
        }
        match part {
            Part::Text(text) if is_result => {
                page.markup("<pre class=\"p-said\">");
                body(page, store, text)?;
                page.markup("</pre>");
            }
            Part::Text(text) => {
                page.markup("<div class=\"p-said\">");
                body(page, store, text)?;
                page.markup("</div>");
            }
            Part::Thinking { text, .. } => folded(page, store, "thoughts", text)?,
            Part::Call { id, name, arguments } => {
                page.markup("<div>");
                chip(page, " p-fork", format!("calls {name}"));
                page.markup("<span class=\"p-id\">").short(id, DISPLAY_LABEL_CHARS_MAX);
                page.markup("</span></div>");
                page.markup("<pre class=\"p-said\">");
                body(page, store, arguments)?;
                page.markup("</pre>");
            }
            Part::Result { call, error, .. } => {
                page.markup("<div style=\"margin-bottom:4px\">");
                let (class, what) = if *error { (" p-err", "error of") } else { ("", "result of") };
                chip(page, class, what);
                page.markup("<span class=\"p-id\">").short(call, DISPLAY_LABEL_CHARS_MAX);
                page.markup("</span></div>");
            }
            Part::Media { media_type, content } => {
                let bytes = match content {
                    Body::Inline(bytes) => Ok(bytes.len() as u64),
                    Body::Content(content) => store.content_size(*content),
                };
                let size = match bytes {
                    Ok(bytes) => size(bytes),
                    Err(error) if error.kind() == ErrorKind::Purged => "purged".to_owned(),
                    Err(error) => return Err(error),
                };
                chip(page, "", format!("{media_type}, {size}"));
            }
            Part::File { iteration } => chip(page, "", format!("file iteration {iteration:.10}")),
            Part::Opaque { provider, content } => {
                let what = format!("a block of {provider}");
                chip(page, "", what);
                folded(page, store, "as it came", content)?;
            }
        }
    }
    Ok(())
}

fn folded(page: &mut Page, store: &Store, what: &'static str, text: &Body) -> Result<()> {
    page.markup("<details><summary>").markup(what).markup("</summary><pre class=\"p-said\">");
    body(page, store, text)?;
    page.markup("</pre></details>");
    Ok(())
}

fn body(page: &mut Page, store: &Store, body: &Body) -> Result<()> {
    match store.read_body(body) {
        Ok(bytes) => {
            page.block(&bytes, DISPLAY_TEXT_CHARS_MAX);
        }
        Err(error) if error.kind() == ErrorKind::Purged => {
            page.markup("<span class=\"p-cut\">purged</span>");
        }
        Err(error) => return Err(error),
    }
    Ok(())
}
