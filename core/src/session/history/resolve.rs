//! Names of checkpoints: a number, a short id, a git commit.

use crate::error::{Error, ErrorKind, Result, quoted};
use crate::id::{CheckpointId, ObjectId, Prefix, ambiguous};
use crate::limits::{CANDIDATES_MAX, PREFIX_DIGITS_MIN};
use crate::object::{Checkpoint, Kind, Objects};
use crate::session::handle::Session;
use crate::session::line::chain::Link;
use crate::session::line::info::hex;
use crate::session::line::point::{Head, Point};
use crate::session::read::snapshot::Snapshot;

/// Objects of a store that a short id is looked for in before its line is walked instead.
const CANDIDATES_LOOKED_AT: usize = 1_024;

impl Session {
    /// Returns the state at a checkpoint of this session.
    ///
    /// # Errors
    /// `NotFound` if the checkpoint is not on the session's line.
    pub fn at(&self, checkpoint: CheckpointId) -> Result<Snapshot> {
        let head = self.head()?;
        Ok(Snapshot::new(&self.store, Some(self.point_on_line(&head, checkpoint)?)))
    }

    /// Returns the checkpoint that a text names: its number, `id:` and at least four of its id's
    /// digits, `latest`, or `git:` and at least four digits of the commit that it records.
    ///
    /// # Errors
    /// `NotFound` if there is none on the session's line, `Ambiguous` with the candidates,
    /// `Invalid` for a text of none of these forms.
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.write("a", "1")?;
    /// let id = session.checkpoint("latest")?;
    /// assert_eq!(session.checkpoint("1")?, id);
    /// assert_eq!(session.checkpoint(&format!("id:{id:.10}"))?, id);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn checkpoint(&self, spec: &str) -> Result<CheckpointId> {
        let head = self.head()?;
        let newest = head.point.clone().ok_or_else(|| {
            Error::not_found(format!("session {:?} has no checkpoint yet", self.name))
        })?;
        if spec == "latest" {
            return Ok(newest.checkpoint_id());
        }
        if let Some(digits) = spec.strip_prefix("id:") {
            let prefix = digits
                .parse()
                .map_err(|error: Error| error.context(format!("checkpoint {}", quoted(spec))))?;
            return self.by_id(newest, &prefix);
        }
        if let Some(digits) = spec.strip_prefix("git:") {
            return self.by_commit(newest, digits);
        }
        let number: u64 = spec.parse().map_err(|_| {
            Error::invalid(format!(
                "{} names no checkpoint: give a number, id:PREFIX, latest or git:PREFIX",
                quoted(spec)
            ))
        })?;
        let last = newest.number();
        let oldest = self.oldest()?;
        if number < oldest && number > 0 {
            return self.pinned(number)?.ok_or_else(|| trimmed(number, oldest));
        }
        let point = if number == 0 { None } else { newest.ancestor(&self.store, number)? };
        point.map(|point| point.checkpoint_id()).ok_or_else(|| {
            Error::not_found(format!("no checkpoint {number}: the newest is {last}"))
        })
    }

    /// The point of a checkpoint that must be on the line of the head.
    pub(crate) fn point_on_line(&self, head: &Head, id: CheckpointId) -> Result<Point> {
        let foreign =
            || Error::not_found(format!("session {:?} has no checkpoint {id:.10}", self.name));
        let newest = head.point.clone().ok_or_else(foreign)?;
        if newest.id == id.id() {
            return Ok(newest);
        }
        let Some(node) = self.store.get_node(&id.id())? else { return Err(foreign()) };
        if node.kind != Kind::CHECKPOINT {
            return Err(foreign());
        }
        let point: Point = Link::read(&self.store, id.id())?;
        let oldest = self.oldest()?;
        if point.number() < oldest {
            return match self.pinned(point.number())? {
                Some(pinned) if pinned == id => Ok(point),
                _ => Err(trimmed(point.number(), oldest)),
            };
        }
        match newest.ancestor(&self.store, point.number())? {
            Some(found) if found.id == point.id => Ok(found),
            _ => Err(foreign()),
        }
    }

    fn by_id(&self, newest: Point, prefix: &Prefix) -> Result<CheckpointId> {
        let oldest = self.oldest()?;
        let candidates = self.store.log().candidates(prefix, CANDIDATES_LOOKED_AT)?;
        let mut found: Vec<ObjectId> = Vec::new();
        if candidates.len() < CANDIDATES_LOOKED_AT {
            for id in candidates {
                let node = self.store.get_node(&id)?;
                if node.is_none_or(|node| node.kind != Kind::CHECKPOINT) {
                    continue;
                }
                let point: Point = Link::read(&self.store, id)?;
                let here = match point.number() < oldest {
                    true => self.pinned(point.number())?.map(|pinned| pinned.id()),
                    false => newest.clone().ancestor(&self.store, point.number())?.map(|at| at.id),
                };
                if here == Some(id) {
                    found.push(id);
                }
            }
        } else {
            let mut at = Some(newest);
            while let Some(point) = at {
                if prefix.matches(&point.id) {
                    found.push(point.id);
                }
                at = if point.number() > oldest { point.parent(&self.store)? } else { None };
            }
        }
        found.sort();
        match found.len() {
            0 => {
                Err(Error::not_found(format!("session {:?} has no checkpoint {prefix}", self.name)))
            }
            1 => Ok(CheckpointId::new(found[0])),
            count => {
                found.truncate(CANDIDATES_MAX);
                Err(ambiguous(prefix, &found, count > CANDIDATES_MAX))
            }
        }
    }

    /// Walks the line: labels are not indexed, and who imports asks for the newest.
    fn by_commit(&self, newest: Point, digits: &str) -> Result<CheckpointId> {
        let wanted = digits.to_ascii_lowercase();
        let is_hex = wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hex || wanted.len() < PREFIX_DIGITS_MIN || wanted.len() > 64 {
            return Err(Error::invalid(format!(
                "a short commit id has {PREFIX_DIGITS_MIN} to 64 hexadecimal digits"
            )));
        }
        // A commit that was imported anew, after an undo, stands on the line twice: the newest
        // one counts.
        let oldest = self.oldest()?;
        let mut found: Vec<(String, CheckpointId)> = Vec::new();
        let mut at = Some(newest);
        while let Some(point) = at {
            let commit = point.value.labels.get(Checkpoint::GIT_COMMIT).map(|raw| hex(raw));
            if let Some(commit) = commit.filter(|commit| commit.starts_with(&wanted)) {
                if commit == wanted {
                    return Ok(point.checkpoint_id());
                }
                if found.iter().all(|(other, _)| *other != commit) {
                    found.push((commit, point.checkpoint_id()));
                }
            }
            at = if point.number() > oldest { point.parent(&self.store)? } else { None };
        }
        match &found[..] {
            [] => {
                Err(Error::not_found(format!("session {:?} records no commit {wanted}", self.name)))
            }
            [(_, id)] => Ok(*id),
            several => {
                let mut list: Vec<&str> =
                    several.iter().take(CANDIDATES_MAX).map(|(commit, _)| &commit[..]).collect();
                if several.len() > CANDIDATES_MAX {
                    list.push("...");
                }
                let list = list.join(", ");
                Err(Error::new(
                    ErrorKind::Ambiguous,
                    format!("git:{wanted} is ambiguous, candidates: {list}"),
                ))
            }
        }
    }
}

fn trimmed(number: u64, oldest: u64) -> Error {
    Error::not_found(format!("checkpoint {number} was trimmed: the oldest is {oldest}"))
}
