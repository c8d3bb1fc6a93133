//! What a process of the library reads: states that are compared with what is known afterwards.

use partita::{Session, Snapshot};
use serde_json::json;

use super::super::table::Op;
use super::{Held, SECRET, SHARED, Worker, is_gone, may_go, shared, told};
use crate::torture::directory;

impl Worker {
    pub(super) fn look(&mut self, token: &str) {
        let session = self.any();
        let name = session.name().to_owned();
        let Ok(state) = session.latest() else { return };
        if let Some(info) = state.checkpoint() {
            self.ledger.saw(&session.id().to_string(), info.number, &info.id.to_string());
        }
        match files_of(&state) {
            Ok(files) if self.held.is_none() => {
                self.held = Some(Held { session: session.clone(), state, files });
            }
            Ok(_) => {}
            Err(error) if is_gone(&name, &session, &state, &error) => {}
            Err(error) => self.ledger.fault(token, &format!("read {name}: {}", told(&error))),
        }
        self.look_back(token, &session);
        let Some(held) = self.held.take() else { return };
        let name = held.session.name().to_owned();
        match files_of(&held.state) {
            Ok(files) if files == held.files => {}
            Ok(_) => self.ledger.fault(token, &format!("a state of {name} became another")),
            Err(error) if is_gone(&name, &held.session, &held.state, &error) => return,
            Err(error) => {
                let text = format!("a state of {name} that is held: {}", told(&error));
                self.ledger.fault(token, &text);
            }
        }
        if self.random.chance(4, 5) {
            self.held = Some(held);
        }
    }

    /// Looks at an older state.
    fn look_back(&mut self, token: &str, session: &Session) {
        let back = self.random.below(30) as u64;
        let number = super::newest(session).saturating_sub(back).max(1);
        let Ok(at) = session.checkpoint(&number.to_string()) else {
            if !may_go(session.name()) && super::newest(session) > 0 {
                let name = session.name();
                self.ledger.fault(token, &format!("checkpoint {number} of {name} is not there"));
            }
            return;
        };
        let state = session.at(at);
        let found = state.as_ref().map_err(told).and_then(|state| match files_of(state) {
            Err(error) if is_gone(session.name(), session, state, &error) => Ok(None),
            Err(error) => Err(told(&error)),
            Ok(_) => Ok(Some(at)),
        });
        match found {
            Ok(None) => {}
            Err(_) if state.is_err() && may_go(session.name()) => {}
            Ok(Some(id)) => self.ledger.saw(&session.id().to_string(), number, &id.to_string()),
            Err(error) => {
                let text = format!("checkpoint {number} of {}: {error}", session.name());
                self.ledger.fault(token, &text);
            }
        }
    }

    /// Checks a state out into a directory of this place's own, and compares.
    pub(super) fn checkout(&mut self, token: &str) {
        let name = shared(self.random.below(SHARED - 2));
        let session = self.shared(&name);
        let Ok(state) = session.latest() else { return };
        let Some(info) = state.checkpoint() else { return self.look(token) };
        let dir = directory::own(&self.life.dir, self.life.slot);
        self.ledger.begin(token, Op::Checkout, json!({"session": session.id().to_string()}));
        let done = session.checkout(Some(info.id), &dir);
        let left = done.as_ref().map(|plan| plan.leave().count()).unwrap_or_default();
        self.end(token, done.map(|_| json!({"at": info.number})));
        if let Err(what) = directory::compare(&dir, &state, left) {
            self.ledger.fault(token, &format!("checkout of {name}: {what}"));
        }
    }
}

/// The files with their bytes, as one text; a secret counts for nothing.
fn files_of(state: &Snapshot) -> partita::Result<String> {
    let mut all = String::new();
    for file in state.files() {
        let file = file?;
        if file.path.as_bytes() == SECRET.as_bytes() {
            continue;
        }
        let bytes = file.read()?;
        all += &format!("{} {}\n", file.path, partita::ObjectId::of_content(&bytes));
    }
    Ok(all)
}
