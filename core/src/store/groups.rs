//! Groups of segments: in which order a collection takes them where there is little room.

use std::collections::VecDeque;

use crate::log::SegmentId;

/// The groups of segments that are to give way. Those for whose copies there is no room wait until
/// others have made some.
pub(super) struct Groups {
    next: VecDeque<Vec<SegmentId>>,
    later: Vec<Vec<SegmentId>>,
}

impl Groups {
    pub(super) fn new(groups: Vec<Vec<SegmentId>>) -> Self {
        Groups { next: groups.into(), later: Vec::new() }
    }

    pub(super) fn next(&mut self) -> Option<Vec<SegmentId>> {
        self.next.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.next.is_empty() && self.later.is_empty()
    }

    pub(super) fn again(&mut self, group: Vec<SegmentId>) {
        self.next.push_front(group);
    }

    /// Takes a group apart for which there is no room, or lets it wait; log segments with those
    /// behind, which hold their index.
    pub(super) fn without_room(&mut self, group: Vec<SegmentId>) {
        if group.len() > 1 {
            for id in group.into_iter().rev() {
                self.next.push_front(vec![id]);
            }
            return;
        }
        let has_log = |group: &Vec<SegmentId>| group.iter().any(|id| !id.role_data);
        let is_log = has_log(&group);
        self.later.push(group);
        if is_log {
            let next = std::mem::take(&mut self.next);
            let (logs, rest): (Vec<_>, Vec<_>) = next.into_iter().partition(has_log);
            self.later.extend(logs);
            self.next = rest.into();
        }
    }

    /// Lets those come again that wait.
    pub(super) fn with_room(&mut self) {
        self.next.extend(std::mem::take(&mut self.later));
    }
}
