//! The gates of a session: commands that check whatever was applied.

use std::ops::Bound;

use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::limits::LABEL_BYTES_MAX;
use crate::map::Value;
use crate::object::{Gate, OperationKind, read};
use crate::session::handle::Session;
use crate::session::line::glob::Glob;
use crate::session::line::roots::{Root, Roots};
use crate::session::read::snapshot::Snapshot;

/// A gate of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GateEntry {
    /// What it is called.
    pub name: String,
    /// The id of its very bytes.
    pub id: ObjectId,
    /// What it runs.
    pub gate: Gate,
}

impl Session {
    /// Sets a gate: a command that checks the files whenever a change was applied. A host runs it
    /// only where its user has approved the command on this machine.
    ///
    /// # Errors
    /// `Invalid` for a name or a gate beyond a limit.
    ///
    /// ```
    /// use partita::host::turn::Gate;
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.set_gate("tests", Some(&Gate::shell("cargo test")))?;
    /// assert_eq!(session.gates()?[0].gate.command.line(), "cargo test");
    /// session.set_gate("tests", None)?;
    /// assert!(session.gates()?.is_empty());
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn set_gate(&self, name: &str, gate: Option<&Gate>) -> Result<()> {
        if name.is_empty() || name.len() > LABEL_BYTES_MAX || name.contains('\0') {
            let most = LABEL_BYTES_MAX;
            return Err(Error::invalid(format!("a gate's name has 1 to {most} bytes and no NUL")));
        }
        if let Some(gate) = gate {
            gate.validate()?;
            gate.inputs.iter().try_for_each(|glob| Glob::new(glob).map(drop))?;
        }
        self.in_place(OperationKind::SetGates, name, |batch| {
            let map = Roots::of(batch.head.point()).map(Root::Gates);
            if gate.is_none() && map.get(&batch.batch, name.as_bytes())?.is_none() {
                return Err(Error::not_found(format!("no gate {name:?}")));
            }
            let id = gate.map(|gate| batch.batch.put(gate, None));
            let value = id.map(|id| Value { refs: vec![id], bytes: Vec::new() });
            batch.draft.joined.rows(Root::Gates).insert(name.as_bytes().to_vec(), value);
            Ok(())
        })?;
        Ok(())
    }

    /// Returns the gates of the newest state, in the order of their names.
    ///
    /// # Errors
    /// `Corrupt` if one cannot be read.
    pub fn gates(&self) -> Result<Vec<GateEntry>> {
        self.latest()?.gates()
    }
}

impl Snapshot {
    /// Returns the gates, in the order of their names.
    ///
    /// # Errors
    /// `Corrupt` if one cannot be read.
    pub fn gates(&self) -> Result<Vec<GateEntry>> {
        let map = self.roots().map(Root::Gates);
        let rows = map.range(&self.store, Bound::Unbounded, Bound::Unbounded);
        rows.map(|row| {
            let (key, value) = row?;
            let name = String::from_utf8(key).map_err(|_| malformed("a gate's name"))?;
            let [id] = value.refs[..] else { return Err(malformed("a gate's row")) };
            Ok(GateEntry { name, id, gate: read(&self.store, id)? })
        })
        .collect()
    }
}
