mod again;
mod crash;
mod kept;
mod left_out;
mod lost;
mod model;
mod parts;
mod promises;
mod tricks;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::part::Part;
use super::prepared::{Asked, Prepared};
use super::{CheckoutAction, CheckoutPlan};
use crate::error::{Error, Result};
use crate::id::{CheckpointId, ContentId, ObjectId};
use crate::object::{Entry, FilePath};
use crate::session::{NewEntry, Session};
use crate::store::Store;
use crate::workspace::directory::system_path;

/// What a test wants at a path, or finds there.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Thing {
    File(Vec<u8>),
    Program(Vec<u8>),
    Link(Vec<u8>),
    Submodule,
}

use Thing::{Link, Program, Submodule};

fn text(bytes: &str) -> Thing {
    Thing::File(bytes.as_bytes().to_vec())
}

type Things = BTreeMap<Vec<u8>, Thing>;

fn things<P: AsRef<[u8]>>(rows: impl IntoIterator<Item = (P, Thing)>) -> Things {
    rows.into_iter().map(|(path, thing)| (path.as_ref().to_vec(), thing)).collect()
}

/// A store and a directory beside a directory that nobody may touch.
struct Bench {
    store: Store,
    room: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench =
            Bench { store: Store::in_memory().unwrap(), room: tempfile::tempdir().unwrap() };
        fs::create_dir(bench.dir()).unwrap();
        fs::create_dir(bench.outside()).unwrap();
        fs::write(bench.outside().join("secret"), "theirs").unwrap();
        bench
    }

    fn dir(&self) -> PathBuf {
        self.room.path().join("dir")
    }

    fn outside(&self) -> PathBuf {
        self.room.path().join("outside")
    }

    fn at(&self, path: &str) -> PathBuf {
        self.dir().join(path)
    }

    fn write(&self, path: &str, bytes: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), bytes).unwrap();
    }

    fn link(&self, target: impl AsRef<Path>, path: &str) {
        std::os::unix::fs::symlink(target, self.at(path)).unwrap();
    }

    fn session(&self) -> Session {
        self.store.session("s").unwrap()
    }

    /// Makes a checkpoint that holds exactly these things, names that are refused among them.
    fn checkpoint(&self, things: &Things) -> CheckpointId {
        let session = self.session();
        let mut import = session.import().unwrap();
        let old: Vec<_> =
            session.latest().unwrap().files().map(|file| file.unwrap().path).collect();
        let mut step = import.checkpoint();
        for path in old {
            if !things.contains_key(path.as_bytes()) {
                step.remove(path).unwrap();
            }
        }
        for (path, thing) in things {
            let entry = match thing {
                Thing::File(bytes) => NewEntry::file(&bytes[..]),
                Program(bytes) => NewEntry::file(&bytes[..]).executable(),
                Link(target) => NewEntry::symlink(&target[..]),
                Submodule => NewEntry::Submodule { commit: vec![1; 20] },
            };
            step.write_entry(path, entry).unwrap();
        }
        let id = step.finish().unwrap();
        import.flush().unwrap();
        id
    }

    fn asked(&self, things: &Things) -> Asked {
        let checkpoint = self.checkpoint(things);
        Asked {
            session: self.session().id(),
            checkpoint: Some(checkpoint),
            part: Part::Whole,
            recorded: true,
            loose: BTreeMap::new(),
        }
    }

    /// Asks for things that no session takes any more, and that are in no checkpoint.
    fn asked_loosely(&self, things: &Things) -> Asked {
        let mut asked = self.asked(&Things::new());
        asked.checkpoint = None;
        let mut batch = self.store.batch();
        for (path, thing) in things {
            let mut put = |bytes: &[u8]| batch.put_content(bytes, None).unwrap();
            let entry = match thing {
                Thing::File(bytes) => Entry::File { content: put(bytes), executable: false },
                Program(bytes) => Entry::File { content: put(bytes), executable: true },
                Link(target) => Entry::Symlink { target: put(target) },
                Submodule => Entry::Submodule { commit: vec![1; 20] },
            };
            asked.loose.insert(FilePath::new(path).unwrap(), entry);
        }
        batch.commit().unwrap();
        asked
    }

    fn prepare_in(&self, things: &Things, dir: &Path) -> Result<Prepared> {
        Prepared::new(&self.store, &self.asked(things), dir)
    }

    fn prepare(&self, things: &Things) -> Result<Prepared> {
        self.prepare_in(things, &self.dir())
    }

    fn plan(&self, things: &Things) -> Result<CheckoutPlan> {
        Ok(self.prepare(things)?.into_plan())
    }

    fn checkout(&self, things: &Things) -> Result<CheckoutPlan> {
        self.session().checkout(Some(self.checkpoint(things)), self.dir())
    }

    /// As `checkout`, of what is at these paths alone.
    fn checkout_part(&self, things: &Things, paths: &[&str]) -> Result<CheckoutPlan> {
        self.session().checkout_part(Some(self.checkpoint(things)), self.dir(), paths)
    }

    fn references(&self) -> Vec<(String, ObjectId)> {
        self.store.references("checkout/", None, 9).unwrap()
    }

    /// Everything below the directory but directories, which come with a `/` at the end.
    fn found(&self) -> Things {
        found(&self.dir())
    }

    fn kept(&self, plan: &CheckoutPlan) -> Vec<(String, Vec<u8>)> {
        let bytes = |id: ContentId| self.store.read_content(id).unwrap().to_vec();
        plan.kept().map(|(path, id)| (path.to_string(), bytes(id))).collect()
    }
}

/// Does what was prepared before, as it is.
fn apply(prepared: Prepared) -> Result<CheckoutPlan, Error> {
    prepared.apply().map_err(|failed| failed.error)
}

fn found(dir: &Path) -> Things {
    let mut found = Things::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            let name = path.strip_prefix(dir).unwrap().as_os_str().as_bytes().to_vec();
            let thing = if meta.is_symlink() {
                Link(fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec())
            } else if meta.is_dir() {
                if fs::read_dir(&path).unwrap().next().is_none() {
                    found.insert(name, Submodule);
                }
                open.push(path);
                continue;
            } else if meta.permissions().mode() & 0o100 != 0 {
                Program(fs::read(&path).unwrap())
            } else {
                Thing::File(fs::read(&path).unwrap())
            };
            found.insert(name, thing);
        }
    }
    found
}

fn listed(plan: &CheckoutPlan, action: CheckoutAction) -> Vec<String> {
    plan.with_action(action).map(|step| format!("{} {}", step.path, step.reason)).collect()
}
