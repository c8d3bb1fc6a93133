//! Names of checkpoints: an object, an id, a number or a text.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};
#[cfg(feature = "stubs")]
use pyo3::{inspect::PyStaticExpr, type_hint_identifier, type_hint_union};

use crate::history::{Checkpoint, LogEntry};
use crate::id::ObjectId;

/// Which checkpoint is meant.
pub(crate) enum Spec {
    Id(partita::CheckpointId),
    Text(String),
}

impl<'py> FromPyObject<'_, 'py> for Spec {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = type_hint_union!(
        <ObjectId as pyo3::PyTypeInfo>::TYPE_HINT,
        <Checkpoint as pyo3::PyTypeInfo>::TYPE_HINT,
        <LogEntry as pyo3::PyTypeInfo>::TYPE_HINT,
        type_hint_identifier!("builtins", "int"),
        type_hint_identifier!("builtins", "str")
    );

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let id = |id: ObjectId| Ok(Spec::Id(partita::CheckpointId::new(id.0)));
        if let Ok(found) = object.cast::<ObjectId>() {
            return id(*found.get());
        }
        if let Ok(found) = object.cast::<Checkpoint>() {
            return id(found.get().id);
        }
        if let Ok(found) = object.cast::<LogEntry>() {
            return id(found.get().id);
        }
        if object.cast::<PyInt>().is_ok() {
            return Ok(Spec::Text(object.str()?.to_string()));
        }
        match object.cast::<PyString>() {
            Ok(text) => Ok(Spec::Text(text.to_cow()?.into_owned())),
            Err(_) => Err(PyTypeError::new_err(format!(
                "a checkpoint is a Checkpoint, its id, its number, or a text such as \"latest\"; \
                 got {}",
                object.get_type().name()?
            ))),
        }
    }
}

impl Spec {
    pub(crate) fn find(
        &self,
        session: &partita::Session,
    ) -> partita::Result<partita::CheckpointId> {
        match self {
            Spec::Id(id) => Ok(*id),
            Spec::Text(text) => session.checkpoint(text),
        }
    }
}
