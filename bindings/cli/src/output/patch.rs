//! Patches of whole files: what `git apply` reads, modes, links and submodules included.

use std::io;

use partita::diff::FileDiff;
use partita::limits::DIFF_BYTES_MAX;
use partita::object::Bytes;
use partita::{ContentId, Entry, Error, ErrorKind, FilePath, Result};

/// One side of a comparison: a mode as git writes it, and the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    mode: &'static str,
    bytes: Bytes,
}

impl Version {
    /// Takes an entry, reading its content; none where the path holds nothing.
    pub(crate) fn of(
        entry: &Entry,
        read: impl FnOnce(ContentId) -> Result<Bytes>,
    ) -> Result<Option<Version>> {
        let mode = match entry {
            Entry::File { executable: false, .. } => "100644",
            Entry::File { executable: true, .. } => "100755",
            Entry::Symlink { .. } => "120000",
            Entry::Submodule { commit } => {
                let bytes = format!("Subproject commit {}\n", hex(commit));
                return Ok(Some(Version { mode: "160000", bytes: bytes.into() }));
            }
            Entry::Removed => return Ok(None),
        };
        let bytes = entry.content().map(read).transpose()?.unwrap_or_default();
        Ok(Some(Version { mode, bytes }))
    }

    /// A file's type: the mode without its permissions.
    fn kind(&self) -> &str {
        &self.mode[..3]
    }
}

/// Returns the patch that leads from one version of a path to another; empty if they are equal.
/// `Io` where there is no memory to compare them in.
pub(crate) fn patch(
    path: &FilePath,
    old: Option<&Version>,
    new: Option<&Version>,
) -> Result<Vec<u8>> {
    Ok(match (old, new) {
        // As git has it, a path that changes its type goes and comes back.
        (Some(before), Some(after)) if before.kind() != after.kind() => {
            [patch(path, old, None)?, patch(path, None, new)?].concat()
        }
        _ if old == new => Vec::new(),
        _ => same_kind(path, old, new)?,
    })
}

/// Makes sure of the memory in which versions are compared: the lines and what is shared of both,
/// and the patch as it is put together.
fn check_room(versions: [&Bytes; 2]) -> Result<()> {
    let needs = |bytes: &Bytes| {
        let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
        2 * bytes.len() + 64 * lines
    };
    let mut room: Vec<u8> = Vec::new();
    room.try_reserve_exact(versions.map(needs).iter().sum()).map_err(|_| {
        Error::new(ErrorKind::Io, "there is no memory to compare the versions")
            .with_source(io::Error::from(io::ErrorKind::OutOfMemory))
    })
}

fn same_kind(path: &FilePath, old: Option<&Version>, new: Option<&Version>) -> Result<Vec<u8>> {
    let (a, b) = ([b"a/", path.as_bytes()].concat(), [b"b/", path.as_bytes()].concat());
    let (quoted_a, quoted_b) = (super::quote::name(&a), super::quote::name(&b));
    let mut out = [b"diff --git ", &quoted_a[..], b" ", &quoted_b, b"\n"].concat();
    let mut say = |what: &str, mode: &str| out.extend(format!("{what} {mode}\n").into_bytes());
    match (old, new) {
        (None, Some(new)) => say("new file mode", new.mode),
        (Some(old), None) => say("deleted file mode", old.mode),
        (Some(old), Some(new)) if old.mode != new.mode => {
            say("old mode", old.mode);
            say("new mode", new.mode);
        }
        _ => {}
    }
    let bytes =
        |version: Option<&Version>| version.map_or(Bytes::default(), |found| found.bytes.clone());
    let (old_bytes, new_bytes) = (bytes(old), bytes(new));
    if [&old_bytes, &new_bytes].iter().all(|bytes| bytes.len() <= DIFF_BYTES_MAX) {
        check_room([&old_bytes, &new_bytes])?;
    }
    let nothing = &b"/dev/null"[..];
    let old_name = if old.is_some() { &a[..] } else { nothing };
    let new_name = if new.is_some() { &b[..] } else { nothing };
    let difference = FileDiff::new(old_bytes, new_bytes);
    out.extend(difference.unified_with(old_name, new_name).to_bytes());
    Ok(out)
}

/// Returns bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(mode: &'static str, bytes: &[u8]) -> Version {
        Version { mode, bytes: bytes.into() }
    }

    fn shown(path: &str, old: Option<&Version>, new: Option<&Version>) -> String {
        String::from_utf8(patch(&FilePath::new(path).unwrap(), old, new).unwrap()).unwrap()
    }

    #[test]
    fn a_new_a_changed_and_a_removed_file_are_told_apart() {
        let (one, two) = (version("100644", b"1\n"), version("100755", b"2\n"));
        assert_eq!(
            shown("f", None, Some(&one)),
            "diff --git a/f b/f\nnew file mode 100644\n--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+1\n"
        );
        assert_eq!(
            shown("f", Some(&one), Some(&two)),
            "diff --git a/f b/f\nold mode 100644\nnew mode 100755\n--- a/f\n+++ b/f\n@@ -1 +1 \
             @@\n-1\n+2\n"
        );
        assert_eq!(
            shown("f", Some(&two), None),
            "diff --git a/f b/f\ndeleted file mode 100755\n--- a/f\n+++ /dev/null\n@@ -1 +0,0 \
             @@\n-2\n"
        );
        assert_eq!(shown("f", Some(&one), Some(&one)), "");
    }

    #[test]
    fn a_mode_alone_an_empty_file_and_a_new_type_are_said() {
        let (plain, executable) = (version("100644", b""), version("100755", b""));
        assert_eq!(
            shown("f", Some(&plain), Some(&executable)),
            "diff --git a/f b/f\nold mode 100644\nnew mode 100755\n"
        );
        let text = shown("f", Some(&plain), Some(&version("120000", b"to")));
        assert!(text.starts_with("diff --git a/f b/f\ndeleted file mode 100644\ndiff --git"));
        assert!(text.ends_with("@@ -0,0 +1 @@\n+to\n\\ No newline at end of file\n"), "{text}");
    }

    #[test]
    fn binary_files_and_odd_names_are_said() {
        let text = shown("a\nb", None, Some(&version("100644", b"\0")));
        assert!(text.starts_with("diff --git \"a/a\\nb\" \"b/a\\nb\"\n"), "{text}");
        assert!(text.ends_with("Binary files /dev/null and \"b/a\\nb\" differ\n"), "{text}");
    }
}
