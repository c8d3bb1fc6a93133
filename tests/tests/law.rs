//! The law of the layers, and that the scan which checks it can fail.

use std::path::{Path, PathBuf};

use partita_tests::law::arrows::{Arrow, arrows, circles, upward};
use partita_tests::law::face::{ROOT_NAMES_MAX, WHOLE, root_names, whole_types};
use partita_tests::law::{
    FILE_LINES_MAX, INNER, LAYERS, Source, dependencies_of, foreign_faults, layer_faults,
    long_files, not_ascii, scattered,
};
use partita_tests::source::{code_of, files_below, without_tests};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn core() -> Vec<Source> {
    let sources = Source::read_all(&root().join("core/src"));
    assert!(sources.len() > 10, "the core's sources were not found");
    sources
}

fn dependencies(package: &str) -> Vec<String> {
    dependencies_of(&std::fs::read_to_string(root().join(package).join("Cargo.toml")).unwrap())
}

fn assert_none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn each_module_names_only_modules_below_it() {
    assert_none(layer_faults(&core()));
}

#[test]
fn the_rooms_within_a_module_go_one_way() {
    let core = core();
    for (tree, order) in INNER {
        let arrows = arrows(&core, tree, &[]);
        assert!(arrows.len() > 100, "the arrows of {tree} were not found");
        assert_none(upward(&arrows, tree, order));
    }
}

#[test]
fn no_files_of_a_module_hold_each_other() {
    let core = core();
    for tree in LAYERS.iter().copied().flatten() {
        assert_none(held(&arrows(&core, tree, &[])));
    }
    for (crate_src, faces) in [
        ("bindings/cli/src", 40),
        ("bindings/python/src", 20),
        ("tests/src", 80),
        ("benches/src", 15),
    ] {
        let sources = Source::read_all(&root().join(crate_src));
        assert!(sources.len() > faces, "the sources of {crate_src} were not found");
        assert_none(held(&arrows(&sources, "", &core)));
    }
}

/// Each group of files that hold each other, with the arrows between them.
fn held(arrows: &[Arrow]) -> Vec<String> {
    let between = |group: &[String]| {
        let arrows = arrows.iter().filter(|a| group.contains(&a.from) && group.contains(&a.to));
        let rows: Vec<_> = arrows.map(|a| format!("{} -> {}: {}", a.from, a.to, a.name)).collect();
        rows.join("\n")
    };
    circles(arrows).iter().map(|group| between(group)).collect()
}

#[test]
fn each_foreign_crate_stays_in_its_module_and_out_of_public_signatures() {
    let dependencies = dependencies("core");
    assert!(dependencies.contains(&"blake3".to_owned()), "{dependencies:?}");
    assert_none(foreign_faults(&core(), &dependencies));
}

#[test]
fn each_foreign_crate_of_the_command_stays_in_one_module() {
    let cli = root().join("bindings/cli");
    if cli.exists() {
        let shared = ["partita"];
        assert_none(scattered(
            &Source::read_all(&cli.join("src")),
            &dependencies("bindings/cli"),
            &shared,
        ));
    }
}

#[test]
fn no_source_file_is_too_long_to_read() {
    assert_none(long_files(&core()));
    assert_none(long_files(&Source::read_all(&root().join("bindings"))));
}

#[test]
fn sources_and_manifests_are_ascii() {
    for dir in ["core", "bindings", "benches", "tests", "fuzz"] {
        for file in files_below(&root().join(dir)) {
            let kind = file.extension().and_then(|kind| kind.to_str());
            if matches!(kind, Some("rs" | "toml")) {
                let line = not_ascii(&std::fs::read(&file).unwrap());
                assert_eq!(line, None, "{} is not ASCII", file.display());
            }
        }
    }
}

#[test]
fn every_decision_stands_in_the_index_of_the_documentation() {
    let docs = root().join("docs");
    let index = std::fs::read_to_string(docs.join("index.md")).unwrap();
    let pages = files_below(&docs.join("decisions"));
    assert!(pages.len() > 40, "the decisions were not found");
    for page in pages {
        let link = format!("(decisions/{})", page.file_name().unwrap().display());
        assert!(index.contains(&link), "docs/index.md has no {link}");
    }
}

#[track_caller]
fn assert_layer_fault(path: &str, text: &str) {
    let faults = layer_faults(&[Source::new(path, text)]);
    assert_eq!(faults.len(), 1, "{path}: {text}: {faults:?}");
}

#[test]
fn the_scan_finds_a_name_from_a_higher_layer() {
    assert_layer_fault("id.rs", "use crate::store::Store;");
    assert_layer_fault("id.rs", "fn f() -> crate::log::Log { todo() }");
    assert_layer_fault("object/mod.rs", "use crate::{error::Error, id::{A, B}, store::Batch};");
    assert_layer_fault("map/edit.rs", "use crate::diff::FileDiff;");
    assert_layer_fault("store/batch.rs", "use super::super::session::Session;");
    assert_layer_fault("store/mod.rs", "use super::session::Session;");
    assert_layer_fault("codec.rs", "use crate::*;");
}

#[test]
fn the_scan_finds_the_way_round_through_the_root_and_a_module_without_a_layer() {
    assert_layer_fault("id.rs", "use crate::Store;");
    assert_layer_fault("helpers.rs", "fn f() {}");
}

#[test]
fn the_scan_lets_lower_layers_comments_strings_and_tests_pass() {
    let text = r##"
        //! Not for `crate::session::Session`.
        use crate::error::Error; /* crate::session */ use super::Store;
        use super::super::log::Log;
        const A: &str = "crate::session"; const B: &str = r#"crate::"session"#;
        const C: char = '"'; fn f<'a>(x: &'a str) -> &'a str { x }
        #[cfg(test)]
        mod tests { use crate::session::Session; fn g() { if x { } } }
    "##;
    assert_none(layer_faults(&[Source::new("store/batch.rs", text)]));
}

#[test]
fn the_scan_goes_on_after_a_test_module_and_a_quote() {
    let text = "#[cfg(test)] mod tests { fn f() {} }\nconst Q: char = '\\'';\nuse crate::log::Log;";
    let faults = layer_faults(&[Source::new("id.rs", text)]);
    assert_eq!(faults, ["id.rs:3: `id` names `log` above it"]);
    assert_eq!(without_tests(&code_of("#[cfg(test)] mod t;\nx")).trim(), "x");
}

/// The arrows of a small tree, as `from to name`.
fn drawn(files: &[(&str, &str)]) -> Vec<String> {
    let sources: Vec<_> = files.iter().map(|(path, text)| Source::new(path, text)).collect();
    let arrows = arrows(&sources, "log", &[]);
    arrows.iter().map(|arrow| format!("{} {} {}", arrow.from, arrow.to, arrow.name)).collect()
}

#[test]
fn the_scan_finds_what_a_file_takes_from_another_of_its_tree() {
    let frame =
        ("log/format/frame.rs", "pub(crate) struct Frame; impl Frame { fn sealed(&self) {} }");
    let found = ["log/read/scan.rs log/format/frame.rs Frame"];
    for text in [
        "use crate::log::format::frame::Frame;",
        "use crate::log::{format::frame::{Frame, self}, format};",
        "use super::super::format::frame::Frame as Other;",
        "fn f() -> crate::log::format::frame::Frame { x }",
        "use crate::log::Frame;",
        "use super::super::{Frame};",
    ] {
        let face = ("log/mod.rs", "pub(crate) use format::frame::Frame; mod format;");
        let folder = ("log/format/mod.rs", "pub(crate) mod frame;");
        let drawn = drawn(&[face, folder, frame, ("log/read/scan.rs", text)]);
        assert_eq!(
            drawn.iter().filter(|row| !row.contains("mod.rs")).count(),
            1,
            "{text}: {drawn:?}"
        );
        assert!(drawn.contains(&found[0].to_owned()), "{text}: {drawn:?}");
    }
    let called = drawn(&[frame, ("log/read/scan.rs", "fn f(x: X) { x.sealed() }")]);
    assert_eq!(called, ["log/read/scan.rs log/format/frame.rs .sealed"]);
    // A name that two files define says nothing, nor does one of another tree, of a test, of a text.
    let other = ("log/vfs.rs", "impl X { fn sealed(&self) {} }");
    let none = "use crate::store::Frame; /* crate::log::format::frame::Frame */ \
                #[cfg(test)] mod tests { use crate::log::format::frame::Frame; } fn f(x: X) { x.sealed() }";
    assert_eq!(drawn(&[frame, other, ("log/read/scan.rs", none)]), [""; 0]);
}

#[test]
fn the_scan_finds_an_arrow_that_is_turned_and_files_that_hold_each_other() {
    let up = [
        Source::new("log/format/frame.rs", "use crate::log::write::commit::Commit;"),
        Source::new("log/write/commit.rs", "pub struct Commit;"),
    ];
    let up = arrows(&up, "log", &[]);
    assert_eq!(upward(&up, "log", &["format", "write"]).len(), 1);
    assert_none(upward(&up, "log", &["write", "format"]));
    assert_eq!(upward(&up, "log", &["write"]).len(), 1, "a room without a place");
    assert_eq!(circles(&up), [[""; 0]; 0]);
    let ring = [
        Source::new("log/a.rs", "use crate::log::b::B;"),
        Source::new("log/b.rs", "use super::c::C; struct B;"),
        Source::new("log/c.rs", "fn f(x: X) { x.held_by_a() }"),
        Source::new("log/d.rs", "use super::a; impl X { fn other(&self) {} }"),
        Source::new("log/a/held.rs", "fn g() {}"),
    ];
    assert_eq!(circles(&arrows(&ring, "log", &[])), [[""; 0]; 0]);
    let mut ring = ring.to_vec();
    ring[0] = Source::new("log/a.rs", "use crate::log::b::B; impl X { fn held_by_a(&self) {} }");
    assert_eq!(circles(&arrows(&ring, "log", &[])), [["log/a.rs", "log/b.rs", "log/c.rs"]]);
}

fn foreign(path: &str, text: &str) -> Vec<String> {
    foreign_faults(&[Source::new(path, text)], &["zstd".to_owned(), "cap-std".to_owned()])
}

#[test]
fn the_scan_finds_a_foreign_crate_outside_its_module() {
    assert_eq!(foreign("store/mod.rs", "use zstd::bulk;").len(), 1);
    assert_eq!(foreign("session/mod.rs", "let x = cap_std::fs::Dir::open();").len(), 1);
    assert_eq!(foreign("lib.rs", "extern crate zstd;").len(), 1);
    assert_none(foreign("log/pack.rs", "use zstd::bulk; let zstd = 3; // zstd::x"));
    assert_none(foreign("store/mod.rs", "use crate::log::zstd_level; let zstd = 3;"));
}

#[test]
fn the_scan_finds_a_foreign_type_in_a_public_signature() {
    for text in [
        "pub fn level() -> zstd::Level { 3 }",
        "use zstd::{bulk::Compressor as _, Level};\npub fn level(x: Level) {}",
        "pub struct Pack { pub level: zstd::Level }",
        "pub struct Pack(pub zstd::Level);",
        "pub use zstd::bulk;",
        "pub struct Pack; impl From<zstd::Error> for Pack { }",
        "pub enum Pack { Level(zstd::Level) }",
    ] {
        assert_eq!(foreign("log/pack.rs", text).len(), 1, "{text}");
    }
    for text in [
        "pub struct Pack { level: zstd::Level }",
        "pub(crate) fn level() -> zstd::Level { 3 }",
        "pub fn level() -> u8 { zstd::level() }",
        "struct Pack; impl From<zstd::Error> for Pack { }",
    ] {
        assert_none(foreign("log/pack.rs", text));
    }
}

#[test]
fn the_scan_finds_a_dependency_without_a_home_and_one_in_two_modules() {
    let manifest = "[dependencies]\na = 1\nb.workspace = true\n[dev-dependencies]\nc = 1\n";
    assert_eq!(dependencies_of(manifest), ["a", "b"]);
    assert_eq!(foreign_faults(&[], &["left-pad".to_owned()]).len(), 1);
    let sources = [Source::new("git.rs", "use gix::A;"), Source::new("log.rs", "gix::open();")];
    assert_eq!(scattered(&sources, &["gix".to_owned()], &[]).len(), 1);
    assert_none(scattered(&sources, &["gix".to_owned()], &["gix"]));
    assert_none(scattered(&sources[..1], &["gix".to_owned()], &[]));
}

#[test]
fn the_scan_finds_a_long_file_and_a_letter_beyond_ascii() {
    let line = "fn f() {}\n";
    assert_none(long_files(&[Source::new("id.rs", &line.repeat(FILE_LINES_MAX))]));
    assert_eq!(long_files(&[Source::new("id.rs", &line.repeat(FILE_LINES_MAX + 1))]).len(), 1);
    let tests = format!("{line}#[cfg(test)]\nmod tests {{\n{}}}\n", line.repeat(700));
    assert_none(long_files(&[Source::new("id.rs", &tests)]));
    assert_eq!(not_ascii("a\nb\u{e9}".as_bytes()), Some(2));
    assert_eq!(not_ascii(b"a\nb"), None);
}

#[test]
fn what_may_grow_is_non_exhaustive_and_the_rest_is_listed_with_its_reason() {
    let mut listed: Vec<&str> = WHOLE.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    listed.sort_unstable();
    assert_eq!(whole_types(&core()), listed);
    let grows = "#[non_exhaustive]\n#[derive(Debug)]\npub struct A {\n    pub a: u8,\n}\n";
    let hides = "pub struct B {\n    pub a: u8,\n    b: u8,\n}\npub struct C;\n";
    let whole = "pub struct D {\n    pub a: u8,\n}\npub enum E {\n    A,\n}\n";
    let text = [grows, hides, whole].concat();
    assert_eq!(whole_types(&[Source::new("a.rs", &text)]), ["D", "E"]);
}

#[test]
fn the_root_has_few_names_beside_its_modules() {
    let lib = std::fs::read_to_string(root().join("core/src/lib.rs")).unwrap();
    let names = root_names(&code_of(&lib));
    let of_tests = ["CheckSite", "knock_out"];
    let names: Vec<_> = names.iter().filter(|name| !of_tests.contains(&&***name)).collect();
    assert!((20..=ROOT_NAMES_MAX).contains(&names.len()), "{} names: {names:?}", names.len());
    assert_eq!(root_names("pub use a::{B, c::D};\npub use e::F;"), ["B", "D", "F"]);
}
