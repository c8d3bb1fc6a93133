//! Turns, proposals, decisions, findings and gates as they are written.

use std::time::Duration;

use crate::host::turn::{
    CallAttempt, CallTotals, ChangeSet, Choice, Decision, DecisionAbout, DriverId, Effect, Finding,
    Gate, ModelAnswer, Policy, Question, QuestionCall, Severity, StepResult, StepWork, ToolResult,
    Turn,
};
use crate::object::{CommandLine, ModelCall, Usage};
use crate::{
    Body, FilePath, Json, Memory, NewEntry, ObjectId, Part, Session, Store, context::Tool,
};

fn session() -> Session {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    let schema = Json::parse(r#"{"type":"object"}"#).unwrap();
    session.set_tools(&[Tool::new("edit", "", schema)]).unwrap();
    session.remember(Memory::user("Change it.")).unwrap();
    session
}

fn only(turn: &mut Turn) -> crate::host::turn::Step {
    turn.next().unwrap().expect("it goes on").remove(0)
}

#[test]
fn a_turn_and_its_steps_have_what_is_known_and_no_more() {
    let session = session();
    let mut policy = Policy::new();
    policy.effect("edit", Effect::Irreversible).route("", "m-1");
    let mut turn = Turn::begin(&session, &policy, DriverId::new([1; 16])).unwrap();
    let asked = only(&mut turn);
    let (id, driver) = (turn.id(), "01".repeat(16));
    let step = || session.latest().unwrap().steps(id).next().unwrap().unwrap();
    let before = json(&step());
    let context = {
        let StepWork::Model { context, .. } = step().work().clone() else { panic!() };
        context.unwrap()
    };
    let work = format!(
        "{{\"kind\":\"model\",\"role\":\"agent\",\"model\":\"m-1\",\"why\":\"for low tasks\",\
         \"complexity\":\"low\",\"context\":\"{context}\",\"stage\":0}}"
    );
    assert_eq!(
        before,
        format!(
            "{{\"id\":\"{}\",\"turn\":\"{id}\",\"round\":1,\"index\":0,\"work\":{work},\
             \"attempts\":[{{\"attempt\":1,\"driver\":\"{driver}\"}}],\"late\":[]}}",
            asked.id()
        )
    );
    let entry = turn.entry().unwrap();
    assert_eq!(
        json(&entry),
        format!(
            "{{\"number\":1,\"id\":\"{id}\",\"here\":true,\"policy\":\"{}\",\"since\":1,\
             \"phase\":\"model\",\"note\":\"\",\"driver\":\"{driver}\",\"takeovers\":0,\"round\":1,\"stage\":0,\
             \"calls\":1,\"tokens\":0,\"cost\":0,\"took_ms\":0,\"rounds\":0,\"failures\":0}}",
            entry.start.policy
        )
    );
    let attempt = CallAttempt {
        provider: "p".into(),
        model: "m-0".into(),
        outcome: "overloaded".into(),
        took: None,
    };
    let call = ModelCall {
        model: "m-2".into(),
        usage: Usage { input: Some(7), output: Some(3), ..Usage::default() },
        ..ModelCall::default()
    };
    let edit = Part::Call { id: "1".into(), name: "edit".into(), arguments: Body::new("{}") };
    let answer = ModelAnswer::new(Memory::assistant("I do.").with_part(edit)).with_call(call);
    turn.supply(asked.id(), answer.with_attempt(attempt).with_price(20, 300)).unwrap();
    let told = json(&step());
    assert!(told.contains("\"outcome\":{\"attempt\":1,\"driver\""), "{told}");
    assert!(
        told.contains(
            "\"end\":\"done\",\"late\":false,\"text\":\"\",\"memory\":2,\"memory_id\":\""
        )
    );
    assert!(
        told.contains(
            "\"attempts\":[{\"provider\":\"p\",\"model\":\"m-0\",\"outcome\":\"overloaded\"}],\
             \"took_ms\":20,\"cost\":300}"
        ),
        "{told}"
    );
    let calls = session.calls().unwrap();
    let call = json(&calls[0]);
    let start =
        format!("{{\"turn\":\"{id}\",\"step\":\"{}\",\"attempt\":1,\"role\":\"agent\"", asked.id());
    assert!(call.starts_with(&start), "{call}");
    assert!(
        call.contains("\"requested\":\"m-1\",\"served\":\"m-2\"") && call.contains("\"stage\":0")
    );
    assert!(call.ends_with("\"usage\":{\"input\":7,\"output\":3},\"memory\":2}"), "{call}");
    assert_eq!(
        json(&CallTotals::by_model(&calls)),
        "[{\"name\":\"m-2\",\"calls\":1,\"failed\":0,\"prompt_tokens\":7,\"output_tokens\":3,\
         \"took_ms\":20,\"cost\":300,\"unsaid\":0}]"
    );
    // A question waits.
    let ask = only(&mut turn);
    let open = session.questions().unwrap().remove(0);
    let told = json(open.work());
    assert!(
        told.starts_with(r#"{"kind":"ask","question":{"kind":"approve","index":0,"tool":"edit","#)
    );
    assert!(told.ends_with(r#""text":"May edit be called? {}"}"#), "{told}");
    turn.supply(ask.id(), StepResult::choice(Choice::AllowAlways)).unwrap();
    let tool = only(&mut turn);
    let path = FilePath::new("a").unwrap();
    let result = ToolResult::text("ok").with_file(path, NewEntry::file("1"));
    turn.supply(tool.id(), result).unwrap();
    turn.cancel("enough").unwrap();
    let ended = json(&turn.entry().unwrap());
    assert!(ended.contains(r#""phase":"ended","ended":"cancelled","note":"enough","#), "{ended}");
    assert!(ended.contains(r#""proposal":1,"calls":1,"tokens":10,"cost":300,"took_ms":20"#));
}

#[test]
fn a_proposal_has_its_revisions_and_what_was_decided() {
    let session = session();
    session.write("a", "1\n").unwrap();
    let change = |text: Option<&str>| {
        ChangeSet::from([(FilePath::new("a").unwrap(), text.map(NewEntry::file))])
    };
    let session = session.with_actor("me");
    session.propose("count", change(Some("2\n"))).unwrap();
    let proposal = session.revise(1, "remove it", change(None)).unwrap();
    let [first, second] = [0, 1].map(|at| proposal.revisions[at].clone());
    session.review(1, second.id, Choice::Accept, "good").unwrap();
    let latest = session.latest().unwrap();
    let proposal = json(&latest.proposal(1).unwrap());
    let revision = |entry: &crate::host::turn::RevisionEntry, title: &str, before: &str| {
        let crate::host::turn::Revision { number, changes, base, .. } = &entry.revision;
        format!(
            "{{\"id\":\"{}\",\"number\":{number},\"title\":\"{title}\",\"author\":\"me\",\"paths\":1,\
             \"changes\":\"{changes}\",\"checkpoint_id\":\"{}\"{before}}}",
            entry.id,
            base.unwrap()
        )
    };
    let revisions = [
        revision(&first, "count", ""),
        revision(&second, "remove it", &format!(",\"supersedes\":\"{}\"", first.id)),
    ];
    assert_eq!(
        proposal,
        format!(
            "{{\"number\":1,\"status\":\"accepted\",\"revisions\":[{}],\"decisions\":[{{\"choice\":\
             \"accept\",\"by\":\"person\",\"actor\":\"me\",\"reason\":\"good\",\"about\":\"revision\",\
             \"revision\":\"{}\"}}]}}",
            revisions.join(","),
            second.id
        )
    );
    let changes = latest.proposed(&second).unwrap();
    let content = ObjectId::of_content(b"1\n");
    assert_eq!(
        json(&changes),
        format!(
            "[{{\"path\":\"a\",\"before\":{{\"kind\":\"file\",\"executable\":false,\"content\":\
             \"{content}\"}},\"after\":{{\"kind\":\"removed\",\"executable\":false}}}}]"
        )
    );
    let applied = json(&session.apply_proposal(1).unwrap());
    assert!(applied.starts_with(r#"{"proposal":1,"revision":2,"checkpoint":{"number":"#));
    assert!(applied.ends_with(r#""paths":[{"path":"a"}],"merged":[]}"#), "{applied}");
    let proposal = json(&session.latest().unwrap().proposal(1).unwrap());
    assert!(proposal.starts_with(r#"{"number":1,"status":"applied","applied":2,"revisions""#));
}

#[test]
fn questions_and_decisions_say_what_they_are_about() {
    let id = |byte: u8| ObjectId::from_bytes([byte; 32]);
    let arguments = crate::ContentId::new(id(2));
    let call = |schema| QuestionCall { index: 3, tool: "edit".into(), schema, arguments };
    let hex = |byte: &str| byte.repeat(32);
    for (question, told) in [
        (
            Question::Approve(call(Some(id(1)))),
            format!(
                "{{\"kind\":\"approve\",\"index\":3,\"tool\":\"edit\",\"schema\":\"{}\",\"arguments\":\
                 \"{}\"}}",
                hex("01"),
                hex("02")
            ),
        ),
        (
            Question::Unknown(call(None)),
            format!(
                "{{\"kind\":\"unknown\",\"index\":3,\"tool\":\"edit\",\"arguments\":\"{}\"}}",
                hex("02")
            ),
        ),
        (
            Question::Review { revision: id(3) },
            format!("{{\"kind\":\"review\",\"revision\":\"{}\"}}", hex("03")),
        ),
    ] {
        assert_eq!(json(&question), told);
    }
    for (about, told) in [
        (
            DecisionAbout::Step { step: id(1), arguments },
            format!(
                "\"about\":\"step\",\"step\":\"{}\",\"arguments\":\"{}\"}}",
                hex("01"),
                hex("02")
            ),
        ),
        (
            DecisionAbout::Tool { name: "edit".into(), schema: None },
            "\"about\":\"tool\",\"tool\":\"edit\"}".to_owned(),
        ),
        (
            DecisionAbout::Finding(id(3)),
            format!("\"about\":\"finding\",\"finding\":\"{}\"}}", hex("03")),
        ),
    ] {
        let decision = Decision {
            session: vec![1; 16],
            about,
            choice: Choice::RejectAlways,
            by: crate::host::turn::DecidedBy::Tests,
            actor: String::new(),
            reason: String::new(),
        };
        let start = r#"{"choice":"reject-always","by":"tests","actor":"","reason":"","#;
        assert_eq!(json(&decision), format!("{start}{told}"));
    }
}

#[test]
fn findings_and_gates_leave_out_what_they_have_not() {
    let session = session();
    let finding = Finding {
        path: b"src/\xff".to_vec(),
        ..Finding::new("secret", Severity::Error, "line 1 looks like a secret")
    };
    session.find(finding).unwrap();
    session.find(Finding::new("acme/style", Severity::Info, "tabs")).unwrap();
    session.resolve_finding(2, "ours").unwrap();
    let found = session.findings().unwrap();
    assert_eq!(
        json(&found[0]),
        format!(
            "{{\"number\":1,\"id\":\"{}\",\"rule\":\"secret\",\"severity\":\"error\",\"text\":\"line 1 \
             looks like a secret\",\"path\":\"src/\u{fffd}\",\"path_bytes\":[115,114,99,47,255],\
             \"memory\":2}}",
            found[0].id
        )
    );
    let resolved = json(&found[1]);
    assert!(resolved.contains(r#""text":"tabs","memory":3,"resolved":{"choice":"resolve","#));
    let gate = Gate::shell("make test");
    session.set_gate("tests", Some(&gate)).unwrap();
    let entry = session.gates().unwrap().remove(0);
    assert_eq!(
        json(&entry),
        format!(
            "{{\"name\":\"tests\",\"id\":\"{}\",\"command\":\"make test\",\"inputs\":[],\"reports\":[],\
             \"claims\":[]}}",
            entry.id
        )
    );
    let whole = Gate {
        directory: b"core".to_vec(),
        timeout: Some(Duration::from_secs(2)),
        inputs: vec!["src/**".into()],
        reports: vec!["junit.xml".into()],
        claims: vec!["all tests pass".into()],
        ..Gate::of(CommandLine::Arguments(vec![b"make".to_vec(), b"test".to_vec()]))
    };
    assert_eq!(
        json(&whole),
        r#"{"command":"make test","directory":"core","timeout_ms":2000,"inputs":["src/**"],"reports":["junit.xml"],"claims":["all tests pass"]}"#
    );
}

/// A value without what it says is not there, so that a test tells the rest.
fn json(value: &impl serde::Serialize) -> String {
    let mut text = super::json(value);
    while let Some(end) = text.find(":null") {
        let start = text[..end - 1].rfind('"').expect("a key has two quotes");
        let (before, after) = (&text[..start], &text[end + ":null".len()..]);
        let (before, after) = match before.strip_suffix(',') {
            Some(before) => (before, after),
            None => (before, after.strip_prefix(',').unwrap_or(after)),
        };
        text = format!("{before}{after}");
    }
    text
}

#[test]
fn what_is_not_there_is_null() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    session.write("a", "1").unwrap();
    let change = ChangeSet::from([(FilePath::new("a").unwrap(), None)]);
    let told = super::json(&session.propose("remove it", change).unwrap());
    assert!(told.contains(r#""applied":null"#) && told.contains(r#""supersedes":null"#), "{told}");
}
