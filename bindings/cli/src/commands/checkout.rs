//! Writing a checkpoint's files into a directory, and what that put aside.

use std::ffi::OsString;
use std::path::Path;
use std::time::SystemTime;

use partita::upkeep::Kept;
use partita::workspace::{CheckoutAction, CheckoutPlan};
use partita::{Entry, Error, ErrorKind, Timestamp};

use super::{Access, bytes, checkpoint, find_session, open_session, open_store};
use crate::failure::Result;
use crate::output::table::Align;
use crate::output::{Output, counted, grouped, json, note, quote};

/// Paths left out that an error names.
const SHOWN: usize = 3;

/// What is to be checked out, and where.
#[derive(Debug)]
pub(super) struct What<'a> {
    pub(super) name: &'a str,
    pub(super) into: &'a Path,
    /// What of it; all where there is none.
    pub(super) paths: &'a [OsString],
    pub(super) at: Option<&'a str>,
}

/// Writes the files, or says what would be written. What cannot be written is a failure.
pub(super) fn checkout(
    out: &mut Output,
    dir: &Path,
    what: &What<'_>,
    only_plan: bool,
    as_json: bool,
) -> Result<()> {
    let session = if only_plan {
        open_session(dir, Access::Read, what.name)?
    } else {
        match open_session(dir, Access::Write, what.name) {
            // What others let us read alone can be checked out too.
            Err(failure) if failure.is_forbidden() => {
                find_session(&open_store(dir, Access::Read)?, what.name)?
            }
            session => session?,
        }
    };
    let at = checkpoint(&session, what.at)?;
    let paths = what.paths.iter().map(|path| bytes(path));
    let plan = match (what.paths.is_empty(), only_plan) {
        (true, true) => session.plan_checkout(at, what.into),
        (true, false) => session.checkout(at, what.into),
        (false, true) => session.plan_checkout_part(at, what.into, paths),
        (false, false) => session.checkout_part(at, what.into, paths),
    }?;
    if !plan.is_recorded() && !only_plan {
        note(
            "the store cannot be written, so it does not remember this checkout: the next one \
             takes these files for somebody else's",
        );
    }
    if as_json {
        out.json(&json::Done { applied: !only_plan, report: &plan })?;
    } else {
        show(out, &plan, only_plan)?;
    }
    lacking(&plan, only_plan)
}

fn show(out: &mut Output, plan: &CheckoutPlan, only_plan: bool) -> Result<()> {
    let quiet = |step: &&partita::workspace::CheckoutStep| {
        step.action == CheckoutAction::Leave
            && step.reason == partita::workspace::CheckoutReason::Unchanged
    };
    let rows = plan.steps().iter().filter(|step| !quiet(step)).map(|step| {
        let kept = step.kept.map(|id| format!("kept as {id:.10}"));
        let why = step.why.as_deref().map(|why| quote::text(why).into_owned());
        Ok([
            step.action.to_string(),
            step.reason.to_string(),
            quote::path(step.path.as_bytes()).into_owned(),
            kept.or(why).unwrap_or_default(),
        ])
    });
    out.table([Align::Left; 4], rows)?;
    let (create, overwrite) = (plan.create().count(), plan.overwrite().count());
    let (delete, leave) = (plan.delete().count(), plan.leave().count());
    let mut said =
        format!("{create} created, {overwrite} overwritten, {delete} deleted, {leave} left");
    let left_out = plan.left_out().count();
    if left_out > 0 {
        said.push_str(&format!(", {left_out} left out"));
    }
    let directory = quote::path(plan.directory().as_os_str().as_encoded_bytes()).into_owned();
    let suffix = if only_plan { ", if it were done" } else { "" };
    out.line(format_args!("{directory}: {said}{suffix}"))
}

/// Fails where paths were left out: done is only what is done wholly.
fn lacking(plan: &CheckoutPlan, only_plan: bool) -> Result<()> {
    let count = plan.left_out().count();
    if count == 0 || only_plan {
        return Ok(());
    }
    let names: Vec<String> = plan
        .left_out()
        .take(SHOWN)
        .map(|step| format!("{} ({})", quote::path(step.path.as_bytes()), step.reason))
        .collect();
    let more = if count > SHOWN { ", ..." } else { "" };
    let message = format!(
        "{} left out: {}{more}; all else is there",
        counted(count as u64, "path is", "paths are"),
        names.join(", ")
    );
    Err(Error::new(ErrorKind::Invalid, message).into())
}

/// Lists what checkouts put aside.
pub(super) fn kept(out: &mut Output, dir: &Path, as_json: bool) -> Result<()> {
    let kept = open_store(dir, Access::Read)?.kept()?;
    let now = Timestamp::from(SystemTime::now()).as_millis();
    let age = |kept: &Kept| {
        let then = kept.time?.as_millis();
        u64::try_from(now.saturating_sub(then).max(0) / 1_000).ok()
    };
    if as_json {
        let rows = kept.iter().map(|kept| json::KeptRow { kept, age: age(kept) });
        return out.json_array(rows.map(Ok));
    }
    let align = [Align::Left, Align::Left, Align::Left, Align::Right, Align::Right, Align::Left];
    out.table(
        align,
        kept.iter().map(|kept| {
            let id = kept.entry.content().map_or_else(String::new, |id| format!("{id:.10}"));
            let kind = if matches!(kept.entry, Entry::Symlink { .. }) { "symlink" } else { "file" };
            Ok([
                quote::path(kept.directory.as_os_str().as_encoded_bytes()).into_owned(),
                id,
                kind.to_owned(),
                kept.size.map_or_else(|| "purged".to_owned(), grouped),
                age(kept).map_or_else(|| "-".to_owned(), shown_age),
                quote::path(kept.path.as_bytes()).into_owned(),
            ])
        }),
    )
}

/// An age in the largest unit that `gc --keep` takes and that it fills.
fn shown_age(seconds: u64) -> String {
    let units = [(86_400, 'd'), (3_600, 'h'), (60, 'm')];
    let unit = units.into_iter().find(|(unit, _)| seconds >= *unit);
    let (unit, letter) = unit.unwrap_or((1, 's'));
    format!("{}{letter}", seconds / unit)
}
