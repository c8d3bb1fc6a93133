//! Two forks of 100,000 files, 100 of them changed in each, merged beside `git merge` of the same; and a
//! dialog of 10,000 memories merged into another, and into a fork of itself.
//!
//! Each merge of files is a process of its own, as git's is.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use partita::merge::MergeOptions;
use partita::{Memory, NewEntry, Session, Store};

use crate::child::spawn;
use crate::measure::{Samples, Spread, Table, time};
use crate::{Options, Result};

const FILES: usize = 100_000;
/// Files of a directory.
const TOGETHER: usize = 100;
/// Files that each side changes; of ten both change another line.
const CHANGED: usize = 100;
const BOTH: usize = 10;
const MEMORIES: usize = 10_000;
/// Memories that each of two forks adds to a dialog of so many.
const FEW: usize = 10;

pub(crate) fn run(options: &Options) -> Result<()> {
    let room = tempfile::tempdir_in(&options.dir)?;
    let (named, dir) = (room.path().join("store"), room.path().join("git"));
    sessions(&named)?;
    repository(&dir)?;
    let (mut ours, mut theirs, mut trees) =
        (Timed::default(), Samples::default(), Timed::default());
    for round in 0..options.rounds + 1 {
        let into = format!("into-{round}");
        Store::open(&named)?.open_session("ours")?.fork(&into)?;
        let took = time(|| spawn("merge", &[&named.to_string_lossy(), &into], &[]).map(drop))?.0;
        git(&dir, &["reset", "--quiet", "--hard", "ours"])?;
        let whole = time(|| git(&dir, &["merge", "--quiet", "--no-edit", "theirs"]))?.0;
        git(&dir, &["reset", "--quiet", "--hard", "ours"])?;
        let tree = time(|| git(&dir, &["merge-tree", "--write-tree", "ours", "theirs"]))?.0;
        // What the file system had to read the first time is no round.
        if round > 0 {
            ours.push(took, whole);
            trees.push(tree, whole);
            theirs.push(whole);
        }
    }
    let table = Table::new(&["100,000 files, 100 changed on each side", "p50", "of git merge's"]);
    let row = |name: &str, took: &Samples, ratios: Option<&[f64]>| {
        let took = format!("{:.1} ms", took.p50().as_secs_f64() * 1e3);
        let ratio =
            ratios.map_or("1".to_owned(), |all| Spread::of(all.iter().copied()).to_string());
        table.row(&[&name, &took, &ratio]);
    };
    row("git merge", &theirs, None);
    row("git merge-tree --write-tree", &trees.took, Some(&trees.ratios));
    row("merge", &ours.took, Some(&ours.ratios));
    dialogs(&named, options)
}

/// How long it took, by itself and by what git's merge took in the same round.
#[derive(Debug, Default)]
struct Timed {
    took: Samples,
    ratios: Vec<f64>,
}

impl Timed {
    fn push(&mut self, took: Duration, whole: Duration) {
        self.took.push(took);
        self.ratios.push(took.as_secs_f64() / whole.as_secs_f64());
    }
}

/// What the child does.
pub(crate) fn child(store: &str, into: &str) -> Result<()> {
    let store = Store::open(store)?;
    let report =
        store.open_session(into)?.merge(&[&store.open_session("theirs")?], MergeOptions::new())?;
    match report.is_clean() && report.files == CHANGED as u64 {
        true => Ok(()),
        false => Err(format!("{} files changed, {:?}", report.files, report.conflicts).into()),
    }
}

fn text(file: usize, first: &str, last: &str) -> String {
    format!("{first}\nfile {file}\nabout as long as a\nshort source file\nis\n{last}\n")
}

fn path(file: usize) -> String {
    format!("d{:04}/f{:02}.txt", file / TOGETHER, file % TOGETHER)
}

/// The files that a side changes, with what they are then.
fn changes(side: usize) -> impl Iterator<Item = (String, String)> {
    let step = FILES / CHANGED;
    (0..CHANGED).map(move |at| {
        let both = at < BOTH;
        let file = at * step + if both { 0 } else { 1 + side };
        let text = match side {
            0 => text(file, "ours", "last"),
            _ => text(file, "first", "theirs"),
        };
        (path(file), text)
    })
}

fn sessions(named: &Path) -> Result<()> {
    let store = Store::open(named)?;
    let ours = store.session("ours")?;
    // As a capture has them: no file is in view by itself.
    ours.hide("**")?;
    let mut batch = ours.begin()?;
    for file in 0..FILES {
        batch.write_entry(path(file), NewEntry::file(text(file, "first", "last")))?;
    }
    batch.commit()?;
    let theirs = ours.fork("theirs")?;
    for (side, session) in [&ours, &theirs].into_iter().enumerate() {
        for (path, text) in changes(side) {
            session.write(path, text)?;
        }
    }
    Ok(())
}

fn repository(dir: &Path) -> Result<()> {
    for file in 0..FILES {
        let path = dir.join(path(file));
        if file % TOGETHER == 0 {
            fs::create_dir_all(path.parent().expect("it is below the directory"))?;
        }
        fs::write(path, text(file, "first", "last"))?;
    }
    git(dir, &["init", "--quiet", "--initial-branch", "ours"])?;
    git(dir, &["config", "user.name", "a"])?;
    git(dir, &["config", "user.email", "a@b"])?;
    git(dir, &["config", "gc.auto", "0"])?;
    let commit = |dir: &Path| git(dir, &["commit", "--quiet", "--all", "--message", "c"]);
    git(dir, &["add", "--all"])?;
    commit(dir)?;
    git(dir, &["branch", "theirs"])?;
    for (side, branch) in ["ours", "theirs"].into_iter().enumerate() {
        git(dir, &["checkout", "--quiet", branch])?;
        for (path, text) in changes(side) {
            fs::write(dir.join(path), text)?;
        }
        commit(dir)?;
    }
    git(dir, &["checkout", "--quiet", "ours"])?;
    git(dir, &["branch", "start"])?;
    // A merge moves the branch that is checked out: another one stands where it began.
    git(dir, &["checkout", "--quiet", "--detach", "ours"])
}

fn dialogs(named: &Path, options: &Options) -> Result<()> {
    let store = Store::open(named)?;
    let (one, other) = (store.session("one")?, store.session("other")?);
    say(&one, "one", MEMORIES)?;
    say(&other, "other", MEMORIES)?;
    let (left, right) = (one.fork("left")?, one.fork("right")?);
    say(&left, "left", FEW)?;
    say(&right, "right", FEW)?;
    let table = Table::new(&["a dialog of 10,000 memories", "p50"]);
    for (what, into, from) in [
        ("merged into another of as many", &one, &other),
        ("that two forks have, and ten memories more in each", &left, &right),
    ] {
        let mut took = Samples::default();
        for round in 0..options.rounds {
            let into = into.fork(&format!("{}-{round}", into.name()))?;
            took.push(time(|| Ok(into.merge(&[from], MergeOptions::new())?))?.0);
        }
        table.row(&[&what, &format!("{:.1} ms", took.p50().as_secs_f64() * 1e3)]);
    }
    Ok(())
}

fn say(session: &Session, who: &str, memories: usize) -> Result<()> {
    let mut batch = session.begin()?;
    for number in 0..memories {
        batch.remember(Memory::user(format!("{who} says {number}, and what it is about")))?;
    }
    batch.commit()?;
    Ok(())
}

fn git(dir: &Path, arguments: &[&str]) -> Result<()> {
    let output = Command::new("git").args(arguments).current_dir(dir).output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into()),
    }
}
