//! Async code: calls block for one append and one sync, so they go to threads that may block.
//!
//! `cargo run --example async_host`

use partita::{Memory, Result, Session, Store};
use tokio::task::spawn_blocking;

/// Runs one blocking call on a clone of the session, which is cheap.
async fn on<T: Send + 'static>(
    session: &Session,
    call: impl FnOnce(&Session) -> Result<T> + Send + 'static,
) -> Result<T> {
    let session = session.clone();
    spawn_blocking(move || call(&session)).await.expect("the call does not panic")
}

async fn agent(session: Session, name: &'static str) -> Result<u64> {
    on(&session, move |session| session.write(format!("{name}.md"), "begun\n")).await?;
    on(&session, move |session| session.remember(Memory::note(format!("{name} began")))).await
}

async fn run() -> Result<()> {
    let session = Store::in_memory()?.session("team")?;
    let agents = ["research", "planning", "review"].map(|name| agent(session.clone(), name));
    let handles = agents.map(tokio::spawn);
    for handle in handles {
        let number = handle.await.expect("no agent panics")?;
        println!("memory {number}");
    }
    // They wrote at once into one session, and nothing was lost.
    assert_eq!(session.latest()?.files().count(), 3);
    assert_eq!(session.latest()?.memories().count(), 3);
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    Ok(runtime.block_on(run())?)
}
