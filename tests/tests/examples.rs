//! The examples of the library, run as a newcomer runs them.

use std::path::Path;
use std::process::Command;

use partita_tests::command::{build_directory, build_programs};

#[test]
fn each_example_runs_to_its_end_and_says_something() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core");
    build_programs();
    let mut ran = 0;
    for file in std::fs::read_dir(core.join("examples")).unwrap() {
        let name = file.unwrap().path().file_stem().unwrap().to_owned();
        let program = build_directory().join("debug/examples").join(&name);
        let output = Command::new(&program).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {told}", name.display());
        assert!(!output.stdout.is_empty(), "{} says nothing", name.display());
        ran += 1;
    }
    assert!(ran >= 6, "only {ran} examples are there");
}
