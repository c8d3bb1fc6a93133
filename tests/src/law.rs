//! The law of the layers, as a scan of the sources: who may name whom.

pub mod arrows;
pub mod face;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::source::{code_of, files_below, item_end, line_of, without_tests, word_at, words};

/// The layers of the core, lowest first. A module may name modules of lower layers alone.
pub const LAYERS: &[&[&str]] = &[
    &["limits"],
    &["error"],
    &["id"],
    &["codec", "json"],
    &["object"],
    &["map", "diff", "tokens", "statistics"],
    &["context", "oversight"],
    &["budget", "interop", "results"],
    &["log"],
    &["store"],
    &["session"],
    &["workspace", "display", "attest"],
    &["host"],
    // The topics of the public face: names of rooms below, and no code.
    &["history", "view", "state", "evidence", "import", "merge", "upkeep", "vfs", "plumbing"],
    &["shape"],
];

/// The rooms within a module of the core, lowest first: a file names those of its own room and of
/// lower ones alone. `mod` is the module's face.
pub const INNER: &[(&str, &[&str])] = &[
    (
        "log",
        &[
            "transaction",
            "vfs",
            "options",
            "format",
            "format_file",
            "read",
            "write",
            "open",
            "upkeep",
            "mod",
        ],
    ),
    (
        "session",
        &[
            "line", "read", "account", "handle", "history", "draft", "batch", "change", "import",
            "tokens", "merge", "turn", "mod",
        ],
    ),
];

/// The foreign crates of the core, each with the only module that may name it.
pub const FOREIGN: &[(&str, &str)] = &[
    ("blake3", "id"),
    ("bincode", "codec"),
    ("similar", "diff"),
    ("zstd", "log"),
    ("fastcdc", "log"),
    ("ignore", "workspace"),
    ("rustix", "workspace"),
    ("cap-std", "workspace"),
    ("cap-fs-ext", "workspace"),
    ("getrandom", "log"),
    ("shuttle", "log"),
    ("base64", "context"),
    ("quick-xml", "results"),
    ("sha1", "attest"),
    ("sha2", "attest"),
    ("serde", "shape"),
    ("sled", "store"),
    ("tiktoken-rs", "tokens"),
    ("toktok-rs", "tokens"),
    ("regex", "tokens"),
];

/// Lines that a source file may have, its tests aside.
pub const FILE_LINES_MAX: usize = 500;

/// One source file as the scans see it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path below the crate's `src`, such as `store/batch.rs`.
    pub path: String,
    /// The code, without comments, literals and tests.
    pub code: String,
}

impl Source {
    /// Takes a file's text.
    pub fn new(path: &str, text: &str) -> Self {
        Source { path: path.to_owned(), code: without_tests(&code_of(text)) }
    }

    /// Reads every source file below a `src` directory, test files aside.
    pub fn read_all(src: &Path) -> Vec<Source> {
        let mut sources = Vec::new();
        for file in files_below(src) {
            let path = file.strip_prefix(src).expect("listed below it").to_string_lossy();
            let is_test = path.split('/').any(|part| part == "tests" || part == "tests.rs");
            if path.ends_with(".rs") && !is_test {
                let text = std::fs::read_to_string(&file).expect("a source file is UTF-8");
                sources.push(Source::new(&path, &text));
            }
        }
        sources
    }

    /// The path of the module, such as `["store", "batch"]`; empty for the crate's root.
    fn module(&self) -> Vec<&str> {
        let path = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let mut parts: Vec<_> = path.split('/').collect();
        if matches!(parts.last(), Some(&"mod" | &"lib" | &"main")) {
            parts.pop();
        }
        parts
    }

    fn at(&self, at: usize) -> String {
        format!("{}:{}", self.path, line_of(&self.code, at))
    }
}

/// Returns each place where a module of the core names one that is not below it.
pub fn layer_faults(sources: &[Source]) -> Vec<String> {
    let rank = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    let mut faults = Vec::new();
    for source in sources {
        let module = source.module();
        let Some(&own) = module.first() else { continue };
        let Some(own_rank) = rank(own) else {
            faults.push(format!("{}: module `{own}` has no layer; give it one", source.path));
            continue;
        };
        for (at, name) in root_names(source, module.len()) {
            match rank(&name) {
                _ if name == own => {}
                Some(used) if used < own_rank => {}
                Some(_) => {
                    faults.push(format!("{}: `{own}` names `{name}` above it", source.at(at)));
                }
                None => faults.push(format!(
                    "{}: `crate::{name}` is no module; name the module that holds it",
                    source.at(at)
                )),
            }
        }
    }
    faults
}

/// The names that a file takes from the crate's root, by `crate::` or by enough `super::`.
fn root_names(source: &Source, depth: usize) -> Vec<(usize, String)> {
    let code = &source.code;
    let mut found = Vec::new();
    for at in words(code, "crate") {
        if let Some(rest) = after_colons(code, at + "crate".len()) {
            found.extend(heads(code, rest).into_iter().map(|name| (at, name)));
        }
    }
    for at in words(code, "super") {
        if code[..at].trim_end().ends_with("super::") {
            continue;
        }
        let (mut supers, mut end) = (0, at);
        while word_at(code, end) == "super" {
            supers += 1;
            match after_colons(code, end + "super".len()) {
                Some(rest) => end = rest,
                None => break,
            }
        }
        if supers >= depth {
            found.extend(heads(code, end).into_iter().map(|name| (at, name)));
        }
    }
    found
}

fn after_colons(code: &str, at: usize) -> Option<usize> {
    code[at..].starts_with("::").then_some(at + 2)
}

/// The first names of a path or of a braced group of paths.
fn heads(code: &str, at: usize) -> Vec<String> {
    if !code[at..].starts_with('{') {
        let name = word_at(code, at);
        return vec![if name.is_empty() { "*".to_owned() } else { name.to_owned() }];
    }
    let mut names = Vec::new();
    let (mut depth, mut fresh) = (0, false);
    for (offset, letter) in code[at..].char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && (letter == '{' || letter == ',') {
            fresh = true;
        } else if fresh && !letter.is_whitespace() {
            let name = word_at(code, at + offset);
            names.push(if name.is_empty() { "*".to_owned() } else { name.to_owned() });
            fresh = false;
        }
    }
    names
}

/// Returns each place where a foreign crate is named outside its one module, or shows in a public
/// signature, and each dependency without a module of its own.
pub fn foreign_faults(sources: &[Source], dependencies: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    for dependency in dependencies {
        let Some((_, home)) = FOREIGN.iter().find(|(name, _)| name == dependency) else {
            faults.push(format!("the dependency `{dependency}` has no module of its own"));
            continue;
        };
        for source in sources {
            let module = source.module().first().copied().unwrap_or("lib").to_owned();
            for at in mentions(&source.code, dependency) {
                if module != *home {
                    let at = source.at(at);
                    faults.push(format!("{at}: `{module}` names {dependency}, only `{home}` may"));
                }
            }
            for at in public_mentions(&source.code, dependency) {
                faults.push(format!("{}: {dependency} in a public signature", source.at(at)));
            }
        }
    }
    faults
}

/// Returns each foreign crate that more than one module of a command names; `shared` are free.
pub fn scattered(sources: &[Source], dependencies: &[String], shared: &[&str]) -> Vec<String> {
    let mut homes: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for dependency in dependencies.iter().filter(|name| !shared.contains(&name.as_str())) {
        for source in sources {
            if mentions(&source.code, dependency).next().is_some() {
                let module = source.module().first().copied().unwrap_or("main").to_owned();
                homes.entry(dependency).or_default().insert(module);
            }
        }
    }
    let scattered = homes.into_iter().filter(|(_, modules)| modules.len() > 1);
    scattered.map(|(name, modules)| format!("{name} is named in {modules:?}")).collect()
}

/// The places where a crate is named: as the head of a path, or in a `use` or an `extern crate`.
fn mentions<'a>(code: &'a str, dependency: &str) -> impl Iterator<Item = usize> + use<'a> {
    let name = dependency.replace('-', "_");
    let mut found = Vec::new();
    for at in words(code, &name) {
        let before = code[..at].trim_end();
        let path = code[at + name.len()..].starts_with("::") && !before.ends_with("::")
            || code[..at].ends_with(" ::");
        let used = ["use", "crate", "use ::"].iter().any(|word| before.ends_with(word));
        if path || used {
            found.push(at);
        }
    }
    found.into_iter()
}

/// The public items whose signature names the crate, by path or by a name imported from it.
fn public_mentions(code: &str, dependency: &str) -> Vec<usize> {
    let imported = imported_names(code, dependency);
    let public_types: Vec<&str> = ["pub struct ", "pub enum "]
        .iter()
        .flat_map(|start| code.match_indices(start).map(|(at, _)| word_at(code, at + start.len())))
        .collect();
    let mut found = Vec::new();
    for start in ["pub fn ", "pub const ", "pub static ", "pub type ", "pub trait ", "pub use "] {
        for (at, _) in code.match_indices(start) {
            found.push((at, signature_end(code, at)));
        }
    }
    for start in ["pub struct ", "pub enum "] {
        for (at, _) in code.match_indices(start) {
            found.push((at, item_end(code.as_bytes(), at)));
        }
    }
    for at in words(code, "impl") {
        let end = signature_end(code, at);
        let subject = code[at..end].rsplit(" for ").next().unwrap_or("").trim();
        if public_types.contains(&word_at(subject, 0)) {
            found.push((at, end));
        }
    }
    let names_it = |text: &str| {
        mentions(text, dependency).next().is_some()
            || imported.iter().any(|name| words(text, name).next().is_some())
    };
    found.retain(|&(at, end)| public_parts(&code[at..end]).any(|part| names_it(&part)));
    found.into_iter().map(|(at, _)| at).collect()
}

/// A public item's head, and of a struct's fields those that are public.
fn public_parts(item: &str) -> impl Iterator<Item = String> {
    let is_struct = item.starts_with("pub struct ");
    let parts: Vec<String> = match item.find(['{', '(']) {
        Some(open) if is_struct => {
            let fields = item[open + 1..].split([',', '\n']);
            let public = fields.filter(|field| field.trim_start().starts_with("pub "));
            std::iter::once(item[..open].to_owned()).chain(public.map(str::to_owned)).collect()
        }
        _ => vec![item.to_owned()],
    };
    parts.into_iter()
}

fn signature_end(code: &str, at: usize) -> usize {
    let open = if code[at..].starts_with("pub use ") { [';', ';'] } else { ['{', ';'] };
    code[at..].find(open).map_or(code.len(), |end| at + end)
}

/// The capitalised names that `use CRATE::...;` brings in.
fn imported_names(code: &str, dependency: &str) -> Vec<String> {
    let start = format!("use {}::", dependency.replace('-', "_"));
    let mut names = Vec::new();
    for (at, _) in code.match_indices(&start) {
        let path = &code[at + start.len()..signature_end_of_use(code, at)];
        for name in path.split(|letter: char| !letter.is_alphanumeric() && letter != '_') {
            if name.starts_with(|letter: char| letter.is_ascii_uppercase()) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

fn signature_end_of_use(code: &str, at: usize) -> usize {
    code[at..].find(';').map_or(code.len(), |end| at + end)
}

/// Returns the names in the `[dependencies]` tables of a manifest.
pub fn dependencies_of(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]") && !line.contains("dev-");
        } else if inside && let Some((name, _)) = line.split_once('=') {
            names.push(name.trim().trim_end_matches(".workspace").trim_matches('"').to_owned());
        }
    }
    names
}

/// Returns each source file that is longer than it may be.
pub fn long_files(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        // Blanked tests at the end are no lines of the file.
        let lines = source.code.trim_end().lines().count();
        if lines > FILE_LINES_MAX {
            faults.push(format!("{}: {lines} lines, at most {FILE_LINES_MAX}", source.path));
        }
    }
    faults
}

/// Returns the first line of a text that is not ASCII.
pub fn not_ascii(text: &[u8]) -> Option<usize> {
    text.split(|&byte| byte == b'\n').position(|line| !line.is_ascii()).map(|line| line + 1)
}
