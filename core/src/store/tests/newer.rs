//! What a newer version left under names of ours: it is kept, and stops nothing.

use std::time::Duration;

use super::*;
use crate::object::{Canonical, Directory, Kind, Node};

/// Puts a node under a name as a newer version might: it refers to a session's first operation, to a
/// content that nothing else leads to, and to what went by a rule that nobody knows here. Returns
/// the content.
fn plant(store: &Store, name: &str, kind: Kind, version: u16, session: ObjectId) -> ContentId {
    let mut batch = store.batch();
    let content = batch.put_content(format!("of {name}").into_bytes(), None).unwrap();
    let (refs, body) = (vec![session, content.id(), ObjectId::from_bytes([9; 32])], b"?".to_vec());
    let id = batch.put_node(Node { kind, version, refs, body }, None);
    batch.set_ref(name, Expected::Absent, Some(id));
    batch.commit().unwrap();
    content
}

fn checkout_name(at: u8) -> String {
    refs::checkout_ref(ObjectId::from_bytes([at; 32]))
}

/// A store with records of each form that is not known, and the contents that these lead to.
fn store_of_later(vfs: &MemoryVfs) -> (Store, Vec<ContentId>) {
    let store = open(vfs);
    let session = store.session("s").unwrap();
    session.write("a", "1").unwrap();
    let first = session.id().id();
    let forms = [
        (Kind(77), 1),
        (Kind::DIRECTORY, Directory::VERSION + 1),
        (Kind::CHECKOUT, 2),
        (Kind::MEMORY, 99),
    ];
    let planted = (1..).zip(forms);
    let planted = planted
        .map(|(at, (kind, version))| plant(&store, &checkout_name(at), kind, version, first));
    let contents = planted.collect();
    (store, contents)
}

fn assert_kept(store: &Store, contents: &[ContentId]) {
    assert_whole(store);
    assert_eq!(store.references("checkout/", None, 9).unwrap().len(), contents.len());
    for content in contents {
        assert!(store.read_content(*content).unwrap().starts_with(b"of checkout/"));
    }
}

#[test]
fn a_directorys_record_of_a_form_that_nobody_knows_is_kept_and_stops_nothing() {
    let vfs = MemoryVfs::default();
    let (store, contents) = store_of_later(&vfs);
    assert_eq!(store.kept().unwrap(), []);
    // Its session goes; what the records lead to of it stays as far as it is there.
    store.session("gone").unwrap().write("a", "2").unwrap();
    store.delete_session("gone").unwrap();
    for keep in [Duration::MAX, Duration::ZERO] {
        for dry_run in [true, false] {
            store.gc(&GcOptions::new().keep(keep).dry_run(dry_run), &mut go_on).unwrap();
            assert_kept(&store, &contents);
        }
    }
    store.open_session("s").unwrap().write("leaky", "the secret").unwrap();
    store.purge_matching(b"the secret", &PurgeOptions::new("why"), &mut go_on).unwrap();
    assert_kept(&store, &contents);
    store.open_session("s").unwrap().write("leaky", "another secret").unwrap();
    let rewrite = PurgeOptions::new("why").everywhere(true).rewrite(true);
    store.purge_matching(b"another secret", &rewrite, &mut go_on).unwrap();
    assert_kept(&open(&vfs), &contents);
}

#[test]
fn what_a_record_of_an_unknown_form_leads_to_is_purged_with_a_word_of_who_held_it() {
    let vfs = MemoryVfs::default();
    let (store, contents) = store_of_later(&vfs);
    let sought = format!("of {}", checkout_name(1));
    let options = PurgeOptions::new("why");
    let report = store.purge_matching(sought.as_bytes(), &options, &mut go_on).unwrap();
    assert_eq!(report.sessions, [format!("ref {}", checkout_name(1))]);
    assert_eq!(store.read_content(contents[0]).unwrap_err().kind(), ErrorKind::Purged);
    assert_kept_after_purge(&store, &contents[1..]);
}

fn assert_kept_after_purge(store: &Store, contents: &[ContentId]) {
    assert_eq!(assert_whole(store).tombstones, 1);
    for content in contents {
        assert!(store.read_content(*content).is_ok());
    }
}

#[test]
fn records_of_known_forms_are_listed_and_freed_beside_those_that_nobody_knows() {
    let vfs = MemoryVfs::default();
    let (store, contents) = store_of_later(&vfs);
    let session = store.open_session("s").unwrap();
    let room = tempfile::tempdir().unwrap();
    std::fs::write(room.path().join("a"), "theirs").unwrap();
    session.checkout(None, room.path()).unwrap();
    let kept = store.kept().unwrap();
    assert_eq!(kept.iter().map(|kept| kept.path.to_string()).collect::<Vec<_>>(), ["a"]);
    for dry_run in [true, false] {
        let options = GcOptions::new().keep(Duration::ZERO).dry_run(dry_run);
        assert_eq!(store.gc(&options, &mut go_on).unwrap().put_aside, 1);
    }
    assert_eq!(store.kept().unwrap(), []);
    assert_eq!(store.references("checkout/", None, 9).unwrap().len(), contents.len() + 1);
    // Into a directory that such a record is of nobody but the newer version checks out.
    let (name, id) = store.references("checkout/", None, 1).unwrap().remove(0);
    let path = room.path().canonicalize().unwrap();
    let own = refs::checkout_ref(ObjectId::of_content(path.as_os_str().as_encoded_bytes()));
    assert_ne!(name, own);
    let mut batch = store.batch();
    batch.set_ref(own, Expected::Any, Some(id));
    batch.commit().unwrap();
    let error = session.checkout(None, room.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("newer partita"), "{error}");
    assert_eq!(std::fs::read(room.path().join("a")).unwrap(), b"1");
}

#[test]
fn a_recovery_keeps_records_of_forms_that_nobody_knows() {
    let vfs = MemoryVfs::default();
    let (store, contents) = store_of_later(&vfs);
    let before = store.references("checkout/", None, 9).unwrap();
    store.open_session("s").unwrap().write("b", "the last").unwrap();
    drop(store);
    super::recover::flip_the_last_byte(&vfs);
    let report = super::recover::recover(&vfs).unwrap();
    let store = open(&vfs);
    assert_eq!(store.references("checkout/", None, 9).unwrap(), before, "{report:?}");
    assert_kept(&store, &contents);
}

/// A purge asks of each session whether it holds the bytes, also of one that a newer version wrote.
#[test]
fn a_purge_goes_on_where_a_newer_version_wrote_a_sessions_newest_operation() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    store.session("s").unwrap().write("leaky", "the secret").unwrap();
    let other = store.session("other").unwrap();
    other.write("a", "the secret too").unwrap();
    let newest = store.reference("session/other").unwrap().unwrap();
    let node = store.read_node(&newest).unwrap();
    assert_eq!(node.kind, Kind::OPERATION);
    let node = Node { version: 99, ..(*node).clone() };
    let mut batch = store.batch();
    let id = batch.put_node(node, None);
    batch.set_ref("session/other", Expected::Id(newest), Some(id));
    batch.commit().unwrap();
    let options = PurgeOptions::new("why").everywhere(true);
    let report = store.purge_matching(b"the secret", &options, &mut go_on).unwrap();
    assert_eq!((report.tombstones.len(), report.sessions), (2, names(&["ref session/other", "s"])));
    assert_eq!(assert_whole(&store).tombstones, 2);
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
