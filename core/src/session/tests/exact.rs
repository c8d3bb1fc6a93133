//! Undo and redo are exact, for every operation that makes a checkpoint.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use super::past::{clash, exchange, fill, histories, readable, summary, tool};
use super::*;
use crate::budget::Budget;
#[cfg(unix)]
use crate::host::turn::{ModelAnswer, Turn};
use crate::interop::{Format, read};
use crate::log::Memory as MemoryVfs;
use crate::object::{Choice, DriverId, Finding, Memory, OperationKind, Policy, Severity};
use crate::store::GcOptions;
use crate::tokens::Encoding;

/// What an operation of a kind is to undo.
enum Effect {
    /// It changes the state: undo takes it back.
    Changes(Box<dyn Fn(&Session)>),
    /// It makes no checkpoint: undo passes it over, to what was done before.
    Passes(Box<dyn Fn(&Session)>),
    /// It begins a session, and there undo ends.
    Begins(Box<dyn Fn(&Store) -> Session>),
    /// It is undo or redo itself.
    Is,
}

/// Does something of a kind. A new kind must say here what it is to undo.
fn effect(kind: OperationKind) -> Effect {
    fn changes<T>(act: impl Fn(&Session) -> Result<T> + 'static) -> Effect {
        Effect::Changes(Box::new(move |session| drop(act(session).unwrap())))
    }
    fn passes<T>(act: impl Fn(&Session) -> Result<T> + 'static) -> Effect {
        Effect::Passes(Box::new(move |session| drop(act(session).unwrap())))
    }
    let select = |text: &str| Selector::parse(text).unwrap();
    match kind {
        OperationKind::Create => {
            Effect::Begins(Box::new(|store| store.create_session("begun").unwrap()))
        }
        OperationKind::Fork => Effect::Begins(Box::new(|store| {
            store.open_session("s").unwrap().fork("begun").unwrap()
        })),
        OperationKind::Write => changes(|session| session.write("src/lib.rs", "another")),
        OperationKind::Remove => changes(|session| session.remove("bin/run")),
        OperationKind::Rename => changes(|session| {
            let fresh = format!("moved {}", session.log()?.count());
            session.rename("notes", fresh)
        }),
        OperationKind::Remember => changes(|session| session.remember(Memory::user("more"))),
        OperationKind::State => changes(|session| session.state().append("steps", "d")),
        OperationKind::Batch => changes(|session| {
            session.batch(|batch| {
                exchange(batch, 99)?;
                batch.write("added", "1")?;
                batch.remove("link")?;
                batch.rename("caused", "sub")?;
                batch.state_truncate("steps", 1)?;
                batch.state_remove("long")?;
                batch.set_instructions("others")?;
                batch.forget(&Selector::Range(17, 20))?;
                batch.label("message", "a label")
            })
        }),
        OperationKind::Restore => changes(|session| {
            let early = session.checkpoint("7")?;
            session.restore_checkpoint(early, RestoreScope::All)
        }),
        OperationKind::Undo | OperationKind::Redo => Effect::Is,
        OperationKind::Import => changes(|session| {
            let mut import = session.import()?;
            for at in 0..7 {
                let mut step = import.checkpoint();
                step.write("added", at.to_string())?;
                step.write_entry("src/lib.rs", NewEntry::file(at.to_string()).executable())?;
                step.remember(Memory::user(format!("commit {at}")))?;
                step.label("message", "commit")?;
                step.finish()?;
                if at % 3 == 0 {
                    import.flush()?;
                }
            }
            import.flush()
        }),
        OperationKind::RenameSession => passes(|session| {
            session.store().rename_session("s", "t")?;
            session.store().rename_session("t", "s")
        }),
        OperationKind::DeleteSession | OperationKind::UndeleteSession => passes(|session| {
            session.store().delete_session("s")?;
            session.store().undelete_session(session.id(), None)
        }),
        OperationKind::Trim => passes(|session| session.trim(Trim::Keep(3))),
        OperationKind::Forget => changes(move |session| session.forget(&select("17"))),
        OperationKind::Recall => changes(move |session| session.recall(&select("1"))),
        OperationKind::Hide => changes(|session| session.hide("bin/**")),
        OperationKind::Show => changes(|session| session.show("notes")),
        OperationKind::Refresh => changes(|session| session.refresh()),
        OperationKind::TrimResults => changes(move |session| session.trim_results(&select("19"))),
        OperationKind::Compact => {
            changes(move |session| session.compact(&select("13..20"), &summary))
        }
        OperationKind::Expand => changes(move |session| session.expand(&select("5"))),
        OperationKind::Pin => changes(|session| session.pin_files("bin/**")),
        OperationKind::Unpin => changes(move |session| session.unpin_memories(&select("21"))),
        OperationKind::SetInstructions => changes(|session| session.set_instructions("")),
        OperationKind::SetTools => changes(|session| session.set_tools(&[tool("other")])),
        OperationKind::SetSandbox => changes(|session| session.set_sandbox_state("gone")),
        OperationKind::Plan => changes(|session| {
            let plan = session.plan(&Budget::new(1_500), &Encoding::O200k)?;
            assert!(!plan.is_empty());
            session.apply(&plan)
        }),
        #[cfg(unix)]
        OperationKind::Capture => changes(|session| {
            let room = tempfile::tempdir().expect("a directory");
            session.checkout(None, room.path())?;
            std::fs::write(room.path().join("notes"), "by a command").expect("written");
            std::fs::rename(room.path().join("bin/run"), room.path().join("ran")).expect("moved");
            std::fs::write(room.path().join(".gitignore"), "x\n").expect("written");
            std::fs::write(room.path().join("x"), "").expect("written");
            session.workspace(room.path()).capture()
        }),
        OperationKind::BeginRun => passes(|session| {
            let mut batch = session.begin()?;
            batch.set_kind(OperationKind::BeginRun);
            let line = crate::object::CommandLine::Shell("make".into());
            batch.begin_run(crate::object::Run::new(line, session.store().now()))?;
            batch.commit()
        }),
        OperationKind::Run => changes(|session| {
            let mut batch = session.begin()?;
            batch.set_kind(OperationKind::Run);
            batch.write("added", "by a command")?;
            batch.commit()
        }),
        OperationKind::Pause => passes(|session| session.pause("the weekend")),
        OperationKind::Resume => changes(|session| {
            let mut batch = session.begin()?;
            batch.set_kind(OperationKind::Resume);
            batch.set_sandbox_state("another one")?;
            batch.commit()
        }),
        OperationKind::Claim => changes(|session| session.claim("all of it works", [])),
        OperationKind::ImportEvidence => passes(|session| {
            let tap = b"ok 1 - it works\n1..1\n";
            session.import_evidence("tap", tap, None)
        }),
        OperationKind::Merge => changes(|session| {
            let fork = fork(session)?;
            fork.write("src/lib.rs", "theirs")?;
            fork.write("theirs", "1")?;
            fork.remember(Memory::user("said there"))?;
            fork.state().put("theirs", "1")?;
            fork.set_instructions("theirs")?;
            fork.claim("it works there", [])?;
            fork.import_evidence("tap", b"ok 1 - it works there\n1..1\n", None)?;
            session.merge(&[&fork], MergeOptions::new())
        }),
        OperationKind::Resolve => changes(|session| session.resolve("clash", Resolution::Side(1))),
        #[cfg(unix)]
        OperationKind::BeginTurn => passes(|session| turn(session, "", 0)),
        #[cfg(unix)]
        OperationKind::BeginSteps => passes(|session| turn(session, "", 1)),
        #[cfg(unix)]
        OperationKind::TakeOver => passes(|session| {
            let turn = turn(session, "", 1)?;
            Turn::resume(session, turn.id(), DriverId::new([2; 16]))
        }),
        #[cfg(unix)]
        OperationKind::EndTurn => passes(|session| turn(session, "", 1)?.cancel("enough")),
        #[cfg(unix)]
        OperationKind::Step => changes(|session| turn(session, "", 2)),
        OperationKind::Decide => changes(|session| {
            let proposals = session.latest()?.proposals()?;
            let proposal = proposals.last().expect("one of the past");
            let choice = match session.log()?.count() % 2 {
                0 => Choice::Accept,
                _ => Choice::Reject,
            };
            let reason = format!("{}", session.log()?.count());
            session.review(proposal.number, proposal.newest().id, choice, &reason)
        }),
        OperationKind::Propose => changes(|session| {
            super::past::propose(session, "anew");
            Ok(())
        }),
        OperationKind::Apply => changes(|session| {
            let proposals = session.latest()?.proposals()?;
            session.apply_proposal(proposals.last().expect("one of the past").number)
        }),
        OperationKind::Find => {
            changes(|session| session.find(Finding::new("acme/rule", Severity::Error, "spaces")))
        }
        OperationKind::SetGates => changes(|session| session.set_gate("tests", None)),
        OperationKind::Named(_) => changes(|session| {
            session.batch(|batch| {
                batch.kind("acme/deploy")?;
                batch.write("added", "1")
            })
        }),
    }
}

/// A turn that was begun, that asked a model, that was answered.
#[cfg(unix)]
fn turn(session: &Session, prompt: &str, steps: usize) -> Result<Turn> {
    let policy = Policy::of_stages([("agent", prompt)]);
    let mut turn = Turn::begin(session, &policy, DriverId::new([1; 16]))?;
    if steps > 0 {
        let asked = turn.next()?.expect("it goes on").remove(0);
        if steps > 1 {
            let answer = ModelAnswer::new(Memory::assistant("Done."));
            turn.supply(asked.id(), answer)?;
        }
    }
    Ok(turn)
}

/// A fork of a name of its own.
fn fork(session: &Session) -> Result<Session> {
    session.fork(&format!("fork {}", session.store().sessions().count()))
}

/// What happens between an operation and its undo, and by whom it is undone.
#[derive(Clone, Copy, Debug)]
enum Between {
    Nothing,
    AnotherHandle,
    Reopening,
    Fork,
    Collection,
}

const BETWEEN: [Between; 5] = [
    Between::Nothing,
    Between::AnotherHandle,
    Between::Reopening,
    Between::Fork,
    Between::Collection,
];

/// A medium, the store on it and a session with a past.
struct Stage {
    vfs: MemoryVfs,
    store: Store,
    session: Session,
}

fn open(vfs: &MemoryVfs) -> Store {
    Store::options().open_vfs(Arc::new(vfs.clone())).unwrap()
}

impl Stage {
    fn new() -> Self {
        let vfs = MemoryVfs::default();
        let store = open(&vfs);
        let session = store.session("s").unwrap();
        fill(&session);
        Stage { vfs, store, session }
    }

    /// The handle that goes on, after what happens in between.
    fn next(&self, between: Between) -> Session {
        match between {
            Between::Nothing => self.session.clone(),
            Between::AnotherHandle => self.store.open_session("s").unwrap(),
            Between::Reopening => open(&self.vfs).open_session("s").unwrap(),
            Between::Fork => {
                let name = format!("fork {}", self.store.sessions().count());
                let fork = self.session.fork(&name).unwrap();
                fork.write("src/lib.rs", "the fork's own").unwrap();
                self.session.clone()
            }
            Between::Collection => {
                let options = GcOptions::new().keep(Duration::ZERO);
                self.store.gc(&options, &mut |_| ControlFlow::Continue(())).unwrap();
                self.session.clone()
            }
        }
    }
}

/// Asserts that two states read alike, and says of what they differ.
#[track_caller]
fn assert_same(found: &[String], expected: &[String], what: &str) {
    if let Some(line) = found.iter().find(|line| !expected.contains(line)) {
        panic!("{what}: not expected: {line:.300}");
    }
    if let Some(line) = expected.iter().find(|line| !found.contains(line)) {
        panic!("{what}: missing: {line:.300}");
    }
    assert_eq!(found, expected, "{what}");
}

/// Undoes what was done since `before`, redoes it and undoes it again: each time all is as it was.
fn back_and_forth(stage: &Stage, kind: OperationKind, before: &[String], between: Between) {
    let what = |step: &str| format!("{} {step} after {between:?}", kind.name());
    let after = readable(&stage.session);
    assert_ne!(after, before, "{} changes what can be read", kind.name());
    let told = stage.next(between).undo().unwrap().operation;
    assert_eq!(told.kind, kind, "{}", what("undone"));
    assert_same(&readable(&stage.session), before, &what("undone"));
    let told = stage.next(between).redo().unwrap().operation;
    assert_eq!(told.kind, kind, "{}", what("redone"));
    assert_same(&readable(&stage.session), &after, &what("redone"));
    stage.next(between).undo().unwrap();
    assert_same(&readable(&stage.session), before, &what("undone again"));
    let report = stage.store.check(&mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(report.faults, []);
}

fn kinds() -> impl Iterator<Item = OperationKind> {
    let hosts = OperationKind::from_name("acme/deploy").unwrap();
    OperationKind::known().map(|(kind, _)| kind).chain([hosts])
}

#[test]
fn undo_and_redo_are_exact_for_every_operation_that_makes_a_checkpoint() {
    for kind in kinds() {
        let Effect::Changes(act) = effect(kind) else { continue };
        let stage = Stage::new();
        for between in BETWEEN {
            let (mut before, lines) = (readable(&stage.session), histories(&stage.session));
            if kind == OperationKind::Refresh {
                // What it makes outdated is of the past.
                stage.session.write("bin/run", format!("{between:?}")).unwrap();
                before = readable(&stage.session);
            }
            if kind == OperationKind::Resolve {
                clash(&stage.session, &format!("{between:?}"));
                before = readable(&stage.session);
            }
            if kind == OperationKind::Apply {
                super::past::propose(&stage.session, &format!("{between:?}"));
                let proposals = stage.session.latest().unwrap().proposals().unwrap();
                let newest = proposals.last().unwrap();
                let (number, id) = (newest.number, newest.newest().id);
                stage.session.review(number, id, Choice::Accept, "").unwrap();
                before = readable(&stage.session);
            }
            act(&stage.session);
            back_and_forth(&stage, kind, &before, between);
            for ((path, then), (_, now)) in lines.iter().zip(&histories(&stage.session)) {
                assert!(now.ends_with(then), "{}: iterations of {path} are gone", kind.name());
            }
        }
    }
}

#[test]
fn undo_and_redo_pass_over_what_makes_no_checkpoint() {
    for kind in kinds() {
        let Effect::Passes(act) = effect(kind) else { continue };
        for between in BETWEEN {
            let stage = Stage::new();
            let before = readable(&stage.session);
            stage.session.write("src/lib.rs", "another").unwrap();
            act(&stage.session);
            back_and_forth(&stage, OperationKind::Write, &before, between);
            act(&stage.session);
            stage.next(between).redo().unwrap();
            assert_eq!(stage.session.read("src/lib.rs").unwrap(), b"another", "{}", kind.name());
        }
    }
}

#[test]
fn undo_ends_where_a_session_begins() {
    for kind in kinds() {
        let Effect::Begins(begin) = effect(kind) else { continue };
        let stage = Stage::new();
        let session = begin(&stage.store);
        let before = readable(&session);
        assert_eq!(super::kind(session.undo()), ErrorKind::NotFound);
        session.write("added", "1").unwrap();
        session.undo().unwrap();
        assert_same(&readable(&session), &before, kind.name());
        assert_eq!(super::kind(session.undo()), ErrorKind::NotFound);
        assert_eq!(session.redo().unwrap().operation.kind, OperationKind::Write);
        assert_eq!(super::kind(session.redo()), ErrorKind::NotFound);
    }
}

#[test]
fn undo_goes_all_the_way_back_through_a_past_and_redo_all_the_way_forth() {
    for between in BETWEEN {
        let stage = Stage::new();
        let mut states = vec![readable(&stage.session)];
        while let Ok(report) = stage.session.undo() {
            assert!(report.operation.checkpoint.is_some());
            states.push(readable(&stage.session));
        }
        assert!(states.len() > 25, "{}", states.len());
        assert_eq!(stage.session.latest().unwrap().files().count(), 0);
        assert_eq!(stage.session.latest().unwrap().memories().count(), 0);
        let mut handle = stage.next(between);
        while let Some(state) = states.pop() {
            assert_same(&readable(&handle), &state, &format!("{between:?} {}", states.len()));
            if !states.is_empty() {
                handle.redo().unwrap();
            }
            if let Between::Reopening | Between::AnotherHandle = between {
                handle = stage.next(between);
            }
        }
        assert_eq!(super::kind(handle.redo()), ErrorKind::NotFound);
    }
}

#[test]
fn a_transcripts_import_is_undone_and_redone_as_a_whole() {
    let lines: Vec<String> =
        (0..1_100).map(|at| format!(r#"{{"role": "user", "content": "line {at}"}}"#)).collect();
    let text = format!("[{}]", lines.join(","));
    let source = read(text.as_bytes(), Some(Format::OpenAiChat)).unwrap();
    for between in BETWEEN {
        let stage = Stage::new();
        let before = readable(&stage.session);
        let go_on = &mut |_| ControlFlow::Continue(());
        stage.session.import_transcript(&source.transcripts[0], "chat", go_on).unwrap();
        back_and_forth(&stage, OperationKind::Import, &before, between);
    }
}
