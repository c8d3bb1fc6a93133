//! What two sessions have in common.

use crate::error::{Error, ErrorKind, Result};
use crate::session::handle::Session;
use crate::session::line::common::{Known, Parted, contains, parted};
use crate::session::line::info::CheckpointInfo;
use crate::session::line::point::Point;
use crate::store::Store;

/// What the states of two sessions both come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MergeBase {
    /// The newest checkpoint that both contain.
    Checkpoint(CheckpointInfo),
    /// They have nothing in common: the base of their merge is empty.
    Nothing,
    /// They have something in common that nobody can read any more: it was trimmed, or is lost.
    Hidden,
}

/// A base, with the state.
#[derive(Clone, Debug)]
pub(super) enum Base {
    At(Point),
    Nothing,
    Hidden,
}

impl Base {
    /// Finds the newest state that two contain: where their lines parted, or what one knows of a line
    /// that the other knows too. Of two that do not contain each other the one with the larger number
    /// counts.
    pub(super) fn of(
        store: &Store,
        (ours, our_lines): (&Point, &Known),
        (theirs, their_lines): (&Point, &Known),
    ) -> Result<Self> {
        let mut points: Vec<Point> = Vec::new();
        let mut is_hidden = false;
        match parted(store, ours, theirs)? {
            Parted::At(point) => points.push(point),
            Parted::Nowhere => {}
            Parted::Hidden => is_hidden = true,
        }
        for reach in our_lines.shared(their_lines) {
            match Point::read(store, reach.id.id()) {
                Err(error) if error.kind().is_absence() => is_hidden = true,
                point => points.push(point?),
            }
        }
        // Lines come in the order of their nonces, which says nothing.
        points.sort_by_key(|point| std::cmp::Reverse((point.number(), point.id)));
        points.dedup_by_key(|point| point.id);
        let mut newest: Vec<Point> = Vec::new();
        for point in points {
            let mut is_known = false;
            for other in &newest {
                is_known = is_known || contains(store, other, &point)?;
            }
            if is_known {
                continue;
            }
            let mut left = Vec::with_capacity(newest.len() + 1);
            for other in newest {
                if !contains(store, &point, &other)? {
                    left.push(other);
                }
            }
            left.push(point);
            newest = left;
        }
        Ok(match newest.into_iter().max_by_key(|point| (point.number(), point.id)) {
            Some(point) => Base::At(point),
            None if is_hidden => Base::Hidden,
            None => Base::Nothing,
        })
    }

    /// What both of two come from that one session has in common with others.
    fn and(self, store: &Store, other: Base) -> Result<Self> {
        Ok(match (self, other) {
            (Base::At(one), Base::At(other)) => {
                if contains(store, &one, &other)? {
                    Base::At(other)
                } else if contains(store, &other, &one)? {
                    Base::At(one)
                } else {
                    match parted(store, &one, &other)? {
                        Parted::At(point) => Base::At(point),
                        Parted::Nowhere => Base::Nothing,
                        Parted::Hidden => Base::Hidden,
                    }
                }
            }
            (Base::Hidden, _) | (_, Base::Hidden) => Base::Hidden,
            _ => Base::Nothing,
        })
    }

    pub(super) fn point(&self) -> Option<&Point> {
        match self {
            Base::At(point) => Some(point),
            Base::Nothing | Base::Hidden => None,
        }
    }

    pub(super) fn told(&self) -> MergeBase {
        match self {
            Base::At(point) => MergeBase::Checkpoint(CheckpointInfo::of(point)),
            Base::Nothing => MergeBase::Nothing,
            Base::Hidden => MergeBase::Hidden,
        }
    }
}

impl Session {
    /// Refuses a session of another store, and opens the other one here.
    pub(crate) fn here(&self, other: &Session) -> Result<Session> {
        other.head()?;
        match self.store.open_session(other.name()) {
            Ok(session) if session.id == other.id => Ok(session),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Err(Error::invalid(format!(
                "session {:?} is in another store than session {:?}",
                other.name(),
                self.name()
            ))),
        }
    }

    /// Finds the newest checkpoint that this session and others of its store all contain: where one was
    /// forked from another or several from one, or what was merged since.
    ///
    /// # Errors
    /// `Invalid` for no other session and for one of another store, `NotFound` for one that is gone.
    ///
    /// ```
    /// use partita::merge::MergeBase;
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.write("a", "1")?;
    /// let fork = session.fork("t")?;
    /// session.write("a", "2")?;
    /// let later = session.fork("u")?;
    /// let MergeBase::Checkpoint(base) = later.common_with(&[&session, &fork])? else { unreachable!() };
    /// assert_eq!(base.number, 1);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn common_with(&self, others: &[&Session]) -> Result<MergeBase> {
        let mut common: Option<Base> = None;
        for other in others {
            let other = self.here(other)?;
            let (base, _) = self.base_with(&other)?;
            common = Some(match common {
                None => base,
                Some(common) => common.and(&self.store, base)?,
            });
        }
        let nobody = || Error::invalid("no session to have something in common with");
        Ok(common.ok_or_else(nobody)?.told())
    }

    /// What this session and another come from, and the other's newest state.
    pub(super) fn base_with(&self, other: &Session) -> Result<(Base, Option<Point>)> {
        let (ours, theirs) = (self.head()?, other.head()?);
        let base = match (ours.point(), theirs.point()) {
            (Some(ours), Some(theirs)) => {
                let lines = [
                    Known::of(&self.store, self.id, ours)?,
                    Known::of(&self.store, other.id, theirs)?,
                ];
                Base::of(&self.store, (ours, &lines[0]), (theirs, &lines[1]))?
            }
            _ => Base::Nothing,
        };
        Ok((base, theirs.point.clone()))
    }
}
