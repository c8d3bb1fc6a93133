//! The dialog: memories, say, search, view.

use std::borrow::Cow;
use std::path::Path;

use partita::history::MemoryEntry;
use partita::shape::{Listed, said};
use partita::view::MemoryState;
use partita::{ErrorKind, Memory, Snapshot};

use super::{Access, check_name, input, open_session, open_store, role, snapshot};
use crate::args::{Memories, Say, Search};
use crate::failure::Result;
use crate::output::said::Said;
use crate::output::table::Align;
use crate::output::{Output, counted, json, note, quote};

/// Lists the memories of a state.
pub(super) fn memories(out: &mut Output, dir: &Path, args: &Memories) -> Result<()> {
    let session = open_session(dir, Access::Read, &args.name)?;
    let snapshot = snapshot(&session, args.at.as_deref())?;
    let mut purged = 0;
    let mut present = |entry: &partita::Result<MemoryEntry>| {
        let is_purged = matches!(entry, Err(error) if error.kind() == ErrorKind::Purged);
        purged += u64::from(is_purged);
        !is_purged
    };
    match args.limit {
        // Only the newest are read, and then told in their order.
        Some(limit) => {
            let newest = snapshot.memories_back().filter(&mut present).take(limit);
            let mut newest: Vec<_> = newest.collect();
            newest.reverse();
            list(out, &snapshot, newest, args.json.json)?;
        }
        None => list(out, &snapshot, snapshot.memories().filter(&mut present), args.json.json)?,
    }
    if purged > 0 {
        note(&format!("{} left out: purged", counted(purged, "memory is", "memories are")));
    }
    Ok(())
}

/// Lists the memories that hold a text.
pub(super) fn search(out: &mut Output, dir: &Path, args: &Search) -> Result<()> {
    let role = args.role.as_deref().map(role).transpose()?;
    let session = open_session(dir, Access::Read, &args.name)?;
    let snapshot = session.latest()?;
    let found = snapshot.search(&args.text, role).take(args.limit.unwrap_or(usize::MAX));
    list(out, &snapshot, found, args.json.json)
}

fn list(
    out: &mut Output,
    snapshot: &Snapshot,
    entries: impl IntoIterator<Item = partita::Result<MemoryEntry>>,
    as_json: bool,
) -> Result<()> {
    let (store, view) = (snapshot.store(), snapshot.view());
    let rows = entries.into_iter().map(|entry| -> Result<_> {
        let entry = entry?;
        let (state, pinned) = view.state(entry.number)?;
        let state =
            if matches!(state, MemoryState::Summary { .. }) { "covered" } else { state.name() };
        Ok((entry, state, pinned))
    });
    if as_json {
        return out.json_array(rows.map(|row| {
            let (entry, state, pinned) = row?;
            let memory = Cow::Owned(said(store, &entry.memory)?);
            Ok(Listed { number: entry.number, id: entry.id, memory, state, last: None, pinned })
        }));
    }
    let align = [Align::Right, Align::Left, Align::Left, Align::Left, Align::Left];
    out.table(
        align,
        rows.map(|row| {
            let (entry, state, pinned) = row?;
            let said = Said::read(store, &entry.memory)?;
            Ok(cells(entry.number, &entry.memory, stated(state.to_owned(), pinned), &said))
        }),
    )
}

fn cells(number: u64, memory: &Memory, state: String, said: &Said) -> [String; 5] {
    [
        number.to_string(),
        memory.role.name().to_owned(),
        memory.kind.name().to_owned(),
        state,
        quote::text(&said.line()).into_owned(),
    ]
}

fn stated(state: String, pinned: bool) -> String {
    if pinned { state + ", pinned" } else { state }
}

/// Shows what is in context.
pub(super) fn view(out: &mut Output, dir: &Path, name: &str, as_json: bool) -> Result<()> {
    let session = open_session(dir, Access::Read, name)?;
    let snapshot = session.latest()?;
    let view = snapshot.view();
    let rules = view.rules()?;
    let files = view.files().collect::<partita::Result<Vec<_>>>()?;
    if as_json {
        let memories = view.memories().map(|row| -> Result<_> {
            let mut row = row?;
            row.memory = said(snapshot.store(), &row.memory)?;
            Ok(row)
        });
        let memories = memories.collect::<Result<Vec<_>>>()?;
        return out.json(&json::View { memories: &memories, files: &files, rules: &rules });
    }
    let align = [Align::Right, Align::Left, Align::Left, Align::Left, Align::Left];
    out.table(
        align,
        view.memories().map(|memory| {
            let memory = memory?;
            let said = Said::read(snapshot.store(), &memory.memory)?;
            let state = match memory.state {
                MemoryState::Summary { last } => format!("summary to {last}"),
                state => state.name().to_owned(),
            };
            Ok(cells(memory.number, &memory.memory, stated(state, memory.pinned), &said))
        }),
    )?;
    out.table(
        [Align::Left, Align::Left],
        files.iter().map(|file| {
            let state = stated(format!("iteration {}", file.number), file.pinned);
            Ok([quote::path(file.path.as_bytes()).into_owned(), state])
        }),
    )?;
    for rule in &rules {
        let does = if rule.hides { "hides" } else { "shows" };
        out.line(format_args!("{does} {}", quote::path(rule.glob.as_bytes())))?;
    }
    Ok(())
}

/// Appends a memory, and creates store and session if need be.
pub(super) fn say(out: &mut Output, dir: &Path, args: &Say) -> Result<()> {
    // Refused before anything is read or created.
    let role = role(&args.role)?;
    check_name(&args.name)?;
    let memory = Memory::message(role, input(args.file.as_deref())?);
    let session = open_store(dir, Access::Create)?.session(&args.name)?;
    let said = session.remember_entry(memory)?;
    if args.json.json {
        return out.json(&said);
    }
    let (number, id) = (said.entry.number, said.entry.id.id().short());
    out.line(format_args!("memory {number}  {id}  checkpoint {}", said.checkpoint.number))
}
