//! Plans for a session: what to refresh, hide, trim, compact and forget to fit a budget, and the one
//! operation that does it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use super::known::Known;
use super::prompt::Shown;
use super::view::Summarizer;
use super::{Batch, CheckpointInfo, Selector, Session, ViewFile, ViewMemory, ViewReport};
use crate::budget::{
    Budget, DefaultValues, Makeup, Material, Opening, Plan, PlanAction, PlanGroup, PlanMode,
    PlanStep, Values, Ways, of_dialog, search,
};
use crate::context::{
    Item, Prompt, PromptMemory, Source, exchanges, fixed_count, segments, trimmed,
};
use crate::error::{Error, Result};
use crate::id::IterationId;
use crate::object::{Body, FilePath, Memory, MemoryKind, OperationKind, Part, Role};
use crate::token::{Count, TokenCounter};

/// What a step of a session's plan is done to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlanKey {
    /// What a plan leaves alone: instructions, tools, sandbox state, what a request costs once.
    Fixed(String),
    /// An exchange, by the numbers of its first and its last memory; a summary by those that it
    /// covers.
    Exchange {
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
    /// An iteration of a file in view.
    File {
        /// Where it is.
        path: String,
        /// Which one.
        number: u64,
        /// The iteration.
        iteration: IterationId,
    },
}

impl fmt::Display for PlanKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanKey::Fixed(what) => f.pad(what),
            PlanKey::Exchange { first, last } if first == last => f.pad(&format!("memory {first}")),
            PlanKey::Exchange { first, last } => f.pad(&format!("memories {first} to {last}")),
            PlanKey::File { path, number, .. } => f.pad(&format!("{path}, iteration {number}")),
        }
    }
}

/// How a session is planned for.
pub struct PlanOptions<'a> {
    values: &'a dyn Values,
    summary_tokens: Option<u64>,
}

impl Default for PlanOptions<'_> {
    fn default() -> Self {
        PlanOptions { values: &DefaultValues, summary_tokens: None }
    }
}

impl<'a> PlanOptions<'a> {
    /// Makes options: the default values, and no compactions.
    pub fn new() -> Self {
        PlanOptions::default()
    }

    /// Says what things are worth to the host.
    #[must_use]
    pub fn values(self, values: &'a dyn Values) -> Self {
        PlanOptions { values, ..self }
    }

    /// Lets the plan compact runs of exchanges into summaries of about so many tokens each. It can
    /// then be applied with a summarizer alone.
    #[must_use]
    pub fn summaries(self, tokens: u64) -> Self {
        PlanOptions { summary_tokens: Some(tokens), ..self }
    }
}

impl fmt::Debug for PlanOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summary = &self.summary_tokens;
        f.debug_struct("PlanOptions").field("summary_tokens", summary).finish_non_exhaustive()
    }
}

/// Exchanges that one summary may cover in a plan: a choice of each is offered.
const SPANS: [usize; 6] = [2, 4, 8, 16, 32, 64];

impl Session {
    /// Plans how the newest state is made to fit a budget, by whole exchanges, without what is
    /// pinned. Changes nothing. The newest exchange is what the model is to answer, and stays; its
    /// results are trimmed where nothing else makes the prompt fit. What the plan leaves is counted with the placeholder that a dialog without its beginning gets.
    ///
    /// # Errors
    /// `DoesNotFit` if even without all that may go it does not fit: the error's
    /// [`shortfall`](Error::shortfall) says by how much, and what holds the most of it. Else as
    /// [`capacity`](Self::capacity).
    ///
    /// ```
    /// use partita::{Budget, Encoding, Memory};
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// for number in 0..20 {
    ///     session.remember(Memory::user(format!("Question {number}. {}", "More. ".repeat(50))))?;
    /// }
    /// let budget = Budget::new(1_000).reserve(200);
    /// let plan = session.plan(&budget, &Encoding::O200k)?;
    /// assert!(plan.after().tokens() <= 800 && plan.before().tokens() > 800);
    /// session.apply(&plan)?;
    /// assert_eq!(session.capacity(&budget, &Encoding::O200k)?.total(), plan.after());
    /// session.undo()?;
    /// assert_eq!(session.capacity(&budget, &Encoding::O200k)?.total(), plan.before());
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn plan(
        &self,
        budget: &Budget,
        counter: &(impl TokenCounter + ?Sized),
    ) -> Result<Plan<PlanKey>> {
        self.plan_with(budget, counter, &PlanOptions::new())
    }

    /// Plans with options.
    ///
    /// # Errors
    /// As [`plan`](Self::plan).
    pub fn plan_with(
        &self,
        budget: &Budget,
        counter: &(impl TokenCounter + ?Sized),
        options: &PlanOptions<'_>,
    ) -> Result<Plan<PlanKey>> {
        budget.check()?;
        let known = Known::new(counter, self.store());
        let shown = self.latest()?.shown()?;
        let Planned { groups, ways } = planned(&shown, &known, options)?;
        let plan = search(&groups, budget, &ways, &mut |steps| {
            Ok(counted_anew(&shown, &groups, steps, &known))
        })?;
        known.keep()?;
        Ok(plan)
    }

    /// Does what a plan says, as one operation, which [`undo`](Self::undo) takes back as one. What is
    /// no longer in view, or was pinned meanwhile, is left as it is, and the report says so.
    ///
    /// # Errors
    /// `Invalid` for a plan with compactions, which need [`apply_with`](Self::apply_with);
    /// `Conflict` if another writer changed the same part of the view meanwhile.
    pub fn apply(&self, plan: &Plan<PlanKey>) -> Result<ViewReport> {
        let none = |_: &[super::MemoryEntry]| {
            Err(Error::invalid("the plan compacts memories: apply it with a summarizer"))
        };
        self.apply_with(plan, &none)
    }

    /// Does what a plan says, with the host's summaries.
    ///
    /// # Errors
    /// As [`apply`](Self::apply), and what the summarizer returns: then nothing changes.
    pub fn apply_with(
        &self,
        plan: &Plan<PlanKey>,
        summarizer: &(impl Summarizer + ?Sized),
    ) -> Result<ViewReport> {
        let mut batch = self.begin()?;
        batch.set_kind(OperationKind::Plan);
        batch.message(&format!("{} steps, {} tokens freed", plan.steps().len(), plan.freed()))?;
        let mut report = ViewReport::default();
        for step in plan.steps() {
            report.add(batch.take_step(step, summarizer)?);
        }
        if !report.is_empty() {
            report.checkpoint = batch.finish()?.head.point().map(CheckpointInfo::of);
        }
        Ok(report)
    }
}

impl Batch {
    fn take_step(
        &mut self,
        step: &PlanStep<PlanKey>,
        summarizer: &(impl Summarizer + ?Sized),
    ) -> Result<ViewReport> {
        let (mut numbers, mut files) = (None::<(u64, u64)>, Vec::new());
        for key in &step.keys {
            match key {
                PlanKey::Exchange { first, last } => {
                    let (from, to) = numbers.unwrap_or((*first, *last));
                    numbers = Some((from.min(*first), to.max(*last)));
                }
                PlanKey::File { iteration, .. } => files.push(*iteration),
                PlanKey::Fixed(_) => {}
            }
        }
        let range = || {
            let (first, last) = numbers.ok_or_else(|| Error::invalid("a step without memories"))?;
            Ok::<_, Error>(Selector::Range(first, last))
        };
        match step.action {
            PlanAction::Refresh => self.refresh_some(&mut |id| files.contains(&id)),
            PlanAction::Hide => self.take_out_some(&mut |id| files.contains(&id)),
            PlanAction::Trim => self.trim_results(&range()?),
            PlanAction::Compact => self.compact(&range()?, summarizer),
            PlanAction::Forget => self.forget(&range()?),
        }
    }
}

/// An exchange on its way into a group.
struct Exchange {
    range: std::ops::Range<usize>,
    tokens: Count,
}

/// What is planned: the groups that may change, and what they cost together.
struct Planned {
    groups: Vec<PlanGroup<PlanKey>>,
    ways: Ways,
}

/// The groups that a plan may change, in the order of the request.
fn planned(
    shown: &Shown,
    counter: &(impl TokenCounter + ?Sized),
    options: &PlanOptions<'_>,
) -> Result<Planned> {
    let items = shown.prompt.items();
    let counts: Vec<Count> = items.iter().map(|item| item.count(counter)).collect();
    counter.check()?;
    let ranges = exchanges(shown.prompt.memories.iter().map(|entry| &entry.memory));
    let mut of_number = HashMap::new();
    for (at, range) in ranges.iter().enumerate() {
        for memory in &shown.memories[range.clone()] {
            of_number.insert(memory.number, at);
        }
    }
    let mut all: Vec<Exchange> =
        ranges.into_iter().map(|range| Exchange { range, tokens: Count::ZERO }).collect();
    let (mut groups, mut order) = (Vec::new(), Vec::new());
    let mut files = BTreeMap::new();
    let tools = shown.prompt.tools.len();
    let once = PlanKey::Fixed("what a request costs once".to_owned());
    groups.push(PlanGroup::new(once, Source::Tools, fixed_count(counter, tools)).stays());
    for (item, count) in items.iter().zip(&counts) {
        match item.source {
            Source::Memories => {
                let number: Option<u64> = item.key.parse().ok();
                if let Some(&at) = number.and_then(|number| of_number.get(&number)) {
                    if all[at].tokens == Count::ZERO {
                        order.push(Place::Exchange(at));
                    }
                    all[at].tokens += *count;
                }
            }
            Source::Files => {
                order.push(Place::File(item.key.clone()));
                files.insert(item.key.clone(), *count);
            }
            // Without tools of the host's those of the dialog stand in, and go with their calls.
            Source::Tools if tools == 0 => {}
            _ => {
                let key = PlanKey::Fixed(label(item));
                groups.push(PlanGroup::new(key, item.source, *count).stays());
            }
        }
    }
    let in_view = FilesInView::of(shown);
    let count_of = all.len();
    let mut group_of = HashMap::new();
    let mut of_files = Vec::new();
    for (at, place) in order.iter().enumerate() {
        let group = match place {
            Place::File(key) => {
                of_files.push(groups.len());
                in_view.group(key, files[key], options)
            }
            Place::Exchange(number) => {
                let members = &shown.memories[all[*number].range.clone()];
                group_of.extend(members.iter().map(|memory| (memory.number, groups.len())));
                let age = (count_of - 1 - number) as u64;
                let run = order[at..].iter().map_while(|place| match place {
                    // The newest exchange stays.
                    Place::Exchange(number) if number + 1 < count_of => Some(&all[*number]),
                    _ => None,
                });
                let run: Vec<&Exchange> = run.take(SPANS[SPANS.len() - 1]).collect();
                exchange_group(shown, &all[*number], &run, age, counter, options)
            }
        };
        groups.push(group);
    }
    let sizes = (&group_of, groups.len());
    let mut together = of_dialog(&shown.prompt, (&items, &counts), sizes, counter);
    for file in of_files {
        together.openings[file] = Opening::User;
    }
    counter.check()?;
    let ways = Ways { together, oldest_first: true, ..Ways::default() };
    Ok(Planned { groups, ways })
}

/// What is left after some steps, counted as a whole; nothing where the parts tell it: what stands
/// around a stretch of a regular dialog changes nothing in it.
fn counted_anew(
    shown: &Shown,
    groups: &[PlanGroup<PlanKey>],
    steps: &[(usize, PlanMode)],
    counter: &(impl TokenCounter + ?Sized),
) -> Option<Count> {
    let memories: Vec<&Memory> = shown.prompt.memories.iter().map(|at| &at.memory).collect();
    if segments(&memories).is_some() {
        return None;
    }
    let mut prompt = shown.prompt.clone();
    let (mut numbers, mut files) = (HashMap::new(), HashSet::new());
    for (at, mode) in steps {
        for group in &groups[*at..*at + mode.span] {
            match group.key() {
                PlanKey::Exchange { first, last } => {
                    let all = shown.memories.iter().map(|memory| memory.number);
                    let named = all.filter(|number| (*first..=*last).contains(number));
                    numbers.extend(named.map(|number| (number, mode.action)));
                }
                PlanKey::File { path, number, .. } => {
                    files.insert((path.clone(), *number));
                }
                PlanKey::Fixed(_) => {}
            }
        }
    }
    let summaries = steps.iter().filter(|(_, mode)| mode.action == PlanAction::Compact);
    let summaries: Count = summaries.map(|(_, mode)| mode.tokens).sum();
    prompt.files.retain(|file| !files.contains(&(file.path.clone(), file.iteration)));
    prompt.memories.retain_mut(|entry| match numbers.get(&entry.number) {
        Some(PlanAction::Trim) => {
            entry.memory = trimmed(&entry.memory);
            true
        }
        taken => taken.is_none(),
    });
    Some(prompt.count(counter) + summaries)
}

enum Place {
    Exchange(usize),
    File(String),
}

fn label(item: &Item) -> String {
    match item.source {
        Source::Tools => format!("tool {}", item.key),
        source => source.name().to_owned(),
    }
}

/// The files in view, found by the keys of their items.
struct FilesInView<'a> {
    files: HashMap<String, &'a ViewFile>,
    /// The newest iteration in view of each path.
    newest: HashMap<&'a FilePath, u64>,
}

impl<'a> FilesInView<'a> {
    fn of(shown: &'a Shown) -> Self {
        let keys =
            shown.prompt.files.iter().map(|file| format!("{}@{}", file.path, file.iteration));
        let mut newest = HashMap::new();
        for file in &shown.files {
            let number = newest.entry(&file.path).or_default();
            *number = file.number.max(*number);
        }
        FilesInView { files: keys.zip(&shown.files).collect(), newest }
    }

    fn group(&self, key: &str, tokens: Count, options: &PlanOptions<'_>) -> PlanGroup<PlanKey> {
        let Some(file) = self.files.get(key) else {
            return PlanGroup::new(PlanKey::Fixed(key.to_owned()), Source::Files, tokens).pinned();
        };
        let plan_key = PlanKey::File {
            path: file.path.to_string(),
            number: file.number,
            iteration: file.iteration,
        };
        let group = PlanGroup::new(plan_key, Source::Files, tokens);
        if file.pinned {
            return group.pinned();
        }
        let is_old = self.newest[&file.path] > file.number;
        let material = if is_old { Material::OldFile } else { Material::File };
        let makeup = Makeup::new().with(material, tokens.tokens());
        let loss = |action| options.values.loss(&makeup, 0, action);
        match is_old {
            true => group
                .refresh(Count::ZERO, loss(PlanAction::Refresh))
                .hide(loss(PlanAction::Hide).max(loss(PlanAction::Refresh))),
            false => group.hide(loss(PlanAction::Hide)),
        }
    }
}

fn exchange_group(
    shown: &Shown,
    exchange: &Exchange,
    run: &[&Exchange],
    age: u64,
    counter: &(impl TokenCounter + ?Sized),
    options: &PlanOptions<'_>,
) -> PlanGroup<PlanKey> {
    let memories = &shown.memories[exchange.range.clone()];
    let first = memories.first().map_or(0, |memory| memory.number);
    let last = memories.last().map_or(0, last_number);
    let key = PlanKey::Exchange { first, last };
    let group = PlanGroup::new(key, Source::Memories, exchange.tokens);
    if memories.iter().any(|memory| memory.pinned) {
        return group.pinned();
    }
    let entries = &shown.prompt.memories[exchange.range.clone()];
    let makeup = makeup(entries, exchange.tokens.tokens());
    let loss = |action: PlanAction, makeup: &Makeup| options.values.loss(makeup, age, action);
    let (mut group, mut milder) = (group, 0);
    if let Some(tokens) = trimmed_count(entries, exchange.tokens, counter) {
        // What stays of the results is not lost.
        let gone = exchange.tokens.tokens().saturating_sub(tokens.tokens());
        milder = loss(PlanAction::Trim, &Makeup::new().with(Material::Returned, gone));
        group = group.trim(tokens, milder);
    }
    if age == 0 {
        return group.stays().last_resort();
    }
    if let Some(summary) = options.summary_tokens {
        for span in SPANS.into_iter().filter(|span| *span <= run.len()) {
            let mut whole = Makeup::new();
            for exchange in &run[..span] {
                let entries = &shown.prompt.memories[exchange.range.clone()];
                for (material, tokens) in self::makeup(entries, exchange.tokens.tokens()).parts() {
                    whole = whole.with(material, tokens);
                }
            }
            let tokens = Count::estimated(summary, 0, summary);
            group = group.compact(span, tokens, loss(PlanAction::Compact, &whole));
        }
    }
    group.forget(loss(PlanAction::Forget, &makeup).max(milder))
}

fn last_number(memory: &ViewMemory) -> u64 {
    match memory.state {
        super::MemoryState::Summary { last } => last,
        _ => memory.number,
    }
}

/// The tokens of an exchange whose results are trimmed; none where that frees none.
fn trimmed_count(
    entries: &[PromptMemory],
    whole: Count,
    counter: &(impl TokenCounter + ?Sized),
) -> Option<Count> {
    let has_result =
        |memory: &Memory| memory.parts.iter().any(|part| matches!(part, Part::Result { .. }));
    if !entries.iter().any(|entry| has_result(&entry.memory)) {
        return None;
    }
    let alone = |memories: Vec<PromptMemory>| -> Count {
        let items = Prompt { memories, ..Prompt::default() }.items();
        let own = items.iter().filter(|item| item.source == Source::Memories && item.key != "0");
        own.map(|item| item.count(counter)).sum()
    };
    let short = entries
        .iter()
        .map(|entry| PromptMemory { number: entry.number, memory: trimmed(&entry.memory) });
    let (long, short) = (alone(entries.to_vec()), alone(short.collect()));
    // By itself an exchange may be sent under shorter call ids: what counts is the difference.
    let less = |whole: u64, long: u64, short: u64| whole.saturating_sub(long.saturating_sub(short));
    let tokens = less(whole.tokens(), long.tokens(), short.tokens());
    let left = match whole.is_exact() && long.is_exact() && short.is_exact() {
        true => Count::exact(tokens),
        false => Count::estimated(
            tokens,
            less(whole.low(), long.low(), short.low()),
            less(whole.high(), long.high(), short.high()),
        ),
    };
    (left.high() < whole.high()).then_some(left)
}

/// Of what an exchange consists: its tokens, shared out by the bytes of its parts.
fn makeup(entries: &[PromptMemory], tokens: u64) -> Makeup {
    let mut bytes: Vec<(Material, u64)> = Vec::new();
    for PromptMemory { memory, .. } in entries {
        let mut returned = 0;
        for part in &memory.parts {
            let material = match part {
                Part::Result { parts, .. } => {
                    returned = *parts;
                    continue;
                }
                _ if returned > 0 => {
                    returned -= 1;
                    Material::Returned
                }
                Part::Call { .. } => Material::Called,
                Part::Thinking { .. } => Material::Thought,
                _ if memory.kind == MemoryKind::Summary => Material::Summary,
                _ => match memory.role {
                    Role::System | Role::User => Material::Asked,
                    Role::Assistant => Material::Said,
                    Role::Tool => Material::Returned,
                },
            };
            let len: usize = part.bodies().filter_map(Body::as_inline).map(<[u8]>::len).sum();
            bytes.push((material, len as u64 + 1));
        }
    }
    let all: u64 = bytes.iter().map(|(_, len)| len).sum();
    let share = |len: u64| u128::from(len) * u128::from(tokens) / u128::from(all.max(1));
    bytes.into_iter().fold(Makeup::new(), |makeup, (material, len)| {
        makeup.with(material, u64::try_from(share(len)).unwrap_or(u64::MAX))
    })
}
