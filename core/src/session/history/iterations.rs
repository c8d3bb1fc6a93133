//! Histories: the iterations of a file, newest first.

use crate::error::{Error, ErrorKind, Result};
use crate::object::{AsPath, Checkpoint, FilePath, Iteration, Objects, Timestamp};
use crate::session::handle::Session;
use crate::session::history::end::End;
use crate::session::line::chain::Link;
use crate::session::line::info::{IterationInfo, brought_by, has_come};
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
    /// The iteration to tell next, and a checkpoint that has come to it.
    next: Option<(Link<Iteration>, Point)>,
    /// Where the history ends, if the session was trimmed.
    end: Option<End>,
}

impl Session {
    /// Returns the iterations of a file, newest first; also of one that is removed by now.
    ///
    /// # Errors
    /// `NotFound` if nothing was ever at the path, `Invalid` for a path that cannot be.
    pub fn history(&self, path: impl AsPath) -> Result<History> {
        let path = FilePath::new(path)?;
        let head = self.head()?;
        let (link, point) = newest(&self.store, &head, &path)?;
        let timeline = Timeline::new(&head);
        let end = self.end(&head)?;
        Ok(History { store: self.store.clone(), timeline, next: Some((link, point)), end })
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
    fn step(&mut self, link: Link<Iteration>, from: Point) -> Result<IterationInfo> {
        let oldest = self.end.as_ref().map_or(1, |end| end.oldest);
        let point = brought_by(&self.store, from, &link, oldest)?;
        let is_last = match &self.end {
            Some(end) => end.is_last(&self.store, &link)?,
            None => false,
        };
        let parent = if is_last { None } else { link.parent(&self.store)? };
        if let Some(parent) = &parent {
            // One batch may bring several iterations of a path.
            let before = match point.parent(&self.store)? {
                Some(before) if has_come(&self.store, &before, parent)? => before,
                _ => point.clone(),
            };
            self.next = Some((parent.clone(), before));
        }
        let time = self.timeline.time(&self.store, &point)?;
        IterationInfo::of(&self.store, link, parent.as_ref(), &point, time)
    }
}

impl Iterator for History {
    type Item = Result<IterationInfo>;

    fn next(&mut self) -> Option<Self::Item> {
        let (link, from) = self.next.take()?;
        let told = self.step(link, from);
        if told.is_err() {
            self.next = None;
        }
        Some(told)
    }
}
