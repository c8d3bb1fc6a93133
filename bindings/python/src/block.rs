//! Context managers: what is told how the block of a `with` ended.

/// Makes a class a context manager of itself, whose method `leave` is told whether the block raised.
macro_rules! block {
    ($class:ident) => {
        #[pyo3::pymethods]
        impl $class {
            fn __enter__(slf: pyo3::Bound<'_, Self>) -> pyo3::Bound<'_, Self> {
                slf
            }

            #[pyo3(signature = (kind: "type[BaseException] | None", error: "BaseException | None", trace: "object") -> "None")]
            fn __exit__(
                &self,
                py: pyo3::Python<'_>,
                kind: Option<pyo3::Bound<'_, pyo3::PyAny>>,
                error: Option<pyo3::Bound<'_, pyo3::PyAny>>,
                trace: Option<pyo3::Bound<'_, pyo3::PyAny>>,
            ) -> pyo3::PyResult<()> {
                drop((error, trace));
                self.leave(py, kind.is_some())
            }
        }
    };
}

pub(crate) use block;
