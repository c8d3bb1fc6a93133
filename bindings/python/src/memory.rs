//! Memories: the dialog of a session.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::convert::{Data, Time};
use crate::error::{OrRaise as _, invalid};
use crate::handle::Handle;
use crate::id::ObjectId;
use crate::value::value;

/// Memories that are read at once while one iterates.
const PAGE: usize = 64;

value! {
    /// A piece of a memory. What it is says ``kind``: ``"text"``, ``"thinking"``, ``"call"``,
    /// ``"result"``, ``"media"``, ``"file"`` or ``"opaque"``; the other attributes are set where
    /// that kind has them. The static methods make one of each.
    ///
    /// >>> from partita import Part
    /// >>> part = Part.call("c1", "grep", '{"pattern": "TODO"}')
    /// >>> part.kind, part.name, part.text
    /// ('call', 'grep', '{"pattern": "TODO"}')
    Part {
        /// What it is.
        kind: String,
        /// The bytes: of a text, thoughts, a call's arguments, media, an opaque block.
        data: Option<Vec<u8>>,
        /// A call's id, which its result repeats.
        id: Option<String>,
        /// The tool that is called.
        name: Option<String>,
        /// The provider's signature over thoughts.
        signature: Option<Vec<u8>>,
        /// Whether the tool failed.
        error: bool,
        /// How many of the parts that follow are the result.
        parts: Option<u64>,
        /// Such as ``image/png``.
        media_type: Option<String>,
        /// An iteration of a file.
        iteration: Option<ObjectId>,
        /// Whose opaque block it is.
        provider: Option<String>,
    }

    /// Makes a text.
    #[staticmethod]
    #[pyo3(name = "of_text")]
    fn of_text(text: Data) -> Part {
        Part::of_kind("text", Some(text.as_bytes().to_vec()))
    }

    /// Makes what a model thought, with the provider's signature over it.
    #[staticmethod]
    #[pyo3(signature = (text, signature = None))]
    fn thinking(text: Data, signature: Option<Data>) -> Part {
        let signature = signature.map_or_else(Vec::new, |bytes| bytes.as_bytes().to_vec());
        let thinking = Part::of_kind("thinking", Some(text.as_bytes().to_vec()));
        Part { signature: Some(signature), ..thinking }
    }

    /// Makes a model's call of a tool; the arguments are JSON, as the model wrote them.
    #[staticmethod]
    fn call(id: String, name: String, arguments: Data) -> Part {
        let call = Part::of_kind("call", Some(arguments.as_bytes().to_vec()));
        Part { id: Some(id), name: Some(name), ..call }
    }

    /// Makes the head of what came back from a call: the next ``parts`` parts are the result.
    #[staticmethod]
    #[pyo3(signature = (call, *, error = false, parts = 1))]
    fn result(call: String, error: bool, parts: u64) -> Part {
        Part { id: Some(call), error, parts: Some(parts), ..Part::of_kind("result", None) }
    }

    /// Makes an image, a sound, a document.
    #[staticmethod]
    fn media(media_type: String, data: Data) -> Part {
        let media = Part::of_kind("media", Some(data.as_bytes().to_vec()));
        Part { media_type: Some(media_type), ..media }
    }

    /// Refers to a version of a file of the session.
    #[staticmethod]
    fn file(iteration: ObjectId) -> Part {
        Part { iteration: Some(iteration), ..Part::of_kind("file", None) }
    }

    /// Makes a block that only its provider understands, kept as it came.
    #[staticmethod]
    fn opaque(provider: String, data: Data) -> Part {
        let opaque = Part::of_kind("opaque", Some(data.as_bytes().to_vec()));
        Part { provider: Some(provider), ..opaque }
    }

    /// The bytes as text, with U+FFFD for what is not UTF-8; empty where there are none.
    #[getter]
    fn text(&self) -> String {
        String::from_utf8_lossy(self.data.as_deref().unwrap_or_default()).into_owned()
    }
}

impl Part {
    fn of_kind(kind: &str, data: Option<Vec<u8>>) -> Part {
        Part {
            kind: kind.to_owned(),
            data,
            id: None,
            name: None,
            signature: None,
            error: false,
            parts: None,
            media_type: None,
            iteration: None,
            provider: None,
        }
    }

    fn take(part: partita::Part) -> PyResult<Part> {
        let bytes = |body: partita::Body| match body {
            partita::Body::Inline(bytes) => Ok(Some(bytes)),
            partita::Body::Content(id) => Err(invalid(format!("content {id} was not read"))),
        };
        Ok(match part {
            partita::Part::Text(text) => Part::of_kind("text", bytes(text)?),
            partita::Part::Thinking { text, signature } => {
                Part { signature: bytes(signature)?, ..Part::of_kind("thinking", bytes(text)?) }
            }
            partita::Part::Call { id, name, arguments } => {
                Part { id: Some(id), name: Some(name), ..Part::of_kind("call", bytes(arguments)?) }
            }
            partita::Part::Result { call, error, parts } => {
                Part { id: Some(call), error, parts: Some(parts), ..Part::of_kind("result", None) }
            }
            partita::Part::Media { media_type, content } => {
                Part { media_type: Some(media_type), ..Part::of_kind("media", bytes(content)?) }
            }
            partita::Part::File { iteration } => {
                Part { iteration: Some(iteration.into()), ..Part::of_kind("file", None) }
            }
            partita::Part::Opaque { provider, content } => {
                Part { provider: Some(provider), ..Part::of_kind("opaque", bytes(content)?) }
            }
            other => return Err(invalid(format!("a part of a kind unknown here: {other:?}"))),
        })
    }

    fn give(&self) -> PyResult<partita::Part> {
        let missing = |what: &str| invalid(format!("a part of kind {:?} needs {what}", self.kind));
        let body =
            |bytes: &Option<Vec<u8>>| partita::Body::new(bytes.as_deref().unwrap_or_default());
        let text = |text: &Option<String>, what| text.clone().ok_or_else(|| missing(what));
        Ok(match &*self.kind {
            "text" => partita::Part::Text(body(&self.data)),
            "thinking" => {
                partita::Part::Thinking { text: body(&self.data), signature: body(&self.signature) }
            }
            "call" => partita::Part::Call {
                id: text(&self.id, "the call's id")?,
                name: text(&self.name, "the tool's name")?,
                arguments: body(&self.data),
            },
            "result" => partita::Part::Result {
                call: text(&self.id, "the call's id")?,
                error: self.error,
                parts: self.parts.ok_or_else(|| missing("the number of its parts"))?,
            },
            "media" => partita::Part::Media {
                media_type: text(&self.media_type, "a media type")?,
                content: body(&self.data),
            },
            "file" => partita::Part::File {
                iteration: partita::IterationId::new(
                    self.iteration.ok_or_else(|| missing("an iteration"))?.0,
                ),
            },
            "opaque" => partita::Part::Opaque {
                provider: text(&self.provider, "a provider")?,
                content: body(&self.data),
            },
            other => {
                return Err(invalid(format!(
                    "a part is text, thinking, call, result, media, file or opaque, got {other:?}"
                )));
            }
        })
    }
}

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
}

/// One call of a model: what answered, and what it counted.
///
/// >>> from partita import ModelCall
/// >>> ModelCall("claude-x", provider="anthropic", input=10, output=3).usage.output
/// 3
#[pyclass(module = "partita", frozen, eq, hash)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ModelCall(pub(crate) partita::ModelCall);

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
        input: Option<u64>,
        output: Option<u64>,
        cache_read: Option<u64>,
        cache_write: Option<u64>,
        reasoning: Option<u64>,
    ) -> PyResult<Self> {
        let usage = partita::Usage { input, output, cache_read, cache_write, reasoning };
        let call = partita::ModelCall {
            provider: provider.to_owned(),
            response: response.to_owned(),
            request: request.to_owned(),
            stop: stop.to_owned(),
            parameters: parameters.to_owned(),
            usage,
            ..partita::ModelCall::new(model)
        };
        call.validate().or_raise()?;
        Ok(ModelCall(call))
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
        let partita::Usage { input, output, cache_read, cache_write, reasoning } = self.0.usage;
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

/// One piece of the dialog: what was asked, done, returned, found.
///
/// ``role`` is ``"system"``, ``"user"``, ``"assistant"`` or ``"tool"``; ``kind`` is ``"message"``,
/// ``"note"``, ``"validation"`` or ``"summary"``.
///
/// >>> from partita import Memory, Part
/// >>> memory = Memory.assistant("I look.", Part.call("c1", "ls", "{}"))
/// >>> memory.role, memory.text, len(memory.parts)
/// ('assistant', 'I look.', 2)
#[pyclass(module = "partita", frozen, eq, hash, from_py_object)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Memory {
    memory: partita::Memory,
    /// Its place, where it comes from a session.
    place: Option<(u64, ObjectId)>,
}

/// A part, or a text that is one.
enum PartOrText {
    Part(Part),
    Text(Vec<u8>),
}

impl<'py> FromPyObject<'_, 'py> for PartOrText {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: pyo3::inspect::PyStaticExpr = pyo3::type_hint_union!(
        pyo3::type_hint_identifier!("builtins", "str"),
        pyo3::type_hint_identifier!("builtins", "bytes"),
        pyo3::type_hint_identifier!("partita", "Part")
    );

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(part) = object.cast::<Part>() {
            return Ok(PartOrText::Part(part.get().clone()));
        }
        Ok(PartOrText::Text(object.extract::<Data>()?.as_bytes().to_vec()))
    }
}

pub(crate) fn role(name: &str) -> PyResult<partita::Role> {
    use partita::Role::{Assistant, System, Tool, User};
    [System, User, Assistant, Tool]
        .into_iter()
        .find(|role| role.name() == name)
        .ok_or_else(|| invalid(format!("a role is system, user, assistant or tool, got {name:?}")))
}

fn kind(name: &str) -> PyResult<partita::MemoryKind> {
    use partita::MemoryKind::{Message, Note, Summary, Validation};
    [Message, Note, Validation, Summary].into_iter().find(|kind| kind.name() == name).ok_or_else(
        || invalid(format!("a kind is message, note, validation or summary, got {name:?}")),
    )
}

impl Memory {
    fn message(role: partita::Role, parts: Vec<PartOrText>) -> PyResult<Memory> {
        let mut memory = partita::Memory::message(role, "");
        memory.parts = given(parts)?;
        Memory::checked(memory)
    }

    fn checked(memory: partita::Memory) -> PyResult<Memory> {
        memory.validate().or_raise()?;
        Ok(Memory { memory, place: None })
    }

    /// Takes a memory of a session, all its bodies inline.
    pub(crate) fn placed(entry: partita::MemoryEntry) -> Memory {
        Memory { memory: entry.memory, place: Some((entry.number, entry.id.into())) }
    }

    pub(crate) fn plain(memory: partita::Memory) -> Memory {
        Memory { memory, place: None }
    }

    /// Returns its number in the session that it comes from.
    pub(crate) fn place_number(&self) -> Option<u64> {
        self.place.map(|(number, _)| number)
    }

    pub(crate) fn inner(&self) -> &partita::Memory {
        &self.memory
    }
}

fn given(parts: Vec<PartOrText>) -> PyResult<Vec<partita::Part>> {
    let part = |part| match part {
        PartOrText::Part(part) => part.give(),
        PartOrText::Text(text) => Ok(partita::Part::text(text)),
    };
    parts.into_iter().map(part).collect()
}

#[pymethods]
impl Memory {
    /// Makes a memory; a part may be given as text. Raises ``Invalid``, naming the limit, for one
    /// that no session takes.
    #[new]
    #[pyo3(signature = (role, *parts, kind = "message", origin = "", actor = "", time = None, links = Vec::new()))]
    fn new(
        role: &str,
        parts: Vec<PartOrText>,
        kind: &str,
        origin: &str,
        actor: &str,
        time: Option<Time>,
        links: Vec<ObjectId>,
    ) -> PyResult<Memory> {
        Memory::checked(partita::Memory {
            origin: origin.to_owned(),
            actor: actor.to_owned(),
            time: time.map(|time| time.0),
            role: self::role(role)?,
            kind: self::kind(kind)?,
            parts: given(parts)?,
            links: links.iter().map(|id| id.0).collect(),
        })
    }

    /// Makes a message of whoever asks.
    #[staticmethod]
    #[pyo3(signature = (*parts))]
    fn user(parts: Vec<PartOrText>) -> PyResult<Memory> {
        Memory::message(partita::Role::User, parts)
    }

    /// Makes a message of the model.
    #[staticmethod]
    #[pyo3(signature = (*parts))]
    fn assistant(parts: Vec<PartOrText>) -> PyResult<Memory> {
        Memory::message(partita::Role::Assistant, parts)
    }

    /// Makes an instruction of the host.
    #[staticmethod]
    #[pyo3(signature = (*parts))]
    fn system(parts: Vec<PartOrText>) -> PyResult<Memory> {
        Memory::message(partita::Role::System, parts)
    }

    /// Makes a tool's answer to a call.
    #[staticmethod]
    #[pyo3(signature = (call, *parts, error = false))]
    fn tool(call: &str, parts: Vec<PartOrText>, error: bool) -> PyResult<Memory> {
        let mut parts = given(parts)?;
        let call = call.to_owned();
        parts.insert(0, partita::Part::Result { call, error, parts: parts.len() as u64 });
        let mut memory = partita::Memory::message(partita::Role::Tool, "");
        memory.parts = parts;
        Memory::checked(memory)
    }

    /// Makes a note beside the dialog.
    #[staticmethod]
    #[pyo3(signature = (*parts))]
    fn note(parts: Vec<PartOrText>) -> PyResult<Memory> {
        let mut memory = partita::Memory::note("");
        memory.parts = given(parts)?;
        Memory::checked(memory)
    }

    /// Whose words it holds.
    #[getter]
    fn role(&self) -> &'static str {
        self.memory.role.name()
    }

    /// What it is for.
    #[getter]
    fn kind(&self) -> &'static str {
        self.memory.kind.name()
    }

    /// What it says.
    #[getter]
    fn parts(&self) -> PyResult<Vec<Part>> {
        self.memory.parts.iter().cloned().map(Part::take).collect()
    }

    /// Its texts, a line break between them, with U+FFFD for what is not UTF-8.
    #[getter]
    fn text(&self) -> String {
        self.memory.text().into_owned()
    }

    /// Where it came from; may be empty.
    #[getter]
    fn origin(&self) -> &str {
        &self.memory.origin
    }

    /// Who spoke, as the host names its agents; may be empty.
    #[getter]
    fn actor(&self) -> &str {
        &self.memory.actor
    }

    /// The source's time, where the source has one.
    #[getter]
    fn time(&self) -> Option<Time> {
        self.memory.time.map(Time)
    }

    /// What it refers to, such as the memories that a summary covers.
    #[getter]
    fn links(&self) -> Vec<ObjectId> {
        self.memory.links.iter().map(|id| ObjectId(*id)).collect()
    }

    /// Its number in the session that it was read from, from 1; none for one made here.
    #[getter]
    fn number(&self) -> Option<u64> {
        self.place.map(|(number, _)| number)
    }

    /// What it is called; none for one made here.
    #[getter]
    fn id(&self) -> Option<ObjectId> {
        self.place.map(|(_, id)| id)
    }

    fn __repr__(&self) -> String {
        let text: String = self.text().chars().take(60).collect();
        let number = self.place.map(|(number, _)| format!(" {number}")).unwrap_or_default();
        format!("<Memory{number} {}: {text:?}>", self.role())
    }

    #[pyo3(signature = () -> "tuple[object, tuple[object, ...]]")]
    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, pyo3::types::PyTuple>)> {
        let make = py.import("partita._pickle")?.getattr("memory")?;
        let fields = (
            self.role(),
            self.parts()?,
            self.kind(),
            self.origin(),
            self.actor(),
            self.time(),
            self.links(),
            self.place,
        );
        Ok((make, fields.into_pyobject(py)?))
    }

    /// Gives a memory its place again, which unpickling needs.
    #[pyo3(signature = (number, id, /))]
    fn _at(&self, number: u64, id: ObjectId) -> Memory {
        Memory { memory: self.memory.clone(), place: Some((number, id)) }
    }
}

/// A memory, or a text that a role is given for.
pub(crate) fn memory_of(
    memory: &Bound<'_, PyAny>,
    role: Option<&str>,
) -> PyResult<partita::Memory> {
    if let Ok(memory) = memory.cast::<Memory>() {
        if role.is_some() {
            return Err(PyTypeError::new_err("a role is given with a text alone"));
        }
        return Ok(memory.get().memory.clone());
    }
    let text = memory.extract::<Data>().map_err(|_| {
        let name = memory.get_type().name();
        let name = name.unwrap_or_else(|_| PyString::new(memory.py(), "object"));
        PyTypeError::new_err(format!("expected Memory or str, got {name}"))
    })?;
    Ok(partita::Memory::message(self::role(role.unwrap_or("user"))?, text))
}

/// Where the next page of memories begins.
enum Next {
    From(u64),
    Before(u64),
    End,
}

/// The memories of a snapshot in their order, read page by page. Purged ones are left out.
#[pyclass(module = "partita", frozen)]
pub(crate) struct Memories {
    snapshot: Handle<partita::Snapshot>,
    search: Option<(String, Option<partita::Role>)>,
    rows: Mutex<(VecDeque<Memory>, Next)>,
}

impl Memories {
    pub(crate) fn new(snapshot: Handle<partita::Snapshot>, from: u64, reverse: bool) -> Memories {
        let next = if reverse { Next::Before(u64::MAX) } else { Next::From(from) };
        Memories { snapshot, search: None, rows: Mutex::new((VecDeque::new(), next)) }
    }

    pub(crate) fn found(
        snapshot: Handle<partita::Snapshot>,
        text: String,
        role: Option<partita::Role>,
    ) -> Memories {
        let rows = Mutex::new((VecDeque::new(), Next::Before(u64::MAX)));
        Memories { snapshot, search: Some((text, role)), rows }
    }
}

fn page(
    snapshot: &partita::Snapshot,
    search: Option<&(String, Option<partita::Role>)>,
    rows: &mut (VecDeque<Memory>, Next),
) -> partita::Result<()> {
    let store = snapshot.store();
    let take = |entries: &mut dyn Iterator<Item = partita::Result<partita::MemoryEntry>>,
                rows: &mut VecDeque<Memory>,
                last: &mut Option<u64>|
     -> partita::Result<()> {
        for entry in entries {
            let entry = match entry.and_then(|entry| entry.resolve(store)) {
                Err(error) if error.kind() == partita::ErrorKind::Purged => continue,
                entry => entry?,
            };
            *last = Some(entry.number);
            rows.push_back(Memory::placed(entry));
            if rows.len() == PAGE {
                break;
            }
        }
        Ok(())
    };
    let (rows, next) = rows;
    let mut last = None;
    match (&*next, search) {
        (Next::End, _) => return Ok(()),
        (Next::From(from), _) => take(&mut snapshot.memories_from(*from), rows, &mut last)?,
        (Next::Before(before), None) => {
            take(&mut snapshot.memories_before(*before), rows, &mut last)?;
        }
        (Next::Before(before), Some((text, role))) => {
            take(&mut snapshot.search_before(*before, text, *role), rows, &mut last)?;
        }
    }
    let full = rows.len() == PAGE;
    *next = match (last, &*next) {
        (Some(last), Next::From(_)) if full => Next::From(last + 1),
        (Some(last), Next::Before(_)) if full => Next::Before(last),
        _ => Next::End,
    };
    Ok(())
}

#[pymethods]
impl Memories {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Memory>> {
        self.snapshot.run(py, |snapshot| {
            let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
            if rows.0.is_empty() {
                page(snapshot, self.search.as_ref(), &mut rows)?;
            }
            Ok(rows.0.pop_front())
        })
    }
}
