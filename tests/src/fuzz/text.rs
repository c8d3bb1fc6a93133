//! Paths, and patches between files.

use partita::{FilePath, diff};

use crate::patch;

/// Reads bytes as a path: what is taken stays inside.
pub fn path(bytes: &[u8]) {
    let Ok(path) = FilePath::new(bytes) else { return };
    assert_eq!(path.as_bytes(), bytes);
    assert!(!bytes.is_empty() && bytes.len() <= 4_096 && !bytes.contains(&0));
    for component in path.components() {
        assert!(!matches!(component, b"" | b"." | b".."), "{path:?} leaves its directory");
    }
    let _ = (path.to_string(), path.as_str());
}

/// Takes two files, cut at the first 0xff, and applies their unified patch to the old one.
pub fn unified(bytes: &[u8]) {
    let cut = bytes.iter().position(|&byte| byte == 0xff).unwrap_or(bytes.len());
    let (old, new) = (&bytes[..cut], bytes.get(cut + 1..).unwrap_or_default());
    let difference = diff::file(old, new);
    assert_eq!(difference.is_empty(), old == new);
    if difference.is_binary() {
        return;
    }
    for context in [0, 1, 3] {
        let patch = difference.unified().context(context).to_bytes();
        let applied = patch::apply(old, &patch);
        assert!(applied == new, "the patch with {context} lines of context makes another file");
    }
    let side = |skipped| {
        let changes = difference.lines().filter(move |change| change.kind != skipped);
        changes.flat_map(|change| change.text.to_vec()).collect::<Vec<u8>>()
    };
    assert!(side(partita::diff::ChangeKind::Insert) == old, "the old lines are not the old file");
    assert!(side(partita::diff::ChangeKind::Delete) == new, "the new lines are not the new file");
}
