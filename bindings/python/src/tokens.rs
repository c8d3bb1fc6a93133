//! Tokens without a store: counts, fits and requests of the providers' own messages.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

use partita::Json;
use partita::context::Dialect;
use partita::interop::{Messages, messages};
use partita::tokens::TokenCounter as _;

use crate::budget::AnyBudget;
use crate::context::{dialect_of, options, request};
use crate::counter::{AnyCounter, Count, counting};
use crate::error::{OrRaise as _, invalid};
use crate::json::{Dicts, to_json};
use crate::values::HostValues;

/// Reads messages of any provider's, with tools beside them.
pub(crate) fn read(
    given: &Bound<'_, PyAny>,
    tools: Option<&Bound<'_, PyAny>>,
) -> PyResult<Messages> {
    let mut messages = messages(&to_json(given, "messages")?).or_raise()?;
    if let Some(tools) = tools {
        let tools = to_json(tools, "tools")?;
        let Json::Array(tools) = tools else {
            return Err(PyTypeError::new_err("tools are a list of dicts"));
        };
        messages.tools = tools;
    }
    Ok(messages)
}

/// Counts the tokens of a text, or of messages as a request: the provider's own dicts, of Anthropic,
/// OpenAI Chat, OpenAI Responses or Gemini, or a whole request's body. ``tools`` take the place of
/// the body's.
///
/// Messages count by OpenAI's published rule. ``counter`` is the name of an encoding or of an OpenAI
/// model, a ``Counter``, or a callable from str to int (or ``Count``) with an ``id``.
///
/// Raises ``Invalid`` for messages that cannot be read, ``TypeError`` with the place for what is no
/// JSON.
///
/// >>> import partita
/// >>> partita.count("hello world").tokens
/// 2
/// >>> messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]
/// >>> partita.count(messages, counter="gpt-4o").tokens
/// 15
#[pyfunction]
#[pyo3(
    signature = (given: "str | bytes | list[dict[str, typing.Any]] | dict[str, typing.Any]", /, *,
        counter: "str | Counter | collections.abc.Callable[[str], int | Count]" = AnyCounter::default(), tools: "list[dict[str, typing.Any]] | None" = None) -> "Count",
    text_signature = "(given, /, *, counter='o200k', tools=None)"
)]
pub(crate) fn count(
    py: Python<'_>,
    given: &Bound<'_, PyAny>,
    counter: AnyCounter,
    tools: Option<&Bound<'_, PyAny>>,
) -> PyResult<Count> {
    if given.cast::<PyString>().is_ok() || given.cast::<PyBytes>().is_ok() {
        if tools.is_some() {
            return Err(PyTypeError::new_err("tools are given with messages alone"));
        }
        let text = given.extract::<crate::convert::Data>()?;
        let count = counting(py, &counter, |counter| {
            let count = counter.count_bytes(text.as_bytes());
            counter.check().map(|()| count)
        })?;
        return Ok(count.into());
    }
    let messages = read(given, tools)?;
    let count = counting(py, &counter, |counter| {
        let count = messages.prompt()?.count(&messages.counter(counter));
        counter.check().map(|()| count)
    })?;
    Ok(count.into())
}

/// Which messages to drop so that a request fits, and the messages that are left.
#[pyclass(module = "partita", frozen)]
pub(crate) struct MessagePlan {
    /// The tokens that the prompt may have.
    #[pyo3(get)]
    limit: u64,
    /// The tokens of the whole request.
    #[pyo3(get)]
    before: Count,
    /// The tokens of what is left.
    #[pyo3(get)]
    after: Count,
    /// The indices of the messages that go, rising.
    #[pyo3(get)]
    dropped: Vec<usize>,
    messages: Py<PyList>,
}

#[pymethods]
impl MessagePlan {
    /// The messages that are left, the very dicts that were given. Where the dialog's beginning went, a
    /// user's message that says so stands in its place.
    #[getter]
    fn messages(&self, py: Python<'_>) -> Dicts {
        Dicts(self.messages.clone_ref(py))
    }

    fn __repr__(&self) -> String {
        format!("<MessagePlan: {} dropped, {} tokens left>", self.dropped.len(), self.after.tokens)
    }
}

/// Says which messages to drop so that a request fits a limit: whole exchanges, so that no call loses
/// its result; never instructions nor what is asked last. The messages are the provider's own
/// dicts, of Anthropic, OpenAI Chat, OpenAI Responses or Gemini, or a whole request's body. What is
/// left is valid if what was given is.
///
/// ``limit`` is in tokens, or a ``Budget``. ``values`` says what is worth keeping, as in
/// ``Session.plan()``: the materials are ``"asked"``, ``"said"`` and ``"returned"``.
///
/// Raises ``DoesNotFit`` if it cannot fit: by how much, and what holds the most of it; else as
/// ``count()``, and what ``values`` raises.
///
/// >>> import partita
/// >>> messages = [{"role": "user", "content": f"Question {n}. " + "More. " * 50} for n in range(20)]
/// >>> plan = partita.plan(messages, limit=500)
/// >>> plan.before.tokens > 500 >= plan.after.tokens
/// True
/// >>> plan.messages == [m for at, m in enumerate(messages) if at not in plan.dropped]
/// True
/// >>> values = lambda material, age: 1_000 if age == 19 else 1
/// >>> 0 in partita.plan(messages, limit=500, values=values).dropped
/// False
#[pyfunction]
#[pyo3(
    signature = (messages: "list[dict[str, typing.Any]] | dict[str, typing.Any]", tools: "list[dict[str, typing.Any]] | None" = None,
        *, limit, counter: "str | Counter | collections.abc.Callable[[str], int | Count]" = AnyCounter::default(),
        values: "collections.abc.Callable[[str, int], int] | None" = None) -> "MessagePlan",
    text_signature = "(messages, tools=None, *, limit, counter='o200k', values=None)"
)]
pub(crate) fn plan(
    py: Python<'_>,
    messages: &Bound<'_, PyAny>,
    tools: Option<&Bound<'_, PyAny>>,
    limit: AnyBudget,
    counter: AnyCounter,
    values: Option<HostValues>,
) -> PyResult<MessagePlan> {
    let read = read(messages, tools)?;
    if read.memories.is_empty() {
        return Err(invalid("there are no messages to plan for"));
    }
    let fit = counting(py, &counter, |counter| {
        let (prompt, numbers) = (read.prompt()?, &read.numbers);
        let own = read.counter(counter);
        match &values {
            Some(values) => partita::budget::fit_with(
                &prompt,
                numbers,
                &limit.0,
                &own,
                &values.at_work(counter),
            ),
            None => partita::budget::fit(&prompt, numbers, &limit.0, &own),
        }
    })?;
    let dropped: Vec<usize> = fit.dropped().iter().map(|number| *number as usize - 1).collect();
    let left = PyList::empty(py);
    let mut beginning = fit.beginning.as_deref();
    for (at, message) in list_of(messages)?.iter().enumerate() {
        if dropped.binary_search(&at).is_ok() {
            continue;
        }
        let is_instruction = read.others.contains(&(at as u64 + 1)) || is_system(message);
        if let Some(text) = beginning.take_if(|_| !is_instruction) {
            let said = PyDict::new(py);
            said.set_item("role", "user")?;
            said.set_item("content", text)?;
            left.append(said)?;
        }
        left.append(message)?;
    }
    Ok(MessagePlan {
        limit: limit.0.room(),
        before: fit.before.into(),
        after: fit.after.into(),
        dropped,
        messages: left.unbind(),
    })
}

/// The messages that were given, or that stand in a body.
fn list_of<'py>(given: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let Ok(body) = given.cast::<PyDict>() else { return given.try_iter()?.collect() };
    for key in ["messages", "input", "contents"] {
        if let Some(list) = body.get_item(key)?.filter(|list| list.cast::<PyString>().is_err()) {
            return list.try_iter()?.collect();
        }
    }
    Ok(Vec::new())
}

fn is_system(message: &Bound<'_, PyAny>) -> bool {
    let role = message.get_item("role").and_then(|role| role.extract::<String>());
    role.is_ok_and(|role| role == "system" || role == "developer")
}

/// Renders messages of any provider's as the request of another's: the part of its body that is of
/// messages, instructions and tools. What no API takes is mended, and ``mends`` tells of it.
///
/// ``dialect`` is ``"anthropic"``, ``"openai-chat"``, ``"openai-responses"`` or ``"gemini"``.
/// ``cache_points`` marks Anthropic's requests with ``cache_control``; ``end_with_user`` puts a user's
/// text behind a last turn of the model's, as ``Session.context()`` does. Raises as ``count()``.
///
/// >>> import partita
/// >>> messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]
/// >>> partita.render(messages, dialect="anthropic")
/// {'system': [{'type': 'text', 'text': 'Be brief.'}], 'messages': [{'role': 'user', 'content': [{'type': 'text', 'text': 'hi'}]}]}
#[pyfunction]
#[pyo3(signature = (messages: "list[dict[str, typing.Any]] | dict[str, typing.Any]", *, dialect,
    tools: "list[dict[str, typing.Any]] | None" = None, cache_points = false, end_with_user = false) -> "partita._documents.Request")]
pub(crate) fn render<'py>(
    py: Python<'py>,
    messages: &Bound<'py, PyAny>,
    dialect: &str,
    tools: Option<&Bound<'py, PyAny>>,
    cache_points: bool,
    end_with_user: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let dialect: Dialect = dialect_of(dialect)?;
    let read = read(messages, tools)?;
    let rendered = py.detach(|| {
        let options = options(cache_points, end_with_user);
        Ok::<_, partita::Error>(read.prompt()?.render_with(dialect, &options))
    });
    request(py, &rendered.or_raise()?)
}
