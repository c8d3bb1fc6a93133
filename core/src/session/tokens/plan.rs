//! Plans for a session: what to refresh, hide, trim, compact and forget to fit a budget, and the one
//! operation that does it.

use crate::session::read::memories::MemoryEntry;
use std::fmt;

use crate::budget::{Budget, DefaultValues, Plan, PlanAction, PlanStep, Values, search};
use crate::error::{Error, Result};
use crate::id::IterationId;
use crate::object::OperationKind;
use crate::session::account::known::Known;
use crate::session::batch::Batch;
use crate::session::batch::compact::Summarizer;
use crate::session::batch::report::ViewReport;
use crate::session::batch::selector::Selector;
use crate::session::handle::Session;
use crate::session::line::info::CheckpointInfo;
use crate::session::tokens::planned::Planned;
use crate::token::TokenCounter;

/// What a step of a session's plan is done to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlanKey {
    /// What a plan leaves alone: instructions, tools, sandbox state, what a request costs once.
    Fixed(String),
    /// Memories, by the numbers of the first and the last; a summary by those that it covers.
    Memories {
        /// The first.
        first: u64,
        /// The last.
        last: u64,
        /// What they are, in words: a result of which tool, the beginning of a question.
        what: String,
    },
    /// An iteration of a file in view.
    File {
        /// Where it is.
        path: String,
        /// Which one.
        number: u64,
        /// The iteration.
        iteration: IterationId,
    },
}

impl fmt::Display for PlanKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanKey::Fixed(what) => f.pad(what),
            PlanKey::Memories { first, last, what } => {
                let ahead = if what.is_empty() { "" } else { ", " };
                f.pad(&match first == last {
                    true => format!("memory {first}{ahead}{what}"),
                    false => format!("memories {first} to {last}{ahead}{what}"),
                })
            }
            PlanKey::File { path, number, .. } => f.pad(&format!("{path}, iteration {number}")),
        }
    }
}

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

impl Plan<PlanKey> {
    /// Says on one line what somebody loses who applies the plan.
    ///
    /// ```
    /// use partita::{Budget, Encoding, Memory};
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// for number in 0..20 {
    ///     session.remember(Memory::user(format!("Question {number}. {}", "More. ".repeat(50))))?;
    /// }
    /// let plan = session.plan(&Budget::new(1_000), &Encoding::O200k)?;
    /// assert_eq!(plan.in_words(), "memories 1 to 11 forgotten");
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn in_words(&self) -> String {
        let (mut trimmed, mut outdated, mut hidden) = (0, 0, 0);
        let (mut compacted, mut forgotten) = (Vec::new(), Vec::new());
        for step in self.steps() {
            let memories = step.keys.iter().filter_map(|key| match key {
                PlanKey::Memories { first, last, .. } => Some((*first, *last)),
                _ => None,
            });
            match step.action {
                PlanAction::Refresh => outdated += step.keys.len(),
                PlanAction::Hide => hidden += step.keys.len(),
                PlanAction::Trim => trimmed += step.keys.len(),
                PlanAction::Compact => compacted.extend(memories),
                PlanAction::Forget => forgotten.extend(memories),
            }
        }
        let counted = |count: usize, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            _ => Some(format!("{count} {many}")),
        };
        let said = [
            counted(trimmed, "result trimmed", "results trimmed"),
            counted(outdated, "outdated file out of view", "outdated files out of view"),
            counted(hidden, "file out of view", "files out of view"),
            numbered(compacted).map(|memories| format!("{memories} summarized")),
            numbered(forgotten).map(|memories| format!("{memories} forgotten")),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        if said.is_empty() { "nothing is lost".to_owned() } else { said.join(", ") }
    }
}

/// Runs of numbers as people write them, neighbours joined; nothing where there are none.
fn numbered(mut runs: Vec<(u64, u64)>) -> Option<String> {
    const SHOWN: usize = 4;
    runs.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for (first, last) in runs {
        match joined.last_mut() {
            Some(run) if run.1.saturating_add(1) >= first => run.1 = run.1.max(last),
            _ => joined.push((first, last)),
        }
    }
    let shown = joined.iter().take(SHOWN).map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}"),
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    let more = if joined.len() > SHOWN { " and more" } else { "" };
    match joined[..] {
        [] => None,
        [(first, last)] if first == last => Some(format!("memory {shown}")),
        _ => Some(format!("memories {shown}{more}")),
    }
}

impl Session {
    /// Plans how the newest state is made to fit a budget, by whole exchanges, without what is
    /// pinned. Changes nothing. The newest exchange is what the model is to answer, and stays; its
    /// results are trimmed where nothing else makes the prompt fit. What the plan leaves is counted with the placeholder that a dialog without its beginning gets.
    ///
    /// # Errors
    /// `DoesNotFit` if even without all that may go it does not fit: the error's
    /// [`shortfall`](Error::shortfall) says by how much, and what holds the most of it. Else as
    /// [`capacity`](Self::capacity).
    ///
    /// ```
    /// use partita::{Budget, Encoding, Memory};
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// for number in 0..20 {
    ///     session.remember(Memory::user(format!("Question {number}. {}", "More. ".repeat(50))))?;
    /// }
    /// let budget = Budget::new(1_000).reserve(200);
    /// let plan = session.plan(&budget, &Encoding::O200k)?;
    /// assert!(plan.after().tokens() <= 800 && plan.before().tokens() > 800);
    /// session.apply(&plan)?;
    /// assert_eq!(session.capacity(&budget, &Encoding::O200k)?.total(), plan.after());
    /// session.undo()?;
    /// assert_eq!(session.capacity(&budget, &Encoding::O200k)?.total(), plan.before());
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn plan(
        &self,
        budget: &Budget,
        counter: &(impl TokenCounter + ?Sized),
    ) -> Result<Plan<PlanKey>> {
        self.plan_with(budget, counter, &PlanOptions::new())
    }

    /// Plans with options.
    ///
    /// # Errors
    /// As [`plan`](Self::plan).
    pub fn plan_with(
        &self,
        budget: &Budget,
        counter: &(impl TokenCounter + ?Sized),
        options: &PlanOptions<'_>,
    ) -> Result<Plan<PlanKey>> {
        budget.check()?;
        let known = Known::new(counter, self.store());
        let shown = self.latest()?.shown()?;
        let planned = Planned::new(&shown, &known, options)?;
        let plan = search(&planned.groups, budget, &planned.ways, &mut |steps| {
            Ok(planned.counted_anew(&shown, steps, &known))
        })?;
        known.keep()?;
        Ok(plan.with_keys(|step| planned.keys(&shown, step)))
    }

    /// Does what a plan says, as one operation, which [`undo`](Self::undo) takes back as one. What is
    /// no longer in view, or was pinned meanwhile, is left as it is, and the report says so.
    ///
    /// # Errors
    /// `Invalid` for a plan with compactions, which need [`apply_with`](Self::apply_with);
    /// `Conflict` if another writer changed the same part of the view meanwhile.
    pub fn apply(&self, plan: &Plan<PlanKey>) -> Result<ViewReport> {
        let none = |_: &[MemoryEntry]| {
            Err(Error::invalid("the plan compacts memories: apply it with a summarizer"))
        };
        self.apply_with(plan, &none)
    }

    /// Does what a plan says, with the host's summaries.
    ///
    /// # Errors
    /// As [`apply`](Self::apply), and what the summarizer returns: then nothing changes.
    pub fn apply_with(
        &self,
        plan: &Plan<PlanKey>,
        summarizer: &(impl Summarizer + ?Sized),
    ) -> Result<ViewReport> {
        let mut batch = self.begin()?;
        batch.set_kind(OperationKind::Plan);
        batch.message(&format!("{} steps, {} tokens freed", plan.steps().len(), plan.freed()))?;
        let mut report = ViewReport::default();
        for step in plan.steps() {
            report.add(batch.take_step(step, summarizer)?);
        }
        if !report.is_empty() {
            report.checkpoint = batch.finish()?.head.point().map(CheckpointInfo::of);
        }
        Ok(report)
    }
}

impl Batch {
    fn take_step(
        &mut self,
        step: &PlanStep<PlanKey>,
        summarizer: &(impl Summarizer + ?Sized),
    ) -> Result<ViewReport> {
        let (mut numbers, mut files) = (None::<(u64, u64)>, Vec::new());
        for key in &step.keys {
            match key {
                PlanKey::Memories { first, last, .. } => {
                    let (from, to) = numbers.unwrap_or((*first, *last));
                    numbers = Some((from.min(*first), to.max(*last)));
                }
                PlanKey::File { iteration, .. } => files.push(*iteration),
                PlanKey::Fixed(_) => {}
            }
        }
        let range = || {
            let (first, last) = numbers.ok_or_else(|| Error::invalid("a step without memories"))?;
            Ok::<_, Error>(Selector::Range(first, last))
        };
        match step.action {
            // A plan's refresh takes out what is outdated: what comes in would have a price.
            PlanAction::Refresh | PlanAction::Hide => {
                self.take_out_some(&mut |id| files.contains(&id))
            }
            PlanAction::Trim => self.trim_named(&range()?),
            PlanAction::Compact => self.compact(&range()?, summarizer),
            PlanAction::Forget => self.forget(&range()?),
        }
    }
}
