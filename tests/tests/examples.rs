//! The examples of the library, run as a newcomer runs them.

use std::path::Path;
use std::process::Command;

use partita_tests::command::build_directory;

#[test]
fn each_example_runs_to_its_end_and_says_something() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--package", "partita", "--examples"]);
    build.arg("--target-dir").arg(build_directory()).current_dir(&core);
    assert!(build.status().unwrap().success(), "the examples do not build");
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
