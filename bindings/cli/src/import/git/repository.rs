//! A repository opened, and what its library's errors become.

use std::path::Path;

use gix::ObjectId;
use partita::{Error, ErrorKind};

/// The error of an object that is no blob.
pub(super) fn no_blob(id: ObjectId, kind: gix::objs::Kind) -> Error {
    let message = format!("git object {id} is a {kind} where a blob is due");
    Error::new(ErrorKind::Corrupt, message)
}

/// Opens a repository, free of any configuration but its own format; no object beyond the limit is
/// read.
pub(super) fn open(path: &Path, object_bytes: u64) -> gix::Result<gix::Repository> {
    let limit = format!("gitoxide.objects.allocLimit={object_bytes}");
    let options = gix::open::Options::isolated()
        .with(gix::sec::Trust::Full)
        .config_overrides(["core.useReplaceRefs=false", &limit]);
    gix::open_opts(path, options)
}

/// Makes an error out of one of the library's, which becomes the cause.
pub(super) fn failed(
    kind: ErrorKind,
    message: impl Into<String>,
    cause: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    Error::new(kind, message).with_source(cause)
}
