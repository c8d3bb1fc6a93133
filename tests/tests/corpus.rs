//! The fuzz targets' corpus, and bytes grown from it, on every ordinary run.

use std::path::Path;

use partita_tests::fuzz::{TARGETS, seeds};
use partita_tests::random::Random;
use partita_tests::source::files_below;

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    files_below(&dir).into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

#[test]
fn every_target_takes_its_corpus_and_changed_copies_of_it() {
    for (target, body) in TARGETS {
        let seeds = corpus(target);
        assert!(!seeds.is_empty(), "no corpus for {target}");
        let mut random = Random::new(40);
        for seed in &seeds {
            body(seed);
        }
        // A body that opens stores takes a thousand times as long as one that reads a path.
        let slow = ["frames", "commits", "deltas", "refs"].contains(target);
        for _ in 0..if slow { 400 } else { 3_000 } {
            body(&changed(&mut random, &seeds));
        }
    }
}

/// With `PARTITA_SEEDS` set, writes the seeds of the log's targets into the corpus.
#[test]
fn seeds_are_made_and_taken() {
    let bodies: std::collections::HashMap<_, _> = TARGETS.iter().copied().collect();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for (target, name, bytes) in seeds() {
        bodies[target](&bytes);
        if std::env::var_os("PARTITA_SEEDS").is_some() {
            std::fs::create_dir_all(dir.join(target)).unwrap();
            std::fs::write(dir.join(target).join(name), bytes).unwrap();
        }
    }
}

/// A seed with a few bytes changed, taken out, put in, or taken from another seed.
fn changed(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = random.pick(seeds).clone();
    for _ in 0..random.between(1, 4) {
        let at = random.below(bytes.len() + 1);
        let count = random.between(1, 8).min(bytes.len() - at);
        match random.below(5) {
            0 => drop(bytes.drain(at..at + count)),
            1 => drop(bytes.splice(at..at, random.bytes(count))),
            2 => {
                let other = random.pick(seeds);
                let from = random.below(other.len() + 1);
                let until = (from + random.below(40)).min(other.len());
                bytes.splice(at..at, other[from..until].iter().copied());
            }
            3 if count > 0 => bytes[at] = *random.pick(&[0, 1, 0x7f, 0x80, 0xfa, 0xfb, 0xff]),
            _ if count > 0 => bytes[at] ^= 1 << random.below(8),
            _ => {}
        }
    }
    bytes
}

#[test]
fn every_target_has_a_file_and_every_file_is_a_target() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/fuzz_targets");
    let files = files_below(&dir);
    let names: Vec<_> =
        files.iter().map(|file| file.file_stem().unwrap().to_str().unwrap()).collect();
    let mut targets: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
    targets.sort();
    assert_eq!(names, targets);
}
