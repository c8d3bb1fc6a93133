//! The file that says what the directory is, and in which format.

use crate::error::{Error, ErrorKind, Result};
use crate::log::format::check_site::{CheckSite, holds};
use crate::log::vfs::{SyncSite, Vfs};

/// Its name.
pub(crate) const FORMAT_FILE: &str = "FORMAT";
/// Its name while it is written.
pub(crate) const FORMAT_DRAFT: &str = "FORMAT.tmp";
const FORMAT_TEXT: &str = "partita store, format 1\n";

/// Refuses another format, and a damaged file.
pub(crate) fn read_format(vfs: &dyn Vfs) -> Result<()> {
    let doing = |error| Error::io(format!("read {FORMAT_FILE}"), error);
    let file = vfs.open(FORMAT_FILE, false).map_err(doing)?;
    let mut bytes = [0; 128];
    let read = file.read_at(&mut bytes, 0).map_err(doing)?;
    let text = std::str::from_utf8(&bytes[..read]).unwrap_or_default();
    if holds(CheckSite::Format, text == FORMAT_TEXT) {
        return Ok(());
    }
    let version = text.lines().next().and_then(|line| line.strip_prefix("partita store, format "));
    match version.and_then(|version| version.parse::<u64>().ok()) {
        Some(1) | None => Err(Error::corrupt(format!(
            "the store's {FORMAT_FILE} file is damaged; it must read {FORMAT_TEXT:?}"
        ))),
        Some(version) => Err(Error::new(
            ErrorKind::Unsupported,
            format!("the store has format {version}, this version reads 1; use a newer version"),
        )),
    }
}

/// Writes the file that says what the directory is.
pub(crate) fn write_format(vfs: &dyn Vfs) -> Result<()> {
    let doing = |error| Error::io(format!("write {FORMAT_FILE}"), error);
    // The format file is the last to come, also on a file system that keeps no order of names.
    vfs.sync_dir("", SyncSite::SegmentsName).map_err(doing)?;
    let _ = vfs.remove(FORMAT_DRAFT);
    let file = vfs.create_new(FORMAT_DRAFT).map_err(doing)?;
    file.write_at(FORMAT_TEXT.as_bytes(), 0).map_err(doing)?;
    file.sync_data(SyncSite::Format).map_err(doing)?;
    vfs.rename(FORMAT_DRAFT, FORMAT_FILE).map_err(doing)?;
    sync_names(vfs)
}

/// Makes the names of the store and of what is in it durable.
pub(crate) fn sync_names(vfs: &dyn Vfs) -> Result<()> {
    let doing = |error| Error::io("sync the store's directory", error);
    vfs.sync_dir("", SyncSite::StoreName).map_err(doing)?;
    vfs.sync_dir("", SyncSite::ParentName).map_err(doing)
}
