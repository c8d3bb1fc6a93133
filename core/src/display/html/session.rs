//! A session: who it is, its key figures, and its timeline.

use super::super::claims::claims_table;
use super::super::family::Family;
use super::super::merges::conflicts_table;
use super::super::number::{counted, time, whole_time};
use super::super::page::Page;
use super::{chip, figure, fragment, note, table};
use crate::error::Result;
use crate::limits::{DISPLAY_CHECKPOINTS_MAX, DISPLAY_FORKS_MAX, DISPLAY_LABEL_CHARS_MAX};
use crate::object::Timestamp;
use crate::session::{LogEntry, Session, SessionSizes};

/// Draws a session.
pub(in crate::display) fn session(session: &Session) -> Result<Page> {
    let family = Family::of(session)?;
    let (page, written) = fragment(|page| {
        header(page, session, &family)?;
        let claims = claims_table(&session.latest()?)?;
        if !claims.rows.is_empty() {
            page.markup("<div class=\"p-h\">Claims</div>");
            table::rows(page, &claims);
        }
        let conflicts = conflicts_table(&session.latest()?)?;
        if !conflicts.rows.is_empty() {
            page.markup("<div class=\"p-h\">Conflicts</div>");
            table::rows(page, &conflicts);
        }
        timeline(page, session, &family)
    });
    written.map(|()| page)
}

/// The name, where it came from, and the key figures.
pub(super) fn header(page: &mut Page, session: &Session, family: &Family) -> Result<SessionSizes> {
    let latest = session.latest()?;
    page.markup("<div class=\"p-title\">").short(session.name(), DISPLAY_LABEL_CHARS_MAX);
    page.markup("</div><div class=\"p-sub\"><span>session <span class=\"p-id\"");
    page.attribute("title", session.id().to_string()).markup(">");
    page.text(session.id().id().short()).markup("</span></span>");
    if let Some(origin) = &family.origin {
        page.markup("<span>fork of ").short(origin, DISPLAY_LABEL_CHARS_MAX).markup("</span>");
    } else if family.first.as_ref().is_some_and(|first| first.forked_from.is_some()) {
        page.markup("<span>fork of a session that is no longer listed</span>");
    }
    if let Some(first) = &family.first {
        moment(page, "begun ", first.time);
    }
    let newest = family.newest.as_ref().or(family.first.as_ref());
    if let Some(newest) = newest {
        moment(page, "last change ", newest.time);
    }
    if let Some(newest) = newest.filter(|newest| !newest.actor.is_empty()) {
        page.markup("<span>by ").short(&newest.actor, DISPLAY_LABEL_CHARS_MAX);
        page.markup("</span>");
    }
    page.markup("</div><div class=\"p-figures\">");
    let sizes = sizes(session)?;
    figure(page, latest.checkpoint().map_or(0, |info| info.number), "checkpoints");
    figure(page, sizes.files, "files");
    figure(page, sizes.memories, "memories");
    figure(page, latest.view().file_count()?, "files in view");
    figure(page, family.forks.len() as u64, "forks");
    figure(page, session.pins()?.len() as u64, "pins");
    page.markup("</div>");
    Ok(sizes)
}

fn moment(page: &mut Page, what: &'static str, at: Timestamp) {
    page.markup("<span").attribute("title", whole_time(at)).markup(">").markup(what);
    page.text(time(at)).markup("</span>");
}

/// How much the session holds, which the store knows by the row of its listing.
fn sizes(session: &Session) -> Result<SessionSizes> {
    let store = session.store();
    let entry = store.sessions().prefix(session.name()).next().transpose()?;
    let entry = entry.filter(|entry| entry.name() == session.name());
    let gone = || crate::error::Error::not_found(format!("no session {:?}", session.name()));
    store.session_sizes(&entry.ok_or_else(gone)?)
}

/// The newest checkpoints with the operations that made them, and the forks that began there.
pub(super) fn timeline(page: &mut Page, session: &Session, family: &Family) -> Result<()> {
    let horizon = session.horizon()?;
    let entries = session.log()?.take(DISPLAY_CHECKPOINTS_MAX).collect::<Result<Vec<_>>>()?;
    let Some(oldest) = entries.last().map(|entry| entry.number) else {
        note(page, "nothing happened yet");
        return Ok(());
    };
    let actors = entries.iter().any(|entry| !entry.actor.is_empty());
    page.markup("<div class=\"p-scroll\"><table><thead><tr><th class=\"p-n\">#</th>");
    page.markup("<th>checkpoint</th><th>operation</th><th>about</th>");
    page.markup(if actors { "<th>actor</th>" } else { "" });
    page.markup("<th>time (UTC)</th></tr></thead><tbody>");
    for entry in &entries {
        row(page, entry, family, actors);
    }
    page.markup("</tbody></table></div>");
    let first = horizon.as_ref().map_or(1, |horizon| horizon.checkpoint);
    if oldest > first {
        let left = counted(oldest - first, "older checkpoint is", "older checkpoints are");
        note(page, format!("{left} not shown"));
    }
    let earlier = family.forks.iter().filter(|fork| fork.at.1 < oldest).count() as u64;
    if earlier > 0 {
        let forks = counted(earlier, "fork that began there is", "forks that began there are");
        note(page, format!("{forks} not shown"));
    }
    if let Some(limit) = family.limit() {
        note(page, limit);
    }
    if let Some(horizon) = horizon {
        let when = time(horizon.time);
        let begins = horizon.checkpoint;
        note(
            page,
            format!("history begins at checkpoint {begins}: older ones were trimmed on {when}"),
        );
    }
    Ok(())
}

fn row(page: &mut Page, entry: &LogEntry, family: &Family, actors: bool) {
    page.markup("<tr><td class=\"p-n\">").text(entry.number.to_string());
    page.markup("</td><td class=\"p-id\"").attribute("title", entry.id.to_string()).markup(">");
    page.text(entry.id.id().short()).markup("</td><td>");
    chip(page, "", entry.kind.name());
    page.markup("</td><td class=\"p-w\">").short(&entry.message, DISPLAY_LABEL_CHARS_MAX);
    if let Some(commit) = entry.git_commit() {
        page.markup(" <span class=\"p-id\"").attribute("title", &commit).markup(">git ");
        page.text(&commit[..commit.len().min(10)]).markup("</span>");
    }
    let forks = || family.forks.iter().filter(|fork| fork.at.0 == entry.id);
    for fork in forks().take(DISPLAY_FORKS_MAX) {
        page.markup(" ");
        chip(page, " p-fork", format!("fork {}", fork.name));
    }
    let more = forks().count().saturating_sub(DISPLAY_FORKS_MAX) as u64;
    if more > 0 {
        page.markup("<span class=\"p-cut\">and ");
        page.text(counted(more, "fork", "forks")).markup(" more</span>");
    }
    if actors {
        page.markup("</td><td>").short(&entry.actor, DISPLAY_LABEL_CHARS_MAX);
    }
    page.markup("</td><td class=\"p-t\"").attribute("title", whole_time(entry.time)).markup(">");
    page.text(time(entry.time)).markup("</td></tr>");
}
