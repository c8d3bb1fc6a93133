//! Golden vectors of proposals, decisions, findings and gates.

use std::time::Duration;

use super::golden::{assert_values, id};
use super::turn_golden::{assert_named, named};
use crate::id::{CheckpointId, ContentId, MapId};
use crate::object::*;

#[test]
fn revisions_keep_their_bytes() {
    let first = Revision {
        number: 1,
        supersedes: None,
        base: None,
        changes: MapId::new(id(1)),
        paths: 1,
        title: String::new(),
        author: String::new(),
        turn: None,
    };
    let next = Revision { number: 2, supersedes: Some(id(2)), ..first.clone() };
    let based = Revision { base: Some(CheckpointId::new(id(3))), ..first.clone() };
    let of_turn = Revision { turn: Some(id(4)), author: "implement".into(), ..first.clone() };
    let all = Revision {
        number: 300,
        supersedes: Some(id(2)),
        base: Some(CheckpointId::new(id(3))),
        paths: 100_000,
        title: "Mend the parser".into(),
        author: "agent-7".into(),
        turn: Some(id(4)),
        ..first.clone()
    };
    let vectors = vec![
        ("first", first),
        ("next", next),
        ("based", based),
        ("of a turn", of_turn),
        ("all", all),
    ];
    assert_values("revision.txt", vectors);
}

#[test]
fn decisions_keep_their_bytes() {
    let bare = Decision {
        session: Vec::new(),
        about: DecisionAbout::Revision(id(1)),
        choice: Choice::Accept,
        by: DecidedBy::Person,
        actor: String::new(),
        reason: String::new(),
    };
    let of = |about, choice| Decision {
        session: vec![0xab; 16],
        about,
        choice,
        actor: "me".into(),
        reason: "it is right".into(),
        ..bare.clone()
    };
    let arguments = ContentId::new(id(3));
    let tool = |schema| DecisionAbout::Tool { name: "deploy".into(), schema };
    let vectors = vec![
        ("bare", bare.clone()),
        ("step", of(DecisionAbout::Step { step: id(2), arguments }, Choice::AllowOnce)),
        ("tool", of(tool(Some(id(4))), Choice::AllowAlways)),
        ("tool without schema", of(tool(None), Choice::RejectAlways)),
        ("revision", of(DecisionAbout::Revision(id(1)), Choice::Reject)),
        ("finding", of(DecisionAbout::Finding(id(5)), Choice::Resolve)),
    ];
    let mut more = named("choice", Choice::ALL, |choice| Decision { choice, ..bare.clone() });
    more.extend(named("by", DecidedBy::ALL, |by| Decision { by, ..bare.clone() }));
    assert_named("decision.txt", vectors, more);
}

#[test]
fn findings_keep_their_bytes() {
    let bare = Finding::new("acme/style", Severity::Info, "tabs in a.rs");
    let on_path = Finding { path: b"src/\xff".to_vec(), ..bare.clone() };
    let of_turn = Finding { turn: Some(id(1)), ..bare.clone() };
    let of_revision = Finding { revision: Some(id(2)), ..bare.clone() };
    let of_step = Finding { step: Some(id(3)), ..bare.clone() };
    let all = Finding {
        severity: Severity::Error,
        path: b"src/lib.rs".to_vec(),
        turn: Some(id(1)),
        revision: Some(id(2)),
        step: Some(id(3)),
        ..bare.clone()
    };
    let more = named("severity", Severity::ALL, |severity| Finding { severity, ..bare.clone() });
    let vectors = vec![
        ("bare", bare.clone()),
        ("path", on_path),
        ("turn", of_turn),
        ("revision", of_revision),
        ("step", of_step),
        ("all", all),
    ];
    assert_named("finding.txt", vectors, more);
}

#[test]
fn gates_keep_their_bytes() {
    let shell = Gate::shell("cargo test");
    let arguments = [&b"cargo"[..], b"test", b"", b"\xff"].map(<[u8]>::to_vec).to_vec();
    let arguments = Gate::of(CommandLine::Arguments(arguments));
    let all = Gate {
        directory: b"core".to_vec(),
        timeout: Some(Duration::from_millis(600_000)),
        inputs: vec!["src/**".into(), "*.toml".into()],
        reports: vec!["junit.xml".into()],
        claims: vec!["all tests pass".into(), "".into()],
        ..shell.clone()
    };
    let timed = Gate { timeout: Some(Duration::ZERO), ..arguments.clone() };
    let vectors = vec![("shell", shell), ("arguments", arguments), ("all", all), ("timed", timed)];
    assert_values("gate.txt", vectors);
}
