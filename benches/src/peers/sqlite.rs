//! SQLite, as one would use it for this: WAL, synchronous=FULL, compressed contents, one transaction
//! a step.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::Result;
use crate::measure::Contender;
use crate::work::{File, Step};

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE content (id BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE iteration (
        path TEXT NOT NULL, number INTEGER NOT NULL, content BLOB NOT NULL, checkpoint INTEGER NOT NULL,
        PRIMARY KEY (path, number)
    ) WITHOUT ROWID;
    CREATE TABLE memory (number INTEGER PRIMARY KEY, checkpoint INTEGER NOT NULL, text TEXT NOT NULL);
    CREATE TABLE checkpoint (number INTEGER PRIMARY KEY, time INTEGER NOT NULL);
";

/// A database with a row for each thing.
#[derive(Debug)]
pub(crate) struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    pub(crate) fn new(dir: &Path, files: &[File]) -> Result<Self> {
        let connection = Connection::open(dir.join("sqlite.db"))?;
        connection.execute_batch(SCHEMA)?;
        let mut sqlite = Sqlite { connection };
        let transaction = sqlite.connection.transaction()?;
        for file in files {
            put(&transaction, &file.path, &file.bytes, 0)?;
        }
        transaction.commit()?;
        Ok(sqlite)
    }
}

impl Contender for Sqlite {
    fn name(&self) -> String {
        "SQLite, WAL, synchronous=FULL".into()
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        let transaction = self.connection.transaction()?;
        transaction.prepare_cached("INSERT INTO checkpoint (time) VALUES (0)")?.execute([])?;
        let checkpoint = transaction.last_insert_rowid();
        put(&transaction, &step.path, &step.bytes, checkpoint)?;
        for text in &step.said {
            transaction
                .prepare_cached("INSERT INTO memory (checkpoint, text) VALUES (?1, ?2)")?
                .execute(params![checkpoint, text])?;
        }
        transaction.commit()?;
        Ok(())
    }
}

fn put(connection: &Connection, path: &str, bytes: &[u8], checkpoint: i64) -> Result<()> {
    let id = partita::ObjectId::of_content(bytes);
    connection
        .prepare_cached("INSERT OR IGNORE INTO content (id, bytes) VALUES (?1, ?2)")?
        .execute(params![id.as_bytes(), zstd::bulk::compress(bytes, 3)?])?;
    connection
        .prepare_cached(
            "INSERT INTO iteration (path, number, content, checkpoint)
             SELECT ?1, 1 + coalesce(max(number), 0), ?2, ?3 FROM iteration WHERE path = ?1",
        )?
        .execute(params![path, id.as_bytes(), checkpoint])?;
    Ok(())
}
