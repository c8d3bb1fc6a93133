//! The heads of repositories below a directory, read from their files. Nothing outside the directory
//! is read, and no command of git's is run.

use super::tree::{Look, Sort, Tree};
use crate::error::Result;
use crate::object::FilePath;

/// Bytes of a file of a repository that is read: refs are short, and packed refs are lines.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Returns the commit that the submodule in a directory is at; none where the directory is no
/// submodule, or where nobody can say. What is known to be one may have its repository inside.
pub(super) fn submodule_head(
    tree: &mut dyn Tree,
    directory: &FilePath,
    git: Sort,
    is_known: bool,
) -> Result<Option<Vec<u8>>> {
    match git {
        Sort::File { .. } => match linked(tree, directory)? {
            // A worktree has its file too, and is a repository like any other.
            Some(place) if is_known || is_module(&place) => head_in(tree, &place),
            _ => Ok(None),
        },
        _ if is_known => head(tree, directory, git),
        _ => Ok(None),
    }
}

/// Returns the commit that the repository of a directory is at, if that can be told.
pub(super) fn head(
    tree: &mut dyn Tree,
    directory: &FilePath,
    git: Sort,
) -> Result<Option<Vec<u8>>> {
    match git {
        Sort::Directory => head_in(tree, &[directory.as_bytes(), b"/.git"].concat()),
        Sort::File { .. } => match linked(tree, directory)? {
            Some(place) => head_in(tree, &place),
            None => Ok(None),
        },
        Sort::Symlink | Sort::Special => Ok(None),
    }
}

/// Follows the line `gitdir: PATH` of a file `.git`; none where that leads out of the tree.
fn linked(tree: &mut dyn Tree, directory: &FilePath) -> Result<Option<Vec<u8>>> {
    let Some(text) = read(tree, &[directory.as_bytes(), b"/.git"].concat())? else {
        return Ok(None);
    };
    let Some(link) = text.strip_prefix(b"gitdir:") else { return Ok(None) };
    let link = link.trim_ascii();
    if link.starts_with(b"/") {
        return Ok(None);
    }
    let mut place: Vec<&[u8]> = directory.components().collect();
    for part in link.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if place.pop().is_none() => return Ok(None),
            b".." => {}
            part => place.push(part),
        }
    }
    Ok(Some(place.join(&b'/')))
}

/// Tells whether a repository's place is where git puts those of submodules.
fn is_module(place: &[u8]) -> bool {
    let parts: Vec<&[u8]> = place.split(|&byte| byte == b'/').collect();
    parts.windows(2).any(|pair| pair == [&b".git"[..], b"modules"])
}

/// Reads the head of a repository in a place: a commit, or a ref that names one.
fn head_in(tree: &mut dyn Tree, place: &[u8]) -> Result<Option<Vec<u8>>> {
    let Some(head) = read(tree, &[place, b"/HEAD"].concat())? else { return Ok(None) };
    let head = head.trim_ascii();
    let Some(name) = head.strip_prefix(b"ref: ") else { return Ok(id(head)) };
    if let Some(named) = read(tree, &[place, b"/", name].concat())? {
        return Ok(id(named.trim_ascii()));
    }
    let packed = read(tree, &[place, b"/packed-refs"].concat())?.unwrap_or_default();
    let mut lines = packed.split(|&byte| byte == b'\n');
    let named = lines.find_map(|line| line.strip_suffix(name)?.strip_suffix(b" "));
    Ok(named.and_then(id))
}

fn read(tree: &mut dyn Tree, path: &[u8]) -> Result<Option<Vec<u8>>> {
    let Ok(path) = FilePath::new(path) else { return Ok(None) };
    match tree.read(&path, FILE_BYTES_MAX)? {
        Look::Bytes { bytes, sort: Sort::File { .. }, .. } => Ok(Some(bytes)),
        _ => Ok(None),
    }
}

/// Reads the hexadecimal digits of a SHA-1 or a SHA-256.
fn id(digits: &[u8]) -> Option<Vec<u8>> {
    if !matches!(digits.len(), 40 | 64) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    digits.chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// Returns the digits of an id.
pub(super) fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
