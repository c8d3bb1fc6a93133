//! Drafts: a plan in the making, from what the checkpoint has, what is remembered, and what is
//! there. Nothing is written here.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::Fault;
use super::part::Part;
use super::plan::{CheckoutAction, CheckoutReason, CheckoutStep};
use crate::error::{Error, Result};
use crate::id::{ContentId, ObjectId};
use crate::limits::{CANDIDATES_MAX, CONTENT_BYTES_MAX};
use crate::object::{Entry, FilePath, Trace};
use crate::store::Store;
use crate::workspace::directory::{Directory, Found, is_name_refused};
use crate::workspace::entries::{Entries, ancestors};
use crate::workspace::record;
#[cfg(unix)]
use crate::workspace::stats::{Stat, StatCache};

/// A step with what is needed to do it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) step: CheckoutStep,
    /// What the checkpoint has.
    pub(super) entry: Option<Entry>,
    /// What was there when the plan was made.
    pub(super) seen: Option<Entry>,
}

/// All decisions, and nothing done yet.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) jobs: Vec<Job>,
    /// Directories that must make room for a file.
    pub(super) emptied: BTreeSet<FilePath>,
    /// Directories that earlier checkouts made and nothing needs any more.
    pub(super) unneeded: BTreeSet<FilePath>,
    /// Directories to be made, outer ones first.
    pub(super) new_dirs: BTreeSet<FilePath>,
    /// What may be there at any moment while the checkout runs.
    pub(super) during: record::Traces,
    /// What will be there when it has ended.
    pub(super) after: record::Traces,
    /// What the system said of paths before they were looked at.
    #[cfg(unix)]
    pub(super) stats: BTreeMap<FilePath, Stat>,
}

/// What is at a path, read whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Absent,
    Entry(Entry),
    Directory,
    Other,
    Blocked(FilePath),
}

/// Reads what is at a path.
pub(super) fn see(disk: &mut Directory, path: &FilePath) -> Result<Seen> {
    Ok(match disk.look(path)? {
        Found::Absent => Seen::Absent,
        Found::Directory => Seen::Directory,
        Found::File { len, .. } if len > CONTENT_BYTES_MAX as u64 => Seen::Other,
        Found::File { executable, .. } => {
            let content = ContentId::new(ObjectId::of_content(&disk.read(path)?));
            Seen::Entry(Entry::File { content, executable })
        }
        Found::Symlink => {
            let target = ContentId::new(ObjectId::of_content(&disk.read_link(path)?));
            Seen::Entry(Entry::Symlink { target })
        }
        Found::Other => Seen::Other,
        Found::Blocked(len) => Seen::Blocked(FilePath::new(&path.as_bytes()[..len])?),
    })
}

/// Reads what is at a path, unless the system says that it is as it was when it was read last. Returns
/// what the system said before it was looked at.
#[cfg(unix)]
fn see_again(
    disk: &mut Directory,
    path: &FilePath,
    cache: &StatCache,
) -> Result<(Seen, Option<Stat>)> {
    if !cache.is_kept() {
        return Ok((see(disk, path)?, None));
    }
    let stat = disk.stat(path);
    let row = cache.row(path).filter(|row| row.stat.is_some() && row.stat == stat);
    match row {
        Some(row) => Ok((Seen::Entry(row.entry.clone()), stat)),
        None => Ok((see(disk, path)?, stat)),
    }
}

/// What a draft rests on.
#[derive(Debug)]
pub(super) struct Given<'a> {
    /// What the checkpoint has, as far as it is checked out.
    pub(super) entries: &'a Entries,
    /// What of that cannot be written.
    pub(super) faults: &'a BTreeMap<FilePath, Fault>,
    /// What is known of the directory.
    pub(super) known: &'a record::Traces,
    /// What is checked out of the checkpoint.
    pub(super) part: &'a Part,
    /// The name of the temporary files of a checkout that was cut short.
    pub(super) leftover: Option<&'a str>,
    /// What is known of files without reading them.
    #[cfg(unix)]
    pub(super) cache: &'a StatCache,
    /// The store that others' bytes must be in already, where nothing can be added to it.
    pub(super) full: Option<&'a Store>,
}

impl Draft {
    /// Decides for every path; `disk` is none where the directory does not exist yet.
    pub(super) fn new(given: &Given<'_>, disk: Option<&mut Directory>) -> Result<Self> {
        let (entries, known) = (given.entries, given.known);
        let mut survey = Survey {
            given,
            disk,
            draft: Draft::default(),
            needed: BTreeSet::new(),
            deleted: BTreeSet::new(),
            occupied: Vec::new(),
            modules: Vec::new(),
            conflicts: Vec::new(),
        };
        for path in entries.keys().filter(|path| !given.faults.contains_key(*path)) {
            for above in ancestors(path) {
                if !survey.needed.insert(above) {
                    break;
                }
            }
        }
        let known_here = known.keys().filter(|path| given.part.holds(path));
        let paths: BTreeSet<&FilePath> = entries.keys().chain(known_here).collect();
        for path in paths {
            let traces = known.get(path).map_or(&[][..], |traces| traces);
            let fault = given.faults.get(path);
            if let Some(fault) = fault.filter(|fault| fault.is_of_name()) {
                survey.leave_out(path, fault.clone(), traces, &Seen::Absent);
                continue;
            }
            let seen = match survey.see(path) {
                Err(error) if is_name_refused(&error) => {
                    survey.leave_out(path, Fault::of_name(&error), traces, &Seen::Absent);
                    continue;
                }
                seen => seen?,
            };
            match (entries.get(path), fault) {
                (Some(_), Some(fault)) => survey.leave_out(path, fault.clone(), traces, &seen),
                (Some(entry), None) => survey.want(path, entry, traces, seen)?,
                (None, _) => survey.forgo(path, traces, seen),
            }
        }
        survey.make_directories()?;
        survey.make_room()?;
        survey.spare_directories()?;
        fail(survey.conflicts, "nothing was checked out", Error::conflict)?;
        let mut draft = survey.draft;
        for (path, traces) in known.iter().filter(|(path, _)| !given.part.holds(path)) {
            draft.during.entry(path.clone()).or_insert_with(|| traces.clone());
            draft.after.entry(path.clone()).or_insert_with(|| traces.clone());
        }
        Ok(draft)
    }
}

struct Survey<'a> {
    given: &'a Given<'a>,
    disk: Option<&'a mut Directory>,
    draft: Draft,
    /// Directories that the checkpoint's paths need.
    needed: BTreeSet<FilePath>,
    deleted: BTreeSet<FilePath>,
    /// Directories where files must go.
    occupied: Vec<FilePath>,
    /// Jobs that delete a submodule's directory, which somebody may have filled.
    modules: Vec<usize>,
    conflicts: Vec<String>,
}

impl Survey<'_> {
    #[cfg(unix)]
    fn see(&mut self, path: &FilePath) -> Result<Seen> {
        let Some(disk) = &mut self.disk else { return Ok(Seen::Absent) };
        let (seen, stat) = see_again(disk, path, self.given.cache)?;
        if let Some(stat) = stat.filter(|_| matches!(seen, Seen::Entry(_))) {
            self.draft.stats.insert(path.clone(), stat);
        }
        Ok(seen)
    }

    #[cfg(not(unix))]
    fn see(&mut self, path: &FilePath) -> Result<Seen> {
        self.disk.as_mut().map_or(Ok(Seen::Absent), |disk| see(disk, path))
    }

    /// Decides for a path that the checkpoint has.
    fn want(&mut self, path: &FilePath, entry: &Entry, traces: &[Trace], seen: Seen) -> Result<()> {
        use {CheckoutAction as Act, CheckoutReason as Why};
        let is_ours = |seen: &Entry| traces.iter().any(|trace| is_trace(trace, seen));
        let new = || vec![Trace::Entry(entry.clone())];
        match seen {
            Seen::Absent => self.create(path, entry, traces),
            // Paths come in order, so what is above has been decided.
            Seen::Blocked(above) if self.deleted.contains(&above) => {
                self.create(path, entry, traces);
            }
            Seen::Blocked(above) => {
                self.conflict(format!("{above} is in the way of {path}, and no directory"));
            }
            Seen::Directory if matches!(entry, Entry::Submodule { .. }) => {
                self.push(path, Act::Leave, Why::Unchanged, Some(entry), None);
                if !traces.is_empty() {
                    self.trace(path, new(), new());
                }
            }
            Seen::Directory => {
                self.occupied.push(path.clone());
                self.create(path, entry, traces);
            }
            Seen::Entry(seen) if is_same(&seen, entry) => {
                self.push(path, Act::Leave, Why::Unchanged, Some(entry), None);
                self.trace(path, new(), new());
            }
            Seen::Entry(seen) if is_ours(&seen) => {
                let during = vec![Trace::Entry(seen.clone()), Trace::Entry(entry.clone())];
                self.push(path, Act::Overwrite, Why::Outdated, Some(entry), Some(seen));
                self.trace(path, during, new());
            }
            Seen::Entry(found) if !self.can_keep(&found)? => {
                let why = "what is there cannot be kept first: the store cannot be written";
                let fault = Fault::new(Why::NotKept, why);
                self.leave_out(path, fault, traces, &Seen::Entry(found));
            }
            Seen::Entry(seen) => {
                let is_known = traces.iter().any(|trace| matches!(trace, Trace::Entry(_)));
                let why = if is_known { Why::Modified } else { Why::Foreign };
                self.push(path, Act::Overwrite, why, Some(entry), Some(seen));
                self.trace(path, new(), new());
            }
            Seen::Other => self.conflict(format!(
                "{path} is there already, and too large or too special to be kept; move it away"
            )),
        }
        Ok(())
    }

    /// Tells whether what others wrote will be in the store before it is replaced.
    fn can_keep(&self, seen: &Entry) -> Result<bool> {
        match (self.given.full, seen.content()) {
            (Some(store), Some(content)) => store.holds(content),
            _ => Ok(true),
        }
    }

    /// Leaves a path as it is, although the checkpoint has an entry there.
    fn leave_out(&mut self, path: &FilePath, fault: Fault, traces: &[Trace], seen: &Seen) {
        self.push(path, CheckoutAction::LeaveOut, fault.reason, None, None);
        let job = self.draft.jobs.last_mut().expect("pushed above");
        job.step.why = Some(fault.why);
        if !matches!(seen, Seen::Absent | Seen::Blocked(_)) {
            self.trace(path, traces.to_vec(), traces.to_vec());
        }
    }

    /// Decides for a path that an earlier checkout wrote and the checkpoint does not have.
    fn forgo(&mut self, path: &FilePath, traces: &[Trace], seen: Seen) {
        use {CheckoutAction as Act, CheckoutReason as Why};
        let is_entry = |trace: &Trace| matches!(trace, Trace::Entry(_));
        match seen {
            Seen::Entry(seen) if traces.iter().any(|trace| is_trace(trace, &seen)) => {
                self.push(path, Act::Delete, Why::Gone, None, Some(seen.clone()));
                self.deleted.insert(path.clone());
                self.trace(path, vec![Trace::Entry(seen)], Vec::new());
            }
            Seen::Entry(_) if traces.iter().any(is_entry) => {
                self.push(path, Act::Leave, Why::Modified, None, None);
                self.trace(path, traces.to_vec(), traces.to_vec());
            }
            Seen::Directory => {
                let is_submodule =
                    |trace: &&Trace| matches!(trace, Trace::Entry(Entry::Submodule { .. }));
                let submodule = traces.iter().find(is_submodule);
                let is_ours = submodule.is_some() || traces.contains(&Trace::Directory);
                let directory = || vec![Trace::Directory];
                if self.needed.contains(path) {
                    if is_ours {
                        self.trace(path, directory(), directory());
                    }
                } else if let Some(Trace::Entry(submodule)) = submodule {
                    self.modules.push(self.draft.jobs.len());
                    self.push(path, Act::Delete, Why::Gone, None, Some(submodule.clone()));
                    self.trace(path, traces.to_vec(), Vec::new());
                } else if is_ours {
                    self.draft.unneeded.insert(path.clone());
                    self.trace(path, directory(), directory());
                }
            }
            Seen::Entry(_) | Seen::Absent | Seen::Other | Seen::Blocked(_) => {}
        }
    }

    fn create(&mut self, path: &FilePath, entry: &Entry, traces: &[Trace]) {
        self.push(path, CheckoutAction::Create, CheckoutReason::Missing, Some(entry), None);
        let mut during = vec![Trace::Entry(entry.clone())];
        if traces.contains(&Trace::Directory) {
            during.push(Trace::Directory);
        }
        self.trace(path, during, vec![Trace::Entry(entry.clone())]);
    }

    fn push(
        &mut self,
        path: &FilePath,
        action: CheckoutAction,
        reason: CheckoutReason,
        entry: Option<&Entry>,
        seen: Option<Entry>,
    ) {
        let is_kept = action == CheckoutAction::Overwrite && reason != CheckoutReason::Outdated;
        let kept = seen.as_ref().filter(|_| is_kept).and_then(Entry::content);
        let step = CheckoutStep { path: path.clone(), action, reason, kept, why: None };
        self.draft.jobs.push(Job { step, entry: entry.cloned(), seen });
    }

    fn trace(&mut self, path: &FilePath, during: Vec<Trace>, after: Vec<Trace>) {
        if !during.is_empty() {
            self.draft.during.insert(path.clone(), during);
        }
        if !after.is_empty() {
            self.draft.after.insert(path.clone(), after);
        }
    }

    fn conflict(&mut self, what: String) {
        self.conflicts.push(what);
    }

    /// Notes the directories that will be made, so that they are known to be ours.
    fn make_directories(&mut self) -> Result<()> {
        for path in std::mem::take(&mut self.needed) {
            let is_there = match &mut self.disk {
                Some(disk) => disk.look(&path)? == Found::Directory,
                None => false,
            };
            if !is_there {
                self.draft.during.entry(path.clone()).or_default().push(Trace::Directory);
                self.draft.after.insert(path.clone(), vec![Trace::Directory]);
                self.draft.new_dirs.insert(path);
            }
        }
        Ok(())
    }

    /// Looks whether directories in the place of files hold only what is deleted anyway.
    fn make_room(&mut self) -> Result<()> {
        let Some(disk) = &mut self.disk else { return Ok(()) };
        let temporary = self.given.leftover;
        for occupied in &self.occupied {
            let mut open = vec![occupied.clone()];
            'look: while let Some(dir) = open.pop() {
                for (name, is_dir) in disk.list(&dir)? {
                    let path = FilePath::new([dir.as_bytes(), b"/", &name].concat())?;
                    if is_dir {
                        open.push(path);
                    } else if !self.deleted.contains(&path)
                        && temporary.is_none_or(|own| own.as_bytes() != name)
                    {
                        self.conflicts.push(format!(
                            "{occupied} is to be a file, but is a directory that holds {path}"
                        ));
                        break 'look;
                    }
                }
                self.draft.emptied.insert(dir);
            }
        }
        Ok(())
    }

    /// Decides which directories go: those where nothing stays. Inner ones come last in order, so
    /// they are decided first.
    fn spare_directories(&mut self) -> Result<()> {
        let Some(disk) = &mut self.disk else { return Ok(()) };
        let temporary = self.given.leftover;
        let modules: BTreeMap<FilePath, usize> =
            self.modules.iter().map(|at| (self.draft.jobs[*at].step.path.clone(), *at)).collect();
        let mut doubtful = std::mem::take(&mut self.draft.unneeded);
        doubtful.extend(modules.keys().cloned());
        for dir in doubtful.into_iter().rev() {
            let mut is_emptied = true;
            for (name, is_dir) in disk.list(&dir)? {
                let path = FilePath::new([dir.as_bytes(), b"/", &name].concat())?;
                let goes = if is_dir { &self.draft.unneeded } else { &self.deleted };
                is_emptied &=
                    goes.contains(&path) || temporary.is_some_and(|own| own.as_bytes() == name);
            }
            if is_emptied {
                self.draft.unneeded.insert(dir);
            } else if let Some(at) = modules.get(&dir) {
                let step = &mut self.draft.jobs[*at].step;
                step.action = CheckoutAction::Leave;
                step.reason = CheckoutReason::Modified;
                let traces = self.draft.during[&dir].clone();
                self.draft.after.insert(dir, traces);
            }
        }
        Ok(())
    }
}

/// Tells whether an entry on disk is the one wanted. Where the system knows no executable bit, it
/// does not count.
fn is_same(seen: &Entry, wanted: &Entry) -> bool {
    match (seen, wanted) {
        (Entry::File { content: seen, .. }, Entry::File { content, .. }) if !cfg!(unix) => {
            seen == content
        }
        _ => seen == wanted,
    }
}

fn is_trace(trace: &Trace, seen: &Entry) -> bool {
    matches!(trace, Trace::Entry(entry) if is_same(seen, entry))
}

fn fail(mut what: Vec<String>, doing: &str, error: fn(String) -> Error) -> Result<()> {
    let count = what.len();
    if count == 0 {
        return Ok(());
    }
    what.truncate(CANDIDATES_MAX);
    if count > CANDIDATES_MAX {
        what.push(format!("and {} more", count - CANDIDATES_MAX));
    }
    Err(error(format!("{doing}: {}", what.join("; "))))
}
