//! Budgets without a store: which messages to drop so that a request fits.
//! Needs the feature `tokens` alone.
//!
//! `cargo run --example tokens_only --no-default-features --features tokens`

use partita::budget::{Budget, fit};
use partita::interop::messages;
use partita::tokens::Encoding;
use partita::{Json, Result};

fn main() -> Result<()> {
    let mut dialog = Vec::new();
    for number in 0..40 {
        dialog.push(format!(
            r#"{{"role":"user","content":"Question {number}. {}"}}"#,
            "More. ".repeat(40)
        ));
        dialog.push(format!(r#"{{"role":"assistant","content":"Answer {number}."}}"#));
    }
    let body = Json::parse(format!("[{}]", dialog.join(",")))?;
    let read = messages(&body)?;
    let counter = read.counter(Encoding::O200k);
    let fit = fit(&read.prompt()?, &read.numbers, &Budget::new(1_000).reserve(200), &counter)?;
    println!("{} become {} tokens", fit.before, fit.after);
    println!("dropped: messages {:?}", fit.dropped());
    assert!(fit.after.high() <= 800);
    Ok(())
}
