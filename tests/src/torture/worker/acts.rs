//! What a process of the library does, an arm for each operation.

use std::ops::ControlFlow;
use std::time::Duration;

use partita::history::Trim;
use partita::merge::MergeOptions;
use partita::object::{Kind, Node};
use partita::plumbing::Expected;
use partita::upkeep::{GcOptions, PurgeOptions};
use partita::{ErrorKind, Memory, Result, Session};
use serde_json::{Value, json};

use super::super::table::Op;
use super::{
    FORKS, MERGED, PATHS, SECRET, SHARED, Worker, content, may_go, newest, shared, transcript,
};

/// Registers that all processes move on.
pub(crate) const REGISTERS: usize = 3;

/// The kind of a register's nodes.
const CHAIN: Kind = Kind(40_001);

/// The name of the session into which a place imports transcripts.
pub(crate) fn dialog(slot: usize) -> String {
    format!("t/{slot}")
}

impl Worker {
    pub(super) fn act(&mut self, op: Op, token: &str) {
        match op {
            Op::Write => {
                let session = self.any();
                let path = format!("f{}", self.random.below(PATHS));
                self.write(op, token, &session, &path);
            }
            Op::Secret => {
                let session = self.purgeable();
                self.write(op, token, &session, SECRET);
            }
            Op::Say => self.say(token),
            Op::Batch => self.batch(token),
            Op::Remove | Op::Move | Op::Restore | Op::Stale => self.on_a_file(op, token),
            Op::State => {
                let session = self.any();
                let key = format!("k{}", self.random.below(3));
                let with = json!({"session": id(&session), "key": key, "value": token});
                self.ledger.begin(token, op, with);
                let done = acting(&session, token).state().put(key, token);
                self.end_after(token, &session, done.map(|()| json!({})));
            }
            Op::Undo | Op::Redo => {
                let session = self.any();
                self.ledger.begin(token, op, json!({"session": id(&session)}));
                let actor = acting(&session, token);
                let done = if op == Op::Undo { actor.undo() } else { actor.redo() };
                self.end(token, done.map(|info| checkpoint(info.number, &info.id)));
            }
            Op::Fork | Op::ForkAt => self.fork(op, token),
            Op::Trim | Op::Pin | Op::Unpin => self.on_history(op, token),
            Op::Rename | Op::Delete => self.on_a_fork(op, token),
            Op::Undelete => self.undelete(token),
            Op::Gc | Op::GcAll => {
                self.ledger.begin(token, op, json!({}));
                let mut options = GcOptions::new();
                if op == Op::GcAll {
                    options = options.keep(Duration::ZERO);
                }
                let done = self.store.gc(&options, &mut |_| ControlFlow::Continue(()));
                self.end(token, done.map(|report| json!({"objects": report.objects})));
            }
            Op::Purge => {
                let session = self.purgeable();
                self.ledger.begin(token, op, json!({"session": id(&session)}));
                let options = PurgeOptions::new("a secret").actor(token).everywhere(true);
                let done =
                    session.purge_file(SECRET, None, &options, &mut |_| ControlFlow::Continue(()));
                self.end(token, done.map(|report| json!({"purged": report.tombstones.len()})));
            }
            Op::Transcript => self.transcript(token),
            Op::Merge => self.merge(token),
            Op::Checkout => self.checkout(token),
            Op::Check => {
                self.ledger.begin(token, op, json!({}));
                match self.store.check(&mut |_| ControlFlow::Continue(())) {
                    Ok(report) if report.is_ok() => self.ledger.done(token, json!({})),
                    Ok(report) => {
                        let first = report.faults.first();
                        self.ledger.fault(token, &format!("check reports {first:?}"));
                    }
                    Err(error) => self.end(token, Err(error)),
                }
            }
            Op::Read => self.look(token),
            Op::Register => self.register(token),
            Op::Rewrite
            | Op::Git
            | Op::CheckoutShared
            | Op::Capture
            | Op::Run
            | Op::Recover
            | Op::Close => {
                unreachable!("the command does it")
            }
        }
    }

    /// A session whose secrets are purged.
    fn purgeable(&mut self) -> Session {
        if self.random.chance(1, 3)
            && let Some(fork) = self.own_fork()
        {
            return fork;
        }
        self.shared(&shared(SHARED - 2))
    }

    fn write(&mut self, op: Op, token: &str, session: &Session, path: &str) {
        let (bytes, content) = content(&mut self.random, token);
        let with = json!({"session": id(session), "path": path, "content": content});
        self.ledger.begin(token, op, with);
        let done = acting(session, token).write(path, &bytes);
        let number = done.as_ref().map(|info| info.number).unwrap_or_default();
        self.end(
            token,
            done.map(|info| {
                let mut gave = checkpoint(info.checkpoint_number, &info.checkpoint);
                gave["iteration"] = info.number.into();
                gave
            }),
        );
        if number == 0 || op == Op::Secret {
            return;
        }
        match session.read_at(path, number) {
            Ok(found) if found == bytes => {}
            Err(error) if error.kind() == ErrorKind::NotFound && may_go(session.name()) => {}
            Ok(_) => self.ledger.fault(token, "read back other bytes than were written"),
            Err(error) => self.ledger.fault(token, &format!("read back: {error}")),
        }
    }

    fn say(&mut self, token: &str) {
        let session = self.any();
        self.ledger.begin(token, Op::Say, json!({"session": id(&session)}));
        let done = acting(&session, token).remember(Memory::user(token));
        self.end_after(token, &session, done.map(|number| json!({"memory": number})));
    }

    fn batch(&mut self, token: &str) {
        let session = self.any();
        let first = self.random.below(PATHS);
        let files: Vec<_> = [first, (first + 1) % PATHS]
            .iter()
            .map(|at| {
                let (bytes, content) = content(&mut self.random, &format!("{token}-{at}"));
                (format!("f{at}"), bytes, content)
            })
            .collect();
        let told: Vec<_> = files.iter().map(|(path, _, content)| json!([path, content])).collect();
        let with = json!({"session": id(&session), "files": told, "key": "k0", "value": token});
        self.ledger.begin(token, Op::Batch, with);
        let done = acting(&session, token).begin().and_then(|mut batch| {
            for (path, bytes, _) in &files {
                batch.write(path, bytes)?;
            }
            batch.remember(Memory::user(token))?;
            batch.state_put("k0", token)?;
            batch.commit()
        });
        self.end(token, done.map(|info| checkpoint(info.number, &info.id)));
    }

    /// An operation on a file that is there.
    fn on_a_file(&mut self, op: Op, token: &str) {
        let session = self.any();
        let path = format!("f{}", self.random.below(PATHS));
        let Ok(last) = session
            .history(&path)
            .map(|history| history.flatten().next().map_or(0, |info| info.number))
        else {
            return self.write(Op::Write, token, &session, &path);
        };
        let session_id = id(&session);
        let actor = acting(&session, token);
        match op {
            Op::Remove => {
                self.ledger.begin(token, op, json!({"session": session_id, "path": path}));
                let done = actor.remove(&path);
                self.end(
                    token,
                    done.map(|info| checkpoint(info.checkpoint_number, &info.checkpoint)),
                );
            }
            Op::Move => {
                let to = format!("f{}", self.random.below(PATHS));
                let with = json!({"session": session_id, "path": path, "to": to});
                self.ledger.begin(token, op, with);
                let done = if path == to { Err(nothing()) } else { actor.rename(&path, &to) };
                self.end(
                    token,
                    done.map(|info| checkpoint(info.checkpoint_number, &info.checkpoint)),
                );
            }
            Op::Restore => {
                let number = 1 + self.random.below(usize::try_from(last.max(1)).unwrap_or(1));
                let with = json!({"session": session_id, "path": path, "iteration": number});
                self.ledger.begin(token, op, with);
                let done = actor.restore(&path, number as u64);
                self.end_after(
                    token,
                    &session,
                    done.map(|info| {
                        json!({"brought": info.checkpoint_number, "by": info.checkpoint.to_string()})
                    }),
                );
            }
            _ => {
                let (bytes, content) = content(&mut self.random, token);
                let with = json!({"session": session_id, "path": path, "content": content});
                self.ledger.begin(token, op, with);
                let done = actor.begin().and_then(|mut batch| {
                    batch.expect(&path, Some(last + 1_000))?;
                    batch.write(&path, &bytes)?;
                    batch.commit()
                });
                match done {
                    Ok(_) => self.ledger.fault(token, "a stale write was taken"),
                    Err(error) => self.end(token, Err(error)),
                }
            }
        }
    }

    fn fork(&mut self, op: Op, token: &str) {
        if self.store.sessions().prefix("f/").count() >= FORKS {
            return self.on_a_fork(Op::Delete, token);
        }
        let session = self.any();
        let low = newest(&session);
        let name = format!("f/{}.{token}", self.life.slot);
        let mut with = json!({"session": id(&session), "name": name, "low": low});
        let actor = acting(&session, token);
        let done = if op == Op::Fork {
            self.ledger.begin(token, op, with);
            actor.fork(&name)
        } else {
            let number = low.saturating_sub(self.random.below(20) as u64).max(1);
            with["at"] = number.into();
            let at = session.checkpoint(&number.to_string());
            self.ledger.begin(token, op, with);
            at.and_then(|at| actor.fork_at(&name, at))
        };
        let high = newest(&session);
        self.end(token, done.map(|fork| json!({"fork": fork.id().to_string(), "high": high})));
    }

    /// Trims, pins and unpins.
    fn on_history(&mut self, op: Op, token: &str) {
        let session = match self.random.chance(1, 2) {
            true => self.a_fork("f/"),
            false => None,
        };
        let session = session.unwrap_or_else(|| self.shared(&shared(SHARED - 1)));
        let of = id(&session);
        if op == Op::Trim {
            let keep = self.random.between(1, 40) as u64;
            self.ledger.begin(token, op, json!({"session": of, "keep": keep}));
            let done = acting(&session, token).trim(Trim::Keep(keep));
            return self.end(token, done.map(|report| json!({"oldest": report.oldest})));
        }
        let back = self.random.below(10) as u64;
        let number = newest(&session).saturating_sub(back).max(1);
        let at = if op == Op::Pin {
            session.checkpoint(&number.to_string())
        } else {
            let pins = session.pins().unwrap_or_default();
            if pins.is_empty() { Err(nothing()) } else { Ok(self.random.pick(&pins).id) }
        };
        let named = at.as_ref().map(|at| at.to_string()).unwrap_or_default();
        self.ledger.begin(token, op, json!({"session": of, "pinned": named}));
        let done = at.and_then(|at| match op {
            Op::Pin => session.pin(at),
            _ => session.unpin(at),
        });
        self.end(token, done.map(|info| json!({"pin": info.number})));
    }

    fn on_a_fork(&mut self, op: Op, token: &str) {
        let Some(fork) = self.own_fork() else { return self.say(token) };
        let name = fork.name().to_owned();
        let new = format!("f/{}.{token}", self.life.slot);
        let with = json!({"session": id(&fork), "name": name, "new": new});
        self.sessions.remove(&name);
        self.ledger.begin(token, op, with);
        let done = match op {
            Op::Rename => self.store.rename_session(&name, &new),
            _ => self.store.delete_session(&name),
        };
        self.end(token, done.map(|()| json!({})));
    }

    fn undelete(&mut self, token: &str) {
        let mut deleted = self.store.deleted_sessions().unwrap_or_default();
        deleted
            .retain(|deleted| deleted.name.as_deref().is_some_and(|name| name.starts_with("f/")));
        if deleted.is_empty() || self.store.sessions().prefix("f/").count() >= FORKS {
            return self.say(token);
        }
        let id = self.random.pick(&deleted).id;
        let name = format!("f/{}.{token}", self.life.slot);
        self.ledger.begin(token, Op::Undelete, json!({"session": id.to_string(), "new": name}));
        let done = self.store.undelete_session(id, Some(&name));
        self.end(token, done.map(|_| json!({})));
    }

    fn transcript(&mut self, token: &str) {
        let slot = self.life.slot;
        let session = self.shared(&dialog(slot));
        let has = session.latest().map(|latest| latest.memories().count()).unwrap_or(0);
        let count = has + self.random.between(1, 4);
        let text = transcript(slot, count);
        self.ledger.begin(token, Op::Transcript, json!({"name": dialog(slot), "count": count}));
        let done = partita::interop::read(text.as_bytes(), None).and_then(|read| {
            let first = read.transcripts.first().expect("one dialog");
            acting(&session, token)
                .import_transcript(first, "t.json", &mut |_| ControlFlow::Continue(()))
        });
        self.end(token, done.map(|report| json!({"new": report.new})));
    }

    /// Forks the session that all merge into, writes and says something there, and merges that, while
    /// others do the same.
    fn merge(&mut self, token: &str) {
        let all = self.shared(MERGED);
        self.ledger.begin(token, Op::Merge, json!({"name": MERGED}));
        let done = (|| {
            let fork = acting(&all, token).fork(&format!("{MERGED}/{token}"))?;
            fork.write(format!("by/{token}"), token)?;
            fork.remember(Memory::user(token))?;
            let report = acting(&all, token).merge(&[&fork], MergeOptions::new())?;
            self.store.delete_session(fork.name())?;
            Ok(report)
        })();
        self.end(token, done.map(|report| json!({"files": report.files})));
    }

    /// Moves a register on: a ref to a chain's newest node, by comparing and setting.
    fn register(&mut self, token: &str) {
        let name = format!("pin/register-{}", self.random.below(REGISTERS));
        self.ledger.begin(token, Op::Register, json!({"register": name}));
        let done = self.store.reference(&name).and_then(|before| {
            let mut batch = self.store.batch();
            let refs = before.into_iter().collect();
            let node = Node { kind: CHAIN, version: 1, refs, body: token.as_bytes().to_vec() };
            let new = batch.put_node(node, before);
            batch.set_ref(&*name, before.map_or(Expected::Absent, Expected::Id), Some(new));
            batch.commit()
        });
        self.end(token, done.map(|()| json!({})));
    }

    /// Ends an operation that does not tell its checkpoint: it is none after the newest.
    fn end_after(&mut self, token: &str, session: &Session, done: Result<Value>) {
        let after = newest(session);
        self.end(
            token,
            done.map(|mut gave| {
                gave["after"] = after.into();
                gave
            }),
        );
    }
}

fn nothing() -> partita::Error {
    partita::Error::new(ErrorKind::NotFound, "nothing to do it to")
}

/// A handle whose operations bear the token.
fn acting(session: &Session, token: &str) -> Session {
    session.clone().with_actor(token)
}

fn id(session: &Session) -> String {
    session.id().to_string()
}

fn checkpoint(number: u64, id: &partita::CheckpointId) -> Value {
    json!({"number": number, "checkpoint": id.to_string()})
}
