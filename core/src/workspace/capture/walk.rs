//! Walks: what of a tree may have changed, what is missing, and what is left out. Contents are not
//! read here, but for ignore files and the heads of repositories.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Instant;

use super::options::CaptureOptions;
use super::repository;
use super::rules::{IGNORE_FILES, Rules};
use super::tree::{Found, Listing, Look, Sort, Tree};
use crate::error::{Error, Result};
use crate::limits::{CONTENT_BYTES_MAX, IGNORE_FILE_BYTES_MAX};
use crate::object::{Entry, FilePath, LeftOut, LeftOutReason};
use crate::workspace::stats::{Row, Stat, StatCache};

/// What the session knows of a directory's paths.
pub(super) trait Known {
    /// Tells whether the session has, or the directory had, something at a path.
    fn holds(&self, path: &FilePath) -> Result<bool>;

    /// The same of anything below a path.
    fn holds_below(&self, path: &FilePath) -> Result<bool>;

    /// Tells whether it is a submodule.
    fn is_submodule(&self, path: &FilePath) -> Result<bool>;
}

/// A path that may have changed.
#[derive(Debug)]
pub(super) struct Suspect {
    pub(super) path: FilePath,
    /// What it is, where that is known without reading it.
    pub(super) entry: Option<Entry>,
    pub(super) stat: Option<Stat>,
}

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) suspects: Vec<Suspect>,
    /// Paths that were there by what is known, and are not.
    pub(super) missing: Vec<FilePath>,
    pub(super) left_out: Vec<LeftOut>,
    /// New files above the size that is allowed, with their sizes: one that was moved is none.
    pub(super) large: Vec<(Suspect, u64, LeftOut)>,
    /// Temporary files of a checkout that was cut short.
    pub(super) leftovers: Vec<FilePath>,
    /// Whether the time ran out.
    pub(super) is_partial: bool,
    /// How many names were looked at.
    pub(super) looked: u64,
}

/// What a walk is to go by.
pub(super) struct Given<'a> {
    pub(super) options: &'a CaptureOptions,
    pub(super) known: &'a dyn Known,
    /// The files that are expected, with what the system said of them.
    pub(super) cache: &'a StatCache,
    /// Whether the cache's rows are exactly what the session knows of the directory.
    pub(super) is_exact: bool,
    /// Device and number of the store's directory and of the root.
    pub(super) store: Option<(u64, u64)>,
    pub(super) root: Option<(u64, u64)>,
    pub(super) leftover: Option<&'a str>,
    pub(super) deadline: Option<Instant>,
}

/// A directory that is yet to be listed.
struct Open {
    path: Vec<u8>,
    depth: usize,
    /// Whether it is ignored, and entered for what is known below it.
    is_ignored: bool,
    identity: Option<(u64, u64)>,
}

/// A walk on its way.
struct Walk<'a> {
    given: &'a Given<'a>,
    tree: &'a mut dyn Tree,
    rules: Rules,
    survey: Survey,
    open: Vec<Open>,
    /// The directories above the one that is looked at.
    above: Vec<Option<(u64, u64)>>,
    /// Directories that were listed and of which files are expected: which of these are there or left
    /// out, in the order of the cache's rows.
    visited: HashMap<Vec<u8>, Vec<bool>>,
    /// Paths of which nothing is known by this walk, with all below.
    unlooked: BTreeSet<Vec<u8>>,
    submodules: HashSet<Vec<u8>>,
    new_paths: u64,
    new_bytes: u64,
}

/// Walks through a tree. `tell` is told how many names were looked at, and ends the walk.
pub(super) fn walk(
    given: &Given<'_>,
    tree: &mut dyn Tree,
    tell: &mut dyn FnMut(u64) -> Result<()>,
) -> Result<Survey> {
    let mut walk = Walk {
        given,
        tree,
        rules: Rules::default(),
        survey: Survey::default(),
        open: vec![Open { path: Vec::new(), depth: 0, is_ignored: false, identity: given.root }],
        above: Vec::new(),
        visited: HashMap::new(),
        unlooked: BTreeSet::new(),
        submodules: HashSet::new(),
        new_paths: 0,
        new_bytes: 0,
    };
    while let Some(open) = walk.open.pop() {
        tell(walk.survey.looked)?;
        walk.look_into(open)?;
    }
    walk.find_missing()?;
    Ok(walk.survey)
}

impl Walk<'_> {
    fn look_into(&mut self, open: Open) -> Result<()> {
        self.rules.leave(open.depth);
        self.above.truncate(open.depth);
        self.above.push(open.identity);
        if self.given.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            self.survey.is_partial = true;
            return self.leave_directory(&open.path, LeftOutReason::Late, None);
        }
        let mut names = match self.tree.list(&open.path)? {
            Listing::Names(names) => names,
            Listing::Gone => return Ok(()),
            Listing::Unreadable(why) => {
                return self.leave_directory(&open.path, LeftOutReason::Unreadable, Some(why));
            }
        };
        self.survey.looked += names.len() as u64;
        names.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        if !open.path.is_empty() && self.take_submodule(&open.path, &names)? {
            return Ok(());
        }
        self.read_rules(&open, &names)?;
        let rows = self.given.cache.directory(&open.path);
        let mut visited = vec![false; rows.len()];
        let mut below = Vec::new();
        let mut at = 0;
        for found in names {
            // Both come in the order of their names.
            while rows.get(at).is_some_and(|row| *row.name < *found.name) {
                at += 1;
            }
            let row = rows.get(at).filter(|row| *row.name == *found.name);
            if row.is_some() && found.sort != Sort::Directory {
                visited[at] = true;
            }
            self.look_at(&open, found, row, &mut below)?;
        }
        // The directories come after the files, in their order.
        let next: Vec<&[u8]> = below.iter().map(|open| &open.path[..]).collect();
        self.tree.expect(&next);
        self.open.extend(below.into_iter().rev());
        if !visited.is_empty() {
            self.visited.insert(open.path, visited);
        }
        Ok(())
    }

    /// Takes the directory of a submodule for what it is, and does not look below.
    fn take_submodule(&mut self, path: &[u8], names: &[Found]) -> Result<bool> {
        let path = FilePath::new(path)?;
        let git = names.iter().find(|found| found.name == b".git");
        let is_known = self.given.known.is_submodule(&path)?;
        let head = match git {
            Some(git) => repository::submodule_head(self.tree, &path, git.sort, is_known)?,
            // One that is not filled stands for what it was.
            None if is_known && names.is_empty() => None,
            None => return Ok(false),
        };
        match head {
            Some(commit) => {
                self.submodules.insert(path.as_bytes().to_vec());
                let entry = Some(Entry::Submodule { commit });
                self.survey.suspects.push(Suspect { path, entry, stat: None });
            }
            None if is_known => drop(self.unlooked.insert(path.as_bytes().to_vec())),
            None => return Ok(false),
        }
        Ok(true)
    }

    fn read_rules(&mut self, open: &Open, names: &[Found]) -> Result<()> {
        if open.path.is_empty() {
            let exclude = FilePath::new(".git/info/exclude")?;
            if names.iter().any(|found| found.name == b".git" && found.sort == Sort::Directory)
                && let Look::Bytes { bytes, .. } =
                    self.tree.read(&exclude, IGNORE_FILE_BYTES_MAX)?
            {
                self.rules.add(open.depth, &open.path, &bytes);
            }
        }
        for file in IGNORE_FILES {
            let is_there =
                |found: &Found| found.name == file && matches!(found.sort, Sort::File { .. });
            if names.iter().any(is_there)
                && let Ok(path) = FilePath::new(join(&open.path, file))
                && let Look::Bytes { bytes, .. } = self.tree.read(&path, IGNORE_FILE_BYTES_MAX)?
            {
                self.rules.add(open.depth, &open.path, &bytes);
            }
        }
        Ok(())
    }

    fn look_at(
        &mut self,
        open: &Open,
        found: Found,
        row: Option<&Row>,
        below: &mut Vec<Open>,
    ) -> Result<()> {
        let given = self.given;
        if given.leftover.is_some_and(|own| own.as_bytes() == found.name) {
            self.survey.leftovers.extend(FilePath::new(join(&open.path, &found.name)).ok());
            return Ok(());
        }
        let is_file = matches!(found.sort, Sort::File { .. } | Sort::Symlink);
        let known = row.filter(|row| {
            is_file
                && row.stat.is_some()
                && row.stat == found.stat
                && is_sort(&row.entry, found.sort)
        });
        if known.is_some() && given.is_exact {
            return Ok(());
        }
        let Ok(path) = FilePath::new(join(&open.path, &found.name)) else {
            let why = format!("{} has a path of too many bytes", found.name.escape_ascii());
            return self.leave_directory(&open.path, LeftOutReason::Refused, Some(why));
        };
        if self.is_own(&path, &found)? {
            return Ok(());
        }
        match found.sort {
            Sort::Special => self.leave(path, LeftOutReason::Special, None),
            Sort::Directory => return self.look_at_directory(open, path, &found, below),
            Sort::File { .. } | Sort::Symlink if found.is_mount && !given.options.enter_mounts => {
                self.leave(path, LeftOutReason::MountPoint, None);
            }
            Sort::File { .. } | Sort::Symlink => {
                let is_expected = row.is_some() && given.is_exact;
                if !is_expected && !given.known.holds(&path)? {
                    if !self.is_taken(open, &path, &found) {
                        return Ok(());
                    }
                } else if found.size > CONTENT_BYTES_MAX as u64 {
                    let why =
                        format!("{} bytes, at most {CONTENT_BYTES_MAX} can be kept", found.size);
                    self.leave(path, LeftOutReason::TooLarge, Some(why));
                    return Ok(());
                }
                let entry = known.map(|row| row.entry.clone());
                let suspect = Suspect { path, entry, stat: found.stat };
                self.survey.suspects.push(suspect);
            }
        }
        Ok(())
    }

    /// Leaves out what belongs to a repository or to partita.
    fn is_own(&mut self, path: &FilePath, found: &Found) -> Result<bool> {
        let identity = found.stat.as_ref().map(|stat| (stat.device, stat.inode));
        if found.sort == Sort::Directory && identity.is_some() && identity == self.given.store {
            self.leave(path.clone(), LeftOutReason::Store, None);
            return Ok(true);
        }
        let fault = match found.sort {
            Sort::Symlink => path.link_fault(),
            _ => path.name_fault(),
        };
        let Some(fault) = fault else { return Ok(false) };
        let name = path.components().last().unwrap_or_default();
        let (reason, why) = match name {
            b".git" if path.as_bytes() == name => (LeftOutReason::Repository, None),
            b".git" => {
                let above = &path.as_bytes()[..path.as_bytes().len() - b"/.git".len()];
                let head = repository::head(self.tree, &FilePath::new(above)?, found.sort)?;
                let head = head.map(|id| format!("at {}", repository::hex(&id)));
                (LeftOutReason::Repository, head)
            }
            b".partita" => (LeftOutReason::Store, None),
            _ => (LeftOutReason::Refused, Some(format!("it {fault}"))),
        };
        self.leave(path.clone(), reason, why);
        Ok(true)
    }

    fn look_at_directory(
        &mut self,
        open: &Open,
        path: FilePath,
        found: &Found,
        below: &mut Vec<Open>,
    ) -> Result<()> {
        let (given, options) = (self.given, self.given.options);
        let identity = found.stat.as_ref().map(|stat| (stat.device, stat.inode));
        let is_loop = identity.is_some() && self.above.contains(&identity);
        if is_loop || found.is_mount && !options.enter_mounts {
            let why = is_loop.then(|| "the directory is one of those above it".to_owned());
            self.leave(path, LeftOutReason::MountPoint, why);
            return Ok(());
        }
        let mut is_ignored = false;
        let is_excluded = options.excludes(&path, true);
        if is_excluded || open.is_ignored || self.rules.ignores(path.as_bytes(), true) {
            let is_included = !is_excluded && options.includes(&path);
            is_ignored = !is_included;
            let may_be_below = !is_excluded && options.may_include_below(&path);
            if is_ignored && !may_be_below && !given.known.holds_below(&path)? {
                let reason = match is_excluded {
                    true => LeftOutReason::Excluded,
                    false => LeftOutReason::Ignored,
                };
                self.leave(path, reason, None);
                return Ok(());
            }
        }
        let path = path.as_bytes().to_vec();
        below.push(Open { path, depth: open.depth + 1, is_ignored, identity });
        Ok(())
    }

    /// Tells whether a new path is taken, and says why not.
    fn is_taken(&mut self, open: &Open, path: &FilePath, found: &Found) -> bool {
        let options = self.given.options;
        if options.excludes(path, false) {
            self.leave(path.clone(), LeftOutReason::Excluded, None);
            return false;
        }
        let is_ignored = open.is_ignored || self.rules.ignores(path.as_bytes(), false);
        if is_ignored && !options.includes(path) {
            self.leave(path.clone(), LeftOutReason::Ignored, None);
            return false;
        }
        let bytes_max = options.file_bytes_max.min(CONTENT_BYTES_MAX as u64);
        if found.size > bytes_max {
            let why = format!("{} bytes, at most {bytes_max} are taken", found.size);
            let row = LeftOut::new(path.clone(), LeftOutReason::TooLarge).because(why);
            let suspect = Suspect { path: path.clone(), entry: None, stat: found.stat };
            self.unlooked.insert(path.as_bytes().to_vec());
            self.survey.large.push((suspect, found.size, row));
            return false;
        }
        if self.new_paths >= options.new_paths_max
            || self.new_bytes.saturating_add(found.size) > options.new_bytes_max
        {
            let why = format!(
                "{} new files of {} bytes were taken before it",
                self.new_paths, self.new_bytes
            );
            self.leave(path.clone(), LeftOutReason::TooMany, Some(why));
            return false;
        }
        self.new_paths += 1;
        self.new_bytes += found.size;
        true
    }

    /// Leaves a path out, with all that is below it.
    fn leave(&mut self, path: FilePath, reason: LeftOutReason, why: Option<String>) {
        self.unlooked.insert(path.as_bytes().to_vec());
        let left_out = LeftOut::new(path, reason);
        self.survey.left_out.push(match why {
            Some(why) => left_out.because(why),
            None => left_out,
        });
    }

    /// The same of a directory, which may be the root: that has no path to be listed by.
    fn leave_directory(
        &mut self,
        path: &[u8],
        reason: LeftOutReason,
        why: Option<String>,
    ) -> Result<()> {
        if path.is_empty() {
            self.unlooked.insert(Vec::new());
            if reason == LeftOutReason::Unreadable {
                let why = why.unwrap_or_default();
                return Err(Error::io(
                    "list the directory",
                    std::io::Error::new(std::io::ErrorKind::PermissionDenied, why),
                ));
            }
            return Ok(());
        }
        self.leave(FilePath::new(path)?, reason, why);
        Ok(())
    }

    /// Finds what is expected and was not there.
    fn find_missing(&mut self) -> Result<()> {
        for (directory, rows) in self.given.cache.directories() {
            let visited = self.visited.get(directory);
            for (at, row) in rows.iter().enumerate() {
                if visited.is_some_and(|seen| seen[at]) {
                    continue;
                }
                let path = join(directory, &row.name);
                if self.submodules.contains(&path) || self.is_unlooked(&path) {
                    continue;
                }
                self.survey.missing.push(FilePath::new(path)?);
            }
        }
        self.survey.missing.sort();
        Ok(())
    }

    /// Tells whether nothing is known of a path, because it or something above it was left out.
    fn is_unlooked(&self, path: &[u8]) -> bool {
        let ends = (0..path.len()).filter(|&at| path[at] == b'/').chain([path.len()]);
        self.unlooked.contains(&[][..])
            || ends.into_iter().any(|end| self.unlooked.contains(&path[..end]))
    }
}

fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    match directory.is_empty() {
        true => name.to_vec(),
        false => [directory, b"/", name].concat(),
    }
}

/// Tells whether an entry is what was found there, as far as that shows.
fn is_sort(entry: &Entry, sort: Sort) -> bool {
    match (entry, sort) {
        (Entry::File { executable, .. }, Sort::File { executable: found }) => *executable == found,
        (Entry::Symlink { .. }, Sort::Symlink) => true,
        _ => false,
    }
}
