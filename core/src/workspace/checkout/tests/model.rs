use proptest::prelude::*;

use super::*;
use crate::error::ErrorKind;

const PATHS: [&str; 9] = ["a", "b", "a/x", "a/y", "b/x", "b/x/z", "c", "c/d", "c/d/e"];

#[derive(Clone, Debug)]
enum Step {
    Write(usize),
    Mkdir(usize),
    Link(usize),
    Remove(usize),
    Checkout(Vec<(usize, u8)>, Option<u32>),
}

fn step() -> impl Strategy<Value = Step> {
    let path = || 0..PATHS.len();
    let wanted = prop::collection::vec((path(), 0..5_u8), 0..6);
    let cut = prop_oneof![2 => Just(None), 1 => (0..20_u32).prop_map(Some)];
    prop_oneof![
        2 => path().prop_map(Step::Write),
        1 => path().prop_map(Step::Mkdir),
        1 => path().prop_map(Step::Link),
        1 => path().prop_map(Step::Remove),
        4 => (wanted, cut).prop_map(|(wanted, cut)| Step::Checkout(wanted, cut)),
    ]
}

/// Picks things that can be in one checkpoint together.
fn wanted(rows: &[(usize, u8)]) -> Things {
    let mut wanted = Things::new();
    for (at, kind) in rows {
        let path = PATHS[*at];
        let clashes = wanted.keys().any(|other| {
            let other = std::str::from_utf8(other).unwrap();
            path.starts_with(&format!("{other}/")) || other.starts_with(&format!("{path}/"))
        });
        if !clashes {
            let thing = match kind {
                0 => Link(b"../outside".to_vec()),
                1 => Submodule,
                2 => Program(b"ours".to_vec()),
                kind => text(&format!("ours {kind}")),
            };
            wanted.insert(path.as_bytes().to_vec(), thing);
        }
    }
    wanted
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn whatever_happens_nothing_foreign_is_lost_and_nothing_outside_touched(
        steps in prop::collection::vec(step(), 1..12),
    ) {
        let bench = Bench::new();
        for (count, step) in steps.into_iter().enumerate() {
            match step {
                // Whether a user's own edit succeeds does not matter.
                Step::Write(at) if is_inside(&bench, PATHS[at]) => {
                    let _ = fs::write(bench.at(PATHS[at]), format!("theirs {count}"));
                }
                Step::Mkdir(at) if is_inside(&bench, PATHS[at]) => {
                    let _ = fs::create_dir(bench.at(PATHS[at]));
                }
                Step::Link(at) if !PATHS[at].contains('/') => {
                    let _ = std::os::unix::fs::symlink("../outside", bench.at(PATHS[at]));
                }
                Step::Remove(at) if !PATHS[at].contains('/') => {
                    let _ = fs::remove_file(bench.at(PATHS[at]));
                    let _ = fs::remove_dir_all(bench.at(PATHS[at]));
                }
                Step::Write(_) | Step::Mkdir(_) | Step::Link(_) | Step::Remove(_) => {}
                Step::Checkout(rows, cut) => check(&bench, &wanted(&rows), cut)?,
            }
            prop_assert_eq!(found(&bench.outside()), things([("secret", text("theirs"))]));
        }
    }
}

/// Tells whether an edit at the path stays in the directory, so that the test itself does.
fn is_inside(bench: &Bench, path: &str) -> bool {
    let path = bench.at(path);
    let above = path.parent().unwrap().canonicalize();
    !path.is_symlink()
        && above.is_ok_and(|above| above.starts_with(bench.dir().canonicalize().unwrap()))
}

fn check(bench: &Bench, wanted: &Things, cut: Option<u32>) -> Result<(), TestCaseError> {
    let before = bench.found();
    match bench.prepare(wanted) {
        Ok(mut prepared) => {
            prepared.disk.as_mut().unwrap().changes_left = cut;
            let done = apply(prepared);
            if let Ok(plan) = &done {
                let now = bench.found();
                for (path, thing) in wanted {
                    let is_there = now.get(path) == Some(thing)
                        || *thing == Submodule && bench.dir().join(system_path(path)).is_dir();
                    prop_assert!(is_there, "{:?} {:?}", path, now);
                }
                for step in plan.leave().chain(plan.create()) {
                    prop_assert!(step.kept.is_none());
                }
                prop_assert!(bench.plan(wanted).unwrap().is_empty());
            } else {
                prop_assert!(cut.is_some(), "{:?}", done);
            }
        }
        Err(error) => {
            prop_assert_eq!(error.kind(), ErrorKind::Conflict);
            prop_assert_eq!(&bench.found(), &before);
        }
    }
    let now = bench.found();
    for (path, thing) in before {
        if let Thing::File(bytes) = &thing
            && bytes.starts_with(b"theirs")
            && now.get(&path) != Some(&thing)
        {
            let id = ContentId::new(ObjectId::of_content(bytes));
            prop_assert_eq!(&*bench.store.read_content(id).unwrap(), &bytes[..]);
            prop_assert!(wanted.contains_key(&path));
        }
    }
    Ok(())
}
