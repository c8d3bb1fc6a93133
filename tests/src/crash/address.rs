//! The address of one crash state, by which it can be walked to again.
//!
//! `plain@37:heads` is the medium after 37 actions of the record of `plain`, of what was open then
//! the first sectors; `plain@37:heads/5:kept` is where a crash inside the recovery of that one
//! leads, after 5 actions of it.

use std::fmt;
use std::str::FromStr;

use super::{ALL, Workload};
use crate::vfs::Fate;

/// A moment and what became of what was open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// Actions of the record before it.
    pub end: usize,
    /// What became of what was open.
    pub fate: Fate,
}

/// The address of one crash state.
#[derive(Clone)]
pub struct Address {
    /// The workload.
    pub workload: &'static dyn Workload,
    /// The crash, the crash inside the recovery from that one, and so on.
    pub steps: Vec<Step>,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.end, self.fate)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.workload.name())?;
        for (at, step) in self.steps.iter().enumerate() {
            write!(f, "{}{step}", if at == 0 { "@" } else { "/" })?;
        }
        Ok(())
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (end, fate) = text.split_once(':').ok_or_else(|| format!("no step: {text}"))?;
        let end = end.parse().map_err(|_| format!("no number: {end}"))?;
        Ok(Step { end, fate: fate.parse()? })
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, steps) = text.split_once('@').ok_or_else(|| format!("no address: {text}"))?;
        let workload = ALL.into_iter().find(|workload| workload.name() == name);
        let workload = workload.ok_or_else(|| format!("no workload {name:?}"))?;
        let steps: Result<Vec<Step>, String> = steps.split('/').map(str::parse).collect();
        Ok(Address { workload, steps: steps? })
    }
}
