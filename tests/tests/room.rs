//! A full disk: it is told with what to do about it, and that works with no byte left.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use partita::history::Trim;
use partita::plumbing::Expected;
use partita::upkeep::{GcOptions, PurgeOptions};
use partita::{ErrorKind, Result, Store, StoreOptions, Timestamp};
use partita_tests::command::Partita;
use partita_tests::crash::walk::{Limits, walk};
use partita_tests::crash::{Stage, Workload, entropy};
use partita_tests::random::Random;
use partita_tests::vfs::Recorder;

/// A file system of its own, of so many MiB.
struct Mounted {
    dir: tempfile::TempDir,
}

impl Mounted {
    /// Mounts one, or says why that cannot be.
    fn new(mib: u64) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let size = format!("size={mib}m,nr_inodes=10k");
        let mut mount = Command::new("mount");
        let mount = mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(dir.path()).output();
        match mount {
            Ok(output) if output.status.success() => Some(Mounted { dir }),
            Ok(output) => {
                let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                println!("skipped on a real file system, it cannot be mounted here: {why}");
                None
            }
            Err(error) => {
                println!("skipped on a real file system, it cannot be mounted here: {error}");
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Takes every byte that is left.
    fn fill(&self) {
        let path = self.path().join("ballast");
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
        for size in [64 << 10, 4 << 10, 1] {
            while file.write_all(&vec![7; size]).is_ok() {}
        }
        assert_eq!(self.free(), 0);
    }

    /// Free bytes.
    fn free(&self) -> u64 {
        let mut df = Command::new("df");
        let output = df.args(["--output=avail", "-B1"]).arg(self.path()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().nth(1).unwrap().trim().parse().unwrap()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

fn noise(number: usize, len: usize) -> Vec<u8> {
    Random::new(number as u64).bytes(len)
}

fn file(dir: &Path, bytes: &[u8]) -> PathBuf {
    let path = dir.join("file");
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Writes one path again and again, until there is no room.
fn write_until_full(partita: &Partita, session: &str, bytes: usize) -> String {
    for number in 0.. {
        let outcome = partita.write(session, "grows", &noise(number, bytes));
        if outcome.code != Some(0) {
            return outcome.failure();
        }
    }
    unreachable!()
}

#[test]
fn on_a_real_disk_without_a_byte_left_a_trim_and_gc_free_room_and_the_message_says_so() {
    let Some(disk) = Mounted::new(20) else { return };
    let other = tempfile::tempdir().unwrap();
    let partita = Partita::at(disk.path().join("store"));
    let kept = noise(1, 300_000);
    partita.write("kept", "a", &kept).success();
    let error = write_until_full(&partita, "old", 200_000);
    for step in ["disk is full", "gc", "trim", "refresh"] {
        assert!(error.contains(step), "{error}");
    }
    disk.fill();
    partita.ok(["trim", "old", "--keep", "1"]);
    disk.fill();
    partita.ok(["refresh", "old"]);
    disk.fill();
    partita.ok(["trim", "old", "--keep", "1"]);
    disk.fill();
    partita.ok(["gc"]);
    assert!(disk.free() > 4 << 20, "{} bytes are free", disk.free());
    partita.ok(["check"]);
    assert_eq!(partita.ok(["cat", "kept", "a"]), kept);
    let path = file(other.path(), b"afterwards");
    partita.ok(["write", "kept", "b", path.to_str().unwrap()]);
}

#[test]
fn on_a_real_disk_without_a_byte_left_a_deleted_session_and_a_purge_free_room() {
    let Some(disk) = Mounted::new(20) else { return };
    let other = tempfile::tempdir().unwrap();
    let partita = Partita::at(disk.path().join("store"));
    for number in 0..3 {
        partita.write("kept", &format!("file-{number}"), &noise(number, 400_000)).success();
        partita.write("gone", &format!("file-{number}"), &noise(10 + number, 400_000)).success();
    }
    partita.write("kept", "secret", &noise(99, 100_000)).success();
    disk.fill();
    partita.ok(["purge", "kept", "secret", "--reason", "it slipped in"]);
    let freed = disk.free();
    assert!(freed > 50_000, "{freed} bytes are free");
    disk.fill();
    partita.ok(["delete", "gone"]);
    disk.fill();
    partita.ok(["gc", "--keep", "0d"]);
    assert!(disk.free() > 500_000, "{} bytes are free", disk.free());
    partita.ok(["check"]);
    for number in 0..3 {
        let bytes = partita.ok(["cat", "kept", &format!("file-{number}")]);
        assert_eq!(bytes, noise(number, 400_000));
    }
    let path = file(other.path(), b"afterwards");
    partita.ok(["write", "kept", "b", path.to_str().unwrap()]);
}

fn options() -> StoreOptions {
    Store::options().reserve(true).segment_bytes(64 << 10).bulk_bytes(96 << 10)
}

fn open(medium: &Recorder) -> Store {
    options().open_vfs(Arc::new(medium.process())).unwrap()
}

fn fill(medium: &Recorder) {
    medium.set_capacity(Some(medium.disk().used()));
}

fn go_on<T>(_: T) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A store with garbage in log segments and in data segments, beside what stays.
fn store_with_garbage() -> (Recorder, Vec<Vec<u8>>) {
    let medium = Recorder::new();
    let store = open(&medium);
    let (kept, gone) = (store.session("kept").unwrap(), store.session("gone").unwrap());
    let mut bytes = Vec::new();
    for number in 0..12 {
        let large = if number % 4 == 3 { 120_000 } else { 9_000 };
        bytes.push(noise(number, large));
        kept.write(format!("file-{number}"), &bytes[number]).unwrap();
        gone.write(format!("file-{number}"), noise(100 + number, large)).unwrap();
        gone.write("grows", noise(200 + number, 5_000)).unwrap();
    }
    drop((kept, gone, store));
    (medium, bytes)
}

fn assert_kept(store: &Store, bytes: &[Vec<u8>]) {
    let kept = store.open_session("kept").unwrap();
    for (number, bytes) in bytes.iter().enumerate() {
        assert!(kept.read(format!("file-{number}")).unwrap() == *bytes, "file {number}");
    }
    let report = store.check(&mut go_on).unwrap();
    assert_eq!(report.faults, Vec::new());
}

#[test]
fn a_full_medium_lets_whatever_frees_room_run_with_any_number_of_bytes_left() {
    for left in [0, 1, 300, 5_000, 20_000, 70_000] {
        let (medium, bytes) = store_with_garbage();
        let fill = || medium.set_capacity(Some(medium.disk().used() + left));
        let store = open(&medium);
        fill();
        store.open_session("gone").unwrap().trim(Trim::Keep(3)).unwrap();
        fill();
        let options = PurgeOptions::new("it slipped in");
        let report = store.purge_matching(&noise(100, 40), &options, &mut go_on).unwrap();
        assert_eq!(report.tombstones.len(), 1, "{left} bytes left");
        fill();
        store.delete_session("gone").unwrap();
        fill();
        let before = medium.disk().used();
        let report = store.gc(&GcOptions::new().keep(Duration::ZERO), &mut go_on).unwrap();
        assert!(report.freed() > 100_000, "{left} bytes left: {report:?}");
        let after = medium.disk().used();
        assert!(after + 100_000 < before, "{left} bytes left: {before} bytes, then {after}");
        store.open_session("kept").unwrap().write("after", "there is room again").unwrap();
        drop(store);
        medium.set_capacity(None);
        assert_kept(&open(&medium), &bytes);
    }
}

#[test]
fn a_write_on_a_full_medium_names_what_to_do_and_takes_nothing_of_the_reserve() {
    let (medium, bytes) = store_with_garbage();
    let store = open(&medium);
    fill(&medium);
    let reserve = |medium: &Recorder| {
        let disk = medium.disk();
        ["store/reserve", "store/reserve-commits"].map(|name| disk.file(name).map(<[u8]>::len))
    };
    let before = reserve(&medium);
    assert!(before.iter().all(Option::is_some), "{before:?}");
    let error = store.open_session("kept").unwrap().write("new", noise(7, 90_000)).unwrap_err();
    assert!([ErrorKind::Io, ErrorKind::Indeterminate].contains(&error.kind()), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("`gc`") && text.contains("`trim`") && text.contains("`refresh`"),
        "{text}"
    );
    assert_eq!(reserve(&medium), before);
    drop(store);
    assert_kept(&open(&medium), &bytes);
}

#[test]
fn without_a_reserve_a_full_medium_stops_what_frees_room() {
    let (medium, _) = store_with_garbage();
    let store = open(&medium);
    for name in ["reserve", "reserve-commits"] {
        partita::vfs::Vfs::remove(&medium, name).unwrap();
    }
    fill(&medium);
    let error = store.gc(&GcOptions::new(), &mut go_on).unwrap_err();
    assert!(error.to_string().contains("disk is full"), "{error}");
}

/// Segments that need no copies go first; what is purged may stand in one that cannot follow.
#[test]
fn a_rewriting_purge_that_has_no_room_to_copy_all_that_stays_is_not_done_and_says_so() {
    let secret = noise(100, 40);
    for left in [Some(60_000), None] {
        let (medium, bytes) = store_with_garbage();
        let store = options().reserve(false).open_vfs(Arc::new(medium.process())).unwrap();
        for name in ["reserve", "reserve-commits"] {
            partita::vfs::Vfs::remove(&medium, name).unwrap();
        }
        // One segment of what is purged and of much that stays, and one of garbage alone.
        let session = store.session("other").unwrap();
        let written = session.batch(|batch| {
            batch.write("large", noise(300, 600_000))?;
            batch.write("leaky", noise(100, 5_000))
        });
        written.unwrap();
        for held in [true, false] {
            let mut batch = store.batch();
            let id = batch.put_content(noise(400, 150_000), None).unwrap().id();
            batch.set_ref("scratch", Expected::Any, held.then_some(id));
            batch.commit().unwrap();
        }
        let options = PurgeOptions::new("it slipped in").everywhere(true).rewrite(true);
        let mut begun = 0;
        let outcome = store.purge_matching(&secret, &options, &mut |at| {
            // History is rewritten between the two readings.
            begun += u32::from(at.done == 0);
            if begun == 2 {
                let room = left.map(|left| medium.disk().used() + left);
                medium.set_capacity(room);
                begun += 1;
            }
            ControlFlow::Continue(())
        });
        medium.set_capacity(None);
        drop((session, store));
        let is_there = medium
            .disk()
            .files()
            .any(|(_, bytes)| bytes.windows(secret.len()).any(|window| window == secret));
        assert_eq!((outcome.is_err(), is_there), (left.is_some(), left.is_some()), "{outcome:?}");
        if let Err(error) = outcome {
            assert_eq!(error.kind(), ErrorKind::Io);
            assert!(error.to_string().contains("no room"), "{error}");
        }
        assert_kept(&open(&medium), &bytes);
    }
}

/// The last bytes go to a collection, whatever crashes meanwhile.
struct Full;

impl Workload for Full {
    fn name(&self) -> &'static str {
        "full"
    }

    fn options(&self) -> StoreOptions {
        let options = Store::options().reserve(true).segment_bytes(4 << 10).bulk_bytes(8 << 10);
        options.entropy(entropy::fill).clock(|| Timestamp::from_millis(0))
    }

    fn content(&self, number: usize) -> Vec<u8> {
        noise(number, 1_500)
    }

    fn run(&self, stage: &Stage<'_>) -> Result<()> {
        let store = stage.open(&stage.vfs)?;
        for number in 1..=3 {
            stage.commit(&store, number)?;
        }
        let mut batch = store.batch();
        let id = batch.put_content(noise(500, 3_000), None)?.id();
        batch.set_ref("scratch", Expected::Any, Some(id));
        batch.commit()?;
        let mut batch = store.batch();
        batch.set_ref("scratch", Expected::Any, None);
        batch.commit()?;
        drop(store);
        let store = stage.open(&stage.vfs)?;
        fill(&stage.vfs);
        store.gc(&GcOptions::new(), &mut go_on)?;
        stage.vfs.set_capacity(None);
        stage.commit(&store, 4)
    }
}

#[test]
fn a_crash_while_the_reserve_is_spent_loses_nothing() {
    let tour = walk(&Full, Recorder::new, Limits { states: 600, seed: 1 }).unwrap();
    assert!(tour.points > 20 && tour.states >= 300, "{tour:?}");
}
