//! A transaction laid into a frame, behind those of its group.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::log::format::frame::FrameKind;
use crate::log::format::head::{Head, Update};
use crate::log::format::parts::Parts;
use crate::log::format::payload::{CONTROL_GROUP_BYTES_MAX, Group, NewPayload};
use crate::log::read::tail::Tail;
use crate::log::transaction::{Expected, Payload, RefUpdate};
use crate::log::write::encode::Encoder;
use crate::log::write::group::Building;
use crate::log::write::handle::Log;
use crate::log::write::item::Item;
use crate::log::write::prepare::Ready;

impl Log {
    /// Prepares an item anew where segments were retired since: what counted as stored then may
    /// have been collected. Fails where an attached segment has been.
    fn prepare_again(&self, group: &Building, item: &Item) -> Result<Option<Vec<Ready>>> {
        for segment in &item.attached {
            if !self.medium().has(segment.id)? {
                item.lost.store(true, Ordering::Relaxed);
                return Err(Error::conflict(format!("data segment {} was collected", segment.id)));
            }
        }
        if self.purged()?.root().is_some() {
            for id in &item.moved {
                if self.is_purged(id)? {
                    item.lost.store(true, Ordering::Relaxed);
                    return Err(Error::conflict(format!("object {id:.10} was purged")));
                }
            }
        }
        if item.prepared_at == self.medium().retirements() {
            return Ok(None);
        }
        let mut ready = self.prepare(item.given.clone())?;
        ready.retain(|object| !item.moved.contains(&object.id));
        let given: HashSet<ObjectId> = item.given.iter().map(|object| object.id).collect();
        for object in &item.given {
            let Payload::Node(node) = &object.payload else { continue };
            for id in node.held() {
                let there = given.contains(&id)
                    || group.fresh.contains_key(&id)
                    || self.contains(&id)?
                    || self.is_purged(&id)?;
                if !there {
                    return Err(Error::conflict(format!(
                        "object {id:.10}, which this commit rests on, was collected since"
                    )));
                }
            }
        }
        for id in item.updates.iter().filter_map(|update| update.new) {
            if !given.contains(&id) && !group.fresh.contains_key(&id) && !self.contains(&id)? {
                return Err(Error::conflict(format!(
                    "object {id:.10}, which a ref is to name, was collected since"
                )));
            }
        }
        Ok(Some(ready))
    }

    pub(crate) fn check_updates(&self, group: &Building, updates: &[RefUpdate]) -> Result<()> {
        for update in updates {
            let current = match group.updates.get(&update.name) {
                Some(current) => *current,
                None => self.known_reference(&update.name)?,
            };
            let holds = match update.expected {
                Expected::Any => true,
                Expected::Absent => current.is_none(),
                Expected::Id(id) => current == Some(id),
            };
            if !holds {
                return Err(Error::conflict(format!(
                    "ref {:?} has moved since it was read",
                    update.name
                )));
            }
        }
        Ok(())
    }

    /// Lays one transaction into a frame behind those of the group.
    pub(crate) fn encode(&self, tail: &Tail, group: &mut Building, item: &Item) -> Result<()> {
        let offset = group.offset as u32;
        let again = self.prepare_again(group, item)?;
        let objects = again.as_ref().unwrap_or(&item.objects);
        let has_purged = self.purged()?.root().is_some();
        let mut fresh = std::mem::take(&mut group.fresh);
        let mut encoder = Encoder::new(self, tail.segment.id, offset, &mut fresh);
        encoder.reserve(objects.len());
        let added = objects.iter().try_for_each(|object| {
            if has_purged && self.is_purged(&object.id)? {
                return Ok(());
            }
            encoder.add(object)
        });
        let (mut parts, follows) = (encoder.parts, encoder.follows);
        parts.fold_few_texts();
        group.fresh = fresh;
        let ids = parts.ids.clone();
        let laid = added.and_then(|()| self.lay(tail, group, item, parts, follows));
        if laid.is_err() {
            // Nobody may lean on what is in no frame.
            for id in &ids {
                group.fresh.remove(id);
            }
        }
        laid
    }

    /// Lays what an item consists of into a frame.
    fn lay(
        &self,
        tail: &Tail,
        group: &mut Building,
        item: &Item,
        parts: Parts,
        follows: Option<u32>,
    ) -> Result<()> {
        let offset = group.offset as u32;
        let updates: Vec<Update> = item
            .updates
            .iter()
            .map(|update| Update { name: update.name.clone(), new: update.new })
            .collect();
        let segments = item.attached.len() + item.retired.len();
        if parts.ids.is_empty() && updates.is_empty() && segments == 0 {
            return Ok(());
        }
        let (attached, retired) = (item.attached.clone(), item.retired.clone());
        let head = Head::Commit { updates, attached, retired };
        // A group goes on with the frame of the session's operation before, so a frame rests on
        // none of another session. What is not written yet cannot be gone on with.
        let follows = follows.filter(|&frame| u64::from(frame) < tail.end);
        let before = match follows {
            Some(frame) => Some(self.medium().frame(&tail.segment, frame)?),
            None => None,
        };
        let texts = before.as_ref().and_then(|frame| {
            self.medium().texts_before(&tail.segment, frame, offset, parts.texts.len())
        });
        let before = before
            .filter(|_| parts.stream.len() <= CONTROL_GROUP_BYTES_MAX)
            .map(|frame| Group { back: offset - frame.offset, prefix: frame.group() });
        let (payload, control) = NewPayload {
            group: before,
            before: texts.as_ref(),
            ..NewPayload::new(&head, &parts, offset)
        }
        .encode_with_control();
        self.push_frame(tail, group, FrameKind::Commit, &payload, Some(control.into()))?;
        group.texts.push((offset, parts.texts));
        for update in &item.updates {
            group.updates.insert(update.name.clone(), update.new);
        }
        Ok(())
    }
}
