use super::*;
use crate::object::{Memory, OperationKind};

fn numbers(session: &Session, path: &str) -> Vec<u64> {
    session.history(path).unwrap().map(|info| info.unwrap().number).collect()
}

#[test]
fn two_thousand_iterations_are_told_newest_first_each_with_its_checkpoint() {
    let session = session();
    for number in 1..=2_000u64 {
        session
            .batch(|batch| {
                if number % 3 == 0 {
                    batch.write("other", number.to_string())?;
                }
                batch.write("a", number.to_string())
            })
            .unwrap();
    }
    for (info, number) in session.history("a").unwrap().zip((1..=2_000).rev()) {
        let info = info.unwrap();
        assert_eq!((info.number, info.checkpoint_number), (number, number));
    }
    for info in session.history("other").unwrap() {
        let info = info.unwrap();
        assert_eq!(info.checkpoint_number, info.number * 3);
    }
    for number in [1, 2, 3, 777, 1_024, 1_999, 2_000] {
        assert_eq!(session.read_at("a", number).unwrap(), number.to_string().as_bytes());
        assert_eq!(session.iteration("a", number).unwrap().checkpoint_number, number);
        let checkpoint = session.checkpoint(&number.to_string()).unwrap();
        let then = session.at(checkpoint).unwrap();
        assert_eq!(then.read("a").unwrap(), number.to_string().as_bytes());
    }
}

#[test]
fn an_ancestor_is_found_in_few_reads() {
    use crate::object::{Node, Objects};
    use std::cell::Cell;
    use std::sync::Arc;

    struct Counting<'a>(&'a Store, Cell<usize>);
    impl Objects for Counting<'_> {
        fn get_node(&self, id: &crate::ObjectId) -> Result<Option<Arc<Node>>> {
            self.1.set(self.1.get() + 1);
            self.0.get_node(id)
        }
    }
    let session = session();
    for number in 1..=3_000u64 {
        session.write("a", number.to_string()).unwrap();
    }
    let head = session.head().unwrap();
    for number in [1, 2, 500, 1_234, 2_998] {
        let counting = Counting(session.store(), Cell::new(0));
        let newest = head.point().unwrap().clone();
        let found = newest.ancestor(&counting, number).unwrap().unwrap();
        assert_eq!(found.number(), number);
        // Two reads a step, two steps a binary digit of the distance.
        assert!(counting.1.get() <= 4 * 12, "{} reads for {number}", counting.1.get());
    }
}

#[test]
fn several_iterations_of_one_batch_belong_to_its_checkpoint() {
    let session = session();
    session.write("x", "0").unwrap();
    session
        .batch(|batch| {
            batch.write("a", "1")?;
            batch.write("a", "2")?;
            batch.rename("a", "b")?;
            batch.write("b", "4")
        })
        .unwrap();
    let told: Vec<_> = session
        .history("b")
        .unwrap()
        .map(|info| info.map(|info| (info.number, info.checkpoint_number)).unwrap())
        .collect();
    assert_eq!(told, [(4, 2), (3, 2), (2, 2), (1, 2)]);
    assert_eq!(session.read_at("b", 1).unwrap(), b"1");
}

#[test]
fn a_renamed_file_keeps_one_line_and_a_number_resolves_along_it() {
    let session = session();
    session.write("a", "a1").unwrap();
    session.write("a", "a2").unwrap();
    for number in 1..=5 {
        session.write("b", format!("b{number}")).unwrap();
    }
    let moved = session.rename("a", "b").unwrap();
    assert_eq!((moved.number, moved.path.to_string()), (6, "b".into()));
    assert_eq!(moved.renamed_from.unwrap().to_string(), "a");
    assert_eq!(session.read("b").unwrap(), b"a2");
    assert_eq!(session.read_at("b", 1).unwrap(), b"a1");
    assert_eq!(numbers(&session, "b"), [6, 2, 1]);
    assert_eq!(numbers(&session, "a"), [3, 2, 1]);
    let error = session.read_at("b", 4).unwrap_err();
    assert_eq!(error.to_string(), "no iteration 4 of b: a rename left the number out");
    assert_eq!(kind(session.rename("b", "b")), ErrorKind::Invalid);
    for number in 7..=40 {
        session.write("b", format!("b{number}")).unwrap();
    }
    assert_eq!(session.read_at("b", 2).unwrap(), b"a2");
    assert_eq!(session.iteration("b", 2).unwrap().checkpoint_number, 2);
    assert_eq!(session.restore("b", 1).unwrap().number, 41);
    assert_eq!(session.read("b").unwrap(), b"a1");
}

#[test]
fn a_rename_that_changes_the_file_is_one_iteration() {
    let session = session();
    session.write("a", "1").unwrap();
    session.batch(|batch| batch.rename_entry("a", "b", NewEntry::file("2"))).unwrap();
    assert_eq!(numbers(&session, "b"), [2, 1]);
    assert_eq!(session.read("b").unwrap(), b"2");
    assert_eq!(session.get("a").unwrap(), None);
}

#[test]
fn the_log_tells_who_did_what_newest_first() {
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap().with_actor("ann");
    session.write("a", "1").unwrap();
    session.remember(Memory::user("hello")).unwrap();
    session.rename("a", "b").unwrap();
    session.state().put("k", "v").unwrap();
    let mut batch = session.begin().unwrap();
    batch.write("a", "2").unwrap();
    batch.message("two things").unwrap();
    batch.commit().unwrap();
    session.restore("a", 1).unwrap();
    store.rename_session("s", "t").unwrap();
    let session = store.open_session("t").unwrap();
    session.undo().unwrap();
    let log: Vec<_> = session.log().unwrap().map(|entry| entry.unwrap()).collect();
    let kinds: Vec<_> = log.iter().map(|entry| (entry.number, entry.kind)).collect();
    assert_eq!(
        kinds,
        [
            (7, OperationKind::Undo),
            (6, OperationKind::Restore),
            (5, OperationKind::Batch),
            (4, OperationKind::State),
            (3, OperationKind::Rename),
            (2, OperationKind::Remember),
            (1, OperationKind::Write),
        ]
    );
    assert_eq!(log[2].message, "two things");
    assert!(log[1..].iter().all(|entry| entry.actor == "ann"));
}

#[test]
fn a_fork_inherits_log_history_and_state_and_both_go_their_own_ways() {
    let session = session();
    for number in 1..=20 {
        session.write("a", number.to_string()).unwrap();
    }
    session.remember(Memory::user("before")).unwrap();
    let early = session.checkpoint("7").unwrap();
    let fork = session.fork("b").unwrap();
    let old = session.fork_at("c", early).unwrap();
    let again = old.fork("d").unwrap();
    session.write("a", "mine").unwrap();
    fork.write("a", "theirs").unwrap();
    old.write("a", "8b").unwrap();
    assert_eq!(session.read("a").unwrap(), b"mine");
    assert_eq!(fork.read("a").unwrap(), b"theirs");
    assert_eq!(old.read("a").unwrap(), b"8b");
    assert_eq!(again.read("a").unwrap(), b"7");
    assert_eq!(numbers(&fork, "a").len(), 21);
    assert_eq!(numbers(&old, "a"), [8, 7, 6, 5, 4, 3, 2, 1]);
    let log: Vec<_> = again.log().unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(log.iter().map(|entry| entry.number).collect::<Vec<_>>(), [7, 6, 5, 4, 3, 2, 1]);
    assert!(log.iter().all(|entry| entry.kind == OperationKind::Write));
    assert_eq!(fork.log().unwrap().count(), 22);
    assert_eq!(fork.remember(Memory::user("after")).unwrap(), 2);
    assert_eq!(kind(again.undo()), ErrorKind::NotFound);
    assert_eq!(kind(session.at(newest(&fork))), ErrorKind::NotFound);
    assert_eq!(kind(fork.fork("c")), ErrorKind::AlreadyExists);
}

#[test]
fn a_fork_costs_one_small_object_whatever_the_size() {
    let session = session();
    let mut sizes = Vec::new();
    for round in 0..2 {
        session
            .batch(|batch| {
                for at in 0..1_000 * round + 1 {
                    batch.write(format!("{round}/{at}"), "x")?;
                }
                Ok(())
            })
            .unwrap();
        let head = session.head().unwrap();
        let mut batch = session.store().batch();
        batch.put(&session.fork_operation(&head, head.point()).unwrap(), None);
        sizes.push(batch.raw_bytes());
    }
    assert_eq!(sizes[0], sizes[1]);
    assert!(sizes[0] < 256);
}

#[test]
fn the_same_input_makes_the_same_checkpoint_ids_in_any_store() {
    let play = || {
        let session = session();
        session.write("a", "1").unwrap();
        session.remember(Memory::user("x".repeat(5_000))).unwrap();
        session.state().append("k", "1").unwrap();
        session.rename("a", "b").unwrap();
        session.undo().unwrap();
        newest(&session)
    };
    assert_eq!(play(), play());
}

#[test]
fn checkpoints_are_named_by_number_id_and_commit() {
    let session = session();
    let mut ids = Vec::new();
    for at in 0..3u8 {
        let mut batch = session.begin().unwrap();
        batch.write("a", [at]).unwrap();
        batch.label(crate::object::Checkpoint::GIT_COMMIT, [0xab, 0xcd, at]).unwrap();
        ids.push(batch.commit().unwrap().id);
    }
    assert_eq!(session.checkpoint("2").unwrap(), ids[1]);
    assert_eq!(session.checkpoint("latest").unwrap(), ids[2]);
    assert_eq!(session.checkpoint(&format!("id:{}", ids[0])).unwrap(), ids[0]);
    assert_eq!(session.checkpoint("git:abcd01").unwrap(), ids[1]);
    assert_eq!(session.checkpoint("git:ABCD01").unwrap(), ids[1]);
    assert_eq!(kind(session.checkpoint("git:abcd0")), ErrorKind::Ambiguous);
    let error = session.checkpoint("git:abcd").unwrap_err();
    assert!(error.to_string().contains("abcd02, abcd01, abcd00"), "{error}");
    for (spec, expected) in [
        ("0", ErrorKind::NotFound),
        ("4", ErrorKind::NotFound),
        ("git:1234", ErrorKind::NotFound),
        ("id:00000000", ErrorKind::NotFound),
        ("git:abc", ErrorKind::Invalid),
        ("git:xyzt", ErrorKind::Invalid),
        ("id:12", ErrorKind::Invalid),
        ("", ErrorKind::Invalid),
        ("-1", ErrorKind::Invalid),
        ("newest", ErrorKind::Invalid),
    ] {
        assert_eq!(kind(session.checkpoint(spec)), expected, "{spec}");
    }
}
