//! A session beside a catalogue: the same answers with it, without it, and after whatever happened
//! to it.

use std::path::Path;

use crate::object::{Body, Memory, Part};
use crate::session::{ItemKey, Session};
use crate::store::Store;
use crate::tokens::{Count, Encoding};

/// What depends on the catalogue.
#[derive(Debug, PartialEq)]
struct Answers {
    found: Vec<u64>,
    found_nowhere: Vec<u64>,
    total: Count,
    items: Vec<(ItemKey, Count)>,
    files: u64,
    memories: u64,
}

/// Asks a store that was just opened.
fn answers(path: &Path) -> Answers {
    let store = Store::open(path).unwrap();
    let session = store.open_session("s").unwrap();
    let latest = session.latest().unwrap();
    let found = |text: &str| -> Vec<u64> {
        latest.search(text, None).map(|entry| entry.unwrap().number).collect()
    };
    let account = latest.account(&Encoding::O200k).unwrap();
    let items = account.largest().map(|item| (item.key.clone(), item.count)).collect();
    let entry = store.sessions().next().unwrap().unwrap();
    let sizes = store.session_sizes(&entry).unwrap();
    Answers {
        found: found("STRASSE 7"),
        found_nowhere: found("nowhere"),
        total: account.total(),
        items,
        files: sizes.files,
        memories: sizes.memories,
    }
}

fn fill(session: &Session) {
    for number in 0..30 {
        let call = Part::Call {
            id: format!("c{number}"),
            name: "look_up".into(),
            arguments: Body::new(format!(r#"{{"street": "Strasse {number}"}}"#)),
        };
        session.remember(Memory::user(format!("Where is it? {}", "More. ".repeat(80)))).unwrap();
        session.remember(Memory::assistant("I look.").with_part(call)).unwrap();
        let result = format!("found strasse {}\n", number % 10).repeat(100);
        session.remember(Memory::tool(format!("c{number}"), result)).unwrap();
    }
    session.write("a.rs", "fn parse() {}\n".repeat(40)).unwrap();
}

#[test]
fn answers_are_the_same_with_a_catalogue_without_one_and_after_it_was_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    fill(&Store::open(&path).unwrap().session("s").unwrap());
    let first = answers(&path);
    assert_eq!(first.found.len(), 4, "three results, and the call itself: {first:?}");
    assert_eq!((first.found_nowhere.len(), first.files, first.memories), (0, 1, 90));
    let catalogue = path.join("catalogue");
    assert_eq!(catalogue.exists(), cfg!(feature = "catalogue"));
    assert_eq!(answers(&path), first, "with all of it known");
    if catalogue.exists() {
        for file in walk(&catalogue) {
            std::fs::write(&file, b"not what it was").unwrap();
        }
        assert_eq!(answers(&path), first, "damaged");
        std::fs::remove_dir_all(&catalogue).unwrap();
        assert_eq!(answers(&path), first, "deleted");
    }
    let session = Store::open(&path).unwrap().open_session("s").unwrap();
    session.remember(Memory::user("And strasse 7 once more?")).unwrap();
    drop(session);
    let later = answers(&path);
    assert_eq!((later.found.len(), later.memories), (5, 91), "what came since is found");
}

fn walk(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let (dirs, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.into_iter().chain(dirs.iter().flat_map(|dir| walk(dir))).collect()
}
