//! Everything that can be read of a session, as text by name: to compare before and after.

use std::collections::BTreeMap;

use partita::budget::Budget;
use partita::display::{Lines, graph_text, report_html};
use partita::state::StateValue;
use partita::tokens::Encoding;
use partita::{Result, Session, Snapshot};

/// What was read, by what it is.
pub type Told = BTreeMap<String, String>;

/// Rows of a graph.
const MOST: usize = 64;

/// Reads all of a session that is the session's own to keep: log, histories, every version of every
/// file, every checkpoint's state, horizon and pins. An error is told in place of what it is of.
pub fn session(session: &Session) -> Told {
    let mut told = Told::new();
    note(&mut told, "log", || {
        session.log()?.map(|entry| Ok(format!("{:?}", entry?))).collect::<Result<Vec<_>>>()
    });
    note(&mut told, "horizon", || {
        Ok(session.horizon()?.map(|horizon| (horizon.checkpoint, horizon.time)))
    });
    note(&mut told, "pins", || session.pins());
    let numbers: Vec<u64> = match session.log() {
        Ok(log) => log.filter_map(|entry| Some(entry.ok()?.number)).collect(),
        Err(_) => Vec::new(),
    };
    let mut paths = std::collections::BTreeSet::new();
    for number in numbers {
        let then = session.checkpoint(&number.to_string()).and_then(|id| session.at(id));
        match then {
            Ok(then) => {
                told.extend(state(&format!("at {number}"), &then));
                let files = then.files().filter_map(Result::ok);
                paths.extend(files.map(|file| file.path.to_string()));
            }
            Err(error) => drop(told.insert(format!("at {number}"), error.to_string())),
        }
    }
    for path in paths {
        let history = session.history(&path);
        let rows = history.and_then(|rows| rows.collect::<Result<Vec<_>>>());
        for row in rows.as_deref().unwrap_or_default() {
            let name = format!("{path} {}", row.number);
            told.insert(name, format!("{:?}", session.read_at(&path, row.number)));
            let name = format!("{path} {} alone", row.number);
            told.insert(name, format!("{:?}", session.iteration(&path, row.number)));
        }
        told.insert(format!("history of {path}"), format!("{rows:?}"));
    }
    told
}

/// Reads what shows a session among others: its graph and its page.
pub fn displays(session: &Session) -> Told {
    let mut told = Told::new();
    note(&mut told, "graph", || graph_text(session, MOST, Lines::Ascii));
    note(&mut told, "report", || report_html(session, &Budget::new(8_000), &Encoding::O200k));
    told
}

/// Reads one state.
pub fn state(name: &str, then: &Snapshot) -> Told {
    let mut told = Told::new();
    note(&mut told, &format!("{name}: files"), || {
        let files = then.files().map(|file| {
            let file = file?;
            Ok((file.path.to_string(), file.number()?, format!("{:?}", file.read())))
        });
        files.collect::<Result<Vec<_>>>()
    });
    note(&mut told, &format!("{name}: memories"), || {
        Ok(then.memories().map(|memory| format!("{memory:?}")).collect::<Vec<_>>())
    });
    note(&mut told, &format!("{name}: state"), || {
        let mut rows = Vec::new();
        for (key, value) in then.state().list()? {
            match value {
                StateValue::Bytes(bytes) => rows.push((key, vec![bytes])),
                _ => {
                    let items = then.state().items(&key, 0..u64::MAX)?;
                    rows.push((key, items));
                }
            }
        }
        Ok(rows)
    });
    note(&mut told, &format!("{name}: claims"), || {
        let claims = then.claims()?.into_iter();
        let claims = claims.map(|claim| (claim.number, claim.text, claim.status, claim.evidence));
        Ok(claims.collect::<Vec<_>>())
    });
    note(&mut told, &format!("{name}: view"), || {
        let files = then.view().files().map(|file| {
            let file = file?;
            Ok((file.path.to_string(), file.number))
        });
        files.collect::<Result<Vec<_>>>()
    });
    told
}

fn note<T: std::fmt::Debug>(told: &mut Told, name: &str, read: impl FnOnce() -> Result<T>) {
    let text = match read() {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("error: {error}"),
    };
    told.insert(name.to_owned(), text);
}

/// Panics with what differs.
pub fn assert_same(before: &Told, after: &Told, what: &str) {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let none = "nothing".to_owned();
        let (before, after) = (before.get(name), after.get(name));
        let (before, after) = (before.unwrap_or(&none), after.unwrap_or(&none));
        if before != after {
            let same =
                before.bytes().zip(after.bytes()).take_while(|(one, two)| one == two).count();
            let shown = |text: &str| {
                let bytes = text.as_bytes();
                let bytes = &bytes[same.saturating_sub(80)..bytes.len().min(same + 240)];
                String::from_utf8_lossy(bytes).into_owned()
            };
            panic!("{what}: {name}:\n  before {}\n  after  {}", shown(before), shown(after));
        }
    }
}

/// Panics if anything could not be read.
pub fn assert_read(told: &Told, what: &str) {
    for (name, text) in told {
        assert!(!text.starts_with("error:"), "{what}: {name}: {text}");
    }
}
