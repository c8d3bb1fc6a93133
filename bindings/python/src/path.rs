//! Paths of files in a session: `str`, `bytes` or `os.PathLike`, with surrogate escapes for what
//! is not UTF-8, as in `os.fsencode` and `os.fsdecode`.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::PathBuf;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
#[cfg(feature = "stubs")]
use pyo3::{inspect::PyStaticExpr, type_hint_identifier, type_hint_subscript, type_hint_union};

use crate::error::invalid;

/// A path inside a session, to be checked by the core.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SessionPath(pub(crate) Vec<u8>);

impl AsRef<[u8]> for SessionPath {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl partita::object::AsPath for SessionPath {
    fn path_bytes(&self) -> partita::Result<Cow<'_, [u8]>> {
        Ok(Cow::Borrowed(&self.0))
    }
}

impl From<&partita::FilePath> for SessionPath {
    fn from(path: &partita::FilePath) -> Self {
        SessionPath(path.as_bytes().to_vec())
    }
}

#[cfg(feature = "stubs")]
const ANY_PATH: PyStaticExpr = type_hint_union!(
    type_hint_identifier!("builtins", "str"),
    type_hint_identifier!("builtins", "bytes"),
    type_hint_subscript!(
        type_hint_identifier!("os", "PathLike"),
        type_hint_identifier!("builtins", "str")
    ),
    type_hint_subscript!(
        type_hint_identifier!("os", "PathLike"),
        type_hint_identifier!("builtins", "bytes")
    )
);

impl<'py> FromPyObject<'_, 'py> for SessionPath {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = ANY_PATH;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        bytes_of(&object).map(SessionPath)
    }
}

fn bytes_of(object: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let py = object.py();
    if let Ok(text) = object.cast::<PyString>() {
        if let Ok(text) = text.to_cow() {
            return Ok(text.as_bytes().to_vec());
        }
        let encoded = text.call_method1(intern!(py, "encode"), ("utf-8", "surrogateescape"));
        let encoded = encoded.map_err(|_| {
            let shown = text.repr().map_or_else(|_| "?".into(), |shown| shown.to_string());
            let shown: String = shown.chars().take(80).collect();
            invalid(format!(
                "path {shown} has a lone surrogate that stands for no byte: give the path as \
                 bytes, or as os.fsdecode makes it"
            ))
        })?;
        return encoded.extract();
    }
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    bytes_of(&py.import(intern!(py, "os"))?.getattr(intern!(py, "fspath"))?.call1((object,))?)
}

impl<'py> IntoPyObject<'py> for SessionPath {
    type Target = PyString;
    type Output = Bound<'py, PyString>;
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const OUTPUT_TYPE: PyStaticExpr = type_hint_identifier!("builtins", "str");

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => Ok(PyString::new(py, text)),
            Err(_) => {
                let bytes = PyBytes::new(py, &self.0);
                let text =
                    bytes.call_method1(intern!(py, "decode"), ("utf-8", "surrogateescape"))?;
                Ok(text.cast_into()?)
            }
        }
    }
}

/// A path of the file system.
#[derive(Debug)]
pub(crate) struct DiskPath(pub(crate) PathBuf);

impl<'py> FromPyObject<'_, 'py> for DiskPath {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = ANY_PATH;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.cast::<PyBytes>() {
            let py = object.py();
            let text = py.import(intern!(py, "os"))?.call_method1("fsdecode", (bytes,))?;
            return Ok(DiskPath(text.extract()?));
        }
        Ok(DiskPath(object.extract()?))
    }
}

impl AsRef<OsStr> for DiskPath {
    fn as_ref(&self) -> &OsStr {
        self.0.as_os_str()
    }
}

impl AsRef<std::path::Path> for DiskPath {
    fn as_ref(&self) -> &std::path::Path {
        &self.0
    }
}
