//! Plans for a session: what to refresh, hide, trim, compact and forget to fit a budget, and the one
//! operation that does it.

use crate::budget::{Budget, Plan, PlanAction, PlanStep, search};
use crate::error::{Error, Result};
use crate::map::Map;
use crate::object::OperationKind;
use crate::session::account::known::Known;
use crate::session::batch::Batch;
use crate::session::batch::compact::Summarizer;
use crate::session::batch::report::ViewReport;
use crate::session::batch::selector::Selector;
use crate::session::handle::Session;
use crate::session::line::info::CheckpointInfo;
use crate::session::read::memories::MemoryEntry;
use crate::session::tokens::key::PlanKey;
use crate::session::tokens::options::PlanOptions;
use crate::session::tokens::planned::Planned;
use crate::tokens::TokenCounter;

impl Plan<PlanKey> {
    /// Says on one line what somebody loses who applies the plan.
    ///
    /// ```
    /// use partita::Memory;
    /// use partita::budget::Budget;
    /// use partita::tokens::Encoding;
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
    /// pinned. Changes nothing. The newest exchange is what the model is to answer, and stays. Its
    /// earlier results may be trimmed as others; the newest, which the model has not answered yet,
    /// only if nothing else makes the prompt fit. What the plan leaves is counted with the
    /// placeholder that a dialog without its beginning gets.
    ///
    /// # Errors
    /// `DoesNotFit` if even without all that may go it does not fit: the error's
    /// [`shortfall`](Error::shortfall) says by how much, and what holds the most of it. Else as
    /// [`capacity`](Self::capacity).
    ///
    /// ```
    /// use partita::Memory;
    /// use partita::budget::Budget;
    /// use partita::tokens::Encoding;
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
        let shown = self.latest()?.shown(false)?;
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
        // What one step takes out may have held two exchanges apart: none may see what others did.
        let view = batch.view()?;
        for step in plan.steps() {
            report.add(batch.take_step(view, step, summarizer)?);
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
        view: Map,
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
            PlanAction::Trim => self.trim_named(view, &range()?),
            PlanAction::Compact => self.compact_in(view, &range()?, summarizer),
            PlanAction::Forget => self.forget_in(view, &range()?),
        }
    }
}
