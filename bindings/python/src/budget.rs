//! Budgets and capacities: what tokens are spent on.

use std::collections::BTreeMap;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt};
#[cfg(feature = "stubs")]
use pyo3::{inspect::PyStaticExpr, type_hint_identifier, type_hint_union};

use partita::budget::CapacityItem;
use partita::tokens::Encoding;
use partita::view::ItemKey;

use crate::convert::{Whole, whole};
use crate::counter::{AnyCounter, Count, Counter, counting_in};
use crate::error::OrRaise as _;
use crate::json::Dict;
use crate::session::Session;
use crate::shape::{Shape, dict_of};
use crate::snapshot::Snapshot;
use crate::value::{shown, value};

/// What a provider asks for one token, in whole nano-units of any currency: three dollars for a
/// million tokens are 3,000 nano-dollars for one.
#[pyclass(module = "partita", frozen, eq, hash, get_all, from_py_object)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Prices {
    /// A token of a prompt, without a cache.
    input: u64,
    /// A token that the prompt cache has.
    cache_read: u64,
    /// A token that is put into the prompt cache.
    cache_write: u64,
}

#[pymethods]
impl Prices {
    #[new]
    #[pyo3(signature = (*, input, cache_read, cache_write))]
    fn new(input: Whole, cache_read: Whole, cache_write: Whole) -> Prices {
        Prices { input: input.0, cache_read: cache_read.0, cache_write: cache_write.0 }
    }

    /// Returns it as JSON has it.
    #[expect(clippy::wrong_self_convention, reason = "a method of Python borrows itself")]
    fn to_dict(&self) -> PyResult<Dict> {
        let Prices { input, cache_read, cache_write } = *self;
        dict_of(&partita::budget::Prices { input, cache_read, cache_write })
    }

    fn __repr__(&self) -> String {
        let Prices { input, cache_read, cache_write } = self;
        format!("Prices(input={input}, cache_read={cache_read}, cache_write={cache_write})")
    }

    #[pyo3(signature = () -> "tuple[tuple[()], dict[str, object]]")]
    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, pyo3::types::PyTuple>, Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        fields.set_item("input", self.input)?;
        fields.set_item("cache_read", self.cache_read)?;
        fields.set_item("cache_write", self.cache_write)?;
        Ok((pyo3::types::PyTuple::empty(py), fields))
    }
}

/// A limit in tokens, of prompt and answer together, and how it is kept: what is reserved for the
/// answer, above which mark a plan makes room and down to which, prices, and how many turns the
/// prompt will serve. Where a budget is asked for, an int is its limit.
///
/// Raises ``Invalid`` if the numbers do not fit together.
///
/// >>> import partita
/// >>> budget = partita.Budget(128_000, reserve=8_000, high=110_000, low=80_000)
/// >>> budget.room
/// 120000
#[pyclass(module = "partita", frozen, eq, hash, get_all, from_py_object)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    /// The limit in tokens.
    limit: u64,
    /// The tokens kept free for the answer.
    reserve: u64,
    /// The mark above which a plan makes room; the room unless it is set.
    high: Option<u64>,
    /// The mark down to which a plan makes room; the high one unless it is set.
    low: Option<u64>,
    /// What a token costs; then plans weigh losses against rewriting the prompt cache.
    prices: Option<Prices>,
    /// How many turns the prompt will serve.
    horizon: Option<u64>,
}

impl Budget {
    fn inner(&self) -> partita::budget::Budget {
        let mut budget = partita::budget::Budget::new(self.limit).reserve(self.reserve);
        if let Some(high) = self.high {
            budget = budget.high(high);
        }
        if let Some(low) = self.low {
            budget = budget.low(low);
        }
        if let Some(Prices { input, cache_read, cache_write }) = self.prices {
            budget = budget.prices(partita::budget::Prices { input, cache_read, cache_write });
        }
        match self.horizon {
            Some(turns) => budget.horizon(turns),
            None => budget,
        }
    }

    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = PyDict::new(py);
        fields.set_item("limit", self.limit)?;
        fields.set_item("reserve", self.reserve)?;
        fields.set_item("high", self.high)?;
        fields.set_item("low", self.low)?;
        fields.set_item("prices", self.prices)?;
        fields.set_item("horizon", self.horizon)?;
        Ok(fields)
    }
}

#[pymethods]
impl Budget {
    /// Returns it as JSON has it.
    #[expect(clippy::wrong_self_convention, reason = "a method of Python borrows itself")]
    fn to_dict(&self) -> PyResult<Dict> {
        dict_of(&self.inner())
    }

    #[new]
    #[pyo3(signature = (limit, *, reserve: "typing.SupportsIndex" = 0, high = None, low = None, prices = None, horizon = None))]
    fn new(
        limit: Whole,
        #[pyo3(from_py_with = whole)] reserve: u64,
        high: Option<Whole>,
        low: Option<Whole>,
        prices: Option<Prices>,
        horizon: Option<Whole>,
    ) -> PyResult<Budget> {
        let number = |number: Option<Whole>| number.map(|number| number.0);
        let (limit, horizon) = (limit.0, number(horizon));
        let (high, low) = (number(high), number(low));
        let budget = Budget { limit, reserve, high, low, prices, horizon };
        budget.inner().check().or_raise()?;
        Ok(budget)
    }

    /// The tokens that a prompt may have: the limit less the reserve.
    #[getter]
    fn room(&self) -> u64 {
        self.inner().room()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        shown("Budget", &self.fields(py)?)
    }

    #[pyo3(signature = () -> "tuple[tuple[()], dict[str, object]]")]
    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, pyo3::types::PyTuple>, Bound<'py, PyDict>)> {
        Ok((pyo3::types::PyTuple::empty(py), self.fields(py)?))
    }
}

/// A budget, or an int, which is its limit.
pub(crate) struct AnyBudget(pub(crate) partita::budget::Budget);

impl<'py> FromPyObject<'_, 'py> for AnyBudget {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = type_hint_union!(
        type_hint_identifier!("builtins", "int"),
        <Budget as pyo3::PyTypeInfo>::TYPE_HINT
    );

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(budget) = object.cast::<Budget>() {
            return Ok(AnyBudget(budget.get().inner()));
        }
        if object.cast::<PyInt>().is_ok() {
            return Ok(AnyBudget(partita::budget::Budget::new(object.extract::<Whole>()?.0)));
        }
        let name = object.get_type().name()?;
        Err(PyTypeError::new_err(format!("a budget is int or Budget, got {name}")))
    }
}

value! {
    /// One thing that tokens are spent on.
    Item: shaped {
        /// ``"instructions"``, ``"tools"``, ``"memories"``, ``"files"`` or ``"sandbox"``.
        source: String,
        /// What people are shown.
        label: String,
        /// Its tokens.
        count: Count,
        /// Of a memory, its number; 0 for the placeholder of a beginning that is not in view.
        memory: Option<u64>,
        /// Of a tool, its name.
        tool: Option<String>,
        /// Of a file, where it is.
        path: Option<String>,
        /// Of a file, the number of the iteration.
        iteration: Option<u64>,
    }
}

impl Item {
    fn new_of(
        key: &ItemKey,
        source: partita::context::Source,
        label: &str,
        count: partita::tokens::Count,
    ) -> Item {
        let mut item = Item {
            source: source.name().to_owned(),
            label: label.to_owned(),
            count: count.into(),
            memory: None,
            tool: None,
            path: None,
            iteration: None,
            shape: Shape::of(CapacityItem {
                key: key.clone(),
                source,
                label: label.to_owned(),
                count,
            }),
        };
        match key {
            ItemKey::Placeholder => item.memory = Some(0),
            ItemKey::Memory(number) => item.memory = Some(*number),
            ItemKey::Tool(name) => item.tool = Some(name.clone()),
            ItemKey::File { path, number } => {
                item.path = Some(path.clone());
                item.iteration = Some(*number);
            }
            _ => {}
        }
        item
    }
}

value! {
    /// How much of a limit is spent, on what, and how much is left.
    Capacity: shaped {
        /// The limit in tokens, of prompt and answer together.
        limit: u64,
        /// The tokens kept free for the answer.
        reserve: u64,
        /// The tokens of everything.
        total: Count,
        /// What a request costs beside its items; part of the total, of no source.
        overhead: Count,
        /// The tokens that are surely left beside the reserve; negative by how much it is over.
        headroom: i64,
        /// The tokens by source.
        sources: BTreeMap<String, Count>,
        /// The largest items, largest first.
        items: Vec<Item>,
        /// How many items there are, also those that are not listed.
        items_total: u64,
    }
}

impl From<partita::budget::Capacity<ItemKey>> for Capacity {
    fn from(capacity: partita::budget::Capacity<ItemKey>) -> Self {
        let item = |item: &CapacityItem<ItemKey>| {
            Item::new_of(&item.key, item.source, &item.label, item.count)
        };
        Capacity {
            limit: capacity.limit(),
            reserve: capacity.reserve(),
            total: capacity.total().into(),
            overhead: capacity.overhead().into(),
            headroom: capacity.headroom(),
            sources: by_name(capacity.sources()),
            items: capacity.items().iter().map(item).collect(),
            items_total: capacity.items_total() as u64,
            shape: Shape::of(capacity),
        }
    }
}

impl Capacity {
    /// Returns the core's own, as far as it can be shown.
    pub(crate) fn inner(&self) -> partita::budget::Capacity<String> {
        let source = |name: &str| {
            partita::context::Source::ALL.into_iter().find(|source| source.name() == name)
        };
        let sources =
            self.sources.iter().filter_map(|(name, count)| Some((source(name)?, count.inner())));
        let items = self.items.iter().filter_map(|item| {
            Some(CapacityItem {
                key: item.label.clone(),
                source: source(&item.source)?,
                label: item.label.clone(),
                count: item.count.inner(),
            })
        });
        let budget = partita::budget::Budget::new(self.limit).reserve(self.reserve);
        let items = (items.collect(), usize::try_from(self.items_total).unwrap_or(usize::MAX));
        partita::budget::Capacity::from_parts(sources, self.overhead.inner(), items, &budget)
    }
}

fn by_name(
    sources: impl Iterator<Item = (partita::context::Source, partita::tokens::Count)>,
) -> BTreeMap<String, Count> {
    sources.map(|(source, count)| (source.name().to_owned(), count.into())).collect()
}

value! {
    /// What the tokens of a state are spent on.
    Account: shaped {
        /// The tokens of everything.
        total: Count,
        /// What a request costs beside its items; part of the total, of no source.
        overhead: Count,
        /// The tokens by source.
        sources: BTreeMap<String, Count>,
        /// All items, largest first.
        items: Vec<Item>,
    }
}

#[pymethods]
impl Session {
    /// Makes a counter for a model from what all sessions of the store recorded of their requests, with
    /// the constant of this session's newest ones. ``model`` may be the beginning of the only name.
    ///
    /// Raises ``NotFound``, naming the models, where no request of it is recorded with what it cost.
    fn calibrated_counter(&self, py: Python<'_>, model: &str) -> PyResult<Counter> {
        let session = self.0.get()?;
        let made = py.detach(|| session.calibrated_counter(Encoding::default(), model));
        made.map(Counter::calibrated).or_raise()
    }

    /// Tells what the tokens of the newest state are spent on, by source and item, largest first, and
    /// what is left of a budget. ``largest`` bounds the items that are listed, 1,000 unless told
    /// otherwise; all are counted.
    ///
    /// The session keeps the account: after a change only what changed is counted.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("s")
    /// >>> _ = session.remember("The parser drops the last token.")
    /// >>> capacity = session.capacity(128_000)
    /// >>> capacity.headroom == 128_000 - capacity.total.tokens
    /// True
    #[pyo3(signature = (budget, *, counter: "str | Counter | collections.abc.Callable[[str], int | Count]" = AnyCounter::default(), largest = None),
        text_signature = "($self, budget, *, counter='o200k', largest=None)")]
    fn capacity(
        &self,
        py: Python<'_>,
        budget: AnyBudget,
        counter: AnyCounter,
        largest: Option<Whole>,
    ) -> PyResult<Capacity> {
        let capacity = counting_in(py, &self.0, &counter, |session, counter| match largest {
            Some(most) => session.capacity_of_largest(&budget.0, counter, most.size()),
            None => session.capacity(&budget.0, counter),
        })?;
        Ok(capacity.into())
    }
}

#[pymethods]
impl Snapshot {
    /// Counts what a model is sent of this state, item by item.
    #[pyo3(signature = (*, counter: "str | Counter | collections.abc.Callable[[str], int | Count]" = AnyCounter::default()), text_signature = "($self, *, counter='o200k')")]
    fn account(&self, py: Python<'_>, counter: AnyCounter) -> PyResult<Account> {
        let account =
            counting_in(py, &self.0, &counter, |snapshot, counter| snapshot.account(counter))?;
        let sources = partita::context::Source::ALL.into_iter();
        let items = account
            .largest()
            .map(|item| Item::new_of(item.key, item.source, item.label, item.count));
        Ok(Account {
            total: account.total().into(),
            overhead: account.overhead().into(),
            sources: by_name(sources.map(|source| (source, account.source(source)))),
            items: items.collect(),
            shape: Shape::of(account),
        })
    }
}
