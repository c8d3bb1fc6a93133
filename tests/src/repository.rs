//! Git repositories grown from a seed: a history with everything that a real one may hold.

mod tree;
mod words;

use std::path::Path;

use crate::git::Git;
use crate::random::Random;
use tree::{Change, Mode, Stream, Tree};
pub use words::{edited, text};
use words::{message, new_name};

/// What kind of repository to grow.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Equal seeds give equal commit ids.
    pub seed: u64,
    /// Commits on the first-parent line; side branches come on top.
    pub commits: usize,
    /// Text files that the first commit brings.
    pub files: usize,
    /// Bytes of the one big binary file; none if zero.
    pub big_bytes: usize,
}

/// A file that moved in a commit which did nothing else.
#[derive(Clone, Debug)]
pub struct Rename {
    /// The commit's place on the first-parent line, from 0.
    pub commit: usize,
    /// Where it was.
    pub from: Vec<u8>,
    /// Where it went.
    pub to: Vec<u8>,
}

/// A repository and what is known about it.
#[derive(Debug)]
pub struct Repository {
    /// The repository.
    pub git: Git,
    /// The first-parent line of `main`, oldest first.
    pub commits: Vec<String>,
    /// The files that moved, by the commit in which they did.
    pub renames: Vec<Rename>,
}

impl Repository {
    /// Grows a repository in a new directory.
    ///
    /// # Panics
    /// If git refuses what the generator made.
    pub fn generate(dir: &Path, shape: &Shape) -> Self {
        let git = Git::init(dir);
        let mut grower = Grower::new(shape);
        grower.plant();
        while grower.line < shape.commits {
            grower.grow();
        }
        git.fast_import(&grower.stream.finish());
        let commits = git.first_parents("main");
        assert_eq!(commits.len(), shape.commits, "the generator lost count");
        Repository { git, commits, renames: grower.renames }
    }
}

struct Grower<'a> {
    shape: &'a Shape,
    random: Random,
    stream: Stream,
    tree: Tree,
    /// Commits on the first-parent line so far.
    line: usize,
    renames: Vec<Rename>,
}

impl<'a> Grower<'a> {
    fn new(shape: &'a Shape) -> Self {
        let random = Random::new(shape.seed);
        let (stream, tree) = (Stream::default(), Tree::default());
        Grower { shape, random, stream, tree, line: 0, renames: Vec::new() }
    }

    /// The first commit: text files, and one of every special kind.
    fn plant(&mut self) {
        let random = &mut self.random;
        let mut changes = Vec::new();
        for number in 0..self.shape.files {
            let lines = random.between(10, 250);
            let bytes = text(random, lines);
            changes.push(Change::put(new_name(random, number), Mode::File, bytes));
        }
        let crlf = text(random, 40).into_iter().flat_map(|byte| match byte {
            b'\n' => vec![b'\r', b'\n'],
            byte => vec![byte],
        });
        let special: [(&[u8], Mode, Vec<u8>); 12] = [
            (b"special/crlf.txt", Mode::File, crlf.collect()),
            (b"special/empty", Mode::File, Vec::new()),
            (b"special/run.sh", Mode::Executable, b"#!/bin/sh\nexit 0\n".to_vec()),
            (b"special/image.bin", Mode::File, random.bytes(6_000)),
            (b"special/latin-\xe9\xff.txt", Mode::File, b"caf\xe9\n".to_vec()),
            ("special/gr\u{fc}n \u{2603}.txt".as_bytes(), Mode::File, text(random, 9)),
            (b"special/a \"quoted\" name", Mode::File, b"no newline at the end".to_vec()),
            (b"special/two\nlines\tand a tab", Mode::File, b"\n".to_vec()),
            (b"special/-dash", Mode::File, b"\0\0\0".to_vec()),
            (b"special/link", Mode::Symlink, b"crlf.txt".to_vec()),
            (b"special/dangling", Mode::Symlink, b"../../outside/\xff".to_vec()),
            (b"vendor/library", Mode::Submodule, vec![7; 20]),
        ];
        changes.extend(special.map(|(path, mode, bytes)| Change::put(path.to_vec(), mode, bytes)));
        if self.shape.big_bytes > 0 {
            let big = random.bytes(self.shape.big_bytes);
            changes.push(Change::put(b"special/big.bin".to_vec(), Mode::File, big));
        }
        self.commit(changes);
    }

    fn grow(&mut self) {
        let before = self.line;
        match self.random.below(100) {
            0..60 => self.edit(3),
            60..66 => self.add(),
            66..71 => self.move_file(),
            71..73 => self.move_directory(),
            73..77 => self.remove(),
            77..81 => self.change_mode(),
            81..84 => self.change_link(),
            84..86 => self.change_submodule(),
            86..88 => self.swap_file_and_directory(),
            88..91 => self.change_binary(),
            91..93 => self.commit(Vec::new()),
            _ => self.merge(),
        }
        if self.line == before {
            self.edit(1);
        }
    }

    fn commit(&mut self, changes: Vec<Change>) {
        let message = message(&mut self.random, self.line);
        self.stream.commit("main", &mut self.tree, &changes, &message, None);
        self.line += 1;
    }

    fn edits(&mut self, tree: &Tree, files_max: usize) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        for _ in 0..self.random.between(1, files_max) {
            let Some(path) = tree.pick_text(&mut self.random) else { break };
            let file = tree.get(&path).expect("picked from it");
            let bytes = edited(&mut self.random, &file.bytes);
            changes.retain(|change| change.path != path);
            changes.push(Change::put(path, file.mode, bytes));
        }
        changes
    }

    fn edit(&mut self, files_max: usize) {
        let tree = self.tree.clone();
        let changes = self.edits(&tree, files_max);
        self.commit(changes);
    }

    fn add(&mut self) {
        let name = new_name(&mut self.random, 1_000 + self.line);
        let lines = self.random.between(1, 120);
        let bytes = text(&mut self.random, lines);
        self.commit(vec![Change::put(name, Mode::File, bytes)]);
    }

    /// Moves one file; every other time it is edited on the way.
    fn move_file(&mut self) {
        let Some(from) = self.tree.pick_text(&mut self.random) else { return };
        let file = self.tree.get(&from).expect("picked from it").clone();
        if file.bytes.iter().filter(|&&byte| byte == b'\n').count() < 20 {
            return;
        }
        let to = new_name(&mut self.random, 5_000 + self.line);
        let exact = self.random.chance(1, 2);
        let bytes = if exact { file.bytes.to_vec() } else { edited(&mut self.random, &file.bytes) };
        self.renames.push(Rename { commit: self.line, from: from.clone(), to: to.clone() });
        self.commit(vec![Change::remove(from), Change::put(to, file.mode, bytes)]);
    }

    fn move_directory(&mut self) {
        let Some(path) = self.tree.pick_text(&mut self.random) else { return };
        let Some(slash) = path.iter().rposition(|&byte| byte == b'/') else { return };
        let from = path[..=slash].to_vec();
        let mut to = from[..slash].to_vec();
        to.extend_from_slice(format!("-{}/", self.line).as_bytes());
        let mut changes = Vec::new();
        for (path, file) in self.tree.below(&from) {
            let moved = [&to[..], &path[from.len()..]].concat();
            changes.push(Change::remove(path.to_vec()));
            changes.push(Change::put(moved, file.mode, file.bytes.to_vec()));
        }
        // A handful of files; whole subtrees would move half of the repository about.
        if changes.len() <= 12 {
            self.commit(changes);
        }
    }

    /// Removes a file, or brings back one that was removed, with other bytes.
    fn remove(&mut self) {
        let gone = self.tree.pick_removed(&mut self.random);
        match gone {
            Some(path) if self.random.chance(1, 2) => {
                let bytes = text(&mut self.random, 12);
                self.commit(vec![Change::put(path, Mode::File, bytes)]);
            }
            _ => {
                if let Some(path) = self.tree.pick_text(&mut self.random) {
                    self.commit(vec![Change::remove(path)]);
                }
            }
        }
    }

    fn change_mode(&mut self) {
        let Some(path) = self.tree.pick_text(&mut self.random) else { return };
        let file = self.tree.get(&path).expect("picked from it").clone();
        let mode = if file.mode == Mode::File { Mode::Executable } else { Mode::File };
        self.commit(vec![Change::put(path, mode, file.bytes.to_vec())]);
    }

    /// Points the link elsewhere, or puts a file in its place and the other way round.
    fn change_link(&mut self) {
        let path = b"special/link".to_vec();
        let is_link = self.tree.get(&path).is_some_and(|file| file.mode == Mode::Symlink);
        let change = if is_link && self.random.chance(1, 3) {
            Change::put(path, Mode::File, text(&mut self.random, 3))
        } else {
            let target = format!("target-{}", self.random.below(1_000)).into_bytes();
            Change::put(path, Mode::Symlink, target)
        };
        self.commit(vec![change]);
    }

    fn change_submodule(&mut self) {
        let path = b"vendor/library".to_vec();
        let change = if self.tree.get(&path).is_some() && self.random.chance(1, 4) {
            Change::remove(path)
        } else {
            Change::put(path, Mode::Submodule, self.random.bytes(20))
        };
        self.commit(vec![change]);
    }

    /// `swap/x` is now a file, now a directory with two files, now a link.
    fn swap_file_and_directory(&mut self) {
        let file = b"swap/x".to_vec();
        let inner: [Vec<u8>; 2] = [b"swap/x/one".to_vec(), b"swap/x/deep/two".to_vec()];
        let changes = if self.tree.get(&inner[0]).is_some() {
            let mode = if self.random.chance(1, 2) { Mode::File } else { Mode::Symlink };
            let [one, two] = inner;
            let bytes = format!("was a directory until {}", self.line).into_bytes();
            vec![Change::remove(one), Change::remove(two), Change::put(file, mode, bytes)]
        } else {
            let mut changes = Vec::new();
            if self.tree.get(&file).is_some() {
                changes.push(Change::remove(file));
            }
            for path in inner {
                changes.push(Change::put(path, Mode::File, text(&mut self.random, 5)));
            }
            changes
        };
        self.commit(changes);
    }

    /// Changes some bytes of a binary file, rarely of the big one, in place or by inserting.
    fn change_binary(&mut self) {
        let big = b"special/big.bin".to_vec();
        let small = b"special/image.bin".to_vec();
        let use_big = self.tree.get(&big).is_some() && self.random.chance(1, 10);
        let path = if use_big { big } else { small };
        let Some(file) = self.tree.get(&path) else { return };
        let (mut bytes, mode) = (file.bytes.to_vec(), file.mode);
        let at = self.random.below(bytes.len());
        let new = self.random.bytes(40);
        let overwritten = if self.random.chance(1, 2) { 40.min(bytes.len() - at) } else { 0 };
        bytes.splice(at..at + overwritten, new);
        self.commit(vec![Change::put(path, mode, bytes)]);
    }

    /// Grows a side branch of up to four commits, now and then one on the main line, and merges.
    fn merge(&mut self) {
        let from = self.stream.tip();
        let mut side = self.tree.clone();
        let mut changed: Vec<Change> = Vec::new();
        let mut tip = from;
        for _ in 0..self.random.between(1, 4) {
            let mut changes = self.edits(&side, 2);
            if self.random.chance(1, 4) {
                let name = new_name(&mut self.random, 9_000 + self.line);
                changes.push(Change::put(name, Mode::File, text(&mut self.random, 30)));
            }
            let message = message(&mut self.random, self.line);
            tip = self.stream.side_commit(tip, &mut side, &changes, &message);
            changed.retain(|old| changes.iter().all(|new| new.path != old.path));
            changed.extend(changes);
        }
        // Room for a commit beside the branch and for the merge itself.
        if self.line + 2 <= self.shape.commits && self.random.chance(1, 2) {
            self.edit(2);
        }
        let message = format!("Merge branch 'side-{}'\n", self.line).into_bytes();
        self.stream.commit("main", &mut self.tree, &changed, &message, Some(tip));
        self.line += 1;
    }
}
