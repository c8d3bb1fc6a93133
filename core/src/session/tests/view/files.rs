//! Files in the view: what comes into it, hides, and stays.

use super::*;
use crate::limits::{RECENT_MAX, VIEW_RULES_MAX};
use crate::session::line::marks::ViewMaps;

#[test]
fn writes_come_into_view_and_older_iterations_stay_until_refresh() {
    let session = session();
    session.write("a", "1").unwrap();
    session.write("b", "1").unwrap();
    session.write("a", "2").unwrap();
    session.write("a", "2").unwrap();
    let pair = |path: &str, number| (path.to_owned(), number);
    assert_eq!(files(&session), [pair("a", 1), pair("b", 1), pair("a", 2)]);
    session.remove("b").unwrap();
    let report = session.refresh().unwrap();
    assert_eq!((report.files_out.len(), report.files_in.len()), (2, 0));
    assert_eq!(files(&session), [pair("a", 2)]);
    session.rename("a", "c").unwrap();
    session.restore("a", 1).unwrap();
    assert_eq!(files(&session), [pair("a", 2), pair("c", 3), pair("a", 4)]);
    session.refresh().unwrap();
    assert_eq!(files(&session), [pair("c", 3), pair("a", 4)]);
}

#[test]
fn what_is_current_is_what_is_shown_whatever_made_it() {
    let pair = |path: &str, number| (path.to_owned(), number);
    // A file that was moved stays in view under its new name.
    let session = session();
    session.write("a", "1").unwrap();
    session.write("b", "2").unwrap();
    session.rename("a", "c").unwrap();
    assert_eq!(session.refresh().unwrap().files_out.len(), 1);
    assert_eq!(files(&session), [pair("b", 1), pair("c", 2)]);
    // What is restored comes in, once.
    session.write("b", "3").unwrap();
    session.refresh().unwrap();
    session.restore("b", 1).unwrap();
    session.refresh().unwrap();
    assert_eq!(files(&session), [pair("c", 2), pair("b", 3)]);
    // An undone write is shown as what it was before, and by no command twice.
    session.write("c", "4").unwrap();
    session.undo().unwrap();
    let before = files(&session);
    assert!(session.show("*").unwrap().files_in.is_empty());
    assert!(session.refresh().unwrap().is_empty());
    assert_eq!(files(&session), before);
    assert_eq!(session.read("c").unwrap(), b"1");
}

#[test]
fn what_is_shown_last_is_current_also_where_an_earlier_iteration_says_the_same() {
    let session = session();
    session.write("a", "1").unwrap();
    session.write("a", "2").unwrap();
    let mut import = session.import().unwrap();
    let mut step = import.checkpoint();
    step.write("a", "1").unwrap();
    step.finish().unwrap();
    import.flush().unwrap();
    let pair = |number| ("a".to_owned(), number);
    assert_eq!(files(&session), [pair(1), pair(2)]);
    assert_eq!(session.show("a").unwrap().files_in.len(), 1);
    assert_eq!(files(&session), [pair(1), pair(2), pair(3)]);
    assert!(session.show("a").unwrap().files_in.is_empty());
    session.refresh().unwrap();
    assert_eq!(files(&session), [pair(3)]);
}

#[test]
fn files_in_view_follow_a_restored_checkpoint_and_no_others_come() {
    let session = session();
    let import = |text: &str| {
        let mut import = session.import().unwrap();
        let mut step = import.checkpoint();
        step.write("imported", text).unwrap();
        step.finish().unwrap();
        import.flush().unwrap();
    };
    import("1");
    session.write("a", "1").unwrap();
    let first = session.checkpoint("latest").unwrap();
    session.write("a", "2").unwrap();
    import("2");
    session.restore_checkpoint(first, RestoreScope::Files).unwrap();
    session.refresh().unwrap();
    assert_eq!(files(&session), [("a".to_owned(), 3)]);
    assert_eq!(session.read("imported").unwrap(), b"1");
    session.restore_checkpoint(first, RestoreScope::All).unwrap();
    assert!(session.show("a").unwrap().files_in.is_empty());
    assert!(session.refresh().unwrap().is_empty());
    assert_eq!(files(&session), [("a".to_owned(), 1)]);
}

#[test]
fn an_import_puts_nothing_in_view_and_show_puts_the_current_iteration_in() {
    let session = session();
    let mut import = session.import().unwrap();
    for text in ["1", "2"] {
        let mut step = import.checkpoint();
        step.write("src/a", text).unwrap();
        step.write("src/b", text).unwrap();
        step.finish().unwrap();
    }
    import.flush().unwrap();
    assert_eq!(files(&session), []);
    assert_eq!(session.show("src/*").unwrap().files_in.len(), 2);
    assert_eq!(files(&session), [("src/a".to_owned(), 2), ("src/b".to_owned(), 2)]);
    session.undo().unwrap();
    assert_eq!(files(&session), []);
}

#[test]
fn a_hidden_pattern_holds_for_files_to_come_until_it_is_shown() {
    let session = session();
    session.write("run.log", "1").unwrap();
    session.write("a", "1").unwrap();
    assert_eq!(session.hide("*.log").unwrap().files_out.len(), 1);
    session.write("out/other.log", "1").unwrap();
    session.batch(|b| b.write("b.log", "1")).unwrap();
    assert_eq!(files(&session), [("a".to_owned(), 1)]);
    assert!(session.hide("*.log").unwrap().is_empty());
    session.show("run.log").unwrap();
    session.write("run.log", "2").unwrap();
    session.write("b.log", "2").unwrap();
    assert_eq!(files(&session).len(), 3);
    assert_eq!(session.latest().unwrap().view().rules().unwrap().len(), 2);
    session.show("*.log").unwrap();
    session.write("c.log", "1").unwrap();
    assert!(files(&session).contains(&("c.log".to_owned(), 1)));
    assert!(files(&session).contains(&("b.log".to_owned(), 2)));
    assert_eq!(kind(session.hide("[")), ErrorKind::Invalid);
}

#[test]
fn pinned_files_stay_whatever_is_hidden_or_refreshed() {
    let session = session();
    session.write("a", "1").unwrap();
    assert_eq!(session.pin_files("a").unwrap().files_changed.len(), 1);
    session.write("a", "2").unwrap();
    assert_eq!(session.refresh().unwrap().files_pinned.len(), 1);
    let report = session.hide("a").unwrap();
    assert_eq!((report.files_out.len(), report.files_pinned.len()), (1, 1));
    assert_eq!(files(&session), [("a".to_owned(), 1)]);
    session.unpin_files("*").unwrap();
    assert_eq!(session.refresh().unwrap().files_out.len(), 1);
    assert_eq!(files(&session), []);
}

#[test]
fn one_write_makes_few_nodes_however_much_is_in_view() {
    let session = session();
    session
        .batch(|batch| (0..3_000).try_for_each(|at| batch.write(format!("d/{at}"), "1").map(drop)))
        .unwrap();
    let view = || session.latest().unwrap().roots().view();
    let nodes = || {
        let ViewMaps { all, recent } = view();
        let [all, recent] = [all, recent].map(|map| map.node_ids(session.store()).unwrap());
        (all, recent)
    };
    for at in 0..40 {
        let (all, recent) = nodes();
        session.write(format!("d/{at}"), "2").unwrap();
        let (now, then) = (nodes(), [all, recent].concat());
        let new = [&now.0[..], &now.1].concat();
        let new = new.iter().filter(|id| !then.contains(id)).count();
        assert!(new <= if now.1.is_empty() { 4 } else { 2 }, "{new} at {at}");
    }
    session.remember(Memory::user("u")).unwrap();
    let before = view();
    session.remember(Memory::user("v")).unwrap();
    assert_eq!(view(), before);
}

#[test]
fn files_keep_their_place_when_others_come_and_whatever_else_is_edited() {
    let session = session();
    let mut due = Vec::new();
    for at in 1..=3 * RECENT_MAX + 5 {
        session
            .batch(|batch| {
                batch.write("a", at.to_string())?;
                batch.remember(Memory::user("Go on."))
            })
            .unwrap();
        due.push(("a".to_owned(), at, at, false));
        assert_eq!(files_told(&session), due);
        assert_eq!(session.latest().unwrap().view().file_count().unwrap(), at);
        let recent = session.latest().unwrap().roots().view().recent;
        assert!(recent.prefix(session.store(), b"").count() as u64 <= RECENT_MAX);
    }
    let before = session.latest().unwrap().roots();
    assert_ne!(before.view().recent, crate::map::Map::EMPTY);
    session.forget(&select("1")).unwrap();
    assert_eq!(session.latest().unwrap().roots().view().recent, crate::map::Map::EMPTY);
    assert_eq!(files_told(&session), due);
    session.undo().unwrap();
    assert_eq!(session.latest().unwrap().roots(), before);
    session.pin_files("a").unwrap();
    due.iter_mut().for_each(|file| file.3 = true);
    assert_eq!(files_told(&session), due);
    session.unpin_files("a").unwrap();
    session.refresh().unwrap();
    let (path, number, after, _) = due.pop().unwrap();
    assert_eq!(files_told(&session), [(path, number, after, false)]);
}

#[test]
fn an_edit_of_the_view_that_changes_nothing_leaves_recent_files_where_they_are() {
    let session = session();
    session.write("a", "1").unwrap();
    let before = session.latest().unwrap();
    session.remember(Memory::user("u")).unwrap();
    session.batch(|batch| batch.unpin_files("*").map(drop)).unwrap();
    session.batch(|batch| batch.refresh().map(drop)).unwrap();
    session
        .batch(|batch| {
            batch.forget(&select("1"))?;
            batch.recall(&select("1")).map(drop)
        })
        .unwrap();
    assert_eq!(session.latest().unwrap().roots().view(), before.roots().view());
}

#[test]
fn rules_at_the_limit_are_taken_and_one_more_refused() {
    let session = session();
    session.write("a", "1").unwrap();
    session
        .batch(|batch| (1..VIEW_RULES_MAX).try_for_each(|at| batch.hide(&at.to_string()).map(drop)))
        .unwrap();
    session.hide("last").unwrap();
    assert_eq!(kind(session.hide("a")), ErrorKind::Invalid);
    session.hide("7").unwrap();
    assert_eq!(files(&session), [("a".to_owned(), 1)]);
    session.write("b", "1").unwrap();
    assert_eq!(files(&session).len(), 2);
}
