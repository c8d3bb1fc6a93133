//! What has rules of its own: registers, imports, and bytes that must be gone.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use partita::Store;
use partita::object::Objects;

use super::super::ledger::{Deed, End, Record};
use super::super::table::Op;
use super::super::work;
use super::super::worker::{MERGED, SECRET, told};
use super::verdict::Verdict;
use crate::source::files_below;

/// Registers behaved as what is moved on by comparing and setting does: each acknowledged move is
/// in the chain once, each refused one not at all, each unknown one once at the most; and none that
/// ended before another began comes after it.
pub(super) fn registers(store: &Store, record: &Record, verdict: &mut Verdict) {
    let mut names: BTreeMap<&str, Vec<&Deed>> = BTreeMap::new();
    for deed in record.deeds.values().filter(|deed| deed.op == Op::Register) {
        names.entry(deed.text("register").unwrap_or_default()).or_default().push(deed);
    }
    for (name, deeds) in names {
        let chain = match chain(store, name) {
            Ok(chain) => chain,
            Err(error) => {
                verdict.lost.push(format!("the chain of {name}: {}", told(&error)));
                continue;
            }
        };
        let distinct: BTreeSet<&String> = chain.iter().collect();
        if distinct.len() != chain.len() {
            verdict.wrong.push(format!("{name} was moved twice by one"));
        }
        for deed in deeds {
            match deed.end {
                End::Done if !distinct.contains(&deed.token) => {
                    verdict.lost.push(format!("the move of {name} by {}", deed.token));
                }
                End::Refused if distinct.contains(&deed.token) => {
                    verdict.wrong.push(format!("{} was refused and moved {name}", deed.token));
                }
                _ => {}
            }
        }
        let mut latest = 0;
        for token in &chain {
            let Some(deed) = record.deeds.get(token) else {
                verdict.wrong.push(format!("{name} was moved by nobody: {token}"));
                continue;
            };
            latest = latest.max(deed.began);
            if latest > deed.ended {
                verdict.wrong.push(format!("{name}: {token} ended before what is before it"));
            }
        }
    }
}

/// The texts of a register's chain, oldest first.
fn chain(store: &Store, register: &str) -> partita::Result<Vec<String>> {
    let mut texts = Vec::new();
    let mut at = store.reference(register)?;
    while let Some(id) = at {
        let node = store.read_node(&id)?;
        texts.push(String::from_utf8_lossy(&node.body).into_owned());
        at = node.refs.first().copied();
    }
    texts.reverse();
    Ok(texts)
}

/// Imports hold what they were imported from, from its beginning and as far as was acknowledged.
pub(super) fn imports(store: &Store, record: &Record, commits: &[String], verdict: &mut Verdict) {
    for op in [Op::Transcript, Op::Git] {
        let key = if op == Op::Git { "commits" } else { "count" };
        let mut wanted: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for deed in record.deeds.values().filter(|deed| deed.op == op) {
            let count = deed.with[key].as_u64().unwrap_or_default();
            let (least, most) = wanted.entry(deed.text("name").unwrap_or_default()).or_default();
            *most = count.max(*most);
            if deed.end == End::Done {
                *least = count.max(*least);
            }
        }
        for (name, (least, most)) in wanted {
            let found = match op {
                Op::Git => commits_of(store, name, commits),
                _ => messages_of(store, name),
            };
            match found {
                Ok(count) if count < least => {
                    verdict.lost.push(format!("{name} has {count}, {least} were imported"));
                }
                Ok(count) if count > most => {
                    verdict.wrong.push(format!("{name} has {count}, only {most} were asked for"));
                }
                Ok(_) => {}
                Err(_) if least == 0 => {}
                Err(what) => verdict.wrong.push(format!("{name}: {what}")),
            }
        }
    }
}

/// What the session holds that all merge into.
struct Merged {
    files: BTreeMap<String, Vec<u8>>,
    said: Vec<String>,
    conflicts: usize,
}

/// Whatever was merged is there whole and once: the file, and the memory, of each merge that was
/// acknowledged; of others both or neither.
pub(super) fn merged(store: &Store, record: &Record, verdict: &mut Verdict) {
    let read = || -> partita::Result<Merged> {
        let state = store.open_session(MERGED)?.latest()?;
        let files = state.files().map(|file| {
            let file = file?;
            Ok((file.path.to_string(), file.read()?))
        });
        let files = files.collect::<partita::Result<_>>()?;
        let said = state.memories().map(|memory| Ok(memory?.memory.text().into_owned()));
        let said = said.collect::<partita::Result<_>>()?;
        let conflicts = state.conflicts().collect::<partita::Result<Vec<_>>>()?;
        Ok(Merged { files, said, conflicts: conflicts.len() })
    };
    let merges = || record.deeds.values().filter(|deed| deed.op == Op::Merge);
    if merges().next().is_none() {
        return;
    }
    let Merged { files, said, conflicts } = match read() {
        Ok(read) => read,
        Err(error) => {
            verdict.wrong.push(format!("{MERGED}: {}", told(&error)));
            return;
        }
    };
    if conflicts > 0 {
        verdict.wrong.push(format!("{MERGED} has {conflicts} conflicts"));
    }
    for deed in merges() {
        let token = &deed.token;
        let file = files.get(&format!("by/{token}"));
        let times = said.iter().filter(|text| *text == token).count();
        match (file, times, deed.end) {
            (Some(bytes), 1, _) if bytes == token.as_bytes() => {}
            (None, 0, End::Done) => verdict.lost.push(format!("the merge {token}")),
            (None, 0, _) => {}
            _ => verdict.wrong.push(format!("{token} was merged {times} times, file {file:?}")),
        }
    }
}

fn messages_of(store: &Store, name: &str) -> Result<u64, String> {
    let slot = name.rsplit('/').next().unwrap_or_default();
    let session = store.open_session(name).map_err(|error| told(&error))?;
    let latest = session.latest().map_err(|error| told(&error))?;
    let mut count = 0;
    for entry in latest.memories() {
        let entry = entry.map_err(|error| told(&error))?;
        let wanted = format!("message {count} of {slot}");
        if entry.memory.text() != wanted {
            return Err(format!("{:?} stands where {wanted:?} must", entry.memory.text()));
        }
        count += 1;
    }
    Ok(count)
}

fn commits_of(store: &Store, name: &str, commits: &[String]) -> Result<u64, String> {
    let session = store.open_session(name).map_err(|error| told(&error))?;
    let mut found = Vec::new();
    for row in session.log().map_err(|error| told(&error))? {
        let row = row.map_err(|error| told(&error))?;
        let state = session.at(row.id).map_err(|error| told(&error))?;
        let number = state.read("number").map_err(|error| told(&error))?;
        found.push((row.git_commit().unwrap_or_default(), number));
    }
    found.reverse();
    for (at, (commit, number)) in found.iter().enumerate() {
        if commits.get(at) != Some(commit) || *number != format!("{at}\n").into_bytes() {
            return Err(format!("checkpoint {} is not commit {at}", at + 1));
        }
    }
    Ok(found.len() as u64)
}

/// Sessions whose secrets were taken out with their ids hold all else.
pub(super) fn rewritten(store: &Store, record: &Record, verdict: &mut Verdict) {
    let mut deeds: Vec<&Deed> = record
        .deeds
        .values()
        .filter(|deed| deed.op == Op::Rewrite && deed.end == End::Done)
        .collect();
    deeds.sort_by_key(|deed| deed.began);
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for deed in deeds {
        let content = deed.text("content").unwrap_or_default();
        by_name.entry(deed.text("name").unwrap_or_default()).or_default().push(content);
    }
    for (name, wanted) in by_name {
        let history = store
            .open_session(name)
            .and_then(|session| session.history("keep")?.collect::<partita::Result<Vec<_>>>());
        match history {
            Ok(mut history) => {
                history.reverse();
                let mut found = history.iter().filter_map(|info| info.entry.content());
                let is_there = |wanted: &&str| found.any(|found| found.to_string() == **wanted);
                if !wanted.iter().all(is_there) {
                    verdict.lost.push(format!("{name} lacks files that were not purged"));
                }
            }
            Err(error) => verdict.wrong.push(format!("{name}: {}", told(&error))),
        }
    }
}

/// What was captured, by itself or with a run, is in the checkpoint that was told.
pub(super) fn worked(store: &Store, record: &Record, verdict: &mut Verdict) {
    let done = |deed: &&Deed| matches!(deed.op, Op::Capture | Op::Run) && deed.end == End::Done;
    for deed in record.deeds.values().filter(done) {
        let text = |key| deed.text(key).unwrap_or_default();
        match work::recorded(store, text("name"), &deed.gave, text("path")) {
            Ok(content) if content == text("content") => {}
            Ok(_) => verdict.wrong.push(format!("{} captured other bytes", deed.token)),
            Err(what) => verdict.lost.push(format!("what {} captured: {what}", deed.token)),
        }
    }
}

/// What was purged stands in no file.
pub(super) fn purged(store: &Path, record: &Record, verdict: &mut Verdict) {
    let done = |deed: &&Deed| deed.op == Op::Rewrite && deed.end == End::Done;
    let secrets: BTreeMap<&[u8], &str> = record
        .deeds
        .values()
        .filter(done)
        .filter_map(|deed| Some((deed.text(SECRET)?.as_bytes(), &deed.token[..])))
        .collect();
    let Some(length) = secrets.keys().next().map(|secret| secret.len()) else { return };
    let beginnings: HashSet<&[u8]> = secrets.keys().map(|secret| &secret[..8]).collect();
    for file in files_below(store) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        for window in bytes.windows(length) {
            if !beginnings.contains(&window[..8]) {
                continue;
            }
            if let Some(token) = secrets.get(window) {
                let name = file.strip_prefix(store).unwrap_or(&file).display();
                verdict.wrong.push(format!("what {token} purged stands in {name}"));
            }
        }
    }
}
