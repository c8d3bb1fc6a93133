//! Directories that were checked out into: records as checkouts leave them, and checkouts that go on
//! by what is left of them.

use std::collections::BTreeMap;
use std::path::Path;

use partita::map::{Map, Value};
use partita::object::{Canonical, Directory, Objects};
use partita::plumbing::Expected;
use partita::upkeep::GcOptions;
use partita::workspace::CheckoutAction;
use partita::{ContentId, ObjectId, Result, Store};

use crate::crash::ledger::say;
use crate::random::Random;

/// Where the recorded directory is said to be. Nobody makes it: a record that goes on is moved to a
/// directory of its own, so that stores are recovered side by side and are the same each time.
const NOWHERE: &str = "/nowhere/room";

/// Exceptions, and checkouts that put something aside: several nodes of each map.
const ROWS: u64 = 300;

/// The tag of a file in the bytes of a trace.
const FILE: u8 = 1;

/// Leaves a record of a directory: it holds a checkpoint but for exceptions, and many checkouts put
/// something of others aside.
///
/// # Errors
/// As what it calls.
pub fn check_out(store: &Store) -> Result<()> {
    let session = store.open_session("a")?;
    let checkpoint = session.checkpoint("latest")?;
    let time = store_time();
    let mut batch = store.batch();
    let mut rows = |from: &str, count: u64, seed: u64| -> Result<Vec<_>> {
        (0..count)
            .map(|at| {
                let bytes = format!("{from} {at} {:x}", Random::new(seed + at).word());
                let content = batch.put_content(bytes.into_bytes(), None)?;
                let value = Value { refs: vec![content.id()], bytes: vec![FILE] };
                Ok((format!("{from}/{at}").into_bytes(), Some(value)))
            })
            .collect()
    };
    let exceptions = rows("part", ROWS, 10_000)?;
    let kept = rows("theirs", ROWS, 20_000)?;
    let mut asides = Vec::new();
    for (at, row) in (1..).zip(kept) {
        let edited = Map::EMPTY.edit(&batch, [row])?;
        let kept = batch.put_map(edited).root().expect("it has a row");
        let value = Value { refs: vec![kept.id()], bytes: time.to_be_bytes().to_vec() };
        asides.push((u64::to_be_bytes(at).to_vec(), Some(value)));
    }
    let edited = Map::EMPTY.edit(&batch, exceptions)?;
    let exceptions = batch.put_map(edited).root();
    let edited = Map::EMPTY.edit(&batch, asides)?;
    let aside = batch.put_map(edited).root();
    let record = Directory {
        directory: NOWHERE.into(),
        session: session.id(),
        checkpoint: Some(checkpoint),
        exceptions,
        aside,
        unfinished: None,
    };
    let id = batch.put(&record, None);
    batch.set_ref(name_of(NOWHERE.as_bytes()), Expected::Absent, Some(id));
    batch.commit()
}

/// What was put aside was so when the store's clock stood there.
fn store_time() -> i64 {
    1_700_000_000_000
}

fn name_of(directory: &[u8]) -> String {
    format!("checkout/{}", ObjectId::of_content(directory))
}

/// Goes on in the directories of a recovered store: what was put aside is listed, checkouts bring
/// what they should and delete nothing that a record does not say, and all of it is freed.
///
/// # Errors
/// What is not as it should be, in a line.
pub fn go_on(store: &Store) -> Result<(), String> {
    let records = store.references("checkout/", None, 9).map_err(|error| say("refs", &error))?;
    let before = store.kept().map_err(|error| say("list what was put aside", &error))?;
    for kept in &before {
        let content = kept.entry.content().ok_or("something put aside is no file")?;
        match store.read_content(content) {
            Ok(bytes) if bytes.starts_with(b"theirs ") => {}
            Ok(_) => return Err(format!("{} was put aside otherwise", kept.path)),
            Err(error) if error.kind() == partita::ErrorKind::Purged => {}
            Err(error) => return Err(say(&format!("read {}", kept.path), &error)),
        }
    }
    for (name, id) in records {
        let gone_on = in_directory(store, &name, id);
        gone_on.map_err(|what| format!("{name}: {what}"))?;
    }
    let options = GcOptions::new().keep(std::time::Duration::ZERO);
    let go_on = &mut |_| std::ops::ControlFlow::Continue(());
    store.gc(&options, go_on).map_err(|error| say("free what was put aside", &error))?;
    match store.kept() {
        Ok(left) if left.is_empty() => Ok(()),
        Ok(left) => Err(format!("{} paths put aside are not freed", left.len())),
        Err(error) => Err(say("list what is left", &error)),
    }
}

/// Moves a record to a directory that is there, and checks out into that.
fn in_directory(store: &Store, name: &str, id: ObjectId) -> Result<(), String> {
    let room = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = room.path().canonicalize().map_err(|error| error.to_string())?;
    move_to(store, name, id, &path).map_err(|error| say("move the record", &error))?;
    // What the record says is there, what somebody else wrote, and what the checkpoint brings.
    let write = |name: &str, bytes: &[u8]| {
        let path = path.join(name);
        let parent = path.parent().expect("it is in the room");
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(path, bytes))
            .map_err(|error| error.to_string())
    };
    let mut there: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for at in 0..ROWS {
        let bytes = format!("part {at} {:x}", Random::new(10_000 + at).word());
        there.insert(format!("part/{at}"), bytes.into_bytes());
    }
    there.insert("part/0".to_owned(), b"by hand".to_vec());
    there.insert("one".to_owned(), b"by hand too".to_vec());
    for (name, bytes) in &there {
        write(name, bytes)?;
    }
    let entry = store.sessions().next().transpose();
    let entry = entry.map_err(|error| say("list sessions", &error))?;
    // Where all are lost, which was told, work begins anew.
    let name = entry.as_ref().map_or("anew", |entry| entry.name());
    let session = store.session(name).map_err(|error| say("open", &error))?;
    let kept = store.kept().map_err(|error| say("list before the checkout", &error))?.len();
    session.write("one", "of the session").map_err(|error| say("write", &error))?;
    let plan = session.checkout(None, &path).map_err(|error| say("check out", &error))?;
    for step in plan.with_action(CheckoutAction::Delete) {
        let path = step.path.to_string();
        let held = there.get(&path).ok_or(format!("{path} is deleted, and was not there"))?;
        if held.starts_with(b"by hand") {
            return Err(format!("{path} is deleted, and was somebody else's"));
        }
        let content = ContentId::new(ObjectId::of_content(held));
        store.read_content(content).map_err(|error| say(&format!("{path} is deleted"), &error))?;
    }
    if std::fs::read(path.join("one")).ok().as_deref() != Some(b"of the session") {
        return Err("the checkout did not bring what it should".to_owned());
    }
    let after = store.kept().map_err(|error| say("list after the checkout", &error))?.len();
    if after != kept + 1 {
        return Err(format!("{after} paths are put aside, and there were {kept} before"));
    }
    let again = session.checkout(None, &path).map_err(|error| say("check out again", &error))?;
    if again.is_empty() { Ok(()) } else { Err("a second checkout has something to do".to_owned()) }
}

/// Says of another directory what a record says of one.
fn move_to(store: &Store, name: &str, id: ObjectId, path: &Path) -> Result<()> {
    let known = Directory::from_node(&*store.read_node(&id)?)?;
    let directory = path.as_os_str().as_encoded_bytes().to_vec();
    let mut batch = store.batch();
    let new = name_of(&directory);
    let moved = batch.put(&Directory { directory, ..known }, None);
    batch.set_ref(name, Expected::Id(id), None);
    batch.set_ref(new, Expected::Absent, Some(moved));
    batch.commit()
}
