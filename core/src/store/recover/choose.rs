//! Which object each ref names after a recovery.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::Store;
use super::super::kept::Record;
use super::super::refs::{
    CHECKOUT, DELETED, HORIZON, LOST, PIN, PURGED, RECOVERED, RECOVERY, SESSION, checkout_ref,
    deleted_ref, horizon_ref, pin_ref, session_in,
};
use super::operations::{Follows, Op, Operations};
use super::report::{RecoveredSession, SetBack};
use crate::error::{ErrorKind, Result};
use crate::id::{ObjectId, OperationId};
use crate::limits::NAME_BYTES_MAX;
use crate::log::{Known, Timeline};
use crate::object::{Canonical, Checkpoint, Horizon, Kind, Objects, read};

/// Refs as they were chosen, and what there is to tell of that.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub(super) refs: BTreeMap<String, ObjectId>,
    pub(super) set_back: Vec<SetBack>,
    pub(super) recovered: Vec<RecoveredSession>,
    /// Sessions that refs name.
    pub(super) sessions: HashMap<OperationId, String>,
    /// Sessions that a commit gave up for good.
    pub(super) given_up: HashSet<OperationId>,
    /// Refs that name sessions of which nothing else is known, for what they name is lost.
    nameless: Vec<String>,
}

pub(super) struct Chooser<'a> {
    pub(super) store: &'a Store,
    pub(super) timeline: &'a Timeline,
    pub(super) operations: &'a Operations<'a>,
    pub(super) horizons: &'a [(ObjectId, Horizon)],
}

impl Chooser<'_> {
    pub(super) fn choose(&self) -> Result<Chosen> {
        let mut chosen = Chosen::default();
        self.keep_sessions(&mut chosen)?;
        self.bring_sessions_back(&mut chosen)?;
        for (name, values) in &self.timeline.refs {
            if !is_own(name) {
                self.keep_other(name, values, &mut chosen)?;
            }
        }
        for (name, id) in &self.timeline.hints {
            let is_new = !self.timeline.refs.contains_key(name);
            if is_new && !is_own(name) && self.fits(name, id)? {
                self.take_hint(name, *id, &mut chosen)?;
            }
        }
        self.mend_horizons(&mut chosen)?;
        Ok(chosen)
    }

    /// Lets each ref of a session that is known to be there name the session's newest operation.
    fn keep_sessions(&self, chosen: &mut Chosen) -> Result<()> {
        // Of two names that one session seems to have the later one counts: the commit that took
        // the other away cannot be read.
        let mut by_session: BTreeMap<OperationId, (usize, &str, ObjectId)> = BTreeMap::new();
        let mut unknown = Vec::new();
        for (name, values) in self.timeline.refs.iter().filter(|(name, _)| is_session(name)) {
            let Some(Known { value: Some(value), step }) = values.last().copied() else { continue };
            match self.session_behind(name, values) {
                Some(session) => {
                    let entry = by_session.entry(session).or_insert((step, name, value));
                    if entry.0 <= step {
                        *entry = (step, name, value);
                    }
                }
                None => unknown.push((name.clone(), value)),
            }
        }
        for (session, (step, name, value)) in by_session {
            let known = Known { value: Some(value), step };
            self.keep_session(session, name, &known, chosen)?;
        }
        for (name, value) in unknown {
            // An operation that this version does not know is none to judge.
            if self.operations.whole.contains(&value) && self.store.log().is_node(&value)? {
                chosen.refs.insert(name, value);
            } else {
                chosen.nameless.push(name);
            }
        }
        Ok(())
    }

    /// The session that a ref names, also where its newest operations are lost.
    fn session_behind(&self, name: &str, values: &[Known]) -> Option<OperationId> {
        let named = session_in(name, DELETED).map(|(session, _)| session);
        // One and the same name may have been another session's before it was free.
        let own = values.iter().rev().map_while(|known| known.value);
        named.or_else(|| own.into_iter().find_map(|id| self.operations.session_of(&id)))
    }

    fn keep_session(
        &self,
        session: OperationId,
        name: &str,
        known: &Known,
        chosen: &mut Chosen,
    ) -> Result<()> {
        let Some(last) = known.value else { return Ok(()) };
        let head = self.head_of(session, &last, self.timeline.is_in_doubt(known))?;
        let Some(head) = head else {
            chosen.sessions.insert(session, name.to_owned());
            chosen.set_back.push(SetBack { name: name.to_owned(), operation: None });
            return Ok(());
        };
        let name = self.name_after(session, name, known, chosen);
        let is_newer = head.id == last || self.operations.follows(head, &last) == Follows::Yes;
        if !is_newer {
            let operation = Some(head.number);
            chosen.set_back.push(SetBack { name: name.clone(), operation });
        }
        chosen.sessions.insert(session, name.clone());
        chosen.refs.insert(name, head.id);
        Ok(())
    }

    /// The newest operation of a session, on the line of the last known one, whose state can be
    /// read.
    fn head_of(
        &self,
        session: OperationId,
        last: &ObjectId,
        in_doubt: bool,
    ) -> Result<Option<&Op>> {
        for op in self.operations.of(session) {
            if self.is_on_line(op, last, in_doubt) && self.operations.is_usable(op)? {
                return Ok(Some(op));
            }
        }
        Ok(None)
    }

    fn is_on_line(&self, op: &Op, last: &ObjectId, in_doubt: bool) -> bool {
        match self.operations.get(last) {
            _ if op.id == *last => true,
            Some(known) if op.number > known.number => {
                in_doubt && self.operations.follows(op, last) != Follows::No
            }
            Some(known) => self.operations.follows(known, &op.id) != Follows::No,
            None => in_doubt || self.operations.follows(op, last) != Follows::Yes,
        }
    }

    /// The name that a session has after its newest operations, of which no ref told. What they say
    /// of it counts, whether the states that they left can be read or not.
    fn name_after(
        &self,
        session: OperationId,
        name: &str,
        known: &Known,
        chosen: &Chosen,
    ) -> String {
        let Some(last) = known.value else { return name.to_owned() };
        if !self.timeline.is_in_doubt(known) {
            return name.to_owned();
        }
        let number = self.operations.get(&last).map(|op| op.number);
        let is_newer = |op: &&Op| match self.operations.follows(op, &last) {
            Follows::Yes => true,
            Follows::No => false,
            Follows::Perhaps => number.is_some_and(|number| op.number > number),
        };
        let newer: Vec<&Op> = self.operations.of(session).filter(is_newer).collect();
        let mut now = name.to_owned();
        for op in newer.iter().rev() {
            if op.is_delete {
                now = deleted_ref(session);
            }
            if let Some(name) = op.undeletes.as_ref().filter(|name| !name.is_empty()) {
                now = format!("{SESSION}{name}");
            }
            let old = now.strip_prefix(SESSION).unwrap_or(&now);
            let renamed = op.renames.as_ref().and_then(|message| {
                message.strip_prefix(old).and_then(|rest| rest.strip_prefix(" -> "))
            });
            if let Some(new) = renamed.filter(|new| !new.is_empty()) {
                now = format!("{SESSION}{new}");
            }
        }
        let newest =
            self.operations.of(session).find(|op| match self.operations.follows(op, &last) {
                Follows::Yes => true,
                Follows::No => false,
                Follows::Perhaps => number.is_none_or(|number| op.number > number),
            });
        if newest.is_some_and(|op| op.is_delete) {
            return deleted_ref(session);
        }
        let is_free = |candidate: &str| {
            !chosen.refs.contains_key(candidate) && (candidate == name || !self.is_known(candidate))
        };
        let id = newest.map_or(last, |op| op.id);
        if is_free(&now) { now } else { recovered_ref(&id, chosen) }
    }

    /// Tells whether a ref is known to be there.
    fn is_known(&self, name: &str) -> bool {
        let last = self.timeline.refs.get(name).and_then(|values| values.last());
        last.is_some_and(|last| last.value.is_some())
    }

    /// Gives a ref to each session that has none, unless a commit gave it up.
    fn bring_sessions_back(&self, chosen: &mut Chosen) -> Result<()> {
        let nameless = std::mem::take(&mut chosen.nameless);
        let is_cut = self.timeline.has_doubt() || !nameless.is_empty();
        let mut heads = Vec::new();
        for session in self.operations.sessions() {
            if chosen.sessions.contains_key(&session) {
                continue;
            }
            if !is_cut || self.is_given_up(session) {
                chosen.given_up.insert(session);
                continue;
            }
            let mut usable = None;
            for op in self.operations.of(session) {
                if self.operations.is_usable(op)? {
                    usable = Some(op);
                    break;
                }
            }
            heads.push((session, usable));
        }
        // Where there is one name and one session, they belong together.
        let only = match (&nameless[..], &heads[..]) {
            ([name], [_]) => Some(name.clone()),
            _ => None,
        };
        for (session, usable) in heads {
            let name = only.clone().or_else(|| self.hinted_name(session));
            self.bring_back(session, usable, name, chosen);
        }
        for name in nameless.into_iter().filter(|name| Some(name) != only.as_ref()) {
            chosen.set_back.push(SetBack { name, operation: None });
        }
        Ok(())
    }

    fn bring_back(
        &self,
        session: OperationId,
        usable: Option<&Op>,
        name: Option<String>,
        chosen: &mut Chosen,
    ) {
        let newest = self.operations.of(session).next().map_or(session.id(), |op| op.id);
        let Some(op) = usable else {
            let name = name.unwrap_or_else(|| recovered_ref(&newest, chosen));
            chosen.set_back.push(SetBack { name, operation: None });
            return;
        };
        // The newest one says it, whether the state that it left can be read or not.
        let is_deleted = self.operations.of(session).next().is_some_and(|op| op.is_delete);
        // A ref that is known to be there and names nothing that is left is its own.
        let is_left_over = name.as_ref().is_some_and(|name| self.is_known(name));
        let name = match name {
            _ if is_deleted => deleted_ref(session),
            Some(name) if !chosen.refs.contains_key(&name) => name,
            _ => recovered_ref(&op.id, chosen),
        };
        if newest != op.id || is_left_over {
            let operation = Some(op.number);
            chosen.set_back.push(SetBack { name: name.clone(), operation });
        }
        chosen.sessions.insert(session, name.clone());
        chosen.refs.insert(name.clone(), op.id);
        let operation = Some(OperationId::new(op.id));
        chosen.recovered.push(RecoveredSession { name, operation, session: Some(session) });
    }

    /// Tells whether the last ref that a session had was taken away by a commit that is known.
    fn is_given_up(&self, session: OperationId) -> bool {
        let mut last: Option<(usize, Option<usize>)> = None;
        for values in self.timeline.refs.iter().filter(|(name, _)| is_session(name)).map(|at| at.1)
        {
            for (at, known) in values.iter().enumerate() {
                let Some(value) = known.value else { continue };
                if self.operations.session_of(&value) == Some(session)
                    && last.is_none_or(|(step, _)| step <= known.step)
                {
                    last = Some((known.step, values.get(at + 1).map(|next| next.step)));
                }
            }
        }
        match last {
            Some((from, Some(to))) => !self.timeline.has_doubt_between(from, to),
            _ => false,
        }
    }

    /// The name that a session had, as far as anything tells.
    fn hinted_name(&self, session: OperationId) -> Option<String> {
        let is_its = |id: &ObjectId| self.operations.session_of(id) == Some(session);
        let heard = self.timeline.hints.iter().rev();
        let heard = heard.filter(|(name, id)| name.starts_with(SESSION) && is_its(id));
        let known = self.timeline.refs.iter().filter(|(name, _)| name.starts_with(SESSION));
        let known = known.flat_map(|(name, values)| {
            values.iter().filter_map(move |known| Some((known.step, name, known.value?)))
        });
        let known = known.filter(|(_, _, id)| is_its(id)).max_by_key(|(step, _, _)| *step);
        let named = heard.map(|(name, _)| name).next().or(known.map(|(_, name, _)| name));
        named.filter(|name| is_name(&name[SESSION.len()..])).cloned()
    }

    /// Lets any other ref name the last object that it is known to have named and that is whole.
    fn keep_other(&self, name: &str, values: &[Known], chosen: &mut Chosen) -> Result<()> {
        let Some(Known { value: Some(last), .. }) = values.last().copied() else { return Ok(()) };
        let mut found = None;
        for id in values.iter().rev().map_while(|known| known.value) {
            if self.fits(name, &id)? {
                found = Some(id);
                break;
            }
        }
        if found != Some(last) {
            chosen.set_back.push(SetBack { name: name.to_owned(), operation: None });
        }
        if let Some(id) = found {
            chosen.refs.insert(name.to_owned(), id);
        }
        Ok(())
    }

    /// Tells whether an object is whole and such as a ref of that name leads to.
    fn fits(&self, name: &str, id: &ObjectId) -> Result<bool> {
        if !self.operations.whole.contains(id) {
            return Ok(false);
        }
        let is = |kind: Kind| -> Result<bool> {
            Ok(self.store.log().is_node(id)? && self.store.read_node(id)?.kind == kind)
        };
        let readable = |read: Result<()>| match read {
            Err(error) if error.kind() == ErrorKind::Io => Err(error),
            read => Ok(read.is_ok()),
        };
        if name.starts_with(CHECKOUT) {
            if Record::is_known(self.store, id)? {
                return readable(Record::read(self.store, id).map(drop));
            }
            // What a newer version left it alone can judge.
            let is_node = self.store.log().is_node(id)?;
            let node = is_node.then(|| self.store.read_node(id)).transpose()?;
            return Ok(node.is_some_and(|node| node.is_newer() || node.kind.name().is_none()));
        }
        if name.starts_with(HORIZON) {
            return Ok(is(Kind::HORIZON)? && readable(read::<Horizon>(self.store, *id).map(drop))?);
        }
        // A host may name refs as it likes: what is no pin of ours may lead anywhere.
        match session_in(name, PIN) {
            Some(_) => is(Kind::CHECKPOINT),
            None => Ok(true),
        }
    }

    /// Lets a ref be there of which nothing but damaged commits tell. Damage may have changed its
    /// name: one that says what it belongs to must fit that, any other is told.
    fn take_hint(&self, name: &str, id: ObjectId, chosen: &mut Chosen) -> Result<()> {
        let is_checked = [CHECKOUT, HORIZON, PIN].iter().any(|prefix| name.starts_with(prefix));
        let fits = if name.starts_with(CHECKOUT) {
            let directory = match Record::read(self.store, &id) {
                Ok(Some(Record::Checkout(record))) => Some(record.directory),
                Ok(Some(Record::Directory(record))) => Some(record.directory),
                _ => None,
            };
            directory.is_some_and(|path| checkout_ref(ObjectId::of_content(&path)) == name)
        } else if name.starts_with(HORIZON) {
            session_in(name, HORIZON).is_some_and(|(session, _)| self.operations.has(session))
        } else if let Some((session, _)) = session_in(name, PIN) {
            let number = read::<Checkpoint>(self.store, id).map(|checkpoint| checkpoint.number);
            let is_its = number.is_ok_and(|number| pin_ref(session, number) == name);
            is_its && self.operations.has(session)
        } else {
            !is_checked
        };
        if fits && chosen.refs.insert(name.to_owned(), id).is_none() && !is_checked {
            let name = name.to_owned();
            chosen.recovered.push(RecoveredSession { name, operation: None, session: None });
        }
        Ok(())
    }

    /// Lets a horizon be the one that the session's newest trim says, and none that is beyond what
    /// is left.
    fn mend_horizons(&self, chosen: &mut Chosen) -> Result<()> {
        let sessions: Vec<(OperationId, String)> =
            chosen.sessions.iter().map(|(session, name)| (*session, name.clone())).collect();
        for (session, name) in sessions {
            let Some(head) = chosen.refs.get(&name).and_then(|id| self.operations.get(id)) else {
                continue;
            };
            let horizon_name = horizon_ref(session);
            let current = match chosen.refs.get(&horizon_name) {
                Some(id) => Some(read::<Horizon>(self.store, *id)?),
                None => None,
            };
            let newest: u64 = match head.checkpoint {
                Some(id) => read::<Checkpoint>(self.store, id)?.number,
                None => 0,
            };
            if let Some(current) = &current
                && (current.checkpoint > newest || current.operation > head.number)
            {
                chosen.refs.remove(&horizon_name);
                chosen.set_back.push(SetBack { name: horizon_name, operation: None });
                continue;
            }
            let trim =
                self.operations.of(session).find(|op| op.is_trim && op.number <= head.number);
            let Some(oldest) = trim.and_then(|trim| self.trimmed_to(trim)) else { continue };
            if current.is_none_or(|current| current.checkpoint < oldest)
                && oldest <= newest
                && self.timeline.has_doubt()
                && let Some(id) = self.horizon_at(oldest, head.number)
            {
                chosen.refs.insert(horizon_name, id);
            }
        }
        Ok(())
    }

    /// The oldest checkpoint that a trim left, as its message says.
    fn trimmed_to(&self, trim: &Op) -> Option<u64> {
        let operation = read::<crate::object::Operation>(self.store, trim.id).ok()?;
        operation.message.strip_prefix("checkpoints before ")?.parse().ok()
    }

    fn horizon_at(&self, checkpoint: u64, operation: u64) -> Option<ObjectId> {
        let fits =
            |horizon: &Horizon| horizon.checkpoint == checkpoint && horizon.operation <= operation;
        self.horizons.iter().find(|(_, horizon)| fits(horizon)).map(|(id, _)| *id)
    }
}

/// Reads the horizons among objects.
pub(super) fn horizons(
    store: &Store,
    listed: &[crate::log::Listed],
) -> Result<Vec<(ObjectId, Horizon)>> {
    let mut horizons = Vec::new();
    for object in listed.iter().filter(|object| object.row.is_node()) {
        let node = store.read_node(&object.id)?;
        if node.kind == Kind::HORIZON
            && let Ok(horizon) = Horizon::from_node(&node)
        {
            horizons.push((object.id, horizon));
        }
    }
    Ok(horizons)
}

/// A free name for a session that has none.
pub(super) fn recovered_ref(id: &ObjectId, chosen: &Chosen) -> String {
    let short = format!("{RECOVERED}{id:.10}");
    if chosen.refs.contains_key(&short) { format!("{RECOVERED}{id}") } else { short }
}

fn is_session(name: &str) -> bool {
    name.starts_with(SESSION) || name.starts_with(DELETED)
}

/// Tells whether a ref is chosen in a way of its own.
fn is_own(name: &str) -> bool {
    is_session(name) || [PURGED, LOST, RECOVERY].contains(&name)
}

/// Tells whether a text can be a session's name.
fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && !name.chars().any(char::is_control)
        && name.trim() == name
        && !name.split('/').any(str::is_empty)
}
