//! Several checkouts into one directory at once, and killed ones: one after the other works, and a
//! later one alone is exact.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use partita::{CheckpointId, ErrorKind};
use partita_tests::random::Random;

use super::*;

/// Kills a child once the directory holds so many names, or it has ended.
fn kill_at(child: &mut Child, dir: &Path, names: usize) {
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(20) {
        if std::fs::read_dir(dir).is_ok_and(|names_in| names_in.count() >= names) {
            child.kill().unwrap();
            break;
        }
    }
    child.wait().unwrap();
}

fn start(room: &Room, line: &[&str]) -> Child {
    let mut command = room.command().command(line);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn old_and_new(count: usize) -> (Files, Files) {
    let old = plain((0..count).map(|at| (format!("old{at:04}"), format!("old {at}\n"))));
    let both = (0..20).map(|at| (format!("both/{at}"), format!("old {at}\n")));
    let mut new = plain((0..count / 5).map(|at| (format!("new{at:04}"), format!("new {at}\n"))));
    new.extend(plain((0..20).map(|at| (format!("both/{at}"), format!("new {at}\n")))));
    (old.into_iter().chain(plain(both)).collect(), new)
}

#[test]
fn of_two_checkouts_at_once_one_waits_and_a_later_one_alone_is_exact() {
    let room = Room::new();
    let (old, new) = old_and_new(400);
    room.checkpoint(&old);
    room.checkpoint(&new);
    let dir = room.at("out");
    let mut overlapped = 0;
    for round in 0..8 {
        let _ = std::fs::remove_dir_all(&dir);
        let mut first = start(&room, &["checkout", "s", text(&dir), "--at", "1"]);
        while first.try_wait().unwrap().is_none()
            && !std::fs::read_dir(&dir).is_ok_and(|names| names.count() >= 50)
        {}
        overlapped += u32::from(first.try_wait().unwrap().is_none());
        let second = start(&room, &["checkout", "s", text(&dir), "--at", "2"]);
        for child in [first, second] {
            let ended = child.wait_with_output().unwrap();
            assert!(ended.status.success(), "{round}: {}", String::from_utf8_lossy(&ended.stderr));
        }
        // The second came last, whole.
        assert_exact(&dir, &new, &format!("round {round}"));
        room.command().ok(["checkout", "s", text(&dir)]);
        assert_exact(&dir, &new, &format!("round {round}, alone"));
    }
    assert!(overlapped >= 2, "only {overlapped} of 8 rounds overlapped");
}

#[test]
fn a_checkout_waits_for_another_stores_no_longer_than_it_was_told() {
    let (one, two) = (Room::new(), Room::new());
    let (old, new) = old_and_new(5);
    one.checkpoint(&old);
    two.checkpoint(&new);
    let dir = one.at("out");
    std::fs::create_dir(&dir).unwrap();
    // Whoever holds the directory's own handle holds the directory: there is no file for it.
    let holder = std::fs::File::open(&dir).unwrap();
    holder.lock().unwrap();
    let options = Store::options().create(false).lock_timeout(Duration::from_millis(50));
    let impatient = options.open(two.at("store")).unwrap();
    let begun = Instant::now();
    let error = impatient.open_session("s").unwrap().checkout(None, &dir).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    assert!(error.to_string().contains("another checkout"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_exact(&dir, &Files::new(), "nothing is written meanwhile, and no file locks it");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| one.session().checkout(None, &dir));
        std::thread::sleep(Duration::from_millis(50));
        assert!(!waiting.is_finished());
        holder.unlock().unwrap();
        waiting.join().unwrap().unwrap();
    });
    assert_exact(&dir, &old, "given back");
    // It is given back when all is done, not when the handle goes.
    impatient.open_session("s").unwrap().checkout(None, &dir).unwrap();
}

#[test]
fn threads_and_killed_processes_of_two_stores_leave_what_a_later_checkout_makes_exact() {
    for seed in 0..3 {
        let mut random = Random::new(seed);
        let rooms = [Room::new(), Room::new()];
        let dir = rooms[0].at("out");
        // Of the same paths, for what one store wrote is somebody else's to the other.
        let states: Vec<Vec<(CheckpointId, Files)>> = (rooms.iter().enumerate())
            .map(|(whose, room)| {
                (0..3)
                    .map(|version| {
                        let rows = (0..120).map(|at| {
                            let path = format!("d{}/{at}", at % 5);
                            (path, format!("{whose} {version} {at}\n"))
                        });
                        let files = plain(rows);
                        (room.checkpoint(&files), files)
                    })
                    .collect()
            })
            .collect();
        for _ in 0..6 {
            let kills = random.chance(1, 2);
            std::thread::scope(|scope| {
                for (whose, room) in rooms.iter().enumerate() {
                    let at = (random.below(3) + 1).to_string();
                    let names = random.below(6) + 1;
                    let dir = &dir;
                    let state = states[whose][random.below(3)].0;
                    scope.spawn(move || {
                        let line = ["checkout", "s", text(dir), "--at", &at];
                        let mut child = start(room, &line);
                        if kills {
                            kill_at(&mut child, dir, names);
                        } else {
                            assert!(child.wait().unwrap().success());
                        }
                    });
                    scope.spawn(move || room.session().checkout(Some(state), dir).unwrap());
                }
            });
            let whose = random.below(2);
            let (id, files) = &states[whose][random.below(3)];
            rooms[whose].session().checkout(Some(*id), &dir).unwrap();
            assert_exact(&dir, files, &format!("seed {seed}"));
        }
        for room in &rooms {
            room.command().ok(["check"]);
        }
    }
}

#[test]
fn killed_anywhere_a_later_checkout_alone_is_exact() {
    let room = Room::new();
    let (old, new) = old_and_new(300);
    room.checkpoint(&old);
    room.checkpoint(&new);
    let states = [&old, &new];
    let dir = room.at("out");
    let mut random = Random::new(7);
    for round in 0..14 {
        let (at, names) = (random.below(2), random.below(340) + 1);
        let number = (at + 1).to_string();
        let mut child = start(&room, &["checkout", "s", text(&dir), "--at", &number]);
        if round % 2 == 0 {
            kill_at(&mut child, &dir, names);
        } else {
            std::thread::sleep(Duration::from_millis(random.below(40) as u64));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        if random.chance(1, 2) {
            let at = random.below(2);
            let number = (at + 1).to_string();
            room.command().ok(["checkout", "s", text(&dir), "--at", &number]);
            assert_exact(&dir, states[at], &format!("round {round}"));
        }
    }
    room.command().ok(["checkout", "s", text(&dir)]);
    assert_exact(&dir, &new, "in the end");
    // Nothing was taken for somebody else's.
    assert_eq!(room.command().rows(["kept"]).len(), 0);
}

#[test]
fn on_a_full_disk_a_checkout_fails_and_goes_on_when_there_is_room() {
    let room = Room::new();
    let files = plain((0..60).map(|at| (format!("d{}/{at}", at % 3), "x".repeat(4_000))));
    room.checkpoint(&files);
    let dir = room.at("small");
    std::fs::create_dir(&dir).unwrap();
    let mount = |options: &str| {
        let line = ["-t", "tmpfs", "-o", options, "tmpfs", text(&dir)];
        std::process::Command::new("mount")
            .args(line)
            .output()
            .is_ok_and(|out| out.status.success())
    };
    if !mount("size=96k") {
        eprintln!("not allowed to mount: not tested");
        return;
    }
    let failed = room.session().checkout(None, &dir);
    let grown = mount("remount,size=4m");
    let done = room.session().checkout(None, &dir);
    let found = files_of_directory(&dir);
    let unmounted = std::process::Command::new("umount").arg(&dir).status();
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Io);
    assert!(grown && unmounted.unwrap().success());
    assert_eq!(done.unwrap().overwrite().count(), 0);
    assert_same_files(&found, &files, "once there is room");
    assert_eq!(room.store.kept().unwrap(), []);
}
