//! Ids of objects.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::error::{OrRaise as _, invalid};

/// The id of anything that is stored: 32 bytes, written as 64 hexadecimal digits.
///
/// A content's is the BLAKE3 hash of its bytes, what ``b3sum`` prints. Ids are ordered, hashable,
/// pickle, and equal only to ids.
///
/// >>> from partita import ObjectId
/// >>> id = ObjectId.of_content(b"")
/// >>> str(id)[:16], id.short
/// ('af1349b9f5f9a1a6', 'af1349b9f5')
/// >>> ObjectId(str(id)) == ObjectId(bytes(id)) == id
/// True
#[pyclass(module = "partita", frozen, eq, ord, hash, from_py_object)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectId(pub(crate) partita::ObjectId);

#[pymethods]
impl ObjectId {
    /// Takes 64 hexadecimal digits or 32 bytes.
    #[new]
    #[pyo3(signature = (id: "str | bytes | ObjectId", /))]
    fn new(id: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(text) = id.cast::<PyString>() {
            return Ok(ObjectId(text.to_cow()?.parse::<partita::ObjectId>().or_raise()?));
        }
        if let Ok(bytes) = id.cast::<PyBytes>() {
            let bytes = bytes.as_bytes();
            let len = bytes.len();
            return match bytes.try_into() {
                Ok(bytes) => Ok(ObjectId(partita::ObjectId::from_bytes(bytes))),
                Err(_) => Err(invalid(format!("an id has 32 bytes, got {len}"))),
            };
        }
        match id.cast::<ObjectId>() {
            Ok(id) => Ok(*id.get()),
            Err(_) => Err(PyTypeError::new_err(format!(
                "an id is made of str or bytes, got {}",
                id.get_type().name()?
            ))),
        }
    }

    /// Returns the id of a content: BLAKE3 of its bytes.
    #[staticmethod]
    fn of_content(data: crate::convert::Data) -> Self {
        ObjectId(partita::ObjectId::of_content(data.as_bytes()))
    }

    /// The first ten hexadecimal digits.
    #[getter]
    fn short(&self) -> String {
        self.0.short()
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.as_bytes())
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("ObjectId('{}')", self.0)
    }

    fn __getnewargs__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyBytes>,) {
        (PyBytes::new(py, self.0.as_bytes()),)
    }
}

impl<T: Into<partita::ObjectId>> From<T> for ObjectId {
    fn from(id: T) -> Self {
        ObjectId(id.into())
    }
}
