//! What a branch holds, and the stream that tells git about it.

use std::collections::BTreeMap;
use std::io::Write;
use std::rc::Rc;

use crate::random::Random;

/// What is at a path, as git tells it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    File,
    Executable,
    Symlink,
    /// The file's bytes are the raw commit id.
    Submodule,
}

impl Mode {
    fn digits(self) -> &'static str {
        match self {
            Mode::File => "100644",
            Mode::Executable => "100755",
            Mode::Symlink => "120000",
            Mode::Submodule => "160000",
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) mode: Mode,
    pub(super) bytes: Rc<[u8]>,
}

/// A path and what it becomes; nothing where it goes away.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) path: Vec<u8>,
    pub(super) file: Option<File>,
}

impl Change {
    pub(super) fn put(path: Vec<u8>, mode: Mode, bytes: Vec<u8>) -> Self {
        Change { path, file: Some(File { mode, bytes: bytes.into() }) }
    }

    pub(super) fn remove(path: Vec<u8>) -> Self {
        Change { path, file: None }
    }
}

/// The files of one branch.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    files: BTreeMap<Vec<u8>, File>,
    removed: Vec<Vec<u8>>,
}

impl Tree {
    pub(super) fn get(&self, path: &[u8]) -> Option<&File> {
        self.files.get(path)
    }

    pub(super) fn below(&self, prefix: &[u8]) -> impl Iterator<Item = (&[u8], &File)> {
        let from = self.files.range(prefix.to_vec()..);
        from.take_while(move |(path, _)| path.starts_with(prefix))
            .map(|(path, file)| (&path[..], file))
    }

    /// Picks a text file that grew in `src`, not one of the special ones.
    pub(super) fn pick_text(&self, random: &mut Random) -> Option<Vec<u8>> {
        let texts: Vec<_> = self.below(b"src/").map(|(path, _)| path).collect();
        (!texts.is_empty()).then(|| random.pick(&texts).to_vec())
    }

    /// Picks a path that was removed and is free.
    pub(super) fn pick_removed(&self, random: &mut Random) -> Option<Vec<u8>> {
        let free: Vec<_> =
            self.removed.iter().filter(|path| !self.files.contains_key(*path)).collect();
        (!free.is_empty()).then(|| random.pick(&free).to_vec())
    }

    fn apply(&mut self, change: &Change) {
        match &change.file {
            Some(file) => drop(self.files.insert(change.path.clone(), file.clone())),
            None => {
                self.files.remove(&change.path);
                self.removed.push(change.path.clone());
            }
        }
    }
}

/// A `git fast-import` stream on its way.
#[derive(Debug, Default)]
pub(super) struct Stream {
    bytes: Vec<u8>,
    marks: usize,
    tip: usize,
}

impl Stream {
    /// The mark of the newest commit of the main line; 0 before the first.
    pub(super) fn tip(&self) -> usize {
        self.tip
    }

    /// Adds a commit to a branch, after its newest, and brings its tree up to date.
    pub(super) fn commit(
        &mut self,
        branch: &str,
        tree: &mut Tree,
        changes: &[Change],
        message: &[u8],
        merged: Option<usize>,
    ) {
        self.tip = self.write(branch, self.tip, tree, changes, message, merged);
    }

    /// Adds a commit beside the main line; gives its mark.
    pub(super) fn side_commit(
        &mut self,
        parent: usize,
        tree: &mut Tree,
        changes: &[Change],
        message: &[u8],
    ) -> usize {
        self.write("side", parent, tree, changes, message, None)
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.line("done");
        self.bytes
    }

    fn write(
        &mut self,
        branch: &str,
        parent: usize,
        tree: &mut Tree,
        changes: &[Change],
        message: &[u8],
        merged: Option<usize>,
    ) -> usize {
        self.marks += 1;
        let mark = self.marks;
        // Most commits come minutes after the one before; every thirteenth went back in time.
        let time = 1_500_000_000 + mark * 997 - if mark.is_multiple_of(13) { 5_000 } else { 0 };
        let zone = ["+0000", "-0730", "+0545", "+0200"][mark % 4];
        self.line(&format!("commit refs/heads/{branch}\nmark :{mark}"));
        self.line(&format!("author Gr\u{e4}ce Hopper <grace@example.org> {time} {zone}"));
        self.line(&format!("committer Ada Lovelace <ada@example.org> {} {zone}", time + 60));
        self.data(message);
        if parent > 0 {
            self.line(&format!("from :{parent}"));
        }
        if let Some(merged) = merged {
            self.line(&format!("merge :{merged}"));
        }
        // Removals first: a file gives way to a directory of its name.
        let (gone, put): (Vec<_>, Vec<_>) =
            changes.iter().partition(|change| change.file.is_none());
        for change in gone.into_iter().chain(put) {
            self.change(change);
            tree.apply(change);
        }
        mark
    }

    fn change(&mut self, change: &Change) {
        let path = quoted(&change.path);
        match &change.file {
            None => self.line(&format!("D {path}")),
            Some(File { mode: Mode::Submodule, bytes }) => {
                let id: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                self.line(&format!("M 160000 {id} {path}"));
            }
            Some(File { mode, bytes }) => {
                self.line(&format!("M {} inline {path}", mode.digits()));
                self.data(bytes);
            }
        }
    }

    fn line(&mut self, line: &str) {
        self.bytes.extend_from_slice(line.as_bytes());
        self.bytes.push(b'\n');
    }

    fn data(&mut self, bytes: &[u8]) {
        writeln!(self.bytes, "data {}", bytes.len()).expect("a vector takes any bytes");
        self.bytes.extend_from_slice(bytes);
        self.bytes.push(b'\n');
    }
}

/// A path in the quotes that git reads: octal escapes for all but plain ASCII.
fn quoted(path: &[u8]) -> String {
    let mut out = String::from("\"");
    for &byte in path {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\{byte:03o}")),
        }
    }
    out.push('"');
    out
}
