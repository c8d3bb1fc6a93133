//! One torture of one store: what it begins with, its eight places, and its end.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use partita::Store;

use super::kills::{Killed, Kills};
use super::place::{Ground, Place};
use super::table::Op;
use super::verify::{Verdict, verify};
use super::watch::OVER;
use super::worker::{self, MERGED, SHARED, shared};
use crate::git::Git;

/// Processes at a time.
const PLACES: usize = 8;

/// Commits of the history that is imported.
const COMMITS: usize = 60;

/// How long a process may live before it counts as one that hangs.
const HANGS: Duration = Duration::from_secs(300);

/// What a round is told.
#[derive(Clone, Debug)]
pub struct Round {
    /// Where it happens; must not exist.
    pub dir: PathBuf,
    /// This program, which is started again as a worker.
    pub own: PathBuf,
    /// The command `partita`.
    pub command: PathBuf,
    /// What chance starts from.
    pub seed: u64,
    /// How long it goes on.
    pub time: Duration,
    /// Operations that are left alone.
    pub without: Vec<Op>,
}

/// What came of a round.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was found.
    pub verdict: Verdict,
    /// Kills.
    pub killed: Killed,
    /// Whether processes may not be watched here, so that none was killed.
    pub unwatched: bool,
    /// How long it went on, and how long the look at it took.
    pub took: (Duration, Duration),
}

impl Round {
    /// Tortures a store and looks at what is left of it.
    pub fn run(&self) -> Outcome {
        let begun = Instant::now();
        let ground = Arc::new(self.prepare());
        let mut reader = Command::new(&self.own);
        reader.arg("watch").arg(&self.dir).stdout(Stdio::null());
        let mut reader = reader.spawn().expect("a process can be started");
        let places: Vec<_> = (0..PLACES)
            .map(|slot| {
                let place = Place::new(ground.clone(), slot, self.seed);
                std::thread::spawn(move || place.live())
            })
            .collect();
        while places.iter().any(|place| !place.is_finished()) {
            std::thread::sleep(Duration::from_millis(50));
            self.look_for_what_hangs(&ground);
        }
        let mut killed = Killed::default();
        for place in places {
            killed.add(place.join().expect("a place does not panic"));
        }
        std::fs::write(self.dir.join(OVER), "").expect("the torture's disk has room");
        reader.wait().expect("it was started");
        let lived = begun.elapsed();
        let verdict = verify(&self.dir, &ground.commits);
        Outcome {
            verdict,
            killed,
            unwatched: ground.unwatched.load(Ordering::Relaxed),
            took: (lived, begun.elapsed() - lived),
        }
    }

    fn prepare(&self) -> Ground {
        for name in ["ledgers", "io", "out", "copies"] {
            std::fs::create_dir_all(self.dir.join(name)).expect("a directory can be made");
        }
        let store = Store::open(worker::store(&self.dir)).expect("a store can be made");
        for at in 0..SHARED {
            store.session(&shared(at)).expect("a session can be made");
        }
        let merged = store.session(MERGED).expect("a session can be made");
        merged.write("first", "1").expect("the torture's disk has room");
        Ground {
            dir: self.dir.clone(),
            own: self.own.clone(),
            command: self.command.clone(),
            until: Instant::now() + self.time,
            stop: AtomicBool::new(false),
            unwatched: AtomicBool::new(false),
            without: self.without.clone(),
            kills: Kills::default(),
            shared: RwLock::new(()),
            commits: commits(&self.dir.join("repository")),
            lives: Mutex::new(vec![None; PLACES]),
        }
    }

    /// Ends the torture where a process does not end.
    fn look_for_what_hangs(&self, ground: &Ground) {
        let lives = ground.lives.lock().expect("nobody panics with it");
        for (process, begun) in lives.iter().flatten() {
            if begun.elapsed() > HANGS {
                let dir = self.dir.display();
                panic!("process {process} hangs; the store is in {dir}, seed {}", self.seed);
            }
        }
    }
}

/// Makes a history, if git is there; returns its commits, oldest first.
fn commits(dir: &Path) -> Vec<String> {
    let git = Git::init(dir);
    let mut stream = String::new();
    for at in 0..COMMITS {
        let message = format!("commit {at}\n");
        let number = format!("{at}\n");
        let text = format!("text {at}\n").repeat(at % 7 * 20 + 1);
        stream += &format!(
            "commit refs/heads/main\ncommitter T <t@example.org> {} +0000\ndata {}\n{message}\
             M 100644 inline number\ndata {}\n{number}\nM 100644 inline d{}/f\ndata {}\n{text}\n",
            1_700_000_000 + at,
            message.len(),
            number.len(),
            at % 5,
            text.len(),
        );
    }
    git.fast_import(stream.as_bytes());
    git.first_parents("main")
}
