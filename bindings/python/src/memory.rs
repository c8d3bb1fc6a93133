//! Memories: the dialog of a session.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use partita::display::Table;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;
#[cfg(feature = "stubs")]
use pyo3::{inspect::PyStaticExpr, type_hint_identifier, type_hint_union};

use crate::convert::{Data, Time};
use crate::error::{OrRaise as _, invalid};
use crate::handle::Handle;
use crate::id::ObjectId;
use crate::json::Dict;
use crate::part::Part;
use crate::shape::dict_of;
use crate::table::{self, Shows};

/// Memories that are read at once while one iterates.
const PAGE: usize = 64;

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
pub(crate) enum PartOrText {
    Part(Part),
    Text(Vec<u8>),
}

impl<'py> FromPyObject<'_, 'py> for PartOrText {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = type_hint_union!(
        type_hint_identifier!("builtins", "str"),
        type_hint_identifier!("builtins", "bytes"),
        <Part as pyo3::PyTypeInfo>::TYPE_HINT
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
    pub(crate) fn placed(entry: partita::history::MemoryEntry) -> Memory {
        Memory { memory: entry.memory, place: Some((entry.number, entry.id.into())) }
    }

    /// Returns its number in the session that it comes from.
    pub(crate) fn place_number(&self) -> Option<u64> {
        self.place.map(|(number, _)| number)
    }

    /// Takes a memory of no session.
    pub(crate) fn made(memory: partita::Memory) -> Memory {
        Memory { memory, place: None }
    }

    pub(crate) fn inner(&self) -> &partita::Memory {
        &self.memory
    }
}

/// Takes parts over.
pub(crate) fn given(parts: Vec<PartOrText>) -> PyResult<Vec<partita::Part>> {
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
    #[pyo3(signature = (role, *parts: "Part | str | bytes", kind = "message", origin = "", actor = "", time = None, links = Vec::new()))]
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
    #[pyo3(signature = (*parts: "Part | str | bytes"))]
    fn user(parts: Vec<PartOrText>) -> PyResult<Memory> {
        Memory::message(partita::Role::User, parts)
    }

    /// Makes a message of the model.
    #[staticmethod]
    #[pyo3(signature = (*parts: "Part | str | bytes"))]
    fn assistant(parts: Vec<PartOrText>) -> PyResult<Memory> {
        Memory::message(partita::Role::Assistant, parts)
    }

    /// Makes an instruction of the host.
    #[staticmethod]
    #[pyo3(signature = (*parts: "Part | str | bytes"))]
    fn system(parts: Vec<PartOrText>) -> PyResult<Memory> {
        Memory::message(partita::Role::System, parts)
    }

    /// Makes a tool's answer to a call.
    #[staticmethod]
    #[pyo3(signature = (call, *parts: "Part | str | bytes", error = false))]
    fn tool(call: &str, parts: Vec<PartOrText>, error: bool) -> PyResult<Memory> {
        let mut parts = given(parts)?;
        let call = call.to_owned();
        parts.insert(0, partita::Part::Result { call, error, parts: parts.len() as u64 });
        let mut memory = partita::Memory::message(partita::Role::Tool, "");
        memory.parts = parts;
        Memory::checked(memory)
    }

    /// Makes what stands for a tool's answer to a call where the tool failed.
    ///
    /// >>> from partita import Memory
    /// >>> Memory.tool_error("c1", "no such file").parts[0].error
    /// True
    #[staticmethod]
    #[pyo3(signature = (call, *parts: "Part | str | bytes"))]
    fn tool_error(call: &str, parts: Vec<PartOrText>) -> PyResult<Memory> {
        Memory::tool(call, parts, true)
    }

    /// Makes a note beside the dialog.
    #[staticmethod]
    #[pyo3(signature = (*parts: "Part | str | bytes"))]
    fn note(parts: Vec<PartOrText>) -> PyResult<Memory> {
        let mut memory = partita::Memory::note("");
        memory.parts = given(parts)?;
        Memory::checked(memory)
    }

    /// Returns it as JSON has it, with all its parts.
    fn to_dict(&self) -> PyResult<Dict> {
        dict_of(&self.memory)
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
    pub(crate) fn id(&self) -> Option<ObjectId> {
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
    let text = memory.extract::<Data>().map_err(|error| {
        if memory.is_instance_of::<PyString>() {
            return error;
        }
        let name = memory.get_type().name();
        let name = name.unwrap_or_else(|_| PyString::new(memory.py(), "object"));
        PyTypeError::new_err(format!("expected Memory, str or bytes, got {name}"))
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
    let take =
        |entries: &mut dyn Iterator<Item = partita::Result<partita::history::MemoryEntry>>,
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

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        table::text(py, self)
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        table::html(py, self)
    }
}

impl Shows for Memories {
    const NAME: &'static str = "Memories";
    type Asked = partita::Snapshot;

    fn asked(&self) -> &Handle<Self::Asked> {
        &self.snapshot
    }

    fn table(&self, of: &Self::Asked) -> partita::Result<Table> {
        let table = Table::new(Self::NAME, ["memory", "memories"], &["number", "role", "text"]);
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let read = rows.0.iter().map(|memory| Ok((memory.place_number(), memory.memory.clone())));
        let unread: Box<dyn Iterator<Item = partita::Result<partita::history::MemoryEntry>> + '_> =
            match (&rows.1, &self.search) {
                (Next::End, _) => Box::new(std::iter::empty()),
                (Next::From(from), _) => Box::new(of.memories_from(*from)),
                (Next::Before(before), None) => Box::new(of.memories_before(*before)),
                (Next::Before(before), Some((text, role))) => {
                    Box::new(of.search_before(*before, text, *role))
                }
            };
        let unread = unread.filter(
            |entry| !matches!(entry, Err(error) if error.kind() == partita::ErrorKind::Purged),
        );
        let unread = unread.map(|entry| entry.map(|entry| (Some(entry.number), entry.memory)));
        table::fill(table, read.chain(unread), |(number, memory)| {
            let memory = match of.store().read_memory(&memory) {
                Err(error) if error.kind() == partita::ErrorKind::Purged => memory,
                whole => whole?,
            };
            let number = number.map(|number| number.to_string()).unwrap_or_default();
            Ok([number, memory.role.name().to_owned(), memory.text().into_owned()])
        })
    }
}
