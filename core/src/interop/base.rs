//! What every reader says when a source is not what it was taken for.

use super::{Format, detect};
use crate::error::Error;

/// Makes the error of a source of another format.
pub(super) fn foreign(format: Format, why: &str) -> Error {
    Error::invalid(format!("no transcript of {format}: {why}; give the format that it has"))
}

/// Returns the error of a line that is of another format than the lines before it.
pub(super) fn mixed(format: Format, number: u64, line: &str) -> Option<Error> {
    let found = detect(line.as_bytes()).filter(|found| *found != format)?;
    Some(Error::invalid(format!(
        "line {number}: of {found}, though the file was taken for {format}; split the file"
    )))
}
