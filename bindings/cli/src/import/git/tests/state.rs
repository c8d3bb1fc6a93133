//! What a further import finds: undone, restored, trimmed and contained histories.

use partita::{ErrorKind, Store};

use super::super::verify::Verified;
use super::super::{History, Imported};
use super::{FROM_MAIN, Repository, commit, compare, failure, import, import_rev, put, twenty};

fn verify(repository: &Repository, store: &Store) -> partita::Result<Verified> {
    let history = History::open(&repository.path, "HEAD")?;
    history.verify(&store.open_session("s")?, |_| {})
}

#[test]
fn an_import_after_an_undo_begins_anew_where_the_state_is() {
    let repository = Repository::new(&twenty(1..=10));
    let store = Store::in_memory().unwrap();
    import(&repository, &store).unwrap();
    repository.add(&twenty(11..=20));
    import(&repository, &store).unwrap();
    let session = store.open_session("s").unwrap();

    session.undo().unwrap();
    assert_eq!(import(&repository, &store).unwrap().commits, 10, "the second run is taken back");
    compare(&repository, &store);
    session.undo().unwrap();
    session.undo().unwrap();
    assert!(session.latest().unwrap().files().next().is_none());
    assert_eq!(import(&repository, &store).unwrap().commits, 20, "all is taken back");
    compare(&repository, &store);
    assert_eq!(import(&repository, &store).unwrap().commits, 0);

    // What came after an import and was undone is no undo of the import.
    session.write("mine", "1").unwrap();
    session.undo().unwrap();
    let again = import(&repository, &store).unwrap();
    assert_eq!((again.commits, again.changed_here.paths), (0, 0));
    assert_eq!(verify(&repository, &store).unwrap().changed_here, 0);
}

#[test]
fn what_a_restore_brought_back_is_said_and_stays() {
    let first = [put("644", "a", b"1"), put("644", "b", b"1")].concat();
    let repository = Repository::new(&commit("1", 1, &first));
    let second = [FROM_MAIN, &put("644", "a", b"2"), &put("644", "c", b"2")].concat();
    repository.add(&commit("2", 2, &second));
    let store = Store::in_memory().unwrap();
    import(&repository, &store).unwrap();
    let session = store.open_session("s").unwrap();
    session.restore("a", 1).unwrap();
    session.remove("c").unwrap();

    let repeated = import(&repository, &store).unwrap();
    let names = |imported: &Imported| -> Vec<String> {
        imported.changed_here.first.iter().map(|path| path.to_string()).collect()
    };
    assert_eq!((repeated.commits, names(&repeated)), (0, vec!["a".to_owned(), "c".into()]));
    repository.add(&commit("3", 3, &[FROM_MAIN, &put("644", "b", b"3")].concat()));
    let next = import(&repository, &store).unwrap();
    assert_eq!((next.commits, next.changed_here.paths), (1, 2));
    assert_eq!(session.read("a").unwrap(), b"1");
    let verified = verify(&repository, &store).unwrap();
    assert_eq!((verified.checkpoints, verified.changed_here), (3, 2));
}

#[test]
fn what_is_contained_is_nothing_new() {
    let repository = Repository::new(&twenty(1..=20));
    let store = Store::in_memory().unwrap();
    import(&repository, &store).unwrap();
    let head = store.reference("session/s").unwrap();
    for (revision, number) in [("HEAD~2", 18), ("HEAD~19", 1), ("HEAD", 20)] {
        let imported = import_rev(&repository, &store, revision).unwrap();
        assert_eq!((imported.commits, imported.recorded), (0, Some(number)), "{revision}");
    }
    assert_eq!(store.reference("session/s").unwrap(), head);
    let side = [b"from refs/heads/main~5\n".to_vec(), put("644", "side", b"1")].concat();
    repository.add(&super::commit_on("side", "side", 9, &side));
    let (kind, message) = failure(import_rev(&repository, &store, "side"));
    assert_eq!(kind, ErrorKind::Conflict);
    assert!(message.contains("rewritten"), "{message}");
    store.open_session("s").unwrap().undo().unwrap();
    assert_eq!(import_rev(&repository, &store, "HEAD~2").unwrap().commits, 18, "none is contained");
}

#[test]
fn what_was_trimmed_away_is_said() {
    let repository = Repository::new(&twenty(1..=5));
    let store = Store::in_memory().unwrap();
    import(&repository, &store).unwrap();
    let session = store.open_session("s").unwrap();
    session.trim(partita::history::Trim::Keep(2)).unwrap();
    repository.add(&twenty(6..=9));
    assert_eq!(import(&repository, &store).unwrap().commits, 4, "the newest is there");
    session.write("mine", "1").unwrap();
    session.write("mine", "2").unwrap();
    session.trim(partita::history::Trim::Keep(1)).unwrap();
    let (kind, message) = failure(import(&repository, &store));
    assert_eq!(kind, ErrorKind::Conflict);
    assert!(message.contains("trimmed"), "{message}");
}

#[test]
fn an_import_that_fails_later_takes_its_session_away_and_leaves_others() {
    let repository = Repository::new(&twenty(1..=20));
    let missing = "1234567890123456789012345678901234567890";
    let mut stream = Vec::new();
    for at in 21..=200 {
        stream.extend(commit(
            "n",
            at,
            &[if at == 21 { FROM_MAIN } else { b"" }, &put("644", "n", at.to_string().as_bytes())]
                .concat(),
        ));
    }
    repository.add(&stream);
    let x = repository.blob(b"x");
    let tree = repository.write_tree(&[("100644", b"a", &x), ("100644", b"gone", missing)]);
    let tip = String::from_utf8(repository.git(&["rev-parse", "main"], b"")).unwrap();
    repository.write_commit(&tree, Some(tip.trim()));
    let store = Store::in_memory().unwrap();
    store.session("other").unwrap().write("a", "1").unwrap();
    let (_, message) = failure(import(&repository, &store));
    assert!(message.contains("entry \"gone\"") && message.contains("is missing"), "{message}");
    let names: Vec<String> =
        store.sessions().map(|session| session.unwrap().name().to_owned()).collect();
    assert_eq!(names, ["other"]);
    // One that was there before keeps what it had, and what was recorded since.
    store.session("s").unwrap();
    assert!(import(&repository, &store).is_err());
    assert!(store.open_session("s").unwrap().log().unwrap().count() >= 128);
}

#[test]
fn a_wrong_checkpoint_of_an_earlier_version_is_found_by_a_whole_comparison() {
    let repository = Repository::new(&commit("1", 1, &put("644", "a", b"1")));
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap();
    for (path, text, why) in [("a", "2", "a differs"), ("b", "1", "b is not in the commit")] {
        let mut import = session.import().unwrap();
        let mut step = import.checkpoint();
        step.write(path, text).unwrap();
        let tip = String::from_utf8(repository.git(&["rev-parse", "main"], b"")).unwrap();
        let tip = gix::ObjectId::from_hex(tip.trim().as_bytes()).unwrap();
        step.label(partita::object::Checkpoint::GIT_COMMIT, tip.as_bytes()).unwrap();
        step.finish().unwrap();
        import.flush().unwrap();
        let (kind, message) = failure(verify(&repository, &store));
        assert_eq!(kind, ErrorKind::Corrupt);
        assert!(message.contains(why), "{message}");
        session.undo().unwrap();
    }
}
