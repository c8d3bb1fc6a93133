//! Histories: the iterations of a file, newest first.

use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind, Result};
use crate::id::ObjectId;
use crate::object::{AsPath, Checkpoint, FilePath, Iteration, Objects, Timestamp};
use crate::session::handle::Session;
use crate::session::history::end::End;
use crate::session::line::chain::Link;
use crate::session::line::info::{IterationInfo, brought_by, has_come, joined};
use crate::session::line::place::Place;
use crate::session::line::point::{Head, Point, root};
use crate::session::line::timeline::Timeline;
use crate::store::Store;

/// The iterations of a file, newest first, through renames to where its line began.
///
/// ```
/// let session = partita::Store::in_memory()?.session("s")?;
/// session.write("a", "1")?;
/// session.rename("a", "b")?;
/// let history: Vec<_> = session.history("b")?.collect::<Result<_, _>>()?;
/// assert_eq!(history[0].renamed_from, Some(partita::FilePath::new("a")?));
/// assert_eq!((history[1].number, history[1].size), (1, Some(1)));
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct History {
    store: Store,
    timeline: Timeline,
    /// The iterations to tell next, by their numbers: several behind a merge.
    next: BTreeMap<(u64, ObjectId), Next>,
    /// Where the history ends, if the session was trimmed.
    end: Option<End>,
}

/// An iteration that is to be told.
#[derive(Clone, Debug)]
struct Next {
    link: Link<Iteration>,
    /// A checkpoint that has come to it; of one that a merge joined, the checkpoint of that.
    from: Point,
    /// When that was.
    joined: Option<Timestamp>,
}

impl Session {
    /// Returns the iterations of a file, newest first; also of one that is removed by now. Behind a merge
    /// come those of both sides, by their numbers: two may have one number then, and
    /// [`read_at`](Self::read_at) finds that of this session's own line.
    ///
    /// # Errors
    /// `NotFound` if nothing was ever at the path, `Invalid` for a path that cannot be.
    pub fn history(&self, path: impl AsPath) -> Result<History> {
        let path = FilePath::new(path)?;
        let head = self.head()?;
        let (link, point) = newest(&self.store, &head, &path)?;
        let timeline = Timeline::new(&head);
        let end = self.end(&head)?;
        let mut history =
            History { store: self.store.clone(), timeline, next: BTreeMap::new(), end };
        history.add(Next { link, from: point, joined: None });
        Ok(history)
    }

    /// Returns one iteration of a file, by its number on the line that leads to the path.
    ///
    /// # Errors
    /// `NotFound` if there is no such path or number.
    pub fn iteration(&self, path: impl AsPath, number: u64) -> Result<IterationInfo> {
        let path = FilePath::new(path)?;
        let head = self.head()?;
        self.iteration_of(&head, &path, number)?;
        self.describe(&head, &path, number, None)
    }

    /// The iteration of a path by its number, unless it was trimmed.
    pub(crate) fn iteration_of(
        &self,
        head: &Head,
        path: &FilePath,
        number: u64,
    ) -> Result<Link<Iteration>> {
        let (last, _) = newest(&self.store, head, path)?;
        let end = self.end(head)?;
        numbered(&self.store, last, path, number, end.as_ref())
    }

    /// Tells of an iteration. `made` is the time of the head's operation, where that made it.
    pub(crate) fn describe(
        &self,
        head: &Head,
        path: &FilePath,
        number: u64,
        made: Option<Timestamp>,
    ) -> Result<IterationInfo> {
        let (link, newest) = newest(&self.store, head, path)?;
        let end = self.end(head)?;
        let link = numbered(&self.store, link, path, number, end.as_ref())?;
        let (point, time) = match made {
            Some(made) => {
                let time = newest.value.time.unwrap_or(made);
                (newest, time)
            }
            None => {
                // A path that was renamed has come to its source's iterations, under their own path.
                let oldest = end.as_ref().map_or(1, |end| end.oldest);
                let point = brought_by(&self.store, newest, &link, oldest)?;
                let time = Timeline::new(head).time(&self.store, &point)?;
                (point, time)
            }
        };
        let is_last = match &end {
            Some(end) => end.is_last(&self.store, &link)?,
            None => false,
        };
        let parent = match link.parent(&self.store) {
            _ if is_last => None,
            // What it was made of is lost, and it is not.
            Err(error) if error.kind() == ErrorKind::Purged => None,
            parent => parent?,
        };
        IterationInfo::of(&self.store, link, parent.as_ref(), &point, time)
    }
}

/// The newest iteration of a path and the point whose files hold it.
pub(crate) fn newest(
    store: &Store,
    head: &Head,
    path: &FilePath,
) -> Result<(Link<Iteration>, Point)> {
    let unknown = || unknown(path);
    let point = head.point.clone().ok_or_else(unknown)?;
    let files = root(Some(&point), Checkpoint::FILES);
    let place = Place::find(files, store, path)?.ok_or_else(unknown)?;
    Ok((place.iteration(store)?, point))
}

pub(crate) fn unknown(path: &FilePath) -> Error {
    Error::not_found(format!("no file {path}, and there never was one"))
}

/// The iteration of this number on the line of a path, as far back as its history goes.
pub(crate) fn numbered(
    objects: &impl Objects,
    newest: Link<Iteration>,
    path: &FilePath,
    number: u64,
    end: Option<&End>,
) -> Result<Link<Iteration>> {
    let last = newest.number();
    let keeps = |link: &Link<Iteration>| end.map_or(Ok(true), |end| end.keeps(objects, link));
    let found = if number == 0 { None } else { newest.clone().ancestor(objects, number)? };
    if let Some(found) = found
        && keeps(&found)?
    {
        return Ok(found);
    }
    let first = newest.earliest(objects, keeps)?;
    Err(Error::not_found(if number > last || number == 0 {
        format!("no iteration {number} of {path}: the newest is {last}")
    } else if number < first.number() && !first.value.parents.is_empty() {
        format!("iteration {number} of {path} was trimmed: the oldest is {}", first.number())
    } else {
        format!("no iteration {number} of {path}: a rename left the number out")
    }))
}

impl History {
    fn add(&mut self, next: Next) {
        let key = (next.link.number(), next.link.id);
        let known = self.next.get(&key);
        if known.is_none_or(|known| known.joined.is_some() && next.joined.is_none()) {
            self.next.insert(key, next);
        }
    }

    fn step(&mut self, Next { link, from, joined: at }: Next) -> Result<IterationInfo> {
        let oldest = self.end.as_ref().map_or(1, |end| end.oldest);
        let (point, time) = match at {
            Some(time) => (from, time),
            None => {
                let point = brought_by(&self.store, from, &link, oldest)?;
                let time = self.timeline.time(&self.store, &point)?;
                (point, time)
            }
        };
        let is_last = match &self.end {
            Some(end) => end.is_last(&self.store, &link)?,
            None => false,
        };
        let parent = if is_last { None } else { link.parent(&self.store)? };
        if let Some(parent) = &parent {
            // One batch may bring several iterations of a path.
            let before = match point.parent(&self.store)? {
                Some(before) if at.is_none() && has_come(&self.store, &before, parent)? => before,
                _ => point.clone(),
            };
            self.add(Next { link: parent.clone(), from: before, joined: at });
            for other in joined(&self.store, &link)? {
                self.add(Next { link: other, from: point.clone(), joined: Some(time) });
            }
        }
        IterationInfo::of(&self.store, link, parent.as_ref(), &point, time)
    }
}

impl Iterator for History {
    type Item = Result<IterationInfo>;

    fn next(&mut self) -> Option<Self::Item> {
        let (_, next) = self.next.pop_last()?;
        let told = self.step(next);
        if told.is_err() {
            self.next.clear();
        }
        Some(told)
    }
}
