//! The work that contenders do: files, small edits, and dialog. The same seed gives the same work.

use crate::history::History;

/// A small deterministic generator (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// A file of the workload.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

/// What an agent does in one turn: one file changed, two things said.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) said: [String; 2],
}

/// Files and the steps that change them.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) files: Vec<File>,
    pub(crate) steps: Vec<Step>,
}

/// Bytes of a file in a small tree, and in a large one.
const FILE_BYTES: [std::ops::Range<usize>; 2] = [8_000..25_000, 1_000..12_000];

/// Bytes of one thing said.
const SAID_BYTES: usize = 300;

/// Makes a tree of `count` real source files and `steps` small edits of them.
///
/// Up to a hundred files have 8 to 25 KB each, about 15 KB on the mean; more have 1 to 12 KB.
pub(crate) fn edits(history: &History, count: usize, steps: usize, seed: u64) -> Work {
    let mut random = Random(seed);
    let mut files = pick(history, count);
    let mut current: Vec<Vec<Vec<u8>>> = files.iter().map(|file| lines(&file.bytes)).collect();
    let pool: Vec<Vec<u8>> = files.iter().take(100).flat_map(|file| lines(&file.bytes)).collect();
    let prose = prose(history);
    let mut said = 0;
    let mut say = || {
        said += 1;
        window(&prose, (said - 1) * SAID_BYTES)
    };
    let steps = (0..steps)
        .map(|_| {
            let at = random.below(files.len());
            let file = &mut current[at];
            let first = random.below(file.len());
            for line in first..(first + 1 + random.below(3)).min(file.len()) {
                file[line] = pool[random.below(pool.len())].clone();
            }
            Step { path: files[at].path.clone(), bytes: file.concat(), said: [say(), say()] }
        })
        .collect();
    files.shrink_to_fit();
    Work { files, steps }
}

fn pick(history: &History, count: usize) -> Vec<File> {
    let sizes = &FILE_BYTES[usize::from(count > 100)];
    let fits = |bytes: &[u8]| sizes.contains(&bytes.len()) && std::str::from_utf8(bytes).is_ok();
    let contents: Vec<&Vec<u8>> = history.contents.iter().filter(|content| fits(content)).collect();
    (0..count)
        .map(|at| {
            // A stride keeps versions of one file apart; a second pass over the pool turns lines round.
            let content = contents[at * 37 % contents.len()];
            let mut lines = lines(content);
            let turns = at / contents.len() * 11 % lines.len();
            lines.rotate_left(turns);
            File { path: format!("src/m{:03}/f{at:06}.rs", at / 50), bytes: lines.concat() }
        })
        .collect()
}

fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// The doc comments of all contents, each line once: what is said in a dialog about code.
fn prose(history: &History) -> String {
    let mut seen = std::collections::HashSet::new();
    let mut prose = String::new();
    for content in &history.contents {
        for line in String::from_utf8_lossy(content).lines() {
            let line = line.trim_start();
            let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
            if let Some(text) = text.map(str::trim).filter(|text| text.len() > 20)
                && seen.insert(text.to_owned())
            {
                prose.push_str(text);
                prose.push('\n');
            }
        }
    }
    assert!(prose.len() > SAID_BYTES, "the history has no doc comments");
    prose
}

/// A window of the prose, from the start again where it ends.
fn window(prose: &str, from: usize) -> String {
    let mut at = from % (prose.len() - SAID_BYTES);
    let mut end = at + SAID_BYTES;
    while !prose.is_char_boundary(at) {
        at -= 1;
    }
    while !prose.is_char_boundary(end) {
        end -= 1;
    }
    prose[at..end].to_owned()
}
