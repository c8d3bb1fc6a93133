//! Tables of what was walked.

use std::fmt::Write;

use partita::vfs::SyncSite;

use super::knockout::Verdict;
use super::sweep::Swept;
use super::walk::Tour;

/// Returns the table of workloads and their states.
pub fn states(tours: &[Tour]) -> String {
    let mut table =
        format!("{:<12}{:>20}{:>10}{:>14}\n", "workload", "persistence points", "states", "nested");
    for tour in tours {
        let _ = writeln!(
            table,
            "{:<12}{:>20}{:>10}{:>14}",
            tour.name, tour.points, tour.states, tour.nested
        );
    }
    table
}

/// Returns the table of sync sites, how often each workload reached them.
pub fn syncs(tours: &[Tour]) -> String {
    let mut table = format!("{:<14}{:>12}", "sync site", "workloads");
    for tour in tours {
        let _ = write!(table, "{:>11}", tour.name);
    }
    table.push('\n');
    for site in SyncSite::ALL {
        let _ = write!(table, "{:<14}{:>12}", format!("{site:?}"), reached_by(tours, site).len());
        for tour in tours {
            let _ = write!(table, "{:>11}", times(tour, site));
        }
        table.push('\n');
    }
    table
}

/// Returns the workloads that reached a site.
pub fn reached_by(tours: &[Tour], site: SyncSite) -> Vec<&'static str> {
    tours.iter().filter(|tour| times(tour, site) > 0).map(|tour| tour.name).collect()
}

fn times(tour: &Tour, site: SyncSite) -> usize {
    tour.syncs.iter().find(|(at, _)| *at == site).map_or(0, |(_, times)| *times)
}

/// Returns what came of taking something out, in two lines.
pub fn verdict(verdict: &Verdict) -> String {
    let Some((_, loss)) = verdict.caught.iter().min_by_key(|(_, loss)| loss.states) else {
        return format!("without {}: NOT CAUGHT by any workload", verdict.what);
    };
    let by: Vec<&str> = verdict.caught.iter().map(|(name, _)| *name).collect();
    format!(
        "without {}: caught by {}\n    first after {} states, {}: {}",
        verdict.what,
        by.join(", "),
        loss.states,
        loss.address,
        loss.what
    )
}

/// Returns the table of what went wrong, for each workload first call by call, then by room.
pub fn faults(rows: &[(&str, Swept)]) -> String {
    let mut table = format!(
        "{:<12}{:>8}{:>8}{:>8}{:>12}{:>8}\n",
        "workload", "calls", "runs", "errors", "courtesies", "states"
    );
    let mut all = Swept::default();
    for (name, swept) in rows {
        let _ = writeln!(
            table,
            "{name:<12}{:>8}{:>8}{:>8}{:>12}{:>8}",
            swept.calls, swept.runs, swept.errors, swept.courtesies, swept.states
        );
        all.calls += swept.calls;
        all.runs += swept.runs;
        all.errors += swept.errors;
        all.courtesies += swept.courtesies;
        all.states += swept.states;
    }
    let _ = writeln!(
        table,
        "{:<12}{:>8}{:>8}{:>8}{:>12}{:>8}",
        "all", all.calls, all.runs, all.errors, all.courtesies, all.states
    );
    table
}
