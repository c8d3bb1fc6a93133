//! Tokens after an edit of three lines in a file of 60 KB: the exact recount beside tiktoken-rs in
//! full, on this repository's own sources.

use std::path::Path;

use partita::tokens::{Count, Encoding, TokenCounter, recount};
use tiktoken_rs::{CoreBPE, cl100k_base_singleton, o200k_base_singleton};

use crate::measure::{Samples, Spread, Table, micros, time};
use crate::work::Random;
use crate::{Options, Result};

const FILE_BYTES: usize = 60 << 10;
const LINES: usize = 3;
const EDITS: usize = 40;

pub(crate) fn run(options: &Options) -> Result<()> {
    let text = sources()?;
    println!("{} bytes, {EDITS} edits a round, ratios are medians over rounds\n", text.len());
    let table = Table::new(&["encoding", "tiktoken-rs in full", "recount", "times faster"]);
    let reference: [(Encoding, &CoreBPE); 2] =
        [(Encoding::O200k, o200k_base_singleton()), (Encoding::Cl100k, cl100k_base_singleton())];
    for (encoding, bpe) in reference {
        let mut random = Random(14);
        let count = encoding.count(&text);
        let (mut full_all, mut ours_all, mut ratios) =
            (Samples::default(), Samples::default(), Vec::new());
        // The first round warms up and does not count.
        for round in 0..=options.rounds {
            let (mut full, mut ours) = (Samples::default(), Samples::default());
            for _ in 0..EDITS {
                let edited = edit(&text, &mut random);
                let (took, expected) = time(|| Ok(bpe.encode_ordinary(&edited).len()))?;
                full.push(took);
                let (took, found) = time(|| Ok(recount(&encoding, &text, count, &edited)))?;
                ours.push(took);
                if found != Count::exact(expected as u64) {
                    return Err(format!("recounted {found}, in full {expected}").into());
                }
            }
            if round > 0 {
                ratios.push(full.p50().as_secs_f64() / ours.p50().as_secs_f64());
                full_all.extend(&full);
                ours_all.extend(&ours);
            }
        }
        let ratio = Spread::of(ratios);
        table.row(&[&encoding, &micros(full_all.p50()), &micros(ours_all.p50()), &ratio]);
    }
    Ok(())
}

/// Sources of the core, one after the other, cut at a line.
fn sources() -> Result<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src/log");
    let files: std::io::Result<Vec<_>> = std::fs::read_dir(dir)?.collect();
    let mut paths: Vec<_> = files?.iter().map(std::fs::DirEntry::path).collect();
    paths.sort();
    let mut text = String::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|end| end == "rs")) {
        text += &std::fs::read_to_string(path)?;
    }
    let end = text.match_indices('\n').map(|(at, _)| at + 1).find(|&at| at >= FILE_BYTES);
    text.truncate(end.ok_or("less than 60 KB of sources")?);
    Ok(text)
}

/// Three lines in a row, each with a word put in and a number changed.
fn edit(text: &str, random: &mut Random) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let first = random.below(lines.len() - LINES);
    let mut edited = String::with_capacity(text.len() + 100);
    for (at, line) in lines.iter().enumerate() {
        if (first..first + LINES).contains(&at) {
            let line = line.trim_end();
            let (head, tail) = line.split_at(line.find(' ').unwrap_or(line.len()));
            edited += &format!("{head}changed_{}{tail} + {}\n", at, random.below(1_000));
        } else {
            edited += line;
        }
    }
    edited
}
