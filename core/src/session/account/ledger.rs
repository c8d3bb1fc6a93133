//! The ledger: an account of one state, and how it becomes that of another by what differs.
//!
//! Files are counted one by one. Memories are counted in segments that are rendered the same
//! whatever stands around them, so a changed memory needs its own segment and the one before. Where
//! a dialog has no such segments, all of it is counted anew when a memory changes.

use std::collections::{BTreeMap, HashSet};

use crate::budget::Account;
use crate::context::{
    Item, ItemKey, Prompt, PromptMemory, Source, ViewedFile, fixed_count, message_count, segments,
};
use crate::error::{ErrorKind, Result};
use crate::id::{IterationId, ObjectId};
use crate::object::{Iteration, Memory, read};
use crate::session::account::dialog::{Changed, Dialog, Stretch, beginning, dialog_items};
use crate::session::account::known::Known;
use crate::session::account::told::Told;
use crate::session::line::keys::memory_number;
use crate::session::line::roots::{Root, Roots};
use crate::session::read::prompt::{entry_text, lossy, prompt_memory, standing, viewed_file};
use crate::session::read::snapshot::Snapshot;
use crate::session::read::truth::Truth;
use crate::session::read::view::{ViewChange, ViewFile, view_change};
use crate::store::Store;
use crate::tokens::{Count, SafeCuts, TokenCounter, recount};

/// An account of a session's state.
#[derive(Debug)]
pub(crate) struct Ledger {
    counter: CountedBy,
    /// What was purged when it was counted.
    erased: [Option<ObjectId>; 2],
    roots: Roots,
    account: Account<ItemKey>,
    dialog: Dialog,
    told: Told,
    /// Tools that are given, without those that stand in for calls of others.
    tools: usize,
    /// For each file in view the newest memory when it came.
    afters: BTreeMap<u64, usize>,
}

/// What decides all of a counter's counts.
#[derive(Debug, PartialEq, Eq)]
struct CountedBy {
    id: String,
    model: Option<String>,
    dialect: Option<String>,
    request: Count,
}

impl CountedBy {
    fn of(counter: &(impl TokenCounter + ?Sized)) -> Self {
        CountedBy {
            id: counter.id().to_owned(),
            model: counter.model().map(str::to_owned),
            dialect: counter.dialect().map(str::to_owned),
            request: counter.request(),
        }
    }
}

impl Ledger {
    /// Counts all of a state.
    pub(crate) fn new(state: &Snapshot, counter: &(impl TokenCounter + ?Sized)) -> Result<Self> {
        let mut ledger = Ledger {
            counter: CountedBy::of(counter),
            erased: state.store().erased()?,
            roots: state.roots(),
            account: Account::new(),
            dialog: Dialog::default(),
            told: Told::default(),
            tools: 0,
            afters: BTreeMap::new(),
        };
        let tools = Prompt::default().with_tools(state.tools()?);
        for item in tools.items().iter().filter(|item| item.source == Source::Tools) {
            ledger.tools += 1;
            ledger.set(item, counter);
        }
        ledger.count_texts(state, counter)?;
        ledger.count_all_memories(state, counter)?;
        for file in state.view().files() {
            ledger.add_file(state.store(), &file?, counter)?;
        }
        ledger.settle(counter);
        Ok(ledger)
    }

    /// Tells whether it is this counter's, and nothing that it counted may have been purged since.
    pub(crate) fn holds(
        &self,
        state: &Snapshot,
        counter: &(impl TokenCounter + ?Sized),
    ) -> Result<bool> {
        Ok(self.counter == CountedBy::of(counter) && self.erased == state.store().erased()?)
    }

    pub(crate) fn account(&self) -> &Account<ItemKey> {
        &self.account
    }

    pub(crate) fn into_account(self) -> Account<ItemKey> {
        self.account
    }

    /// Becomes the account of another state of the same session. Where its own state is gone, all
    /// is counted anew.
    pub(crate) fn after(
        self,
        state: &Snapshot,
        counter: &(impl TokenCounter + ?Sized),
    ) -> Result<Self> {
        match self.changed(state, counter) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Purged) => {
                Ledger::new(state, counter)
            }
            done => done,
        }
    }

    fn changed(mut self, state: &Snapshot, counter: &(impl TokenCounter + ?Sized)) -> Result<Self> {
        let (old, new) = (self.roots, state.roots());
        if old == new {
            return Ok(self);
        }
        if old.get(Root::Tools) != new.get(Root::Tools) {
            return Ledger::new(state, counter);
        }
        let store = state.store();
        let mut changed = None;
        for change in old.memories().diff(&new.memories(), store) {
            let key = change?.key;
            // The other key holds no memory but the number of the next.
            if key.len() == size_of::<u64>() {
                let number = memory_number(&key)?;
                Changed::add(&mut changed, number, number);
            }
        }
        for number in self.told.otherwise(state)? {
            Changed::add(&mut changed, number, number);
        }
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        let (then, now) = (old.view(), new.view());
        let recent = then.recent.diff(&now.recent, store);
        for change in then.all.diff(&now.all, store).chain(recent) {
            match view_change(store, &change?)? {
                ViewChange::Memories { first, last } => Changed::add(&mut changed, first, last),
                ViewChange::File { before, after } => {
                    gone.extend(before);
                    come.extend(after);
                }
                ViewChange::Rule => {}
            }
        }
        // One that only went to the others neither came nor went.
        let told = |file: &ViewFile| (file.iteration, file.after, file.pinned);
        let mut both: HashSet<_> = gone.iter().map(|file| told(file)).collect();
        both.retain({
            let come: HashSet<_> = come.iter().map(|file| told(file)).collect();
            move |file| come.contains(file)
        });
        gone.retain(|file| !both.contains(&told(file)));
        come.retain(|file| !both.contains(&told(file)));
        // What comes is counted while what it is an edit of is still there.
        for file in &come {
            self.add_file(store, file, counter)?;
        }
        let there: HashSet<IterationId> = come.iter().map(|file| file.iteration).collect();
        for file in &gone {
            if let Some(held) = self.afters.get_mut(&file.after) {
                *held -= 1;
                if *held == 0 {
                    self.afters.remove(&file.after);
                }
            }
            if !there.contains(&file.iteration) {
                self.account.remove(&file_key(file));
            }
        }
        if let Some(changed) = changed {
            self.recount_memories(state, changed, counter)?;
        }
        self.count_texts(state, counter)?;
        self.settle(counter);
        self.roots = new;
        Ok(self)
    }

    fn set(&mut self, item: &Item, counter: &(impl TokenCounter + ?Sized)) {
        // Counted by themselves.
        if item.source == Source::Files {
            return;
        }
        let count = item.count(counter);
        // What the counter's dialect sends nothing of is no item of its request.
        if count == Count::ZERO {
            self.account.remove(&item.key);
            return;
        }
        self.account.set(item.key.clone(), item.source, item.key.to_string(), count);
    }

    /// Sets what depends on the whole: the placeholder and what a request costs once.
    fn settle(&mut self, counter: &(impl TokenCounter + ?Sized)) {
        let ahead = self.afters.first_key_value().map(|(after, _)| *after);
        match self.dialog.placeholder {
            Some((first, count))
                if count != Count::ZERO && ahead.is_none_or(|after| after >= first) =>
            {
                let key = ItemKey::Placeholder;
                let label = key.to_string();
                self.account.set(key, Source::Memories, label, count);
            }
            _ => drop(self.account.remove(&ItemKey::Placeholder)),
        }
        let tools = self.tools + self.dialog.stand_ins.len();
        self.account.set_overhead(fixed_count(counter, tools));
    }

    /// Counts instructions, and sandbox state with what is told of conflicts.
    fn count_texts(
        &mut self,
        state: &Snapshot,
        counter: &(impl TokenCounter + ?Sized),
    ) -> Result<()> {
        self.account.remove(&ItemKey::Instructions);
        self.account.remove(&ItemKey::Sandbox);
        let prompt = Prompt::new(lossy(&state.instructions()?));
        let items = prompt.with_sandbox(standing(state)?).items();
        for item in items.iter().filter(|item| !item.is_placeholder()) {
            self.set(item, counter);
        }
        Ok(())
    }

    fn add_file(
        &mut self,
        store: &Store,
        file: &ViewFile,
        counter: &(impl TokenCounter + ?Sized),
    ) -> Result<()> {
        let key = file_key(file);
        let shown = viewed_file(store, file)?;
        let item = Prompt::default().with_file(shown.clone()).items();
        let Some(item) = item.first() else { return Ok(()) };
        let count = match self.edited_count(store, file, item, &shown, counter)? {
            Some(count) => count,
            None => item.count(counter),
        };
        let label = key.to_string();
        self.account.set(key, Source::Files, label, count);
        *self.afters.entry(file.after).or_default() += 1;
        Ok(())
    }

    /// Counts an edited file around the edit, where the iteration before it is in the account.
    fn edited_count(
        &self,
        store: &Store,
        file: &ViewFile,
        item: &Item,
        shown: &ViewedFile,
        counter: &(impl TokenCounter + ?Sized),
    ) -> Result<Option<Count>> {
        let iteration: Iteration = read(store, file.iteration.id())?;
        let Some(parent) = iteration.parents.first() else { return Ok(None) };
        if counter.safe_cuts() == SafeCuts::None {
            return Ok(None);
        }
        let Ok(parent) = read::<Iteration>(store, parent.id()) else { return Ok(None) };
        let path = parent.path.to_string();
        let key = ItemKey::File { path: path.clone(), number: parent.number };
        let Some(known) = self.account.get(&key).map(|item| item.count) else { return Ok(None) };
        let old = ViewedFile { text: entry_text(store, &parent.entry)?, ..shown.clone() };
        let old = ViewedFile { path, iteration: parent.number, ..old };
        let old = Prompt::default().with_file(old).items();
        let (Some(old), Some(new)) = (old.first().and_then(only_text), only_text(item)) else {
            return Ok(None);
        };
        let message = message_count(counter);
        if !known.is_exact() || !message.is_exact() || known.tokens() < message.tokens() {
            return Ok(None);
        }
        let old_count = Count::exact(known.tokens() - message.tokens());
        Ok(Some(message + recount(counter, old, old_count, new)))
    }

    fn count_all_memories(
        &mut self,
        state: &Snapshot,
        counter: &(impl TokenCounter + ?Sized),
    ) -> Result<()> {
        let mut truth = Truth::of(state)?;
        let mut memories = Vec::new();
        for memory in state.view().memories() {
            let memory = memory?;
            let said = self.told.tell(truth.as_mut(), &memory)?;
            memories.push(prompt_memory(state.store(), memory, said)?);
        }
        self.dialog = Dialog { segments: Some(BTreeMap::new()), ..Dialog::default() };
        if !self.count_memories(memories.clone(), true, counter)? {
            // No segments: everything as one, and nothing is known of its parts.
            let (beginning, _) = beginning(&memories);
            let items = dialog_items(memories, state)?;
            self.dialog = Dialog::default();
            for item in &items {
                if let ItemKey::Tool(name) = &item.key {
                    self.dialog.stand_ins.insert(name.clone(), 1);
                }
                if item.is_placeholder() {
                    let first = beginning.first.unwrap_or(u64::MAX);
                    self.dialog.placeholder = Some((first, item.count(counter)));
                } else {
                    self.set(item, counter);
                }
            }
        }
        Ok(())
    }

    /// Counts what changed of the memories, with all that hangs together with it.
    fn recount_memories(
        &mut self,
        state: &Snapshot,
        changed: Changed,
        counter: &(impl TokenCounter + ?Sized),
    ) -> Result<()> {
        if let Some(all) = &mut self.dialog.segments {
            let mut before = all.range(..=changed.first).rev().map(|(start, _)| *start);
            // A call in the segment before may get its result only now.
            let from = before.next().map(|start| before.next().unwrap_or(start));
            let is_first =
                from.is_none_or(|from| self.dialog.first.is_none_or(|first| from <= first));
            let from = if is_first { 1 } else { from.unwrap_or(1) };
            let end = all.range(from.max(changed.last)..).map(|(start, _)| *start);
            let end = end.filter(|start| *start > changed.last).min();
            let starts: Vec<u64> = match end {
                Some(end) => all.range(from..end).map(|(start, _)| *start).collect(),
                None => all.range(from..).map(|(start, _)| *start).collect(),
            };
            let taken: Vec<Stretch> = starts.iter().filter_map(|start| all.remove(start)).collect();
            for stretch in taken {
                self.forget_stretch(&stretch);
            }
            if is_first {
                (self.dialog.placeholder, self.dialog.first) = (None, None);
            }
            let (mut truth, mut memories) = (Truth::of(state)?, Vec::new());
            for memory in state.view().memories_from(from) {
                let memory = memory?;
                if end.is_some_and(|end| memory.number >= end) {
                    break;
                }
                let said = self.told.tell(truth.as_mut(), &memory)?;
                memories.push(prompt_memory(state.store(), memory, said)?);
            }
            // Where nobody speaks any more in what was the beginning, the dialog begins further on.
            let is_whole = !is_first || end.is_none() || beginning(&memories).0.is_settled;
            if is_whole && self.count_memories(memories, is_first, counter)? {
                return Ok(());
            }
        }
        self.drop_memories();
        self.count_all_memories(state, counter)
    }

    fn forget_stretch(&mut self, stretch: &Stretch) {
        for number in &stretch.numbers {
            self.account.remove(&ItemKey::Memory(*number));
        }
        for call in &stretch.calls {
            self.dialog.calls.remove(call);
        }
        for name in &stretch.stand_ins {
            if let Some(held) = self.dialog.stand_ins.get_mut(name) {
                *held -= 1;
                if *held == 0 {
                    self.dialog.stand_ins.remove(name);
                    self.account.remove(&ItemKey::Tool(name.clone()));
                }
            }
        }
    }

    fn drop_memories(&mut self) {
        let keys: Vec<ItemKey> = self
            .account
            .largest()
            .map(|item| item.key)
            .filter(|key| match key {
                ItemKey::Memory(_) | ItemKey::Placeholder => true,
                ItemKey::Tool(name) => self.dialog.stand_ins.contains_key(name),
                _ => false,
            })
            .cloned()
            .collect();
        for key in keys {
            self.account.remove(&key);
        }
    }

    /// Counts memories that stand together, segment by segment. False where they have no segments
    /// of their own; then nothing is counted.
    fn count_memories(
        &mut self,
        memories: Vec<PromptMemory>,
        is_first: bool,
        counter: &(impl TokenCounter + ?Sized),
    ) -> Result<bool> {
        let shown: Vec<&Memory> = memories.iter().map(|entry| &entry.memory).collect();
        let Some(cuts) = segments(&shown) else { return Ok(false) };
        let calls = cuts.iter().flat_map(|cut| &cut.calls);
        if calls.clone().any(|call| self.dialog.calls.contains_key(call)) {
            return Ok(false);
        }
        if is_first {
            let (beginning, looked_at) = beginning(&memories);
            let last = looked_at.checked_sub(1).map(|last| memories[last].number);
            self.dialog.first = last.filter(|_| beginning.is_settled);
            let first = beginning.first.unwrap_or(u64::MAX);
            let placeholder = beginning.placeholder;
            self.dialog.placeholder = placeholder.map(|item| (first, item.count(counter)));
        }
        let mut rest = memories.into_iter();
        let mut ends = cuts.iter().skip(1).map(|cut| cut.start);
        for cut in &cuts {
            let len = ends.next().map_or(usize::MAX, |end| end - cut.start);
            let part: Vec<PromptMemory> = rest.by_ref().take(len).collect();
            let Some(start) = part.first().map(|entry| entry.number) else { continue };
            let mut stretch = Stretch { calls: cut.calls.clone(), ..Stretch::default() };
            stretch.numbers = part.iter().map(|entry| entry.number).collect();
            for call in &cut.calls {
                self.dialog.calls.insert(call.clone(), start);
            }
            let prompt = Prompt { memories: part, ..Prompt::default() };
            for item in prompt.items() {
                match &item.key {
                    // Where the host gave any tools, none stand in for those that calls name.
                    ItemKey::Tool(_) if self.tools > 0 => {}
                    ItemKey::Tool(name) => {
                        *self.dialog.stand_ins.entry(name.clone()).or_default() += 1;
                        stretch.stand_ins.push(name.clone());
                        self.set(&item, counter);
                    }
                    // It says that the dialog begins elsewhere.
                    ItemKey::Placeholder => {}
                    _ => self.set(&item, counter),
                }
            }
            if let Some(all) = &mut self.dialog.segments {
                all.insert(start, stretch);
            }
        }
        Ok(true)
    }
}

fn file_key(file: &ViewFile) -> ItemKey {
    ItemKey::File { path: file.path.to_string(), number: file.number }
}

/// The text of an item that is one message of one text.
fn only_text(item: &Item) -> Option<&str> {
    match &item.pieces[..] {
        [crate::context::Piece::Message { texts, media, blocks, .. }]
            if media.is_empty() && blocks.is_empty() && item.others.is_empty() =>
        {
            match &texts[..] {
                [text] => Some(text),
                _ => None,
            }
        }
        _ => None,
    }
}

impl Snapshot {
    /// Counts what a model is sent of this state, item by item. The total is the count of the
    /// request for `OpenAI` Chat, by the rule of [`Prompt::count`](crate::context::Prompt::count).
    ///
    /// # Errors
    /// As [`prompt`](Self::prompt).
    pub fn account(&self, counter: &(impl TokenCounter + ?Sized)) -> Result<Account<ItemKey>> {
        let known = Known::new(counter, self.store());
        let account = Ledger::new(self, &known)?.into_account();
        known.keep()?;
        Ok(account)
    }
}
