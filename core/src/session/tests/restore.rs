use super::*;
use crate::ObjectId;
use crate::object::Kind;
use crate::object::{Memory, Node};

#[test]
fn a_restored_iteration_is_a_new_one_that_equals_the_old() {
    let session = session();
    session.write("a", "1").unwrap();
    session.write("a", "2").unwrap();
    let old = session.iteration("a", 1).unwrap();
    let new = session.restore("a", 1).unwrap();
    assert_eq!((new.number, &new.entry), (3, &old.entry));
    assert_ne!(new.id, old.id);
    assert_eq!(session.read("a").unwrap(), b"1");
}

#[test]
fn a_plan_says_what_the_restore_then_does() {
    let session = session();
    session.write("stays", "1").unwrap();
    session.write("changes", "1").unwrap();
    session.write("goes", "1").unwrap();
    session.remember(Memory::user("one")).unwrap();
    let checkpoint = newest(&session);
    session.write("changes", "2").unwrap();
    session.remove("goes").unwrap();
    session.write("comes", "1").unwrap();
    session.remember(Memory::user("two")).unwrap();
    session.state().put("k", "v").unwrap();
    let before = session.latest().unwrap();

    let plan = session.plan_restore(checkpoint, RestoreScope::All).unwrap();
    let names = |paths: &[crate::FilePath]| -> Vec<String> {
        paths.iter().map(|path| path.to_string()).collect()
    };
    assert_eq!(names(&plan.create), ["goes"]);
    assert_eq!(names(&plan.overwrite), ["changes"]);
    assert_eq!(names(&plan.delete), ["comes"]);
    assert_eq!((plan.untouched, plan.memories_dropped, plan.memories_back), (1, 1, 0));
    assert!(plan.state_changes && !plan.is_empty());
    assert_eq!(session.latest().unwrap().checkpoint(), before.checkpoint());

    let files = session.restore_checkpoint(checkpoint, RestoreScope::Files).unwrap();
    let then = session.at(checkpoint).unwrap();
    assert_eq!(then.changes(&session.latest().unwrap()).count(), 0);
    assert_eq!(texts(&session).len(), 2);
    assert_eq!(session.restore_checkpoint(checkpoint, RestoreScope::Files).unwrap(), files);

    session.restore_checkpoint(checkpoint, RestoreScope::Dialog).unwrap();
    assert_eq!(texts(&session), [(1, "one".into())]);
    assert_eq!(session.state().get("k").unwrap(), None);
    assert!(session.plan_restore(checkpoint, RestoreScope::All).unwrap().is_empty());

    session.undo().unwrap();
    assert_eq!(texts(&session).len(), 2);
    session.undo().unwrap();
    assert_eq!(before.changes(&session.latest().unwrap()).count(), 0);
}

#[test]
fn numbers_of_iterations_and_memories_are_never_given_twice() {
    let session = session();
    session.write("a", "1").unwrap();
    session.remember(Memory::user("one")).unwrap();
    let checkpoint = newest(&session);
    assert_eq!(session.remember(Memory::user("two")).unwrap(), 2);
    session.write("a", "2").unwrap();
    session.undo().unwrap();
    session.undo().unwrap();
    assert_eq!(session.write("a", "3").unwrap().number, 4);
    assert_eq!(session.remember(Memory::user("three")).unwrap(), 3);
    session.restore_checkpoint(checkpoint, RestoreScope::All).unwrap();
    session.undo().unwrap();
    session.restore_checkpoint(checkpoint, RestoreScope::Dialog).unwrap();
    assert_eq!(session.remember(Memory::user("four")).unwrap(), 4);
    assert_eq!(texts(&session), [(1, "one".into()), (4, "four".into())]);
    for _ in 0..6 {
        session.undo().unwrap();
    }
    assert_eq!(kind(session.undo()), ErrorKind::NotFound);
    assert_eq!(texts(&session), []);
    assert_eq!(session.latest().unwrap().files().count(), 0);
    assert_eq!(session.remember(Memory::user("five")).unwrap(), 5);
    assert_eq!(session.iteration("a", 1).unwrap().checkpoint_number, 1);
}

#[test]
fn undo_walks_back_over_undone_operations_and_new_ones_alike() {
    let session = session();
    for text in ["1", "2", "3"] {
        session.write("a", text).unwrap();
    }
    let mut seen = Vec::new();
    session.undo().unwrap();
    session.write("a", "4").unwrap();
    while session.undo().is_ok() {
        let bytes = session.get("a").unwrap();
        seen.push(bytes.map(|bytes| String::from_utf8(bytes).unwrap()));
    }
    assert_eq!(seen, [Some("2".into()), Some("1".into()), None]);
}

#[test]
fn roots_of_later_versions_are_kept_by_edits_and_come_back_with_undo() {
    let session = session();
    session.write("a", "1").unwrap();
    // A later version commits a root that this one does not know.
    let head = session.head().unwrap();
    let mut batch = session.store().batch();
    let node = Node { kind: Kind(999), version: 7, refs: Vec::new(), body: b"?".to_vec() };
    let unknown: ObjectId = batch.put_node(node, None);
    let mut checkpoint = head.point().unwrap().value.as_ref().clone();
    checkpoint.roots.insert("beliefs".into(), unknown);
    checkpoint.number = 2;
    checkpoint.parents = vec![head.point().unwrap().checkpoint_id()];
    let id = batch.put(&checkpoint, None);
    let point = Point { id, value: checkpoint.into() };
    let new = NewOperation::new(crate::object::OperationKind::Batch);
    assert!(matches!(
        session.commit_on(&head, batch, Some(point), new).unwrap(),
        Outcome::Committed(_)
    ));
    let roots = |session: &Session| session.head().unwrap().point().unwrap().value.roots.clone();
    session.write("a", "2").unwrap();
    assert_eq!(roots(&session).get("beliefs"), Some(&unknown));
    session.undo().unwrap();
    assert_eq!(roots(&session).get("beliefs"), Some(&unknown));
    session.undo().unwrap();
    assert_eq!(roots(&session).get("beliefs"), None);
    // A restore of all brings them back too, where nothing else differs, and its plan says so.
    for (spec, expected) in [("2", Some(&unknown)), ("1", None)] {
        let checkpoint = session.checkpoint(spec).unwrap();
        let plan = session.plan_restore(checkpoint, RestoreScope::All).unwrap();
        assert!(plan.others_changes && !plan.is_empty());
        assert!(session.plan_restore(checkpoint, RestoreScope::Dialog).unwrap().is_empty());
        session.restore_checkpoint(checkpoint, RestoreScope::All).unwrap();
        assert_eq!(roots(&session).get("beliefs"), expected);
    }
}

#[test]
fn checkpoints_of_other_sessions_are_refused() {
    let session = session();
    session.write("a", "1").unwrap();
    let other = session.store().session("other").unwrap();
    other.write("a", "2").unwrap();
    other.write("a", "3").unwrap();
    for id in [newest(&other), other.checkpoint("1").unwrap()] {
        assert_eq!(kind(session.at(id)), ErrorKind::NotFound);
        assert_eq!(kind(session.plan_restore(id, RestoreScope::All)), ErrorKind::NotFound);
        assert_eq!(kind(session.restore_checkpoint(id, RestoreScope::All)), ErrorKind::NotFound);
        assert_eq!(kind(session.fork_at("x", id)), ErrorKind::NotFound);
    }
    let iteration = session.iteration("a", 1).unwrap().id;
    let wrong = crate::CheckpointId::new(iteration.id());
    assert_eq!(kind(session.at(wrong)), ErrorKind::NotFound);
}
