//! Bringing back: restore, checkout.

use std::path::Path;

use partita::history::{RestorePlan, RestoreScope};
use partita::shape::Brief;
use partita::{FilePath, Session};

use super::files::told;
use super::{Access, open_session};
use crate::args::{Restore, Scope};
use crate::failure::Result;
use crate::output::table::Align;
use crate::output::{Output, counted, json, quote};

/// Brings back an iteration of a file, or a checkpoint.
pub(super) fn restore(out: &mut Output, dir: &Path, args: &Restore) -> Result<()> {
    let access = if args.plan { Access::Read } else { Access::Write };
    let session = open_session(dir, access, &args.name)?;
    match (&args.path, args.iteration, &args.at) {
        (Some(path), Some(number), _) => {
            file(out, &session, super::bytes(path), number, args.plan, args.json.json)
        }
        (_, _, at) => whole(out, &session, at.as_deref().unwrap_or("latest"), args),
    }
}

fn file(
    out: &mut Output,
    session: &Session,
    path: &[u8],
    number: u64,
    plan: bool,
    json: bool,
) -> Result<()> {
    if !plan {
        let info = session.restore(path, number)?;
        return told(out, &info, json);
    }
    let path = FilePath::new(path)?;
    let then = session.iteration(&path, number)?.entry;
    let now = session.latest()?.entry(&path)?;
    let action = match (now, then.is_removed()) {
        (Some(now), _) if now == then => "leave",
        (None, true) => "leave",
        (Some(_), true) => "delete",
        (Some(_), false) => "overwrite",
        (None, false) => "create",
    };
    if json {
        return out.json(&json::FilePlan {
            path: &path,
            iteration: number,
            action,
            applied: false,
        });
    }
    out.line(format_args!("{action}  {}", quote::path(path.as_bytes())))
}

fn whole(out: &mut Output, session: &Session, spec: &str, args: &Restore) -> Result<()> {
    let id = session.checkpoint(spec)?;
    let scope = scope(args.scope);
    let plan = session.plan_restore(id, scope)?;
    let restored = if args.plan { None } else { Some(session.restore_checkpoint(id, scope)?) };
    if args.json.json {
        let checkpoint = restored.as_ref().map(Brief);
        return out.json(&json::Restored { applied: restored.is_some(), plan: &plan, checkpoint });
    }
    let rows = rows(&plan)
        .map(|(action, path)| Ok([action.to_owned(), quote::path(path.as_bytes()).into_owned()]));
    out.table([Align::Left, Align::Left], rows)?;
    let mut said = format!(
        "{} created, {} overwritten, {} deleted, {} untouched",
        plan.create.len(),
        plan.overwrite.len(),
        plan.delete.len(),
        plan.untouched
    );
    if scope != RestoreScope::Files {
        let back = counted(plan.memories_back, "memory", "memories");
        let dropped = counted(plan.memories_dropped, "memory", "memories");
        said.push_str(&format!("; {back} back, {dropped} out of the dialog"));
        let changed: Vec<&str> =
            plan.dialog_changes().filter(|(_, changes)| *changes).map(|(name, _)| name).collect();
        said.push_str(&match changed[..] {
            [] => "; nothing else changes".to_owned(),
            _ => format!("; changed: {}", changed.join(", ")),
        });
    }
    match restored {
        Some(info) => {
            let (from, id) = (plan.from.number, info.id.id().short());
            out.line(format_args!("{said}: {from} is back as checkpoint {}  {id}", info.number))
        }
        None => out.line(format_args!("{said}, if it were done")),
    }
}

fn scope(scope: Scope) -> RestoreScope {
    match scope {
        Scope { all: true, .. } => RestoreScope::All,
        Scope { dialog: true, .. } => RestoreScope::Dialog,
        _ => RestoreScope::Files,
    }
}

fn rows(plan: &RestorePlan) -> impl Iterator<Item = (&'static str, &FilePath)> {
    let create = plan.create.iter().map(|path| ("create", path));
    let overwrite = plan.overwrite.iter().map(|path| ("overwrite", path));
    create.chain(overwrite).chain(plan.delete.iter().map(|path| ("delete", path)))
}
