use super::*;

fn listed(sessions: Sessions) -> Vec<String> {
    sessions.map(|entry| entry.unwrap().name().to_owned()).collect()
}

#[test]
fn create_open_and_session_differ_in_what_must_be_there() {
    let store = Store::in_memory().unwrap();
    assert_eq!(kind(store.open_session("a")), ErrorKind::NotFound);
    let id = store.create_session("a").unwrap().id();
    assert_eq!(kind(store.create_session("a")), ErrorKind::AlreadyExists);
    assert_eq!(store.open_session("a").unwrap().id(), id);
    assert_eq!(store.session("a").unwrap().id(), id);
    assert_ne!(store.session("b").unwrap().id(), id);
    assert_eq!(kind(store.session("")), ErrorKind::Invalid);
}

#[test]
fn a_renamed_session_keeps_its_id_and_leaves_old_handles_empty_handed() {
    let store = Store::in_memory().unwrap();
    let old = store.session("a").unwrap();
    old.write("f", "1").unwrap();
    store.session("taken").unwrap();
    assert_eq!(kind(store.rename_session("a", "taken")), ErrorKind::AlreadyExists);
    assert_eq!(kind(store.rename_session("a", "a")), ErrorKind::AlreadyExists);
    assert_eq!(kind(store.rename_session("a", "/")), ErrorKind::Invalid);
    assert_eq!(kind(store.rename_session("absent", "b")), ErrorKind::NotFound);
    store.rename_session("a", "b").unwrap();
    assert_eq!(store.open_session("b").unwrap().id(), old.id());
    assert_eq!(store.open_session("b").unwrap().read("f").unwrap(), b"1");
    assert_eq!(kind(old.read("f")), ErrorKind::NotFound);
    store.session("a").unwrap();
    assert_eq!(kind(old.read("f")), ErrorKind::NotFound);
    assert_eq!(kind(old.write("f", "2")), ErrorKind::NotFound);
}

#[test]
fn a_deleted_session_is_gone_and_its_ref_waits_under_its_id() {
    let store = Store::in_memory().unwrap();
    let session = store.session("a").unwrap();
    session.write("f", "1").unwrap();
    let fork = session.fork("b").unwrap();
    store.delete_session("a").unwrap();
    assert_eq!(kind(store.open_session("a")), ErrorKind::NotFound);
    assert_eq!(kind(store.delete_session("a")), ErrorKind::NotFound);
    assert_eq!(listed(store.sessions()), ["b"]);
    assert!(store.reference(&format!("deleted/{}", session.id())).unwrap().is_some());
    assert_eq!(fork.log().unwrap().count(), 1);
    assert_eq!(store.session("a").unwrap().get("f").unwrap(), None);
}

#[test]
fn sessions_are_listed_in_order_across_pages() {
    let store = Store::in_memory().unwrap();
    for at in 0..600 {
        store.create_session(&format!("team/{at:03}")).unwrap();
    }
    store.create_session("other").unwrap();
    assert_eq!(listed(store.sessions()).len(), 601);
    let team = listed(store.sessions().prefix("team/"));
    assert_eq!(team.len(), 600);
    assert!(team.is_sorted());
    assert_eq!(listed(store.sessions().prefix("team/").after("team/597")).len(), 2);
    assert_eq!(listed(store.sessions().limit(300)), {
        let mut all = listed(store.sessions());
        all.truncate(300);
        all
    });
    assert_eq!(listed(store.sessions().limit(0)).len(), 0);
}
