//! Commits in groups: what is read ahead changes nothing but the time that it takes.

use super::super::ahead::{Ahead, Group};
use super::super::commit::Commit;
use super::*;

/// A repository of commits that change a few lines of two files of forty.
fn grown(commits: usize) -> Repository {
    let line = |file: usize, line: usize, said: usize| format!("{file} {line} {said}\n");
    let mut stream = Vec::new();
    let mut said = vec![[0; 30]; 40];
    for number in 0..commits {
        let mut edits = Vec::new();
        for file in if number == 0 { 0..40 } else { number % 39..number % 39 + 2 } {
            said[file][number % 30] = number;
            let text: String = (0..30).map(|at| line(file, at, said[file][at])).collect();
            edits.extend(put("644", &format!("d{}/f{file}", file / 2), text.as_bytes()));
        }
        stream.extend(commit(&number.to_string(), number as i64, &edits));
    }
    Repository::new(&stream)
}

/// All commits of a line with their changes, and why there are no more.
fn in_groups(source: &Source, line: &[ObjectId]) -> (Vec<(Commit, Vec<Change>)>, Option<String>) {
    let mut ahead = Ahead::new(source, line, true);
    let mut all = Vec::new();
    while let Some(Group { commits, failed }) = ahead.next() {
        for (_, changes) in &commits {
            for id in changes.iter().filter_map(Change::blob) {
                assert!(matches!(source.blob(id).unwrap(), Blob::Bytes(_)));
            }
        }
        all.extend(commits);
        if let Some(error) = failed {
            return (all, Some(error.to_string()));
        }
    }
    (all, None)
}

#[test]
fn groups_are_the_commits_one_by_one_in_whatever_order_git_keeps_them() {
    let repository = grown(150);
    for (repack, newest_whole) in [(false, false), (true, true)] {
        if repack {
            repository.git(&["repack", "-adfq"], b"");
        }
        let source = Source::open(&repository.path).unwrap();
        let line = source.line(source.tip(None).unwrap(), None).unwrap().commits;
        let (grouped, failed) = in_groups(&source, &line);
        assert_eq!(failed, None);
        let commits: Vec<_> = grouped.iter().map(|(commit, _)| commit.clone()).collect();
        assert_eq!(source.keeps_newest_whole(&commits[..20]), newest_whole);
        let one_by_one = Source::open(&repository.path).unwrap();
        for (at, (id, (commit, changes))) in line.iter().zip(&grouped).enumerate() {
            assert_eq!(commit, &one_by_one.commit(*id).unwrap());
            assert_eq!(changes, &one_by_one.changes(commit, at == 0).unwrap(), "commit {at}");
        }
        assert_eq!(grouped.len(), 150);
    }
}

#[test]
fn what_cannot_be_read_is_said_after_the_commits_before_it() {
    let repository = grown(50);
    repository.git(&["repack", "-adfq"], b"");
    let missing = repository.write_tree(&[("40000", b"d", &"7".repeat(40))]);
    let tip = String::from_utf8(repository.git(&["rev-parse", "main"], b"")).unwrap();
    repository.write_commit(&missing, Some(tip.trim()));
    let source = Source::open(&repository.path).unwrap();
    let line = source.line(source.tip(None).unwrap(), None).unwrap().commits;
    assert_eq!(line.len(), 51);
    let (grouped, failed) = in_groups(&source, &line);
    assert_eq!(grouped.len(), 50);
    let failed = failed.unwrap();
    assert!(
        failed.contains(&format!("git commit {}: tree {missing}: entry \"d\"", line[50])),
        "{failed}"
    );
}
