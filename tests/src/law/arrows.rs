//! Which file of a tree names which: by paths, and by methods that only one file has.
//!
//! A scan of tokens, not of types. A path counts for the file that defines what it names, also where
//! a `mod.rs` on the way passes the name on. A method counts where one file of the crate alone
//! defines its name, and the standard library has none so called.

use std::collections::{BTreeMap, BTreeSet};

use super::Source;
use crate::source::{word_at, words};

/// Methods of the standard library whose names files of ours use too.
const COMMON: &[&str] = &[
    "all",
    "and",
    "any",
    "append",
    "apply",
    "as_bytes",
    "as_str",
    "begin",
    "borrow",
    "bytes",
    "chain",
    "check",
    "chunks",
    "clear",
    "clone",
    "close",
    "cmp",
    "collect",
    "contains",
    "copied",
    "count",
    "create",
    "cut",
    "cycle",
    "drain",
    "drop",
    "edit",
    "elapsed",
    "end",
    "ends",
    "entry",
    "enumerate",
    "eq",
    "err",
    "error",
    "expect",
    "extend",
    "file",
    "file_name",
    "fill",
    "filter",
    "find",
    "finish",
    "first",
    "flatten",
    "flush",
    "fold",
    "fork",
    "get",
    "has",
    "hash",
    "head",
    "id",
    "index",
    "insert",
    "into",
    "into_iter",
    "is_err",
    "is_none",
    "is_ok",
    "is_some",
    "is_dir",
    "is_empty",
    "is_file",
    "iter",
    "join",
    "keys",
    "kind",
    "last",
    "len",
    "lines",
    "list",
    "load",
    "lock",
    "log",
    "map",
    "max",
    "metadata",
    "min",
    "name",
    "next",
    "note",
    "ok",
    "open",
    "parent",
    "parse",
    "path",
    "peek",
    "pop",
    "position",
    "prefix",
    "push",
    "put",
    "range",
    "read",
    "record",
    "rem",
    "remove",
    "rename",
    "replace",
    "report",
    "reserve",
    "resolve",
    "restore",
    "retain",
    "rev",
    "root",
    "run",
    "scan",
    "search",
    "seek",
    "send",
    "set",
    "show",
    "sign",
    "size",
    "skip",
    "sort",
    "split",
    "start",
    "state",
    "step",
    "store",
    "sum",
    "swap",
    "sync",
    "tag",
    "take",
    "text",
    "then",
    "time",
    "to_string",
    "token",
    "trim",
    "undo",
    "update",
    "values",
    "wait",
    "watch",
    "windows",
    "with",
    "write",
    "zip",
];

/// What one file takes from another of the same tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    /// The file that names.
    pub from: String,
    /// The file that is named.
    pub to: String,
    /// One of the names.
    pub name: String,
}

/// The files of one tree, such as `log`, or of a whole crate where the tree is empty.
struct Tree<'a> {
    root: Vec<&'a str>,
    /// The files by the path of their module within the tree.
    files: BTreeMap<Vec<&'a str>, &'a Source>,
    /// Names that a module passes on, and the paths that they stand for.
    passed_on: BTreeMap<(Vec<String>, String), Vec<String>>,
}

/// Returns the arrows between the files of a tree, each pair of files once. `beside` are the sources of
/// a library that the crate uses, whose methods are called too.
pub fn arrows(sources: &[Source], tree: &str, beside: &[Source]) -> Vec<Arrow> {
    let tree = Tree::new(sources, tree);
    let mut found: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut note = |from: &Source, to: &Source, name: String| {
        if from.path != to.path {
            found.entry((from.path.clone(), to.path.clone())).or_insert(name);
        }
    };
    for (module, source) in &tree.files {
        for (path, _) in tree.paths(module, source).iter().filter(|(_, is_face)| !is_face) {
            if let Some((to, name)) = tree.file_of(path, 0) {
                note(source, to, name);
            }
        }
    }
    let methods = methods(sources.iter().chain(beside));
    for source in tree.files.values() {
        for name in calls(&source.code) {
            let Some(Some(home)) = methods.get(name) else { continue };
            if let Some(to) = tree.files.values().find(|file| file.path == *home) {
                note(source, to, format!(".{name}"));
            }
        }
    }
    let arrow = |((from, to), name)| Arrow { from, to, name };
    found.into_iter().map(arrow).collect()
}

/// Returns each arrow that leads up in an order of rooms, lowest first. A room is a folder or a file
/// right below the tree, `mod` its face.
pub fn upward(arrows: &[Arrow], tree: &str, order: &[&str]) -> Vec<String> {
    let room = |path: &str| {
        let below = path.strip_prefix(tree).unwrap_or(path).trim_start_matches('/');
        let room = below.split('/').next().unwrap_or_default();
        room.trim_end_matches(".rs").to_owned()
    };
    let rank = |path: &str| order.iter().position(|known| *known == room(path));
    let mut faults = Vec::new();
    for Arrow { from, to, name } in arrows {
        match (rank(from), rank(to)) {
            (Some(own), Some(used)) if used <= own => {}
            (Some(_), Some(_)) => faults.push(format!("{from} names {name} of {to} above it")),
            _ => faults.push(format!("{from} or {to} is in no room of `{tree}`; give it one")),
        }
    }
    faults
}

/// Returns the groups of files that hold each other: each can be reached from each.
pub fn circles(arrows: &[Arrow]) -> Vec<Vec<String>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for arrow in arrows {
        next.entry(&arrow.from).or_default().insert(&arrow.to);
    }
    let reached = |from: &str| {
        let mut seen = BTreeSet::new();
        let mut left: Vec<&str> = next.get(from).into_iter().flatten().copied().collect();
        while let Some(file) = left.pop() {
            if seen.insert(file) {
                left.extend(next.get(file).into_iter().flatten());
            }
        }
        seen
    };
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        next.keys().map(|file| (*file, reached(file))).collect();
    let mut groups: BTreeSet<Vec<String>> = BTreeSet::new();
    for (file, seen) in &reach {
        if !seen.contains(file) {
            continue;
        }
        let holds = |other: &&&str| reach.get(**other).is_some_and(|back| back.contains(file));
        groups.insert(seen.iter().filter(holds).map(|file| (*file).to_owned()).collect());
    }
    groups.into_iter().collect()
}

impl<'a> Tree<'a> {
    fn new(sources: &'a [Source], tree: &'a str) -> Self {
        let root: Vec<&str> = tree.split('/').filter(|part| !part.is_empty()).collect();
        let mut files = BTreeMap::new();
        for source in sources {
            if let Some(module) = source.module().strip_prefix(&root[..]) {
                files.insert(module.to_vec(), source);
            }
        }
        let mut tree = Tree { root, files, passed_on: BTreeMap::new() };
        let mut passed_on = BTreeMap::new();
        for (module, source) in &tree.files {
            for (path, _) in tree.uses(module, source) {
                let Some(name) = path.last().cloned() else { continue };
                let module = module.iter().map(|part| (*part).to_owned()).collect();
                passed_on.insert((module, name), path);
            }
        }
        tree.passed_on = passed_on;
        tree
    }

    /// The paths that a file names within the tree, and whether it only passes them on.
    fn paths(&self, module: &[&str], source: &Source) -> Vec<(Vec<String>, bool)> {
        let mut found = self.uses(module, source);
        let mut code = source.code.clone();
        for Use { at, end, .. } in use_statements(&source.code) {
            code.replace_range(at..end, &" ".repeat(end - at));
        }
        for head in ["crate", "super", "self"] {
            for at in words(&code, head) {
                if code[..at].ends_with("::") {
                    continue;
                }
                let path = path_at(&code, at);
                // `pub(super)` and `pub(in crate::log)` take nothing.
                if path.len() < 2 || code[..at].ends_with("(in ") {
                    continue;
                }
                found.extend(self.within(module, &path).map(|path| (path, false)));
            }
        }
        found
    }

    /// The paths of a file's `use` statements that lie within the tree.
    fn uses(&self, module: &[&str], source: &Source) -> Vec<(Vec<String>, bool)> {
        let mut found = Vec::new();
        for Use { at, end, is_public } in use_statements(&source.code) {
            let is_face = is_public && source.path.ends_with("mod.rs");
            for path in expanded(&source.code[at + "use".len()..end]) {
                found.extend(self.within(module, &path).map(|path| (path, is_face)));
            }
        }
        found
    }

    /// A path from the tree's root, or none if it leads elsewhere.
    fn within(&self, module: &[&str], path: &[String]) -> Option<Vec<String>> {
        let owned = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect();
        let (head, mut rest) = path.split_first()?;
        let mut from: Vec<String> = owned(module);
        match &head[..] {
            "crate" => {
                let rest = rest.strip_prefix(&owned(&self.root)[..])?;
                return Some(rest.to_vec());
            }
            "self" => {}
            "super" => {
                from.pop()?;
                while let Some((head, others)) = rest.split_first()
                    && head == "super"
                {
                    from.pop()?;
                    rest = others;
                }
            }
            // A module of this one.
            _ => {
                let mut child = from.clone();
                child.push(head.clone());
                let child: Vec<&str> = child.iter().map(|part| &part[..]).collect();
                self.files.contains_key(&child).then_some(())?;
                rest = path;
            }
        }
        from.extend_from_slice(rest);
        Some(from)
    }

    /// The file that defines what a path names, and the name.
    fn file_of(&self, path: &[String], depth: usize) -> Option<(&'a Source, String)> {
        for len in (0..=path.len()).rev() {
            let module: Vec<&str> = path[..len].iter().map(|part| &part[..]).collect();
            let Some(source) = self.files.get(&module) else { continue };
            let Some(name) = path.get(len) else {
                return Some((source, path.last().cloned().unwrap_or_default()));
            };
            let passed_on = self.passed_on.get(&(path[..len].to_vec(), name.clone()));
            return match passed_on {
                Some(other) if depth < 8 && other != path => {
                    let rest = &path[len + 1..];
                    self.file_of(&[&other[..], rest].concat(), depth + 1)
                }
                _ => Some((source, name.clone())),
            };
        }
        None
    }
}

/// A `use` statement: where it begins and ends, and whether it passes names on.
struct Use {
    at: usize,
    end: usize,
    is_public: bool,
}

fn use_statements(code: &str) -> Vec<Use> {
    let mut found = Vec::new();
    for at in words(code, "use") {
        let before = code[..at].trim_end();
        let scope = before.rfind('(').filter(|_| before.ends_with(')'));
        let is_public = before[..scope.unwrap_or(before.len())].ends_with("pub");
        let begins = before.is_empty() || before.ends_with([';', '}', '{', ']']);
        // What a closure or a type takes is `use<..>`.
        let is_captured = code[at + "use".len()..].trim_start().starts_with('<');
        if (is_public || begins) && !is_captured {
            let end = code[at..].find(';').map_or(code.len(), |end| at + end);
            found.push(Use { at, end, is_public });
        }
    }
    found
}

/// The paths of a tree of uses, each by its parts; `self` at an end is the module before it.
fn expanded(text: &str) -> Vec<Vec<String>> {
    let text = text.trim();
    let Some(open) = text.find('{') else {
        let path = text.split(" as ").next().unwrap_or_default();
        let mut parts: Vec<String> = path.split("::").map(|part| part.trim().to_owned()).collect();
        parts.retain(|part| !part.is_empty());
        if parts.len() > 1 && parts.last().is_some_and(|last| last == "self") {
            parts.pop();
        }
        return vec![parts];
    };
    let close = text.rfind('}').unwrap_or(text.len());
    let mut found = Vec::new();
    let (mut depth, mut from) = (0, open + 1);
    for (at, letter) in text[..close].char_indices().skip_while(|(at, _)| *at <= open) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.extend(expanded(&format!("{}{}", &text[..open], &text[from..at])));
                from = at + 1;
            }
            _ => {}
        }
    }
    if !text[from..close].trim().is_empty() {
        found.extend(expanded(&format!("{}{}", &text[..open], &text[from..close])));
    }
    found
}

/// The path that begins here, by its parts.
fn path_at(code: &str, mut at: usize) -> Vec<String> {
    let mut parts = Vec::new();
    loop {
        let word = word_at(code, at);
        if word.is_empty() {
            return parts;
        }
        parts.push(word.to_owned());
        at += word.len();
        if !code[at..].starts_with("::") {
            return parts;
        }
        at += 2;
    }
}

/// The methods that there are, each with the one file that defines its name; none where several do.
fn methods<'a>(sources: impl Iterator<Item = &'a Source>) -> BTreeMap<&'a str, Option<&'a str>> {
    let mut found: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for source in sources {
        for at in words(&source.code, "fn") {
            let name = word_at(&source.code, at + "fn ".len());
            if name.is_empty() || COMMON.contains(&name) {
                continue;
            }
            let home = found.entry(name).or_insert(Some(&source.path));
            if home.is_some_and(|home| home != source.path) {
                *home = None;
            }
        }
    }
    found
}

/// The names of the methods that a file calls.
fn calls(code: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices('.') {
        let name = word_at(code, at + 1);
        let after = code[at + 1 + name.len()..].trim_start();
        if !name.is_empty() && (after.starts_with('(') || after.starts_with("::<")) {
            found.insert(name);
        }
    }
    found
}
