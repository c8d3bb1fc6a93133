//! Small stores that are to be damaged, and what they hold.

use std::collections::BTreeMap;
use std::ops::Range;

use partita::{ObjectId, Result, Store, StoreOptions};

use crate::crash::ledger::Commits;
use crate::crash::workload::node_id;
use crate::crash::{Stage, Workload, entropy};
use crate::random::Random;
use crate::vfs::{Action, Disk, Fault, Recorder};

/// Commits of a sample: of three sessions, over several segments, one of them in a data segment.
const COMMITS: usize = 18;

/// What a sample commits.
#[derive(Debug)]
pub struct Sessions;

impl Workload for Sessions {
    fn name(&self) -> &'static str {
        "sessions"
    }

    fn content(&self, number: usize) -> Vec<u8> {
        match number {
            5 => Random::new(5).bytes(2_100),
            3 | 9 => Random::new(number as u64).bytes(600),
            _ => format!("{}commit {number}\n", "a line, again\n".repeat(number * 5)).into_bytes(),
        }
    }

    fn line(&self, number: usize) -> usize {
        number % 3
    }

    fn options(&self) -> StoreOptions {
        Store::options().segment_bytes(3 << 10).bulk_bytes(2 << 10).entropy(entropy::fill)
    }

    fn run(&self, stage: &Stage<'_>) -> Result<()> {
        let store = stage.open(&stage.vfs)?;
        for number in 1..=COMMITS {
            stage.commit(&store, number)?;
        }
        Ok(())
    }
}

/// A store and what it holds.
#[derive(Debug)]
pub struct Sample {
    /// Its name in tables.
    pub name: &'static str,
    /// The medium.
    pub image: Disk,
    /// The commits that were acknowledged.
    pub commits: Commits,
    /// The frame of each commit: the file's name and the offsets in it.
    pub frames: BTreeMap<usize, (String, Range<usize>)>,
    /// Where in each segment its frames end; what is behind says nothing.
    pub ends: BTreeMap<String, usize>,
    /// Whether the store was closed, which leaves a marker and the mark.
    pub closed: bool,
}

impl Sample {
    /// Makes a store that was closed, or one whose process was killed before that.
    ///
    /// # Panics
    /// If the store cannot be made on a medium that works.
    pub fn new(name: &'static str, closed: bool) -> Self {
        let vfs = Recorder::new();
        let stage = Stage::new(&Sessions, vfs.clone(), 3);
        let mut frames = BTreeMap::new();
        stage.source.supply(|| {
            let store = stage.open(&vfs).expect("the store is made");
            for number in 1..=COMMITS {
                let before = vfs.actions().len();
                stage.commit(&store, number).expect("the medium works");
                let found = frame(&vfs.actions()[before..], &node_id(&Sessions, number));
                frames.insert(number, found.expect("a commit is a write"));
            }
            if !closed {
                vfs.fail(vfs.calls().len(), Fault::Killed);
            }
        });
        let image = vfs.disk();
        let frames = frames.into_iter().map(|(number, (file, range))| {
            let name = image.name_of(file).expect("the segment has its name by now");
            (number, (name.to_owned(), range))
        });
        let frames = frames.collect();
        let ends = ends(&image);
        assert!(ends.len() >= 4, "too few segments: {ends:?}");
        Sample { name, commits: (1..=COMMITS).collect(), frames, ends, closed, image }
    }

    /// Returns the newest segment of the log.
    pub fn newest(&self) -> &str {
        self.ends.keys().rfind(|name| name.ends_with(".log")).expect("there is a log")
    }
}

/// Finds the write of the frame that holds an object; zeros behind it do not count.
fn frame(actions: &[Action], id: &ObjectId) -> Option<(usize, Range<usize>)> {
    actions.iter().find_map(|action| {
        let Action::Write { file, offset, bytes } = action else { return None };
        bytes.windows(32).any(|bytes| bytes == id.as_bytes()).then(|| {
            let from = *offset as usize;
            (*file, from..from + used(bytes))
        })
    })
}

fn used(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1)
}

/// Where frames end: in a log segment with a successor that one's header says it, at offset 80.
pub(crate) fn ends(image: &Disk) -> BTreeMap<String, usize> {
    let files: BTreeMap<&str, &[u8]> = image.files().collect();
    let segments = files.iter().filter(|(name, _)| name.contains("segments/"));
    let logs: Vec<&str> = files.keys().copied().filter(|name| name.ends_with(".log")).collect();
    segments
        .map(|(name, bytes)| {
            let next = logs.iter().position(|log| log == name).and_then(|at| logs.get(at + 1));
            let end = next.map(|next| {
                let word = files[next][80..88].try_into().expect("eight bytes");
                u64::from_le_bytes(word) as usize
            });
            ((*name).to_owned(), end.unwrap_or_else(|| used(bytes)))
        })
        .collect()
}
