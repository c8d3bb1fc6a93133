use super::*;
use crate::id::CheckpointId;

const SECRET: &[u8] = b"AKIA-5f3c-THE-SECRET-9b1d";

/// How often bytes stand in the store's files, and in all that decompresses there.
fn occurrences(store: &Store, sought: &[u8]) -> usize {
    let mut count = 0;
    let mut look = |bytes: &[u8]| {
        count += bytes.windows(sought.len()).filter(|window| *window == sought).count();
    };
    store.log().for_each_stored_byte(&mut look).unwrap();
    count
}

fn with_secret(text: &str) -> Vec<u8> {
    let (head, tail) = text.split_at(text.len() / 2);
    [head.as_bytes(), SECRET, tail.as_bytes()].concat()
}

fn options() -> PurgeOptions {
    PurgeOptions::new("a key slipped in").actor("tester")
}

/// Writes a line of iterations of which the third holds the secret, and others lean on it.
fn leak(session: &Session, path: &str) {
    for step in 0..8u64 {
        let text = text(7 + step / 4, 60 + step);
        let bytes = if step == 2 { with_secret(&text) } else { text.into_bytes() };
        session.write(path, bytes).unwrap();
    }
}

fn without_path(all: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    all.into_iter().filter(|(name, _)| !name.contains("leaky")).collect()
}

#[test]
fn a_purged_iteration_is_nowhere_and_everything_else_is_as_it_was() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = fill(&store, "s", 1);
    let before = everything(&session);
    leak(&session, "leaky");
    assert!(occurrences(&store, SECRET) > 0);

    let report = session.purge_file("leaky", Some(3), &options(), &mut go_on).unwrap();

    assert_eq!(report.tombstones.len(), 1);
    assert_eq!(report.sessions, ["s"]);
    assert_eq!(report.tombstones[0].reason, "a key slipped in");
    for store in [store.clone(), open(&vfs)] {
        assert_eq!(occurrences(&store, SECRET), 0);
        let session = store.open_session("s").unwrap();
        let error = session.read_at("leaky", 3).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Purged);
        assert!(error.to_string().contains("purged by tester: a key slipped in"), "{error}");
        for number in [1, 2, 4, 5, 8] {
            let expected = text(7 + (number - 1) / 4, 60 + number - 1).into_bytes();
            assert!(session.read_at("leaky", number).unwrap() == expected);
        }
        let sizes: Vec<_> =
            session.history("leaky").unwrap().map(|row| row.unwrap().size).collect();
        assert!(sizes.iter().all(Option::is_some), "a purged one's size is known");
        let report = assert_whole(&store);
        assert_eq!(report.tombstones, 1);
    }
    session.write("leaky", "clean").unwrap();
    let after: BTreeMap<_, _> = everything_readable(&session);
    for (name, bytes) in without_path(before) {
        assert!(after.get(&name) == Some(&bytes), "{name}");
    }
    let again = session.purge_file("leaky", Some(3), &options(), &mut go_on).unwrap();
    assert_eq!(again.tombstones, []);
}

/// As `everything`, but for what was purged.
fn everything_readable(session: &Session) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in session.log().unwrap() {
        let entry = entry.unwrap();
        let then = session.at(entry.id).unwrap();
        for file in then.files() {
            let file = file.unwrap();
            if let Ok(bytes) = file.read() {
                all.insert(format!("{} {}", entry.number, file.path), bytes);
            }
        }
        for memory in then.memories().flatten() {
            let text = memory.memory.text().into_owned().into_bytes();
            all.insert(format!("{} memory {}", entry.number, memory.number), text);
        }
    }
    for path in ["src/main.rs", "notes/3"] {
        for iteration in session.history(path).unwrap() {
            let iteration = iteration.unwrap();
            all.insert(
                format!("{path} {}", iteration.number),
                format!("{iteration:?}").into_bytes(),
            );
        }
    }
    all
}

#[test]
fn purged_memories_short_and_long_leave_their_place() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = store.session("s").unwrap();
    session.remember(Memory::user("before")).unwrap();
    session.remember(Memory::user(String::from_utf8_lossy(SECRET).into_owned())).unwrap();
    session.remember(Memory::user(with_secret(&text(3, 90)))).unwrap();
    session.remember(Memory::user("after")).unwrap();
    for number in ["2", "3"] {
        assert!(occurrences(&store, SECRET) > 0);
        let id = session.memory_id(number).unwrap();
        session.purge_memory(id, &options(), &mut go_on).unwrap();
    }
    assert_eq!(occurrences(&store, SECRET), 0);
    let latest = session.latest().unwrap();
    let found: Vec<_> = latest
        .memories()
        .map(|memory| memory.map(|memory| memory.memory.text().into_owned()).map_err(|e| e.kind()))
        .collect();
    let purged = Err(ErrorKind::Purged);
    assert_eq!(found, [Ok("before".to_owned()), purged.clone(), purged, Ok("after".to_owned())]);
    let text = String::from_utf8_lossy(SECRET).into_owned();
    let error = session.remember(Memory::user(text)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Purged, "a purged memory is not taken back");
    assert_eq!(session.remember(Memory::user("more")).unwrap(), 5);
    // The long one's text has a tombstone too, which nothing leads to any more.
    assert_eq!(assert_whole(&open(&vfs)).tombstones, 2);
}

#[test]
fn a_purged_large_file_goes_with_its_chunks_but_not_with_those_that_others_need() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = store.session("s").unwrap();
    let large = bytes(9, 1_500_000);
    let mut leaky = large.clone();
    leaky.splice(900_000..900_000, SECRET.iter().copied());
    session.write("big", &large).unwrap();
    session.write("big", &leaky).unwrap();
    session.write("big", &large[..1_400_000]).unwrap();
    assert!(occurrences(&store, SECRET) > 0);
    session.purge_file("big", Some(2), &options(), &mut go_on).unwrap();
    assert_eq!(occurrences(&store, SECRET), 0);
    assert!(session.read_at("big", 1).unwrap() == large);
    assert!(session.read("big").unwrap() == large[..1_400_000]);
    assert_whole(&open(&vfs));
}

#[test]
fn what_other_sessions_hold_is_purged_only_where_that_was_asked_for() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = store.session("mine").unwrap();
    leak(&session, "leaky");
    session.fork("theirs").unwrap();
    store.session("apart").unwrap().write("x", "y").unwrap();
    let error = session.purge_file("leaky", None, &options(), &mut go_on).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("mine, theirs"), "{error}");
    assert!(occurrences(&store, SECRET) > 0);
    let everywhere = options().everywhere(true);
    let report = session.purge_file("leaky", None, &everywhere, &mut go_on).unwrap();
    assert_eq!(report.sessions, ["mine", "theirs"]);
    assert_eq!(report.tombstones.len(), 8);
    assert_eq!(occurrences(&store, SECRET), 0);
    assert_eq!(session.read("leaky").unwrap_err().kind(), ErrorKind::Purged);
    assert_whole(&open(&vfs));
}

#[test]
fn purging_by_bytes_finds_them_wherever_they_can_be_taken_away() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = fill(&store, "s", 6);
    leak(&session, "leaky");
    session.remember(Memory::user(String::from_utf8_lossy(SECRET).into_owned())).unwrap();
    let mut large = bytes(9, 1_200_000);
    large.splice(600_000..600_000, SECRET.iter().copied());
    session.write("big2", &large).unwrap();
    let report = store.purge_matching(SECRET, &options(), &mut go_on).unwrap();
    assert_eq!(report.tombstones.len(), 3, "{report:?}");
    assert_eq!(occurrences(&store, SECRET), 0);
    assert_whole(&open(&vfs));
    assert_eq!(store.purge_matching(SECRET, &options(), &mut go_on).unwrap().tombstones, []);

    session.write(String::from_utf8_lossy(SECRET).as_bytes(), "the path tells it").unwrap();
    let error = store.purge_matching(SECRET, &options(), &mut go_on).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("cannot be purged alone"), "{error}");
    assert_whole(&open(&vfs));
}

#[test]
fn an_import_cannot_bring_back_what_was_purged() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = store.session("s").unwrap();
    session.write("leaky", SECRET).unwrap();
    session.write("leaky", "clean").unwrap();
    session.purge_file("leaky", Some(1), &options(), &mut go_on).unwrap();
    let refused = session.write("again", SECRET).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Purged);
    // Large enough to go into a data segment of its own.
    for padding in [0, 200_000] {
        let mut batch = store.batch();
        batch.put_content(SECRET.to_vec(), None).unwrap();
        if padding > 0 {
            batch.put_content(bytes(1, padding), None).unwrap();
        }
        let id = ContentId::new(ObjectId::of_content(SECRET));
        batch.commit().unwrap();
        assert_eq!(store.read_content(id).unwrap_err().kind(), ErrorKind::Purged);
        assert_eq!(occurrences(&store, SECRET), 0);
    }
    assert_whole(&open(&vfs));
}

#[test]
fn a_rewriting_purge_leaves_neither_the_bytes_nor_their_id() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = fill(&store, "s", 1);
    let before = everything(&session);
    leak(&session, "leaky");
    session.remember(Memory::user(String::from_utf8_lossy(SECRET).into_owned())).unwrap();
    let fork = session.fork("born with it").unwrap();
    fork.write("own", "file").unwrap();
    let pinned = fork.pin(fork.latest().unwrap().checkpoint().unwrap().id).unwrap();
    let secret = with_secret(&text(7, 62));
    let content = ObjectId::of_content(&secret);
    let memory = session.memory_id(&session.latest().unwrap().memories().count().to_string());
    let memory = memory.unwrap().id();
    assert!(occurrences(&store, content.as_bytes()) > 0);
    let log: Vec<_> = session.log().unwrap().map(|entry| entry.unwrap().number).collect();

    let rewrite = options().everywhere(true).rewrite(true);
    let report = store.purge_matching(SECRET, &rewrite, &mut go_on).unwrap();

    assert_eq!(report.tombstones.len(), 2);
    assert!(report.rewritten > 0, "{report:?}");
    for store in [store.clone(), open(&vfs)] {
        assert_eq!(occurrences(&store, SECRET), 0);
        assert_eq!(occurrences(&store, content.as_bytes()), 0);
        assert_eq!(occurrences(&store, memory.as_bytes()), 0);
        assert_eq!(assert_whole(&store).tombstones, 0);
        let session = store.open_session("s").unwrap();
        let stand_in = b"[purged: a key slipped in]";
        assert_eq!(session.read_at("leaky", 3).unwrap(), stand_in);
        assert!(session.read_at("leaky", 4).unwrap() == text(7, 63).into_bytes());
        let latest = session.latest().unwrap();
        let last = latest.memories().last().unwrap().unwrap().memory;
        assert_eq!(last.text().as_bytes(), stand_in);
        let again: Vec<_> = session.log().unwrap().map(|entry| entry.unwrap().number).collect();
        assert_eq!(again, log, "every checkpoint is there under its number");
        let fork = store.open_session("born with it").unwrap();
        assert_eq!(fork.read("own").unwrap(), b"file");
        let pins: Vec<_> = fork.pins().unwrap().iter().map(|pin| pin.number).collect();
        assert_eq!(pins, [pinned.number], "a pin goes along with its session's new identity");
    }
    store.open_session("born with it").unwrap().undo().unwrap();
    let after = everything_readable(&store.open_session("s").unwrap());
    for (name, bytes) in without_path(before) {
        // The ids of iterations of other paths rest on nothing that was rewritten.
        assert!(after.get(&name) == Some(&bytes), "{name}");
    }
    assert_eq!(store.purge_matching(SECRET, &rewrite, &mut go_on).unwrap().tombstones, []);
}

#[test]
fn the_id_of_what_was_purged_before_goes_by_a_rewriting_purge_of_the_same() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = store.session("s").unwrap();
    leak(&session, "leaky");
    session.remember(Memory::user(String::from_utf8_lossy(SECRET).into_owned())).unwrap();
    let memory = session.memory_id("1").unwrap();
    session.purge_file("leaky", Some(3), &options(), &mut go_on).unwrap();
    session.purge_memory(memory, &options(), &mut go_on).unwrap();
    assert_eq!(assert_whole(&store).tombstones, 2);
    let id = ObjectId::of_content(&with_secret(&text(7, 62)));
    assert!(occurrences(&store, id.as_bytes()) > 0);

    let rewrite = options().rewrite(true);
    session.purge_file("leaky", Some(3), &rewrite, &mut go_on).unwrap();
    session.purge_memory(memory, &rewrite, &mut go_on).unwrap();

    assert_eq!(occurrences(&store, id.as_bytes()), 0);
    assert_eq!(occurrences(&store, memory.id().as_bytes()), 0);
    assert_eq!(assert_whole(&open(&vfs)).tombstones, 0);
    assert_eq!(session.read_at("leaky", 3).unwrap(), b"[purged: a key slipped in]");
}

/// The text that stands in for what was purged first must not go with what is purged next.
#[test]
fn a_second_rewriting_for_the_same_reason_keeps_what_stands_in_since_the_first() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let rewrite = options().rewrite(true);
    let mut memory = 0;
    for secret in ["one", "two", "three"] {
        let session = store.session("s").unwrap();
        session.write("leaky", secret).unwrap();
        memory = session.remember(Memory::user(secret)).unwrap();
        session.purge_file("leaky", None, &rewrite, &mut go_on).unwrap();
        for number in 1..=memory {
            // A session's identity goes along with its first operation.
            let session = store.open_session("s").unwrap();
            let id = session.memory_id(&number.to_string()).unwrap();
            session.purge_memory(id, &rewrite, &mut go_on).unwrap();
        }
    }
    assert_eq!(memory, 3);
    for store in [store, open(&vfs)] {
        assert_eq!(assert_whole(&store).tombstones, 0);
        store.gc(&GcOptions::new(), &mut go_on).unwrap();
        let session = store.open_session("s").unwrap();
        for number in 1..=3 {
            let bytes = session.read_at("leaky", number).unwrap();
            assert_eq!(bytes, b"[purged: a key slipped in]", "{number}");
            let text = session.memory(number).unwrap().memory.text().into_owned();
            assert_eq!(text.as_bytes(), b"[purged: a key slipped in]");
        }
    }
}

/// What nothing else stands beside goes first, and needs no copies; what stays is copied after it.
#[test]
fn a_purge_that_ends_between_two_groups_of_segments_leaves_tombstones_of_what_is_gone() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = store.session("s").unwrap();
    // In segments of its own.
    let mut secret = bytes(3, 200_000);
    secret.splice(100_000..100_000, SECRET.iter().copied());
    let id = ObjectId::of_content(&secret);
    session.write("leaky", &secret).unwrap();
    session.write("leaky", "clean").unwrap();
    for seed in 10..16 {
        fill(&store, &format!("kept {seed}"), seed);
    }
    // Reading tells how far it is up to a total, and copying beyond that: it ends there.
    let (mut totals, mut copied) = (Vec::new(), 0);
    let stopped = store.purge_matching(SECRET, &options(), &mut |at| {
        totals.push(at.total);
        let is_copying = at.total > totals[0];
        copied += u64::from(is_copying && at.done > totals[0]);
        if copied > 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Io);
    let store = open(&vfs);
    assert!(!store.log().contains(&id).unwrap(), "the first group is to go before the end");
    assert_eq!(store.read_content(ContentId::new(id)).unwrap_err().kind(), ErrorKind::Purged);
    let report = store.check(&mut go_on).unwrap();
    assert_eq!((report.faults, report.tombstones), (vec![], 1));
    store.gc(&GcOptions::new(), &mut go_on).unwrap();
    assert_eq!(assert_whole(&store).tombstones, 1);
    assert_eq!(store.open_session("s").unwrap().read("leaky").unwrap(), b"clean");
}

/// What another process does to lead to a checkpoint of old history.
type Newcomer = fn(&Session, CheckpointId, &std::path::Path) -> Result<()>;

const NEWCOMERS: [(&str, Newcomer); 4] = [
    ("fork", |session, old, _| session.fork_at("fork", old).map(drop)),
    ("pin", |session, old, _| session.pin(old).map(drop)),
    ("checkout", |session, old, room| session.checkout(Some(old), room).map(drop)),
    // Whoever looked before the rewriting and commits after it.
    ("late", |session, old, _| {
        session.store().read_node(&old.id())?;
        let mut batch = session.store().batch();
        batch.set_ref("host/late", Expected::Absent, Some(old.id()));
        batch.commit()
    }),
];

#[test]
fn whoever_leads_to_old_history_while_it_is_rewritten_never_leads_to_a_hole() {
    for (what, newcomer) in NEWCOMERS {
        let (mut refused, mut purged) = (0, 0);
        for call in 0.. {
            let vfs = MemoryVfs::default();
            let store = open(&vfs);
            leak(&store.session("s").unwrap(), "leaky");
            let room = tempfile::tempdir().unwrap();
            // It read the session before, and does not look again.
            let other = open(&vfs).open_session("s").unwrap();
            let old = other.checkpoint("3").unwrap();
            let rewrite = options().everywhere(true).rewrite(true);
            let head = store.reference("session/s").unwrap();
            let mut calls = 0;
            let outcome = store.purge_matching(SECRET, &rewrite, &mut |_| {
                if calls == call {
                    let came = newcomer(&other, old, room.path());
                    // In the end the old history is gone.
                    assert!(came.is_ok() || call > 0, "{what}: {came:?}");
                }
                calls += 1;
                ControlFlow::Continue(())
            });
            let store = open(&vfs);
            assert_eq!(assert_whole(&store).tombstones, 0, "{what}, {call}");
            match outcome {
                Ok(report) => {
                    assert_eq!(report.tombstones.len(), 1);
                    assert_eq!(occurrences(&store, SECRET), 0, "{what}, {call}");
                    purged += 1;
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Conflict, "{what}, {call}: {error}");
                    assert!(error.to_string().contains("again"), "{error}");
                    refused += 1;
                    // While it is read there is time to do nothing at all.
                    let is_untouched = store.reference("session/s").unwrap() == head;
                    assert_eq!(is_untouched, call == 0, "{what}, {call}: {error}");
                    // As it says.
                    let again = store.purge_matching(SECRET, &rewrite, &mut go_on).unwrap();
                    assert_eq!(again.tombstones.len(), 1, "{what}, {call}");
                    assert_eq!(occurrences(&store, SECRET), 0, "{what}, {call}");
                    assert_eq!(assert_whole(&store).tombstones, 0);
                }
            }
            if calls <= call {
                break;
            }
        }
        let least = if what == "late" { 2 } else { 1 };
        assert!(refused >= least && purged > 0, "{what}: {refused} refused, {purged} purged");
    }
}
