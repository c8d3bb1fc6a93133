//! Any old iteration, beside `git cat-file --batch` on an aggressively packed repository.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use partita::{ContentId, ObjectId, Store};

use crate::history::History;
use crate::measure::{Contender, Samples, Spread, Table, micros, time};
use crate::peers::{Ours, record_history};
use crate::size::{git_of_edits, packed_clone};
use crate::work::Random;
use crate::{Options, Result, work};

const ROUNDS: usize = 7;
const READS: usize = 2_000;

pub(crate) fn run(options: &Options) -> Result<()> {
    let history = History::load(options)?;
    let table = Table::new(&["what", "partita p50", "p99", "git p50", "p99", "times faster"]);

    let dir = tempfile::tempdir_in(&options.dir)?;
    let store = Store::open(dir.path().join("partita"))?;
    record_history(&store, &history)?;
    let packed = packed_clone(&history.repository, dir.path())?;
    let pairs: Vec<(ContentId, git2::Oid)> = history
        .contents
        .iter()
        .zip(&history.git_ids)
        .map(|(content, git)| (ContentId::new(ObjectId::of_content(content)), *git))
        .collect();
    compare(&table, "release histories", &store, &packed, &pairs)?;

    let work = work::edits(&history, 30, 2_000, 3);
    let dir = tempfile::tempdir_in(&options.dir)?;
    let mut ours = Ours::new(dir.path(), &work.files)?;
    for step in &work.steps {
        ours.step(step)?;
    }
    let packed = git_of_edits(&work, dir.path())?;
    let pairs: Vec<(ContentId, git2::Oid)> = work
        .steps
        .iter()
        .map(|step| {
            let git = git2::Oid::hash_object(git2::ObjectType::Blob, &step.bytes)?;
            Ok((ContentId::new(ObjectId::of_content(&step.bytes)), git))
        })
        .collect::<Result<_>>()?;
    compare(&table, "2,000 small edits", ours.session().store(), &packed, &pairs)
}

fn compare(
    table: &Table,
    what: &str,
    store: &Store,
    repository: &Path,
    pairs: &[(ContentId, git2::Oid)],
) -> Result<()> {
    let mut git = CatFile::new(repository)?;
    let mut random = Random(4);
    let (mut ours, mut theirs) = (Samples::default(), Samples::default());
    let mut ratios = Vec::new();
    for round in 0..=ROUNDS {
        let (mut one, mut other) = (Samples::default(), Samples::default());
        for _ in 0..READS {
            let (content, id) = pairs[random.below(pairs.len())];
            let (took, bytes) = time(|| Ok(store.read_content(content)?))?;
            one.push(took);
            let (took, git_bytes) = time(|| git.read(id))?;
            other.push(took);
            if bytes[..] != git_bytes[..] {
                return Err(format!("content {content} differs from git's {id}").into());
            }
        }
        // The first round warms up.
        if round > 0 {
            ratios.push(other.p50().as_secs_f64() / one.p50().as_secs_f64());
            ours.extend(&one);
            theirs.extend(&other);
        }
    }
    table.row(&[
        &what,
        &micros(ours.p50()),
        &micros(ours.p99()),
        &micros(theirs.p50()),
        &micros(theirs.p99()),
        &Spread::of(ratios),
    ]);
    git.close()
}

/// A running `git cat-file --batch`.
struct CatFile {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl CatFile {
    fn new(repository: &Path) -> Result<Self> {
        let mut child = Command::new("git")
            .arg("-C")
            .arg(repository)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take().ok_or("no stdin")?;
        let output = BufReader::new(child.stdout.take().ok_or("no stdout")?);
        Ok(CatFile { child, input, output })
    }

    fn read(&mut self, id: git2::Oid) -> Result<Vec<u8>> {
        self.input.write_all(format!("{id}\n").as_bytes())?;
        let mut head = String::new();
        self.output.read_line(&mut head)?;
        let size: usize = head.trim_end().rsplit(' ').next().unwrap_or_default().parse()?;
        let mut bytes = vec![0; size + 1];
        self.output.read_exact(&mut bytes)?;
        bytes.pop();
        Ok(bytes)
    }

    fn close(mut self) -> Result<()> {
        drop(self.input);
        self.child.wait()?;
        Ok(())
    }
}
