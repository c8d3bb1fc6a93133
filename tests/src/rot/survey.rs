//! All damages of all kinds to all samples, counted.

use std::fmt::Write;

use partita::{CheckSite, knock_out};

use super::damage::{Damage, Density, damages};
use super::examine::{Finding, examine};
use super::sample::Sample;
use crate::crash::lanes::in_lanes;

/// Checks behind which another one sees the same damage: without them nothing is taken for good.
pub const DOUBLED: [CheckSite; 1] = [CheckSite::ResyncTag];

/// What was seen of one kind of damage.
#[derive(Clone, Debug, Default)]
pub struct Count {
    /// Damages done.
    pub done: usize,
    /// Damages that `check` found.
    pub found: usize,
    /// Stores that could not be opened, and said why.
    pub refused: usize,
    /// Commits taken for unfinished ones.
    pub vanished: usize,
    /// Objects read, all right.
    pub read: usize,
    /// Objects and refs refused as damaged.
    pub withheld: usize,
}

/// A kind of damage to a sample, and what was seen of it.
pub type Row = (&'static str, &'static str, Count);

/// Returns the samples: a store that was closed, and one whose process was killed.
pub fn samples() -> [Sample; 2] {
    [Sample::new("closed", true), Sample::new("killed", false)]
}

/// Does every damage to every sample.
///
/// # Errors
/// The first damages that were taken for good, a few of each kind.
pub fn survey(density: Density) -> Result<Vec<Row>, Vec<String>> {
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    for sample in samples() {
        for kind in Damage::KINDS {
            let all = damages(&sample, kind, density);
            let outcomes: Result<_, String> =
                in_lanes(&all, |damage| Ok(Some(examine(&sample, damage))));
            let outcomes: Vec<Result<Finding, String>> = outcomes.unwrap_or_default();
            let mut count = Count { done: outcomes.len(), ..Count::default() };
            let mut told = 0;
            for outcome in outcomes {
                match outcome {
                    Ok(finding) => count.add(finding),
                    Err(what) => {
                        told += 1;
                        if told <= 5 {
                            bad.push(what);
                        }
                    }
                }
            }
            if told > 5 {
                bad.push(format!("{}, {kind}: {} more", sample.name, told - 5));
            }
            rows.push((sample.name, kind, count));
        }
    }
    if bad.is_empty() { Ok(rows) } else { Err(bad) }
}

impl Count {
    fn add(&mut self, finding: Finding) {
        self.found += usize::from(finding.found);
        self.refused += usize::from(finding.refused);
        self.vanished += finding.vanished;
        self.read += finding.read;
        self.withheld += finding.withheld;
    }
}

/// Takes out one check and looks for a damage that is taken for good then; tells which, and how
/// many were done until then.
pub fn without(site: CheckSite, density: Density) -> Option<(usize, String)> {
    let mut done = 0;
    for sample in samples() {
        for kind in Damage::KINDS {
            let all = damages(&sample, kind, density);
            let outcome = in_lanes(&all, |damage| {
                knock_out(Some(site));
                examine(&sample, damage).map(|_| None::<()>)
            });
            if let Err(what) = outcome {
                return Some((done, what));
            }
            done += all.len();
        }
    }
    None
}

/// Returns the table of damages.
pub fn table(rows: &[Row]) -> String {
    let mut table = format!(
        "{:<8}{:<8}{:>10}{:>10}{:>10}{:>10}{:>12}{:>10}\n",
        "store", "damage", "done", "found", "refused", "vanished", "read right", "withheld"
    );
    for (sample, kind, count) in rows {
        let _ = writeln!(
            table,
            "{sample:<8}{kind:<8}{:>10}{:>10}{:>10}{:>10}{:>12}{:>10}",
            count.done, count.found, count.refused, count.vanished, count.read, count.withheld
        );
    }
    table
}
