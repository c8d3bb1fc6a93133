//! A process that dies in the middle of a turn, and the one that goes on.
//!
//! `cargo run --example resume`

use std::path::Path;
use std::process::Command;

use partita::context::{Dialect, Tool};
use partita::{Body, Json, Memory, Part, Store};

/// Says what it does, asks for a tool, and dies before the result is there.
fn die(directory: &Path) -> partita::Result<()> {
    let session = Store::open(directory)?.session("deploy")?;
    let schema = Json::parse(r#"{"type":"object","properties":{"version":{"type":"integer"}}}"#)?;
    session.set_tools(&[Tool::new("deploy", "Deploys a version.", schema)])?;
    session.remember(Memory::user("Deploy version 3."))?;
    session.remember(Memory::assistant("I deploy it.").with_part(Part::Call {
        id: "call_1".into(),
        name: "deploy".into(),
        arguments: Body::new(r#"{"version":3}"#),
    }))?;
    std::process::abort();
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if let Some(directory) = std::env::args_os().nth(1) {
        return Ok(die(Path::new(&directory))?);
    }
    let room = tempfile::tempdir()?;
    let directory = room.path().join("store");
    let status = Command::new(std::env::current_exe()?).arg(&directory).status()?;
    assert!(!status.success(), "it died");

    let session = Store::open(&directory)?.session("deploy")?;
    let latest = session.latest()?;
    println!("{} memories survived", latest.memories().count());
    // A request is valid all the same: the renderer answers the open call, and says so.
    for mend in latest.context(Dialect::OpenAiChat)?.mends {
        println!("memory {}: {}", mend.memory, mend.what);
    }
    // Only the host knows whether the tool ran. It looks, then records what it found.
    session
        .remember(Memory::tool("call_1", "Version 3 was not deployed: the agent was stopped."))?;
    assert!(session.latest()?.context(Dialect::OpenAiChat)?.mends.is_empty());
    Ok(())
}
