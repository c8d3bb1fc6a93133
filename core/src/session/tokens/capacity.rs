//! Capacity: what the tokens of a session are spent on, kept up to date by what changed.

use std::sync::PoisonError;

use crate::budget::{Account, Budget, Capacity};
use crate::context::ItemKey;
use crate::error::Result;
use crate::session::account::known::Known;
use crate::session::account::ledger::Ledger;
use crate::session::handle::Session;
use crate::tokens::TokenCounter;

/// Items that a capacity lists where nobody says how many: all else takes time by what changed.
const LISTED: usize = 1_000;

impl Session {
    /// Tells what the tokens of the newest state are spent on, by source and item, largest first,
    /// and what is left of a limit. It lists the 1,000 largest items and counts all;
    /// [`capacity_of_largest`](Self::capacity_of_largest) lists as many as are asked for.
    ///
    /// This handle and its clones keep the account: after a change only what changed is counted,
    /// an edited file around the edit alone.
    ///
    /// # Errors
    /// `NotFound` if the session is gone, `Invalid` for a budget whose numbers do not fit together,
    /// else as [`Snapshot::prompt`](crate::Snapshot::prompt).
    ///
    /// ```
    /// use partita::Memory;
    /// use partita::budget::Budget;
    /// use partita::context::Source;
    /// use partita::tokens::Encoding;
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
        self.with_account(counter, |account| Capacity::new(account, budget, LISTED))
    }

    /// Tells what the tokens of the newest state are spent on, with the `most` largest items
    /// (`usize::MAX` for all of them, which takes time for each).
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
    pub(crate) fn with_account<T>(
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
