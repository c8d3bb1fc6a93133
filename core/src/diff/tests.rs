use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::limits::{DIFF_GAP_TOKENS_MAX, DIFF_TOKENS_MAX};

fn patch(old: &[u8], new: &[u8]) -> String {
    file(old, new).unified().to_string()
}

/// Applies a unified patch, knowing nothing of how it was made.
fn apply(old: &[u8], patch: &[u8]) -> Vec<u8> {
    let old: Vec<&[u8]> = old.split_inclusive(|&byte| byte == b'\n').collect();
    let mut rows = patch.split_inclusive(|&byte| byte == b'\n').skip(2).peekable();
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(row) = rows.next() {
        if row.starts_with(b"@@ -") {
            let text = std::str::from_utf8(row).unwrap();
            let range = text[4..].split(' ').next().unwrap();
            let (start, count) = range.split_once(',').unwrap_or((range, "1"));
            let start: usize = start.parse().unwrap();
            let start = if count == "0" { start } else { start - 1 };
            out.extend(old[at..start].concat());
            at = start;
            continue;
        }
        let mut line = row[1..].to_vec();
        if rows.next_if(|row| row.starts_with(b"\\")).is_some() {
            assert_eq!(line.pop(), Some(b'\n'));
        }
        if row[0] != b'+' {
            assert_eq!(old[at], line, "line {at}");
            at += 1;
        }
        if row[0] != b'-' {
            out.extend(line);
        }
    }
    out.extend(old[at..].concat());
    out
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        4 => "[ab]{0,1}\n".prop_map(String::into_bytes),
        2 => "[a-d]{1,2} [a-d]{1,2}\r?\n".prop_map(String::into_bytes),
        1 => Just(b"\xff\xfe\n".to_vec()),
        1 => Just(b"@@ -1 +1 @@\n".to_vec()),
        1 => Just(b"-- a\n".to_vec()),
    ];
    (prop::collection::vec(line, 0..40), "[a-c]{0,1}").prop_map(|(lines, tail)| {
        let mut text = lines.concat();
        text.extend(tail.into_bytes());
        text
    })
}

/// Pairs of texts that share much, so that hunks lie apart.
fn versions() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let far = (text(), text(), text(), text(), text());
    let near = far.prop_map(|(a, x, b, y, c)| {
        let long: Vec<u8> = (0..9).flat_map(|n| format!("row {n}\n").into_bytes()).collect();
        ([&*a, &x, &long, &b, &c].concat(), [&*a, &long, &b, &y, &c].concat())
    });
    prop_oneof![(text(), text()), near]
}

proptest! {
    #[test]
    fn applying_a_patch_to_the_old_gives_the_new_byte_for_byte(
        (old, new) in versions(),
        context in 0..5usize,
    ) {
        let diff = file(&old, &new);
        let patch = diff.unified().context(context).to_bytes();
        prop_assert_eq!(patch.is_empty(), old == new);
        prop_assert_eq!(apply(&old, &patch), new);
    }

    #[test]
    fn lines_and_words_spell_both_versions_and_count_their_lines((old, new) in versions()) {
        let diff = file(&old, &new);
        let lines: Vec<_> = diff.lines().collect();
        let words: Vec<_> = diff.words().collect();
        for changes in [&lines, &words] {
            for (side, not) in [(&old, ChangeKind::Insert), (&new, ChangeKind::Delete)] {
                let mut spelt = Vec::new();
                for change in changes.iter().filter(|change| change.kind != not) {
                    let line = if not == ChangeKind::Insert { change.old_line } else { change.new_line };
                    let feeds = spelt.iter().filter(|&&byte| byte == b'\n').count() as u64;
                    prop_assert_eq!(line, Some(feeds + 1));
                    spelt.extend_from_slice(change.text);
                }
                prop_assert_eq!(&spelt, side);
            }
        }
        let count = |kind| lines.iter().filter(|change| change.kind == kind).count() as u64;
        prop_assert_eq!(diff.stats().added, count(ChangeKind::Insert));
        prop_assert_eq!(diff.stats().removed, count(ChangeKind::Delete));
    }

    #[test]
    fn any_bytes_are_compared_without_panic(old: Vec<u8>, new: Vec<u8>) {
        let diff = file(&old, &new);
        diff.unified().to_bytes();
        prop_assert_eq!(diff.is_binary(), old.contains(&0) || new.contains(&0));
    }
}

#[test]
fn the_patch_is_written_as_diff_writes_it() {
    let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
    let new = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n11\n";
    assert_eq!(
        patch(old.as_bytes(), new.as_bytes()),
        "--- a\n+++ b\n@@ -2,9 +2,10 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n 9\n 10\n+11\n"
    );
    let diff = file(old.as_bytes(), new.as_bytes());
    assert_eq!(
        diff.unified().context(1).to_string(),
        "--- a\n+++ b\n@@ -4,3 +4,3 @@\n 4\n-5\n+five\n 6\n@@ -10 +10,2 @@\n 10\n+11\n"
    );
    assert_eq!(
        diff.unified().context(0).to_string(),
        "--- a\n+++ b\n@@ -5 +5 @@\n-5\n+five\n@@ -10,0 +11 @@\n+11\n"
    );
}

#[test]
fn a_missing_line_feed_is_said_on_the_side_that_misses_it() {
    let say = "\\ No newline at end of file\n";
    assert_eq!(patch(b"a", b"a\n"), format!("--- a\n+++ b\n@@ -1 +1 @@\n-a\n{say}+a\n"));
    assert_eq!(patch(b"a\n", b"a"), format!("--- a\n+++ b\n@@ -1 +1 @@\n-a\n+a\n{say}"));
    assert_eq!(
        patch(b"x\na", b"y\na"),
        format!("--- a\n+++ b\n@@ -1,2 +1,2 @@\n-x\n+y\n a\n{say}")
    );
}

#[test]
fn carriage_returns_are_kept_and_count() {
    assert_eq!(
        patch(b"a\r\nb\r\n", b"a\nb\r\n"),
        "--- a\n+++ b\n@@ -1,2 +1,2 @@\n-a\r\n+a\n b\r\n"
    );
}

#[test]
fn empty_files_come_and_go() {
    assert_eq!(patch(b"", b""), "");
    assert_eq!(patch(b"", b"a\nb\n"), "--- a\n+++ b\n@@ -0,0 +1,2 @@\n+a\n+b\n");
    assert_eq!(patch(b"a\nb\n", b""), "--- a\n+++ b\n@@ -1,2 +0,0 @@\n-a\n-b\n");
}

#[test]
fn binary_is_said_to_be_binary() {
    let diff = file(b"a\0b", b"c");
    assert!(diff.is_binary());
    assert_eq!(diff.unified_with("a/x", "b/x").to_string(), "Binary files a/x and b/x differ\n");
    assert_eq!((diff.lines().count(), diff.words().count()), (0, 0));
    assert_eq!(diff.stats(), DiffStats::default());
    assert!(file(b"\0", b"\0").unified().to_bytes().is_empty());
    let mut late = vec![b'a'; BINARY_PROBE_BYTES];
    late.push(0);
    assert!(!file(&late, b"").is_binary());
    late[BINARY_PROBE_BYTES - 1] = 0;
    assert!(file(b"", &late).is_binary());
}

#[test]
fn files_at_the_size_limit_are_text_and_above_it_binary() {
    let mut text = vec![b'a'; DIFF_BYTES_MAX];
    assert!(!is_binary(&text));
    text.push(b'a');
    assert!(is_binary(&text));
}

#[test]
fn names_that_a_patch_could_not_hold_are_quoted_as_git_quotes_them() {
    let diff = file(b"a\n", b"b\n");
    let head = |name: &[u8]| {
        let text = diff.unified_with(name, "b").to_string();
        text.lines().next().unwrap().to_owned()
    };
    assert_eq!(head(b"a/plain.rs"), "--- a/plain.rs");
    assert_eq!(head(b"a/two words"), "--- a/two words\t");
    assert_eq!(head(b"a/\"q\"\n\x01"), r#"--- "a/\"q\"\n\001""#);
    assert_eq!(head(b"a/\xff"), r#"--- "a/\377""#);
    assert_eq!(head("a/\u{e9}".as_bytes()), "--- a/\u{e9}");
}

#[test]
fn an_added_function_ends_with_its_own_brace() {
    let old = "fn a() {\n}\n\nfn b() {\n}\n";
    let new = "fn a() {\n}\n\nfn c() {\n}\n\nfn b() {\n}\n";
    let added: Vec<u8> = file(old.as_bytes(), new.as_bytes())
        .lines()
        .filter(|change| change.kind == ChangeKind::Insert)
        .flat_map(|change| change.text.to_vec())
        .collect();
    assert_eq!(String::from_utf8(added).unwrap(), "fn c() {\n}\n\n");
}

#[test]
fn words_differ_where_words_do() {
    let diff = file(b"let total = count(a, b);\nsame\n", b"let total = count(a, list);\nsame\n");
    let changed: Vec<_> = diff
        .words()
        .filter(|change| change.kind != ChangeKind::Equal)
        .map(|change| (change.kind, change.text))
        .collect();
    assert_eq!(changed, [(ChangeKind::Delete, &b"b"[..]), (ChangeKind::Insert, b"list")]);
}

/// A generator of its own, so that the inputs below are the same everywhere.
struct Noise(u64);

impl Noise {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn lines(&mut self, count: usize, alphabet: u64) -> Vec<u8> {
        (0..count).flat_map(|_| format!("{}\n", self.below(alphabet)).into_bytes()).collect()
    }
}

#[test]
fn hostile_input_takes_bounded_time_and_stack() {
    let mut noise = Noise(7);
    let half = DIFF_GAP_TOKENS_MAX / 2;
    let up: Vec<u8> = (0..half).flat_map(|n| format!("{n}\n").into_bytes()).collect();
    let down: Vec<u8> = (0..half).rev().flat_map(|n| format!("{n}\n").into_bytes()).collect();
    let pairs = [
        (noise.lines(half, 2), noise.lines(half, 2)),
        (noise.lines(half, 300), noise.lines(half, 300)),
        (up, down),
        (b"a\nb\n".repeat(half / 2), b"b\na\na\n".repeat(half / 3)),
        (noise.lines(DIFF_TOKENS_MAX, 3), noise.lines(DIFF_TOKENS_MAX, 3)),
    ];
    let begin = Instant::now();
    for (old, new) in &pairs {
        let diff = file(old, new);
        assert_eq!(apply(old, &diff.unified().to_bytes()), *new);
    }
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
}

#[test]
fn a_large_file_with_small_changes_is_not_replaced_whole() {
    let old: Vec<String> = (0..DIFF_GAP_TOKENS_MAX).map(|n| format!("line {n}\n")).collect();
    let mut new = old.clone();
    new[10] = "changed near the head\n".into();
    new.remove(old.len() / 2);
    let at = new.len() - 10;
    new[at] = "changed near the tail\n".into();
    let diff = file(old.concat().as_bytes(), new.concat().as_bytes());
    assert_eq!(diff.stats(), DiffStats { added: 2, removed: 3 });
}

#[test]
fn one_line_of_ten_megabytes_is_one_change() {
    let mut old = b"word ".repeat(2_000_000);
    let new = old.clone();
    old.extend(b"tail");
    let diff = file(&old, &new);
    assert_eq!(diff.stats(), DiffStats { added: 1, removed: 1 });
    assert_eq!(diff.words().filter(|change| change.kind == ChangeKind::Delete).count(), 1);
}

#[test]
fn git_and_patch_apply_what_is_written() {
    let has = |name: &str| {
        let version = Command::new(name).arg("--version").stdout(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    };
    let programs: [(&str, &[&str]); 2] = [
        ("git", &["apply", "--whitespace=nowarn", "-p1", "patch"]),
        ("patch", &["--binary", "-s", "-p1", "-i", "patch"]),
    ];
    let mut noise = Noise(1);
    for (program, arguments) in programs.into_iter().filter(|(program, _)| has(program)) {
        for round in 0..60 {
            let length = noise.below(60) as usize;
            let mut old = noise.lines(length, 9);
            let mut new = if round % 3 == 0 { noise.lines(length, 9) } else { old.clone() };
            for _ in 0..noise.below(4) {
                let at = noise.below(new.len() as u64 + 1) as usize;
                new.splice(at..at, b"x\r\ny".iter().copied());
            }
            if round % 4 == 0 {
                old.pop();
            }
            if old.is_empty() || new.is_empty() || old == new {
                continue;
            }
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join("f"), &old).unwrap();
            let patch = file(&old, &new).unified_with("a/f", "b/f").to_bytes();
            std::fs::write(dir.path().join("patch"), &patch).unwrap();
            let status = Command::new(program).args(arguments).current_dir(dir.path()).status();
            assert!(status.unwrap().success(), "{program}: {}", String::from_utf8_lossy(&patch));
            assert_eq!(std::fs::read(dir.path().join("f")).unwrap(), new, "{program}");
        }
    }
}
