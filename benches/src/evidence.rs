//! Claims after an edit, a large report, and blame beside git's.
//!
//! Blame takes the repository that `PARTITA_REPOSITORY` names, else one of its own making. Each blame is a
//! process of its own, as git's is.

use std::path::{Path, PathBuf};
use std::process::Command;

use partita::{Durability, Session, Store};

use crate::import::{command, grow, import, path, run_quietly};
use crate::measure::{Samples, Spread, Table, micros, time};
use crate::{Options, Result};

const CLAIMS: usize = 1_000;
const FILES: usize = 500;
const TESTS: usize = 10_000;
const COMMITS: usize = 2_000;
/// Files of a repository that are blamed.
const BLAMED: usize = 60;

pub(crate) fn run(options: &Options) -> Result<()> {
    let dir = tempfile::tempdir_in(&options.dir)?;
    let store = Store::open(dir.path().join("store"))?;
    let table = Table::new(&["what", "p50", "p99"]);
    let row = |what: &str, samples: &Samples| {
        table.row(&[&what, &micros(samples.p50()), &micros(samples.p99())]);
    };

    let session = store.session("claims")?;
    claimed(&session)?;
    let mut status = Samples::default();
    for round in 0..options.rounds + 1 {
        session.write(&*name(round * 7 % FILES), format!("edit {round}\n"))?;
        let (took, claims) = time(|| Ok(session.claims()?))?;
        if claims.len() != CLAIMS {
            return Err(format!("{} claims", claims.len()).into());
        }
        if round > 0 {
            status.push(took);
        }
    }
    row("status of 1,000 claims after an edit", &status);

    let session = store.session("report")?;
    for at in 0..FILES {
        session.write(&*name(at), format!("file {at}\n"))?;
    }
    let mut recorded = Samples::default();
    for round in 0..options.rounds + 1 {
        let report = junit(round);
        let (took, _) = time(|| Ok(session.import_evidence("junit.xml", &report, None)?))?;
        if round > 0 {
            recorded.push(took);
        }
    }
    row("a report of 10,000 tests recorded, durable", &recorded);
    println!();
    blame(dir.path())
}

/// A session with claims, each by a report of its own, over many files; half of them were edited since.
fn claimed(session: &Session) -> Result<()> {
    for at in 0..FILES {
        session.write(&*name(at), format!("file {at}\n"))?;
    }
    for at in 0..CLAIMS {
        let report = format!("ok 1 - test {at}\n1..1\n");
        let number = session.import_evidence("out.tap", report.as_bytes(), None)?;
        session.claim(&format!("test {at} passes"), [number])?;
        if at == CLAIMS / 2 {
            session.write("src/shared.rs", "changed\n")?;
        }
    }
    Ok(())
}

fn name(at: usize) -> String {
    format!("src/m{:02}/f{at:03}.rs", at / 25)
}

fn junit(round: usize) -> Vec<u8> {
    let mut report = format!("<testsuite name=\"round {round}\" tests=\"{TESTS}\">\n");
    for at in 0..TESTS {
        let class = at / 100;
        report.push_str(&format!(
            "<testcase classname=\"suite.module_{class}\" name=\"test_case_{at}\" time=\"0.00{}\"/>\n",
            (at + round) % 10
        ));
    }
    report.push_str("</testsuite>\n");
    report.into_bytes()
}

/// The largest texts of a repository, blamed by both.
fn blame(dir: &Path) -> Result<()> {
    let partita = command()?;
    let repository = match std::env::var_os("PARTITA_REPOSITORY") {
        Some(named) => PathBuf::from(named),
        None => {
            let made = dir.join("history.git");
            grow(&made, COMMITS, &dir.join("stream"))?;
            made
        }
    };
    let imported = dir.join("blamed");
    import(&partita, &repository, &imported)?;
    let session =
        Store::options().durability(Durability::Buffered).open(&imported)?.open_session("s")?;
    let mut files = Vec::new();
    for file in session.latest()?.files() {
        let file = file?;
        if session.blame(&file.path).is_ok() {
            files.push((file.read()?.len(), file.path.to_string()));
        }
    }
    files.sort();
    drop(session);
    let (mut ours, mut theirs, mut ratios) = (Samples::default(), Samples::default(), Vec::new());
    for (_, of) in files.iter().rev().take(BLAMED) {
        let mut git = Command::new("git");
        git.arg("-C").arg(&repository).args(["blame", "--first-parent", "HEAD", "--", of]);
        let mut told = Command::new(&partita);
        told.args(["blame", "s", of, "--store", path(&imported)?]);
        let by_git = time(|| run_quietly(&mut git))?.0;
        let by_us = time(|| run_quietly(&mut told))?.0;
        ratios.push(by_us.as_secs_f64() / by_git.as_secs_f64());
        theirs.push(by_git);
        ours.push(by_us);
    }
    let table = Table::new(&["blame of the largest texts", "p50", "p99", "times git's"]);
    table.row(&[&"git blame", &micros(theirs.p50()), &micros(theirs.p99()), &"1"]);
    table.row(&[&"partita blame", &micros(ours.p50()), &micros(ours.p99()), &Spread::of(ratios)]);
    Ok(())
}
