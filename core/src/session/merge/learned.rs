//! What sessions know that another does not, and which paths they both changed: asked before it hurts.

use crate::context::{ItemKey, Prompt, PromptMemory};
use crate::error::Result;
use crate::object::{FilePath, MemoryKind};
use crate::session::handle::Session;
use crate::session::line::branch::branch_of;
use crate::session::line::info::CheckpointInfo;
use crate::session::line::keys::{memory_key, memory_number};
use crate::session::line::place::Place;
use crate::session::line::roots::{Root, Roots};
use crate::session::merge::base::MergeBase;
use crate::session::read::claims::ClaimEntry;
use crate::session::read::memories::MemoryEntry;
use crate::session::read::prompt::resolved;
use crate::session::read::snapshot::{FileChange, Snapshot, changes, file_path};
use crate::tokens::{Count, TokenCounter};

/// What a session has that another one has not: everything since the newest state that both contain.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Learned {
    /// What the session is called.
    pub session: String,
    /// Its newest checkpoint; none where it has none.
    pub checkpoint: Option<CheckpointInfo>,
    /// What both come from.
    pub base: MergeBase,
    /// The files that it changed.
    pub files: Vec<FileChange>,
    /// How many iterations these files got.
    pub iterations: u64,
    /// How many memories it has that the other has not.
    pub memories: u64,
    /// The decisions among them: those that are pinned, and summaries.
    pub decisions: Vec<MemoryEntry>,
    /// What it claims, and how that stands there.
    pub claims: Vec<ClaimEntry>,
    /// What these memories would cost in view, whole.
    pub tokens: Count,
}

/// A path that two sessions both changed since they parted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overlap {
    /// The path.
    pub path: FilePath,
    /// The other session.
    pub session: String,
    /// Whether both hold the same there, so that nothing collides.
    pub is_alike: bool,
}

/// What the memories of one session cost in view, among those of another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BranchTokens {
    /// What the session was called when its memories came; none for those said here.
    pub session: Option<String>,
    /// How many of its memories are in view, summaries as one.
    pub memories: u64,
    /// Their tokens.
    pub tokens: Count,
}

impl Session {
    /// Tells what each of several sessions has that this one has not: files, memories with the decisions
    /// among them, claims, and what its dialog would cost.
    ///
    /// # Errors
    /// `Invalid` for a session of another store, `NotFound` for one that is gone.
    ///
    /// ```
    /// use partita::Memory;
    /// use partita::tokens::Encoding;
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.write("a", "1")?;
    /// let fork = session.fork("t")?;
    /// fork.write("a", "2")?;
    /// fork.remember(Memory::user("Two is right."))?;
    /// let learned = session.learned(&[&fork], &Encoding::O200k)?;
    /// assert_eq!((learned[0].files.len(), learned[0].memories), (1, 1));
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn learned(
        &self,
        others: &[&Session],
        counter: &(impl TokenCounter + ?Sized),
    ) -> Result<Vec<Learned>> {
        others.iter().map(|other| self.learned_of(&self.here(other)?, counter)).collect()
    }

    fn learned_of(
        &self,
        other: &Session,
        counter: &(impl TokenCounter + ?Sized),
    ) -> Result<Learned> {
        let (base, theirs) = self.base_with(other)?;
        let state = Snapshot::new(&self.store, theirs.clone());
        let store = &self.store;
        let [then, now] = [Roots::of(base.point()), Roots::of(theirs.as_ref())];
        let mut learned = Learned {
            session: other.name().to_owned(),
            checkpoint: theirs.as_ref().map(CheckpointInfo::of),
            base: base.told(),
            files: Vec::new(),
            iterations: 0,
            memories: 0,
            decisions: Vec::new(),
            claims: Vec::new(),
            tokens: Count::ZERO,
        };
        if base.point().map(|point| point.id) == theirs.as_ref().map(|point| point.id) {
            return Ok(learned);
        }
        learned.files = changes(store, then.files(), now.files())?;
        for change in &learned.files {
            let number = |roots: Roots| -> Result<u64> {
                let place = Place::find(roots.files(), store, &change.path)?;
                Ok(match place.map(|place| place.iteration(store)).transpose() {
                    Err(error) if error.kind().is_absence() => 0,
                    link => link?.map_or(0, |link| link.number()),
                })
            };
            learned.iterations += number(now)?.saturating_sub(number(then)?).max(1);
        }
        let mut prompt = Prompt::default();
        let view = state.view();
        for change in then.memories().diff(&now.memories(), store) {
            let change = change?;
            if change.key.is_empty() || change.after.is_none() {
                continue;
            }
            let number = memory_number(&change.key)?;
            let entry = match state.memory(number) {
                Err(error) if error.kind().is_absence() => continue,
                entry => entry?,
            };
            learned.memories += 1;
            let (_, is_pinned) = view.state(number)?;
            let over = view.summary_of(number)?.filter(|summary| summary.number == number);
            learned.decisions.extend(over.map(|summary| summary.to_entry()));
            let memory = resolved(store, entry.memory.clone())?;
            prompt.memories.push(PromptMemory { number, memory });
            if is_pinned || entry.memory.kind == MemoryKind::Summary {
                learned.decisions.push(entry);
            }
        }
        let items = prompt.items().into_iter().filter(|item| item.key.memory().is_some());
        learned.tokens = items.map(|item| item.count(counter)).sum();
        let known = then.map(Root::Claims);
        for claim in state.claims()? {
            if known.get(store, &memory_key(claim.number))?.is_none() {
                learned.claims.push(claim);
            }
        }
        Ok(learned)
    }

    /// Lists the paths that this session and others both changed since they parted, before they are
    /// merged: where both hold something else, a merge may find a conflict.
    ///
    /// # Errors
    /// As [`learned`](Self::learned).
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.write("a", "1")?;
    /// let fork = session.fork("t")?;
    /// fork.write("a", "2")?;
    /// assert!(session.overlap(&[&fork])?.is_empty());
    /// session.write("a", "3")?;
    /// assert_eq!(session.overlap(&[&fork])?[0].path.as_bytes(), b"a");
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn overlap(&self, others: &[&Session]) -> Result<Vec<Overlap>> {
        let mut overlaps = Vec::new();
        for other in others {
            let other = self.here(other)?;
            let (base, theirs) = self.base_with(&other)?;
            let (head, store) = (self.head()?, &self.store);
            let base = Roots::of(base.point()).files();
            let [ours, theirs] = [head.point(), theirs.as_ref()].map(|of| Roots::of(of).files());
            for change in base.merge(&ours, &theirs, store) {
                let change = change?;
                let entry = |value: Option<&_>| -> Result<_> {
                    Ok(value.map(Place::from_value).transpose()?.filter(Place::is_live))
                };
                let was = entry(change.base.as_ref())?.map(|place| place.entry);
                let ours = entry(change.sides[0].as_ref())?.map(|place| place.entry);
                let theirs = entry(change.sides[1].as_ref())?.map(|place| place.entry);
                if ours != was && theirs != was {
                    overlaps.push(Overlap {
                        path: file_path(&change.key)?,
                        session: other.name().to_owned(),
                        is_alike: ours == theirs,
                    });
                }
            }
        }
        Ok(overlaps)
    }

    /// Tells what the memories in view cost by the sessions that they were said in: this one's first,
    /// then those that merges brought, by name.
    ///
    /// # Errors
    /// As [`capacity`](Self::capacity).
    pub fn tokens_by_branch(
        &self,
        counter: &(impl TokenCounter + ?Sized),
    ) -> Result<Vec<BranchTokens>> {
        let state = self.latest()?;
        let branches = state.roots().map(Root::Branches);
        let memories = self.with_account(counter, |account| {
            let items = account.largest();
            let memories = items.filter_map(|item| match item.key {
                ItemKey::Memory(number) => Some((*number, item.count)),
                _ => None,
            });
            memories.collect::<Vec<_>>()
        })?;
        let mut sums = std::collections::BTreeMap::new();
        for (number, count) in memories {
            let session = branch_of(&self.store, branches, number)?.map(|run| run.name);
            let branch = sums.entry(session).or_insert((0, Count::ZERO));
            branch.0 += 1;
            branch.1 += count;
        }
        let told = sums.into_iter().map(|(session, (memories, tokens))| BranchTokens {
            session,
            memories,
            tokens,
        });
        Ok(told.collect())
    }
}
