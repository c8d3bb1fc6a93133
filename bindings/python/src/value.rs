//! Values: frozen classes with keyword arguments, equality, a hash, a `repr` and pickling.

use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Shows a value as the call that makes it.
pub(crate) fn shown(name: &str, fields: &Bound<'_, PyDict>) -> PyResult<String> {
    let mut text = format!("{name}(");
    for (at, (field, value)) in fields.iter().enumerate() {
        let separator = if at == 0 { "" } else { ", " };
        text.push_str(&format!("{separator}{field}={}", value.repr()?));
    }
    text.push(')');
    Ok(text)
}

/// Defines a value class: its fields are its attributes and the keyword arguments that make it.
/// With `: ord` behind its name its values are ordered too, with `: drawn` it has a `__repr__` of
/// its own. With `: shaped` it has `to_dict()`, from what the core told it from. Methods may follow.
macro_rules! value {
    (
        $(#[doc = $doc:literal])*
        $name:ident {
            $( $(#[doc = $field_doc:literal])* $field:ident : $type:ty, )*
        }
        $($methods:tt)*
    ) => {
        $crate::value::value! {
            $(#[doc = $doc])*
            $name: drawn {
                $( $(#[doc = $field_doc])* $field: $type, )*
            }

            fn __repr__(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<String> {
                $crate::value::shown(stringify!($name), &self.fields(py)?)
            }

            $($methods)*
        }
    };
    // Apart, for pyo3 writes names of its own where the word `ord` stands.
    (
        $(#[doc = $doc:literal])*
        $name:ident : ord {
            $( $(#[doc = $field_doc:literal])* $field:ident : $type:ty, )*
        }
        $($methods:tt)*
    ) => {
        $(#[doc = $doc])*
        #[pyo3::pyclass(module = "partita", frozen, eq, ord, hash, get_all, from_py_object)]
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub(crate) struct $name {
            $( $(#[doc = $field_doc])* pub(crate) $field: $type, )*
        }

        $crate::value::value! { @methods $name { $( $field: $type, )* }
            fn __repr__(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<String> {
                $crate::value::shown(stringify!($name), &self.fields(py)?)
            }

            $($methods)*
        }
    };
    (
        $(#[doc = $doc:literal])*
        $name:ident : drawn {
            $( $(#[doc = $field_doc:literal])* $field:ident : $type:ty, )*
        }
        $($methods:tt)*
    ) => {
        $(#[doc = $doc])*
        #[pyo3::pyclass(module = "partita", frozen, eq, hash, get_all, from_py_object)]
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub(crate) struct $name {
            $( $(#[doc = $field_doc])* pub(crate) $field: $type, )*
        }

        $crate::value::value! { @methods $name { $( $field: $type, )* } $($methods)* }
    };
    (
        $(#[doc = $doc:literal])*
        $name:ident : shaped {
            $( $(#[doc = $field_doc:literal])* $field:ident : $type:ty, )*
        }
        $($methods:tt)*
    ) => {
        $(#[doc = $doc])*
        #[pyo3::pyclass(module = "partita", frozen, eq, hash, from_py_object)]
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub(crate) struct $name {
            $( $(#[doc = $field_doc])* #[pyo3(get)] pub(crate) $field: $type, )*
            /// What it was told from.
            pub(crate) shape: $crate::shape::Shape,
        }

        #[pyo3::pymethods]
        impl $name {
            #[new]
            #[pyo3(signature = (*, $($field,)* shape: "dict[str, typing.Any] | None" = None))]
            fn new(
                $($field: $crate::convert::Given<$type>,)*
                shape: Option<pyo3::Bound<'_, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<Self> {
                let shape = $crate::shape::Shape::given(shape.as_ref())?;
                Ok($name { $($field: $field.0,)* shape })
            }

            #[pyo3(signature = () -> "tuple[tuple[()], dict[str, object]]")]
            fn __getnewargs_ex__<'py>(
                &self,
                py: pyo3::Python<'py>,
            ) -> pyo3::PyResult<(
                pyo3::Bound<'py, pyo3::types::PyTuple>,
                pyo3::Bound<'py, pyo3::types::PyDict>,
            )> {
                use pyo3::types::PyDictMethods as _;
                let fields = self.fields(py)?;
                if let Some(shape) = self.shape.known()? {
                    fields.set_item("shape", shape)?;
                }
                Ok((pyo3::types::PyTuple::empty(py), fields))
            }

            fn __repr__(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<String> {
                $crate::value::shown(stringify!($name), &self.fields(py)?)
            }

            /// Returns it as JSON has it: what the command prints with ``--json``.
            ///
            /// Raises ``Invalid`` for a value that was made by hand.
            fn to_dict(&self) -> pyo3::PyResult<$crate::json::Dict> {
                self.shape.dict()
            }

            $($methods)*
        }

        $crate::value::value! { @fields $name { $( $field, )* } }
    };
    (@methods $name:ident { $( $field:ident : $type:ty, )* } $($methods:tt)*) => {
        #[pyo3::pymethods]
        impl $name {
            #[new]
            #[pyo3(signature = (*, $($field),*))]
            fn new($($field: $crate::convert::Given<$type>),*) -> Self {
                $name { $($field: $field.0),* }
            }

            #[pyo3(signature = () -> "tuple[tuple[()], dict[str, object]]")]
            fn __getnewargs_ex__<'py>(
                &self,
                py: pyo3::Python<'py>,
            ) -> pyo3::PyResult<(
                pyo3::Bound<'py, pyo3::types::PyTuple>,
                pyo3::Bound<'py, pyo3::types::PyDict>,
            )> {
                Ok((pyo3::types::PyTuple::empty(py), self.fields(py)?))
            }

            $($methods)*
        }

        $crate::value::value! { @fields $name { $( $field, )* } }
    };
    (@fields $name:ident { $( $field:ident, )* }) => {
        impl $name {
            fn fields<'py>(
                &self,
                py: pyo3::Python<'py>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyDict>> {
                use pyo3::types::PyDictMethods as _;
                let fields = pyo3::types::PyDict::new(py);
                $( fields.set_item(stringify!($field), self.$field.clone())?; )*
                Ok(fields)
            }
        }
    };
}

pub(crate) use value;
