//! Batches: what each sees of its own, and what two of them conflict on.

use super::*;
use crate::limits::RECENT_MAX;

#[test]
fn a_batch_sees_its_own_files_and_memories_marks() {
    let session = dialog();
    session
        .batch(|batch| {
            batch.write("a", "1")?;
            batch.write("b.log", "1")?;
            batch.write("a", "2")?;
            assert_eq!(batch.refresh()?.files_out.len(), 1);
            assert_eq!(batch.hide("*.log")?.files_out.len(), 1);
            assert_eq!(batch.pin_files("a")?.files_changed.len(), 1);
            batch.forget(&select("1"))?;
            assert!(batch.forget(&select("1"))?.is_empty());
            batch.compact(&select("4..5"), &short)?;
            batch.expand(&select("4"))?;
            batch.pin_memories(&select("4"))?;
            assert_eq!(batch.forget(&select("4"))?.pinned, [4]);
            Ok(())
        })
        .unwrap();
    assert_eq!(files(&session), [("a".to_owned(), 2)]);
    assert_eq!(numbers(&session), [2, 3, 4, 5, 6, 7]);
    assert!(seen(&session)[2].2);
}

#[test]
fn what_another_writer_brought_goes_with_a_rule_that_hides_it() {
    let session = dialog();
    let mut hides = session.begin().unwrap();
    hides.hide("*.log").unwrap();
    for path in ["a.log", "b.log", "c"] {
        session.write(path, path).unwrap();
    }
    session.pin_files("b.log").unwrap();
    hides.commit().unwrap();
    assert_eq!(files(&session), [("b.log".to_owned(), 1), ("c".to_owned(), 1)]);
    session.undo().unwrap();
    let all = ["a.log", "b.log", "c"].map(|path| (path.to_owned(), 1));
    assert_eq!(files(&session), all);
}

#[test]
fn what_another_writer_wrote_comes_with_a_rule_that_shows_it() {
    let session = dialog();
    session.hide("*").unwrap();
    session.write("b", "1").unwrap();
    let begin = || session.begin().unwrap();
    let (mut shows, mut hides) = (begin(), begin());
    shows.show("*").unwrap();
    hides.show("*").unwrap();
    hides.hide("*.log").unwrap();
    session.write("a.log", "1").unwrap();
    session.write("b", "2").unwrap();
    session.write("c", "1").unwrap();
    shows.commit().unwrap();
    let mut seen = files(&session);
    seen.sort();
    assert_eq!(seen, [("a.log".to_owned(), 1), ("b".to_owned(), 2), ("c".to_owned(), 1)]);
    session.undo().unwrap();
    assert_eq!(files(&session), []);
    hides.commit().unwrap();
    assert!(files(&session).iter().all(|(path, _)| path != "a.log"));
}

#[test]
fn of_two_who_refresh_at_once_each_file_comes_once() {
    let session = dialog();
    session.write("a", "1").unwrap();
    session.write("a", "2").unwrap();
    let mut nth = 0;
    let mut is_second = |_| {
        nth += 1;
        nth == 2
    };
    session.batch(|batch| batch.take_out_some(&mut is_second).map(drop)).unwrap();
    assert_eq!(files(&session), [("a".to_owned(), 1)]);
    let (mut one, mut two) = (session.begin().unwrap(), session.begin().unwrap());
    one.refresh().unwrap();
    two.refresh().unwrap();
    one.commit().unwrap();
    two.commit_changes().unwrap();
    assert_eq!(files(&session), [("a".to_owned(), 2)]);
}

#[test]
fn a_file_that_is_shown_stays_shown_where_another_writer_hides_all() {
    let session = dialog();
    session.hide("dir/").unwrap();
    session.write("dir/a", "1").unwrap();
    let mut shows = session.begin().unwrap();
    shows.show("dir/").unwrap();
    session.hide("*").unwrap();
    shows.commit().unwrap();
    // As if it had come after the other: its rule is the last word.
    assert_eq!(files(&session), [("dir/a".to_owned(), 1)]);
    session.write("dir/b", "1").unwrap();
    session.write("c", "1").unwrap();
    let seen = files(&session);
    assert_eq!(seen, [("dir/a".to_owned(), 1), ("dir/b".to_owned(), 1)]);
}

#[test]
fn what_another_writer_changed_comes_not_once_more_as_it_was() {
    let start = || {
        let session = dialog();
        session.hide("*").unwrap();
        session.write("a", "1").unwrap();
        session.write("b", "1").unwrap();
        session
    };
    let session = start();
    let mut shows = session.begin().unwrap();
    shows.show("*").unwrap();
    session.show("c").unwrap();
    session.rename("a", "c").unwrap();
    shows.commit().unwrap();
    let mut seen = files(&session);
    seen.sort();
    assert_eq!(seen, [("b".to_owned(), 1), ("c".to_owned(), 2)]);

    // One who refreshes brings nothing that is outdated by then.
    for removes in [false, true] {
        let session = dialog();
        session.write("a", "1").unwrap();
        session.hide("b").unwrap();
        session.write("a", "2").unwrap();
        let mut is_second = {
            let mut nth = 0;
            move |_| {
                nth += 1;
                nth == 2
            }
        };
        session.batch(|batch| batch.take_out_some(&mut is_second).map(drop)).unwrap();
        let mut refreshes = session.begin().unwrap();
        refreshes.refresh().unwrap();
        if removes { session.remove("a").map(drop) } else { session.write("a", "3").map(drop) }
            .unwrap();
        refreshes.commit_changes().unwrap();
        let due: &[(String, u64)] = if removes { &[] } else { &[("a".to_owned(), 3)] };
        assert_eq!(files(&session), due);
    }
}

#[test]
fn a_rule_that_shows_a_file_rests_on_its_being_in_view() {
    let session = dialog();
    session.hide("tmp/**").unwrap();
    session.write("a.log", "1").unwrap();
    session.write("b", "1").unwrap();
    let begin = || session.begin().unwrap();
    let (mut shows, mut other, mut hides) = (begin(), begin(), begin());
    shows.show("*.log").unwrap();
    other.show("b").unwrap();
    hides.hide("*.log").unwrap();
    hides.commit().unwrap();
    assert_eq!(kind(shows.commit()), ErrorKind::Conflict);
    other.commit().unwrap();
    assert_eq!(files(&session), [("b".to_owned(), 1)]);
    // Once more on what there is now: it brings the file back.
    session.show("*.log").unwrap();
    assert_eq!(files(&session), [("b".to_owned(), 1), ("a.log".to_owned(), 1)]);
}

#[test]
fn two_writers_conflict_on_the_same_memories_alone() {
    let session = dialog();
    let begin = || session.begin().unwrap();
    let (mut one, mut two, mut three, mut four) = (begin(), begin(), begin(), begin());
    one.forget(&select("1")).unwrap();
    one.hide("*.log").unwrap();
    two.forget(&select("4")).unwrap();
    two.write("a.log", "1").unwrap();
    two.write("a", "1").unwrap();
    three.pin_memories(&select("1")).unwrap();
    four.forget(&select("1")).unwrap();
    one.commit().unwrap();
    two.commit().unwrap();
    assert_eq!(kind(three.commit()), ErrorKind::Conflict);
    four.commit().unwrap();
    assert_eq!(numbers(&session), [2, 3, 5, 6, 7]);
    assert_eq!(files(&session), [("a".to_owned(), 1)]);

    let (mut one, mut two, mut three) = (begin(), begin(), begin());
    one.compact(&select("2..5"), &short).unwrap();
    two.forget(&select("3")).unwrap();
    three.forget(&select("6")).unwrap();
    three.commit().unwrap();
    one.commit().unwrap();
    assert_eq!(kind(two.commit()), ErrorKind::Conflict);
    let (mut one, mut two) = (begin(), begin());
    one.expand(&select("2")).unwrap();
    two.compact(&select("2..5"), &short).unwrap();
    one.commit().unwrap();
    assert_eq!(kind(two.commit()), ErrorKind::Conflict);
    let mut one = begin();
    one.compact(&select("2..5"), &short).unwrap();
    session.forget(&select("5")).unwrap();
    let error = one.commit().unwrap_err();
    assert_eq!(error.to_string(), "memories 2..5 changed in the view since this edit began");
}

#[test]
fn a_file_that_others_wrote_meanwhile_is_no_conflict_for_one_who_pins_a_recent_one() {
    for others in [1, RECENT_MAX + 3] {
        let session = session();
        session.write("a", "1").unwrap();
        session.write("b", "1").unwrap();
        let mut batch = session.begin().unwrap();
        batch.pin_files("a").unwrap();
        batch.write("c", "1").unwrap();
        for at in 0..others {
            session.write(format!("d{at}"), "1").unwrap();
        }
        batch.commit().unwrap();
        let told = files_told(&session);
        assert_eq!(told.len() as u64, others + 3);
        assert_eq!((&told[0].0[..], told[0].3), ("a", true));
        assert_eq!(told[told.len() - 1].0, "c");
        let mut batch = session.begin().unwrap();
        batch.unpin_files("a").unwrap();
        session.batch(|batch| batch.unpin_files("a").map(drop)).unwrap();
        session.pin_files("b").unwrap();
        batch.commit().unwrap();
    }
}
