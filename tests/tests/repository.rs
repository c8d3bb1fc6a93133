//! The generator itself: what the other tests take for granted about it.

use std::collections::BTreeSet;

use partita_tests::repository::{Repository, Shape};

#[test]
fn a_generated_repository_has_everything_and_is_the_same_for_the_same_seed() {
    let dir = tempfile::tempdir().unwrap();
    let shape = Shape { seed: 1, commits: 400, files: 60, big_bytes: 100_000 };
    let one = Repository::generate(&dir.path().join("one"), &shape);
    let two = Repository::generate(&dir.path().join("two"), &shape);
    assert_eq!(one.commits, two.commits);
    let other = Shape { seed: 2, ..shape };
    let other = Repository::generate(&dir.path().join("other"), &other);
    assert_ne!(one.commits.last(), other.commits.last());

    one.git.run(["fsck", "--full"]);
    assert!(one.renames.len() > 5);
    let merges = one.git.run(["rev-list", "--first-parent", "--merges", "--count", "main"]);
    assert!(String::from_utf8(merges).unwrap().trim().parse::<u32>().unwrap() > 10);
    let statuses = one.git.run(["log", "--first-parent", "-m", "-M", "--raw", "--format=", "main"]);
    let statuses = String::from_utf8(statuses).unwrap();
    let found: BTreeSet<_> =
        statuses.lines().filter_map(|row| row.split([' ', '\t']).nth(4)?.chars().next()).collect();
    assert!("AMDRT".chars().all(|status| found.contains(&status)), "{found:?}");
    for pair in [":100644 100755", ":100644 120000", ":120000 100644", ":160000 160000"] {
        assert!(statuses.contains(pair), "no change {pair}");
    }
    let modes: BTreeSet<_> = one
        .commits
        .iter()
        .flat_map(|commit| one.git.tree(commit))
        .map(|entry| entry.mode)
        .collect();
    assert_eq!(modes.len(), 4, "{modes:?}");
    assert!(statuses.contains("swap/x/deep/two"));
    let odd = one.git.tree("main").into_iter().filter(|entry| entry.path.contains(&0xff));
    assert_eq!(odd.count(), 1);
}
