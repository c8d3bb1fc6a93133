//! Writing a checkpoint's files into a directory.

use std::path::Path;

use partita::{CheckoutAction, CheckoutPlan};

use super::{Access, checkpoint, open_session};
use crate::failure::Result;
use crate::output::table::Align;
use crate::output::{Output, json, quote};

/// Writes the files, or says what would be written.
pub(super) fn checkout(
    out: &mut Output,
    dir: &Path,
    name: &str,
    into: &Path,
    at: Option<&str>,
    only_plan: bool,
    as_json: bool,
) -> Result<()> {
    let access = if only_plan { Access::Read } else { Access::Write };
    let session = open_session(dir, access, name)?;
    let at = checkpoint(&session, at)?;
    let plan =
        if only_plan { session.plan_checkout(at, into)? } else { session.checkout(at, into)? };
    if as_json {
        return out.json(&json::CheckedOut::new(&plan, !only_plan));
    }
    show(out, &plan, only_plan)
}

fn show(out: &mut Output, plan: &CheckoutPlan, only_plan: bool) -> Result<()> {
    let quiet = |step: &&partita::CheckoutStep| {
        step.action == CheckoutAction::Leave && step.reason == partita::CheckoutReason::Unchanged
    };
    let rows = plan.steps().iter().filter(|step| !quiet(step)).map(|step| {
        let kept = step.kept.map_or_else(String::new, |id| format!("kept as {id:.10}"));
        Ok([
            step.action.to_string(),
            step.reason.to_string(),
            quote::path(step.path.as_bytes()).into_owned(),
            kept,
        ])
    });
    out.table([Align::Left; 4], rows)?;
    let (create, overwrite) = (plan.create().count(), plan.overwrite().count());
    let (delete, leave) = (plan.delete().count(), plan.leave().count());
    let said = format!("{create} created, {overwrite} overwritten, {delete} deleted, {leave} left");
    let directory = quote::path(plan.directory().as_os_str().as_encoded_bytes()).into_owned();
    let suffix = if only_plan { ", if it were done" } else { "" };
    out.line(format_args!("{directory}: {said}{suffix}"))
}
