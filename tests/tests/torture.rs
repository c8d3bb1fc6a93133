//! The torture's share of every test run, and whether it would see what it is for.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use partita::Store;
use partita_tests::command;
use partita_tests::torture::table::{By, Op, TABLE};
use partita_tests::torture::trace::{Plan, Side, Signs, Watch};
use partita_tests::torture::worker::{FAULTY, Life, UNWATCHED, ledgers, shared, store};
use partita_tests::torture::{Round, verify};

/// How long the share goes on; looking at it takes some seconds more.
const TIME: Duration = Duration::from_secs(100);

const TORTURE: &str = env!("CARGO_BIN_EXE_torture");

#[test]
fn eight_processes_some_of_them_killed_lose_nothing_and_do_nothing_twice() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(13);
    let dir = command::build_directory()
        .join("tmp")
        .join("torture")
        .join(format!("share-{}", std::process::id()));
    let round = Round {
        dir: dir.clone(),
        own: TORTURE.into(),
        command: command::binary().to_owned(),
        seed,
        time: TIME,
        without: Vec::new(),
    };
    let outcome = round.run();
    let (verdict, killed) = (&outcome.verdict, outcome.killed);
    println!("{} acknowledged, {killed:?}, seed {seed}", verdict.acknowledged);
    let place = dir.display();
    assert!(verdict.lost.is_empty(), "the store is in {place}, seed {seed}: {:#?}", verdict.lost);
    assert!(verdict.wrong.is_empty(), "the store is in {place}, seed {seed}: {:#?}", verdict.wrong);
    assert!(verdict.acknowledged > 300, "{} operations were acknowledged", verdict.acknowledged);
    if outcome.unwatched {
        println!("skipped the kills: processes may not be watched here (ptrace)");
    } else {
        assert!(killed.all > 20, "{killed:?}");
        assert!(killed.within * 10 >= killed.all * 6, "{killed:?}");
        let missing: Vec<&str> = TABLE
            .iter()
            .filter(|row| {
                row.changes && row.weight > 2 && !verdict.by_operation.contains_key(&row.op)
            })
            .map(|row| row.name)
            .collect();
        assert!(missing.is_empty(), "never done: {missing:?}");
    }
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn every_operation_has_a_name_of_its_own_and_somebody_who_does_it() {
    for row in TABLE {
        assert_eq!(Op::of_name(row.name), Some(row.op));
        let is_close = row.op == Op::Close;
        assert_eq!(row.weight == 0, is_close, "{}", row.name);
        assert!(row.by != By::Command || !is_close);
    }
}

fn prepare(dir: &Path) {
    std::fs::create_dir_all(ledgers(dir)).unwrap();
    let store = Store::open(store(dir)).unwrap();
    for at in 0..4 {
        store.session(&shared(at)).unwrap();
    }
}

fn life(dir: &Path, life: usize, operations: usize, last: Option<Op>) -> Life {
    let others = [Op::Gc, Op::GcAll, Op::Trim, Op::Fork, Op::ForkAt, Op::Purge, Op::Check];
    Life {
        dir: dir.to_owned(),
        slot: 0,
        life,
        seed: life as u64,
        operations,
        segment_bytes: 96 << 10,
        last,
        without: others.into_iter().filter(|op| Some(*op) != last).collect(),
    }
}

fn worker(life: &Life) -> Command {
    let mut command = Command::new(TORTURE);
    command.arg("worker").args(life.to_arguments()).stdout(Stdio::null());
    command
}

/// Watches a worker; none where that is not allowed.
#[expect(clippy::zombie_processes, reason = "the watch waits for it")]
fn killed(life: &Life, plan: Plan) -> Option<(bool, bool, usize)> {
    let child = worker(life).spawn().unwrap();
    let signs = Signs::Ledger(ledgers(&life.dir).join(life.ledger()));
    let (seen, code) = Watch::new(child.id(), &signs, Some(plan)).run().unwrap();
    assert_ne!(code, Some(FAULTY.into()));
    (code != Some(UNWATCHED.into())).then_some((seen.killed, seen.within, seen.calls))
}

#[test]
fn a_victim_dies_at_the_call_that_it_was_told_and_the_others_lose_nothing() {
    let room = tempfile::tempdir().unwrap();
    let dir = room.path();
    prepare(dir);
    let all = Plan { names: 0, call: usize::MAX, side: Side::Before };
    let Some((true, true, calls)) = killed(&life(dir, 1, 2, Some(Op::Write)), all) else {
        println!("skipped: processes may not be watched here (ptrace)");
        return;
    };
    assert!((2..40).contains(&calls), "{calls} calls");
    let mut lives = 1;
    for call in 1..=calls {
        for side in [Side::Before, Side::Inside, Side::After] {
            lives += 1;
            let plan = Plan { names: 0, call, side };
            let (killed, within, seen) =
                killed(&life(dir, lives, 2, Some(Op::Write)), plan).unwrap();
            // One of fewer calls dies before it acknowledges.
            assert!(killed && within && seen <= call, "{call} {side:?}");
        }
    }
    assert!(worker(&life(dir, lives + 1, 20, None)).status().unwrap().success());
    let verdict = verify(dir, &[]);
    assert!(verdict.is_good(), "{verdict:#?}");
    assert_eq!(verdict.by_operation[&Op::Write][2], lives);
}

fn copy(from: &Path, to: &Path) -> PathBuf {
    command::copy_dir(from, to);
    to.to_owned()
}

/// The oracle must see a store that lacks what was acknowledged, whatever it lacks.
#[test]
fn a_store_that_was_set_back_is_found_out() {
    let room = tempfile::tempdir().unwrap();
    let dir = room.path();
    prepare(dir);
    assert!(worker(&life(dir, 1, 40, None)).status().unwrap().success());
    let before = copy(&store(dir), &dir.join("before"));
    assert!(verify(dir, &[]).is_good());
    std::fs::remove_dir_all(dir.join("collected")).unwrap();
    assert!(worker(&life(dir, 2, 40, None)).status().unwrap().success());
    assert!(verify(dir, &[]).is_good());
    std::fs::remove_dir_all(store(dir)).unwrap();
    std::fs::rename(before, store(dir)).unwrap();
    let verdict = verify(dir, &[]);
    assert!(verdict.lost.len() > 10, "{verdict:#?}");
}

/// And one that holds what nobody did.
#[test]
fn a_change_that_nobody_made_is_found_out() {
    let room = tempfile::tempdir().unwrap();
    let dir = room.path();
    prepare(dir);
    assert!(worker(&life(dir, 1, 20, None)).status().unwrap().success());
    let session = Store::open(store(dir)).unwrap().open_session(&shared(1)).unwrap();
    session.write("f1", "by nobody").unwrap();
    drop(session);
    let verdict = verify(dir, &[]);
    assert_eq!((verdict.lost.len(), verdict.wrong.len()), (0, 1), "{verdict:#?}");
    assert!(verdict.wrong[0].contains("was made by nobody"), "{verdict:#?}");
}
