//! Merges of texts beside git's; and a soak of all that is merged.

use std::fmt;
use std::path::Path;
use std::process::Command;

use partita::diff::merge;

use crate::random::Random;
use crate::{meet, trees};

/// How often two ways to merge said what.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verdicts {
    /// Both the same clean text, or both a conflict.
    pub same: usize,
    /// Clean here, a conflict in git.
    pub clean_here: usize,
    /// Clean in git, a conflict here.
    pub clean_there: usize,
}

impl Verdicts {
    /// All of them.
    pub fn all(&self) -> usize {
        self.same + self.clean_here + self.clean_there
    }
}

impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verdicts { same, clean_here, clean_there } = self;
        write!(
            f,
            "{same} of {} as git, {clean_here} clean here alone, {clean_there} there",
            self.all()
        )
    }
}

/// Merges random triples as git does, and here.
///
/// # Errors
/// The first triple of which both make a clean text, and not the same.
pub fn compare(triples: usize, seed: u64) -> Result<Verdicts, String> {
    let room = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut random = Random::new(seed);
    let mut verdicts = Verdicts::default();
    for number in 0..triples {
        let base = text(&mut random);
        let [ours, theirs] = [(); 2].map(|()| edited(&mut random, &base));
        let texts = [base, ours, theirs].map(|lines| lines.concat());
        let [base, ours, theirs] = texts.each_ref().map(String::as_str);
        let here = merge(base, ours, theirs).ok_or("a text is binary")?.text();
        let there = git(room.path(), &texts)?;
        match (here, there) {
            (Some(here), Some(there)) if here != there => {
                return Err(format!("triple {number} of seed {seed}: {texts:?}"));
            }
            (Some(_), None) => verdicts.clean_here += 1,
            (None, Some(_)) => verdicts.clean_there += 1,
            _ => verdicts.same += 1,
        }
    }
    Ok(verdicts)
}

/// The clean text that git makes; none where there is a conflict.
fn git(room: &Path, [base, ours, theirs]: &[String; 3]) -> Result<Option<Vec<u8>>, String> {
    for (name, text) in [("base", base), ("ours", ours), ("theirs", theirs)] {
        std::fs::write(room.join(name), text).map_err(|error| error.to_string())?;
    }
    let output = Command::new("git")
        .args(["merge-file", "-p", "--diff3", "ours", "base", "theirs"])
        .current_dir(room)
        .output()
        .map_err(|error| format!("git: {error}"))?;
    match output.status.code() {
        Some(0) => Ok(Some(output.stdout)),
        Some(1..=127) => Ok(None),
        _ => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// Lines like those of a program: many of them equal.
fn text(random: &mut Random) -> Vec<String> {
    let count = random.between(3, 40);
    (0..count).map(|at| line(random, at)).collect()
}

fn line(random: &mut Random, at: usize) -> String {
    match random.below(6) {
        0 => "}\n".to_owned(),
        1 => "\n".to_owned(),
        2 => "    return\n".to_owned(),
        _ => format!("line {}\n", at + random.below(3)),
    }
}

/// One to three edits: lines that come, go, change, or move.
fn edited(random: &mut Random, base: &[String]) -> Vec<String> {
    let mut lines = base.to_vec();
    for _ in 0..random.between(1, 3) {
        let at = random.below(lines.len() + 1);
        let count = random.between(1, 3).min(lines.len() - at);
        match random.below(4) {
            0 => drop(lines.drain(at..at + count)),
            1 => {
                let moved: Vec<String> = lines.drain(at..at + count).collect();
                let to = random.below(lines.len() + 1);
                lines.splice(to..to, moved);
            }
            kind => {
                let new: Vec<String> =
                    (0..random.between(1, 3)).map(|_| line(random, 100)).collect();
                let gone = if kind == 2 { count } else { 0 };
                lines.splice(at..at + gone, new);
            }
        }
    }
    lines
}

/// Compares many texts and trees, sessions that meet, and the merges of a repository if one is named.
///
/// # Errors
/// As [`compare`]; that too many verdicts differ.
pub fn soak(arguments: &[String]) -> Result<(), String> {
    let count = |at: usize, otherwise: usize| match arguments.get(at) {
        Some(count) => count.parse().map_err(|_| format!("no count: {count}")),
        None => Ok(otherwise),
    };
    let verdicts = compare(count(0, 20_000)?, 1)?;
    println!("texts: {verdicts}");
    enough(&verdicts)?;
    let tally = trees::compare(count(1, 2_000)? as u64, 1)?;
    println!("trees: {tally}");
    tally.enough(99)?;
    let rounds = count(2, 5_000)? as u64;
    for seed in 1..=rounds {
        meet::run(seed)?;
    }
    println!("sessions: {rounds} rounds, 0 differences from plain maps");
    if let Some(repository) = arguments.get(3) {
        let tally = trees::compare_past(Path::new(repository), usize::MAX)?;
        println!("{repository}: {tally}");
        tally.enough(95)?;
    }
    Ok(())
}

/// Tells whether the verdicts are the same often enough.
///
/// # Errors
/// How often they are.
pub fn enough(verdicts: &Verdicts) -> Result<(), String> {
    match verdicts.same * 100 >= verdicts.all() * 96 {
        true => Ok(()),
        false => Err(format!("96 of 100 verdicts are to be git's: {verdicts}")),
    }
}
