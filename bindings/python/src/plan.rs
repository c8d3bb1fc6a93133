//! Plans: what makes room.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use partita::IterationId;
use partita::budget::PlanAction;
use partita::view::PlanKey;

use crate::budget::AnyBudget;
use crate::convert::Whole;
use crate::counter::{AnyCounter, Count, counting_in};
use crate::error::invalid;
use crate::id::ObjectId;
use crate::json::Dict;
use crate::session::Session;
use crate::shape::{Shape, dict_of};
use crate::summarizing::Summarizing;
use crate::value::value;
use crate::values::HostValues;
use crate::view::ViewReport;

value! {
    /// One step of a plan.
    PlanStep: shaped {
        /// ``"refresh"``, ``"hide"``, ``"trim"``, ``"compact"`` or ``"forget"``.
        action: String,
        /// To what, in words, in the order of the prompt.
        what: Vec<String>,
        /// The memories, by the numbers of the first and the last.
        memories: Vec<(u64, u64)>,
        /// What the memories are: a result of which tool, how a question begins.
        about: Vec<String>,
        /// The files, each a path and the number of an iteration.
        files: Vec<(String, u64)>,
        /// The iterations of the files.
        iterations: Vec<ObjectId>,
        /// The place of the first of them in the prompt.
        index: usize,
        /// The tokens that are left of them.
        left: Count,
        /// The tokens that it frees, as an upper bound.
        freed: u64,
        /// The value that is lost, in thousandths of a token that matters fully.
        loss: u64,
    }
}

impl From<&partita::budget::PlanStep<PlanKey>> for PlanStep {
    fn from(step: &partita::budget::PlanStep<PlanKey>) -> Self {
        let (mut memories, mut about) = (Vec::new(), Vec::new());
        let (mut files, mut iterations) = (Vec::new(), Vec::new());
        for key in &step.keys {
            match key {
                PlanKey::Memories { first, last, what } => {
                    memories.push((*first, *last));
                    about.push(what.clone());
                }
                PlanKey::File { path, number, iteration } => {
                    files.push((path.clone(), *number));
                    iterations.push((*iteration).into());
                }
                _ => {}
            }
        }
        PlanStep {
            action: step.action.name().to_owned(),
            what: step.keys.iter().map(ToString::to_string).collect(),
            memories,
            about,
            files,
            iterations,
            index: step.index,
            left: step.tokens.into(),
            freed: step.freed,
            loss: step.loss,
            shape: Shape::of(step.clone()),
        }
    }
}

impl PlanStep {
    /// Returns the core's own. A step is of memories or of files, never of both.
    fn inner(&self) -> PyResult<partita::budget::PlanStep<PlanKey>> {
        let named = |action: &PlanAction| action.name() == self.action;
        let action = PlanAction::ALL.into_iter().find(named).ok_or_else(|| {
            let names = PlanAction::ALL.map(PlanAction::name).join(", ");
            invalid(format!("an action is one of {names}; got {:?}", self.action))
        })?;
        if self.files.len() != self.iterations.len() {
            let (files, iterations) = (self.files.len(), self.iterations.len());
            return Err(invalid(format!("a step of {files} files names {iterations} iterations")));
        }
        let mut about = self.about.iter();
        let memories = self.memories.iter().map(|&(first, last)| PlanKey::Memories {
            first,
            last,
            what: about.next().cloned().unwrap_or_default(),
        });
        let files = self.files.iter().zip(&self.iterations);
        let files = files.map(|((path, number), iteration)| PlanKey::File {
            path: path.clone(),
            number: *number,
            iteration: IterationId::new(iteration.0),
        });
        Ok(partita::budget::PlanStep {
            action,
            keys: memories.chain(files).collect(),
            index: self.index,
            tokens: self.left.inner(),
            freed: self.freed,
            loss: self.loss,
        })
    }
}

value! {
    /// What a plan costs and saves at given prices, in nano-units.
    PlanCost {
        /// Paid once: the rewritten tokens are put into the prompt cache instead of read from it.
        rewriting: u128,
        /// Not paid over the budget's horizon: what is freed is not read from the cache any more.
        saved: u128,
        /// What the plan costs more than it saves; negative if it pays for itself.
        net: i128,
    }

    /// Returns it as JSON has it.
    fn to_dict(&self) -> PyResult<Dict> {
        let PlanCost { rewriting, saved, .. } = *self;
        dict_of(&partita::budget::PlanCost { rewriting, saved })
    }
}

/// Steps that make a session fit a budget, and what they free, lose and cost. Nothing changes until
/// ``session.apply(plan)``. A plan pickles: another process that has the store open may apply it.
///
/// >>> import partita
/// >>> session = partita.Store.in_memory().session("s")
/// >>> for number in range(20):
/// ...     _ = session.remember(f"Question {number}. " + "More. " * 50)
/// >>> plan = session.plan(1_000)
/// >>> {step.action for step in plan.steps}, plan.after.tokens <= 1_000
/// ({'forget'}, True)
/// >>> len(session.apply(plan).changed) == len(plan)
/// True
#[pyclass(module = "partita", frozen, eq, hash)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Plan(partita::budget::Plan<PlanKey>);

#[pymethods]
impl Plan {
    /// Puts a plan together again from what it tells.
    ///
    /// Raises ``Invalid`` for an action that is none.
    #[new]
    #[pyo3(signature = (*, steps, before, after, target, cached, rewritten, cost, optimal))]
    fn new(
        steps: Vec<PlanStep>,
        before: Count,
        after: Count,
        target: u64,
        cached: u64,
        rewritten: u64,
        cost: Option<PlanCost>,
        optimal: bool,
    ) -> PyResult<Plan> {
        let steps = steps.iter().map(PlanStep::inner).collect::<PyResult<_>>()?;
        let tokens = (before.inner(), after.inner());
        let cost = cost.map(|PlanCost { rewriting, saved, .. }| partita::budget::PlanCost {
            rewriting,
            saved,
        });
        let parts = (cached, rewritten);
        Ok(Plan(partita::budget::Plan::from_parts(steps, tokens, target, parts, cost, optimal)))
    }

    #[pyo3(signature = () -> "tuple[tuple[()], dict[str, object]]")]
    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        fields.set_item("steps", self.steps())?;
        fields.set_item("before", self.before())?;
        fields.set_item("after", self.after())?;
        fields.set_item("target", self.target())?;
        fields.set_item("cached", self.cached())?;
        fields.set_item("rewritten", self.rewritten())?;
        fields.set_item("cost", self.cost())?;
        fields.set_item("optimal", self.optimal())?;
        Ok((PyTuple::empty(py), fields))
    }

    /// Returns it as JSON has it: what the command's ``plan`` prints with ``--json``.
    fn to_dict(&self) -> PyResult<Dict> {
        dict_of(&self.0)
    }

    /// The steps, in the order of the prompt.
    #[getter]
    fn steps(&self) -> Vec<PlanStep> {
        self.0.steps().iter().map(PlanStep::from).collect()
    }

    /// What somebody loses who applies the plan, on one line: "12 results trimmed, memories 3 to 9
    /// forgotten".
    #[getter]
    fn in_words(&self) -> String {
        self.0.in_words()
    }

    /// The tokens of the prompt as it is.
    #[getter]
    fn before(&self) -> Count {
        self.0.before().into()
    }

    /// The tokens of the prompt once the plan is applied.
    #[getter]
    fn after(&self) -> Count {
        self.0.after().into()
    }

    /// The tokens that were aimed at.
    #[getter]
    fn target(&self) -> u64 {
        self.0.target()
    }

    /// The tokens that all steps free together.
    #[getter]
    fn freed(&self) -> u64 {
        self.0.freed()
    }

    /// The value that all steps lose together, in thousandths of a token that matters fully.
    #[getter]
    fn loss(&self) -> u64 {
        self.0.loss()
    }

    /// The tokens before the first change, which a prompt cache keeps.
    #[getter]
    fn cached(&self) -> u64 {
        self.0.cached()
    }

    /// The tokens from the first change on, which a prompt cache has to take anew.
    #[getter]
    fn rewritten(&self) -> u64 {
        self.0.rewritten()
    }

    /// What the plan costs, if the budget has prices.
    #[getter]
    fn cost(&self) -> Option<PlanCost> {
        let cost = self.0.cost()?;
        Some(PlanCost { rewriting: cost.rewriting, saved: cost.saved, net: cost.net() })
    }

    /// Whether the plan is proved to be the cheapest one.
    #[getter]
    fn optimal(&self) -> bool {
        self.0.is_optimal()
    }

    fn __len__(&self) -> usize {
        self.0.steps().len()
    }

    fn __repr__(&self) -> String {
        format!(
            "<Plan of {} steps: {} to {} tokens>",
            self.__len__(),
            self.0.before(),
            self.0.after()
        )
    }
}

#[pymethods]
impl Session {
    /// Plans how the newest state is made to fit a budget, by whole exchanges, without what is
    /// pinned and what is asked last. Changes nothing. ``summaries`` lets it compact runs of
    /// exchanges into summaries of about so many tokens each; then ``apply()`` needs a summarizer.
    ///
    /// ``values`` says what is worth keeping: given a material and an age, what a token of it is
    /// worth, as an int in thousandths of a token that matters fully. The material is ``"asked"``,
    /// ``"said"``, ``"called"``, ``"thought"``, ``"returned"``, ``"summary"``, ``"file"`` or
    /// ``"old-file"``; the age is how many newer exchanges stand behind it. If it has a method
    /// ``taken``, that is given a material and an action, and says how much of the worth the action
    /// takes, in thousandths too. What it raises is raised.
    ///
    /// Raises ``DoesNotFit`` if it cannot fit: by how much, and what holds the most of it.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("s")
    /// >>> for number in range(1, 21):
    /// ...     _ = session.remember(f"Question {number}. " + "More. " * 50)
    /// >>> plan = session.plan(1_000, values=lambda material, age: 1_000 if age == 19 else 1)
    /// >>> (1, 1) in [memory for step in plan.steps for memory in step.memories]
    /// False
    #[pyo3(signature = (budget, *, counter: "str | Counter | collections.abc.Callable[[str], int | Count]" = AnyCounter::default(), summaries = None,
        values: "collections.abc.Callable[[str, int], int] | None" = None),
        text_signature = "($self, budget, *, counter='o200k', summaries=None, values=None)")]
    fn plan(
        &self,
        py: Python<'_>,
        budget: AnyBudget,
        counter: AnyCounter,
        summaries: Option<Whole>,
        values: Option<HostValues>,
    ) -> PyResult<Plan> {
        let plan = counting_in(py, &self.0, &counter, |session, counter| {
            let values = values.as_ref().map(|values| values.at_work(counter));
            let mut options = partita::view::PlanOptions::new();
            if let Some(tokens) = summaries {
                options = options.summaries(tokens.0);
            }
            if let Some(values) = &values {
                options = options.values(values);
            }
            session.plan_with(&budget.0, counter, &options)
        })?;
        Ok(Plan(plan))
    }

    /// Does what a plan says, as one operation, which ``undo()`` takes back as one. What is no longer
    /// in view, or was pinned meanwhile, is left as it is, and the report says so.
    ///
    /// A plan with compactions needs ``summarizer``, as in ``compact()``.
    #[pyo3(signature = (plan, *, summarizer: "collections.abc.Callable[[list[Memory]], str | Memory] | None" = None))]
    fn apply(
        &self,
        py: Python<'_>,
        plan: &Plan,
        summarizer: Option<Py<PyAny>>,
    ) -> PyResult<ViewReport> {
        let Some(summarizer) = summarizer else {
            return Ok(self.0.run(py, |session| session.apply(&plan.0))?.into());
        };
        let summarizing = Summarizing::new(&summarizer);
        let session = self.0.get()?;
        let report = py.detach(|| session.apply_with(&plan.0, &summarizing));
        Ok(summarizing.end(report)?.into())
    }
}
