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
        .map_err(|error| PyOverflowError::new_err(format!("{seconds} seconds: {error}")))
}

/// Returns a copy of bytes as Python's own; raises `MemoryError` where there is no room for it.
pub(crate) fn as_bytes<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, bytes.len(), |copy| {
        copy.copy_from_slice(bytes);
        Ok(())
    })
}
