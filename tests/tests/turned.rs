//! A store that holds turns, proposals, findings and gates, as the first version with them wrote it: read,
//! checked and gone on with for ever.

use std::path::Path;
use std::time::Duration;

use partita::host::turn::{
    CallTotals, ChangeSet, Choice, Complexity, DecidedBy, DecisionAbout, Effect, EndReason, Phase,
    Policy, ProposalStatus, Question, Severity, Step, StepEnd, StepResult, StepWork, Turn,
};
use partita::upkeep::{GcOptions, go_on};
use partita::{Entry, ErrorKind, FilePath, NewEntry, ObjectId, Session, Store};
use partita_tests::command::Partita;
use partita_tests::turned::{self, driver};

/// A copy of the store.
fn copied(room: &Path) -> (Store, Session) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/stores/turns");
    Partita::at(data).copy_to(room.join("store"));
    let store = Store::open(room.join("store")).unwrap();
    let session = store.open_session("parser").unwrap();
    (store, session)
}

const ENDED: &str = "f3048c8e86c31bb8764c45ef6e41cca83e3b61f86f0ff63a03f25d17200bd8d4";
const OPEN: &str = "aec84fab0febfc3ab2d25cf60263aa5d41347bee3421958412f17e92b0a2a56d";

fn turn(text: &str) -> ObjectId {
    text.parse().unwrap()
}

#[test]
fn a_store_with_turns_says_how_they_went() {
    let room = tempfile::tempdir().unwrap();
    let (store, session) = copied(room.path());
    assert!(store.check(&mut go_on).unwrap().is_ok());
    let latest = session.latest().unwrap();
    let turns = session.turns().unwrap();
    assert_eq!(turns.iter().map(|turn| turn.id.to_string()).collect::<Vec<_>>(), [ENDED, OPEN]);
    let [ended, open] = &turns[..] else { panic!() };
    assert_eq!(
        (ended.number, ended.is_open(), ended.ended()),
        (1, false, Some(EndReason::EndTurn))
    );
    let progress = &ended.progress;
    assert_eq!((progress.driver, progress.takeovers, progress.round), (driver(1), 0, 9));
    assert_eq!(
        (progress.calls, progress.tokens, progress.cost, progress.time),
        (4, 3_000, 380, 2_800)
    );
    assert_eq!((progress.rounds, progress.complexity), (1, Some(Complexity::Medium)));
    assert_eq!(ended.start.memory, 3);
    assert_eq!((open.number, open.is_open(), open.start.memory), (2, true, 14));
    let progress = &open.progress;
    assert_eq!((progress.driver, progress.takeovers), (driver(3), 1));
    assert_eq!((progress.phase, progress.round), (Phase::Tools, 4));
    let policy = latest.policy(ended.id).unwrap();
    assert_eq!(policy.stages[0].prompt, "Do it, and keep the tests.");
    let role = &policy.roles["implement"];
    assert_eq!((&*role.instructions, role.budget, role.reserve), ("You write Rust.", 2_000, 500));
    assert_eq!(policy.tool("edit").effect, Effect::Idempotent);
    assert!(policy.review.person && policy.rule(Policy::SECRET).is_some());
    // What the budget put away.
    assert_eq!(latest.hidden_from("implement").unwrap().into_iter().collect::<Vec<_>>(), [1, 2]);
    assert!(latest.hidden_from("agent").unwrap().is_empty());
    // The ids of what is stored are part of the format.
    assert_eq!(
        latest.checkpoint().unwrap().id.to_string(),
        "eaf1fee58b42d78021318cf85ed38f8fa6c3c61130a874c6f17b429d3157d2e0"
    );
}

#[test]
fn a_store_with_turns_says_what_was_asked_and_answered() {
    let room = tempfile::tempdir().unwrap();
    let (_store, session) = copied(room.path());
    let latest = session.latest().unwrap();
    let steps: Vec<_> = latest.steps(turn(OPEN)).map(Result::unwrap).collect();
    let kinds: Vec<_> = steps
        .iter()
        .map(|step| {
            let kind = match step.work() {
                StepWork::Model { .. } => "model",
                StepWork::Tool { name, .. } => name,
                StepWork::Gate { .. } => "gate",
                StepWork::Ask { .. } => "ask",
            };
            (step.round, kind.to_owned(), step.outcome().map(|outcome| outcome.end))
        })
        .collect();
    let done = Some(StepEnd::Done);
    let row = |round, kind: &str, end| (round, kind.to_owned(), end);
    assert_eq!(
        kinds,
        [
            row(1, "model", done),
            row(2, "deploy", done),
            row(2, "ask", done),
            row(3, "model", done),
            row(4, "read", done),
            row(4, "ask", None),
        ]
    );
    let read = &steps[4];
    let ends: Vec<_> = read
        .attempts
        .iter()
        .map(|it| (it.intent.driver, it.outcome.as_ref().unwrap().end))
        .collect();
    assert_eq!(ends, [(driver(2), StepEnd::Unknown), (driver(3), StepEnd::Done)]);
    let [late] = &read.late[..] else { panic!("{:?}", read.late) };
    assert_eq!((late.attempt, late.driver, &*late.text), (1, driver(2), "read too late"));
    let questions = session.questions().unwrap();
    let [question] = &questions[..] else { panic!("{questions:?}") };
    let Some(Question::Approve(call)) = question.question() else { panic!() };
    assert_eq!((&*call.tool, call.index, call.schema.is_some()), ("release", 1, true));
    let calls = session.calls().unwrap();
    let first = &calls[0];
    assert_eq!((&*first.requested, first.served.as_deref()), ("m-1", Some("m-2")));
    assert_eq!(first.why, "for implement at low tasks");
    let tried = &first.attempts[0];
    assert_eq!((&*tried.outcome, tried.took, first.memory), ("overloaded", Some(30), Some(5)));
    let totals = CallTotals::by_role(&calls);
    let row: Vec<_> = totals
        .iter()
        .map(|row| (&*row.name, row.calls, row.prompt_tokens, row.took, row.unsaid))
        .collect();
    assert_eq!(row, [("agent", 2, 0, 0, 2), ("implement", 4, 2_700, 2_800, 1)]);
}

#[test]
fn a_store_with_turns_says_what_was_proposed_decided_and_found() {
    let room = tempfile::tempdir().unwrap();
    let (_store, session) = copied(room.path());
    let latest = session.latest().unwrap();
    let proposals = latest.proposals().unwrap();
    let statuses: Vec<_> = proposals.iter().map(|it| (it.number, it.status, it.applied)).collect();
    assert_eq!(
        statuses,
        [(1, ProposalStatus::Applied, Some(2)), (2, ProposalStatus::Rejected, None)]
    );
    let [first, second] = [0, 1].map(|at| &proposals[0].revisions[at]);
    assert_eq!((first.revision.paths, second.revision.paths), (2, 1));
    assert_eq!(second.revision.supersedes, Some(first.id));
    assert_eq!((&*second.revision.author, second.revision.turn), ("implement", Some(turn(ENDED))));
    let decided: Vec<_> = proposals[0]
        .decisions
        .iter()
        .map(|it| (it.about.clone(), it.choice, it.by, &*it.reason))
        .collect();
    let about = DecisionAbout::Revision;
    assert_eq!(
        decided,
        [
            (about(first.id), Choice::Reject, DecidedBy::Person, "leave the notes alone"),
            (about(second.id), Choice::Accept, DecidedBy::Person, ""),
        ]
    );
    let changes = latest.proposed(second).unwrap();
    assert_eq!((changes.len(), changes[0].path.to_string()), (1, "src/lib.rs".to_owned()));
    let content = |bytes: &[u8]| Some(partita::ContentId::new(ObjectId::of_content(bytes)));
    assert_eq!(changes[0].before.as_ref().and_then(Entry::content), content(b"fn parse() {}\n"));
    assert_eq!(changes[0].after.content(), content(b"fn parse() { tokens(); }\n"));
    assert_eq!(session.read("src/lib.rs").unwrap(), b"fn parse() { tokens(); }\n");
    assert_eq!(session.read("notes").unwrap(), b"one\n");
    let removed = &proposals[1];
    assert_eq!(removed.newest().revision.author, "me");
    assert_eq!(latest.proposed(removed.newest()).unwrap()[0].after, Entry::Removed);
    let findings = session.findings().unwrap();
    let found: Vec<_> = findings
        .iter()
        .map(|it| (it.number, &*it.finding.rule, it.finding.severity, it.resolved.is_some()))
        .collect();
    assert_eq!(
        found,
        [(1, Policy::OUTSIDE, Severity::Error, false), (2, "acme/style", Severity::Info, true),]
    );
    assert_eq!(findings[0].finding.path, b"notes");
    assert_eq!(findings[0].finding.revision, Some(first.id));
    let resolved = findings[1].resolved.as_ref().unwrap();
    assert_eq!((&*resolved.actor, &*resolved.reason), ("me", "that is how we write it"));
    let gates = session.gates().unwrap();
    let [gate] = &gates[..] else { panic!("{gates:?}") };
    assert_eq!((&*gate.name, gate.gate.command.line().as_str()), ("tests", "make test"));
    assert_eq!(gate.gate.timeout, Some(Duration::from_secs(60)));
    assert_eq!(
        (&gate.gate.inputs[..], &gate.gate.claims[..]),
        (&["src/**".to_owned()][..], &["it parses".to_owned()][..])
    );
    assert_eq!(format!("{:.10}", gate.id), "7e7a5211e5");
}

#[test]
fn one_goes_on_with_a_turn_that_is_stored() {
    let room = tempfile::tempdir().unwrap();
    let (store, session) = copied(room.path());
    // A fork has the turns to look at, and inherits no approval.
    let fork = session.fork("fork").unwrap();
    assert_eq!(fork.turns().unwrap().len(), 2);
    assert!(fork.questions().unwrap().is_empty());
    let error = Turn::resume(&fork, turn(OPEN), driver(4)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let question = session.questions().unwrap().remove(0);
    session.decide(question.id, Choice::RejectOnce, "not on Fridays").unwrap();
    let mut driven = Turn::resume(&session, turn(OPEN), driver(4)).unwrap();
    let mut rounds = 0;
    while let Some(steps) = driven.next().unwrap() {
        for step in steps {
            rounds += 1;
            let result = match &step {
                Step::CallModel(_) if rounds == 1 => turned::deploys().into(),
                Step::CallModel(_) => turned::done().into(),
                // What a person allowed for good is not asked about.
                Step::RunTool(tool) if tool.name == "deploy" => StepResult::text("deployed again"),
                step => panic!("{step:?}"),
            };
            driven.supply(step.id(), result).unwrap();
        }
    }
    assert_eq!(driven.ended().unwrap(), Some(EndReason::EndTurn));
    assert_eq!(rounds, 3);
    let change = ChangeSet::from([(FilePath::new("notes").unwrap(), Some(NewEntry::file("1\n")))]);
    let revised = session.revise(2, "Shorten the notes", change).unwrap();
    assert_eq!((revised.newest().revision.number, revised.status), (2, ProposalStatus::Open));
    session.review(2, revised.newest().id, Choice::Accept, "").unwrap();
    session.apply_proposal(2).unwrap();
    assert_eq!(session.read("notes").unwrap(), b"1\n");
    store.gc(&GcOptions::new(), &mut go_on).unwrap();
    assert!(store.check(&mut go_on).unwrap().is_ok());
    // Steps outlive an undo.
    let steps = session.latest().unwrap().steps(turn(OPEN)).count();
    session.undo().unwrap();
    assert_eq!(session.latest().unwrap().steps(turn(OPEN)).count(), steps);
}
