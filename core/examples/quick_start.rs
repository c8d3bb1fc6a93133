//! The first ten minutes: write, compare, take back, fork, and find it all again.
//!
//! `cargo run --example quick_start [DIRECTORY]`

use partita::{Memory, Store};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let room = tempfile::tempdir()?;
    let directory = std::env::args_os().nth(1).unwrap_or_else(|| room.path().join("store").into());
    let store = Store::open(&directory)?;
    let session = store.session("fix-parser")?;

    session.write("src/lib.rs", "fn parse() {}\n")?;
    session.batch(|batch| {
        batch.remember(Memory::user("The parser drops the last token."))?;
        batch.write("src/lib.rs", "fn parse() -> Tokens {}\n")
    })?;
    let versions = session.history("src/lib.rs")?.count() as u64;
    print!("{}", session.diff("src/lib.rs", versions - 1, versions)?.unified());

    let trial = match store.open_session("fix-parser-b") {
        Ok(trial) => trial,
        Err(_) => session.fork("fix-parser-b")?,
    };
    trial.write("src/lib.rs", "fn parse() -> Vec<Token> {}\n")?;
    trial.undo()?;
    assert_eq!(trial.read("src/lib.rs")?, b"fn parse() -> Tokens {}\n");

    for entry in session.log()? {
        let entry = entry?;
        println!("checkpoint {} by {}", entry.number, entry.kind.name());
    }
    Ok(())
}
