//! Two writers of one file: the later one is told, reads again and decides.
//!
//! `cargo run --example two_writers`

use partita::{ErrorKind, Result, Session, Store};

/// Adds a line to a file, however many others do the same.
fn add_line(session: &Session, path: &str, line: &str) -> Result<()> {
    loop {
        let mut batch = session.begin()?;
        let mut text = match batch.read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        text.extend_from_slice(line.as_bytes());
        batch.write(path, &text)?;
        match batch.commit() {
            Ok(_) => return Ok(()),
            // Somebody else wrote it since this batch began.
            Err(error) if error.kind() == ErrorKind::Conflict => continue,
            Err(error) => return Err(error),
        }
    }
}

fn main() -> Result<()> {
    let session = Store::in_memory()?.session("team")?;
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let session = session.clone();
                scope.spawn(move || {
                    (0..25).try_for_each(|at| {
                        add_line(&session, "notes.md", &format!("writer {writer}, line {at}\n"))
                    })
                })
            })
            .collect();
        writers.into_iter().try_for_each(|writer| writer.join().expect("it does not panic"))
    })?;
    let text = session.read("notes.md")?;
    let lines = text.iter().filter(|byte| **byte == b'\n').count();
    println!("{lines} lines in {} iterations", session.history("notes.md")?.count());
    assert_eq!(lines, 100);
    Ok(())
}
