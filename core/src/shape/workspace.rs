//! Checkouts: what they did or would do.

use super::fields::{Each, object, texts};
#[cfg(unix)]
use super::row::Brief;
#[cfg(unix)]
use crate::workspace::{Capture, CaptureProgress, Renamed};
use crate::workspace::{
    CheckoutAction, CheckoutPlan, CheckoutReason, CheckoutStep, LeftOut, LeftOutReason,
};

texts! {
    CheckoutAction, action => action.name();
    CheckoutReason, reason => reason.name();
}

object!(CheckoutPlan, plan => {
    directory: plan.directory().to_string_lossy(),
    checkpoint_id: plan.checkpoint(),
    create: Each(|| plan.create().map(Row)),
    overwrite: Each(|| plan.overwrite().map(Row)),
    delete: Each(|| plan.delete().map(Row)),
    leave: Each(|| plan.leave().map(Row)),
    left_out: Each(|| plan.left_out().map(Row)),
    recorded: plan.is_recorded(),
});

/// A step below its action.
struct Row<'a>(&'a CheckoutStep);

object!(Row<'_>, row => {
    ..row.0.path,
    reason: row.0.reason,
    kept?: row.0.kept,
    why?: row.0.why,
});

object!(CheckoutStep, step => {
    action: step.action,
    ..Row(step),
});

texts! {
    LeftOutReason, reason => reason.name();
}

object!(LeftOut, row => {
    ..row.path,
    reason: row.reason,
    why?: row.why,
});

#[cfg(unix)]
object!(Capture, capture => {
    checkpoint: capture.checkpoint().filter(|_| capture.is_new()).map(Brief),
    added: capture.added(),
    changed: capture.changed(),
    removed: capture.removed(),
    renamed: capture.renamed(),
    left_out: capture.left_out(),
    partial: capture.is_partial(),
    parted?: Some(capture.parted()).filter(|parted| !parted.is_empty()),
});

#[cfg(unix)]
object!(Renamed, renamed => {
    ..renamed.to,
    renamed_from: renamed.from,
});

#[cfg(unix)]
object!(CaptureProgress, progress => {
    looked: progress.looked,
    read: progress.read,
    bytes: progress.bytes,
});
