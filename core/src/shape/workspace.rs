//! Checkouts: what they did or would do.

use super::fields::{Each, object, texts};
use crate::workspace::{CheckoutAction, CheckoutPlan, CheckoutReason, CheckoutStep};

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
