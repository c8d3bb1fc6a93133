//! Arguments and results: text, bytes and times, as Python has them.

use std::time::Duration;

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyString};
#[cfg(feature = "stubs")]
use pyo3::{inspect::PyStaticExpr, type_hint_identifier, type_hint_union};

use partita::Timestamp;

use crate::error::invalid;

/// A number of things, or the number of one: an int from 0 on. Any other int is `Invalid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Whole(pub(crate) u64);

impl Whole {
    /// Returns it as a size, the largest where it is larger.
    pub(crate) fn size(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl<'py> FromPyObject<'_, 'py> for Whole {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = u64::INPUT_TYPE;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        object.extract().map(Whole).map_err(|error| out_of_range(&object, error))
    }
}

/// An argument whose int is `Invalid`, and no bare `OverflowError`, where it is out of range.
#[derive(Debug)]
pub(crate) struct Given<T>(pub(crate) T);

impl<'a, 'py, T: FromPyObject<'a, 'py>> FromPyObject<'a, 'py> for Given<T> {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = T::INPUT_TYPE;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let value = object.extract::<T>().map_err(Into::into);
        value.map(Given).map_err(|error| out_of_range(&object, error))
    }
}

/// Says what a number is where it is out of range; all other errors stay.
fn out_of_range(object: &Bound<'_, PyAny>, error: PyErr) -> PyErr {
    if !error.is_instance_of::<PyOverflowError>(object.py()) {
        return error;
    }
    let shown = object.repr().map_or_else(|_| "?".into(), |shown| shown.to_string());
    let shown: String = shown.chars().take(40).collect();
    invalid(format!("expected a number from 0 to 2**64 - 1, got {shown}"))
}

/// Reads a whole number for an argument that has a default.
pub(crate) fn whole<T: TryFrom<u64>>(object: &Bound<'_, PyAny>) -> PyResult<T> {
    let number: Whole = object.extract()?;
    let too_large = || invalid(format!("{} is too large here", number.0));
    T::try_from(number.0).map_err(|_| too_large())
}

/// Text or bytes: a `str` stands for its UTF-8.
#[derive(Debug)]
pub(crate) enum Data {
    Bytes(PyBackedBytes),
    Text(PyBackedStr),
    Copied(Vec<u8>),
}

impl Data {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Data::Bytes(bytes) => bytes,
            Data::Text(text) => text.as_bytes(),
            Data::Copied(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for Data {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl<'py> FromPyObject<'_, 'py> for Data {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = type_hint_union!(
        type_hint_identifier!("builtins", "str"),
        type_hint_identifier!("builtins", "bytes"),
        type_hint_identifier!("builtins", "bytearray"),
        type_hint_identifier!("builtins", "memoryview")
    );

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(text) = object.cast::<PyString>() {
            return Ok(Data::Text(text.to_owned().try_into()?));
        }
        if object.cast::<PyBytes>().is_ok() {
            return Ok(Data::Bytes(object.extract()?));
        }
        let py = object.py();
        // Whatever else has a buffer: `bytes` of an int would be that many zeros.
        let view = py.get_type::<pyo3::types::PyMemoryView>().call1((object,)).map_err(|_| {
            let name =
                object.get_type().name().map_or_else(|_| "object".into(), |name| name.to_string());
            PyTypeError::new_err(format!("expected str or bytes, got {name}"))
        })?;
        Ok(Data::Copied(view.call_method0(intern!(py, "tobytes"))?.extract()?))
    }
}

/// A point in time, to the millisecond: a `datetime` in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Time(pub(crate) Timestamp);

static EPOCH: PyOnceLock<(Py<PyAny>, Py<PyAny>)> = PyOnceLock::new();

/// The epoch, and the class of differences of times.
fn epoch<'py>(py: Python<'py>) -> PyResult<&'py (Py<PyAny>, Py<PyAny>)> {
    EPOCH.get_or_try_init(py, || {
        let module = py.import("datetime")?;
        let utc = module.getattr("timezone")?.getattr("utc")?;
        let epoch = module.getattr("datetime")?.call1((1970, 1, 1, 0, 0, 0, 0, utc))?;
        Ok((epoch.unbind(), module.getattr("timedelta")?.unbind()))
    })
}

impl<'py> IntoPyObject<'py> for Time {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const OUTPUT_TYPE: PyStaticExpr = type_hint_identifier!("datetime", "datetime");

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (epoch, difference) = epoch(py)?;
        let difference = difference.bind(py).call1((0, 0, 0, self.0.as_millis()))?;
        epoch.bind(py).add(difference)
    }
}

impl<'py> FromPyObject<'_, 'py> for Time {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = type_hint_identifier!("datetime", "datetime");

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let py = object.py();
        let class = py.import(intern!(py, "datetime"))?.getattr(intern!(py, "datetime"))?;
        if !object.is_instance(&class)? {
            let name = object.get_type().name()?;
            return Err(PyTypeError::new_err(format!("expected datetime, got {name}")));
        }
        // A naive time is taken as local, as datetime itself does.
        let time = object.call_method0(intern!(py, "astimezone"))?;
        let (epoch, difference) = epoch(py)?;
        let since = time.sub(epoch.bind(py))?;
        let millis = since.floor_div(difference.bind(py).call1((0, 0, 0, 1))?)?;
        Ok(Time(Timestamp::from_millis(millis.extract()?)))
    }
}

/// A duration from seconds, as Python's timeouts are given.
pub(crate) fn seconds(seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|error| invalid(format!("{seconds} seconds: {error}")))
}

/// Returns a copy of bytes as Python's own; raises `MemoryError` where there is no room for it.
pub(crate) fn as_bytes<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, bytes.len(), |copy| {
        copy.copy_from_slice(bytes);
        Ok(())
    })
}
