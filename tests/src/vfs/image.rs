//! Disk images: what a medium may hold after a crash.
//!
//! A write that a later sync of its file covers is there. Any other may be there, be absent, or be
//! there in part, by sectors, each for itself; the file may have grown all the same. A name is
//! there if its directory was synced; of the other changes of a directory a beginning is there.

use std::collections::{BTreeMap, HashMap};

use partita::SyncSite;

use super::disk::{Action, Disk, FileId};
use crate::random::Random;

/// Bytes that a medium writes whole or not at all.
const SECTOR: usize = 512;

/// What becomes of everything that no sync covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// All of it is lost.
    Dropped,
    /// All of it is there.
    Kept,
    /// The writes are there, the names are not.
    WritesAlone,
    /// The names are there, the writes are not.
    NamesAlone,
    /// The names are there, the files have their lengths, and zeros for bytes.
    Zeros,
    /// The newest write alone is there.
    NewestAlone,
    /// All but the newest write is there.
    AllButNewest,
    /// Of each write the first sectors are there.
    Heads,
    /// Of each write the last sectors are there.
    Tails,
    /// Each sector and each beginning of names by chance, from a seed.
    Chance(u64),
}

impl Fate {
    fn keeps_names(self) -> Option<bool> {
        match self {
            Fate::Dropped | Fate::WritesAlone => Some(false),
            Fate::Chance(_) => None,
            _ => Some(true),
        }
    }
}

/// Returns the different images that a crash right after these actions may leave, on a medium that
/// held `base` for certain; `chances` of them are left to chance.
pub fn images(base: &Disk, actions: &[Action], chances: u64) -> Vec<(Fate, Disk)> {
    let fates = [
        Fate::Dropped,
        Fate::Kept,
        Fate::WritesAlone,
        Fate::NamesAlone,
        Fate::Zeros,
        Fate::NewestAlone,
        Fate::AllButNewest,
        Fate::Heads,
        Fate::Tails,
    ];
    let certain = certainty(actions);
    let mut images: Vec<(Fate, Disk)> = Vec::new();
    let seeds = (0..chances).map(|seed| Fate::Chance(seed + 1_000 * actions.len() as u64));
    for fate in fates.into_iter().chain(seeds) {
        let disk = image(base, actions, &certain, fate);
        if images.iter().all(|(_, other)| *other != disk) {
            images.push((fate, disk));
        }
    }
    images
}

/// For each action whether it has certainly reached the medium.
fn certainty(actions: &[Action]) -> Vec<bool> {
    let mut certain = vec![false; actions.len()];
    let mut writes: HashMap<FileId, Vec<usize>> = HashMap::new();
    let mut names: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
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
            // The names beside the store's directory: none of them is on this medium.
            Action::SyncDirectory { site: SyncSite::ParentName, .. } => {}
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

fn image(base: &Disk, actions: &[Action], certain: &[bool], fate: Fate) -> Disk {
    let mut random = Random::new(if let Fate::Chance(seed) = fate { seed } else { 0 });
    let mut disk = base.clone();
    let is_open = |at: &usize| matches!(actions[*at], Action::Write { .. }) && !certain[*at];
    let newest = (0..actions.len()).rev().find(is_open);
    // Of one directory's changes a beginning lands: one that is lost takes the later ones along.
    let mut ended: Vec<&str> = Vec::new();
    for (at, action) in actions.iter().enumerate() {
        if let Some(directory) = action.directory() {
            let lands = fate.keeps_names().unwrap_or_else(|| random.chance(2, 3));
            if !certain[at] && !lands {
                ended.push(directory);
            }
            if certain[at] || !ended.contains(&directory) {
                // A change of a name that never came has no effect.
                let _ = disk.apply(action);
            }
        } else if let Action::Write { file, offset, bytes } = action {
            if certain[at] {
                disk.write(*file, *offset, bytes);
            } else {
                let is_newest = newest == Some(at);
                maybe_write(&mut disk, fate, is_newest, (*file, *offset, bytes), &mut random);
            }
        }
    }
    disk
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
        Fate::Dropped | Fate::NamesAlone => {}
        Fate::Kept | Fate::WritesAlone => disk.write(file, offset, bytes),
        Fate::Zeros => disk.extend(file, end),
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
