//! Plans of a session: what they promise is what applying them does, and undo takes it back.

use crate::budget::{Budget, PlanAction};
use crate::context::{Dialect, Source};
use crate::error::ErrorKind;
use crate::object::{Body, Memory, MemoryKind, Part};
use crate::session::{MemoryEntry, PlanKey, PlanOptions, Selector, Session};
use crate::store::Store;
use crate::tokens::Encoding;

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
fn a_step_takes_nothing_that_another_step_held_apart() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    // Two loops that their thinking holds to their places, and one word between them: without it
    // they are one exchange.
    let turn = |id: &str| {
        let thinking = Part::Thinking { text: Body::new("Hm."), signature: Body::new("sig") };
        let call = Part::Call { id: id.into(), name: "ls".into(), arguments: Body::new("{}") };
        Memory::assistant("").with_part(thinking).with_part(call)
    };
    let check = Memory::user("It was 3 of 4. ".repeat(4)).with_kind(MemoryKind::Validation);
    let memories =
        [Memory::user("Go."), turn("a"), check, turn("b"), Memory::tool("b", "line\n".repeat(90))];
    for memory in memories {
        session.remember(memory).unwrap();
    }
    session.remember(Memory::assistant("That was all.")).unwrap();
    session.remember(Memory::user("And now?")).unwrap();
    let mut forgot = 0;
    for limit in 40..250 {
        let Ok(plan) = session.plan(&Budget::new(limit), &COUNTER) else { continue };
        let before = session.latest().unwrap().prompt().unwrap().count(&COUNTER);
        session.apply(&plan).unwrap();
        let after = session.latest().unwrap().prompt().unwrap().count(&COUNTER);
        let told = |count: crate::tokens::Count| (count.tokens(), count.low(), count.high());
        assert_eq!(told(after), told(plan.after()), "{limit}: {plan}");
        let words = plan.in_words();
        forgot += usize::from(words == "memories 3 to 5 forgotten");
        if after != before {
            session.undo().unwrap();
        }
    }
    assert!(forgot > 0, "no limit takes out the second loop with the word before it alone");
}

#[test]
fn outdated_iterations_and_old_output_go_before_what_was_asked() {
    let session = worked(12);
    let plan = session.plan(&Budget::new(9_000), &COUNTER).unwrap();
    let has = |action| plan.steps().iter().any(|step| step.action == action);
    assert!(has(PlanAction::Refresh) && !has(PlanAction::Hide), "{plan}");
    let asked = |key: &PlanKey| match key {
        PlanKey::Memories { first, .. } => first % 4 == 1,
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
        let of_last = |key: &PlanKey| key.to_string() == "memory 14, result of cat";
        plan.steps()
            .iter()
            .any(|step| step.action == PlanAction::Trim && step.keys.iter().all(of_last))
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
    assert_eq!((shortfall.limit, &*shortfall.items[0].what), (100, "memory 14, result of cat"));
    assert!(shortfall.items.iter().all(|item| !item.pinned), "{error}");
    assert!(!error.to_string().contains("unpin"), "{error}");
}

#[test]
fn a_trimmed_image_counts_what_is_left_with_the_same_bounds() {
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap();
    let image = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\0\0\0\x04\0".to_vec();
    let mut result = Memory::tool("c1", "It is shown.");
    result.parts.push(Part::Media { media_type: "image/png".into(), content: Body::new(image) });
    if let Some(Part::Result { parts, .. }) = result.parts.first_mut() {
        *parts = 2;
    }
    let dialog = [Memory::user("Show it."), asks("c1", "a.png"), result, Memory::user("And?")];
    said(&session, dialog);
    let count = |limit| session.capacity(&Budget::new(limit), &Encoding::O200k).unwrap().total();
    let plan = plan_of(&session, count(1).high() - 1);
    assert_eq!(plan.steps()[0].action, PlanAction::Trim);
    session.apply(&plan).unwrap();
    assert_eq!(count(1), plan.after());
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
        items.iter().map(|item| item.key.to_word()).collect()
    };
    assert_eq!(
        (keys(&diff.added), keys(&diff.removed)),
        (vec!["0".into(), "25".into()], vec!["1".into()])
    );
    assert!(diff.removed[0].count(&COUNTER).tokens() > 4);
}

fn said(session: &Session, memories: impl IntoIterator<Item = Memory>) {
    session
        .batch(|batch| {
            for memory in memories {
                batch.remember(memory)?;
            }
            Ok(())
        })
        .unwrap();
}

fn asks(id: &str, path: &str) -> Memory {
    let arguments = Body::new(format!(r#"{{"file_path":"{path}"}}"#));
    let call = Part::Call { id: id.to_owned(), name: "read".to_owned(), arguments };
    Memory::assistant("I look.").with_part(call)
}

/// What each step does to which memories.
fn steps(plan: &crate::budget::Plan<PlanKey>) -> Vec<(PlanAction, u64, u64)> {
    let of = |step: &crate::budget::PlanStep<PlanKey>| match step.keys[0] {
        PlanKey::Memories { first, last, .. } => (step.action, first, last),
        _ => (step.action, 0, 0),
    };
    plan.steps().iter().map(of).collect()
}

fn plan_of(session: &Session, limit: u64) -> crate::budget::Plan<PlanKey> {
    session.plan(&Budget::new(limit), &COUNTER).unwrap()
}

fn total(session: &Session) -> u64 {
    session.latest().unwrap().prompt().unwrap().count(&COUNTER).tokens()
}

#[test]
fn of_equal_exchanges_the_newest_stay_each_question_with_its_answer() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    for _ in 0..8 {
        let turn = [Memory::user("why? ".repeat(20)), Memory::assistant("because. ".repeat(20))];
        said(&session, turn);
    }
    let plan = plan_of(&session, total(&session) / 2 + 10);
    let expected = [(1, 2), (3, 4), (5, 6), (7, 8)];
    assert_eq!(steps(&plan), expected.map(|(first, last)| (PlanAction::Forget, first, last)));
}

#[test]
fn the_newest_question_stays_however_many_calls_stand_behind_it() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    said(&session, [Memory::user("Nice weather. ".repeat(9)), Memory::assistant("It is.")]);
    said(&session, [Memory::user("THE TASK. ".repeat(40))]);
    for number in 0..6 {
        let id = format!("c{number}");
        said(&session, [asks(&id, "a.rs"), Memory::tool(&id, "a line\n".repeat(30))]);
    }
    for freed in [5, 100, 300, 500] {
        let plan = plan_of(&session, total(&session) - freed);
        let covers = |(_, first, last): &(PlanAction, u64, u64)| (*first..=*last).contains(&3);
        assert!(!plan.is_empty() && !steps(&plan).iter().any(covers), "{plan}");
    }
}

#[test]
fn single_results_of_a_tool_loop_are_trimmed_the_oldest_and_largest_first() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    said(&session, [Memory::user("Mend the parser.")]);
    for number in 0..12 {
        let id = format!("c{number}");
        let mut call = asks(&id, &format!("src/{number}.rs"));
        let thinking = Part::Thinking { text: Body::new("hm"), signature: Body::new("s") };
        call.parts.insert(0, thinking);
        let lines = if number == 4 { 900 } else { 200 };
        said(&session, [call, Memory::tool(&id, "a line\n".repeat(lines))]);
    }
    said(&session, [Memory::assistant("Done."), Memory::user("And now?")]);
    let whole = total(&session);
    let plan = plan_of(&session, whole - 1_000);
    assert_eq!(steps(&plan), [(PlanAction::Trim, 11, 11)], "the largest alone does: {plan}");
    let words = "trim memory 11, result of read, src/4.rs: frees ";
    assert!(plan.to_string().starts_with(words), "{plan}");
    session.apply(&plan).unwrap();
    assert_eq!(total(&session), plan.after().tokens());
    // What is trimmed is no step any more, and all the others come before anything that was said.
    let mut limits = std::collections::BTreeSet::new();
    for percent in [90, 80, 70, 60] {
        let plan = plan_of(&session, total(&session) * percent / 100);
        let is_fine = |step: &(PlanAction, u64, u64)| {
            step.0 == PlanAction::Trim && step.1 == step.2 && step.1 != 11
        };
        assert!(steps(&plan).iter().all(is_fine), "{percent}: {plan}");
        assert!(limits.insert(plan.steps().len()), "{percent}: a plan of its own");
    }
}

#[test]
fn earlier_results_of_the_newest_loop_are_trimmed_before_a_summary_goes() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    said(&session, [Memory::user("Mend the parser. ".repeat(30))]);
    said(&session, [Memory::assistant("I begin. ".repeat(30))]);
    let all = Selector::parse("1..2").unwrap();
    let summarizer = |_: &[MemoryEntry]| Ok("They asked to mend the parser. ".repeat(8));
    session.compact(&all, &summarizer).unwrap();
    for number in 0..6 {
        let id = format!("c{number}");
        let mut call = asks(&id, &format!("src/{number}.rs"));
        let thinking = Part::Thinking { text: Body::new("hm"), signature: Body::new("s") };
        call.parts.insert(0, thinking);
        said(&session, [call, Memory::tool(&id, "a line\n".repeat(300))]);
    }
    for freed in [1, 500, 1_000] {
        let plan = plan_of(&session, total(&session) - freed);
        let newest = session.latest().unwrap().memories_back().next().unwrap().unwrap().number;
        let is_earlier =
            |step: &(PlanAction, u64, u64)| step.0 == PlanAction::Trim && step.2 < newest;
        assert!(!plan.is_empty() && steps(&plan).iter().all(is_earlier), "{freed}: {plan}");
    }
}

#[test]
fn a_plan_that_moves_the_tools_that_stand_in_keeps_nothing_of_the_cache() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    let names = ["read", "list", "read"];
    for (turn, name) in names.into_iter().enumerate() {
        let id = format!("c{turn}");
        let call = Part::Call { id: id.clone(), name: name.into(), arguments: Body::new("{}") };
        said(&session, [Memory::user(format!("Question {turn}. ").repeat(60))]);
        said(&session, [Memory::assistant("I look.").with_part(call), Memory::tool(&id, "it")]);
        said(&session, [Memory::assistant("So it is.")]);
    }
    said(&session, [Memory::user("And now?")]);
    let tools = |session: &Session| -> Vec<String> {
        let items = session.latest().unwrap().prompt().unwrap().items();
        items.iter().filter(|at| at.source == Source::Tools).map(|at| at.key.to_word()).collect()
    };
    assert_eq!(tools(&session), ["read", "list"]);
    let plan = plan_of(&session, total(&session) - 100);
    assert_eq!(steps(&plan), [(PlanAction::Forget, 1, 4)], "{plan}");
    assert_eq!(plan.cached(), 0, "{plan}");
    session.apply(&plan).unwrap();
    assert_eq!(tools(&session), ["list", "read"]);
}

#[test]
fn a_little_room_is_made_late_in_the_prompt() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    said(&session, [Memory::user("Mend the parser.")]);
    for number in 0..40 {
        let id = format!("c{number}");
        said(&session, [asks(&id, "a.rs"), Memory::tool(&id, "a line\n".repeat(400))]);
    }
    let plan = plan_of(&session, total(&session) * 95 / 100);
    assert!(plan.cached() > total(&session) / 3, "{plan}");
    assert!(!steps(&plan).iter().any(|step| step.1 > 75), "not the newest: {plan}");
}

#[test]
fn a_plan_over_trimmed_results_has_no_step_for_them() {
    let session = worked(8);
    session.trim_results(&Selector::Role(crate::object::Role::Tool)).unwrap();
    let before = total(&session);
    let plan = plan_of(&session, before - 200);
    assert!(!steps(&plan).iter().any(|step| step.0 == PlanAction::Trim), "{plan}");
    session.apply(&plan).unwrap();
    assert!(plan_of(&session, before - 200).is_empty());
}

#[test]
fn a_summary_of_what_is_gone_outlives_what_was_pasted() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    let summary = Memory::user("What was done so far. ".repeat(60));
    said(&session, [summary.with_kind(crate::object::MemoryKind::Summary)]);
    for number in 0..3 {
        said(&session, [Memory::user(format!("{number}\n{}", "a line of a file\n".repeat(1_500)))]);
    }
    said(&session, [Memory::user("Go on."), Memory::assistant("I do.")]);
    for percent in [90, 60, 30, 10] {
        let plan = plan_of(&session, total(&session) * percent / 100);
        assert!(!plan.is_empty() && !steps(&plan).iter().any(|step| step.1 == 1), "{plan}");
    }
    let least = session.plan(&Budget::new(50), &COUNTER).unwrap();
    assert!(least.to_string().contains("memory 1, a summary"), "{least}");
}

#[test]
fn a_refresh_of_a_plan_brings_nothing_into_view() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    session.remember(Memory::user("Look at a.")).unwrap();
    session.write("a", "one\n".repeat(30)).unwrap();
    session.write("a", "two\n".repeat(30)).unwrap();
    session.write("a", "three\n".repeat(1_500)).unwrap();
    for limit in [1_500, 100] {
        let plan = plan_of(&session, limit);
        session.apply(&plan).unwrap();
        assert_eq!(total(&session), plan.after().tokens(), "{plan}");
        assert!(total(&session) <= limit, "{plan}");
    }
}

#[test]
fn a_plan_says_on_one_line_what_is_lost() {
    let session = worked(12);
    assert_eq!(plan_of(&session, 100_000).in_words(), "nothing is lost");
    let trims = plan_of(&session, total(&session) - 4_500);
    assert!(trims.in_words().contains(" results trimmed"), "{}", trims.in_words());
    assert!(!trims.in_words().contains("forgotten"), "{trims}");
    let hard = plan_of(&session, 600).in_words();
    assert!(hard.contains("memories 2 to 3, ") && hard.ends_with(" forgotten"), "{hard}");
}

#[test]
fn a_long_dialog_is_planned_the_oldest_first() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    for _ in 0..600 {
        let turn = [Memory::user("why? ".repeat(20)), Memory::assistant("because. ".repeat(20))];
        said(&session, turn);
    }
    let plan = plan_of(&session, total(&session) / 2);
    let forgotten: Vec<u64> = steps(&plan).iter().map(|step| step.1).collect();
    // Whatever is proved: nothing of the newest third goes before anything of the oldest.
    assert!(forgotten.iter().filter(|first| **first <= 400).count() == 200, "{}", plan.in_words());
    assert!(forgotten.iter().all(|first| *first < 800), "{}", plan.in_words());
}

#[test]
fn a_step_names_the_end_of_a_long_path() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    let path = format!("/home/user/{}/parser/lexer.rs", "deep/".repeat(20));
    said(&session, [Memory::user("Mend it."), asks("c1", &path)]);
    said(&session, [Memory::tool("c1", "a line\n".repeat(400)), Memory::assistant("Done.")]);
    let plan = plan_of(&session, total(&session) - 100).to_string();
    let (_, told) = plan.split_once("memory 3, result of read, ...").unwrap();
    let (told, _) = told.split_once(": frees").unwrap();
    assert!(told.ends_with("/parser/lexer.rs") && path.ends_with(told), "{told}");
}

#[test]
fn many_steps_in_a_batch_leave_little_behind() {
    const MEMORIES: u64 = 500;
    let session = Store::in_memory().unwrap().session("s").unwrap();
    session
        .batch(|batch| {
            (0..MEMORIES).try_for_each(|number| batch.remember(Memory::user(number.to_string())))
        })
        .unwrap();
    let mut batch = session.begin().unwrap();
    let mut most = 0;
    for number in 1..MEMORIES {
        batch.forget(&Selector::Number(number)).unwrap();
        most = most.max(batch.draft.view.opened_bytes());
    }
    assert!(most < 3 << 19, "{most}");
    batch.finish().unwrap();
    let left: Vec<u64> =
        session.latest().unwrap().view().memories().map(|memory| memory.unwrap().number).collect();
    assert_eq!(left, [MEMORIES]);
}

#[test]
fn a_trimmed_picture_leaves_what_the_plan_promised_bounds_and_all() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    let mut shown = Memory::tool("c1", "What it looks like.");
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\x90\0\0\x01\x2c\x08\x02\0\0\0".to_vec();
    bytes.extend([0; 40]);
    let content = Body::new(bytes);
    shown.parts.push(Part::Media { media_type: "image/png".into(), content });
    shown.parts[0] = Part::Result { call: "c1".into(), error: false, parts: 2 };
    said(&session, [Memory::user("Look at it."), asks("c1", "a.png"), shown]);
    said(&session, [Memory::assistant("A parser."), Memory::user("And now?")]);
    let high = session.latest().unwrap().prompt().unwrap().count(&COUNTER).high();
    let plan = plan_of(&session, high - 100);
    assert_eq!(steps(&plan), [(PlanAction::Trim, 3, 3)], "{plan}");
    session.apply(&plan).unwrap();
    let left = session.latest().unwrap().prompt().unwrap().count(&COUNTER);
    assert_eq!((left.low(), left.high()), (plan.after().low(), plan.after().high()), "{plan}");
}
