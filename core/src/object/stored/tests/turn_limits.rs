//! The limits of what a turn leaves in a store bind at their numbers; what is not canonical is refused.

use std::fmt::Debug;

use super::golden::id;
use super::properties::{assert_comes_back, assert_refused};
use crate::codec::Writer;
use crate::error::{ErrorKind, Result};
use crate::id::{ContentId, MapId};
use crate::limits::{
    CALL_ATTEMPTS_MAX, EVIDENCE_GLOBS_MAX, EVIDENCE_REPORTS_MAX, GATE_CLAIMS_MAX, LABEL_BYTES_MAX,
    NONCE_BYTES_MAX, PATH_BYTES_MAX, POLICY_ROWS_MAX, POLICY_TEXT_BYTES_MAX, RUN_ARGUMENTS_MAX,
    RUN_BYTES_MAX, TURN_PARALLEL_MAX,
};
use crate::object::*;

/// Asserts that a value of a number of something is taken up to a limit, by its check and by its
/// reader, and no further.
fn assert_limit<T: Canonical + PartialEq + Debug>(
    most: usize,
    check: fn(&T) -> Result<()>,
    of: impl Fn(usize) -> T,
) {
    for at in [most - 1, most] {
        check(&of(at)).unwrap();
        assert_comes_back(&of(at));
    }
    assert_eq!(check(&of(most + 1)).unwrap_err().kind(), ErrorKind::Invalid);
    assert_refused(&of(most + 1));
}

fn names(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|at| format!("{at:04}"))
}

#[test]
fn a_policys_limits_bind_at_their_numbers() {
    let limit = |most, change: fn(&mut Policy, usize)| {
        assert_limit(most, Policy::validate, |count| {
            let mut policy = Policy::new();
            change(&mut policy, count);
            policy
        });
    };
    limit(POLICY_ROWS_MAX, |it, count| it.stages = vec![it.stages[0].clone(); count]);
    limit(POLICY_ROWS_MAX, |it, count| {
        it.roles = names(count).map(|name| (name, RolePolicy::default())).collect();
    });
    limit(POLICY_ROWS_MAX, |it, count| {
        it.tools = names(count).map(|name| (name, ToolPolicy::new(Effect::Read))).collect();
    });
    limit(POLICY_ROWS_MAX, |it, count| {
        names(count).for_each(|name| {
            it.route("", name);
        });
    });
    limit(POLICY_ROWS_MAX, |it, count| it.gates = names(count).collect());
    limit(POLICY_ROWS_MAX, |it, count| it.files = names(count).collect());
    limit(POLICY_ROWS_MAX, |it, count| it.rules = vec![Rule::new("r", Severity::Info); count]);
    limit(POLICY_ROWS_MAX, |it, count| it.rules[0].parameters = names(count).collect());
    limit(POLICY_TEXT_BYTES_MAX, |it, bytes| it.stages[0].prompt = "p".repeat(bytes));
    limit(POLICY_TEXT_BYTES_MAX, |it, bytes| {
        it.role("agent", "i".repeat(bytes));
    });
    limit(LABEL_BYTES_MAX, |it, bytes| it.stages[0].role = "r".repeat(bytes));
    limit(LABEL_BYTES_MAX, |it, bytes| {
        it.role("r".repeat(bytes), "");
    });
    limit(LABEL_BYTES_MAX, |it, bytes| {
        it.effect("t".repeat(bytes), Effect::Read);
    });
    limit(LABEL_BYTES_MAX, |it, bytes| {
        it.route("r".repeat(bytes), "");
    });
    limit(LABEL_BYTES_MAX, |it, bytes| {
        it.route("", "m".repeat(bytes));
    });
    limit(LABEL_BYTES_MAX, |it, bytes| it.review.model = Some("m".repeat(bytes)));
    limit(LABEL_BYTES_MAX, |it, bytes| it.gates = vec!["g".repeat(bytes)]);
    limit(LABEL_BYTES_MAX, |it, bytes| it.files = vec!["f".repeat(bytes)]);
    limit(LABEL_BYTES_MAX, |it, bytes| it.rules[0].name = "r".repeat(bytes));
    limit(LABEL_BYTES_MAX, |it, bytes| it.rules[0].parameters = vec!["p".repeat(bytes)]);
    limit(LABEL_BYTES_MAX, |it, bytes| it.dialect = "d".repeat(bytes));
}

#[test]
fn a_policy_says_how_many_calls_are_done_and_has_a_stage_of_a_role() {
    let checked = |parallel| {
        let mut policy = Policy::new();
        policy.limits.parallel = parallel;
        policy.validate().is_ok()
    };
    let taken = [0, 1, 2, TURN_PARALLEL_MAX - 1, TURN_PARALLEL_MAX, TURN_PARALLEL_MAX + 1];
    assert_eq!(taken.map(checked), [false, true, true, true, true, false]);
    assert!(Policy::of_stages([("", "")]).validate().is_err());
    assert!(Policy::of_stages::<&str, &str>([]).validate().is_err());
}

/// The body of a policy of one stage with these names of roles, or of tools.
fn policy_of(names: &[&str], is_role: bool) -> Node {
    let mut body = Writer::new();
    body.uint(1).bytes(b"agent").bytes(b"");
    for has in [is_role, !is_role] {
        body.uint(if has { names.len() as u64 } else { 0 });
        for name in names.iter().filter(|_| has) {
            body.bytes(name.as_bytes());
            match is_role {
                true => body.bytes(b"").uint(0).uint(0),
                false => body.uint(0).uint(0),
            };
        }
    }
    // Routes, limits, the review, gates, files, rules, complexity and dialect.
    for _ in 0..15 {
        body.uint(0);
    }
    let (kind, version) = (Kind::POLICY, 1);
    Node { kind, version, refs: Vec::new(), body: body.into_bytes() }
}

#[test]
fn a_policys_roles_and_tools_stand_in_their_order_and_once() {
    for is_role in [true, false] {
        for names in [&[][..], &["a"], &["a", "b"], &["", "a", "a\0", "b"]] {
            let policy = Policy::from_node(&policy_of(names, is_role)).unwrap();
            let found: Vec<&str> = match is_role {
                true => policy.roles.keys().map(|name| &**name).collect(),
                false => policy.tools.keys().map(|name| &**name).collect(),
            };
            assert_eq!(found, names);
        }
        for names in [&["b", "a"][..], &["a", "a"], &["a", "b", "a"], &["a", ""]] {
            let error = Policy::from_node(&policy_of(names, is_role)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{names:?}");
        }
    }
}

#[test]
fn the_limits_of_turns_and_their_steps_bind_at_their_numbers() {
    assert_limit(NONCE_BYTES_MAX, TurnStart::validate, |bytes| TurnStart {
        session: vec![1; bytes],
        nonce: [2; 16],
        policy: id(3),
        memory: 0,
    });
    let driver = DriverId::new([1; 16]);
    let unchecked = |of: &dyn Fn(usize) -> StepIntent| {
        assert_comes_back(&of(LABEL_BYTES_MAX - 1));
        assert_comes_back(&of(LABEL_BYTES_MAX));
        assert_refused(&of(LABEL_BYTES_MAX + 1));
    };
    let of = |work| StepIntent { turn: id(1), round: 1, index: 0, attempt: 1, driver, work };
    let arguments = ContentId::new(id(2));
    let text = |bytes| "t".repeat(bytes);
    for long in 0..3 {
        let at = |place, bytes| if place == long { text(bytes) } else { String::new() };
        unchecked(&|bytes| {
            of(StepWork::Model {
                role: at(0, bytes),
                model: at(1, bytes),
                why: at(2, bytes),
                complexity: Complexity::Low,
                context: None,
                purpose: Purpose::Stage(0),
            })
        });
        unchecked(&|bytes| match long {
            0 => of(StepWork::Gate { name: text(bytes), gate: id(3), revision: None }),
            _ => of(StepWork::Tool {
                memory: id(3),
                call: at(1, bytes),
                name: at(2, bytes),
                arguments,
                schema: None,
                effect: Effect::Read,
            }),
        });
    }
    let question =
        |tool| Question::Approve(QuestionCall { index: 0, tool, schema: None, arguments });
    unchecked(&|bytes| of(StepWork::Ask { question: question(text(bytes)), text: String::new() }));
    unchecked(&|bytes| of(StepWork::Ask { question: question(String::new()), text: text(bytes) }));
    let progress = |bytes| TurnProgress { note: text(bytes), ..TurnProgress::new(driver) };
    assert_comes_back(&progress(LABEL_BYTES_MAX - 1));
    assert_comes_back(&progress(LABEL_BYTES_MAX));
    assert_refused(&progress(LABEL_BYTES_MAX + 1));
}

#[test]
fn an_outcomes_limits_bind_at_their_numbers() {
    let bare = || StepOutcome::new(1, DriverId::new([1; 16]), StepEnd::Done);
    let tried = |provider: usize, model: usize, outcome: usize| CallAttempt {
        provider: "p".repeat(provider),
        model: "m".repeat(model),
        outcome: "o".repeat(outcome),
        took: None,
    };
    let check = StepOutcome::validate;
    assert_limit(CALL_ATTEMPTS_MAX, check, |count| StepOutcome {
        attempts: vec![tried(1, 1, 1); count],
        ..bare()
    });
    assert_limit(LABEL_BYTES_MAX, check, |text| StepOutcome { text: "t".repeat(text), ..bare() });
    for place in 0..3 {
        assert_limit(LABEL_BYTES_MAX, check, |bytes| {
            let [provider, model, outcome] =
                [0, 1, 2].map(|at| if at == place { bytes } else { 0 });
            StepOutcome { attempts: vec![tried(provider, model, outcome)], ..bare() }
        });
    }
}

#[test]
fn the_limits_of_revisions_decisions_and_findings_bind_at_their_numbers() {
    let revision = |title: usize, author: usize| Revision {
        number: 1,
        supersedes: None,
        base: None,
        changes: MapId::new(id(1)),
        paths: 1,
        title: "t".repeat(title),
        author: "a".repeat(author),
        turn: None,
    };
    assert_limit(LABEL_BYTES_MAX, Revision::validate, |bytes| revision(bytes, 0));
    assert_limit(LABEL_BYTES_MAX, Revision::validate, |bytes| revision(0, bytes));
    let decision = |session: usize, actor: usize, reason: usize, tool: usize| Decision {
        session: vec![1; session],
        about: DecisionAbout::Tool { name: "t".repeat(tool), schema: None },
        choice: Choice::AllowAlways,
        by: DecidedBy::Person,
        actor: "a".repeat(actor),
        reason: "r".repeat(reason),
    };
    assert_limit(NONCE_BYTES_MAX, Decision::validate, |bytes| decision(bytes, 0, 0, 0));
    assert_limit(LABEL_BYTES_MAX, Decision::validate, |bytes| decision(0, bytes, 0, 0));
    assert_limit(LABEL_BYTES_MAX, Decision::validate, |bytes| decision(0, 0, bytes, 0));
    assert_limit(LABEL_BYTES_MAX, Decision::validate, |bytes| decision(0, 0, 0, bytes));
    let finding = |rule: usize, text: usize, path: usize| Finding {
        path: vec![b'p'; path],
        ..Finding::new("r".repeat(rule), Severity::Info, "t".repeat(text))
    };
    assert_limit(LABEL_BYTES_MAX, Finding::validate, |bytes| finding(bytes, 1, 0));
    assert_limit(LABEL_BYTES_MAX, Finding::validate, |bytes| finding(1, bytes, 0));
    assert_limit(PATH_BYTES_MAX, Finding::validate, |bytes| finding(1, 1, bytes));
    assert!(finding(0, 1, 0).validate().is_err() && finding(1, 0, 0).validate().is_err());
}

#[test]
fn a_gates_limits_bind_at_their_numbers() {
    let check = Gate::validate;
    let gate = || Gate::shell("true");
    let rows = |count| vec![String::from("x"); count];
    assert_limit(EVIDENCE_GLOBS_MAX, check, |count| Gate { inputs: rows(count), ..gate() });
    assert_limit(EVIDENCE_REPORTS_MAX, check, |count| Gate { reports: rows(count), ..gate() });
    assert_limit(GATE_CLAIMS_MAX, check, |count| Gate { claims: rows(count), ..gate() });
    let long = |bytes| vec!["x".repeat(bytes)];
    assert_limit(LABEL_BYTES_MAX, check, |bytes| Gate { inputs: long(bytes), ..gate() });
    assert_limit(LABEL_BYTES_MAX, check, |bytes| Gate { reports: long(bytes), ..gate() });
    assert_limit(LABEL_BYTES_MAX, check, |bytes| Gate { claims: long(bytes), ..gate() });
    assert_limit(PATH_BYTES_MAX, check, |bytes| Gate { directory: vec![b'd'; bytes], ..gate() });
    assert_limit(RUN_BYTES_MAX, check, |bytes| Gate::shell("x".repeat(bytes)));
    assert_limit(RUN_ARGUMENTS_MAX, check, |count| {
        Gate::of(CommandLine::Arguments(vec![b"x".to_vec(); count]))
    });
    for none in [CommandLine::Shell(String::new()), CommandLine::Arguments(Vec::new())] {
        assert!(Gate::of(none).validate().is_err());
    }
}
