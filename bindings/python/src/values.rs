//! What is worth keeping, where the host says it in Python.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyInt;
#[cfg(feature = "stubs")]
use pyo3::{inspect::PyStaticExpr, type_hint_identifier, type_hint_subscript};

use partita::budget::{DefaultValues, Material, PlanAction, Values};

use crate::counter::Counting;

/// A host's own values, as arguments have them: a callable, maybe with a method `taken`.
#[derive(Debug)]
pub(crate) struct HostValues {
    worth: Py<PyAny>,
    taken: Option<Py<PyAny>>,
}

impl<'py> FromPyObject<'_, 'py> for HostValues {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = type_hint_subscript!(
        type_hint_identifier!("collections.abc", "Callable"),
        type_hint_identifier!("builtins", "..."),
        type_hint_identifier!("builtins", "int")
    );

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if !object.is_callable() {
            let name = object.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "values are a callable from a material and an age to int, got {name}"
            )));
        }
        let taken = object.getattr_opt(intern!(object.py(), "taken"))?.map(Bound::unbind);
        Ok(HostValues { worth: object.to_owned().unbind(), taken })
    }
}

impl HostValues {
    /// Puts them to work beside a counter, which keeps what they raise.
    pub(crate) fn at_work<'a>(&'a self, counting: &'a Counting<'a>) -> Valuing<'a> {
        Valuing { values: self, counting }
    }
}

/// A host's values at work: what they raise is raised in the end, and they are not asked again.
pub(crate) struct Valuing<'a> {
    values: &'a HostValues,
    counting: &'a Counting<'a>,
}

impl Values for Valuing<'_> {
    fn worth(&self, material: Material, age: u64) -> u64 {
        let worth = self.counting.ask(|py| {
            thousandths(&self.values.worth.bind(py).call1((material.name(), age))?, "a worth")
        });
        worth.unwrap_or(0)
    }

    fn taken(&self, material: Material, action: PlanAction) -> u64 {
        let Some(taken) = &self.values.taken else {
            return DefaultValues.taken(material, action);
        };
        let taken = self.counting.ask(|py| {
            let given = taken.bind(py).call1((material.name(), action.name()))?;
            thousandths(&given, "what is taken")
        });
        taken.unwrap_or(0)
    }
}

fn thousandths(number: &Bound<'_, PyAny>, what: &str) -> PyResult<u64> {
    let given = number.cast::<PyInt>().ok().and_then(|number| number.extract().ok());
    given.ok_or_else(|| {
        let shown = number.repr().map_or_else(|_| "?".into(), |shown| shown.to_string());
        let shown: String = shown.chars().take(80).collect();
        PyTypeError::new_err(format!(
            "{what} is an int in thousandths, from 0 to 2**64 - 1; got {shown}"
        ))
    })
}
