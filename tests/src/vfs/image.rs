//! Disk images: what a medium may hold after a crash.
//!
//! A write that a later sync of its file covers is there. Any other may be there, be absent, or be
//! there in part, by sectors, each for itself; the file may have grown all the same, or not. A
//! change of a name is there if its directory was synced. Of the others a beginning is there, as
//! on a file system with a journal, or any of them, a rename in halves, as on one without.

use std::collections::HashMap;

use super::action::{Action, FileId};
use super::disk::Disk;
use super::fate::Fate;
use crate::random::Random;

/// Bytes that a medium writes whole or not at all.
const SECTOR: usize = 512;

/// Open parts up to which all their subsets are images of their own.
const SUBSETS_MAX: usize = 14;

/// The moment right after some actions at which a machine may stop.
#[derive(Debug)]
pub struct Crash<'a> {
    /// What is certain, as far as it is in order.
    base: Disk,
    /// What follows from the first action on that is not certain.
    rest: &'a [Action],
    certain: Vec<bool>,
    parts: usize,
}

/// A part of an action that lands or not, whatever the others do.
#[derive(Clone, Copy)]
enum Part<'a> {
    Sector(FileId, u64, &'a [u8]),
    Length(FileId, u64),
    Name(&'a Action),
    HalfRename { from: &'a str, to: &'a str, file: FileId, comes: bool },
}

impl<'a> Crash<'a> {
    /// Makes the moment after these actions, on a medium that held `base` for certain.
    pub fn after(base: &Disk, actions: &'a [Action]) -> Self {
        let mut certain = certainty(actions);
        let is_open = |action: &Action| {
            action.directory().is_some() || matches!(action, Action::Write { .. })
        };
        let first =
            actions.iter().zip(&certain).position(|(action, sure)| is_open(action) && !sure);
        let first = first.unwrap_or(actions.len());
        let mut base = base.clone();
        for action in &actions[..first] {
            let _ = base.apply(action);
        }
        let certain = certain.split_off(first);
        let mut crash = Crash { base, rest: &actions[first..], certain, parts: 0 };
        crash.parts = crash.count_parts();
        crash
    }

    /// Returns the fate of that number, until all fates are named: first those that need no
    /// number, then all subsets where they are few, else chance without end.
    pub fn fate(&self, number: usize, seed: u64) -> Option<Fate> {
        if let Some(fate) = Fate::FIXED.get(number) {
            return (self.parts > 0 || number == 0).then_some(*fate);
        }
        let number = (number - Fate::FIXED.len()) as u64;
        if self.parts <= SUBSETS_MAX {
            let all = 1u64 << self.parts;
            // An odd factor goes through all subsets in an order of its own.
            return (number < all).then(|| Fate::Subset(number.wrapping_mul(0x9e37_79b9) % all));
        }
        let mut random = Random::new(seed ^ (number << 32) ^ self.rest.len() as u64);
        Some(Fate::Chance(random.word() >> 16))
    }

    /// Returns the medium as that fate leaves it.
    pub fn image(&self, fate: Fate) -> Disk {
        match fate {
            Fate::Subset(bits) => {
                let mut at = 0;
                self.independent(&mut |_| {
                    at += 1;
                    bits >> (at - 1) & 1 == 1
                })
            }
            Fate::Chance(seed) => {
                let mut random = Random::new(seed);
                let share = random.below(9);
                if random.chance(1, 2) {
                    return self.independent(&mut |_| random.chance(share, 8));
                }
                self.in_order(fate, &mut random)
            }
            _ => self.in_order(fate, &mut Random::new(0)),
        }
    }

    /// Names land in order, writes as the fate says.
    fn in_order(&self, fate: Fate, random: &mut Random) -> Disk {
        let mut disk = self.base.clone();
        let is_open =
            |at: &usize| matches!(self.rest[*at], Action::Write { .. }) && !self.certain[*at];
        let newest = (0..self.rest.len()).rev().find(is_open);
        // Of one directory's changes a beginning lands: a lost one takes the later ones along.
        let mut ended: Vec<&str> = Vec::new();
        for (at, action) in self.rest.iter().enumerate() {
            let certain = self.certain[at];
            if let Some(directory) = action.directory() {
                let lands = match fate {
                    Fate::Chance(_) => random.chance(2, 3),
                    _ => fate.keeps_names(),
                };
                if !certain && !lands {
                    ended.push(directory);
                }
                if certain || !ended.contains(&directory) {
                    // A change of a name that never came has no effect.
                    let _ = disk.apply(action);
                }
            } else if let Action::Write { file, offset, bytes } = action {
                if certain {
                    disk.write(*file, *offset, bytes);
                } else {
                    let write = (*file, *offset, &bytes[..]);
                    maybe_write(&mut disk, fate, newest == Some(at), write, random);
                }
            }
        }
        disk
    }

    /// Each part lands or not, as `lands` says.
    fn independent(&self, lands: &mut dyn FnMut(Part<'_>) -> bool) -> Disk {
        let mut disk = self.base.clone();
        self.for_each_part(&mut |part| match part {
            Err(certain) => drop(disk.apply(certain)),
            Ok(part) => {
                if lands(part) {
                    match part {
                        Part::Sector(file, offset, bytes) => disk.write(file, offset, bytes),
                        Part::Length(file, len) => disk.extend(file, len),
                        Part::Name(action) => drop(disk.apply(action)),
                        Part::HalfRename { from, to, file, comes } => {
                            disk.half_rename(from, to, file, comes);
                        }
                    }
                }
            }
        });
        disk
    }

    fn count_parts(&self) -> usize {
        let mut count = 0;
        self.for_each_part(&mut |part| count += usize::from(part.is_ok()));
        count
    }

    /// Goes through what is open in parts, and through what is certain as it is.
    fn for_each_part(&self, each: &mut dyn FnMut(Result<Part<'_>, &Action>)) {
        let mut names: HashMap<&str, FileId> = HashMap::new();
        for (action, certain) in self.rest.iter().zip(&self.certain) {
            match action {
                Action::Create { name, file } => drop(names.insert(name, *file)),
                Action::Remove { name } => drop(names.remove(&name[..])),
                _ => {}
            }
            let renamed = match action {
                Action::Link { from, to } => {
                    let file = names.get(&from[..]).copied().or_else(|| self.base.find(from));
                    if let Some(file) = file {
                        names.insert(to, file);
                    }
                    file.map(|file| (from, to, file))
                }
                Action::Rename { from, to } => {
                    let file = names.remove(&from[..]).or_else(|| self.base.find(from));
                    if let Some(file) = file {
                        names.insert(to, file);
                    }
                    file.map(|file| (from, to, file))
                }
                _ => None,
            };
            if *certain {
                each(Err(action));
            } else if let Some((from, to, file)) = renamed {
                // A second name comes; the first goes by itself.
                let halves: &[bool] =
                    if matches!(action, Action::Link { .. }) { &[true] } else { &[true, false] };
                for &comes in halves {
                    each(Ok(Part::HalfRename { from, to, file, comes }));
                }
            } else if action.directory().is_some() {
                each(Ok(Part::Name(action)));
            } else if let Action::Write { file, offset, bytes } = action {
                each(Ok(Part::Length(*file, offset + bytes.len() as u64)));
                for (from, run) in runs(*offset, bytes) {
                    each(Ok(Part::Sector(*file, from, run)));
                }
            }
        }
    }
}

/// For each action whether it has certainly reached the medium.
fn certainty(actions: &[Action]) -> Vec<bool> {
    let mut certain = vec![false; actions.len()];
    let mut writes: HashMap<FileId, Vec<usize>> = HashMap::new();
    let mut names: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, action) in actions.iter().enumerate() {
        if let Some(directory) = action.directory() {
            names.entry(directory).or_default().push(at);
        }
        match action {
            Action::Write { file, .. } => writes.entry(*file).or_default().push(at),
            Action::Lost { file } => drop(writes.remove(file)),
            Action::Sync { file, .. } => {
                for write in writes.remove(file).unwrap_or_default() {
                    certain[write] = true;
                }
            }
            Action::SyncDirectory { name, .. } => {
                for change in names.remove(&name[..]).unwrap_or_default() {
                    certain[change] = true;
                }
            }
            _ => {}
        }
    }
    certain
}

fn maybe_write(
    disk: &mut Disk,
    fate: Fate,
    is_newest: bool,
    (file, offset, bytes): (FileId, u64, &[u8]),
    random: &mut Random,
) {
    let end = offset + bytes.len() as u64;
    match fate {
        Fate::Dropped | Fate::NamesAlone | Fate::Subset(_) => {}
        Fate::Kept | Fate::WritesAlone => disk.write(file, offset, bytes),
        Fate::Zeros => disk.extend(file, end),
        Fate::OldLengths => {
            let room = (disk.bytes(file).len() as u64).saturating_sub(offset);
            let fits = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
            if fits > 0 {
                disk.write(file, offset, &bytes[..fits]);
            }
        }
        Fate::NewestAlone if is_newest => disk.write(file, offset, bytes),
        Fate::AllButNewest if !is_newest => disk.write(file, offset, bytes),
        Fate::NewestAlone | Fate::AllButNewest => {}
        Fate::Heads => {
            let (_, from, sector) = sectors(offset, bytes).next().unwrap_or((0, offset, bytes));
            disk.write(file, from, sector);
        }
        Fate::Tails => {
            disk.extend(file, end);
            for (_, from, sector) in sectors(offset, bytes).filter(|(at, ..)| *at > 0) {
                disk.write(file, from, sector);
            }
        }
        Fate::Chance(_) => {
            if random.chance(1, 2) {
                disk.extend(file, end);
            }
            let share = random.below(5);
            for (_, from, sector) in sectors(offset, bytes) {
                if random.chance(share, 4) {
                    disk.write(file, from, sector);
                }
            }
        }
    }
}

/// Cuts a write where sectors of the medium meet: number, offset and bytes of each part.
fn sectors(offset: u64, bytes: &[u8]) -> impl Iterator<Item = (usize, u64, &[u8])> {
    let first = (SECTOR - (offset as usize % SECTOR)).min(bytes.len());
    let (head, rest) = bytes.split_at(first);
    let parts = std::iter::once(head).chain(rest.chunks(SECTOR));
    let mut from = offset;
    parts.enumerate().map(move |(at, part)| {
        let start = from;
        from += part.len() as u64;
        (at, start, part)
    })
}

/// Cuts a write into its sectors; those that are zeros and follow each other are one part, for
/// there is little to tell them apart.
fn runs(offset: u64, bytes: &[u8]) -> Vec<(u64, &[u8])> {
    let mut runs: Vec<(u64, &[u8], bool)> = Vec::new();
    for (_, from, sector) in sectors(offset, bytes) {
        let zeros = sector.iter().all(|&byte| byte == 0);
        match runs.last_mut() {
            Some((start, run, true)) if zeros => {
                let begin = (*start - offset) as usize;
                *run = &bytes[begin..begin + run.len() + sector.len()];
            }
            _ => runs.push((from, sector, zeros)),
        }
    }
    runs.into_iter().map(|(from, run, _)| (from, run)).collect()
}
