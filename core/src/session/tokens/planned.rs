//! What a session's plan may do: its memories and files as groups with modes.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Range;

use crate::budget::{
    Goes, Makeup, Material, Opening, PlanAction, PlanGroup, PlanMode, PlanStep, Unit, Ways,
    answers, asks, of_dialog, turns,
};
use crate::context::{
    ItemKey, Prompt, PromptMemory, Source, exchanges, fixed_count, segments, trimmed,
};
use crate::error::Result;
use crate::object::{FilePath, Memory, MemoryKind, Part, Role};
use crate::session::read::prompt::{Shown, Standing};
use crate::session::read::view::MemoryState;
use crate::session::tokens::key::PlanKey;
use crate::session::tokens::makeup::{makeup, told};
use crate::session::tokens::naming::what;
use crate::session::tokens::options::PlanOptions;
use crate::tokens::{Count, TokenCounter};

/// Exchanges that one summary may cover in a plan: a choice of each is offered.
const SPANS: [usize; 6] = [2, 4, 8, 16, 32, 64];

/// What a group of the plan is.
#[derive(Clone, Debug)]
pub(crate) enum Key {
    Fixed(String),
    /// A memory, by its place among those in view.
    Memory(usize, String),
    /// A file, by its place among those in view.
    File(usize, String),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Key::Fixed(what) | Key::Memory(_, what) | Key::File(_, what)) = self;
        f.pad(what)
    }
}

/// The groups that a plan may change, and how it is looked for. The groups of a turn follow each
/// other, and the files that came into view within it follow them.
pub(crate) struct Planned {
    pub(crate) groups: Vec<PlanGroup<Key>>,
    pub(crate) ways: Ways,
    is_regular: bool,
}

/// The memories in view, cut into exchanges and turns.
struct Dialog<'a> {
    shown: &'a Shown,
    ranges: Vec<Range<usize>>,
    goes: Vec<Goes>,
    /// The tokens of each memory.
    tokens: Vec<Count>,
    /// Where the newest results begin, or what else stands at the end.
    newest: usize,
    /// The tokens of each memory whose results can be trimmed, once they are.
    short: Vec<Option<Count>>,
    /// How many newer turns stand behind each memory; results are no turns.
    ages: Vec<u64>,
    /// The memories behind which files stand, as indices of the next ones: rising.
    cuts: Vec<usize>,
    options: &'a PlanOptions<'a>,
}

impl Planned {
    pub(crate) fn new(
        shown: &Shown,
        counter: &(impl TokenCounter + ?Sized),
        options: &PlanOptions<'_>,
    ) -> Result<Planned> {
        let prompt = &shown.prompt;
        let items = prompt.items();
        let counts: Vec<Count> = items.iter().map(|item| item.count(counter)).collect();
        counter.check()?;
        let tools = prompt.tools.len();
        let once = Key::Fixed("what a request costs once".to_owned());
        let mut groups =
            vec![PlanGroup::new(once, Source::Tools, fixed_count(counter, tools)).stays()];
        let index: HashMap<u64, usize> =
            prompt.memories.iter().enumerate().map(|(at, entry)| (entry.number, at)).collect();
        let mut dialog = Dialog::new(shown, options);
        // Where each memory stands in the prompt, and before which memory each file does.
        let mut ranks: Vec<Option<usize>> = vec![None; prompt.memories.len()];
        let mut files: Vec<(usize, usize, Count, ItemKey)> = Vec::new();
        let mut seen = 0;
        for (rank, (item, count)) in items.iter().zip(&counts).enumerate() {
            match item.source {
                Source::Memories => {
                    if let Some(&at) = item.key.memory().and_then(|number| index.get(&number)) {
                        dialog.tokens[at] += *count;
                        ranks[at] = Some(rank);
                        seen = seen.max(at + 1);
                    }
                }
                Source::Files => files.push((seen, rank, *count, item.key.clone())),
                // Without tools of the host's those of the dialog stand in, and go with their calls.
                Source::Tools if tools == 0 => {}
                Source::Tools => {
                    let key = Key::Fixed(item.key.to_string());
                    groups.push(PlanGroup::new(key, item.source, *count).stays());
                }
                source => {
                    let key = Key::Fixed(source.name().to_owned());
                    groups.push(PlanGroup::new(key, source, *count).stays());
                }
            }
        }
        dialog.count_short(&index, counter);
        let mut places: Vec<usize> = (0..groups.len()).collect();
        let ahead = groups.len();
        let in_view = FilesInView::of(shown);
        let mut of_files = Vec::new();
        let turns = dialog.turns();
        for (before, ..) in &files {
            let turn = turns.partition_point(|turn| turn.end < *before);
            dialog.cuts.extend(turns.get(turn).map(|turn| turn.end));
        }
        let mut files = files.into_iter().peekable();
        let mut group_of = HashMap::new();
        let mut place = ahead;
        for turn in turns {
            let mut put_files = |groups: &mut Vec<PlanGroup<Key>>, places: &mut Vec<usize>, to| {
                while let Some((_, rank, count, key)) = files.next_if(|file| file.0 <= to) {
                    of_files.push(groups.len());
                    groups.push(in_view.group(&key, count, options));
                    places.push(ahead + rank);
                }
            };
            put_files(&mut groups, &mut places, turn.start);
            for at in turn.clone() {
                group_of.insert(prompt.memories[at].number, groups.len());
                groups.push(dialog.group(at));
                place = ranks[at].map_or(place, |rank| ahead + rank);
                places.push(place);
            }
            put_files(&mut groups, &mut places, turn.end);
        }
        counter.check()?;
        let sizes = (&group_of, groups.len());
        let mut together = of_dialog(prompt, (&items, &counts), sizes, counter);
        for file in of_files {
            together.openings[file] = Opening::User;
        }
        together.places = places;
        let mild_first = !options.known_values().1;
        let memories: Vec<&Memory> = prompt.memories.iter().map(|at| &at.memory).collect();
        Ok(Planned {
            groups,
            ways: Ways { together, mild_first, oldest_first: true },
            is_regular: segments(&memories).is_some(),
        })
    }

    /// What is left after some steps, counted as a whole; nothing where the parts tell it: what
    /// stands around a stretch of a regular dialog changes nothing in it.
    pub(crate) fn counted_anew(
        &self,
        shown: &Shown,
        steps: &[(usize, PlanMode)],
        counter: &(impl TokenCounter + ?Sized),
    ) -> Option<Count> {
        if self.is_regular {
            return None;
        }
        let (mut memories, mut files) = (HashMap::new(), HashSet::new());
        let mut summaries = Count::ZERO;
        for (at, mode) in steps {
            for group in &self.groups[*at..*at + mode.span] {
                match group.key() {
                    Key::Memory(at, _) => drop(memories.insert(*at, mode.action)),
                    Key::File(at, _) => drop(files.insert(*at)),
                    Key::Fixed(_) => {}
                }
            }
            if mode.action == PlanAction::Compact {
                summaries += mode.tokens;
            }
        }
        let mut prompt = shown.prompt.clone();
        let mut at = 0..;
        prompt.files.retain(|_| at.next().is_some_and(|at| !files.contains(&at)));
        let mut at = 0..;
        prompt.memories.retain_mut(|entry| match at.next().and_then(|at| memories.get(&at)) {
            Some(PlanAction::Trim) => {
                entry.memory = trimmed(&entry.memory);
                true
            }
            taken => taken.is_none(),
        });
        Some(prompt.count(counter) + summaries)
    }

    /// What a step is done to, as a session's plan tells it.
    pub(crate) fn keys(&self, shown: &Shown, step: &PlanStep<Key>) -> Vec<PlanKey> {
        let mut memories: Option<(u64, u64, String)> = None;
        let mut keys = Vec::new();
        for key in &step.keys {
            match key {
                Key::Fixed(what) => keys.push(PlanKey::Fixed(what.clone())),
                Key::Memory(at, _) => {
                    let memory = &shown.memories[*at];
                    let last = last_number(memory);
                    match &mut memories {
                        Some(run) => run.1 = run.1.max(last),
                        None => memories = Some((memory.number, last, what(shown, *at))),
                    }
                }
                Key::File(at, _) => {
                    let file = &shown.files[*at];
                    keys.push(PlanKey::File {
                        path: file.path.to_string(),
                        number: file.number,
                        iteration: file.iteration,
                    });
                }
            }
        }
        keys.extend(memories.map(|(first, last, what)| PlanKey::Memories { first, last, what }));
        keys
    }
}

impl<'a> Dialog<'a> {
    fn new(shown: &'a Shown, options: &'a PlanOptions<'a>) -> Self {
        let entries = &shown.prompt.memories;
        let ranges = exchanges(entries.iter().map(|entry| &entry.memory));
        let unit = |range: &Range<usize>| {
            let first = &shown.memories[range.start];
            let is_laid = matches!(first.state, MemoryState::Summary { .. });
            let entries = &entries[range.clone()];
            Unit {
                asks: entries.len() == 1 && asks(&entries[0].memory),
                apart: entries[0].memory.kind == MemoryKind::Summary && !is_laid,
                answers: entries.iter().all(|entry| answers(&entry.memory)),
                held: shown.memories[range.clone()].iter().any(|memory| memory.pinned),
            }
        };
        let units: Vec<Unit> = ranges.iter().map(unit).collect();
        let tokens = vec![Count::ZERO; entries.len()];
        let short = vec![None; entries.len()];
        let is_model = |entry: &PromptMemory| entry.memory.role == Role::Assistant;
        let newest = entries.iter().rposition(is_model).unwrap_or(0);
        let mut ages = vec![0; entries.len()];
        let mut newer = 0;
        for (at, entry) in entries.iter().enumerate().rev() {
            ages[at] = newer;
            let is_result = |part: &Part| matches!(part, Part::Result { .. });
            newer += u64::from(!entry.memory.parts.iter().any(is_result));
        }
        Dialog {
            shown,
            goes: turns(&units),
            ranges,
            tokens,
            newest,
            short,
            ages,
            cuts: Vec::new(),
            options,
        }
    }

    /// The memories of each turn; exchanges that go alone are turns by themselves.
    fn turns(&self) -> Vec<Range<usize>> {
        let mut turns = Vec::new();
        let mut at = 0;
        while at < self.ranges.len() {
            let len = if let Goes::WithTurn(len) = self.goes[at] { len } else { 1 };
            turns.push(self.ranges[at].start..self.ranges[at + len - 1].end);
            at += len;
        }
        // Files may stand in a dialog without memories.
        let end = turns.last().map_or(0, |turn| turn.end);
        turns.push(end..end);
        turns
    }

    /// Counts the memories once more, as they are with their results trimmed: in the same dialog,
    /// for what is sent of a memory hangs on what stands before it.
    fn count_short(&mut self, index: &HashMap<u64, usize>, counter: &(impl TokenCounter + ?Sized)) {
        let has_result = |part: &Part| matches!(part, Part::Result { .. });
        let mut memories = self.shown.prompt.memories.clone();
        for (at, entry) in memories.iter_mut().enumerate() {
            if entry.memory.parts.iter().any(has_result)
                && self.shown.memories[at].state != MemoryState::Trimmed
            {
                let short = trimmed(&entry.memory);
                if short != entry.memory {
                    entry.memory = short;
                    self.short[at] = Some(Count::ZERO);
                }
            }
        }
        if self.short.iter().all(Option::is_none) {
            return;
        }
        let prompt = Prompt { memories, ..Prompt::default() };
        for item in prompt.items().iter().filter(|item| item.source == Source::Memories) {
            let at = item.key.memory().and_then(|number| index.get(&number));
            if let Some(Some(short)) = at.map(|at| &mut self.short[*at]) {
                *short += item.count(counter);
            }
        }
    }

    /// The group of a memory.
    fn group(&self, at: usize) -> PlanGroup<Key> {
        let shown = self.shown;
        let exchange = self.ranges.partition_point(|range| range.end <= at);
        let range = &self.ranges[exchange];
        let memory = &shown.memories[at];
        let key = PlanKey::Memories {
            first: memory.number,
            last: last_number(memory),
            what: what(shown, at),
        };
        let key = Key::Memory(at, key.to_string());
        let mut group = PlanGroup::new(key, Source::Memories, self.tokens[at]);
        if shown.memories[range.clone()].iter().any(|memory| memory.pinned) {
            return group.pinned();
        }
        let (values, _) = self.options.known_values();
        if let Some(tokens) = self.short[at].filter(|short| short.high() < self.tokens[at].high()) {
            // What stays of the results is not lost.
            let gone = self.tokens[at].tokens().saturating_sub(tokens.tokens());
            let makeup = Makeup::new().with(Material::Returned, self.told(gone));
            let loss = values.loss(&makeup, self.ages[at], PlanAction::Trim);
            group = group.trim(tokens, loss);
        }
        let goes = self.goes[exchange];
        if goes == Goes::Stays {
            // The model has answered the earlier results of its turn; to the newest it is about to.
            return if at < self.newest { group.trims() } else { group.stays().last_resort() };
        }
        if at > range.start {
            return group;
        }
        if let Some(summary) = self.options.summary_tokens() {
            // A summary spans nothing that stays, and no file.
            let cut = self.cuts.partition_point(|cut| *cut <= at);
            let cut = self.cuts.get(cut).copied().unwrap_or(usize::MAX);
            let most = SPANS[SPANS.len() - 1];
            let may = self.goes[exchange..].iter().zip(&self.ranges[exchange..]).take(most);
            let may = may.take_while(|(goes, range)| **goes != Goes::Stays && range.end <= cut);
            let may = may.count();
            for span in SPANS.into_iter().filter(|span| *span <= may) {
                let covered = exchange..exchange + span;
                let loss = self.loss_of(covered.clone(), PlanAction::Compact);
                let tokens = Count::estimated(summary, 0, summary);
                group = group.compact(self.memories_of(covered), tokens, loss);
            }
        }
        let run = match goes {
            Goes::WithTurn(len) => exchange..exchange + len,
            Goes::Alone => exchange..exchange + 1,
            Goes::Stays | Goes::Within => return group,
        };
        let loss = self.loss_of(run.clone(), PlanAction::Forget);
        group.forget_run(self.memories_of(run), loss)
    }

    fn memories_of(&self, exchanges: Range<usize>) -> usize {
        self.ranges[exchanges].iter().map(Range::len).sum()
    }

    /// What is lost when something is done to exchanges, by the age of each.
    fn loss_of(&self, exchanges: Range<usize>, action: PlanAction) -> u64 {
        let (values, _) = self.options.known_values();
        let mut loss = 0u64;
        for at in exchanges.flat_map(|exchange| self.ranges[exchange].clone()) {
            let tokens = self.tokens[at].tokens();
            let makeup = makeup(&self.shown.prompt.memories[at].memory, tokens);
            let told =
                makeup.parts().fold(Makeup::new(), |sum, (material, tokens)| match material {
                    Material::Returned => sum.with(material, self.told(tokens)),
                    _ => sum.with(material, tokens),
                });
            loss = loss.saturating_add(values.loss(&told, self.ages[at], action));
        }
        loss
    }

    /// The tokens of a result that count: all of them by the host's values.
    fn told(&self, tokens: u64) -> u64 {
        if self.options.known_values().1 { tokens } else { told(tokens) }
    }
}

/// The files in view, found by the keys of their items.
struct FilesInView<'a> {
    shown: &'a Shown,
    files: HashMap<ItemKey, usize>,
    /// The newest iteration in view of each path.
    newest: HashMap<&'a FilePath, u64>,
}

impl<'a> FilesInView<'a> {
    fn of(shown: &'a Shown) -> Self {
        let keys = shown
            .prompt
            .files
            .iter()
            .map(|file| ItemKey::File { path: file.path.clone(), number: file.iteration });
        let mut newest = HashMap::new();
        for file in &shown.files {
            let number = newest.entry(&file.path).or_default();
            *number = file.number.max(*number);
        }
        FilesInView { shown, files: keys.zip(0..).collect(), newest }
    }

    fn group(&self, key: &ItemKey, tokens: Count, options: &PlanOptions<'_>) -> PlanGroup<Key> {
        let Some(&at) = self.files.get(key) else {
            return PlanGroup::new(Key::Fixed(key.to_word()), Source::Files, tokens).stays();
        };
        let file = &self.shown.files[at];
        let key = Key::File(at, format!("{}, iteration {}", file.path, file.number));
        let group = PlanGroup::new(key, Source::Files, tokens);
        if file.pinned {
            return group.pinned();
        }
        let is_old = self.newest[&file.path] > file.number;
        let material = if is_old { Material::OldFile } else { Material::File };
        let makeup = Makeup::new().with(material, tokens.tokens());
        let loss = |action| options.known_values().0.loss(&makeup, 0, action);
        match is_old {
            true => group
                .refresh(Count::ZERO, loss(PlanAction::Refresh))
                .hide(loss(PlanAction::Hide).max(loss(PlanAction::Refresh))),
            false => group.hide(loss(PlanAction::Hide)),
        }
    }
}

fn last_number(memory: &Standing) -> u64 {
    match memory.state {
        MemoryState::Summary { last } => last,
        _ => memory.number,
    }
}
