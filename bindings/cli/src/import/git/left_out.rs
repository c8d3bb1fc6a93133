//! Files that are too large to be recorded, and the record of that.

use std::collections::BTreeMap;

use partita::limits::LABEL_BYTES_MAX;
use partita::{Error, ErrorKind, FilePath, Result};

/// The label of a checkpoint whose commit has files that it lacks: `SIZE PATH`, with a NUL between
/// two of them.
pub(super) const LABEL: &str = "git.left-out";

/// What to do with a file that is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooLarge {
    /// Record the rest, and say what is not there.
    LeaveOut,
    /// Record nothing of its commit, nor after it.
    Refuse,
}

/// The files that a state lacks, by path, with their bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut(BTreeMap<FilePath, u64>);

impl LeftOut {
    /// Reads a checkpoint's label.
    pub(super) fn read(label: Option<&Vec<u8>>) -> Result<LeftOut> {
        let mut files = BTreeMap::new();
        let rows = label.into_iter().flat_map(|label| label.split(|&byte| byte == 0));
        for row in rows {
            let mut halves = row.splitn(2, |&byte| byte == b' ');
            let size = halves.next().and_then(|size| std::str::from_utf8(size).ok()?.parse().ok());
            let (Some(size), Some(path)) = (size, halves.next()) else {
                let message = "a checkpoint's record of what was left out cannot be read";
                return Err(Error::new(ErrorKind::Corrupt, message));
            };
            files.insert(FilePath::new(path)?, size);
        }
        Ok(LeftOut(files))
    }

    /// Returns the label, or none where nothing is left out.
    pub(super) fn label(&self) -> Result<Option<Vec<u8>>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let rows: Vec<Vec<u8>> = self.0.iter().map(|(path, size)| row(path, *size)).collect();
        let label = rows.join(&0);
        if label.len() > LABEL_BYTES_MAX {
            let message = format!(
                "{} files are too large, more than a checkpoint can record as left out",
                self.0.len()
            );
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        Ok(Some(label))
    }

    /// Notes that a path lacks its file.
    pub(super) fn insert(&mut self, path: &FilePath, size: u64) {
        self.0.insert(path.clone(), size);
    }

    /// Forgets a path; returns the size if its file was lacking.
    pub(super) fn remove(&mut self, path: &FilePath) -> Option<u64> {
        self.0.remove(path)
    }

    pub(super) fn contains(&self, path: &FilePath) -> bool {
        self.0.contains_key(path)
    }

    pub(super) fn into_rows(self) -> Vec<(FilePath, u64)> {
        self.0.into_iter().collect()
    }
}

fn row(path: &FilePath, size: u64) -> Vec<u8> {
    let mut row = format!("{size} ").into_bytes();
    row.extend_from_slice(path.as_bytes());
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_read_back_from_its_label_which_has_a_limit() {
        let mut left_out = LeftOut::default();
        assert_eq!(left_out.label().unwrap(), None);
        for path in [&b"a b"[..], b"c/\xff\n"] {
            left_out.insert(&FilePath::new(path).unwrap(), 1 << 40);
        }
        let label = left_out.label().unwrap().unwrap();
        assert_eq!(label, b"1099511627776 a b\x001099511627776 c/\xff\n");
        assert_eq!(LeftOut::read(Some(&label)).unwrap(), left_out);
        assert_eq!(LeftOut::read(None).unwrap(), LeftOut::default());
        assert!(LeftOut::read(Some(&b"x y".to_vec())).is_err());

        let mut long = LeftOut::default();
        long.insert(&FilePath::new("x".repeat(LABEL_BYTES_MAX - 2)).unwrap(), 1);
        assert_eq!(long.label().unwrap().unwrap().len(), LABEL_BYTES_MAX);
        long.insert(&FilePath::new("y").unwrap(), 1);
        assert!(long.label().is_err());
    }
}
