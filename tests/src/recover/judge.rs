//! What a recovery may do to a damaged store, and whether it does no more.
//!
//! Held against the store before it was damaged, not against what the damage left readable: so a
//! store that holds nothing satisfies no one.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use partita::object::Kind;
use partita::plumbing::Expected;
use partita::upkeep::{GcOptions, RecoverReport};
use partita::{ContentId, ErrorKind, Memory, ObjectId, Session, Store};

use super::held::{Held, Line, is_readable};
use super::layout::{SECRET, options};
use super::room;
use crate::crash::entropy::Source;
use crate::crash::ledger::say;
use crate::vfs::{Disk, Recorder};

/// What came of one damaged store.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verdict {
    /// There was nothing left to recover from, and it was said.
    pub refused: bool,
    /// Nothing was damaged that counts.
    pub harmless: bool,
    /// Objects that were readable before, and are after.
    pub kept: usize,
    /// Objects that were named as lost.
    pub lost: usize,
    /// Sessions and refs that were told to be set back.
    pub set_back: usize,
    /// Sessions that came back under a name that was told.
    pub recovered: usize,
}

/// Recovers a damaged medium and holds it against what it held before.
///
/// # Errors
/// What was lost and not told, or is not as it should be, in a line.
pub fn judge(before: &Held, damaged: &Disk) -> Result<Verdict, String> {
    let vfs = Recorder::on(damaged.clone());
    let hash = damaged.hash();
    let seed = u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("eight bytes"));
    Source::new(seed).supply(|| {
        let report = match recover(&vfs) {
            Ok(report) => report,
            Err(error) if is_hopeless(damaged, error.kind()) => {
                return Ok(Verdict { refused: true, ..Verdict::default() });
            }
            Err(error) => return Err(say("recover", &error)),
        };
        judge_on(before, &vfs, &report)
    })
}

/// Holds a medium that was recovered against what it held before.
///
/// # Errors
/// As [`judge`].
pub fn judge_on(before: &Held, vfs: &Recorder, report: &RecoverReport) -> Result<Verdict, String> {
    let verdict = compare(before, vfs, report)?;
    again(vfs, report)?;
    Ok(verdict)
}

/// Runs a recovery.
///
/// # Errors
/// What it says.
pub fn recover(vfs: &Recorder) -> partita::Result<RecoverReport> {
    let go_on = &mut |_| ControlFlow::Continue(());
    options().recover_vfs(Arc::new(vfs.clone()), go_on)
}

/// Tells whether no segment has a whole header any more, or what says which format this is says
/// another.
fn is_hopeless(damaged: &Disk, kind: ErrorKind) -> bool {
    let headers = damaged.files().filter(|(name, bytes)| {
        name.contains("/segments/") && bytes.len() >= 128 && bytes.starts_with(b"partita\n")
    });
    kind == ErrorKind::Corrupt && headers.count() == 0
        || kind == ErrorKind::Unsupported
            && damaged.file("store/FORMAT").is_some_and(|text| text.starts_with(b"partita"))
}

fn open(vfs: &Recorder) -> Result<Store, String> {
    let opened = options().create(false).open_vfs(Arc::new(vfs.clone()));
    opened.map_err(|error| say("open after recovery", &error))
}

/// Holds a recovered store against what there was.
fn compare(before: &Held, vfs: &Recorder, report: &RecoverReport) -> Result<Verdict, String> {
    let store = open(vfs)?;
    check(&store, "after recovery")?;
    let after = Held::of(&store).map_err(|error| say("read what is left", &error))?;
    let universe: HashSet<ObjectId> =
        before.things.keys().chain(before.operations.keys()).copied().collect();
    let whole: HashSet<ObjectId> =
        universe.iter().filter(|id| is_readable(&store, id)).copied().collect();
    let secret = ObjectId::of_content(SECRET.as_bytes());
    if store.read_content(ContentId::new(secret)).is_ok() {
        return Err("what was purged can be read".to_owned());
    }
    store
        .gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(()))
        .map_err(|error| say("collect after recovery", &error))?;
    check(&store, "after a collection")?;
    drop(store);
    let store = open(vfs)?;
    let kept: HashSet<ObjectId> =
        universe.iter().filter(|id| is_readable(&store, id)).copied().collect();
    let named = report.lost.iter().map(|stone| stone.target);
    let named: HashSet<ObjectId> =
        named.chain(report.versions.iter().map(|version| version.object)).collect();
    let judge = Judge { before, after: &after, report, whole, kept, named };
    judge.sessions()?;
    judge.states()?;
    judge.strangers()?;
    go_on(&store)?;
    Ok(Verdict {
        refused: false,
        harmless: report.time.is_none(),
        kept: judge.kept.len(),
        lost: report.lost.len(),
        set_back: report.set_back.len(),
        recovered: report.recovered.len(),
    })
}

struct Judge<'a> {
    before: &'a Held,
    after: &'a Held,
    report: &'a RecoverReport,
    /// What is whole in the recovered store.
    whole: HashSet<ObjectId>,
    /// What a collection leaves of that.
    kept: HashSet<ObjectId>,
    /// What the report names.
    named: HashSet<ObjectId>,
}

impl Judge<'_> {
    /// Every session is there under its name with its newest whole operation, or it is told.
    fn sessions(&self) -> Result<(), String> {
        for (name, line) in &self.before.lines {
            self.session(name, line).map_err(|what| format!("{name}: {what}"))?;
        }
        let is_state = |name: &str| name.starts_with("pin/") || name.starts_with("checkout/");
        for (name, id) in self.before.refs.iter().filter(|(name, _)| is_state(name)) {
            // Nothing but the log tells of either.
            let is_told = self.told(name) || !self.report.unread.is_empty();
            if self.after.refs.get(name) != Some(id) && !is_told {
                return Err(format!("{name} is gone, and nothing tells it"));
            }
            let is_kept = self.kept.contains(id);
            // Which of a directory's records is the newest the log alone knows.
            let is_cut_off = name.starts_with("pin/") && self.whole.contains(id);
            if !is_kept && !self.named.contains(id) && is_cut_off {
                return Err(format!("{name}: its checkpoint is whole, and cut off"));
            }
            self.parts(*id, is_kept).map_err(|what| format!("{name}: {what}"))?;
        }
        Ok(())
    }

    fn session(&self, name: &str, line: &Line) -> Result<(), String> {
        let newest = self.newest_whole(line.session);
        let found: Vec<(&String, &Line)> =
            self.after.lines.iter().filter(|(_, after)| after.session == line.session).collect();
        let Some((found_name, found)) = found.first() else {
            return match newest {
                Some((id, number)) => {
                    Err(format!("gone, though operation {number} ({id:.10}) is whole"))
                }
                None if self.told(name) || self.is_unread(&line.head.0) => Ok(()),
                None => Err("gone, and nothing tells it".to_owned()),
            };
        };
        if found.head.0 != line.head.0 {
            if let Some((id, number)) = newest
                && number > found.head.1
            {
                let at = found.head.1;
                return Err(format!("at operation {at}, though {number} ({id:.10}) is whole"));
            }
            let is_told = self.told(name) || self.told(found_name) || self.is_unread(&line.head.0);
            if !is_told {
                return Err(format!("at operation {}, and nothing tells it", found.head.1));
            }
        }
        let is_recovered = self.report.recovered.iter().any(|session| session.name == **found_name);
        if *found_name != name && !is_recovered && !self.is_unread(&line.head.0) {
            return Err(format!("is {found_name} now, and nothing tells it"));
        }
        if name.starts_with("deleted/") && found_name.starts_with("session/") {
            let is_lost = !self.whole.contains(&line.head.0);
            if !is_lost || self.report.unread.is_empty() {
                return Err("had been deleted, and lives".to_owned());
            }
        }
        Ok(())
    }

    /// The newest operation of a session that is whole, with the state that it left.
    fn newest_whole(&self, session: ObjectId) -> Option<(ObjectId, u64)> {
        let own = self.before.operations.iter().filter(|(_, (of, _))| *of == session);
        let usable = own.filter(|(id, (_, state))| {
            let has_state = state.is_none_or(|state| {
                self.before
                    .closure(state)
                    .iter()
                    .all(|part| self.whole.contains(part) || !self.is_structure(part))
            });
            self.whole.contains(*id) && has_state
        });
        usable
            .filter_map(|(id, _)| Some((*id, self.before.numbers.get(id).copied()?)))
            .max_by_key(|(_, number)| *number)
    }

    /// Tells whether an object is a checkpoint or a node of a map: without it a state cannot be
    /// read at all.
    fn is_structure(&self, id: &ObjectId) -> bool {
        let kind = self.before.things.get(id).and_then(|thing| thing.kind);
        matches!(kind, Some(Kind::CHECKPOINT | Kind::MAP))
    }

    /// Everything of every state is there, or it is told.
    fn states(&self) -> Result<(), String> {
        for (name, line) in &self.before.lines {
            let mut is_behind_a_gap = self.told(name) || self.is_unread(&line.head.0);
            let after = self.after.lines.values().filter(|after| after.session == line.session);
            let on_line: HashSet<ObjectId> =
                after.flat_map(|after| after.checkpoints.iter().copied()).collect();
            for checkpoint in &line.checkpoints {
                let is_kept = self.kept.contains(checkpoint);
                let is_excused = is_behind_a_gap || self.named.contains(checkpoint);
                if !is_kept && !is_excused {
                    return Err(format!("{name}: checkpoint {checkpoint:.10} is lost"));
                }
                self.parts(*checkpoint, is_kept)
                    .map_err(|what| format!("{name}, checkpoint {checkpoint:.10}: {what}"))?;
                // What is before one that is lost is cut off; what can be read of it is kept.
                // One that a pin or a directory's record keeps apart ends no gap.
                is_behind_a_gap = !is_kept || is_behind_a_gap && !on_line.contains(checkpoint);
            }
        }
        Ok(())
    }

    /// Whatever belongs to a state is kept, named, or behind something that is lost.
    fn parts(&self, checkpoint: ObjectId, is_kept: bool) -> Result<(), String> {
        let mut excused: HashMap<ObjectId, bool> = HashMap::from([(checkpoint, !is_kept)]);
        let mut pending = vec![checkpoint];
        while let Some(id) = pending.pop() {
            let is_excused = excused[&id] || self.named.contains(&id);
            if !self.kept.contains(&id) && !self.named.contains(&id) {
                let kind = self.before.things.get(&id).and_then(|thing| thing.kind);
                let is_version = matches!(kind, None | Some(Kind::MEMORY));
                if self.whole.contains(&id) && is_version {
                    return Err(format!("{kind:?} {id:.10} is whole, cut off and not named"));
                }
                if !is_excused {
                    return Err(format!("{kind:?} {id:.10} is lost, and nothing tells it"));
                }
            }
            let is_gone = !self.kept.contains(&id);
            let parts = self.before.things.get(&id).into_iter().flat_map(|thing| &thing.parts);
            // What was purged could not be read before either.
            for part in parts.filter(|part| self.before.things.contains_key(*part)) {
                if let Some(known) = excused.get_mut(part) {
                    *known &= is_gone;
                } else {
                    excused.insert(*part, is_gone);
                    pending.push(*part);
                }
            }
        }
        Ok(())
    }

    /// No session is there that was not, unless it is told.
    fn strangers(&self) -> Result<(), String> {
        let own: BTreeSet<&String> = self.before.lines.keys().collect();
        for name in self.after.lines.keys().filter(|name| !own.contains(name)) {
            let is_told = self.report.recovered.iter().any(|session| session.name == *name)
                || self.told(name);
            let was_another = self.before.lines.values();
            let line = &self.after.lines[name];
            let is_known = was_another.into_iter().any(|before| before.session == line.session);
            if !(is_told || is_known && !self.report.unread.is_empty()) {
                return Err(format!("{name} is new, and nothing tells it"));
            }
        }
        Ok(())
    }

    /// Tells whether the report says that a ref was set back.
    fn told(&self, name: &str) -> bool {
        self.report.set_back.iter().any(|back| back.name == name)
            || self.report.unread.iter().any(|unread| unread.sessions.iter().any(|of| of == name))
    }

    /// Tells whether the report says that the log cannot be read where an object stood.
    fn is_unread(&self, id: &ObjectId) -> bool {
        let places = self.before.places.get(id).map_or(&[][..], |places| places);
        places.iter().any(|(file, at)| {
            let holds = |from: u64, to: u64| (from..to).contains(at);
            self.report
                .unread
                .iter()
                .any(|unread| unread.segment == *file && holds(unread.offset, unread.end))
        })
    }
}

fn check(store: &Store, when: &str) -> Result<(), String> {
    let report = store.check(&mut |_| ControlFlow::Continue(()));
    let report = report.map_err(|error| say(&format!("check {when}"), &error))?;
    match report.faults.first() {
        Some(fault) => Err(format!("check {when} found {fault:?}")),
        None => Ok(()),
    }
}

/// Work goes on in a recovered store, in every session.
fn go_on(store: &Store) -> Result<(), String> {
    for entry in store.sessions() {
        let entry = entry.map_err(|error| say("list sessions", &error))?;
        let session = store.open_session(entry.name());
        let written = session.and_then(|session| write_everywhere(&session));
        written.map_err(|error| say(&format!("write to {}", entry.name()), &error))?;
    }
    let mut batch = store.batch();
    batch.set_ref("after", Expected::Any, None);
    batch.commit().map_err(|error| say("commit", &error))?;
    check(store, "after writing")?;
    room::go_on(store)?;
    check(store, "after checkouts")
}

/// Writes new files and ones that were there, whatever of those is lost; moves one, removes one,
/// remembers.
fn write_everywhere(session: &Session) -> partita::Result<()> {
    for path in ["after", "src/lib.rs", "one", "two"] {
        let info = session.write(path, "recovery")?;
        assert_eq!(session.read_at(path, info.number)?, b"recovery");
    }
    session.rename("two", "moved")?;
    session.remove("one")?;
    session.remember(Memory::user("recovered"))?;
    session.state().put("key", "recovered")
}

/// Run again, a recovery tells the same.
fn again(vfs: &Recorder, report: &RecoverReport) -> Result<(), String> {
    let again = recover(vfs).map_err(|error| say("recover again", &error))?;
    if !again.is_earlier && again.time.is_some() {
        return Err("a second recovery found something to do".to_owned());
    }
    same(report, &again)
}

/// Compares what two recoveries told of one damage.
///
/// # Errors
/// What one of them did not tell.
pub fn same(one: &RecoverReport, other: &RecoverReport) -> Result<(), String> {
    let targets = |report: &RecoverReport| -> Vec<ObjectId> {
        report.lost.iter().map(|stone| stone.target).collect()
    };
    let is_same = targets(one) == targets(other)
        && one.versions == other.versions
        && one.set_back == other.set_back
        && one.unread == other.unread
        && one.recovered == other.recovered
        && one.quarantined.iter().all(|name| other.quarantined.contains(name));
    if is_same { Ok(()) } else { Err(format!("told {one:?}, and then {other:?}")) }
}
