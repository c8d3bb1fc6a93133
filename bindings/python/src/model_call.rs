//! Model calls: which model made a memory, with what the provider counted.

use pyo3::prelude::*;

use crate::convert::Whole;
use crate::error::OrRaise as _;
use crate::json::Dict;
use crate::shape::dict_of;
use crate::value::value;

value! {
    /// Tokens that a provider says it counted; none is what it did not say, which is not zero.
    Usage {
        /// Tokens of the prompt that were neither read from a cache nor written to one.
        input: Option<u64>,
        /// Tokens that the model wrote, its thoughts included.
        output: Option<u64>,
        /// Tokens of the prompt that came from a cache.
        cache_read: Option<u64>,
        /// Tokens of the prompt that were written to a cache.
        cache_write: Option<u64>,
        /// How many of the output's tokens were thoughts.
        reasoning: Option<u64>,
    }

    /// Returns it as JSON has it.
    fn to_dict(&self) -> PyResult<Dict> {
        let Usage { input, output, cache_read, cache_write, reasoning } = *self;
        dict_of(&partita::object::Usage { input, output, cache_read, cache_write, reasoning })
    }
}

/// One call of a model: what answered, and what it counted.
///
/// >>> from partita import ModelCall
/// >>> ModelCall("claude-x", provider="anthropic", input=10, output=3).usage.output
/// 3
#[pyclass(module = "partita", frozen, eq, hash, from_py_object)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ModelCall(pub(crate) partita::object::ModelCall);

#[pymethods]
impl ModelCall {
    #[new]
    #[pyo3(signature = (model, *, provider = "", response = "", request = "", stop = "", parameters = "",
        input = None, output = None, cache_read = None, cache_write = None, reasoning = None))]
    fn new(
        model: &str,
        provider: &str,
        response: &str,
        request: &str,
        stop: &str,
        parameters: &str,
        input: Option<Whole>,
        output: Option<Whole>,
        cache_read: Option<Whole>,
        cache_write: Option<Whole>,
        reasoning: Option<Whole>,
    ) -> PyResult<Self> {
        let number = |number: Option<Whole>| number.map(|number| number.0);
        let usage = partita::object::Usage {
            input: number(input),
            output: number(output),
            cache_read: number(cache_read),
            cache_write: number(cache_write),
            reasoning: number(reasoning),
        };
        let call = partita::object::ModelCall {
            provider: provider.to_owned(),
            response: response.to_owned(),
            request: request.to_owned(),
            stop: stop.to_owned(),
            parameters: parameters.to_owned(),
            usage,
            ..partita::object::ModelCall::new(model)
        };
        call.validate().or_raise()?;
        Ok(ModelCall(call))
    }

    /// Returns it as JSON has it.
    fn to_dict(&self) -> PyResult<Dict> {
        dict_of(&self.0)
    }

    /// The model, as the provider named it.
    #[getter]
    fn model(&self) -> &str {
        &self.0.model
    }

    /// Who serves the model; may be empty.
    #[getter]
    fn provider(&self) -> &str {
        &self.0.provider
    }

    /// The provider's id of the response; may be empty.
    #[getter]
    fn response(&self) -> &str {
        &self.0.response
    }

    /// The provider's id of the request; may be empty.
    #[getter]
    fn request(&self) -> &str {
        &self.0.request
    }

    /// Why the model stopped, in the provider's word; may be empty.
    #[getter]
    fn stop(&self) -> &str {
        &self.0.stop
    }

    /// What was asked for beside the context, as a JSON text; may be empty.
    #[getter]
    fn parameters(&self) -> &str {
        &self.0.parameters
    }

    /// What the provider counted.
    #[getter]
    fn usage(&self) -> Usage {
        let partita::object::Usage { input, output, cache_read, cache_write, reasoning } =
            self.0.usage;
        Usage { input, output, cache_read, cache_write, reasoning }
    }

    fn __repr__(&self) -> String {
        format!("<ModelCall of {:?}>", self.0.model)
    }

    #[pyo3(signature = () -> "tuple[tuple[str], dict[str, object]]")]
    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<((&str,), Bound<'py, pyo3::types::PyDict>)> {
        let fields = self.usage().fields(py)?;
        for (name, text) in [
            ("provider", self.provider()),
            ("response", self.response()),
            ("request", self.request()),
            ("stop", self.stop()),
            ("parameters", self.parameters()),
        ] {
            fields.set_item(name, text)?;
        }
        Ok(((self.model(),), fields))
    }
}
