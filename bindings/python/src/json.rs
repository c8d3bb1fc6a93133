//! JSON: Python's dicts, lists, texts and numbers as the core's values, and back.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use partita::Json;

/// How deep values may nest: as deep as the core reads them.
const DEPTH_MAX: usize = 127;

/// A value that is no JSON, and where it stands.
struct Fault {
    error: PyErr,
    /// The keys and indices on the way to it, innermost first.
    path: Vec<String>,
}

impl From<PyErr> for Fault {
    fn from(error: PyErr) -> Self {
        Fault { error, path: Vec::new() }
    }
}

impl Fault {
    fn within(mut self, step: String) -> Self {
        self.path.push(step);
        self
    }
}

/// Takes a value over; `name` is what the caller knows it by.
///
/// Raises ``TypeError`` for what is no JSON and ``ValueError`` for numbers and texts that JSON does
/// not have, each with the place.
pub(crate) fn to_json(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Json> {
    converted(value, 0).map_err(|fault| {
        let path: String = fault.path.iter().rev().map(String::as_str).collect();
        let py = value.py();
        let message = format!("{name}{path}: {}", fault.error.value(py));
        match fault.error.is_instance_of::<PyTypeError>(py) {
            true => PyTypeError::new_err(message),
            false => PyValueError::new_err(message),
        }
    })
}

fn converted(value: &Bound<'_, PyAny>, depth: usize) -> Result<Json, Fault> {
    if depth > DEPTH_MAX {
        let what = format!("nests deeper than {DEPTH_MAX} levels");
        return Err(PyValueError::new_err(what).into());
    }
    if value.is_none() {
        return Ok(Json::Null);
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Json::String(text.to_cow()?.into_owned()));
    }
    if let Ok(truth) = value.cast::<PyBool>() {
        return Ok(Json::Bool(truth.is_true()));
    }
    if let Ok(number) = value.cast::<PyInt>() {
        return match number.extract::<i64>() {
            Ok(number) => Ok(Json::Number(number.to_string())),
            // Subclasses may show themselves otherwise, so the digits are those of int.
            Err(_) => {
                let int = value.py().get_type::<PyInt>();
                let digits = int.call_method1(intern!(value.py(), "__repr__"), (number,))?;
                Ok(Json::Number(digits.extract()?))
            }
        };
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        if !number.value().is_finite() {
            let what = format!("{} is no number of JSON", number.value());
            return Err(PyValueError::new_err(what).into());
        }
        let float = value.py().get_type::<PyFloat>();
        let digits = float.call_method1(intern!(value.py(), "__repr__"), (number,))?;
        return Ok(Json::Number(digits.extract()?));
    }
    if let Ok(fields) = value.cast::<PyDict>() {
        let mut object = Vec::with_capacity(fields.len());
        for (key, value) in fields.iter() {
            let Ok(key) = key.cast::<PyString>() else {
                let what = format!("a key is str, got {}", key.get_type().name()?);
                return Err(PyTypeError::new_err(what).into());
            };
            let key = key.to_cow()?.into_owned();
            match converted(&value, depth + 1) {
                Ok(value) => object.push((key, value)),
                Err(fault) => return Err(fault.within(format!("[{key:?}]"))),
            }
        }
        return Ok(Json::Object(object));
    }
    let items = match value.cast::<PyList>() {
        Ok(items) => items.clone(),
        Err(_) => match value.cast::<PyTuple>() {
            Ok(items) => items.to_list(),
            Err(_) => {
                let name = value.get_type().name()?;
                let what = format!(
                    "expected dict, list, str, int, float, bool or None, got {name}; what a \
                     provider's client returns has a method that makes a dict of it"
                );
                return Err(PyTypeError::new_err(what).into());
            }
        },
    };
    let mut array = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        array.push(converted(&item, depth + 1).map_err(|fault| fault.within(format!("[{at}]")))?);
    }
    Ok(Json::Array(array))
}

/// Hands a value over.
pub(crate) fn from_json<'py>(py: Python<'py>, json: &Json) -> PyResult<Bound<'py, PyAny>> {
    Ok(match json {
        Json::Null => py.None().into_bound(py),
        Json::Bool(truth) => PyBool::new(py, *truth).to_owned().into_any(),
        Json::Number(digits) => number(py, digits)?,
        Json::String(text) => PyString::new(py, text).into_any(),
        Json::Array(items) => {
            let items = items.iter().map(|item| from_json(py, item));
            PyList::new(py, items.collect::<PyResult<Vec<_>>>()?)?.into_any()
        }
        Json::Object(_) => object(py, json)?.into_any(),
    })
}

/// Hands an object over; any other value is an empty one.
pub(crate) fn object<'py>(py: Python<'py>, json: &Json) -> PyResult<Bound<'py, PyDict>> {
    let object = PyDict::new(py);
    for (key, value) in json.as_object().unwrap_or_default() {
        object.set_item(key, from_json(py, value)?)?;
    }
    Ok(object)
}

fn number<'py>(py: Python<'py>, digits: &str) -> PyResult<Bound<'py, PyAny>> {
    if let Ok(number) = digits.parse::<i64>() {
        return Ok(number.into_pyobject(py)?.into_any());
    }
    if digits.bytes().all(|digit| digit.is_ascii_digit() || digit == b'-') {
        return py.get_type::<PyInt>().call1((digits,));
    }
    // As Python's own parser has it: beyond its largest float is infinity.
    Ok(PyFloat::new(py, digits.parse().unwrap_or(f64::NAN)).into_any())
}

/// A dict of JSON, or a list of them, as arguments have it.
#[derive(Debug)]
pub(crate) struct Dict(pub(crate) Json);

impl<'py> IntoPyObject<'py> for Dict {
    type Target = PyDict;
    type Output = Bound<'py, PyDict>;
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const OUTPUT_TYPE: pyo3::inspect::PyStaticExpr = pyo3::type_hint_subscript!(
        pyo3::type_hint_identifier!("builtins", "dict"),
        pyo3::type_hint_identifier!("builtins", "str"),
        pyo3::type_hint_identifier!("typing", "Any")
    );

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        object(py, &self.0)
    }
}
