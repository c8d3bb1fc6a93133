//! The promises of runs and of attaching, in a sandbox that does what a script says: it dies, forgets,
//! and lies about how commands ended.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::error::{Error, ErrorKind, Result};
use crate::object::{Exit, FilePath};
use crate::session::Session;
use crate::store::Store;
use crate::workspace::CaptureOptions;

type Script = Box<dyn FnMut(&mut Files, &Command) -> Result<Outcome>>;
type Files = BTreeMap<Vec<u8>, SandboxFile>;

/// A sandbox elsewhere: files in memory, commands by a script.
struct Scripted {
    instance: u32,
    files: Files,
    script: Script,
    commands: Vec<String>,
    is_gone: bool,
    is_stopped: bool,
    reads: u32,
}

impl Scripted {
    fn new(script: impl FnMut(&mut Files, &Command) -> Result<Outcome> + 'static) -> Self {
        Scripted {
            instance: 1,
            files: Files::new(),
            script: Box::new(script),
            commands: Vec::new(),
            is_gone: false,
            is_stopped: false,
            reads: 0,
        }
    }

    fn idle() -> Self {
        Scripted::new(|_, _| Ok(Outcome::new(Exit::Code(0))))
    }

    fn text(&self, path: &str) -> Option<String> {
        match self.files.get(path.as_bytes())? {
            SandboxFile::File { bytes, .. } => Some(String::from_utf8(bytes.clone()).unwrap()),
            SandboxFile::Symlink(target) => Some(String::from_utf8(target.clone()).unwrap()),
        }
    }
}

fn file(text: &str) -> SandboxFile {
    SandboxFile::File { bytes: text.into(), executable: false }
}

impl Sandbox for Scripted {
    fn describe(&mut self) -> Result<Description> {
        if self.is_gone {
            return Err(Error::not_found("the sandbox is gone"));
        }
        let mut said = Description::new("scripted", self.instance.to_string());
        said.files = Some("volume".into());
        Ok(said)
    }

    fn run(&mut self, command: &Command, told: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome> {
        self.commands.push(command.line().line());
        let outcome = (self.script)(&mut self.files, command)?;
        told(Stream::Stdout, &outcome.stdout.head);
        Ok(outcome)
    }

    fn read(&mut self, path: &FilePath, _: u64) -> Result<Vec<u8>> {
        self.reads += 1;
        match self.files.get(path.as_bytes()) {
            Some(SandboxFile::File { bytes, .. }) => Ok(bytes.clone()),
            _ => Err(Error::not_found("no such file")),
        }
    }

    fn write(&mut self, path: &FilePath, file: &SandboxFile) -> Result<()> {
        self.files.insert(path.as_bytes().to_vec(), file.clone());
        Ok(())
    }

    fn list(&mut self, directory: Option<&FilePath>) -> Result<Vec<Listed>> {
        let above = directory.map(|path| [path.as_bytes(), b"/"].concat()).unwrap_or_default();
        let mut rows = BTreeMap::new();
        for (path, file) in &self.files {
            let Some(rest) = path.strip_prefix(&above[..]) else { continue };
            let row = match rest.iter().position(|&byte| byte == b'/') {
                Some(end) => Listed::new(&rest[..end], ListedKind::Directory, 0),
                None => match file {
                    SandboxFile::File { bytes, executable } => {
                        let kind = ListedKind::File { executable: *executable };
                        Listed::new(rest, kind, bytes.len() as u64)
                    }
                    SandboxFile::Symlink(target) => {
                        Listed::new(rest, ListedKind::Symlink(target.clone()), 0)
                    }
                },
            };
            rows.insert(row.name.clone(), row);
        }
        match rows.is_empty() && directory.is_some() {
            true => Err(Error::not_found("no such directory")),
            false => Ok(rows.into_values().collect()),
        }
    }

    fn stop(&mut self) -> Result<()> {
        self.is_stopped = true;
        Ok(())
    }
}

fn session() -> Session {
    Store::in_memory().unwrap().session("s").unwrap()
}

fn kinds(session: &Session) -> Vec<String> {
    let kinds = session.log().unwrap().map(|entry| entry.unwrap().kind.name().to_owned());
    kinds.collect()
}

#[test]
fn a_run_is_an_intent_and_then_its_outcome_with_what_it_changed() {
    let session = session();
    let mut sandbox = Scripted::new(|files, command| {
        assert_eq!(command.environment()["TOKEN"], "secret");
        files.insert(b"src/made".to_vec(), file("by it"));
        files.remove(&b"old"[..]);
        let output = Output::of(b"all is well\n");
        Ok(Outcome::new(Exit::Code(3)).with_output(output, Output::of(b"or not")))
    });
    sandbox.files.insert(b"old".to_vec(), file("there before"));
    let command = Command::new(["make", "all"]).variable("TOKEN", "secret");
    let mut told = Vec::new();
    let ran =
        run_with(&session, &mut sandbox, &command, &CaptureOptions::new(), &mut |_, bytes| {
            told.extend_from_slice(bytes);
        })
        .unwrap();
    assert_eq!(
        (ran.number, &ran.outcome.exit, &told[..]),
        (1, &Exit::Code(3), &b"all is well\n"[..])
    );
    let capture = ran.capture.unwrap();
    assert_eq!((capture.added().len(), capture.removed().len()), (1, 1));
    // What was there before it is not its doing.
    assert_eq!(kinds(&session), ["run", "begin-run", "capture"]);
    let log = session.log().unwrap().next().unwrap().unwrap();
    assert_eq!(log.message, "make all: exit 3");
    let entry = session.latest().unwrap().run(1).unwrap();
    let outcome = entry.outcome.unwrap();
    assert_eq!((outcome.exit, outcome.instance.as_str()), (Exit::Code(3), "1"));
    let stderr = session.store().read_content(outcome.stderr.head.unwrap()).unwrap();
    assert_eq!(&stderr[..], b"or not");
    assert_eq!(entry.run.environment, ["TOKEN"], "no value of a variable is kept");
    assert_eq!(entry.run.before, Some(session.checkpoint("1").unwrap()));
}

#[test]
fn an_undo_takes_back_what_a_run_changed_and_not_that_it_ran() {
    let session = session();
    session.write("mine", "1").unwrap();
    let mut sandbox = Scripted::new(|files, _| {
        files.insert(b"made".to_vec(), file("by it"));
        Ok(Outcome::new(Exit::Code(0)))
    });
    run(&session, &mut sandbox, &Command::shell("make")).unwrap();
    let report = session.undo().unwrap();
    assert_eq!(report.operation.kind.name(), "run");
    assert_eq!(session.get("made").unwrap(), None);
    let entry = session.latest().unwrap().run(1).unwrap();
    assert!(entry.outcome.is_some());
    // What comes next to be taken back is what was done before the run.
    assert_eq!(session.undo().unwrap().operation.kind.name(), "write");
    assert_eq!(session.latest().unwrap().runs().count(), 1);
    session.redo().unwrap();
    session.redo().unwrap();
    assert_eq!(session.read("made").unwrap(), b"by it");
}

#[test]
fn a_run_whose_driver_dies_is_open_and_its_outcome_is_said_to_be_unknown() {
    let session = session();
    session.write("a", "1").unwrap();
    let mut sandbox = Scripted::new(|_, _| panic!("the driver dies"));
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = run(&session, &mut sandbox, &Command::shell("make"));
    }));
    assert!(died.is_err());
    let Activity::Running(open) = session.activity().unwrap() else { panic!("a run is open") };
    assert_eq!((open.len(), open[0].number), (1, 1));
    assert_eq!(session.undo().unwrap().operation.kind.name(), "write", "an intent changes nothing");
    session.redo().unwrap();
    let mut fresh = Scripted::idle();
    fresh.instance = 2;
    let loss = attach(&session, &mut fresh).unwrap();
    assert_eq!((loss.unknown_runs.clone(), loss.before.as_deref()), (vec![1], Some("1")));
    assert!(loss.text().contains("how it ended is unknown"), "{}", loss.text());
    let entry = session.latest().unwrap().run(1).unwrap();
    assert_eq!(entry.outcome.unwrap().exit, Exit::Lost);
    assert_eq!(session.activity().unwrap(), Activity::Idle);
    assert!(fresh.commands.is_empty(), "no command runs twice by itself");
    assert_eq!(fresh.text("a").as_deref(), Some("1"));
}

#[test]
fn what_never_began_is_recorded_as_that() {
    let session = session();
    let mut sandbox =
        Scripted::new(|_, _| Err(Error::new(ErrorKind::Unsupported, "no such limit")));
    let error = run(&session, &mut sandbox, &Command::shell("make")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let entry = session.latest().unwrap().run(1).unwrap();
    assert_eq!(entry.outcome.unwrap().exit, Exit::NotExecutable);
    assert!(run(&session, &mut sandbox, &Command::new(["a\0b"])).is_err());
    assert_eq!(session.latest().unwrap().runs().count(), 1);
}

#[test]
fn a_sandbox_that_is_replaced_or_gone_after_a_run_says_so_in_the_outcome() {
    let session = session();
    let mut sandbox = Scripted::new(|_, _| Ok(Outcome::new(Exit::Lost)));
    let ran = run(&session, &mut sandbox, &Command::shell("make")).unwrap();
    assert_eq!(ran.outcome.exit, Exit::Lost);
    // It answers no more: how the command ended stays recorded, its files cannot be had.
    struct Dying(Scripted);
    impl Sandbox for Dying {
        fn describe(&mut self) -> Result<Description> {
            self.0.describe()
        }
        fn run(&mut self, _: &Command, _: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome> {
            self.0.is_gone = true;
            Ok(Outcome::new(Exit::Code(0)))
        }
        fn read(&mut self, path: &FilePath, max: u64) -> Result<Vec<u8>> {
            self.0.read(path, max)
        }
        fn write(&mut self, path: &FilePath, file: &SandboxFile) -> Result<()> {
            self.0.write(path, file)
        }
        fn list(&mut self, _: Option<&FilePath>) -> Result<Vec<Listed>> {
            match self.0.is_gone {
                true => Err(Error::new(ErrorKind::Io, "the sandbox is gone")),
                false => self.0.list(None),
            }
        }
    }
    let ran = run(&session, &mut Dying(Scripted::idle()), &Command::shell("make")).unwrap();
    assert_eq!(ran.outcome.exit, Exit::Code(0));
    assert!(ran.capture.is_err());
    let entry = session.latest().unwrap().run(2).unwrap();
    let outcome = entry.outcome.unwrap();
    assert_eq!((outcome.exit, outcome.instance.as_str()), (Exit::Code(0), ""));
}

#[test]
fn a_sandbox_that_lies_about_an_exit_is_recorded_and_its_files_are_looked_at_all_the_same() {
    let session = session();
    let mut sandbox = Scripted::new(|files, _| {
        files.insert(b"broken".to_vec(), file("half"));
        Ok(Outcome::new(Exit::Code(0)))
    });
    run(&session, &mut sandbox, &Command::shell("false")).unwrap();
    assert_eq!(session.read("broken").unwrap(), b"half");
}

#[test]
fn files_come_back_into_a_fresh_sandbox_by_themselves_and_the_rest_is_listed() {
    let session = session();
    let mut sandbox = Scripted::new(|files, command| {
        if command.line().line().contains("pip") {
            files.insert(b"requirements.txt".to_vec(), file("a==1\n"));
        }
        Ok(Outcome::new(Exit::Code(0)))
    });
    run(&session, &mut sandbox, &Command::shell("pip install a").setup()).unwrap();
    run(&session, &mut sandbox, &Command::shell("apt install b").setup()).unwrap();
    run(&session, &mut sandbox, &Command::shell("pip install a").setup()).unwrap();
    session
        .batch(|batch| {
            batch.write_entry("run.sh", crate::NewEntry::file("#!\n").executable())?;
            batch.write_entry("link", crate::NewEntry::symlink("run.sh"))?;
            batch.write("deep/er/f", "x")?;
            batch.write("requirements.txt", "a==2\n")
        })
        .unwrap();
    let mut fresh = Scripted::idle();
    fresh.instance = 2;
    fresh.files.insert(b"theirs".to_vec(), file("stays"));
    let mut loss = attach(&session, &mut fresh).unwrap();
    assert_eq!(loss.restored.len(), 4);
    assert!(!loss.is_same());
    assert_eq!(fresh.files[&b"link"[..]], SandboxFile::Symlink(b"run.sh".to_vec()));
    assert_eq!(
        fresh.files[&b"run.sh"[..]],
        SandboxFile::File { bytes: b"#!\n".into(), executable: true }
    );
    let steps: Vec<_> = loss.setup.iter().map(|step| (&*step.command, step.run)).collect();
    assert_eq!(steps, [("apt install b", 2), ("pip install a", 3)]);
    let changed: Vec<String> =
        loss.setup[1].changed_locks.iter().map(ToString::to_string).collect();
    assert_eq!(changed, ["requirements.txt"]);
    let told = session.latest().unwrap().sandbox_state().unwrap();
    assert!(String::from_utf8_lossy(&told).contains("not run again"));
    assert_eq!(session.read("theirs").unwrap(), b"stays", "what is there is known from now on");
    // Nothing runs without a word of the host's.
    assert!(fresh.commands.is_empty());
    let mut asked = Vec::new();
    let replayed = replay(&session, &mut fresh, &mut loss, &mut |entry| {
        asked.push(entry.number);
        Ok(entry.number == 3)
    })
    .unwrap();
    assert_eq!((asked, replayed.len(), replayed[0].of), (vec![2, 3], 1, 3));
    assert_eq!(fresh.commands, ["pip install a"]);
    assert_eq!(loss.setup[1].replayed, Some(Exit::Code(0)));
    // The same sandbox once more has lost nothing.
    let again = attach(&session, &mut fresh).unwrap();
    assert!(again.is_same() && again.setup.is_empty() && again.missing.is_empty());
}

#[test]
fn a_sandbox_that_forgot_its_files_deletes_none_of_the_sessions() {
    let session = session();
    let mut sandbox = Scripted::idle();
    sandbox.files.insert(b"a".to_vec(), file("1"));
    sandbox.files.insert(b"b".to_vec(), file("1"));
    run(&session, &mut sandbox, &Command::shell("make")).unwrap();
    // The provider gives back another disk under the same name.
    sandbox.files.clear();
    sandbox.files.insert(b"b".to_vec(), file("changed elsewhere"));
    sandbox.instance = 2;
    let loss = attach(&session, &mut sandbox).unwrap();
    assert_eq!(loss.restored.len(), 1, "{loss:?}");
    assert_eq!(session.history("a").unwrap().count(), 1);
    assert_eq!(sandbox.text("a").as_deref(), Some("1"));
    assert_eq!(session.read("b").unwrap(), b"changed elsewhere", "nor is anything written over");
    // In the same one a file that is gone was deleted.
    run(&session, &mut sandbox, &Command::shell("make")).unwrap();
    sandbox.files.remove(&b"a"[..]);
    attach(&session, &mut sandbox).unwrap();
    assert_eq!(session.get("a").unwrap(), None);
    // One that has nothing at all lost it, whatever it calls itself.
    sandbox.files.clear();
    let loss = attach(&session, &mut sandbox).unwrap();
    assert_eq!((loss.restored.len(), sandbox.text("b").is_some()), (1, true));
}

#[test]
fn a_directory_that_was_emptied_gets_its_files_back() {
    let room = tempfile::tempdir().unwrap();
    let session = session();
    let mut sandbox = InDirectory(room.path().to_owned());
    std::fs::write(room.path().join("a"), "1").unwrap();
    run(&session, &mut sandbox, &Command::shell("make")).unwrap();
    std::fs::remove_file(room.path().join("a")).unwrap();
    let loss = attach(&session, &mut sandbox).unwrap();
    assert!(loss.is_same());
    assert_eq!((loss.restored.len(), room.path().join("a").exists()), (1, true));
}

/// A directory of this machine, where commands do nothing.
struct InDirectory(std::path::PathBuf);

impl Sandbox for InDirectory {
    fn describe(&mut self) -> Result<Description> {
        Ok(Description::new("directory", "1"))
    }

    fn run(&mut self, _: &Command, _: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome> {
        Ok(Outcome::new(Exit::Code(0)))
    }

    fn read(&mut self, _: &FilePath, _: u64) -> Result<Vec<u8>> {
        unreachable!("it is a directory")
    }

    fn write(&mut self, _: &FilePath, _: &SandboxFile) -> Result<()> {
        unreachable!("it is a directory")
    }

    fn directory(&self) -> Option<&std::path::Path> {
        Some(&self.0)
    }
}

#[test]
fn a_pause_captures_first_and_stops_only_then() {
    let session = session();
    let mut sandbox = Scripted::idle();
    sandbox.files.insert(b"a".to_vec(), file("1"));
    let (captured, _) = pause(&session, &mut sandbox, "the weekend").unwrap();
    assert_eq!(captured.added().len(), 1);
    assert!(sandbox.is_stopped);
    assert_eq!(session.activity().unwrap(), Activity::Paused { reason: "the weekend".into() });
    session.store().rename_session("s", "t").unwrap();
    let renamed = session.store().open_session("t").unwrap();
    assert_eq!(renamed.activity().unwrap().name(), "paused");
    // A pause is nothing to take back.
    assert_eq!(renamed.undo().unwrap().operation.kind.name(), "capture");
    let mut failing = Scripted::idle();
    failing.is_gone = true;
    assert!(pause(&renamed, &mut failing, "").is_err());
    assert!(!failing.is_stopped);
    assert_eq!(renamed.activity().unwrap().name(), "idle");
}

#[test]
fn two_drivers_of_one_session_get_a_run_each() {
    let session = session();
    let other = session.clone();
    let mut inner = Scripted::idle();
    let mut sandbox = Scripted::new(move |_, _| {
        run(&other, &mut inner, &Command::shell("second")).unwrap();
        other.write("meanwhile", "1").unwrap();
        Ok(Outcome::new(Exit::Code(0)).with_time(Duration::from_millis(5)))
    });
    let ran = run(&session, &mut sandbox, &Command::shell("first")).unwrap();
    assert_eq!(ran.number, 1);
    let runs: Vec<_> = session.latest().unwrap().runs().map(Result::unwrap).collect();
    let lines: Vec<_> = runs.iter().map(|run| (run.number, run.run.command.line())).collect();
    assert_eq!(lines, [(2, "second".to_owned()), (1, "first".to_owned())]);
    assert!(runs.iter().all(|run| run.outcome.is_some()));
    assert_eq!(session.read("meanwhile").unwrap(), b"1");
}

#[test]
fn a_run_is_evidence_about_the_files_that_it_saw_and_not_about_those_that_it_made() {
    let session = session();
    session.write("src", "1").unwrap();
    let mut sandbox = Scripted::new(|files, command| {
        files.insert(b"out".to_vec(), file(&command.line().line()));
        files.insert(b"report.tap".to_vec(), file("ok 1 - it works\n1..1\n"));
        Ok(Outcome::new(Exit::Code(0)))
    });
    attach(&session, &mut sandbox).unwrap();
    let command = Command::shell("make").report("report.tap").claim("it works");
    let ran = run(&session, &mut sandbox, &command).unwrap();
    let now = session.latest().unwrap();
    let entry = now.evidence_at(ran.evidence).unwrap();
    assert_eq!(entry.result(), crate::evidence::EvidenceOutcome::Passed);
    let inputs: Vec<String> =
        now.inputs(&entry).map(|input| input.unwrap().0.to_string()).collect();
    assert_eq!(inputs, ["src"]);
    let claim = now.claim(ran.claims[0]).unwrap();
    assert!(claim.status.is_supported());
    // What it made is no input, the second time neither.
    session.remove("out").unwrap();
    assert!(session.claims().unwrap()[0].status.is_supported());
    session.write("src", "2").unwrap();
    assert!(session.claims().unwrap()[0].status.is_stale());
    session.undo().unwrap();
    assert!(session.claims().unwrap()[0].status.is_supported());
}

#[test]
fn a_report_that_is_none_is_said_and_never_green() {
    let reports: [(&str, Option<&str>, &str); 6] = [
        ("gone.xml", None, "no such file"),
        ("a.xml", Some("<testsuite><testcase name='a'/>"), "cut short"),
        ("a.xml", Some("<testsuite/>"), "neither tests nor samples"),
        ("a.xml", Some("hello"), "no report"),
        ("old.xml", Some("as before"), "did not write it"),
        ("a.xml", Some("<!DOCTYPE a><testsuite><testcase name='a'/></testsuite>"), "document type"),
    ];
    for (path, text, reason) in reports {
        let session = session();
        let (path, text) = (path.to_owned(), text.map(str::to_owned));
        let mut sandbox = Scripted::new({
            let (path, text) = (path.clone(), text.clone());
            move |files, _| {
                if let Some(text) = &text {
                    files.insert(path.clone().into_bytes(), file(text));
                }
                Ok(Outcome::new(Exit::Code(0)))
            }
        });
        if path == "old.xml" {
            sandbox.files.insert(path.clone().into_bytes(), file(text.as_deref().unwrap()));
        }
        let command = Command::shell("make").report(&*path).claim("it works");
        let ran = run(&session, &mut sandbox, &command).unwrap();
        let entry = session.evidence(ran.evidence).unwrap();
        let unread = &entry.evidence.unread[0];
        assert!(unread.reason.contains(reason), "{unread:?}");
        assert_eq!(entry.result(), crate::evidence::EvidenceOutcome::Unread);
        let claims = session.claims().unwrap();
        assert_eq!(claims[0].status, crate::evidence::ClaimStatus::Unsupported);
    }
}

#[test]
fn each_end_of_a_run_has_its_own_outcome_and_only_a_good_one_supports() {
    use crate::evidence::{ClaimStatus, EvidenceOutcome};
    let failing = "not ok 1 - a\n1..1\n";
    for (exit, printed, outcome, status) in [
        (Exit::Code(0), "", EvidenceOutcome::Passed, ClaimStatus::Supported),
        (Exit::Code(0), failing, EvidenceOutcome::Failed, ClaimStatus::Refuted),
        (Exit::Code(1), "", EvidenceOutcome::Failed, ClaimStatus::Refuted),
        (Exit::Code(1), "ok 1 - a\n1..1\n", EvidenceOutcome::Failed, ClaimStatus::Refuted),
        (Exit::Signal(9), "", EvidenceOutcome::Killed, ClaimStatus::Unsupported),
        (Exit::Timeout, "", EvidenceOutcome::TimedOut, ClaimStatus::Unsupported),
        (Exit::Lost, "", EvidenceOutcome::Unknown, ClaimStatus::Unsupported),
        (Exit::NotFound, "", EvidenceOutcome::NotRun, ClaimStatus::Unsupported),
    ] {
        let session = session();
        let mut sandbox = Scripted::new({
            let exit = exit.clone();
            move |_, _| {
                let stdout = Output::of(printed.as_bytes());
                Ok(Outcome::new(exit.clone()).with_output(stdout, Output::default()))
            }
        });
        let command = Command::shell("make").claim("it works");
        let ran = run(&session, &mut sandbox, &command).unwrap();
        assert_eq!(session.evidence(ran.evidence).unwrap().result(), outcome);
        assert_eq!(session.claims().unwrap()[0].status, status, "{exit}");
    }
}

#[test]
fn what_only_the_session_has_was_not_seen_by_a_run_in_a_directory() {
    let room = tempfile::tempdir().unwrap();
    let session = session();
    session.write("src", "1").unwrap();
    session.checkout(None, room.path()).unwrap();
    // The session goes on; the directory does not.
    session.write("src", "2").unwrap();
    session.write("more", "1").unwrap();
    let mut sandbox = InDirectory(room.path().to_owned());
    let command = Command::shell("true").claim("it works");
    let ran = run(&session, &mut sandbox, &command).unwrap();
    let claim = session.latest().unwrap().claim(ran.claims[0]).unwrap();
    assert!(claim.status.is_stale(), "it ran on what was in the directory");
    session.checkout(None, room.path()).unwrap();
    let ran = run(&session, &mut sandbox, &command).unwrap();
    let now = session.latest().unwrap();
    assert!(now.claim(ran.claims[0]).unwrap().status.is_supported());
    assert!(now.claim(1).unwrap().status.is_supported(), "later evidence of the same command");
}

#[test]
fn a_purged_output_costs_integrity_and_no_support_and_trims_cost_nothing() {
    use crate::evidence::Integrity;
    use crate::upkeep::{GcOptions, PurgeOptions, go_on};
    let session = session();
    session.write("src", "1").unwrap();
    let mut sandbox = Scripted::new(|_, _| {
        let stdout = Output::of(b"secret: hunter2");
        Ok(Outcome::new(Exit::Code(0)).with_output(stdout, Output::default()))
    });
    attach(&session, &mut sandbox).unwrap();
    let command = Command::shell("make").claim("it works");
    let ran = run(&session, &mut sandbox, &command).unwrap();
    for at in 0..9 {
        session.write("other", at.to_string()).unwrap();
        session.remove("other").unwrap();
    }
    session.trim(crate::history::Trim::Keep(1)).unwrap();
    session.store().gc(&GcOptions::new().keep(Duration::ZERO), &mut go_on).unwrap();
    let claim = || session.latest().unwrap().claim(ran.claims[0]).unwrap();
    assert!(claim().status.is_supported(), "after a trim: {:?}", claim());
    assert_eq!(claim().integrity, Integrity::Intact);
    let options = PurgeOptions::new("a secret");
    session.store().purge_matching(b"secret: hunter2", &options, &mut go_on).unwrap();
    assert!(claim().status.is_supported());
    assert_eq!(claim().integrity, Integrity::Lost);
    session.write("src", "2").unwrap();
    assert!(claim().status.is_stale());
}

#[test]
fn a_purge_that_rewrites_leaves_no_id_in_a_listing_and_the_claim_stands() {
    use crate::upkeep::{PurgeOptions, go_on};
    let session = session();
    session.write("src", "1").unwrap();
    session.write("key", "secret: hunter2").unwrap();
    let mut sandbox = Scripted::idle();
    attach(&session, &mut sandbox).unwrap();
    let command = Command::shell("make").claim("it works");
    let ran = run(&session, &mut sandbox, &command).unwrap();
    let secret = crate::ObjectId::of_content(b"secret: hunter2");
    let options = PurgeOptions::new("a secret").rewrite(true);
    session.store().purge_matching(b"secret: hunter2", &options, &mut go_on).unwrap();
    let session = session.store().open_session("s").unwrap();
    let now = session.latest().unwrap();
    let entry = now.evidence_at(ran.evidence).unwrap();
    for input in now.inputs(&entry) {
        let (path, entry) = input.unwrap();
        assert_ne!(entry.content().unwrap().id(), secret, "{path}");
    }
    assert!(now.claim(ran.claims[0]).unwrap().status.is_supported());
    assert!(session.store().check(&mut go_on).unwrap().is_ok());
}
