//! A store with turns, proposals, findings and gates. [`write()`] made `tests/data/stores/turns` once; it is
//! read for ever.

use std::path::Path;
use std::time::Duration;

use partita::context::Tool;
use partita::host::turn::{
    CallAttempt, ChangeSet, Choice, Complexity, DriverId, Effect, Finding, Gate, GateResult,
    ModelAnswer, Policy, RolePolicy, Severity, Step, StepResult, Supplied, ToolResult, Turn,
};
use partita::object::{ModelCall, Usage};
use partita::{
    Body, ErrorKind, FilePath, Json, Memory, NewEntry, Part, Result, Session, Store, Timestamp,
};

use crate::crash::entropy::{Source, fill};

/// Makes the store.
///
/// # Errors
/// As what it calls.
pub fn write(directory: &Path) -> Result<()> {
    Source::new(23).supply(|| write_all(directory))
}

/// A driver that is easy to see.
pub fn driver(byte: u8) -> DriverId {
    DriverId::new([byte; 16])
}

fn write_all(directory: &Path) -> Result<()> {
    let store = Store::options()
        .catalogue(false)
        .clock(|| Timestamp::from_millis(1_700_000_000_000))
        .entropy(fill)
        .open(directory)?;
    let session = store.session("parser")?.with_actor("me");
    begin(&session)?;
    ended_turn(&session)?;
    let drop = ChangeSet::from([(FilePath::new("notes")?, None)]);
    let rejected = session.propose("Drop the notes", drop)?;
    session.review(rejected.number, rejected.newest().id, Choice::Reject, "we need them")?;
    let style = Finding::new("acme/style", Severity::Info, "tabs in src/lib.rs");
    let number = session.find(style)?;
    session.resolve_finding(number, "that is how we write it")?;
    open_turn(&session)
}

/// What stands there before any turn: files, tools, a gate, and a dialog that is too long for a role.
fn begin(session: &Session) -> Result<()> {
    session.write("src/lib.rs", "fn parse() {}\n")?;
    session.write("notes", "one\n")?;
    let schema = Json::parse(r#"{"type":"object"}"#)?;
    let tool = |name: &str| Tool::new(name, "", schema.clone());
    session.set_tools(&[tool("read"), tool("edit"), tool("deploy"), tool("release")])?;
    let gate = Gate {
        timeout: Some(Duration::from_secs(60)),
        inputs: vec!["src/**".to_owned()],
        claims: vec!["it parses".to_owned()],
        ..Gate::shell("make test")
    };
    session.set_gate("tests", Some(&gate))?;
    session.remember(Memory::user("What do the old notes say?"))?;
    session.remember(Memory::assistant("The parser drops tokens. ".repeat(400)))?;
    session.remember(Memory::user("Mend the parser."))?;
    Ok(())
}

/// A turn with a budget, a change that was rejected, mended and applied, and a gate that passed.
fn ended_turn(session: &Session) -> Result<()> {
    let mut policy = Policy::of_stages([("implement", "Do it, and keep the tests.")]);
    policy.effect("edit", Effect::Idempotent).route("implement", "m-1");
    let instructions = "You write Rust.".to_owned();
    policy
        .roles
        .insert("implement".to_owned(), RolePolicy { instructions, budget: 2_000, reserve: 500 });
    policy.review.person = true;
    policy.files = vec!["src/**".to_owned()];
    policy.gates = vec!["tests".to_owned()];
    let mut turn = Turn::begin(session, &policy, driver(1))?;
    let overloaded = CallAttempt {
        provider: "p".to_owned(),
        model: "m-1".to_owned(),
        outcome: "overloaded".to_owned(),
        took: Some(30),
    };
    let asked = only(&mut turn)?;
    let edit = calls([call("1", "edit", r#"{"path":"src/lib.rs"}"#)]);
    let edit = edit.with_call(served("m-2")).with_attempt(overloaded).with_price(1_200, 340);
    turn.supply(asked.id(), edit.with_complexity(Complexity::Medium))?;
    let tool = only(&mut turn)?;
    let first = ToolResult::text("written")
        .with_file(FilePath::new("src/lib.rs")?, NewEntry::file("fn parse() { todo!() }\n"))
        .with_file(FilePath::new("notes")?, NewEntry::file("two\n"));
    turn.supply(tool.id(), first)?;
    say(&mut turn, "I changed two files.")?;
    let ask = only(&mut turn)?;
    let why = "leave the notes alone".to_owned();
    turn.supply(ask.id(), StepResult::Choice(Choice::Reject, why))?;
    let asked = only(&mut turn)?;
    turn.supply(asked.id(), calls([call("2", "edit", r#"{"path":"src/lib.rs"}"#)]))?;
    let tool = only(&mut turn)?;
    let second = ToolResult::text("written")
        .with_file(FilePath::new("src/lib.rs")?, NewEntry::file("fn parse() { tokens(); }\n"))
        .with_file(FilePath::new("notes")?, NewEntry::file("one\n"));
    turn.supply(tool.id(), second)?;
    say(&mut turn, "I changed one file.")?;
    let ask = only(&mut turn)?;
    turn.supply(ask.id(), StepResult::choice(Choice::Accept))?;
    let gate = only(&mut turn)?;
    turn.supply(gate.id(), GateResult::new(true, "1 passed"))?;
    assert!(turn.next()?.is_none(), "the turn has ended");
    Ok(())
}

/// A turn that a person allowed a tool for good, that was taken over, and that waits for an answer.
fn open_turn(session: &Session) -> Result<()> {
    session.remember(Memory::user("Publish it."))?;
    let mut policy = Policy::new();
    policy.effect("read", Effect::Read).effect("deploy", Effect::Irreversible);
    policy.effect("release", Effect::Irreversible);
    let mut turn = Turn::begin(session, &policy, driver(2))?;
    let asked = only(&mut turn)?;
    turn.supply(asked.id(), calls([call("3", "deploy", "{}")]))?;
    let ask = only(&mut turn)?;
    let why = "it is a test machine".to_owned();
    turn.supply(ask.id(), StepResult::Choice(Choice::AllowAlways, why))?;
    let tool = only(&mut turn)?;
    turn.supply(tool.id(), StepResult::text("deployed"))?;
    let asked = only(&mut turn)?;
    turn.supply(asked.id(), calls([call("4", "read", "{}"), call("5", "release", "{}")]))?;
    let steps = turn.next()?.expect("the turn goes on");
    let read = steps[0].id();
    let mut second = Turn::resume(session, turn.id(), driver(3))?;
    second.next()?;
    let late = turn.supply(read, StepResult::text("read too late")).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Conflict);
    assert_eq!(second.supply(read, StepResult::text("fn parse"))?, Supplied::Taken);
    Ok(())
}

/// An answer that calls `deploy` once more.
pub fn deploys() -> ModelAnswer {
    calls([call("6", "deploy", "{}")])
}

/// An answer that calls nothing.
pub fn done() -> ModelAnswer {
    ModelAnswer::new(Memory::assistant("It is published."))
}

/// The only step that can be done now.
fn only(turn: &mut Turn) -> Result<Step> {
    let mut steps = turn.next()?.expect("the turn goes on");
    assert_eq!(steps.len(), 1, "{steps:?}");
    Ok(steps.remove(0))
}

fn say(turn: &mut Turn, text: &str) -> Result<()> {
    let asked = only(turn)?;
    let answer = ModelAnswer::new(Memory::assistant(text)).with_call(served("m-1"));
    turn.supply(asked.id(), answer.with_price(800, 20))?;
    Ok(())
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    Part::Call { id: id.into(), name: name.into(), arguments: Body::new(arguments) }
}

fn calls(parts: impl IntoIterator<Item = Part>) -> ModelAnswer {
    ModelAnswer::new(parts.into_iter().fold(Memory::assistant("I do."), Memory::with_part))
}

fn served(model: &str) -> ModelCall {
    let usage = Usage { input: Some(900), output: Some(100), ..Usage::default() };
    ModelCall { provider: "p".to_owned(), model: model.to_owned(), usage, ..ModelCall::default() }
}
