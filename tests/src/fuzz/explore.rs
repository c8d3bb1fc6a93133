//! Everything that a caller can ask of a store, asked of one that means harm.

use std::ops::ControlFlow;

use partita::history::RestoreScope;
use partita::object::Objects;
use partita::{ContentId, ObjectId, Session, Store};

use crate::forge::Files;

/// Bytes of contents that are read, so that one input takes no long time.
const READ_MAX: u64 = 8 << 20;
/// What is written into the store: bytes that it does not have, for of what it has under their id,
/// whole or not, no second copy would be stored.
const NEW: &[u8] = b"written after everything was read";
/// Rows that are taken of any listing.
const ROWS_MAX: usize = 64;

/// Opens the files as a store, for reading and for writing, and asks everything; what comes back
/// for an id must be what the id names.
pub fn explore(files: &Files, ids: &[ObjectId]) {
    if let Ok(store) = Store::options().read_only(true).open_vfs(files.vfs()) {
        read_all(&store, ids);
    }
    let medium = files.medium();
    let open = || Store::options().create(false).open_vfs(std::sync::Arc::new(medium.clone()));
    let Ok(store) = open() else { return };
    let written = store.session("written after").and_then(|session| session.write("a", NEW));
    drop(store);
    if written.is_ok() {
        let again = open().expect("a store that takes a commit can be opened again");
        let session = again.open_session("written after").expect("an acknowledged session");
        assert_eq!(session.read("a").expect("an acknowledged file"), NEW);
    }
}

fn read_all(store: &Store, ids: &[ObjectId]) {
    let mut known = ids.to_vec();
    let mut after: Option<String> = None;
    for _ in 0..ROWS_MAX {
        let Ok(page) = store.references("", after.as_deref(), 7) else { break };
        assert!(page.windows(2).all(|pair| pair[0].0 < pair[1].0), "refs out of order");
        let Some((last, _)) = page.last() else { break };
        assert!(after.as_deref().is_none_or(|after| last.as_str() > after), "a page came twice");
        after = Some(last.clone());
        known.extend(page.iter().map(|(_, id)| *id));
    }
    let mut claimed = 0;
    let mut at = 0;
    while at < known.len().min(ids.len() + 256) {
        claimed += read_object(store, known[at], &mut known);
        at += 1;
    }
    for entry in store.sessions().limit(ROWS_MAX).map_while(Result::ok) {
        if let Ok(session) = store.open_session(entry.name()) {
            walk_session(&session);
        }
    }
    let _ = store.resolve(&"00000".parse().expect("five digits"));
    let _ = store.stats();
    if claimed <= READ_MAX {
        let mut left = 20_000;
        let _ = store.check(&mut |_| {
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }
}

/// Reads an object as a node and as a content; returns the bytes that it claims to have.
fn read_object(store: &Store, id: ObjectId, known: &mut Vec<ObjectId>) -> u64 {
    if let Ok(Some(node)) = store.get_node(&id) {
        assert_eq!(node.id(), id, "another node came back");
        assert!(node.canonical_bytes().len() <= partita::limits::NODE_BYTES_MAX, "a giant node");
        known.extend(&node.refs);
    }
    let size = store.content_size(ContentId::new(id)).unwrap_or(0);
    if size <= READ_MAX
        && let Ok(bytes) = store.read_content(ContentId::new(id))
    {
        assert_eq!(ObjectId::of_content(&bytes), id, "another content came back");
        assert_eq!(bytes.len() as u64, size, "a size that is not the content's");
    }
    size
}

fn walk_session(session: &Session) {
    let Ok(latest) = session.latest() else { return };
    let _ = session.checkpoint("latest");
    let _ = session.checkpoint("1");
    if let Ok(log) = session.log() {
        for entry in log.take(ROWS_MAX).map_while(Result::ok) {
            let Ok(then) = session.at(entry.id) else { continue };
            let _ = then.changes(&latest).take(ROWS_MAX).filter(Result::is_ok).count();
            let _ = session.plan_restore(entry.id, RestoreScope::All);
        }
    }
    for file in latest.files().take(ROWS_MAX).map_while(Result::ok) {
        let _ = (file.number(), file.size());
        let Ok(history) = session.history(&file.path) else { continue };
        let numbers: Vec<u64> =
            history.take(ROWS_MAX).map_while(Result::ok).map(|info| info.number).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] > pair[1]), "a history that does not fall");
        if let [newest, .., oldest] = numbers[..] {
            let _ = session.diff(&file.path, oldest, newest);
        }
    }
    let _ = latest.memories().take(ROWS_MAX).filter(Result::is_ok).count();
    let _ = latest.memories_back().take(ROWS_MAX).filter(Result::is_ok).count();
    if let Ok(rows) = latest.state().list() {
        for (key, _) in rows.into_iter().take(ROWS_MAX) {
            let _ = latest.state().items(&key, 0..u64::MAX);
        }
    }
}
