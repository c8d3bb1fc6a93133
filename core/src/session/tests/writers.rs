use super::*;
use crate::limits::LABEL_BYTES_MAX;
use crate::object::{Canonical, Memory, ModelCall, Objects};
use std::collections::BTreeSet;
use std::thread;

#[test]
fn memories_of_many_writers_all_stay_and_each_has_its_own_number() {
    let session = session();
    let numbers: Vec<u64> = thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let session = session.store().open_session("s").unwrap();
                scope.spawn(move || -> Vec<u64> {
                    (0..50)
                        .map(|at| session.remember(Memory::user(format!("{writer} {at}"))).unwrap())
                        .collect()
                })
            })
            .collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), 200);
    let texts = texts(&session);
    assert_eq!(texts.len(), 200);
    assert!(texts.iter().map(|(number, _)| *number).eq(1..=200));
}

#[test]
fn writers_of_different_paths_never_conflict_and_of_one_path_lose_nothing_silently() {
    let session = session();
    session.write("shared", "0").unwrap();
    let written: u64 = thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let session = session.clone();
                scope.spawn(move || -> u64 {
                    let mut done = 0;
                    for at in 0..40 {
                        session.write(format!("own/{writer}"), format!("{at}")).unwrap();
                        match session.write("shared", format!("{writer} {at}")) {
                            Ok(_) => done += 1,
                            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict),
                        }
                    }
                    done
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    for writer in 0..4 {
        assert_eq!(session.history(format!("own/{writer}")).unwrap().count(), 40);
    }
    assert_eq!(session.history("shared").unwrap().count() as u64, 1 + written);
    assert_eq!(session.log().unwrap().count() as u64, 1 + 4 * 40 + written);
}

#[test]
fn a_conflict_names_the_path_and_both_iterations() {
    let session = session();
    session.write("a", "1").unwrap();
    let mut batch = session.begin().unwrap();
    batch.write("a", "2").unwrap();
    batch.write("new", "2").unwrap();
    session.write("a", "3").unwrap();
    session.write("a", "4").unwrap();
    assert_eq!(
        batch.commit().unwrap_err().to_string(),
        "a is at iteration 3, this edit rests on iteration 1; read it again"
    );
    assert_eq!(session.get("new").unwrap(), None);
}

#[test]
fn a_file_and_a_directory_of_two_writers_do_not_both_get_in() {
    let session = session();
    let mut one = session.begin().unwrap();
    let mut two = session.begin().unwrap();
    one.write("a", "1").unwrap();
    two.write("a/b", "1").unwrap();
    one.commit().unwrap();
    assert_eq!(kind(two.commit()), ErrorKind::Invalid);
}

#[test]
fn undo_and_restore_take_what_others_add_meanwhile_into_account() {
    let session = session();
    session.write("a", "1").unwrap();
    thread::scope(|scope| {
        let (one, two) = (session.clone(), session.clone());
        scope.spawn(move || {
            for at in 0..50 {
                one.write("b", at.to_string()).unwrap();
                one.undo().unwrap();
            }
        });
        scope.spawn(move || {
            for at in 0..50 {
                two.remember(Memory::user(at.to_string())).unwrap();
            }
        });
    });
    assert_eq!(session.log().unwrap().count(), 151);
}

#[test]
fn a_model_call_is_stored_with_its_memory_also_after_another_writer_came_first() {
    let session = session();
    let call = ModelCall::new("m");
    let id = call.to_node().id();
    let mut batch = session.begin().unwrap();
    let linked = Memory::assistant("two").with_link(id);
    batch.remember_with_call(Memory::assistant("one"), call.clone()).unwrap();
    batch.remember_with_call(linked, call.clone()).unwrap();
    session.write("a", "1").unwrap();
    batch.commit().unwrap();
    for number in [1, 2] {
        assert_eq!(session.memory(number).unwrap().memory.links, [id], "one link, never two");
    }
    let node = session.store().get_node(&id).unwrap().unwrap();
    assert_eq!(ModelCall::from_node(&node).unwrap(), call);
}

#[test]
fn a_memory_or_a_call_beyond_a_limit_leaves_neither_behind() {
    let session = session();
    let long = "x".repeat(LABEL_BYTES_MAX + 1);
    let mut batch = session.begin().unwrap();
    let call = ModelCall::new("m");
    let refused = Memory::assistant("a").with_origin(&*long);
    assert!(batch.remember_with_call(refused, call.clone()).is_err());
    assert!(batch.remember_with_call(Memory::assistant("a"), ModelCall::new(long)).is_err());
    batch.write("a", "1").unwrap();
    batch.commit().unwrap();
    assert_eq!(session.latest().unwrap().memories().count(), 0);
    assert!(session.store().get_node(&call.to_node().id()).unwrap().is_none());
}

#[test]
fn of_two_who_take_a_pin_away_at_once_one_does_and_the_other_is_told_that_it_is_gone() {
    let session = session();
    session.write("a", "1").unwrap();
    let checkpoint = session.checkpoint("latest").unwrap();
    for _ in 0..200 {
        session.pin(checkpoint).unwrap();
        let told: Vec<_> = std::thread::scope(|scope| {
            let both = [(); 2].map(|()| scope.spawn(|| session.unpin(checkpoint).map(drop)));
            both.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let gone = told
            .iter()
            .filter(|told| matches!(told, Err(error) if error.kind() == ErrorKind::NotFound));
        assert_eq!(
            (told.iter().filter(|told| told.is_ok()).count(), gone.count()),
            (1, 1),
            "{told:?}"
        );
    }
}
