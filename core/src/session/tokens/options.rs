//! How a plan values what it takes away.

use std::fmt;

use crate::budget::{DefaultValues, Values};

/// How a session is planned for.
#[derive(Default)]
pub struct PlanOptions<'a> {
    values: Option<&'a dyn Values>,
    summary_tokens: Option<u64>,
}

impl<'a> PlanOptions<'a> {
    /// Makes options: the default values, and no compactions.
    pub fn new() -> Self {
        PlanOptions::default()
    }

    /// Says what things are worth to the host.
    #[must_use]
    pub fn values(self, values: &'a dyn Values) -> Self {
        PlanOptions { values: Some(values), ..self }
    }

    /// Lets the plan compact runs of exchanges into summaries of about so many tokens each. It can
    /// then be applied with a summarizer alone.
    #[must_use]
    pub fn summaries(self, tokens: u64) -> Self {
        PlanOptions { summary_tokens: Some(tokens), ..self }
    }

    /// What things are worth, and whether the host said so.
    pub(crate) fn known_values(&self) -> (&'a dyn Values, bool) {
        self.values.map_or((&DefaultValues, false), |values| (values, true))
    }

    pub(crate) fn summary_tokens(&self) -> Option<u64> {
        self.summary_tokens
    }
}

impl fmt::Debug for PlanOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summary = &self.summary_tokens;
        f.debug_struct("PlanOptions").field("summary_tokens", summary).finish_non_exhaustive()
    }
}
