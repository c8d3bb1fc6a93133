//! Values of what a turn leaves in a store, drawn at random.

use std::time::Duration;

use proptest::prelude::*;

use super::golden::id;
use super::properties::{bytes, maybe, number, text};
use crate::id::{CheckpointId, ContentId, MapId, ObjectId};
use crate::object::*;

fn one_of<T: Clone + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(all)
}

fn any_id() -> impl Strategy<Value = ObjectId> {
    any::<u8>().prop_map(id)
}

fn driver() -> impl Strategy<Value = DriverId> {
    any::<[u8; 16]>().prop_map(DriverId::new)
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(text(), 0..3)
}

prop_compose! {
    pub(super) fn policy()(
        stages in prop::collection::vec((text(), text()), 0..3),
        roles in prop::collection::btree_map(text(), (text(), number(), number()), 0..3),
        tools in prop::collection::btree_map(
            text(), (one_of(Effect::ALL), one_of(Asks::ALL)), 0..3,
        ),
        routes in prop::collection::vec(
            (text(), text(), one_of(Complexity::ALL), number()), 0..3,
        ),
        limits in prop::array::uniform8(number()),
        (tests, model, person) in (any::<bool>(), prop::option::of(text()), any::<bool>()),
        (gates, files) in (texts(), texts()),
        rules in prop::collection::vec((text(), one_of(Severity::ALL), texts()), 0..3),
        complexity in prop::option::of(one_of(Complexity::ALL)),
        dialect in text(),
    ) -> Policy {
        let [calls, tokens, cost, time, rounds, repeats, failures, parallel] = limits;
        let role = |(instructions, budget, reserve)| RolePolicy { instructions, budget, reserve };
        Policy {
            stages: stages.into_iter().map(|(role, prompt)| Stage { role, prompt }).collect(),
            roles: roles.into_iter().map(|(name, it)| (name, role(it))).collect(),
            tools: tools
                .into_iter()
                .map(|(name, (effect, asks))| (name, ToolPolicy { effect, asks }))
                .collect(),
            routes: routes
                .into_iter()
                .map(|(role, model, from, spent_max)| Route { role, model, from, spent_max })
                .collect(),
            limits: TurnLimits { calls, tokens, cost, time, rounds, repeats, failures, parallel },
            review: Review { tests, model, person },
            gates,
            files,
            rules: rules
                .into_iter()
                .map(|(name, severity, parameters)| Rule { name, severity, parameters })
                .collect(),
            complexity,
            dialect,
        }
    }
}

prop_compose! {
    pub(super) fn turn()(
        session in bytes(),
        nonce: [u8; 16],
        policy in any_id(),
        memory in number(),
    ) -> TurnStart {
        TurnStart { session, nonce, policy, memory }
    }
}

prop_compose! {
    pub(super) fn turn_progress()(
        driver in driver(),
        (takeovers, round, stage, memory) in (number(), number(), number(), number()),
        phase in one_of(Phase::ALL),
        answer in maybe(|id| id),
        (proposal, calls, tokens, cost) in (number(), number(), number(), number()),
        (time, rounds, failures) in (number(), number(), number()),
        complexity in prop::option::of(one_of(Complexity::ALL)),
        ended in prop::option::of(one_of(EndReason::ALL)),
        note in text(),
    ) -> TurnProgress {
        TurnProgress {
            driver, takeovers, round, phase, stage, memory, answer, proposal, calls, tokens, cost,
            time, rounds, failures, complexity, ended, note,
        }
    }
}

prop_compose! {
    fn question_call()(
        index in number(),
        tool in text(),
        schema in maybe(|id| id),
        arguments in any_id().prop_map(ContentId::new),
    ) -> QuestionCall {
        QuestionCall { index, tool, schema, arguments }
    }
}

fn question() -> impl Strategy<Value = Question> {
    prop_oneof![
        question_call().prop_map(Question::Approve),
        question_call().prop_map(Question::Unknown),
        any_id().prop_map(|revision| Question::Review { revision }),
    ]
}

fn work() -> impl Strategy<Value = StepWork> {
    let purpose =
        prop_oneof![number().prop_map(Purpose::Stage), any_id().prop_map(Purpose::Review),];
    let complexity = one_of(Complexity::ALL);
    let model = (text(), text(), text(), complexity, maybe(ContentId::new), purpose);
    let tool = (any_id(), text(), text(), any_id(), maybe(|id| id), one_of(Effect::ALL));
    prop_oneof![
        model.prop_map(|(role, model, why, complexity, context, purpose)| StepWork::Model {
            role,
            model,
            why,
            complexity,
            context,
            purpose,
        }),
        tool.prop_map(|(memory, call, name, arguments, schema, effect)| {
            let arguments = ContentId::new(arguments);
            StepWork::Tool { memory, call, name, arguments, schema, effect }
        }),
        (text(), any_id(), maybe(|id| id)).prop_map(|(name, gate, revision)| StepWork::Gate {
            name,
            gate,
            revision
        }),
        (question(), text()).prop_map(|(question, text)| StepWork::Ask { question, text }),
    ]
}

prop_compose! {
    pub(super) fn step()(
        turn in any_id(),
        (round, index, attempt) in (number(), number(), number()),
        driver in driver(),
        work in work(),
    ) -> StepIntent {
        StepIntent { turn, round, index, attempt, driver, work }
    }
}

prop_compose! {
    pub(super) fn step_outcome()(
        (attempt, driver, is_late) in (number(), driver(), any::<bool>()),
        end in one_of(StepEnd::ALL),
        text in text(),
        (memory, result) in (maybe(|id| id), maybe(|id| id)),
        (call, decision) in (maybe(|id| id), maybe(|id| id)),
        attempts in prop::collection::vec(
            (text(), text(), text(), prop::option::of(number())), 0..3,
        ),
        numbers in prop::array::uniform5(prop::option::of(number())),
    ) -> StepOutcome {
        let [number, took, cost, run, evidence] = numbers;
        let tried = |(provider, model, outcome, took)| CallAttempt { provider, model, outcome, took };
        let attempts = attempts.into_iter().map(tried).collect();
        StepOutcome {
            attempt, driver, is_late, end, text, memory, number, result, call, decision, attempts,
            took, cost, run, evidence,
        }
    }
}

prop_compose! {
    pub(super) fn revision()(
        (number, paths) in (number(), number()),
        (supersedes, turn) in (maybe(|id| id), maybe(|id| id)),
        base in maybe(CheckpointId::new),
        changes in any_id().prop_map(MapId::new),
        (title, author) in (text(), text()),
    ) -> Revision {
        Revision { number, supersedes, base, changes, paths, title, author, turn }
    }
}

fn about() -> impl Strategy<Value = DecisionAbout> {
    prop_oneof![
        (any_id(), any_id()).prop_map(|(step, arguments)| {
            DecisionAbout::Step { step, arguments: ContentId::new(arguments) }
        }),
        (text(), maybe(|id| id)).prop_map(|(name, schema)| DecisionAbout::Tool { name, schema }),
        any_id().prop_map(DecisionAbout::Revision),
        any_id().prop_map(DecisionAbout::Finding),
    ]
}

prop_compose! {
    pub(super) fn decision()(
        session in bytes(),
        about in about(),
        (choice, by) in (one_of(Choice::ALL), one_of(DecidedBy::ALL)),
        (actor, reason) in (text(), text()),
    ) -> Decision {
        Decision { session, about, choice, by, actor, reason }
    }
}

prop_compose! {
    pub(super) fn finding()(
        (rule, text) in (text(), text()),
        severity in one_of(Severity::ALL),
        path in bytes(),
        (turn, revision, step) in (maybe(|id| id), maybe(|id| id), maybe(|id| id)),
    ) -> Finding {
        Finding { rule, severity, text, path, turn, revision, step }
    }
}

prop_compose! {
    pub(super) fn gate()(
        command in prop_oneof![
            text().prop_map(CommandLine::Shell),
            prop::collection::vec(bytes(), 1..4).prop_map(CommandLine::Arguments),
        ],
        directory in bytes(),
        timeout in prop::option::of(number().prop_map(Duration::from_millis)),
        (inputs, reports, claims) in (texts(), texts(), texts()),
    ) -> Gate {
        Gate { command, directory, timeout, inputs, reports, claims }
    }
}
