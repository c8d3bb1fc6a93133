//! The host's own keyed values.

use std::sync::Mutex;

use pyo3::IntoPyObjectExt as _;
use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyIterator, PyList, PySlice};

use partita::display::Table;
use partita::state::StateValue;

use crate::convert::Data;
use crate::handle::Handle;
use crate::pages::{self, Pages};
use crate::table::{self, Shows};

/// Where state is read.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Latest(partita::Session),
    Fixed(partita::Snapshot),
}

impl Place {
    fn snapshot(&self) -> partita::Result<partita::state::StateSnapshot> {
        match self {
            Place::Latest(session) => Ok(session.latest()?.state()),
            Place::Fixed(snapshot) => Ok(snapshot.state()),
        }
    }
}

/// The host's own keyed values in a session or a snapshot: a mapping from key to bytes, or to a
/// list of bytes that shares what it has in common with its other versions. Keys are bytes, 1 to
/// 4,096 of them; a ``str`` stands for its UTF-8. In a session each write is one durable commit.
///
/// >>> import partita
/// >>> state = partita.Store.in_memory().session("planner").state
/// >>> state["plan"] = "look first"
/// >>> state.append("steps", "read"); state.append("steps", "edit")
/// >>> state["plan"], len(state["steps"]), state["steps"][1], list(state)
/// (b'look first', 2, b'edit', [b'plan', b'steps'])
#[pyclass(module = "partita", frozen, mapping)]
pub(crate) struct State(pub(crate) Handle<Place>);

/// What a key holds.
#[derive(IntoPyObject)]
pub(crate) enum Held {
    Bytes(Vec<u8>),
    List(StateList),
}

fn held<T>(
    handle: &Handle<T>,
    entry: partita::state::StateEntry,
    value: StateValue,
) -> PyResult<Held> {
    match value {
        StateValue::Bytes(bytes) => Ok(Held::Bytes(bytes)),
        StateValue::List(len) => Ok(Held::List(StateList { entry: handle.with(entry), len })),
        other => Err(PyTypeError::new_err(format!("a value of a kind unknown here: {other:?}"))),
    }
}

impl State {
    fn read(&self, py: Python<'_>, key: &[u8]) -> PyResult<Option<Held>> {
        let found = self.0.run(py, |place| {
            let Some(entry) = place.snapshot()?.entry(key)? else { return Ok(None) };
            let value = entry.read()?;
            Ok(Some((entry, value)))
        })?;
        found.map(|(entry, value)| held(&self.0, entry, value)).transpose()
    }

    fn session(&self) -> PyResult<partita::state::State> {
        match self.0.get()? {
            Place::Latest(session) => Ok(session.state()),
            Place::Fixed(_) => Err(PyTypeError::new_err(
                "the state of a snapshot stays as it is: write to the session",
            )),
        }
    }
}

#[pymethods]
impl State {
    fn __getitem__(&self, py: Python<'_>, key: Data) -> PyResult<Held> {
        let key = key.as_bytes();
        self.read(py, key)?.ok_or_else(|| {
            let key: String = String::from_utf8_lossy(key).chars().take(80).collect();
            let message = format!("no state under {key:?}");
            crate::error::raise(partita::Error::new(partita::ErrorKind::NotFound, message))
        })
    }

    fn __setitem__(&self, py: Python<'_>, key: Data, value: Data) -> PyResult<()> {
        let state = self.session()?;
        self.0.run(py, |_| state.put(&key, &value))
    }

    fn __delitem__(&self, py: Python<'_>, key: Data) -> PyResult<()> {
        let state = self.session()?;
        self.0.run(py, |_| state.remove(&key))
    }

    fn __contains__(&self, py: Python<'_>, key: Data) -> PyResult<bool> {
        self.0.run(py, |place| Ok(place.snapshot()?.entry(&key)?.is_some()))
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.0.run(py, |place| {
            place.snapshot()?.under("").try_fold(0, |count, entry| entry.map(|_| count + 1))
        })
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyList::new(py, self.keys(py, None)?)?.try_iter()
    }

    /// Returns the keys that begin with these bytes, in the order of their bytes. Reads no value.
    #[pyo3(signature = (prefix = None))]
    fn keys(&self, py: Python<'_>, prefix: Option<Data>) -> PyResult<Vec<Vec<u8>>> {
        let prefix = prefix.as_ref().map_or(&[][..], Data::as_bytes);
        self.0.run(py, |place| {
            place.snapshot()?.under(prefix).map(|entry| entry.map(|entry| entry.key)).collect()
        })
    }

    /// Returns what a key holds, or ``default``.
    #[pyo3(signature = (key: "str | bytes", default: "bytes | None" = None) -> "bytes | StateList | None")]
    fn get<'py>(
        &self,
        py: Python<'py>,
        key: Data,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.read(py, key.as_bytes())? {
            Some(held) => held.into_bound_py_any(py).map(Some),
            None => Ok(default),
        }
    }

    /// Iterates over the keys that begin with these bytes, each with what it holds: in their order, or
    /// against it, and with ``after`` from the next one on. What is changed meanwhile is not seen.
    #[pyo3(signature = (prefix, *, reverse = false, after = None))]
    fn under(
        &self,
        py: Python<'_>,
        prefix: Data,
        reverse: bool,
        after: Option<Data>,
    ) -> PyResult<StateRows> {
        let rows = self.0.run(py, |place| {
            let snapshot = place.snapshot()?;
            let entries = match reverse {
                true => snapshot.under_back(&prefix),
                false => snapshot.under(&prefix),
            };
            let mut entries = match &after {
                Some(after) => entries.after(after),
                None => entries,
            };
            let read = |entry: partita::Result<partita::state::StateEntry>| {
                let entry = entry?;
                let value = entry.read()?;
                Ok((entry, value))
            };
            Ok(Pages::new(move |most| entries.by_ref().take(most).map(read).collect()))
        })?;
        Ok(StateRows(self.0.with(Mutex::new(rows))))
    }

    /// Appends an item to a list, which begins with its first item.
    ///
    /// Raises ``Invalid`` if the key holds bytes.
    fn append(&self, py: Python<'_>, key: Data, item: Data) -> PyResult<()> {
        let state = self.session()?;
        self.0.run(py, |_| state.append(&key, &item))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        table::text(py, self)
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        table::html(py, self)
    }
}

impl Shows for State {
    const NAME: &'static str = "State";
    type Asked = Place;

    fn asked(&self) -> &Handle<Self::Asked> {
        &self.0
    }

    fn table(&self, of: &Self::Asked) -> partita::Result<Table> {
        let table = Table::new(Self::NAME, ["key", "keys"], &["key", "value"]);
        table::fill(table, of.snapshot()?.under(""), |entry| {
            let value = match entry.read()? {
                StateValue::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                StateValue::List(len) => format!("a list of {len}"),
                _ => "-".to_owned(),
            };
            Ok([String::from_utf8_lossy(&entry.key).into_owned(), value])
        })
    }
}

/// The keys of a state that begin alike, each with what it holds.
#[pyclass(module = "partita", frozen)]
pub(crate) struct StateRows(Handle<Mutex<Pages<(partita::state::StateEntry, StateValue)>>>);

#[pymethods]
impl StateRows {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<(Vec<u8>, Held)>> {
        let Some((entry, value)) = pages::next(py, &self.0)? else { return Ok(None) };
        let key = entry.key.clone();
        Ok(Some((key, held(&self.0, entry, value)?)))
    }
}

/// A list of the state, as it was when it was read: its items are bytes.
#[pyclass(module = "partita", frozen, sequence)]
pub(crate) struct StateList {
    entry: Handle<partita::state::StateEntry>,
    len: u64,
}

#[pymethods]
impl StateList {
    fn __len__(&self) -> usize {
        self.len as usize
    }

    fn __getitem__<'py>(
        &self,
        py: Python<'py>,
        at: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Ok(slice) = at.cast::<PySlice>() {
            let range = slice.indices(self.len as isize)?;
            let step = range.step;
            let (from, to) = match step > 0 {
                true => (range.start, range.stop.max(range.start)),
                false => ((range.stop + 1).min(range.start + 1), range.start + 1),
            };
            let items = self.items(py, from as u64, to as u64)?;
            let items: Vec<_> = match step > 0 {
                true => items.iter().step_by(step.unsigned_abs()).collect(),
                false => items.iter().rev().step_by(step.unsigned_abs()).collect(),
            };
            return Ok(
                PyList::new(py, items.into_iter().map(|item| PyBytes::new(py, item)))?.into_any()
            );
        }
        let index: i64 = at.extract()?;
        let index = if index < 0 { index + self.len as i64 } else { index };
        if index < 0 || index as u64 >= self.len {
            return Err(PyIndexError::new_err("index out of range"));
        }
        let items = self.items(py, index as u64, index as u64 + 1)?;
        match items.first() {
            Some(item) => Ok(PyBytes::new(py, item).into_any()),
            None => Err(PyIndexError::new_err("index out of range")),
        }
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyList::new(py, self.items(py, 0, self.len)?)?.try_iter()
    }

    /// Tells how many first items it has in common with another list of the same store. Reads only
    /// where the two differ.
    fn shared(&self, py: Python<'_>, other: &StateList) -> PyResult<u64> {
        let other = other.entry.get()?;
        self.entry.run(py, |entry| entry.shared(other))
    }

    fn __repr__(&self) -> String {
        format!("<StateList of {}>", self.len)
    }
}

impl StateList {
    fn items(&self, py: Python<'_>, from: u64, to: u64) -> PyResult<Vec<Vec<u8>>> {
        self.entry.run(py, |entry| entry.items(from..to))
    }
}
