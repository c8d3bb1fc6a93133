//! An agent's turn: what the model is sent, what it answers, the call that it makes, and a dialog
//! that is made to fit. The model is a function here; a host calls its provider.
//!
//! `cargo run --example agent`

use partita::budget::Budget;
use partita::context::{Dialect, Tool};
use partita::tokens::Encoding;
use partita::{Body, Json, Memory, Part, Result, Session, Store};

/// What a provider would be sent, and what it would say.
fn model(request: &Json, turn: usize) -> Memory {
    assert!(request.get("messages").is_some(), "a request has messages");
    match turn {
        0 => Memory::assistant("I look at the file.").with_part(Part::Call {
            id: "call_1".into(),
            name: "read".into(),
            arguments: Body::new(r#"{"path":"src/lib.rs"}"#),
        }),
        _ => Memory::assistant("It returns nothing. I let it return tokens."),
    }
}

/// Runs the calls that the newest memory makes, and records what came of them.
fn run_calls(session: &Session, answer: &Memory) -> Result<usize> {
    let mut ran = 0;
    for part in &answer.parts {
        if let Part::Call { id, name, .. } = part {
            assert_eq!(name, "read");
            let text = String::from_utf8_lossy(&session.read("src/lib.rs")?).into_owned();
            session.remember(Memory::tool(id, text))?;
            ran += 1;
        }
    }
    Ok(ran)
}

fn main() -> Result<()> {
    let session = Store::in_memory()?.session("fix-parser")?;
    session.set_instructions("You mend parsers.")?;
    let schema = Json::parse(r#"{"type":"object","properties":{"path":{"type":"string"}}}"#)?;
    session.set_tools(&[Tool::new("read", "Reads a file.", schema)])?;
    session.write("src/lib.rs", "fn parse() {}\n")?;
    session.remember(Memory::user("The parser drops the last token."))?;

    for turn in 0.. {
        let budget = Budget::new(128_000).reserve(8_000);
        let plan = session.plan(&budget, &Encoding::O200k)?;
        session.apply(&plan)?; // an empty plan changes nothing
        let request = session.context(Dialect::Anthropic)?;
        let answer = model(&request.body, turn);
        // Durable before anything is done about it.
        session.remember(answer.clone())?;
        if run_calls(&session, &answer)? == 0 {
            break;
        }
    }
    session.batch(|batch| {
        batch.cause_last_call()?; // the edit belongs to the call that asked for it
        batch.write("src/lib.rs", "fn parse() -> Tokens {}\n")
    })?;

    let capacity = session.capacity(&Budget::new(128_000), &Encoding::O200k)?;
    println!("{} of {} tokens", capacity.total(), capacity.limit());
    for item in capacity.items() {
        println!("{:>6}  {}", item.count.tokens(), item.label);
    }
    Ok(())
}
