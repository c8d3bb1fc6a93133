//! Files: list, history, cat, write, remove.

use std::path::Path;

use partita::history::IterationInfo;
use partita::object::{Objects as _, Prefix};
use partita::{ContentId, Entry, Error, ErrorKind, FilePath};

use super::{Access, check_name, checkpoint, input, open_session, open_store};
use crate::failure::Result;
use crate::output::table::Align;
use crate::output::{Output, grouped, quote, time};

/// Lists the files of a state.
pub(super) fn list(
    out: &mut Output,
    dir: &Path,
    name: &str,
    at: Option<&str>,
    json: bool,
) -> Result<()> {
    let session = open_session(dir, Access::Read, name)?;
    let snapshot = match checkpoint(&session, at)? {
        Some(id) => session.at(id)?,
        None => session.latest()?,
    };
    if json {
        return out.json_array(snapshot.files().map(|file| Ok(file?)));
    }
    let align = [Align::Left, Align::Right, Align::Right, Align::Left];
    out.table(
        align,
        snapshot.files().map(|file| {
            let file = file?;
            Ok([
                mode(&file.entry).to_owned(),
                file.number()?.to_string(),
                file.size()?.map_or("-".to_owned(), grouped),
                quote::path(file.path.as_bytes()).into_owned(),
            ])
        }),
    )
}

/// Lists the iterations of a file.
pub(super) fn history(
    out: &mut Output,
    dir: &Path,
    name: &str,
    path: &[u8],
    json: bool,
) -> Result<()> {
    let session = open_session(dir, Access::Read, name)?;
    let history = session.history(path)?;
    if json {
        return out.json_array(history.map(|info| Ok(info?)));
    }
    let align = [
        Align::Right,
        Align::Left,
        Align::Right,
        Align::Left,
        Align::Left,
        Align::Right,
        Align::Left,
    ];
    let mut oldest = 0;
    out.table(
        align,
        history.map(|info| {
            let info = info?;
            oldest = info.number;
            let from = info.renamed_from.as_ref();
            Ok([
                info.number.to_string(),
                info.id.id().short(),
                info.checkpoint_number.to_string(),
                time::human(Some(info.time)),
                mode(&info.entry).to_owned(),
                info.size.map_or("-".to_owned(), grouped),
                from.map(|from| format!("from {}", quote::path(from.as_bytes())))
                    .unwrap_or_default(),
            ])
        }),
    )?;
    match session.horizon()? {
        Some(horizon) if oldest > 1 => super::log::trimmed(out, "iterations", &horizon),
        _ => Ok(()),
    }
}

/// Prints the bytes of a file.
pub(super) fn cat(
    out: &mut Output,
    dir: &Path,
    name: &str,
    path: &[u8],
    iteration: Option<u64>,
    at: Option<&str>,
) -> Result<()> {
    let session = open_session(dir, Access::Read, name)?;
    let bytes = match (iteration, at) {
        (Some(number), _) => session.read_at(path, number)?,
        (None, Some(spec)) => session.at(session.checkpoint(spec)?)?.read(path)?,
        (None, None) => session.read(path)?,
    };
    out.bytes(&bytes)
}

/// Prints the bytes of a content, whatever leads to it.
pub(super) fn cat_content(out: &mut Output, dir: &Path, id: &str) -> Result<()> {
    let store = open_store(dir, Access::Read)?;
    let id = store.resolve(&id.parse::<Prefix>()?)?;
    match store.read_content(ContentId::new(id)) {
        Ok(bytes) => out.bytes(&bytes),
        Err(error) => match store.get_node(&id) {
            Ok(Some(node)) => {
                let kind = node.kind.name().unwrap_or("node");
                let message = format!("{id:.10} is a {kind}, and no content");
                Err(Error::new(ErrorKind::Invalid, message).into())
            }
            _ => Err(error.into()),
        },
    }
}

/// Writes a file, and creates store and session if need be.
pub(super) fn write(
    out: &mut Output,
    dir: &Path,
    name: &str,
    path: &[u8],
    file: Option<&Path>,
    expect: Option<u64>,
    json: bool,
) -> Result<()> {
    // Refused before anything is read or created.
    let typed = FilePath::new(path)?;
    if let Some(fault) = typed.name_fault() {
        let shown: String = typed.to_string_lossy().chars().take(80).collect();
        let message = format!("path {shown:?} {fault}, so no checkout could write it");
        return Err(Error::new(ErrorKind::Invalid, message).into());
    }
    check_name(name)?;
    let bytes = input(file)?;
    let session = match expect {
        // Where a file must be, so must its session.
        Some(1..) => open_session(dir, Access::Write, name)?,
        _ => open_store(dir, Access::Create)?.session(name)?,
    };
    let info = match expect {
        None => session.write_bytes(path, bytes)?,
        Some(number) => session.write_expecting(path, (number > 0).then_some(number), bytes)?,
    };
    told(out, &info, json)
}

/// Removes a file.
pub(super) fn remove(
    out: &mut Output,
    dir: &Path,
    name: &str,
    path: &[u8],
    json: bool,
) -> Result<()> {
    let session = open_session(dir, Access::Write, name)?;
    let info = session.remove(path)?;
    told(out, &info, json)
}

/// Says which iteration a command made.
pub(super) fn told(out: &mut Output, info: &IterationInfo, json: bool) -> Result<()> {
    if json {
        return out.json(info);
    }
    let path = quote::path(info.path.as_bytes());
    let (number, id) = (info.number, info.id.id().short());
    out.line(format_args!(
        "{path}  iteration {number}  {id}  checkpoint {}",
        info.checkpoint_number
    ))
}

/// What an entry is, in one word.
fn mode(entry: &Entry) -> &'static str {
    match entry {
        Entry::File { executable: false, .. } => "file",
        Entry::File { executable: true, .. } => "executable",
        Entry::Symlink { .. } => "symlink",
        Entry::Submodule { .. } => "submodule",
        Entry::Removed => "removed",
    }
}
