//! Capacity: what the tokens of a session are spent on, kept up to date by what changed.

use std::fmt;
use std::sync::PoisonError;

use super::known::Known;
use super::ledger::Ledger;
use super::{Session, Snapshot};
use crate::budget::{Account, Budget, Capacity};
use crate::error::Result;
use crate::token::TokenCounter;

/// What an item of a session's capacity is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ItemKey {
    /// The system instructions.
    Instructions,
    /// A tool, by the name under which it is sent.
    Tool(String),
    /// What the model is told of its sandbox.
    Sandbox,
    /// A memory, by its number; of a summary the first that it covers. 0 is the placeholder of a
    /// dialog without beginning.
    Memory(u64),
    /// An iteration of a file in view.
    File {
        /// Where it is.
        path: String,
        /// Which one.
        number: u64,
    },
}

impl fmt::Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ItemKey::Instructions => f.pad("instructions"),
            ItemKey::Tool(name) => f.pad(&format!("tool {name}")),
            ItemKey::Sandbox => f.pad("sandbox"),
            ItemKey::Memory(0) => f.pad("a beginning that is not in view"),
            ItemKey::Memory(number) => f.pad(&format!("memory {number}")),
            ItemKey::File { path, number } => f.pad(&format!("{path}, iteration {number}")),
        }
    }
}

/// Items that a capacity lists.
const ITEMS_MAX: usize = 1 << 20;

impl Snapshot {
    /// Counts what a model is sent of this state, item by item. The total is the count of the
    /// request for `OpenAI` Chat, by the rule of [`Prompt::count`](crate::Prompt::count).
    ///
    /// # Errors
    /// As [`prompt`](Self::prompt).
    pub fn account(&self, counter: &(impl TokenCounter + ?Sized)) -> Result<Account<ItemKey>> {
        let known = Known::new(counter, self.store());
        let account = Ledger::new(self, &known)?.into_account();
        known.keep()?;
        Ok(account)
    }
}

impl Session {
    /// Tells what the tokens of the newest state are spent on, by source and item, largest first,
    /// and what is left of a limit.
    ///
    /// This handle and its clones keep the account: after a change only what changed is counted,
    /// an edited file around the edit alone.
    ///
    /// # Errors
    /// `NotFound` if the session is gone, `Invalid` for a budget whose numbers do not fit together,
    /// else as [`Snapshot::prompt`].
    ///
    /// ```
    /// use partita::{Budget, Encoding, Memory, Source};
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.set_instructions("You mend parsers.")?;
    /// session.remember(Memory::user("It drops the last token."))?;
    /// session.write("src/lib.rs", "fn parse() {}\n")?;
    /// let capacity = session.capacity(&Budget::new(128_000), &Encoding::O200k)?;
    /// assert!(capacity.source(Source::Files).is_exact());
    /// assert_eq!(capacity.total(), session.latest()?.prompt()?.count(&Encoding::O200k));
    /// assert_eq!(capacity.headroom() as u64, 128_000 - capacity.total().tokens());
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn capacity(
        &self,
        budget: &Budget,
        counter: &(impl TokenCounter + ?Sized),
    ) -> Result<Capacity<ItemKey>> {
        budget.check()?;
        self.with_account(counter, |account| Capacity::new(account, budget, ITEMS_MAX))
    }

    /// Tells what the tokens of the newest state are spent on, with the `most` largest items.
    ///
    /// # Errors
    /// As [`capacity`](Self::capacity).
    pub fn capacity_of_largest(
        &self,
        budget: &Budget,
        counter: &(impl TokenCounter + ?Sized),
        most: usize,
    ) -> Result<Capacity<ItemKey>> {
        budget.check()?;
        self.with_account(counter, |account| Capacity::new(account, budget, most))
    }

    /// Brings the kept account up to the newest state.
    pub(super) fn with_account<T>(
        &self,
        counter: &(impl TokenCounter + ?Sized),
        look: impl FnOnce(&Account<ItemKey>) -> T,
    ) -> Result<T> {
        let latest = self.latest()?;
        let known = Known::new(counter, self.store());
        let kept = || self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken out: what fails half-way is not kept, and no lock is held over a host's counter, which
        // may ask the session itself. Who asks meanwhile counts everything anew.
        let before = kept().take();
        let ledger = match before {
            Some(ledger) if ledger.holds(&latest, counter)? => ledger.after(&latest, &known)?,
            _ => Ledger::new(&latest, &known)?,
        };
        known.keep()?;
        let looked = look(ledger.account());
        *kept() = Some(ledger);
        Ok(looked)
    }
}
