//! Which memories an edit of the view is for.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};
#[cfg(feature = "stubs")]
use pyo3::{inspect::PyStaticExpr, type_hint_identifier, type_hint_union};

use partita::Selector;

use crate::convert::Whole;
use crate::error::{OrRaise as _, invalid};
use crate::memory::Memory;

/// Which memories are meant: a number, a memory with a place, or a text such as ``"3..7"``.
pub(crate) struct Selected(pub(crate) Selector);

impl<'py> FromPyObject<'_, 'py> for Selected {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = type_hint_union!(
        type_hint_identifier!("builtins", "int"),
        type_hint_identifier!("builtins", "str"),
        <Memory as pyo3::PyTypeInfo>::TYPE_HINT
    );

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(memory) = object.cast::<Memory>() {
            let number = memory.get().place_number();
            return number.map(|number| Selected(Selector::Number(number))).ok_or_else(|| {
                invalid("the memory has no number: take one that a session returned")
            });
        }
        if object.cast::<PyInt>().is_ok() {
            return Ok(Selected(Selector::Number(object.extract::<Whole>()?.0)));
        }
        match object.cast::<PyString>() {
            Ok(text) => Ok(Selected(Selector::parse(&text.to_cow()?).or_raise()?)),
            Err(_) => Err(PyTypeError::new_err(format!(
                "memories are selected by a number, a Memory or a text such as \"3..7\", got {}",
                object.get_type().name()?
            ))),
        }
    }
}
