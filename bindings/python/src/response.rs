//! Responses: what a provider's API answered, on its way into a session and a calibration.

use pyo3::prelude::*;

use crate::context::dialect_of;
use crate::counter::Calibration;
use crate::error::OrRaise as _;
use crate::json::to_json;
use crate::memory::Memory;
use crate::model_call::ModelCall;
use crate::tokens::read;
use crate::transcript::Report;
use crate::value::value;

value! {
    /// What a provider answered, as ``Session.remember(memory, call=call)`` takes it.
    Response {
        /// What the model said, thought and called, in its order.
        memory: Memory,
        /// The model, the tokens that the provider counted, and why the model stopped.
        call: ModelCall,
        /// What was mended, and what the response holds that a dialog has no place for.
        report: Report,
    }
}

/// Reads the whole body of a response, of Anthropic's Messages API, OpenAI's Chat Completions or its
/// Responses API, or the Gemini API: the dict that is sent, or a client's ``model_dump()`` of it.
///
/// Of several choices or candidates it takes the first. Blocks that only their provider understands
/// stay as they came. It reads no streams: put the pieces together first, as the providers' clients
/// do.
///
/// Raises ``Invalid`` for what is no response of the dialect, with the provider's own words where it
/// is an error of the API's.
///
/// >>> import partita
/// >>> body = {"id": "chatcmpl-1", "model": "gpt-x", "usage": {"prompt_tokens": 9},
/// ...         "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "Hi."}}]}
/// >>> response = partita.read_response(body, dialect="openai-chat")
/// >>> response.memory.text, response.call.model, response.call.stop, response.call.usage.input
/// ('Hi.', 'gpt-x', 'stop', 9)
/// >>> session = partita.Store.in_memory().session("s")
/// >>> session.remember(response.memory, call=response.call)
/// 1
#[pyfunction]
#[pyo3(signature = (body: "dict[str, typing.Any]", *, dialect) -> "Response")]
pub(crate) fn read_response(
    py: Python<'_>,
    body: &Bound<'_, PyAny>,
    dialect: &str,
) -> PyResult<Response> {
    let (dialect, body) = (dialect_of(dialect)?, to_json(body, "body")?);
    let response = py.detach(|| partita::interop::read_response(dialect, &body)).or_raise()?;
    Ok(Response {
        memory: Memory::made(response.memory),
        call: ModelCall(response.call),
        report: (&response.report).into(),
    })
}

#[pymethods]
impl Calibration {
    /// Takes what a request cost: the body that was sent, such as ``Session.context()`` gives, or its
    /// messages, and the call that answered it, such as ``read_response()`` gives. Returns whether it
    /// was taken: a call without a model or a usage says nothing.
    ///
    /// ``host`` is as in ``observe()``. Raises as ``partita.count()``.
    ///
    /// >>> import partita
    /// >>> calibration = partita.Calibration()
    /// >>> call = partita.ModelCall("claude-x", input=19)
    /// >>> calibration.observe_request([{"role": "user", "content": "Why?"}], call)
    /// True
    /// >>> calibration.models
    /// {'claude-x': 1}
    #[pyo3(signature = (request: "list[dict[str, typing.Any]] | dict[str, typing.Any]", call: "ModelCall", *,
        tools: "list[dict[str, typing.Any]] | None" = None, host = "") -> "bool")]
    fn observe_request(
        &self,
        py: Python<'_>,
        request: &Bound<'_, PyAny>,
        call: &Bound<'_, ModelCall>,
        tools: Option<&Bound<'_, PyAny>>,
        host: &str,
    ) -> PyResult<bool> {
        let (messages, call) = (read(request, tools)?, &call.get().0);
        py.detach(|| {
            let prompt = messages.prompt()?;
            let dialect = messages.dialect.unwrap_or(partita::context::Dialect::OpenAiChat);
            self.with(|calibration| {
                let base = partita::tokens::Encoding::by_name(calibration.base())?;
                Ok::<_, partita::Error>(prompt.observe(calibration, host, dialect, call, &base))
            })
        })
        .or_raise()
    }
}
