//! Chains: checkpoints, operations and iterations, each linked to the one before and to one
//! further back, so that any ancestor is found in O(log n).

use std::sync::Arc;

use crate::codec::malformed;
use crate::error::{ErrorKind, Result};
use crate::id::ObjectId;
use crate::object::{Canonical, Checkpoint, Iteration, Node, Objects, Operation, jumps_far, read};

/// What stands in a chain. Numbers fall strictly along parents and jumps.
pub(crate) trait Linked: Canonical {
    fn number(&self) -> u64;
    /// The first parent.
    fn parent(&self) -> Option<ObjectId>;
    /// The jump, where it is stored because it differs from the parent.
    fn stored_jump(&self) -> Option<ObjectId>;

    /// Where a node leads, whatever else it holds.
    fn ties_of(node: &Node) -> Result<Ties> {
        Ok(Ties::of(&Self::from_node(node)?))
    }
}

/// Where a link of a chain leads: all that a way along the chain asks of most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ties {
    number: u64,
    parent: Option<ObjectId>,
    jump: Option<ObjectId>,
}

impl Ties {
    fn of<T: Linked>(value: &T) -> Self {
        Ties { number: value.number(), parent: value.parent(), jump: value.stored_jump() }
    }

    /// Where the jump goes: further back, else the parent, or none at the start and where what it
    /// leads to was trimmed or lost to damage.
    fn jump<T: Linked>(
        &self,
        of: ObjectId,
        objects: &(impl Objects + ?Sized),
    ) -> Result<Option<(ObjectId, Ties)>> {
        let Some(id) = self.jump.or(self.parent) else { return Ok(None) };
        let read = objects.read_node(&id).and_then(|node| {
            T::ties_of(&node).map_err(|error| error.context(format!("object {id:.10}")))
        });
        match read {
            Ok(ties) => {
                check_order((of, self.number), (id, ties.number))?;
                Ok(Some((id, ties)))
            }
            Err(error) if error.kind() == ErrorKind::Purged => Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound && objects.is_trimmed(&id)? => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Refuses a link whose number is not below that of the link that leads to it.
fn check_order(from: (ObjectId, u64), to: (ObjectId, u64)) -> Result<()> {
    let ((from, number), (id, at)) = (from, to);
    if at >= number {
        let what = format!("{from:.10} has number {number}, {id:.10} before it {at}");
        return Err(malformed(what));
    }
    Ok(())
}

impl Linked for Checkpoint {
    fn number(&self) -> u64 {
        self.number
    }
    fn parent(&self) -> Option<ObjectId> {
        self.parents.first().map(|id| id.id())
    }
    fn stored_jump(&self) -> Option<ObjectId> {
        self.jump.map(|id| id.id())
    }
    fn ties_of(node: &Node) -> Result<Ties> {
        let (number, parent, jump) = Checkpoint::ties_of(node)?;
        Ok(Ties { number, parent: parent.map(|id| id.id()), jump: jump.map(|id| id.id()) })
    }
}

impl Linked for Operation {
    fn number(&self) -> u64 {
        self.number
    }
    fn parent(&self) -> Option<ObjectId> {
        self.previous.map(|id| id.id())
    }
    fn stored_jump(&self) -> Option<ObjectId> {
        self.jump.map(|id| id.id())
    }
}

impl Linked for Iteration {
    fn number(&self) -> u64 {
        self.number
    }
    fn parent(&self) -> Option<ObjectId> {
        self.parents.first().map(|id| id.id())
    }
    fn stored_jump(&self) -> Option<ObjectId> {
        self.jump.map(|id| id.id())
    }
}

/// A value of a chain and its id.
#[derive(Debug)]
pub(crate) struct Link<T> {
    pub(crate) id: ObjectId,
    pub(crate) value: Arc<T>,
}

impl<T> Clone for Link<T> {
    fn clone(&self) -> Self {
        Link { id: self.id, value: self.value.clone() }
    }
}

impl<T: Linked> Link<T> {
    pub(crate) fn read(objects: &(impl Objects + ?Sized), id: ObjectId) -> Result<Self> {
        Ok(Link { id, value: Arc::new(read(objects, id)?) })
    }

    pub(crate) fn number(&self) -> u64 {
        self.value.number()
    }

    /// The first parent, or none at the start of the chain, and where what is before was trimmed.
    pub(crate) fn parent(&self, objects: &(impl Objects + ?Sized)) -> Result<Option<Self>> {
        match self.value.parent() {
            Some(id) => self.follow(objects, id),
            None => Ok(None),
        }
    }

    /// Where the jump goes: further back, else the parent, or none at the start and where what it
    /// leads to was trimmed.
    pub(super) fn jump(&self, objects: &(impl Objects + ?Sized)) -> Result<Option<Self>> {
        match self.value.stored_jump() {
            Some(id) => self.follow(objects, id),
            None => self.parent(objects),
        }
    }

    /// What a child of this one stores as its jump.
    pub(crate) fn jump_of_child(
        &self,
        objects: &(impl Objects + ?Sized),
    ) -> Result<Option<ObjectId>> {
        // The start of a chain jumps to itself, so its child and grandchild jump to their parents. A
        // chain of which damage took a link goes on without a jump.
        let Some((id, jump)) = Ties::of(&*self.value).jump::<T>(self.id, objects)? else {
            return Ok(None);
        };
        let Some((far_id, far)) = jump.jump::<T>(id, objects)? else { return Ok(None) };
        Ok(jumps_far(self.number(), jump.number, far.number).then_some(far_id))
    }

    /// The ancestor with this number, itself included, or none where the chain has no such.
    pub(crate) fn ancestor(
        self,
        objects: &(impl Objects + ?Sized),
        number: u64,
    ) -> Result<Option<Self>> {
        if self.number() <= number {
            // What is before it may be lost, and need not be looked at.
            return Ok((self.number() == number).then_some(self));
        }
        let found = self.earliest(objects, |link| Ok(link.number() >= number))?;
        Ok((found.number() == number).then_some(found))
    }

    /// The earliest of itself and its ancestors that holds, where it holds itself and what comes
    /// after one that holds does too. Near ones are found in few steps, far ones in O(log n).
    pub(crate) fn earliest(
        self,
        objects: &(impl Objects + ?Sized),
        mut holds: impl FnMut(&Self) -> Result<bool>,
    ) -> Result<Self> {
        let mut at = self;
        loop {
            if at.value.stored_jump().is_some() {
                let jump = at.jump(objects)?;
                if let Some(jump) = jump
                    && holds(&jump)?
                {
                    at = jump;
                    continue;
                }
            }
            match at.parent(objects)? {
                Some(parent) if holds(&parent)? => at = parent,
                _ => return Ok(at),
            }
        }
    }

    fn follow(&self, objects: &(impl Objects + ?Sized), id: ObjectId) -> Result<Option<Self>> {
        match self.earlier(objects, id) {
            Err(error) if error.kind() == ErrorKind::NotFound && objects.is_trimmed(&id)? => {
                Ok(None)
            }
            found => found.map(Some),
        }
    }

    fn earlier(&self, objects: &(impl Objects + ?Sized), id: ObjectId) -> Result<Self> {
        let link = Link::read(objects, id)?;
        check_order((self.id, self.number()), (id, link.number()))?;
        Ok(link)
    }
}

/// What a read finds; none where it was trimmed, purged or lost.
pub(crate) fn there<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Err(error) if error.kind().is_absence() => Ok(None),
        read => read.map(Some),
    }
}

/// The number after; refuses what only a forged object can ask for.
pub(crate) fn number_after(number: u64) -> Result<u64> {
    number.checked_add(1).ok_or_else(|| malformed("a chain is at the largest number"))
}
