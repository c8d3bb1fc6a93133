//! A reader that is there from the beginning to the end, with one handle.

use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use partita::{ErrorKind, Result, Store};

use super::ledger::Ledger;
use super::worker::{self, LOCK_WAIT, SECRET, may_go};
use crate::random::Random;

/// The file whose coming tells the reader to end.
pub(super) const OVER: &str = "over";

/// Reads until the torture is over; notes what it saw.
pub fn watch(dir: &Path) -> ExitCode {
    let mut ledger = Ledger::open(&worker::ledgers(dir), "watch").expect("a ledger can be made");
    let options = Store::options().read_only(true).lock_timeout(LOCK_WAIT);
    let store = options.open(worker::store(dir)).expect("the store opens");
    let mut random = Random::new(1);
    let mut newest = HashMap::new();
    while !dir.join(OVER).exists() {
        if let Err(error) = look(&store, &mut ledger, &mut random, &mut newest) {
            ledger.fault("watch", &worker::told(&error));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    ExitCode::SUCCESS
}

fn look(
    store: &Store,
    ledger: &mut Ledger,
    random: &mut Random,
    newest: &mut HashMap<String, u64>,
) -> Result<()> {
    let rows: Vec<_> = store.sessions().collect::<Result<_>>()?;
    let name = random.pick(&rows).name();
    // Imports and rewritten sessions are looked at in other ways.
    if !name.starts_with("s/") && !name.starts_with("f/") {
        return Ok(());
    }
    let is_gone = |error: &partita::Error| error.kind() == ErrorKind::NotFound && may_go(name);
    let session = match store.open_session(name) {
        Err(error) if is_gone(&error) => return Ok(()),
        found => found?,
    };
    let state = match session.latest() {
        Err(error) if is_gone(&error) => return Ok(()),
        found => found?,
    };
    let Some(info) = state.checkpoint() else { return Ok(()) };
    let id = session.id().to_string();
    ledger.saw(&id, info.number, &info.id.to_string());
    let before = newest.insert(id, info.number).unwrap_or(0);
    if before > info.number {
        ledger.fault("watch", &format!("{name} went from {before} back to {}", info.number));
    }
    for file in state.files() {
        let read = file.and_then(|file| {
            if file.path.as_bytes() == SECRET.as_bytes() { Ok(Vec::new()) } else { file.read() }
        });
        match read {
            Err(error) if worker::is_gone(name, &session, &state, &error) => return Ok(()),
            read => drop(read?),
        }
    }
    Ok(())
}
