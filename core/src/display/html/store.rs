//! A store: a table of its sessions.

use super::super::number::{counted, grouped, time, whole_time};
use super::super::page::Page;
use super::{chip, fragment, note};
use crate::error::Result;
use crate::limits::{DISPLAY_LABEL_CHARS_MAX, DISPLAY_SESSIONS_MAX, DISPLAY_SESSIONS_READ_MAX};
use crate::object::{Operation, OperationKind, read};
use crate::session::SessionEntry;
use crate::store::Store;

/// Draws a store.
pub(in crate::display) fn store(store: &Store) -> Result<Page> {
    let listing = store.sessions().limit(DISPLAY_SESSIONS_READ_MAX + 1);
    let mut all = listing.collect::<Result<Vec<_>>>()?;
    let more = all.len() > DISPLAY_SESSIONS_READ_MAX;
    all.truncate(DISPLAY_SESSIONS_READ_MAX);
    let (page, written) = fragment(|page| {
        page.markup("<div class=\"p-title\">").text(if more { "more than " } else { "" });
        page.text(counted(all.len() as u64, "session", "sessions")).markup("</div>");
        if all.is_empty() {
            note(page, "no session yet");
            return Ok(());
        }
        page.markup("<div class=\"p-scroll\"><table><thead><tr><th>session</th>");
        page.markup("<th class=\"p-n\">checkpoints</th><th class=\"p-n\">files</th>");
        page.markup("<th class=\"p-n\">memories</th><th>last checkpoint</th><th>last change (UTC)");
        page.markup("</th><th>begun (UTC)</th></tr></thead><tbody>");
        for entry in all.iter().take(DISPLAY_SESSIONS_MAX) {
            row(page, store, entry)?;
        }
        page.markup("</tbody></table></div>");
        let left = all.len().saturating_sub(DISPLAY_SESSIONS_MAX) as u64 + u64::from(more);
        if left > 0 {
            let at_least = if more { "at least " } else { "" };
            let left = counted(left, "more session is", "more sessions are");
            note(page, format!("{at_least}{left} not shown"));
        }
        Ok(())
    });
    written.map(|()| page)
}

fn row(page: &mut Page, store: &Store, entry: &SessionEntry) -> Result<()> {
    let newest: Operation = read(store, entry.operation().id())?;
    let first: Operation = match newest.session {
        Some(first) => read(store, first.id())?,
        None => newest.clone(),
    };
    let sizes = store.session_sizes(entry)?;
    let session = store.open_session(entry.name())?;
    let made = session.log()?.next().transpose()?;
    page.markup("<tr><td class=\"p-w\"><b>").short(entry.name(), DISPLAY_LABEL_CHARS_MAX);
    page.markup("</b> ");
    if first.kind == OperationKind::Fork {
        chip(page, " p-fork", "fork");
    }
    page.markup("</td>");
    let checkpoints = made.as_ref().map_or(0, |made| made.number);
    for number in [checkpoints, sizes.files, sizes.memories] {
        page.markup("<td class=\"p-n\">").text(grouped(number)).markup("</td>");
    }
    page.markup("<td class=\"p-nw\">");
    if let Some(made) = made {
        page.markup("<span class=\"p-id\"").attribute("title", made.id.to_string()).markup(">");
        page.text(made.id.id().short()).markup("</span> ");
        chip(page, "", made.kind.name());
    }
    page.markup("</td>");
    for at in [newest.time, first.time] {
        page.markup("<td class=\"p-t\"").attribute("title", whole_time(at)).markup(">");
        page.text(time(at)).markup("</td>");
    }
    page.markup("</tr>");
    Ok(())
}
