//! Imports.

use std::path::Path;

use super::{Access, check_name, open_store};
use crate::args::ImportGit;
use crate::failure::Result;
use crate::import::git::History;
use crate::output::{Output, counted, json, note, quote};
use crate::progress::{Progress, size};

/// Records a git history.
pub(super) fn git(out: &mut Output, dir: &Path, args: &ImportGit) -> Result<()> {
    // What cannot be read leaves no store behind.
    let history = History::open(&args.repo, &args.rev)?;
    check_name(&args.session)?;
    let store = open_store(dir, Access::Create)?;
    let mut progress = None;
    let imported = history.import(&store, &args.session, |position| {
        progress
            .get_or_insert_with(|| Progress::new(position.of_commits, "commits"))
            .set(position.commits, format!("{} of files", size(position.bytes)));
    })?;
    drop(progress);
    if imported.shallow {
        note("the repository is a shallow clone: its history was recorded as far as it goes");
    }
    let session = store.open_session(&args.session)?;
    let latest = session.latest()?;
    if args.json.json {
        return out.json(&json::Imported::new(&args.session, &imported, latest.checkpoint()));
    }
    let (name, tip) = (quote::text(&args.session), &imported.tip[..10]);
    if imported.commits == 0 {
        return out.line(format_args!("{name}: nothing new, {tip} is recorded"));
    }
    let (commits, bytes) = (counted(imported.commits, "commit", "commits"), size(imported.bytes));
    let number = latest.checkpoint().map_or(0, |info| info.number);
    out.line(format_args!("{name}: {commits} up to {tip}, {bytes} of files, checkpoint {number}"))
}
