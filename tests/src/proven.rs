//! A store with evidence and claims. [`write()`] made `tests/data/stores/evidence` once; it is read for
//! ever.

use std::path::Path;
use std::time::Duration;

use partita::host::{
    self, BenchOptions, Command, Description, Outcome, Output, Sandbox, SandboxFile, Stream,
};
use partita::object::Exit;
use partita::{FilePath, Result, Store, Timestamp};

use crate::crash::entropy::{Source, fill};

/// A sandbox in a directory, whose commands are known by their lines.
struct Stage<'a>(&'a Path);

impl Sandbox for Stage<'_> {
    fn describe(&mut self) -> Result<Description> {
        let mut description = Description::new("stage", "1");
        description.machine = "a machine of two processors".to_owned();
        description.tools.insert("tool".to_owned(), "1.2.3".to_owned());
        Ok(description)
    }

    fn run(&mut self, command: &Command, _: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome> {
        let line = command.line().line();
        let printed = match &line[..] {
            "report" => {
                let report = "<testsuite tests=\"2\"><testcase classname=\"lib\" name=\"parses\" \
                              time=\"0.25\"/><testcase classname=\"lib\" name=\"prints\"><skipped/>\
                              </testcase></testsuite>";
                std::fs::write(self.0.join("junit.xml"), report).expect("a report is written");
                "two tests\n"
            }
            "print" => "not ok 1 - a\n1..1\n",
            _ => "",
        };
        let outcome =
            Outcome::new(Exit::Code(0)).with_time(Duration::from_millis(line.len() as u64));
        Ok(outcome.with_output(Output::of(printed.as_bytes()), Output::default()))
    }

    fn read(&mut self, _: &FilePath, _: u64) -> Result<Vec<u8>> {
        unreachable!("its files are read as a directory's")
    }

    fn write(&mut self, _: &FilePath, _: &SandboxFile) -> Result<()> {
        unreachable!("its files are written as a directory's")
    }

    fn directory(&self) -> Option<&Path> {
        Some(self.0)
    }
}

/// Makes the store, with a directory beside it that is not needed any more afterwards.
///
/// # Errors
/// As what it calls.
pub fn write(directory: &Path, room: &Path) -> Result<()> {
    Source::new(18).supply(|| write_all(directory, room))
}

fn write_all(directory: &Path, room: &Path) -> Result<()> {
    let store = Store::options()
        .catalogue(false)
        .clock(|| Timestamp::from_millis(1_700_000_000_000))
        .entropy(fill)
        .open(directory)?;
    let session = store.session("evidence")?.with_actor("agent-7");
    session.write("src/lib.rs", "fn a() {}\nfn b() {}\n")?;
    session.write("doc/a.md", "text\n")?;
    session.checkout(None, room)?;
    let run = |command: &Command| host::run(&session, &mut Stage(room), command)?.capture;
    let command = Command::shell("report").inputs("src/**")?.report("junit.xml");
    run(&command.claim("the parser parses"))?;
    run(&Command::shell("print").claim("all of it works"))?;
    run(&Command::shell("quiet").report("gone.xml").claim("a report says so"))?;
    let tap = b"TAP version 14\nok 1 - prints\nok 2 - parses # SKIP no\n1..2\n";
    session.import_evidence("tests.tap", tap, None)?;
    session.claim("imported and run", [1, 4])?;
    let before = session.checkpoint("latest")?;
    session.write("src/lib.rs", "fn a() {}\nfn c() {}\n")?;
    let after = session.checkpoint("latest")?;
    let sides = ["before", "after"].map(|name| room.join(name));
    for side in &sides {
        std::fs::create_dir(side).expect("a directory is made");
    }
    let options = BenchOptions::new().pairs(6)?;
    let command = Command::shell("bench");
    let [one, other] = sides.each_ref().map(|side| Stage(side));
    let (mut one, mut other) = (one, other);
    host::bench(
        &session,
        (before, after),
        [&mut one, &mut other],
        &command,
        &options,
        &mut partita::upkeep::go_on,
    )?;
    Ok(())
}
