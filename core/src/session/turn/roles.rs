//! What each role is shown: the view of the session, less what a plan for the role put away.

use std::collections::BTreeSet;

use crate::error::{Error, Result, quoted};
use crate::limits::NAME_BYTES_MAX;
use crate::map::Value;
use crate::session::batch::Batch;
use crate::session::line::keys::{memory_key, memory_number};
use crate::session::line::roots::Root;
use crate::session::read::prompt::Shown;
use crate::session::read::snapshot::Snapshot;

/// What the keys of a role begin with.
fn prefix(role: &str) -> Vec<u8> {
    let mut key = role.as_bytes().to_vec();
    key.push(0);
    key
}

/// Refuses a name that no key can hold.
pub(crate) fn check_role(role: &str) -> Result<()> {
    match role.is_empty() || role.len() > NAME_BYTES_MAX || role.contains('\0') {
        true => Err(Error::invalid(format!(
            "a role has a name of 1 to {NAME_BYTES_MAX} bytes without NUL, got {}",
            quoted(role)
        ))),
        false => Ok(()),
    }
}

impl Snapshot {
    /// Returns the numbers of the memories that a role is not shown although they are in view.
    ///
    /// # Errors
    /// `Corrupt` if they cannot be read.
    pub fn hidden_from(&self, role: &str) -> Result<BTreeSet<u64>> {
        let map = self.roots().map(Root::Roles);
        let prefix = prefix(role);
        let rows = map.prefix(&self.store, &prefix);
        rows.map(|row| memory_number(&row?.0[prefix.len()..])).collect()
    }

    /// What a role is shown, with what it was made of: of the session's view, less what was put away
    /// from it. Instructions stay the session's where the role has none.
    pub(crate) fn shown_to(&self, role: &str, instructions: &str) -> Result<Shown> {
        let mut shown = self.shown(false)?;
        if !instructions.is_empty() {
            shown.prompt.instructions = instructions.to_owned();
        }
        let hidden = self.hidden_from(role)?;
        if !hidden.is_empty() {
            let keeps: Vec<bool> =
                shown.memories.iter().map(|memory| !hidden.contains(&memory.number)).collect();
            let mut keep = keeps.iter();
            shown.prompt.memories.retain(|_| *keep.next().expect("one of each memory"));
            let mut keep = keeps.iter();
            shown.memories.retain(|_| *keep.next().expect("one of each memory"));
        }
        Ok(shown)
    }
}

impl Batch {
    /// Puts memories away from a role, by their numbers in the view.
    pub(crate) fn hide_from(&mut self, role: &str, numbers: impl IntoIterator<Item = u64>) {
        let prefix = prefix(role);
        let rows = self.draft.joined.rows(Root::Roles);
        for number in numbers {
            let key = [&prefix[..], &memory_key(number)].concat();
            rows.insert(key, Some(Value::default()));
        }
    }
}
