//! Random trees, random changes, captures at random moments, undo, forks, restores and checkouts into
//! old and fresh directories, against copies that know nothing of ours.

use super::*;
use std::collections::HashMap;

use crate::id::CheckpointId;
use crate::session::RestoreScope;

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % end as u64) as usize
    }
}

const NAMES: [&str; 8] = ["a", "b", "c.rs", "d", "e f", "\u{e9}", "z.log", "run"];

fn path(random: &mut Random) -> String {
    let depth = 1 + random.below(3);
    let parts: Vec<&str> = (0..depth).map(|_| NAMES[random.below(NAMES.len())]).collect();
    parts.join("/")
}

/// Changes something in a directory as a command would; what the system refuses is no change.
fn change(directory: &Path, random: &mut Random) {
    let at = |path: String| directory.join(path);
    let (one, other) = (at(path(random)), at(path(random)));
    let text = || "line\n".repeat(3);
    match random.below(10) {
        0..=3 => {
            if let Some(above) = one.parent() {
                let _ = fs::create_dir_all(above);
            }
            let body = format!("{}{}\n", text(), random.below(4));
            let _ = fs::write(&one, body);
        }
        4 => {
            // As editors save.
            let aside = at("saving".to_owned());
            fs::write(&aside, format!("saved {}\n", random.below(9))).unwrap();
            if fs::rename(&aside, &one).is_err() {
                fs::remove_file(&aside).unwrap();
            }
        }
        5 => drop(fs::rename(&one, &other)),
        6 => drop(fs::remove_file(&one)),
        7 => drop(fs::remove_dir_all(&one)),
        8 => drop(std::os::unix::fs::symlink(NAMES[random.below(NAMES.len())], &one)),
        _ => {
            if one.is_file() && !one.is_symlink() {
                let mode = if random.below(2) == 0 { 0o755 } else { 0o644 };
                fs::set_permissions(&one, fs::Permissions::from_mode(mode)).unwrap();
            }
        }
    }
}

fn run(seed: u64) {
    let mut random = Random(seed);
    let bench = Bench::new();
    let mut session = bench.session();
    let mut copies: HashMap<CheckpointId, Tree> = HashMap::new();
    let mut forks = 0;
    for step in 0..60 {
        for _ in 0..random.below(4) {
            change(&bench.dir(), &mut random);
        }
        let workspace = session.workspace(bench.dir());
        let doing = random.below(8);
        match doing {
            0..=3 => {
                let before = on_disk(&bench.dir());
                let status = workspace.status().unwrap();
                let capture = workspace.capture().unwrap();
                assert_eq!(on_disk(&bench.dir()), before, "seed {seed}, step {step}");
                assert_eq!(status.changes, capture.changes, "seed {seed}, step {step}");
                assert_eq!(now(&session), before, "seed {seed}, step {step}");
                if let Some(checkpoint) = capture.checkpoint() {
                    copies.insert(checkpoint.id, now(&session));
                }
                assert!(workspace.capture().unwrap().is_unchanged(), "seed {seed}, step {step}");
            }
            4 => {
                workspace.capture().unwrap();
                if session.undo().is_ok() {
                    exact(&bench, &session, seed, step);
                }
            }
            5 => {
                workspace.capture().unwrap();
                let ids: Vec<CheckpointId> = copies.keys().copied().collect();
                if let Some(&id) = ids.get(random.below(ids.len().max(1)))
                    && session.at(id).is_ok()
                {
                    session.restore_checkpoint(id, RestoreScope::Files).unwrap();
                    assert_eq!(now(&session), copies[&id], "seed {seed}, step {step}");
                    exact(&bench, &session, seed, step);
                }
            }
            6 => {
                workspace.capture().unwrap();
                forks += 1;
                session = session.fork(&format!("fork{forks}")).unwrap();
                exact(&bench, &session, seed, step);
            }
            _ => {
                let fresh = bench.room.path().join(format!("fresh{step}"));
                session.checkout(None, &fresh).unwrap();
                assert_eq!(on_disk(&fresh), now(&session), "seed {seed}, step {step}");
                fs::remove_dir_all(&fresh).unwrap();
            }
        }
    }
    for (id, copy) in &copies {
        if let Ok(state) = session.at(*id) {
            assert_eq!(in_session(&state), *copy, "seed {seed}");
        }
    }
    assert!(bench.store.check(&mut crate::store::go_on).unwrap().is_ok());
}

/// Checks the session out, after which the directory is what the session has, and a capture finds
/// nothing.
fn exact(bench: &Bench, session: &Session, seed: u64, step: usize) {
    let workspace = session.workspace(bench.dir());
    workspace.checkout(None).unwrap();
    assert_eq!(on_disk(&bench.dir()), now(session), "seed {seed}, step {step}");
    assert!(workspace.capture().unwrap().is_unchanged(), "seed {seed}, step {step}");
}

#[test]
fn bytes_modes_and_links_equal_an_independent_copy() {
    for seed in 0..25 {
        run(seed);
    }
}
