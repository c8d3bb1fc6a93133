//! Checkouts of a part: nothing else is touched, and the next whole one is exact.

use super::*;
use crate::error::ErrorKind;
use CheckoutAction::{Create, Delete, Leave, Overwrite};
use proptest::prelude::*;

fn first() -> Things {
    things([
        ("a", text("1")),
        ("src/x", text("1")),
        ("src/y", text("1")),
        ("src/deep/z", text("1")),
    ])
}

fn second() -> Things {
    things([("a", text("2")), ("b", text("2")), ("src/x", text("2")), ("src/new", text("2"))])
}

#[test]
fn a_part_is_exact_and_nothing_else_is_touched() {
    let bench = Bench::new();
    bench.checkout(&first()).unwrap();
    let plan = bench.checkout_part(&second(), &["src"]).unwrap();
    assert_eq!(listed(&plan, Create), ["src/new missing"]);
    assert_eq!(listed(&plan, Overwrite), ["src/x outdated"]);
    assert_eq!(listed(&plan, Delete), ["src/deep/z gone", "src/y gone"]);
    assert_eq!(listed(&plan, Leave), Vec::<String>::new());
    let mixed = things([("a", text("1")), ("src/x", text("2")), ("src/new", text("2"))]);
    assert_eq!(bench.found(), mixed);
    // A later whole one knows both.
    bench.checkout(&things([("c", text("3"))])).unwrap();
    assert_eq!(bench.found(), things([("c", text("3"))]));
}

#[test]
fn one_file_alone_can_be_checked_out_into_an_empty_directory_and_goes_again() {
    let bench = Bench::new();
    bench.checkout_part(&second(), &["src/new", "a"]).unwrap();
    assert_eq!(bench.found(), things([("a", text("2")), ("src/new", text("2"))]));
    bench.checkout_part(&Things::new(), &["src"]).unwrap();
    assert_eq!(bench.found(), things([("a", text("2"))]));
    bench.checkout(&Things::new()).unwrap();
    assert_eq!(bench.found(), Things::new());
}

#[test]
fn a_path_that_nobody_knows_is_an_error() {
    let bench = Bench::new();
    bench.checkout(&first()).unwrap();
    let error = bench.checkout_part(&second(), &["a", "nothing"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("nothing"), "{error}");
    assert_eq!(bench.checkout_part(&second(), &[]).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(bench.found(), first());
    // What was written before and is gone is known.
    bench.checkout_part(&second(), &["src/y"]).unwrap();
    assert!(!bench.at("src/y").exists());
}

#[test]
fn what_others_wrote_in_a_part_is_kept() {
    let bench = Bench::new();
    bench.checkout(&first()).unwrap();
    bench.write("src/x", "theirs");
    bench.write("a", "theirs too");
    let plan = bench.checkout_part(&second(), &["src/x"]).unwrap();
    assert_eq!(bench.kept(&plan), [("src/x".to_owned(), b"theirs".to_vec())]);
    assert_eq!(bench.found()[&b"a"[..]], text("theirs too"));
}

const PATHS: [&str; 8] = ["a", "b", "d/a", "d/b", "d/e/a", "d/e/b", "f/a", "f"];

fn picked(rows: &[(usize, u8)]) -> Things {
    let mut picked = Things::new();
    for (at, version) in rows {
        let path = PATHS[*at];
        let clashes = picked.keys().any(|other| {
            let other = std::str::from_utf8(other).unwrap();
            path.starts_with(&format!("{other}/")) || other.starts_with(&format!("{path}/"))
        });
        if !clashes {
            picked.insert(path.as_bytes().to_vec(), text(&version.to_string()));
        }
    }
    picked
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn after_any_parts_and_cuts_a_lone_whole_checkout_is_exact(
        steps in prop::collection::vec(
            (
                prop::collection::vec((0..PATHS.len(), 0..4_u8), 0..8),
                prop::option::of(prop::collection::vec(0..PATHS.len(), 1..4)),
                prop::option::of(0..12_u32),
            ),
            1..8,
        ),
    ) {
        let bench = Bench::new();
        for (rows, part, cut) in steps {
            let wanted = picked(&rows);
            let mut asked = bench.asked(&wanted);
            if let Some(part) = &part {
                let paths = part.iter().map(|at| FilePath::new(PATHS[*at]).unwrap());
                asked.part = Part::Paths(paths.collect());
            }
            let Ok(mut prepared) = Prepared::new(&bench.store, &asked, &bench.dir()) else {
                continue;
            };
            prepared.disk.as_mut().unwrap().changes_left = cut;
            if apply(prepared).is_err() {
                prop_assert!(cut.is_some());
            } else if part.is_none() {
                prop_assert_eq!(bench.found(), wanted);
            }
        }
        let last = things([("d/a", text("last")), ("f", text("last"))]);
        bench.checkout(&last).unwrap();
        prop_assert_eq!(bench.found(), last);
        bench.checkout(&Things::new()).unwrap();
        prop_assert_eq!(bench.found(), Things::new());
    }
}

#[test]
fn directories_that_a_part_left_empty_go_with_the_next_whole_checkout() {
    for deep in ["d/e/a", "d/b"] {
        let bench = Bench::new();
        bench.checkout(&things([(deep, text("0"))])).unwrap();
        bench.checkout_part(&Things::new(), &[deep]).unwrap();
        assert!(bench.at("d").exists());
        assert!(bench.checkout(&Things::new()).unwrap().is_empty());
        assert!(!bench.at("d").exists(), "{deep}");
        // Somebody else's stay.
        std::fs::create_dir(bench.at("theirs")).unwrap();
        bench.checkout(&Things::new()).unwrap();
        assert!(bench.at("theirs").exists());
    }
}
