//! The host's own keyed values.

use pyo3::IntoPyObjectExt as _;
use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyIterator, PyList, PySlice};

use partita::StateValue;

use crate::convert::Data;
use crate::handle::Handle;

/// Where state is read.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Latest(partita::Session),
    Fixed(partita::Snapshot),
}

impl Place {
    fn snapshot(&self) -> partita::Result<partita::StateSnapshot> {
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

fn held(handle: &Handle<partita::StateSnapshot>, key: &[u8], value: StateValue) -> PyResult<Held> {
    match value {
        StateValue::Bytes(bytes) => Ok(Held::Bytes(bytes)),
        StateValue::List(len) => {
            Ok(Held::List(StateList { state: handle.clone(), key: key.to_vec(), len }))
        }
        other => Err(PyTypeError::new_err(format!("a value of a kind unknown here: {other:?}"))),
    }
}

impl State {
    fn read(&self, py: Python<'_>, key: &[u8]) -> PyResult<Option<Held>> {
        let (snapshot, value) = self.0.run(py, |place| {
            let snapshot = place.snapshot()?;
            let value = snapshot.get(key)?;
            Ok((snapshot, value))
        })?;
        value.map(|value| held(&self.0.with(snapshot), key, value)).transpose()
    }

    fn session(&self) -> PyResult<partita::State> {
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
        self.0.run(py, |place| Ok(place.snapshot()?.get(&key)?.is_some()))
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.keys(py)?.len())
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyList::new(py, self.keys(py)?)?.try_iter()
    }

    /// Returns the keys in the order of their bytes.
    fn keys(&self, py: Python<'_>) -> PyResult<Vec<Vec<u8>>> {
        self.0.run(py, |place| {
            Ok(place.snapshot()?.list()?.into_iter().map(|(key, _)| key).collect())
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

    /// Returns the keys that begin with these bytes, each with what it holds, in their order.
    #[pyo3(signature = (prefix, *, reverse = false))]
    fn under(&self, py: Python<'_>, prefix: Data, reverse: bool) -> PyResult<Vec<(Vec<u8>, Held)>> {
        let prefix = prefix.as_bytes();
        let (snapshot, mut rows) = self.0.run(py, |place| {
            let snapshot = place.snapshot()?;
            let rows = snapshot.list()?;
            Ok((snapshot, rows))
        })?;
        let handle = self.0.with(snapshot);
        rows.retain(|(key, _)| key.starts_with(prefix));
        if reverse {
            rows.reverse();
        }
        let row = |(key, value): (Vec<u8>, _)| {
            let held = held(&handle, &key, value)?;
            Ok((key, held))
        };
        rows.into_iter().map(row).collect()
    }

    /// Appends an item to a list, which begins with its first item.
    ///
    /// Raises ``Invalid`` if the key holds bytes.
    fn append(&self, py: Python<'_>, key: Data, item: Data) -> PyResult<()> {
        let state = self.session()?;
        self.0.run(py, |_| state.append(&key, &item))
    }
}

/// A list of the state, as it was when it was read: its items are bytes.
#[pyclass(module = "partita", frozen, sequence)]
pub(crate) struct StateList {
    state: Handle<partita::StateSnapshot>,
    key: Vec<u8>,
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

    fn __repr__(&self) -> String {
        format!("<StateList of {}>", self.len)
    }
}

impl StateList {
    fn items(&self, py: Python<'_>, from: u64, to: u64) -> PyResult<Vec<Vec<u8>>> {
        self.state.run(py, |state| state.items(&self.key, from..to))
    }
}
