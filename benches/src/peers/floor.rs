//! The floor: what one append of 2 KB and one fdatasync cost, into a growing file and into zeros.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::Result;
use crate::measure::Contender;
use crate::work::Step;

const RECORD_BYTES: usize = 2_048;

/// Appends to a file that grows.
#[derive(Debug)]
pub(crate) struct Plain {
    file: File,
    at: u64,
}

impl Plain {
    pub(crate) fn new(dir: &Path) -> Result<Self> {
        Ok(Plain { file: create(&dir.join("floor-plain"))?, at: 0 })
    }
}

impl Contender for Plain {
    fn name(&self) -> String {
        "floor: append 2 KB + fdatasync".into()
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        append(&self.file, &mut self.at, step)
    }
}

/// Writes into space that was zeroed and synced before.
#[derive(Debug)]
pub(crate) struct Zeroed {
    file: File,
    at: u64,
}

impl Zeroed {
    pub(crate) fn new(dir: &Path, steps: usize) -> Result<Self> {
        let file = create(&dir.join("floor-zeroed"))?;
        let zeros = vec![0; 1 << 20];
        for at in 0..(steps * RECORD_BYTES).div_ceil(zeros.len()) {
            file.write_all_at(&zeros, (at * zeros.len()) as u64)?;
        }
        file.sync_all()?;
        Ok(Zeroed { file, at: 0 })
    }
}

impl Contender for Zeroed {
    fn name(&self) -> String {
        "floor: 2 KB into zeroed space + fdatasync".into()
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        append(&self.file, &mut self.at, step)
    }
}

fn create(path: &Path) -> Result<File> {
    Ok(OpenOptions::new().read(true).write(true).create_new(true).open(path)?)
}

fn append(file: &File, at: &mut u64, step: &Step) -> Result<()> {
    let mut record = [1; RECORD_BYTES];
    let len = step.bytes.len().min(RECORD_BYTES);
    record[..len].copy_from_slice(&step.bytes[..len]);
    file.write_all_at(&record, *at)?;
    file.sync_data()?;
    *at += RECORD_BYTES as u64;
    Ok(())
}
