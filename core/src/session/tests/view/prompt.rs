//! What else a model is told, and which call made what.

use super::*;
use crate::Json;
use crate::context::Tool;

#[test]
fn instructions_tools_and_sandbox_are_set_undone_restored_and_forked() {
    let session = session();
    let read = |session: &Session| {
        let latest = session.latest().unwrap();
        let tools = latest.tools().unwrap().len();
        (latest.instructions().unwrap(), tools, latest.sandbox_state().unwrap())
    };
    let tool = |name: &str, schema: &str| Tool::new(name, "", Json::parse(schema).unwrap());
    session.set_instructions("Be brief.").unwrap();
    let first = newest(&session);
    session.set_tools(&[tool("ls", "{}"), tool("cat", "{\"type\":\"object\"}")]).unwrap();
    session.set_sandbox_state("cwd /").unwrap();
    let fork = session.fork("fork").unwrap();
    let before = count(&session);
    session.set_instructions("Be brief.").unwrap();
    assert_eq!(count(&session), before);
    session.set_instructions("").unwrap();
    assert_eq!(read(&session), (Vec::new(), 2, b"cwd /".to_vec()));
    session.undo().unwrap();
    assert_eq!(read(&session), (b"Be brief.".to_vec(), 2, b"cwd /".to_vec()));
    let plan = session.plan_restore(first, RestoreScope::Dialog).unwrap();
    let changes: Vec<_> = plan.dialog_changes().filter(|(_, changes)| *changes).collect();
    assert_eq!(changes, [("tools", true), ("sandbox", true)]);
    session.restore_checkpoint(first, RestoreScope::Dialog).unwrap();
    assert_eq!(read(&session), (b"Be brief.".to_vec(), 0, Vec::new()));
    assert_eq!(read(&fork).1, 2);
    let error = session.set_tools(&[tool("ls", "{}"), tool("bad", "[]")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("\"bad\""), "{error}");
    assert_eq!(kind(session.set_tools(&[tool("a", "{}"), tool("a", "{}")])), ErrorKind::Invalid);
    let (mut one, mut two) = (session.begin().unwrap(), session.begin().unwrap());
    one.set_instructions("one").unwrap();
    two.set_instructions("two").unwrap();
    one.commit().unwrap();
    assert_eq!(kind(two.commit()), ErrorKind::Conflict);
}

#[test]
fn an_iteration_says_which_call_made_it() {
    let session = dialog();
    session
        .batch(|batch| {
            batch.cause(2)?;
            batch.write("a", "1")?;
            batch.cause_last_call()?;
            batch.write("b", "1")?;
            batch.remember(call("c3"))?;
            batch.cause_last_call()?;
            batch.write("c", "1")
        })
        .unwrap();
    for (path, number) in [("a", 2), ("b", 6), ("c", 8)] {
        let cause = session.iteration(path, 1).unwrap().cause;
        assert_eq!(cause, Some(session.memory(number).unwrap().id), "{path}");
    }
    session.write("a", "2").unwrap();
    assert_eq!(session.iteration("a", 2).unwrap().cause, None);
    assert_eq!(kind(session.begin().unwrap().cause(99)), ErrorKind::NotFound);
    let other = session.store().session("other").unwrap();
    assert_eq!(kind(other.begin().unwrap().cause_last_call()), ErrorKind::NotFound);
}
