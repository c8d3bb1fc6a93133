//! Digests that other tools know. The only module that knows their crates.

use std::collections::BTreeMap;

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// SHA-256 in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The id that git gives an object, raw.
pub(super) fn git_object(kind: &str, bytes: &[u8]) -> Vec<u8> {
    let mut sum = Sha1::new();
    sum.update(format!("{kind} {}\0", bytes.len()));
    sum.update(bytes);
    sum.finalize().to_vec()
}

/// A file for a tree of git's: its mode, and its object's raw id.
#[derive(Clone, Debug)]
pub(super) struct GitFile {
    pub(super) mode: &'static str,
    pub(super) id: Vec<u8>,
}

/// The id of the tree that holds files by path, in hexadecimal digits.
pub(super) fn git_tree(files: &BTreeMap<Vec<u8>, GitFile>) -> String {
    let files: Vec<(&[u8], &GitFile)> =
        files.iter().map(|(path, file)| (&path[..], file)).collect();
    hex(&tree(&files))
}

/// The tree of files whose paths are relative to it. Paths have at most 4,096 bytes, so trees nest
/// no deeper than half of that; the work goes along a stack of its own.
fn tree(files: &[(&[u8], &GitFile)]) -> Vec<u8> {
    // Each open directory: its name, and its entries so far.
    let mut open: Vec<(Vec<u8>, Vec<Row>)> = vec![(Vec::new(), Vec::new())];
    let close = |open: &mut Vec<(Vec<u8>, Vec<Row>)>| {
        if let Some((name, rows)) = open.pop() {
            let id = git_object("tree", &body(rows));
            if let Some((_, above)) = open.last_mut() {
                above.push(Row { name, mode: "40000", id });
            }
        }
    };
    for (path, file) in files {
        let mut parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
        let name = parts.pop().unwrap_or_default();
        let common =
            open[1..].iter().zip(&parts).take_while(|((name, _), part)| name == **part).count();
        while open.len() > common + 1 {
            close(&mut open);
        }
        open.extend(parts[common..].iter().map(|part| (part.to_vec(), Vec::new())));
        if let Some((_, rows)) = open.last_mut() {
            rows.push(Row { name: name.to_vec(), mode: file.mode, id: file.id.clone() });
        }
    }
    while open.len() > 1 {
        close(&mut open);
    }
    let (_, rows) = open.pop().unwrap_or_default();
    git_object("tree", &body(rows))
}

struct Row {
    name: Vec<u8>,
    mode: &'static str,
    id: Vec<u8>,
}

/// The bytes of a tree: git sorts directories as if their names ended in a slash.
fn body(mut rows: Vec<Row>) -> Vec<u8> {
    let key = |row: &Row| {
        let mut name = row.name.clone();
        name.extend((row.mode == "40000").then_some(b'/'));
        name
    };
    rows.sort_by_key(key);
    let mut body = Vec::new();
    for row in rows {
        body.extend_from_slice(row.mode.as_bytes());
        body.push(b' ');
        body.extend_from_slice(&row.name);
        body.push(0);
        body.extend_from_slice(&row.id);
    }
    body
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_have_the_ids_that_git_gives_them() {
        assert_eq!(
            hex(&git_object("blob", b"hello\n")),
            "ce013625030ba8dba906f756967f9e9ca394464a"
        );
        let empty = BTreeMap::new();
        assert_eq!(git_tree(&empty), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
        assert_eq!(
            sha256(b"hello\n"),
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
        );
    }
}
