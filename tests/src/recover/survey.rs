//! Many damages to every layout, counted.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use super::held::Held;
use super::judge::{Verdict, judge};
use super::layout::{Layout, options};
use crate::crash::entropy::Source;
use crate::crash::lanes::in_lanes;
use crate::random::Random;
use crate::rot::damage::{Damage, Density, damages};
use crate::rot::sample::{Sample, ends};
use crate::vfs::Recorder;

/// What was seen of one layout.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The layout's name.
    pub name: &'static str,
    /// Stores that were damaged and recovered.
    pub done: usize,
    /// Of these, stores in which nothing counted was damaged.
    pub harmless: usize,
    /// Of these, stores of which nothing was left to recover from.
    pub refused: usize,
    /// Objects that could be read before and can be after.
    pub kept: usize,
    /// Objects that were named as lost.
    pub lost: usize,
    /// Sessions and refs that were told to be set back.
    pub set_back: usize,
    /// Sessions that came back and were told.
    pub recovered: usize,
    /// What was lost and not told.
    pub bad: Vec<String>,
}

/// Damages stores of every layout, so many of each in all kinds, and recovers them.
///
/// # Panics
/// If a layout cannot be made or read.
pub fn survey(count: usize, seed: u64) -> Vec<Row> {
    Layout::all().into_iter().map(|layout| of(&layout, count, seed)).collect()
}

/// Damages stores of one layout.
fn of(layout: &Layout, count: usize, seed: u64) -> Row {
    let held = held(layout);
    let chosen = choose(layout, count, seed);
    let outcomes: Result<Vec<Result<Verdict, String>>, ()> =
        in_lanes(&chosen, |damage| Ok(Some(outcome(layout, &held, damage))));
    let mut row = Row { name: layout.name, ..Row::default() };
    for outcome in outcomes.unwrap_or_default() {
        row.done += 1;
        match outcome {
            Ok(verdict) => row.add(&verdict),
            Err(what) => row.bad.push(what),
        }
    }
    row
}

/// What came of one damage; what was not good says which it was.
fn outcome(layout: &Layout, held: &Held, damage: &Damage) -> Result<Verdict, String> {
    let (damaged, _) = damage.done_to(&layout.image);
    let outcome = std::panic::catch_unwind(|| judge(held, &damaged));
    let outcome = outcome.unwrap_or_else(|_| Err("a panic".to_owned()));
    outcome.map_err(|what| format!("{}, {damage:?}: {what}", layout.name))
}

/// Recovers stores with one damage each, by their layouts' names; returns what was not good.
///
/// # Panics
/// If a layout is not there, or cannot be made or read.
pub fn replay(cases: &[(&str, Damage)]) -> Vec<String> {
    let layouts: BTreeMap<&str, (Held, Layout)> =
        Layout::all().into_iter().map(|layout| (layout.name, (held(&layout), layout))).collect();
    let outcomes: Result<Vec<String>, ()> = in_lanes(cases, |(name, damage)| {
        let (held, layout) = layouts.get(name).expect("a layout has that name");
        Ok(outcome(layout, held, damage).err())
    });
    outcomes.unwrap_or_default()
}

/// All that a layout's store holds.
///
/// # Panics
/// If it cannot be read.
pub fn held(layout: &Layout) -> Held {
    let vfs = Recorder::on(layout.image.clone());
    Source::new(1).supply(|| {
        let store = options().read_only(true).open_vfs(Arc::new(vfs)).expect("a layout opens");
        let mut held = Held::of(&store).expect("a layout can be read");
        held.find_places(&layout.image);
        assert!(held.lines.len() >= 2 && held.things.len() > 40, "{}: too little", layout.name);
        held
    })
}

/// Chooses damages of every kind: all that there are, or so many by chance.
pub fn choose(layout: &Layout, count: usize, seed: u64) -> Vec<Damage> {
    let sample = Sample {
        name: layout.name,
        image: layout.image.clone(),
        commits: Default::default(),
        frames: Default::default(),
        ends: ends(&layout.image),
        closed: true,
    };
    let mut random = Random::new(seed);
    let mut chosen = Vec::new();
    for (kind, share) in [("flip", 6), ("cut", 1), ("zero", 1), ("swap", 1), ("remove", 1)] {
        let mut all = damages(&sample, kind, Density::All);
        all.retain(is_of_segments);
        let wanted = if kind == "remove" { all.len() } else { count * share / 9 };
        if all.len() <= wanted {
            chosen.append(&mut all);
            continue;
        }
        for _ in 0..wanted {
            let at = random.below(all.len());
            chosen.push(all.swap_remove(at));
        }
    }
    chosen
}

/// Files that say nothing of what a store holds are damaged in the rot suite alone.
fn is_of_segments(damage: &Damage) -> bool {
    let (Damage::Flip { file, .. }
    | Damage::Cut { file, .. }
    | Damage::Swap { file, .. }
    | Damage::Zero { file, .. }
    | Damage::Remove { file }
    | Damage::Copy { from: file, .. }) = damage;
    file.contains("/segments/")
}

impl Row {
    fn add(&mut self, verdict: &Verdict) {
        self.harmless += usize::from(verdict.harmless);
        self.refused += usize::from(verdict.refused);
        self.kept += verdict.kept;
        self.lost += verdict.lost;
        self.set_back += verdict.set_back;
        self.recovered += verdict.recovered;
    }
}

/// Returns the table, and in its last line the sums.
pub fn table(rows: &[Row]) -> String {
    let mut table = format!(
        "{:<26}{:>8}{:>10}{:>9}{:>10}{:>8}{:>10}{:>11}{:>6}\n",
        "layout", "done", "harmless", "refused", "kept", "lost", "set back", "recovered", "bad"
    );
    for row in rows {
        let _ = writeln!(
            table,
            "{:<26}{:>8}{:>10}{:>9}{:>10}{:>8}{:>10}{:>11}{:>6}",
            row.name,
            row.done,
            row.harmless,
            row.refused,
            row.kept,
            row.lost,
            row.set_back,
            row.recovered,
            row.bad.len()
        );
    }
    let done: usize = rows.iter().map(|row| row.done).sum();
    let kept: usize = rows.iter().map(|row| row.kept).sum();
    let bad: usize = rows.iter().map(|row| row.bad.len()).sum();
    let _ = write!(
        table,
        "recover: {done} damaged stores, {kept} objects readable before and after, {bad} stores in \
         which something was lost and not told"
    );
    table
}
