//! Which calls to kill at: learnt from what each operation was seen to do.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::table::{By, Op};
use super::trace::{Plan, Seen, Side};
use crate::random::Random;

/// Calls of an operation of which nothing is known yet.
const FIRST_GUESS: usize = 8;

/// The lives of which the calls are remembered, of each operation.
const REMEMBERED: usize = 16;

/// How many calls operations make.
#[derive(Debug, Default)]
pub(super) struct Kills {
    seen: Mutex<HashMap<(Op, bool), Vec<Seen>>>,
}

/// What was killed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Killed {
    /// All kills.
    pub all: usize,
    /// Those between an operation's first call and its acknowledgement.
    pub within: usize,
}

impl Kills {
    /// Draws where a process that does this operation dies; now and then nowhere, to learn.
    pub(super) fn plan(&self, random: &mut Random, op: Op, by: By) -> Plan {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known = seen.get(&(op, by == By::Command)).filter(|known| known.len() > 1);
        let side = *random.pick(&[Side::Before, Side::Inside, Side::After]);
        let all = Plan { names: 0, call: usize::MAX, side };
        match known {
            Some(_) if random.chance(1, 12) => all,
            // Soon behind a name that came or went: there others are led astray, if anywhere.
            Some(known) if random.chance(1, 2) => {
                let names = random.pick(known).names;
                Plan { names: random.below(names + 1), call: random.between(1, 3), side }
            }
            Some(known) => {
                let calls = random.pick(known).calls;
                Plan { call: 1 + random.below(calls.max(1)), ..all }
            }
            None if random.chance(1, 2) => all,
            None => Plan { call: 1 + random.below(FIRST_GUESS), ..all },
        }
    }

    /// Learns from a watch that let everything happen.
    pub(super) fn learn(&self, op: Op, by: By, plan: Plan, seen: Seen) {
        if plan.call == usize::MAX {
            let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let known = all.entry((op, by == By::Command)).or_default();
            if known.len() == REMEMBERED {
                known.remove(0);
            }
            known.push(seen);
        }
    }
}

impl Killed {
    /// Counts what a watch saw.
    pub fn count(&mut self, op: Op, seen: Seen) {
        self.all += usize::from(seen.killed);
        self.within += usize::from(seen.killed && seen.within && op != Op::Close);
    }

    /// Adds another's.
    pub fn add(&mut self, other: Killed) {
        self.all += other.all;
        self.within += other.within;
    }
}
