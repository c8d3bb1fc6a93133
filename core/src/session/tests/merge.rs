//! Merges of sessions: files, conflicts, what they have in common.

use crate::merge::{MergeBase, MergeOptions, MergeWay, Resolution};
use crate::session::Session;
use crate::store::Store;
use crate::{Entry, ErrorKind, NewEntry};

fn session() -> Session {
    Store::in_memory().unwrap().session("s").unwrap()
}

fn text(session: &Session, path: &str) -> String {
    String::from_utf8(session.read(path).unwrap()).unwrap()
}

fn paths(session: &Session) -> Vec<String> {
    let files = session.latest().unwrap();
    files.files().map(|file| file.unwrap().path.to_string()).collect()
}

fn conflicts(session: &Session) -> Vec<String> {
    let state = session.latest().unwrap();
    state.conflicts().map(|conflict| conflict.unwrap().path.to_string()).collect()
}

pub(super) fn merge(session: &Session, others: &[&Session]) -> crate::merge::MergeReport {
    session.merge(others, MergeOptions::new()).unwrap()
}

fn id(session: &Session) -> Option<crate::CheckpointId> {
    session.latest().unwrap().checkpoint().map(|checkpoint| checkpoint.id)
}

/// A session with a past, and a fork of it.
pub(super) fn pair() -> (Session, Session) {
    let session = session();
    session.write("a", "1\n2\n3\n4\n5\n").unwrap();
    session.write("b", "b\n").unwrap();
    session.write("gone", "x").unwrap();
    session.remove("gone").unwrap();
    session.write("b", "bb\n").unwrap();
    session.undo().unwrap();
    let fork = session.fork("t").unwrap();
    (session, fork)
}

#[test]
fn what_one_side_changed_is_taken_and_texts_are_joined() {
    let (session, fork) = pair();
    session.write("a", "one\n2\n3\n4\n5\n").unwrap();
    session.write("ours", "o").unwrap();
    fork.write("a", "1\n2\n3\n4\nfive\n").unwrap();
    fork.write("theirs", "t").unwrap();
    fork.remove("b").unwrap();
    let number = |session: &Session| session.history("theirs").unwrap().next().unwrap().unwrap().id;
    let plan = session.plan_merge(&[&fork], MergeOptions::new()).unwrap();
    assert_eq!((plan.files, plan.is_clean()), (3, true));
    assert_eq!(text(&session, "a"), "one\n2\n3\n4\n5\n");
    let report = merge(&session, &[&fork]);
    assert_eq!(report.sessions, plan.sessions);
    assert_eq!(text(&session, "a"), "one\n2\n3\n4\nfive\n");
    assert_eq!(paths(&session), ["a", "ours", "theirs"]);
    assert_eq!(number(&session), number(&fork));
    let checkpoint = report.checkpoint.unwrap();
    assert_eq!(checkpoint.parents.len(), 2);
    // The line of the joined file leads to both, and each line of it to who wrote it.
    let history = session.history("a").unwrap().map(|info| info.unwrap());
    let history: Vec<_> = history.map(|info| (info.number, info.checkpoint_number)).collect();
    assert_eq!(history[0], (3, 9));
    assert_eq!(history[3], (1, 1));
    let mut twice = history[1..3].to_vec();
    twice.sort_unstable();
    assert_eq!(twice, [(2, 7), (2, 9)]);
    let blame = session.blame("a").unwrap();
    let origins = blame.lines.iter().map(|line| {
        let origin = &blame.origins[line.origin];
        (origin.iteration.number, origin.iteration.checkpoint_number, origin.kind.name())
    });
    let origins: Vec<_> = origins.collect();
    assert_eq!(origins[0], (2, 7, "write"));
    assert_eq!(origins[1], (1, 1, "write"));
    assert_eq!(origins[4], (2, 9, "merge"));
    // Again: nothing is new.
    let again = merge(&session, &[&fork]);
    assert!(!again.changed && again.sessions[0].way == MergeWay::UpToDate);
    session.undo().unwrap();
    assert_eq!((text(&session, "a"), paths(&session).len()), ("one\n2\n3\n4\n5\n".to_owned(), 3));
    // What was undone is new again.
    assert_eq!(merge(&session, &[&fork]).sessions[0].way, MergeWay::Merged);
    // And the other way round, there is nothing but what this side did.
    let back = merge(&fork, &[&session]);
    assert_eq!((back.sessions[0].way, back.is_clean()), (MergeWay::FastForward, true));
    assert_eq!(text(&fork, "ours"), "o");
}

#[test]
fn a_conflict_is_a_value_until_it_is_resolved_and_comes_back_with_its_files() {
    let (session, fork) = pair();
    session.write("a", "1\n2\nthree\n4\n5\n").unwrap();
    fork.write("a", "1\n2\n3!\n4\n5\n").unwrap();
    let report = merge(&session, &[&fork]);
    assert_eq!(report.conflicts.len(), 1);
    let marked = text(&session, "a");
    let expected = "1\n2\n<<<<<<< s@7\nthree\n||||||| base@6\n3\n=======\n3!\n>>>>>>> t@7\n4\n5\n";
    assert_eq!(marked, expected);
    let state = session.latest().unwrap();
    let conflict = state.conflicts().next().unwrap().unwrap();
    assert!(conflict.is_marked());
    let labels: Vec<&str> = conflict.conflict.terms.iter().map(|term| &*term.label).collect();
    assert_eq!(labels, ["s@7", "base@6", "t@7"]);
    // The model is told, and its tokens are counted.
    let told = state.prompt().unwrap().sandbox;
    let expected =
        "[merge conflicts that nobody has resolved]\na: s@7 against t@7, marked in the text";
    assert_eq!(told, expected);
    let encoding = crate::tokens::Encoding::O200k;
    let capacity = session.capacity(&crate::budget::Budget::new(9_000), &encoding).unwrap();
    assert_eq!(capacity.total(), state.prompt().unwrap().count(&encoding));
    // A part that is mended leaves it in conflict, and so does another path.
    session.write("a", format!("0\n{marked}")).unwrap();
    session.write("b", "other\n").unwrap();
    assert_eq!(conflicts(&session), ["a"]);
    // A fork has it, and may resolve it by itself.
    let other = session.fork("u").unwrap();
    other.write("a", "mended\n").unwrap();
    assert_eq!((conflicts(&other).len(), conflicts(&session).len()), (0, 1));
    session.resolve("a", Resolution::Side(0)).unwrap();
    assert_eq!((text(&session, "a"), conflicts(&session).len()), ("1\n2\nthree\n4\n5\n".into(), 0));
    assert_eq!(session.resolve("a", Resolution::Base).unwrap_err().kind(), ErrorKind::NotFound);
    session.undo().unwrap();
    assert_eq!(conflicts(&session), ["a"]);
    assert_eq!(session.resolve("a", Resolution::Side(2)).unwrap_err().kind(), ErrorKind::Invalid);
    session.resolve("a", Resolution::Base).unwrap();
    assert_eq!(text(&session, "a"), "1\n2\n3\n4\n5\n");
    session.undo().unwrap();
    session.resolve("a", Resolution::Removed).unwrap();
    assert_eq!((conflicts(&session).len(), session.get("a").unwrap()), (0, None));
    session.undo().unwrap();
    session.resolve("a", Resolution::Entry(NewEntry::symlink("b"))).unwrap();
    assert_eq!((conflicts(&session).len(), text(&session, "a")), (0, "b".to_owned()));
    // All of it back to before the merge.
    for _ in 0..4 {
        session.undo().unwrap();
    }
    assert_eq!((conflicts(&session).len(), text(&session, "a")), (0, "1\n2\nthree\n4\n5\n".into()));
    session.redo().unwrap();
    assert_eq!((conflicts(&session), text(&session, "a")), (vec!["a".to_owned()], marked));
}

#[test]
fn removed_against_changed_is_in_conflict_and_the_one_that_is_left_stands() {
    let (session, fork) = pair();
    session.remove("a").unwrap();
    fork.write("a", "changed\n").unwrap();
    session.write("b", "changed\n").unwrap();
    fork.remove("b").unwrap();
    merge(&session, &[&fork]);
    assert_eq!(conflicts(&session), ["a", "b"]);
    assert_eq!(
        (text(&session, "a"), text(&session, "b")),
        ("changed\n".into(), "changed\n".into())
    );
    // To say again what stands there resolves it.
    session.write("b", "changed\n").unwrap();
    assert_eq!(conflicts(&session), ["a"]);
    session.remove("a").unwrap();
    assert!(conflicts(&session).is_empty());
}

#[test]
fn modes_kinds_and_bytes_that_are_no_text_are_joined_or_in_conflict() {
    let (session, fork) = pair();
    let exec = |text: &str| NewEntry::file(text).executable();
    session.batch(|b| b.write_entry("a", exec("1\n2\n3\n4\n5\n"))).unwrap();
    fork.write("a", "1\n2\n3\n4\n5\n6\n").unwrap();
    session.batch(|b| b.write_entry("b", NewEntry::symlink("x"))).unwrap();
    fork.write("b", "file\n").unwrap();
    session.write("new", b"\0ours").unwrap();
    fork.write("new", b"\0theirs").unwrap();
    session.write("Readme", "o").unwrap();
    fork.write("README", "t").unwrap();
    session.write("same", "equal").unwrap();
    fork.write("same", "equal").unwrap();
    session.write("mode", "m").unwrap();
    fork.batch(|b| b.write_entry("mode", exec("m"))).unwrap();
    let report = merge(&session, &[&fork]);
    assert_eq!(report.case_clashes[0].theirs.to_string(), "README");
    assert_eq!(conflicts(&session), ["b", "mode", "new"]);
    let state = session.latest().unwrap();
    let Some(Entry::File { executable: true, .. }) = state.entry("a").unwrap() else { panic!() };
    assert_eq!(text(&session, "a"), "1\n2\n3\n4\n5\n6\n");
    assert_eq!(
        (text(&session, "b"), session.read("new").unwrap()),
        ("x".into(), b"\0ours".to_vec())
    );
    session.resolve("new", Resolution::Side(1)).unwrap();
    assert_eq!(session.read("new").unwrap(), b"\0theirs");
    session.resolve("mode", Resolution::Side(0)).unwrap();
    session.resolve("b", Resolution::Side(1)).unwrap();
    assert_eq!((text(&session, "b"), conflicts(&session).len()), ("file\n".into(), 0));
}

#[test]
fn renames_are_followed_on_either_side_and_on_both() {
    let (session, fork) = pair();
    fork.rename("a", "moved").unwrap();
    session.write("a", "1\n2\n3\n4\nfive\n").unwrap();
    session.rename("b", "ours").unwrap();
    fork.write("b", "their b\n").unwrap();
    let report = merge(&session, &[&fork]);
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(paths(&session), ["moved", "ours"]);
    assert_eq!(text(&session, "moved"), "1\n2\n3\n4\nfive\n");
    assert_eq!(text(&session, "ours"), "their b\n");

    let (session, fork) = pair();
    session.rename("a", "x").unwrap();
    fork.rename("a", "x").unwrap();
    fork.write("x", "0\n1\n2\n3\n4\n5\n").unwrap();
    session.rename("b", "p").unwrap();
    fork.rename("b", "q").unwrap();
    merge(&session, &[&fork]);
    assert_eq!(text(&session, "x"), "0\n1\n2\n3\n4\n5\n");
    assert_eq!(
        (paths(&session), conflicts(&session)),
        (
            vec!["p".to_owned(), "q".to_owned(), "x".to_owned()],
            vec!["p".to_owned(), "q".to_owned()],
        )
    );

    // Renamed here, removed there.
    let (session, fork) = pair();
    session.rename("a", "x").unwrap();
    fork.remove("a").unwrap();
    merge(&session, &[&fork]);
    assert_eq!(conflicts(&session), ["x"]);
    // Renamed on one side, removed on the other, which has something else of that name.
    for ours_renamed in [true, false] {
        let (session, fork) = pair();
        let (renames, removes) = if ours_renamed { (&session, &fork) } else { (&fork, &session) };
        renames.rename("a", "x").unwrap();
        removes.rename("b", "x").unwrap();
        removes.remove("a").unwrap();
        merge(&session, &[&fork]);
        assert_eq!(conflicts(&session), ["x"]);
        session.resolve("x", Resolution::Side(usize::from(!ours_renamed))).unwrap();
        assert_eq!((text(&session, "x"), paths(&session).len()), ("1\n2\n3\n4\n5\n".into(), 1));
    }
    // A name that the other side gave to something else.
    let (session, fork) = pair();
    session.write("x", "here first\n").unwrap();
    session.write("a", "1\n2\n3\n4\n5\n6\n").unwrap();
    fork.rename("a", "x").unwrap();
    merge(&session, &[&fork]);
    assert_eq!(
        (paths(&session), conflicts(&session)),
        (vec!["b".into(), "x".into()], vec!["x".into()])
    );
    session.resolve("x", Resolution::Side(0)).unwrap();
    assert_eq!(text(&session, "x"), "here first\n");
    session.undo().unwrap();
    session.resolve("x", Resolution::Side(1)).unwrap();
    assert_eq!(text(&session, "x"), "1\n2\n3\n4\n5\n6\n");
    // By equal content, as a directory without records of renames has it.
    let (session, fork) = pair();
    let bytes = fork.read("a").unwrap();
    fork.batch(|b| {
        b.remove("a")?;
        b.write("copied", &bytes)
    })
    .unwrap();
    session.write("a", "1\n2\n3\n4\n5\n6\n").unwrap();
    assert!(merge(&session, &[&fork]).is_clean());
    assert_eq!(
        (paths(&session), text(&session, "copied")),
        (vec!["b".into(), "copied".into()], "1\n2\n3\n4\n5\n6\n".into())
    );
}

#[test]
fn a_file_against_a_directory_leaves_the_directory_and_either_resolves() {
    for ours_is_file in [true, false] {
        let (session, fork) = pair();
        let (file, directory) = if ours_is_file { (&session, &fork) } else { (&fork, &session) };
        file.write("d", "a file").unwrap();
        directory.write("d/x", "x").unwrap();
        directory.write("d/y/z", "z").unwrap();
        merge(&session, &[&fork]);
        assert_eq!(conflicts(&session), ["d"]);
        assert_eq!(paths(&session), ["a", "b", "d/x", "d/y/z"]);
        session.resolve("d", Resolution::Side(usize::from(!ours_is_file))).unwrap();
        assert_eq!(
            (paths(&session), conflicts(&session).len()),
            (vec!["a".into(), "b".into(), "d".into()], 0)
        );
        session.undo().unwrap();
        assert_eq!(conflicts(&session), ["d"]);
        session.resolve("d", Resolution::Removed).unwrap();
        assert_eq!((paths(&session).len(), conflicts(&session).len()), (4, 0));
    }
}

#[test]
fn sessions_that_share_nothing_are_united_and_bad_ones_refused() {
    let store = Store::in_memory().unwrap();
    let (a, b) = (store.session("a").unwrap(), store.session("b").unwrap());
    a.write("a", "1\n").unwrap();
    a.write("both", "same\n").unwrap();
    a.write("differs", "x\n").unwrap();
    b.write("b", "1\n").unwrap();
    b.write("both", "same\n").unwrap();
    b.write("differs", "y\n").unwrap();
    assert_eq!(a.common_with(&[&b]).unwrap(), MergeBase::Nothing);
    merge(&a, &[&b]);
    assert_eq!((paths(&a).len(), conflicts(&a)), (4, vec!["differs".to_owned()]));
    let MergeBase::Checkpoint(base) = a.common_with(&[&b]).unwrap() else { panic!() };
    assert_eq!(Some(base.id), id(&b));
    let kind = |others: &[&Session]| a.merge(others, MergeOptions::new()).unwrap_err().kind();
    assert_eq!(kind(&[]), ErrorKind::Invalid);
    assert_eq!(kind(&[&a]), ErrorKind::Invalid);
    assert_eq!(kind(&[&b, &b]), ErrorKind::Invalid);
    let foreign = Store::in_memory().unwrap().session("b").unwrap();
    assert_eq!(kind(&[&foreign]), ErrorKind::Invalid);
    let forks: Vec<Session> = (0..64).map(|at| b.fork(&format!("f{at}")).unwrap()).collect();
    assert_eq!(kind(&forks.iter().collect::<Vec<_>>()), ErrorKind::Invalid);
    let before = id(&a);
    store.delete_session("f0").unwrap();
    assert_eq!(kind(&[&forks[0]]), ErrorKind::NotFound);
    // As many as there may be, of which none has anything new.
    let report = merge(&a, &forks[1..].iter().collect::<Vec<_>>());
    assert!(!report.changed && id(&a) == before);
    // A session without a state has nothing, and becomes what is merged into it.
    let empty = store.session("empty").unwrap();
    assert!(!merge(&a, &[&empty]).changed);
    let report = merge(&empty, &[&a]);
    assert_eq!(report.sessions[0].way, MergeWay::FastForward);
    assert_eq!((paths(&empty), conflicts(&empty)), (paths(&a), conflicts(&a)));
    assert_eq!(empty.latest().unwrap().checkpoint().unwrap().parents, Vec::from_iter(before));
    empty.undo().unwrap();
    assert!(paths(&empty).is_empty());
}

#[test]
fn many_sides_are_one_conflict_and_equal_changes_are_one_change() {
    let (session, first) = pair();
    let (second, third) = (session.fork("u").unwrap(), session.fork("v").unwrap());
    session.write("a", "ours\n").unwrap();
    for (fork, value) in [(&first, "first\n"), (&second, "second\n"), (&third, "first\n")] {
        fork.write("a", value).unwrap();
    }
    merge(&session, &[&first, &second, &third]);
    let state = session.latest().unwrap();
    let conflict = state.conflicts().next().unwrap().unwrap();
    let labels: Vec<&str> = conflict.conflict.sides().map(|side| &*side.label).collect();
    assert_eq!(labels, ["s@7", "t@7", "u@7"]);
    let parents = state.checkpoint().unwrap().parents.clone();
    assert_eq!(parents.len(), 4);
    // A side that gives way takes its part of the conflict along.
    second.write("a", "first\n").unwrap();
    merge(&session, &[&second]);
    let state = session.latest().unwrap();
    let conflict = state.conflicts().next().unwrap().unwrap();
    assert_eq!(conflict.conflict.sides().count(), 2);
}

#[test]
fn a_capture_that_finds_markers_keeps_a_conflict_and_a_mended_one_resolves_it() {
    let room = tempfile::tempdir().unwrap();
    let (session, fork) = pair();
    session.write("a", "1\nours\n3\n4\n5\n").unwrap();
    fork.write("a", "1\ntheirs\n3\n4\n5\n").unwrap();
    merge(&session, &[&fork]);
    session.checkout(None, room.path()).unwrap();
    let file = room.path().join("a");
    let marked = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, marked.replace("5\n", "five\n")).unwrap();
    session.workspace(room.path()).capture().unwrap();
    assert_eq!(
        (conflicts(&session), text(&session, "a").contains("five")),
        (vec!["a".into()], true)
    );
    std::fs::write(&file, "1\nboth\n3\n4\nfive\n").unwrap();
    session.workspace(room.path()).capture().unwrap();
    assert!(conflicts(&session).is_empty());
    session.undo().unwrap();
    assert_eq!(conflicts(&session), ["a"]);
}

#[test]
fn a_trim_takes_no_base_away_that_was_merged_and_says_where_it_hides_one() {
    use std::ops::ControlFlow;
    let go_on = &mut |_: crate::upkeep::GcProgress| ControlFlow::Continue(());
    let (session, fork) = pair();
    let store = session.store().clone();
    fork.write("theirs", "1\n").unwrap();
    merge(&session, &[&fork]);
    fork.write("theirs", "2\n").unwrap();
    session.write("ours", "2\n").unwrap();
    for trimmed in [&session, &fork] {
        trimmed.trim(crate::history::Trim::Keep(1)).unwrap();
    }
    let collect = crate::store::GcOptions::new().keep(std::time::Duration::ZERO);
    store.gc(&collect, go_on).unwrap();
    let report = store.check(&mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(report.faults, []);
    assert!(matches!(session.common_with(&[&fork]).unwrap(), MergeBase::Checkpoint(_)));
    let report = merge(&session, &[&fork]);
    assert!(report.is_clean() && report.files == 1, "{report:?}");
    // Two forks that were never merged, of a session of which nothing older is left.
    let (session, fork) = pair();
    let store = session.store().clone();
    fork.write("b", "theirs\n").unwrap();
    fork.remove("a").unwrap();
    session.write("c", "ours\n").unwrap();
    for trimmed in [&session, &fork] {
        trimmed.trim(crate::history::Trim::Keep(1)).unwrap();
    }
    store.gc(&collect, go_on).unwrap();
    assert_eq!(session.common_with(&[&fork]).unwrap(), MergeBase::Hidden);
    merge(&session, &[&fork]);
    // Nobody knows who changed what: nothing is taken for the newer one, and what was removed does
    // not come back in silence.
    assert_eq!(conflicts(&session), ["a", "b"]);
    assert_eq!(store.check(&mut |_| ControlFlow::Continue(())).unwrap().faults, []);
}

#[test]
fn a_conflict_that_was_taken_back_or_resolved_does_not_come_again() {
    let (session, fork) = pair();
    session.write("b", b"\0ours").unwrap();
    fork.write("b", b"\0theirs").unwrap();
    merge(&session, &[&fork]);
    assert_eq!(conflicts(&session), ["b"]);
    let other = session.fork("u").unwrap();
    // What it holds has another iteration afterwards, and is in conflict as before.
    other.write("b", "x").unwrap();
    other.undo().unwrap();
    assert_eq!(conflicts(&other), ["b"]);
    // Our bytes stand there all along.
    session.resolve("b", Resolution::Side(0)).unwrap();
    merge(&session, &[&other]);
    assert!(conflicts(&session).is_empty());
    assert_eq!(session.read("b").unwrap(), b"\0ours");
}

#[test]
fn a_conflict_that_both_sides_resolved_alike_is_resolved() {
    for removed in [false, true] {
        let (session, fork) = pair();
        session.write("a", "ours\n").unwrap();
        fork.write("a", "theirs\n").unwrap();
        merge(&session, &[&fork]);
        let other = session.fork("u").unwrap();
        for side in [&session, &other] {
            side.write(side.name(), "").unwrap();
            match removed {
                true => drop(side.remove("a").unwrap()),
                false => drop(side.write("a", "both\n").unwrap()),
            }
        }
        assert!(merge(&session, &[&other]).is_clean());
        assert!(conflicts(&session).is_empty());
        assert_eq!(session.get("a").unwrap().is_none(), removed);
    }
}

#[test]
fn of_what_two_have_in_common_only_the_newest_counts_in_whatever_order_it_comes() {
    // Sessions have random nonces, and so another order each time.
    for _ in 0..8 {
        let store = Store::in_memory().unwrap();
        let session = store.session("s").unwrap();
        session.write("a", "1\n").unwrap();
        let [long, middle, short, ours, theirs] =
            ["long", "middle", "short", "ours", "theirs"].map(|name| session.fork(name).unwrap());
        for (fork, count) in [(&long, 9), (&middle, 7), (&short, 2)] {
            for number in 0..count {
                fork.write(fork.name(), number.to_string()).unwrap();
            }
        }
        merge(&short, &[&long]);
        for fork in [&ours, &theirs] {
            fork.write(fork.name(), "").unwrap();
            merge(fork, &[&short]);
            merge(fork, &[&middle]);
        }
        // The short line contains the long one, and neither the middle one.
        let MergeBase::Checkpoint(base) = ours.common_with(&[&theirs]).unwrap() else { panic!() };
        assert_eq!(Some(base.id), id(&middle));
    }
}

#[test]
fn many_sessions_have_one_newest_state_in_common() {
    let (session, fork) = pair();
    session.write("a", "later\n").unwrap();
    let later = session.fork("u").unwrap();
    later.write("b", "u\n").unwrap();
    let latest = later.fork("v").unwrap();
    latest.write("b", "v\n").unwrap();
    let number = |of: &Session, others: &[&Session]| match of.common_with(others).unwrap() {
        MergeBase::Checkpoint(base) => base.number,
        base => panic!("{base:?}"),
    };
    assert_eq!(number(&latest, &[&later]), 8);
    assert_eq!(number(&latest, &[&later, &session]), 7);
    for others in [[&later, &session, &fork], [&fork, &session, &later]] {
        assert_eq!(number(&latest, &others), 6);
    }
    // What was merged counts: the fork has the state of the others by then.
    merge(&fork, &[&latest]);
    assert_eq!(number(&latest, &[&fork, &session]), 7);
    assert_eq!(latest.common_with(&[]).unwrap_err().kind(), ErrorKind::Invalid);
    let foreign = session.store().session("foreign").unwrap();
    foreign.write("a", "1").unwrap();
    assert_eq!(latest.common_with(&[&fork, &foreign]).unwrap(), MergeBase::Nothing);
}

#[test]
fn what_cannot_be_read_is_in_conflict_and_never_a_wrong_text() {
    use std::ops::ControlFlow;
    let (session, fork) = pair();
    session.write("a", "1\n2\n3\n4\nours\n").unwrap();
    fork.write("a", "theirs\n2\n3\n4\n5\n").unwrap();
    let options = crate::upkeep::PurgeOptions::new("a secret").everywhere(true);
    fork.purge_file("a", Some(2), &options, &mut |_| ControlFlow::Continue(())).unwrap();
    merge(&session, &[&fork]);
    assert_eq!(
        (conflicts(&session), text(&session, "a")),
        (vec!["a".into()], "1\n2\n3\n4\nours\n".into())
    );
    let state = session.latest().unwrap();
    assert!(!state.conflicts().next().unwrap().unwrap().is_marked());
    assert_eq!(session.resolve("a", Resolution::Side(1)).unwrap_err().kind(), ErrorKind::Purged);
    session.resolve("a", Resolution::Side(0)).unwrap();
    assert!(conflicts(&session).is_empty());
    let report = session.store().check(&mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(report.faults, []);
}

#[test]
fn a_purge_that_makes_history_anew_leaves_merges_and_their_conflicts() {
    use std::ops::ControlFlow;
    let (session, fork) = in_conflict();
    let again = session.fork("again").unwrap();
    session.write("b", "ours\n").unwrap();
    fork.write("b", "theirs\n").unwrap();
    let before = id(&session);
    let options = crate::upkeep::PurgeOptions::new("a secret").everywhere(true).rewrite(true);
    let store = session.store();
    store.purge_matching(b"1\nours", &options, &mut |_| ControlFlow::Continue(())).unwrap();
    let [session, fork, again] =
        [&session, &fork, &again].map(|of| store.open_session(of.name()).unwrap());
    assert_ne!(id(&session), before);
    assert_eq!(session.read_at("a", 2).unwrap(), b"[purged: a secret]");
    assert_eq!(conflicts(&session), ["a"]);
    assert!(!merge(&session, &[&again]).changed);
    let report = merge(&session, &[&fork]);
    assert_eq!(report.conflicts.iter().map(ToString::to_string).collect::<Vec<_>>(), ["b"]);
    session.resolve("a", Resolution::Side(1)).unwrap();
    assert_eq!(text(&session, "a"), "1\ntheirs\n3\n4\n5\n");
    session.undo().unwrap();
    assert_eq!(conflicts(&session), ["a", "b"]);
    assert_eq!(conflicts(&again), ["a"]);
    let report = store.check(&mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(report.faults, []);
}

#[test]
fn a_merge_writes_what_differs_and_not_what_there_is() {
    let mut written = Vec::new();
    for files in [1_000, 20_000] {
        let session = session();
        session.hide("**").unwrap();
        let write = |session: &Session, at: usize, text: &str| {
            session.write(format!("d{:03}/f{at:05}", at / 50), text).unwrap();
        };
        let mut batch = session.begin().unwrap();
        for at in 0..files {
            batch.write(format!("d{:03}/f{at:05}", at / 50), "same").unwrap();
        }
        batch.commit().unwrap();
        let fork = session.fork("t").unwrap();
        for at in 0..10 {
            write(&session, at * files / 10, "ours");
            write(&fork, at * files / 10 + 1, "theirs");
        }
        let objects = || session.store().stats().unwrap().objects;
        let before = objects();
        merge(&session, &[&fork]);
        written.push(objects() - before);
    }
    // An operation, a checkpoint, what was merged, and the nodes of the map above ten paths.
    assert!(written[0] <= 3 + 10 + 2 && written[1] <= 3 + 2 * 10 + 1, "{written:?}");
}

/// A session in conflict about `a`, with the fork that it merged.
fn in_conflict() -> (Session, Session) {
    let (session, fork) = pair();
    session.write("a", "1\nours\n3\n4\n5\n").unwrap();
    fork.write("a", "1\ntheirs\n3\n4\n5\n").unwrap();
    merge(&session, &[&fork]);
    (session, fork)
}

#[test]
fn a_conflict_that_two_resolved_differently_is_one_between_their_resolutions() {
    let (session, _) = in_conflict();
    let other = session.fork("r").unwrap();
    session.resolve("a", Resolution::Side(0)).unwrap();
    other.resolve("a", Resolution::Side(1)).unwrap();
    merge(&session, &[&other]);
    assert_eq!(conflicts(&session), ["a"]);
    let state = session.latest().unwrap();
    let conflict = state.conflicts().next().unwrap().unwrap().conflict;
    assert_eq!(conflict.sides().map(|side| &*side.label).collect::<Vec<_>>(), ["s@9", "r@9"]);
    session.resolve("a", Resolution::Side(1)).unwrap();
    assert_eq!(text(&session, "a"), "1\ntheirs\n3\n4\n5\n");
    // One of them resolved what the other did not touch: that is resolved.
    let (session, _) = in_conflict();
    let other = session.fork("r").unwrap();
    session.write("b", "meanwhile\n").unwrap();
    other.resolve("a", Resolution::Side(1)).unwrap();
    merge(&session, &[&other]);
    assert_eq!(
        (conflicts(&session).len(), text(&session, "a")),
        (0, "1\ntheirs\n3\n4\n5\n".into())
    );
}

#[test]
fn what_was_made_of_a_text_in_conflict_is_kept_by_merges() {
    // On the other side alone: it comes.
    let (session, _) = in_conflict();
    let worker = session.fork("w").unwrap();
    worker.write("a", format!("hard work\n{}", text(&worker, "a"))).unwrap();
    session.write("b", "meanwhile\n").unwrap();
    merge(&session, &[&worker]);
    assert!(text(&session, "a").starts_with("hard work\n"));
    assert_eq!(conflicts(&session), ["a"]);
    // Here, and a side goes on: both are there.
    let (session, fork) = in_conflict();
    session.write("a", format!("hard work\n{}", text(&session, "a"))).unwrap();
    fork.write("a", "1\ntheirs\n3\n4\n5\n6\n").unwrap();
    merge(&session, &[&fork]);
    let now = text(&session, "a");
    assert!(now.starts_with("hard work\n") && now.ends_with("5\n6\n"), "{now}");
    assert_eq!(conflicts(&session), ["a"]);
    // Where the two do not fit together what stands there stays, and the new side is in the list.
    let (session, fork) = in_conflict();
    session.write("a", text(&session, "a").replace("theirs\n", "theirs, better\n")).unwrap();
    fork.write("a", "1\ntheirs, later\n3\n4\n5\n").unwrap();
    merge(&session, &[&fork]);
    assert!(text(&session, "a").contains("theirs, better"));
    session.resolve("a", Resolution::Side(1)).unwrap();
    assert_eq!(text(&session, "a"), "1\ntheirs, later\n3\n4\n5\n");
    // A file that is moved takes its conflict along, as long as the markers are there.
    let (session, _) = in_conflict();
    session.rename("a", "lib/a").unwrap();
    assert_eq!(conflicts(&session), ["lib/a"]);
    session.write("lib/a", "mended\n").unwrap();
    assert!(conflicts(&session).is_empty());
}

#[test]
fn a_file_that_gives_way_to_a_directory_is_what_the_merge_made_of_it() {
    let (session, fork) = pair();
    session.rename("a", "c").unwrap();
    fork.write("a", "1\n2\n3\n4\nfive\n").unwrap();
    fork.write("c/x", "1").unwrap();
    merge(&session, &[&fork]);
    assert_eq!(conflicts(&session), ["c"]);
    session.resolve("c", Resolution::Side(0)).unwrap();
    assert_eq!(text(&session, "c"), "1\n2\n3\n4\nfive\n");
}

#[test]
fn a_conflict_that_has_no_markers_leads_to_both_sides_and_many_sides_come_into_view_once() {
    let (session, fork) = pair();
    session.write("b", b"\0ours").unwrap();
    fork.write("b", b"\0theirs").unwrap();
    merge(&session, &[&fork]);
    let entries: Vec<_> =
        session.history("b").unwrap().map(|info| info.unwrap().entry.content()).collect();
    assert!(entries.contains(&fork.latest().unwrap().entry("b").unwrap().unwrap().content()));
    let (session, first) = pair();
    let second = session.fork("u").unwrap();
    for (of, text) in [(&session, "ours\n"), (&first, "first\n"), (&second, "second\n")] {
        of.write("a", text).unwrap();
    }
    merge(&session, &[&first, &second]);
    let state = session.latest().unwrap();
    let view = state.view();
    let seen: Vec<_> = view.files().map(|file| file.unwrap().iteration).collect();
    let once: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!(once.len(), seen.len());
}
