//! What is published is whole: each package has its licences, and shows a program that runs.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn each_published_package_has_both_licences() {
    for package in ["core", "bindings/cli", "bindings/python"] {
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let theirs = read(&format!("{package}/{licence}"));
            assert!(theirs == read(licence), "{package}/{licence} is not the repository's");
        }
    }
}

/// The Rust programs of a page, each with its fences.
fn programs(page: &str) -> Vec<&str> {
    let programs = page.split("```rust").skip(1);
    programs.map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

#[test]
fn the_program_on_the_first_page_is_the_one_that_the_doctests_of_the_library_run() {
    let (first, library) = (read("README.md"), read("core/README.md"));
    assert_eq!(programs(&first).len(), 1);
    assert_eq!(programs(&first), programs(&library));
}

#[test]
fn a_manifest_names_no_feature_that_changes_what_a_crate_does() {
    for manifest in ["core/Cargo.toml", "bindings/cli/Cargo.toml"] {
        for feature in
            ["arbitrary_precision", "preserve_order", "unbounded_depth", "float_roundtrip"]
        {
            assert!(!read(manifest).contains(feature), "{manifest} has {feature}");
        }
    }
}
