//! Several processes at once on one store.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use partita::{ErrorKind, Store};
use partita_tests::command::Partita;
use partita_tests::history::import;
use partita_tests::repository::{Repository, Shape};

const EDITS: usize = 120;

/// How much is said while somebody takes everything back.
const SAID: usize = 60;

#[test]
fn two_importers_two_writers_of_one_session_and_a_reader_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    partita.ok(["init"]);
    partita.ok(["new", "shared"]);
    let repositories: Vec<Repository> = (0..2)
        .map(|at| {
            let shape = Shape { seed: 20 + at, commits: 300, files: 50, big_bytes: 1 << 20 };
            Repository::generate(&dir.path().join(format!("repository-{at}")), &shape)
        })
        .collect();
    let done = AtomicBool::new(false);
    let mut kept = Vec::new();
    thread::scope(|scope| {
        let reader = scope.spawn(|| read_until(&partita, &done));
        let importers: Vec<_> = (repositories.iter().enumerate())
            .map(|(at, repository)| {
                let partita = &partita;
                scope.spawn(move || partita.ok(import(&repository.git, &format!("import-{at}"))))
            })
            .collect();
        let partita = &partita;
        let writers: Vec<_> =
            (0..2).map(|at| scope.spawn(move || write_all(partita, at))).collect();
        for importer in importers {
            importer.join().unwrap();
        }
        kept = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
        done.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap() > 0, "the reader never read");
    });

    for (at, repository) in repositories.iter().enumerate() {
        let alone = Partita::at(dir.path().join(format!("alone-{at}")));
        alone.ok(import(&repository.git, "s"));
        assert_eq!(partita.checkpoints(&format!("import-{at}")), alone.checkpoints("s"));
    }
    for at in 0..2 {
        let rows = partita.rows(["history", "shared", &format!("own-{at}.txt")]);
        assert_eq!(rows.len(), EDITS, "writer {at} lost an edit of its own file");
        for edit in 0..EDITS {
            let (path, number) = (format!("own-{at}.txt"), (edit + 1).to_string());
            let bytes = partita.ok(["cat", "shared", &path, "--iteration", &number]);
            assert_eq!(bytes, content(at, edit));
        }
    }
    let rows = partita.rows(["history", "shared", "both.txt"]);
    let both = kept.concat();
    assert_eq!(rows.len(), both.len(), "an acknowledged edit of the shared file is missing");
    let mut found: Vec<_> = (1..=rows.len())
        .map(|at| partita.ok(["cat", "shared", "both.txt", "--iteration", &at.to_string()]))
        .collect();
    let mut expected = both;
    found.sort();
    expected.sort();
    assert!(found == expected, "the shared file's versions are not the acknowledged ones");
    partita.ok(["check"]);
}

fn content(writer: usize, edit: usize) -> Vec<u8> {
    format!("writer {writer}, edit {edit}\n{}", "the same line again\n".repeat(edit % 7)).into()
}

/// Edits a file of its own, where nothing may fail, and one of both, where a conflict may be.
fn write_all(partita: &Partita, writer: usize) -> Vec<Vec<u8>> {
    let mut kept = Vec::new();
    for edit in 0..EDITS {
        let bytes = content(writer, edit);
        partita.write("shared", &format!("own-{writer}.txt"), &bytes).success();
        let outcome = partita.write("shared", "both.txt", &bytes);
        if outcome.code == Some(0) {
            kept.push(bytes);
        } else {
            let error = outcome.failure();
            assert!(error.contains("both.txt"), "{error}");
        }
    }
    kept
}

/// Reads whatever there is; a session that is not there yet is the only excuse.
fn read_until(partita: &Partita, done: &AtomicBool) -> usize {
    let mut reads = 0;
    while !done.load(Ordering::Relaxed) {
        for row in partita.rows(["sessions"]) {
            let name = row["name"].as_str().unwrap();
            let ids = partita.checkpoints(name);
            let Some(latest) = ids.first() else { continue };
            let at = format!("id:{latest}");
            let files = partita.rows(["files", name, "--at", &at]);
            let text = files.iter().find_map(|row| {
                row["path"]
                    .as_str()
                    .filter(|path| path.ends_with(".txt") && !path.contains('\u{fffd}'))
            });
            if let Some(path) = text {
                partita.ok(["cat", name, path, "--at", &at]);
                reads += 1;
            }
        }
        partita.ok(["stats"]);
    }
    partita.ok(["check"]);
    reads
}

#[test]
fn an_edit_that_expects_an_older_iteration_is_a_conflict() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let file = dir.path().join("file");
    std::fs::write(&file, "x").unwrap();
    partita.write("s", "a", b"1").success();
    partita.write("s", "a", b"2").success();
    let file = file.to_str().unwrap();
    let error = partita.refused(["write", "s", "a", file, "--expect", "1"]);
    assert!(error.contains('1') && error.contains('2'), "{error}");
    partita.ok(["write", "s", "a", file, "--expect", "2"]);
    assert_eq!(partita.ok(["cat", "s", "a"]), b"x");
}

#[test]
fn what_was_said_is_acknowledged_though_somebody_takes_it_back_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    partita.ok(["new", "s"]);
    let file = dir.path().join("said");
    let store = Store::open(partita.store()).unwrap();
    let session = store.open_session("s").unwrap();
    let done = AtomicBool::new(false);
    let (said, undone) = thread::scope(|scope| {
        let other = scope.spawn(|| {
            let mut undone = 0;
            while !done.load(Ordering::Relaxed) {
                match session.undo() {
                    Ok(_) => undone += 1,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{error}"),
                }
            }
            undone
        });
        let said: Vec<_> = (0..SAID)
            .map(|at| {
                std::fs::write(&file, format!("text {at}")).unwrap();
                let file = file.to_str().unwrap();
                let said = partita.run(["say", "s", "--role", "user", file, "--json"]);
                done.store(said.code != Some(0), Ordering::Relaxed);
                serde_json::from_slice::<serde_json::Value>(&said.success()).unwrap()
            })
            .collect();
        done.store(true, Ordering::Relaxed);
        (said, other.join().unwrap())
    });
    assert!(undone > SAID / 2, "{undone} of {SAID} were taken back: too few to tell");
    let told: BTreeMap<u64, u64> = said
        .iter()
        .map(|row| (row["number"].as_u64(), row["checkpoint"]["number"].as_u64()))
        .map(|(memory, checkpoint)| (memory.unwrap(), checkpoint.unwrap()))
        .collect();
    assert_eq!(told.len(), SAID, "a number was given twice");
    for (at, (memory, checkpoint)) in told.into_iter().enumerate() {
        let state = session.at(session.checkpoint(&checkpoint.to_string()).unwrap()).unwrap();
        let entry = state.memory(memory).unwrap();
        assert_eq!(entry.memory.text(), format!("text {at}"));
        assert_eq!(said[at]["id"], entry.id.to_string());
    }
}
