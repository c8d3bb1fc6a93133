//! Whether a model is shown what a file holds now.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::object::{AsPath, FilePath, Part};
use crate::session::handle::Session;
use crate::session::line::place::Place;
use crate::session::read::prompt::{Shown, entry_text};
use crate::session::read::snapshot::Snapshot;

/// Whether a model is shown what a file holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sight {
    /// Its current text stands in what the model is shown.
    Current,
    /// An earlier iteration of it does.
    Outdated,
    /// Nothing of it does.
    None,
    /// There is no such file.
    NoFile,
}

impl Sight {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        match self {
            Sight::Current => "current",
            Sight::Outdated => "outdated",
            Sight::None => "none",
            Sight::NoFile => "no-file",
        }
    }

    /// Tells whether an edit rests on what the model is shown: of a file that is not there, it does.
    pub fn may_edit(self) -> bool {
        matches!(self, Sight::Current | Sight::NoFile)
    }
}

impl std::fmt::Display for Sight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Session {
    /// Tells whether what the model is shown of the newest state holds a file's current text: as a file
    /// in view, as a part of a memory, or word for word in what was said or returned. Asked before an
    /// edit is taken, it finds the model that edits what it no longer sees.
    ///
    /// # Errors
    /// As [`Snapshot::prompt`].
    ///
    /// ```
    /// use partita::host::turn::Sight;
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.write("a.txt", "one\n")?;
    /// assert_eq!(session.sees("a.txt")?, Sight::Current);
    /// session.hide("*.txt")?;
    /// assert_eq!(session.sees("a.txt")?, Sight::None);
    /// assert_eq!(session.sees("b.txt")?, Sight::NoFile);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn sees(&self, path: impl AsPath) -> Result<Sight> {
        self.latest()?.sees(path)
    }
}

impl Snapshot {
    /// Tells whether the model is shown a file's current text, as [`Session::sees`] does.
    ///
    /// # Errors
    /// As [`prompt`](Self::prompt).
    pub fn sees(&self, path: impl AsPath) -> Result<Sight> {
        self.sight(&FilePath::new(path)?, &self.shown(false)?)
    }

    /// Tells whether what somebody is shown holds a file's current text.
    pub(crate) fn sight(&self, path: &FilePath, shown: &Shown) -> Result<Sight> {
        let place = Place::find(self.roots().files(), &self.store, path)?;
        let Some(place) = place.filter(Place::is_live) else { return Ok(Sight::NoFile) };
        let pairs = shown.files.iter().filter(|file| file.path == *path);
        let pairs: BTreeSet<bool> = pairs.map(|file| file.iteration == place.iteration).collect();
        if pairs.contains(&true) {
            return Ok(Sight::Current);
        }
        let text = entry_text(&self.store, &place.entry)?;
        let text = text.trim();
        let bodies = shown.prompt.memories.iter().flat_map(|memory| &memory.memory.parts);
        let is_said =
            !text.is_empty() && bodies.filter_map(text_of).any(|said| find(said, text.as_bytes()));
        Ok(match (is_said, pairs.is_empty()) {
            (true, _) => Sight::Current,
            (false, false) => Sight::Outdated,
            (false, true) => Sight::None,
        })
    }
}

fn text_of(part: &Part) -> Option<&[u8]> {
    match part {
        Part::Text(body) => body.as_inline(),
        Part::Call { arguments, .. } => arguments.as_inline(),
        _ => None,
    }
}

/// Tells whether bytes hold others, in linear time for what is not made to resist it.
fn find(hay: &[u8], needle: &[u8]) -> bool {
    match (std::str::from_utf8(hay), std::str::from_utf8(needle)) {
        // The search of the standard library takes linear time.
        (Ok(hay), Ok(needle)) => hay.contains(needle),
        _ => String::from_utf8_lossy(hay).contains(&*String::from_utf8_lossy(needle)),
    }
}
