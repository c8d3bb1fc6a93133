use super::*;

fn names(vfs: &MemoryVfs, directory: &str) -> Vec<String> {
    vfs.list(directory).unwrap()
}

fn contents(vfs: &MemoryVfs, name: &str) -> Vec<u8> {
    let file = vfs.open(name, false).unwrap();
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_at(&mut bytes, 0).unwrap();
    bytes
}

fn all_files(vfs: &MemoryVfs) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for directory in ["segments", "quarantine"] {
        for name in names(vfs, directory) {
            let path = format!("{directory}/{name}");
            all.insert(path.clone(), contents(vfs, &path));
        }
    }
    all
}

pub(super) fn recover(vfs: &MemoryVfs) -> Result<RecoverReport> {
    let options = Store::options().segment_bytes(32 << 10).bulk_bytes(64 << 10);
    options.recover_vfs(Arc::new(vfs.clone()), &mut go_on)
}

/// Every content of every checkpoint that can still be read.
fn readable(store: &Store, name: &str) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let Ok(session) = store.open_session(name) else { return all };
    let Ok(log) = session.log() else { return all };
    for entry in log.map_while(|entry| entry.ok()) {
        let Ok(then) = session.at(entry.id) else { continue };
        for file in then.files().map_while(|file| file.ok()) {
            if let Ok(bytes) = file.read() {
                all.insert(format!("{} {}", entry.number, file.path), bytes);
            }
        }
    }
    all
}

#[test]
fn a_whole_store_is_left_as_it_is() {
    let vfs = MemoryVfs::default();
    fill(&open(&vfs), "s", 1);
    let before = all_files(&vfs);
    let report = recover(&vfs).unwrap();
    assert_eq!((report.lost.len(), report.set_back.len(), report.quarantined.len()), (0, 0, 0));
    assert!(report.objects > 100);
    assert!(all_files(&vfs) == before);
}

#[test]
fn wherever_a_store_is_damaged_recovery_keeps_what_could_be_read_and_deletes_nothing() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    fill(&store, "one", 1);
    fill(&store, "two", 2);
    store.session("one").unwrap().write("last", "word").unwrap();
    drop(store);
    let files = all_files(&vfs);
    let (mut rounds, mut losses) = (0, 0);
    for (path, bytes) in &files {
        let used = bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1;
        for step in 0..7 {
            let copy = MemoryVfs::default();
            for (path, bytes) in &files {
                copy.create_new(path).unwrap().write_at(bytes, 0).unwrap();
            }
            copy.create_new("FORMAT").unwrap().write_at(&contents(&vfs, "FORMAT"), 0).unwrap();
            let at = used * step / 7 + 40.min(used - 1);
            let hole: Vec<u8> = bytes[at..used.min(at + 60)].iter().map(|byte| !byte).collect();
            copy.open(path, true).unwrap().write_at(&hole, at as u64).unwrap();
            let damaged = all_files(&copy);
            let before: Vec<_> =
                match Store::options().read_only(true).open_vfs(Arc::new(copy.clone())) {
                    Ok(store) => ["one", "two"].map(|name| readable(&store, name)).into(),
                    Err(_) => Vec::new(),
                };

            let report = recover(&copy).unwrap_or_else(|error| panic!("{path} {at}: {error}"));

            let store = open(&copy);
            let check = store.check(&mut go_on).unwrap();
            assert_eq!(check.faults, [], "{path} at {at}: {report:?}");
            for (name, before) in ["one", "two"].iter().zip(&before) {
                let after = readable(&store, name);
                for (key, bytes) in before {
                    let is_set_back = report.set_back.iter().any(|ref_| ref_.name.ends_with(name));
                    assert!(after.get(key) == Some(bytes) || is_set_back, "{path} {at}: {key}");
                }
            }
            if !report.quarantined.is_empty() {
                let after = all_files(&copy);
                for to in &report.quarantined {
                    let from = to.replace("quarantine/", "segments/");
                    assert!(after[to] == damaged[&from], "{path} at {at}: {to}");
                }
                store.session("one").unwrap().write("goes", "on").unwrap();
                store.gc(&GcOptions::new(), &mut go_on).unwrap();
                assert!(store.check(&mut go_on).unwrap().is_ok());
            }
            // Run again, it tells the same, and that nothing was left to do.
            let again = recover(&copy).unwrap();
            assert!(again.is_earlier || again.time.is_none());
            assert_eq!((&again.lost, &again.quarantined), (&report.lost, &report.quarantined));
            rounds += 1;
            losses += report.lost.len();
        }
    }
    assert!(rounds > 20 && losses > 20, "{rounds} rounds, {losses} lost");
}

#[test]
fn a_lost_content_has_a_tombstone_until_somebody_brings_it_back() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = store.session("s").unwrap();
    let lost = bytes(5, 9_000);
    session.write("a", &lost).unwrap();
    session.write("a", "2").unwrap();
    drop((session, store));
    let path = format!("segments/{}", names(&vfs, "segments")[0]);
    let file = contents(&vfs, &path);
    let at = file.windows(64).position(|window| *window == lost[1_000..1_064]).unwrap();
    vfs.open(&path, true).unwrap().write_at(&[0; 64], at as u64).unwrap();

    let report = recover(&vfs).unwrap();

    assert_eq!(report.lost.len(), 1, "{report:?}");
    assert_eq!(report.set_back, []);
    let store = open(&vfs);
    let session = store.open_session("s").unwrap();
    assert_eq!(session.read("a").unwrap(), b"2");
    let error = session.read_at("a", 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Purged);
    assert!(error.to_string().contains("was lost to damage"), "{error}");
    assert_eq!(assert_whole(&store).tombstones, 1);
    session.write("b", &lost).unwrap();
    assert!(session.read_at("a", 1).unwrap() == lost);
    assert_eq!(assert_whole(&store).tombstones, 0);
}

fn flip(vfs: &MemoryVfs, path: &str, at: usize) {
    let byte = contents(vfs, path)[at] ^ 1;
    vfs.open(path, true).unwrap().write_at(&[byte], at as u64).unwrap();
}

/// Damages the end of the newest log, so that nothing after its last whole commit is certain.
pub(super) fn flip_the_last_byte(vfs: &MemoryVfs) {
    let path = names(vfs, "segments");
    let path = format!("segments/{}", path.iter().rfind(|name| name.ends_with(".log")).unwrap());
    let bytes = contents(vfs, &path);
    flip(vfs, &path, bytes.iter().rposition(|&byte| byte != 0).unwrap());
}

fn sessions(store: &Store) -> Vec<String> {
    store.sessions().map(|entry| entry.unwrap().name().to_owned()).collect()
}

#[test]
fn a_damaged_marker_of_a_collected_store_costs_no_session() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    for text in ["1", "2", "3"] {
        store.session("a").unwrap().write("f", text).unwrap();
    }
    store.session("b").unwrap().write("g", "4").unwrap();
    store.gc(&GcOptions::new(), &mut go_on).unwrap();
    drop(store);
    let path = format!(
        "segments/{}",
        names(&vfs, "segments").iter().rfind(|name| name.ends_with(".log")).unwrap()
    );
    let bytes = contents(&vfs, &path);
    flip(&vfs, &path, bytes.iter().rposition(|&byte| byte != 0).unwrap());

    let report = recover(&vfs).unwrap();

    assert_eq!((&report.lost, &report.set_back), (&vec![], &vec![]));
    let store = open(&vfs);
    assert_eq!(sessions(&store), ["a", "b"]);
    assert_whole(&store);
    assert_eq!(store.open_session("a").unwrap().read_at("f", 2).unwrap(), b"2");
}

#[test]
fn a_recovery_that_was_killed_goes_on() {
    let vfs = MemoryVfs::default();
    open(&vfs).session("a").unwrap().write("f", "1").unwrap();
    let path = format!("segments/{}", names(&vfs, "segments")[0]);
    let bytes = contents(&vfs, &path);
    flip(&vfs, &path, bytes.iter().rposition(|&byte| byte != 0).unwrap());
    vfs.create_new("segments/new.tmp").unwrap();

    let report = recover(&vfs).unwrap();

    assert_eq!(report.quarantined, [path.replace("segments", "quarantine")]);
    assert_eq!(sessions(&open(&vfs)), ["a"]);
}

fn copy_of(vfs: &MemoryVfs) -> MemoryVfs {
    let copy = MemoryVfs::default();
    for (path, bytes) in all_files(vfs) {
        copy.create_new(&path).unwrap().write_at(&bytes, 0).unwrap();
    }
    copy.create_new("FORMAT").unwrap().write_at(&contents(vfs, "FORMAT"), 0).unwrap();
    copy
}

/// Two writers went on from the same end: one in the segment, one in the next. The first one's
/// commit was acknowledged, and no reader counts it.
#[test]
fn a_commit_behind_the_end_that_the_next_segment_names_comes_back() {
    let vfs = MemoryVfs::default();
    open(&vfs).session("a").unwrap().write("f", "both").unwrap();
    let other = copy_of(&vfs);
    open(&other).session("a").unwrap().write("f", "not counted").unwrap();
    let next = open(&vfs);
    next.log().freeze().unwrap();
    next.session("a").unwrap().write("f", "counted").unwrap();
    drop(next);
    let first = format!("segments/{}", names(&vfs, "segments")[0]);
    assert!(names(&vfs, "segments").len() > 1);
    vfs.remove(&first).unwrap();
    vfs.create_new(&first).unwrap().write_at(&contents(&other, &first), 0).unwrap();
    vfs.remove("mark").ok();

    let report = recover(&vfs).unwrap();

    let store = open(&vfs);
    assert_whole(&store);
    assert_eq!(store.open_session("a").unwrap().read("f").unwrap(), b"counted");
    let [found] = &report.recovered[..] else { panic!("{report:?}") };
    let name = found.name.strip_prefix("session/").unwrap();
    assert!(name.starts_with("recovered/"), "{name}");
    assert_eq!(store.open_session(name).unwrap().read("f").unwrap(), b"not counted");
    assert_eq!(report.unread.len(), 1, "{report:?}");
}

/// What a purge left a tombstone of does not come back, though a copy of it lies in a file that was
/// to go.
#[test]
fn what_was_purged_stays_away_though_a_file_still_holds_it() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = store.session("a").unwrap();
    session.write("f", "the secret").unwrap();
    session.write("f", "no secret").unwrap();
    drop((session, store));
    let before = copy_of(&vfs);
    let store = open(&vfs);
    let options = PurgeOptions::new("slipped in").everywhere(true);
    store.purge_matching(b"the secret", &options, &mut go_on).unwrap();
    drop(store);
    for (path, bytes) in all_files(&before) {
        vfs.create_new(&path).unwrap().write_at(&bytes, 0).unwrap();
    }
    let path = names(&vfs, "segments");
    let path = format!("segments/{}", path.iter().rfind(|name| name.ends_with(".log")).unwrap());
    let bytes = contents(&vfs, &path);
    flip(&vfs, &path, bytes.iter().rposition(|&byte| byte != 0).unwrap());

    let report = recover(&vfs).unwrap();

    assert_eq!((&report.lost, &report.set_back), (&vec![], &vec![]), "{report:?}");
    let store = open(&vfs);
    assert_whole(&store);
    let session = store.open_session("a").unwrap();
    assert_eq!(session.read_at("f", 1).unwrap_err().kind(), ErrorKind::Purged);
    assert_eq!(session.read("f").unwrap(), b"no secret");
}

#[test]
fn a_session_that_was_deleted_stays_deleted_though_its_ref_is_lost() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    store.session("a").unwrap().write("f", "1").unwrap();
    store.session("b").unwrap().write("g", "2").unwrap();
    store.delete_session("b").unwrap();
    store.gc(&GcOptions::new(), &mut go_on).unwrap();
    drop(store);
    // The newest log's base frame is all that names anything.
    let path = names(&vfs, "segments");
    let path = format!("segments/{}", path.iter().rfind(|name| name.ends_with(".log")).unwrap());
    vfs.open(&path, true).unwrap().write_at(&[0; 64], 270).unwrap();

    let report = recover(&vfs).unwrap();

    let store = open(&vfs);
    assert_whole(&store);
    let names = sessions(&store);
    assert_eq!(names.len(), 1, "{names:?}, {report:?}");
    assert!(names[0].starts_with("recovered/"), "{names:?}");
    assert_eq!(store.open_session(&names[0]).unwrap().read("f").unwrap(), b"1");
    assert_eq!(report.recovered.len(), 2, "{report:?}");
    assert!(!report.unread.is_empty());
}

/// The ref that a session got when it was brought back may be lost: the operation says the name.
#[test]
fn a_session_that_was_brought_back_under_a_name_has_it_after_a_recovery() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = store.session("a").unwrap();
    session.write("f", "1").unwrap();
    store.delete_session("a").unwrap();
    store.undelete_session(session.id(), Some("team/b")).unwrap();
    let newest = store.reference("session/team/b").unwrap().unwrap();
    drop((session, store));
    let path = format!("segments/{}", names(&vfs, "segments")[0]);
    let bytes = contents(&vfs, &path);
    let used = bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1;
    let (mut has_newest, mut has_file) = (0, 0);
    for at in used - 600..used {
        let vfs = copy_of(&vfs);
        flip(&vfs, &path, at);
        let report = recover(&vfs).unwrap();
        let store = open(&vfs);
        assert_whole(&store);
        if store.get_node(&newest).unwrap().is_none() {
            continue;
        }
        has_newest += 1;
        assert_eq!(sessions(&store), ["team/b"], "{at} of {used}: {report:?}");
        assert_eq!(store.references("deleted/", None, 9).unwrap(), []);
        // Where an earlier commit is damaged, what goes on from it is unread too, and told.
        if report.unread.len() == 1 {
            has_file += 1;
            let read = store.open_session("team/b").unwrap().read("f");
            assert_eq!(read.unwrap_or_default(), b"1", "{at} of {used}: {report:?}");
        }
    }
    assert!(has_newest > 30 && has_file > 30, "{has_newest} {has_file}");
}

/// Damage in a name that nothing else tells makes no ref that is not told, and no pin, horizon or
/// record of another.
#[test]
fn a_name_that_a_damaged_commit_alone_gives_is_told() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = store.session("a").unwrap();
    session.write("f", "1").unwrap();
    let content = session.write("f", "2").unwrap().entry.content().unwrap();
    let path = format!("segments/{}", names(&vfs, "segments")[0]);
    let used =
        |vfs: &MemoryVfs| contents(vfs, &path).iter().rposition(|&byte| byte != 0).unwrap() + 1;
    let from = used(&vfs);
    session.pin(session.checkpoint("1").unwrap()).unwrap();
    store.session("zqxjkvbw").unwrap().write("g", "3").unwrap();
    let mut batch = store.batch();
    batch.set_ref("host/zqxjkvbw", Expected::Absent, Some(content.id()));
    batch.commit().unwrap();
    let to = used(&vfs);
    let before: BTreeMap<String, ObjectId> =
        store.references("", None, 100).unwrap().into_iter().collect();
    drop((session, store));
    let (mut strangers, mut kept) = (0, 0);
    for at in from..to {
        let copy = copy_of(&vfs);
        let mut byte = [0];
        let file = copy.open(&path, true).unwrap();
        file.read_at(&mut byte, at as u64).unwrap();
        file.write_at(&[byte[0] ^ 1 << (at % 8)], at as u64).unwrap();
        let report = recover(&copy).unwrap();
        let store = open(&copy);
        for (name, id) in store.references("", None, 100).unwrap() {
            if before.contains_key(&name) || ["lost", "recovery"].contains(&&name[..]) {
                kept += usize::from(before.get(&name) == Some(&id));
                continue;
            }
            strangers += 1;
            let is_told = report.recovered.iter().any(|found| found.name == name);
            assert!(is_told, "byte {at}: {name} is new, and {report:?}");
            let is_ours = ["pin/", "horizon/", "checkout/"].iter().any(|of| name.starts_with(of));
            assert!(!is_ours, "byte {at}: {name}");
        }
    }
    assert!(strangers > 10 && kept > 100, "{strangers} {kept}");
}

/// Where damage took the newest iteration of a path and nothing of the state, the path is written,
/// moved and removed as any other.
#[test]
fn a_path_whose_newest_iteration_is_lost_is_written_again() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = store.session("a").unwrap();
    let path = format!("segments/{}", names(&vfs, "segments")[0]);
    session.write("f", "1").unwrap();
    let used =
        |vfs: &MemoryVfs| contents(vfs, &path).iter().rposition(|&byte| byte != 0).unwrap() + 1;
    let from = used(&vfs);
    session.write("f", "2").unwrap();
    let to = used(&vfs);
    session.write("g", "3").unwrap();
    drop((session, store));
    let mut lost = 0;
    for at in from..to {
        let copy = copy_of(&vfs);
        flip(&copy, &path, at);
        recover(&copy).unwrap();
        let store = open(&copy);
        let Ok(session) = store.open_session("a") else { continue };
        let newest = session.history("f").and_then(|mut history| history.next().unwrap());
        if !newest.is_err_and(|error| error.kind() == ErrorKind::Purged) {
            continue;
        }
        lost += 1;
        let written = session.write("f", "4").unwrap();
        assert!(written.number > 2, "byte {at}: {written:?}");
        assert_eq!(session.read_at("f", written.number).unwrap(), b"4");
        let moved = session.rename("f", "h").unwrap();
        assert!(moved.number > written.number);
        session.remove("h").unwrap();
        assert_whole(&store);
    }
    assert!(lost > 8, "{lost}");
}
