//! Plans of a session: what they promise is what applying them does, and undo takes it back.

use crate::budget::{Budget, PlanAction};
use crate::context::Dialect;
use crate::error::ErrorKind;
use crate::object::{Body, Memory, Part};
use crate::session::{MemoryEntry, PlanKey, PlanOptions, Selector, Session};
use crate::store::Store;
use crate::token::Encoding;

const COUNTER: Encoding = Encoding::O200k;

/// A dialog of turns with a call each, and files that were edited.
fn worked(turns: u64) -> Session {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    session.set_instructions("You mend parsers.").unwrap();
    for turn in 0..turns {
        let id = format!("c{turn}");
        let call = Part::Call { id: id.clone(), name: "ls".into(), arguments: Body::new("{}") };
        session
            .batch(|batch| {
                batch.remember(Memory::user(format!("Turn {turn}: what is in there?")))?;
                batch.remember(Memory::assistant("I look.").with_part(call))?;
                batch
                    .remember(Memory::tool(&id, format!("line {turn} of output\n").repeat(200)))?;
                batch.remember(Memory::assistant(format!("Answer {turn}.")))?;
                batch.write("src/lib.rs", format!("// edit {turn}\n").repeat(30))
            })
            .unwrap();
    }
    session
}

#[test]
fn applying_a_plan_gives_the_tokens_that_it_promised_in_one_operation() {
    for limit in [20_000, 9_000, 4_000, 2_000, 900] {
        let session = worked(12);
        let budget = Budget::new(limit).reserve(300);
        let before = session.latest().unwrap().prompt().unwrap();
        let plan = session.plan(&budget, &COUNTER).unwrap();
        assert!(plan.after().high() <= limit - 300, "{limit}: {plan}");
        assert_eq!(plan.before(), before.count(&COUNTER));
        let log = session.log().unwrap().count();
        session.apply(&plan).unwrap();
        assert_eq!(session.log().unwrap().count(), log + usize::from(!plan.is_empty()));
        let after = session.latest().unwrap().prompt().unwrap();
        assert_eq!(after.count(&COUNTER), plan.after(), "{limit}: {plan}");
        assert!(after.count(&COUNTER).tokens() <= limit - 300, "{limit}: {plan}");
        assert!(session.plan(&budget, &COUNTER).unwrap().is_empty(), "{limit}: it fits now");
        if !plan.is_empty() {
            session.undo().unwrap();
        }
        let back = session.latest().unwrap().prompt().unwrap();
        for dialect in Dialect::ALL {
            let [was, is] = [&before, &back].map(|prompt| prompt.render(dialect).body.to_string());
            assert_eq!(was, is);
        }
    }
}

#[test]
fn outdated_iterations_and_old_output_go_before_what_was_asked() {
    let session = worked(12);
    let plan = session.plan(&Budget::new(9_000), &COUNTER).unwrap();
    let has = |action| plan.steps().iter().any(|step| step.action == action);
    assert!(has(PlanAction::Refresh) && !has(PlanAction::Hide), "{plan}");
    let asked = |key: &PlanKey| match key {
        PlanKey::Exchange { first, .. } => first % 4 == 1,
        _ => false,
    };
    assert!(!plan.steps().iter().any(|step| step.keys.iter().any(asked)), "{plan}");
}

#[test]
fn pins_hold_and_what_they_hold_is_named_where_nothing_fits() {
    let session = worked(4);
    session.pin_memories(&Selector::Number(3)).unwrap();
    session.pin_files("src/lib.rs").unwrap();
    let error = session.plan(&Budget::new(800), &COUNTER).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DoesNotFit);
    assert!(error.to_string().contains("pinned"), "{error}");
    session.unpin_memories(&Selector::Number(3)).unwrap();
    let plan = session.plan(&Budget::new(3_500), &COUNTER).unwrap();
    let report = session.apply(&plan).unwrap();
    assert_eq!(report.files_out, []);
    assert_eq!(session.latest().unwrap().view().file_count().unwrap(), 4);
}

#[test]
fn the_newest_result_is_trimmed_as_the_last_resort() {
    let session = worked(3);
    let call = Part::Call { id: "big".into(), name: "cat".into(), arguments: Body::new("{}") };
    session.remember(Memory::assistant("I read it.").with_part(call)).unwrap();
    session.remember(Memory::tool("big", "a line of the log\n".repeat(500))).unwrap();
    let is_newest = |plan: &crate::budget::Plan<PlanKey>| {
        let last = PlanKey::Exchange { first: 13, last: 14 };
        plan.steps()
            .iter()
            .any(|step| step.action == PlanAction::Trim && step.keys == [last.clone()])
    };
    let plan = session.plan(&Budget::new(4_500), &COUNTER).unwrap();
    assert!(!is_newest(&plan), "{plan}");
    let plan = session.plan(&Budget::new(1_500), &COUNTER).unwrap();
    assert!(is_newest(&plan), "{plan}");
    session.apply(&plan).unwrap();
    assert_eq!(session.capacity(&Budget::new(1_500), &COUNTER).unwrap().total(), plan.after());
    let error = session.plan(&Budget::new(100), &COUNTER).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DoesNotFit);
    let shortfall = error.shortfall().unwrap();
    assert_eq!((shortfall.limit, &*shortfall.items[0].what), (100, "memories 13 to 14"));
    assert!(shortfall.items.iter().all(|item| !item.pinned), "{error}");
    assert!(!error.to_string().contains("unpin"), "{error}");
}

#[test]
fn tools_that_stand_in_go_with_their_calls() {
    let session = worked(2);
    session.hide("**").unwrap();
    session.remember(Memory::user("And now?")).unwrap();
    let alone = worked(0);
    alone.remember(Memory::user("And now?")).unwrap();
    let least = alone.latest().unwrap().prompt().unwrap().count(&COUNTER).tokens();
    let plan = session.plan(&Budget::new(least), &COUNTER).unwrap();
    session.apply(&plan).unwrap();
    assert_eq!(session.latest().unwrap().prompt().unwrap().count(&COUNTER).tokens(), least);
    session.undo().unwrap();
    let error = session.plan(&Budget::new(least - 1), &COUNTER).unwrap_err();
    assert_eq!(error.shortfall().unwrap().least, least);
}

#[test]
fn a_plan_with_summaries_asks_for_them_and_fits() {
    let session = worked(20);
    let options = PlanOptions::new().summaries(60);
    let budget = Budget::new(2_500);
    let plan = session.plan_with(&budget, &COUNTER, &options).unwrap();
    if plan.steps().iter().any(|step| step.action == PlanAction::Compact) {
        assert_eq!(session.apply(&plan).unwrap_err().kind(), ErrorKind::Invalid);
    }
    let short = |memories: &[MemoryEntry]| Ok(format!("{} memories of looking", memories.len()));
    session.apply_with(&plan, &short).unwrap();
    let total = session.capacity(&budget, &COUNTER).unwrap().total();
    assert!(total.high() <= 2_500, "{total}: {plan}");
    session.undo().unwrap();
    assert_eq!(session.capacity(&budget, &COUNTER).unwrap().total(), plan.before());
}

#[test]
fn a_context_diff_says_what_a_plan_took_away() {
    let session = worked(6);
    let before = session.latest().unwrap();
    session.forget(&Selector::Number(1)).unwrap();
    session.remember(Memory::user("And now?")).unwrap();
    let diff = before.context_diff(&session.latest().unwrap()).unwrap();
    let keys = |items: &[crate::context::Item]| -> Vec<String> {
        items.iter().map(|item| item.key.clone()).collect()
    };
    assert_eq!(
        (keys(&diff.added), keys(&diff.removed)),
        (vec!["0".into(), "25".into()], vec!["1".into()])
    );
    assert!(diff.removed[0].count(&COUNTER).tokens() > 4);
}
