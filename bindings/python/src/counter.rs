//! Counts and what counts: the public encodings, calibrated estimates, and Python's own counters.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};
#[cfg(feature = "stubs")]
use pyo3::{inspect::PyStaticExpr, type_hint_identifier, type_hint_subscript, type_hint_union};

use partita::context::CounterFor;
use partita::tokens::{CalibratedCounter, ContentClass, Encoding, SafeCuts, TokenCounter};
use partita::{Error, ErrorKind};

use crate::context::dialect_of;
use crate::convert::Whole;
use crate::error::{OrRaise as _, invalid};
use crate::handle::Handle;
use crate::json::{Dict, to_json};
use crate::shape::dict_of;
use crate::upkeep::Attention;
use crate::value::value;

value! {
    /// A number of tokens: exact, or an estimate with bounds. ``int(count)`` is the number, and counts
    /// add up, also by ``sum()``.
    ///
    /// Counts sort by the number, equal ones the known before the estimated and then by their bounds.
    /// No int stands beside them there, for it would be a limit: what fits one is decided by ``high``,
    /// as in ``count.high <= 8_000``.
    ///
    /// >>> import partita
    /// >>> count = partita.count("hello world")
    /// >>> count.tokens, count.exact, int(count), str(sum([count, count]))
    /// (2, True, 2, '4')
    /// >>> max(partita.count(text) for text in ["one", "one two", ""]).tokens
    /// 2
    Count: ord {
        /// The number: the known one, or the median of the estimate.
        tokens: u64,
        /// The lower bound; the number itself where it is exact.
        low: u64,
        /// The upper bound, by which is decided what fits; the number itself where it is exact.
        high: u64,
        /// Whether the number is known.
        exact: bool,
    }

    /// Returns it as JSON has it.
    fn to_dict(&self) -> PyResult<Dict> {
        dict_of(&self.inner())
    }

    fn __int__(&self) -> u64 {
        self.tokens
    }

    fn __add__(&self, other: CountOrInt) -> Count {
        (self.inner() + other.0).into()
    }

    fn __radd__(&self, other: CountOrInt) -> Count {
        (self.inner() + other.0).into()
    }

    fn __str__(&self) -> String {
        self.inner().to_string()
    }
}

impl From<partita::tokens::Count> for Count {
    fn from(count: partita::tokens::Count) -> Self {
        let (low, high) = (count.low(), count.high());
        Count { tokens: count.tokens(), low, high, exact: count.is_exact() }
    }
}

impl Count {
    pub(crate) fn inner(&self) -> partita::tokens::Count {
        match self.exact {
            true => partita::tokens::Count::exact(self.tokens),
            false => partita::tokens::Count::estimated(self.tokens, self.low, self.high),
        }
    }
}

/// The core's order, which knows what is exact.
impl PartialOrd for Count {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.inner().cmp(&other.inner()))
    }
}

/// A count, or an int, which is an exact one.
struct CountOrInt(partita::tokens::Count);

impl<'py> FromPyObject<'_, 'py> for CountOrInt {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = type_hint_union!(
        <Count as pyo3::PyTypeInfo>::TYPE_HINT,
        type_hint_identifier!("builtins", "int")
    );

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(count) = object.cast::<Count>() {
            return Ok(CountOrInt(count.get().inner()));
        }
        if object.cast::<PyInt>().is_ok() {
            return Ok(CountOrInt(partita::tokens::Count::exact(object.extract::<Whole>()?.0)));
        }
        let name = object.get_type().name()?;
        Err(PyTypeError::new_err(format!("a count is int or Count, got {name}")))
    }
}

/// A counter of the core's own, by the name of an encoding or of an OpenAI model; or of a model
/// without a public tokenizer, by ``Calibration.counter()``.
///
/// A counter may know for which ``model`` and in which ``dialect`` requests are: the model decides
/// what images and documents cost, the dialect what is sent at all. Without them a count holds for
/// all, in bounds where they differ.
///
/// >>> import partita
/// >>> counter = partita.Counter("gpt-4o")
/// >>> counter.id, counter("hello world").tokens
/// ('o200k_base', 2)
/// >>> partita.Counter("o200k", model="claude-opus-4-5", dialect="anthropic").id
/// 'o200k_base'
#[pyclass(module = "partita", frozen)]
#[derive(Clone, Debug)]
pub(crate) struct Counter(Core);

#[derive(Clone, Debug)]
enum Core {
    Encoding(CounterFor<Encoding>),
    Calibrated(CounterFor<CalibratedCounter<Encoding>>),
}

impl Core {
    fn as_dyn(&self) -> &dyn TokenCounter {
        match self {
            Core::Encoding(encoding) => encoding,
            Core::Calibrated(counter) => counter,
        }
    }
}

#[pymethods]
impl Counter {
    /// Raises ``NotFound``, listing the known names, for a model without a public tokenizer.
    #[new]
    #[pyo3(signature = (name, *, model = None, dialect = None))]
    fn new(name: &str, model: Option<&str>, dialect: Option<&str>) -> PyResult<Counter> {
        let encoding = Encoding::by_name(name).or_raise()?;
        let is_model = !encoding.id().starts_with(name);
        let mut counter = CounterFor::new(encoding);
        if let Some(model) = model.or_else(|| is_model.then_some(name)) {
            counter = counter.with_model(model);
        }
        if let Some(dialect) = dialect {
            counter = counter.with_dialect(dialect_of(dialect)?);
        }
        Ok(Counter(Core::Encoding(counter)))
    }

    /// What its counts are kept under; another id wherever a count may be another one.
    #[getter]
    fn id(&self) -> &str {
        self.0.as_dyn().id()
    }

    /// Counts the tokens of a text, all of it as ordinary text.
    fn __call__(&self, py: Python<'_>, text: String) -> Count {
        py.detach(|| self.0.as_dyn().count(&text)).into()
    }

    fn __repr__(&self) -> String {
        format!("<Counter {}>", self.id())
    }
}

impl Counter {
    pub(crate) fn calibrated(counter: CalibratedCounter<Encoding>) -> Counter {
        Counter(Core::Calibrated(CounterFor::new(counter)))
    }
}

/// What counts, as arguments have it: a name, a ``Counter``, or a callable with an ``id``.
#[derive(Debug)]
pub(crate) enum AnyCounter {
    Core(Counter),
    Python { id: String, call: Py<PyAny> },
}

impl Default for AnyCounter {
    fn default() -> Self {
        AnyCounter::Core(Counter(Core::Encoding(CounterFor::new(Encoding::default()))))
    }
}

impl<'py> FromPyObject<'_, 'py> for AnyCounter {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = type_hint_union!(
        type_hint_identifier!("builtins", "str"),
        <Counter as pyo3::PyTypeInfo>::TYPE_HINT,
        type_hint_subscript!(
            type_hint_identifier!("collections.abc", "Callable"),
            type_hint_identifier!("builtins", "..."),
            type_hint_identifier!("builtins", "object")
        )
    );

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(name) = object.cast::<PyString>() {
            return Ok(AnyCounter::Core(Counter::new(&name.to_cow()?, None, None)?));
        }
        if let Ok(counter) = object.cast::<Counter>() {
            return Ok(AnyCounter::Core(counter.get().clone()));
        }
        let id = object.getattr("id").ok().and_then(|id| id.extract::<String>().ok());
        match id.filter(|id| !id.is_empty()) {
            Some(id) if object.is_callable() => {
                Ok(AnyCounter::Python { id, call: object.to_owned().unbind() })
            }
            _ => Err(PyTypeError::new_err(format!(
                "a counter is the name of an encoding or a model, a Counter, or a callable from str \
                 to int with an `id` that changes whenever a count may; got {}",
                object.get_type().name()?
            ))),
        }
    }
}

/// A counter at work: attends to signals, and keeps what a counter of Python's raises.
pub(crate) struct Counting<'a> {
    counter: &'a AnyCounter,
    attention: Attention<'a>,
}

impl Counting<'_> {
    fn core(&self) -> Option<&dyn TokenCounter> {
        match self.counter {
            AnyCounter::Core(counter) => Some(counter.0.as_dyn()),
            AnyCounter::Python { .. } => None,
        }
    }

    /// Asks Python something; none where that raises, or something was raised before.
    pub(crate) fn ask<R>(&self, ask: impl FnOnce(Python<'_>) -> PyResult<R>) -> Option<R> {
        if self.attention.has_raised() {
            return None;
        }
        Python::attach(ask).map_err(|error| self.attention.raise(error)).ok()
    }
}

impl TokenCounter for Counting<'_> {
    fn id(&self) -> &str {
        match self.counter {
            AnyCounter::Core(counter) => counter.0.as_dyn().id(),
            AnyCounter::Python { id, .. } => id,
        }
    }

    fn count(&self, text: &str) -> partita::tokens::Count {
        // What failed once fails: nothing of it is kept or returned.
        if self.attention.has_raised() {
            return partita::tokens::Count::ZERO;
        }
        match self.counter {
            AnyCounter::Core(counter) => match self.attention.look().is_break() {
                true => partita::tokens::Count::ZERO,
                false => counter.0.as_dyn().count(text),
            },
            AnyCounter::Python { call, .. } => {
                let count = self.ask(|py| call.bind(py).call1((text,))?.extract::<CountOrInt>());
                count.map_or(partita::tokens::Count::ZERO, |count| count.0)
            }
        }
    }

    fn safe_cuts(&self) -> SafeCuts {
        match self.counter {
            AnyCounter::Core(counter) => counter.0.as_dyn().safe_cuts(),
            AnyCounter::Python { .. } => SafeCuts::None,
        }
    }

    fn model(&self) -> Option<&str> {
        self.core().and_then(|counter| counter.model())
    }

    fn dialect(&self) -> Option<&str> {
        self.core().and_then(|counter| counter.dialect())
    }

    fn request(&self) -> partita::tokens::Count {
        self.core().map_or(partita::tokens::Count::ZERO, |counter| counter.request())
    }

    fn check(&self) -> partita::Result<()> {
        match self.attention.has_raised() {
            true => Err(Error::new(ErrorKind::Io, "the counter raised")),
            false => Ok(()),
        }
    }
}

/// Calls something of the core that counts, with the interpreter let go. What the counter raises is
/// raised in the end, and so is what else asks Python by it.
pub(crate) fn counting<R: Send>(
    py: Python<'_>,
    counter: &AnyCounter,
    call: impl FnOnce(&Counting<'_>) -> partita::Result<R> + Send,
) -> PyResult<R> {
    let counting = Counting { counter, attention: Attention::new(None) };
    let result = py.detach(|| call(&counting));
    counting.attention.end(result)
}

/// As `counting`, for something of an open store.
pub(crate) fn counting_in<T: Sync, R: Send>(
    py: Python<'_>,
    handle: &Handle<T>,
    counter: &AnyCounter,
    call: impl FnOnce(&T, &Counting<'_>) -> partita::Result<R> + Send,
) -> PyResult<R> {
    let value = handle.get()?;
    counting(py, counter, |counter| call(value, counter))
}

/// What APIs reported of requests, by model, from which the tokens of models without a public
/// tokenizer are estimated.
///
/// >>> import partita
/// >>> calibration = partita.Calibration()
/// >>> for size in range(1, 41):
/// ...     _ = calibration.observe("other-1", {"prose": 100 * size}, usage=130 * size)
/// >>> calibration.models
/// {'other-1': 40}
/// >>> count = calibration.counter("other-1")("some words in a row. " * 100)
/// >>> count.exact, count.low <= count.tokens <= count.high
/// (False, True)
/// >>> kept = calibration.to_json()
/// >>> partita.Calibration.from_json(kept).models
/// {'other-1': 40}
#[pyclass(module = "partita", frozen)]
pub(crate) struct Calibration(Mutex<partita::tokens::Calibration>);

impl Calibration {
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut partita::tokens::Calibration) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[pymethods]
impl Calibration {
    /// Makes one without observations, for counts of a base encoding.
    #[new]
    #[pyo3(signature = (base = "o200k"))]
    fn new(base: &str) -> PyResult<Calibration> {
        let base = Encoding::by_name(base).or_raise()?;
        Ok(Calibration(Mutex::new(partita::tokens::Calibration::new(&base))))
    }

    /// The id of the base counter.
    #[getter]
    fn base(&self) -> String {
        self.with(|calibration| calibration.base().to_owned())
    }

    /// The models that were observed, with how often.
    #[getter]
    fn models(&self) -> BTreeMap<String, usize> {
        self.with(|calibration| {
            calibration.models().map(|(model, count)| (model.to_owned(), count)).collect()
        })
    }

    /// Takes the report of one request: its tokens by class (``"prose"``, ``"code"``, ``"json"``,
    /// ``"cjk"``, ``"other"``) as the base counts them, and all input tokens that the API counted,
    /// those read from and written to a cache included. Returns whether it was taken: one without
    /// parts or usage says nothing.
    ///
    /// ``host`` names who made the request: what it adds on its own (a system prompt, tools) is the same
    /// for all of one. ``"agent"`` means every host whose name begins with ``"agent/"``, too.
    #[pyo3(signature = (model, parts, *, usage, host = ""))]
    fn observe(
        &self,
        model: &str,
        parts: BTreeMap<String, Whole>,
        usage: Whole,
        host: &str,
    ) -> PyResult<bool> {
        let parts = parts
            .into_iter()
            .map(|(class, tokens)| Ok((class_of(&class)?, tokens.0)))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(self.with(|calibration| calibration.observe_at(model, host, &parts, usage.0)))
    }

    /// Tells which class a text is of.
    #[staticmethod]
    fn class_of(text: &str) -> &'static str {
        ContentClass::of(text).code()
    }

    /// Makes a counter for a model as it has been observed so far, if ever. Later observations are
    /// for the next one. With a ``host`` its constant is that of the host's newest requests.
    #[pyo3(signature = (model, *, host = ""))]
    fn counter(&self, model: &str, host: &str) -> PyResult<Counter> {
        self.with(|calibration| {
            let base = Encoding::by_name(calibration.base())?;
            CalibratedCounter::at(base, model, host, calibration)
        })
        .map(Counter::calibrated)
        .or_raise()
    }

    /// Tells how good counts for a model are: each of the newest requests is counted by those before
    /// it. ``requests`` were counted, ``within`` of them cost what lies within the bounds; the number
    /// is off by ``median_error``, the upper bound lies ``median_margin`` above it, the bounds lie
    /// ``median_width`` apart, all as shares. None for fewer than eight requests.
    #[pyo3(signature = (model) -> "dict[str, float] | None")]
    fn quality(&self, model: &str) -> Option<BTreeMap<&'static str, f64>> {
        let quality = self.with(|calibration| calibration.quality(model))?;
        Some(BTreeMap::from([
            ("requests", quality.requests as f64),
            ("within", quality.within as f64),
            ("median_error", quality.median_error as f64 / 1_000.0),
            ("median_margin", quality.median_margin as f64 / 1_000.0),
            ("median_width", quality.median_width as f64 / 1_000.0),
        ]))
    }

    /// Returns it as JSON, for the host to keep.
    fn to_json(&self) -> Dict {
        Dict(self.with(|calibration| calibration.to_json()))
    }

    /// Reads what ``to_json()`` gave. Raises ``Invalid`` for anything else.
    #[staticmethod]
    #[pyo3(signature = (json: "dict[str, typing.Any]") -> "Calibration")]
    fn from_json(json: &Bound<'_, PyAny>) -> PyResult<Calibration> {
        let calibration =
            partita::tokens::Calibration::from_json(&to_json(json, "json")?).or_raise()?;
        Ok(Calibration(Mutex::new(calibration)))
    }

    fn __repr__(&self) -> String {
        format!("<Calibration of {} on {}>", self.models().len(), self.base())
    }

    #[pyo3(signature = () -> "tuple[object, tuple[object, ...]]")]
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (Dict,))> {
        Ok((slf.get_type().getattr("from_json")?, (slf.get().to_json(),)))
    }
}

fn class_of(name: &str) -> PyResult<ContentClass> {
    ContentClass::ALL.into_iter().find(|class| class.code() == name).ok_or_else(|| {
        let names = ContentClass::ALL.map(ContentClass::code).join(", ");
        invalid(format!("a class is one of {names}; got {name:?}"))
    })
}
