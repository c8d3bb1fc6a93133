//! Blame: where each line of a file came from, and what rests on the file now.

use std::collections::BTreeMap;

use crate::diff::{ChangeKind, FileDiff};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{CheckpointId, MemoryId};
use crate::map::Map;
use crate::object::{AsPath, Bytes, Entry, FilePath, Iteration, MemoryKind, OperationKind, Role};
use crate::session::handle::Session;
use crate::session::history::end::End;
use crate::session::line::chain::{Link, there};
use crate::session::line::info::{IterationInfo, brought_by, hex, joined};
use crate::session::line::listing;
use crate::session::line::point::{Head, Point};
use crate::session::line::timeline::Timeline;
use crate::session::read::claims::ClaimEntry;
use crate::session::read::snapshot::Snapshot;

/// Memories that are looked through for the call that made an iteration, and for what was asked
/// before it.
const MEMORIES_LOOKED_AT: usize = 1_024;
/// Pieces of evidence that are looked through, newest first.
const EVIDENCE_LOOKED_AT: usize = 1_024;
/// Characters of what was asked.
const PROMPT_CHARS: usize = 240;

/// Where the lines of a file came from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Blame {
    /// The file.
    pub path: FilePath,
    /// Its lines, in order.
    pub lines: Vec<BlameLine>,
    /// The iterations that brought them, newest first.
    pub origins: Vec<BlameOrigin>,
    /// The numbers of evidence about the file as it is, newest first, of the newest 1,024 pieces.
    pub evidence: Vec<u64>,
    /// The claims that rest on evidence which the file is an input of.
    pub claims: Vec<ClaimEntry>,
}

/// One line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlameLine {
    /// Counts from 1.
    pub number: u64,
    /// Its bytes, with the line feed, if it has one.
    pub text: Vec<u8>,
    /// Which of the [`origins`](Blame::origins) brought it, from 0.
    pub origin: usize,
    /// Its number in that iteration.
    pub original: u64,
}

/// The iteration that brought lines of a file, and how it came about.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BlameOrigin {
    /// The iteration. Its path is another where the file was renamed since.
    pub iteration: IterationInfo,
    /// What made it.
    pub kind: OperationKind,
    /// The operation's message, or that of the source; may be empty.
    pub message: String,
    /// Who did it; may be empty.
    pub actor: String,
    /// The git commit that its checkpoint records, if it does.
    pub git_commit: Option<String>,
    /// The number of the memory whose call made it, where that was said.
    pub exchange: Option<u64>,
    /// What was asked before that.
    pub prompt: Option<BlamePrompt>,
    /// Whether what was before it is gone: then the line may be older.
    pub is_oldest: bool,
}

/// What was asked before an iteration came about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlamePrompt {
    /// The number of the memory.
    pub memory: u64,
    /// The beginning of what it says, in one line.
    pub text: String,
}

impl Session {
    /// Tells of each line of a file which iteration brought it, what made that, and what was asked
    /// before; and which evidence and claims rest on the file as it is. Follows renames.
    ///
    /// # Errors
    /// `NotFound` if there is no such file, `Invalid` for a submodule and for a binary file.
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.write("a", "one\ntwo\n")?;
    /// session.write("a", "one\n2\n")?;
    /// let blame = session.blame("a")?;
    /// let numbers: Vec<u64> = blame
    ///     .lines
    ///     .iter()
    ///     .map(|line| blame.origins[line.origin].iteration.number)
    ///     .collect();
    /// assert_eq!(numbers, [1, 2]);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn blame(&self, path: impl AsPath) -> Result<Blame> {
        let head = self.head()?;
        let point = head.point.clone();
        self.blame_of(&head, point, FilePath::new(path)?)
    }

    /// Tells as [`blame`](Self::blame) does, of a file as it was at a checkpoint.
    ///
    /// # Errors
    /// As there; `NotFound` if the checkpoint is not on the session's line.
    pub fn blame_at(&self, path: impl AsPath, checkpoint: CheckpointId) -> Result<Blame> {
        let head = self.head()?;
        let point = self.point_on_line(&head, checkpoint)?;
        self.blame_of(&head, Some(point), FilePath::new(path)?)
    }

    fn blame_of(&self, head: &Head, point: Option<Point>, path: FilePath) -> Result<Blame> {
        let state = Snapshot::new(&self.store, point.clone());
        let file = state.file(&path)?;
        let (Some(file), Some(point)) = (file, point) else {
            return Err(Error::not_found(format!("no file {path}")));
        };
        let end = self.end(head)?;
        let newest: Link<Iteration> = Link::read(&self.store, file.iteration.id())?;
        let traced = self.trace_lines(&newest, end.as_ref())?;
        let (origins, lines) = self.origins_of(head, &point, traced, end.as_ref())?;
        let evidence = resting(&state, &path, &file.entry)?;
        let claims = state.claims()?.into_iter().filter_map(|claim| {
            let looked_at = claim.decided_by.into_iter().chain(claim.evidence.iter().copied());
            for number in looked_at {
                match is_input(&state, number, &path) {
                    Ok(true) => return Some(Ok(claim)),
                    Ok(false) => {}
                    Err(error) => return Some(Err(error)),
                }
            }
            None
        });
        let claims = claims.collect::<Result<_>>()?;
        Ok(Blame { path, lines, origins, evidence, claims })
    }

    /// Tells of the iterations that brought lines, newest first, and says of each line which it was.
    fn origins_of(
        &self,
        head: &Head,
        point: &Point,
        traced: Traced,
        end: Option<&End>,
    ) -> Result<(Vec<BlameOrigin>, Vec<BlameLine>)> {
        let oldest = end.map_or(1, |end| end.oldest);
        let mut places = Vec::with_capacity(traced.links.len());
        let mut from = point.clone();
        for (at, (link, by, is_oldest)) in traced.links.into_iter().enumerate() {
            let brought = match &by {
                // Those of the session's own line are older from one to the next.
                None => brought_by(&self.store, from, &link, oldest)?,
                // What a merge joined came with it.
                Some(by) => brought_by(&self.store, point.clone(), by, oldest)?,
            };
            from = brought.clone();
            places.push((at, brought, link, is_oldest));
        }
        places.sort_by_key(|(at, brought, _, _)| (std::cmp::Reverse(brought.number()), *at));
        let mut timeline = Timeline::new(head);
        let mut now = vec![0; places.len()];
        let mut origins = Vec::with_capacity(places.len());
        for (place, (at, brought, link, is_oldest)) in places.into_iter().enumerate() {
            now[at] = place;
            origins.push(self.origin_of(&mut timeline, &brought, link, is_oldest)?);
        }
        let mut lines = traced.lines;
        for line in &mut lines {
            line.origin = now[line.origin];
        }
        Ok((origins, lines))
    }

    /// Goes back along a file's iterations as long as lines of it are older.
    fn trace_lines(&self, newest: &Link<Iteration>, end: Option<&End>) -> Result<Traced> {
        let text = self.text_of(newest)?;
        if FileDiff::new(text.clone(), text.clone()).is_binary() {
            let path = &newest.value.path;
            return Err(Error::invalid(format!("{path} is a binary file, which has no lines")));
        }
        let mut lines: Vec<BlameLine> = text
            .split_inclusive(|byte| *byte == b'\n')
            .zip(1..)
            .map(|(line, number)| BlameLine {
                number,
                text: line.to_vec(),
                origin: 0,
                original: number,
            })
            .collect();
        let pending: Vec<(usize, u64)> =
            lines.iter().map(|line| (line.number as usize - 1, line.number)).collect();
        let mut links: Vec<Origin> = Vec::new();
        let mut lanes = vec![Lane { at: newest.clone(), text, pending, joined_by: None }];
        while let Some(Lane { mut at, mut text, mut pending, joined_by }) = lanes.pop() {
            while !pending.is_empty() {
                let is_last = match end {
                    Some(end) => end.is_last(&self.store, &at)?,
                    None => false,
                };
                let before = if is_last { None } else { there(at.parent(&self.store))?.flatten() };
                let old = match &before {
                    Some(before) => there(self.text_of(before))?,
                    None => None,
                };
                let (Some(before), Some(old)) = (before, old) else {
                    let is_oldest = is_last || !at.value.parents.is_empty();
                    let origin = place_of(&mut links, &at, &joined_by, is_oldest);
                    for (place, line) in std::mem::take(&mut pending) {
                        (lines[place].origin, lines[place].original) = (origin, line);
                    }
                    break;
                };
                if old != text {
                    let from = same_lines(&old, &text);
                    let (older, mut left): (Vec<_>, Vec<_>) =
                        pending.into_iter().partition(|(_, line)| from.contains_key(line));
                    pending = older.into_iter().map(|(place, line)| (place, from[&line])).collect();
                    // Of what a merge joined, lines may be the other side's.
                    for other in
                        if left.is_empty() { Vec::new() } else { joined(&self.store, &at)? }
                    {
                        let Some(text_there) = there(self.text_of(&other))? else { continue };
                        let from = same_lines(&text_there, &text);
                        let (older, rest): (Vec<_>, Vec<_>) =
                            left.into_iter().partition(|(_, line)| from.contains_key(line));
                        left = rest;
                        let pending = older.into_iter().map(|(place, line)| (place, from[&line]));
                        let joined_by = Some(joined_by.clone().unwrap_or_else(|| at.clone()));
                        let pending = pending.collect();
                        lanes.push(Lane { at: other, text: text_there, pending, joined_by });
                    }
                    if !left.is_empty() {
                        let origin = place_of(&mut links, &at, &joined_by, false);
                        for (place, line) in left {
                            (lines[place].origin, lines[place].original) = (origin, line);
                        }
                    }
                }
                (at, text) = (before, old);
            }
        }
        Ok(Traced { lines, links })
    }

    /// The bytes of an iteration; none where there was nothing, a link or a submodule.
    fn text_of(&self, link: &Link<Iteration>) -> Result<Bytes> {
        match &link.value.entry {
            Entry::File { content, .. } => self.store.read_content(*content),
            _ => Ok(Bytes::from(Vec::new())),
        }
    }

    fn origin_of(
        &self,
        timeline: &mut Timeline,
        point: &Point,
        link: Link<Iteration>,
        is_oldest: bool,
    ) -> Result<BlameOrigin> {
        let operation = timeline.made(&self.store, point.number())?.clone();
        let parent = match link.parent(&self.store) {
            _ if is_oldest => None,
            parent => there(parent)?.flatten(),
        };
        let time = point.value.time.unwrap_or(operation.value.time);
        let cause = link.value.cause;
        let iteration = IterationInfo::of(&self.store, link, parent.as_ref(), point, time)?;
        let label = |name: &str| point.value.labels.get(name);
        let message = match &operation.value.message[..] {
            "" => label(crate::object::Checkpoint::MESSAGE)
                .map(|text| String::from_utf8_lossy(text).into_owned())
                .unwrap_or_default(),
            message => message.to_owned(),
        };
        let state = Snapshot::new(&self.store, Some(point.clone()));
        let exchange = cause.map(|cause| number_of(&state, cause)).transpose()?.flatten();
        let prompt = exchange.map(|number| asked_before(&state, number)).transpose()?.flatten();
        Ok(BlameOrigin {
            iteration,
            kind: operation.value.kind,
            message,
            actor: operation.value.actor.clone(),
            git_commit: label(crate::object::Checkpoint::GIT_COMMIT).map(|raw| hex(raw)),
            exchange,
            prompt,
            is_oldest,
        })
    }
}

struct Traced {
    lines: Vec<BlameLine>,
    links: Vec<Origin>,
}

/// An iteration that brought lines, the one of this session's line that joined it, where a merge did, and
/// whether what was before it is gone.
type Origin = (Link<Iteration>, Option<Link<Iteration>>, bool);

/// Lines whose origin is looked for along one line of iterations.
struct Lane {
    at: Link<Iteration>,
    text: Bytes,
    /// Of each line that is not decided, its place in the file and its line in the iteration.
    pending: Vec<(usize, u64)>,
    joined_by: Option<Link<Iteration>>,
}

/// The place of an iteration among those that brought lines.
fn place_of(
    links: &mut Vec<Origin>,
    link: &Link<Iteration>,
    joined_by: &Option<Link<Iteration>>,
    is_oldest: bool,
) -> usize {
    if let Some(at) = links.iter().position(|(known, ..)| known.id == link.id) {
        return at;
    }
    links.push((link.clone(), joined_by.clone(), is_oldest));
    links.len() - 1
}

/// The lines of a text that are lines of the one before: their numbers there.
fn same_lines(old: &Bytes, new: &Bytes) -> BTreeMap<u64, u64> {
    let diff = FileDiff::new(old.clone(), new.clone());
    let equal = diff.lines().filter(|change| change.kind == ChangeKind::Equal);
    equal.filter_map(|change| Some((change.new_line?, change.old_line?))).collect()
}

/// The number of a memory in a state, if it is among the newest.
fn number_of(state: &Snapshot, id: MemoryId) -> Result<Option<u64>> {
    for entry in state.memories_back().take(MEMORIES_LOOKED_AT) {
        match entry {
            Ok(entry) if entry.id == id => return Ok(Some(entry.number)),
            Err(error) if error.kind() != ErrorKind::Purged => return Err(error),
            _ => {}
        }
    }
    Ok(None)
}

/// What was asked last before a memory.
fn asked_before(state: &Snapshot, number: u64) -> Result<Option<BlamePrompt>> {
    for entry in state.memories_before(number).take(MEMORIES_LOOKED_AT) {
        let entry = match entry {
            Err(error) if error.kind() == ErrorKind::Purged => continue,
            entry => entry?,
        };
        if entry.memory.role == Role::User && entry.memory.kind == MemoryKind::Message {
            let said = entry.resolve(&state.store);
            let text = match there(said)? {
                Some(said) => said.memory.text().into_owned(),
                None => String::new(),
            };
            let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let text = match line.char_indices().nth(PROMPT_CHARS) {
                Some((end, _)) => format!("{}...", &line[..end]),
                None => line,
            };
            return Ok(Some(BlamePrompt { memory: entry.number, text }));
        }
    }
    Ok(None)
}

/// The evidence about a file as it is, newest first.
fn resting(state: &Snapshot, path: &FilePath, entry: &Entry) -> Result<Vec<u64>> {
    let now = listing::listed(entry);
    let mut numbers = Vec::new();
    for evidence in state.evidence().take(EVIDENCE_LOOKED_AT) {
        let Some(evidence) = there(evidence)? else { continue };
        let files = Map::new(evidence.evidence.inputs.files);
        if there(files.get(&state.store, path.as_bytes()))?.flatten() == now {
            numbers.push(evidence.number);
        }
    }
    Ok(numbers)
}

fn is_input(state: &Snapshot, number: u64, path: &FilePath) -> Result<bool> {
    let Some(evidence) = there(state.evidence_at(number))? else { return Ok(false) };
    let files = Map::new(evidence.evidence.inputs.files);
    Ok(there(files.get(&state.store, path.as_bytes()))?.flatten().is_some())
}
