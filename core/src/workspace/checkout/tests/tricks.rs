//! The tricks of the advisories against git and others: what a hostile session may hold, and what a
//! checkout does with it.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::error::ErrorKind;
use CheckoutAction::LeaveOut;

/// What nobody may have touched.
fn assert_outside_untouched(bench: &Bench) {
    assert_eq!(found(&bench.outside()), things([("secret", text("theirs"))]));
    let room: Vec<_> = fs::read_dir(bench.room.path()).unwrap().collect();
    assert_eq!(room.len(), 2, "something was made beside the directory");
}

#[test]
fn names_with_a_meaning_elsewhere_stay_inside_as_plain_names() {
    let bench = Bench::new();
    let names = [
        "c:x",
        "C:/x",
        "a:$DATA",
        "a::$INDEX_ALLOCATION/x",
        "\\\\server\\share",
        "..\\outside\\secret",
        "x\\..\\..\\y",
        "CON",
        "aux.txt",
        "COM1",
        "dots...",
        "space ",
        "...",
        "-rf",
        "~",
        "~root",
        "$HOME",
        "%00",
        "*",
        "a\nb",
        "a\u{1b}[31mb",
        "\u{202e}txt.exe",
        "\u{2025}/x",
        "\u{ff0e}\u{ff0e}/secret",
    ];
    let wanted = things(names.map(|name| (name, text("x"))));
    bench.checkout(&wanted).unwrap();
    assert_eq!(bench.found(), wanted);
    assert_outside_untouched(&bench);
    bench.checkout(&Things::new()).unwrap();
    assert_eq!(bench.found(), Things::new());
}

#[test]
fn directories_of_git_and_of_ours_are_refused_whatever_stands_below_them() {
    let below = ["", "/hooks/post-checkout", "/config", "/x/y"];
    let names =
        [".git", ".GIT", "git~1", ".git ", ".git::$INDEX_ALLOCATION", ".g\u{200c}it", ".partita"];
    for name in names {
        for below in below {
            for above in ["", "sub/", "a/b/"] {
                let bench = Bench::new();
                let path = format!("{above}{name}{below}");
                for thing in [text("x"), Link(b"../outside".to_vec()), Submodule] {
                    let plan = bench.checkout(&things([(&*path, thing)])).unwrap();
                    assert_eq!(listed(&plan, LeaveOut), [format!("{path} refused")]);
                }
                assert_eq!(bench.found(), Things::new());
            }
        }
    }
}

#[test]
fn a_list_of_modules_is_written_as_a_file_and_refused_as_a_symlink() {
    let bench = Bench::new();
    let as_file = things([(".gitmodules", text("[submodule]"))]);
    bench.checkout(&as_file).unwrap();
    let as_link = things([(".gitmodules", Link(b"elsewhere".to_vec()))]);
    let plan = bench.checkout(&as_link).unwrap();
    assert_eq!(listed(&plan, LeaveOut), [".gitmodules refused"]);
    assert_eq!(bench.found(), as_file);
}

#[test]
fn names_that_fold_to_one_are_two_here_and_a_conflict_where_the_file_system_folds_them() {
    let bench = Bench::new();
    let wanted = things([
        ("A/x", text("1")),
        ("a/x", text("2")),
        ("README", text("1")),
        ("readme", text("2")),
        ("caf\u{e9}", text("1")),
        ("cafe\u{301}", text("2")),
        ("\u{df}", text("1")),
        ("ss", text("2")),
    ]);
    bench.checkout(&wanted).unwrap();
    assert_eq!(bench.found(), wanted);

    // A file system that folds shows what the first made under the name of the second.
    for second in ["file", "link"] {
        let bench = Bench::new();
        let thing = if second == "file" { text("2") } else { Link(b"../outside".to_vec()) };
        let prepared = bench.prepare(&things([("a", thing)])).unwrap();
        bench.write("a/secret", "1");
        assert_eq!(apply(prepared).unwrap_err().kind(), ErrorKind::Conflict, "{second}");
        assert_eq!(bench.found(), things([("a/secret", text("1"))]));
        assert_outside_untouched(&bench);
    }
}

#[test]
fn paths_below_a_links_name_are_left_out_and_never_written_through_it() {
    let bench = Bench::new();
    for (link, below) in [("a", "a/secret"), ("a/b", "a/b/c/secret")] {
        let wanted = things([(link, Link(b"../outside".to_vec())), (below, text("ours"))]);
        // Only a session of an earlier version holds both.
        let asked = bench.asked_loosely(&wanted);
        let plan = apply(Prepared::new(&bench.store, &asked, &bench.dir()).unwrap()).unwrap();
        assert_eq!(listed(&plan, LeaveOut), [format!("{below} blocked")]);
        assert_eq!(bench.found(), things([(link, Link(b"../outside".to_vec()))]));
        assert_outside_untouched(&bench);
    }
    let bench = Bench::new();
    // One after the other: what the first checkout linked is gone before the second writes.
    bench.checkout(&things([("a", Link(b"../outside".to_vec()))])).unwrap();
    bench.checkout(&things([("a/secret", text("ours"))])).unwrap();
    bench.checkout(&things([("a", Link(b"../outside".to_vec()))])).unwrap();
    bench.checkout(&Things::new()).unwrap();
    assert_outside_untouched(&bench);
}

#[test]
fn somebody_who_swaps_a_directory_for_a_link_all_the_time_gets_nothing_outside_written() {
    let bench = Bench::new();
    let rounds = [
        things([("sub/secret", text("1")), ("sub/new", text("1")), ("sub/deep/x", text("1"))]),
        things([("sub/deep/secret", text("2")), ("sub/link", Link(b"x".to_vec()))]),
        Things::new(),
    ];
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (sub, aside) = (bench.at("sub"), bench.dir().join("aside"));
            while !done.load(Ordering::Relaxed) {
                if fs::rename(&sub, &aside).is_ok() {
                    let _ = std::os::unix::fs::symlink("../outside", &sub);
                    std::thread::yield_now();
                    let _ = fs::remove_file(&sub);
                    let _ = fs::rename(&aside, &sub);
                }
            }
        });
        for round in 0..150 {
            if let Err(error) = bench.checkout(&rounds[round % rounds.len()]) {
                assert!(matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Io), "{error}");
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_outside_untouched(&bench);
}

#[test]
fn only_the_executable_bit_is_written_and_the_mask_is_honoured() {
    let bench = Bench::new();
    bench.write("was", "theirs");
    fs::set_permissions(bench.at("was"), fs::Permissions::from_mode(0o6777)).unwrap();
    let wanted =
        things([("was", text("1")), ("plain", text("1")), ("run", Program(b"1".to_vec()))]);
    bench.checkout(&wanted).unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    let mask = mask.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok());
    for (name, asked) in [("was", 0o666), ("plain", 0o666), ("run", 0o777)] {
        let mode = fs::metadata(bench.at(name)).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode & !asked, 0, "{name} has {mode:o}");
        if let Some(mask) = mask {
            assert_eq!(mode, asked & !mask, "{name}");
        }
    }
}
