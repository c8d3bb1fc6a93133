//! Stores as the operations leave them: small ones, each in another way.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use partita::history::Trim;
use partita::upkeep::{GcOptions, PurgeOptions};
use partita::{Memory, Result, Session, Store, StoreOptions, Timestamp};

use super::room;
use crate::crash::entropy::{self, Source};
use crate::random::Random;
use crate::vfs::{Disk, Recorder};

/// A text that is purged, and must never be read again.
pub const SECRET: &str = "the secret that slipped in, and that nobody is to read any more";

/// A store as some operations leave it.
#[derive(Debug)]
pub struct Layout {
    /// Its name in tables.
    pub name: &'static str,
    /// The medium.
    pub image: Disk,
}

/// How the stores of all layouts are opened.
pub fn options() -> StoreOptions {
    let options = Store::options().segment_bytes(1 << 20).bulk_bytes(64 << 10);
    options.entropy(entropy::fill).clock(|| Timestamp::from_millis(1_700_000_000_000))
}

fn small() -> StoreOptions {
    options().segment_bytes(4 << 10).bulk_bytes(2 << 10)
}

type Make = fn(&Place) -> Result<()>;

/// How many there are.
pub const COUNT: usize = 21;

/// Every layout: its name, and what leaves it.
const ALL: [(&str, Make); COUNT] = [
    ("plain", |place| place.fill(&place.open()?)),
    ("collected", |place| {
        place.fill(&place.open()?)?;
        place.collect()
    }),
    ("collected twice", |place| {
        place.fill(&place.open()?)?;
        place.collect()?;
        place.work(&place.open()?, 1)?;
        place.collect()
    }),
    ("collected, written", |place| {
        place.fill(&place.open()?)?;
        place.collect()?;
        place.work(&place.open()?, 1)
    }),
    ("collected, nothing since", |place| {
        let store = place.open()?;
        place.fill(&store)?;
        store.gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(())).map(drop)
    }),
    ("deleted", |place| {
        place.fill(&place.open()?)?;
        place.open()?.delete_session("b")
    }),
    ("deleted, collected", |place| {
        place.fill(&place.open()?)?;
        place.open()?.delete_session("b")?;
        place.collect()?;
        place.work(&place.open()?, 1)
    }),
    ("expired", |place| {
        let store = place.open()?;
        place.fill(&store)?;
        store.delete_session("b")?;
        let options = GcOptions::new().keep(Duration::ZERO);
        store.gc(&options, &mut |_| ControlFlow::Continue(()))?;
        place.work(&store, 1)
    }),
    ("trimmed", |place| {
        let store = place.open()?;
        place.fill(&store)?;
        store.open_session("a")?.trim(Trim::Keep(3)).map(drop)
    }),
    ("trimmed, collected", |place| {
        let store = place.open()?;
        place.fill(&store)?;
        store.open_session("a")?.trim(Trim::Keep(3))?;
        drop(store);
        place.collect()?;
        place.work(&place.open()?, 1)
    }),
    ("purged", |place| {
        let store = place.open()?;
        place.fill(&store)?;
        store.open_session("a")?.write("leak", SECRET)?;
        place.work(&store, 1)?;
        place.purge(&store, false)?;
        place.work(&store, 2)
    }),
    ("purged by rewriting", |place| {
        let store = place.open()?;
        place.fill(&store)?;
        store.open_session("a")?.write("leak", SECRET)?;
        place.work(&store, 1)?;
        place.purge(&store, true)?;
        place.work(&store, 2)
    }),
    ("rotated", |place| {
        let store = place.open_with(small())?;
        place.fill(&store)?;
        place.work(&store, 1)
    }),
    ("rotated, collected", |place| {
        let store = place.open_with(small())?;
        place.fill(&store)?;
        store.gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(()))?;
        place.work(&store, 1)
    }),
    ("forked", |place| {
        let store = place.open()?;
        place.fill(&store)?;
        let session = store.open_session("a")?;
        session.fork("fork")?.write("own", "of the fork")?;
        let third = session.checkpoint("3")?;
        session.fork_at("older", third)?.write("own", "of the older fork")?;
        drop((session, store));
        place.collect()?;
        place.work(&place.open()?, 1)
    }),
    ("pinned", |place| {
        let store = place.open()?;
        place.fill(&store)?;
        let session = store.open_session("a")?;
        session.pin(session.checkpoint("2")?)?;
        session.trim(Trim::Keep(2))?;
        drop((session, store));
        place.collect()
    }),
    ("renamed", |place| {
        let store = place.open()?;
        place.fill(&store)?;
        store.rename_session("a", "team/renamed")?;
        store.session("a")?.write("another", "of the same name").map(drop)
    }),
    ("checked out", |place| {
        let store = place.open()?;
        place.fill(&store)?;
        room::check_out(&store)?;
        place.work(&store, 1)
    }),
    ("checked out, collected", |place| {
        let store = place.open_with(small())?;
        place.fill(&store)?;
        room::check_out(&store)?;
        drop(store);
        place.collect()?;
        place.work(&place.open()?, 1)
    }),
    ("two logs", |place| {
        let store = place.open()?;
        place.fill(&store)?;
        drop(store);
        // A reader keeps what the log before holds from going away unseen: both logs stay.
        let store = place.open_with(options().segment_bytes(1))?;
        place.work(&store, 1)?;
        drop(store);
        place.work(&place.open()?, 2)
    }),
    ("recovered", |place| {
        place.fill(&place.open()?)?;
        place.collect()?;
        place.work(&place.open()?, 1)?;
        place.damage_the_marker();
        options().recover_vfs(Arc::new(place.vfs.clone()), &mut |_| ControlFlow::Continue(()))?;
        place.work(&place.open()?, 2)
    }),
];

impl Layout {
    /// Makes one of each.
    ///
    /// # Panics
    /// If one cannot be made on a medium that works.
    pub fn all() -> Vec<Layout> {
        ALL.iter()
            .map(|(name, make)| {
                let place = Place { vfs: Recorder::new() };
                let made = Source::new(7).supply(|| make(&place));
                made.unwrap_or_else(|error| panic!("{name}: {error}"));
                Layout { name, image: place.vfs.disk() }
            })
            .collect()
    }
}

/// Where a store is made.
struct Place {
    vfs: Recorder,
}

impl Place {
    fn open(&self) -> Result<Store> {
        self.open_with(options())
    }

    fn open_with(&self, options: StoreOptions) -> Result<Store> {
        options.open_vfs(Arc::new(self.vfs.clone()))
    }

    fn collect(&self) -> Result<()> {
        let store = self.open()?;
        store.gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(())).map(drop)
    }

    fn purge(&self, store: &Store, rewrite: bool) -> Result<()> {
        let options = PurgeOptions::new("it slipped in").everywhere(true).rewrite(rewrite);
        store
            .purge_matching(SECRET.as_bytes(), &options, &mut |_| ControlFlow::Continue(()))
            .map(drop)
    }

    /// Fills a store with three sessions that have something of everything.
    fn fill(&self, store: &Store) -> Result<()> {
        for (name, seed) in [("a", 1), ("b", 2), ("team/c", 3)] {
            let session = store.session(name)?;
            for step in 0..4u64 {
                session.write("src/lib.rs", text(seed, step + 2))?;
                step_of(&session, seed * 100 + step)?;
            }
            session.batch(|batch| {
                batch.write("one", text(seed + 50, 3))?;
                batch.write("two", Random::new(seed).bytes(300))
            })?;
        }
        Ok(())
    }

    /// Goes on in the sessions that there are.
    fn work(&self, store: &Store, round: u64) -> Result<()> {
        for entry in store.sessions() {
            let entry = entry?;
            let session = store.open_session(entry.name())?;
            session.write("src/lib.rs", text(round + 9, 6))?;
            step_of(&session, 1_000 * round + entry.name().len() as u64)?;
        }
        Ok(())
    }

    fn damage_the_marker(&self) {
        let image = self.vfs.disk();
        let log = image.files().filter(|(name, _)| name.ends_with(".log")).last();
        let (name, bytes) = log.expect("a store has a log");
        let at = bytes.iter().rposition(|&byte| byte != 0).expect("a log has bytes");
        let file = partita::vfs::Vfs::open(&self.vfs, &name["store/".len()..], true);
        file.and_then(|file| file.write_at(&[bytes[at] ^ 1], at as u64)).expect("the medium works");
    }
}

fn step_of(session: &Session, step: u64) -> Result<()> {
    match step % 4 {
        0 => session.remember(Memory::user(text(step, 2))).map(drop),
        1 => session.state().put("key", text(step, 1)),
        2 => session.remember(Memory::assistant(text(step, 30))).map(drop),
        _ => session.write(format!("notes/{step}"), Random::new(step).bytes(120)).map(drop),
    }
}

fn text(seed: u64, lines: u64) -> String {
    let mut random = Random::new(seed);
    (0..lines).map(|line| format!("line {line} of {seed} says {:x}\n", random.word())).collect()
}
