//! All cells, counted.

use std::collections::BTreeMap;
use std::fmt::Write;

use partita::{CheckSite, knock_out};

use super::cell::{Cell, Outcome, run};
use super::{End, Victim};
use crate::crash::lanes::in_lanes;
use crate::vfs::Fault;

/// What was seen of one victim at one end of the log.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Calls of what the victim does.
    pub calls: usize,
    /// Cells.
    pub cells: usize,
    /// Cells in which it was killed.
    pub kills: usize,
    /// Cells in which an error came out.
    pub errors: usize,
    /// Whether it names a segment where nothing goes wrong.
    pub rotates: bool,
}

/// How many cells to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Density {
    /// All of them.
    All,
    /// Of the calls that only look one in so many, by turns. What changes something goes wrong in
    /// two of the eight combinations of the rest, which have nothing in common, by turns.
    Sampled(usize),
}

/// Runs the cells of some ends and victims.
///
/// # Errors
/// The first cell that broke a promise.
pub fn product(
    ends: &[End],
    victims: &[Victim],
    density: Density,
) -> Result<BTreeMap<(End, Victim), Tally>, String> {
    product_without(None, ends, victims, density)
}

fn product_without(
    site: Option<CheckSite>,
    ends: &[End],
    victims: &[Victim],
    density: Density,
) -> Result<BTreeMap<(End, Victim), Tally>, String> {
    let mut tallies = BTreeMap::new();
    let mut turn = 0;
    for &end in ends {
        for &victim in victims {
            turn += 1;
            let plain = run(still(end, victim))?;
            let cells = cells(end, victim, &plain, density, turn);
            let outcomes = in_lanes(&cells, |&cell| {
                knock_out(site);
                let outcome = run(cell);
                knock_out(None);
                outcome.map(|outcome| Some((cell, outcome.failed)))
            })?;
            let killed = |cell: &Cell| matches!(cell.fault, Some(Fault::Killed | Fault::Torn));
            let tally = Tally {
                calls: plain.calls.len(),
                cells: outcomes.len(),
                kills: outcomes.iter().filter(|(cell, _)| killed(cell)).count(),
                errors: outcomes.iter().filter(|(cell, failed)| *failed && !killed(cell)).count(),
                rotates: plain.rotated,
            };
            tallies.insert((end, victim), tally);
        }
    }
    Ok(tallies)
}

/// Takes out one look and runs the cells until one goes bad; returns how.
pub fn caught(site: CheckSite, ends: &[End], victims: &[Victim]) -> Option<String> {
    product_without(Some(site), ends, victims, Density::Sampled(16)).err()
}

fn still(end: End, victim: Victim) -> Cell {
    let (reversed, fresh, looking) = (false, false, false);
    Cell { end, victim, call: 0, fault: None, reversed, fresh, looking }
}

/// The cells of one victim at one end.
fn cells(end: End, victim: Victim, plain: &Outcome, density: Density, turn: usize) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (call, kind) in plain.calls.iter().enumerate() {
        for (number, fault) in Fault::of(*kind).into_iter().enumerate() {
            let by_turns = (call + turn + number) % 8;
            let combinations = match density {
                Density::All => (0..8).collect(),
                Density::Sampled(_) if kind.changes() => vec![by_turns, 7 - by_turns],
                Density::Sampled(stride) if (call + turn).is_multiple_of(stride) => vec![by_turns],
                Density::Sampled(_) => Vec::new(),
            };
            cells.extend(combinations.into_iter().map(|bits| Cell {
                call,
                fault: Some(fault),
                reversed: bits & 1 != 0,
                fresh: bits & 2 != 0,
                looking: bits & 4 != 0,
                ..still(end, victim)
            }));
        }
    }
    cells
}

/// Returns the table of what was seen.
pub fn table(tallies: &BTreeMap<(End, Victim), Tally>) -> String {
    let mut table = format!(
        "{:<8}{:<10}{:>8}{:>8}{:>8}{:>8}\n",
        "end", "victim", "calls", "cells", "kills", "errors"
    );
    for ((end, victim), tally) in tallies {
        let (end, victim) = (format!("{end:?}"), format!("{victim:?}"));
        let Tally { calls, cells, kills, errors, .. } = tally;
        let _ = writeln!(table, "{end:<8}{victim:<10}{calls:>8}{cells:>8}{kills:>8}{errors:>8}");
    }
    table
}
