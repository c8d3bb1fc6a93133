//! The files of a session: each with its iterations, and what changed last.

use std::collections::BTreeSet;

use super::super::number::{counted, size, time, whole_time};
use super::super::page::Page;
use super::super::visible::line;
use super::{chip, diff, note};
use crate::diff::FileDiff;
use crate::error::{ErrorKind, Result};
use crate::limits::{
    DISPLAY_CHECKPOINTS_MAX, DISPLAY_FILES_MAX, DISPLAY_ITERATIONS_MAX, DISPLAY_LABEL_CHARS_MAX,
    DISPLAY_PAGE_BYTES_MAX,
};
use crate::object::{Bytes, Entry, FilePath};
use crate::session::{IterationInfo, Session, Snapshot};
use crate::store::Store;

/// Draws the files that changed last, then others in the order of their paths.
pub(super) fn files(page: &mut Page, session: &Session, total: u64) -> Result<()> {
    let latest = session.latest()?;
    let (mut left, mut removed, mut why) = (total, 0, "");
    for path in paths(session, &latest)? {
        let is_there = latest.file(&path)?.is_some();
        if page.len() > DISPLAY_PAGE_BYTES_MAX / 2 {
            removed += u64::from(!is_there);
            why = ": the page is full";
            continue;
        }
        file(page, session, &path)?;
        left = left.saturating_sub(u64::from(is_there));
    }
    for (number, one, many) in [(left, "file", "files"), (removed, "removed file", "removed files")]
    {
        if number > 0 {
            note(page, format!("{} more not shown{why}", counted(number, one, many)));
        }
    }
    Ok(())
}

/// The files to show: also such as were removed lately.
fn paths(session: &Session, latest: &Snapshot) -> Result<Vec<FilePath>> {
    let (mut paths, mut seen) = (Vec::new(), BTreeSet::new());
    let mut newer = latest.clone();
    // What a checkpoint changed is seen beside the one before it.
    for entry in session.log()?.take(DISPLAY_CHECKPOINTS_MAX + 1).skip(1) {
        let older = session.at(entry?.id)?;
        for change in older.changes(&newer) {
            let path = change?.path;
            if paths.len() < DISPLAY_FILES_MAX && seen.insert(path.clone()) {
                paths.push(path);
            }
        }
        if paths.len() == DISPLAY_FILES_MAX {
            break;
        }
        newer = older;
    }
    for file in latest.files() {
        if paths.len() == DISPLAY_FILES_MAX {
            break;
        }
        let path = file?.path;
        if seen.insert(path.clone()) {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn file(page: &mut Page, session: &Session, path: &FilePath) -> Result<()> {
    let mut history = session.history(path)?;
    let mut shown: Vec<IterationInfo> = Vec::new();
    let mut failed = None;
    for info in history.by_ref().take(DISPLAY_ITERATIONS_MAX) {
        match info {
            Ok(info) => shown.push(info),
            Err(error) if error.kind() == ErrorKind::Purged => {
                failed = Some("older ones were purged")
            }
            Err(error) => return Err(error),
        }
    }
    let newest = shown.first();
    page.markup("<div class=\"p-card\"><div class=\"p-cardhead\"><span class=\"p-grow p-m\">");
    page.short(path.as_bytes(), DISPLAY_LABEL_CHARS_MAX).markup("</span>");
    if newest.is_some_and(|newest| newest.entry == Entry::Removed) {
        chip(page, " p-off", "removed");
    }
    let number = newest.map_or(0, |newest| newest.number);
    chip(page, "", counted(number, "iteration", "iterations"));
    page.markup("</div><div class=\"p-cardbody\"><table><tbody>");
    for info in &shown {
        iteration(page, info);
    }
    page.markup("</tbody></table>");
    let left = shown.last().map_or(0, |oldest| oldest.number.saturating_sub(1));
    if let Some(failed) = failed {
        note(page, failed);
    } else if left > 0 && shown.len() == DISPLAY_ITERATIONS_MAX {
        note(page, format!("{} not shown", counted(left, "older one", "older ones")));
    }
    if let Some(newest) = newest {
        last_change(page, session.store(), newest, shown.get(1))?;
    }
    page.markup("</div></div>");
    Ok(())
}

fn iteration(page: &mut Page, info: &IterationInfo) {
    page.markup("<tr><td class=\"p-n\">").text(info.number.to_string()).markup("</td>");
    page.markup("<td class=\"p-id\"").attribute("title", info.id.to_string()).markup(">");
    page.text(info.id.id().short()).markup("</td><td class=\"p-n\">");
    match (&info.entry, info.size) {
        (Entry::Removed, _) => page.markup("removed"),
        (_, Some(bytes)) => page.text(size(bytes)),
        (_, None) => page.markup("submodule"),
    };
    page.markup("</td><td class=\"p-w\">checkpoint ").text(info.checkpoint_number.to_string());
    if let Some(from) = &info.renamed_from {
        page.markup(", renamed from <span class=\"p-m\">");
        page.short(from.as_bytes(), DISPLAY_LABEL_CHARS_MAX).markup("</span>");
    }
    page.markup("</td><td class=\"p-t\"").attribute("title", whole_time(info.time)).markup(">");
    page.text(time(info.time)).markup("</td></tr>");
}

/// The diff of the newest iteration against the one before, folded.
fn last_change(
    page: &mut Page,
    store: &Store,
    newest: &IterationInfo,
    before: Option<&IterationInfo>,
) -> Result<()> {
    let Some(new) = bytes(store, &newest.entry)? else {
        note(page, "the newest iteration was purged");
        return Ok(());
    };
    let old = match before {
        Some(before) => bytes(store, &before.entry)?,
        None => Some(Bytes::default()),
    };
    let Some(old) = old else {
        note(page, "the iteration before was purged");
        return Ok(());
    };
    let (to, difference) = (newest.number, FileDiff::new(old, new));
    let name = |number: u64, info: &IterationInfo| {
        format!("{}, iteration {number}", line(info.path.as_bytes())).into_bytes()
    };
    let old_name = before.map_or(b"nothing".to_vec(), |before| name(before.number, before));
    page.markup("<details><summary>what iteration ").text(to.to_string()).markup(" changed ");
    diff::stats(page, &difference);
    page.markup("</summary><div class=\"p-scroll\">");
    diff::table(page, &difference, &old_name, &name(to, newest));
    page.markup("</div></details>");
    Ok(())
}

/// The bytes of an entry, none of them where there are none; nothing if they were purged.
fn bytes(store: &Store, entry: &Entry) -> Result<Option<Bytes>> {
    let Some(content) = entry.content() else { return Ok(Some(Bytes::default())) };
    match store.read_content(content) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::Purged => Ok(None),
        Err(error) => Err(error),
    }
}
