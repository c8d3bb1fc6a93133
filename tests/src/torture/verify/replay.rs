//! Each line is gone through with the plain model, checkpoint by checkpoint.

use std::collections::{BTreeMap, HashMap, HashSet};

use partita::history::LogEntry;
use partita::{ContentId, ErrorKind, ObjectId, Snapshot, Store};

use super::super::ledger::{Deed, End, Record};
use super::super::plain::{Line, Made, State};
use super::super::table::Op;
use super::super::worker::told;
use super::lines::{Stored, forks};
use super::verdict::Verdict;

/// Operations that make a checkpoint on a line.
const LINE: &[Op] = &[
    Op::Write,
    Op::Secret,
    Op::Say,
    Op::Batch,
    Op::Remove,
    Op::Move,
    Op::Restore,
    Op::State,
    Op::Undo,
    Op::Redo,
];

/// Who made which checkpoint.
struct Makers<'a> {
    record: &'a Record,
    forks: BTreeMap<String, &'a Deed>,
    /// Acknowledged ones by the checkpoint's id.
    by_checkpoint: HashMap<&'a str, &'a Deed>,
    /// Those of the command, which do not bear a token, by what they wrote or said.
    by_content: HashMap<&'a str, &'a Deed>,
    /// Those of the command that nobody knows by name.
    nameless: Vec<&'a Deed>,
    /// The checkpoint that each made.
    made: HashMap<&'a str, String>,
}

/// Replays every line.
pub(super) fn all(record: &Record, stored: &BTreeMap<String, Stored>, verdict: &mut Verdict) {
    let mut makers = Makers::new(record, stored);
    let mut found = HashSet::new();
    for (id, line) in stored {
        if let Err(what) = replay(id, line, stored, &mut makers, &mut found) {
            verdict.wrong.push(format!("{}: {what}", line.name()));
        }
    }
    // What told no number is known by its token, if it was not trimmed.
    for deed in record.deeds.values().filter(|deed| deed.end == End::Done) {
        let Some(line) = deed.session().and_then(|id| stored.get(id)) else { continue };
        let after = deed.gave["after"].as_u64().or_else(|| deed.gave["number"].as_u64());
        let is_there = found.contains(&deed.token) || deed.gave["brought"].is_u64();
        if LINE.contains(&deed.op) && after >= Some(line.oldest()) && !is_there {
            let (op, name) = (deed.op.name(), line.name());
            verdict.lost.push(format!("{op} {} in {name}: no checkpoint is its", deed.token));
        }
    }
}

impl<'a> Makers<'a> {
    fn new(record: &'a Record, stored: &BTreeMap<String, Stored>) -> Self {
        let mut makers = Makers {
            record,
            forks: forks(record, stored),
            by_checkpoint: HashMap::new(),
            by_content: HashMap::new(),
            nameless: Vec::new(),
            made: HashMap::new(),
        };
        for deed in
            record.deeds.values().filter(|deed| LINE.contains(&deed.op) || deed.op == Op::Stale)
        {
            if let Some(id) = deed.gave["checkpoint"].as_str() {
                makers.by_checkpoint.insert(id, deed);
            }
            if !deed.token.ends_with("-c") {
                continue;
            }
            match deed.op {
                Op::Write | Op::Stale => {
                    if let Some(content) = deed.text("content") {
                        makers.by_content.insert(content, deed);
                    }
                }
                Op::Say => drop(makers.by_content.insert(&deed.token, deed)),
                _ if deed.end != End::Refused && deed.gave["checkpoint"].is_null() => {
                    makers.nameless.push(deed);
                }
                _ => {}
            }
        }
        makers
    }

    /// Finds who made a checkpoint; `ancestors` are the session and those that it came from.
    fn of(
        &mut self,
        row: &LogEntry,
        state: &Snapshot,
        ancestors: &[String],
        latest: u64,
    ) -> Result<&'a Deed, String> {
        let id = row.id.to_string();
        let deed = self.find(row, &id, state, ancestors, latest);
        let Some(deed) = deed else {
            let (kind, actor) = (row.kind.name(), &row.actor);
            return Err(format!(
                "checkpoint {} ({kind} of {actor:?}) was made by nobody",
                row.number
            ));
        };
        if deed.end == End::Refused {
            return Err(format!(
                "checkpoint {} is of {}, which was refused",
                row.number, deed.token
            ));
        }
        let before = self.made.insert(&deed.token, id.clone());
        if before.is_some_and(|before| before != id) {
            return Err(format!("{} made checkpoint {} and another one", deed.token, row.number));
        }
        let told = deed.gave["number"].as_u64().filter(|_| deed.end == End::Done);
        if told.is_some_and(|told| told != row.number) {
            return Err(format!("{} was told {told:?}, made {}", deed.token, row.number));
        }
        Ok(deed)
    }

    fn find(
        &self,
        row: &LogEntry,
        id: &str,
        state: &Snapshot,
        ancestors: &[String],
        latest: u64,
    ) -> Option<&'a Deed> {
        if !row.actor.is_empty() {
            return self.record.deeds.get(&row.actor);
        }
        if let Some(deed) = self.by_checkpoint.get(id) {
            return Some(deed);
        }
        // What made the fork's first checkpoint was trimmed, so the listing names the fork.
        if row.kind.name() == "fork" {
            return ancestors.iter().find_map(|id| self.forks.get(id).copied());
        }
        let is_new = |deed: &&&Deed| self.made.get(&deed.token[..]).is_none_or(|made| made == id);
        let mut nameless = self.nameless.iter().filter(is_new).filter(|deed| {
            deed.op.name() == row.kind.name()
                && deed.session().is_some_and(|id| ancestors.iter().any(|known| known == id))
        });
        if matches!(row.kind.name(), "undo" | "redo" | "remove" | "restore") {
            let fits = |deed: &&&Deed| {
                let path = deed.text("path").unwrap_or_default();
                deed.ended >= latest
                    && (row.message.contains(path) || matches!(deed.op, Op::Undo | Op::Redo))
            };
            // The one that was told so; else one whose end nobody knows, or that changed nothing.
            let all: Vec<&Deed> = nameless.by_ref().filter(fits).copied().collect();
            let told = all.iter().find(|deed| deed.gave["by"] == id);
            // A process that died had not lived for long: the last that began before this was made.
            let made = u64::try_from(row.time.as_millis()).unwrap_or(0).saturating_add(1);
            let died = all.iter().filter(|deed| deed.end == End::Unknown);
            let died = died.filter(|deed| deed.began / 1_000_000 <= made);
            let unknown = died.max_by_key(|deed| deed.began);
            let idle = all.iter().find(|deed| {
                deed.gave["brought"].as_u64().is_some_and(|brought| brought < row.number)
            });
            return told.or(unknown).or(idle).copied();
        }
        if row.kind.name() == "remember" {
            let newest = state.memories_back().next()?.ok()?;
            return self.by_content.get(&*newest.memory.text()).copied();
        }
        // Not one that was told another checkpoint, which may be trimmed by now.
        let fits = |deed: &&Deed| {
            deed.gave["checkpoint"].is_null()
                && deed.text("path").is_some_and(|path| row.message.contains(path))
                && self.made.get(&deed.token[..]).is_none_or(|made| made == id)
        };
        let contents = state.files().flatten().filter_map(|file| file.entry.content());
        let mut deeds =
            contents.filter_map(|content| self.by_content.get(&content.to_string()[..]).copied());
        deeds.find(fits)
    }
}

/// Finds who made each checkpoint of a line.
fn makers<'a>(
    id: &str,
    line: &Stored,
    makers: &mut Makers<'a>,
    found: &mut HashSet<String>,
) -> Result<Vec<&'a Deed>, String> {
    let ancestors = ancestors(id, &makers.forks);
    let (mut latest, mut all, mut bad) = (0, Vec::new(), None);
    for row in line.log.values() {
        let state = line.session.at(row.id);
        let state =
            state.map_err(|error| format!("checkpoint {}: {}", row.number, told(&error)))?;
        match makers.of(row, &state, &ancestors, latest) {
            Ok(deed) => {
                found.insert(deed.token.clone());
                if deed.session() == Some(id) && deed.ended < latest {
                    let token = &deed.token;
                    bad = bad.or(Some(format!("{token} ended before one began that is before it")));
                }
                latest = latest.max(deed.began);
                all.push(deed);
            }
            Err(what) => bad = bad.or(Some(what)),
        }
    }
    bad.map_or(Ok(all), Err)
}

/// Does again what made a line, and compares.
fn replay(
    id: &str,
    line: &Stored,
    stored: &BTreeMap<String, Stored>,
    makers: &mut Makers<'_>,
    found: &mut HashSet<String>,
) -> Result<(), String> {
    let ancestors = ancestors(id, &makers.forks);
    let source = ancestors.get(1).and_then(|source| stored.get(source));
    let is_whole = line.oldest() == 1 && ancestors.len() == 1;
    let mut model = is_whole.then(Line::empty);
    let mut before = None;
    let deeds = self::makers(id, line, makers, found)?;
    for ((number, row), deed) in line.log.iter().zip(deeds) {
        let failed = |error: partita::Error| format!("checkpoint {number}: {}", told(&error));
        if deed.session() != Some(id) {
            // Of the session that it was forked from.
            let known = source.and_then(|source| source.log.get(number));
            if known.is_some_and(|known| known.id != row.id) {
                return Err(format!("checkpoint {number} is another in what it was forked from"));
            }
            if model.is_some() {
                return Err(format!("checkpoint {number} is of {}, elsewhere", deed.token));
            }
            before = Some(row.id);
            continue;
        }
        let state = line.session.at(row.id).map_err(failed)?;
        if let (None, Some(before)) = (&model, before) {
            let before = line.session.at(before).and_then(|state| State::of(&state));
            model = Some(Line::at(before.map_err(failed)?));
        }
        let Some(model) = &mut model else {
            let known = State::of(&state).map_err(failed)?;
            model = Some(Line::at(known));
            continue;
        };
        if model.apply(deed, is_whole) == Made::Unknown {
            model.adopt(State::of(&state).map_err(failed)?);
        }
        let same = model.compare(&state).map_err(failed)?;
        same.map_err(|what| {
            format!("checkpoint {number}, {} {}: {what}", deed.op.name(), deed.token)
        })?;
    }
    // All memories, once.
    if let (Some(model), Ok(latest)) = (model, line.session.latest()) {
        let stored = State::of(&latest).map_err(|error| told(&error))?;
        if model.now.memories() != stored.memories() {
            return Err("the memories are not those of the model".to_owned());
        }
    }
    Ok(())
}

/// A session and those that it was forked from, nearest first.
fn ancestors(id: &str, forks: &BTreeMap<String, &Deed>) -> Vec<String> {
    let mut all = vec![id.to_owned()];
    while let Some(source) = forks.get(&all[all.len() - 1]).and_then(|fork| fork.session()) {
        all.push(source.to_owned());
    }
    all
}

/// Every acknowledged content can be read, unless it was purged; what was purged cannot.
pub(super) fn contents(
    store: &Store,
    record: &Record,
    stored: &BTreeMap<String, Stored>,
    verdict: &mut Verdict,
) {
    let purges: Vec<&Deed> = record
        .deeds
        .values()
        .filter(|deed| deed.op == Op::Purge && deed.end != End::Refused)
        .collect();
    for deed in record.deeds.values().filter(|deed| deed.end == End::Done) {
        let Some(line) = deed.session().and_then(|id| stored.get(id)) else { continue };
        if deed.gave["number"].as_u64().is_none_or(|number| number < line.oldest()) {
            continue;
        }
        let mut contents: Vec<&str> = Vec::new();
        contents.extend(deed.with["content"].as_str());
        let files = deed.with["files"].as_array().into_iter().flatten();
        contents.extend(files.filter_map(|file| file[1].as_str()));
        for content in contents {
            let Ok(id) = content.parse::<ObjectId>() else { continue };
            match store.read_content(ContentId::new(id)) {
                Ok(bytes) if ObjectId::of_content(&bytes) == id => {
                    let must = purges.iter().any(|purge| {
                        deed.op == Op::Secret
                            && purge.end == End::Done
                            && purge.session() == deed.session()
                            && purge.began > deed.ended
                            && purge.gave["purged"] != 0
                    });
                    if must {
                        verdict.wrong.push(format!("{} was purged and can be read", deed.token));
                    }
                }
                Ok(_) => verdict.wrong.push(format!("{} has other bytes", deed.token)),
                Err(error)
                    if error.kind() == ErrorKind::Purged
                        && deed.op == Op::Secret
                        && purges.iter().any(|purge| purge.ended > deed.began) => {}
                Err(error) => {
                    verdict.lost.push(format!("the bytes of {}: {}", deed.token, told(&error)));
                }
            }
        }
    }
}
