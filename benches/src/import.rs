//! The import of a long git history, by the command, beside git's own ways to take one in.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::measure::{Samples, Spread, Table, time};
use crate::{Options, Result};

const COMMITS: usize = 10_000;
const FILES: usize = 300;
const ROUNDS: usize = 3;

pub(crate) fn run(options: &Options) -> Result<()> {
    let commits = if options.full { 3 * COMMITS } else { COMMITS };
    let partita = command()?;
    let dir = tempfile::tempdir_in(&options.dir)?;
    let (repository, exported) = (dir.path().join("history.git"), dir.path().join("stream"));
    grow(&repository, commits, &exported)?;
    // fast-import keeps later objects as changes of earlier ones; whoever packs, the other way round.
    let packed = dir.path().join("packed.git");
    git(dir.path(), &["clone", "-q", "--bare", path(&repository)?, path(&packed)?])?;
    git(&packed, &["repack", "-adfq"])?;
    let names = [
        "git fast-import of a stream",
        "git clone --bare, as from afar",
        "partita import git",
        "the same of what git packed anew",
    ];
    let mut samples: [Samples; 4] = Default::default();
    let mut ratios: [Vec<f64>; 4] = Default::default();
    for round in 0..ROUNDS {
        let fresh = dir.path().join(format!("round-{round}"));
        std::fs::create_dir(&fresh)?;
        let into = |name: &str| fresh.join(name);
        let fast = into("fast.git");
        git(dir.path(), &["init", "-q", "--bare", path(&fast)?])?;
        let took = [
            time(|| feed(&fast, &exported))?.0,
            time(|| {
                let clone = into("clone.git");
                git(
                    dir.path(),
                    &["clone", "-q", "--bare", "--no-local", path(&repository)?, path(&clone)?],
                )
            })?
            .0,
            time(|| import(&partita, &repository, &into("store")))?.0,
            time(|| import(&partita, &packed, &into("packed-store")))?.0,
        ];
        let fastest = took[0].as_secs_f64();
        for (at, took) in took.iter().enumerate() {
            samples[at].push(*took);
            ratios[at].push(took.as_secs_f64() / fastest);
        }
        std::fs::remove_dir_all(&fresh)?;
    }
    println!("{commits} commits, {FILES} files\n");
    let table = Table::new(&["who", "seconds, median", "commits/s", "times fast-import's"]);
    for (at, name) in names.iter().enumerate() {
        let seconds = samples[at].p50().as_secs_f64();
        table.row(&[
            name,
            &format!("{seconds:.2}"),
            &format!("{:.0}", commits as f64 / seconds),
            &Spread::of(ratios[at].iter().copied()),
        ]);
    }
    Ok(())
}

/// The command as this build has it: `PARTITA_COMMAND`, else the one beside this program.
pub(crate) fn command() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("PARTITA_COMMAND") {
        return Ok(named.into());
    }
    let beside = std::env::current_exe()?.with_file_name("partita");
    if !beside.exists() {
        return Err("build the command first: cargo build --release -p partita-cli".into());
    }
    Ok(beside)
}

pub(crate) fn import(partita: &Path, repository: &Path, store: &Path) -> Result<()> {
    let mut import = Command::new(partita);
    import.args(["import", "git", path(repository)?, "--session", "s", "--store"]);
    run_quietly(import.arg(store))
}

/// Makes a history: each commit changes a line of one file or two, one in fifty moves a file.
pub(crate) fn grow(repository: &Path, commits: usize, exported: &Path) -> Result<()> {
    let mut random = 1_u64;
    let mut next = |below: usize| {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap_or(0) % below
    };
    let mut files: Vec<(String, Vec<String>)> = (0..FILES)
        .map(|at| {
            let lines = (0..60).map(|line| format!("file {at} line {line} says {}", next(1 << 20)));
            (format!("d{}/e{}/f{at}.rs", at % 12, at % 5), lines.collect())
        })
        .collect();
    let mut stream = Vec::new();
    for commit in 0..commits {
        stream.extend(
            format!(
                "commit refs/heads/main\ncommitter C <c@x> {} +0000\ndata {}\nnumber {commit:09}\n",
                1_600_000_000 + commit,
                17
            )
            .into_bytes(),
        );
        let changed: Vec<usize> = if commit == 0 {
            (0..FILES).collect()
        } else {
            (0..=next(2)).map(|_| next(FILES)).collect()
        };
        for at in changed {
            if commit > 0 && next(50) == 0 {
                let to = format!("d{}/m{commit}-{at}.rs", next(12));
                stream.extend(format!("R {} {to}\n", files[at].0).into_bytes());
                files[at].0 = to;
            }
            let line = next(60);
            files[at].1[line] = format!("commit {commit} says {}", next(1 << 20));
            let text = files[at].1.join("\n") + "\n";
            let head = format!("M 644 inline {}\ndata {}\n", files[at].0, text.len());
            stream.extend(head.into_bytes());
            stream.extend(text.into_bytes());
            stream.push(b'\n');
        }
    }
    std::fs::write(exported, stream)?;
    let parent = repository.parent().ok_or("a directory for the history")?;
    git(parent, &["init", "-q", "--bare", "-b", "main", path(repository)?])?;
    feed(repository, exported)?;
    git(repository, &["repack", "-adq"])
}

fn feed(repository: &Path, stream: &Path) -> Result<()> {
    let mut import = Command::new("git");
    import.arg("-C").arg(repository).args(["fast-import", "--quiet", "--force"]);
    run_quietly(import.stdin(std::fs::File::open(stream)?))
}

fn git(dir: &Path, arguments: &[&str]) -> Result<()> {
    run_quietly(Command::new("git").arg("-C").arg(dir).args(arguments))
}

pub(crate) fn run_quietly(command: &mut Command) -> Result<()> {
    match command.stdout(Stdio::null()).status()?.success() {
        true => Ok(()),
        false => Err(format!("failed: {command:?}").into()),
    }
}

pub(crate) fn path(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| "the directory's name is not UTF-8".into())
}
