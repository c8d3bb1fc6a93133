//! Errors: the core's kinds as the exception classes that the package defines in Python.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

use partita::{Error, ErrorKind};

/// The exception classes by their `kind`, as `partita._errors` lists them.
static CLASSES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();

/// Returns the stable code of every kind of error, in the core's order.
#[pyfunction]
pub(crate) fn error_codes() -> Vec<&'static str> {
    ErrorKind::ALL.iter().map(|kind| kind.code()).collect()
}

/// Turns an error of the core into the exception of its kind, causes on the lines below.
pub(crate) fn raise(error: Error) -> PyErr {
    // A wait that was ended is an error of the core too, but this is why.
    if error.kind() == ErrorKind::Busy
        && let Some(raised) = crate::wait::raised()
    {
        return raised;
    }
    Python::attach(|py| match exception(py, &error) {
        Ok(raised) | Err(raised) => raised,
    })
}

/// Makes an error of the core and turns it into its exception.
pub(crate) fn invalid(message: impl Into<String>) -> PyErr {
    raise(Error::new(ErrorKind::Invalid, message))
}

fn exception(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let classes = CLASSES.get_or_try_init(py, || {
        let classes = py.import("partita._errors")?.getattr("BY_KIND")?;
        Ok::<_, PyErr>(classes.cast_into::<PyDict>()?.unbind())
    })?;
    let class = classes.bind(py).as_any().get_item(error.kind().code())?;
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    let raised = PyErr::from_type(class.cast_into::<PyType>()?, message);
    if let Some(shortfall) = error.shortfall() {
        let value = raised.value(py);
        value.setattr("limit", shortfall.limit)?;
        value.setattr("least", shortfall.least)?;
        let items = shortfall.items.iter().map(|item| (&*item.what, item.tokens, item.pinned));
        value.setattr("items", PyTuple::new(py, items.collect::<Vec<_>>())?)?;
    }
    Ok(raised)
}

/// Results of the core on their way to Python.
pub(crate) trait OrRaise<T> {
    /// Turns an error into its exception.
    fn or_raise(self) -> PyResult<T>;
}

impl<T> OrRaise<T> for partita::Result<T> {
    fn or_raise(self) -> PyResult<T> {
        self.map_err(raise)
    }
}
