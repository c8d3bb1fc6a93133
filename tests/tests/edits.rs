//! An agent without a daemon: every edit is a process of its own.

use std::fmt::Write as _;

use partita_tests::command::{Partita, size_of};
use partita_tests::git::Git;
use partita_tests::random::Random;
use partita_tests::repository::{edited, text};

#[test]
fn two_thousand_edits_by_a_process_each_cost_at_most_one_and_a_half_of_gits_pack() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let git = Git::init(&dir.path().join("git"));
    let mut random = Random::new(7);
    let mut files: Vec<Vec<u8>> = Vec::new();
    let mut stream = Vec::new();
    for edit in 0..2_000 {
        let at = if edit < 30 { edit } else { random.below(30) };
        if edit < 30 {
            let lines = random.between(20, 200);
            files.push(text(&mut random, lines));
        } else {
            // An edit that changes nothing makes no iteration, and no commit in git.
            let before = files[at].clone();
            while files[at] == before {
                files[at] = edited(&mut random, &before);
            }
        }
        let path = format!("src/file_{at}.rs");
        partita.write("agent", &path, &files[at]).success();
        let mut head = String::new();
        let time = 1_700_000_000 + edit * 60;
        writeln!(head, "commit refs/heads/main\ncommitter A <a@example.org> {time} +0000").unwrap();
        writeln!(head, "data 4\nedit\nM 100644 inline {path}\ndata {}", files[at].len()).unwrap();
        stream.extend_from_slice(head.as_bytes());
        stream.extend_from_slice(&files[at]);
        stream.push(b'\n');
    }
    git.fast_import(&stream);
    let (own, pack) = (size_of(partita.store()), git.pack_bytes());
    println!("store {own} bytes, pack {pack} bytes, {:.2}x", own as f64 / pack as f64);
    assert!(own * 2 <= pack * 3, "{own} bytes against {pack} of git");
    assert_eq!(partita.rows(["log", "agent"]).len(), 2_000);
    for (at, bytes) in files.iter().enumerate() {
        assert!(partita.ok(["cat", "agent", &format!("src/file_{at}.rs")]) == *bytes);
    }
    partita.ok(["check"]);
}
