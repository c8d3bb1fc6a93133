//! Damage of every sort, while it is closed and while it is open.

use super::*;

/// Closes a catalogue that knows something, lets `hurt` at its directory, and asserts that it then
/// knows nothing, and works.
fn assert_begun_anew(what: &str, hurt: impl FnOnce(&Path)) {
    let directory = tempfile::tempdir().unwrap();
    teach(&store(directory.path()));
    hurt(&directory.path().join("store/catalogue"));
    let store = store(directory.path());
    assert!(!knows(&store), "{what}");
    drop(store);
    assert_works(directory.path());
    let left = names(&directory.path().join("store/catalogue"));
    let tables = left.iter().filter(|name| name.starts_with("table-")).count();
    assert_eq!(tables, 1, "{what}: {left:?}");
}

/// What happens to a file's bytes.
type Damage = fn(&mut Vec<u8>);

/// The path of the table's directory.
fn table(catalogue: &Path) -> PathBuf {
    let name = names(catalogue).into_iter().find(|name| name.starts_with("table-"));
    catalogue.join(name.unwrap())
}

#[test]
fn deleted_while_it_was_closed() {
    assert_begun_anew("all", |catalogue| fs::remove_dir_all(catalogue).unwrap());
    assert_begun_anew("table", |catalogue| fs::remove_dir_all(table(catalogue)).unwrap());
    assert_begun_anew("marker", |catalogue| fs::remove_file(catalogue.join("closed")).unwrap());
}

#[test]
fn deleted_while_it_is_open() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    teach(&store);
    fs::remove_dir_all(directory.path().join("store/catalogue")).unwrap();
    known(&store);
    for round in 0..40u32 {
        let counts: Vec<_> =
            (0..500).map(|number| (id(round * 500 + number + 1_000), exact(9))).collect();
        store.catalogue().set_counts("more", &counts);
    }
    known(&store);
    drop(store);
    assert!(!directory.path().join("store/catalogue").exists());
    assert!(!knows(&self::store(directory.path())));
    assert_works(directory.path());
}

#[test]
fn deleted_while_it_is_open_and_begun_by_another_handle() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (store(directory.path()), store(directory.path()));
    teach(&one);
    fs::remove_dir_all(directory.path().join("store/catalogue")).unwrap();
    two.catalogue().set_counts("o200k", &[(id(3), exact(3))]);
    drop(one);
    assert_eq!(two.catalogue().count("o200k", id(3)), Some(exact(3)));
    drop(two);
    let store = store(directory.path());
    assert_eq!(store.catalogue().count("o200k", id(3)), Some(exact(3)));
    assert_eq!(store.catalogue().count("o200k", id(4)), None);
}

#[test]
fn any_file_of_it_damaged_while_it_was_closed() {
    let directory = tempfile::tempdir().unwrap();
    teach(&store(directory.path()));
    let found = files(&directory.path().join("store/catalogue"));
    let hurt: Vec<PathBuf> = found
        .iter()
        .filter(|(path, _)| !path.ends_with("lock"))
        .map(|(path, _)| {
            path.strip_prefix(directory.path().join("store/catalogue")).unwrap().into()
        })
        .collect();
    assert!(hurt.len() >= 3, "{hurt:?}");
    for which in 0..hurt.len() {
        let damage: [(&str, Damage); 6] = [
            ("its first bit", |bytes| bytes[0] ^= 1),
            ("a bit in its middle", |bytes| {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0x10;
            }),
            ("its last bit", |bytes| *bytes.last_mut().unwrap() ^= 0x80),
            ("cut in half", |bytes| bytes.truncate(bytes.len() / 2)),
            ("empty", Vec::clear),
            ("garbage", |bytes| {
                let mut state = 9u32;
                bytes.fill_with(|| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                });
            }),
        ];
        for (what, damage) in damage {
            assert_begun_anew(&format!("file {which}, {what}"), |catalogue| {
                let (path, mut bytes) = files(catalogue)
                    .into_iter()
                    .filter(|(path, _)| !path.ends_with("lock"))
                    .nth(which)
                    .unwrap();
                damage(&mut bytes);
                fs::write(path, bytes).unwrap();
            });
        }
        assert_begun_anew(&format!("file {which}, removed"), |catalogue| {
            let all = files(catalogue).into_iter();
            let (path, _) = all.filter(|(path, _)| !path.ends_with("lock")).nth(which).unwrap();
            fs::remove_file(path).unwrap();
        });
    }
    assert_begun_anew("a file too many", |catalogue| {
        fs::write(table(catalogue).join("snap.0000000000000001"), "more").unwrap();
    });
}

#[test]
fn damaged_while_it_is_open() {
    for round in 0..4 {
        let directory = tempfile::tempdir().unwrap();
        drop(store(directory.path()));
        let first = store(directory.path());
        teach(&first);
        drop(first);
        let store = store(directory.path());
        store.catalogue().count("o200k", id(0));
        let db = table(&directory.path().join("store/catalogue")).join("db");
        let len = fs::metadata(&db).unwrap().len();
        let file = fs::OpenOptions::new().write(true).open(&db).unwrap();
        match round {
            0 => file.set_len(0).unwrap(),
            1 => file.set_len(len / 2).unwrap(),
            _ => fs::write(&db, vec![0xA5; len as usize]).unwrap(),
        }
        known(&store);
        teach(&store);
        known(&store);
        drop(store);
        // What closing left may be the damage.
        let again = self::store(directory.path());
        known(&again);
        drop(again);
        assert!(self::store(directory.path()).session("s").is_ok());
    }
}

#[test]
fn another_stores() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    teach(&store(one.path()));
    drop(store(two.path()));
    fs::rename(one.path().join("store/catalogue"), two.path().join("store/catalogue")).unwrap();
    assert!(!knows(&store(two.path())));
    assert_works(two.path());
}

#[test]
fn a_copy_of_a_store_with_its_catalogue_knows_what_the_store_knew() {
    let directory = tempfile::tempdir().unwrap();
    teach(&store(directory.path()));
    fs::rename(directory.path().join("store"), directory.path().join("moved")).unwrap();
    assert!(knows(&Store::open(directory.path().join("moved")).unwrap()));
}

#[test]
fn another_version_of_it() {
    for title in ["partita catalogue 2", "partita catalogue 0", "partita catalogue 10"] {
        assert_begun_anew(title, |catalogue| {
            let marker = catalogue.join("closed");
            let text = fs::read_to_string(&marker).unwrap();
            fs::write(&marker, text.replace("partita catalogue 1", title)).unwrap();
        });
    }
}

#[test]
fn a_marker_that_names_what_is_no_table() {
    for name in ["../segments", "table-../../segments", "table-00000000000000zz", ""] {
        assert_begun_anew(name, |catalogue| {
            let marker = catalogue.join("closed");
            let text = fs::read_to_string(&marker).unwrap();
            let line = text.lines().nth(2).unwrap().to_owned();
            fs::write(&marker, text.replace(&line, &format!("table {name}"))).unwrap();
        });
    }
}

#[test]
fn what_else_is_in_its_directory_stays() {
    let directory = tempfile::tempdir().unwrap();
    teach(&store(directory.path()));
    let catalogue = directory.path().join("store/catalogue");
    fs::write(catalogue.join("notes"), "mine").unwrap();
    fs::create_dir(catalogue.join("table-of-mine")).unwrap();
    fs::write(catalogue.join("closed"), "garbage").unwrap();
    let store = store(directory.path());
    assert!(!knows(&store));
    store.catalogue().clear().unwrap();
    assert_eq!(fs::read(catalogue.join("notes")).unwrap(), b"mine");
    assert!(catalogue.join("table-of-mine").exists());
}

#[test]
fn a_file_in_its_place_or_a_directory_in_its_files_places() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    fs::write(directory.path().join("store/catalogue"), "a file").unwrap();
    teach(&store);
    assert!(!knows(&store));
    drop(store);
    assert_eq!(fs::read(directory.path().join("store/catalogue")).unwrap(), b"a file");
    for name in ["lock", "closed"] {
        let directory = tempfile::tempdir().unwrap();
        let store = self::store(directory.path());
        fs::create_dir_all(directory.path().join("store/catalogue").join(name)).unwrap();
        teach(&store);
        knows(&store);
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_its_place_is_not_followed() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let elsewhere = directory.path().join("elsewhere");
    fs::create_dir_all(elsewhere.join("table-0123456789abcdef")).unwrap();
    fs::write(elsewhere.join("closed"), "mine").unwrap();
    std::os::unix::fs::symlink(&elsewhere, directory.path().join("store/catalogue")).unwrap();
    teach(&store);
    assert!(!knows(&store));
    store.catalogue().clear().unwrap();
    assert_eq!(names(&elsewhere), ["closed", "table-0123456789abcdef"]);
}

#[cfg(unix)]
#[test]
fn a_link_in_a_tables_place_takes_nothing_with_it() {
    let directory = tempfile::tempdir().unwrap();
    teach(&store(directory.path()));
    let elsewhere = directory.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("file"), "mine").unwrap();
    let link = directory.path().join("store/catalogue/table-0123456789abcdef");
    std::os::unix::fs::symlink(&elsewhere, link).unwrap();
    let store = store(directory.path());
    store.catalogue().clear().unwrap();
    assert_eq!(names(&elsewhere), ["file"]);
}
