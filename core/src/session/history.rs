//! Histories: the iterations of a file, newest first.

use super::Session;
use super::chain::Link;
use super::head::{Head, Point, root};
use super::info::{IterationInfo, brought_by, has_come};
use super::place::Place;
use super::timeline::Timeline;
use super::trim::End;
use crate::error::{Error, Result};
use crate::object::{Checkpoint, FilePath, Iteration, Objects};
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
#[derive(Debug)]
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
    pub fn history(&self, path: impl AsRef<[u8]>) -> Result<History> {
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
    pub fn iteration(&self, path: impl AsRef<[u8]>, number: u64) -> Result<IterationInfo> {
        let path = FilePath::new(path)?;
        let head = self.head()?;
        self.iteration_of(&head, &path, number)?;
        self.describe(&head, &path, number)
    }

    /// The iteration of a path by its number, unless it was trimmed.
    pub(super) fn iteration_of(
        &self,
        head: &Head,
        path: &FilePath,
        number: u64,
    ) -> Result<Link<Iteration>> {
        let (last, _) = newest(&self.store, head, path)?;
        let end = self.end(head)?;
        let found = numbered(&self.store, last, path, number);
        match (found, &end) {
            (Ok(link), Some(end)) => {
                end.check(&self.store, &link)?;
                Ok(link)
            }
            (found, _) => found,
        }
    }

    pub(super) fn describe(
        &self,
        head: &Head,
        path: &FilePath,
        number: u64,
    ) -> Result<IterationInfo> {
        let (link, point) = newest(&self.store, head, path)?;
        let link = numbered(&self.store, link, path, number)?;
        // A path that was renamed has come to its source's iterations, under their own path.
        let point = brought_by(&self.store, point, &link)?;
        let time = Timeline::new(head).time(&self.store, &point)?;
        let parent = link.parent(&self.store)?;
        IterationInfo::of(&self.store, link, parent.as_ref(), &point, time)
    }
}

/// The newest iteration of a path and the point whose files hold it.
pub(super) fn newest(
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

pub(super) fn unknown(path: &FilePath) -> Error {
    Error::not_found(format!("no file {path}, and there never was one"))
}

/// The iteration of this number on the line of a path.
pub(super) fn numbered(
    objects: &impl Objects,
    newest: Link<Iteration>,
    path: &FilePath,
    number: u64,
) -> Result<Link<Iteration>> {
    let last = newest.number();
    let found = if number == 0 { None } else { newest.clone().ancestor(objects, number)? };
    if let Some(found) = found {
        return Ok(found);
    }
    let first = newest.earliest(objects, |_| Ok(true))?;
    Err({
        let has = if !first.value.parents.is_empty() && (1..first.number()).contains(&number) {
            format!("it was trimmed, the oldest is {}", first.number())
        } else if number > last || number == 0 {
            format!("the newest is {last}")
        } else {
            "a rename left the number out".to_owned()
        };
        Error::not_found(format!("no iteration {number} of {path}: {has}"))
    })
}

impl History {
    fn step(&mut self, link: Link<Iteration>, from: Point) -> Result<IterationInfo> {
        let point = brought_by(&self.store, from, &link)?;
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
