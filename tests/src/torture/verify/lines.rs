//! Every session's line: which checkpoints stand on it, and whether what was acknowledged does.

use std::collections::{BTreeMap, BTreeSet};

use partita::history::LogEntry;
use partita::{CheckpointId, Result, Session, Store};

use super::super::ledger::{Deed, End, Record};
use super::super::table::Op;
use super::super::worker::told;
use super::verdict::Verdict;

/// A session as it is stored.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) session: Session,
    /// The checkpoints that are left, by number.
    pub(super) log: BTreeMap<u64, LogEntry>,
}

impl Stored {
    pub(super) fn name(&self) -> &str {
        self.session.name()
    }

    fn read(store: &Store, name: &str) -> Result<Self> {
        let session = store.open_session(name)?;
        let log =
            session.log()?.map(|row| row.map(|row| (row.number, row))).collect::<Result<_>>()?;
        Ok(Stored { session, log })
    }

    /// The number of the oldest checkpoint that is left.
    pub(super) fn oldest(&self) -> u64 {
        self.log.keys().next().copied().unwrap_or(1)
    }

    pub(super) fn newest(&self) -> u64 {
        self.log.keys().next_back().copied().unwrap_or(0)
    }
}

/// Reads every session of states that change by known operations.
pub(super) fn stored_lines(store: &Store, verdict: &mut Verdict) -> BTreeMap<String, Stored> {
    let mut all = BTreeMap::new();
    for row in store.sessions() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                verdict.wrong.push(format!("list the sessions: {}", told(&error)));
                break;
            }
        };
        if !row.name().starts_with("s/") && !row.name().starts_with("f/") {
            continue;
        }
        match Stored::read(store, row.name()) {
            Ok(stored) => {
                let rows = stored.newest() + 1 - stored.oldest();
                if rows != stored.log.len() as u64 {
                    verdict.wrong.push(format!("the log of {} has gaps", stored.name()));
                }
                all.insert(stored.session.id().to_string(), stored);
            }
            Err(error) => verdict.wrong.push(format!("log of {}: {}", row.name(), told(&error))),
        }
    }
    all
}

fn done(record: &Record, op: Op) -> impl Iterator<Item = &Deed> {
    record.deeds.values().filter(move |deed| deed.op == op && deed.end == End::Done)
}

/// Those that were done, or may have been.
fn maybe(record: &Record, op: Op) -> impl Iterator<Item = &Deed> {
    record.deeds.values().filter(move |deed| deed.op == op && deed.end != End::Refused)
}

/// Sessions come and go as somebody asked for it.
pub(super) fn sessions(record: &Record, stored: &BTreeMap<String, Stored>, verdict: &mut Verdict) {
    let of = |deed: &Deed| deed.session().unwrap_or_default().to_owned();
    let deleted: BTreeSet<String> = maybe(record, Op::Delete).map(of).collect();
    let undeleted: BTreeSet<String> = maybe(record, Op::Undelete).map(of).collect();
    for delete in done(record, Op::Delete).filter(|deed| !undeleted.contains(&of(deed))) {
        if let Some(stored) = by_session(stored, delete) {
            verdict.wrong.push(format!("{} was deleted by {}", stored.name(), delete.token));
        }
    }
    undeleted_are_there(record, stored, verdict);
    for fork in done(record, Op::Fork).chain(done(record, Op::ForkAt)) {
        let id = fork.gave["fork"].as_str().unwrap_or_default();
        let Some(stored) = stored.get(id) else {
            if !deleted.contains(id) {
                verdict.lost.push(format!("session {} of fork {}", fork.with["name"], fork.token));
            }
            continue;
        };
        let mut names = vec![fork.with["name"].as_str().unwrap_or_default()];
        let renames = maybe(record, Op::Rename).chain(maybe(record, Op::Undelete));
        let mut renames: Vec<&Deed> = renames.filter(|deed| deed.session() == Some(id)).collect();
        renames.sort_by_key(|deed| deed.began);
        for rename in renames {
            if rename.end == End::Done {
                names.clear();
            }
            names.push(rename.with["new"].as_str().unwrap_or_default());
        }
        if !names.contains(&stored.name()) {
            verdict.wrong.push(format!("a session is called {}, not {names:?}", stored.name()));
        }
    }
}

/// Each acknowledged checkpoint stands where its acknowledgement said.
pub(super) fn acknowledged(
    record: &Record,
    stored: &BTreeMap<String, Stored>,
    verdict: &mut Verdict,
) {
    for deed in record.deeds.values().filter(|deed| deed.end == End::Done) {
        let Some(line) = by_session(stored, deed) else { continue };
        let told = [("number", "checkpoint"), ("brought", "by")];
        for (number, checkpoint) in told {
            let number = deed.gave[number].as_u64();
            let (Some(number), Some(id)) = (number, deed.gave[checkpoint].as_str()) else {
                continue;
            };
            if number < line.oldest() {
                continue;
            }
            let found = line.log.get(&number).map(|row| row.id.to_string());
            if found.as_deref() != Some(id) {
                verdict.lost.push(format!(
                    "{} {}: checkpoint {number} of {} was acknowledged as {id:.10}, there is {:.10}",
                    deed.op.name(),
                    deed.token,
                    line.name(),
                    found.unwrap_or_else(|| "none".to_owned()),
                ));
            }
        }
    }
}

/// Sessions that were brought back are there, if nobody deleted them again.
fn undeleted_are_there(record: &Record, stored: &BTreeMap<String, Stored>, verdict: &mut Verdict) {
    for back in done(record, Op::Undelete) {
        let mut deletes = maybe(record, Op::Delete).filter(|deed| deed.session() == back.session());
        let is_deleted = deletes.any(|deed| deed.ended > back.began);
        if by_session(stored, back).is_none() && !is_deleted {
            verdict.lost.push(format!("the session that {} brought back", back.token));
        }
    }
}

/// The forks by their ids, with the operations that made them: also of those whose process died, as
/// far as anybody knows what they are called.
pub(super) fn forks<'a>(
    record: &'a Record,
    stored: &BTreeMap<String, Stored>,
) -> BTreeMap<String, &'a Deed> {
    let mut ids: BTreeMap<&str, &str> = BTreeMap::new();
    for (id, line) in stored {
        ids.insert(line.name(), id);
    }
    let is_fork = |deed: &&Deed| matches!(deed.op, Op::Fork | Op::ForkAt);
    for deed in record.deeds.values().filter(|deed| !is_fork(deed)) {
        for key in ["name", "new"] {
            if let (Some(name), Some(id)) = (deed.with[key].as_str(), deed.with["session"].as_str())
            {
                ids.insert(name, id);
            }
        }
    }
    let all = record.deeds.values().filter(is_fork).filter(|deed| deed.end != End::Refused);
    all.filter_map(|deed| {
        let named = || deed.with["name"].as_str().and_then(|name| ids.get(name).copied());
        let id = deed.gave["fork"].as_str().or_else(named)?;
        Some((id.to_owned(), deed))
    })
    .collect()
}

/// Histories end where somebody trimmed them, not later.
pub(super) fn horizons(record: &Record, stored: &BTreeMap<String, Stored>, verdict: &mut Verdict) {
    let forks = forks(record, stored);
    for (id, line) in stored {
        let mut allowed = 1;
        let mut earlier = None;
        let mut at = Some(&id[..]);
        while let Some(session) = at {
            let trims = maybe(record, Op::Trim).filter(|deed| deed.session() == Some(session));
            for trim in trims {
                let oldest = trim.gave["oldest"].as_u64();
                if session == id && oldest.is_some_and(|oldest| line.oldest() < oldest) {
                    verdict.wrong.push(format!(
                        "{} begins at {}, {} trimmed it to {oldest:?}",
                        line.name(),
                        line.oldest(),
                        trim.token
                    ));
                }
                let keep = trim.with["keep"].as_u64().unwrap_or(1);
                // Of a trim that nobody heard the end of: it left so many of those that there were.
                let left = earlier.unwrap_or((line.newest() + 1).saturating_sub(keep));
                allowed = allowed.max(oldest.unwrap_or(left));
            }
            let fork = forks.get(session);
            // A fork of an earlier checkpoint hides how far its source had come by then.
            earlier = earlier.or(fork.and_then(|deed| deed.with["at"].as_u64()));
            at = fork.and_then(|deed| deed.session());
        }
        if line.oldest() > allowed {
            verdict.lost.push(format!(
                "{} begins at {}, nobody trimmed it beyond {allowed}",
                line.name(),
                line.oldest()
            ));
        }
    }
}

/// A pinned checkpoint can be read, whatever was trimmed.
pub(super) fn pins(record: &Record, stored: &BTreeMap<String, Stored>, verdict: &mut Verdict) {
    let unpinned: BTreeSet<(Option<&str>, Option<&str>)> = maybe(record, Op::Unpin)
        .map(|deed| (deed.session(), deed.with["pinned"].as_str()))
        .collect();
    for pin in done(record, Op::Pin) {
        let pinned = pin.with["pinned"].as_str();
        let Some(line) = by_session(stored, pin) else { continue };
        if unpinned.contains(&(pin.session(), pinned)) {
            continue;
        }
        let id = pinned.and_then(|id| id.parse().ok()).map(CheckpointId::new);
        let read = id.map(|id| {
            let state = line.session.at(id)?;
            for file in state.files() {
                let file = file?;
                match file.read() {
                    Err(error) if error.kind() == partita::ErrorKind::Purged => {}
                    read => drop(read?),
                }
            }
            Ok::<(), partita::Error>(())
        });
        match read {
            Some(Ok(())) => {}
            Some(Err(error)) => verdict.lost.push(format!(
                "what {} pinned in {} cannot be read: {}",
                pin.token,
                line.name(),
                told(&error)
            )),
            None => verdict.wrong.push(format!("{} pinned {pinned:?}", pin.token)),
        }
    }
}

/// Readers saw states that are there.
pub(super) fn sights(record: &Record, stored: &BTreeMap<String, Stored>, verdict: &mut Verdict) {
    for sight in &record.sights {
        let Some(line) = stored.get(&sight.session) else { continue };
        if sight.number < line.oldest() {
            continue;
        }
        let found = line.log.get(&sight.number).map(|row| row.id.to_string());
        if found.as_deref() != Some(&sight.checkpoint[..]) {
            verdict.lost.push(format!(
                "somebody saw checkpoint {} of {} as {:.10}, there is {:.10}",
                sight.number,
                line.name(),
                sight.checkpoint,
                found.unwrap_or_else(|| "none".to_owned()),
            ));
        }
    }
}

/// The line of the session that a deed concerns.
pub(super) fn by_session<'a>(
    stored: &'a BTreeMap<String, Stored>,
    deed: &Deed,
) -> Option<&'a Stored> {
    stored.get(deed.session()?)
}
