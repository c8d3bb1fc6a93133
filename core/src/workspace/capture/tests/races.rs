use super::*;
use std::time::{Duration, Instant};

#[test]
fn what_changes_within_the_clocks_grain_is_seen() {
    let bench = Bench::new();
    bench.write("a", "0000");
    bench.capture();
    let rounds = if cfg!(debug_assertions) { 400 } else { 10_000 };
    for round in 0..rounds {
        // The same size, and as soon as may be after the capture before.
        bench.write("a", format!("{:04}", round % 10_000));
        bench.capture();
        assert_eq!(bench.session().read("a").unwrap(), format!("{:04}", round % 10_000).as_bytes());
    }
}

#[test]
fn a_file_whose_times_are_set_back_is_seen() {
    let bench = Bench::new();
    bench.write("a", "one");
    let times = fs::metadata(bench.at("a")).unwrap().modified().unwrap();
    bench.capture();
    std::thread::sleep(Duration::from_millis(30));
    bench.capture();
    bench.write("a", "two");
    fs::File::options().write(true).open(bench.at("a")).unwrap().set_modified(times).unwrap();
    assert_eq!(paths(bench.capture().changed()), ["a"]);
}

#[test]
fn what_moves_while_it_is_read_is_unstable_or_right_and_then_exact() {
    let bench = Bench::new();
    for at in 0..20 {
        bench.write(&format!("d{at}/f"), "x".repeat(5_000));
    }
    let end = Instant::now() + Duration::from_millis(400);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 0;
            while Instant::now() < end {
                let at = round % 20;
                let len = 1_000 + round % 9_000;
                fs::write(bench.at(&format!("d{at}/f")), "y".repeat(len)).unwrap();
                let _ = fs::rename(bench.at(&format!("d{at}")), bench.at(&format!("e{at}")));
                let _ = fs::rename(bench.at(&format!("e{at}")), bench.at(&format!("d{at}")));
                round += 1;
            }
        });
        scope.spawn(|| {
            while Instant::now() < end {
                let _ = bench.capture();
            }
        });
        scope.spawn(|| {
            let session = bench.session();
            while Instant::now() < end {
                session.remember(crate::object::Memory::user("meanwhile")).unwrap();
                match session.checkout_part(None, bench.dir(), ["d3"]) {
                    Ok(_) => {}
                    Err(error) => assert!(
                        matches!(
                            error.kind(),
                            ErrorKind::Conflict | ErrorKind::NotFound | ErrorKind::Io
                        ),
                        "{error}"
                    ),
                }
            }
        });
    });
    bench.capture();
    assert_same(&now(&bench.session()), &on_disk(&bench.dir()));
    assert!(bench.capture().is_unchanged());
}

#[test]
fn captures_of_two_sessions_and_edits_at_once_end_exactly() {
    let bench = Bench::new();
    for at in 0..30 {
        bench.write(&format!("f{at}"), "0");
    }
    let sessions = [bench.session(), bench.store.session("t").unwrap()];
    let end = Instant::now() + Duration::from_millis(300);
    std::thread::scope(|scope| {
        for session in &sessions {
            scope.spawn(|| {
                while Instant::now() < end {
                    session.workspace(bench.dir()).capture().unwrap();
                }
            });
        }
        let mut round = 0;
        while Instant::now() < end {
            bench.write(&format!("f{}", round % 40), format!("{round}"));
            if round % 5 == 0 {
                let _ = fs::remove_file(bench.at(&format!("f{}", round % 37)));
            }
            round += 1;
        }
    });
    for session in &sessions {
        session.workspace(bench.dir()).capture().unwrap();
        let mut there = now(session);
        // What another session's capture recorded as gone, this one was never told to have had.
        there.retain(|path, _| on_disk(&bench.dir()).contains_key(path));
        assert_eq!(there, on_disk(&bench.dir()));
    }
}

/// How many files a capture reads.
fn read_by(workspace: &Workspace) -> u64 {
    let mut read = 0;
    workspace
        .capture_with(&mut |progress| {
            read = progress.read;
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    read
}

#[test]
fn what_a_checkout_or_a_capture_saw_is_not_read_again() {
    let bench = Bench::new();
    let session = bench.session();
    for at in 0..30 {
        session.write(format!("d{}/f{at}", at % 3), format!("{at}")).unwrap();
    }
    let clock = bench.store.clock_file().unwrap();
    let is_fine = crate::workspace::clock::is_fine(&clock);
    bench.workspace().checkout(None).unwrap();
    let read = read_by(&bench.workspace());
    assert!(!is_fine || read == 0, "{read} files were read");
    std::thread::sleep(Duration::from_millis(30));
    read_by(&bench.workspace());
    assert_eq!(read_by(&bench.workspace()), 0);
    bench.write("d1/f1", "x");
    assert_eq!(read_by(&bench.workspace()), 1);
    bench.workspace().checkout(None).unwrap();
    std::thread::sleep(Duration::from_millis(30));
    read_by(&bench.workspace());
    assert_eq!(read_by(&bench.workspace()), 0);
}

#[test]
fn what_changes_right_after_a_checkout_is_seen() {
    let bench = Bench::new();
    let session = bench.session();
    for round in 0..200 {
        session.write("a", format!("{round:04}")).unwrap();
        bench.workspace().checkout(None).unwrap();
        bench.write("a", format!("{:04}", round + 5_000));
        assert_eq!(paths(bench.capture().changed()), ["a"], "round {round}");
    }
}

/// Directories enough, and deep enough, for a second thread to list some of them.
fn wide(bench: &Bench) {
    for a in 0..24 {
        for b in 0..12 {
            bench.write(&format!("d{a:02}/e{b}/f"), format!("{a} {b}"));
            bench.write(&format!("d{a:02}/e{b}/g/h"), format!("{a}"));
        }
        bench.write(&format!("d{a:02}.txt"), "beside it");
    }
}

#[test]
fn directories_that_are_listed_ahead_are_taken_as_the_others_are() {
    let bench = Bench::new();
    wide(&bench);
    bench.write(".gitignore", "/d03/\nh\n");
    bench.write("d04/.gitignore", "!h\n");
    let expected: Tree = on_disk(&bench.dir())
        .into_iter()
        .filter(|(path, _)| {
            let path = std::str::from_utf8(path).unwrap();
            !path.starts_with("d03/") && (!path.ends_with("/h") || path.starts_with("d04/"))
        })
        .collect();
    bench.capture();
    assert_same(&now(&bench.session()), &expected);
    std::thread::sleep(Duration::from_millis(30));
    assert!(bench.capture().is_unchanged());
    bench.write("d17/e3/f", "other");
    bench.remove("d20/e11/f");
    fs::rename(bench.at("d05/e1"), bench.at("d06/moved")).unwrap();
    let capture = bench.capture();
    assert_eq!(paths(capture.changed()), ["d17/e3/f"]);
    assert_eq!(paths(capture.removed()), ["d20/e11/f"]);
    assert_eq!(capture.renamed()[0].to.to_string(), "d06/moved/f");
    assert!(bench.capture().is_unchanged());
}

#[test]
fn a_tree_that_is_moved_about_while_it_is_listed_ahead_is_exact_in_the_end() {
    let bench = Bench::new();
    wide(&bench);
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 0;
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                round += 1;
                let (from, to) = (bench.at("d10"), bench.at(&format!("moved-{}", round % 3)));
                if fs::rename(&from, &to).is_ok() {
                    let _ = fs::rename(&to, bench.at("d11/within"));
                    let _ = fs::rename(bench.at("d11/within"), &from);
                }
                let _ = fs::remove_dir_all(bench.at("d12/e4"));
                let _ = fs::create_dir_all(bench.at("d12/e4"));
                let _ = fs::write(bench.at("d12/e4/f"), format!("{round}"));
            }
        });
        for _ in 0..30 {
            bench.capture();
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    bench.capture();
    assert_same(&now(&bench.session()), &on_disk(&bench.dir()));
    assert!(bench.capture().is_unchanged());
}
