//! Other processes: killed ones, ones that hold it, ones whose disk is full.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use super::*;

/// What a child is to do, and where.
const TASK: &str = "PARTITA_CATALOGUE_TASK";
const DIRECTORY: &str = "PARTITA_CATALOGUE_DIRECTORY";

/// The process that the tests start: this binary, with one task. Does nothing unless it was started
/// as one.
#[test]
fn child() {
    let (Some(directory), Ok(task)) = (std::env::var_os(DIRECTORY), std::env::var(TASK)) else {
        return;
    };
    let directory = PathBuf::from(directory);
    let store = store(&directory);
    match &task[..] {
        "hold" => {
            teach(&store);
            assert!(knows(&store));
            println!("\nheld");
            // Until the parent lets go of it.
            let _ = std::io::stdin().lines().next();
        }
        "die" => {
            teach(&store);
            assert!(knows(&store));
            std::process::abort();
        }
        "fill" => {
            for round in 0..200u32 {
                let counts: Vec<_> =
                    (0..500).map(|number| (id(round * 500 + number), exact(u64::MAX))).collect();
                store.catalogue().set_counts("fill", &counts);
            }
            assert_eq!(store.catalogue().count("fill", id(3)), None, "the disk was never full");
            store.session("s").unwrap().write("a", "text").unwrap();
            drop(store);
            println!("\nfilled");
        }
        task => panic!("no task {task}"),
    }
}

fn start(mut command: Command, task: &str, directory: &Path) -> Child {
    command
        .args(["--exact", "store::catalogue::tests::process::child", "--nocapture"])
        .env(TASK, task)
        .env(DIRECTORY, directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn own() -> PathBuf {
    std::env::current_exe().unwrap()
}

#[test]
fn held_by_another_process() {
    let directory = tempfile::tempdir().unwrap();
    drop(store(directory.path()));
    let mut child = start(Command::new(own()), "hold", directory.path());
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    assert!(lines.any(|line| line == "held"));

    let store = store(directory.path());
    assert!(!knows(&store));
    teach(&store);
    assert!(!knows(&store));
    drop(store);
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    assert!(lines.any(|line| line.starts_with("test result: ok. 1 passed")));
    assert!(child.wait().unwrap().success());
    assert!(knows(&self::store(directory.path())), "the other process closed it in order");
}

#[test]
fn held_by_another_handle() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (store(directory.path()), store(directory.path()));
    teach(&one);
    assert!(!knows(&two));
    teach(&two);
    drop(two);
    assert!(knows(&one));
    drop(one);
    assert!(knows(&store(directory.path())));
}

#[test]
fn left_open_by_a_process_that_died() {
    let directory = tempfile::tempdir().unwrap();
    teach(&store(directory.path()));
    let mut child = start(Command::new(own()), "die", directory.path());
    assert!(!child.wait().unwrap().success());
    let catalogue = directory.path().join("store/catalogue");
    assert!(!catalogue.join("closed").exists());
    assert!(!knows(&store(directory.path())));
    assert_works(directory.path());
}

/// A limit on a file's size stands for a full disk: writes beyond it fail, and nothing else.
#[cfg(target_os = "linux")]
#[test]
fn on_a_disk_that_is_full() {
    let directory = tempfile::tempdir().unwrap();
    drop(store(directory.path()));
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$@\"", "sh"]).arg(own());
    let child = start(shell, "fill", directory.path());
    let output = child.wait_with_output().unwrap();
    let output = String::from_utf8_lossy(&output.stdout);
    assert!(output.lines().any(|line| line == "filled"), "{output}");
    assert!(output.contains("test result: ok. 1 passed"), "{output}");
    assert!(!directory.path().join("store/catalogue/closed").exists());
    assert_eq!(store(directory.path()).session("s").unwrap().read("a").unwrap(), b"text");
    assert_works(directory.path());
}
