//! An agent's turn, by the turn loop: a model is asked, its call becomes a proposed change, and a
//! person accepts it. Models and people are functions here; a host calls its provider, and asks.
//!
//! `cargo run --example agent`. With a sandbox, gates, several roles, and crashes:
//! `cargo run -p partita-sandbox --example coding_agent`.

use partita::budget::Budget;
use partita::context::{Dialect, Tool};
use partita::host::turn::{
    CallModel, Choice, DriverId, Effect, ModelAnswer, Policy, RunTool, Step, StepResult,
    ToolResult, Turn,
};
use partita::tokens::Encoding;
use partita::{Body, FilePath, Json, Memory, NewEntry, Part, Result, Store};

/// What a provider would be sent, and what it would say.
fn call_model(step: &CallModel) -> StepResult {
    let request = step.render(Dialect::OpenAiChat).body;
    assert!(request.get("messages").is_some(), "a request has messages");
    let is_done = step.prompt.memories.iter().any(|memory| memory.memory.text() == "Written.");
    let memory = match is_done {
        true => Memory::assistant("It returns tokens now."),
        false => Memory::assistant("It returns nothing. I mend that.").with_part(Part::Call {
            id: "call_1".into(),
            name: "write".into(),
            arguments: Body::new(r#"{"path":"src/lib.rs","text":"fn parse() -> Tokens {}\n"}"#),
        }),
    };
    ModelAnswer::new(memory).into()
}

/// Does a call. A tool says what it would change; the turn puts that into a proposal.
fn run_tool(step: &RunTool) -> Result<ToolResult> {
    let arguments = Json::parse(&step.arguments)?;
    let text = |name| arguments.get(name).and_then(Json::as_str).unwrap_or_default();
    let path = FilePath::new(text("path"))?;
    Ok(ToolResult::text("Written.").with_file(path, NewEntry::file(text("text"))))
}

fn main() -> Result<()> {
    let session = Store::in_memory()?.session("fix-parser")?;
    session.set_instructions("You mend parsers.")?;
    let schema = Json::parse(
        r#"{"type":"object","properties":{"path":{"type":"string"},"text":{"type":"string"}}}"#,
    )?;
    session.set_tools(&[Tool::new("write", "Writes a file.", schema)])?;
    session.write("src/lib.rs", "fn parse() {}\n")?;
    session.remember(Memory::user("The parser drops the last token."))?;

    let mut policy = Policy::new(); // one role, that works until it makes no more calls
    policy.effect("write", Effect::Idempotent); // after a crash it may be done again
    policy.review.person = true; // nothing is applied before somebody has said yes
    let mut turn = Turn::begin(&session, &policy, DriverId::new([1; 16]))?;
    while let Some(steps) = turn.next()? {
        for step in steps {
            let result = match &step {
                Step::CallModel(step) => call_model(step),
                Step::RunTool(step) => run_tool(step)?.into(),
                Step::Ask(ask) => {
                    let proposal = turn.proposal()?.expect("it is what is asked about");
                    println!("{}", ask.text);
                    print!("{}", session.latest()?.proposed_patch(proposal.newest())?);
                    StepResult::choice(Choice::Accept)
                }
                _ => StepResult::failed("nobody does that here"),
            };
            turn.supply(step.id(), result)?; // durable before anything else is done
        }
    }
    assert_eq!(session.read("src/lib.rs")?, b"fn parse() -> Tokens {}\n");
    println!("ended: {}", turn.ended()?.map_or("", |reason| reason.name()));

    let capacity = session.capacity(&Budget::new(128_000), &Encoding::O200k)?;
    println!("{} of {} tokens", capacity.total(), capacity.limit());
    Ok(())
}
