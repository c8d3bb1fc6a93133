use super::*;
use crate::object::Memory;
use crate::store::Store;

#[test]
fn a_session_on_disk_is_whole_for_whoever_opens_the_directory_next() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = Store::open(&path).unwrap();
    let session = store.session("s").unwrap();
    for number in 1..=60 {
        session.write("a", "line\n".repeat(100) + &number.to_string()).unwrap();
    }
    session.remember(Memory::user("x".repeat(5_000))).unwrap();
    session.state().append("k", "item").unwrap();
    session.rename("a", "b").unwrap();
    // A second handle sees what the first commits, and the first what the second does.
    let other = Store::open(&path).unwrap().open_session("s").unwrap();
    assert_eq!(other.history("b").unwrap().count(), 61);
    other.write("c", "theirs").unwrap();
    assert_eq!(session.read("c").unwrap(), b"theirs");
    session.write("c", "mine").unwrap();
    let newest = newest(&session);
    drop((store, session, other));

    let session = Store::open(&path).unwrap().open_session("s").unwrap();
    assert_eq!(session.checkpoint("latest").unwrap(), newest);
    assert!(session.read_at("b", 31).unwrap().ends_with(b"\n31"));
    assert_eq!(session.read_at("c", 1).unwrap(), b"theirs");
    assert_eq!(session.log().unwrap().count(), 65);
    assert_eq!(session.latest().unwrap().memories().count(), 1);
    session.undo().unwrap();
    assert_eq!(session.read("c").unwrap(), b"theirs");
}

#[test]
fn two_handles_on_one_directory_lose_none_of_each_others_memories() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    Store::open(&path).unwrap().create_session("s").unwrap();
    std::thread::scope(|scope| {
        for writer in 0..3 {
            let session = Store::open(&path).unwrap().open_session("s").unwrap();
            scope.spawn(move || {
                for at in 0..20 {
                    session.remember(Memory::user(format!("{writer} {at}"))).unwrap();
                    session.write(format!("f{writer}"), at.to_string()).unwrap();
                }
            });
        }
    });
    let session = Store::open(&path).unwrap().open_session("s").unwrap();
    let texts = texts(&session);
    assert!(texts.iter().map(|(number, _)| *number).eq(1..=60));
    assert_eq!(session.log().unwrap().count(), 120);
}
