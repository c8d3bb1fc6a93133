//! Random trees, and what two sides make of one.

use std::collections::BTreeSet;

use partita::FilePath;

use crate::random::Random;

use super::tree::{Change, Kind, Node, Tree};

/// A change of one of two sides.
pub(super) type Step = (usize, Change);

/// Paths that are made up where no file is yet: few, so that sides meet.
const NEW: [&str; 6] = ["new/a", "new/b", "new/a/in", "lib/new", "lib", "moved"];

/// Draws a tree of some dozens of files.
pub(super) fn tree(random: &mut Random) -> Tree {
    let mut tree = Tree::new();
    for at in 0..random.between(12, 40) {
        let dir = *random.pick(&["", "src/", "src/deep/", "src/deep/er/", "lib/", "data/"]);
        let name = format!("{dir}f{at}");
        let kind = if random.chance(1, 6) { Kind::Executable } else { Kind::File };
        let node = match random.below(10) {
            0 => binary(random),
            1 => Node::new(Kind::Link, format!("target {at}")),
            _ => Node::new(kind, text(random, &name)),
        };
        tree.insert(path(&name), node);
    }
    tree
}

/// Draws what two sides do to a tree.
pub(super) fn steps(random: &mut Random, base: &Tree) -> Vec<Step> {
    let paths: Vec<&FilePath> = base.keys().collect();
    // Paths that both sides prefer.
    let hot: Vec<FilePath> = (0..6).map(|_| (*random.pick(&paths)).clone()).collect();
    let most = *random.pick(&[2, 4, 8]);
    let mut steps: Vec<Step> = Vec::new();
    for side in 0..2 {
        let (mut now, mut moved) = (base.clone(), BTreeSet::new());
        for _ in 0..random.between(1, most) {
            let changes =
                match steps.iter().filter(|(other, _)| *other != side).nth(random.below(9)) {
                    Some((_, change)) if random.chance(1, 3) => vec![change.clone()],
                    _ => changes(random, &now, &hot),
                };
            for change in changes {
                if hides_a_rename(&change, base, &now, &moved) {
                    continue;
                }
                if change.apply(&mut now) {
                    if let Change::Rename(_, to) = &change {
                        moved.insert(to.clone());
                    }
                    steps.push((side, change));
                }
            }
        }
    }
    steps
}

fn changes(random: &mut Random, now: &Tree, hot: &[FilePath]) -> Vec<Change> {
    let paths: Vec<&FilePath> = now.keys().collect();
    if paths.is_empty() {
        return vec![added(random)];
    }
    let any = (*random.pick(&paths)).clone();
    let preferred = random.pick(hot);
    let at =
        if random.chance(2, 3) && now.contains_key(preferred) { preferred } else { &any }.clone();
    let node = &now[&at];
    let write = |node: Node| Change::Write(at.clone(), node);
    let below = |name: &str| path(&format!("{at}/{name}"));
    match random.below(18) {
        0..6 => vec![write(edited(random, node))],
        6 | 7 => vec![Change::Remove(at)],
        8 | 9 => vec![Change::Rename(at, elsewhere(random, &paths))],
        10 | 11 if node.text().is_some() => {
            let to = elsewhere(random, &paths);
            vec![Change::Rename(at.clone(), to.clone()), Change::Write(to, edited(random, node))]
        }
        12 => vec![write(with_other_mode(node))],
        // Where the other side renamed it, git sees no rename: seldom, so that it does not dominate.
        13 => vec![Change::Write(any.clone(), with_other_kind(random, &now[&any]))],
        14 => match random.chance(1, 2) {
            // A file becomes a directory.
            true => vec![Change::Remove(at.clone()), Change::Write(below("in"), short(random))],
            false => vec![
                Change::Rename(at.clone(), path("between")),
                Change::Rename(path("between"), below("in")),
            ],
        },
        15 => {
            // A directory becomes a file.
            let Some(end) = at.as_bytes().iter().position(|byte| *byte == b'/') else {
                return vec![added(random)];
            };
            let inside =
                paths.iter().filter(|path| path.as_bytes().starts_with(&at.as_bytes()[..=end]));
            let mut changes: Vec<Change> =
                inside.map(|path| Change::Remove((*path).clone())).collect();
            let directory = FilePath::new(&at.as_bytes()[..end]).expect("it had files in it");
            changes.push(Change::Write(directory, short(random)));
            changes
        }
        _ => vec![added(random)],
    }
}

/// Tells whether a change takes from a file that moved the likeness by which alone git knows it.
fn hides_a_rename(change: &Change, base: &Tree, now: &Tree, moved: &BTreeSet<FilePath>) -> bool {
    let is_alike = |one: Option<&Node>, other: Option<&Node>| match (one, other) {
        (Some(one), Some(other)) => one == other || alike(one, other),
        _ => true,
    };
    match change {
        Change::Write(path, node) => moved.contains(path) && !is_alike(now.get(path), Some(node)),
        Change::Rename(from, _) => !is_alike(base.get(from), now.get(from)),
        Change::Remove(_) => false,
    }
}

/// Tells whether most lines of one text are in another.
fn alike(one: &Node, other: &Node) -> bool {
    let (Some(one), Some(other)) = (one.text(), other.text()) else { return false };
    let lines: BTreeSet<&str> = other.lines().collect();
    let kept = one.lines().filter(|line| lines.contains(line)).count();
    kept * 4 > one.lines().count() * 3
}

fn path(name: &str) -> FilePath {
    FilePath::new(name).expect("plain letters")
}

fn added(random: &mut Random) -> Change {
    let at = path(NEW[random.below(NEW.len())]);
    let node = if random.chance(1, 4) { binary(random) } else { short(random) };
    Change::Write(at, node)
}

/// A new path, now and then one that there is.
fn elsewhere(random: &mut Random, paths: &[&FilePath]) -> FilePath {
    match random.below(10) {
        0 => (*random.pick(paths)).clone(),
        1 | 2 => path(NEW[random.below(NEW.len())]),
        _ => path(&format!("moved/m{}", random.below(30))),
    }
}

/// One of few, so that both sides may write the same.
fn short(random: &mut Random) -> Node {
    let number = random.below(3);
    let lines: Vec<String> = (0..8).map(|at| format!("text {number} at line {at}\n")).collect();
    Node::new(Kind::File, lines.concat())
}

fn binary(random: &mut Random) -> Node {
    let mut bytes = vec![0];
    let count = random.between(100, 300);
    bytes.extend(random.bytes(count));
    Node::new(Kind::File, bytes)
}

fn text(random: &mut Random, name: &str) -> String {
    let lines = (0..random.between(16, 48)).map(|at| match random.below(12) {
        0 => "}\n".to_owned(),
        1 => "\n".to_owned(),
        _ => format!("line {at} of {name} says {}\n", random.below(1_000)),
    });
    lines.collect()
}

fn edited(random: &mut Random, node: &Node) -> Node {
    let Some(text) = node.text() else {
        return match node.kind {
            Kind::Link => Node::new(Kind::Link, format!("elsewhere {}", random.below(3))),
            _ => binary(random),
        };
    };
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let new = |random: &mut Random| format!("a line that says {}\n", random.below(100_000));
    for _ in 0..random.between(1, 2) {
        let at = random.below(lines.len() + 1);
        let count = random.between(1, 2).min(lines.len() - at);
        match random.below(5) {
            0 if lines.len() > 6 => drop(lines.drain(at..at + count)),
            1 => lines.insert(at, new(random)),
            _ => {
                let with: Vec<String> = (0..random.between(1, 2)).map(|_| new(random)).collect();
                drop(lines.splice(at..at + count, with));
            }
        }
    }
    Node::new(node.kind, lines.concat())
}

fn with_other_mode(node: &Node) -> Node {
    let kind = match node.kind {
        Kind::File => Kind::Executable,
        Kind::Executable => Kind::File,
        other => other,
    };
    Node::new(kind, node.bytes.clone())
}

fn with_other_kind(random: &mut Random, node: &Node) -> Node {
    match node.kind {
        Kind::Link => short(random),
        _ => Node::new(Kind::Link, format!("elsewhere {}", random.below(3))),
    }
}
