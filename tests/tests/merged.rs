//! A store that holds merges and conflicts, as the first version with them wrote it: read, checked and gone
//! on with for ever. And what the command says of merges.

use std::path::Path;

use partita::merge::{MergeBase, MergeOptions, Resolution};
use partita::upkeep::{GcOptions, go_on};
use partita::{Memory, Session, Store};
use partita_tests::command::Partita;

/// A copy of the store.
fn copied(room: &Path) -> Partita {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/stores/merged");
    Partita::at(data).copy_to(room.join("store"))
}

fn text(session: &Session, path: &str) -> String {
    String::from_utf8(session.read(path).unwrap()).unwrap()
}

const MARKED: &str =
    "one\n<<<<<<< parser@5\nTWO\n||||||| base@3\ntwo\n=======\nzwei\n>>>>>>> printer@7\nthree\n";

#[test]
fn a_store_with_merges_says_what_it_said() {
    let room = tempfile::tempdir().unwrap();
    copied(room.path());
    let store = Store::open(room.path().join("store")).unwrap();
    assert!(store.check(&mut go_on).unwrap().is_ok());
    let both = store.open_session("both").unwrap();
    let state = both.latest().unwrap();
    let paths: Vec<String> = state.files().map(|file| file.unwrap().path.to_string()).collect();
    assert_eq!(paths, ["notes", "run", "src/main.rs"]);
    assert_eq!(text(&both, "notes"), MARKED);
    assert_eq!(text(&both, "src/main.rs").lines().count(), 4);
    let conflict = state.conflicts().next().unwrap().unwrap();
    assert_eq!((&*conflict.path.to_string(), conflict.conflict.marker), ("notes", 7));
    let branches: Vec<_> = (1..=4)
        .map(|number| state.memory_branch(number).unwrap().map(|branch| branch.session))
        .collect();
    assert_eq!(
        branches,
        [None, Some("lexer".into()), Some("lexer".into()), Some("printer".into())]
    );
    let claims = state.claims().unwrap();
    assert_eq!((&*claims[0].text, claims[0].status.name()), ("it lexes", "stale"));
    // The ids of what is stored are part of the format.
    let id = state.checkpoint().unwrap().id.to_string();
    assert_eq!(id, "283e3a897f26b8c3ebf2ffdf8048bb8fa52745b5740b6491abbfb47b4b53152b");
}

#[test]
fn one_goes_on_with_merges_that_are_stored() {
    let room = tempfile::tempdir().unwrap();
    let partita = copied(room.path());
    let store = Store::open(room.path().join("store")).unwrap();
    let open = |name: &str| store.open_session(name).unwrap();
    let (both, lexer) = (open("both"), open("lexer"));
    assert!(!both.merge(&[&lexer], MergeOptions::new()).unwrap().changed);
    lexer.write("src/main.rs", "mod all;\n").unwrap();
    let MergeBase::Checkpoint(base) = both.common_with(&[&lexer]).unwrap() else { panic!() };
    assert_eq!(base.number, 8);
    both.merge(&[&lexer], MergeOptions::new()).unwrap();
    both.resolve("notes", Resolution::Side(1)).unwrap();
    assert_eq!(text(&both, "notes"), "one\nzwei\nthree\n");
    store.gc(&GcOptions::new(), &mut go_on).unwrap();
    assert!(store.check(&mut go_on).unwrap().is_ok());
    both.undo().unwrap();
    drop((both, lexer, store));
    assert_eq!(partita.text(["conflicts", "both"]).lines().count(), 2);
}

#[test]
fn the_command_says_what_collides_and_what_goes_together() {
    let room = tempfile::tempdir().unwrap();
    let partita = Partita::at(room.path().join("store"));
    let dir = room.path().join("dir");
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("run"), "1\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(dir.join("run"), mode).unwrap();
    partita.ok(["capture", "a", dir.to_str().unwrap()]);
    partita.ok(["fork", "a", "b"]);
    partita.write("a", "run", b"ours\n").success();
    partita.write("b", "run", b"theirs\n").success();
    let before = partita.text(["log", "a"]);
    let told = partita.text(["merge", "a", "b", "--plan"]);
    assert!(told.contains("conflict  run") && told.contains("if they were merged"), "{told}");
    assert_eq!(partita.text(["log", "a"]), before);
    let merged = partita.run(["merge", "a", "b"]);
    assert_eq!((merged.code, merged.stderr.lines().count()), (Some(1), 1), "{merged:?}");
    assert!(merged.stderr.contains("1 path is in conflict: run; `partita resolve`"), "{merged:?}");
    // The next one brings nothing, and the conflict is left all the same.
    assert_eq!(partita.run(["merge", "a", "b"]).code, Some(1));
    let text = room.path().join("text");
    std::fs::write(&text, "both\n").unwrap();
    let text = text.to_str().unwrap();
    partita.ok(["resolve", "a", "run", "--file", text]);
    assert!(partita.text(["files", "a"]).starts_with("executable"));
    partita.ok(["merge", "a", "b"]);
    for line in [
        &["merge", "a", "b", "--summary", text][..],
        &["merge", "a", "b", "--dialog", "none", "--summary", text],
        &["merge", "a", "b", "--dialog", "summary"],
        &["resolve", "a", "run", "--side", "0", "--remove"],
        &["merge", "a"],
    ] {
        assert_eq!(partita.run(line).code, Some(2), "{line:?}");
    }
    for (line, told) in [
        (&["merge", "a", "a"][..], "cannot be merged into itself"),
        (&["merge", "a", "b", "b"], "is to be merged twice"),
        (&["merge", "a", "nobody"], "no session"),
        (&["merge", "a", "b", "--into", "b"], "there is a session"),
        (&["resolve", "a", "run", "--base"], "is in no merge conflict"),
        (&["learned", "a", "nobody"], "no session"),
    ] {
        let error = partita.run(line).failure();
        assert!(error.contains(told), "{line:?}: {error}");
    }
}

#[test]
fn processes_that_merge_under_a_summary_at_once_wait_for_each_other() {
    let room = tempfile::tempdir().unwrap();
    let partita = Partita::at(room.path().join("store"));
    let names: Vec<String> = (0..8).map(|number| format!("fork-{number}")).collect();
    let store = Store::open(room.path().join("store")).unwrap();
    let main = store.session("main").unwrap();
    main.remember(Memory::user("Who takes what?")).unwrap();
    for name in &names {
        let fork = main.fork(name).unwrap();
        fork.write(name.as_str(), "1\n").unwrap();
        fork.remember(Memory::user(format!("{name} is done"))).unwrap();
    }
    main.remember(Memory::user("All of it?")).unwrap();
    let text = room.path().join("text");
    std::fs::write(&text, "It is done.\n").unwrap();
    let text = text.to_str().unwrap();
    std::thread::scope(|scope| {
        for name in &names {
            let line = ["merge", "main", name.as_str(), "--dialog", "summary", "--summary", text];
            let partita = &partita;
            scope.spawn(move || partita.ok(line));
        }
    });
    let state = store.open_session("main").unwrap().latest().unwrap();
    assert_eq!(state.files().count(), names.len());
    let view = state.view();
    let shown = view.memories().map(|memory| memory.unwrap().memory.text().into_owned());
    let shown: Vec<String> = shown.collect();
    assert_eq!(
        shown.iter().filter(|text| *text == "It is done.").count(),
        names.len(),
        "{shown:?}"
    );
    assert_eq!(shown.len(), 2 + names.len());
    // One summary stands for one dialog.
    partita.ok(["fork", "main", "left"]);
    partita.ok(["fork", "main", "right"]);
    for name in ["left", "right", "main"] {
        let words = room.path().join(name);
        std::fs::write(&words, format!("{name} has more to say")).unwrap();
        partita.ok(["say", name, "--role", "user", words.to_str().unwrap()]);
    }
    let both = ["merge", "main", "left", "right", "--dialog", "summary", "--summary", text];
    let error = partita.run(both).failure();
    assert!(error.contains("merge one at a time"), "{error}");
}
