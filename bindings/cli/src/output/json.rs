//! The JSON of listings. Field names are a promise: `docs/cli.md` gives the schemas.

use partita::FilePath;
use serde::Serialize;

/// A path as text and, where it is not UTF-8, its bytes.
#[derive(Debug, Serialize)]
pub(crate) struct Path {
    pub(crate) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path_bytes: Option<Vec<u8>>,
}

impl From<&FilePath> for Path {
    fn from(path: &FilePath) -> Path {
        Path {
            path: path.to_string_lossy().into_owned(),
            path_bytes: path.as_str().is_none().then(|| path.as_bytes().to_vec()),
        }
    }
}
