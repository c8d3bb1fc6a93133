//! Bytes on disk, before any gc and after one, beside `git gc --aggressive` of the same.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use partita::Store;
use partita::upkeep::GcOptions;

use crate::history::History;
use crate::measure::{Contender, Table, megabytes};
use crate::peers::{Ours, memory_path, record_history};
use crate::work::Work;
use crate::{Options, Result, process, work};

pub(crate) fn run(options: &Options) -> Result<()> {
    let history = History::load(options)?;
    let table = Table::new(&[
        "what",
        "raw",
        "partita, all files",
        "git pack",
        "git pack + index",
        "times the pack",
        "times pack + index",
        "after gc",
        "times the pack",
    ]);
    for files in [30, 5_000] {
        let work = work::edits(&history, files, 2_000, 5);
        let raw: usize = work.files.iter().map(|file| file.bytes.len()).sum::<usize>()
            + work
                .steps
                .iter()
                .map(|step| step.bytes.len() + step.said[0].len() * 2)
                .sum::<usize>();

        let dir = tempfile::tempdir_in(&options.dir)?;
        let git = git_of_edits(&work, dir.path())?;
        let mut ours = Ours::new(dir.path(), &work.files)?;
        for step in &work.steps {
            ours.step(step)?;
        }
        drop(ours);
        let what = format!("2,000 edits in {files} files, one process");
        row(&table, &what, raw as u64, &dir.path().join("partita"), &git)?;

        let dir = tempfile::tempdir_in(&options.dir)?;
        drop(Ours::new(dir.path(), &work.files)?);
        for step in &work.steps {
            process::edit(&dir.path().join("partita"), step)?;
        }
        let what = format!("2,000 edits in {files} files, a process each");
        row(&table, &what, raw as u64, &dir.path().join("partita"), &git)?;
    }
    let dir = tempfile::tempdir_in(&options.dir)?;
    let path = dir.path().join("partita");
    record_history(&Store::open(&path)?, &history)?;
    let git = packed_clone(&history.repository, dir.path())?;
    let what = format!("{} releases of three crates, imported", history.releases.len());
    row(&table, &what, history.raw_bytes(), &path, &git)
}

fn row(table: &Table, what: &str, raw: u64, store: &Path, git: &Path) -> Result<()> {
    let ours = bytes_below(store, &|_| true)?;
    let pack = bytes_below(git, &|name| name.ends_with(".pack"))?;
    let both = pack + bytes_below(git, &|name| name.ends_with(".idx") || name.ends_with(".rev"))?;
    let times = |git: u64| format!("{:.2}", ours as f64 / git as f64);
    // The second one frees the segment that the first began with.
    for _ in 0..2 {
        Store::open(store)?.gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(()))?;
    }
    let collected = bytes_below(store, &|_| true)?;
    table.row(&[
        &what,
        &megabytes(raw),
        &megabytes(ours),
        &megabytes(pack),
        &megabytes(both),
        &times(pack),
        &times(both),
        &megabytes(collected),
        &format!("{:.2}", collected as f64 / pack as f64),
    ]);
    Ok(())
}

/// The lengths of all files below a directory whose names pass. What a store keeps in reserve for a
/// full disk holds nothing, and is left out.
pub(crate) fn bytes_below(dir: &Path, passes: &dyn Fn(&str) -> bool) -> Result<u64> {
    let mut sum = 0;
    let mut left = vec![dir.to_owned()];
    while let Some(dir) = left.pop() {
        for entry in std::fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                left.push(entry.path());
                continue;
            }
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if passes(&name) && !name.starts_with("reserve") {
                sum += entry.metadata()?.len();
            }
        }
    }
    Ok(sum)
}

/// Records the same files, edits and dialog in git, and packs them as hard as git does.
pub(crate) fn git_of_edits(work: &Work, dir: &Path) -> Result<PathBuf> {
    let repository = dir.join("edits.git");
    git(dir, &["init", "--quiet", "--bare", "--initial-branch=main", "edits.git"])?;
    let mut child = Command::new("git")
        .arg("-C")
        .arg(&repository)
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()?;
    let mut input = std::io::BufWriter::new(child.stdin.take().ok_or("no stdin")?);
    let mut memories = 0;
    let head = "commit refs/heads/main\ncommitter bench <bench@example.invalid> 1600000000 +0000\n";
    write!(input, "{head}data 5\nfirst\n")?;
    for file in &work.files {
        put(&mut input, &file.path, &file.bytes)?;
    }
    for step in &work.steps {
        write!(input, "{head}data 4\nstep\n")?;
        put(&mut input, &step.path, &step.bytes)?;
        for text in &step.said {
            put(&mut input, &memory_path(memories), text.as_bytes())?;
            memories += 1;
        }
    }
    input.flush()?;
    drop(input);
    if !child.wait()?.success() {
        return Err("git fast-import failed".into());
    }
    git(&repository, &["gc", "--quiet", "--aggressive", "--prune=now"])?;
    Ok(repository)
}

fn put(input: &mut impl Write, path: &str, bytes: &[u8]) -> Result<()> {
    write!(input, "M 100644 inline {path}\ndata {}\n", bytes.len())?;
    input.write_all(bytes)?;
    input.write_all(b"\n")?;
    Ok(())
}

/// Clones a repository and packs the clone as hard as git does.
pub(crate) fn packed_clone(repository: &Path, dir: &Path) -> Result<PathBuf> {
    let source = format!("file://{}", repository.canonicalize()?.display());
    git(dir, &["clone", "--quiet", "--bare", "--single-branch", &source, "clone.git"])?;
    let clone = dir.join("clone.git");
    git(&clone, &["gc", "--quiet", "--aggressive", "--prune=now"])?;
    Ok(clone)
}

fn git(dir: &Path, arguments: &[&str]) -> Result<()> {
    let status = Command::new("git").arg("-C").arg(dir).args(arguments).status()?;
    if status.success() { Ok(()) } else { Err(format!("git {arguments:?} failed").into()) }
}
