//! The JSON shape of values: what their `to_dict` returns, as the core writes it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::Serialize;

use partita::Json;

use crate::error::invalid;
use crate::json::{Dict, to_json};

/// Returns the shape of a value, which is an object.
///
/// Raises ``Invalid`` if what it has to read cannot be read.
pub(crate) fn dict_of(value: &impl Serialize) -> PyResult<Dict> {
    let text = serde_json::to_string(value).map_err(|error| invalid(error.to_string()))?;
    Json::parse(text).map(Dict).map_err(|error| invalid(error.to_string()))
}

/// What the core told a value from, to make its shape when somebody asks. Two values are equal
/// whatever their shapes are.
#[derive(Clone, Default)]
pub(crate) struct Shape(Option<Arc<dyn Shaped>>);

/// A value of the core that has a shape.
trait Shaped: Send + Sync {
    fn dict(&self) -> PyResult<Dict>;
}

impl<T: Serialize + Send + Sync> Shaped for T {
    fn dict(&self) -> PyResult<Dict> {
        dict_of(self)
    }
}

impl Shape {
    /// Keeps a value of the core.
    pub(crate) fn of(value: impl Serialize + Send + Sync + 'static) -> Shape {
        Shape(Some(Arc::new(value)))
    }

    /// Takes a shape that `to_dict` returned, as pickles have it.
    pub(crate) fn given(shape: Option<&Bound<'_, PyDict>>) -> PyResult<Shape> {
        let json = shape.map(|shape| to_json(shape.as_any(), "shape")).transpose()?;
        Ok(json.map_or_else(Shape::default, Shape::of))
    }

    /// Returns it; none for a value that was made by hand.
    pub(crate) fn known(&self) -> PyResult<Option<Dict>> {
        self.0.as_ref().map(|value| value.dict()).transpose()
    }

    /// Returns it.
    ///
    /// Raises ``Invalid`` for a value that was made by hand.
    pub(crate) fn dict(&self) -> PyResult<Dict> {
        let made = "a value that was made by hand has no shape: to_dict() is for what partita told";
        self.known()?.ok_or_else(|| invalid(made))
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Shape" } else { "no shape" })
    }
}

impl PartialEq for Shape {
    fn eq(&self, _: &Shape) -> bool {
        true
    }
}

impl Eq for Shape {}

impl Hash for Shape {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
