//! Golden vectors of what a turn leaves in a store.

use std::fmt::{Debug, Display};

use super::golden::{assert_values, id};
use crate::id::ContentId;
use crate::object::*;

fn driver(byte: u8) -> DriverId {
    DriverId::new([byte; 16])
}

/// A name that says which of the words a vector is of.
pub(super) fn named<T: Copy + Display, V>(
    what: &str,
    words: &[T],
    of: impl Fn(T) -> V,
) -> Vec<(String, V)> {
    words.iter().map(|word| (format!("{what} {word}"), of(*word))).collect()
}

pub(super) fn assert_named<T: Canonical + Clone + PartialEq + Debug>(
    file: &str,
    vectors: Vec<(&str, T)>,
    more: Vec<(String, T)>,
) {
    let more = more.iter().map(|(name, value)| (name.as_str(), value.clone()));
    assert_values(file, vectors.into_iter().chain(more).collect());
}

#[test]
fn policies_keep_their_bytes() {
    let stage = |role: &str, prompt: &str| Stage { role: role.into(), prompt: prompt.into() };
    let limits = TurnLimits {
        calls: 0,
        tokens: 0,
        cost: 0,
        time: 0,
        rounds: 0,
        repeats: 0,
        failures: 0,
        parallel: 1,
    };
    let bare = Policy {
        stages: vec![stage("agent", "")],
        roles: [].into(),
        tools: [].into(),
        routes: Vec::new(),
        limits,
        review: Review::default(),
        gates: Vec::new(),
        files: Vec::new(),
        rules: Vec::new(),
        complexity: None,
        dialect: String::new(),
    };
    let role = |instructions: &str, budget, reserve| RolePolicy {
        instructions: instructions.into(),
        budget,
        reserve,
    };
    let route = |role: &str, from, spent_max| Route {
        role: role.into(),
        model: "m-1".into(),
        from,
        spent_max,
    };
    let tools = [
        ("read", Effect::Read, Asks::ByEffect),
        ("put", Effect::Idempotent, Asks::Always),
        ("edit", Effect::Reversible, Asks::Never),
        ("deploy", Effect::Irreversible, Asks::ByEffect),
    ];
    let all = Policy {
        stages: vec![stage("plan", "Make a plan."), stage("implement", "")],
        roles: [
            ("plan".to_owned(), role("Think.", 100_000, 4_096)),
            ("".to_owned(), role("", 0, 0)),
        ]
        .into(),
        tools: tools
            .map(|(name, effect, asks)| (name.to_owned(), ToolPolicy { effect, asks }))
            .into(),
        routes: vec![
            route("", Complexity::Low, 0),
            route("plan", Complexity::Medium, 300),
            route("", Complexity::High, u64::MAX),
        ],
        limits: TurnLimits {
            calls: 200,
            tokens: 1_000_000,
            cost: 5_000_000,
            time: 3_600_000,
            rounds: 3,
            repeats: 4,
            failures: 5,
            parallel: 1_024,
        },
        review: Review { tests: true, model: Some("verify".into()), person: true },
        gates: vec!["tests".into(), "lint".into()],
        files: vec!["src/**".into()],
        rules: vec![
            Rule::new("acme/style", Severity::Info),
            Rule::new(Policy::COST, Severity::Warning).with("4000000"),
            Rule::new(Policy::SECRET, Severity::Error).with("a").with(""),
        ],
        complexity: Some(Complexity::Medium),
        dialect: "anthropic".into(),
    };
    let review = |tests, model: Option<&str>, person| Policy {
        review: Review { tests, model: model.map(str::to_owned), person },
        ..bare.clone()
    };
    let vectors = vec![
        ("bare", bare.clone()),
        ("all", all),
        ("tests", review(true, None, false)),
        ("person", review(false, None, true)),
        ("model", review(false, Some(""), false)),
    ];
    let complexity = named("complexity", Complexity::ALL, |complexity| Policy {
        complexity: Some(complexity),
        ..bare.clone()
    });
    assert_named("policy.txt", vectors, complexity);
}

#[test]
fn turns_keep_their_bytes() {
    let first = TurnStart { session: Vec::new(), nonce: [1; 16], policy: id(2), memory: 0 };
    let later = TurnStart { session: vec![0xab; 32], memory: 300, ..first.clone() };
    assert_values("turn.txt", vec![("first", first), ("later", later)]);
}

#[test]
fn progress_of_turns_keeps_its_bytes() {
    let began = TurnProgress {
        driver: driver(1),
        takeovers: 0,
        round: 1,
        phase: Phase::Model,
        stage: 0,
        memory: 0,
        answer: None,
        proposal: 0,
        calls: 0,
        tokens: 0,
        cost: 0,
        time: 0,
        rounds: 0,
        failures: 0,
        complexity: None,
        ended: None,
        note: String::new(),
    };
    let all = TurnProgress {
        driver: driver(0xff),
        takeovers: 2,
        round: 300,
        phase: Phase::Ended,
        stage: 3,
        memory: 70_000,
        answer: Some(id(4)),
        proposal: 5,
        calls: 6,
        tokens: 1_000_000,
        cost: u64::MAX,
        time: 7,
        rounds: 8,
        failures: 9,
        complexity: Some(Complexity::High),
        ended: Some(EndReason::Rejected),
        note: "a person rejected it".into(),
    };
    let mut more = named("phase", Phase::ALL, |phase| TurnProgress { phase, ..began.clone() });
    more.extend(named("ended", EndReason::ALL, |reason| TurnProgress {
        phase: Phase::Ended,
        ended: Some(reason),
        ..began.clone()
    }));
    more.extend(named("complexity", Complexity::ALL, |complexity| TurnProgress {
        complexity: Some(complexity),
        ..began.clone()
    }));
    let answer =
        TurnProgress { phase: Phase::Tools, memory: 2, answer: Some(id(3)), ..began.clone() };
    let note = TurnProgress { note: "z\u{fc}ruck".into(), ..began.clone() };
    let vectors = vec![("began", began), ("all", all), ("answer", answer), ("note", note)];
    assert_named("turn-progress.txt", vectors, more);
}

#[test]
fn steps_keep_their_bytes() {
    let of =
        |work| StepIntent { turn: id(1), round: 2, index: 3, attempt: 1, driver: driver(4), work };
    let model = |complexity, context, purpose| StepWork::Model {
        role: "plan".into(),
        model: "m-1".into(),
        why: "for plan at low tasks".into(),
        complexity,
        context,
        purpose,
    };
    let context = Some(ContentId::new(id(5)));
    let tool = |schema, effect| StepWork::Tool {
        memory: id(6),
        call: "call-1".into(),
        name: "edit".into(),
        arguments: ContentId::new(id(7)),
        schema,
        effect,
    };
    let gate = |revision| StepWork::Gate { name: "tests".into(), gate: id(8), revision };
    let call = |schema| QuestionCall {
        index: 300,
        tool: "deploy".into(),
        schema,
        arguments: ContentId::new(id(9)),
    };
    let ask = |question| StepWork::Ask { question, text: "May deploy be called? {}".into() };
    let stage = Purpose::Stage(0);
    let far = StepIntent {
        round: 70_000,
        index: 1 << 36 | 251,
        attempt: 300,
        ..of(tool(Some(id(10)), Effect::Read))
    };
    let bare = StepWork::Model {
        role: String::new(),
        model: String::new(),
        why: String::new(),
        complexity: Complexity::Low,
        context: None,
        purpose: stage,
    };
    let vectors = vec![
        ("far", far),
        ("model bare", of(bare)),
        ("model stage", of(model(Complexity::Low, context, Purpose::Stage(300)))),
        ("model review", of(model(Complexity::Low, context, Purpose::Review(id(11))))),
        ("tool without schema", of(tool(None, Effect::Read))),
        ("gate", of(gate(None))),
        ("gate on a revision", of(gate(Some(id(11))))),
        ("approve", of(ask(Question::Approve(call(Some(id(10))))))),
        ("approve without schema", of(ask(Question::Approve(call(None))))),
        ("unknown", of(ask(Question::Unknown(call(Some(id(10))))))),
        ("unknown without schema", of(ask(Question::Unknown(call(None))))),
        ("review", of(ask(Question::Review { revision: id(11) }))),
    ];
    let mut more = named("complexity", Complexity::ALL, |it| of(model(it, None, stage)));
    more.extend(named("effect", Effect::ALL, |effect| of(tool(Some(id(10)), effect))));
    assert_named("step.txt", vectors, more);
}

#[test]
fn outcomes_of_steps_keep_their_bytes() {
    let bare = StepOutcome {
        attempt: 1,
        driver: driver(1),
        is_late: false,
        end: StepEnd::Done,
        text: String::new(),
        memory: None,
        number: None,
        result: None,
        call: None,
        decision: None,
        attempts: Vec::new(),
        took: None,
        cost: None,
        run: None,
        evidence: None,
    };
    let tried = |outcome: &str, took| CallAttempt {
        provider: "anthropic".into(),
        model: "m-1".into(),
        outcome: outcome.into(),
        took,
    };
    let all = StepOutcome {
        attempt: 300,
        is_late: true,
        text: "ok".into(),
        memory: Some(id(2)),
        number: Some(70_000),
        result: Some(id(3)),
        call: Some(id(4)),
        decision: Some(id(5)),
        attempts: vec![tried("overloaded", Some(300)), tried("", None)],
        took: Some(1_500),
        cost: Some(u64::MAX),
        run: Some(6),
        evidence: Some(7),
        ..bare.clone()
    };
    let with = |change: fn(&mut StepOutcome)| {
        let mut outcome = bare.clone();
        change(&mut outcome);
        outcome
    };
    let vectors = vec![
        ("bare", bare.clone()),
        ("all", all),
        ("late", with(|it| it.is_late = true)),
        ("text", with(|it| it.text = "it was done: a person says so".into())),
        ("memory", with(|it| it.memory = Some(id(2)))),
        ("result", with(|it| it.result = Some(id(3)))),
        ("call", with(|it| it.call = Some(id(4)))),
        ("decision", with(|it| it.decision = Some(id(5)))),
        ("number", with(|it| it.number = Some(0))),
        ("took", with(|it| it.took = Some(250))),
        ("cost", with(|it| it.cost = Some(251))),
        ("run", with(|it| it.run = Some(1))),
        ("evidence", with(|it| it.evidence = Some(1))),
        ("attempt", StepOutcome { attempts: vec![tried("ok", Some(0))], ..bare.clone() }),
    ];
    let ends = named("end", StepEnd::ALL, |end| StepOutcome { end, ..bare.clone() });
    assert_named("step-outcome.txt", vectors, ends);
}
