//! The command `partita`, which the package ships.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the command with its arguments, the program's name first, and returns its exit code.
#[pyfunction]
#[pyo3(signature = (arguments: "list[str]", /))]
pub(crate) fn _command(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| partita_cli::run(arguments))
}
