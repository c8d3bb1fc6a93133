//! What a session shows, judged: by the model, by the rules of the APIs, and by its facts.

use std::collections::{BTreeMap, HashSet};

use partita::budget::{Budget, Plan, PlanAction};
use partita::context::{Dialect, Prompt, PromptMemory};
use partita::tokens::Count;
use partita::view::{MemoryState, PlanKey, PlanOptions};
use partita::{ErrorKind, FilePath, MemoryKind, Part, Session, Snapshot};

use super::book::{Book, Item};
use super::brute;
use super::op::PATHS;
use super::told::{COUNTER, said, same};
use crate::validate::violations;

/// Compares what a session shows with the model.
pub(super) fn shows(session: &Session, book: &Book) -> Result<(), String> {
    let latest = session.latest().map_err(said)?;
    let (found, due) = (latest.prompt().map_err(said)?, book.prompt());
    let mut plain = found.clone();
    plain.memories.iter_mut().for_each(|entry| entry.memory.links.clear());
    if plain != due {
        return Err(differ(&plain, &due));
    }
    links(&latest, &found, book)?;
    let mut seen = Vec::new();
    for memory in latest.view().memories_and_forgotten() {
        let memory = memory.map_err(said)?;
        seen.push((memory.number, memory.state, memory.pinned));
    }
    let of = |item: &Item| {
        let state = match item {
            // Of what is forgotten nothing else is shown.
            Item { forgotten: true, .. } => MemoryState::Forgotten,
            Item { covers: Some(_), last, .. } => MemoryState::Summary { last: *last },
            Item { trimmed: true, .. } => MemoryState::Trimmed,
            _ => MemoryState::Full,
        };
        (item.first, state, item.pinned)
    };
    same("the view", &seen, &book.now.items.iter().map(of).collect())?;
    let mut files = Vec::new();
    for file in latest.view().files() {
        let file = file.map_err(said)?;
        files.push((file.path.to_string(), file.number, file.pinned));
    }
    let due = book.now.pairs.iter();
    let due = due.map(|pair| (PATHS[pair.path].to_owned(), pair.number, pair.pinned));
    same("the files in view", &files, &due.collect())?;
    let rules = latest.view().rules().map_err(said)?;
    let hides = |path: usize| {
        let path = FilePath::new(PATHS[path]).expect("it is a path");
        rules.iter().rev().find(|rule| rule.glob.matches(&path)).is_some_and(|rule| rule.hides)
    };
    let paths = 0..PATHS.len();
    let due = paths.clone().filter(|path| book.now.hides(*path)).collect();
    same(
        "the paths that are hidden",
        &paths.filter(|path| hides(*path)).collect::<Vec<_>>(),
        &due,
    )?;
    let total = session.capacity(&Budget::new(1), &COUNTER).map_err(said)?.total();
    same("the capacity", &total, &found.count(&COUNTER))
}

/// A summary links to the calls, results and checks that it covers, each once.
fn links(latest: &Snapshot, found: &Prompt, book: &Book) -> Result<(), String> {
    let mut ids = BTreeMap::new();
    for entry in latest.memories() {
        let entry = entry.map_err(said)?;
        ids.insert(entry.number, entry.id.id());
    }
    for item in &book.now.items {
        let entry = found.memories.iter().find(|entry| entry.number == item.first);
        let Some(entry) = entry.filter(|_| item.covers.is_some() && !item.forgotten) else {
            continue;
        };
        let mut due = Vec::new();
        relied_on(item, &mut due);
        let mut due: Vec<_> = due.iter().map(|number| ids[number]).collect();
        let mut seen = HashSet::new();
        due.retain(|id| seen.insert(*id));
        same("what a summary relies on", &entry.memory.links, &due)?;
    }
    Ok(())
}

fn relied_on(item: &Item, numbers: &mut Vec<u64>) {
    match &item.covers {
        Some(covers) => {
            covers.iter().filter(|at| !at.forgotten).for_each(|at| relied_on(at, numbers));
        }
        None => {
            let is_one = |part: &Part| matches!(part, Part::Call { .. } | Part::Result { .. });
            if item.memory.kind == MemoryKind::Validation || item.memory.parts.iter().any(is_one) {
                numbers.push(item.first);
            }
        }
    }
}

/// Says where two prompts differ.
fn differ(found: &Prompt, due: &Prompt) -> String {
    let numbers = |prompt: &Prompt| -> Vec<u64> {
        prompt.memories.iter().map(|entry| entry.number).collect()
    };
    let files = |prompt: &Prompt| -> Vec<String> {
        let of = prompt.files.iter();
        of.map(|file| format!("{}@{} after {}", file.path, file.iteration, file.after)).collect()
    };
    if numbers(found) != numbers(due) || files(found) != files(due) {
        return format!(
            "the prompt: came {:?} {:?}, expected {:?} {:?}",
            numbers(found),
            files(found),
            numbers(due),
            files(due)
        );
    }
    let other = found.memories.iter().zip(&due.memories).find(|(one, other)| one != other);
    match other {
        Some((one, other)) => format!("a memory: came {one:?}, expected {other:?}"),
        None => format!("the prompt: came {found:?}, expected {due:?}"),
    }
}

/// Judges the bodies of a session: by the APIs' rules, and each fact in view stands there once.
pub(super) fn facts(session: &Session, book: &Book) -> Result<(), String> {
    let prompt = session.latest().and_then(|latest| latest.prompt()).map_err(said)?;
    let shown = shown_facts(book);
    for dialect in Dialect::ALL {
        let request = prompt.render(dialect);
        let body = request.body.to_string();
        let found = violations(dialect.name(), &serde_json::from_str(&body).expect("it is JSON"));
        if !found.is_empty() {
            return Err(format!("{dialect:?}: {found:#?}"));
        }
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for word in body.split(|letter: char| !letter.is_ascii_alphanumeric()) {
            // What stands before a fact may be a line break: `\n` is written with a letter.
            let word = word.find("fact").or(word.find("inner")).map_or(word, |at| &word[at..]);
            if word.starts_with("fact") || word.starts_with("inner") {
                *times.entry(word).or_default() += 1;
            }
        }
        for (fact, (due, number)) in &shown {
            let came = times.remove(&**fact).unwrap_or(0);
            let is_told = || {
                let told = |what: &str| what.contains("left out") || what.contains("placeholder");
                request.mends.iter().any(|mend| mend.memory == *number && told(&mend.what))
            };
            if came != *due && !(came < *due && is_told()) {
                let mends: Vec<String> = request.mends.iter().map(|it| format!("{it:?}")).collect();
                return Err(format!(
                    "{dialect:?}: {fact} of memory {number} stands {came} times, not {due}: {mends:?}"
                ));
            }
        }
        if let Some((fact, _)) = times.first_key_value() {
            return Err(format!("{dialect:?}: {fact} is not in view"));
        }
    }
    Ok(())
}

/// By fact how often it is in view, and in which memory.
fn shown_facts(book: &Book) -> BTreeMap<String, (usize, u64)> {
    let mut shown: BTreeMap<String, (usize, u64)> = BTreeMap::new();
    let prompt = book.prompt();
    let mut add = |text: &str, number: u64| {
        for word in text.split(|letter: char| !letter.is_ascii_alphanumeric()) {
            if word.starts_with("fact") || word.starts_with("inner") {
                shown.entry(word.to_owned()).or_insert((0, number)).0 += 1;
            }
        }
    };
    for PromptMemory { number, memory } in &prompt.memories {
        for part in &memory.parts {
            match part {
                Part::Text(body) => {
                    add(&String::from_utf8_lossy(body.as_inline().unwrap_or_default()), *number);
                }
                Part::Opaque { content, .. } => {
                    add(&String::from_utf8_lossy(content.as_inline().unwrap_or_default()), *number);
                }
                _ => {}
            }
        }
    }
    for file in &prompt.files {
        add(&file.text, 0);
    }
    shown
}

/// Plans for a share of what the prompt has, in thousandths; none where nothing fits.
pub(super) fn plan(
    session: &Session,
    book: &Book,
    share: usize,
    summaries: bool,
) -> Result<Option<Plan<PlanKey>>, String> {
    let prompt = book.prompt();
    let whole = prompt.count(&COUNTER);
    let limit = (whole.high() * share as u64 / 1_000).max(1);
    let budget = Budget::new(limit);
    let options = match summaries {
        true => PlanOptions::new().summaries(20),
        false => PlanOptions::new(),
    };
    let plan = match session.plan_with(&budget, &COUNTER, &options) {
        Ok(plan) => plan,
        Err(error) if error.kind() == ErrorKind::DoesNotFit => {
            let least = error.shortfall().ok_or("a shortfall that is not told")?.least;
            if least <= limit {
                return Err(format!("{limit} tokens hold {least}: {error}"));
            }
            if !summaries {
                brute::refused(book, limit, least)?;
            }
            return Ok(None);
        }
        Err(error) => return Err(said(error)),
    };
    same("what is there before a plan", &plan.before(), &whole)?;
    if plan.after().high() > limit {
        return Err(format!("{} of {limit}: {plan}", plan.after()));
    }
    if !summaries {
        brute::spares(book, &plan, limit)?;
    }
    Ok(Some(plan))
}

/// What a plan promised is what is there once it is applied.
pub(super) fn applied(session: &Session, plan: &Plan<PlanKey>) -> Result<(), String> {
    let total = session.capacity(&Budget::new(1), &COUNTER).map_err(said)?.total();
    let compacts = plan.steps().iter().any(|step| step.action == PlanAction::Compact);
    match compacts {
        true if total.high() <= plan.after().high() => Ok(()),
        true => Err(format!("{total} are more than {}: {plan}", plan.after())),
        false => {
            // An estimate of one number is as good as that number.
            let told = |count: Count| (count.tokens(), count.low(), count.high());
            same("what is there after a plan", &told(total), &told(plan.after()))
                .map_err(|what| format!("{what}: {plan}"))
        }
    }
}
