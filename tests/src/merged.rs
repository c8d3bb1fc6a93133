//! A store with merges and conflicts. [`write()`] made `tests/data/stores/merged` once; it is read for
//! ever.

use std::path::Path;

use partita::merge::{MergeOptions, MergedDialog};
use partita::{Memory, NewEntry, Result, Store, Timestamp};

use crate::crash::entropy::{Source, fill};

/// Makes the store.
///
/// # Errors
/// As what it calls.
pub fn write(directory: &Path) -> Result<()> {
    Source::new(19).supply(|| write_all(directory))
}

fn write_all(directory: &Path) -> Result<()> {
    let store = Store::options()
        .catalogue(false)
        .clock(|| Timestamp::from_millis(1_700_000_000_000))
        .entropy(fill)
        .open(directory)?;
    let parser = store.session("parser")?.with_actor("agent-7");
    parser.write("src/lib.rs", "mod lexer;\nmod printer;\nmod tests;\n")?;
    parser.write("notes", "one\ntwo\nthree\n")?;
    parser.remember(Memory::user("Write a parser."))?;
    let (lexer, printer) = (parser.fork("lexer")?, parser.fork("printer")?);
    lexer.write("notes", "one\nTWO\nthree\n")?;
    lexer.rename("src/lib.rs", "src/main.rs")?;
    lexer.remember(Memory::assistant("The lexer is done."))?;
    let shown = lexer.import_evidence("tap", b"ok 1 - lexes\n1..1\n", None)?;
    lexer.claim("it lexes", [shown])?;
    printer.write("notes", "one\nzwei\nthree\n")?;
    printer.batch(|batch| batch.write_entry("run", NewEntry::file("#!/bin/sh\n").executable()))?;
    printer.remember(Memory::assistant("The printer is done."))?;
    printer.hide("*.log")?;
    parser.write("src/lib.rs", "mod lexer;\nmod printer;\nmod tests;\nmod tree;\n")?;
    parser.merge(&[&lexer], MergeOptions::new())?;
    store.integrate(
        "both",
        &[&parser, &printer],
        MergeOptions::new().dialog(MergedDialog::Whole),
    )?;
    Ok(())
}
