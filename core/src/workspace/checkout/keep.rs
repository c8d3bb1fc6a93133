//! What is kept after a checkout, so that whoever looks next need not read what is there.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{CheckoutAction, CheckoutPlan, CheckoutReason};
use crate::object::{Entry, FilePath, Trace};
use crate::store::Store;
use crate::workspace::clock;
use crate::workspace::directory::Directory;
use crate::workspace::record::Record;
use crate::workspace::stats::{Stat, StatCache};

/// What was known of files without reading them, and from when on one is too young for that.
pub(super) struct Known<'a> {
    pub(super) cache: &'a StatCache,
    pub(super) racy_from: Option<(i64, u32)>,
}

/// Keeps what the system says of the files that are there now. `stats` is what it said of those that
/// were looked at, before.
pub(super) fn keep(
    store: &Store,
    record: &Record,
    plan: &CheckoutPlan,
    stats: &BTreeMap<FilePath, Stat>,
    known: &Known<'_>,
    mut disk: Option<&mut Directory>,
) {
    if !known.cache.is_kept() {
        return;
    }
    // Of what was just written the system must tell any later change by another time.
    let clock = store.clock_file();
    let device = clock.as_ref().and_then(clock::device);
    let is_fine = clock.is_some_and(|clock| clock::is_fine(&clock));
    let mut written = BTreeSet::new();
    let mut unchanged = BTreeSet::new();
    for step in &plan.steps {
        match (step.action, step.reason) {
            (CheckoutAction::Create | CheckoutAction::Overwrite, _) => {
                written.insert(&step.path);
            }
            (CheckoutAction::Leave, CheckoutReason::Unchanged) => {
                unchanged.insert(&step.path);
            }
            _ => {}
        }
    }
    let mut rows = known.cache.begin_anew();
    for (path, traces) in record.traces() {
        let entry = traces.iter().find_map(|trace| match trace {
            Trace::Entry(entry) => Some(entry.clone()),
            Trace::Directory => None,
        });
        let Some(entry) = entry else { continue };
        let stat = if written.contains(path) {
            disk.as_mut().filter(|_| is_fine).and_then(|disk| disk.stat(path))
        } else {
            let stat = stats.get(path).filter(|_| unchanged.contains(path));
            let is_old = |stat: &&Stat| known.racy_from.is_some_and(|from| stat.newest() < from);
            stat.filter(is_old).copied()
        };
        let is_file = !matches!(entry, Entry::Submodule { .. });
        let stat = stat.filter(|stat| is_file && Some(stat.device) == device);
        rows.set(path, Some((entry, stat)));
    }
    rows.save(record.id());
}
