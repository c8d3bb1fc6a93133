//! The examples of the library, run as a newcomer runs them.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use partita::evidence::ClaimStatus;
use partita::host::turn::{EndReason, StepEnd, StepWork};
use partita::object::OperationKind;
use partita::{Session, Store};
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

/// Runs the agent on a directory; with a number it dies after so many results.
fn agent(room: &Path, stop_after: Option<u32>) -> Output {
    let mut agent = Command::new(build_directory().join("debug/examples/coding_agent"));
    agent.env_remove("OPENAI_BASE_URL").env_remove("PARTITA_MODEL").stdin(Stdio::null());
    agent.arg("--store").arg(room);
    if let Some(number) = stop_after {
        agent.args(["--stop-after", &number.to_string()]);
    }
    agent.output().unwrap()
}

/// What the agent has done in the end, however often it died.
fn is_mended(room: &Path, said: &str) {
    let session: Session = Store::open(room.join("store")).unwrap().session("mend-sum").unwrap();
    let [turn] = &session.turns().unwrap()[..] else { panic!("there is one turn: {said}") };
    assert_eq!(turn.ended(), Some(EndReason::EndTurn), "{said}");
    // The bug is mended in a checkout that nobody else wrote.
    let fresh = tempfile::tempdir().unwrap();
    session.checkout(None, fresh.path()).unwrap();
    let mut sum = Command::new("sh");
    let sum = sum.args(["-c", "printf 'tea,3\\nmilk,2' | sh sum.sh"]).current_dir(fresh.path());
    assert_eq!(sum.output().unwrap().stdout, b"5\n", "{said}");
    // What is out in the world was done once, and a person was asked once.
    let announced = std::fs::read_to_string(room.join("announced.txt")).unwrap();
    assert_eq!(announced.lines().count(), 1, "{said}");
    assert_eq!(said.matches("a person is asked").count(), 1, "{said}");
    let log = session.log().unwrap().map(Result::unwrap);
    let decided = log.filter(|entry| entry.kind == OperationKind::Decide);
    assert_eq!(decided.count(), 1, "{said}");
    // Each call has one result in the dialog and one outcome that counts.
    let latest = session.latest().unwrap();
    assert!(latest.view().open_calls().unwrap().is_empty());
    let mut done = 0;
    for step in latest.steps(turn.id).map(Result::unwrap) {
        let ends = step.attempts.iter().filter_map(|attempt| attempt.outcome.as_ref());
        let ends: Vec<_> = ends.map(|outcome| outcome.end).collect();
        assert_eq!(ends.iter().filter(|end| **end == StepEnd::Done).count(), 1, "{step:?}");
        done += u64::from(matches!(step.work(), StepWork::Tool { .. }));
    }
    assert_eq!(done, 5);
    // What is said of the tests rests on a run of the files as they are.
    let claims = session.claims().unwrap();
    assert!(claims.iter().all(|claim| claim.text == "all tests pass"));
    assert_eq!(claims.last().unwrap().status, ClaimStatus::Supported, "{said}");
}

#[test]
fn the_coding_agent_mends_the_bug_whole_and_killed_after_each_result() {
    build_programs();
    let whole = tempfile::tempdir().unwrap();
    let output = agent(whole.path(), None);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    is_mended(whole.path(), &said);
    let mut deaths = 0;
    for number in 1.. {
        let room = tempfile::tempdir().unwrap();
        let mut said = String::new();
        // The same number again and again, until nothing is left to do.
        for run in 0.. {
            assert!(run < 60, "it does not come to its end: {said}");
            let output = agent(room.path(), Some(number));
            said.push_str(&String::from_utf8(output.stdout).unwrap());
            if output.status.success() {
                deaths += run;
                break;
            }
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.code().is_none(), "it fails by itself: {said}{told}");
        }
        is_mended(room.path(), &said);
        if !said.contains("goes on") {
            assert!(number > 10 && deaths > 30, "{number} {deaths}");
            break;
        }
    }
}
