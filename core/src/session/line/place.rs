//! Places: what the files map holds for a path.

use std::collections::HashSet;

use crate::codec::{Reader, Writer, malformed};
use crate::error::{ErrorKind, Result};
use crate::id::{IterationId, ObjectId};
use crate::map::{Map, Value};
use crate::object::{
    BodyReader, BodyWriter, Checkpoint, Entry, FilePath, Iteration, Objects, RefReader,
};
use crate::session::line::chain::Link;
use crate::session::line::point::{Point, root};

/// What is at a path, and the iteration that put it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) entry: Entry,
    pub(crate) iteration: IterationId,
}

impl Place {
    /// Looks a path up. A removed one has a place too.
    pub(crate) fn find(
        files: Map,
        objects: &(impl Objects + ?Sized),
        path: &FilePath,
    ) -> Result<Option<Self>> {
        let value = files.get(objects, path.as_bytes())?;
        value.map(|value| Place::from_value(&value)).transpose()
    }

    pub(crate) fn is_live(&self) -> bool {
        !self.entry.is_removed()
    }

    /// The iteration, after which the next one comes. Where it is lost, one stands in that has its
    /// id: the number is after all that can be read before it, from a state that holds it.
    pub(crate) fn iteration_to_follow(
        &self,
        objects: &(impl Objects + ?Sized),
        path: &FilePath,
        state: Option<&Point>,
    ) -> Result<Link<Iteration>> {
        match self.iteration(objects) {
            Err(error) if error.kind() == ErrorKind::Purged => {}
            found => return found,
        }
        let (mut before, mut lost) = (0, HashSet::from([self.iteration]));
        let mut at = state.cloned();
        while let Some(point) = at {
            let place = Place::find(root(Some(&point), Checkpoint::FILES), objects, path);
            match place {
                Ok(Some(place)) if lost.contains(&place.iteration) => {}
                Ok(Some(place)) => match place.iteration(objects) {
                    Ok(link) => {
                        before = link.number();
                        break;
                    }
                    Err(error) if error.kind() == ErrorKind::Purged => {
                        lost.insert(place.iteration);
                    }
                    Err(error) => return Err(error),
                },
                Ok(None) => break,
                Err(error) if error.kind() == ErrorKind::Purged => {}
                Err(error) => return Err(error),
            }
            at = match point.parent(objects) {
                Err(error) if error.kind() == ErrorKind::Purged => None,
                parent => parent?,
            };
        }
        let value = Iteration {
            path: path.clone(),
            number: before.saturating_add(lost.len() as u64),
            entry: self.entry.clone(),
            parents: Vec::new(),
            jump: None,
            cause: None,
        };
        Ok(Link { id: self.iteration.id(), value: value.into() })
    }

    pub(crate) fn iteration(&self, objects: &(impl Objects + ?Sized)) -> Result<Link<Iteration>> {
        Link::read(objects, self.iteration.id())
    }

    /// The refs are the entry's content, where it has one, and the iteration; the bytes are the
    /// entry's own.
    pub(crate) fn to_value(&self) -> Value {
        let mut refs: Vec<ObjectId> = Vec::with_capacity(2);
        let mut bytes = Writer::new();
        self.entry.encode(&mut refs, &mut BodyWriter(&mut bytes));
        refs.push(self.iteration.id());
        Value { refs, bytes: bytes.into_bytes() }
    }

    pub(crate) fn from_value(value: &Value) -> Result<Self> {
        let mut refs = RefReader(&value.refs);
        let mut bytes = BodyReader(Reader::new(&value.bytes));
        let entry = Entry::decode(&mut refs, &mut bytes)?;
        let place = Place { entry, iteration: IterationId::new(refs.next()?) };
        if place.to_value() != *value {
            return Err(malformed("a file's value is not in canonical form"));
        }
        Ok(place)
    }
}
