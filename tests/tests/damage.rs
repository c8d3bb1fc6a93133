//! Damaged stores: what is whole is read, what is not is named, nothing wrong is returned.

use std::path::{Path, PathBuf};

use partita_tests::command::{Partita, bytes_of};
use partita_tests::random::Random;
use partita_tests::source::files_below;
use tempfile::TempDir;

/// A store of 24 acknowledged commits, and every version that it holds.
fn sample() -> (TempDir, Partita, Vec<Vec<u8>>) {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let mut random = Random::new(30);
    let mut text = partita_tests::repository::text(&mut random, 40);
    let mut versions = Vec::new();
    for _ in 0..24 {
        partita.write("s", "file", &text).success();
        versions.push(text.clone());
        text = partita_tests::repository::edited(&mut random, &text);
    }
    (dir, partita, versions)
}

/// The largest file of a store: its log.
fn segment(partita: &Partita) -> PathBuf {
    let files = files_below(&partita.store().join("segments")).into_iter();
    files.max_by_key(|file| file.metadata().unwrap().len()).unwrap()
}

/// The bytes up to the zeroed tail.
fn used(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1
}

fn flip(file: &Path, at: usize, bit: u8) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[at] ^= 1 << bit;
    std::fs::write(file, bytes).unwrap();
}

/// Every version is read as it was, or the command fails; tells how many came back.
fn read_all(partita: &Partita, versions: &[Vec<u8>]) -> usize {
    read_some(partita, versions, 0..versions.len())
}

fn read_some(partita: &Partita, versions: &[Vec<u8>], range: std::ops::Range<usize>) -> usize {
    let mut whole = 0;
    for (at, expected) in versions.iter().enumerate().take(range.end).skip(range.start) {
        let number = (at + 1).to_string();
        let outcome = partita.run(["cat", "s", "file", "--iteration", &number]);
        if outcome.code == Some(0) {
            assert!(outcome.stdout == *expected, "iteration {number} came back wrong");
            whole += 1;
        } else {
            outcome.failure();
        }
    }
    whole
}

#[test]
fn a_flipped_bit_is_found_by_check_and_by_writes_and_never_read_as_good() {
    let (dir, partita, versions) = sample();
    let bytes = std::fs::read(segment(&partita)).unwrap();
    // The last commit is the one exception: it has a test of its own.
    let end = used(&bytes) * 23 / 25;
    let mut random = Random::new(31);
    for round in 0..40 {
        let at = end * round / 40 + random.below(end / 40);
        let copy = partita.copy_to(dir.path().join(format!("copy-{round}")));
        flip(&segment(&copy), at, random.below(8) as u8);
        let before = bytes_of(copy.store());
        let error = copy.run(["check"]);
        assert_eq!(error.code, Some(1), "byte {at}: check found nothing");
        assert!(!error.stderr.contains("panicked"), "{}", error.stderr);
        let error = copy.write("s", "new", b"new").failure();
        assert!(!error.is_empty());
        read_some(&copy, &versions, at % 20..at % 20 + 4);
        assert!(bytes_of(copy.store()) == before, "byte {at}: the damaged store was written");
    }
}

/// A frame leans on earlier ones of its own session alone.
#[test]
fn damage_in_one_session_leaves_the_others_whole() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    for number in 0..12 {
        for name in ["a", "b"] {
            partita
                .write(name, "file", format!("{name} {number}\n").repeat(60).as_bytes())
                .success();
        }
    }
    let bytes = std::fs::read(segment(&partita)).unwrap();
    let (mut both, mut one) = (0, 0);
    for share in 3..12 {
        let copy = partita.copy_to(dir.path().join(format!("copy-{share}")));
        flip(&segment(&copy), used(&bytes) * share / 13, 4);
        copy.run(["check"]).failure_of_check();
        let mut whole = 0;
        for name in ["a", "b"] {
            let outcome = copy.run(["cat", name, "file"]);
            if outcome.code == Some(0) {
                assert!(outcome.stdout == format!("{name} 11\n").repeat(60).as_bytes());
                whole += 1;
            }
        }
        both += usize::from(whole == 2);
        one += usize::from(whole == 1);
    }
    assert_eq!(both + one, 9, "a flipped bit took both sessions");
    assert!(one > 0, "the damage touched nothing");
}

/// Law 3 names one exception: the very last commit cannot be told from a torn tail.
#[test]
fn damage_to_the_very_last_commit_is_read_as_a_torn_tail_or_refused() {
    let (_dir, partita, versions) = sample();
    let bytes = std::fs::read(segment(&partita)).unwrap();
    flip(&segment(&partita), used(&bytes) - 40, 1);
    let outcome = partita.run(["log", "s", "--json"]);
    if outcome.code == Some(0) {
        let rows = partita.rows(["log", "s"]).len();
        assert!((23..=24).contains(&rows), "{rows} commits");
        assert_eq!(read_all(&partita, &versions[..rows]), rows);
    }
}

#[test]
fn a_store_with_any_of_its_files_missing_answers_the_same_or_refuses() {
    let (dir, partita, versions) = sample();
    let log = partita.text(["log", "s", "--json"]);
    let mut refusals = 0;
    for (at, file) in bytes_of(partita.store()).into_keys().enumerate() {
        let copy = partita.copy_to(dir.path().join(format!("copy-{at}")));
        std::fs::remove_file(copy.store().join(&file)).unwrap();
        let before = bytes_of(copy.store());
        let outcome = copy.run(["log", "s", "--json"]);
        if outcome.code == Some(0) {
            assert_eq!(String::from_utf8(outcome.stdout).unwrap(), log, "{}", file.display());
            assert_eq!(read_all(&copy, &versions), 24);
            copy.ok(["check"]);
        } else {
            refusals += 1;
            outcome.failure();
            copy.write("s", "new", b"new").failure();
            assert!(bytes_of(copy.store()) == before, "without {}", file.display());
        }
    }
    assert!(refusals > 0, "no file of the store matters");
}

#[test]
fn a_missing_data_segment_is_named_and_the_rest_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    partita.write("s", "small", b"small").success();
    let before = bytes_of(partita.store());
    partita.write("s", "big", &Random::new(33).bytes(20 << 20)).success();
    let new = bytes_of(partita.store()).into_keys().find(|file| !before.contains_key(file));
    let new = new.expect("a big content has a segment of its own");
    std::fs::remove_file(partita.store().join(&new)).unwrap();
    assert_eq!(partita.ok(["cat", "s", "small"]), b"small");
    partita.refused(["cat", "s", "big"]);
    let outcome = partita.run(["check"]);
    assert_eq!(outcome.code, Some(1));
    let said = format!("{}{}", outcome.stderr, String::from_utf8_lossy(&outcome.stdout));
    assert!(said.contains(new.file_name().unwrap().to_str().unwrap()), "{said}");
    partita.refused(["write", "s", "other", "Cargo.toml"]);
}

#[test]
fn a_store_cut_short_below_what_was_acknowledged_is_refused() {
    let (dir, partita, versions) = sample();
    let bytes = std::fs::read(segment(&partita)).unwrap();
    for (at, share) in [1, 4, 10, 16].into_iter().enumerate() {
        let copy = partita.copy_to(dir.path().join(format!("copy-{at}")));
        let cut = used(&bytes) * share / 20;
        std::fs::write(segment(&copy), &bytes[..cut]).unwrap();
        copy.write("s", "new", b"new").failure();
        assert_eq!(copy.run(["check"]).code, Some(1));
        read_all(&copy, &versions[..3]);
    }
}

trait Checked {
    fn failure_of_check(self);
}

impl Checked for partita_tests::command::Outcome {
    /// A check may list its findings on standard output before it fails.
    #[track_caller]
    fn failure_of_check(self) {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert!(self.stderr.contains("error: "), "{}", self.stderr);
    }
}
