//! Eight processes on one store, some of them killed: every acknowledged operation is there, once,
//! in an order that agrees with the clock.
//!
//! A register is a ref to the newest node of a chain; a node names the one before and the text of
//! the operation that set it. Each process notes in a file of its own when it begins an operation,
//! and when and how it ended. The chain and the notes together tell whether the refs behaved as
//! registers with compare-and-set do.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use partita::{ErrorKind, Expected, Kind, Node, Objects, Store};
use partita_tests::random::Random;

const PROCESSES: usize = 8;
const REGISTERS: usize = 3;
/// Operations of one life of a process.
const OPERATIONS: usize = 120;
const KILLS: usize = 12;
const CHAIN: Kind = Kind(40_001);
const DIR: &str = "PARTITA_TORTURE_DIR";
const SELF: &str = "PARTITA_TORTURE_SELF";

/// An operation as its process noted it.
#[derive(Clone, Debug)]
struct Noted {
    began: u128,
    /// When it ended, and whether it was acknowledged.
    ended: Option<(u128, bool)>,
}

fn now() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos()
}

fn note(file: &mut File, line: String) {
    // One write: a kill comes before it or after it.
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// A process of the torture: does nothing unless it was started as one.
#[test]
fn a_process_of_the_torture() {
    let (Ok(dir), Ok(own)) = (std::env::var(DIR), std::env::var(SELF)) else { return };
    let dir = Path::new(&dir);
    let notes = dir.join(format!("notes-{own}"));
    let mut notes = OpenOptions::new().create(true).append(true).open(notes).unwrap();
    let options = Store::options().lock_timeout(Duration::from_secs(120)).segment_bytes(96 << 10);
    let store = options.open(dir.join("store")).unwrap();
    let session = store.session(&format!("own/{}", own.split('-').next().unwrap())).unwrap();
    let mut random = Random::new(std::process::id().into());
    for at in 0..OPERATIONS {
        let text = format!("{own}-{at}");
        if random.chance(1, 4) {
            note(&mut notes, format!("{} begin session {text}", now()));
            session.write("own.txt", format!("{text}\n")).unwrap();
            note(&mut notes, format!("{} done session {text}", now()));
            continue;
        }
        let register = format!("pin/register-{}", random.below(REGISTERS));
        note(&mut notes, format!("{} begin {register} {text}", now()));
        let before = store.reference(&register).unwrap();
        let mut batch = store.batch();
        let refs = before.into_iter().collect();
        let node = Node { kind: CHAIN, version: 1, refs, body: text.clone().into_bytes() };
        let new = batch.put_node(node, before);
        let expected = before.map_or(Expected::Absent, Expected::Id);
        batch.set_ref(&*register, expected, Some(new));
        let said = match batch.commit() {
            Ok(()) => "done",
            Err(error) if error.kind() == ErrorKind::Conflict => "conflict",
            Err(error) => panic!("{error}"),
        };
        note(&mut notes, format!("{} {said} {register} {text}", now()));
    }
}

fn start(dir: &Path, at: usize, life: usize) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["torture::a_process_of_the_torture", "--exact", "--test-threads", "1"]);
    command.env(DIR, dir).env(SELF, format!("{at}-{life}"));
    command.stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn eight_processes_some_of_them_killed_lose_nothing_and_do_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = Random::new(8);
    let mut lives = [0; PROCESSES];
    let mut processes: Vec<Child> = (0..PROCESSES).map(|at| start(dir.path(), at, 0)).collect();
    for _ in 0..KILLS {
        std::thread::sleep(Duration::from_millis(random.between(20, 120) as u64));
        let at = random.below(PROCESSES);
        processes[at].kill().unwrap();
        processes[at].wait().unwrap();
        lives[at] += 1;
        processes[at] = start(dir.path(), at, lives[at]);
    }
    for mut process in processes {
        assert!(process.wait().unwrap().success(), "a process failed");
    }

    let mut noted: BTreeMap<String, BTreeMap<String, Noted>> = BTreeMap::new();
    for (at, last) in lives.iter().enumerate() {
        for life in 0..=*last {
            read_notes(&dir.path().join(format!("notes-{at}-{life}")), &mut noted);
        }
    }
    let sessions = noted.remove("session").unwrap();
    let store = Store::options().read_only(true).open(dir.path().join("store")).unwrap();
    let mut acknowledged = 0;
    for (register, operations) in &noted {
        acknowledged += assert_register(&chain(&store, register), operations);
    }
    assert!(acknowledged > 100, "only {acknowledged} operations were acknowledged");
    assert_sessions(&store, &sessions);
    let report = store.check(&mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    assert!(report.is_ok(), "{report:?}");
}

fn read_notes(path: &Path, noted: &mut BTreeMap<String, BTreeMap<String, Noted>>) {
    // A process that was killed at once left none.
    let text = std::fs::read_to_string(path).unwrap_or_default();
    for line in text.lines() {
        let [time, what, target, text] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line:?}");
        };
        let time: u128 = time.parse().unwrap();
        let of_target = noted.entry(target.to_owned()).or_default();
        if what == "begin" {
            of_target.insert(text.to_owned(), Noted { began: time, ended: None });
        } else {
            of_target.get_mut(text).unwrap().ended = Some((time, what == "done"));
        }
    }
}

/// The texts of a register's chain, oldest first.
fn chain(store: &Store, register: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut at = store.reference(register).unwrap();
    while let Some(id) = at {
        let node = store.get_node(&id).unwrap().expect("the node before is there");
        texts.push(String::from_utf8(node.body.clone()).unwrap());
        at = node.refs.first().copied();
    }
    texts.reverse();
    texts
}

/// Each acknowledged operation is in the chain once, each refused one not at all, each unknown one
/// once at the most; and none that ended before another began comes after it. Returns how many were
/// acknowledged.
fn assert_register(chain: &[String], operations: &BTreeMap<String, Noted>) -> usize {
    let distinct: BTreeSet<&String> = chain.iter().collect();
    assert_eq!(distinct.len(), chain.len(), "an operation was done twice");
    let mut done = 0;
    for (text, noted) in operations {
        match noted.ended {
            Some((_, true)) => {
                assert!(distinct.contains(text), "{text} was acknowledged and is lost");
                done += 1;
            }
            Some((_, false)) => assert!(!distinct.contains(text), "{text} conflicted and is there"),
            None => {}
        }
    }
    let mut latest = 0;
    for text in chain {
        let noted = operations.get(text).expect("nobody else writes");
        latest = latest.max(noted.began);
        if let Some((ended, _)) = noted.ended {
            assert!(latest <= ended, "{text} ended before one began that comes before it");
        }
    }
    done
}

/// The file of each process has every acknowledged version, in the order of its own operations.
fn assert_sessions(store: &Store, operations: &BTreeMap<String, Noted>) {
    for at in 0..PROCESSES {
        let Ok(session) = store.open_session(&format!("own/{at}")) else {
            let own = operations.iter().filter(|(text, _)| text.starts_with(&format!("{at}-")));
            assert!(own.clone().all(|(_, noted)| noted.ended.is_none()), "session {at} is lost");
            continue;
        };
        let history = session.history("own.txt");
        let numbers: Vec<u64> =
            history.into_iter().flatten().map(|info| info.unwrap().number).collect();
        let mut texts: Vec<String> = numbers
            .iter()
            .map(|number| String::from_utf8(session.read_at("own.txt", *number).unwrap()).unwrap())
            .collect();
        texts.reverse();
        let mut own: Vec<_> =
            operations.iter().filter(|(text, _)| text.starts_with(&format!("{at}-"))).collect();
        own.sort_by_key(|(_, noted)| noted.began);
        let mut left = texts.iter().peekable();
        for (text, noted) in own {
            let is_there = left.next_if(|found| found.trim_end() == text).is_some();
            assert!(is_there || noted.ended.is_none(), "{text} was acknowledged and is lost");
        }
        assert_eq!(left.next(), None, "session {at} has what nobody wrote");
    }
}
