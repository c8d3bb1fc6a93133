//! Groups: what a plan leaves or changes as a whole, and how it may be changed.

use std::fmt;

use crate::context::Source;
use crate::error::{Error, Result};
use crate::limits::PLAN_MODES_MAX;
use crate::tokens::Count;

/// An atomic piece of a prompt: an exchange, a file in view, the instructions.
///
/// Model APIs refuse a tool call without its result and a result without its call, and the
/// results of parallel calls belong together, so a plan never takes less than an exchange apart.
///
/// A group has ordered and exclusive **modes**: as it is, or one of the ways to make it smaller,
/// the mildest first. A later mode includes the earlier ones (who forgets an exchange has trimmed
/// its results), so each states what is left and lost in all, not beside the one before it.
///
/// ```
/// use partita::budget::PlanGroup;
/// use partita::context::Source;
/// use partita::tokens::Count;
/// let group = PlanGroup::new("12..15", Source::Memories, Count::exact(4_000))
///     .trim(Count::exact(700), 150)
///     .forget(900);
/// assert_eq!(group.modes().len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanGroup<K> {
    key: K,
    source: Source,
    hold: Hold,
    last_resort: bool,
    tokens: Count,
    modes: Vec<PlanMode>,
}

/// Whether a group may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    Free,
    /// Its results may be trimmed, and nothing else.
    #[cfg(feature = "store")]
    Trims,
    /// Not, and nobody can help it: without it there is no request.
    Stays,
    /// Not, until somebody unpins it.
    Pinned,
}

/// One way to make a group smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanMode {
    /// What is done.
    pub action: PlanAction,
    /// The tokens that are left afterwards, of all groups that it spans together.
    pub tokens: Count,
    /// The value that is lost, in thousandths of a token that matters fully (see
    /// [`Values`](crate::budget::Values)).
    pub loss: u64,
    /// How many neighbouring groups it takes the place of, from this one on; one but for `Compact`
    /// and `Forget`.
    pub span: usize,
}

/// What is done to a group, mildest first. A group's modes are in this order.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlanAction {
    /// Of a file's iterations in view only the newest stays.
    Refresh,
    /// A file leaves the view.
    Hide,
    /// The results of an exchange give way to short notes.
    Trim,
    /// A summary takes the place of a run of exchanges.
    Compact,
    /// An exchange leaves the view.
    Forget,
}

impl PlanAction {
    /// Every action, mildest first.
    pub const ALL: [PlanAction; 5] = [
        PlanAction::Refresh,
        PlanAction::Hide,
        PlanAction::Trim,
        PlanAction::Compact,
        PlanAction::Forget,
    ];

    /// Returns the name that listings and JSON show.
    pub fn name(self) -> &'static str {
        match self {
            PlanAction::Refresh => "refresh",
            PlanAction::Hide => "hide",
            PlanAction::Trim => "trim",
            PlanAction::Compact => "compact",
            PlanAction::Forget => "forget",
        }
    }
}

impl fmt::Display for PlanAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl<K> PlanGroup<K> {
    /// Makes a group that can only stay as it is, until modes are added.
    pub fn new(key: K, source: Source, tokens: Count) -> Self {
        PlanGroup { key, source, hold: Hold::Free, last_resort: false, tokens, modes: Vec::new() }
    }

    /// Forbids any change, whatever modes there are, also by a compaction that spans it.
    #[must_use]
    pub fn pinned(self) -> Self {
        PlanGroup { hold: Hold::Pinned, ..self }
    }

    /// Forbids any change, as [`pinned`](Self::pinned) does, for a reason that nobody can take back:
    /// what does not fit is not told to unpin it.
    #[must_use]
    pub fn stays(self) -> Self {
        PlanGroup { hold: Hold::Stays, ..self }
    }

    /// Forbids any change but that its results are trimmed.
    #[cfg(feature = "store")]
    #[must_use]
    pub(crate) fn trims(self) -> Self {
        PlanGroup { hold: Hold::Trims, ..self }
    }

    /// Keeps its modes for where nothing else makes the prompt fit, also if it stays.
    #[cfg(feature = "store")]
    #[must_use]
    pub(crate) fn last_resort(self) -> Self {
        PlanGroup { last_resort: true, ..self }
    }

    /// Adds a mode. Modes are checked when a plan is made.
    #[must_use]
    pub fn mode(mut self, mode: PlanMode) -> Self {
        self.modes.push(mode);
        self
    }

    /// Adds the mode in which only the newest of a file's iterations stays.
    #[must_use]
    pub fn refresh(self, tokens: Count, loss: u64) -> Self {
        self.mode(PlanMode { action: PlanAction::Refresh, tokens, loss, span: 1 })
    }

    /// Adds the mode in which a file is hidden.
    #[must_use]
    pub fn hide(self, loss: u64) -> Self {
        self.mode(PlanMode { action: PlanAction::Hide, tokens: Count::exact(0), loss, span: 1 })
    }

    /// Adds the mode in which the results of an exchange are trimmed.
    #[must_use]
    pub fn trim(self, tokens: Count, loss: u64) -> Self {
        self.mode(PlanMode { action: PlanAction::Trim, tokens, loss, span: 1 })
    }

    /// Adds the mode in which a summary of `tokens` takes the place of this group and those after
    /// it, `span` in all.
    #[must_use]
    pub fn compact(self, span: usize, tokens: Count, loss: u64) -> Self {
        self.mode(PlanMode { action: PlanAction::Compact, tokens, loss, span })
    }

    /// Adds the mode in which an exchange is forgotten.
    #[must_use]
    pub fn forget(self, loss: u64) -> Self {
        self.mode(PlanMode { action: PlanAction::Forget, tokens: Count::exact(0), loss, span: 1 })
    }

    /// Adds the mode in which this group and those after it, `span` in all, are forgotten together:
    /// a question and all that answers it.
    #[must_use]
    pub fn forget_run(self, span: usize, loss: u64) -> Self {
        self.mode(PlanMode { action: PlanAction::Forget, tokens: Count::exact(0), loss, span })
    }

    /// Returns what the group is called.
    pub fn key(&self) -> &K {
        &self.key
    }

    /// Returns what its tokens belong to.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Returns whether somebody pinned it.
    pub fn is_pinned(&self) -> bool {
        self.hold == Hold::Pinned
    }

    /// Tells whether it may be trimmed although it stays.
    pub(super) fn may_be_trimmed(&self) -> bool {
        #[cfg(feature = "store")]
        return self.hold == Hold::Trims;
        #[cfg(not(feature = "store"))]
        false
    }

    pub(super) fn hold(&self) -> Hold {
        self.hold
    }

    pub(super) fn is_last_resort(&self) -> bool {
        self.last_resort
    }

    /// Returns the tokens that it has now.
    pub fn tokens(&self) -> Count {
        self.tokens
    }

    /// Returns its modes, mildest first.
    pub fn modes(&self) -> &[PlanMode] {
        &self.modes
    }
}

impl<K: fmt::Display> PlanGroup<K> {
    /// Checks the modes of the group, behind which `after` more groups stand.
    pub(super) fn check(&self, after: usize) -> Result<()> {
        let key = &self.key;
        if self.modes.len() > PLAN_MODES_MAX {
            let modes = self.modes.len();
            return Err(Error::invalid(format!(
                "{key} has {modes} modes, at most {PLAN_MODES_MAX}"
            )));
        }
        for pair in self.modes.windows(2) {
            let (one, next) = (pair[0].action, pair[1].action);
            if one > next {
                return Err(Error::invalid(format!("{key} has {one} before {next}, not after it")));
            }
        }
        for mode in &self.modes {
            let most = match mode.action {
                PlanAction::Compact | PlanAction::Forget => after.saturating_add(1),
                PlanAction::Refresh | PlanAction::Hide | PlanAction::Trim => 1,
            };
            if mode.span == 0 || mode.span > most {
                let (action, span) = (mode.action, mode.span);
                return Err(Error::invalid(format!(
                    "{action} of {key} spans {span} groups, not 1 to {most}"
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group() -> PlanGroup<&'static str> {
        PlanGroup::new("g", Source::Memories, Count::exact(100))
    }

    #[test]
    fn modes_out_of_order_are_refused() {
        assert!(group().trim(Count::exact(9), 1).forget(2).check(0).is_ok());
        let error = group().forget(2).trim(Count::exact(9), 1).check(0).unwrap_err();
        assert_eq!(error.to_string(), "g has forget before trim, not after it");
    }

    #[test]
    fn modes_up_to_the_limit_are_accepted() {
        let modes = |count| (0..count).fold(group(), |group, _| group.forget(1)).check(0);
        assert!(modes(PLAN_MODES_MAX - 1).is_ok() && modes(PLAN_MODES_MAX).is_ok());
        assert!(modes(PLAN_MODES_MAX + 1).is_err());
    }

    #[test]
    fn a_compaction_ends_with_the_last_group() {
        let compact = |span| group().compact(span, Count::exact(1), 1).check(2);
        assert!(compact(2).is_ok() && compact(3).is_ok());
        assert!(compact(0).is_err() && compact(4).is_err() && compact(usize::MAX).is_err());
        let trim = PlanMode { action: PlanAction::Trim, tokens: Count::exact(0), loss: 0, span: 2 };
        assert!(group().mode(trim).check(5).is_err());
    }
}
