//! Records of which a recovery gave up a part for lost: what is left counts, and nothing stops.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use super::*;
use crate::id::MapId;
use crate::map::{Edited, Map, Value};
use crate::object::{Checkout, Directory, Timestamp, Tombstone, Trace, read};
use crate::store::{Expected, GcOptions, GcReport};

/// So many rows that a map has several nodes.
const MANY: u64 = 600;

fn gc(bench: &Bench, dry_run: bool, keep: Duration) -> GcReport {
    let options = GcOptions::new().keep(keep).dry_run(dry_run);
    bench.store.gc(&options, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn assert_whole(bench: &Bench) {
    let report = bench.store.check(&mut |_| ControlFlow::Continue(())).unwrap();
    assert!(report.is_ok(), "{:?}", report.faults);
}

fn record(bench: &Bench) -> Directory {
    read(&bench.store, bench.references()[0].1).unwrap()
}

/// Leaves tombstones of what is lost, as a recovery does.
fn bury(bench: &Bench, lost: &[ObjectId]) {
    let store = &bench.store;
    let map = Map::new(store.reference("lost").unwrap().map(MapId::new));
    let mut batch = store.batch();
    let rows: Vec<_> = lost
        .iter()
        .map(|target| {
            let stone = Tombstone {
                target: *target,
                lost: true,
                kind: None,
                size: None,
                reason: String::new(),
                actor: String::new(),
                time: Timestamp::from_millis(1),
            };
            let value = Value { refs: vec![batch.put(&stone, None)], bytes: Vec::new() };
            (target.as_bytes().to_vec(), Some(value))
        })
        .collect();
    let edited = map.edit(&batch, rows).unwrap();
    let map = batch.put_map(edited);
    batch.set_ref("lost", Expected::Any, map.root().map(|root| root.id()));
    batch.commit().unwrap();
}

/// Puts a record in the place of the one that is there.
fn replace(bench: &Bench, new: &Directory) {
    let (name, id) = bench.references().remove(0);
    let mut batch = bench.store.batch();
    let new = batch.put(new, Some(id));
    batch.set_ref(name, Expected::Id(id), Some(new));
    batch.commit().unwrap();
}

/// Stores a map but for one of its nodes, which is lost: the root, or one that has rows. Returns
/// the root.
fn put_without(bench: &Bench, edited: Edited, root: bool) -> Option<MapId> {
    let top = edited.map.root().unwrap();
    let gone = edited.nodes.iter().map(|new| new.id()).find(|id| (*id == top.id()) == root);
    let gone = gone.expect("a map of many rows has several nodes");
    let mut batch = bench.store.batch();
    for new in edited.nodes.iter().filter(|new| new.id() != gone) {
        batch.put_node((**new.node()).clone(), None);
    }
    batch.commit().unwrap();
    bury(bench, &[gone]);
    Some(top)
}

fn row(trace: &[Trace]) -> Option<Value> {
    let (refs, bytes) = Trace::encode_all(trace);
    Some(Value { refs, bytes })
}

fn file(bench: &Bench, bytes: &str) -> Entry {
    let mut batch = bench.store.batch();
    let content = batch.put_content(bytes.as_bytes(), None).unwrap();
    batch.commit().unwrap();
    Entry::File { content, executable: false }
}

/// A map of what one checkout put aside.
fn kept_map(bench: &Bench, path: &str, bytes: &str) -> MapId {
    let rows = [(path.as_bytes().to_vec(), row(&[Trace::Entry(file(bench, bytes))]))];
    let mut batch = bench.store.batch();
    let map = Map::EMPTY.edit(&batch, rows).unwrap();
    let map = batch.put_map(map);
    batch.commit().unwrap();
    map.root().unwrap()
}

/// Rows of what many checkouts put aside: the odd ones long ago, the even ones now.
fn asides(bench: &Bench, kept: &[MapId]) -> Edited {
    let now = Timestamp::from(std::time::SystemTime::now()).as_millis();
    let rows = (1..=MANY).map(|at| {
        let kept = kept[at as usize % kept.len()];
        let time = if at % 2 == 1 { 1 } else { now };
        let value = Value { refs: vec![kept.id()], bytes: time.to_be_bytes().to_vec() };
        (at.to_be_bytes().to_vec(), Some(value))
    });
    Map::EMPTY.edit(&bench.store, rows).unwrap()
}

#[test]
fn what_was_put_aside_and_is_lost_stops_neither_a_listing_nor_gc_nor_a_checkout() {
    for root in [true, false] {
        let bench = Bench::new();
        bench.checkout(&things([("a", text("1"))])).unwrap();
        let kept = [kept_map(&bench, "a", "theirs"), kept_map(&bench, "b", "others")];
        let aside = put_without(&bench, asides(&bench, &kept), root);
        replace(&bench, &Directory { aside, ..record(&bench) });
        let left = bench.store.kept().unwrap();
        let old = left.iter().filter(|kept| kept.time.unwrap().as_millis() == 1).count() as u64;
        assert_eq!(left.is_empty(), root);
        assert!(left.len() < MANY as usize && (old > 0) != root, "{old}");

        let month = Duration::from_secs(30 * 86_400);
        let (foretold, done) = (gc(&bench, true, month), gc(&bench, false, month));
        assert_eq!((foretold.put_aside, done.put_aside), (old, old));
        assert_whole(&bench);
        assert_eq!(bench.store.kept().unwrap().len(), left.len() - old as usize);

        bench.write("a", "by hand");
        bench.checkout(&things([("a", text("2"))])).unwrap();
        let listed = bench.store.kept().unwrap();
        assert_eq!(listed.len(), left.len() - old as usize + 1);
        let last = listed.last().unwrap().entry.content().unwrap();
        assert_eq!(&*bench.store.read_content(last).unwrap(), b"by hand");
        // Nothing of it is lost any more.
        let (rows, is_all) = Map::new(record(&bench).aside).left(&bench.store).unwrap();
        assert!(is_all && rows.len() == listed.len());
        assert_eq!(gc(&bench, false, Duration::ZERO).put_aside, listed.len() as u64);
        assert_whole(&bench);
    }
}

#[test]
fn of_what_one_checkout_put_aside_that_is_lost_the_rest_is_listed() {
    let bench = Bench::new();
    bench.checkout(&things([("a", text("1"))])).unwrap();
    let lost = ObjectId::from_bytes([7; 32]);
    bury(&bench, &[lost]);
    let kept = [kept_map(&bench, "a", "theirs"), MapId::new(lost)];
    let aside = asides(&bench, &kept);
    let mut batch = bench.store.batch();
    let aside = batch.put_map(aside).root();
    batch.commit().unwrap();
    replace(&bench, &Directory { aside, ..record(&bench) });
    assert_eq!(bench.store.kept().unwrap().len() as u64, MANY / 2);
    for dry_run in [true, false] {
        assert_eq!(gc(&bench, dry_run, Duration::ZERO).put_aside, MANY / 2);
    }
    assert_eq!(record(&bench).aside, None);
    assert_whole(&bench);
}

#[test]
fn where_exceptions_are_lost_a_checkout_deletes_nothing_but_what_those_left_say() {
    for root in [true, false] {
        let bench = Bench::new();
        bench.checkout(&things([("a", text("1")), ("b", text("1"))])).unwrap();
        let x = file(&bench, "x");
        let paths: Vec<String> = (0..MANY).map(|at| format!("part/{at}")).collect();
        let rows = paths.iter().map(|path| {
            bench.write(path, "x");
            (path.as_bytes().to_vec(), row(&[Trace::Entry(x.clone())]))
        });
        let rows: BTreeMap<_, _> = rows.collect();
        let edited = Map::EMPTY.edit(&bench.store, rows).unwrap();
        let exceptions = put_without(&bench, edited, root);
        let lost = Directory { exceptions, ..record(&bench) };
        replace(&bench, &lost);
        let left = Map::new(exceptions).left(&bench.store).unwrap().0;
        assert_eq!(left.is_empty(), root);
        for dry_run in [true, false] {
            gc(&bench, dry_run, Duration::ZERO);
        }
        assert_whole(&bench);

        // A part: nothing else is known from then on either, and the next record is whole.
        bench.checkout_part(&things([("c", text("1"))]), &["c"]).unwrap();
        assert_eq!(record(&bench).checkpoint, None);
        let (rows, is_all) = Map::new(record(&bench).exceptions).left(&bench.store).unwrap();
        assert!(is_all && rows.len() == left.len() + 1);

        replace(&bench, &lost);
        let plan = bench.checkout(&things([("a", text("2"))])).unwrap();
        let mut gone: Vec<Vec<u8>> = left.into_iter().map(|(path, _)| path).collect();
        gone.sort();
        let deleted: Vec<Vec<u8>> = plan
            .with_action(CheckoutAction::Delete)
            .map(|step| step.path.as_bytes().to_vec())
            .collect();
        assert_eq!(deleted, gone);
        assert_eq!(bench.kept(&plan), [("a".to_owned(), b"1".to_vec())]);
        let mut expected = things([("a", text("2")), ("b", text("1")), ("c", text("1"))]);
        let stay = paths.iter().filter(|path| !gone.contains(&path.as_bytes().to_vec()));
        expected.extend(things(stay.map(|path| (path, text("x")))));
        assert_eq!(bench.found(), expected);
        assert_eq!((record(&bench).exceptions, record(&bench).unfinished), (None, None));
        assert_whole(&bench);
        // From now on it is known again.
        bench.checkout(&Things::new()).unwrap();
        expected.remove(&b"a"[..]);
        assert_eq!(bench.found(), expected);
    }
}

/// The record that a checkout would leave may be the one of which a part is lost.
#[test]
fn a_checkout_of_what_the_record_says_already_makes_a_lost_map_whole_again() {
    let bench = Bench::new();
    let wanted = things([("a", text("1"))]);
    bench.checkout_part(&wanted, &["a"]).unwrap();
    let whole = record(&bench);
    assert_eq!(whole.checkpoint, None);
    let (rows, _) = Map::new(whole.exceptions).left(&bench.store).unwrap();
    // The same record over a store that has lost the map.
    let bench = Bench { store: Store::in_memory().unwrap(), ..bench };
    bench.checkpoint(&wanted);
    bury(&bench, &[whole.exceptions.unwrap().id()]);
    let mut batch = bench.store.batch();
    let session = bench.session().id();
    let id = batch.put(&Directory { session, ..whole.clone() }, None);
    let name = crate::store::refs::checkout_ref(ObjectId::of_content(&whole.directory));
    batch.set_ref(name, Expected::Absent, Some(id));
    batch.commit().unwrap();
    bench.checkout_part(&wanted, &["a"]).unwrap();
    let (again, is_all) = Map::new(record(&bench).exceptions).left(&bench.store).unwrap();
    assert_eq!((again, is_all, record(&bench).exceptions), (rows, true, whole.exceptions));
    assert_whole(&bench);
}

#[test]
fn a_record_of_an_earlier_version_goes_on_with_what_is_left_of_it() {
    let bench = Bench::new();
    bench.checkout(&things([("a", text("1"))])).unwrap();
    let known = record(&bench);
    let (lost, before) = (ObjectId::from_bytes([7; 32]), ObjectId::from_bytes([8; 32]));
    bury(&bench, &[lost, before]);
    let older = Checkout {
        directory: known.directory,
        session: known.session,
        checkpoint: known.checkpoint,
        written: None,
        kept: Some(kept_map(&bench, "a", "theirs")),
        previous: Some(before),
        unfinished: None,
    };
    let (name, id) = bench.references().remove(0);
    let mut batch = bench.store.batch();
    let previous = Some(batch.put(&older, None));
    let kept = Some(MapId::new(lost));
    let newest = Checkout { written: Some(MapId::new(lost)), kept, previous, ..older };
    let new = batch.put(&newest, None);
    batch.set_ref(name, Expected::Id(id), Some(new));
    batch.commit().unwrap();
    assert_eq!(bench.store.kept().unwrap().len(), 1);
    gc(&bench, false, Duration::ZERO);
    assert_whole(&bench);
    let plan = bench.checkout(&things([("b", text("1"))])).unwrap();
    assert_eq!(plan.with_action(CheckoutAction::Delete).count(), 0);
    assert_eq!(bench.found(), things([("a", text("1")), ("b", text("1"))]));
    assert_eq!(bench.store.kept().unwrap().len(), 1);
    assert_eq!(gc(&bench, false, Duration::ZERO).put_aside, 1);
    assert_whole(&bench);
}

#[test]
fn a_file_is_spared_whose_bytes_are_lost_everywhere_else() {
    let bench = Bench::new();
    let names = ["deleted", "kept", "replaced"];
    bench.checkout(&things(names.map(|name| (name, text(name))))).unwrap();
    // The same record over a store that has lost two of them.
    let whole = record(&bench);
    let lost = |name: &str| ObjectId::of_content(name.as_bytes());
    let rows = names.map(|name| {
        let content = ContentId::new(lost(name));
        let entry = Entry::File { content, executable: false };
        (name.as_bytes().to_vec(), row(&[Trace::Entry(entry)]))
    });
    let bench = Bench { store: Store::in_memory().unwrap(), ..bench };
    file(&bench, "kept");
    bury(&bench, &[lost("deleted"), lost("replaced")]);
    let mut batch = bench.store.batch();
    let exceptions = Map::EMPTY.edit(&batch, rows).unwrap();
    let exceptions = batch.put_map(exceptions).root();
    bench.checkpoint(&Things::new());
    let session = bench.session().id();
    let known = Directory { session, checkpoint: None, exceptions, ..whole };
    let id = batch.put(&known, None);
    let name = crate::store::refs::checkout_ref(ObjectId::of_content(&known.directory));
    batch.set_ref(name, Expected::Absent, Some(id));
    batch.commit().unwrap();
    let plan = bench.checkout(&things([("replaced", text("new"))])).unwrap();
    assert_eq!(listed(&plan, CheckoutAction::Delete), ["kept gone"]);
    assert_eq!(bench.kept(&plan), [("replaced".to_owned(), b"replaced".to_vec())]);
    assert_eq!(bench.found(), things([("deleted", text("deleted")), ("replaced", text("new"))]));
    assert_whole(&bench);
}
