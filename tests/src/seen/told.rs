//! What judges and worlds say in the same words, and by which counter they count.

use partita::tokens::Encoding;

pub(super) const COUNTER: Encoding = Encoding::O200k;

pub(super) fn said(error: partita::Error) -> String {
    format!("{:?}: {error}", error.kind())
}

pub(super) fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    came: &T,
    due: &T,
) -> Result<(), String> {
    if came == due { Ok(()) } else { Err(format!("{what}: came {came:?}, expected {due:?}")) }
}
