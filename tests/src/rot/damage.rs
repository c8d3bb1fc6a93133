//! What can happen to files that nobody writes to.

use std::ops::Range;

use super::sample::Sample;
use crate::random::Random;
use crate::vfs::Disk;

/// One thing that happened to the files of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Bits of one byte.
    Flip {
        /// The file.
        file: String,
        /// The byte.
        at: usize,
        /// Its bits.
        mask: u8,
    },
    /// The file ends early.
    Cut {
        /// The file.
        file: String,
        /// Its length.
        len: usize,
    },
    /// Two blocks of a file stand in each other's place.
    Swap {
        /// The file.
        file: String,
        /// Bytes of a block.
        block: usize,
        /// One of them.
        one: usize,
        /// The other.
        other: usize,
    },
    /// A block is zeros.
    Zero {
        /// The file.
        file: String,
        /// Bytes of a block.
        block: usize,
        /// Its number.
        at: usize,
    },
    /// A file is gone.
    Remove {
        /// The file.
        file: String,
    },
    /// A file also stands where another one stood, or where none did.
    Copy {
        /// The file.
        from: String,
        /// The other.
        to: String,
    },
}

impl Damage {
    /// The kinds, as tables name them.
    pub const KINDS: [&'static str; 6] = ["flip", "cut", "swap", "zero", "remove", "copy"];

    /// Returns the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Damage::Flip { .. } => "flip",
            Damage::Cut { .. } => "cut",
            Damage::Swap { .. } => "swap",
            Damage::Zero { .. } => "zero",
            Damage::Remove { .. } => "remove",
            Damage::Copy { .. } => "copy",
        }
    }

    /// Returns the medium with the damage, and where bytes differ from what they were: the file,
    /// and the first and the last such byte. A file that ends early counts as zeros.
    pub fn done_to(&self, image: &Disk) -> (Disk, Option<(String, Range<usize>)>) {
        let mut disk = image.clone();
        let file = match self {
            Damage::Remove { file } => {
                disk.take(file);
                file
            }
            Damage::Copy { from, to } => {
                disk.put(to, image.file(from).unwrap_or_default().to_vec());
                to
            }
            Damage::Flip { file, at, mask } => {
                let mut bytes = image.file(file).unwrap_or_default().to_vec();
                bytes[*at] ^= mask;
                disk.put(file, bytes);
                file
            }
            Damage::Cut { file, len } => {
                disk.put(file, image.file(file).unwrap_or_default()[..*len].to_vec());
                file
            }
            Damage::Swap { file, block, one, other } => {
                let old = image.file(file).unwrap_or_default();
                let mut bytes = old.to_vec();
                let at = |number: usize| number * block..(number + 1) * block;
                bytes[at(*one)].copy_from_slice(&old[at(*other)]);
                bytes[at(*other)].copy_from_slice(&old[at(*one)]);
                disk.put(file, bytes);
                file
            }
            Damage::Zero { file, block, at } => {
                let mut bytes = image.file(file).unwrap_or_default().to_vec();
                let end = bytes.len().min((at + 1) * block);
                bytes[at * block..end].fill(0);
                disk.put(file, bytes);
                file
            }
        };
        let old = image.file(file).unwrap_or_default();
        let new = disk.file(file).unwrap_or_default();
        let byte = |bytes: &[u8], at: usize| bytes.get(at).copied().unwrap_or(0);
        let differs = |at: &usize| byte(old, *at) != byte(new, *at);
        let all = 0..old.len().max(new.len());
        let touched = all.clone().find(differs).zip(all.rev().find(differs));
        (disk, touched.map(|(first, last)| (file.clone(), first..last + 1)))
    }
}

/// Which damages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Density {
    /// Every bit of every byte that says something, every length, every pair of blocks.
    All,
    /// One bit of each byte, some lengths and pairs.
    Sampled,
}

/// Returns the damages of one kind, the same ones every time.
pub fn damages(sample: &Sample, kind: &str, density: Density) -> Vec<Damage> {
    let mut all = Vec::new();
    let files: Vec<(&str, &[u8])> = sample.image.files().collect();
    let mut random = Random::new(17);
    for (file, bytes) in files {
        let file = file.to_owned();
        let end = sample.ends.get(&file).copied().unwrap_or(bytes.len());
        match kind {
            "flip" => flips(&mut all, &file, bytes, end, density, &mut random),
            "cut" => {
                let step = if density == Density::All { 1 } else { 13 };
                let step_behind = step * 97;
                let lens = (0..end).step_by(step).chain((end..bytes.len()).step_by(step_behind));
                all.extend(lens.map(|len| Damage::Cut { file: file.clone(), len }));
            }
            "swap" => {
                for block in [512, 4_096] {
                    let count = bytes.len() / block;
                    let pairs =
                        (0..count).flat_map(|one| (one + 1..count).map(move |two| (one, two)));
                    let pairs = pairs.filter(|(one, _)| one * block < end);
                    let chosen = pairs.filter(|_| density == Density::All || random.chance(1, 3));
                    all.extend(chosen.map(|(one, other)| Damage::Swap {
                        file: file.clone(),
                        block,
                        one,
                        other,
                    }));
                }
            }
            "zero" => {
                for block in [512, 4_096] {
                    let count = bytes.len().div_ceil(block);
                    all.extend((0..count).map(|at| Damage::Zero { file: file.clone(), block, at }));
                }
            }
            "remove" => all.push(Damage::Remove { file }),
            "copy" => copies(&mut all, sample, &file),
            _ => {}
        }
    }
    all
}

fn flips(
    all: &mut Vec<Damage>,
    file: &str,
    bytes: &[u8],
    end: usize,
    density: Density,
    random: &mut Random,
) {
    for (at, &byte) in bytes.iter().enumerate() {
        let mut flip = |mask: u8| all.push(Damage::Flip { file: file.to_owned(), at, mask });
        let one = 1 << random.below(8);
        if at >= end {
            if density == Density::All || random.chance(1, 40) {
                flip(one);
            }
            continue;
        }
        match density {
            Density::All => (0..8).for_each(|bit| flip(1 << bit)),
            Density::Sampled => flip(one),
        }
        // A kind of frame that becomes another.
        if matches!(byte, 1 | 2) {
            flip(3);
        }
    }
}

fn copies(all: &mut Vec<Damage>, sample: &Sample, from: &str) {
    let mut names: Vec<String> = sample.image.files().map(|(name, _)| name.to_owned()).collect();
    names.extend(["log", "data"].map(|role| format!("store/segments/00000000000000ff.{role}")));
    let logs = names.iter().filter(|name| name.ends_with(".log")).count() - 1;
    names.push(format!("store/segments/{:016x}.log", logs + 1));
    let others = names.into_iter().filter(|to| to != from);
    all.extend(others.map(|to| Damage::Copy { from: from.to_owned(), to }));
}
