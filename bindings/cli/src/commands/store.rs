//! The store as a whole: init, check, stats.

use std::path::Path;

use super::{Access, open_store};
use crate::failure::Result;
use crate::output::Output;

/// Creates a store.
pub(super) fn init(out: &mut Output, dir: &Path) -> Result<()> {
    let existed = open_store(dir, Access::Read).is_ok();
    open_store(dir, Access::Create)?;
    let what = if existed { "already a store" } else { "a new store" };
    out.line(format_args!("{}: {what}", dir.display()))
}
