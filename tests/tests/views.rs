//! Whatever is done to a session's view, what it renders breaks no rule of any API, and undoing all
//! of it gives the first render back, byte for byte.

use partita::budget::Budget;
use partita::context::{Dialect, Tool};
use partita::history::MemoryEntry;
use partita::interop::read;
use partita::merge::{MergeOptions, MergedDialog};
use partita::tokens::Encoding;
use partita::{ErrorKind, Selector, Session, Store};
use partita_tests::random::Random;
use partita_tests::transcripts::all_files;
use partita_tests::validate::violations;

/// Interleavings of an ordinary run; `PARTITA_CASES` asks for another number.
const CASES: usize = 10_000;
/// Budgets that each transcript is brought down to.
const BUDGETS: usize = 20;
/// Merges of dialogs.
const MERGES: usize = 150;
/// Dialogs longer than this are planned for, and not taken through every interleaving.
const MEMORIES_MAX: u64 = 40;

/// A session for each transcript: its dialog, its instructions and tools, and two files.
fn sessions(store: &Store) -> Vec<Session> {
    let mut sessions = Vec::new();
    for file in all_files() {
        let source = read(&std::fs::read(&file).unwrap()[..], None).unwrap().ended();
        // Of a file of very many conversations some are enough.
        for (at, transcript) in source.transcripts.into_iter().take(12).enumerate() {
            let session = store
                .session(&format!("{}/{at}", file.file_name().unwrap().to_string_lossy()))
                .unwrap();
            session
                .batch(|batch| {
                    batch.set_instructions(transcript.instructions.unwrap_or_default())?;
                    let tools: Vec<Tool> = transcript
                        .tools
                        .iter()
                        .filter_map(|tool| {
                            Tool::parse_list(&partita::Json::Array(vec![tool.clone()])).ok()
                        })
                        .flatten()
                        .collect();
                    batch.set_tools(&tools)?;
                    for (number, entry) in transcript.entries.into_iter().enumerate() {
                        batch.remember(entry.memory)?;
                        if number == 2 {
                            batch.write("notes.md", "first\n")?;
                        }
                    }
                    batch.write("src/lib.rs", "fn parse() {}\n")
                })
                .unwrap();
            session.write("notes.md", "second\n").unwrap();
            sessions.push(session);
        }
    }
    assert!(sessions.len() >= 8, "{} transcripts", sessions.len());
    sessions
}

fn bodies(session: &Session) -> [String; Dialect::ALL.len()] {
    Dialect::ALL.map(|dialect| session.context(dialect).unwrap().body.to_string())
}

#[track_caller]
fn judge(session: &Session, doing: &str) {
    for (dialect, body) in Dialect::ALL.into_iter().zip(bodies(session)) {
        let found = violations(dialect.name(), &serde_json::from_str(&body).unwrap());
        assert!(found.is_empty(), "{}, {dialect:?}, {doing}: {found:#?}", session.name());
    }
}

/// One operation on the view; tells whether it changed anything.
fn step(session: &Session, random: &mut Random) -> (String, bool) {
    let last = session.latest().unwrap().memories().count().max(1);
    let number = 1 + random.below(last) as u64;
    let selector = match random.below(4) {
        0 => Selector::Range(number, number + random.below(6) as u64),
        1 => {
            let texts = ["role:tool", "role:user", "text:a"];
            Selector::parse(texts[random.below(texts.len())]).unwrap()
        }
        _ => Selector::Number(number),
    };
    let glob = *random.pick(&["notes.md", "*.md", "src/**", "**"]);
    let short = |memories: &[MemoryEntry]| Ok(format!("{} in short", memories.len()));
    let choice = random.below(12);
    let report = match choice {
        0 | 1 => session.forget(&selector),
        2 => session.recall(&selector),
        3 => session.trim_results(&selector),
        4 => session.compact(&selector, &short),
        5 => session.expand(&selector),
        6 => session.pin_memories(&selector),
        7 => session.unpin_memories(&selector),
        8 => session.hide(glob),
        9 => session.show(glob),
        10 => session.refresh(),
        _ => session.pin_files(glob),
    };
    let doing = format!("{choice} {selector} {glob}");
    match report {
        Ok(report) => (doing, !report.is_empty()),
        Err(error) => {
            // Nothing there to expand, or a summary that would be longer than what it covers.
            let kinds = [ErrorKind::NotFound, ErrorKind::Invalid];
            assert!(kinds.contains(&error.kind()), "{doing}: {error}");
            (doing, false)
        }
    }
}

#[test]
fn any_interleaving_of_view_operations_renders_valid_and_undoing_all_gives_the_first_render_back() {
    let cases = std::env::var("PARTITA_CASES").ok().and_then(|cases| cases.parse().ok());
    let cases: usize = cases.unwrap_or(CASES);
    let store = Store::in_memory().unwrap();
    let mut sessions = sessions(&store);
    sessions.retain(|session| session.latest().unwrap().memories().count() as u64 <= MEMORIES_MAX);
    let mut random = Random::new(11);
    let mut changed = 0;
    for case in 0..cases {
        let origin = &sessions[case % sessions.len()];
        let session = origin.fork(&format!("case-{case}")).unwrap();
        let before = bodies(&session);
        let (mut done, mut trail) = (0, String::new());
        for _ in 0..random.between(1, 6) {
            let (doing, has_changed) = step(&session, &mut random);
            done += usize::from(has_changed);
            trail = format!("{trail}; {doing}");
            if has_changed {
                judge(&session, &trail);
            }
        }
        for _ in 0..done {
            session.undo().unwrap();
        }
        assert!(bodies(&session) == before, "{}: {trail}", origin.name());
        changed += done;
        store.delete_session(session.name()).unwrap();
    }
    println!("{cases} interleavings over {} dialogs, {changed} changes", sessions.len());
    assert!(changed > cases, "{changed} changes in {cases} interleavings");
}

#[test]
fn every_transcript_renders_valid_at_random_budgets_and_comes_back() {
    let store = Store::in_memory().unwrap();
    let counter = Encoding::O200k;
    let mut random = Random::new(12);
    let (mut plans, mut refused) = (0, 0);
    for session in sessions(&store) {
        let total = session.latest().unwrap().prompt().unwrap().count(&counter).high();
        let before = bodies(&session);
        for _ in 0..BUDGETS {
            let budget = Budget::new(1 + random.below(total as usize + 1) as u64);
            let plan = match session.plan(&budget, &counter) {
                Ok(plan) => plan,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::DoesNotFit, "{error}");
                    refused += 1;
                    continue;
                }
            };
            plans += 1;
            let report = session.apply(&plan).unwrap();
            judge(&session, &format!("{} tokens: {plan}", budget.limit()));
            let left = session.latest().unwrap().prompt().unwrap().count(&counter);
            assert!(
                left.high() <= budget.limit(),
                "{}: {left} of {}: {plan}",
                session.name(),
                budget.limit()
            );
            if !report.is_empty() {
                session.undo().unwrap();
            }
            assert!(bodies(&session) == before, "{}: {plan}", session.name());
        }
    }
    println!("{plans} plans, {refused} budgets too small for what must stay");
    assert!(plans > refused, "{plans} plans, {refused} refused");
}

#[test]
fn merged_dialogs_render_valid_at_random_budgets_and_an_undo_takes_them_back() {
    let store = Store::in_memory().unwrap();
    let counter = Encoding::O200k;
    let mut random = Random::new(13);
    let mut sessions = sessions(&store);
    sessions.retain(|session| session.latest().unwrap().memories().count() <= 200);
    let short = |memories: &[MemoryEntry]| Ok(format!("{} in short", memories.len()));
    let (mut judged, mut brought) = (0, 0);
    for case in 0..MERGES {
        let into = random.pick(&sessions).fork(&format!("into-{case}")).unwrap();
        let others: Vec<Session> = (0..random.between(1, 3))
            .map(|at| {
                let other = random.pick(&sessions).fork(&format!("other-{case}-{at}")).unwrap();
                for _ in 0..random.between(0, 3) {
                    step(&other, &mut random);
                }
                other
            })
            .collect();
        let before = bodies(&into);
        let dialog = match case % 3 {
            0 => MergedDialog::OutOfView,
            1 => MergedDialog::Whole,
            _ => MergedDialog::Summary(&short),
        };
        let others: Vec<&Session> = others.iter().collect();
        let report = into.merge(&others, MergeOptions::new().dialog(dialog)).unwrap();
        brought += report.sessions.iter().map(|merged| merged.memories).sum::<u64>();
        let doing = format!("case {case}, {dialog:?}, {} others", others.len());
        judge(&into, &doing);
        for _ in 0..3 {
            let (step, _) = step(&into, &mut random);
            judge(&into, &format!("{doing}, then {step}"));
            let total = into.latest().unwrap().prompt().unwrap().count(&counter).high();
            let budget = Budget::new(1 + random.below(total as usize + 1) as u64);
            if let Ok(plan) = into.plan(&budget, &counter) {
                into.apply(&plan).unwrap();
                judge(&into, &format!("{doing}, in {} tokens", budget.limit()));
                judged += 1;
            }
        }
        while report.changed && into.undo().unwrap().operation.kind.name() != "merge" {}
        assert!(bodies(&into) == before, "{doing}");
        for session in others.into_iter().chain([&into]) {
            store.delete_session(session.name()).unwrap();
        }
    }
    println!("{MERGES} merges brought {brought} memories, judged in {judged} budgets");
    assert!(brought > 1_000 && judged > MERGES, "{brought} memories, {judged} budgets");
}
