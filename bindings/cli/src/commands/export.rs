//! The dialog for other tools: export.

use std::path::Path;

use partita::interop::ExportFormat;

use super::{Access, open_session, snapshot};
use crate::args::Export;
use crate::failure::Result;
use crate::output::{Output, counted, note, quote};

/// Writes a session's dialog as another tool reads it.
pub(super) fn export(out: &mut Output, dir: &Path, args: &Export) -> Result<()> {
    // Refused before anything is read.
    let format: ExportFormat = args.format.parse()?;
    let session = open_session(dir, Access::Read, &args.name)?;
    let (exported, purged) = snapshot(&session, args.at.as_deref())?.export(&args.name, format)?;
    if purged > 0 {
        note(&format!("{} left out: purged", counted(purged, "memory is", "memories are")));
    }
    out.json_text(&exported.document.to_string())?;
    let report = &exported.report;
    if report.mended.count > 0 || report.refused.count > 0 || !report.skipped.is_empty() {
        for line in report.to_string().lines() {
            note(&quote::text(line));
        }
    }
    Ok(())
}
